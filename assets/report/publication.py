"""What is published of the marts: aggregates only, small cells pooled."""

from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from assets.engagement.shares import SMALLEST_CELL, share_columns
from assets.engagement.tables import COUNTRY_ACTIVITY, ENGAGEMENT
from assets.report.suppression import shown_countries

_SQL = Path(__file__).parent / "sql"


def published_activity(activity: pa.Table) -> pa.Table:
    """mart.country_activity fit to be published; same columns, `XX` for pooled countries."""
    shown = shown_countries(activity, ("activity_date", "scope", "event_group"))
    with duckdb.connect() as connection:
        connection.register("activity", activity)
        connection.register("shown", shown)
        sql = (_SQL / "country_activity.sql").read_text()
        rows = connection.execute(sql, {"smallest": SMALLEST_CELL}).to_arrow_table()
    return COUNTRY_ACTIVITY.conform(rows)


def published_engagement(engagement: pa.Table) -> pa.Table:
    """mart.engagement fit to be published; same columns, `XX` for pooled countries."""
    shown = shown_countries(engagement, ("activity_date", "event_group"))
    with duckdb.connect() as connection:
        connection.register("engagement", engagement)
        connection.register("shown", shown)
        sql = (_SQL / "engagement.sql").read_text()
        rows = connection.execute(sql, {"smallest": SMALLEST_CELL}).to_arrow_table()
    k, n, everyone = (
        rows[name].to_numpy().astype(np.int64)
        for name in ("actor_count", "located_actor_count", "total_actor_count")
    )
    for name, values in share_columns(k, n, everyone).items():
        rows = rows.append_column(name, pa.array(values))
    return ENGAGEMENT.conform(rows)
