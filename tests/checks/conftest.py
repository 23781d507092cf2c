"""A lake and a warehouse to plant faults in, and a way to run a check as Dagster does."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import dagster as dg
import pytest

from assets.declare import asset_key, prepare
from assets.engagement.tables import ENGAGEMENT
from assets.reference.tables import ECONOMIES
from assets.tables import Table
from resources.lake import Lake, LakeResource
from resources.platform import Platform
from resources.warehouse import Warehouse, WarehouseResource

ECONOMY = {"iso3": "XXX", "name": "X", "population": 1, "population_source": "test"}


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(str(tmp_path / "lake"))


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    """Knows three economies; nothing else is in it."""
    house = Warehouse(str(tmp_path / "warehouse.duckdb"), max_wait_s=5)
    prepare(house, ECONOMIES, ENGAGEMENT)
    rows = [{"iso2": iso2, **ECONOMY} for iso2 in ("CN", "US", "DE")]
    house.replace_all(ECONOMIES.qualified, ECONOMIES.arrow(rows))
    return house


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where Great Expectations keeps its project: making one takes longer than using it."""
    return tmp_path_factory.mktemp("data")


def check_resources(lake: Path, database: str, data_dir: Path) -> dict[str, object]:
    """What the checks ask for."""
    return {
        "lake": LakeResource(base_path=str(lake)),
        "warehouse": WarehouseResource(database=database, max_wait_s=5),
        "platform": Platform(
            world="sandbox",
            data_dir=str(data_dir),
            reference_dir="",
            tracked_repositories="",
            rules="",
        ),
    }


RunCheck = Callable[..., dg.ExecuteInProcessResult]


@pytest.fixture
def run_check(tmp_path: Path, data_dir: Path, lake: Lake, warehouse: Warehouse) -> RunCheck:
    """Materialise a table that is already there, and run its check on some days.

    Another asset is made of the table, so that one can see whether the check lets it.
    """
    assert lake.is_local
    resources = check_resources(tmp_path / "lake", str(warehouse.database), data_dir)

    def run(
        check: dg.AssetChecksDefinition, table: Table, *days: date
    ) -> dg.ExecuteInProcessResult:
        key = asset_key(table)
        daily = dg.DailyPartitionsDefinition(start_date="2022-01-01", timezone="UTC")

        @dg.asset(
            key=key,
            partitions_def=daily if days else None,
        )
        def there_already() -> dg.MaterializeResult[None]:
            return dg.MaterializeResult()

        @dg.asset(
            key="what_rests_on_it",
            deps=[key],
            partitions_def=daily if days else None,
        )
        def what_rests_on_it() -> dg.MaterializeResult[None]:
            return dg.MaterializeResult()

        tags = {}
        if len(days) == 1:
            tags["dagster/partition"] = str(days[0])
        elif days:
            tags["dagster/asset_partition_range_start"] = str(min(days))
            tags["dagster/asset_partition_range_end"] = str(max(days))
        return dg.materialize(
            [there_already, what_rests_on_it, check],
            resources=resources,
            raise_on_error=False,
            tags=tags,
        )

    return run
