"""The tests of all kinds of faults, and the page that says how their tries went.

`python -m tests.faults.reliability tests` lists the tests; `… page FILE...` writes the page
docs/reliability.md of the tries that were noted in files.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from pathlib import Path

from tests.conftest import ROOT
from tests.faults.kinds import KINDS

PAGE = ROOT / "docs" / "reliability.md"
_COUNTS = ("tried", "survived", "lost", "doubled", "kills")
_HEAD = """# Reliability
What was broken on purpose, how often, and what came of it. `make test-faults` tries every kind and
writes this page of what it noted; `make test` holds a shorter form.

A try is survived where all of this holds afterwards:

- **of work that is killed** and then done once more: rows of every table as Parquet bytes are those
  of undisturbed work (columns that name a run or its time left out), each message is in Slack once,
  no temporary file is left, no lock is held, no run goes on in Dagster. *Lost* and *doubled* are
  events, messages or rows. Ten runs are of a whole day, with marts, publication and an alert.
- **of an upstream**: what its client gives is the truth or an error that says why, without a
  secret; it rides out once what passes by itself; asked again afterwards it gives exactly the
  truth, and Slack has each message once; the fault did befall a request. Nine things are asked of
  seven upstreams, the fault once and lasting.
- **of storage**: what was there is there, whole, as it was or as it was to be; what is damaged is
  refused with the file and the command that mends it, never read as other figures; done again, all
  rows are there. A process at a limit is tried from 4 KiB to 32 MiB.
- **of the others**: the test of that name passes, which counts nothing (–).

Not in this table: workers, daemon and code server killed below a backfill, and the command
(`make test-crash`), and the fuzzed parsers ([fuzzing](reliability_fuzz.md)). Load and growth are in
[load and soak](reliability_soak.md).

| fault | befalls | times tried | survived | lost | doubled |
|---|---|---:|---:|---:|---:|
"""


def tests() -> list[str]:
    """What pytest is given: this folder, and the tests of others that count."""
    others = {test for kind in KINDS for test in kind.tests if "tests/faults/" not in test}
    return ["tests/faults", *sorted(others)]


def page(lines: list[str]) -> str:
    """The page of noted tries.

    Of work that is killed a try is a kill: what was over before it would be killed is none.
    """
    counts: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(_COUNTS, 0))
    stated, counted = set(), set()
    for line in lines:
        noted = json.loads(line)
        stated.add((noted["day"], noted["machine"]))
        for name in _COUNTS:
            counts[noted["kind"]][name] += noted.get(name, 0)
        if "lost" in noted:
            counted.add(noted["kind"])
    text = _HEAD
    for kind in KINDS:
        found = counts.get(kind.name)
        cells = "not tried | | |"
        if found:
            failed = found["tried"] - found["survived"]
            tried = found["kills"] or found["tried"]
            sums = f"{found['lost']} | {found['doubled']}" if kind.name in counted else "– | –"
            cells = f"{tried:,} | {tried - failed:,} | {sums}"
        text += f"| {kind.name} | {kind.group} | {cells} |\n"
    kills = sum(each["kills"] for each in counts.values())
    text += f"\n{len(KINDS)} kinds; {kills:,} random kills.\n"
    for day, machine in sorted(stated):
        text += f"\nTried on {day}: {machine}.\n"
    return text


def main(arguments: list[str]) -> None:
    """List the tests, or write the page."""
    if arguments[0] == "tests":
        print(" ".join(tests()))
        return
    lines = [line for name in arguments[1:] for line in Path(name).read_text().splitlines()]
    PAGE.write_text(page(lines))


if __name__ == "__main__":
    main(sys.argv[1:])
