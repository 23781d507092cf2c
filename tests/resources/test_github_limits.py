"""GitHub's limits by token: never a call while one forbids it, whatever the clocks say."""

from __future__ import annotations

import email.utils
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.github_limits import CALLS_PER_HOUR, CALLS_PER_MINUTE, TokenPool
from resources.http import RateLimitedError

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


class Clock:
    """A clock that moves by sleeping only."""

    def __init__(self) -> None:
        self.elapsed = 0.0
        self.slept: list[float] = []
        self.skew = timedelta()

    def monotonic(self) -> float:
        return self.elapsed

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.elapsed += seconds

    def now(self) -> datetime:
        return NOW + self.skew + timedelta(seconds=self.elapsed)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def pool(clock: Clock, *tokens: str, **options: int) -> TokenPool:
    return TokenPool(
        tokens or ("one",), clock=clock.monotonic, sleep=clock.sleep, now=clock.now, **options
    )


def stated(
    remaining: int, left_s: float, *, server: datetime | None = NOW, resource: str = ""
) -> dict[str, str]:
    """Headers of a server whose clock shows a time; `server` None sends no Date."""
    reset = (server or NOW) + timedelta(seconds=left_s)
    dated = {"Date": email.utils.format_datetime(server, usegmt=True)} if server else {}
    return {
        "x-ratelimit-remaining": str(remaining),
        "x-ratelimit-reset": str(int(reset.timestamp())),
        **dated,
        "x-ratelimit-resource": resource,
    }


def test_a_spent_limit_is_waited_out_to_the_second(clock: Clock) -> None:
    tokens = pool(clock)
    token = tokens.take("core")
    tokens.learn(token, "core", stated(1, 600))
    tokens.take("core")
    assert clock.slept == []
    tokens.learn(token, "core", stated(0, 600))
    said: list[str] = []
    tokens.take("core", on_wait=said.append)
    assert clock.slept == [600.0]
    assert said == [
        "GitHub's limits forbid core calls until 2026-11-01 12:10:00 UTC: waiting 600 s"
    ]


@pytest.mark.parametrize("skew", [timedelta(hours=-5), timedelta(), timedelta(days=400)])
def test_a_reset_is_translated_by_the_servers_own_date(clock: Clock, skew: timedelta) -> None:
    tokens = pool(clock)
    token = tokens.take("core")
    tokens.learn(token, "core", stated(0, 600, server=NOW + skew))
    tokens.take("core")
    assert clock.slept == [600.0]


@pytest.mark.parametrize(
    ("skew", "waited"),
    [
        # Without a Date the own clock counts: fast by ten minutes, the reset seems to be over, and
        # a minute is waited; slow by a day, it seems far, and no window is longer than an hour.
        (timedelta(minutes=10), 60.0),
        (timedelta(days=-1), 3_600.0),
        (timedelta(), 300.0),
    ],
)
def test_without_a_date_a_wrong_clock_costs_an_hour_at_most_and_a_minute_at_least(
    clock: Clock, skew: timedelta, waited: float
) -> None:
    clock.skew = skew
    tokens = pool(clock)
    tokens.learn(tokens.take("core"), "core", stated(0, 300, server=None))
    tokens.take("core")
    assert clock.slept == [waited]


def test_resources_are_limited_apart(clock: Clock) -> None:
    tokens = pool(clock)
    tokens.learn(tokens.take("graphql"), "graphql", stated(0, 600))
    tokens.take("core")
    assert clock.slept == []
    # What the answer says of itself counts, where it is a resource that is known.
    token = tokens.take("core")
    tokens.learn(token, "core", stated(0, 60, resource="graphql"))
    tokens.learn(token, "core", stated(7, 60, resource="x" * 50))
    assert tokens.remaining("core") == 7
    assert tokens.remaining("x" * 50) is None


def test_the_token_with_most_left_is_taken_and_a_spent_one_never(clock: Clock) -> None:
    tokens = pool(clock, "one", "two", "three")
    first = tokens.take("core")
    tokens.learn(first, "core", stated(10, 600))
    second = tokens.take("core")
    assert second is not first
    tokens.learn(second, "core", stated(4_000, 600))
    third = tokens.take("core")
    assert third not in (first, second)
    tokens.learn(third, "core", stated(0, 600))
    assert {tokens.take("core").number for _ in range(9)} == {second.number}
    tokens.refuse(second, 60)
    assert tokens.take("core") is first
    assert clock.slept == []
    assert tokens.remaining("core") == 4_010
    assert tokens.resets_in_s("core") == 600.0


def test_a_reserve_is_left_to_others(clock: Clock) -> None:
    tokens = pool(clock)
    tokens.learn(tokens.take("core"), "core", stated(500, 600))
    tokens.take("core")
    assert clock.slept == []
    tokens.take("core", reserve=500)
    assert clock.slept == [600.0]


def test_a_refusal_without_a_time_lasts_a_minute_then_twice_as_long_each_time(clock: Clock) -> None:
    tokens = pool(clock)
    for _ in range(4):
        tokens.refuse(tokens.take("core"), None)
    tokens.accept(tokens.take("core"))
    assert clock.slept == [60.0, 120.0, 240.0, 480.0]
    tokens.refuse(tokens.take("core"), None)
    tokens.take("graphql")
    assert clock.slept[4:] == [60.0]


@pytest.mark.parametrize(
    ("stated_s", "waits"),
    [(17.0, [17.0, 120.0]), (0.0, [1.0, 120.0]), (300.0, [300.0, 300.0])],
)
def test_a_stated_time_counts_once_and_is_never_undercut(
    clock: Clock, stated_s: float, waits: list[float]
) -> None:
    tokens = pool(clock)
    for _ in range(2):
        tokens.refuse(tokens.take("core"), stated_s)
    tokens.take("core")
    assert clock.slept == waits


def test_a_wait_beyond_the_patience_is_raised_with_when_to_resume(clock: Clock) -> None:
    tokens = pool(clock)
    tokens.learn(tokens.take("core"), "core", stated(0, 1_800))
    with pytest.raises(RateLimitedError, match="until 2026-11-01 12:30:00 UTC") as raised:
        tokens.take("core", patience_s=1_799)
    assert raised.value.resume_at == NOW + timedelta(minutes=30)
    assert raised.value.retry_after_s == 1_800.0
    assert clock.slept == []


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-ratelimit-remaining": "-1", "x-ratelimit-reset": "1"},
        {"x-ratelimit-remaining": "²", "x-ratelimit-reset": "17"},
    ],
)
def test_headers_that_state_nothing_change_nothing(clock: Clock, headers: dict[str, str]) -> None:
    tokens = pool(clock)
    tokens.learn(tokens.take("core"), "core", headers)
    tokens.take("core")
    assert clock.slept == []


@pytest.mark.parametrize("reset", ["", "9" * 5_000, "soon", "1800000500.5", "-5"])
def test_a_spent_limit_whose_reset_cannot_be_read_is_waited_for_a_minute(
    clock: Clock, reset: str
) -> None:
    tokens = pool(clock)
    spent = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": reset}
    assert not tokens.learn(tokens.take("core"), "core", spent)
    tokens.take("core")
    assert clock.slept == [60.0]


def test_a_spent_limit_whose_reset_is_past_is_waited_for_a_minute_or_the_last_one_known(
    clock: Clock,
) -> None:
    tokens = pool(clock)
    token = tokens.take("core")
    assert not tokens.learn(token, "core", stated(0, -90))
    tokens.take("core")
    assert clock.slept == [60.0]
    assert tokens.learn(token, "core", stated(5, 600))
    assert not tokens.learn(token, "core", stated(0, -90))
    tokens.take("core")
    assert clock.slept == [60.0, 600.0]


def test_all_tokens_forbidden_say_until_when(clock: Clock) -> None:
    tokens = pool(clock, "one", "two")
    tokens.refuse(tokens.take("core"), 300)
    tokens.refuse(tokens.take("core"), 90)
    error = tokens.forbidden("core")
    assert (error.retry_after_s, error.resume_at) == (90.0, NOW + timedelta(seconds=90))


@given(st.lists(st.floats(0.0, 90.0), max_size=400), st.integers(1, 3))
def test_no_minute_and_no_hour_holds_more_calls_than_allowed(
    gaps: list[float], token_count: int
) -> None:
    clock = Clock()
    tokens = pool(clock, *map(str, range(token_count)), calls_per_minute=5, calls_per_hour=40)
    times: dict[int, list[float]] = {}
    for gap in gaps:
        clock.elapsed += gap
        times.setdefault(tokens.take("core").number, []).append(clock.elapsed)
    for taken in times.values():
        for most, span in ((5, 60.0), (40, 3_600.0)):
            windows = zip(taken, taken[most:], strict=False)
            assert all(late - early >= span - 1e-6 for early, late in windows)


def test_the_pace_lies_below_the_documented_limits() -> None:
    assert CALLS_PER_HOUR < 5_000
    assert CALLS_PER_MINUTE < 900


def test_no_token_is_shown(clock: Clock) -> None:
    tokens = pool(clock, "ghp_secret")
    assert "ghp_secret" not in f"{tokens!r} {tokens.take('core')!r}"
