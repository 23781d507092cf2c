"""A pytest plugin that counts the tries of each kind of fault: `-p tests.faults.tally`.

It adds a line of JSON to the file of FAULTS_TALLY for each note of a test of this folder, and for
each case of a test of another folder that the table of kinds names.
"""

from __future__ import annotations

import json
import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.faults.kinds import KINDS

#: Kinds by the tests that are counted by their cases.
_BY_TEST = {
    test: kind.name for kind in KINDS for test in kind.tests if not test.startswith("tests/faults/")
}


# As the process began: a test may work in another folder.
_PATH = Path(os.environ["FAULTS_TALLY"]).resolve() if "FAULTS_TALLY" in os.environ else None


def notes_of(report: pytest.TestReport) -> list[dict[str, Any]]:
    """The tries that a test's report tells of."""
    if report.when != "call" or report.skipped:
        return []
    noted = [value for name, value in report.user_properties if name == "fault"]
    kind = _BY_TEST.get(report.nodeid.partition("[")[0])
    if kind:
        survived = int(report.passed)
        # Such a test says whether all holds, and counts nothing.
        noted.append({"kind": kind, "tried": 1, "survived": survived, "kills": 0})
    return noted  # type: ignore[return-value]  # notes are what this folder's tests made


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Write down the tries of a test."""
    # Of processes side by side, the one that gathers their reports writes.
    if _PATH is None or "PYTEST_XDIST_WORKER" in os.environ:
        return
    stated = {
        "day": str(datetime.now(UTC).date()),
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, Python "
        f"{platform.python_version()}, {platform.system()}",
    }
    with _PATH.open("a") as file:
        file.writelines(json.dumps({**each, **stated}) + "\n" for each in notes_of(report))
