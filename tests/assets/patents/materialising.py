"""The patents' assets and their check over a folder of their own, as Dagster runs them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg

from assets.declare import Plan, prepare
from assets.patents import tables
from assets.patents.assets import build
from assets.reference import rows as reference
from assets.reference.loader import load_reference
from assets.reference.rows import reference_rows
from assets.reference.tables import MODEL_FAMILIES
from assets.tables import Table
from checks.factory import suite_check
from checks.patents import PATENT_SUITES
from resources.lake import Lake, LakeResource
from resources.platform import Platform
from resources.uspto import UsptoResource
from resources.warehouse import Warehouse, WarehouseResource
from sandbox.uspto import KEY

NOW = datetime(2024, 12, 17, 2, tzinfo=UTC)
FIRST = date(2024, 10, 1)
REFERENCE = Path(reference.__file__).parent
TRACKED = REFERENCE / "tracked_repositories.csv"


def weeks_from(first: date, count: int) -> list[date]:
    """So many Tuesdays from one on."""
    return [first + timedelta(days=7 * n) for n in range(count)]


class Patents:
    """A lake, a warehouse with the model families, and the assets over them."""

    def __init__(self, folder: Path, url: str, key: str = KEY) -> None:
        self.folder = folder
        self.url = url
        self.key = key
        self.lake = Lake(str(folder / "lake"))
        self.house = Warehouse(str(folder / "warehouse.duckdb"))
        prepare(self.house, MODEL_FAMILIES)
        families = reference_rows(load_reference(REFERENCE))[MODEL_FAMILIES]
        self.house.replace_all(MODEL_FAMILIES.qualified, families)

    def read(
        self, weeks: list[date], now: datetime = NOW, *, with_check: bool = True
    ) -> dg.ExecuteInProcessResult:
        """Materialise weeks, check them and count them; whether it succeeded is in the result."""
        weekly = dg.WeeklyPartitionsDefinition("2022-01-04", day_offset=2, timezone="UTC")
        plan = Plan(daily=dg.DailyPartitionsDefinition("2022-01-01", timezone="UTC"), weekly=weekly)
        checks = [suite_check(suite) for suite in PATENT_SUITES] if with_check else []
        return dg.materialize(
            [*build(plan), *checks],
            resources={
                "uspto": UsptoResource(base_url=self.url, key=self.key, attempts=1),
                "lake": LakeResource(base_path=str(self.folder / "lake")),
                "warehouse": WarehouseResource(database=str(self.house.database)),
                "platform": Platform(
                    world="sandbox",
                    data_dir=str(self.folder),
                    reference_dir=str(REFERENCE),
                    tracked_repositories=str(TRACKED),
                    rules="",
                    fixed_now=now.isoformat(),
                ),
            },
            tags={
                "dagster/asset_partition_range_start": str(weeks[0]),
                "dagster/asset_partition_range_end": str(weeks[-1]),
            },
            raise_on_error=False,
        )

    def rows(self, table: Table) -> list[dict[str, Any]]:
        """All rows of a table of the lake or the warehouse."""
        if table is tables.PATENT_COHORTS:
            found: list[dict[str, Any]] = self.house.query("FROM mart.patents").to_pylist()
            return found
        return [
            row
            for part in self.lake.parts(table.qualified)
            for name in self.lake.partitions(table.qualified, part)
            for rows in [self.lake.read(table.qualified, name, part)]
            if rows is not None
            for row in rows.to_pylist()
        ]

    def files(self) -> dict[str, dict[str, Any]]:
        """Rows of raw.patent_files by day and product."""
        return {
            f"{row['publication_date']} {row['product']}": row
            for row in self.rows(tables.PATENT_FILES)
        }
