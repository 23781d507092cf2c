"""A backfill on a cluster ends with the rows of a local one, whatever dies in the middle."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import fsspec
import pyarrow as pa
import pytest

from resources.lake import Lake
from resources.warehouse import Warehouse
from sandbox.server import SandboxServer
from tests.conftest import ROOT
from tests.loopback_cluster import LoopbackCluster, loopback_cluster
from tests.orchestration.test_crash import environment, tables
from tests.s3_server import s3_server

pytestmark = pytest.mark.skipif(
    not os.environ.get("TEST_CLUSTER"), reason="minutes: run by make test-cluster"
)
DAYS = ("2024-11-24", "2024-11-27")
#: The first day's files are scanned, and other days are begun.
IN_THE_SCAN = "(1 of 4 days), gharchive"
#: Times of asking differ between any two runs; nothing else may.
_TIMES = frozenset({"fetched_at", "observed_at", "asked_at"})


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
    **others: str,
) -> tuple[int, str]:
    """Run the command, and `then` when its output first holds `at`: exit code and output.

    `others` are settings.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "orchestration.cli", "backfill", *DAYS],
        cwd=ROOT,
        env={**environment(server, data), "OBSERVATORY_ENGINE": engine, **others},
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
def local(small_server: SandboxServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of a local run."""
    data = tmp_path_factory.mktemp("local")
    code, output = backfill(small_server, data, "local")
    assert code == 0, output
    return data


def assert_same(data: Path, local: Path) -> None:
    made, wanted = tables(data), tables(local)
    assert wanted["core.actor_days"].num_rows > 50
    for name, rows in wanted.items():
        assert made[name] == rows, name


def test_a_worker_killed_in_the_middle_changes_no_row(
    small_server: SandboxServer,
    local: Path,
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
    local: Path,
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
    small_server: SandboxServer, local: Path, tmp_path: Path
) -> None:
    code, output = backfill(small_server, tmp_path, "dask:2")
    assert code == 0, output
    assert_same(tmp_path, local)


def files(lake: Lake) -> dict[str, pa.Table]:
    """Rows by path in the lake, without the times of asking, which differ between any two runs.

    Polls are left out: what they see is of the moment.
    """
    fs, root = fsspec.core.url_to_fs(lake.base_path, use_listings_cache=False)
    found = {}
    for path in sorted(fs.find(root)):
        name = str(path).removeprefix(root).lstrip("/")
        if not name.endswith(".parquet") or name.startswith("raw/repository_events/"):
            continue
        *folders, partition = name.removesuffix(".parquet").split("/")
        rows = lake.read(".".join(folders[:2]), partition, "/".join(folders[2:]) or None)
        assert rows is not None
        kept = [each for each in rows.column_names if each not in _TIMES]
        found[name] = rows.select(kept)
    return found


def test_a_lake_in_an_object_store_holds_the_same_files_and_gives_the_same_figures(
    small_server: SandboxServer, local: Path, tmp_path: Path
) -> None:
    """No reader needs a view over the files: the warehouse of this run has none."""
    with s3_server() as bucket:
        code, output = backfill(
            small_server, tmp_path, "dask:2", OBSERVATORY_LAKE=f"{bucket}/observatory"
        )
        assert code == 0, output
        made = files(Lake(f"{bucket}/observatory"))
    wanted = files(Lake(str(local / "lake")))
    assert list(made) == list(wanted)
    for name, rows in wanted.items():
        assert made[name] == rows, name
    here, there = (
        Warehouse(str(local / "warehouse.duckdb")),
        Warehouse(str(tmp_path / "warehouse.duckdb")),
    )
    for name in ("mart.engagement", "mart.concentration", "mart.country_activity"):
        query = f"SELECT * FROM {name} ORDER BY ALL"  # noqa: S608
        assert there.query(query) == here.query(query), name
    views = "SELECT table_name FROM information_schema.tables WHERE table_type = 'VIEW'"
    assert here.query(views).num_rows > 5
    assert there.query(views).num_rows == 0
    assert not (tmp_path / "lake").exists()
    assert "planted-secret" not in output
