"""Hours of the world, drawn and written once for all archives that hold them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from sandbox.events import Activity, Events, IntArray
from sandbox.faults import FaultCalendar
from sandbox.hours import hour_start
from sandbox.lines import LineWriter

#: Stray events lie three days later; 300 events of an hour take 15 kB.
_CACHED_DRAWS = 128
#: A day and the hours before it: one archive is often read a day ahead of the other. About 400 kB
#: an hour at 3,000 people.
_CACHED_LINES = 32


@dataclass(frozen=True)
class _Written:
    """Lines of an hour by position of their event, None where nobody asked yet."""

    lines: list[bytes | None] = field(repr=False)


class DrawnHours:
    """Events of an hour as they happened, and their lines with line feeds.

    Lines are written when first asked for. Two threads that ask at once both write the same bytes.
    """

    def __init__(self, activity: Activity, writer: LineWriter, calendar: FaultCalendar) -> None:
        self._writer = writer
        self._calendar = calendar
        self.events: Callable[[int], Events] = lru_cache(_CACHED_DRAWS)(activity.draw)
        self._written: Callable[[int], _Written] = lru_cache(_CACHED_LINES)(
            lambda hour: _Written([None] * len(self.events(hour)))
        )

    def lines(self, hour: int, positions: IntArray) -> list[bytes]:
        """Lines of an hour's events at some positions, in their order."""
        written = self._written(hour).lines
        asked = positions.tolist()
        if absent := [each for each in asked if written[each] is None]:
            chosen = self.events(hour).take(np.array(absent))
            is_trimmed = self._calendar.has_trimmed_payloads(hour_start(hour))
            for each, line in zip(
                absent, self._writer.write(chosen, is_trimmed=is_trimmed), strict=True
            ):
                written[each] = line.encode() + b"\n"
        return [line for each in asked if (line := written[each]) is not None]
