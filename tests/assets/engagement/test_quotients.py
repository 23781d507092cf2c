"""Figures of location quotients: what an interval says, whom the map shows, and where."""

from collections import Counter
from datetime import date

import pyarrow as pa
import pytest

from assets.engagement.quotients import newest_quotients, quotient_intervals, quotient_map
from assets.engagement.tables import ENGAGEMENT
from assets.engagement.world import world_cells
from assets.pictures import png
from tests.engagement_rows import engagement_rows

DAY = date(2024, 12, 8)
NAMES = {"CN": "China", "US": "United States", "DE": "Germany"}
COUNTS = {"CN": 60, "US": 10, "DE": 10, "XX": 7, "ZZ": 20}


def cells(
    quotients: dict[str, tuple[float | None, float | None, float | None]],
    day: date = DAY,
    period: str = "28d",
) -> pa.Table:
    """A cell whose countries have these quotients with their bounds, and others none."""
    names = ("location_quotient", "location_quotient_ci_low", "location_quotient_ci_high")
    rows = engagement_rows(day, COUNTS, period=period).to_pylist()
    none = (None, None, None)
    return ENGAGEMENT.arrow(
        [
            {**row, **dict(zip(names, quotients.get(row["country_iso2"], none), strict=True))}
            for row in rows
        ]
    )


@pytest.mark.parametrize(
    ("quotient", "reading"),
    [
        ((2.0, 1.1, 4.0), "well above 1"),
        ((1.9, 1.1, 4.0), "above 1"),
        ((2.5, 1.0, 4.0), "not told from 1"),
        ((0.4, 0.1, 1.0), "not told from 1"),
        ((0.6, 0.4, 0.9), "below 1"),
        ((0.5, 0.4, 0.9), "well below 1"),
        ((3.0, None, None), "no figure"),
    ],
)
def test_an_interval_that_holds_one_says_neither_more_nor_less(
    quotient: tuple[float, float | None, float | None], reading: str
) -> None:
    found = newest_quotients(cells({"CN": quotient}), NAMES)
    assert {row["country_iso2"]: row["reading"] for row in found.rows}["CN"] == reading


def test_the_map_shows_the_newest_28_days_with_a_quotient_and_no_pool() -> None:
    older = cells({"CN": (1.5, 1.2, 1.9), "US": (0.4, 0.2, 0.8)})
    newer = cells({}, date(2024, 12, 15))  # of which the panel says nothing
    figure = quotient_map(newest_quotients(pa.concat_tables([older, newer]), NAMES))
    rows = figure.shown(("attention",))
    assert [row["country"] for row in rows] == ["China", "United States", "Germany"]
    assert {row["activity_date"] for row in rows} == {DAY}
    assert figure.title == (
        "1 of 2 countries take part in attention more than in all of GitHub, 1 less; highest "
        "lower bound: China 1.50 (1.20 to 1.90), in the 28 days to 2024-12-08"
    )
    assert png(figure).startswith(b"\x89PNG")


def test_before_the_first_28_days_there_is_the_week_and_before_it_nothing() -> None:
    week = cells({"CN": (1.5, 1.2, 1.9)}, period="week")
    assert "in the week to 2024-12-08" in quotient_map(newest_quotients(week, NAMES)).title
    nothing = newest_quotients(ENGAGEMENT.arrow_schema.empty_table(), NAMES)
    assert quotient_map(nothing).title == "Location quotients: no figure yet"
    assert quotient_intervals(nothing).rows.num_rows == 0


def test_intervals_are_drawn_of_the_24_countries_with_most_accounts() -> None:
    codes = [f"{a}{b}" for a in "ABC" for b in "ABCDEFGHIJ"]
    rows = engagement_rows(DAY, {code: 10 + n for n, code in enumerate(codes)}, period="28d")
    figure = quotient_intervals(newest_quotients(rows, {}))
    assert {row["country_iso2"] for row in figure.rows.to_pylist()} == set(codes[6:])
    assert png(figure).startswith(b"\x89PNG")


def test_every_country_has_a_square_of_the_world_where_its_people_are() -> None:
    found = world_cells()
    places = [(cell.west, cell.south) for cell in found]
    assert len(places) == len(set(places))
    squares = Counter(cell.country_iso2 for cell in found)
    assert set("CN US DE TW HK MO SG VA MC LI".split()) <= squares.keys()  # noqa: SIM905
    assert squares["US"] > squares["DE"] > squares["SG"] == 1
    at = {(cell.west, cell.south): cell.country_iso2 for cell in found}
    assert (at[116, 38], at[-98, 32], at[102, 0]) == ("CN", "US", "SG")  # Beijing, Dallas
