"""A backfill on a cluster ends with the rows of a local one, whatever dies in the middle."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from sandbox.server import SandboxServer
from tests.conftest import ROOT
from tests.loopback_cluster import LoopbackCluster, loopback_cluster
from tests.orchestration.test_crash import environment, tables

DAYS = ("2024-11-24", "2024-11-27")
#: The first day's files are scanned, and other days are begun.
IN_THE_SCAN = "(1 of 4 days), gharchive"


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[LoopbackCluster]:
    with loopback_cluster(tmp_path / "cluster") as found:
        yield found


def backfill(
    server: SandboxServer,
    data: Path,
    engine: str,
    at: str = "",
    then: Callable[[], object] = lambda: None,
) -> tuple[int, str]:
    """Run the command, and `then` when its output first holds `at`: exit code and output."""
    process = subprocess.Popen(
        [sys.executable, "-m", "orchestration.cli", "backfill", *DAYS],
        cwd=ROOT,
        env={**environment(server, data), "OBSERVATORY_ENGINE": engine},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    lines: list[str] = []
    waiting = bool(at)
    with process.stdout as output:
        for line in output:
            lines.append(line)
            if waiting and at in line:
                waiting = False
                then()
    assert not waiting, "".join(lines)
    return process.wait(), "".join(lines)


@pytest.fixture(scope="module")
def local(
    small_server: SandboxServer, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, pa.Table]:
    data = tmp_path_factory.mktemp("local")
    code, output = backfill(small_server, data, "local")
    assert code == 0, output
    return tables(data)


def assert_same(data: Path, local: dict[str, pa.Table]) -> None:
    made = tables(data)
    assert local["core.actor_days"].num_rows > 50
    for name, rows in local.items():
        assert made[name] == rows, name


def test_a_worker_killed_in_the_middle_changes_no_row(
    small_server: SandboxServer,
    local: dict[str, pa.Table],
    cluster: LoopbackCluster,
    tmp_path: Path,
) -> None:
    def kill_one() -> None:
        cluster.kill(next(iter(cluster.workers.values())))

    code, output = backfill(small_server, tmp_path, cluster.address, IN_THE_SCAN, kill_one)
    assert code == 0, output
    assert "Dask, 2 workers, 2 days at a time; http://127.0.0.1:" in output
    assert_same(tmp_path, local)
    handed = tmp_path / "lake" / "handed"
    assert [path.name for path in handed.rglob("*") if path.is_file()] == []


def test_a_scheduler_started_again_is_gone_on_with(
    small_server: SandboxServer,
    local: dict[str, pa.Table],
    cluster: LoopbackCluster,
    tmp_path: Path,
) -> None:
    def restart() -> None:
        cluster.kill_scheduler()
        cluster.start_scheduler()
        cluster.start_worker()

    code, output = backfill(small_server, tmp_path, cluster.address, IN_THE_SCAN, restart)
    assert code == 0, output
    assert "the Dask cluster was lost" in output
    assert_same(tmp_path, local)


def test_processes_of_the_run_s_own_change_no_row(
    small_server: SandboxServer, local: dict[str, pa.Table], tmp_path: Path
) -> None:
    code, output = backfill(small_server, tmp_path, "dask:2")
    assert code == 0, output
    assert_same(tmp_path, local)
