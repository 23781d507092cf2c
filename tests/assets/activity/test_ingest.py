"""Mirrors, outcomes and days: what is asked for, what is settled, what is kept of an hour."""

import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import pytest

from assets.activity.events import day_events
from assets.activity.ingest import HourFailures, collect_hour, files_of_day, is_settled, own_events
from assets.activity.rows import (
    EMPTY_DAY,
    FetchedHour,
    day_rows,
    fetched_hour,
    settled_hours,
    split_by_worth,
)
from assets.activity.scan import Selection

HOUR = datetime(2025, 6, 1, 23, tzinfo=UTC)
DAY = HOUR.date()
SELECTION = Selection(frozenset({1}), panel_one_in=0)


class GoneError(Exception):
    """The source has no such file."""


class DownError(Exception):
    """The source does not answer."""


@dataclass
class FakeTransfer:
    chunks: Sequence[bytes]
    byte_count: int = 0


@dataclass
class FakeSource:
    """Mirrors by name: bytes, or the exception that opening raises."""

    mirrors: dict[str, bytes | Exception]
    asked: list[str] = field(default_factory=list)

    @property
    def base_urls(self) -> Sequence[str]:
        return tuple(self.mirrors)

    def open(self, hour: datetime, base_url: str) -> FakeTransfer:
        del hour
        self.asked.append(base_url)
        answer = self.mirrors[base_url]
        if isinstance(answer, Exception):
            raise answer
        return FakeTransfer([answer], len(answer))


FAILURES = HourFailures(not_found=GoneError, unreachable=DownError)


def event(number: int, created_at: datetime, *, login: str = "a") -> bytes:
    document = {
        "id": str(number),
        "type": "WatchEvent",
        "actor": {"id": number, "login": login},
        "repo": {"id": 1, "name": "o/r"},
        "payload": {},
        "created_at": created_at.isoformat(),
    }
    return json.dumps(document).encode() + b"\n"


WHOLE = gzip.compress(b"".join(event(n, HOUR) for n in range(300)))
CUT = WHOLE[: len(WHOLE) // 2]


@pytest.mark.parametrize(
    ("mirrors", "status", "mirror", "kept"),
    [
        ({"a": WHOLE, "b": WHOLE}, "complete", "a", 300),
        ({"a": GoneError("no"), "b": WHOLE}, "complete", "b", 300),
        ({"a": DownError("no"), "b": WHOLE}, "complete", "b", 300),
        ({"a": CUT, "b": WHOLE}, "complete", "b", 300),
        ({"a": b"<html>", "b": GoneError("no")}, "not_gzip", "a", 0),
        ({"a": GoneError("no"), "b": GoneError("no")}, "missing", None, 0),
        ({"a": GoneError("no"), "b": DownError("no")}, "unreachable", None, 0),
    ],
)
def test_the_first_mirror_that_has_an_hour_whole_decides(
    mirrors: dict[str, bytes | Exception], status: str, mirror: str | None, kept: int
) -> None:
    outcome = collect_hour(FakeSource(mirrors), HOUR, SELECTION, FAILURES)
    assert (outcome.status, outcome.mirror, len(outcome.scan.kept)) == (status, mirror, kept)


def test_where_no_mirror_is_whole_the_one_with_most_events_counts() -> None:
    shorter = WHOLE[: len(WHOLE) // 4]
    outcome = collect_hour(FakeSource({"a": shorter, "b": CUT}), HOUR, SELECTION, FAILURES)
    assert (outcome.status, outcome.mirror) == ("truncated", "b")
    assert outcome.messages == ["a: truncated", "b: truncated"]


def test_a_whole_first_mirror_is_the_only_one_asked() -> None:
    source = FakeSource({"a": WHOLE, "b": WHOLE})
    collect_hour(source, HOUR, SELECTION, FAILURES)
    assert source.asked == ["a"]


def test_since_may_2025_a_day_needs_the_next_days_first_file() -> None:
    assert len(files_of_day(date(2025, 5, 24))) == 24
    assert files_of_day(date(2025, 5, 25))[-1] == datetime(2025, 5, 26, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "age", "settled"),
    [
        ("complete", 0, True),
        ("missing", 7, False),
        ("missing", 8, True),
        ("truncated", 7, False),
        ("truncated", 8, True),
        ("unreachable", 400, False),
    ],
)
def test_a_missing_or_damaged_file_is_asked_for_again_for_seven_days(
    status: str, age: int, settled: bool
) -> None:
    assert is_settled(status, DAY, DAY + timedelta(days=age)) is settled


def test_a_late_event_reaches_its_own_day_through_the_neighbours_file() -> None:
    midnight = HOUR + timedelta(hours=1)
    late, next_day = event(1, midnight - timedelta(seconds=5)), event(2, midnight)
    source = FakeSource({"a": gzip.compress(late + next_day)})
    outcome = own_events(collect_hour(source, midnight, SELECTION, FAILURES), DAY)
    rows = day_rows([outcome], source="t", day=DAY, selection=SELECTION, now=midnight)
    assert rows.events["event_id"].to_pylist() == ["1"]
    assert rows.totals.num_rows == 0
    assert rows.hours["is_neighbour"].to_pylist() == [True]


def test_an_event_days_late_reaches_its_own_day_once_from_two_files() -> None:
    moment = datetime(2025, 6, 1, 10, tzinfo=UTC)
    parts = []
    for hour in (moment, moment + timedelta(days=3)):
        source = FakeSource({"a": gzip.compress(event(1, moment) + event(2, hour))})
        outcome = collect_hour(source, hour, SELECTION, FAILURES)
        parts.append(
            day_rows([outcome], source="t", day=hour.date(), selection=SELECTION, now=hour).events
        )
    result = day_events(DAY, parts)
    assert result.events["event_id"].to_pylist() == ["1", "2"]
    assert result.duplicate_count == 1
    assert parts[1]["event_id"].to_pylist() == ["1", "2"]


def test_bots_are_dropped_from_the_day_and_counted() -> None:
    body = event(1, HOUR) + event(2, HOUR, login="dependabot[bot]")
    outcome = collect_hour(FakeSource({"a": gzip.compress(body)}), HOUR, SELECTION, FAILURES)
    rows = day_rows([outcome], source="t", day=DAY, selection=SELECTION, now=HOUR)
    result = day_events(DAY, [rows.events])
    assert result.events["event_id"].to_pylist() == ["1"]
    assert result.bot_event_count == 1


def test_an_earlier_scan_is_taken_over_unless_its_selection_was_another() -> None:
    outcome = collect_hour(FakeSource({"a": WHOLE}), HOUR, SELECTION, FAILURES)
    gone = collect_hour(
        FakeSource({"a": GoneError("no")}), HOUR - timedelta(hours=1), SELECTION, FAILURES
    )
    rows = EMPTY_DAY.plus(
        day_rows([outcome, gone], source="t", day=DAY, selection=SELECTION, now=HOUR)
    )
    soon, later = DAY + timedelta(days=1), DAY + timedelta(days=30)
    assert settled_hours(rows.hours, SELECTION, DAY, soon) == [HOUR]
    assert settled_hours(rows.hours, SELECTION, DAY, later) == [HOUR - timedelta(hours=1), HOUR]
    wider = Selection(frozenset({1, 2}), panel_one_in=0)
    assert settled_hours(rows.hours, wider, DAY, later) == []
    assert rows.of_hours([]).events.num_rows == 0
    assert rows.of_hours([HOUR]).events.num_rows == 300


def fetched(hour: datetime, answer: bytes | Exception) -> FetchedHour:
    outcome = collect_hour(FakeSource({"a": answer}), hour, SELECTION, FAILURES)
    return fetched_hour(outcome, source="t", day=DAY, selection=SELECTION, now=HOUR)


def test_a_worse_copy_of_a_file_does_not_replace_what_an_earlier_scan_had() -> None:
    whole, gone = fetched(HOUR, WHOLE), fetched(HOUR, GoneError("no"))
    stored = whole.rows.hours
    new_hour = fetched(HOUR - timedelta(hours=1), DownError("no"))
    assert split_by_worth([gone, new_hour], stored) == ([new_hour], [HOUR])
    assert split_by_worth([whole], stored) == ([whole], [])


def test_a_file_of_many_events_is_made_rows_of_by_slices_and_loses_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    at_once = fetched(HOUR, WHOLE)
    monkeypatch.setattr("assets.activity.rows._SLICE", 7)
    by_seven = fetched(HOUR, WHOLE)
    assert by_seven.rows.events.num_rows == 300
    assert by_seven.rows.events.combine_chunks() == at_once.rows.events.combine_chunks()
    assert (by_seven.hour, by_seven.status, by_seven.event_count) == (HOUR, "complete", 300)
