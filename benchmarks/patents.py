"""A weekly patent file of real size, read and searched, against parsing it and doing nothing else.

`python -m benchmarks.patents` (5 minutes). Each measurement is a process of its own, taken in
turns; CPU time is that process's, memory what its peak grew over the start of the work, and the
peak itself. The bars: under 90 s on one core, under 200 MB.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from assets.diffusion.matcher import Matcher
from assets.patents.documents import documents
from assets.patents.parse import tree_of
from assets.patents.scan import Scan, scan_file
from assets.patents.zip_stream import ZipStatus, ZipStream
from assets.reference.loader import load_reference
from benchmarks.patents_week import Week, write_week

_ROUNDS = 3
_MOST_SECONDS, _MOST_MB = 90, 200
_CHUNK_BYTES = 1 << 18
_REFERENCE = Path(__file__).resolve().parent.parent / "assets" / "reference"
INFLATING, PARSING, SCANNING = "inflating alone (ISA-L)", "lxml alone", "scan_file"


def by_inflating(path: Path) -> dict[str, int]:
    """Inflates, and counts bytes."""
    return {"bytes": sum(len(block) for block in ZipStream().blocks(chunks(path)))}


def by_parsing(path: Path) -> dict[str, int]:
    """Parses every document with lxml, and throws the tree away."""
    found = documents(ZipStream().blocks(chunks(path)))
    return {"elements": sum(len(tree_of(each.data)) for each in found if each.data is not None)}


def by_scanning(path: Path) -> dict[str, int]:
    """Does what the platform does."""
    scan = scanned(path)
    if scan.status is not ZipStatus.COMPLETE:
        raise RuntimeError(f"the file came out {scan.status}")
    return {"patents": len(scan.patents), "mentions": sum(each.count for each in scan.mentions)}


CONTESTANTS: dict[str, Callable[[Path], dict[str, int]]] = {
    INFLATING: by_inflating,
    PARSING: by_parsing,
    SCANNING: by_scanning,
}


def chunks(path: Path) -> Iterator[bytes]:
    """The file's bytes, a quarter of a MiB at a time."""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk


def scanned(path: Path) -> Scan:
    """The file scanned with the shipped model families."""
    return scan_file(chunks(path), Matcher.of(load_reference(_REFERENCE).model_families))


def measure(name: str, path: str) -> None:
    """One measurement, in a process of its own: prints it as JSON."""
    before = _resident_mb("VmRSS")
    began, wall = time.process_time(), time.perf_counter()
    answer = CONTESTANTS[name](Path(path))
    figures = {
        "wall": time.perf_counter() - wall,
        "cpu": time.process_time() - began,
        "grown": _resident_mb("VmHWM") - before,
        "peak": _resident_mb("VmHWM"),
        **answer,
    }
    print(json.dumps(figures))


def _resident_mb(field: str) -> float:
    """VmRSS, or its peak VmHWM, of this process alone, in MB.

    Not getrusage: its peak is inherited from the process that started this one.
    """
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise RuntimeError(f"/proc/self/status has no {field}")


def _measured(name: str, path: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.patents", name, str(path)]
    result = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
    figures: dict[str, float] = json.loads(result.stdout.splitlines()[-1])
    return figures


def found_share(week: Week) -> tuple[float, float]:
    """Recall and precision of the families that the week's patents name, by patent and family."""
    named: dict[str, set[str]] = {}
    for each in scanned(week.path).mentions:
        if each.first.role != "cited":
            named.setdefault(each.publication_number, set()).add(each.first.family)
    planted = {(number, family) for number, slugs in week.naming.items() for family in slugs}
    found = {(number, family) for number, slugs in named.items() for family in slugs}
    return len(planted & found) / len(planted), len(planted & found) / max(1, len(found))


def main() -> int:
    """Write a week, measure in turns, print medians; 0 where the bars are met."""
    with tempfile.TemporaryDirectory() as folder:
        week = write_week(Path(folder) / "ipg241015.zip")
        print(
            f"{week.document_count} documents, {week.byte_count / 1e6:.0f} MB of XML, "
            f"{week.path.stat().st_size / 1e6:.0f} MB zipped; medians of {_ROUNDS}"
        )
        rounds = [
            {name: _measured(name, week.path) for name in CONTESTANTS} for _ in range(_ROUNDS)
        ]
        recall, precision = found_share(week)
    medians = {
        name: {
            key: statistics.median(each[name][key] for each in rounds) for key in rounds[0][name]
        }
        for name in CONTESTANTS
    }
    print("| what | CPU s | wall s | × lxml alone | peak grew, MB | peak, MB |")
    print("|---|---|---|---|---|---|")
    for name, figures in medians.items():
        ratio = figures["cpu"] / medians[PARSING]["cpu"]
        print(
            f"| {name} | {figures['cpu']:.1f} | {figures['wall']:.1f} | {ratio:.2f} "
            f"| {figures['grown']:.0f} | {figures['peak']:.0f} |"
        )
    print(f"families named in planted sentences: recall {recall:.1%}, precision {precision:.1%}")
    scan = medians[SCANNING]
    is_met = scan["cpu"] < _MOST_SECONDS and scan["peak"] < _MOST_MB
    print(f"under {_MOST_SECONDS} s and {_MOST_MB} MB: {'met' if is_met else 'MISSED'}")
    return 0 if is_met else 1


if __name__ == "__main__":
    if len(sys.argv) > 1:
        measure(*sys.argv[1:])
    else:
        sys.exit(main())
