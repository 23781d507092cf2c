"""What Dask costs over a loop: the days of a backfill by each engine, in turn, in one run.

Sixty days of the sandbox's first archive are written to files once. Then each engine makes raw
files, events and actor days of all of them in a lake of its own, several times in turn, so that a
busy machine is busy for all. Whatever the engine, every file of the lake has to hold the same rows.

Time is that of all of it, from opening the engine to closing it. `dask:2` starts two processes
and ends them, once a run, however much it has to do; `tcp` is a cluster of two that runs already.
Both are held to the bar. CPU seconds are of all processes; not told of a cluster that goes on.
"""

import argparse
import os
import resource
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter

import distributed
import pyarrow as pa

from assets.activity import tables
from assets.activity.day_work import (
    RAW,
    TRACKED_SCHEMA,
    ActorDaysDay,
    EventsDay,
    ScanDay,
    ScanFailures,
)
from assets.activity.ingest import HourFailures
from resources.archive import HourlyArchive, hour_name
from resources.engine import LOCAL, Engine, Work, open_engine
from resources.http import NotFoundError, TransientUpstreamError, UpstreamError
from resources.lake import Lake
from resources.platform import Clock
from sandbox.world import World

FIRST = date(2024, 10, 1)
PANEL_ONE_IN = 10
BAR = 1.2
_ENGINES = (LOCAL, "dask:2", "tcp")
_FAILURES = ScanFailures(HourFailures(NotFoundError, UpstreamError), TransientUpstreamError)


@dataclass(frozen=True)
class Cost:
    """What making all days took: seconds of the clock, to start and all, and CPU seconds."""

    start: float
    wall: float
    cpu: float


def write_archive(folder: Path, world: World, days: Sequence[date]) -> int:
    """The hourly files of the days and of the one after; their bytes."""
    count = 0
    for day in (*days, days[-1] + timedelta(days=1)):
        for number in range(24):
            hour = datetime(day.year, day.month, day.day, number, tzinfo=UTC)
            content = world.hour_file(hour)
            if content is not None:
                (folder / hour_name(hour)).write_bytes(content)
                count += len(content)
    return count


def works(
    engine: Engine, lake: Lake, archive: HourlyArchive, world: World
) -> Iterator[Work[object]]:
    """Scan, events and actor days, as the assets make them."""
    rows = world.tracked_repositories
    names = [{"github_id": row.github_id, "names": [row.name]} for row in rows]
    tracked = engine.share(lake, "names", pa.Table.from_pylist(names, schema=TRACKED_SCHEMA))
    authors = pa.table({"author_hash": pa.nulls(0, pa.string()), "actor_id": pa.nulls(0, "int64")})
    kinds = pa.table(
        {
            "github_id": pa.array([row.github_id for row in rows], pa.int64()),
            "origin": pa.nulls(len(rows), pa.string()),
            "layer": pa.repeat("model", len(rows)),
        }
    )
    clock = Clock("2026-01-01T00:00:00+00:00")
    yield ScanDay((archive,), lake, tracked, PANEL_ONE_IN, clock, _FAILURES)
    yield EventsDay(lake, engine.share(lake, "authors", authors), PANEL_ONE_IN)
    yield ActorDaysDay(lake, engine.share(lake, "kinds", kinds))


def make(address: str, lake: Lake, source: Path, world: World, days: Sequence[date]) -> Cost:
    """Make all days by an engine, opened and closed for it.

    Raises:
        RuntimeError: a day failed.
    """
    began, cpu = perf_counter(), _cpu_seconds()
    engine = open_engine(address, lambda line: None)
    start = perf_counter() - began
    try:
        archive = HourlyArchive("gharchive", (source.as_uri(),), connections=4 // engine.slots)
        for work in works(engine, lake, archive, world):
            for outcome in engine.map(work, days, lambda line: None):
                if outcome.failure:
                    raise RuntimeError(f"{outcome.day}: {outcome.failure.trace}")
    finally:
        engine.close()
    return Cost(start, perf_counter() - began, _cpu_seconds() - cpu)


def _cpu_seconds() -> float:
    """Of this process and of those that it started and that ended."""
    found = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in found)


def content(lake: Lake, days: Sequence[date]) -> dict[tuple[str, str], pa.Table]:
    """Rows by table and day, without the time of fetching."""
    found = {}
    for table in (*RAW, tables.EVENTS, tables.ACTOR_DAYS):
        part = "gharchive" if table in RAW else None
        for day in map(str, days):
            rows = lake.read(table.qualified, day, part)
            if rows is None:
                raise RuntimeError(f"{table.qualified} has no {day}")
            kept = [name for name in rows.column_names if name != "fetched_at"]
            found[table.qualified, day] = rows.select(kept)
    return found


@contextmanager
def _running_cluster() -> Iterator[str]:
    """The address of a cluster of two workers of one thread each."""
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0"
    ) as cluster:
        yield str(cluster.scheduler_address)


def main(arguments: Sequence[str]) -> int:
    """Measure and print; 1 where Dask with two workers costs more than the bar."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--days", type=int, default=60)
    parser.add_argument("--developers", type=int, default=3_000)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args(arguments)
    days = [FIRST + timedelta(days=offset) for offset in range(asked.days)]
    world = World(developers=asked.developers)
    costs: dict[str, list[Cost]] = {address: [] for address in _ENGINES}
    with tempfile.TemporaryDirectory() as name, _running_cluster() as scheduler:
        source = Path(name) / "archive"
        source.mkdir()
        size = write_archive(source, world, days)
        wanted: dict[tuple[str, str], pa.Table] = {}
        for turn in range(asked.rounds):
            for address in _ENGINES:
                lake = Lake(f"{name}/{turn}-{address.replace(':', '-')}")
                opened = scheduler if address == "tcp" else address
                costs[address].append(make(opened, lake, source, world, days))
                made = content(lake, days)
                wanted = wanted or made
                if made != wanted:
                    raise RuntimeError(f"{address} made other rows than the loop")
    count = sum(rows.num_rows for rows in wanted.values())
    print(
        f"{asked.days} days, {size / 2**20:.0f} MiB of files, {count} rows; {os.cpu_count()} "
        f"cores, medians of {asked.rounds} rounds; all rows equal"
    )
    print("engine   start s  wall s   over local   CPU s   over local")
    local = costs[LOCAL]
    ratios = {}
    for address, found in costs.items():
        # Ratios within a round: what else the machine does changes between rounds.
        ratios[address] = median(
            one.wall / other.wall for one, other in zip(found, local, strict=True)
        )
        cpu = median(one.cpu / other.cpu for one, other in zip(found, local, strict=True))
        print(
            f"{address:8} {median(each.start for each in found):7.1f} "
            f"{median(each.wall for each in found):7.1f} {ratios[address] - 1:+12.0%} "
            + (f"{median(each.cpu for each in found):7.1f} {cpu - 1:+12.0%}" * (address != "tcp"))
        )
    return int(max(ratios.values()) > BAR)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
