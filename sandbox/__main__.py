"""Serve a synthetic world until told to stop: `python -m sandbox`."""

from __future__ import annotations

import argparse
import os
import signal
import threading
from datetime import UTC, datetime

from sandbox.clock import WorldClock
from sandbox.faults import DEFAULT_FAULTS
from sandbox.server import SandboxServer
from sandbox.world import World

_PARENT_POLL_SECONDS = 0.5


def main() -> None:
    """Serve, say where on one line of stdout, and end on SIGTERM, SIGINT or the parent's end."""
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 for any free one")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--developers", type=int, default=3_000)
    parser.add_argument("--clean", action="store_true", help="an archive without planted faults")
    parser.add_argument("--now", help="ISO time with offset at which the clock begins")
    parser.add_argument("--with-parent", action="store_true", help="end when the parent has ended")
    options = parser.parse_args()

    parent = os.getppid()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    faults = () if options.clean else DEFAULT_FAULTS
    world = World(options.seed, options.developers, faults=faults)
    begin = datetime.fromisoformat(options.now) if options.now else datetime.now(UTC)

    with SandboxServer(world, port=options.port, clock=WorldClock(begin)) as server:
        print(f"sandbox ready at {server.url}", flush=True)
        while not stop.wait(_PARENT_POLL_SECONDS):
            if options.with_parent and os.getppid() != parent:
                break


if __name__ == "__main__":
    main()
