"""Shocks: which events are, their weeks and windows, and what overlaps them."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from assets.reference.loader import load_reference
from assets.reference.rows import reference_rows
from assets.reference.tables import POLICY_EVENTS, UPSTREAM_BREAKS
from assets.shifts.shocks import Calendar, Shock, Window, affected_groups, calendar

ROOT = Path(__file__).resolve().parents[3]


def event(day: date, **values: Any) -> dict[str, Any]:  # noqa: ANN401 - a row
    row = {"kind": "export_control", "stance": "tighten", "name": "a", "is_paper_shock": False}
    return {"event_date": day, **row, **values}


def lost(first: datetime, last: datetime | None, effect: str = "loss") -> dict[str, Any]:
    return {"from_at": first, "to_at": last, "effect": effect, "affects": "WatchEvent"}


def window(day: date, weeks: int = 4) -> Window:
    return Window(Shock(day, "a", is_paper_shock=False, is_control=True), weeks)


def test_the_papers_four_and_tightened_controls_are_shocks() -> None:
    rows = reference_rows(load_reference(ROOT / "assets" / "reference"))
    found = calendar(rows[POLICY_EVENTS].to_pylist(), rows[UPSTREAM_BREAKS].to_pylist())
    paper = [str(shock.date) for shock in found.shocks if shock.is_paper_shock]
    assert paper == ["2022-08-09", "2022-10-07", "2023-10-17", "2024-12-02"]
    # The CHIPS Act alone is no export control.
    assert [str(each.date) for each in found.shocks if not each.is_control] == ["2022-08-09"]
    dates = {str(shock.date) for shock in found.shocks}
    assert {"2022-08-26", "2025-01-13", "2025-04-09", "2026-05-31"} <= dates
    # Loosened, mixed, entity listings and outbound investment are none.
    assert not {"2025-07-14", "2024-04-04", "2022-12-16", "2023-08-09"} & dates


@pytest.mark.parametrize(
    ("day", "week"),
    [
        (date(2022, 10, 7), date(2022, 10, 9)),  # a Friday
        (date(2024, 12, 2), date(2024, 12, 8)),  # a Monday
        (date(2026, 5, 31), date(2026, 5, 31)),  # a Sunday
    ],
)
def test_a_shocks_week_is_its_iso_week(day: date, week: date) -> None:
    assert window(day).shock.week == week


def test_a_window_runs_from_a_monday_to_a_sunday_around_the_shocks_week() -> None:
    around = window(date(2022, 10, 7), 1)
    assert (around.first, around.last) == (date(2022, 9, 26), date(2022, 10, 9))


@pytest.mark.parametrize(
    ("other", "overlaps"),
    [
        (date(2022, 9, 4), False),  # the Sunday five weeks before
        (date(2022, 9, 5), True),
        (date(2022, 10, 7), True),  # of the same week
        (date(2022, 10, 30), True),
        (date(2022, 10, 31), False),
    ],
)
def test_another_shocks_week_in_the_window_overlaps(other: date, overlaps: bool) -> None:
    found = calendar([event(date(2022, 10, 7)), event(other, name="b")], [])
    around = Window(next(each for each in found.shocks if each.name == "a"), 4)
    assert found.has_shock_overlap(around) == overlaps


@pytest.mark.parametrize(
    ("day", "overlaps"),
    [
        (date(2022, 9, 4), False),
        (date(2022, 9, 5), True),
        (date(2022, 10, 30), True),
        (date(2022, 10, 31), False),
    ],
)
def test_a_model_released_in_the_window_overlaps(day: date, overlaps: bool) -> None:
    release = event(day, kind="model_release", stance="release")
    found = calendar([event(date(2022, 10, 7)), release], [])
    assert len(found.shocks) == 1
    assert found.has_release_overlap(Window(found.shocks[0], 4)) == overlaps


def test_known_losses_overlap_while_they_last_and_other_changes_do_not() -> None:
    def holds(first: date, last: date | None, effect: str = "loss") -> bool:
        ends = None if last is None else datetime(last.year, last.month, last.day, 23, tzinfo=UTC)
        begins = datetime(first.year, first.month, first.day, tzinfo=UTC)
        found = calendar([], [lost(begins, ends, effect)])
        return found.has_loss(window(date(2022, 10, 7)), "attention")  # 2022-09-05 to 2022-10-30

    assert not holds(date(2022, 9, 1), date(2022, 9, 4))
    assert holds(date(2022, 9, 1), date(2022, 9, 5))
    assert holds(date(2022, 1, 1), None)
    assert not holds(date(2022, 10, 31), None)
    assert not holds(date(2022, 1, 1), None, "layout")


@pytest.mark.parametrize(
    ("affects", "groups"),
    [
        ("all", {"contribution", "participation", "attention", "other", "any"}),
        ("WatchEvent", {"attention", "any"}),
        ("PushEvent", {"contribution", "any"}),
        # Pull requests and reviews are contributions too.
        ("non-PushEvent", {"contribution", "participation", "attention", "other", "any"}),
        ("non-ForkEvent", {"contribution", "participation", "attention", "other", "any"}),
        ("stargazers", set()),
    ],
)
def test_a_loss_touches_the_groups_that_hold_what_it_took(affects: str, groups: set[str]) -> None:
    assert affected_groups(affects) == groups


def test_the_open_loss_of_stars_is_none_of_contributions() -> None:
    rows = reference_rows(load_reference(ROOT / "assets" / "reference"))
    found = calendar(rows[POLICY_EVENTS].to_pylist(), rows[UPSTREAM_BREAKS].to_pylist())
    spring = window(date(2026, 4, 1))  # 2026-03-02 to 2026-05-03; all but pushes from June on
    has_loss = {
        group: found.has_loss(spring, group)
        for group in ("any", "attention", "contribution", "participation")
    }
    assert has_loss == {
        "any": True, "attention": True, "contribution": False, "participation": False,
    }  # fmt: skip


def test_without_events_there_are_no_shocks() -> None:
    assert calendar([], []) == Calendar([], [], [])
