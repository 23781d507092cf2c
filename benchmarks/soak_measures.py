"""What a simulated day leaves: memory, handles, files and bytes of a data folder, part by part."""

import csv
import os
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from orchestration.settings import Settings

#: Part of the data folder by the first names of a path in it; what else there is, is `other`.
_DAGSTER_PARTS = {
    ("schedules",): "ticks",
    ("storage",): "step_logs",
    ("history", "runs.db"): "run_index",
    ("history", "runs", "index.db"): "event_index",
    ("history", "runs"): "run_events",
}
_PARTS = {
    "lake": "lake",
    "published": "published",
    "great_expectations": "data_docs",
    "mirrors": "mirrors",
    "dagster": "dagster_other",
}
PARTS = ("warehouse", *_DAGSTER_PARTS.values(), *_PARTS.values(), "other")


@dataclass(frozen=True, slots=True)
class DayMeasured:
    """How an installation stands at the end of a simulated day.

    Attributes:
        day: number of the day, from 1.
        date: the day (UTC) that was simulated.
        wall_s: time that it took.
        cpu_s: of this process.
        run_count: runs made.
        failed_count: of them, failed.
        rss_bytes: memory of this process that is in RAM.
        handle_count: open file handles of this process.
        thread_count: threads of this process.
        file_count: files in the data folder.
        byte_counts: size of them by part, one of `PARTS`.
        file_counts: number of them by part.
    """

    day: int
    date: str
    wall_s: float
    cpu_s: float
    run_count: int
    failed_count: int
    rss_bytes: int
    handle_count: int
    thread_count: int
    file_count: int
    byte_counts: Mapping[str, int]
    file_counts: Mapping[str, int]

    def row(self) -> dict[str, float | str]:
        """As a row of the CSV file, parts as columns of their own."""
        plain = {each.name: getattr(self, each.name) for each in fields(self)}
        bytes_of, files_of = plain.pop("byte_counts"), plain.pop("file_counts")
        return {
            **plain,
            **{f"{part}_bytes": bytes_of.get(part, 0) for part in PARTS},
            **{f"{part}_files": files_of.get(part, 0) for part in PARTS},
        }


def columns() -> list[str]:
    """Columns of the CSV file, in order."""
    plain = [each.name for each in fields(DayMeasured) if not each.name.endswith("_counts")]
    return [*plain, *(f"{part}_{unit}" for unit in ("bytes", "files") for part in PARTS)]


def series(path: Path) -> dict[str, list[float]]:
    """The numbers of a CSV file of days by column, in order of days."""
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    return {name: [float(row[name]) for row in rows] for name in columns() if name != "date"}


def sizes(settings: Settings) -> tuple[Counter[str], Counter[str]]:
    """Bytes and number of the files of a data folder, by part."""
    bytes_of, files_of = Counter[str](), Counter[str]()
    root = settings.data
    for folder, names in _walk(root):
        parts = folder.relative_to(root).parts
        for name, size in names:
            part = part_of((*parts, name))
            bytes_of[part] += size
            files_of[part] += 1
    return bytes_of, files_of


def part_of(path: Sequence[str]) -> str:
    """The part, one of `PARTS`, that a file of the data folder belongs to.

    Args:
        path: its names below the data folder.
    """
    if path[0] == "dagster":
        for names, part in _DAGSTER_PARTS.items():
            below = path[1 : 1 + len(names)]
            # SQLite's log and index of it stand beside a database.
            if tuple(below) == names or (
                below[:-1] == list(names[:-1]) and below and below[-1].startswith(f"{names[-1]}-")
            ):
                return part
    if path[0].startswith("warehouse.duckdb"):
        return "warehouse"
    return _PARTS.get(path[0], "other")


def _walk(root: Path) -> list[tuple[Path, list[tuple[str, int]]]]:
    found = []
    for folder, _, names in os.walk(root):
        sized = []
        for name in names:
            path = os.path.join(folder, name)  # noqa: PTH118 - tens of thousands a day
            try:
                sized.append((name, os.lstat(path).st_size))
            except FileNotFoundError:
                continue
        found.append((Path(folder), sized))
    return found


def of_process() -> tuple[int, int, int]:
    """Memory in RAM (bytes), open file handles and threads of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    handles = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - names alone are counted
    return pages * os.sysconf("SC_PAGE_SIZE"), handles, threading.active_count()
