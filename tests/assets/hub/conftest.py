"""A sandbox's Hub behind its limits, a clock that moves only when told, and a folder for it all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from assets.declare import Plan, asset_key, prepare
from assets.hub import tables
from assets.hub.assets import build
from assets.reference import tables as reference_tables
from assets.reference.loader import load_reference
from assets.reference.rows import reference_rows
from assets.tables import Table
from resources.hub import HubResource
from resources.lake import Lake, LakeResource
from resources.platform import Platform
from resources.warehouse import Warehouse, WarehouseResource
from sandbox.exchange import Request, Response
from sandbox.hub import HubPaths
from sandbox.hub_limits import HubLimits
from sandbox.server import SandboxServer
from sandbox.world import World
from tests.assets.polls.conftest import Clock
from tests.conftest import ROOT, without_proxies

FIRST = datetime(2024, 11, 24, 2, tzinfo=UTC)
REFERENCE = ROOT / "assets" / "reference"
SANDBOX_AUTHORS = ROOT / "sandbox" / "hub_authors.csv"


@dataclass(frozen=True)
class Call:
    """A call as the Hub saw it."""

    at: datetime
    what: tuple[tuple[str, str], ...]
    status: int


@dataclass
class WatchedHub(SandboxServer):
    """A sandbox that logs the Hub's calls by its own clock, with limits of a test's choice."""

    world: World
    clock: Clock
    limits: HubLimits = field(default_factory=HubLimits)
    most_a_page: int = 1_000
    on_call: Callable[[int], None] = lambda _count: None

    def __post_init__(self) -> None:
        super().__init__(self.world, clock=self.clock.now)
        self.calls: list[Call] = []
        self.hub = HubPaths(self.hub.models, self.clock.now, self.limits, self.most_a_page)

    def answer(self, request: Request) -> Response:
        response = super().answer(request)
        if request.path == "/api/models":
            kept = ("author", "filter", "cursor")
            what = tuple((name, value) for name, value in request.parameters if name in kept)
            self.calls.append(Call(self.clock.now(), what, response.status))
            self.on_call(len(self.calls))
        return response


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    without_proxies(monkeypatch)


@pytest.fixture(scope="session")
def world() -> World:
    return World(seed=1, developers=20)


@pytest.fixture
def clock() -> Clock:
    return Clock(FIRST)


@pytest.fixture
def hub(world: World, clock: Clock) -> Iterator[WatchedHub]:
    with WatchedHub(world, clock) as running:
        yield running


def load_authors(house: Warehouse, authors: Path = SANDBOX_AUTHORS) -> None:
    """Put the reference tables that the Hub's assets read into a warehouse."""
    rows = reference_rows(load_reference(REFERENCE, hub_authors=authors))
    for table in (
        reference_tables.HUB_AUTHORS,
        reference_tables.MODEL_FAMILIES,
        reference_tables.ECONOMIES,
    ):
        prepare(house, table)
        house.replace_all(table.qualified, rows[table])


@dataclass
class Place:
    """A data folder, and how to materialise the Hub's assets into it."""

    folder: Path
    base_url: str
    most_calls: int = 6_000

    @property
    def house(self) -> Warehouse:
        return Warehouse(str(self.folder / "warehouse.duckdb"))

    @property
    def lake(self) -> Lake:
        return Lake(str(self.folder / "lake"))

    def resources(self, now: datetime) -> dict[str, Any]:
        return {
            "hub": HubResource(
                base_url=self.base_url,
                token="hf_x",  # noqa: S106 - made up
                attempts=2,
                most_calls=self.most_calls,
            ),
            "lake": LakeResource(base_path=str(self.folder / "lake")),
            "warehouse": WarehouseResource(database=str(self.folder / "warehouse.duckdb")),
            "platform": Platform(
                world="sandbox",
                data_dir=str(self.folder),
                reference_dir="",
                tracked_repositories="",
                rules="",
                fixed_now=now.isoformat(),
            ),
        }

    def run(
        self, table: Table, now: datetime, first: date | None = None, last: date | None = None
    ) -> dict[str, Any]:
        """Materialise the asset that makes a table, for today or some days; its metadata.

        Raises:
            Exception: what the asset raised.
        """
        plan = Plan(dg.DailyPartitionsDefinition(start_date="2022-01-01", end_offset=1))
        asset = next(each for each in build(plan) if asset_key(table) in each.keys)
        last = last or now.date()
        result = dg.materialize(
            [asset],
            resources=self.resources(now),
            tags={
                "dagster/asset_partition_range_start": str(first or last),
                "dagster/asset_partition_range_end": str(last),
            },
        )
        for event in result.get_asset_materialization_events():
            if event.asset_key == asset_key(table):
                metadata = event.materialization.metadata
                return {name: value.value for name, value in metadata.items()}
        raise AssertionError(f"{table.qualified} was not materialised")

    def derive(self, now: datetime, first: date | None = None) -> None:
        """Lineage and marts of some days up to today, the check of the lineage taken as passed."""
        self.run(tables.HUB_LINEAGE, now, first)
        for name in self.lake.partitions(tables.HUB_LINEAGE.qualified):
            self.lake.approve(tables.HUB_LINEAGE.qualified, name)
        self.run(tables.DIFFUSION_HUB, now, first)

    def rows(self, table: Table) -> list[dict[str, Any]]:
        if self.lake.has(table.qualified):
            names = self.lake.partitions(table.qualified)
            rows: list[dict[str, Any]] = self.lake.read_all(
                table.qualified, names, table.arrow_schema
            ).to_pylist()
            return rows
        found: list[dict[str, Any]] = self.house.query(
            f"FROM {table.qualified} ORDER BY ALL"
        ).to_pylist()
        return found


@pytest.fixture
def place(tmp_path: Path, hub: WatchedHub) -> Place:
    made = Place(tmp_path, hub.url)
    load_authors(made.house)
    return made
