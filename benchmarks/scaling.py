"""What a day of the archive costs, by how wide the panel is, and what the whole archive would.

One synthetic hour as large as those of early 2025 goes through the day functions at each width of
the panel, each in a process of its own; a day is 24 of them. The whole archive is extrapolated from
the sizes of its hours that are known (2015, 2021, 2025), in a line between them. The budget of the
API is simulated day by day: accounts that were not asked for in 90 days are asked for, as many as
the limit allows, the others wait.
"""

import argparse
import itertools
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from assets.activity.actor_days import actor_days
from assets.activity.events import day_events
from assets.activity.ingest import HourFailures, collect_hour
from assets.activity.rows import day_rows
from assets.activity.scan import Selection
from assets.attribution.profiles import REFRESH_DAYS
from benchmarks.hours import hour_file, repository_ids
from resources.github import IDS_PER_FIELD
from resources.github_limits import CALLS_PER_HOUR

HOURS = 24
TRACKED = 300
WIDTHS = (0, 1_000, 100, 10, 1)  # one account in so many; 0 for tracked repositories alone
HOUR = datetime(2025, 1, 1, 15, tzinfo=UTC)
DAY = HOUR.date()
_ROUNDS = 3
_Made = TypeVar("_Made")
#: GB of compressed hours a day, by day: 2 MB an hour in 2015, 105 MB in 2021; of 2025 the mean of
#: 1.4 to 3.2 GB a day.
KNOWN_GB = ((date(2015, 1, 1), 0.05), (date(2021, 1, 1), 2.5), (date(2025, 1, 1), 2.3))
ARCHIVE = (date(2015, 1, 1), date(2026, 11, 26))
MACHINES = (1, 10, 100)
CORES = 2
#: What one client may politely draw from a public host, all its machines together.
POLITE_MB_S = 20.0
DAGSTER_S = 0.3  # a day of 26 assets: `make bench-backfill`
TOKEN_CALLS_A_DAY = 24 * CALLS_PER_HOUR
#: Accounts active on a day of 2025, and how many of them were in the 90 days before: assumed.
ACTIVE, RETURNING = 700_000, 0.8


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one hour of the archive.

    Attributes:
        one_in: width of the panel.
        scan_s: CPU seconds of inflating and scanning.
        rows_s: of making rows and writing them as Parquet.
        events_s: of core.events.
        actor_days_s: of core.actor_days.
        peak_mib: most memory of the process.
        input_bytes: of the compressed file.
        output_bytes: of all three tables' Parquet.
        event_count: kept.
        account_count: distinct, of those.
    """

    one_in: int
    scan_s: float
    rows_s: float
    events_s: float
    actor_days_s: float
    peak_mib: float
    input_bytes: int
    output_bytes: int
    event_count: int
    account_count: int


@dataclass(slots=True)
class InMemory:
    """One hour's file, as a mirror that has it."""

    content: bytes
    base_urls: Sequence[str] = ("memory",)
    byte_count: int = 0
    chunks: Iterable[bytes] = field(default_factory=tuple)

    def open(self, hour: datetime, base_url: str) -> "InMemory":
        """Begin its transfer."""
        del hour, base_url
        self.byte_count = len(self.content)
        self.chunks = (self.content[at : at + 65_536] for at in range(0, self.byte_count, 65_536))
        return self


class _Never(Exception):  # stands in for what no source in memory raises
    pass


def _timed(work: Callable[[], _Made]) -> tuple[float, _Made]:
    began = time.process_time()
    result = work()
    return time.process_time() - began, result


def measure(path: Path, one_in: int) -> Cost:
    """Put an hour through the day functions."""
    tracked = frozenset(repository_ids(1)[:TRACKED])
    selection = Selection(tracked, {}, one_in)
    content = path.read_bytes()
    kinds = pa.table(
        {
            "github_id": pa.array(sorted(tracked), pa.int64()),
            "layer": pa.array(["model"] * TRACKED),
            "origin": pa.array([None] * TRACKED, pa.string()),
        }
    )
    failures = HourFailures(_Never, _Never)
    scan_s, outcome = _timed(lambda: collect_hour(InMemory(content), HOUR, selection, failures))
    with tempfile.TemporaryDirectory() as folder:
        output = 0

        def write(rows: pa.Table) -> pa.Table:
            nonlocal output
            file = Path(folder) / "rows.parquet"
            pq.write_table(rows, file, compression="zstd")
            output += file.stat().st_size
            return rows

        rows_s, rows = _timed(
            lambda: write(
                day_rows([outcome], source="memory", day=DAY, selection=selection, now=HOUR).events
            )
        )
        events_s, events = _timed(
            lambda: write(day_events(DAY, [rows], panel_one_in=one_in).events)
        )
        actors_s, _ = _timed(lambda: write(actor_days(DAY, events, kinds)))
    return Cost(
        one_in, scan_s, rows_s, events_s, actors_s,
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        len(content), output, rows.num_rows, len(events["actor_id"].unique()),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Schedule:
    """How asking for accounts keeps up.

    Attributes:
        asked: accounts in all.
        days_behind: longest wait, days.
        cleared_after: days from the first until nobody waits any more; None where that never is.
    """

    asked: int
    days_behind: int
    cleared_after: int | None


def schedule(active: Sequence[int], returning: float, a_day: int) -> Schedule:
    """Simulate the asking.

    Args:
        active: distinct accounts of each day.
        returning: share of a day's accounts that were asked for in the last 90 days.
        a_day: accounts that the budget allows on a day.
    """
    waiting = deque[tuple[int, int]]()  # day, accounts
    asked = behind = 0
    cleared: int | None = None
    for day, accounts in enumerate(active):
        # On the first days nobody has been asked for yet.
        known = returning * min(day / REFRESH_DAYS, 1.0)
        waiting.append((day, round(accounts * (1 - known))))
        left = a_day
        while waiting and left:
            since, count = waiting.popleft()
            taken = min(count, left)
            left -= taken
            asked += taken
            behind = max(behind, day - since)
            if count > taken:
                waiting.appendleft((since, count - taken))
        if waiting:
            cleared = None
        elif cleared is None:
            cleared = day
    return Schedule(asked, behind, cleared)


def day_gb(day: date) -> float:
    """GB of a day's files, compressed: in a line between the days whose size is known."""
    if day >= KNOWN_GB[-1][0]:
        return KNOWN_GB[-1][1]
    (before, low), (after, high) = next(
        pair for pair in itertools.pairwise(KNOWN_GB) if pair[0][0] <= day < pair[1][0]
    )
    return low + (high - low) * (day - before).days / (after - before).days


def archive_gb() -> tuple[int, float]:
    """Days of the whole archive, and GB of its files."""
    first, last = ARCHIVE
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return len(days), sum(map(day_gb, days))


def _say_archive(cpu_s_a_gb: float) -> None:
    """Print what the whole archive takes, by machines: whichever binds."""
    days, gigabytes = archive_gb()
    print(f"\nthe archive: {days:,} days, {gigabytes / 1e3:.1f} TB; days of work for all actors")
    for machines in MACHINES:
        cpu = gigabytes * cpu_s_a_gb / (machines * CORES) / 86_400
        network = gigabytes * 1e3 / POLITE_MB_S / 86_400
        dagster = days * DAGSTER_S / 86_400
        print(
            f"  {machines:3} machines of {CORES} cores: computing {cpu:.2f}, download at "
            f"{POLITE_MB_S:g} MB/s in all {network:.1f}, Dagster {dagster:.3f}"
        )


def _say_budget() -> None:
    """Print how asking for accounts keeps up with a daily run, and with backfills."""
    a_day = TOKEN_CALLS_A_DAY * IDS_PER_FIELD
    print(f"\naccounts, {a_day / 1e6:.1f} million a day by one token:")
    for speed in (1, 10, 30, 100):
        found = schedule([speed * ACTIVE] * 120, RETURNING, a_day)
        state = (
            f"cleared after {found.cleared_after} days"
            if found.cleared_after is not None
            else f"never cleared, {found.days_behind} days behind after 120"
        )
        print(f"  {speed:3} archive days a day: {state}, {found.asked / 1e6:.0f} million asked")


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the costs of an hour, and of a day, by the width of the panel."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.one:
        print(json.dumps(asdict(measure(Path(options.one[0]), int(options.one[1])))))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "hour.json.gz"
        path.write_bytes(hour_file(1))
        print(f"an hour of {path.stat().st_size / 1e6:.0f} MB gz, CPU seconds (medians)")
        print("one in   scan   rows  events  actor days  peak MiB  MB out   events  accounts")
        for one_in in WIDTHS:
            found = [_in_child(path, one_in) for _ in range(_ROUNDS)]
            cost = sorted(found, key=lambda each: each.scan_s + each.rows_s + each.events_s)[1]
            print(
                f"{one_in:6}  {cost.scan_s:5.2f}  {cost.rows_s:5.2f}  {cost.events_s:6.2f}  "
                f"{cost.actor_days_s:10.2f}  {cost.peak_mib:8.0f}  {cost.output_bytes / 1e6:6.2f}  "
                f"{cost.event_count:7,}  {cost.account_count:8,}",
                flush=True,
            )
            total = cost.scan_s + cost.rows_s + cost.events_s + cost.actor_days_s
            print(
                f"        a day: {HOURS * cost.input_bytes / 1e9:.1f} GB in, {HOURS * total:.0f} "
                f"CPU s, {HOURS * cost.output_bytes / 1e6:.0f} MB out"
            )
        _say_archive(total / (cost.input_bytes / 1e9))
        _say_budget()


def _in_child(path: Path, one_in: int) -> Cost:
    command = [sys.executable, "-m", "benchmarks.scaling", "--one", str(path), str(one_in)]
    ended = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
    return Cost(**json.loads(ended.stdout))


if __name__ == "__main__":
    main()
