"""The sandbox's clock: it begins where it is told to, runs on, and can be set as days pass."""

from __future__ import annotations

import threading
import time
from datetime import datetime, timedelta


class WorldClock:
    """Now, in a world that need not live in the machine's time."""

    def __init__(self, begin: datetime) -> None:
        self._lock = threading.Lock()
        self._begin, self._since = begin, time.monotonic()

    def __call__(self) -> datetime:
        """The time that the world's upstreams go by (aware)."""
        with self._lock:
            return self._begin + timedelta(seconds=time.monotonic() - self._since)

    def set(self, now: datetime) -> None:
        """Go on from another time.

        Raises:
            ValueError: it has no offset.
        """
        if now.tzinfo is None:
            raise ValueError(f"{now.isoformat()} has no offset")
        with self._lock:
            self._begin, self._since = now, time.monotonic()
