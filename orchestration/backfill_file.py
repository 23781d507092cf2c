"""Which backfills of commands are not over, and which have a process: a file for each range.

What a backfill has made is in Dagster's records; the file only says which runs are its own.
"""

import fcntl
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import IO

from assets.figures import days_from
from orchestration.settings import SettingsError

#: In the data folder.
FOLDER = "backfills"
_TRIES, _MOMENT_S = 4, 0.1


@dataclass(frozen=True, slots=True)
class Begun:
    """A backfill that is not over.

    Attributes:
        identity: tag of its runs; it names the range and when it was begun.
        later: ISO days after the range whose figures are made anew.
        is_newest_first: in which order.
    """

    identity: str
    later: list[str]
    is_newest_first: bool


@contextmanager
def only_one(folder: Path, first: date, last: date) -> Iterator[Path]:
    """The file of a range, kept from other processes; the lock ends with this one, in any case.

    Raises:
        SettingsError: another process backfills the range.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{first}..{last}.json"
    with path.with_suffix(".lock").open("w") as lock:
        if not any(_is_taken(lock) for _ in range(_TRIES)):
            raise SettingsError(
                f"{path.stem} is being backfilled by another process; wait for it, or end it"
            )
        yield path


def _is_taken(lock: IO[str]) -> bool:
    """Take a lock; a moment is waited where another has it, who may only be looking."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        time.sleep(_MOMENT_S)
        return False
    return True


def running(folder: Path) -> set[str]:
    """Identities of backfills that a process is at work on, between two of its runs too."""
    return {begun.identity for begun in _held(folder).values()}


def days_at_work(folder: Path) -> frozenset[str]:
    """ISO days that these backfills make."""
    found: set[str] = set()
    for path, begun in _held(folder).items():
        first, last = map(date.fromisoformat, path.stem.split(".."))
        found |= {*map(str, days_from(first, last)), *begun.later}
    return frozenset(found)


def _held(folder: Path) -> dict[Path, Begun]:
    """Files that a process holds."""
    found = {}
    for path in folder.glob("*.json"):
        with path.with_suffix(".lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                begun = read(path)
                if begun is not None:
                    found[path] = begun
    return found


def read(path: Path) -> Begun | None:
    """What a file says; None where there is none.

    Raises:
        SettingsError: it is damaged.
    """
    try:
        return Begun(**json.loads(path.read_text()))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError) as error:
        raise SettingsError(f"{path} is damaged: {error}; FRESH=1 begins anew") from error


def write(path: Path, begun: Begun) -> None:
    """Write a file whole, or not at all."""
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(asdict(begun)))
    fresh.replace(path)
