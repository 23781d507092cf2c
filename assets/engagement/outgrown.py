"""Weeks whose figures were made before days of theirs became more whole."""

from datetime import date
from pathlib import Path

import duckdb

_SQL = (Path(__file__).parent / "sql" / "outgrown_weeks.sql").read_text()


def outgrown_weeks(
    connection: duckdb.DuckDBPyConnection, first: date, last: date
) -> dict[date, int]:
    """The hours that the days of such weeks have now, by the Sunday that ends the week.

    Args:
        connection: to a warehouse that holds mart.engagement.
        first: Sundays from this day on (UTC).
        last: up to this one.
    """
    rows = connection.execute(_SQL, {"first": first, "last": last}).fetchall()
    return dict(rows)
