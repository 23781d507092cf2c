"""Alert state in the warehouse, and the figures that rules are evaluated on."""

from datetime import date
from pathlib import Path

import duckdb

from assets.alerting.gap import GapReading
from assets.alerting.rules import GapRule, ThresholdRule
from assets.alerting.threshold import AlertState, Reading, State
from assets.alerting.upstream import SourceCapture
from assets.coverage.coverage import COMBINED
from assets.engagement.intervals import wilson_interval

_CAPTURES_SQL = (Path(__file__).parent / "sql" / "captures.sql").read_text()


def read_state(connection: duckdb.DuckDBPyConnection, rule_id: str) -> AlertState | None:
    """Where a rule stands; None before its first day."""
    row = connection.execute(
        "SELECT rule_id, state, since_date, evaluated_through, value, ci_low, ci_high, held_from, "
        "held_through FROM ops.alerts WHERE rule_id = ?",
        [rule_id],
    ).fetchone()
    if row is None:
        return None
    rule, state, since, through, value, low, high, held_from, held_through = row
    before = State(held_from) if held_from else None
    return AlertState(rule, State(state), since, through, value, low, high, before, held_through)


def write_state(connection: duckdb.DuckDBPyConnection, state: AlertState) -> None:
    """Keep where a rule stands."""
    connection.execute(
        "INSERT OR REPLACE INTO ops.alerts (rule_id, state, since_date, evaluated_through, value, "
        "ci_low, ci_high, held_from, held_through) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            state.rule_id,
            str(state.state),
            state.since,
            state.evaluated_through,
            state.value,
            state.ci_low,
            state.ci_high,
            str(state.held_from) if state.held_from else None,
            state.held_through,
        ],
    )


def read_reading(
    connection: duckdb.DuckDBPyConnection, rule: ThresholdRule, day: date
) -> Reading | None:
    """A rule's figure of one day; None where nobody located was active.

    A country that nobody was active from has no row: its share is 0 with the interval of no
    success in n, from the row of any other country of the day.
    """
    row = connection.execute(
        "SELECT country_iso2, located_share, located_share_ci_low, located_share_ci_high, "
        "located_actor_count, unknown_share, is_complete, capture_status = 'degraded' "
        "FROM mart.engagement "
        "WHERE activity_date = ? AND period = 'day' AND scope = 'tracked' AND grouping = 'apart' "
        "AND event_group = ? ORDER BY country_iso2 = ? DESC LIMIT 1",
        [day, rule.event_group, rule.country],
    ).fetchone()
    if row is None:
        return None
    country, value, low, high, located, unknown_share, is_complete, is_degraded = row
    if country != rule.country:
        value = 0.0
        low, high = (float(bound) for bound in wilson_interval(0, located))
    return Reading(day, value, low, high, located, unknown_share, is_complete, is_degraded)


def is_lost(connection: duckdb.DuckDBPyConnection, rule: ThresholdRule, day: date) -> bool:
    """Whether the sources together captured too little of a rule's event group on a day.

    It is asked where there is no figure: of a group of which nothing was captured there is none.
    """
    row = connection.execute(
        "SELECT count(*) FROM core.coverage WHERE coverage_date = ? AND source = ? "
        "AND scope = 'tracked' AND event_type IS NULL AND repo_id IS NULL AND status = 'degraded' "
        "AND (event_group = ? OR ? = 'any')",
        [day, COMBINED, rule.event_group, rule.event_group],
    ).fetchone()
    return bool(row and row[0])


def read_gap(connection: duckdb.DuckDBPyConnection, rule: GapRule) -> GapReading | None:
    """The newest complete cohort's gap between use in papers and patents; None without one.

    Censored and partial cohorts are no reading: a rule never sees them.
    """
    row = connection.execute(
        "SELECT cohort_month, gap_pp, gap_pp_ci_low, gap_pp_ci_high, use_share, use_count, "
        "patent_share, patent_count FROM mart.visibility_gap "
        "WHERE basis = ? AND user_kind = ? AND use_measure = 'papers' AND lag_months = 0 "
        "AND status = 'complete' AND gap_pp IS NOT NULL ORDER BY cohort_month DESC LIMIT 1",
        [rule.basis, rule.user_kind],
    ).fetchone()
    return None if row is None else GapReading(*row)


def read_sources(connection: duckdb.DuckDBPyConnection, day: date) -> list[str]:
    """The sources of which core.coverage has a day."""
    rows = connection.execute(
        "SELECT DISTINCT source FROM core.coverage WHERE coverage_date = ? "
        "AND source != ? ORDER BY source",
        [day, COMBINED],
    ).fetchall()
    return [row[0] for row in rows]


def read_captures(
    connection: duckdb.DuckDBPyConnection,
    source: str,
    group: str,
    day: date,
    until: date,
    since: date = date.min,
) -> tuple[SourceCapture, ...]:
    """What a source captured of each event type of a group on tracked repositories on a day.

    What is usual is the best of the eight stretches of 28 days before `until`, by their medians, as
    far as they lie from `since` on.
    """
    parameters = {
        "day": day,
        "until": until,
        "since": since,
        "source": source,
        "event_group": group,
    }
    rows = connection.execute(_CAPTURES_SQL, parameters).fetchall()
    return tuple(SourceCapture(*row) for row in rows)
