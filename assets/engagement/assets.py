"""Engagement assets: counts by country, shares staged, then published once their checks passed."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

import dagster as dg
import pyarrow as pa

from assets.activity.tables import ACTOR_DAYS, ARCHIVE_HOURS
from assets.attribution.tables import ACTOR_COUNTRY, ATTRIBUTION_MODEL
from assets.coverage.tables import COVERAGE
from assets.declare import (
    Plan,
    asset_key,
    beta_accepted,
    days_of,
    prepare,
    require_approved,
    rows_of_days,
)
from assets.engagement import tables
from assets.engagement.capture import Capture, captures_ending
from assets.engagement.cells import EVENT_GROUPS, LONGEST_DAYS, SCOPES, periods_ending
from assets.engagement.day_words import days_in_words
from assets.engagement.engagement import (
    Hours,
)
from assets.engagement.headlines import newest_day_shares, newest_figures, weekly_shares
from assets.engagement.history import days_engagement
from assets.engagement.shares import complete_hours, country_activity
from assets.reference.tables import COUNTRY_GROUPINGS
from assets.source_rows import rows_of_sources
from assets.tables import Table
from resources.lake import Lake, LakeResource
from resources.platform import Platform
from resources.warehouse import Warehouse, WarehouseResource

GROUP = "engagement"
_STAGED = (tables.STAGED_ENGAGEMENT, tables.STAGED_CONCENTRATION)
_HOURS_A_DAY = 24


def build(plan: Plan) -> list[dg.AssetsDefinition]:
    """The domain's assets."""
    with beta_accepted():
        staged = dg.multi_asset(
            name="stage__engagement",
            specs=plan.daily_specs(
                _STAGED,
                group=GROUP,
                kinds={"python", "parquet"},
                deps=[
                    ACTOR_DAYS, ACTOR_COUNTRY, ATTRIBUTION_MODEL, ARCHIVE_HOURS, COUNTRY_GROUPINGS,
                    COVERAGE,
                ],
            ),
            backfill_policy=dg.BackfillPolicy.multi_run(plan.max_days_per_run),
        )(staged_engagement_tables)  # fmt: skip
    return [
        plan.daily_asset(
            country_activity_table,
            tables.COUNTRY_ACTIVITY,
            group=GROUP,
            kinds={"duckdb", "sql"},
            deps=[ACTOR_DAYS, ACTOR_COUNTRY],
        ),
        staged,
        plan.daily_asset(
            engagement_table,
            tables.ENGAGEMENT,
            group=GROUP,
            kinds={"duckdb"},
            deps=[tables.STAGED_ENGAGEMENT],
        ),
        plan.daily_asset(
            concentration_table,
            tables.CONCENTRATION,
            group=GROUP,
            kinds={"duckdb"},
            deps=[tables.STAGED_CONCENTRATION, tables.STAGED_ENGAGEMENT],
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
    made = [tables.COUNTRY_ACTIVITY.arrow_schema.empty_table()]
    for day in days:
        activity, countries = (
            rows_of_days(store, ACTOR_DAYS, [day]),
            rows_of_days(store, ACTOR_COUNTRY, [day]),
        )
        made.append(country_activity(day, activity, countries, platform.event_cap))
    rows = pa.concat_tables(made)
    house.replace_days(tables.COUNTRY_ACTIVITY.qualified, "activity_date", days, rows)
    return dg.MaterializeResult(metadata={"dagster/row_count": rows.num_rows})


def staged_engagement_tables(
    context: dg.AssetExecutionContext, lake: LakeResource, warehouse: WarehouseResource
) -> Any:  # noqa: ANN401 - Dagster reads the annotation of a generator at run time
    """Shares as computed, kept apart until their checks have passed."""
    store, house = lake.open(), warehouse.open()
    days = days_of(context)
    require_approved(store, ACTOR_COUNTRY, days)
    before = [days[0] - timedelta(days=n) for n in range(LONGEST_DAYS)]
    window = sorted({*before, *days})
    # Hours count only where their day's accounts are there to be counted.
    made_days = set(store.partitions(ACTOR_DAYS.qualified))
    complete = {day: _complete_hours(store, day) for day in window if str(day) in made_days}
    groupings = country_groups(house)

    def hours_of(day: date) -> dict[str, Hours]:
        return {
            period.name: Hours(
                sum(complete.get(each, 0) for each in period.days),
                _HOURS_A_DAY * len(period.days),
            )
            for period in periods_ending(day)
        }

    made = days_engagement(
        days,
        rows_of_days(store, ACTOR_DAYS, window),
        rows_of_days(store, ACTOR_COUNTRY, days),
        lambda day: rows_of_days(store, ATTRIBUTION_MODEL, [day]),
        groupings,
        hours_of,
        capture_reader(house, window),
    )
    counts = dict.fromkeys((table.name for table in _STAGED), 0)
    for day, parts in zip(days, made, strict=True):
        for table, rows in zip(_STAGED, (parts.engagement, parts.concentration), strict=True):
            counts[table.name] += rows.num_rows
            store.write(table.qualified, str(day), rows)
    for table in _STAGED:
        yield dg.MaterializeResult(
            asset_key=asset_key(table), metadata={"dagster/row_count": counts[table.name]}
        )


def capture_reader(
    warehouse: Warehouse, days: Sequence[date]
) -> Callable[[date], dict[tuple[str, str, str], Capture]]:
    """Looks up the capture of the cells that end on a day, from core.coverage of some days."""
    prepare(warehouse, COVERAGE)
    rows = warehouse.query(
        "SELECT * FROM core.coverage WHERE source = 'combined' "
        "AND repo_id IS NULL AND coverage_date BETWEEN ? AND ? ORDER BY ALL",
        [days[0], days[-1]],
    ).to_pylist()
    return lambda day: captures_ending(day, rows, SCOPES, EVENT_GROUPS)


def country_groups(warehouse: Warehouse) -> dict[str, dict[str, str]]:
    """The groupings beside `apart`: name to country to group, of countries that are grouped."""
    rows = warehouse.query(
        "SELECT grouping, country_iso2, group_code FROM core.country_groupings "
        "WHERE country_iso2 != group_code ORDER BY ALL"
    ).to_pylist()
    found: dict[str, dict[str, str]] = {}
    for row in rows:
        found.setdefault(row["grouping"], {})[row["country_iso2"]] = row["group_code"]
    return found


def _complete_hours(lake: Lake, day: date) -> int:
    return complete_hours([rows_of_sources(lake, ARCHIVE_HOURS, [day])], day)


def engagement_table(
    context: dg.AssetExecutionContext, lake: LakeResource, warehouse: WarehouseResource
) -> dg.MaterializeResult[None]:
    """Publish the staged shares."""
    days = days_of(context)
    rows = _published(lake, warehouse, tables.STAGED_ENGAGEMENT, tables.ENGAGEMENT, days)
    for day, told in days_in_words(rows, days).items():
        context.add_asset_metadata(told, partition_key=str(day))
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": rows.num_rows,
            "days_with_figures": len(rows["activity_date"].unique()),
            "figures": dg.MetadataValue.md(newest_figures(rows)),
            "weeks": dg.MetadataValue.md(weekly_shares(rows)),
            **newest_day_shares(rows),
        }
    )


def concentration_table(
    context: dg.AssetExecutionContext, lake: LakeResource, warehouse: WarehouseResource
) -> dg.MaterializeResult[None]:
    """Publish the staged concentration."""
    days = days_of(context)
    rows = _published(lake, warehouse, tables.STAGED_CONCENTRATION, tables.CONCENTRATION, days)
    return dg.MaterializeResult(metadata={"dagster/row_count": rows.num_rows})


def _published(
    lake: LakeResource,
    warehouse: WarehouseResource,
    staged: Table,
    published: Table,
    days: Sequence[date],
) -> pa.Table:
    """Take staged days over into the warehouse, where the checks of the shares passed."""
    store, house = lake.open(), warehouse.open()
    prepare(house, published)
    require_approved(store, tables.STAGED_ENGAGEMENT, days)
    rows = published.conform(rows_of_days(store, staged, days))
    house.replace_days(published.qualified, "activity_date", days, rows)
    return rows
