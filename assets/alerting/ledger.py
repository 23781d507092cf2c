"""Where alerts stand, in the warehouse: read before a day, written with its messages."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb

from assets.alerting.states import AlertState, State
from assets.alerting.tables import ALERTS

_EARLIER_SQL = (Path(__file__).parent / "sql" / "earlier_alerts.sql").read_text()
_COLUMNS = (
    "alert_id", "rule_id", "state", "since_date", "evaluated_through", "value", "ci_low", "ci_high",
    "held_from", "held_through", "recent", "episode_date",
    "episode_number", "thread_key", "said_date", "resolved_date",
)  # fmt: skip


def upgrade(connection: duckdb.DuckDBPyConnection) -> bool:
    """Bring an ops.alerts of before alerts had ids into its present form; whether it was one.

    Its key was named otherwise, which no added column mends.
    """
    found = connection.execute(
        "SELECT column_name FROM information_schema.columns "
        "WHERE table_schema = 'ops' AND table_name = 'alerts'"
    ).fetchall()
    if not found or ("alert_id",) in found:
        return False
    rows = connection.execute(_EARLIER_SQL).to_arrow_table()
    connection.execute("DROP TABLE ops.alerts")
    connection.execute(ALERTS.ddl)
    connection.register("earlier_alerts", rows)
    connection.execute("INSERT INTO ops.alerts BY NAME SELECT * FROM earlier_alerts")
    connection.unregister("earlier_alerts")
    return True


def read_states(connection: duckdb.DuckDBPyConnection) -> dict[str, AlertState]:
    """Where all alerts stand, by id."""
    rows = connection.execute(
        f"SELECT {', '.join(_COLUMNS)} FROM ops.alerts ORDER BY alert_id"  # noqa: S608
    ).fetchall()
    return {row[0]: _state(row) for row in rows}


def write_states(connection: duckdb.DuckDBPyConnection, states: Iterable[AlertState]) -> None:
    """Keep where some alerts stand."""
    places = ", ".join("?" for _ in _COLUMNS)
    for each in states:
        connection.execute(
            f"INSERT OR REPLACE INTO ops.alerts ({', '.join(_COLUMNS)}) "  # noqa: S608
            f"VALUES ({places})",
            [
                each.alert_id,
                each.rule_id,
                str(each.state),
                each.since,
                each.evaluated_through,
                each.value,
                each.ci_low,
                each.ci_high,
                str(each.held_from) if each.held_from else None,
                each.held_through,
                each.recent,
                each.episode,
                each.episode_number,
                each.thread,
                each.said_on,
                each.resolved_on,
            ],
        )


def _state(row: tuple[Any, ...]) -> AlertState:
    alert, rule, state, since, through, value, low, high, held, held_through, *rest = row
    recent, episode, number, thread, said_on, resolved_on = rest
    return AlertState(
        alert_id=alert,
        rule_id=rule,
        state=State(state),
        since=since,
        evaluated_through=through,
        value=value,
        ci_low=low,
        ci_high=high,
        held_from=State(held) if held else None,
        held_through=held_through,
        recent=recent,
        episode=episode,
        episode_number=number,
        thread=thread,
        said_on=said_on,
        resolved_on=resolved_on,
    )
