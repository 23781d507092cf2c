"""Weeks killed by SIGKILL in the middle and read again ask for no file that is there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from assets.patents import tables
from sandbox.exchange import Request, Response
from sandbox.server import SandboxServer
from sandbox.uspto import readable
from sandbox.world import World
from tests.assets.patents.materialising import FIRST, NOW, Patents, weeks_from
from tests.conftest import ROOT

WEEKS, KILLED_AT = weeks_from(FIRST, 4), 5  # at the grants of the third week


class Watched(SandboxServer):
    """Says of each file that is about to be given which one of all that is."""

    def __init__(self) -> None:
        super().__init__(World(seed=1, developers=20), clock=lambda: NOW)
        self.given: list[str] = []
        self.on_file: Callable[[int], None] = lambda _count: None

    def answer(self, request: Request) -> Response:
        if request.path.startswith("/uspto-signed/"):
            self.given.append(request.path.rpartition("/")[2])
            self.on_file(len(self.given))
        return super().answer(request)


@pytest.fixture
def server() -> Iterator[Watched]:
    with Watched() as running:
        yield running


def start(server: Watched, folder: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, str(Path(__file__).with_name("read_once.py"))]
    return subprocess.Popen(
        [*command, f"{server.url}/uspto", str(folder), str(FIRST), str(len(WEEKS))],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def test_a_killed_run_is_gone_on_with_and_asks_for_nothing_that_it_has(
    server: Watched, tmp_path: Path
) -> None:
    processes: list[subprocess.Popen[bytes]] = []

    def kill(count: int) -> None:
        if count == KILLED_AT:
            processes[0].send_signal(signal.SIGKILL)
            processes[0].wait()

    server.on_file = kill
    processes.append(start(server, tmp_path))
    assert processes[0].wait() == -signal.SIGKILL
    assert len(server.given) == KILLED_AT
    lost = server.given[-1]
    assert start(server, tmp_path).wait() == 0
    # The process died while it waited for a file: that one it never got.
    assert Counter(server.given) == {
        **dict.fromkeys(server.given, 1),
        lost: 2,
    }
    assert len(set(server.given)) == 2 * len(WEEKS)

    patents = Patents(tmp_path, f"{server.url}/uspto")
    found = sorted(row["publication_number"] for row in patents.rows(tables.PATENTS))
    assert found == sorted(each.publication_number for each in readable(1, WEEKS))
    assert {row["status"] for row in patents.files().values()} == {"complete"}
