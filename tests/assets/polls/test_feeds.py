"""Feeds, gaps, stars and the spool: what is proven, what is counted, what is left out."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.polls.events import by_day, event_rows, merged, read_feed
from assets.polls.plan import Asked
from assets.polls.polling import Failures, Polled, covered_since, poll_repositories
from assets.polls.spool import Spool
from assets.polls.stars import reaches, star_days, star_rows
from assets.polls.state import PollState

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FAILURES = Failures(limited=PermissionError, failed=OSError)


def document(number: int, ago: timedelta = HOUR, **more: object) -> dict[str, Any]:
    return {
        "id": str(number),
        "type": "WatchEvent",
        "actor": {"id": 7, "login": "renovate[bot]"},
        "repo": {"id": 5, "name": "o/r"},
        "payload": {"action": "started"},
        "created_at": (NOW - ago).isoformat(),
        **more,
    }


@dataclass
class Listing:
    status: str = "found"
    documents: list[object] = field(default_factory=list)
    etag: str | None = 'W/"1"'
    poll_interval_s: int = 60
    is_moved: bool = False
    is_whole: bool = True
    call_count: int = 1


@dataclass
class Source:
    """Gives what it is told to; an exception is raised."""

    answers: list[Listing | Exception]
    call_count: int = 0
    is_enough: Callable[[list[object]], bool] = lambda _page: False

    def events(
        self, repo_id: int, name: str | None, *, etag: str | None, is_enough: Callable[..., bool]
    ) -> Listing:
        self.call_count += 1
        self.is_enough = is_enough
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def poll(answer: Listing | Exception, before: PollState | None = None) -> Polled:
    asked = [Asked(5, "o/r", before)]
    (polled,) = poll_repositories(Source([answer]), asked, FAILURES, lambda: NOW)
    return polled


def test_real_events_of_the_api_are_read_whole(real_data: Path) -> None:
    documents = json.loads((real_data / "gharchive" / "2026-07.rest-events.json").read_text())
    repo_id = documents[0]["repo"]["id"]
    feed = read_feed(documents, repo_id, datetime(2026, 7, 31, tzinfo=UTC))
    own = [each for each in documents if each["repo"]["id"] == repo_id]
    assert len(feed.events) == len(own) > 10
    assert feed.malformed_count == len(documents) - len(own)
    assert feed.events[0].created_at == max(datetime.fromisoformat(d["created_at"]) for d in own)


@pytest.mark.parametrize(
    ("bad", "problem"),
    [
        ("no object", "not an object"),
        ({}, "no type"),
        (document(1, repo={"id": 6, "name": "o/other"}), "another repository"),
        (document(1, repo={"id": "5"}), "without a numeric id"),
        (document(1, actor=None), "no actor"),
        (document(1, created_at="soon"), "no time"),
        (document(1, ago=timedelta(days=400)), "30 days"),
        (document(1, ago=timedelta(days=-2)), "30 days"),
        ({"type": "WatchEvent", "created_at": NOW.isoformat(), "payload": {}}, "no repository"),
    ],
)
def test_what_is_no_event_of_the_repository_is_counted_and_named_beside_the_others(
    bad: object, problem: str
) -> None:
    feed = read_feed([document(1), bad, document(2)], 5, NOW)
    assert ([each.event_id for each in feed.events], feed.malformed_count) == (["1", "2"], 1)
    assert problem in str(feed.problem)
    polled = poll(Listing(documents=[document(1), bad]))
    assert (polled.state.event_count, polled.state.malformed_count) == (1, 1)
    # Its ETag would hide the list until it changes.
    assert polled.state.etag is None


@given(st.recursive(st.none() | st.text() | st.integers(), st.lists, max_leaves=5))
def test_no_document_whatever_stops_a_feed(bad: object) -> None:
    assert read_feed([bad, document(1)], 5, NOW).malformed_count == 1


def test_a_first_poll_of_a_whole_feed_knows_its_30_days() -> None:
    state = poll(Listing(documents=[document(2), document(1, 20 * DAY)])).state
    assert (state.outcome, state.covered_since) == ("polled", NOW - 30 * DAY)
    assert (state.newest_event_at, state.covered_until) == (NOW - HOUR, NOW)
    # Two events in 20 days.
    assert state.events_per_hour == pytest.approx(2 / 480)


@pytest.mark.parametrize(
    ("oldest", "is_whole", "since"),
    [
        # Known before: since day 9, up to the poll of a day ago; newest event 30 h old.
        (29 * HOUR, False, NOW - 29 * HOUR),
        (30 * HOUR, False, NOW - 9 * DAY),
        (31 * HOUR, False, NOW - 9 * DAY),
        (2 * HOUR, True, NOW - 9 * DAY),
        (2 * HOUR, False, NOW - 2 * HOUR),
    ],
)
def test_a_gap_begins_the_coverage_anew(oldest: timedelta, is_whole: bool, since: datetime) -> None:
    before = PollState(
        5, "o/r", NOW - DAY, NOW, "polled",
        newest_event_at=NOW - 30 * HOUR, covered_since=NOW - 9 * DAY, covered_until=NOW - DAY,
    )  # fmt: skip
    assert covered_since(before, [NOW - HOUR, NOW - oldest], is_whole, NOW) == since


def test_a_repository_unasked_for_40_days_has_a_gap_and_a_quiet_one_has_none() -> None:
    before = PollState(
        5, "o/r", NOW - 40 * DAY, NOW, "polled",
        newest_event_at=NOW - 50 * DAY, covered_since=NOW - 60 * DAY, covered_until=NOW - 40 * DAY,
    )  # fmt: skip
    assert covered_since(before, [NOW - HOUR], True, NOW) == NOW - 30 * DAY
    quiet = replace(before, covered_until=NOW - DAY)
    assert covered_since(quiet, [], True, NOW) == NOW - 60 * DAY


def test_an_unchanged_feed_is_covered_until_now_and_a_failed_one_is_not() -> None:
    first = poll(Listing(documents=[document(1)])).state
    earlier = replace(first, polled_at=NOW - 2 * DAY, covered_until=NOW - 2 * DAY, call_count=4)
    same = poll(Listing("unchanged", etag=None), earlier).state
    assert (same.outcome, same.covered_until, same.etag) == ("unchanged", NOW, 'W/"1"')
    assert (same.newest_event_at, same.call_count) == (first.newest_event_at, 1)
    failed = poll(OSError("a burst" * 100), earlier).state
    assert (failed.outcome, failed.covered_until) == ("failed", NOW - 2 * DAY)
    assert failed.polled_at == NOW
    assert len(failed.problem or "") == 300
    gone = poll(Listing("gone", etag=None), earlier).state
    assert (gone.outcome, gone.etag, gone.covered_until) == ("gone", None, NOW - 2 * DAY)


def test_calls_of_the_same_hour_add_up() -> None:
    first = poll(Listing(documents=[document(1)], call_count=3)).state
    again = poll(Listing("unchanged"), replace(first, polled_at=NOW - HOUR / 2)).state
    assert again.call_count == 4


def test_a_limit_ends_the_round_after_giving_what_was_got() -> None:
    source = Source([Listing(documents=[document(1)]), PermissionError("limit"), Listing()])
    polls = poll_repositories(source, [Asked(5, "o/r")] * 3, FAILURES, lambda: NOW)
    assert next(polls).state.outcome == "polled"
    with pytest.raises(PermissionError):
        next(polls)
    assert source.call_count == 2


def test_no_repository_is_begun_when_the_calls_are_spent() -> None:
    source = Source([Listing(), Listing(), Listing()])
    asked = [Asked(5, "o/r")] * 3
    assert len(list(poll_repositories(source, asked, FAILURES, lambda: NOW, most_calls=2))) == 2


def test_pages_are_read_until_five_minutes_past_what_is_known() -> None:
    before = PollState(5, "o/r", NOW, NOW, "polled", newest_event_at=NOW - HOUR)
    source = Source([Listing()])
    list(poll_repositories(source, [Asked(5, "o/r", before)], FAILURES, lambda: NOW))
    minutes = timedelta(minutes=1)
    assert not source.is_enough([document(1, HOUR)])
    assert not source.is_enough([document(1, HOUR + 5 * minutes)])
    assert source.is_enough([document(2, HOUR), document(1, HOUR + 6 * minutes)])
    assert not source.is_enough(["nonsense"])


def test_rows_lie_in_the_day_of_the_event_and_the_first_poll_stays() -> None:
    feed = read_feed([document(1), document(2, 13 * HOUR)], 5, NOW)
    first = by_day(event_rows(feed.events, 0, NOW))
    assert list(first) == [date(2026, 10, 31), date(2026, 11, 1)]
    later = by_day(event_rows(feed.events, 0, NOW + HOUR))[date(2026, 11, 1)]
    kept = merged(first[date(2026, 11, 1)], later)
    assert kept == first[date(2026, 11, 1)]
    assert merged(None, pa.concat_tables([later, later])).num_rows == 1
    (row,) = kept.to_pylist()
    assert (row["is_bot"], row["is_panel"], row["action"]) == (True, False, "started")


def test_what_the_spool_keeps_comes_back_as_it_was_until_it_is_removed(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "polls")
    polled = poll(Listing(documents=[document(1), document(2, 2 * HOUR, payload=None)]))
    later = replace(polled, state=replace(polled.state, polled_at=NOW + HOUR), events=())
    spool.add(later)
    spool.add(polled)
    assert Spool(tmp_path / "polls").kept() == ([polled, later], [])
    spool.remove([polled])
    assert spool.kept() == ([later], [])


@pytest.mark.parametrize("torn", [b"", b"{", b"[]", b'{"state": {}, "events": []}', b"\xff"])
def test_a_file_of_the_spool_that_cannot_be_read_is_set_aside(tmp_path: Path, torn: bytes) -> None:
    spool = Spool(tmp_path)
    (tmp_path / "5-1.json").write_bytes(torn)
    (tmp_path / "6-1.tmp").write_bytes(b"half")
    polls, broken = spool.kept()
    assert (polls, [path.name for path in broken]) == ([], ["5-1.json"])
    spool.set_aside(broken)
    assert spool.kept() == ([], [])
    assert (tmp_path / "5-1.broken").read_bytes() == torn


def week(began: date, *days: int, **more: object) -> dict[str, object]:
    moment = datetime(began.year, began.month, began.day, tzinfo=UTC)
    return {"week": int(moment.timestamp()), "total": sum(days), "days": list(days), **more}


def test_weeks_become_days_from_the_first_wanted_to_the_day_of_asking() -> None:
    documents = [week(date(2026, 11, 1), 4, 0, 0, 0, 0, 0, 0), week(date(2026, 10, 25), *range(7))]
    rows = star_rows(5, star_days(documents), date(2026, 10, 30), NOW).to_pylist()
    assert [(row["star_date"].day, row["star_count"]) for row in rows] == [(30, 5), (31, 6), (1, 4)]
    assert {row["asked_at"] for row in rows} == {NOW}


def test_a_repository_without_a_star_was_asked() -> None:
    first, last = star_rows(5, star_days([]), date(2022, 1, 1), NOW).to_pylist()
    assert (first["star_date"], first["star_count"]) == (date(2022, 1, 1), 0)
    assert (last["star_date"], last["star_count"]) == (NOW.date(), 0)


@pytest.mark.parametrize(
    "bad",
    [
        "no object", {}, week(date(2026, 10, 25), 1, 2), week(date(2026, 10, 25), *[-1] * 7),
        week(date(2026, 10, 25), *[1] * 7, total=8), week(date(2026, 10, 25), *[1] * 7, week="x"),
        week(date(2026, 10, 25), *[1] * 7, week=1 << 60), {"week": 0, "days": [0] * 7},
        {"week": 0, "total": 7, "days": [True] * 7},
    ],
)  # fmt: skip
def test_what_is_no_week_is_counted(bad: object) -> None:
    found = star_days([bad, week(date(2026, 10, 25), *range(7))])
    assert (len(found.counts), found.malformed_count) == (7, 1)


def test_paging_ends_where_the_wanted_day_is_reached() -> None:
    documents: list[object] = [
        week(date(2026, 11, 1), *[0] * 7),
        week(date(2026, 10, 25), *[0] * 7),
    ]
    assert reaches(documents, date(2026, 10, 25))
    assert not reaches(documents, date(2026, 10, 24))
    assert not reaches([], date(2026, 10, 24))
