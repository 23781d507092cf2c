"""Events to what each account did on a day."""

from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa

from assets.activity.tables import ACTOR_DAYS

_SQL = (Path(__file__).parent / "sql" / "actor_days.sql").read_text()


def actor_days(day: date, events: pa.Table, repositories: pa.Table) -> pa.Table:
    """core.actor_days of one day.

    Args:
        day: UTC.
        events: core.events of the day.
        repositories: github_id, origin (cn, us, other or null) and layer of tracked repositories,
            each id once.
    """
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.register("events", events)
        connection.register("repositories", repositories)
        rows = connection.execute(_SQL, {"day": day}).to_arrow_table()
    return ACTOR_DAYS.conform(rows)
