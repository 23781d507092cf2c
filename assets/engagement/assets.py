"""Engagement assets: counts by country, shares staged, then published once their checks passed."""

from datetime import date

import dagster as dg
import pyarrow as pa

from assets.activity.tables import ARCHIVE_HOURS, EVENTS
from assets.attribution.tables import ACTOR_COUNTRY
from assets.declare import Plan, days_of, prepare, require_approved
from assets.engagement import tables
from assets.engagement.shares import SMALLEST_CELL, complete_hours, country_activity, engagement
from resources.lake import Lake, LakeResource
from resources.platform import Platform
from resources.warehouse import Warehouse, WarehouseResource

GROUP = "engagement"


def build(plan: Plan) -> list[dg.AssetsDefinition]:
    """The domain's assets."""
    return [
        plan.daily_asset(
            country_activity_table,
            tables.COUNTRY_ACTIVITY,
            group=GROUP,
            kinds={"duckdb", "sql"},
            deps=[EVENTS, ACTOR_COUNTRY],
        ),
        plan.daily_asset(
            staged_engagement_table,
            tables.STAGED_ENGAGEMENT,
            group=GROUP,
            kinds={"python", "parquet"},
            deps=[tables.COUNTRY_ACTIVITY, ARCHIVE_HOURS],
        ),
        plan.daily_asset(
            engagement_table,
            tables.ENGAGEMENT,
            group=GROUP,
            kinds={"duckdb"},
            deps=[tables.STAGED_ENGAGEMENT],
        ),
    ]


def country_activity_table(
    context: dg.AssetExecutionContext,
    lake: LakeResource,
    warehouse: WarehouseResource,
    platform: Platform,
) -> dg.MaterializeResult[None]:
    """Distinct accounts and events by country."""
    store, house = lake.open(), warehouse.open()
    prepare(house, tables.COUNTRY_ACTIVITY)
    days = days_of(context)
    require_approved(store, EVENTS, days)
    made = [tables.COUNTRY_ACTIVITY.arrow_schema.empty_table()]
    for day in days:
        events = store.read_all(EVENTS.qualified, [str(day)], EVENTS.arrow_schema)
        made.append(country_activity(day, events, countries_of(house, events), platform.event_cap))
    rows = pa.concat_tables(made)
    house.replace_days(tables.COUNTRY_ACTIVITY.qualified, "activity_date", days, rows)
    return dg.MaterializeResult(metadata={"dagster/row_count": rows.num_rows})


def countries_of(warehouse: Warehouse, events: pa.Table) -> pa.Table:
    """core.actor_country of the accounts that occur in events."""
    actors = events.select(["actor_id"]).group_by("actor_id").aggregate([])
    with warehouse.transaction() as connection:
        connection.register("actors", actors)
        return connection.execute(
            "SELECT actor_id, country_iso2, is_bot FROM core.actor_country "
            "SEMI JOIN actors USING (actor_id)"
        ).to_arrow_table()


def staged_engagement_table(
    context: dg.AssetExecutionContext, lake: LakeResource, warehouse: WarehouseResource
) -> dg.MaterializeResult[None]:
    """Shares as computed, kept apart until their checks have passed."""
    store, house = lake.open(), warehouse.open()
    row_count = 0
    for day in days_of(context):
        activity = house.query("SELECT * FROM mart.country_activity WHERE activity_date = ?", [day])
        rows = engagement(day, activity, _complete_hours(store, day))
        store.write(tables.STAGED_ENGAGEMENT.qualified, str(day), rows)
        row_count += rows.num_rows
    return dg.MaterializeResult(metadata={"dagster/row_count": row_count})


def _complete_hours(lake: Lake, day: date) -> int:
    hours = [
        rows
        for source in lake.parts(ARCHIVE_HOURS.qualified)
        if (rows := lake.read(ARCHIVE_HOURS.qualified, str(day), source)) is not None
    ]
    return complete_hours(hours, day)


def engagement_table(
    context: dg.AssetExecutionContext, lake: LakeResource, warehouse: WarehouseResource
) -> dg.MaterializeResult[None]:
    """Publish the staged shares."""
    store, house = lake.open(), warehouse.open()
    prepare(house, tables.ENGAGEMENT)
    days = days_of(context)
    require_approved(store, tables.STAGED_ENGAGEMENT, days)
    rows = tables.ENGAGEMENT.conform(
        store.read_all(
            tables.STAGED_ENGAGEMENT.qualified,
            [str(day) for day in days],
            tables.STAGED_ENGAGEMENT.arrow_schema,
        )
    )
    house.replace_days(tables.ENGAGEMENT.qualified, "activity_date", days, rows)
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": rows.num_rows,
            "days_with_figures": len(set(rows["activity_date"].to_pylist())),
            "figures": dg.MetadataValue.md(newest_figures(rows)),
        }
    )


def newest_figures(rows: pa.Table, most: int = 10) -> str:
    """The newest day's largest shares of attention, as a Markdown table for the UI.

    Cells of fewer than five accounts are left out.
    """
    if not rows.num_rows:
        return "No located account on these days."
    newest = max(rows["activity_date"].to_pylist())
    chosen = sorted(
        (
            row
            for row in rows.to_pylist()
            if row["activity_date"] == newest
            and row["event_group"] == "attention"
            and row["actor_count"] >= SMALLEST_CELL
        ),
        key=lambda row: -row["located_share"],
    )[:most]
    lines = [
        f"Share of located accounts that starred or forked tracked repositories on {newest} (UTC), "
        "95 % Wilson interval:",
        "",
        "| country | share | interval | accounts | worst case |",
        "|---|---|---|---|---|",
    ]
    for row in chosen:
        low, high = row["located_share_ci_low"], row["located_share_ci_high"]
        lines.append(
            f"| {row['country_iso2']} | {row['located_share']:.1%} | {low:.1%} to {high:.1%} "
            f"| {row['actor_count']} of {row['located_actor_count']} "
            f"| {row['share_low']:.1%} to {row['share_high']:.1%} |"
        )
    return "\n".join(lines)
