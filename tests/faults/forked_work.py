"""Work in forks of a process that has only imported, each killed by SIGKILL after a time, or not.

Each line of stdin is a job: `work`, one of `WORKS`, its `folder`, what else it needs, and
`kill_after_s`, null for never. It answers with how the fork ended and how long it took, in seconds.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import threading
import time
import traceback
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from assets.alerting import delivery, outbox
from assets.alerting.assets import FAILURES
from assets.declare import prepare
from assets.report.snapshot import publish
from assets.schema import conform_tables
from assets.spool import JsonSpool
from assets.tables import Column, Table
from orchestration.backup import make_backup
from orchestration.restore import restore
from orchestration.runs import Runner, dagster_instance
from orchestration.settings import load_settings
from resources.lake import Lake
from resources.slack_client import SlackWorkspaceClient
from resources.warehouse import Warehouse
from tests.assets.alerting.deliver_killed import MESSAGES

DAYS = [date(2024, 1, day) for day in (1, 2, 3)]
ROWS = 20_000
NOW = datetime(2026, 11, 27, 1, tzinfo=UTC)


def _table(name: str, *more: Column) -> Table:
    columns = (Column("day", "DATE", "the day"), Column("n", "BIGINT", "a number"), *more)
    return Table(
        "mart",
        name,
        "Numbers.",
        "a number",
        ("day", "n"),
        columns,
        "nobody",
        partition_column="day",
    )


NUMBERS = _table("numbers")
#: The same of a later version.
WIDER = _table("numbers", Column("note", "VARCHAR", "new since", earlier="'plain'"))


def numbers(day: date, begin: int, size: int = ROWS) -> pa.Table:
    """Rows of a day, which say of which edition they are by where they begin."""
    return pa.table({"day": [day] * size, "n": pa.array(range(begin, begin + size), pa.int64())})


def write_lake(folder: Path, job: dict[str, Any]) -> None:
    lake = Lake(str(folder / "lake"))
    for day in DAYS:
        lake.write("raw.numbers", str(day), numbers(day, job["begin"], job.get("size", ROWS)))
        lake.approve("raw.numbers", str(day))


def write_warehouse(folder: Path, job: dict[str, Any]) -> None:
    house = Warehouse(str(folder / "warehouse.duckdb"))
    prepare(house, NUMBERS)
    for day in DAYS:
        rows = numbers(day, job["begin"], job.get("size", ROWS))
        house.replace_days("mart.numbers", "day", [day], rows)


def write_spool(folder: Path, job: dict[str, Any]) -> None:
    spool = JsonSpool(folder / "spool")
    # As each step does that goes on from what a killed one left.
    spool.kept()
    for number in range(30):
        spool.add(str(number), list(range(job["begin"], job["begin"] + 3_000)))


def write_publication(folder: Path, job: dict[str, Any]) -> None:
    content = {NUMBERS: numbers(DAYS[0], job["begin"])}
    publish(folder / "published", job["vintage"], content)


def deliver(folder: Path, job: dict[str, Any]) -> None:
    house = Warehouse(str(folder / "warehouse.duckdb"))
    now = datetime.fromisoformat(job["now"])
    with house.transaction() as connection:
        for message in MESSAGES:
            outbox.enqueue(connection, message, now - timedelta(hours=1))
    slack = SlackWorkspaceClient(
        token="xoxb-test",  # noqa: S106 - the sandbox takes any
        channel=job["channel"],
        api_url=job["url"] + "/api/",
    )
    done = delivery.deliver(
        slack,
        house.transaction,
        failures=FAILURES,
        lock=folder / "delivery.lock",
        now=lambda: now,
    )
    if done.waiting:
        raise RuntimeError(f"{done.waiting} messages wait")


def back_up(folder: Path, job: dict[str, Any]) -> None:
    settings = load_settings(job["settings"])
    for old in settings.backups.glob("2*Z"):
        # The same second is not taken twice.
        old.rename(old.with_name("aside"))
    make_backup(settings, NOW)


def put_back(folder: Path, job: dict[str, Any]) -> None:
    settings, now = load_settings(job["settings"]), datetime.fromisoformat(job["now"])
    restore(settings, Path(job["backup"]), replaces=True, now=now)


def upgrade(folder: Path, job: dict[str, Any]) -> None:
    conform_tables(Warehouse(str(folder / "warehouse.duckdb")), [WIDER])


def run_job(folder: Path, job: dict[str, Any]) -> None:
    """A run of the platform's own, as a command makes it."""
    settings = load_settings(job["settings"])
    first = date.fromisoformat(job["day"])
    with dagster_instance(settings) as instance:
        runner = Runner(settings, instance)
        if job["assets"]:
            result = runner.part(first, first, job["assets"], {})
        else:
            result = runner.days(first, first)
    if not result.is_success:
        raise RuntimeError(result.error)


WORKS = {
    "lake": write_lake,
    "warehouse": write_warehouse,
    "spool": write_spool,
    "publication": write_publication,
    "delivery": deliver,
    "backup": back_up,
    "restore": put_back,
    "upgrade": upgrade,
    "run": run_job,
}
_LIMITS = {"file_bytes": resource.RLIMIT_FSIZE, "memory_bytes": resource.RLIMIT_DATA}


def work(job: dict[str, Any]) -> int:
    """Do a job in this process, within its limits; 0, or 1 and the reason on stderr."""
    folder = Path(job["folder"])
    # A file that grows too large is then an error, and not the end.
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        for name, limit in _LIMITS.items():
            if name in job:
                more = _data_bytes() if limit == resource.RLIMIT_DATA else 0
                resource.setrlimit(limit, (job[name] + more, job[name] + more))
        WORKS[job["work"]](folder, job)
    except BaseException as error:
        with suppress(BaseException):
            traceback.print_exc()
            Path(job["said"]).write_text(f"{type(error).__name__}: {error}")
        return 1
    return 0


def _data_bytes() -> int:
    """Bytes that this process may write to already."""
    pages = int(Path("/proc/self/statm").read_text().split()[5])
    return pages * resource.getpagesize()


def main() -> None:
    """Fork for each job."""
    if threading.active_count() != 1:
        raise RuntimeError("a process with threads does not fork")
    for line in sys.stdin:
        job = json.loads(line)
        began = time.monotonic()
        child = os.fork()
        if not child:
            status = 99
            try:
                status = work(job)
            finally:
                os._exit(status)
        after = job.get("kill_after_s")
        if after is not None:
            # Not the alarm of the child itself: it is to know nothing of its end.
            time.sleep(after)
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        _, ended = os.waitpid(child, 0)
        took = time.monotonic() - began
        print(json.dumps({"ended": os.waitstatus_to_exitcode(ended), "took": took}), flush=True)


if __name__ == "__main__":
    main()
