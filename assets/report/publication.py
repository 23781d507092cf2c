"""What is published of the marts: aggregates only, small cells pooled."""

from collections.abc import Sequence
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

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


def published_engagement(engagement: pa.Table, groupings: pa.Table) -> pa.Table:
    """mart.engagement fit to be published; same columns, `XX` for pooled countries.

    Args:
        engagement: mart.engagement.
        groupings: grouping, country_iso2 and group_code of core.country_groupings.
    """
    shown = shown_countries(
        engagement, ("activity_date", "period", "scope", "event_group", "grouping")
    )
    grouped = groupings.filter(pc.not_equal(groupings["country_iso2"], groupings["group_code"]))
    members = groupings.filter(
        pc.is_in(groupings["group_code"], value_set=grouped["group_code"].unique())
    )
    with duckdb.connect() as connection:
        connection.register("engagement", engagement)
        connection.register("shown", shown)
        connection.register("groupings", members)
        sql = (_SQL / "engagement.sql").read_text()
        rows = connection.execute(sql, {"smallest": SMALLEST_CELL}).to_arrow_table()
    k, n, everyone = (
        rows[name].to_numpy().astype(np.int64)
        for name in ("actor_count", "located_actor_count", "total_actor_count")
    )
    for name, values in share_columns(k, n, everyone).items():
        rows = rows.append_column(name, pa.array(values))
    return ENGAGEMENT.conform(rows)


def published_where_shown(
    rows: pa.Table, engagement: pa.Table, countries: Sequence[str]
) -> pa.Table:
    """Weekly figures of countries that the published engagement shows apart in that week.

    Args:
        rows: activity_date, scope, event_group, grouping and the columns of `countries`; share.
        engagement: published engagement.
        countries: columns that name countries; all of them have to be shown. A row whose share is
            null says nothing of anybody and stays.
    """
    weeks = engagement.filter(pc.equal(engagement["period"], "week"))
    keys = ["activity_date", "scope", "event_group", "grouping"]
    kept = rows
    for column in countries:
        matches = " AND ".join(f"k.{key} = w.{key}" for key in keys)
        with duckdb.connect() as connection:
            connection.register("kept", kept)
            connection.register("weeks", weeks)
            kept = connection.execute(
                f"SELECT * FROM kept AS k WHERE k.share IS NULL OR EXISTS (FROM weeks AS w "  # noqa: S608
                f"WHERE {matches} AND w.country_iso2 = k.{column}) ORDER BY ALL"
            ).to_arrow_table()
    return kept.cast(rows.schema)
