"""What core.coverage says of a source and an event group, as rules on upstreams need it."""

from datetime import date
from pathlib import Path

import duckdb

from assets.alerting.upstream import SourceCapture
from assets.coverage.coverage import COMBINED

_SQL = (Path(__file__).parent / "sql" / "captures.sql").read_text()


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
    rows = connection.execute(_SQL, parameters).fetchall()
    return tuple(SourceCapture(*row) for row in rows)
