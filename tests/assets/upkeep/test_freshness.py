"""A source is late when its newest closed partition lies behind what was due by the clock."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.upkeep.freshness import (
    Source,
    Status,
    Unit,
    as_markdown,
    end_of,
    freshness,
    in_words,
    period_end,
    period_start,
)
from assets.upkeep.sources import OTHERS, archive
from assets.upkeep.tables import FRESHNESS

SIX, DAY = timedelta(hours=6), timedelta(days=1)
DAILY = Source("gharchive", "raw.archive_hours", Unit.DAY, SIX, DAY)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "expected", "late_since", "hours", "status"),
    [
        # The day of 9 March ends at midnight, and is due at six.
        ("2026-03-10 05:59", "2026-03-09 00:00", None, 0.0, Status.FRESH),
        ("2026-03-10 06:00", "2026-03-10 00:00", "2026-03-10 06:00", 0.0, Status.LATE),
        ("2026-03-11 06:00", "2026-03-11 00:00", "2026-03-10 06:00", 24.0, Status.LATE),
        ("2026-03-11 06:30", "2026-03-11 00:00", "2026-03-10 06:00", 24.5, Status.OVERDUE),
    ],
)
def test_a_day_is_late_from_the_hour_it_was_due_and_overdue_a_day_later(
    now: str, expected: str, late_since: str | None, hours: float, status: Status
) -> None:
    newest = {"gharchive": end_of(Unit.DAY, date(2026, 3, 8))}
    (found,) = freshness([DAILY], newest, utc(now))
    assert found.expected_through == utc(expected)
    assert found.late_since == (utc(late_since) if late_since else None)
    assert found.status is status
    (row,) = FRESHNESS.arrow([found.row()]).to_pylist()
    assert (row["late_hours"], row["status"]) == (hours, status)


@pytest.mark.parametrize(
    ("unit", "newest", "now", "late_since"),
    [
        # Polls answered at 09:10: the hour to ten is the first without an answer at its end.
        (Unit.HOUR, "2026-03-10 09:10", "2026-03-10 15:30", "2026-03-10 16:00"),
        # Weeks from Tuesday 3 March end with 9 March.
        (Unit.WEEK, "2026-03-03 00:00", "2026-03-10 06:00", "2026-03-10 06:00"),
        (Unit.MONTH, "2026-02-01 00:00", "2026-03-10 06:00", "2026-03-01 06:00"),
        (Unit.QUARTER, "2025-10-01 00:00", "2026-03-10 06:00", "2026-01-01 06:00"),
    ],
)
def test_hours_weeks_months_and_quarters_are_counted_from_their_own_ends(
    unit: Unit, newest: str, now: str, late_since: str
) -> None:
    source = Source("source", "raw.table", unit, SIX, DAY)
    due = utc(late_since)
    for moment in (due - timedelta(seconds=1), due, max(due, utc(now))):
        (found,) = freshness([source], {"source": utc(newest)}, moment)
        assert found.late_since == (due if moment >= due else None)


def test_old_days_that_are_made_again_make_nothing_fresh_and_today_is_no_lateness() -> None:
    now = utc("2026-03-10 07:00")
    (of_old,) = freshness([DAILY], {"gharchive": end_of(Unit.DAY, date(2025, 3, 8))}, now)
    (of_now,) = freshness([DAILY], {"gharchive": now}, now)
    assert (of_old.status, of_now.status) == (Status.OVERDUE, Status.FRESH)
    assert of_old.late_since == utc("2025-03-10 06:00")


def test_what_never_gave_anything_is_never_and_not_late() -> None:
    (found,) = freshness([DAILY], {}, utc("2026-03-10 07:00"))
    assert (found.status, found.late_since) == (Status.NEVER, None)
    assert in_words(found) == (
        "gharchive: nothing was ever there; expected through 2026-03-10 00:00 UTC"
    )


# Seconds of 2015 to 2034.
MOMENTS = st.integers(1_420_070_400, 2_051_222_399).map(
    lambda second: datetime.fromtimestamp(second, UTC)
)


@given(unit=st.sampled_from(Unit), moment=MOMENTS)
def test_a_time_lies_in_one_period_and_the_next_one_begins_at_its_end(
    unit: Unit, moment: datetime
) -> None:
    start, end = period_start(unit, moment), period_end(unit, moment)
    assert start <= moment < end
    assert period_start(unit, end) == end
    assert period_end(unit, start) == end


@given(source=st.sampled_from([archive("gharchive"), *OTHERS]), newest=MOMENTS, now=MOMENTS)
def test_lateness_begins_at_one_time_and_is_over_when_the_expected_one_is_there(
    source: Source, newest: datetime, now: datetime
) -> None:
    (found,) = freshness([source], {source.name: newest}, now)
    if found.late_since is None:
        assert newest >= found.expected_through
        return
    assert newest < found.expected_through <= now
    assert found.late_since <= now
    (before,) = freshness([source], {source.name: newest}, found.late_since - timedelta(seconds=1))
    (since,) = freshness([source], {source.name: newest}, found.late_since)
    (mended,) = freshness([source], {source.name: found.expected_through}, now)
    assert (before.late_since, since.late_since) == (None, found.late_since)
    assert mended.status is Status.FRESH


def test_words_and_table_state_times_and_their_zone() -> None:
    newest = {"gharchive": utc("2026-03-09 00:00")}
    found = freshness([DAILY], newest, utc("2026-03-11 08:00"))
    assert in_words(found[0]) == (
        "gharchive: there through 2026-03-09 00:00 UTC, expected through 2026-03-11 00:00; "
        "late since 2026-03-10 06:00, 26 hours"
    )
    assert as_markdown(found).splitlines()[-1] == (
        "| gharchive | overdue | 2026-03-09 00:00 | 2026-03-11 00:00 | 2026-03-10 06:00 | 26 |"
    )
