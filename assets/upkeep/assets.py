"""Upkeep assets: the inventory of partitions, and how fresh each source is."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime

import dagster as dg
import duckdb

from assets.activity.tables import ARCHIVE_HOURS, COMMITS
from assets.baseline.tables import INNOVATION_GRAPH
from assets.declare import code_version, documentation, prepare
from assets.hub.tables import HUB_SNAPSHOTS
from assets.papers.tables import PAPERS
from assets.patents.tables import PATENT_FILES
from assets.patents.weeks import PRODUCTS
from assets.polls.tables import REPOSITORY_POLLS, STAR_HISTORY
from assets.upkeep import sources
from assets.upkeep.freshness import (
    Freshness,
    Source,
    Status,
    as_markdown,
    end_of,
    freshness,
)
from assets.upkeep.inventory import Inventory
from assets.upkeep.inventory import as_markdown as inventory_markdown
from assets.upkeep.tables import FRESHNESS, INVENTORY
from resources.lake import Lake, LakeResource
from resources.platform import Platform
from resources.warehouse import Warehouse, WarehouseResource

GROUP = "upkeep"
TakeInventory = Callable[[dg.DagsterInstance, datetime], Inventory]
#: Partitions without anything of a source that are looked through for one with something.
_MOST_LOOKED_THROUGH = 60
_NOT_READ = frozenset({"missing", "unreachable"})
_NOT_THERE = frozenset({"missing", "unreachable", "not_yet"})
_NEWEST_SQL = {
    sources.REPOSITORY_POLLING.name: (
        f"SELECT max(polled_at) FROM {REPOSITORY_POLLS.qualified} "  # noqa: S608
        "WHERE outcome IN ('polled', 'unchanged', 'renamed')"
    ),
    sources.STARS.name: f"SELECT max(asked_at) FROM {STAR_HISTORY.qualified}",  # noqa: S608
    sources.HUB.name: (
        f"SELECT max(last_asked_at) FROM {HUB_SNAPSHOTS.qualified} "  # noqa: S608
        "WHERE state IN ('complete', 'partial')"
    ),
}


def build(
    automation: dg.AutomationCondition[dg.AssetKey] | None,
    take_inventory: TakeInventory,
    archives: Sequence[str],
) -> list[dg.AssetsDefinition]:
    """The domain's assets.

    Args:
        automation: when they are taken.
        take_inventory: takes the inventory from Dagster's instance at a time (UTC).
        archives: names of the hourly archives that are read.
    """
    expected = (*map(sources.archive, archives), *sources.OTHERS)

    def inventory_table(
        context: dg.AssetExecutionContext, warehouse: WarehouseResource, platform: Platform
    ) -> dg.MaterializeResult[None]:
        """Count what is made, failed and missing, asset by asset."""
        found = take_inventory(context.instance, platform.now())
        house = warehouse.open()
        prepare(house, INVENTORY)
        house.replace_all(INVENTORY.qualified, INVENTORY.arrow(found.rows()))
        return dg.MaterializeResult(
            metadata={
                "dagster/row_count": len(found.standings),
                "failed_partitions": found.failed_count,
                "missing_partitions": found.missing_count,
                "inventory": dg.MetadataValue.md(inventory_markdown(found)),
            }
        )

    def freshness_table(
        context: dg.AssetExecutionContext,
        lake: LakeResource,
        warehouse: WarehouseResource,
        platform: Platform,
    ) -> dg.MaterializeResult[None]:
        """Set the newest partition of each source against the clock."""
        house = warehouse.open()
        prepare(house, FRESHNESS)
        found = take_freshness(lake.open(), house, expected, platform.now())
        rows = [each.row() for each in found]
        house.replace_all(FRESHNESS.qualified, FRESHNESS.arrow(rows))
        late = [each.source.name for each in found if each.status is not Status.FRESH]
        context.log.info(f"not fresh: {', '.join(late) or 'none'}")
        return dg.MaterializeResult(
            metadata={
                "dagster/row_count": len(found),
                "not_fresh": len(late),
                "freshness": dg.MetadataValue.md(as_markdown(found)),
            }
        )

    return [
        dg.asset(
            **documentation(INVENTORY, GROUP, {"dagster", "duckdb"}),
            code_version=code_version(inventory_table, INVENTORY),
            automation_condition=automation,
        )(inventory_table),
        dg.asset(
            **documentation(FRESHNESS, GROUP, {"python", "duckdb"}),
            code_version=code_version(freshness_table, FRESHNESS),
            automation_condition=automation,
        )(freshness_table),
    ]


def take_freshness(
    lake: Lake, house: Warehouse, expected: Sequence[Source], now: datetime
) -> list[Freshness]:
    """How each source stands, by what is in the lake and the warehouse.

    Args:
        lake: Parquet tables.
        house: the warehouse; tables that are not there yet count as empty.
        expected: sources.
        now: UTC.
    """
    prepare(house, REPOSITORY_POLLS, STAR_HISTORY, HUB_SNAPSHOTS, INNOVATION_GRAPH)
    with house.transaction() as connection:
        newest = {
            each.name: _in_warehouse(connection, each)
            for each in expected
            if each.name in _NEWEST_SQL or each is sources.GRAPH
        }
    today = now.date()
    for each in expected:
        if each.name not in newest:
            day = _in_lake(lake, each, today)
            newest[each.name] = end_of(each.unit, day) if day else None
    return freshness(expected, newest, now)


def _in_warehouse(connection: duckdb.DuckDBPyConnection, source: Source) -> datetime | None:
    """Time (UTC) of a source's newest answer; of the graph end of its newest quarter."""
    if source is sources.GRAPH:
        row = connection.execute(
            f"SELECT max(quarter_start_date) FROM {INNOVATION_GRAPH.qualified}"  # noqa: S608
        ).fetchone()
        return end_of(source.unit, row[0]) if row and row[0] else None
    row = connection.execute(_NEWEST_SQL[source.name]).fetchone()
    return row[0].astimezone(UTC) if row and row[0] else None


def _in_lake(lake: Lake, source: Source, today: date) -> date | None:
    """First day of the newest closed partition in which a source gave something."""
    if source is sources.GIT:
        return _newest(lake, COMMITS.qualified, "git", today)
    if source is sources.OPENALEX:
        return _newest(lake, PAPERS.qualified, None, today)
    if source is sources.USPTO:
        found = [
            _newest(lake, PATENT_FILES.qualified, product, today, _NOT_THERE)
            for product in PRODUCTS
        ]
        days = [day for day in found if day]
        # It gave a week when it gave both files.
        return min(days) if len(days) == len(found) else None
    return _newest(lake, ARCHIVE_HOURS.qualified, source.name, today, _NOT_READ)


def _newest(
    lake: Lake, table: str, part: str | None, today: date, nothing: frozenset[str] = frozenset()
) -> date | None:
    """The newest partition before today that has a file read, where its `status` says so."""
    names = [name for name in lake.partitions(table, part) if name < str(today)]
    for name in reversed(names[-_MOST_LOOKED_THROUGH:]):
        rows = lake.read(table, name, part, ["status"]) if nothing else None
        if not nothing or (rows and set(rows["status"].to_pylist()) - nothing):
            return date.fromisoformat(name)
    return None
