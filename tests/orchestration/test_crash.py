"""A backfill killed in the middle and run again ends with the rows of an undisturbed one."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from resources.warehouse import Warehouse
from sandbox.server import SandboxServer
from tests.conftest import ROOT
from tests.orchestration.storages import storage_names

COMMAND = [sys.executable, "-m", "orchestration.cli", "backfill", "2024-11-26", "2024-11-28"]
# Times of asking differ between any two runs; nothing else may.
QUERIES = {
    "core.events": "SELECT * FROM core.events ORDER BY ALL",
    "raw.archive_events": "SELECT * FROM raw.archive_events ORDER BY ALL",
    "raw.archive_hours": "SELECT * EXCLUDE (fetched_at) FROM raw.archive_hours ORDER BY ALL",
    "raw.archive_totals": "SELECT * FROM raw.archive_totals ORDER BY ALL",
    "raw.actor_profiles": "SELECT * EXCLUDE (fetched_at) FROM raw.actor_profiles ORDER BY ALL",
    "raw.commit_authors": "SELECT * EXCLUDE (asked_at) FROM raw.commit_authors ORDER BY ALL",
    "core.actor_days": "SELECT * FROM core.actor_days ORDER BY ALL",
    "core.actor_evidence": (
        "SELECT * EXCLUDE (observed_at) FROM core.actor_evidence "
        "ORDER BY as_of_date, actor_id, kind"
    ),
    "core.actor_country": "SELECT * FROM core.actor_country ORDER BY as_of_date, actor_id",
    "core.attribution_model": (
        "SELECT * FROM core.attribution_model ORDER BY as_of_date, class_number"
    ),
    "mart.country_activity": "SELECT * FROM mart.country_activity ORDER BY ALL",
    "mart.engagement": "SELECT * FROM mart.engagement ORDER BY ALL",
    "mart.concentration": "SELECT * FROM mart.concentration ORDER BY ALL",
}


def environment(server: SandboxServer, data: Path) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("OBSERVATORY_")}
    return {
        **kept,
        "OBSERVATORY_SANDBOX_URL": server.url,
        "OBSERVATORY_DATA": str(data),
        **storage_names(data),
        "PYTHONUNBUFFERED": "1",
    }


def backfill(server: SandboxServer, data: Path, *, kill_at: str = "") -> int:
    """Run the command; with `kill_at`, kill it by SIGKILL when its output first holds that text."""
    process = subprocess.Popen(
        COMMAND,
        cwd=ROOT,
        env=environment(server, data),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    with process.stdout as output:
        for line in output:
            if kill_at and kill_at in line:
                process.send_signal(signal.SIGKILL)
                break
    return process.wait()


def tables(data: Path) -> dict[str, pa.Table]:
    house = Warehouse(str(data / "warehouse.duckdb"))
    return {name: house.query(sql) for name, sql in QUERIES.items()}


@pytest.fixture(scope="module")
def undisturbed(
    small_server: SandboxServer, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, pa.Table]:
    data = tmp_path_factory.mktemp("undisturbed")
    assert backfill(small_server, data) == 0
    return tables(data)


@pytest.mark.parametrize(
    "kill_at",
    ["2024-11-27 (2 of 3 days)", "accounts active"],
    ids=["in the middle of the scan", "before the profiles"],
)
def test_a_killed_backfill_run_again_ends_as_an_undisturbed_one(
    small_server: SandboxServer, undisturbed: dict[str, pa.Table], tmp_path: Path, kill_at: str
) -> None:
    assert backfill(small_server, tmp_path, kill_at=kill_at) == -signal.SIGKILL
    assert backfill(small_server, tmp_path) == 0
    again = tables(tmp_path)
    assert undisturbed["mart.engagement"].num_rows > 50
    for name, rows in undisturbed.items():
        assert again[name] == rows, name
