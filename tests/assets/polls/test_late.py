"""Events that GitHub shows up to six hours late: got, or not claimed to be known."""

from __future__ import annotations

import random
from bisect import bisect
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.polls.plan import LATENESS, Asked, hot_due, hourly_budget, plan_round, spent_lately
from assets.polls.polling import Failures, poll_repositories
from assets.polls.state import PollState
from resources.http import RateLimitedError, UpstreamError
from sandbox.repositories import Repository
from sandbox.world import World
from tests.assets.polls.conftest import Clock, WatchedServer

FAILURES = Failures(limited=RateLimitedError, failed=UpstreamError)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def late_server(world: World, clock: Clock) -> Iterator[WatchedServer]:
    """Half of all events come up to six hours late."""
    with WatchedServer(world, clock, late_percent=50) as running:
        yield running


def happened(world: World, repo_id: int, since: datetime, until: datetime) -> set[str]:
    """Ids of what really happened in a repository in a span, whatever feeds show."""
    found: set[str] = set()
    for back in range((until.date() - since.date()).days + 1):
        drawn = world.drawn_on(until.date() - timedelta(days=back))
        for n in (drawn.repo_id == repo_id).nonzero()[0].tolist():
            if since <= drawn.created_at[n].item().replace(tzinfo=since.tzinfo) <= until:
                found.add(str(drawn.event_id[n]))
    return found


def poll_for(
    server: WatchedServer, rows: list[Repository], hours: int, token_budget: int
) -> tuple[dict[int, PollState], dict[int, set[str]]]:
    """Hourly rounds: the last states and all ids that were got."""
    states: dict[int, PollState] = {}
    got: dict[int, set[str]] = {row.github_id: set() for row in rows}
    with closing(server.client()) as client:
        for _ in range(hours):
            now = server.clock.now()
            known = list(states.values())
            names = [(row.github_id, row.name) for row in rows]
            planned = plan_round(names, known, now, calls_per_hour=token_budget)
            for polled in poll_repositories(
                client,
                planned.asked,
                FAILURES,
                server.clock.now,
                stretch=planned.stretch,
                overlap=planned.overlap,
                most_calls=token_budget - spent_lately(known, now),
            ):
                states[polled.state.repo_id] = polled.state
                got[polled.state.repo_id] |= {each.event_id for each in polled.events}
            server.clock.sleep(3_600)
    return states, got


def busiest(server: WatchedServer, count: int) -> list[Repository]:
    lists = server.github.lists
    rows = server.world.tracked_repositories
    return sorted(rows, key=lambda row: -len(lists.feed(row.github_id)))[:count]


def test_all_that_happened_in_the_span_called_covered_was_got(
    late_server: WatchedServer, world: World
) -> None:
    rows = busiest(late_server, 40)
    states, got = poll_for(late_server, rows, 50, hourly_budget(1))
    claimed = 0
    for repo_id, state in states.items():
        assert state.covered_since
        assert state.covered_until
        truth = happened(world, repo_id, state.covered_since, state.covered_until)
        assert truth <= got[repo_id]
        claimed += len(truth)
    # A feed of the busiest holds ten days, and none has lost its claim since.
    assert claimed > 1_000
    spans = [each.covered_until - each.covered_since for each in states.values()]  # type: ignore[operator]
    assert min(spans) > timedelta(days=9)


@dataclass
class Listing:
    documents: list[object]
    is_whole: bool
    call_count: int
    status: str = "found"
    etag: str | None = None
    poll_interval_s: int = 60


@dataclass
class Feed:
    """A feed of 300 whose events come evenly by chance, and are shown up to six hours late."""

    rate: float
    seed: int
    latest_h: float = 6.0
    clock: Clock = field(default_factory=Clock)
    call_count: int = 0

    def __post_init__(self) -> None:
        chance = random.Random(self.seed)  # noqa: S311 - a simulation
        self.events: list[tuple[datetime, datetime, int]] = []
        # Two feeds' worth of the past.
        at = self.clock.now() - 600 / self.rate * HOUR - DAY
        while at < self.clock.now() + 5 * DAY:
            at += chance.expovariate(self.rate) * HOUR
            self.events.append(
                (at, at + chance.uniform(0.01, self.latest_h) * HOUR, len(self.events))
            )

    def events_in(self, since: datetime, until: datetime) -> set[str]:
        return {str(number) for at, _, number in self.events if since <= at <= until}

    def shown(self) -> list[object]:
        now = self.clock.now()
        newest = bisect(self.events, now, key=lambda event: event[0])
        seen = islice((each for each in reversed(self.events[:newest]) if each[1] <= now), 300)
        return [
            {
                "id": str(number),
                "type": "WatchEvent",
                "actor": {"id": 1, "login": "x"},
                "repo": {"id": 5, "name": "o/r"},
                "payload": {},
                "created_at": at.isoformat(),
            }
            for at, _, number in seen
        ]


class Source:
    """Pages of a feed."""

    def __init__(self, feed: Feed) -> None:
        self.feed = feed
        self.call_count = 0

    def events(
        self, repo_id: int, *, etag: str | None, is_enough: Callable[[list[object]], bool]
    ) -> Listing:
        found: list[object] = []
        documents = self.feed.shown()
        calls = 0
        for page in (documents[n : n + 100] for n in (0, 100, 200)):
            found += page
            calls += 1
            if is_enough(page) or len(page) < 100:
                break
        self.call_count += calls
        return Listing(found, len(documents) < 300 and found == documents, calls)


def polled_as_planned(feed: Feed, overlap: timedelta) -> tuple[PollState, set[str]]:
    """Four days of polls at the times that each asks for, a minute apart at least."""
    source, before, got = Source(feed), None, set[str]()
    end = feed.clock.now() + 4 * DAY
    while feed.clock.now() < end:
        asked = [Asked(5, "o/r", before)]
        (polled,) = poll_repositories(source, asked, FAILURES, feed.clock.now, overlap=overlap)
        before = polled.state
        got |= {each.event_id for each in polled.events}
        left = (before.next_poll_at - feed.clock.now()).total_seconds()
        feed.clock.sleep(max(60.0, left))
    assert before
    return before, got


@settings(max_examples=25, deadline=None)
@given(st.floats(1.0, 60.0), st.integers(0, 999), st.sampled_from([timedelta(), LATENESS]))
def test_whatever_the_rate_no_event_of_a_span_called_covered_is_missing(
    rate: float, seed: int, overlap: timedelta
) -> None:
    feed = Feed(rate, seed)
    state, got = polled_as_planned(feed, overlap)
    assert state.covered_since
    assert state.covered_until
    assert feed.events_in(state.covered_since, state.covered_until) <= got


@pytest.mark.parametrize("rate", [5.0, 20.0, 25.0])
def test_reading_six_hours_back_gets_what_five_minutes_lose_and_leaves_no_gap(rate: float) -> None:
    feed, short = Feed(rate, 3), Feed(rate, 3)
    since = feed.clock.now()
    state, got = polled_as_planned(feed, LATENESS)
    _, least = polled_as_planned(short, timedelta())
    assert state.covered_since
    assert state.covered_until
    assert state.covered_since < since
    assert state.covered_until > since + 2.5 * DAY
    truth = feed.events_in(since, state.covered_until)
    assert truth <= got
    assert (rate == 5.0) or len(truth - least) > 0.01 * len(truth)


def test_a_feed_shorter_than_six_hours_is_never_called_covered() -> None:
    state, got = polled_as_planned(Feed(200.0, 1), LATENESS)
    assert state.covered_since
    assert state.covered_until
    assert state.covered_since > state.covered_until
    assert len(got) > 1_000


@pytest.mark.parametrize("rate", [250.0, 400.0, 900.0, 1_700.0])
def test_a_busy_repository_loses_nothing_where_it_is_looked_for_every_minute(
    rate: float,
) -> None:
    feed = Feed(rate, 7, latest_h=0.02)
    source, states, got = Source(feed), list[PollState](), set[str]()
    began, rounds = feed.clock.now(), 0
    for minute in range(24 * 60):
        now = feed.clock.now()
        if minute % 60 == 10 or minute == 0 or hot_due(states, now):
            rounds += 1
            planned = plan_round([(5, "o/r")], states, now, calls_per_hour=4_500)
            for polled in poll_repositories(
                source, planned.asked, FAILURES, feed.clock.now, overlap=planned.overlap
            ):
                states = [polled.state]
                got |= {each.event_id for each in polled.events}
        feed.clock.sleep(60)
    truth = feed.events_in(began, feed.clock.now() - HOUR)
    assert len(truth) > 20 * rate
    assert truth <= got
    # About every time that half a feed has come: no more than there is need for.
    assert rounds <= 24 + 24 * rate / 150 * 1.5
