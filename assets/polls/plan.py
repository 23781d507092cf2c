"""Which repositories to ask now, and when again: hot ones often, all daily, within a budget.

A feed holds 300 events. A repository is asked again when half of that is expected, so that twice
the usual rate still loses nothing. Where calls do not allow it, all but the daily polls are
stretched by one factor.

GitHub shows an event up to six hours late. Where the calls allow it, a poll reads back over the six
hours before the last one; where a feed is not much longer than that, it is asked again so soon that
both fit into it. Above 32 events an hour no interval is short enough.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from assets.polls.state import PollState

CALLS_PER_HOUR = 5_000  # GitHub's primary limit of a token
CALLS_PER_HOUR_WITHOUT_TOKEN = 60
RESERVE = 500  # left to other calls, of each token
FEED_LENGTH = 300
PAGE_LENGTH = 100
LONGEST = timedelta(days=1)
SHORTEST = timedelta(minutes=5)
AFTER_FAILURE = timedelta(minutes=30)
LATENESS = timedelta(hours=6)
_FILL = 0.5
_FILL_WITH_LATENESS = 0.75
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Asked:
    """A repository to ask: its id, its name when last seen, and its last poll."""

    repo_id: int
    name: str
    before: PollState | None = None


@dataclass(frozen=True, slots=True)
class Round:
    """What to ask now, the most urgent first.

    Attributes:
        expected_calls: that it will take, about.
        left_out_count: repositories that are due and do not fit the budget.
        stretch: by what intervals are longer than wanted; 1 where the budget allows all.
        overlap: how far polls read back before the last one, for what GitHub showed late since;
            nothing where the budget does not allow it.
    """

    asked: tuple[Asked, ...]
    expected_calls: int
    left_out_count: int
    stretch: float
    overlap: timedelta = LATENESS


def hourly_budget(token_count: int) -> int:
    """Calls an hour for polls, the reserve taken off."""
    if token_count == 0:
        return CALLS_PER_HOUR_WITHOUT_TOKEN * 9 // 10
    return token_count * (CALLS_PER_HOUR - RESERVE)


def spent_lately(states: Sequence[PollState], now: datetime) -> int:
    """Calls of the last hour, at most; those of a clock that is ahead count for an hour, too."""
    return sum(state.call_count for state in states if abs(now - state.polled_at) < _HOUR)


def wanted_interval(events_per_hour: float) -> timedelta:
    """Time in which half a feed of events happens: 5 minutes to a day.

    Shorter where three quarters of a feed then also hold what GitHub may have shown late.
    """
    if events_per_hour <= 0.0:
        return LONGEST
    hours = min(_FILL * FEED_LENGTH / events_per_hour, LONGEST / _HOUR)
    beside_late = _FILL_WITH_LATENESS * FEED_LENGTH / events_per_hour - LATENESS / _HOUR
    if beside_late >= 1.0:
        hours = min(hours, beside_late)
    return max(SHORTEST, hours * _HOUR)


def expected_calls(events_per_hour: float, interval: timedelta) -> int:
    """Pages that hold the events of an interval: 1 to 3."""
    events = events_per_hour * (interval / _HOUR)
    return min(FEED_LENGTH // PAGE_LENGTH, max(1, ceil(events / PAGE_LENGTH)))


def stretch_of(
    rates: Sequence[float], calls_per_hour: int, overlap: timedelta = timedelta()
) -> float:
    """The factor by which intervals are longer than wanted so that the calls suffice.

    Everyone's daily poll comes first; the factor shares out what is left. 1 where all is allowed.
    """
    wanted = [(wanted_interval(rate), rate) for rate in rates]
    calls = [
        _HOUR / interval * expected_calls(rate, interval + overlap) for interval, rate in wanted
    ]
    daily = [(interval == LONGEST, each) for (interval, _), each in zip(wanted, calls, strict=True)]
    fixed = sum(each for is_daily, each in daily if is_daily)
    hot = sum(each for is_daily, each in daily if not is_daily)
    if not hot or fixed + hot <= calls_per_hour:
        return 1.0
    # Where not even the daily polls fit, the hot ones become daily, too.
    left = calls_per_hour - fixed
    return hot / left if left > 0 else float("inf")


def interval_of(events_per_hour: float, stretch: float) -> timedelta:
    """The time until the next poll."""
    wanted = wanted_interval(events_per_hour)
    return LONGEST if stretch > LONGEST / wanted else wanted * stretch


def next_poll_at(state: PollState, stretch: float) -> datetime:
    """When to ask again after a poll, GitHub's own wish honoured."""
    if state.outcome in ("gone", "blocked"):
        wait = LONGEST
    elif state.outcome == "failed":
        wait = AFTER_FAILURE
    else:
        wait = interval_of(state.events_per_hour, stretch)
    return state.polled_at + max(wait, timedelta(seconds=state.poll_interval_s))


def plan_round(
    repositories: Sequence[tuple[int, str]],
    states: Sequence[PollState],
    now: datetime,
    *,
    calls_per_hour: int,
) -> Round:
    """The repositories to ask now.

    Args:
        repositories: numeric id and `owner/name` of all that are tracked.
        states: of their last polls.
        now: UTC.
        calls_per_hour: the budget; what the polls of the last hour spent is taken off.

    Returns:
        The due ones that fit, never asked before first, then those closest to losing events. What a
        clock that was ahead has written is not known: it would not be due until then.
    """
    names = {state.repo_id: state.repo_name for state in states}
    known = {state.repo_id: state for state in states if state.polled_at <= now}
    tracked = dict(repositories)
    rates = [known[each].events_per_hour if each in known else 0.0 for each in tracked]
    overlap = LATENESS if stretch_of(rates, calls_per_hour, LATENESS) == 1.0 else timedelta()
    stretch = stretch_of(rates, calls_per_hour, overlap)
    due = [
        Asked(repo_id, names.get(repo_id, name), known.get(repo_id))
        for repo_id, name in tracked.items()
        if repo_id not in known or known[repo_id].next_poll_at <= now
    ]
    due.sort(key=lambda each: (-_urgency(each.before, now), each.repo_id))
    left = calls_per_hour - spent_lately(states, now)
    chosen: list[Asked] = []
    total = 0
    for each in due:
        cost = _cost(each.before, now, overlap)
        if total + cost > left:
            break
        chosen.append(each)
        total += cost
    return Round(tuple(chosen), total, len(due) - len(chosen), stretch, overlap)


def hot_due(states: Sequence[PollState], now: datetime) -> list[PollState]:
    """Those that are due and for whom the next full hour is too late."""
    return [
        state
        for state in states
        if state.polled_at <= now
        and state.next_poll_at <= now
        and wanted_interval(state.events_per_hour) < _HOUR
    ]


def event_rate(previous: float | None, new_count: int, hours: float) -> float:
    """Events an hour: up at once with what was seen, down by half of the way a poll.

    Args:
        previous: the estimate before; None without one.
        new_count: events seen that are new.
        hours: in which they happened.
    """
    seen = new_count / max(hours, 1 / 60)
    return seen if previous is None else max(seen, (previous + seen) / 2)


def _urgency(before: PollState | None, now: datetime) -> float:
    """The share of a feed that has happened since; what was never asked for comes first."""
    if before is None:
        return float("inf")
    hours = (now - before.polled_at) / _HOUR
    # Whatever happens there, a day without a poll counts as half a feed.
    return max(before.events_per_hour * hours / FEED_LENGTH, _FILL * hours / 24)


def _cost(before: PollState | None, now: datetime, overlap: timedelta) -> int:
    # Most feeds fit a page; the round itself ends when the calls are spent.
    if before is None:
        return 1
    return expected_calls(before.events_per_hour, now - before.polled_at + overlap)
