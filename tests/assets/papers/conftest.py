"""A sandbox whose catalogue is at a moment of the test's choice, and a place to ask it from."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from assets.declare import Plan
from assets.papers.assets import build
from assets.papers.tables import PAPERS
from orchestration.partitions import daily_partitions, monthly_partitions
from resources.lake import Lake, LakeResource
from resources.openalex import OpenAlexResource
from resources.platform import Platform
from resources.warehouse import Warehouse, WarehouseResource
from sandbox.exchange import Request, Response
from sandbox.openalex import OpenAlexPaths
from sandbox.openalex_limits import OpenAlexLimits
from sandbox.server import SandboxServer
from sandbox.world import World
from tests.conftest import ROOT, without_proxies

NOW = datetime(2024, 12, 17, 2, tzinfo=UTC)
KEY = "planted-secret"
FIRST_DAY = date(2022, 1, 1)


@dataclass(frozen=True)
class Call:
    """A call as the server saw it."""

    query: str
    status: int


@dataclass
class Catalogue(SandboxServer):
    """A sandbox that stands at `now`, with limits of a test's choice."""

    world: World
    now: datetime = NOW
    limits: OpenAlexLimits = field(default_factory=OpenAlexLimits)
    on_call: Callable[[int], None] = lambda _count: None

    def __post_init__(self) -> None:
        super().__init__(self.world, clock=lambda: self.now)
        self.openalex = OpenAlexPaths(self.world.seed, lambda: self.now, self.limits)
        self.calls: list[Call] = []
        self._counting = threading.Lock()

    def answer(self, request: Request) -> Response:
        response = super().answer(request)
        with self._counting:
            query = json.dumps(dict(request.query), sort_keys=True)
            self.calls.append(Call(f"{request.path} {query}", response.status))
            count = len(self.calls)
        self.on_call(count)
        return response

    def limit_to(self, credits_a_day: int) -> None:
        """Give every key so many credits a day from now on."""
        limits = OpenAlexLimits(credits_a_day=credits_a_day)
        self.openalex = OpenAlexPaths(self.world.seed, lambda: self.now, limits)


def plan() -> Plan:
    """Days and months since 2022."""
    return Plan(daily=daily_partitions(FIRST_DAY), monthly=monthly_partitions(FIRST_DAY))


def asset_of(name: str) -> dg.AssetsDefinition:
    """The definition that makes `schema/name`."""
    key = dg.AssetKey(name.split("/"))
    return next(each for each in build(plan()) if key in each.keys)


def resources(url: str, folder: Path, now: datetime, key: str = KEY) -> dict[str, Any]:
    """What the assets ask for by name."""
    return {
        "openalex": OpenAlexResource(
            api_url=url, key=key, credit_dir=str(folder / "openalex"), attempts=2
        ),
        "lake": LakeResource(base_path=str(folder / "lake")),
        "warehouse": WarehouseResource(database=str(folder / "warehouse.duckdb")),
        "platform": Platform(
            world="sandbox",
            data_dir=str(folder),
            reference_dir=str(ROOT / "assets" / "reference"),
            tracked_repositories="",
            rules="",
            fixed_now=now.isoformat(),
        ),
    }


@dataclass
class Place:
    """A data folder, and how to ask the catalogue into it."""

    folder: Path
    server: Catalogue

    def ask(self, *months: date, key: str = KEY) -> dg.ExecuteInProcessResult:
        """Materialise raw.papers of some months in a row; it may fail."""
        tags = {
            "dagster/asset_partition_range_start": str(min(months)),
            "dagster/asset_partition_range_end": str(max(months)),
        }
        definitions = dg.Definitions(
            assets=[asset_of("raw/papers")],
            jobs=[dg.define_asset_job("ask")],
            resources=resources(self.server.url, self.folder, self.server.now, key),
            executor=dg.in_process_executor,
        )
        job = definitions.resolve_job_def("ask")
        with dg.DagsterInstance.ephemeral() as instance:
            return job.execute_in_process(instance=instance, tags=tags, raise_on_error=False)

    def error_of(self, result: dg.ExecuteInProcessResult) -> str:
        """What a failed step says, its causes included."""
        for event in result.all_events:
            if event.is_step_failure:
                error = event.step_failure_data.error
                return error.to_string() if error else ""
        return ""

    @property
    def house(self) -> Warehouse:
        return Warehouse(str(self.folder / "warehouse.duckdb"))

    @property
    def lake(self) -> Lake:
        return Lake(str(self.folder / "lake"))

    def works(self, month: date) -> dict[str, dict[str, Any]]:
        """Rows of raw.papers of a month, by id."""
        rows = self.lake.read(PAPERS.qualified, str(month))
        return {row["work_id"]: row for row in rows.to_pylist()} if rows is not None else {}

    def askings(self) -> list[dict[str, Any]]:
        """Rows of ops.paper_askings, oldest first."""
        sql = "FROM ops.paper_askings ORDER BY asked_at, month_date"
        rows: list[dict[str, Any]] = self.house.query(sql).to_pylist()
        return rows


@pytest.fixture(scope="session")
def world() -> World:
    """The default world with a tenth of its people; its papers are those of every world."""
    return World(seed=1, developers=300)


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    without_proxies(monkeypatch)


@pytest.fixture
def server(world: World) -> Iterator[Catalogue]:
    with Catalogue(world) as running:
        yield running


@pytest.fixture
def place(tmp_path: Path, server: Catalogue) -> Place:
    return Place(tmp_path, server)
