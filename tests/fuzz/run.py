"""Fuzzes the targets one after the other by atheris: `python -m tests.fuzz.run`, or `make fuzz`.

Read from the environment:
    FUZZ_RUNS: executions in all, spread over the targets by their shares (200,000).
    FUZZ_SECONDS: most seconds of a target; 0 for no bound.
    FUZZ_TARGETS: names, by commas; all of them without.

Corpora, logs, findings and `summary.json` are kept in `.observatory/fuzz`. The exit status is 1
where anything was found: an exception that a parser does not document, an input that takes longer
than 20 seconds, or more than a gibibyte of memory.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.conftest import ROOT
from tests.fuzz.targets import REGRESSIONS, TARGETS, Target

FOLDER = ROOT / ".observatory" / "fuzz"
_RUNS = 200_000
_LIMITS = ("-timeout=20", "-rss_limit_mb=1024", "-malloc_limit_mb=512")
_COVERAGE = re.compile(r"cov: (\d+)")
_EXECUTIONS = re.compile(r"number_of_executed_units: +(\d+)|^#(\d+)\s", re.MULTILINE)
_PEAK = re.compile(r"peak_rss_mb: +(\d+)")
_FOUND = re.compile(r"Test unit written to (\S+)")
# Files that a target writes and reads again are no test of a disk.
_MEMORY = Path("/dev/shm")  # noqa: S108 - folders below it are made by tempfile


@dataclass(frozen=True)
class Report:
    """What became of one target.

    Attributes:
        coverage: edges of our own Python code that inputs reached.
        peak_mib: of the process, the interpreter and its libraries included.
        findings: files with the inputs; the log beside them says what each did.
    """

    target: str
    parser: str
    executions: int
    seconds: float
    coverage: int
    peak_mib: int
    findings: tuple[str, ...]

    def line(self) -> str:
        """For people."""
        rate = self.executions / self.seconds
        return (
            f"{self.target:18}{self.executions:>12,}{rate:>10,.0f}/s{self.coverage:>8,}"
            f"{self.peak_mib:>8,} MiB{len(self.findings):>4}"
        )


def fuzz(target: Target, runs: int, seconds: int) -> Report:
    """Run a target in a process of its own, on from the corpus that earlier runs left."""
    corpus, seeds, found = (_made(kind, target.name) for kind in ("corpus", "seeds", "findings"))
    for number, seed in enumerate(target.seeds()):
        (seeds / f"{number:03}").write_bytes(seed)
    words = FOLDER / f"{target.name}.dict"
    words.write_text("".join(f'"{_escaped(word)}"\n' for word in target.words))
    known = [str(path) for path in (REGRESSIONS / target.name,) if path.is_dir()]
    command = [
        sys.executable, "-m", "tests.fuzz.one", target.name, f"-runs={runs}", *_LIMITS,
        f"-max_total_time={seconds}", f"-max_len={target.most_bytes}", f"-dict={words}",
        f"-artifact_prefix={found}/", "-print_final_stats=1", "-reload=0",
        str(corpus), str(seeds), *known,
    ]  # fmt: skip
    log = FOLDER / f"{target.name}.log"
    began = time.monotonic()
    where = str(_MEMORY) if _MEMORY.is_dir() else None
    with log.open("wb") as out, tempfile.TemporaryDirectory(prefix="fuzz-", dir=where) as folder:
        environment = {**os.environ, "TMPDIR": folder, "PYTHONHASHSEED": "0"}
        process = subprocess.Popen(command, stdout=out, stderr=out, cwd=ROOT, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    took = time.monotonic() - began
    said = log.read_text(errors="replace")
    inputs = tuple(_FOUND.findall(said))
    return Report(
        target=target.name,
        parser=target.parser,
        executions=max((int(a or b) for a, b in _EXECUTIONS.findall(said)), default=0),
        seconds=round(took, 1),
        coverage=max(map(int, _COVERAGE.findall(said)), default=0),
        # A process that was ended from outside states none.
        peak_mib=max(map(int, _PEAK.findall(said)), default=usage.ru_maxrss >> 10),
        # A process that ended badly without such a file is a finding all the same.
        findings=inputs or ((str(log),) if process.returncode else ()),
    )


def _made(kind: str, name: str) -> Path:
    folder = FOLDER / kind / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _escaped(word: bytes) -> str:
    """A word as libFuzzer's dictionaries write it."""
    return "".join(f"\\x{byte:02x}" for byte in word)


def main(environment: Mapping[str, str]) -> int:
    """Fuzz all that is asked for; 1 where anything was found."""
    runs = int(environment.get("FUZZ_RUNS") or _RUNS)
    seconds = int(environment.get("FUZZ_SECONDS") or 0)
    names = (environment.get("FUZZ_TARGETS") or ",".join(TARGETS)).split(",")
    asked = [TARGETS[name] for name in names]
    shares = sum(target.share for target in asked)
    print(f"{'target':18}{'executions':>12}{'speed':>12}{'edges':>8}{'peak':>12}{'found':>6}")
    reports = []
    for target in asked:
        reports.append(fuzz(target, max(1, runs * target.share // shares), seconds))
        print(reports[-1].line(), flush=True)
        summary = json.dumps([asdict(each) for each in reports], indent=1)
        (FOLDER / "summary.json").write_text(summary)
    found = [path for report in reports for path in report.findings]
    executions = sum(report.executions for report in reports)
    took = sum(report.seconds for report in reports)
    largest = max(report.peak_mib for report in reports)
    print(f"{executions:,} executions of {len(reports)} targets in {took / 60:.1f} minutes")
    print(f"largest process {largest:,} MiB")
    print(f"{len(found)} findings", *found, sep="\n  ")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(os.environ))
