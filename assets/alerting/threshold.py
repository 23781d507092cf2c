"""A threshold rule's life: ok, firing, and what moves it from one to the other."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from assets.alerting.rules import GapRule, ThresholdRule


class State(StrEnum):
    """Where a rule stands."""

    OK = "ok"
    FIRING = "firing"
    HELD = "held"


@dataclass(frozen=True, slots=True)
class Reading:
    """One day's figure of a rule: a share, its 95 % interval, and whether it may be trusted.

    `is_degraded` says that the sources captured too little of the event group.
    """

    day: date
    value: float
    ci_low: float
    ci_high: float
    located_actor_count: int
    unknown_share: float
    is_complete: bool
    is_degraded: bool = False


@dataclass(frozen=True, slots=True)
class AlertState:
    """Where a rule stands after the newest day evaluated.

    `held_from` is what it was before it was held, `held_through` the newest day that holds it.
    """

    rule_id: str
    state: State
    since: date
    evaluated_through: date
    value: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    held_from: State | None = None
    held_through: date | None = None


@dataclass(frozen=True, slots=True)
class Transition:
    """A change of state, and the reading that caused it."""

    rule: ThresholdRule
    reading: Reading
    before: State
    after: State

    @property
    def key(self) -> str:
        """What identifies this transition for ever, whoever computes it and how often."""
        return f"threshold:{self.rule.id}:{self.reading.day}:{self.after}"


def step(
    rule: ThresholdRule, state: AlertState | None, reading: Reading
) -> tuple[AlertState | None, Transition | None]:
    """Move a rule on by one day.

    A day that is not newer than what was evaluated changes nothing, so that materialising a
    partition again, or an old one late, neither repeats nor revokes a message. A day with
    incomplete archives or too few located accounts gives no verdict and does not count as
    evaluated: once its missing files have come, it is. Nor does a day of degraded capture: it holds
    the rule (`hold`), which on a sound day goes on from where it stood: the newest degraded day
    itself made again, or a later one. Earlier ones change nothing, as their figures are no news.

    Args:
        rule: the rule.
        state: where it stands; None before its first day.
        reading: the day's figure.
    """
    if state is not None and _is_passed(state, reading.day):
        return state, None
    if reading.is_degraded:
        return hold(rule, state, reading.day), None
    if not reading.is_complete or reading.located_actor_count < rule.min_located_actors:
        return state, None
    before = _standing(state)
    after = verdict(rule, before, reading.ci_low, reading.ci_high)
    changed = after is not before
    moved = AlertState(
        rule_id=rule.id,
        state=after,
        since=reading.day if changed or state is None or state.state != after else state.since,
        evaluated_through=reading.day,
        value=reading.value,
        ci_low=reading.ci_low,
        ci_high=reading.ci_high,
    )
    return moved, Transition(rule, reading, before, after) if changed else None


def _standing(state: AlertState | None) -> State:
    """Where a rule stands, held or not."""
    if state is None:
        return State.OK
    return state.held_from or State.OK if state.state is State.HELD else state.state


def hold(rule: ThresholdRule, state: AlertState | None, day: date) -> AlertState:
    """The rule held by a day that it was not evaluated on; as it is by a day that is no news."""
    if state is None:
        before = day - timedelta(days=1)
        return AlertState(rule.id, State.HELD, day, before, held_from=State.OK, held_through=day)
    if _is_passed(state, day):
        return state
    if state.state is State.HELD:
        return replace(state, held_through=day)
    return replace(state, state=State.HELD, since=day, held_from=state.state, held_through=day)


def _is_passed(state: AlertState, day: date) -> bool:
    """Whether a day is no newer than what was evaluated, or older than what holds the rule."""
    # A state of before `held_through` was kept says only since when the rule is held.
    through = state.held_through or (state.since if state.state is State.HELD else None)
    return day <= state.evaluated_through or (through is not None and day < through)


def verdict(rule: ThresholdRule | GapRule, state: State, low: float, high: float) -> State:
    """Where a rule stands after a figure, given where it stood: ok or firing.

    It fires where the whole interval is beyond `fire`, and clears where it is wholly back beyond
    `clear`.

    Args:
        rule: of a level.
        state: ok or firing.
        low: lower bound of the figure's 95 % interval, in the unit of the rule's levels.
        high: upper bound.
    """
    # Mirrored, a rule of direction below is one of direction above.
    sign = 1.0 if rule.direction == "above" else -1.0
    near, far = sorted((sign * low, sign * high))
    if state is State.OK and near > sign * rule.fire:
        return State.FIRING
    if state is State.FIRING and far < sign * rule.clear:
        return State.OK
    return state
