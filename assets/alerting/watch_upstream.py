"""Rules on what sources capture: a loss at a source is said as that, and as no trend."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial

import duckdb

from assets.alerting.captures import read_captures, read_sources
from assets.alerting.notice import Course, Figure, Finding, Point, Unit
from assets.alerting.rule_kinds import UpstreamRule
from assets.alerting.states import AlertState, State
from assets.alerting.upstream import (
    SourceCapture,
    UpstreamReading,
    UpstreamTransition,
    losses,
    lost_groups,
    state_id,
    step_source,
)
from assets.alerting.watch import Cause, Outcome, States
from assets.alerting.words import event_name, group_name
from assets.coverage.cells import GROUPS
from assets.coverage.tables import COVERAGE
from assets.figures import percent

_DRAWN = timedelta(days=90)
_MOST_NAMED = 4
_COURSE_SQL = """
SELECT coverage_date, capture_rate, capture_rate_ci_low, capture_rate_ci_high, status
FROM core.coverage
WHERE source = ? AND event_type = ? AND event_group = ? AND scope = 'tracked' AND repo_id IS NULL
  AND coverage_date BETWEEN ? AND ? AND capture_rate IS NOT NULL
ORDER BY coverage_date
"""


@dataclass(frozen=True, slots=True)
class UpstreamWatch:
    """A rule, and the warehouse that it reads as its states need."""

    rule: UpstreamRule
    connection: duckdb.DuckDBPyConnection

    def outcomes(self, states: States, day: date) -> Iterator[Outcome]:
        """Where the sources' alerts stand after a day, a source's event groups together."""
        for source in read_sources(self.connection, day):
            yield from self._of_source(source, states, day)

    def _of_source(self, source: str, states: States, day: date) -> Iterator[Outcome]:
        stood = {group: states.get(state_id(self.rule, source, group)) for group in GROUPS}
        readings = {group: self._reading(source, group, stood[group], day) for group in GROUPS}
        moved, transitions = step_source(self.rule, source, stood, readings)
        said = {group: each for each in transitions for group in each.groups}
        open_thread = _thread(stood.values())
        for group, after in moved.items():
            if after is None:
                continue
            if after.state is State.FIRING and after.thread is None and group not in said:
                # It belongs to a loss that was said.
                after = replace(after, thread=open_thread, said_on=after.since)
            capture = _shown(self.rule, readings[group])
            yield Outcome(
                rule=self.rule,
                after=after,
                cause=Cause(f"upstream-{source}", f"{source} captures far less than usual"),
                asset=(COVERAGE.schema, COVERAGE.name),
                finding=partial(_finding, self.rule, source, group, readings[group]),
                course=partial(self._course, source, group, capture, day),
                remarks=_remarks(said.get(group)),
            )

    def _reading(
        self, source: str, group: str, state: AlertState | None, day: date
    ) -> UpstreamReading:
        """A day of a source and event group, set against what was usual before it or its loss.

        A loss that an analyst has accepted since it began is set against the days since then.
        """
        since = self.rule.accepted.get(source, date.min)
        is_lost = state is not None and state.state is State.FIRING and state.since >= since
        until = state.since if state is not None and is_lost else day
        captures = read_captures(self.connection, source, group, day, until, since)
        if until == day:
            return UpstreamReading(day, captures)
        onset = read_captures(self.connection, source, group, until, until, since)
        lost_then = losses(self.rule, UpstreamReading(until, onset))
        return UpstreamReading(day, captures, lost_then)

    def _course(
        self, source: str, group: str, capture: SourceCapture | None, day: date
    ) -> Course | None:
        if capture is None:
            return None
        parameters = [source, capture.event_type, group, day - _DRAWN, day]
        rows = self.connection.execute(_COURSE_SQL, parameters).fetchall()
        points = tuple(
            Point(at, rate, low, high, status != "degraded") for at, rate, low, high, status in rows
        )
        usual = capture.usual_rate
        title = f"{source}: captured of {event_name(capture.event_type)}"
        levels = self.rule.fire * usual, self.rule.clear * usual
        return Course(title, Unit.SHARE, points, *levels, "captured / all events")


def _thread(states: Iterable[AlertState | None]) -> str | None:
    """The message that says of a source's groups which fire that they do."""
    firing = [each for each in states if each and each.state is State.FIRING and each.thread]
    return max(firing, key=lambda each: each.since).thread if firing else None


def _shown(rule: UpstreamRule, reading: UpstreamReading) -> SourceCapture | None:
    """The capture that is furthest from what is usual, of the lost ones where some are."""
    lost = losses(rule, reading)
    return min(lost or reading.captures, key=lambda each: each.rate / each.usual_rate, default=None)


def _finding(
    rule: UpstreamRule, source: str, group: str, reading: UpstreamReading, state: AlertState
) -> Finding:
    capture = _shown(rule, reading)
    subject = f"{source}, {group_name(group)}"
    period = f"{reading.day} (UTC)"
    if capture is None:
        now = Figure(state.value or 0.0, state.ci_low, state.ci_high)
        return Finding(subject, "captured events", Unit.SHARE, period, now, since=state.episode)
    is_firing = state.state is State.FIRING
    return Finding(
        subject=subject,
        measure=f"captured share of {event_name(capture.event_type)}",
        unit=Unit.SHARE,
        period=period,
        now=Figure(capture.rate, capture.ci_low, capture.ci_high),
        before=Figure(capture.usual_rate, without="median of its best four weeks"),
        before_period="as usual",
        side="below" if is_firing else "",
        level=rule.fire * capture.usual_rate if is_firing else None,
        since=state.episode,
        basis=_basis(capture, losses(rule, reading)),
        soundness="degraded" if is_firing else "sound",
    )


def _basis(capture: SourceCapture, lost: Sequence[SourceCapture]) -> str:
    total = capture.estimated_events
    events = "none seen" if total is None else f"about {total:,.0f} events"
    others = [each for each in lost if each.event_type != capture.event_type]
    said = f"By {capture.yardstick.replace('_', ' ')}, {events}."
    if not others:
        return said
    named = ", ".join(
        f"{event_name(each.event_type)} {percent(each.rate)}" for each in others[:_MOST_NAMED]
    )
    more = f" and {len(others) - _MOST_NAMED} more" if len(others) > _MOST_NAMED else ""
    return f"{said} Also lost: {named}{more}."


def _remarks(transition: UpstreamTransition | None) -> tuple[str, ...]:
    if transition is None:
        return ()
    said = []
    if transition.after is State.FIRING:
        names = ", ".join(map(group_name, lost_groups(transition.lost)))
        said.append(
            "This is a loss at the source, no trend. While what all sources together captured is "
            f"degraded, rules on {names} are held."
        )
    else:
        said.append("Rules that were held go on from where they stood.")
    if transition.still:
        names = ", ".join(map(group_name, transition.still))
        said.append(f"{transition.source} still loses {names}.")
    return tuple(said)
