"""Ten times today's real volume through ingest: lines a second, memory, time, disk and rows.

An hour as large as those of early 2025 (180,000 lines, 0.7 GB inside) is made once. An archive hour
of so many times the volume holds it as often, each time with other event ids, so that no line is a
duplicate; some lines of each are cut short. Such hours lie in a folder that serves as the archive,
and go through the platform's own client, scan, quarantine of lines, lake and warehouse, in a
process of its own for each volume, whose peak memory is told by the operating system. The counts
are compared with what was put in.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from isal import igzip

from assets.activity.day_work import TRACKED_SCHEMA, ActorDaysDay, EventsDay, ScanDay, ScanFailures
from assets.activity.ingest import HourFailures
from assets.activity.tables import ACTOR_DAYS, ARCHIVE_EVENTS, ARCHIVE_HOURS, COMMIT_AUTHORS, EVENTS
from assets.declare import show
from benchmarks.hours import EVENTS_PER_HOUR, lines, repository_ids
from benchmarks.scaling import TRACKED
from orchestration.settings import ROOT
from resources.archive import ArchiveSource, hour_name
from resources.engine import LocalEngine
from resources.http import NotFoundError, TransientUpstreamError, UpstreamError
from resources.lake import Lake
from resources.warehouse import Warehouse

DAY = date(2025, 1, 1)
PANEL_ONE_IN = 1_000
#: Lines of each copy of an hour that are cut short: quarantined, named by their offset.
CUT_LINES = 50
#: Most bytes of memory for each event more that is kept of a day: its rows are put together there.
MOST_BYTES_AN_EVENT = 1_000
_FAILURES = ScanFailures(HourFailures(NotFoundError, UpstreamError), TransientUpstreamError)
_ID = b'{"id":"451'


@dataclass(frozen=True, slots=True)
class Load:
    """What a volume took.

    Attributes:
        times: of today's volume.
        input_bytes: compressed.
        line_count: lines read, cut ones included.
        bad_count: lines in quarantine.
        wall_s: from the first file to the last table.
        cpu_s: of the process, all its threads.
        peak_mib: most memory of the process.
        output_bytes: of lake and warehouse.
        row_counts: rows by table, asked of the warehouse.
    """

    times: int
    input_bytes: int
    line_count: int
    bad_count: int
    wall_s: float
    cpu_s: float
    peak_mib: float
    output_bytes: int
    row_counts: dict[str, int]


def plain_hour(events: int) -> bytes:
    """The lines of an hour of so many events, and some of them once more, cut short."""
    whole = list(lines(1, events))
    return b"".join([*whole, *(line[: len(line) // 2] + b"\n" for line in whole[:CUT_LINES])])


def write_hours(folder: Path, plain: bytes, times: int, hours: int) -> None:
    """Write the first hours of a day, each so many times as large as one is today."""
    folder.mkdir(parents=True)
    for hour in range(hours):
        moment = datetime(DAY.year, DAY.month, DAY.day, hour, tzinfo=UTC)
        of_hour = plain.replace(
            b'"created_at":"2025-01-01T15:', f'"created_at":"2025-01-01T{hour:02}:'.encode()
        )
        with igzip.IGzipFile(folder / hour_name(moment), "wb", compresslevel=1) as file:  # type: ignore[no-untyped-call]
            for copy in range(times):
                number = 100 + hour * times + copy
                copied = of_hour.replace(_ID, f'{{"id":"{number}'.encode())
                file.write(copied)  # type: ignore[no-untyped-call]


def ingest(source: Path, work: Path, times: int) -> Load:
    """Take the day in a folder in; what it took."""
    began = time.perf_counter()
    lake, house, engine = Lake(str(work / "lake")), Warehouse(str(work / "w.duckdb")), LocalEngine()
    tracked = TRACKED_SCHEMA.empty_table().from_pylist(
        [{"github_id": each, "names": []} for each in repository_ids(1)[:TRACKED]],
        schema=TRACKED_SCHEMA,
    )
    kinds = tracked.select(["github_id"])
    for name in ("layer", "origin"):
        kinds = kinds.append_column(name, [["model"] * TRACKED])
    archive = ArchiveSource(base_urls=[f"file:{source}"])
    scan = ScanDay(
        archives=(archive.open(engine.slots, engine.hosts),),
        lake=lake,
        tracked=engine.share(lake, "tracked_names", tracked),
        panel_one_in=PANEL_ONE_IN,
        clock=lambda: datetime(2025, 1, 9, tzinfo=UTC),
        failures=_FAILURES,
    )
    authors = engine.share(lake, "authors", COMMIT_AUTHORS.arrow_schema.empty_table())
    scanned = scan(DAY, print)
    EventsDay(lake, authors, PANEL_ONE_IN)(DAY, print)
    ActorDaysDay(lake, engine.share(lake, "kinds", kinds))(DAY, print)
    tables = (ARCHIVE_HOURS, ARCHIVE_EVENTS, EVENTS, ACTOR_DAYS)
    show(house, lake, *tables)
    counts = {
        table.qualified: house.query(f"SELECT count(*) AS n FROM {table.qualified}")["n"][0].as_py()  # noqa: S608
        for table in tables
    }
    totals = house.query(
        "SELECT sum(line_count)::BIGINT AS lines, sum(bad_line_count)::BIGINT AS bad "
        "FROM raw.archive_hours"
    ).to_pylist()[0]
    used = resource.getrusage(resource.RUSAGE_SELF)
    return Load(
        times=times,
        input_bytes=scanned.byte_count,
        line_count=totals["lines"],
        bad_count=totals["bad"],
        wall_s=time.perf_counter() - began,
        cpu_s=used.ru_utime + used.ru_stime,
        peak_mib=_peak_mib(),
        output_bytes=sum(each.stat().st_size for each in work.rglob("*") if each.is_file()),
        row_counts=counts,
    )


def _peak_mib() -> float:
    """Most memory of this program; `getrusage` counts in the process that started it."""
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if "VmHWM" in line)


def is_whole(load: Load, hours: int, events: int) -> bool:
    """Whether every line that was put in was read, and every cut one is in quarantine."""
    copies = load.times * hours
    return load.line_count == copies * (events + CUT_LINES) and load.bad_count == copies * CUT_LINES


def bytes_an_event(small: Load, large: Load) -> float:
    """Peak memory by which one volume takes more than another, for each event kept more."""
    more = large.row_counts[EVENTS.qualified] - small.row_counts[EVENTS.qualified]
    return (large.peak_mib - small.peak_mib) * (1 << 20) / max(more, 1)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what each volume took; 1 where a line is missing or an event takes too much."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=int, default=24, help="of the day, from its first")
    parser.add_argument("--times", type=int, nargs="+", default=[1, 10])
    parser.add_argument("--events", type=int, default=EVENTS_PER_HOUR, help="of today's hour")
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.one:
        source, work, times = options.one
        print(json.dumps(asdict(ingest(Path(source), Path(work), int(times)))))
        return 0
    loads = []
    plain = plain_hour(options.events)
    for times in options.times:
        with tempfile.TemporaryDirectory() as folder:
            source, work = Path(folder) / "archive", Path(folder) / "work"
            began = time.perf_counter()
            write_hours(source, plain, times, options.hours)
            print(f"{times} times: {options.hours} hours made in "
                  f"{time.perf_counter() - began:.0f} s", flush=True)  # fmt: skip
            command = [sys.executable, "-m", "benchmarks.load",
                       "--one", str(source), str(work), str(times)]  # fmt: skip
            ended = subprocess.run(  # noqa: S603 - this module
                command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True
            )
            loads.append(Load(**json.loads(ended.stdout.splitlines()[-1])))
        each = loads[-1]
        rows = ", ".join(f"{name} {count:,}" for name, count in each.row_counts.items())
        print(
            f"{times} times: {each.line_count:,} lines ({each.input_bytes / 1e9:.2f} GB) in "
            f"{each.wall_s:.1f} s ({each.cpu_s:.1f} s CPU): {each.line_count / each.wall_s:,.0f} "
            f"lines/s; peak {each.peak_mib:,.0f} MiB; {each.output_bytes / 1e6:.1f} MB written; "
            f"{each.bad_count:,} lines in quarantine; rows: {rows}",
            flush=True,
        )
    whole = all(is_whole(each, options.hours, options.events) for each in loads)
    an_event = bytes_an_event(loads[0], loads[-1])
    print(f"every line is accounted for: {'yes' if whole else 'NO'}")
    print(f"peak memory of the last over the first: {loads[-1].peak_mib / loads[0].peak_mib:.2f}; "
          f"bytes for each event more that is kept: {an_event:,.0f} "
          f"(bar {MOST_BYTES_AN_EVENT:,})")  # fmt: skip
    return 0 if whole and an_event <= MOST_BYTES_AN_EVENT else 1


if __name__ == "__main__":
    sys.exit(main())
