"""Hourly archive files of the world: lines, gzip, and the damage the calendar asks for."""

from __future__ import annotations

import gzip
import zlib
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from sandbox.events import EVENT_TYPES, Activity, Events
from sandbox.faults import FaultCalendar, MultiMemberHour
from sandbox.hours import hour_start
from sandbox.lines import LineWriter

#: Level 6 costs two and a half times the CPU for a seventh less size.
_GZIP_LEVEL = 3


@dataclass(frozen=True)
class HourFile:
    """A file of the archive and the events that a careful reader finds in it, each once."""

    body: bytes
    events: Events


class Archive:
    """Builds the hour files of one world."""

    def __init__(
        self, seed: int, activity: Activity, writer: LineWriter, calendar: FaultCalendar
    ) -> None:
        self._seed = seed
        self._activity = activity
        self._writer = writer
        self._calendar = calendar

    def build(self, hour: int) -> HourFile | None:
        """The file of an hour, or None when the archive lost it."""
        start = hour_start(hour)
        if self._calendar.is_missing(start):
            return None
        events = self._delivered(hour)
        trimmed = self._calendar.has_trimmed_pushes(start)
        lines = [
            line.encode() + b"\n" for line in self._writer.write(events, has_trimmed_pushes=trimmed)
        ]
        if cut := self._calendar.cut(start):
            packed = _pack(b"".join(lines))
            body = packed[: int(len(packed) * cut.kept_share)]
            return HourFile(body, events.take(slice(0, _whole_lines(body))))
        if self._calendar.has_garbage(start):
            lines = _with_garbage(lines)
        if split := self._calendar.multi_member(start):
            return HourFile(_pack_members(lines, split), events)
        return HourFile(_pack(b"".join(lines)), events)

    def _delivered(self, hour: int) -> Events:
        """What the hour's file holds: late events of the hour before, then the hour's own."""
        punctual, _ = self._recorded(hour)
        if self._calendar.late_share(hour_start(hour - 1)) == 0.0:
            return punctual
        _, late = self._recorded(hour - 1)
        return late.then(punctual)

    def _recorded(self, hour: int) -> tuple[Events, Events]:
        """The hour's events that the archive recorded: in time, and one file late."""
        events = self._activity.draw(hour)
        start = hour_start(hour)
        # A stream of its own: a fault takes events away and changes no other draw.
        rng = np.random.default_rng([self._seed, 5, hour])
        recorded_share = np.array(
            [self._calendar.recorded_share(name, start) for name in EVENT_TYPES]
        )
        is_recorded = rng.random(len(events)) < recorded_share[events.type_index]
        is_late = rng.random(len(events)) < self._calendar.late_share(start)
        return events.take(is_recorded & ~is_late), events.take(is_recorded & is_late)


def _pack(content: bytes) -> bytes:
    return gzip.compress(content, compresslevel=_GZIP_LEVEL, mtime=0)


def _whole_lines(cut_body: bytes) -> int:
    """How many lines of a cut gzip stream can be read to their end."""
    return zlib.decompressobj(wbits=31).decompress(cut_body).count(b"\n")


def _pack_members(lines: list[bytes], split: MultiMemberHour) -> bytes:
    """Several gzip members; the repeats stand far from their originals, in the last member."""
    lines = lines + lines[: split.duplicates]
    bounds = [len(lines) * part // split.members for part in range(split.members + 1)]
    return b"".join(_pack(b"".join(lines[first:last])) for first, last in pairwise(bounds))


def _with_garbage(lines: list[bytes]) -> list[bytes]:
    """Add lines that are no events, and end one event's line with CRLF.

    Every damaged line repeats an event that stands whole elsewhere in the file, so that a reader
    who rescues it gains nothing.
    """
    third = max(1, len(lines) // 3)
    first, middle, last = lines[:third], lines[third : 2 * third], lines[2 * third :]
    whole = lines[0].rstrip()
    bad_utf8 = whole.replace(b'"public":true', b'"public":true,"note":"\xff\xfe\xc3"')
    first = [*first[:-1], first[-1].rstrip() + b"\r\n"]
    return [
        *first,
        whole[: len(whole) // 2] + lines[-1],
        b"\x00" * 512 + b"\n",
        *middle,
        bad_utf8 + b"\n",
        b"\n",
        *last,
        whole + lines[-1],
    ]
