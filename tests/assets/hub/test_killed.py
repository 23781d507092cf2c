"""A snapshot killed by SIGKILL in the middle and taken again asks for no page that it has."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

from assets.hub import tables
from tests.assets.hub.conftest import FIRST, Place, WatchedHub, load_authors
from tests.conftest import ROOT

KILLED_AT = 70


def start(hub: WatchedHub, folder: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, str(Path(__file__).with_name("snapshot_once.py"))]
    return subprocess.Popen(
        [*command, hub.url, str(folder), FIRST.isoformat()],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def test_a_snapshot_killed_and_taken_again_asks_for_no_page_twice_and_is_the_same(
    place: Place, hub: WatchedHub, tmp_path: Path
) -> None:
    # Small pages, so that it dies in the middle of a list, too.
    hub.hub = type(hub.hub)(hub.hub.models, hub.clock.now, hub.limits, most_a_page=3)
    whole = Place(tmp_path / "whole", hub.url)
    load_authors(whole.house)
    whole.run(tables.HUB_MODELS, FIRST)
    pages = Counter(call.what for call in hub.calls)
    assert set(pages.values()) == {1}
    hub.calls.clear()
    processes: list[subprocess.Popen[bytes]] = []

    def kill(count: int) -> None:
        if count == KILLED_AT:
            processes[0].send_signal(signal.SIGKILL)
            processes[0].wait()

    hub.on_call = kill
    processes.append(start(hub, place.folder))
    assert processes[0].wait() == -signal.SIGKILL
    assert len(hub.calls) == KILLED_AT
    assert place.lake.partitions(tables.HUB_MODELS.qualified) == []
    assert start(hub, place.folder).wait() == 0

    asked = Counter(call.what for call in hub.calls)
    # It died while it waited for an answer: that page it never got.
    assert {what for what, count in asked.items() if count > 1} == {hub.calls[KILLED_AT - 1].what}
    assert asked.keys() == pages.keys()
    assert place.rows(tables.HUB_MODELS) == whole.rows(tables.HUB_MODELS)
    assert place.rows(tables.HUB_SNAPSHOTS) == whole.rows(tables.HUB_SNAPSHOTS)
    assert not (place.folder / "hub" / str(FIRST.date())).exists()
