"""Deliver in processes that kill themselves where they have not before: `deliver_killed.py`.

Each line of stdin is a job: an outbox, a Slack, a time, and the points that were passed already.
A fork of this process, which has only imported, puts the messages into the outbox and delivers
them, and dies by SIGKILL at the first point that is new. It says which, in a file, before.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import duckdb

from assets.alerting import delivery, outbox
from assets.alerting.assets import FAILURES
from assets.alerting.outbox import Action, Outgoing
from resources.slack_client import SlackWorkspaceClient
from resources.warehouse import Warehouse

POINT_FILE = "point.txt"
#: Two threads, one with all there is.
MESSAGES = (
    Outgoing("a", "gap", Action.POST, None, "a share rises", ({"type": "divider"},), order=0),
    Outgoing("a-chart", "gap", Action.CHART, "a", "a share", (), False, b"\x89PNG", "a line", 1),
    Outgoing("a-more", "gap", Action.REPLY, "a", "it rises further", (), True, order=2),
    Outgoing("a-over", "gap", Action.UPDATE, "a", "a share rose", (), order=3),
    Outgoing("b", "gap", Action.POST, None, "a source is lost", (), order=4),
    Outgoing("b-more", "gap", Action.REPLY, "b", "it is back", (), order=5),
)


@dataclass
class Points:
    """Where a process is, and where it was killed before."""

    file: Path
    passed: frozenset[str]
    moment: str
    doing: str = "start"

    def reach(self, point: str) -> None:
        """Die here, unless somebody did before."""
        if point not in self.passed:
            self.file.write_text(point)
            os.kill(os.getpid(), signal.SIGKILL)

    def watch_outbox(self) -> None:
        """Have the outbox's writes say what a transaction is for."""
        for name in ("enqueue", "waiting", "begin", "record_delivery", "record_failure", "bury"):
            setattr(outbox, name, self._named(name, getattr(outbox, name)))

    def _named(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def named(*arguments: Any, **others: Any) -> Any:  # noqa: ANN401 - whatever it wraps
            key = arguments[1] if len(arguments) > 1 else ""
            self.doing = name if name == "enqueue" else f"{name} {key}"
            self.reach(f"{self.doing}: before")
            return function(*arguments, **others)

        return named

    def watch_requests(self) -> None:
        """Have each request stop once it is sent, or once it is answered.

        Both at once would never see an answer: what a dead process sent is found by the next one.
        """
        receive = http.client.HTTPConnection.getresponse
        send = http.client.HTTPConnection.putrequest

        def put(connection: Any, method: str, url: str, *others: Any, **more: Any) -> None:  # noqa: ANN401
            name = urlsplit(url).path.rpartition("/")[2]
            connection.asked = "upload" if "/upload/" in url else name
            send(connection, method, url, *others, **more)

        def get(connection: Any) -> http.client.HTTPResponse:  # noqa: ANN401
            point = f"{self.doing}, {connection.asked}: {self.moment}"
            if self.moment == "sent":
                self.reach(point)
            answer = receive(connection)
            self.reach(point)
            return answer

        http.client.HTTPConnection.putrequest = put  # type: ignore[method-assign]
        http.client.HTTPConnection.getresponse = get  # type: ignore[method-assign]

    @contextmanager
    def transaction(self, house: Warehouse) -> Iterator[duckdb.DuckDBPyConnection]:
        """A transaction that stops before and after its commit."""
        with house.transaction() as connection:
            yield connection
            self.reach(f"{self.doing}: before commit")
        self.reach(f"{self.doing}: committed")


def run(job: dict[str, Any]) -> int:
    """Decide and deliver; the number of messages that still wait."""
    folder, now = Path(job["folder"]), datetime.fromisoformat(job["now"])
    points = Points(folder / POINT_FILE, frozenset(job["passed"]), job["moment"])
    points.watch_outbox()
    points.watch_requests()
    house = Warehouse(str(folder / "warehouse.duckdb"), max_wait_s=5)
    decided = datetime.fromisoformat(job["decided"])
    with points.transaction(house) as connection:
        for message in MESSAGES:
            outbox.enqueue(connection, message, decided)
    slack = SlackWorkspaceClient(
        token="xoxb-test",  # noqa: S106 - the sandbox takes any
        channel=job["channel"],
        api_url=job["url"] + "/api/",
        timeout_s=1,
    )
    done = delivery.deliver(
        slack,
        lambda: points.transaction(house),
        failures=FAILURES,
        lock=folder / "delivery.lock",
        now=lambda: now,
    )
    return done.waiting


def main() -> None:
    """Fork for each job, and print how it ended: a signal below 0, else how many wait."""
    # Neither between two tries nor before a limit's end is there anything to wait for.
    time.sleep = lambda _seconds: None
    if threading.active_count() != 1:
        raise RuntimeError("a process with threads does not fork")
    for line in sys.stdin:
        child = os.fork()
        if not child:
            status = 99
            try:
                status = run(json.loads(line))
            finally:
                os._exit(status)
        _, ended = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(ended), flush=True)


if __name__ == "__main__":
    main()
