"""What is published of the marts: aggregates only, small cells pooled."""

from collections.abc import Mapping
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from assets.engagement.shares import SMALLEST_CELL, share_columns
from assets.engagement.tables import CONCENTRATION, COUNTRY_ACTIVITY, ENGAGEMENT
from assets.papers.tables import DIFFUSION_PAPERS
from assets.report.suppression import OTHERS, shown_countries
from assets.report.tables import ALERT_STATES

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


def unmasked_activity(activity: pa.Table, engagement: pa.Table) -> pa.Table:
    """mart.country_activity of the cells whose day's shares are not masked."""
    keys = ["activity_date", "scope", "event_group"]
    is_lost = pc.and_(engagement["is_masked"], pc.equal(engagement["period"], "day"))
    lost = engagement.filter(is_lost).select(keys).group_by(keys).aggregate([])
    names = activity.column_names
    return activity.join(lost, keys, join_type="left anti").select(names).cast(activity.schema)


def published_engagement(engagement: pa.Table, groupings: pa.Table) -> pa.Table:
    """mart.engagement fit to be published; same columns, `XX` for pooled countries.

    Within a period, scope and event group, nothing under five located accounts can be had by
    subtracting published rows, whether of one grouping or of several, from each other or from the
    total. Countries without a located account are not published, and nothing of masked cells.

    Args:
        engagement: mart.engagement.
        groupings: grouping, country_iso2 and group_code of core.country_groupings.
    """
    is_shown = pc.and_not(pc.greater(engagement["actor_count"], 0), engagement["is_masked"])
    engagement = engagement.filter(is_shown)
    apart = engagement.filter(pc.equal(engagement["grouping"], "apart"))
    shown = shown_countries(apart, ("activity_date", "period", "scope", "event_group"))
    with duckdb.connect() as connection:
        connection.register("engagement", engagement)
        connection.register("shown", shown)
        connection.register("groupings", groupings)
        sql = (_SQL / "engagement.sql").read_text()
        rows = connection.execute(
            sql, {"smallest": SMALLEST_CELL, "others": OTHERS}
        ).to_arrow_table()
    k, n, everyone = (
        rows[name].to_numpy().astype(np.int64)
        for name in ("actor_count", "located_actor_count", "total_actor_count")
    )
    growth = rows["actor_growth"].to_numpy()
    for name, values in share_columns(k, n, everyone, growth).items():
        rows = rows.append_column(name, pa.array(values))
    return ENGAGEMENT.conform(rows)


def published_concentration(concentration: pa.Table, engagement: pa.Table) -> pa.Table:
    """mart.concentration of the cells that the published engagement shows; same columns.

    A grouping's cell in which a pooled country belongs to a group is left out: the difference of
    its index and that of the countries apart would say how large such a country is.

    Args:
        concentration: mart.concentration.
        engagement: published engagement.
    """
    with duckdb.connect() as connection:
        connection.register("concentration", concentration)
        connection.register("engagement", engagement)
        sql = (_SQL / "concentration.sql").read_text()
        rows = connection.execute(sql, {"others": OTHERS}).to_arrow_table()
    return CONCENTRATION.conform(rows)


def published_coverage(coverage: pa.Table) -> pa.Table:
    """core.coverage of all repositories together."""
    return coverage.filter(pc.is_null(coverage["repo_id"]))


def published_diffusion_papers(rows: pa.Table) -> pa.Table:
    """mart.diffusion_papers fit to be published; same columns.

    Cells of fewer than five works are left out; of the others, what is made of one to four works
    that use a model is null.
    """
    kept = rows.filter(pc.greater_equal(rows["open_work_count"], SMALLEST_CELL))
    used = kept["used_open_work_count"]
    is_small = pc.and_(pc.greater(used, 0), pc.less(used, SMALLEST_CELL))
    for place, name in enumerate(kept.column_names):
        if name.startswith("used_"):
            null = pa.scalar(None, kept[name].type)
            kept = kept.set_column(place, name, pc.if_else(is_small, null, kept[name]))
    return DIFFUSION_PAPERS.conform(kept)


def published_gap(rows: pa.Table) -> pa.Table:
    """mart.visibility_gap fit to be published; same columns.

    Cohorts and uses of fewer than five works or patents are left out, and uses of which fewer than
    five accounts are of one side.
    """
    few = SMALLEST_CELL
    use, chinese = rows["use_count"], rows["use_chinese_count"]
    is_counted = pc.is_valid(use)
    # Downloads have no count of works: a null there says nothing of the patents beside it.
    is_small = pc.or_kleene(
        pc.less(rows["patent_count"], few), pc.and_kleene(is_counted, pc.less(use, few))
    )
    of_people = pc.equal(rows["use_measure"], "engagement")
    one_side = pc.or_kleene(pc.less(chinese, few), pc.less(pc.subtract(use, chinese), few))
    is_small = pc.or_kleene(is_small, pc.and_kleene(of_people, pc.and_kleene(is_counted, one_side)))
    return rows.filter(pc.invert(is_small))


def published_alerts(alerts: pa.Table) -> pa.Table:
    """Where the rules of ops.alerts stand, without the figures that moved them."""
    return ALERT_STATES.conform(alerts.select(list(ALERT_STATES.column_names)))


def published_where_shown(
    rows: pa.Table, engagement: pa.Table, countries: Mapping[str, str]
) -> pa.Table:
    """Weekly figures of countries that the published engagement shows by themselves in that week.

    Args:
        rows: activity_date, scope, event_group, grouping and what `countries` names.
        engagement: published engagement.
        countries: columns that name countries, each with the column that holds its share. A country
            whose share is null is one that the row says nothing of, and need not be shown.
    """
    weeks = engagement.filter(pc.equal(engagement["period"], "week"))
    keys = ["activity_date", "scope", "event_group", "grouping"]
    kept = rows
    for column, share in countries.items():
        matches = " AND ".join(f"k.{key} = w.{key}" for key in keys)
        with duckdb.connect() as connection:
            connection.register("kept", kept)
            connection.register("weeks", weeks)
            kept = connection.execute(
                f"SELECT * FROM kept AS k WHERE k.{share} IS NULL OR EXISTS (FROM weeks AS w "  # noqa: S608
                f"WHERE {matches} AND w.country_iso2 = k.{column}) ORDER BY ALL"
            ).to_arrow_table()
    return kept.cast(rows.schema)
