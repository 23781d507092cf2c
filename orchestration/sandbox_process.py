"""Starts the sandbox world as a process of its own, sets its clock, and ends it."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from orchestration.processes import end
from orchestration.settings import ROOT
from resources.http import new_session, send

_READY = "sandbox ready at "


@contextmanager
def sandbox_process(port: int = 0, now: str = "", arguments: Sequence[str] = ()) -> Iterator[str]:
    """The base URL of a sandbox that lives as long as this block.

    Args:
        port: 0 for any free one.
        now: ISO time at which its clock begins; empty for the machine's.
        arguments: more of its own, such as the number of its developers.

    Raises:
        RuntimeError: the sandbox ended before it was ready.
    """
    command = [sys.executable, "-m", "sandbox", "--port", str(port), "--with-parent"]
    if now:
        command += ["--now", now]
    command += arguments
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)  # noqa: S603
    try:
        line = process.stdout.readline() if process.stdout else ""
        if not line.startswith(_READY):
            raise RuntimeError(f"the sandbox did not start; it printed {line!r}")
        yield line.removeprefix(_READY).strip()
    finally:
        end(process, patience_s=10)


def set_sandbox_clock(url: str, now: str) -> None:
    """Have a sandbox's upstreams go on from another time, as if days had passed.

    Raises:
        PermanentUpstreamError: this sandbox has no clock that can be set.
    """
    with new_session(url) as session:
        send(session, "POST", f"{url}/_sandbox/clock", json={"now": now})
