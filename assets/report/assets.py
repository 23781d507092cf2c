"""Report assets: the published snapshot of the marts."""

import shutil
import uuid
from pathlib import Path

import dagster as dg
import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from assets.alerting.tables import ALERTS
from assets.attribution.tables import ATTRIBUTION_RELIABILITY
from assets.coverage.tables import COVERAGE
from assets.declare import Plan, prepare
from assets.engagement.shares import SMALLEST_CELL
from assets.engagement.tables import CONCENTRATION, COUNTRY_ACTIVITY, ENGAGEMENT
from assets.hub.tables import DIFFUSION_HUB, HUB_CONCENTRATION, HUB_SNAPSHOTS
from assets.indices.tables import COUNTRY_RATIO, CROSSINGS, ENGAGEMENT_INDEX
from assets.reference.tables import (
    COUNTRY_GROUPINGS,
    ECONOMIES,
    POLICY_EVENTS,
    UPSTREAM_BREAKS,
)
from assets.report.publication import (
    published_activity,
    published_concentration,
    published_coverage,
    published_engagement,
    published_where_shown,
    unmasked_activity,
)
from assets.report.tables import SNAPSHOT
from assets.tables import Table
from resources.platform import Platform
from resources.warehouse import Warehouse, WarehouseResource

GROUP = "report"
_VINTAGES_KEPT = 3
_MARTS = (
    COUNTRY_ACTIVITY,
    ENGAGEMENT,
    CONCENTRATION,
    ENGAGEMENT_INDEX,
    COUNTRY_RATIO,
    CROSSINGS,
    ATTRIBUTION_RELIABILITY,
    COVERAGE,
    DIFFUSION_HUB,
    HUB_CONCENTRATION,
)
# Counts of published models and of the snapshots themselves, about no person: as they are.
_HUB = (DIFFUSION_HUB, HUB_CONCENTRATION, HUB_SNAPSHOTS)
_REFERENCE = (ECONOMIES, COUNTRY_GROUPINGS, POLICY_EVENTS, UPSTREAM_BREAKS)


def build(plan: Plan) -> list[dg.AssetsDefinition]:
    """The domain's assets."""
    return [
        plan.daily_asset(
            snapshot_files,
            SNAPSHOT,
            group=GROUP,
            kinds={"duckdb", "parquet"},
            deps=[*_MARTS, ALERTS],
        )
    ]


def snapshot_files(
    context: dg.AssetExecutionContext, warehouse: WarehouseResource, platform: Platform
) -> dg.MaterializeResult[None]:
    """Write the marts and the reference tables as files, and swap them in together."""
    house = warehouse.open()
    # Where the Hub was never asked, its tables are there and empty.
    prepare(house, *_HUB)
    content = read_content(house)
    vintage = f"{platform.now():%Y%m%dT%H%M%SZ}-{context.run.run_id[:8]}-{uuid.uuid4().hex[:4]}"
    current = publish(platform.data("published"), vintage, content)
    counts = {table.name: rows.num_rows for table, rows in content.items()}
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": sum(counts.values()),
            "rows_by_table": counts,
            "vintage": vintage,
            "files": dg.MetadataValue.path(str(current)),
        }
    )


def read_content(warehouse: Warehouse) -> dict[Table, pa.Table]:
    """What is published, by table."""
    with warehouse.transaction() as connection:
        read = {
            table: connection.execute(
                f"SELECT * FROM {table.qualified} ORDER BY ALL"  # noqa: S608
            ).to_arrow_table()
            for table in (*_MARTS, HUB_SNAPSHOTS, *_REFERENCE)
        }
    unmasked = unmasked_activity(read[COUNTRY_ACTIVITY], read[ENGAGEMENT])
    read[COUNTRY_ACTIVITY] = published_activity(unmasked)
    read[ENGAGEMENT] = published_engagement(read[ENGAGEMENT], read[COUNTRY_GROUPINGS])
    bins = read[ATTRIBUTION_RELIABILITY]
    read[ATTRIBUTION_RELIABILITY] = bins.filter(
        pc.greater_equal(bins["actor_count"], SMALLEST_CELL)
    )
    read[COVERAGE] = published_coverage(read[COVERAGE])
    read[CONCENTRATION] = published_concentration(read[CONCENTRATION], read[ENGAGEMENT])
    for table, countries in (
        (ENGAGEMENT_INDEX, {"country_iso2": "share"}),
        (COUNTRY_RATIO, {"country_iso2": "share", "other_iso2": "other_share"}),
    ):
        read[table] = published_where_shown(read[table], read[ENGAGEMENT], countries)
    return read


def publish(root: Path, vintage: str, content: dict[Table, pa.Table]) -> Path:
    """Write a vintage's files and point `current` at them, in one rename.

    Args:
        root: folder of the published vintages; made where missing.
        vintage: name of the new one.
        content: rows by table.

    Returns:
        `root/current`, which now leads to the new vintage.
    """
    folder = root / "vintages" / vintage
    folder.mkdir(parents=True)
    with duckdb.connect(str(folder / "observatory.duckdb")) as connection:
        for table, rows in content.items():
            pq.write_table(rows, folder / f"{table.name}.parquet", compression="zstd")
            connection.register("incoming", rows)
            connection.execute(f"CREATE TABLE {table.name} AS SELECT * FROM incoming")  # noqa: S608
            connection.unregister("incoming")
    for file in folder.iterdir():
        file.chmod(0o444)
    current = root / "current"
    link = root / f".current.{vintage}"
    link.symlink_to(Path("vintages") / vintage)
    link.replace(current)
    vintages = sorted((root / "vintages").iterdir(), key=lambda folder: folder.stat().st_mtime_ns)
    for old in vintages[:-_VINTAGES_KEPT]:
        if old.name != vintage:
            shutil.rmtree(old)
    return current
