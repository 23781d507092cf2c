"""A day's work with planted secrets, failures and crashes writes none of their bytes anywhere."""

import gzip
import os
import signal
import sqlite3
import subprocess
import sys
import zlib
from pathlib import Path
from urllib.parse import quote_plus

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from orchestration.settings import SECRET_NAMES
from sandbox import uspto
from sandbox.server import SandboxServer
from sandbox.trouble import Trouble
from sandbox.world import World
from tests.conftest import ROOT
from tests.orchestration.storages import storage_names
from tests.written_bytes import forms, places

#: By setting; those of addresses are what of them is the secret.
PLANTED = {
    "OBSERVATORY_GITHUB_TOKEN": "ghp_planted+github/3f9a=",
    "OBSERVATORY_OPENALEX_KEY": "planted+openalex/8c1d==",
    "OBSERVATORY_USPTO_KEY": "planted+uspto/77e0&x=",
    "OBSERVATORY_HASH_KEY": "planted hash/key+b52c 100%",
    "OBSERVATORY_HUB_TOKEN": "hf_planted+hub/e41b=",
    "OBSERVATORY_SLACK_TOKEN": "xoxb-planted+slack/90d7=",
    "OBSERVATORY_SLACK_WEBHOOK_URL": "planted-webhook-5ab3e8d1",
    "OBSERVATORY_HEARTBEAT_URL": "planted-heartbeat-c60f24b7",
    "AWS_SECRET_ACCESS_KEY": "planted+aws/d8f1e2a3b4c5",
}
SECOND_GITHUB_TOKEN = "ghp_planted+second/1b7e="  # noqa: S105
TROUBLES = (
    Trouble("/graphql", status=500),
    Trouble("/graphql", kind="reset"),
    Trouble("/works", kind="reset"),
    Trouble("/works", status=403, body="<html>no</html>"),
    Trouble("/uspto/", kind="cut"),
    Trouble("/uspto/", status=500),
    Trouble("/api/models", status=401, times=3),
    Trouble("/api/chat.postMessage", kind="late"),
    Trouble("/api/auth.test", status=500),
    Trouble("/services/", status=500),
    Trouble("/heartbeat", kind="reset"),
)


def environment(server: SandboxServer, folder: Path) -> dict[str, str]:
    """Each secret planted, half of them as files; all that is written lies below `written`."""
    written = folder / "written"
    for name in ("home", "tmp"):
        (written / name).mkdir(parents=True)
    values = {
        **PLANTED,
        "OBSERVATORY_GITHUB_TOKEN": (
            f"{PLANTED['OBSERVATORY_GITHUB_TOKEN']},{SECOND_GITHUB_TOKEN}"
        ),
        "OBSERVATORY_SLACK_WEBHOOK_URL": (
            f"{server.url}/services/T1/B1/{PLANTED['OBSERVATORY_SLACK_WEBHOOK_URL']}"
        ),
        "OBSERVATORY_HEARTBEAT_URL": (
            f"{server.url}/heartbeat/{PLANTED['OBSERVATORY_HEARTBEAT_URL']}?create=1"
        ),
    }
    for name in sorted(values)[::2]:
        if name.startswith("OBSERVATORY_"):
            path = folder / name
            path.write_text(values.pop(name) + "\n")
            values[f"{name}_FILE"] = str(path)
    kept = {key: value for key, value in os.environ.items() if not key.startswith("OBSERVATORY_")}
    return {
        **kept,
        **values,
        "OBSERVATORY_SANDBOX_URL": server.url,
        "OBSERVATORY_DATA": str(written / "data"),
        "OBSERVATORY_BACKUPS": str(written / "backups"),
        "OBSERVATORY_RETRY_ATTEMPTS": "2",
        **storage_names(written / "data"),
        "HOME": str(written / "home"),
        "TMPDIR": str(written / "tmp"),
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
        "PYTHONFAULTHANDLER": "1",
    }


def run(given: dict[str, str], written: Path, name: str, *, kill_at: str = "") -> int:
    """Run the day's work, all its output kept; with `kill_at`, end it by SIGABRT at that text."""
    with (
        (written / name).open("w") as out,
        subprocess.Popen(
            [sys.executable, ROOT / "tests" / "orchestration" / "secret_path.py"],
            cwd=ROOT,
            env=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process,
    ):
        assert process.stdout is not None
        for line in process.stdout:
            out.write(line)
            if kill_at and kill_at in line:
                # As a crash in a library: Python's fault handler says where, the run is left.
                process.send_signal(signal.SIGABRT)
                kill_at = ""
        return process.wait()


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What two runs wrote: one that crashed in the middle, and one that went on to the end."""
    folder = tmp_path_factory.mktemp("planted")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(uspto, "KEY", PLANTED["OBSERVATORY_USPTO_KEY"])
        with SandboxServer(World(seed=3, developers=300)) as server:
            given = environment(server, folder)
            assert run(given, folder / "written", "crashed", kill_at="accounts active") == -6
            for trouble in TROUBLES:
                server.add_fault(trouble)
            assert run(given, folder / "written", "whole") == 1
            sent = server.slack_messages()
            asked = [(each.path, each.status) for each in server.requests()]
    assert sent
    # The secrets were used, or the test would show nothing.
    for prefix in ("/graphql", "/works", "/uspto/", "/api/models", "/services/", "/heartbeat"):
        assert any(path.startswith(prefix) for path, _ in asked), prefix
    assert not any(needle in str(sent) for needle in PLANTED.values())
    return folder / "written"


def test_every_secret_setting_is_planted() -> None:
    """The address of Dagster's database is planted in test_services.py, where there is one."""
    assert set(PLANTED) >= SECRET_NAMES - {"OBSERVATORY_DAGSTER_STORAGE"}
    assert len({*PLANTED.values(), SECOND_GITHUB_TOKEN}) == len(PLANTED) + 1


def test_the_day_s_work_was_done_with_its_failures(written: Path) -> None:
    said = (written / "whole").read_text()
    assert "('backfill', '2024-12-16', '2024-12-16'): 0" in said
    assert "careless: False" in said
    assert "heartbeat: " in said
    assert "webhook: Slack answered 500" in said
    assert "backup: 0" in said
    assert "RuntimeError: nobody catches [secret]" in said
    assert "invalid literal for int() with base 10: '[secret]'" in said
    assert "DEBUG:urllib3" in said
    assert "Fatal Python error: Aborted" in (written / "crashed").read_text()
    for name in ("data/dagster", "data/published", "data/great_expectations", "backups"):
        assert any((written / name).rglob("*")), name


def test_no_byte_that_was_written_is_of_a_secret(written: Path) -> None:
    assert places(written, {**PLANTED, "second token": SECOND_GITHUB_TOKEN}) == []


def test_what_dagster_keeps_of_a_failed_step_says_that_a_secret_was_taken_out(
    written: Path,
) -> None:
    """The step's error reached Dagster, its cause and log with it, without what was secret."""
    if storage_names(written):
        pytest.skip("on PostgreSQL the events are in no file here; test_services.py dumps them")
    assert places(written / "data" / "dagster", {"a": "a cause, [secret]"})
    assert places(written / "data" / "dagster", {"a": "refused: {'github_token': '[secret]"})


@pytest.mark.parametrize("form", forms("a+b/c=d e%f"))
def test_the_search_finds_a_text_wherever_and_however_it_is_written(
    form: str, tmp_path: Path
) -> None:
    token = "planted+text/in=any 100%"  # noqa: S105
    held = b"before it and " + forms(token)[form] + b" behind"
    (tmp_path / "plain").write_bytes(held)
    (tmp_path / "plain again").write_bytes(held)
    (tmp_path / "packed.gz").write_bytes(gzip.compress(held))
    text = held.decode()
    pq.write_table(pa.table({"t": [text]}), tmp_path / "t.parquet", compression="zstd")
    with duckdb.connect(tmp_path / "t.duckdb") as house:
        house.execute("CREATE TABLE t AS SELECT ? AS t FROM range(5000)", [text])
    with sqlite3.connect(tmp_path / "t.db") as base:
        base.execute("CREATE TABLE t (t)")
        base.execute("INSERT INTO t VALUES (?)", [zlib.compress(held)])
    base.close()
    found = " ".join(places(tmp_path, {"it": token}))
    for name in ("plain:", "inflated:", "t.parquet: rows", "main.t", "t.db: t, inflated"):
        assert name in found, name
    assert quote_plus(token) != token
