"""An asking killed by SIGKILL in the middle and run again asks for nothing that it has."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from tests.assets.papers.conftest import KEY, NOW, Catalogue, Place
from tests.conftest import ROOT

MONTHS = (date(2024, 9, 1), date(2024, 10, 1), date(2024, 11, 1))


def start(server: Catalogue, folder: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, str(Path(__file__).with_name("ask_once.py"))]
    arguments = [server.url, str(folder), NOW.isoformat(), str(MONTHS[0]), str(MONTHS[-1])]
    return subprocess.Popen(
        [*command, *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


@pytest.mark.parametrize("killed_at", [3, 10])
def test_an_asking_killed_and_run_again_asks_for_nothing_twice_and_loses_nothing(
    server: Catalogue, tmp_path: Path, killed_at: int
) -> None:
    processes: list[subprocess.Popen[bytes]] = []

    def kill(count: int) -> None:
        if count == killed_at:
            processes[0].send_signal(signal.SIGKILL)
            processes[0].wait()

    undisturbed = Place(tmp_path / "undisturbed", server)
    assert undisturbed.ask(*MONTHS).success
    whole = [call.query for call in server.calls]
    server.calls.clear()

    killed = Place(tmp_path / "killed", server)
    server.on_call = kill
    processes.append(start(server, killed.folder))
    assert processes[0].wait() == -signal.SIGKILL
    first = [call.query for call in server.calls]
    assert len(first) == killed_at
    assert start(server, killed.folder).wait() == 0

    # The process died while it waited for its last answer: that one alone is asked for again.
    asked = Counter(call.query for call in server.calls)
    assert {query for query, count in asked.items() if count > 1} == {first[-1]}
    assert set(asked) == set(whole)
    assert server.openalex.limits.violations == 0
    assert {call.status for call in server.calls} == {200}
    assert server.openalex.limits.used(KEY) <= 10_000
    for month in MONTHS:
        assert killed.works(month) == undisturbed.works(month)
    names = ("work_count", "added_count", "stated_count", "returned_count", "quarantined_count")
    assert [[row[name] for name in names] for row in killed.askings()] == [
        [row[name] for name in names] for row in undisturbed.askings()
    ]
    assert not list((killed.folder / "papers").rglob("*.json"))
