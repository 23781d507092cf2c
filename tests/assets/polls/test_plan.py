"""Planning polls: half a feed between two of a repository, everyone daily, never over budget."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.polls.plan import (
    LONGEST,
    SHORTEST,
    event_rate,
    expected_calls,
    hourly_budget,
    interval_of,
    next_poll_at,
    plan_round,
    spent_lately,
    stretch_of,
    wanted_interval,
)
from assets.polls.state import PollState

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
rates = st.floats(0.0, 20_000.0)


def state(repo_id: int = 1, rate: float = 0.0, hours_ago: float = 1.0, **more: object) -> PollState:
    at = NOW - hours_ago * HOUR
    base = PollState(repo_id, f"o/r{repo_id}", at, at, "polled", events_per_hour=rate)
    return PollState(**{**base.row(), **more})


@pytest.mark.parametrize(
    ("rate", "interval"),
    [
        (0.0, LONGEST),
        # 150 events in a day are 6.25 an hour: below that, once a day.
        (6.25, LONGEST),
        (10.0, 15 * HOUR),
        # Three quarters of a feed last 11.25 h and 7.5 h, six of them for what comes late.
        (20.0, 5.25 * HOUR),
        (30.0, 1.5 * HOUR),
        # No interval helps where they last under seven hours.
        (37.5, 4 * HOUR),
        (150.0, HOUR),
        (1_800.0, timedelta(minutes=5)),
        (1e6, SHORTEST),
    ],
)
def test_a_repository_is_asked_again_when_half_a_feed_is_expected(
    rate: float, interval: timedelta
) -> None:
    assert wanted_interval(rate) == interval


def test_calls_are_pages_of_a_hundred_events() -> None:
    assert [expected_calls(rate, HOUR) for rate in (0, 99, 100, 101, 299, 9_999)] == [
        1, 1, 1, 2, 3, 3,
    ]  # fmt: skip


@given(st.lists(rates, max_size=300), st.integers(1, 20_000))
def test_intervals_as_stretched_never_take_more_calls_than_there_are(
    found: list[float], budget: int
) -> None:
    stretch = stretch_of(found, budget)
    assert stretch >= 1.0
    daily = len(found) / 24
    intervals = [(rate, interval_of(rate, stretch)) for rate in found]
    assert all(interval <= LONGEST for _, interval in intervals)
    # Calls are those of the wanted interval: a longer one meets a full feed at most.
    calls = sum(
        HOUR / each * expected_calls(rate, wanted_interval(rate)) for rate, each in intervals
    )
    # Intervals cut at a day may take the daily polls' calls beside the budget.
    assert calls <= budget * (1 + 1e-9) + 3 * daily


def test_within_the_budget_fewer_than_300_events_come_between_two_polls() -> None:
    found = [5.0] * 1_900 + [100.0] * 90 + [1_500.0] * 10
    assert stretch_of(found, hourly_budget(1)) == 1.0
    assert all(rate * (interval_of(rate, 1.0) / HOUR) <= 150 for rate in found)


def test_too_many_hot_ones_are_all_asked_less_often_by_one_factor() -> None:
    # 1,800 events/h want a poll of 2 pages every 5 minutes: 24 calls an hour each, 240 in all.
    # 240 quiet ones want 10 calls an hour; of 130 calls 120 are left: half of what is wanted.
    found = [1_800.0] * 10 + [0.0] * 240
    stretch = stretch_of(found, 130)
    assert stretch == pytest.approx(2.0)
    assert interval_of(1_800.0, stretch) == timedelta(minutes=10)
    assert interval_of(0.0, stretch) == LONGEST


def test_where_not_even_the_daily_polls_fit_all_become_daily() -> None:
    assert interval_of(1_800.0, stretch_of([1_800.0] + [0.0] * 2_400, 100)) == LONGEST


@given(
    st.lists(st.tuples(rates, st.floats(0, 48), st.integers(0, 9)), max_size=200),
    st.integers(0, 500),
)
def test_a_round_keeps_its_budget_and_asks_only_who_is_due(
    found: list[tuple[float, float, int]], budget: int
) -> None:
    states = [
        state(n, rate, ago, call_count=calls, next_poll_at=NOW + (12 - ago) * HOUR)
        for n, (rate, ago, calls) in enumerate(found)
    ]
    repositories = [(n, f"o/r{n}") for n in range(len(found) + 5)]
    planned = plan_round(repositories, states, NOW, calls_per_hour=budget)
    asked = [each.repo_id for each in planned.asked]
    due = {each.repo_id for each in states if each.next_poll_at <= NOW} | {
        n for n, _ in repositories[len(found) :]
    }
    assert len(asked) == len(set(asked))
    assert set(asked) <= due
    assert planned.left_out_count == len(due) - len(asked)
    assert planned.expected_calls <= max(0, budget - spent_lately(states, NOW))


def test_the_new_come_first_then_who_is_closest_to_losing_events() -> None:
    states = [
        state(1, rate=1.0, hours_ago=30),
        state(2, rate=200.0, hours_ago=1.4),
        state(3, rate=10.0, hours_ago=16),
    ]
    repositories = [(n, f"o/r{n}") for n in (1, 2, 3, 4)]
    planned = plan_round(repositories, states, NOW, calls_per_hour=100)
    # Shares of a feed: 280/300; 160/300; a day's poll 30 h late: 0.5 x 30/24 = 0.625.
    assert [each.repo_id for each in planned.asked] == [4, 2, 1, 3]
    assert planned.asked[0].before is None
    # 1 new + 3 pages of 280 events + 1 of 36 + 3 of 160 and the 60 of the six hours before.
    assert planned.expected_calls == 8
    short = plan_round(repositories, states, NOW, calls_per_hour=4)
    assert [each.repo_id for each in short.asked] == [4, 2]
    assert short.left_out_count == 2


def test_the_name_is_the_one_that_the_last_poll_found() -> None:
    (asked,) = plan_round(
        [(1, "o/old")], [state(1, repo_name="o/new")], NOW, calls_per_hour=9
    ).asked
    assert asked.name == "o/new"


def test_polls_read_back_for_what_comes_late_where_the_budget_allows_it() -> None:
    # 150 events/h want an hour and 2 pages, and 3 with the six hours before.
    repositories = [(n, f"o/r{n}") for n in range(10)]
    states = [state(n, rate=150.0) for n in range(10)]
    found = [
        plan_round(repositories, states, NOW, calls_per_hour=budget) for budget in (30, 29, 20, 10)
    ]
    assert [(each.overlap, each.stretch) for each in found] == [
        (6 * HOUR, 1.0), (0 * HOUR, 1.0), (0 * HOUR, 1.0), (0 * HOUR, 2.0),
    ]  # fmt: skip


@given(st.lists(st.tuples(rates, st.floats(-2_000, 48), st.integers(0, 9)), max_size=50))
def test_what_a_clock_that_was_ahead_wrote_is_as_if_never_asked(
    found: list[tuple[float, float, int]],
) -> None:
    states = [
        state(n, rate, ago, call_count=calls, next_poll_at=NOW + (24 - ago) * HOUR)
        for n, (rate, ago, calls) in enumerate(found)
    ]
    ahead = {each.repo_id for each in states if each.polled_at > NOW}
    repositories = [(n, f"o/new{n}") for n in range(len(found))]
    planned = plan_round(repositories, states, NOW, calls_per_hour=5_000)
    asked = {each.repo_id: each for each in planned.asked}
    assert ahead <= set(asked)
    assert all(asked[n].before is None and asked[n].name == f"o/r{n}" for n in ahead)


def test_calls_of_a_clock_that_was_ahead_are_not_spent_for_ever() -> None:
    assert spent_lately([state(1, hours_ago=-720, call_count=3)], NOW) == 0
    # Calls of this very hour are not forgotten because a clock was set back by minutes.
    assert spent_lately([state(1, hours_ago=-0.1, call_count=3)], NOW) == 3


@pytest.mark.parametrize(
    ("outcome", "rate", "seconds", "wait"),
    [
        ("polled", 150.0, 60, HOUR),
        ("unchanged", 0.0, 60, LONGEST),
        ("renamed", 1e6, 900, timedelta(minutes=15)),
        ("gone", 1e6, 0, LONGEST),
        ("blocked", 1e6, 0, LONGEST),
        ("failed", 1e6, 0, timedelta(minutes=30)),
    ],
)
def test_the_next_poll_goes_by_outcome_rate_and_githubs_own_wish(
    outcome: str, rate: float, seconds: int, wait: timedelta
) -> None:
    polled = state(rate=rate, outcome=outcome, poll_interval_s=seconds)
    assert next_poll_at(polled, 1.0) - polled.polled_at == wait


def test_a_rate_rises_at_once_and_falls_by_half_of_the_way() -> None:
    assert event_rate(None, 100, 10.0) == 10.0
    assert event_rate(10.0, 100, 2.0) == 50.0
    assert event_rate(50.0, 0, 2.0) == 25.0
    assert event_rate(0.0, 5, 0.0) == 300.0  # no shorter than a minute


def test_calls_of_the_last_hour_are_spent_and_those_before_are_not() -> None:
    states = [state(1, hours_ago=0.5, call_count=3), state(2, hours_ago=1.1, call_count=5)]
    assert spent_lately(states, NOW) == 3


def test_budgets_leave_a_reserve_of_each_token() -> None:
    # 5,000 - 500 of each; 60 an hour without a token, a tenth of them left.
    assert [hourly_budget(tokens) for tokens in (0, 1, 3)] == [54, 4_500, 13_500]
