"""A note once a week of how all rules stand: that nothing was said is worth knowing, too."""

from collections import Counter
from collections.abc import Mapping
from datetime import date, timedelta

import duckdb

from assets.alerting.notice import Notice, Stage
from assets.alerting.rule_kinds import HeartbeatRule
from assets.alerting.rules import Rules
from assets.alerting.states import ACTIVE, QUIET, AlertState, State

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WEEK = timedelta(days=7)
#: Alerts of a rule that are named; one, where more rules than so many are loud.
_MOST_NAMED, _MANY_RULES = 3, 5
_ORDER = (State.FIRING, State.RECOVERING, State.PENDING, State.HELD, State.RESOLVED, State.OK)
_DAYS_SQL = """
SELECT
    count(*) FILTER (complete_hour_count = expected_hour_count) AS whole_days,
    count(*) FILTER (capture_status = 'degraded') AS degraded_days,
    sum(complete_hour_count) AS hours
FROM (
    SELECT DISTINCT activity_date, complete_hour_count, expected_hour_count, capture_status
    FROM mart.engagement
    WHERE period = 'day' AND scope = 'tracked' AND grouping = 'apart' AND event_group = 'any'
      AND activity_date > ? AND activity_date <= ?
)
"""


def heartbeat(
    connection: duckdb.DuckDBPyConnection,
    rule: HeartbeatRule,
    rules: Rules,
    states: Mapping[str, AlertState],
    day: date,
) -> Notice | None:
    """The note of the week that ends with a day; None where none does.

    Args:
        connection: to the warehouse.
        rule: says on which day of the week.
        rules: all of them.
        states: of all alerts after the day.
        day: UTC.
    """
    if _WEEKDAYS[day.weekday()] != rule.weekday:
        return None
    counts = Counter(each.state for each in states.values())
    summary = ", ".join(f"{counts[each]} {each}" for each in _ORDER if counts[each])
    lines = [_of_data(connection, day), f"Alerts: {summary or 'none evaluated yet'}."]
    by_rule: dict[str, list[AlertState]] = {}
    for state in states.values():
        by_rule.setdefault(state.rule_id, []).append(state)
    names = [each.id for each in rules.rules if each.id != rule.id]
    loud = {name: _loud(by_rule.get(name, [])) for name in names}
    most = _MOST_NAMED if sum(map(bool, loud.values())) <= _MANY_RULES else 1
    lines += [
        f"{name}: {_of_loud(found, len(by_rule[name]), day, most)}."
        for name, found in loud.items()
        if found
    ]
    quiet = [name for name in names if name in by_rule and not loud[name]]
    silent = [name for name in names if name not in by_rule]
    lines += [f"Quiet: {', '.join(quiet)}."] if quiet else []
    lines += [f"Nothing to evaluate yet: {', '.join(silent)}."] if silent else []
    iso = day.isocalendar()
    return Notice(
        key=f"{rule.id}:{day}",
        thread=f"{rule.id}:{day}",
        kind=rule.kind,
        stage=Stage.NOTE,
        title=f"{rule.title}: {iso.year}-W{iso.week:02d}",
        day=day,
        remarks=tuple(lines),
        rule_ids=(rule.id,),
        asset=("ops", "alerts"),
    )


def _of_data(connection: duckdb.DuckDBPyConnection, day: date) -> str:
    row = connection.execute(_DAYS_SQL, [day - _WEEK, day]).fetchone()
    whole, degraded, hours = row or (0, 0, 0)
    return (
        f"The week to {day} (UTC): {whole} of 7 days with all hourly files whole "
        f"({hours or 0} of 168 hours), {degraded} days of degraded capture."
    )


def _loud(states: list[AlertState]) -> list[AlertState]:
    """Those that are not quiet, the firing ones first."""
    loud = [each for each in states if each.state not in QUIET]
    return sorted(loud, key=lambda each: (each.state not in ACTIVE, each.alert_id))


def _of_loud(loud: list[AlertState], count: int, day: date, most: int) -> str:
    """The alerts of a rule that are not quiet, by name as far as there is room."""
    said = "; ".join(_of_state(each, day) for each in loud[:most])
    more = f"; and {len(loud) - most} more" if len(loud) > most else ""
    left = f" ({count - len(loud)} of {count} quiet)" if count > 1 else ""
    return f"{said}{more}{left}"


def _of_state(state: AlertState, day: date) -> str:
    subject = state.alert_id.partition(":")[2].replace(":", ", ")
    since = state.episode if state.state in ACTIVE and state.episode else state.since
    late = ""
    if day - state.evaluated_through > _WEEK and state.state in ACTIVE:
        late = f", not evaluated since {state.evaluated_through}"
    return f"{f'{subject} ' if subject else ''}{state.state} since {since}{late}"
