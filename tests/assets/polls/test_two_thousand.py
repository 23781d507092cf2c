"""A poll of 2,000 repositories: limits never crossed, and nothing got is asked for twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from itertools import islice

import pytest

from assets.polls.plan import hourly_budget, plan_round, spent_lately
from assets.polls.polling import Failures, Polled, poll_repositories
from assets.polls.state import PollState
from resources.http import RateLimitedError, UpstreamError
from sandbox.github_limits import Limits
from sandbox.trouble import Trouble
from sandbox.world import World
from tests.assets.polls.conftest import Call, Clock, WatchedServer

FAILURES = Failures(limited=RateLimitedError, failed=UpstreamError)
HOUR = timedelta(hours=1)


def most_in(calls: list[Call], span: timedelta) -> int:
    """The most calls of one token in any span of time."""
    most = 0
    for token in {call.token for call in calls}:
        times = sorted(call.at for call in calls if call.token == token)
        first = 0
        for last, at in enumerate(times):
            while at - times[first] >= span:
                first += 1
            most = max(most, last - first + 1)
    return most


def repositories(world: World) -> list[tuple[int, str]]:
    return [(row.github_id, row.name) for row in world.repositories[:2_000]]


def one_round(
    server: WatchedServer, world: World, states: dict[int, PollState], *tokens: str
) -> Iterator[Polled]:
    """The polls of a round as the asset makes them."""
    now = server.clock.now()
    budget = hourly_budget(len(tokens) or 1)
    known = list(states.values())
    planned = plan_round(repositories(world), known, now, calls_per_hour=budget)
    with closing(server.client(*tokens)) as client:
        yield from poll_repositories(
            client,
            planned.asked,
            FAILURES,
            server.clock.now,
            stretch=planned.stretch,
            most_calls=budget - spent_lately(known, now),
        )


def truth(world: World, repo_id: int, now: datetime) -> int:
    """How many events of 30 days a feed may show, latency of up to 5 minutes left out."""
    count = 0
    for back in range(31):
        drawn = world.drawn_on(now.date() - timedelta(days=back))
        times = drawn.created_at[drawn.repo_id == repo_id].tolist()
        count += sum(
            now - timedelta(days=30)
            <= each.replace(tzinfo=now.tzinfo)
            <= now - timedelta(minutes=5)
            for each in times
        )
    return count


def test_a_day_of_rounds_stays_below_5000_calls_an_hour_and_calls_nobody_who_forbids_it(
    server: WatchedServer, clock: Clock, world: World
) -> None:
    server.add_fault(Trouble("/repositories/", status=502, times=40))
    states: dict[int, PollState] = {}
    for _ in range(24):
        for polled in one_round(server, world, states):
            states[polled.state.repo_id] = polled.state
        clock.sleep(3_600 - (clock.monotonic() % 3_600))
    assert len(states) == 2_000
    assert len(server.calls) > 2_000
    assert most_in(server.calls, HOUR) < 5_000
    assert most_in(server.calls, timedelta(minutes=1)) <= 900
    # The sandbox answers 429 when a limit is first met, and 403 to a call while one forbids it.
    statuses = Counter(call.status for call in server.calls)
    assert set(statuses) <= {200, 304, 404, 502}
    # The log is of every request: those that the planted faults answered are in it.
    assert statuses[502] == 40
    assert len(server.calls) == len(server.requests())
    assert all(
        clock.now() - state.polled_at <= timedelta(days=1, hours=1) for state in states.values()
    )


def test_all_of_a_feed_is_got_and_what_is_hot_is_asked_more_often(
    server: WatchedServer, clock: Clock, world: World
) -> None:
    states: dict[int, PollState] = {}
    events: dict[int, set[str]] = {}
    for _ in range(6):
        for polled in one_round(server, world, states):
            states[polled.state.repo_id] = polled.state
            ids = {event.event_id for event in polled.events}
            events.setdefault(polled.state.repo_id, set()).update(ids)
        clock.sleep(3_600 - (clock.monotonic() % 3_600))
    asked = Counter(call.path for call in server.calls if call.path.endswith("page=1"))
    quiet = min(states.values(), key=lambda state: state.events_per_hour)
    assert asked[f"/repositories/{quiet.repo_id}/events?page=1"] == 1
    for row in world.repositories[1_000:1_010]:
        assert len(events[row.github_id]) >= truth(
            world, row.github_id, states[row.github_id].polled_at
        )
        assert states[row.github_id].covered_since is not None


@pytest.mark.parametrize("has_retry_after", [True, False])
def test_limits_stricter_than_known_are_met_once_each_and_waited_out(
    world: World, clock: Clock, has_retry_after: bool
) -> None:
    limits = Limits(calls_an_hour=900, calls_a_minute=300, has_retry_after=has_retry_after)
    with WatchedServer(world, clock, limits) as server:
        states = {each.state.repo_id: each.state for each in one_round(server, world, {})}
    assert len(states) == 2_000
    assert {state.outcome for state in states.values()} <= {"polled", "renamed"}
    statuses = Counter(call.status for call in server.calls)
    # Told of a limit on bursts now and then; never called while it stood, nor without calls left.
    assert statuses[403] == 0
    assert statuses[429] >= 2
    # The primary limit counts by the clock's hours, so that two windows meet in any one hour.
    assert most_in([call for call in server.calls if call.status == 200], HOUR) <= 2 * 900
    assert max(clock.slept) <= 3_600


def test_two_tokens_share_the_calls(world: World, clock: Clock) -> None:
    limits = Limits(calls_an_hour=1_200)
    with WatchedServer(world, clock, limits) as server:
        polls = list(one_round(server, world, {}, "one", "two"))
    assert len(polls) == 2_000
    by_token = Counter(call.token for call in server.calls)
    assert all(900 <= by_token[token] <= 1_200 for token in ("one", "two"))
    assert {call.status for call in server.calls} <= {200}
    # Together they had enough calls: nobody waited for the next hour.
    assert clock.monotonic() < 3_600


def test_a_limit_longer_than_the_patience_ends_the_round_and_says_when_to_resume(
    world: World, clock: Clock
) -> None:
    with WatchedServer(world, clock, Limits(calls_an_hour=700)) as server:
        asked = plan_round(repositories(world), [], clock.now(), calls_per_hour=4_500).asked
        with (
            closing(server.client(patience_s=300)) as client,
            pytest.raises(RateLimitedError) as raised,
        ):
            list(poll_repositories(client, asked, FAILURES, clock.now))
        # The sandbox counts by the hours of its clock.
        assert raised.value.resume_at - clock.now() == pytest.approx(
            datetime(2024, 12, 10, 7, tzinfo=clock.now().tzinfo) - clock.now(),
            abs=timedelta(seconds=3),
        )
        assert 0 < len(server.calls) <= 700
        assert {call.status for call in server.calls} <= {200}


def test_an_abandoned_round_is_resumed_without_asking_again_for_what_was_got(
    server: WatchedServer, world: World
) -> None:
    states: dict[int, PollState] = {}
    for polled in islice(one_round(server, world, states), 700):
        states[polled.state.repo_id] = polled.state
    for polled in one_round(server, world, states):
        states[polled.state.repo_id] = polled.state
    asked = Counter(call.path for call in server.calls if call.status == 200)
    assert len(states) == 2_000
    assert set(asked.values()) == {1}
