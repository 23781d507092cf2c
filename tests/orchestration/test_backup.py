"""A backup, also one taken while runs write, restores to what was there, or is refused whole."""

import errno
import fcntl
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import dagster as dg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from orchestration.backup import backups, make_backup
from orchestration.manifest import BackupError, BackupFile, faults, read_manifest
from orchestration.production import backup
from orchestration.restore import restore
from orchestration.runs import Runner, dagster_instance
from orchestration.settings import Secret, Settings, load_settings
from resources.lake import Lake
from resources.warehouse import Warehouse
from sandbox.server import SandboxServer
from tests.conftest import ROOT
from tests.orchestration.conftest import sandbox_settings
from tests.orchestration.postgres import PASSWORD
from tests.orchestration.storages import server

NOW = datetime(2026, 11, 27, 1, tzinfo=UTC)
FIRST, LAST = date(2024, 11, 26), date(2024, 11, 27)
TABLES = ("mart.engagement", "core.events", "raw.archive_hours", "core.actor_country", "ops.alerts")
MADE = dg.AssetKey(["mart", "engagement"])

#: Counts up in the store and then, in one transaction, in two tables, until it is ended.
WRITER = """
import sys
from pathlib import Path
import pyarrow as pa
from resources.lake import Lake
from resources.warehouse import Warehouse
lake, house = Lake(sys.argv[1] + "/lake"), Warehouse(sys.argv[1] + "/warehouse.duckdb")
house.ensure(["CREATE TABLE a (n INTEGER)", "CREATE TABLE b (n INTEGER)"])
n = 0
while True:
    n += 1
    for day in ("2024-01-01", "2024-01-02", "2024-01-03"):
        lake.write("raw.counted", day, pa.table({"n": [n] * 20000, "day": [day] * 20000}))
    with house.transaction() as connection:
        connection.execute("INSERT INTO a VALUES (?)", [n])
        connection.execute("INSERT INTO b VALUES (?)", [n])
    print(n, flush=True)
"""


@dataclass(frozen=True)
class Installation:
    """One with two days made, and a backup of it."""

    settings: Settings
    backup: Path
    materialized: set[str]
    run_count: int


def names_for(storage: str, name: str) -> dict[str, str]:
    return {"OBSERVATORY_DAGSTER_STORAGE": server().database(name) if storage == "postgres" else ""}


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def made(
    request: pytest.FixtureRequest,
    small_server: SandboxServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Installation:
    folder = tmp_path_factory.mktemp(f"backup-{request.param}")
    settings = sandbox_settings(
        small_server,
        folder / "data",
        OBSERVATORY_BACKUPS=str(folder / "backups"),
        **names_for(request.param, "backed_up"),
    )
    with dagster_instance(settings) as instance:
        runner = Runner(settings, instance)
        runner.reference()
        assert [each.error for each in runner.range(FIRST, LAST, 1)] == ["", ""]
        backup = make_backup(settings, NOW)
        return Installation(
            settings,
            backup,
            instance.get_materialized_partitions(MADE),
            instance.get_runs_count(),
        )


@pytest.fixture
def small(tmp_path: Path) -> Settings:
    """An installation with a warehouse, two Parquet files and Dagster's storage, no run."""
    settings = load_settings(
        {
            "OBSERVATORY_DATA": str(tmp_path / "data"),
            "OBSERVATORY_BACKUPS": str(tmp_path / "backups"),
            "OBSERVATORY_BACKUPS_KEPT": "2",
        }
    )
    lake = Lake(str(settings.data / "lake"))
    for day in ("2024-01-01", "2024-01-02"):
        lake.write("raw.things", day, pa.table({"day": [day]}))
        lake.approve("raw.things", day)
    Warehouse(str(settings.warehouse)).ensure(["CREATE TABLE t AS SELECT 7 AS n"])
    with dagster_instance(settings):
        pass
    return settings


def rows(settings: Settings, table: str) -> pa.Table:
    house = Warehouse(str(settings.warehouse))
    return house.query(f"SELECT * FROM {table} ORDER BY ALL")  # noqa: S608


def everything(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_restored_installation_has_the_same_rows_runs_and_days_and_goes_on(
    made: Installation, small_server: SandboxServer, tmp_path: Path
) -> None:
    storage = "postgres" if made.settings.dagster_storage.value else "sqlite"
    settings = sandbox_settings(
        small_server, tmp_path / "elsewhere", **names_for(storage, "restored")
    )
    assert restore(settings, made.backup) is None
    wanted = {table: rows(made.settings, table) for table in TABLES}
    # The views read the restored files, not those of where the backup was made.
    hidden = made.settings.data.with_name("hidden")
    made.settings.data.rename(hidden)
    try:
        for table in TABLES:
            assert rows(settings, table).equals(wanted[table]), table
    finally:
        hidden.rename(made.settings.data)
    lake = Lake(str(settings.data / "lake"))
    assert lake.is_approved("stage.engagement", str(LAST))
    assert (settings.data / "published" / "current" / "index.html").is_file()
    with dagster_instance(settings) as instance:
        assert instance.get_materialized_partitions(MADE) == made.materialized
        assert instance.get_runs_count() == made.run_count
        runner = Runner(settings, instance)
        assert [each.error for each in runner.range(LAST, LAST + timedelta(days=1), 1)] == ["", ""]
        assert len(instance.get_materialized_partitions(MADE)) == 3


def test_the_password_is_in_no_file_of_a_backup(made: Installation) -> None:
    held = everything(made.backup)
    assert len(held) > 50
    assert not any(PASSWORD.encode() in data or b"pw%3A" in data for data in held.values())


def test_runs_in_a_folder_or_database_are_replaced_only_where_it_is_asked(
    made: Installation, tmp_path: Path
) -> None:
    settings, holder = made.settings, "holds data"
    if settings.dagster_storage.value:
        settings, holder = replace(settings, data=tmp_path / "elsewhere"), "holds runs"
    with pytest.raises(BackupError, match=f"{holder}; .* give REPLACE=1"):
        restore(settings, made.backup)
    with dagster_instance(settings) as instance:
        assert instance.get_runs_count() == made.run_count
        for run in instance.get_runs():
            instance.delete_run(run.run_id)
    restore(settings, made.backup, replaces=True)
    with dagster_instance(settings) as instance:
        assert instance.get_runs_count() == made.run_count
        assert instance.get_materialized_partitions(MADE) == made.materialized


@contextmanager
def writer(data: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(data)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "1\n"
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_a_backup_taken_while_a_process_writes_is_consistent(tmp_path: Path) -> None:
    settings = load_settings(
        {
            "OBSERVATORY_DATA": str(tmp_path / "data"),
            "OBSERVATORY_BACKUPS": str(tmp_path / "backups"),
            "OBSERVATORY_BACKUPS_KEPT": "10",
        }
    )
    with writer(settings.data) as process:
        assert process.stdout is not None
        for number in range(6):
            made = make_backup(settings, NOW + timedelta(seconds=number))
            # The writer has gone on since: the backup was not of a standstill.
            process.stdout.readline()
            assert faults(made, read_manifest(made)) == []
            whole = Warehouse(str(shutil.copy(made / "warehouse.duckdb", tmp_path / f"{number}")))
            assert whole.query("SELECT * FROM a EXCEPT SELECT * FROM b").num_rows == 0
            (newest,) = whole.query("SELECT max(n) AS n FROM b")["n"].to_pylist()
            for day in ("2024-01-01", "2024-01-02", "2024-01-03"):
                held = pq.read_table(made / "lake" / "raw" / "counted" / f"{day}.parquet")
                assert held.num_rows == 20000
                (n,) = set(held["n"].to_pylist())
                # The store is copied after the warehouse: it never lacks what that has.
                assert n >= newest


def a_byte(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def replaced_by_a_link(path: Path) -> None:
    path.rename(path.with_name("other"))
    path.symlink_to("other")


@pytest.mark.parametrize(
    ("damage", "said", "name"),
    [
        (a_byte, "other contents", "warehouse.duckdb"),
        (a_byte, "other contents", "dagster/history/runs/index.db"),
        (truncated, r"\d+ bytes instead of \d+", "lake/raw/things/2024-01-02.parquet"),
        (Path.unlink, "missing", "lake/approved/raw/things/2024-01-02.sha256"),
        (replaced_by_a_link, "missing", "dagster/history/runs.db"),
    ],
    ids=["a byte", "a byte of Dagster's", "truncated", "removed", "a link"],
)
def test_a_damaged_backup_is_refused_by_the_file_and_changes_nothing(
    small: Settings, tmp_path: Path, damage: Callable[[Path], None], said: str, name: str
) -> None:
    made = make_backup(small, NOW)
    before = everything(small.data)
    damage(made / name)
    with pytest.raises(BackupError, match=f"damaged, 1 of .* files: {name}: {said}"):
        restore(small, made, replaces=True)
    fresh = replace(small, data=tmp_path / "fresh")
    with pytest.raises(BackupError, match="nothing was restored"):
        restore(fresh, made)
    assert everything(small.data) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["backups", "data"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text[: len(text) // 2], "is damaged"),
        (lambda _: "[]", "is damaged"),
        (lambda text: text.replace('"format": 1', '"format": 9'), "format 9"),
        (lambda text: text.replace('"warehouse.duckdb"', '"../warehouse.duckdb"'), "outside"),
        (lambda text: text.replace('"warehouse.duckdb"', '"/etc/passwd"'), "outside"),
        (lambda text: text.replace("2024-01-01.parquet", "2024-01-02.parquet"), "twice"),
    ],
)
def test_a_manifest_that_is_damaged_or_leads_outside_is_refused(
    small: Settings, tmp_path: Path, change: Callable[[str], str], said: str
) -> None:
    made = make_backup(small, NOW)
    path = made / "manifest.json"
    path.write_text(change(path.read_text()))
    with pytest.raises(BackupError, match=said):
        restore(replace(small, data=tmp_path / "fresh"), made)
    assert not (tmp_path / "fresh").exists()


def test_data_that_are_there_are_replaced_only_where_it_is_asked_and_are_laid_aside(
    small: Settings,
) -> None:
    made = make_backup(small, NOW)
    house = Warehouse(str(small.warehouse))
    house.ensure(["UPDATE t SET n = 8"])
    with pytest.raises(BackupError, match=r"holds data; .* give REPLACE=1"):
        restore(small, made)
    assert house.query("SELECT n FROM t")["n"].to_pylist() == [8]
    aside = restore(small, made, replaces=True, now=NOW)
    assert house.query("SELECT n FROM t")["n"].to_pylist() == [7]
    assert aside == small.data.with_name("data.before-20261127T010000Z")
    kept = Warehouse(str(aside / "warehouse.duckdb"))
    assert kept.query("SELECT n FROM t")["n"].to_pylist() == [8]


def test_a_backup_of_another_world_storage_or_folder_is_refused(
    small: Settings, tmp_path: Path
) -> None:
    made = make_backup(small, NOW)
    fresh = replace(small, data=tmp_path / "fresh")
    with pytest.raises(BackupError, match="of the world sandbox, and OBSERVATORY_UPSTREAM is live"):
        restore(replace(fresh, upstream="live"), made)
    on_server = replace(fresh, dagster_storage=Secret("postgresql://u:pw@127.0.0.1:1/d"))
    with pytest.raises(BackupError, match=r"of sqlite, .* unset OBSERVATORY_DAGSTER_STORAGE"):
        restore(on_server, made)
    with pytest.raises(BackupError, match="is no backup"):
        restore(fresh, small.data)
    with pytest.raises(BackupError, match="OBSERVATORY_BACKUPS lies in OBSERVATORY_DATA"):
        make_backup(replace(small, backups=small.data / "backups"))


def test_what_has_not_changed_is_linked_and_the_oldest_backups_go(small: Settings) -> None:
    def inode(folder: Path, day: str) -> int:
        return (folder / "lake" / "raw" / "things" / f"{day}.parquet").stat().st_ino

    first = make_backup(small, NOW)
    Lake(str(small.data / "lake")).write("raw.things", "2024-01-02", pa.table({"day": ["new"]}))
    Warehouse(str(small.warehouse)).ensure(["UPDATE t SET n = 9"])
    second = make_backup(small, NOW + timedelta(hours=1))
    assert inode(first, "2024-01-01") == inode(second, "2024-01-01")
    assert inode(first, "2024-01-02") != inode(second, "2024-01-02")
    # Nothing of a backup is a link to what the platform changes.
    live = small.data / "lake" / "raw" / "things" / "2024-01-01.parquet"
    assert live.stat().st_ino != inode(first, "2024-01-01")
    third = make_backup(small, NOW + timedelta(hours=2))
    assert backups(small.backups) == [second, third]
    restore(small, third, replaces=True)
    assert rows(small, "t")["n"].to_pylist() == [9]
    held = Lake(str(small.data / "lake")).read("raw.things", "2024-01-02")
    assert held is not None
    assert held["day"].to_pylist() == ["new"]


@contextmanager
def read_by(process: subprocess.Popen[bytes], gate: Path) -> Iterator[None]:
    """Hold the writing end of a pipe once a process has begun to read it."""
    while True:
        assert process.poll() is None, "it ended before it came to the pipe"
        try:
            end = os.open(gate, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
            time.sleep(0.01)
        else:
            break
    try:
        yield
    finally:
        os.close(end)


def test_a_backup_killed_while_it_copies_leaves_the_one_before_and_frees_the_next(
    small: Settings,
) -> None:
    first = make_backup(small, NOW)
    # Whoever reads this waits for its writer: so it is known where the process is.
    gate = small.data / "lake" / "raw" / "things" / "2024-01-01.gate"
    os.mkfifo(gate)
    environment = {
        **os.environ,
        "OBSERVATORY_DATA": str(small.data),
        "OBSERVATORY_BACKUPS": str(small.backups),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "orchestration.production", "backup"], cwd=ROOT, env=environment
    )
    with read_by(process, gate):
        assert (small.backups / ".unfinished" / "warehouse.duckdb").exists()
        process.kill()
        process.wait()
    gate.unlink()
    assert backups(small.backups) == [first]
    second = make_backup(small, NOW + timedelta(hours=1))
    assert faults(second, read_manifest(second)) == []
    assert not (small.backups / ".unfinished").exists()


def test_two_backups_at_once_are_refused(small: Settings) -> None:
    small.backups.mkdir()
    with (small.backups / ".lock").open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(BackupError, match="another backup"):
            make_backup(small, NOW)
    make_backup(small, NOW)


def test_files_stay_as_they_are_where_the_database_refuses(small: Settings) -> None:
    made = make_backup(small, NOW)
    (made / "dagster.dump").write_bytes(b"")
    manifest = read_manifest(made)
    empty = BackupFile("dagster.dump", 0, sha256(b"").hexdigest(), 0)
    replace(manifest, storage="postgres", files=(*manifest.files, empty)).write(made)
    before = everything(small.data)
    away = replace(small, dagster_storage=Secret("postgresql://u:planted-pw@127.0.0.1:1/d"))
    with pytest.raises(BackupError, match="pg_restore: ") as raised:
        restore(away, made, replaces=True)
    assert "planted-pw" not in str(raised.value)
    assert everything(small.data) == before
    assert [path.name for path in small.data.parent.iterdir() if "data" in path.name] == ["data"]


def test_a_backup_that_cannot_be_written_is_said_and_leaves_nothing(small: Settings) -> None:
    (small.data / "dagster" / "odd.db").write_bytes(b"no database, whatever its name says" * 99)
    with pytest.raises(BackupError, match=r"no backup was made in .*: file is not a database"):
        make_backup(small, NOW)
    assert [path.name for path in small.backups.iterdir()] == [".lock"]


def test_a_run_that_went_on_at_the_backup_is_ended_by_the_restore(
    small: Settings, tmp_path: Path
) -> None:
    @dg.op
    def nothing() -> None:
        pass

    @dg.job
    def work() -> None:
        nothing()

    with dagster_instance(small) as instance:
        statuses = dg.DagsterRunStatus
        going = instance.create_run_for_job(work, status=statuses.STARTED)
        ended = instance.create_run_for_job(work, status=statuses.SUCCESS)
        made = make_backup(small, NOW)
    fresh = replace(small, data=tmp_path / "fresh")
    restore(fresh, made)
    with dagster_instance(fresh) as instance:
        found = {run.run_id: run.status for run in instance.get_runs()}
    assert found == {going.run_id: statuses.FAILURE, ended.run_id: statuses.SUCCESS}


def test_the_manifest_says_where_it_is_from_and_with_what_it_was_made(small: Settings) -> None:
    manifest = read_manifest(make_backup(small, NOW))
    assert (manifest.made_at, manifest.world) == ("2026-11-27T01:00:00+00:00", "sandbox")
    assert {"python", "platform", "dagster", "duckdb"} <= set(manifest.versions)
    found = json.loads((small.backups / "20261127T010000Z" / "manifest.json").read_text())
    assert {"path", "size", "sha256"} <= set(found["files"][0])


@pytest.mark.parametrize("lake", ["elsewhere", "s3://bucket/lake"])
def test_parquet_that_lies_elsewhere_is_said_to_be_missing(
    small: Settings, tmp_path: Path, lake: str, capsys: pytest.CaptureFixture[str]
) -> None:
    place = lake if "://" in lake else str(tmp_path / lake)
    assert backup(replace(small, lake=place)) == 0
    (made,) = backups(small.backups)
    assert read_manifest(made).lake == place
    assert f"NOT in it: the Parquet tables, in {place}" in capsys.readouterr().err


def test_parquet_in_the_data_folder_is_in_the_backup(
    small: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert backup(small) == 0
    (made,) = backups(small.backups)
    assert read_manifest(made).lake == ""
    assert any(each.path.startswith("lake/") for each in read_manifest(made).files)
    assert capsys.readouterr().err == ""
