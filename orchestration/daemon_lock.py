"""One daemon an installation: a second would start its runs and send its alerts twice."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from orchestration.settings import SettingsError

FILE = "daemon.lock"


@contextmanager
def only_daemon(dagster_home: Path) -> Iterator[int]:
    """Be the one daemon of a folder of Dagster's, among the processes of this machine.

    Dagster itself starts a second one all the same, and says so in a log only.

    Yields:
        The lock's file descriptor. It is for the daemon's process to inherit, which then is the one
        as long as it lives, whatever becomes of this one.

    Raises:
        SettingsError: another is at work; the text has its process id.
    """
    path = dagster_home / FILE
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 32).decode(errors="replace").strip() or "unknown"
            raise SettingsError(
                f"another daemon (process {holder}) is at work on {dagster_home}, which is to have "
                "one at most; end it (make dev, or the daemon's service), and do this again"
            ) from None
        os.truncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        os.set_inheritable(descriptor, True)
        yield descriptor
    finally:
        os.close(descriptor)
