"""The fast half of a scan: every line parsed whole, nothing built but what decides its fate.

A line is ordinary where a strict parser takes all of it, it has the fields of today's schema in
their types, its time in the archive's own form, and no selection asks for its event. Ordinary lines
are counted here. Every other line, odd or wanted, is left to `assets.activity.lines`, which alone
says what an event is.
"""

import re
from datetime import datetime
from operator import itemgetter
from typing import Any, Protocol

import simdjson

from assets.activity.lines import MAX_WORD_LENGTH, MalformedLineError, moment_of
from assets.activity.scan_selection import Selection, in_panel

# What a longer line is, the careful path may say: a parser's buffers grow with its longest line.
_LINE_BYTES = 1 << 20
# The parser reads bytes sooner than a view; from here on the copy costs more.
_COPIED_BYTES = 1 << 14
_USUAL_BYTES = 1 << 17
_REMEMBERED = 50_000  # actors and moments known to be ordinary; at most 10 MB of them
_ID_LIMIT = 1 << 63
_BRACE = ord("{")
#: Types told apart; events of any more are left to the careful path. As in scan_compiled.cpp.
MOST_KINDS = 256
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_WORDS = itemgetter(b"type", b"id", b"created_at")
# All that the parser raises: not JSON, not this shape, deeper or longer than it reads.
_REFUSALS = (ValueError, LookupError, TypeError, RuntimeError)


class LineSorter(Protocol):
    """What sorts a file's lines into ordinary ones, which it counts, and others."""

    @property
    def counts(self) -> dict[str, int]:
        """Ordinary events by event type."""
        ...

    @property
    def first_at(self) -> datetime | None:
        """The earliest `created_at` of an ordinary event, UTC; None before the first."""
        ...

    @property
    def last_at(self) -> datetime | None:
        """The latest."""
        ...

    def others(self, data: bytes, start: int, stop: int) -> list[tuple[int, int]]:
        """Where the lines lie that are not ordinary, in order."""
        ...


class Glance:
    """Sorts lines into ordinary ones, which it counts, and all others, which it hands back.

    Attributes:
        counts: ordinary events by event type.
        first_at: the earliest `created_at` of an ordinary event, UTC; null before the first.
        last_at: the latest.
    """

    def __init__(self, selection: Selection) -> None:
        self.counts: dict[str, int] = {}
        self.first_at: datetime | None = None
        self.last_at: datetime | None = None
        self._selection = selection
        self._parser = simdjson.Parser(max_capacity=_LINE_BYTES)
        # Buffers for the longest usual line at once: growing line by line costs page faults.
        self._parser.parse(b"[]".ljust(_USUAL_BYTES))
        self._moments: set[str] = set()
        self._outsiders: set[int] = set()

    def others(self, data: bytes, start: int, stop: int) -> list[tuple[int, int]]:
        """Where the lines lie that are not ordinary, in order; the ordinary ones are counted.

        Args:
            data: whole lines from `start` to `stop`, newlines between them and none at the end.
            start: offset of the first line in `data`.
            stop: offset after the last.

        Returns:
            `(start, stop)` of each such line in `data`; blank lines are among them.
        """
        others = []
        view = memoryview(data)
        find, parse, counts = data.find, self._parser.parse, self.counts
        tracked = self._selection.repository_ids
        moments, outsiders = self._moments, self._outsiders
        at = start
        while at <= stop:
            end = find(b"\n", at, stop)
            if end < 0:
                end = stop
            # The parser refuses to go on while its last document lives, or any part of it.
            document: Any = None
            kind = event_id = created_at = actor_id = repo_id = None
            try:
                document = parse(data[at:end] if end - at < _COPIED_BYTES else view[at:end])
                kind, event_id, created_at = _WORDS(document)
                actor_id = document[b"actor"][b"id"]
                repo_id = document[b"repo"][b"id"]
            except _REFUSALS:
                others.append((at, end))
            else:
                if (
                    data[at] == _BRACE  # the parser passes over a byte order mark
                    and type(event_id) is str
                    and event_id
                    and type(repo_id) is int
                    and 0 <= repo_id < _ID_LIMIT
                    and repo_id not in tracked
                    and type(actor_id) is int
                    and (actor_id in outsiders or self._is_outsider(actor_id))
                    and (kind in counts or self._is_word(kind))
                    and (created_at in moments or self._is_moment(created_at))
                ):
                    counts[kind] = counts.get(kind, 0) + 1
                else:
                    others.append((at, end))
            at = end + 1
        return others

    def _is_outsider(self, actor_id: int) -> bool:
        one_in = self._selection.panel_one_in
        if not 0 <= actor_id < _ID_LIMIT or (one_in > 0 and in_panel(actor_id, one_in)):
            return False
        if len(self._outsiders) >= _REMEMBERED:
            self._outsiders.clear()
        self._outsiders.add(actor_id)
        return True

    def _is_word(self, kind: object) -> bool:
        return (
            isinstance(kind, str)
            and 0 < len(kind) <= MAX_WORD_LENGTH
            and kind.isascii()
            and len(self.counts) < MOST_KINDS
        )

    def _is_moment(self, created_at: object) -> bool:
        if not isinstance(created_at, str) or not _MOMENT.fullmatch(created_at):
            return False
        try:
            moment = moment_of(created_at)
        except MalformedLineError:
            return False
        if self.first_at is None or moment < self.first_at:
            self.first_at = moment
        if self.last_at is None or moment > self.last_at:
            self.last_at = moment
        if len(self._moments) >= _REMEMBERED:
            self._moments.clear()
        self._moments.add(created_at)
        return True
