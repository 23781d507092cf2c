"""An upstream rule's life: a source that captures much less than it did is said to, as such."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from assets.alerting.rules import UpstreamRule
from assets.alerting.threshold import AlertState, State
from assets.engagement.intervals import Z_95, wilson_interval

_SURE_Z = 3.0  # some twenty sources and types are judged every day


@dataclass(frozen=True, slots=True)
class SourceCapture:
    """What a source captured of an event type on a day.

    Attributes:
        source: its name.
        event_type: GitHub's name.
        event_group: of the type.
        rate: captured / all, 0 to 1.
        ci_low: 95 % lower bound.
        ci_high: 95 % upper bound.
        estimated_events: all events; None where the source held none and only its past speaks.
        usual_rate: median of the days before.
        yardstick: what the rate was measured by.
    """

    source: str
    event_type: str
    event_group: str
    rate: float
    ci_low: float
    ci_high: float
    estimated_events: float | None
    usual_rate: float
    yardstick: str

    @property
    def highest(self) -> float:
        """Upper bound of the chance to be captured: the rate's own error, and the day's luck.

        Both at three standard errors. Where another source saw everything the rate is certain, and
        still another one each day.
        """
        own = (self.ci_high - self.rate) * _SURE_Z / Z_95
        if self.estimated_events is None:
            return min(1.0, self.rate + own)
        total = self.estimated_events
        _, luck = wilson_interval(min(self.rate * total, total), total, _SURE_Z)
        return min(1.0, self.rate + math.hypot(own, float(luck) - self.rate))


@dataclass(frozen=True, slots=True)
class UpstreamReading:
    """What is known of a source's capture on a day."""

    day: date
    captures: tuple[SourceCapture, ...]


@dataclass(frozen=True, slots=True)
class UpstreamTransition:
    """A change of state, the day, and what is lost on it."""

    rule: UpstreamRule
    source: str
    day: date
    before: State
    after: State
    lost: tuple[SourceCapture, ...]

    @property
    def key(self) -> str:
        """What identifies this transition for ever, whoever computes it and how often."""
        return f"upstream:{self.rule.id}:{self.source}:{self.day}:{self.after}"


def state_id(rule: UpstreamRule, source: str) -> str:
    """What a rule's state is kept under: each source has its own."""
    return f"{rule.id}:{source}"


def step_upstream(
    rule: UpstreamRule,
    source: str,
    state: AlertState | None,
    reading: UpstreamReading,
    lost_at_onset: Sequence[str] = (),
) -> tuple[AlertState | None, UpstreamTransition | None]:
    """Move a rule on by one day of one source.

    It fires when the upper bound of some capture rate lies under `fire` of what is usual for the
    source and type, and clears when none does under `clear` of it. What is usual is what was when
    it began to fire: a loss that lasts does not become usual. A day that is not newer than what was
    evaluated, and one of which nothing is known, changes nothing; nor, while the rule fires, does
    one of which an event type lost at the onset is not known.

    Args:
        rule: the rule.
        source: name.
        state: where the rule stands for the source; None before its first day.
        reading: the day's captures of the source.
        lost_at_onset: event types that were lost on the day that the rule began to fire.
    """
    if state is not None and reading.day <= state.evaluated_through:
        return state, None
    known = [
        each
        for each in reading.captures
        if each.estimated_events is None or each.estimated_events >= rule.min_events
    ]
    if not known:
        return state, None
    before = state.state if state else State.OK
    if before is State.FIRING and not set(lost_at_onset) <= {each.event_type for each in known}:
        return state, None
    level = rule.clear if before is State.FIRING else rule.fire
    lost = [each for each in known if each.highest < level * each.usual_rate]
    after = State.FIRING if lost else State.OK
    lost = sorted(lost, key=lambda each: each.rate / each.usual_rate)
    worst = lost[0] if lost else min(known, key=lambda each: each.rate / each.usual_rate)
    changed = after is not before
    moved = AlertState(
        rule_id=state_id(rule, source),
        state=after,
        since=reading.day if changed or state is None else state.since,
        evaluated_through=reading.day,
        value=worst.rate,
        ci_low=worst.ci_low,
        ci_high=worst.ci_high,
    )
    if not changed:
        return moved, None
    return moved, UpstreamTransition(rule, source, reading.day, before, after, tuple(lost))


def lost_types(rule: UpstreamRule, reading: UpstreamReading) -> list[str]:
    """Event types of which a day's captures are a loss."""
    return [
        each.event_type
        for each in reading.captures
        if each.highest < rule.fire * each.usual_rate
        and (each.estimated_events is None or each.estimated_events >= rule.min_events)
    ]


def lost_groups(lost: Sequence[SourceCapture]) -> list[str]:
    """The event groups of what is lost."""
    return sorted({each.event_group for each in lost})
