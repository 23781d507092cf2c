"""A bound on the bytes a second that this machine downloads, shared by all of its processes.

The state is one number in a small file under a lock of the operating system: when the next byte may
come. Runs side by side, and workers of a cluster on one machine, so keep one bound together, and a
killed process leaves nothing behind that binds others.
"""

import fcntl
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

# No backlog is as long: such a number was left by a clock that has been set back since.
_LONGEST_BACKLOG_S = 600.0


@dataclass(frozen=True, slots=True)
class Bandwidth:
    """A token bucket: over any time t, at most `bytes_per_s` x t bytes and one piece.

    Attributes:
        bytes_per_s: the bound; above 0.
        file: holds the state; its folder is made.
        clock: seconds since the epoch.
        sleep: waits some seconds.
    """

    bytes_per_s: float
    file: Path
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep

    def __post_init__(self) -> None:
        """Refuse a bound that lets nothing through."""
        if self.bytes_per_s <= 0:
            raise ValueError(f"a bandwidth of {self.bytes_per_s} bytes a second lets nothing come")

    def take(self, byte_count: int) -> float:
        """Wait until that many bytes may come; the seconds waited.

        Who asks first goes first: each piece is given its place before anybody waits.
        """
        wait = self._place(byte_count)
        if wait > 0:
            self.sleep(wait)
        return wait

    def _place(self, byte_count: int) -> float:
        """Take the next place in the queue; seconds until it comes."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            now = self.clock()
            free_at = _number(os.pread(descriptor, 64, 0))
            if free_at > now + _LONGEST_BACKLOG_S:
                free_at = now
            begins = max(now, free_at)
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{begins + byte_count / self.bytes_per_s:.6f}".encode(), 0)
            return begins - now
        finally:
            os.close(descriptor)


def _number(text: bytes) -> float:
    """What the file says; nothing, or half a number of a killed process, binds nobody."""
    try:
        return float(text or b"0")
    except ValueError:
        return 0.0
