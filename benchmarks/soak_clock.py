"""A wall clock that a soak sets: of all that runs in a process, SQLite and DuckDB included.

Dagster, SQLite and the platform each ask the operating system for the time, at hundreds of places,
and retention goes by what they noted. So the clock is moved below all of them, by a small library
that is loaded before the C library; nothing of the platform knows.
"""

import mmap
import os
import shutil
import struct
import subprocess
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

_SOURCE = Path(__file__).with_name("soak_clock.cpp")
_VARIABLE = "SOAK_CLOCK"
_COMPILERS = ("c++", "g++", "clang++")
_NANOSECONDS = 1_000_000_000


class NoCompilerError(RuntimeError):
    """No C++ compiler is there to build the clock with."""


def has_compiler() -> bool:
    """Whether the clock can be built on this machine: Linux, with a C++ compiler."""
    return os.uname().sysname == "Linux" and any(map(shutil.which, _COMPILERS))


def moved_clock(folder: Path) -> dict[str, str]:
    """Build the clock in a folder; the environment of a process that is to go by it.

    A clock that a soak left there goes on from where it is.

    Raises:
        NoCompilerError: it cannot be built.
    """
    compiler = next(filter(None, map(shutil.which, _COMPILERS)), None)
    if compiler is None or not has_compiler():
        raise NoCompilerError("a soak needs Linux and a C++ compiler (g++ or clang++)")
    library, file = folder / "soak_clock.so", folder / "clock"
    flags = ("-O2", "-std=c++17", "-fPIC", "-shared")
    subprocess.run([compiler, *flags, str(_SOURCE), "-o", str(library)], check=True)  # noqa: S603
    if not file.exists():
        file.write_bytes(struct.pack("<q", 0))
    return {"LD_PRELOAD": str(library), _VARIABLE: str(file)}


class SoakClock:
    """Sets the wall clock of this process and of all that were started with it.

    Args:
        environment: of a process that `moved_clock` made it for.

    Raises:
        RuntimeError: this process goes by the machine's clock.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        path = environment.get(_VARIABLE)
        if not path:
            raise RuntimeError("this process goes by the machine's clock; see moved_clock")
        with Path(path).open("r+b") as file:
            self._moved_by = mmap.mmap(file.fileno(), 8)

    def set(self, moment: datetime) -> None:
        """Go on from a moment (aware); never backwards, as no clock of a server does.

        Raises:
            ValueError: the moment has passed.
        """
        wanted = int(moment.timestamp() * _NANOSECONDS)
        now = time.time_ns()
        (moved,) = struct.unpack("<q", self._moved_by[:])
        if moved and wanted < now:
            raise ValueError(f"it is {self.now().isoformat()}, later than {moment.isoformat()}")
        self._moved_by[:] = struct.pack("<q", moved + wanted - now)

    def now(self) -> datetime:
        """The time (UTC)."""
        return datetime.now(UTC)
