"""Processes that a command starts and ends, and the ports that they serve at."""

import os
import signal
import socket
import subprocess
from contextlib import suppress
from typing import Any

_PATIENCE_S = 30.0


def free_port() -> int:
    """A port of localhost that nobody serves at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def end(process: "subprocess.Popen[Any]", patience_s: float = _PATIENCE_S) -> None:
    """Ask a process to end, see to it that it does, and close what it printed to."""
    process.terminate()
    try:
        process.wait(timeout=patience_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout:
        process.stdout.close()


def end_group(process: "subprocess.Popen[Any]") -> None:
    """The same of the leader of a group, and of what it started, by the group's id."""
    end(process)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
