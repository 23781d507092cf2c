"""Rules evaluated day by day on what the warehouse holds: states, and what is to be said."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date

import duckdb

from assets.alerting.heartbeat import heartbeat
from assets.alerting.notice import Notice
from assets.alerting.rule_kinds import (
    ChangeRule,
    CrossoverRule,
    GapRule,
    HeartbeatRule,
    HubShareRule,
    Rule,
    ThresholdRule,
    TrendShiftRule,
    UpstreamRule,
)
from assets.alerting.rules import Rules
from assets.alerting.states import AlertState
from assets.alerting.telling import end_orphans, tell
from assets.alerting.watch import Watch
from assets.alerting.watch_change import ChangeWatch
from assets.alerting.watch_crossover import CrossoverWatch
from assets.alerting.watch_gap import GapWatch
from assets.alerting.watch_hub import HubShareWatch
from assets.alerting.watch_shift import ShiftWatch
from assets.alerting.watch_threshold import ThresholdWatch
from assets.alerting.watch_upstream import UpstreamWatch


@dataclass(frozen=True, slots=True)
class Moved:
    """One alert's change of state, said or not."""

    day: date
    before: AlertState | None
    after: AlertState


@dataclass(slots=True)
class Evaluation:
    """What evaluating some days gives.

    Attributes:
        states: of all alerts after them, by id.
        changed: ids of those that differ from before.
        moves: changes of state, in order.
        notices: what is to be said, in order.
    """

    states: dict[str, AlertState]
    changed: set[str] = field(default_factory=set)
    moves: list[Moved] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)


def evaluate_days(
    connection: duckdb.DuckDBPyConnection,
    rules: Rules,
    days: Sequence[date],
    states: dict[str, AlertState],
    on_day: Callable[[date], None] = lambda _day: None,
) -> Evaluation:
    """Move the rules of data on by some days.

    Only what is known of a day's own past moves an alert on it, so that days evaluated one by one
    as they come give what they give together. Rules on runs and checks are no rules of data.

    Args:
        connection: to the warehouse; only read.
        rules: and their silences.
        days: UTC, oldest first.
        states: by id of the alert.
        on_day: told of each day done.
    """
    done = Evaluation(dict(states))
    if not days:
        return done
    done.notices, ended = end_orphans(done.states, rules, days[-1])
    done.states |= ended
    done.changed |= ended.keys()
    watches = [
        watch
        for rule in rules.rules
        if (watch := watch_of(connection, rule, days[0], days[-1])) is not None
    ]
    for day in days:
        outcomes = [each for watch in watches for each in watch.outcomes(done.states, day)]
        notices, moved = tell(outcomes, done.states, day, rules)
        for name, after in moved.items():
            before = done.states.get(name)
            if before is None or before.state is not after.state:
                done.moves.append(Moved(day, before, after))
        done.states |= moved
        done.changed |= moved.keys()
        done.notices += notices
        for rule in rules.of_kind(HeartbeatRule):
            said = heartbeat(connection, rule, rules, done.states, day)
            done.notices += [said] if said else []
        on_day(day)
    return done


def watch_of(
    connection: duckdb.DuckDBPyConnection, rule: Rule, first: date, last: date
) -> Watch | None:
    """A rule with what it needs for some days; None for one that is not of data."""
    match rule:
        case ThresholdRule():
            return ThresholdWatch.read(connection, rule, first, last)
        case ChangeRule():
            return ChangeWatch.read(connection, rule, first, last)
        case CrossoverRule():
            return CrossoverWatch.read(connection, rule, first, last)
        case TrendShiftRule():
            return ShiftWatch.read(connection, rule)
        case GapRule():
            return GapWatch.read(connection, rule)
        case HubShareRule():
            return HubShareWatch.read(connection, rule, first, last)
        case UpstreamRule():
            return UpstreamWatch(rule, connection)
        case _:
            return None
