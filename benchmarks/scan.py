"""The archive scan against its floor and its peers, on synthetic hours and on damaged ones.

`make scan-bench`. Each measurement is a process of its own, taken in turns; CPU time is that of
the process and of those it started, memory what the peak grew over the start of the work. Peers
that are not installed are skipped, and it is said.
"""

import functools
import hashlib
import json
import math
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from assets.activity.scan_compile import library_path
from benchmarks import hours, scan_damage
from benchmarks import scan_peers as peers
from benchmarks.scan_peers import Contestant

_ROUNDS = 5
_FOUR_ROUNDS = 3
_SLOW_ROUNDS = 1
_SEEDS = (1, 2, 3, 4)
_TRACKED = 10
_MANY = 100_000
_MANY_PRESENT = 2_000  # of the hundred thousand, those with events in the hour

FLOOR, SCAN, WHEELS = "inflating alone (ISA-L)", "scan_hour", "scan_hour, wheels alone"
# name: (contestant, module it needs, rounds)
CONTESTANTS: dict[str, tuple[Contestant, str, int]] = {
    FLOOR: (peers.by_inflating, "isal", _ROUNDS),
    SCAN: (peers.by_scan, "isal", _ROUNDS),
    WHEELS: (peers.by_scan_of_wheels, "isal", _ROUNDS),
    "scan_hour, 1 in 1,000 panel": (
        functools.partial(peers.by_scan, panel_one_in=1000),
        "isal",
        _ROUNDS,
    ),
    "scan_hour, two processes": (peers.by_scan_in_two, "isal", _ROUNDS),
    "DuckDB read_json, 1 thread": (peers.by_duckdb, "duckdb", _FOUR_ROUNDS),
    "DuckDB read_json, 2 threads": (
        functools.partial(peers.by_duckdb, threads=2),
        "duckdb",
        _FOUR_ROUNDS,
    ),
    "DuckDB objects, 1 thread": (peers.by_duckdb_objects, "duckdb", _SLOW_ROUNDS),
    "DuckDB objects, 2 threads": (
        functools.partial(peers.by_duckdb_objects, threads=2),
        "duckdb",
        _SLOW_ROUNDS,
    ),
    "chDB JSONEachRow": (peers.by_chdb, "chdb", _ROUNDS),
    "Polars": (peers.by_polars, "polars", 3),
    "gzip + json": (peers.by_plain_loop, "json", _SLOW_ROUNDS),
}


def measure(name: str, tracked_file: str, paths: list[str]) -> None:
    """One measurement, in a process of its own: prints it as JSON."""
    contestant, module, _ = CONTESTANTS[name]
    tracked = frozenset(json.loads(Path(tracked_file).read_text()))
    __import__(module)
    before = _resident_mib("VmRSS")
    began, wall = _cpu_seconds(), time.perf_counter()
    answer = contestant([Path(path) for path in paths], tracked)
    wall = time.perf_counter() - wall
    cpu = _cpu_seconds() - began
    grown = _resident_mib("VmHWM") - before
    found = json.dumps([sorted(answer.totals.items()), sorted(answer.rows, key=str)])
    print(
        json.dumps(
            {
                "cpu": cpu,
                "wall": wall,
                "mib": math.nan if contestant is peers.by_scan_in_two else grown,
                "rows": len(answer.rows),
                "digest": hashlib.sha256(found.encode()).hexdigest(),
            }
        )
    )


def _cpu_seconds() -> float:
    own, children = (
        resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def _resident_mib(key: str) -> float:
    """`VmRSS` or its peak `VmHWM` of this process alone; not a number where Linux is not.

    Not getrusage: its peak is inherited from the process that started this one.
    """
    status = Path("/proc/self/status")
    if not status.exists():
        return math.nan
    found = dict(line.split(":", 1) for line in status.read_text().splitlines())
    return int(found[key].split()[0]) / 1024


def _in_child(name: str, tracked: Path, paths: list[Path]) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.scan", name, str(tracked), *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise RuntimeError(f"{name}: {done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def race(
    paths: list[Path], tracked: Path, names: list[str], rounds: int = _ROUNDS
) -> dict[str, dict[str, float]]:
    """Medians of each contestant; those that answer must answer alike.

    Raises:
        RuntimeError: two contestants differ, or one failed on whole files.
    """
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    for turn in range(rounds):
        for name in names:
            if turn < CONTESTANTS[name][2]:
                found[name].append(_in_child(name, tracked, paths))
    answers = {
        each["digest"]
        for name in names
        if name != FLOOR and "panel" not in name
        for each in found[name]
    }
    if len(answers) != 1:
        raise RuntimeError("the contestants do not find the same")
    return {
        name: {key: statistics.median(each[key] for each in runs) for key in ("cpu", "wall", "mib")}
        for name, runs in found.items()
    }


def main() -> None:
    """Make the hours, measure, print the tables."""
    skipped = sorted(
        {module for _, module, _ in CONTESTANTS.values() if not peers.is_installed(module)}
    )
    if not library_path().exists():
        print(f"{SCAN} has no compiled part here: python -m assets.activity.scan_compile says why")
    for module in skipped:
        print(f"skipped: {module} is not installed (pip install {module}, or the group `bench`)")
    names = [name for name, (_, module, _) in CONTESTANTS.items() if module not in skipped]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = _make(folder)
        ids = [hours.repository_ids(seed) for seed in _SEEDS]
        few, many = folder / "few.json", folder / "many.json"
        few.write_text(json.dumps(ids[0][:: len(ids[0]) // _TRACKED][:_TRACKED]))
        absent = range(910_000_000, 910_000_000 + _MANY - _MANY_PRESENT)
        many.write_text(json.dumps([*ids[0][:: len(ids[0]) // _MANY_PRESENT], *absent]))
        one = [each for each in names if "two processes" not in each]
        _print_race("one hour", paths[:1], race(paths[:1], few, one))
        four = [
            each
            for each in names
            if "panel" not in each and "gzip" not in each and "objects" not in each
        ]
        _print_race("four hours", paths, race(paths, few, four, _FOUR_ROUNDS))
        tracked = {
            f"{name}, {label} tracked": found
            for label, path in ((f"{_TRACKED}", few), (f"{_MANY:,}", many))
            for name, found in race(paths[:1], path, [SCAN, WHEELS]).items()
        }
        _print_race("one hour, by tracked repositories", paths[:1], tracked)
        _print_damage(folder, skipped)


def _make(folder: Path) -> list[Path]:
    paths = [folder / f"hour-{seed}.json.gz" for seed in _SEEDS]
    with ProcessPoolExecutor() as pool:
        for path, data in zip(paths, pool.map(hours.hour_file, _SEEDS), strict=True):
            path.write_bytes(data)
    return paths


def _print_race(title: str, paths: list[Path], found: dict[str, dict[str, float]]) -> None:
    size = sum(path.stat().st_size for path in paths)
    print(f"\n{title}: {size / 1e6:.0f} MB gz, {hours.EVENTS_PER_HOUR:,} events an hour, medians")
    print(f"{'what':<44}{'CPU s':>8}{'x inflating':>13}{'wall s':>8}{'peak MiB':>10}")
    floor = found.get(FLOOR, {}).get("cpu")
    for name, each in found.items():
        ratio = f"{each['cpu'] / floor:.2f}" if floor else ""
        peak = "" if math.isnan(each["mib"]) else f"{each['mib']:.0f}"
        print(f"{name:<44}{each['cpu']:>8.2f}{ratio:>13}{each['wall']:>8.2f}{peak:>10}")


def _print_damage(folder: Path, skipped: list[str]) -> None:
    lenient = (
        ("DuckDB", "duckdb", functools.partial(peers.by_duckdb, is_lenient=True)),
        ("DuckDB objects", "duckdb", functools.partial(peers.by_duckdb_objects, is_lenient=True)),
        ("chDB", "chdb", functools.partial(peers.by_chdb, is_lenient=True)),
        ("Polars", "polars", functools.partial(peers.by_polars, is_lenient=True)),
        ("gzip + json", "json", peers.by_plain_loop),
    )
    contestants: dict[str, Contestant] = {
        SCAN: peers.by_scan,
        WHEELS: peers.by_scan_of_wheels,
        **{name: contestant for name, module, contestant in lenient if module not in skipped},
    }
    print("\ndamaged hours (peers at their most lenient): exact, or events lost or invented")
    rows = [["damage", "events", *contestants], *scan_damage.table(folder, contestants)]
    for row in rows:
        print(f"{row[0]:<30}{row[1]:>8}  " + "".join(f"{cell:<28}" for cell in row[2:]).rstrip())


if __name__ == "__main__":
    if len(sys.argv) > 1:
        measure(sys.argv[1], sys.argv[2], sys.argv[3:])
    else:
        main()
