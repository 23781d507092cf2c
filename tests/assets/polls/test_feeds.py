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
from assets.polls.plan import LATENESS, Asked
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
    is_whole: bool = True
    call_count: int = 1


@dataclass
class Source:
    """Gives what it is told to; an exception is raised."""

    answers: list[Listing | Exception]
    call_count: int = 0
    is_enough: Callable[[list[object]], bool] = lambda _page: False

    def events(self, repo_id: int, *, etag: str | None, is_enough: Callable[..., bool]) -> Listing:
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


def known() -> PollState:
    return PollState(
        5, "o/r", NOW - DAY, NOW, "polled", etag='W/"0"',
        newest_event_at=NOW - 30 * HOUR, covered_since=NOW - 9 * DAY, covered_until=NOW - DAY,
    )  # fmt: skip


@pytest.mark.parametrize("before", [None, known()])
@pytest.mark.parametrize("good", [0, 5])
def test_a_poll_with_malformed_documents_covers_nothing_and_the_next_one_reads_as_far_back(
    before: PollState | None, good: int
) -> None:
    stranger = [document(number, repo={"id": 999, "name": "o/r"}) for number in range(95)]
    own = [document(100 + number) for number in range(good)]
    polled = poll(Listing(documents=[*own, *stranger]), before)
    state = polled.state
    assert (state.outcome, len(polled.events)) == ("polled" if good else "failed", good)
    assert state.malformed_count == 95
    assert "another repository" in str(state.problem)
    said = (state.newest_event_at, state.covered_since, state.covered_until)
    assert said == (
        (before.newest_event_at, before.covered_since, before.covered_until)
        if before
        else (None, None, None)
    )
    assert state.etag is None


@given(st.recursive(st.none() | st.text() | st.integers(), st.lists, max_leaves=5))
def test_no_document_whatever_stops_a_feed(bad: object) -> None:
    assert read_feed([bad, document(1)], 5, NOW).malformed_count == 1


def test_a_first_poll_of_a_whole_feed_knows_its_30_days() -> None:
    state = poll(Listing(documents=[document(2), document(1, 20 * DAY)])).state
    assert (state.outcome, state.covered_since) == ("polled", NOW - 30 * DAY)
    # What GitHub may show late is not claimed.
    assert (state.newest_event_at, state.covered_until) == (NOW - HOUR, NOW - 6 * HOUR)
    # Two events in 20 days.
    assert state.events_per_hour == pytest.approx(2 / 480)


@pytest.mark.parametrize(
    ("oldest", "is_whole", "since"),
    [
        # Known before: since day 9, up to a day ago; whatever the newest event is.
        (23 * HOUR, False, NOW - 23 * HOUR),
        (24 * HOUR, False, NOW - 9 * DAY),
        (25 * HOUR, False, NOW - 9 * DAY),
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
    until = NOW - 6 * HOUR
    assert (same.outcome, same.covered_until, same.etag) == ("unchanged", until, 'W/"1"')
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


def enough(before: PollState, overlap: timedelta) -> Callable[[list[object]], bool]:
    source = Source([Listing()])
    asked = [Asked(5, "o/r", before)]
    list(poll_repositories(source, asked, FAILURES, lambda: NOW, overlap=overlap))
    return source.is_enough


def test_pages_are_read_back_to_what_is_surely_known() -> None:
    # Polled 7 h before: known up to 13 h before.
    before = PollState(
        5, "o/r", NOW, NOW, "polled",
        newest_event_at=NOW - 8 * HOUR, covered_since=NOW - DAY, covered_until=NOW - 13 * HOUR,
    )  # fmt: skip
    is_enough = enough(before, LATENESS)
    assert not is_enough([document(1, 13 * HOUR)])
    assert is_enough([document(2, HOUR), document(1, 13.1 * HOUR)])
    assert not is_enough(["nonsense"])
    assert not enough(replace(before, covered_until=None), LATENESS)([document(1, 20 * DAY)])


def test_without_calls_for_more_pages_are_read_until_five_minutes_past_the_newest_known() -> None:
    before = PollState(
        5, "o/r", NOW, NOW, "polled", newest_event_at=NOW - HOUR, covered_until=NOW - 7 * HOUR
    )
    minutes = timedelta(minutes=1)
    is_enough = enough(before, timedelta())
    assert not is_enough([document(1, HOUR + 5 * minutes)])
    assert is_enough([document(2, HOUR), document(1, HOUR + 6 * minutes)])


@pytest.mark.parametrize(
    ("count", "hours", "is_kept"),
    [(99, 1.0, True), (100, 5.9, False), (100, 6.1, True), (150, 8.0, False)],
)
def test_an_etag_is_kept_where_its_page_alone_proves_that_nothing_came_late(
    count: int, hours: float, is_kept: bool
) -> None:
    # Evenly spread over the hours: the hundredth of 150 is 5.3 h old.
    documents: list[object] = [
        document(number, (number + 1) / count * hours * HOUR) for number in range(count)
    ]
    assert (poll(Listing(documents=documents)).state.etag is not None) == is_kept


def test_an_event_that_claims_to_come_is_no_newest_known() -> None:
    documents: list[object] = [document(2, -20 * HOUR), document(1)]
    assert poll(Listing(documents=documents)).state.newest_event_at == NOW - HOUR


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
    first = date(2026, 10, 30)
    rows = star_rows(5, star_days(documents), first, NOW, wanted=first).to_pylist()
    assert [(row["star_date"].day, row["star_count"]) for row in rows] == [(30, 5), (31, 6), (1, 4)]
    assert {row["asked_at"] for row in rows} == {NOW}


def test_a_repository_without_a_star_was_asked() -> None:
    start = date(2022, 1, 1)
    first, last = star_rows(5, star_days([]), start, NOW, wanted=start).to_pylist()
    assert (first["star_date"], first["star_count"]) == (start, 0)
    assert (last["star_date"], last["star_count"]) == (NOW.date(), 0)


def test_the_first_day_is_no_zero_where_the_history_was_not_read_back_to_it() -> None:
    """Asked whole once, then for the newest week each night: the first day's seven stay."""
    first, oldest = date(2026, 1, 1), week(date(2025, 12, 28), *[7] * 7)
    whole = star_rows(5, star_days([oldest]), first, NOW, wanted=first).to_pylist()
    assert {row["star_date"]: row["star_count"] for row in whole}[first] == 7
    newest = star_days([week(date(2026, 11, 15), *[7] * 7)])
    rows = star_rows(5, newest, first, NOW, wanted=date(2026, 11, 12)).to_pylist()
    assert first not in {row["star_date"] for row in rows}
    # Nor where a week cannot be read: it may be the first day's.
    damaged = star_days([week(date(2026, 11, 15), *[7] * 7), "no week"])
    rows = star_rows(5, damaged, first, NOW, wanted=first).to_pylist()
    assert first not in {row["star_date"] for row in rows}


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
