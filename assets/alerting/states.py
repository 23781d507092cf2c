"""An alert's life: ok, pending, firing, recovering, resolved; held while nothing is known."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Literal

from assets.alerting.notice import Figure

Direction = Literal["above", "below", "either"]


class State(StrEnum):
    """Where an alert stands.

    `PENDING`: beyond its level, but not for long enough. `RECOVERING`: back, but not for long
    enough. `RESOLVED`: over with the newest figure. `HELD`: the sources captured too little to say.
    """

    OK = "ok"
    PENDING = "pending"
    FIRING = "firing"
    RECOVERING = "recovering"
    RESOLVED = "resolved"
    HELD = "held"


ACTIVE = frozenset({State.FIRING, State.RECOVERING})
QUIET = frozenset({State.OK, State.RESOLVED})


class Trust(StrEnum):
    """What a figure is good for.

    `SOUND` moves the alert. `DEGRADED` holds it, as the sources captured too little. `UNUSABLE`
    (incomplete, or of too few) is passed over, and evaluated once it is usable.
    """

    SOUND = "sound"
    DEGRADED = "degraded"
    UNUSABLE = "unusable"


class Mark(StrEnum):
    """What a figure says of a level, by the letter that it is kept under."""

    BEYOND = "f"
    BACK = "c"
    BETWEEN = "b"


@dataclass(frozen=True, slots=True)
class Patience:
    """So many of the last so many figures have to say the same: N of M."""

    needed: int = 1
    among: int = 1

    def is_met(self, recent: str, mark: Mark) -> bool:
        """Whether enough of the newest marks are `mark`."""
        return self.count(recent, mark) >= self.needed

    def count(self, recent: str, mark: Mark) -> int:
        """How many of the newest marks are `mark`."""
        return recent[-self.among :].count(str(mark))


@dataclass(frozen=True, slots=True)
class Level:
    """When an alert fires and when it is over; in the unit of its figures.

    A figure is beyond where its whole interval is beyond `fire`, and back where its whole interval
    is back beyond `clear`: what may be chance changes nothing. Of the direction `either` the figure
    is a change: beyond where it is surely more than `fire` up or down, and back where it is no
    longer surely more than `clear`.
    """

    direction: Direction
    fire: float
    clear: float
    fire_after: Patience = Patience()
    clear_after: Patience = Patience()

    def mark(self, figure: Figure) -> Mark:
        """What a figure says; one without an interval speaks for itself."""
        low = figure.value if figure.low is None else figure.low
        high = figure.value if figure.high is None else figure.high
        if self.direction == "either":
            surely = max(low, -high)
            if surely > self.fire:
                return Mark.BEYOND
            return Mark.BACK if surely < self.clear else Mark.BETWEEN
        # Mirrored, a level of direction below is one of direction above.
        sign = 1.0 if self.direction == "above" else -1.0
        near, far = sorted((sign * low, sign * high))
        if near > sign * self.fire:
            return Mark.BEYOND
        return Mark.BACK if far < sign * self.clear else Mark.BETWEEN

    @property
    def memory(self) -> int:
        """How many marks have to be kept."""
        return max(self.fire_after.among, self.clear_after.among)


@dataclass(frozen=True, slots=True)
class Reading:
    """A figure of one day, week or month, and what it is good for.

    Attributes:
        period: its last day (UTC); of a cohort, the first day of its month. Readings come in its
            order.
        figure: None where there is none, as of a day of which nothing was captured.
        trust: without a figure, not `SOUND`.
    """

    period: date
    figure: Figure | None
    trust: Trust


@dataclass(frozen=True, slots=True)
class AlertState:
    """Where an alert stands after the newest figure.

    Attributes:
        alert_id: the rule's id, and behind a colon what it is of, where a rule is of several.
        rule_id: the rule's.
        state: now.
        since: period with which that began.
        evaluated_through: newest period evaluated.
        value: of the newest figure evaluated; None before the first.
        ci_low: its 95 % lower bound.
        ci_high: its 95 % upper bound.
        held_from: state before it was held; None where it is not.
        held_through: newest period that holds it; None likewise.
        recent: marks of the newest figures since the last change to or from firing.
        episode: period with which it last began to fire; None before.
        episode_number: of those that began with that period; a run may fail twice a day.
        thread: key of the message that says so; None where nothing was said, or all was.
        said_on: newest period of which something was said in that thread.
        resolved_on: period with which it last was over, of those ends that were said.
    """

    alert_id: str
    rule_id: str
    state: State
    since: date
    evaluated_through: date
    value: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    held_from: State | None = None
    held_through: date | None = None
    recent: str = ""
    episode: date | None = None
    episode_number: int = 1
    thread: str | None = None
    said_on: date | None = None
    resolved_on: date | None = None

    @property
    def began(self) -> str:
        """Which episode it is, among all of the alert."""
        number = f".{self.episode_number}" if self.episode_number > 1 else ""
        return f"{self.alert_id}:{self.episode}{number}"

    @property
    def standing(self) -> State:
        """The state, and while it is held the one before."""
        return self.held_from or State.OK if self.state is State.HELD else self.state

    def is_past(self, period: date) -> bool:
        """Whether a figure is no newer than what was evaluated, or older than what holds it."""
        is_older = self.held_through is not None and period < self.held_through
        return period <= self.evaluated_through or is_older


def step(
    alert_id: str, rule_id: str, level: Level, state: AlertState | None, reading: Reading
) -> AlertState | None:
    """Move an alert on by one figure.

    A figure that is not newer than what was evaluated changes nothing, so that a partition made
    again, or an old one made late, neither repeats nor revokes a message. One that is unusable
    gives no verdict and does not count as evaluated. One of degraded capture holds the alert, which
    goes on from where it stood with the next sound one: the newest that holds it made again, or a
    later one.

    Args:
        alert_id: which alert.
        rule_id: its rule.
        level: of the rule.
        state: where it stands; None before its first figure.
        reading: the figure.

    Returns:
        Where it stands then; None as long as there was nothing to evaluate.
    """
    if state is not None and state.is_past(reading.period):
        return state
    if reading.trust is Trust.DEGRADED:
        return _held(alert_id, rule_id, state, reading.period)
    if reading.trust is Trust.UNUSABLE or reading.figure is None:
        return state
    before = state.standing if state else State.OK
    recent = (state.recent if state else "") + level.mark(reading.figure)
    after = _next(level, before, recent[-level.memory :])
    kept = recent[-level.memory :]
    return _moved(alert_id, rule_id, state, reading.period, reading.figure, after, kept)


def _next(level: Level, before: State, recent: str) -> State:
    """The state after the newest of some marks."""
    newest = recent[-1:]
    if before in ACTIVE:
        if level.clear_after.is_met(recent, Mark.BACK):
            return State.RESOLVED
        is_on_its_way = newest != Mark.BEYOND and level.clear_after.count(recent, Mark.BACK)
        return State.RECOVERING if is_on_its_way else State.FIRING
    if level.fire_after.is_met(recent, Mark.BEYOND):
        return State.FIRING
    if newest == Mark.BEYOND:
        return State.PENDING
    is_waiting = before is State.PENDING and level.fire_after.count(recent, Mark.BEYOND)
    return State.PENDING if is_waiting else State.OK


def _moved(
    alert_id: str,
    rule_id: str,
    state: AlertState | None,
    period: date,
    figure: Figure,
    after: State,
    recent: str,
) -> AlertState:
    before = state.standing if state else State.OK
    begins = after in ACTIVE and before not in ACTIVE
    return AlertState(
        alert_id=alert_id,
        rule_id=rule_id,
        state=after,
        since=_since(state, after, before, period),
        evaluated_through=period,
        value=figure.value,
        ci_low=figure.low,
        ci_high=figure.high,
        # What led to a change has done its part: the way back is counted anew.
        recent="" if begins or after is State.RESOLVED else recent,
        episode=period if begins else (state.episode if state else None),
        thread=state.thread if state else None,
        said_on=state.said_on if state else None,
        # An end that nobody heard of puts no cool-down off.
        resolved_on=period
        if after is State.RESOLVED and state is not None and state.thread
        else (state.resolved_on if state else None),
    )


def _since(state: AlertState | None, after: State, before: State, period: date) -> date:
    """With which period a state began that is the same as before, held in between or not."""
    if state is None or before is not after:
        return period
    if state.state is not State.HELD:
        return state.since
    return state.episode if after is State.FIRING and state.episode else period


def _held(alert_id: str, rule_id: str, state: AlertState | None, period: date) -> AlertState:
    """The alert held by a figure that says nothing."""
    if state is None:
        before = period - timedelta(days=1)
        return AlertState(
            alert_id, rule_id, State.HELD, period, before, held_from=State.OK, held_through=period
        )
    if state.state is State.HELD:
        return replace(state, held_through=period)
    return replace(
        state, state=State.HELD, since=period, held_from=state.state, held_through=period
    )
