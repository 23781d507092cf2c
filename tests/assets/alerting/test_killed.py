"""A delivery killed by SIGKILL at every point, against a Slack that fails: all arrive, once."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from assets.alerting.outbox import Action
from assets.alerting.tables import OUTBOX
from assets.declare import prepare
from resources.slack_client import chart_name
from resources.warehouse import Warehouse
from sandbox.server import SandboxServer
from sandbox.trouble import Trouble
from sandbox.world import World
from tests.assets.alerting.deliver_killed import MESSAGES, POINT_FILE
from tests.assets.alerting.slack_fakes import Clock
from tests.conftest import ROOT

POST = "/api/chat.postMessage"
#: What befalls the requests of a process; None for nothing.
TROUBLES = (
    None,
    Trouble(POST, status=429, retry_after=0),
    Trouble(POST, status=500),
    Trouble(POST, "late", status=500),
    Trouble(POST, "lost"),
    Trouble(POST, "cut"),
    Trouble(POST, "reset"),
    Trouble("/api/files.completeUploadExternal", "late", status=503),
    Trouble("/api/files.completeUploadExternal", "lost"),
    Trouble("/upload/", status=500),
    Trouble("/api/chat.update", "lost"),
    Trouble("/api/conversations.history", status=500),
    Trouble("/api/conversations.replies", "reset"),
)
MOST_PROCESSES = 300


@dataclass
class Deliveries:
    """Processes that deliver one after the other, and what was seen of them."""

    server: SandboxServer
    clock: Clock
    forking: subprocess.Popen[str]
    kills: list[str] = field(default_factory=list)

    def process(self, folder: Path, channel: str, moment: str, passed: list[str]) -> int:
        """Run one; its exit code, or minus the signal that killed it."""
        self.clock.pass_by(minutes=2)
        job = {
            "folder": str(folder),
            "url": self.server.url,
            "channel": channel,
            "decided": (self.clock() - timedelta(hours=1)).isoformat(),
            "now": self.clock().isoformat(),
            "moment": moment,
            "passed": passed,
        }
        assert self.forking.stdin
        assert self.forking.stdout
        self.forking.stdin.write(json.dumps(job) + "\n")
        self.forking.stdin.flush()
        ended = int(self.forking.stdout.readline())
        # Slack goes on with what a dead process asked of it.
        self.server.wait_until_idle()
        return ended

    def kill_everywhere(self, folder: Path, channel: str, seed: int | None) -> list[str]:
        """Deliver until nothing waits, killed at each new point; the points, in order."""
        chance = random.Random(seed)  # noqa: S311 - a test's
        passed: list[str] = []
        for _ in range(MOST_PROCESSES):
            self.server.clear_faults()
            trouble = chance.choice(TROUBLES) if seed is not None else None
            if trouble:
                self.server.add_fault(trouble)
            moment = "answered" if seed is None else "sent"
            ended = self.process(folder, channel, moment, passed)
            if ended == -signal.SIGKILL:
                passed.append((folder / POINT_FILE).read_text())
            elif ended == 0:
                return passed
            else:
                assert ended <= len(MESSAGES), "the process failed by itself"
        raise AssertionError(f"after {MOST_PROCESSES} processes messages wait")


@pytest.fixture(scope="module")
def deliveries() -> Iterator[Deliveries]:
    clock = Clock()
    world = World(seed=1, developers=10, faults=())
    environment = {
        name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")
    }
    with SandboxServer(world, clock=clock) as server:
        forking = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("deliver_killed.py"))],
            cwd=ROOT,
            env={**environment, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        with forking:
            yield Deliveries(server, clock, forking)


def check_all_there_once(server: SandboxServer, house: Warehouse, channel: str) -> None:
    """Every message is in Slack, once, in its thread, and the outbox knows where."""
    shown = [each for each in server.slack_messages() if each["channel"] == channel]
    posted = {
        each["metadata"]["event_payload"]["key"]: each  # type: ignore[index]
        for each in shown
        if "metadata" in each
    }
    files = [
        (each["thread_ts"], file["name"])
        for each in shown
        for file in each.get("files", ())  # type: ignore[attr-defined]
    ]
    texts = [message for message in MESSAGES if message.action in (Action.POST, Action.REPLY)]
    assert len(shown) == len(texts) + 1
    assert set(posted) == {message.key for message in texts}
    assert files == [(posted["a"]["ts"], chart_name("a-chart"))]
    for message in texts:
        expected = posted[message.thread]["ts"] if message.action is Action.REPLY else None
        thread_ts = posted[message.key].get("thread_ts")
        assert thread_ts == expected or (
            expected is None and thread_ts == posted[message.key]["ts"]
        )
    assert posted["a-more"]["subtype"] == "thread_broadcast"
    assert posted["a"]["text"] == "a share rose"
    # Slack's own log: no call for a key was taken twice.
    taken = Counter(
        call["arguments"]["metadata"]["event_payload"]["key"]  # type: ignore[index]
        for call in server.slack.calls()
        if call["method"] == "chat.postMessage"
        and call["ok"]
        and call["arguments"]["channel"] == channel  # type: ignore[index]
    )
    assert set(taken.values()) == {1}
    rows = {row["message_key"]: row for row in house.query("FROM ops.outbox").to_pylist()}
    assert set(rows) == {message.key for message in MESSAGES}
    for row in rows.values():
        assert row["delivered_at"] is not None
        assert (row["dead_at"], row["attempted_at"], row["png"]) == (None, None, None)
    for message in texts:
        assert rows[message.key]["slack_ts"] == posted[message.key]["ts"]


@pytest.mark.parametrize("seed", [None, 1])
def test_every_alert_arrives_once_whatever_kills_the_process_and_whatever_slack_answers(
    deliveries: Deliveries, tmp_path: Path, seed: int | None
) -> None:
    house = Warehouse(str(tmp_path / "warehouse.duckdb"), max_wait_s=5)
    prepare(house, OUTBOX)
    channel = f"C0KILLED{seed or 0:02d}"
    points = deliveries.kill_everywhere(tmp_path, channel, seed)
    deliveries.kills += points
    assert len(points) == len(set(points))
    # Each message was killed before and after every commit, and around every request.
    for message in MESSAGES:
        for point in ("begin {}: before commit", "begin {}: committed"):
            assert point.format(message.key) in points
        assert f"record_delivery {message.key}: committed" in points
    check_all_there_once(deliveries.server, house, channel)


def test_that_was_over_a_hundred_kills(deliveries: Deliveries) -> None:
    assert len(deliveries.kills) >= 100
    answered = {point for point in deliveries.kills if point.endswith(": answered")}
    assert {point.rpartition(", ")[2].split(":")[0] for point in answered} == {
        "chat.postMessage",
        "chat.update",
        "conversations.history",
        "conversations.replies",
        "files.getUploadURLExternal",
        "files.completeUploadExternal",
        "upload",
    }
