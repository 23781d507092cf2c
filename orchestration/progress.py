"""How far a long command is: a line redrawn on a terminal, plain lines anywhere else."""

import os
import shutil
import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self, TextIO

from assets.pace import so_far

_REDRAW_S, _LINE_S = 0.1, 10.0
_CLEAR = "\r\x1b[2K"


class Progress:
    """Counts what is done of something, and says so, with the rate and the time left.

    On a terminal the last line is redrawn, and gone at the end; elsewhere a whole line is written
    every ten seconds, without any control character, and none where all is done before.

    Args:
        unit: what is counted, in the plural.
        total: how many there are; 0 where it is not known yet. May be set later.
        stream: where it is said; by default standard error, so that results can be piped on.
        clock: seconds of any beginning.
    """

    def __init__(
        self,
        unit: str,
        total: int = 0,
        *,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.total = total
        self.done = 0
        self._unit = unit
        self._stream = stream or sys.stderr
        self._clock = clock
        self._is_terminal = self._stream.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        self._every_s = _REDRAW_S if self._is_terminal else _LINE_S
        self._began = self._said = clock()
        self._is_drawn = False

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Clear the terminal's line, whatever ended the work."""
        if self._is_drawn:
            self._stream.write(_CLEAR)
            self._stream.flush()

    def step(self, count: int = 1) -> None:
        """So many more are done."""
        self.done += count
        now = self._clock()
        if now - self._said < self._every_s:
            return
        self._said = now
        text = so_far(self.done, self.total, self._unit, now - self._began)
        if self._is_terminal:
            # A line that wraps would not be redrawn but repeated.
            columns = shutil.get_terminal_size().columns
            self._stream.write(f"{_CLEAR}{text[: columns - 1]}")
            self._is_drawn = True
        else:
            self._stream.write(f"… {text}\n")
        self._stream.flush()


def unwatched() -> None:
    """Told of each thing done, says nothing: for work that nobody waits for."""
