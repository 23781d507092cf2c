"""Hourly archive files of the world: lines, gzip, and the damage the calendar asks for."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np

from sandbox.drawn_hours import DrawnHours
from sandbox.events import Events, FloatArray, IntArray
from sandbox.faults import ARCHIVES, FaultCalendar, LateDelivery, MultiMemberHour
from sandbox.hours import hour_start

#: Level 6 costs two and a half times the CPU for a seventh less size.
_GZIP_LEVEL = 3
#: Streams of random numbers, one an archive: what one captures says nothing of the other.
_CAPTURE_STREAMS = dict(zip(ARCHIVES, (5, 8), strict=True))
_CACHED_CUTS = 8
_CACHED_HOURS = 1_024


@dataclass(frozen=True)
class _Recorded:
    """Events of one hour that an archive recorded: positions in the hour, and the files' hours."""

    position: IntArray
    file_hour: IntArray


@dataclass(frozen=True)
class _Content:
    """What a file was made to hold, in its order: hours of creation and positions within them."""

    parts: tuple[tuple[int, IntArray], ...]

    def positions_of(self, hour: int, first_lines: int) -> IntArray:
        """Positions of an hour's events among the first lines of the file."""
        left = first_lines
        for created, positions in self.parts:
            if created == hour:
                return positions[: max(left, 0)]
            left -= len(positions)
        return np.empty(0, dtype=np.int64)


class Archive:
    """One archive of a world: what it recorded, and the files that hold it.

    Args:
        name: one of ARCHIVES.
        seed: the world's seed.
        drawn: what happened, shared with the other archives.
        calendar: what the archive loses.
    """

    def __init__(self, name: str, seed: int, drawn: DrawnHours, calendar: FaultCalendar) -> None:
        self._name = name
        self._seed = seed
        self._drawn = drawn
        self._calendar = calendar
        self._shares: Callable[[int], FloatArray] = lru_cache(_CACHED_HOURS)(self._recorded_shares)
        self._whole_lines: Callable[[int], int] = lru_cache(_CACHED_CUTS)(self._count_whole_lines)

    def build(self, hour: int) -> bytes | None:
        """The file of an hour, or None when the archive has none."""
        start = hour_start(hour)
        if not self._calendar.has_file(start, self._name):
            return None
        lines = [
            line
            for created, positions in self._content(hour).parts
            for line in self._drawn.lines(created, positions)
        ]
        if cut := self._calendar.cut(start, self._name):
            packed = _pack(b"".join(lines))
            return packed[: int(len(packed) * cut.kept_share)]
        if lines and self._calendar.has_garbage(start, self._name):
            lines = _with_garbage(lines)
        if split := self._calendar.multi_member(start, self._name):
            return _pack_members(lines, split)
        return _pack(b"".join(lines))

    def events(self, hours: range) -> Events:
        """Events created in some hours that the archive's files hold, each once, in files' order.

        No line is written and no file packed, but for files that end too early.

        Args:
            hours: at least one.
        """
        held = [self._held(hour) for hour in hours]
        events = self._drawn.events(hours[0]).take(held[0].position)
        for hour, part in zip(hours[1:], held[1:], strict=True):
            events = events.then(self._drawn.events(hour).take(part.position))
        order = np.argsort(np.concatenate([part.file_hour for part in held]), kind="stable")
        return events.take(order)

    def _held(self, hour: int) -> _Recorded:
        """The hour's recorded events without those in files that are absent or end before them."""
        recorded = self._recorded(hour)
        is_held = np.ones(len(recorded.position), dtype=bool)
        for file_hour in np.unique(recorded.file_hour).tolist():
            start = hour_start(file_hour)
            is_of_file = recorded.file_hour == file_hour
            if not self._calendar.has_file(start, self._name):
                is_held &= ~is_of_file
            elif self._calendar.cut(start, self._name):
                readable = self._content(file_hour).positions_of(hour, self._whole_lines(file_hour))
                is_held &= ~is_of_file | np.isin(recorded.position, readable)
        return _Recorded(recorded.position[is_held], recorded.file_hour[is_held])

    def _content(self, hour: int) -> _Content:
        """What the hour's file holds: late events of hours before, then the hour's own."""
        parts = []
        for created in self._hours_delivered_in(hour):
            recorded = self._recorded(created)
            parts.append((created, recorded.position[recorded.file_hour == hour]))
        return _Content(tuple(parts))

    def _hours_delivered_in(self, hour: int) -> list[int]:
        """Hours whose events the hour's file may hold, oldest first."""
        late = self._calendar.late_delivery(hour_start(hour), self._name)
        if late is None:
            return [hour]
        strays = [hour - 24 * days for days in range(late.stray_days, 0, -1)]
        return [created for created in (*strays, hour - 1, hour) if created >= 0]

    def _recorded(self, hour: int) -> _Recorded:
        """The hour's events that the archive recorded, and the files in which they lie."""
        events = self._drawn.events(hour)
        # A stream of its own: a fault takes events away and changes no other draw.
        rng = np.random.default_rng([self._seed, _CAPTURE_STREAMS[self._name], hour])
        is_recorded = rng.random(len(events)) < self._shares(hour)[events.type_index]
        file_hour = np.full(len(events), hour)
        if late := self._calendar.late_delivery(hour_start(hour), self._name):
            file_hour += _delay(rng, events.second % 3_600, late)
        return _Recorded(np.flatnonzero(is_recorded), file_hour[is_recorded])

    def _recorded_shares(self, hour: int) -> FloatArray:
        return np.array(self._calendar.recorded_shares(hour_start(hour), self._name))

    def _count_whole_lines(self, hour: int) -> int:
        """How many lines of the hour's cut file can be read to their end."""
        body = self.build(hour) or b""
        return zlib.decompressobj(wbits=31).decompress(body).count(b"\n")


def _delay(rng: np.random.Generator, second: IntArray, late: LateDelivery) -> IntArray:
    """By how many files each event comes late, given its second of the hour."""
    waited = 2.0 * late.share * 3_600 * rng.random(len(second))
    delay = (second + waited >= 3_600).astype(np.int64)
    stray = rng.random(len(second))
    days = 1 + np.floor(stray / late.stray_share * late.stray_days) if late.stray_share else delay
    return np.where(stray < late.stray_share, 24 * days, delay).astype(np.int64)


def _pack(content: bytes) -> bytes:
    return gzip.compress(content, compresslevel=_GZIP_LEVEL, mtime=0)


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
