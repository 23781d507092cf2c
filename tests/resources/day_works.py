"""Works of a day that end the process they run in, or do not answer: what a worker may meet."""

import os
import signal
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow as pa

from resources.engine import Say, Shared
from resources.lake import Lake

TABLE = "raw.made"


@dataclass(frozen=True)
class WritesDay:
    """Writes a day's partition and notes each time that it did.

    Attributes:
        lake: takes the partition.
        notes: a folder; a file a time that a day was begun.
        poison: days that end the process.
        once: days that end the process the first time, after the partition was written.
        raising: days that raise.
    """

    lake: Lake
    notes: Path
    poison: frozenset[date] = frozenset()
    once: frozenset[date] = frozenset()
    raising: frozenset[date] = frozenset()

    def __call__(self, day: date, say: Say) -> int:
        say(f"on {day}")
        earlier = len(list(self.notes.glob(f"{day}.*")))
        (self.notes / f"{day}.{os.getpid()}.{earlier}").touch()
        if day in self.poison:
            os.kill(os.getpid(), signal.SIGKILL)
        if day in self.raising:
            raise ValueError(f"{day} is odd")
        self.lake.write(TABLE, str(day), pa.table({"day": [day.day]}))
        if day in self.once and not earlier:
            os.kill(os.getpid(), signal.SIGKILL)
        return day.day


@dataclass(frozen=True)
class SumsShared:
    """Adds the day to the sum of rows that all days share."""

    shared: Shared

    def __call__(self, day: date, say: Say) -> int:
        del say
        return sum(self.shared.rows()["n"].to_pylist()) + day.day


class Unreadable(Exception):
    """An exception that does not survive a pickle."""

    def __init__(self, one: str, other: str) -> None:
        super().__init__(f"{one} {other}")


@dataclass(frozen=True)
class RaisesUnreadable:
    """Fails in a way that only its text can be told of."""

    def __call__(self, day: date, say: Say) -> int:
        raise Unreadable("of", str(day))
