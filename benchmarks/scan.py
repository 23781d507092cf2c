"""The archive scan against plain gzip + json doing the same job, on one synthetic hour."""

import gzip
import json
import statistics
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime

from isal import isal_zlib

from assets.activity.scan import Selection, scan_hour
from sandbox.world import World

_ROUNDS = 5
_HOURS = 24
_CHUNK_BYTES = 1 << 18

Result = tuple[int, int, Counter[str]]


def synthetic_hour() -> bytes:
    """A day of the sandbox world as one gzip file: about 9,000 events of 1 KB."""
    world = World(seed=1, faults=())
    lines = []
    for hour in range(_HOURS):
        data = world.hour_file(datetime(2024, 12, 1, hour, tzinfo=UTC))
        lines.append(gzip.decompress(data) if data else b"")
    return gzip.compress(b"".join(lines), compresslevel=6)


def by_scan(data: bytes, selection: Selection) -> Result:
    """This project's scan."""
    chunks = (data[at : at + _CHUNK_BYTES] for at in range(0, len(data), _CHUNK_BYTES))
    scan = scan_hour(chunks, selection)
    return scan.event_count, len(scan.kept), scan.totals


def by_plain_loop(data: bytes, selection: Selection) -> Result:
    """The standard library, line by line; exact on whole files only."""
    events = kept = 0
    totals: Counter[str] = Counter()
    for line in gzip.decompress(data).splitlines():
        event = json.loads(line)
        events += 1
        totals[event["type"]] += 1
        kept += event["repo"]["id"] in selection.repository_ids
    return events, kept, totals


def by_inflating(data: bytes, _selection: Selection) -> Result:
    """Inflating alone, with ISA-L: the floor of any scan."""
    isal_zlib.decompress(data, wbits=31)
    return 0, 0, Counter()


def main() -> None:
    """Print CPU seconds (medians) and their ratio to inflating alone."""
    data = synthetic_hour()
    world = World(seed=1, faults=())
    selection = Selection(
        frozenset(repository.github_id for repository in world.tracked_repositories),
        panel_one_in=0,
    )
    assert_equal(by_scan(data, selection), by_plain_loop(data, selection))
    contestants: dict[str, Callable[[bytes, Selection], Result]] = {
        "inflating alone (ISA-L)": by_inflating,
        "scan_hour": by_scan,
        "gzip + json": by_plain_loop,
    }
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(_ROUNDS):
        for name, contestant in contestants.items():
            began = time.process_time()
            contestant(data, selection)
            seconds[name].append(time.process_time() - began)
    floor = statistics.median(seconds["inflating alone (ISA-L)"])
    print(f"one file of {len(data) / 1e6:.1f} MB gz, {_ROUNDS} rounds, medians")
    print(f"{'what':<26}{'CPU s':>8}{'x inflating':>13}")
    for name, values in seconds.items():
        median = statistics.median(values)
        print(f"{name:<26}{median:>8.3f}{median / floor:>13.1f}")


def assert_equal(ours: Result, theirs: Result) -> None:
    """Refuse to compare the speed of two that do not give the same.

    Raises:
        RuntimeError: they differ.
    """
    if ours != theirs:
        raise RuntimeError(f"results differ: {ours} and {theirs}")


if __name__ == "__main__":
    main()
