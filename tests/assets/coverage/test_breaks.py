"""Which known losses touch a day, a source and a type: rules by hand, and the shipped calendar."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from assets.coverage.breaks import breaks_of, breaks_on, is_known_loss
from assets.reference.loader import load_reference
from assets.reference.model import UpstreamBreak

SHIPPED = load_reference(Path(__file__).parents[3] / "assets" / "reference").upstream_breaks


def upstream_break(
    first: datetime,
    last: datetime | None,
    source: str = "gharchive",
    affects: str = "all",
    effect: str = "loss",
) -> UpstreamBreak:
    return UpstreamBreak(first, last, source, affects, effect, "test")


def at(day: int, hour: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    ("source", "day", "event_type", "is_lost"),
    [
        ("gharchive", date(2025, 10, 8), "PushEvent", False),
        ("gharchive", date(2025, 10, 9), "PushEvent", True),
        ("gharchive", date(2025, 10, 13), "WatchEvent", True),
        ("gharchive", date(2025, 10, 14), "WatchEvent", False),
        ("gharchive", date(2026, 1, 31), "WatchEvent", False),
        ("gharchive", date(2026, 2, 1), "WatchEvent", True),
        ("gharchive", date(2026, 2, 1), "ForkEvent", False),
        ("gharchive", date(2026, 6, 1), "ForkEvent", True),
        ("gharchive", date(2026, 6, 1), "PushEvent", False),
        ("opendigger", date(2026, 11, 1), "WatchEvent", False),
        ("github_events", date(2026, 11, 1), "WatchEvent", False),
        ("gharchive", date(2016, 10, 21), "PushEvent", False),  # one hour of the day
    ],
)
def test_the_shipped_calendar_says_which_days_lost_which_types(
    source: str, day: date, event_type: str, is_lost: bool
) -> None:
    assert is_known_loss(SHIPPED, source, day, event_type) is is_lost


def test_changes_of_layout_and_access_lose_nothing_but_can_be_asked_for() -> None:
    trims = breaks_on(SHIPPED, "gharchive", date(2025, 10, 8), "PushEvent", "layout")
    assert [each.source for each in trims] == ["gharchive", "github_events_api"]
    assert breaks_on(SHIPPED, "gharchive", date(2025, 10, 8), "PushEvent") == []


def test_the_last_hour_of_a_break_is_part_of_it() -> None:
    """Until 04:00, itself affected: five hours of the day; until 03:00: four, too few to matter."""
    five, four = (upstream_break(at(1), at(2, hour)) for hour in (4, 3))
    assert is_known_loss([five], "gharchive", date(2026, 3, 2), "PushEvent")
    assert not is_known_loss([four], "gharchive", date(2026, 3, 2), "PushEvent")
    assert breaks_on([four], "gharchive", date(2026, 3, 2), "PushEvent") == [four]
    assert breaks_on([four], "gharchive", date(2026, 3, 3), "PushEvent") == []


def test_a_loss_of_the_feed_touches_every_source_that_reads_it() -> None:
    feed = upstream_break(at(1), None, source="github_events_api")
    for source in ("gharchive", "opendigger", "github_events"):
        assert is_known_loss([feed], source, date(2026, 3, 5), "WatchEvent")
    other = upstream_break(at(1), None, source="github_rest")
    assert not is_known_loss([other], "gharchive", date(2026, 3, 5), "WatchEvent")


def test_what_is_no_event_type_touches_none() -> None:
    lists = upstream_break(at(1), None, affects="stargazers")
    assert not is_known_loss([lists], "gharchive", date(2026, 3, 5), "WatchEvent")


def test_rows_of_the_table_become_records() -> None:
    row = {
        "from_at": at(1),
        "to_at": None,
        "source": "gharchive",
        "affects": "all",
        "effect": "loss",
        "what": "test",
    }
    assert breaks_of([row]) == (upstream_break(at(1), None),)
