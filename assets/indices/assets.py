"""Index assets: marts derived from the whole of mart.engagement, recomputed with each day.

They are partitioned by day like everything that leads to them, so that a day's run, a backfill and
the automation refresh them in their turn; a partition says «this day is in». What is written is the
whole table, read and replaced in one transaction: of two runs the later one sees what the other
wrote.
"""

from collections.abc import Callable

import dagster as dg
import duckdb
import pyarrow as pa

from assets.baseline.tables import INNOVATION_GRAPH
from assets.declare import Plan, prepare
from assets.engagement.tables import ENGAGEMENT
from assets.indices import derived, tables
from assets.reference.tables import COUNTRY_GROUPINGS, ECONOMIES
from assets.tables import Table
from resources.warehouse import Warehouse, WarehouseResource

GROUP = "engagement"


def build(plan: Plan) -> list[dg.AssetsDefinition]:
    """The domain's assets."""
    kinds = {"duckdb", "sql"}
    return [
        plan.daily_asset(
            engagement_index_table,
            tables.ENGAGEMENT_INDEX,
            group=GROUP,
            kinds=kinds,
            deps=[ENGAGEMENT, ECONOMIES, COUNTRY_GROUPINGS, INNOVATION_GRAPH],
        ),
        plan.daily_asset(
            country_ratio_table,
            tables.COUNTRY_RATIO,
            group=GROUP,
            kinds=kinds,
            deps=[ENGAGEMENT],
        ),
        plan.daily_asset(
            crossings_table,
            tables.CROSSINGS,
            group=GROUP,
            kinds={"duckdb", "python"},
            deps=[tables.COUNTRY_RATIO],
        ),
    ]


def engagement_index_table(
    context: dg.AssetExecutionContext, warehouse: WarehouseResource
) -> dg.MaterializeResult[None]:
    """Weekly indices against the base weeks, residents and the Innovation Graph."""
    house = warehouse.open()
    # Where the Innovation Graph could not be fetched yet, its columns are null.
    prepare(house, INNOVATION_GRAPH)
    return recomputed(house, tables.ENGAGEMENT_INDEX, derived.engagement_index)


def country_ratio_table(
    context: dg.AssetExecutionContext, warehouse: WarehouseResource
) -> dg.MaterializeResult[None]:
    """Weekly ratios of two countries."""
    return recomputed(warehouse.open(), tables.COUNTRY_RATIO, derived.country_ratio)


def crossings_table(
    context: dg.AssetExecutionContext, warehouse: WarehouseResource
) -> dg.MaterializeResult[None]:
    """When the intervals of two countries part."""
    return recomputed(warehouse.open(), tables.CROSSINGS, derived.crossings)


def recomputed(
    house: Warehouse, table: Table, compute: Callable[[duckdb.DuckDBPyConnection], pa.Table]
) -> dg.MaterializeResult[None]:
    """Make a table anew from what the warehouse holds, in one transaction."""
    prepare(house, table)
    rows = house.remake(table.qualified, table.ddl, compute)
    return dg.MaterializeResult(metadata={"dagster/row_count": rows.num_rows})
