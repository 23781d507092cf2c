"""Checks of vintages and revisions: they add up to what is published, and old figures stand."""

from collections.abc import Mapping
from pathlib import Path

import dagster as dg
import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from assets.declare import asset_key
from assets.reference.tables import COUNTRY_GROUPINGS
from assets.revisions.catalogue import CATALOGUE, SAID, SETTLED_DAYS
from assets.revisions.record import (
    by_source,
    move,
    prepare_publications,
    prepare_vintages,
    touch_newest,
)
from assets.revisions.tables import REVISIONS
from assets.tables import Table
from checks.rows_at_fault import to_do
from resources.platform import Platform
from resources.warehouse import Warehouse, WarehouseResource

_SQL = (Path(__file__).parent / "sql" / "revisions.sql").read_text()
_OLD_SQL = (Path(__file__).parent / "sql" / "old_revisions.sql").read_text()
_ROWS_SHOWN = 20
#: Days and months whose figures are compared one by one; of all others, the digests are.
_DATES_COMPARED = 40


def revision_checks() -> list[dg.AssetChecksDefinition]:
    """The checks of this module."""
    return [
        dg.asset_check(
            asset=asset_key(REVISIONS),
            name="revisions_add_up",
            description=(
                "Each revision of the newest publication stands once and changes something; no "
                "figure has two newest vintages; what is published is what the newest vintages "
                f"say, figure by figure on the newest {_DATES_COMPARED} dates of each table."
            ),
        )(revisions_add_up),
        dg.asset_check(
            asset=asset_key(REVISIONS),
            name="old_figures_stand",
            description=(
                "A run that is no backfill changes no settled figure but of days that it made "
                f"itself: none older than {SETTLED_DAYS} days, but for what later data change by "
                "design."
            ),
        )(old_figures_stand),
    ]


def revisions_add_up(warehouse: WarehouseResource, platform: Platform) -> dg.AssetCheckResult:
    """Count what does not add up."""
    folder = platform.data("published", "current")
    if not folder.is_dir():
        return dg.AssetCheckResult(passed=True, description="Nothing is published yet.")
    content = read_published(folder.resolve())
    with warehouse.open().transaction() as connection:
        prepare_vintages(connection)
        row = connection.execute(_SQL).fetchone() or (0, 0)
        broken = {"twice": row[0], "without_change": row[1]}
        broken["double_vintages"] = double_vintages(connection)
        said = {
            table: connection.execute(f"FROM {table.qualified}").to_arrow_table() for table in SAID
        }
        broken["not_as_published"] = not_as_published(connection, content | said)
    found = ", ".join(f"{name.replace('_', ' ')} {n:,}" for name, n in broken.items() if n)
    return dg.AssetCheckResult(
        passed=not any(broken.values()),
        severity=dg.AssetCheckSeverity.ERROR,
        description=f"{found or 'Revisions and vintages add up to what is published'}.",
        metadata={**broken, **to_do("revisions_add_up")},
    )


def read_published(folder: Path) -> dict[Table, pa.Table]:
    """What readers find of the catalogue's tables, and of what its conditions read."""
    tables = {figures.source for figures in CATALOGUE} - set(SAID) | {COUNTRY_GROUPINGS}
    return {
        table: pq.read_table(file)
        for table in sorted(tables, key=lambda table: table.qualified)
        if (file := folder / f"{table.name}.parquet").is_file()
    }


def not_as_published(
    connection: duckdb.DuckDBPyConnection, content: Mapping[Table, pa.Table]
) -> int:
    """Published figures that are not as their newest vintage, or have none, or the other way."""
    for table, rows in content.items():
        connection.register(f"published_{table.name}", rows)
    count = 0
    for together in by_source(CATALOGUE, content):
        touch_newest(connection, together, _DATES_COMPARED)
        for figures in together:
            move(connection, figures)
            count += connection.execute("SELECT count(*) FROM moved").fetchall()[0][0]
    for table in content:
        connection.unregister(f"published_{table.name}")
    return count


def double_vintages(connection: duckdb.DuckDBPyConnection) -> int:
    """Figures of which two vintages are the newest, on the newest dates of each table."""
    count = 0
    for figures in CATALOGUE:
        keys = ", ".join(figures.key)
        recent = "true"
        if figures.date:
            recent = (
                f"({figures.date} IS NULL OR {figures.date} >= (SELECT max({figures.date}) "  # noqa: S608
                f"FROM {figures.table}) - {_DATES_COMPARED})"
            )
        count += connection.execute(
            f"SELECT count(*) FROM (SELECT {keys} FROM {figures.table} "  # noqa: S608
            f"WHERE to_publication IS NULL AND {recent} GROUP BY ALL HAVING count(*) > 1)"
        ).fetchall()[0][0]
    return count


def old_figures_stand(
    context: dg.AssetCheckExecutionContext, warehouse: WarehouseResource
) -> dg.AssetCheckResult:
    """Name the old figures that the run changed without making their days."""
    return settled_figures_stand(warehouse.open(), context.run.run_id)


def settled_figures_stand(warehouse: Warehouse, run_id: str) -> dg.AssetCheckResult:
    """What a run changed of settled figures."""
    settled = pa.Table.from_pylist(
        [
            {"table_name": figures.source.qualified, "settled_days": figures.settled_days}
            for figures in {each.source: each for each in CATALOGUE}.values()
            if figures.settled_days is not None
        ]
    )
    with warehouse.transaction() as connection:
        prepare_publications(connection)
        connection.register("settled", settled)
        rows = connection.execute(_OLD_SQL, {"run_id": run_id}).fetchall()
    lines = ["| table | date | values changed |", "|---|---|---|"]
    lines += [f"| {table} | {day} | {count:,} |" for table, day, count in rows[:_ROWS_SHOWN]]
    total = sum(count for _, _, count in rows)
    return dg.AssetCheckResult(
        passed=not rows,
        severity=dg.AssetCheckSeverity.WARN,
        description=(
            f"{total:,} values of settled figures changed without a backfill of their days: see "
            "ops.revisions."
            if rows
            else "No settled figure changed but where its day was made again."
        ),
        metadata={
            "values": total,
            "dates": dg.MetadataValue.md("\n".join(lines) if rows else "None."),
            **to_do("old_figures_stand"),
        },
    )
