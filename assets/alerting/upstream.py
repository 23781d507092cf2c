"""An upstream rule's life: a source that captures much less than it did is said to, as such."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from assets.alerting.rule_kinds import UpstreamRule
from assets.alerting.states import AlertState, State
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
        usual_rate: of the best of the stretches of days before.
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

    @property
    def lowest(self) -> float:
        """Lower bound of the same, at the 95 % that one type back from a loss is judged by."""
        if self.estimated_events is None:
            return self.ci_low
        total = self.estimated_events
        luck, _ = wilson_interval(min(self.rate * total, total), total)
        return max(0.0, self.rate - math.hypot(self.rate - self.ci_low, self.rate - float(luck)))


@dataclass(frozen=True, slots=True)
class UpstreamReading:
    """What is known of a source's capture of an event group on a day.

    Attributes:
        day: UTC.
        captures: of the group's event types.
        lost_at_onset: while the rule fires, what was lost on the day that it began to.
    """

    day: date
    captures: tuple[SourceCapture, ...]
    lost_at_onset: tuple[SourceCapture, ...] = ()


@dataclass(frozen=True, slots=True)
class UpstreamTransition:
    """A change of state of some event groups of a source, the day, and what is lost on it.

    Attributes:
        after: firing, or resolved.
        groups: that changed.
        lost: captures of theirs that are a loss, the worst first.
        still: groups of the source that fired before and still do.
    """

    rule: UpstreamRule
    source: str
    day: date
    after: State
    groups: tuple[str, ...]
    lost: tuple[SourceCapture, ...] = ()
    still: tuple[str, ...] = ()


def state_id(rule: UpstreamRule, source: str, group: str) -> str:
    """What a rule's state is kept under: each source and event group has its own."""
    return f"{rule.id}:{source}:{group}"


def step_source(
    rule: UpstreamRule,
    source: str,
    states: Mapping[str, AlertState | None],
    readings: Mapping[str, UpstreamReading],
) -> tuple[dict[str, AlertState | None], list[UpstreamTransition]]:
    """Move a rule on by one day of one source: its event groups together.

    Groups that change alike on a day are one transition. A group that is found lost while another
    one fires, and was not found whole since that began, is taken to belong to that loss: its state
    changes, and nothing is said again.

    Args:
        rule: the rule.
        source: name.
        states: by event group, where the rule stands; None before its first day.
        readings: of the same groups, all of one day.
    """
    moved = {
        group: step_upstream(rule, source, group, states[group], reading)
        for group, reading in readings.items()
    }
    onsets = [each.since for each in states.values() if each and each.state is State.FIRING]
    changed: dict[State, list[str]] = {State.RESOLVED: [], State.FIRING: []}
    for group, after in moved.items():
        before = states[group]
        was_firing = before is not None and before.state is State.FIRING
        if after is None or (after.state is State.FIRING) is was_firing:
            continue
        whole_until = before.evaluated_through if before else date.min
        if after.state is State.FIRING and any(onset > whole_until for onset in onsets):
            continue
        changed[after.state].append(group)
    still = [
        group
        for group, after in moved.items()
        if after and after.state is State.FIRING and group not in changed[State.FIRING]
    ]
    transitions = [
        UpstreamTransition(
            rule,
            source,
            readings[groups[0]].day,
            state,
            tuple(sorted(groups)),
            _worst_first(loss for group in groups for loss in losses(rule, readings[group])),
            tuple(sorted(still)),
        )
        for state, groups in changed.items()
        if groups
    ]
    return moved, transitions


def step_upstream(
    rule: UpstreamRule,
    source: str,
    group: str,
    state: AlertState | None,
    reading: UpstreamReading,
) -> AlertState | None:
    """Move a rule on by one day of one event group of a source.

    It fires when the upper bound of some capture rate lies under `fire` of what is usual for the
    source and type. It clears when what was lost is back (`_is_back`) and no other rate's upper
    bound is under `clear` of what is usual. What is usual is what was when it began to fire: a loss
    that lasts does not become usual. A day that is not newer than what was evaluated changes
    nothing, nor one that does not tell: of which nothing is known, or, while the rule fires, not
    what was lost; while it does not, one on which some rate is under `fire` and may be by chance.

    Args:
        rule: the rule.
        source: name.
        group: event group.
        state: where the rule stands for both; None before its first day.
        reading: the day's captures.
    """
    known = _known(rule, reading.captures)
    if not known or (state is not None and reading.day <= state.evaluated_through):
        return state
    is_firing = state is not None and state.state is State.FIRING
    if is_firing:
        lost = _not_back(rule, reading)
        if lost is None:
            return state
    else:
        lost = list(losses(rule, reading))
        if not lost and any(each.rate < rule.fire * each.usual_rate for each in known):
            return state
    day, is_over = reading.day, is_firing and not lost
    after = State.FIRING if lost else State.RESOLVED if is_over else State.OK
    worst = _worst_first(lost or known)[0]
    return AlertState(
        alert_id=state_id(rule, source, group),
        rule_id=rule.id,
        state=after,
        since=day if state is None or state.state is not after else state.since,
        evaluated_through=day,
        value=worst.rate,
        ci_low=worst.ci_low,
        ci_high=worst.ci_high,
        episode=day if lost and not is_firing else (state.episode if state else None),
        thread=state.thread if state else None,
        said_on=state.said_on if state else None,
        resolved_on=day if is_over else (state.resolved_on if state else None),
    )


def losses(rule: UpstreamRule, reading: UpstreamReading) -> tuple[SourceCapture, ...]:
    """The captures of a day that are a loss."""
    return tuple(
        each
        for each in _known(rule, reading.captures)
        if each.highest < rule.fire * each.usual_rate
    )


def lost_groups(lost: Sequence[SourceCapture]) -> list[str]:
    """The event groups of what is lost."""
    return sorted({each.event_group for each in lost})


def _known(rule: UpstreamRule, captures: Iterable[SourceCapture]) -> list[SourceCapture]:
    """Those of events enough to tell, and those of which there was nothing at all."""
    return [
        each
        for each in captures
        if each.estimated_events is None or each.estimated_events >= rule.min_events
    ]


def _not_back(rule: UpstreamRule, reading: UpstreamReading) -> list[SourceCapture] | None:
    """What is lost on a day while a rule fires; None where the day does not tell.

    Of a type that was measured to be lost there have to be events enough. One of which there was
    nothing at all need not have that many, as any event is more; and some have so few that a day
    has none.
    """
    today = {each.event_type: each for each in reading.captures}
    known = {each.event_type: each for each in _known(rule, reading.captures)}
    onset = {each.event_type: each.estimated_events is None for each in reading.lost_at_onset}
    measured = {name for name, was_nothing in onset.items() if not was_nothing}
    if not measured <= set(known) or (onset and not set(onset) & set(today)):
        return None
    lost = {
        name: each for name, each in known.items() if each.highest < rule.clear * each.usual_rate
    }
    for name in set(onset) & set(today):
        each = today[name]
        if not (_is_back(rule, each) if name in known else each.rate > 0):
            lost[name] = each
    return list(lost.values())


def _is_back(rule: UpstreamRule, capture: SourceCapture) -> bool:
    """Whether a rate is back at `clear` of what is usual, and surely over `fire` of it.

    Few events of a loss that lasts may look like its end; their lower bound does not.
    """
    usual = capture.usual_rate
    return capture.rate >= rule.clear * usual and capture.lowest >= rule.fire * usual


def _worst_first(captures: Iterable[SourceCapture]) -> tuple[SourceCapture, ...]:
    return tuple(sorted(captures, key=lambda each: (each.rate / each.usual_rate, each.event_type)))
