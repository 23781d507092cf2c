"""Work killed by SIGKILL at random moments, and done again, ends as undisturbed work does.

A moment is drawn from the whole length of the work. `make test-faults` tries often.
"""

from __future__ import annotations

import random
import shutil
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from assets.alerting.tables import OUTBOX
from assets.declare import prepare
from assets.spool import JsonSpool
from orchestration.manifest import read_manifest, require_whole
from orchestration.runs import dagster_instance
from orchestration.settings import load_settings
from resources.lake import Lake
from resources.warehouse import Warehouse
from sandbox.server import SandboxServer
from tests.assets.alerting.deliver_killed import MESSAGES
from tests.faults.conftest import Note
from tests.faults.forked_work import DAYS, ROWS, WIDER, numbers
from tests.faults.installation import (
    DAY,
    INGEST,
    NOW,
    Installation,
    Outcome,
    State,
    held_locks,
    leftovers,
)
from tests.faults.killing import Forks
from tests.orchestration.tries import tries

#: Kills in the long form, at the least.
FULL = 1_000
OLD, NEW = 0, 1_000_000


def kills(short: int, share: float) -> int:
    """How many kills of a kind: few, or its share of those of the long form."""
    return max(short, round(share * FULL * tries(0)))


def folder_for(folder: Path, name: str) -> Path:
    path = folder / name
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir()
    return path


def in_lake(folder: Path) -> dict[date, list[int]]:
    lake = Lake(str(folder / "lake"))
    found = {}
    for name in lake.partitions("raw.numbers"):
        rows = lake.read("raw.numbers", name)
        assert rows is not None
        found[date.fromisoformat(name)] = rows["n"].to_pylist()
    return found


def in_warehouse(folder: Path) -> dict[date, list[int]]:
    rows = Warehouse(str(folder / "warehouse.duckdb")).query(
        "SELECT day, list(n ORDER BY n) AS n FROM mart.numbers GROUP BY day ORDER BY day"
    )
    return {row["day"]: row["n"] for row in rows.to_pylist()}


def in_spool(folder: Path) -> dict[date, list[int]]:
    documents, broken = JsonSpool(folder / "spool").kept()
    assert broken == []
    # Numbers stand for days: what is compared is an edition for each name.
    return {DAYS[0] + timedelta(days=int(name)): list(each) for name, each in documents.items()}  # type: ignore[call-overload]


def in_publication(folder: Path) -> dict[date, list[int]]:
    current = folder / "published" / "current"
    assert (current / "datapackage.json").exists()
    return {DAYS[0]: pq.read_table(current / "numbers.parquet")["n"].to_pylist()}


WRITERS: dict[str, tuple[str, Callable[[Path], dict[date, list[int]]], float]] = {
    "a writer of the Parquet store killed": ("lake", in_lake, 0.2),
    "a writer of the warehouse killed": ("warehouse", in_warehouse, 0.2),
    "a writer of a spool killed": ("spool", in_spool, 0.25),
    "a publication killed": ("publication", in_publication, 0.15),
}


def edition(rows: list[int], size: int) -> int:
    """Which edition rows are of, all of them; no rows lost, doubled or of another."""
    assert rows[0] in (OLD, NEW)
    assert rows == list(range(rows[0], rows[0] + size))
    return rows[0]


@pytest.mark.parametrize("kind", WRITERS)
def test_a_writer_killed_at_random_leaves_the_old_or_the_new_and_nothing_else(
    forks: Forks, tmp_path: Path, note: Note, kind: str
) -> None:
    name, read, share = WRITERS[kind]
    size = 3_000 if name == "spool" else ROWS
    chance = random.Random(kind)  # noqa: S311
    old = folder_for(tmp_path, "old")
    job: dict[str, Any] = {"work": name, "folder": old, "begin": OLD, "vintage": "v0"}
    forks.complete(job)
    begun = read(old)
    assert {edition(rows, size) for rows in begun.values()} == {OLD}
    aside = shutil.copytree(old, tmp_path / "aside", symlinks=True)
    longest = forks.complete({**job, "folder": aside, "begin": NEW, "vintage": "v1"})
    done = tried = 0
    while done < kills(1, share):
        tried += 1
        folder = tmp_path / "try"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(old, folder, symlinks=True)
        renewed = {**job, "folder": folder, "begin": NEW, "vintage": f"v1-{tried}"}
        done += forks.kill(renewed, chance, longest)
        after = read(folder)
        # Whatever was not reached is as it was, and whatever was reached is whole.
        assert set(after) == set(begun)
        assert {edition(rows, size) for rows in after.values()} <= {OLD, NEW}
        forks.complete({**renewed, "vintage": f"v2-{tried}"})
        again = read(folder)
        lost = sum(rows[0] != NEW for rows in again.values())
        faults = tuple(leftovers(folder) + held_locks(folder))
        note(kind, Outcome(lost, 0, faults))
        assert {edition(rows, size) for rows in again.values()} == {NEW}
    note(kind, kills=done, tried=0)


def test_a_killed_delivery_sends_each_message_once(
    forks: Forks, fault_server: SandboxServer, tmp_path: Path, note: Note
) -> None:
    chance = random.Random(5)  # noqa: S311
    wanted, done, longest, number = kills(1, 0.05), 0, 0.0, 0
    while done < wanted:
        number += 1
        folder = folder_for(tmp_path, f"try{number}")
        house = Warehouse(str(folder / "warehouse.duckdb"))
        prepare(house, OUTBOX)
        channel = f"C0FAULT{number:04d}"
        now, killed = NOW, 0
        job = {
            "work": "delivery", "folder": folder, "channel": channel, "url": fault_server.url,
        }  # fmt: skip
        while number > 1 and killed < 3 and done < wanted:
            # An attempt whose end nobody knows is looked into a minute later.
            now += timedelta(minutes=2)
            killed_now = forks.kill({**job, "now": now.isoformat()}, chance, longest)
            fault_server.wait_until_idle()
            done, killed = done + killed_now, killed + 1
        longest = max(longest, forks.complete({**job, "now": str(now + timedelta(minutes=2))}))
        posted = Counter(
            each["metadata"]["event_payload"]["key"]  # type: ignore[index]
            for each in fault_server.slack_messages()
            if each["channel"] == channel and "metadata" in each
        )
        expected = {each.key for each in MESSAGES if each.action.name in ("POST", "REPLY")}
        outcome = Outcome(
            len(expected - set(posted)),
            sum(count - 1 for count in posted.values()),
            tuple(leftovers(folder) + held_locks(folder)),
        )
        if number > 1:
            note("a delivery to Slack killed", outcome)
        assert set(posted) == expected
    note("a delivery to Slack killed", kills=done, tried=0)


def backed_up(folder: Path) -> dict[str, str]:
    """Settings of an installation with files to back up."""
    names = {
        "OBSERVATORY_DATA": str(folder / "data"),
        "OBSERVATORY_BACKUPS": str(folder / "backups"),
        "OBSERVATORY_BACKUPS_KEPT": "3",
    }
    settings = load_settings(names)
    lake = Lake(settings.lake)
    for day in DAYS:
        lake.write("raw.numbers", str(day), numbers(day, OLD))
    Warehouse(str(settings.warehouse)).ensure(
        [f"CREATE TABLE t AS SELECT range AS n FROM range({ROWS})"]  # noqa: S608
    )
    with dagster_instance(settings):
        pass
    return names


def test_a_killed_backup_is_whole_or_none(forks: Forks, tmp_path: Path, note: Note) -> None:
    names = backed_up(tmp_path)
    backups = tmp_path / "backups"
    job = {"work": "backup", "folder": tmp_path, "settings": names}
    longest, chance, done = forks.complete(job), random.Random(6), 0  # noqa: S311
    while done < kills(1, 0.03):
        shutil.rmtree(backups)
        done += forks.kill(job, chance, longest)
        for whole in backups.glob("*Z"):
            require_whole(whole, read_manifest(whole))
        forks.complete(job)
        (folder,) = backups.glob("*Z")
        require_whole(folder, read_manifest(folder))
        note("a backup killed", Outcome(faults=tuple(leftovers(backups) + held_locks(backups))))
    note("a backup killed", kills=done, tried=0)


def test_a_killed_restore_done_again_gives_the_backups_data(
    forks: Forks, tmp_path: Path, note: Note
) -> None:
    names = backed_up(tmp_path)
    forks.complete({"work": "backup", "folder": tmp_path, "settings": names})
    (folder,) = (tmp_path / "backups").glob("*Z")
    data = tmp_path / "data"
    job = {"work": "restore", "folder": tmp_path, "settings": names, "backup": folder}
    moment = NOW

    def later() -> dict[str, Any]:
        """The job a second later: what is laid aside has its second in its name."""
        nonlocal moment
        moment += timedelta(seconds=1)
        return {**job, "now": moment.isoformat()}

    longest, chance, done = forks.complete(later()), random.Random(7), 0  # noqa: S311
    while done < kills(1, 0.03):
        Lake(str(data / "lake")).write("raw.numbers", str(DAYS[0]), numbers(DAYS[0], NEW))
        done += forks.kill(later(), chance, longest)
        forks.complete(later())
        found = in_lake(data)
        lost = sum(rows != list(range(OLD, OLD + ROWS)) for rows in found.values())
        count = Warehouse(str(data / "warehouse.duckdb")).query("SELECT count(*) AS n FROM t")
        assert count["n"].to_pylist() == [ROWS]
        beside = [path.name for path in tmp_path.glob(".*.restoring")]
        note("a restore killed", Outcome(lost, 0, tuple(leftovers(data) + beside)))
        assert set(found) == set(DAYS)
        for aside in tmp_path.glob("data.before-*"):
            shutil.rmtree(aside)
    note("a restore killed", kills=done, tried=0)


def test_a_killed_upgrade_done_again_keeps_all_rows(
    forks: Forks, tmp_path: Path, note: Note
) -> None:
    old = folder_for(tmp_path, "old")
    forks.complete({"work": "warehouse", "folder": old, "begin": OLD})
    expected = in_warehouse(old)
    aside = shutil.copytree(old, tmp_path / "aside")
    longest = forks.complete({"work": "upgrade", "folder": aside})
    chance, done = random.Random(8), 0  # noqa: S311
    while done < kills(1, 0.08):
        folder = tmp_path / "try"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(old, folder)
        done += forks.kill({"work": "upgrade", "folder": folder}, chance, longest)
        forks.complete({"work": "upgrade", "folder": folder})
        rows = Warehouse(str(folder / "warehouse.duckdb")).query("FROM mart.numbers")
        lost = len(DAYS) * ROWS - rows.num_rows
        note(
            "an upgrade of a table killed",
            Outcome(max(0, lost), max(0, -lost), tuple(leftovers(folder))),
        )
        assert rows.column_names == list(WIDER.column_names)
        assert set(rows["note"].to_pylist()) == {"plain"}
        assert in_warehouse(folder) == expected
    note("an upgrade of a table killed", kills=done, tried=0)


def test_a_killed_run_of_the_archives_day_ends_as_an_undisturbed_one(
    forks: Forks, installation: Installation, tmp_path: Path, note: Note
) -> None:
    run_is_as_undisturbed(
        "a run of the archive's day killed",
        INGEST,
        kills(1, 0.04),
        forks,
        installation,
        tmp_path,
        note,
    )


def test_a_killed_run_of_a_whole_day_ends_as_an_undisturbed_one(
    forks: Forks, alerting_installation: Installation, tmp_path: Path, note: Note
) -> None:
    """Its marts, its publication, and what it says on Slack, once each."""
    if not tries(0):
        pytest.skip("minutes: run by make test-faults; tests/orchestration/test_crash.py is short")
    expected = run_is_as_undisturbed(
        "a run of a whole day killed",
        (),
        kills(1, 0.01),
        forks,
        alerting_installation,
        tmp_path,
        note,
    )
    assert len(expected.messages) >= 1
    assert expected.tables["mart.engagement"].num_rows > 30


def run_is_as_undisturbed(
    kind: str,
    assets: tuple[str, ...],
    wanted: int,
    forks: Forks,
    installation: Installation,
    folder: Path,
    note: Note,
) -> State:
    """Kill a run so often, have the last one end, and compare; what an undisturbed one makes."""

    def job() -> dict[str, Any]:
        return {
            "work": "run",
            "folder": installation.data,
            "settings": installation.names,
            "day": DAY,
            "assets": assets,
        }

    installation.begin()
    with dagster_instance(installation.settings) as instance:
        installation.runner(instance).reference()
    installation.keep_as(folder / "template")
    longest = forks.complete(job())
    expected = installation.state()
    assert expected.tables["core.events"].num_rows > 30
    chance, done = random.Random(kind), 0  # noqa: S311
    while done < wanted:
        installation.begin()
        for _ in range(4):
            killed = forks.kill(job(), chance, longest)
            installation.server.wait_until_idle()
            done += killed
            if not killed or done == wanted:
                break
        forks.complete(job())
        with dagster_instance(installation.settings) as instance:
            note(kind, installation.outcome(expected, instance))
    note(kind, kills=done, tried=0)
    return expected
