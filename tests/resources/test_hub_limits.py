"""What the Hub says of its limit, and what follows from it: by a clock that moves when told."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.http import RateLimitedError
from resources.hub_limits import HubLimit
from tests.assets.polls.conftest import Clock

START = datetime(2024, 12, 10, 6, tzinfo=UTC)
POLICY = '"fixed window";"api";q=500;w=300'


def limit(clock: Clock, calls: int = 3, **more: object) -> HubLimit:
    return HubLimit(calls, clock=clock.monotonic, sleep=clock.sleep, now=clock.now, **more)  # type: ignore[arg-type]


@pytest.fixture
def clock() -> Clock:
    return Clock(START)


def test_while_the_hub_says_that_calls_remain_none_waits(clock: Clock) -> None:
    told = limit(clock)
    for left in range(200, 0, -1):
        told.take()
        told.learn({"RateLimit": f'"api";r={left};t=100', "RateLimit-Policy": POLICY})
    assert clock.slept == []
    assert told.calls == 500


def test_when_none_remains_the_next_call_waits_for_the_windows_end_and_a_second(
    clock: Clock,
) -> None:
    forbidden: list[datetime] = []
    waits: list[str] = []
    told = limit(clock, on_forbidden=forbidden.append, on_wait=waits.append)
    told.take()
    # As a real answer of 2026-05-23 has it, but for the number left.
    told.learn({"RateLimit": '"api";r=0;t=23', "RateLimit-Policy": POLICY})
    assert forbidden == [START + timedelta(seconds=24)]
    clock.sleep(10.0)
    told.take()
    assert clock.slept == [10.0, 14.0]
    assert waits == ["the Hub's limit forbids calls until 2024-12-10 06:00:24 UTC: waiting 14 s"]


def test_without_a_word_no_window_holds_more_than_the_documented_calls(clock: Clock) -> None:
    silent = limit(clock, 3)
    for _ in range(7):
        silent.take()
        clock.sleep(1.0)
    waits = [seconds for seconds in clock.slept if seconds != 1.0]
    # Each fourth call waits until the one three before it is 300 s old.
    assert waits == [297.0, 297.0]


def test_what_an_earlier_process_was_told_holds(clock: Clock) -> None:
    told = limit(clock, forbidden_until=START + timedelta(seconds=50))
    told.take()
    assert clock.slept == [50.0]
    assert limit(clock, forbidden_until=START).take() is None  # type: ignore[func-returns-value]
    assert clock.slept == [50.0]


def test_a_wait_longer_than_ones_patience_is_said_and_not_waited(clock: Clock) -> None:
    told = limit(clock)
    told.learn({"RateLimit": '"api";r=0;t=299'})
    with pytest.raises(RateLimitedError, match="06:05:00 UTC") as caught:
        told.take(patience_s=299.0)
    assert caught.value.retry_after_s == 300.0
    assert clock.slept == []
    told.take(patience_s=300.0)


def test_a_refusal_lasts_as_long_as_it_says_else_a_window_and_never_shortens_another(
    clock: Clock,
) -> None:
    told = limit(clock)
    told.refuse(40.0)
    told.refuse(5.0)
    told.refuse(None)
    told.take()
    assert clock.slept == [41.0]
    told.refuse(None)
    told.take()
    assert clock.slept == [41.0, 300.0]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"RateLimit": ""},
        {"RateLimit": "limit=500, remaining=0"},
        {"RateLimit": '"resolvers";r=0;t=300'},
        {"RateLimit": '"api";r=-1;t=10'},
        {"RateLimit-Policy": '"fixed window";"api";q=0;w=300'},
        {"RateLimit-Policy": '"fixed window";"pages";q=100;w=300'},
    ],
)
def test_what_says_nothing_of_these_calls_changes_nothing(
    clock: Clock, headers: dict[str, str]
) -> None:
    told = limit(clock)
    told.learn(headers)
    told.take()
    assert (clock.slept, told.calls) == ([], 3)


def test_no_stated_wait_is_longer_than_a_day(clock: Clock) -> None:
    told = limit(clock)
    told.learn({"RateLimit": '"api";r=0;t=999999999'})
    told.take(patience_s=float("inf"))
    assert clock.slept == [86_400.0]


@given(st.integers(1, 20), st.lists(st.floats(0.0, 200.0), max_size=120))
def test_a_silent_servers_fixed_windows_are_never_overrun(most: int, pauses: list[float]) -> None:
    clock = Clock(START)
    silent = limit(clock, most)
    sent: list[float] = []
    for pause in pauses:
        clock.sleep(pause)
        silent.take()
        sent.append(clock.monotonic())
    for began in sent:
        assert sum(began <= each < began + 299.999 for each in sent) <= most


def test_the_callbacks_are_optional() -> None:
    quiet: Callable[[], HubLimit] = lambda: HubLimit(1)  # noqa: E731
    quiet().learn({"RateLimit": '"api";r=0;t=1'})
