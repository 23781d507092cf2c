"""The compiled half of a scan, where this machine could build it; the same answers, sooner.

`python -m assets.activity.scan_compiled LIBRARY` tries a library on one line.
"""

import ctypes
import functools
import sys
import weakref
from array import array
from datetime import datetime
from pathlib import Path

from assets.activity.lines import MAX_WORD_LENGTH, moment_of
from assets.activity.scan_compile import library_path
from assets.activity.scan_glance import Glance, LineSorter
from assets.activity.scan_selection import Selection

_ROOM = 4096  # places of lines that one call may hand back
_MOMENT_BYTES = 20
_LARGEST = (1 << 64) - 1


def fastest_sorter(selection: Selection) -> LineSorter:
    """The compiled half where it is built and loads, else the one of wheels alone."""
    library = load(library_path())
    return Glance(selection) if library is None else CompiledGlance(library, selection)


@functools.cache
def load(path: Path) -> ctypes.CDLL | None:
    """The built library; None where there is none.

    Raises:
        OSError: it is there and cannot be loaded; the text says what to do.
    """
    if not path.exists():
        return None
    try:
        library = ctypes.CDLL(str(path))
    except OSError as error:
        raise OSError(f"{error}; delete the file, and the scan goes on without it") from error
    handle, size, place = ctypes.c_void_p, ctypes.c_size_t, ctypes.POINTER(ctypes.c_size_t)
    library.glance_new.argtypes = [handle, size, ctypes.c_uint64]
    library.glance_new.restype = handle
    library.glance_free.argtypes = [handle]
    library.glance_free.restype = None
    library.glance_lines.argtypes = [handle, ctypes.c_char_p, size, place, size, place, size]
    library.glance_lines.restype = size
    library.glance_kind.argtypes = [
        handle, size, ctypes.c_char_p, place, ctypes.POINTER(ctypes.c_uint64)
    ]  # fmt: skip
    library.glance_kind.restype = ctypes.c_bool
    library.glance_moments.argtypes = [handle, ctypes.c_char_p, ctypes.c_char_p]
    library.glance_moments.restype = ctypes.c_bool
    return library


class CompiledGlance:
    """Sorts lines as `scan_glance.Glance` does, the same ones; see there for what ordinary is."""

    def __init__(self, library: ctypes.CDLL, selection: Selection) -> None:
        ids = array("q", sorted(selection.repository_ids))
        place, count = ids.buffer_info()
        one_in = min(selection.panel_one_in, _LARGEST)
        self._library = library
        self._handle = library.glance_new(place, count, one_in)
        if not self._handle:
            raise MemoryError("no memory for the compiled scan")
        weakref.finalize(self, library.glance_free, self._handle)
        self._places = (ctypes.c_size_t * (2 * _ROOM))()

    def others(self, data: bytes, start: int, stop: int) -> list[tuple[int, int]]:
        """Where the lines lie that are not ordinary, in order; the ordinary ones are counted."""
        found: list[tuple[int, int]] = []
        at = ctypes.c_size_t(start)
        places = self._places
        while at.value <= stop:
            count = self._library.glance_lines(
                self._handle, data, len(data), ctypes.byref(at), stop, places, _ROOM
            )
            found += zip(places[0 : 2 * count : 2], places[1 : 2 * count : 2], strict=True)
        return found

    @property
    def counts(self) -> dict[str, int]:
        """Ordinary events by event type."""
        name = ctypes.create_string_buffer(MAX_WORD_LENGTH)
        length, count = ctypes.c_size_t(), ctypes.c_uint64()
        counts: dict[str, int] = {}
        while self._library.glance_kind(
            self._handle, len(counts), name, ctypes.byref(length), ctypes.byref(count)
        ):
            counts[name.raw[: length.value].decode("ascii")] = count.value
        return counts

    @property
    def first_at(self) -> datetime | None:
        """The earliest `created_at` of an ordinary event, UTC; None before the first."""
        return self._moments()[0]

    @property
    def last_at(self) -> datetime | None:
        """The latest."""
        return self._moments()[1]

    def _moments(self) -> tuple[datetime | None, datetime | None]:
        first, last = (ctypes.create_string_buffer(_MOMENT_BYTES) for _ in range(2))
        if not self._library.glance_moments(self._handle, first, last):
            return None, None
        return moment_of(first.raw.decode("ascii")), moment_of(last.raw.decode("ascii"))


_TRIAL = (
    b'{"id":"1","type":"WatchEvent","actor":{"id":1},"repo":{"id":2},'
    b'"created_at":"2025-01-01T15:00:00Z"}'
)


def main(path: str) -> int:
    """0 where a library loads and counts one event as such."""
    library = load(Path(path))
    if library is None:
        return 1
    sorter = CompiledGlance(library, Selection(frozenset(), panel_one_in=0))
    others = sorter.others(_TRIAL, 0, len(_TRIAL))
    return 0 if not others and sorter.counts == {"WatchEvent": 1} else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
