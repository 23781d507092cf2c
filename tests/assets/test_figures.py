"""Figures: runs of days, gaps, and which rows and lines are shown."""

from datetime import date, timedelta
from itertools import pairwise

import altair as alt
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from assets.figures import (
    Choice,
    Figure,
    FigureColumn,
    Mark,
    View,
    days_from,
    filled,
    interval,
    percent,
    spells,
    spells_in_words,
)

FIRST = date(2024, 12, 1)
DAYS = st.sets(st.integers(0, 40).map(lambda n: FIRST + timedelta(days=n)))


def figure_of(days: list[date], marks: tuple[Mark, ...] = ()) -> Figure:
    """A figure of two groups, each on all days."""
    rows = [{"day": day, "group": group, "n": 1} for group in ("a", "b") for day in days]
    schema = pa.schema([("day", pa.date32()), ("group", pa.string()), ("n", pa.int64())])
    return Figure(
        key="some",
        chart=alt.LayerChart(),
        height=100,
        columns=(FigureColumn("day", "Day", "date"), FigureColumn("n", "Number", "count")),
        rows=pa.Table.from_pylist(rows, schema=schema),
        views=(View(("a",), "first", ""), View(("b",), "second", "")),
        unit="ones",
        source="here",
        choices=(Choice("group", "Group", (("a", "A"), ("b", "B"))),),
        marks=marks,
    )


def test_runs_of_days_are_told_by_their_ends() -> None:
    days = [date(2024, 12, day) for day in (9, 1, 10, 31)] + [date(2025, 1, 1)]
    assert spells_in_words(days) == "2024-12-01, 2024-12-09 to 2024-12-10, 2024-12-31 to 2025-01-01"
    assert spells_in_words([]) == "none"


@given(DAYS)
def test_runs_hold_every_day_once_and_lie_apart(days: set[date]) -> None:
    found = spells(days)
    assert [day for first, last in found for day in days_from(first, last)] == sorted(days)
    assert all(start - end > timedelta(days=1) for (_, end), (start, _) in pairwise(found))


def test_what_is_missing_has_a_row_with_its_key_alone() -> None:
    rows = [{"day": 1, "of": "x", "n": 7}]
    assert filled(rows, ["day", "of"], [(1, "x"), (2, "x")]) == [
        {"day": 1, "of": "x", "n": 7},
        {"day": 2, "of": "x"},
    ]


def test_shares_are_told_in_per_cent_with_one_digit() -> None:
    assert percent(0.3795) == "38.0 %"
    assert interval(0.3449, 1.0) == "34.5 to 100.0 %"


def test_what_is_shown_first_are_the_rows_of_the_first_setting() -> None:
    figure = figure_of([FIRST])
    assert figure.title == "first"
    assert [row["group"] for row in figure.shown(("b",))] == ["b"]


def test_the_span_is_of_the_days_and_there_is_none_without_a_row() -> None:
    days = [FIRST, FIRST + timedelta(days=5)]
    assert figure_of(days).span == (days[0], days[1])
    assert figure_of([]).span is None
    assert figure_of([]).mark_rows(None) == []


def test_lines_outside_the_days_are_not_drawn_and_what_began_before_is_at_the_edge() -> None:
    def mark(sign: str, day: int, until: int | None = None) -> Mark:
        end = None if until is None else FIRST + timedelta(days=until)
        return Mark(sign, FIRST + timedelta(days=day), "", end)

    marks = (mark("1", -9, -1), mark("2", -9, 0), mark("3", 4), mark("4", 5), mark("5", 6, 9))
    figure = figure_of(days_from(FIRST, FIRST + timedelta(days=5)), marks)
    assert [(each["sign"], each["day"]) for each in figure.mark_rows(figure.span)] == [
        ("2", "2024-12-01"),
        ("3", "2024-12-05"),
        ("4", "2024-12-06"),
    ]
