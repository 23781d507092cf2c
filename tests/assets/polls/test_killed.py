"""A poll killed by SIGKILL in the middle and run again asks for nothing that it has."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

from assets.polls.tables import REPOSITORY_EVENTS, SOURCE
from resources.lake import Lake
from resources.warehouse import Warehouse
from tests.assets.polls.conftest import WatchedServer, track
from tests.conftest import ROOT

COUNT, KILLED_AT = 260, 130  # the last batch of 50 is half full when the process dies


def start(server: WatchedServer, folder: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, str(Path(__file__).with_name("poll_once.py"))]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    now = server.clock.now().isoformat()
    return subprocess.Popen(
        [*command, server.url, str(folder), now],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def test_a_poll_killed_and_run_again_asks_for_nothing_twice_and_loses_nothing(
    server: WatchedServer, house: Warehouse, tmp_path: Path
) -> None:
    rows = list(server.world.repositories[:COUNT])
    track(house, rows)
    processes: list[subprocess.Popen[bytes]] = []

    def kill(count: int) -> None:
        if count == KILLED_AT:
            processes[0].send_signal(signal.SIGKILL)
            processes[0].wait()

    server.on_call = kill
    processes.append(start(server, tmp_path))
    assert processes[0].wait() == -signal.SIGKILL
    first = [call.path for call in server.calls]
    assert len(first) == KILLED_AT
    assert start(server, tmp_path).wait() == 0

    asked = Counter(call.path for call in server.calls if call.status == 200)
    # The process died while it waited for the last answer: that one it never got, nor the pages
    # of the same repository before it.
    lost = first[-1].rpartition("?")[0]
    twice = {path.rpartition("?")[0] for path, count in asked.items() if count > 1}
    assert twice <= {lost}
    states = house.query("SELECT repo_id, outcome FROM raw.repository_polls").to_pylist()
    assert {row["repo_id"] for row in states} == {row.github_id for row in rows}
    assert {row["outcome"] for row in states} <= {"polled", "renamed"}
    assert not list((tmp_path / "polls").iterdir())

    store = Lake(str(tmp_path / "lake"))
    days = store.partitions(REPOSITORY_EVENTS.qualified, SOURCE)
    found = store.read_all(
        REPOSITORY_EVENTS.qualified, days, REPOSITORY_EVENTS.arrow_schema, SOURCE
    )
    ids = [(row["event_type"], row["event_id"], row["created_at"]) for row in found.to_pylist()]
    assert len(ids) == len(set(ids))
    shown = {
        (each.event_type, str(each.event_id), each.created_at)
        for row in rows
        for each in server.github.lists.feed(row.github_id)
    }
    assert set(ids) == shown
