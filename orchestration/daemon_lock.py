"""One daemon an installation: a second would start its runs and send its alerts twice."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from orchestration.settings import SettingsError

FILE = "daemon.lock"


@contextmanager
def only_daemon(dagster_home: Path) -> Iterator[int]:
    """Be the one daemon of a folder of Dagster's, among the processes of this machine.

    Dagster itself starts a second one all the same, and says so in a log only.

    Yields:
        The lock's file descriptor, for another process to inherit: it then is held for as long as
        that one lives, whatever becomes of this one. `serve daemon` becomes the daemon itself.
        `make dev` gives it to `dg`, which starts and ends the daemon and hands nothing on: where
        `dg` alone is killed by SIGKILL, its daemon may go on without the lock.

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


@contextmanager
def no_daemon(dagster_home: Path) -> Iterator[None]:
    """Keep daemons from a folder of Dagster's, where one has ever been: nothing is made in others.

    Raises:
        SettingsError: one is at work; the text has its process id.
    """
    with ExitStack() as held:
        if (dagster_home / FILE).exists():
            held.enter_context(only_daemon(dagster_home))
        yield
