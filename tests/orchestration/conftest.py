"""A month of the sandbox world, materialised once for all tests that look at it."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from orchestration.runs import Runner, dagster_instance
from orchestration.settings import Settings, load_settings
from resources.lake import Lake
from resources.warehouse import Warehouse
from sandbox.server import SandboxServer
from sandbox.world import World
from tests.orchestration import storages
from tests.orchestration.storages import storage_names

FIRST, LAST = date(2024, 11, 17), date(2024, 12, 16)
NOW = datetime(2024, 12, 17, 2, tzinfo=UTC)
DAYS = [FIRST + timedelta(days=n) for n in range(30)]
SUNDAYS = [day for day in DAYS if day.isoweekday() == 7]
SCOPES = {
    "tracked",
    "panel",
    "origin_cn",
    "origin_us",
    "origin_other",
    "layer_model",
    "layer_training",
    "layer_inference",
    "layer_application",
}
GROUPINGS = {"apart", "cn_hk_mo_tw"}
EVENT_GROUPS = {"contribution", "participation", "attention", "other", "any"}
PERIODS = {"day", "week", "28d"}
#: The plainest cell: a day's figures of tracked repositories, every economy apart.
PLAIN = "period = 'day' AND scope = 'tracked' AND grouping = 'apart'"


def sandbox_settings(server: SandboxServer, data: Path, **others: str) -> Settings:
    """Settings for a sandbox that runs in this process, at the clock of its month."""
    names = {
        "OBSERVATORY_SANDBOX_URL": server.url,
        "OBSERVATORY_DATA": str(data),
        "OBSERVATORY_NOW": NOW.isoformat(),
        "OBSERVATORY_ALERT_MAX_AGE_DAYS": "40",
        "OBSERVATORY_RETRY_ATTEMPTS": "2",
        **storage_names(data),
        **others,
    }
    return load_settings(names)


@dataclass
class Month:
    """The world, its server, and what the platform made of it."""

    world: World
    server: SandboxServer
    settings: Settings
    instance: dg.DagsterInstance
    runner: Runner
    run_ids: list[str]

    @property
    def lake(self) -> Lake:
        return Lake(str(self.settings.data / "lake"))

    @property
    def warehouse(self) -> Warehouse:
        return Warehouse(str(self.settings.warehouse))


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    """A Dagster instance that is gone with the test."""
    with storages.scratch_instance() as instance:
        yield instance


@pytest.fixture(scope="session", autouse=True)
def _session_storage() -> Iterator[None]:
    with storages.session:
        yield


@pytest.fixture(scope="session")
def month(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Month]:
    """Thirty days in three runs, through the real clients over HTTP."""
    logging.getLogger("dagster").setLevel(logging.WARNING)
    world = World(seed=1)
    with SandboxServer(world, clock=lambda: NOW) as server:
        settings = sandbox_settings(server, tmp_path_factory.mktemp("month"))
        with dagster_instance(settings) as instance:
            runner = Runner(settings, instance)
            runner.reference()
            assert runner.polls(FIRST) == ""
            assert runner.hub_snapshots(NOW.date(), NOW.date()) == ""
            assert list(runner.hub_days(FIRST, NOW.date())) == [""]
            results = list(runner.range(FIRST, LAST, 10))
            assert [each.error for each in results] == ["", "", ""]
            run_ids = [each.run_id for each in results]
            yield Month(world, server, settings, instance, runner, run_ids)


@pytest.fixture(scope="session")
def small_server() -> Iterator[SandboxServer]:
    """A smaller world, for tests that run the pipeline more than once."""
    with SandboxServer(World(seed=3, developers=300)) as server:
        yield server


@pytest.fixture
def small_settings(small_server: SandboxServer, tmp_path: Path) -> Settings:
    """Settings for the smaller world, with a data folder of their own."""
    return sandbox_settings(small_server, tmp_path / "data")
