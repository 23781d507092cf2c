"""The soak in short: its clock, its measures, its verdict on growth, and two days of it."""

import csv
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.soak import main, say_runs
from benchmarks.soak_clock import SoakClock, has_compiler, moved_clock
from benchmarks.soak_growth import course, growth
from benchmarks.soak_measures import columns, part_of, series
from orchestration.settings import ROOT

NEEDS_COMPILER = pytest.mark.skipif(
    not has_compiler(), reason="the clock of a soak needs Linux and a C++ compiler"
)
_CLOCKS = """
import os, sqlite3, time
from datetime import UTC, datetime
import duckdb
from benchmarks.soak_clock import SoakClock
clock = SoakClock(os.environ)
began = time.monotonic()
clock.set(datetime(2031, 5, 6, 12, tzinfo=UTC))
print(datetime.now(UTC).date(), time.strftime("%Y-%m-%d", time.gmtime()))
print(sqlite3.connect(":memory:").execute("SELECT date(CURRENT_TIMESTAMP)").fetchone()[0])
print(duckdb.sql("SELECT (now() AT TIME ZONE 'UTC')::DATE::VARCHAR").fetchone()[0])
print(time.monotonic() - began < 3600)
try:
    clock.set(datetime(2030, 1, 1, tzinfo=UTC))
except ValueError:
    print("never backwards")
"""


@NEEDS_COMPILER
def test_the_clock_moves_for_python_sqlite_and_duckdb_and_spans_are_as_long_as_ever(
    tmp_path: Path,
) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", _CLOCKS],
        cwd=ROOT,
        env={**os.environ, **moved_clock(tmp_path)},
        check=True,
        capture_output=True,
        text=True,
    )
    day = "2031-05-06"
    assert ended.stdout.split("\n")[:5] == [f"{day} {day}", day, day, "True", "never backwards"]


def test_a_process_without_the_clock_is_not_set() -> None:
    with pytest.raises(RuntimeError, match="machine's clock"):
        SoakClock({})


@pytest.mark.parametrize(
    ("runs", "failed", "is_sound"), [((6, 7), (0, 0), True), ((6, 7), (0, 1), False),
                                     ((6, 0), (0, 0), False)]
)  # fmt: skip
def test_a_day_without_runs_or_with_a_failed_one_misses_the_bar(
    tmp_path: Path, runs: tuple[int, int], failed: tuple[int, int], is_sound: bool
) -> None:
    path = tmp_path / "days.csv"
    rows = [dict.fromkeys(columns(), 0) | {"run_count": run, "failed_count": failure}
            for run, failure in zip(runs, failed, strict=True)]  # fmt: skip
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, columns())
        writer.writeheader()
        writer.writerows(rows)
    assert say_runs(path) is is_sound


def test_growth_of_a_line_is_its_slope_without_doubt() -> None:
    found = growth([100 + 3 * day for day in range(101)])
    assert (found.mean, found.low, found.high) == (3, 3, 3)
    with pytest.raises(ValueError, match="fewer than 21"):
        growth([1.0] * 20)


def test_what_grows_with_the_square_of_the_days_is_more_than_linear_and_a_line_is_not() -> None:
    days = np.arange(201.0)
    noise = np.random.default_rng(1).normal(0, 5, len(days))
    assert not course(days**2 / 100 + noise).is_linear_or_less
    assert course(days * 2 + noise).is_linear_or_less
    # What is swept after 90 days stays as large as it is.
    assert course(np.minimum(days, 90) + noise / 5).is_linear_or_less


@pytest.mark.parametrize(
    ("path", "part"),
    [
        ("warehouse.duckdb", "warehouse"),
        ("warehouse.duckdb.wal", "warehouse"),
        ("lake/raw.archive_events/2024-12-01.parquet", "lake"),
        ("dagster/history/runs.db", "run_index"),
        ("dagster/history/runs.db-wal", "run_index"),
        ("dagster/history/runs/index.db", "event_index"),
        ("dagster/history/runs/index.db-wal", "event_index"),
        ("dagster/history/runs/5fa2.db", "run_events"),
        ("dagster/schedules/schedules.db", "ticks"),
        ("dagster/storage/5fa2/compute_logs/a.err", "step_logs"),
        ("dagster/dagster.yaml", "dagster_other"),
        ("great_expectations/gx/great_expectations.yml", "data_docs"),
        ("polls/state.json", "other"),
    ],
)
def test_every_file_of_the_data_folder_is_of_one_part(path: str, part: str) -> None:
    assert part_of(path.split("/")) == part


@NEEDS_COMPILER
def test_two_days_of_the_daemon_leave_no_handle_and_no_thread_and_no_file_unaccounted_for(
    tmp_path: Path,
) -> None:
    arguments = ["--days", "2", "--developers", "60", "--no-ui", "--folder", str(tmp_path)]
    assert main(arguments) == 0
    found = series(tmp_path / "days.csv")
    assert found["failed_count"] == [0, 0]
    # Each day: reference and polls, the day, the Hub, what gathers them, upkeep, and retention.
    assert found["run_count"][1] == 6
    for name in ("handle_count", "thread_count"):
        assert found[name][0] == found[name][1], name
    runs = found["run_count"][1]
    grown = {name: found[name][1] - found[name][0] for name in found if name.endswith("_files")}
    # A run adds its events; and what it printed, two streams and a mark of their end.
    assert grown.pop("run_events_files") == runs
    assert grown.pop("step_logs_files") == pytest.approx(4 * runs, abs=runs)
    assert {name: count for name, count in grown.items() if count} == {}
