"""Hundreds of simulated days with the daemon's own evaluation and schedule: what grows, how fast.

Each simulated day the world's files of the day before appear; the wall clock of this process goes
from moment to moment of it; at each the daemon's iterations are run, and every run that they ask
for is made in this process, checks included. What the day leaves (memory, handles, bytes, files) is
written as a row of a CSV file. At the end growth a day is estimated, and Dagster's webserver is
asked for its pages.
"""

import argparse
import csv
import logging
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg

from assets.pace import duration
from benchmarks.soak_clock import SoakClock, moved_clock
from benchmarks.soak_daemon import Daemon, soak_daemon
from benchmarks.soak_growth import course
from benchmarks.soak_measures import PARTS, DayMeasured, columns, of_process, series, sizes
from benchmarks.soak_ui import MOST_SECONDS, say_pages, time_pages
from orchestration.backup import make_backup
from orchestration.sandbox_process import sandbox_process, set_sandbox_clock
from orchestration.settings import ROOT, Settings, load_settings

#: The world's git histories begin then.
FIRST = date(2024, 9, 15)
#: Of a day: when the day before is made, when what gathers it is, and when all is looked at, after
#: Dagster was swept at half past five.
MOMENTS = tuple(timedelta(minutes=each) for each in (121, 123, 381))
QUICK = Path(__file__).with_name("soak_quick.py")
WHOLE = ROOT / "orchestration" / "definitions.py"
#: The sensors look at intervals of a minute.
_LOOK = timedelta(seconds=61)
_BACKUP_EVERY = 7
DEVELOPERS = 100
#: Fewer have no halves to compare.
LEAST_DAYS = 42
_INSIDE = "--inside"


class Soak:
    """Simulates days one after the other.

    Args:
        settings: of the installation.
        daemon: its daemon.
        instance: its Dagster.
        clock: sets the time of this process.
    """

    def __init__(
        self, settings: Settings, daemon: Daemon, instance: dg.DagsterInstance, clock: SoakClock
    ) -> None:
        self._settings = settings
        self._daemon = daemon
        self._instance = instance
        self._clock = clock

    def day(self, number: int) -> DayMeasured:
        """Simulate a day of the soak, from 1, and measure what it leaves."""
        began, cpu = time.perf_counter(), _cpu_s()
        today = FIRST + timedelta(days=number)
        midnight = datetime(today.year, today.month, today.day, tzinfo=UTC)
        count = 0
        for moment in MOMENTS:
            self._go_to(midnight + moment)
            count += len(self._daemon.iterate())
        if number % _BACKUP_EVERY == 0:
            make_backup(self._settings, self._clock.now())
        failed = self._instance.get_runs_count(
            dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE], created_after=midnight)
        )
        bytes_of, files_of = sizes(self._settings)
        rss, handles, threads = of_process()
        return DayMeasured(
            number, str(today), round(time.perf_counter() - began, 2), round(_cpu_s() - cpu, 2),
            count, failed, rss, handles, threads, sum(files_of.values()), bytes_of, files_of,
        )  # fmt: skip

    def _go_to(self, moment: datetime) -> None:
        # A run of the simulated process takes its time of the simulated day.
        moment = max(moment, self._clock.now() + _LOOK)
        self._clock.set(moment)
        set_sandbox_clock(self._settings.sandbox_url, moment.isoformat())


def simulate(days: int, folder: Path, definitions: Path) -> None:
    """Simulate so many days, and write what each leaves to `folder/days.csv`."""
    logging.disable(logging.WARNING)
    settings = load_settings()
    clock = SoakClock(os.environ)
    clock.set(datetime(FIRST.year, FIRST.month, FIRST.day, 12, tzinfo=UTC))
    began = time.perf_counter()
    with (
        (folder / "days.csv").open("w", newline="") as file,
        soak_daemon(settings, definitions) as (daemon, instance),
    ):
        rows = csv.DictWriter(file, columns())
        rows.writeheader()
        soak = Soak(settings, daemon, instance, clock)
        for number in range(1, days + 1):
            found = soak.day(number)
            rows.writerow(found.row())
            file.flush()
            left = (time.perf_counter() - began) / number * (days - number)
            print(
                f"{found.date} ({number} of {days}): {found.wall_s:.1f} s, "
                f"{found.cpu_s:.1f} s CPU, "
                f"{found.run_count} runs, {found.failed_count} failed; "
                f"{found.rss_bytes / 1e6:.0f} MB in RAM, {found.handle_count} handles, "
                f"{found.thread_count} threads, {found.file_count:,} files, "
                f"{sum(found.byte_counts.values()) / 1e6:.0f} MB; {duration(left)} left",
                flush=True,
            )


def say_growth(path: Path) -> bool:
    """Print growth a day of each series of a CSV file; whether all is linear or less."""
    found = series(path)
    is_bounded = True
    print(f"{'':20} {'at the end':>14} {'a day':>12} {'95 %':>24} {'first half':>12} "
          f"{'last half':>12}")  # fmt: skip
    watched = ["rss_bytes", "handle_count", "thread_count", "file_count", "cpu_s"]
    for name in [*watched, *(f"{part}_bytes" for part in PARTS)]:
        values = found[name]
        each = course(values)
        print(
            f"{name:20} {values[-1]:14,.0f} {each.whole.mean:12,.2f} "
            f"{f'{each.whole.low:,.2f} to {each.whole.high:,.2f}':>24} "
            f"{each.first.mean:12,.2f} {each.last.mean:12,.2f}"
            f"{'' if each.is_linear_or_less else '  MORE THAN LINEAR'}"
        )
        is_bounded = is_bounded and each.is_linear_or_less
    return is_bounded


def say_runs(path: Path) -> bool:
    """Print how many runs there were and failed; whether each day had some and none failed."""
    found = series(path)
    runs, failed = found["run_count"], found["failed_count"]
    a_day = f"{min(runs):.0f} to {max(runs):.0f} a day"
    print(f"{sum(runs):,.0f} runs, {a_day}; {sum(failed):,.0f} failed")
    return min(runs) > 0 and not sum(failed)


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _environment(folder: Path, url: str) -> dict[str, str]:
    """Of the process that simulates: what is not said here is as an installation has it."""
    kept = {
        name: text
        for name, text in os.environ.items()
        if not name.startswith("OBSERVATORY_") or name.startswith("OBSERVATORY_KEEP_")
    }
    return {
        **kept,
        "OBSERVATORY_SANDBOX_URL": url,
        "OBSERVATORY_DATA": str(folder / "data"),
        "OBSERVATORY_BACKUPS": str(folder / "backups"),
        "OBSERVATORY_FIRST_DAY": str(FIRST),
        "OBSERVATORY_RETRY_ATTEMPTS": "2",
        "DAGSTER_HOME": str(folder / "data" / "dagster"),
        "GX_ANALYTICS_ENABLED": "false",
        "DAGSTER_DISABLE_TELEMETRY": "1",
        "PYTHONWARNINGS": "ignore",
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Simulate, print growth and the times of the webserver's pages; 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=500)
    parser.add_argument("--developers", type=int, default=DEVELOPERS, help="of the world")
    parser.add_argument("--folder", type=Path, help="takes data and days.csv, and is left there")
    parser.add_argument("--whole", action="store_true", help="real functions, too: 45 s a day")
    parser.add_argument(
        "--measure", action="store_true", help="only say what a soak that was left in FOLDER gives"
    )
    parser.add_argument("--no-ui", action="store_true", help="leave the webserver out")
    parser.add_argument(_INSIDE, action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.measure and not options.folder:
        parser.error("--measure takes the --folder of a soak")
    if options.inside:
        simulate(options.days, options.folder, WHOLE if options.whole else QUICK)
        return 0
    folder = options.folder or Path(tempfile.mkdtemp(prefix="soak-"))
    folder.mkdir(parents=True, exist_ok=True)
    folder = folder.resolve()
    try:
        world = ["--developers", str(options.developers)]
        with sandbox_process(arguments=world) as url:
            environment = {**_environment(folder, url), **moved_clock(folder)}
            command = [sys.executable, "-m", "benchmarks.soak", _INSIDE,
                       "--days", str(options.days), "--folder", str(folder),
                       *(["--whole"] if options.whole else [])]  # fmt: skip
            if not options.measure:
                ended = subprocess.run(command, cwd=ROOT, env=environment, check=False)  # noqa: S603
                if ended.returncode:
                    return 1
            days = folder / "days.csv"
            is_sound = say_runs(days)
            if len(series(days)["rss_bytes"]) > LEAST_DAYS:
                is_sound = say_growth(days) and is_sound
            if not options.no_ui:
                pages = time_pages(load_settings(_own(environment)), environment, folder)
                is_sound = say_pages(pages) and is_sound
            print(f"bars: no run failed, growth linear or less, pages in under {MOST_SECONDS:g} s: "
                  f"{'met' if is_sound else 'MISSED'}")  # fmt: skip
            return 0 if is_sound else 1
    finally:
        if options.folder is None:
            shutil.rmtree(folder)


def _own(environment: dict[str, str]) -> dict[str, str]:
    return {name: text for name, text in environment.items() if name.startswith("OBSERVATORY_")}


if __name__ == "__main__":
    sys.exit(main())
