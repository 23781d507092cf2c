"""A backfill and a daily run that begin at the same moment neither fail nor lose or double rows."""

import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest

from orchestration.processes import free_port
from orchestration.runs import Runner, dagster_instance
from orchestration.settings import load_settings
from sandbox.server import SandboxServer
from sandbox.world import World
from tests.conftest import ROOT
from tests.orchestration.test_crash import environment, tables
from tests.orchestration.tries import tries

# Neither looks back on the other: commits are looked back on for a year.
FIRST, LAST, DAILY = date(2023, 10, 3), date(2023, 10, 4), date(2024, 11, 28)
BACKFILL = [sys.executable, "-m", "orchestration.cli", "backfill", str(FIRST), str(LAST)]
#: As the daemon's run worker does it.
DAY = [
    sys.executable, "-m", "dagster", "job", "execute", "-f", "orchestration/definitions.py",
    "-d", str(ROOT), "-j", "daily", "--tags", f'{{"dagster/partition": "{DAILY}"}}',
]  # fmt: skip


def started(command: list[str], server: SandboxServer, data: Path) -> subprocess.Popen[str]:
    home = str(data / "dagster")
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env={**environment(server, data), "DAGSTER_HOME": home},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def prepared(server: SandboxServer, data: Path) -> Path:
    """An installation with reference tables."""
    given = {"OBSERVATORY_SANDBOX_URL": server.url, "OBSERVATORY_DATA": str(data)}
    settings = load_settings({**os.environ, **given})
    with dagster_instance(settings) as instance:
        Runner(settings, instance).reference()
    return data


def serving(port: int) -> SandboxServer:
    """The smaller world at one address, with an hour's calls of its own."""
    return SandboxServer(World(seed=3, developers=300), port=port)


@pytest.fixture(scope="module")
def port() -> int:
    """What is stored names the address that it came from."""
    return free_port()


@pytest.fixture(scope="module")
def apart(port: int, tmp_path_factory: pytest.TempPathFactory) -> dict[str, pa.Table]:
    """The rows of one after the other."""
    with serving(port) as server:
        data = prepared(server, tmp_path_factory.mktemp("apart"))
        for command in (BACKFILL, DAY):
            with started(command, server, data) as process:
                said, _ = process.communicate()
            assert process.returncode == 0, said
    found = tables(data)
    assert {str(day) for day in found["core.events"]["event_date"].unique().to_pylist()} == {
        str(FIRST),
        str(LAST),
        str(DAILY),
    }
    return found


@pytest.mark.parametrize("number", range(tries(1)))
def test_together_they_end_with_the_rows_of_one_after_the_other(
    port: int, apart: dict[str, pa.Table], tmp_path: Path, number: int
) -> None:
    with serving(port) as server:
        data = prepared(server, tmp_path)
        both = [started(command, server, data) for command in (BACKFILL, DAY)]
        for process in both:
            said, _ = process.communicate()
            assert process.returncode == 0, said
            assert "WarehouseBusyError" not in said
            assert "database is locked" not in said
    found = tables(data)
    for name, rows in apart.items():
        assert found[name] == rows, (number, name)
