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
writes this page of what it noted; `make test` holds a shorter form. A try is survived where the
work done again is as undisturbed: the same rows, each event there once, each message sent once, no
temporary file and no lock left. Kinds that say *not tried* are in the table of kinds and were not
in the run that this page is of.

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
    stated = set()
    for line in lines:
        noted = json.loads(line)
        stated.add((noted["day"], noted["machine"]))
        for name in _COUNTS:
            counts[noted["kind"]][name] += noted[name]
    text = _HEAD
    for kind in KINDS:
        found = counts.get(kind.name)
        cells = "not tried | | | "
        if found:
            failed = found["tried"] - found["survived"]
            tried = found["kills"] or found["tried"]
            cells = f"{tried:,} | {tried - failed:,} | {found['lost']} | {found['doubled']}"
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
