"""Damaged, full, read-only and busy storage: said with what to do, and mended by one command."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from orchestration.backup import make_backup
from orchestration.manifest import BackupError, read_manifest, require_whole
from orchestration.production import main
from orchestration.settings import load_settings
from resources.lake import DamagedPartitionError, Lake
from resources.warehouse import Warehouse, WarehouseBusyError, WarehouseDamagedError
from tests.faults.conftest import Note
from tests.faults.forked_work import DAYS, ROWS, numbers
from tests.faults.installation import Outcome, leftovers
from tests.faults.killing import Forks
from tests.faults.test_kills import NEW, OLD, backed_up, in_lake, in_warehouse
from tests.orchestration.tries import tries

NOW = datetime(2026, 11, 27, 1, tzinfo=UTC)
MANY = 40 if tries(0) else 3
#: Bytes that a process may take more, or write to one file: 4 KiB to 32 MiB.
LIMITS = [1 << power for power in (range(12, 26) if tries(0) else (12, 20, 22))]
#: Of a DuckDB file: three headers, and blocks.
HEADER_BYTES, BLOCK_BYTES = 4096, 262_144


def is_whole(house: Warehouse) -> bool:
    """Whether the table of a backed-up installation has exactly its rows."""
    rows = house.query("SELECT count(*) AS n, sum(n) AS total FROM t").to_pylist()
    return bool(rows == [{"n": ROWS, "total": ROWS * (ROWS - 1) // 2}])


@pytest.mark.parametrize("kind", ["flipped bytes in the warehouse", "a warehouse cut short"])
def test_a_damaged_warehouse_is_detected_and_restored_by_one_command(
    tmp_path: Path, note: Note, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    names = backed_up(tmp_path)
    for name, value in names.items():
        monkeypatch.setenv(name, value)
    settings = load_settings(names)
    make_backup(settings, NOW)
    sound = settings.warehouse.read_bytes()
    chance = random.Random(kind)  # noqa: S311
    house = Warehouse(str(settings.warehouse))
    for _ in range(MANY):
        damaged = bytearray(sound)
        if kind == "a warehouse cut short":
            del damaged[chance.randrange(1, len(sound)) :]
        else:
            place = chance.randrange(len(sound))
            damaged[place] ^= 1 << chance.randrange(8)
        settings.warehouse.write_bytes(damaged)
        faults = []
        try:
            # A byte that holds nothing may be any.
            if not is_whole(house):
                faults.append("wrong rows, and nothing said")
        except WarehouseDamagedError as error:
            if "make restore FROM=newest REPLACE=1" not in str(error):
                faults.append(f"not what to do: {error}")
        note(kind, Outcome(faults=tuple(faults)))
    settings.warehouse.write_bytes(sound[: len(sound) // 2])
    with pytest.raises(WarehouseDamagedError):
        is_whole(house)
    assert main(["restore", "--replace", "newest"]) == 0
    assert is_whole(house)
    assert set(in_lake(settings.data)) == set(DAYS)
    note(kind, Outcome(faults=tuple(leftovers(settings.data))))


def test_a_damaged_warehouse_is_not_backed_up_and_the_newest_backup_is_sound(
    tmp_path: Path, note: Note, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    names = backed_up(tmp_path)
    for name, value in names.items():
        monkeypatch.setenv(name, value)
    settings = load_settings(names)
    house = Warehouse(str(settings.warehouse))
    first = make_backup(settings, NOW)
    # A column's block, which a count of rows does not read, in a database that opens and is
    # written to as before.
    query = "SELECT max(block_id) AS block FROM pragma_storage_info('t')"
    (block,) = house.query(query)["block"].to_pylist()
    damaged = bytearray(settings.warehouse.read_bytes())
    damaged[3 * HEADER_BYTES + block * BLOCK_BYTES + 100] ^= 1
    settings.warehouse.write_bytes(damaged)
    house.ensure(["CREATE TABLE later AS SELECT 1 AS n"])
    assert house.query("SELECT count(*) AS n FROM t")["n"].to_pylist() == [ROWS]
    for _ in range(2):
        assert main(["backup"]) == 2
        said = capsys.readouterr().err
        assert "no backup was made" in said
        assert f"{settings.warehouse} is damaged" in said
        assert "make restore FROM=newest REPLACE=1" in said
        assert list(settings.backups.glob("*Z")) == [first]
        assert leftovers(settings.backups) == []
    assert main(["restore", "--replace", "newest"]) == 0
    assert is_whole(house)
    note("flipped bytes in the warehouse")


def test_a_log_beside_the_warehouse_is_read_and_stays_as_it_was(tmp_path: Path) -> None:
    """A process that is killed leaves a log, which opening the database puts into it."""
    settings = load_settings(backed_up(tmp_path))
    code = (
        "import duckdb, os, sys; c = duckdb.connect(sys.argv[1]); "
        "c.execute('INSERT INTO t SELECT 0 FROM range(1000)'); os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", code, str(settings.warehouse)], check=True)
    log = settings.warehouse.with_name("warehouse.duckdb.wal")
    wanted = log.read_bytes()
    made = make_backup(settings, NOW)
    require_whole(made, read_manifest(made))
    assert (made / log.name).read_bytes() == wanted
    damaged = bytearray(wanted)
    damaged[len(damaged) // 2] ^= 1
    log.write_bytes(damaged)
    with pytest.raises(BackupError, match=r"no backup was made.*REPLACE=1"):
        make_backup(settings, NOW + timedelta(hours=1))


def test_without_a_backup_the_newest_is_refused_with_the_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in backed_up(tmp_path).items():
        monkeypatch.setenv(name, value)
    assert main(["restore", "--replace", "newest"]) == 2
    assert "OBSERVATORY_BACKUPS" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["a half-written Parquet file", "flipped bytes in a Parquet file"])
def test_a_damaged_partition_is_named_and_made_again(tmp_path: Path, note: Note, kind: str) -> None:
    """Wherever the damage is: what is read is right, or it is refused with what to do."""
    lake, chance = Lake(str(tmp_path / "lake")), random.Random(kind)  # noqa: S311
    for day in DAYS:
        lake.write("raw.numbers", str(day), numbers(day, OLD))
    path = Path(lake.path("raw.numbers", str(DAYS[1])))
    sound = path.read_bytes()
    refused = 0
    for _ in range(10 * MANY):
        damaged = bytearray(sound)
        if kind == "a half-written Parquet file":
            del damaged[chance.randrange(len(sound)) :]
        else:
            damaged[chance.randrange(len(sound))] ^= 1 << chance.randrange(8)
        path.write_bytes(damaged)
        faults = []
        try:
            # A bit of what is written about the file, and not of its rows, may be any.
            if lake.read("raw.numbers", str(DAYS[1])) != numbers(DAYS[1], OLD):
                faults.append("wrong rows, and nothing said")
        except DamagedPartitionError as error:
            refused += 1
            if f"{path}" not in str(error) or f"make raw.numbers of {DAYS[1]}" not in str(error):
                faults.append(f"not what to do: {error}")
        lake.write("raw.numbers", str(DAYS[1]), numbers(DAYS[1], OLD))
        found = in_lake(tmp_path)
        lost = sum(rows != list(range(OLD, OLD + ROWS)) for rows in found.values())
        note(kind, Outcome(lost, 0, (*faults, *leftovers(tmp_path))))
    assert refused > 5 * MANY


def test_a_partition_that_changed_since_its_checks_is_approved_no_more(
    tmp_path: Path, note: Note
) -> None:
    lake = Lake(str(tmp_path / "lake"))
    lake.write("raw.numbers", str(DAYS[0]), numbers(DAYS[0], OLD))
    lake.approve("raw.numbers", str(DAYS[0]))
    path = Path(lake.path("raw.numbers", str(DAYS[0])))
    changed = bytearray(path.read_bytes())
    changed[len(changed) // 2] ^= 1
    path.write_bytes(changed)
    assert not lake.is_approved("raw.numbers", str(DAYS[0]))
    note("a flipped bit in a checked partition")


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """A disk of its own, of memory."""
    folder.mkdir()
    command = ["/bin/mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("no disk can be mounted here: it takes root and the right to mount")
    try:
        yield folder
    finally:
        subprocess.run(["/bin/umount", "--lazy", str(folder)], check=True)


def fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(1 << 12))


def remount(folder: Path, options: str) -> None:
    subprocess.run(["/bin/mount", "-o", f"remount,{options}", str(folder)], check=True)


@pytest.mark.parametrize("work", ["lake", "warehouse"])
@pytest.mark.parametrize("kind", ["a full disk", "a read-only disk"])
def test_a_disk_that_takes_nothing_costs_nothing_that_is_there(
    forks: Forks, tmp_path: Path, note: Note, kind: str, work: str
) -> None:
    with small_disk(tmp_path / "disk", "64m") as disk:
        job = {"work": work, "folder": disk, "begin": OLD}
        forks.complete(job)
        filler = disk / "filler"
        if kind == "a full disk":
            fill(filler)
        else:
            remount(disk, "ro")
        ended, _ = forks.run({**job, "begin": NEW})
        said = forks.reason()
        assert ended == 1
        assert any(word in said for word in ("space", "Read-only", "read-only", "Cannot open"))
        if kind == "a full disk":
            filler.unlink()
        else:
            remount(disk, "rw")
        read = in_lake if work == "lake" else in_warehouse
        assert {rows[0] for rows in read(disk).values()} <= {OLD, NEW}
        forks.complete({**job, "begin": NEW})
        lost = sum(rows != list(range(NEW, NEW + ROWS)) for rows in read(disk).values())
        note(kind, Outcome(lost, 0, tuple(leftovers(disk))))


@pytest.mark.parametrize(
    ("kind", "limit"),
    [("a file that may not grow", "file_bytes"), ("a limit of memory", "memory_bytes")],
)
@pytest.mark.parametrize("work", ["lake", "warehouse"])
def test_a_process_at_its_limit_costs_nothing_that_is_there(
    forks: Forks, tmp_path: Path, note: Note, kind: str, limit: str, work: str
) -> None:
    """Bytes from too few to begin with to so many that it gets far: a limit is met anywhere."""
    size = 500_000 if work == "lake" else 100_000
    job = {"work": work, "folder": tmp_path, "begin": OLD, "size": size}
    forks.complete(job)
    read = in_lake if work == "lake" else in_warehouse
    ends = []
    for number, allowed in enumerate(LIMITS):
        begin = NEW * (number + 1)
        ends.append(forks.run({**job, "begin": begin, limit: allowed})[0])
        assert {rows[0] for rows in read(tmp_path).values()} <= {begin - NEW, begin}
        forks.complete({**job, "begin": begin})
        wanted = list(range(begin, begin + size))
        lost = sum(rows != wanted for rows in read(tmp_path).values())
        note(kind, Outcome(lost, 0, tuple(leftovers(tmp_path))))
    assert len([end for end in ends if end != 0]) >= len(LIMITS) // 2


def test_a_warehouse_that_another_holds_is_waited_for_and_then_named(
    tmp_path: Path, note: Note
) -> None:
    path = str(tmp_path / "warehouse.duckdb")
    Warehouse(path).ensure(["CREATE TABLE t (n INTEGER)"])
    holder = subprocess.Popen(
        ["/usr/bin/flock", f"{path}.lock", "sh", "-c", "echo held; read line"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with holder:
        assert holder.stdout
        holder.stdout.readline()
        with pytest.raises(WarehouseBusyError, match="end that process and run again"):
            Warehouse(path, max_wait_s=0.2).ensure(["INSERT INTO t VALUES (1)"])
        holder.communicate(b"\n")
    Warehouse(path).ensure(["INSERT INTO t VALUES (1)"])
    assert Warehouse(path).query("FROM t") == pa.table({"n": pa.array([1], pa.int32())})
    note("a warehouse locked by another process")


def test_a_backup_is_named_by_the_clock_whichever_way_it_jumps(
    tmp_path: Path, note: Note, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one just made is kept and is the newest; two are kept, those made last."""
    names = {**backed_up(tmp_path), "OBSERVATORY_BACKUPS_KEPT": "2"}
    for name, value in names.items():
        monkeypatch.setenv(name, value)
    settings = load_settings()
    house, made = Warehouse(str(settings.warehouse)), []
    hour = timedelta(hours=1)
    jumps = (0 * hour, timedelta(days=400), hour, timedelta(days=-400), 2 * hour, 3 * hour)
    for number, jump in enumerate(jumps):
        house.ensure([f"CREATE OR REPLACE TABLE made AS SELECT {number} AS n"])
        made.append(make_backup(settings, NOW + jump))
        assert made[-1].name == f"{NOW + jump:%Y%m%dT%H%M%SZ}"
        require_whole(made[-1], read_manifest(made[-1]))
        assert set(settings.backups.glob("*Z")) == set(made[-2:])
        house.ensure(["DROP TABLE made"])
        assert main(["restore", "--replace", "newest"]) == 0
        assert house.query("SELECT n FROM made")["n"].to_pylist() == [number]
        assert is_whole(house)
        for aside in tmp_path.glob("data.before-*"):
            shutil.rmtree(aside)
    note("a clock that jumps between two backups")
