"""One archive hour, exactly: the tracked repositories' events, the actor panel, and the totals."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from assets.activity.inflate import FileStatus, Inflater, LineFramer
from assets.activity.lines import ArchiveEvent, MalformedLineError, parse_line

FIRST_BAD_OFFSETS = 10
_MASK_64 = (1 << 64) - 1
_GOLDEN_64 = 0x9E3779B97F4A7C15  # 2^64 / golden ratio: Fibonacci hashing (Knuth, TAOCP 3, 6.4)


def in_panel(actor_id: int, one_in: int) -> bool:
    """Whether an actor belongs to the fixed sample of one in `one_in` actors.

    A pure function of the id, the same on every machine and day. Panels nest: who is in the panel
    of one in 1,000 is in that of one in 500.
    """
    mixed = (actor_id * _GOLDEN_64) & _MASK_64
    mixed ^= mixed >> 32
    mixed = (mixed * _GOLDEN_64) & _MASK_64
    return (mixed >> 32) * one_in >> 32 == 0


@dataclass(frozen=True, slots=True)
class Selection:
    """What a scan keeps: events on tracked repositories, and all events of panel actors.

    Attributes:
        repository_ids: numeric ids of the tracked repositories.
        names: lower-case `owner/name`, present and former, to numeric id. Used only for the
            schema before 2015, whose events carry no id.
        panel_one_in: one actor in so many is in the panel; 0 keeps no panel.
    """

    repository_ids: frozenset[int]
    names: Mapping[str, int] = field(default_factory=dict)
    panel_one_in: int = 1000

    def is_tracked(self, event: ArchiveEvent) -> bool:
        """Whether the event is on a tracked repository."""
        return event.repo_id in self.repository_ids

    def is_panel(self, event: ArchiveEvent) -> bool:
        """Whether the event's actor is in the panel."""
        return (
            self.panel_one_in > 0
            and event.actor_id is not None
            and in_panel(event.actor_id, self.panel_one_in)
        )


@dataclass(frozen=True, slots=True)
class KeptEvent:
    """An event that the selection keeps, and why."""

    event: ArchiveEvent
    is_tracked: bool
    is_panel: bool


@dataclass(slots=True)
class HourScan:
    """What one file held.

    Attributes:
        line_count: lines that are not blank.
        event_count: whole events read, kept or not, duplicates included.
        bad_line_count: lines that are no event; `bad_offsets` are the first ten's byte offsets
            in the inflated file.
        repaired_line_count: lines with defects that lost nothing: NUL runs, two events on a line.
        duplicate_count: kept events seen before in this file, dropped.
        totals: events of the whole file by event type.
    """

    status: FileStatus = FileStatus.EMPTY
    line_count: int = 0
    event_count: int = 0
    bad_line_count: int = 0
    bad_offsets: list[int] = field(default_factory=list)
    repaired_line_count: int = 0
    timeline_count: int = 0
    duplicate_count: int = 0
    member_count: int = 0
    inflated_byte_count: int = 0
    totals: Counter[str] = field(default_factory=Counter)
    kept: list[KeptEvent] = field(default_factory=list)
    first_event_at: datetime | None = None
    last_event_at: datetime | None = None


def scan_hour(chunks: Iterable[bytes], selection: Selection) -> HourScan:
    """Scan the compressed bytes of one hour.

    Whatever the bytes are, the result says so in its status and counts; only what the source of
    `chunks` raises passes through. Memory grows with the events kept, not with the file.
    """
    scan = HourScan()
    inflater = Inflater()
    framer = LineFramer()
    seen: set[tuple[str, str, datetime]] = set()
    for offset, line in framer.lines(inflater.blocks(chunks)):
        try:
            parsed = parse_line(line, selection.names)
        except MalformedLineError:
            scan.line_count += 1
            scan.bad_line_count += 1
            if len(scan.bad_offsets) < FIRST_BAD_OFFSETS:
                scan.bad_offsets.append(offset)
            continue
        if not parsed.events:
            continue
        scan.line_count += 1
        scan.repaired_line_count += parsed.is_repaired
        for event in parsed.events:
            _take(scan, event, selection, seen)
    scan.status = inflater.status
    scan.member_count = inflater.member_count
    scan.inflated_byte_count = framer.byte_count
    scan.bad_line_count += framer.overlong_count
    scan.line_count += framer.overlong_count
    return scan


def _take(
    scan: HourScan,
    event: ArchiveEvent,
    selection: Selection,
    seen: set[tuple[str, str, datetime]],
) -> None:
    """Count an event, and keep it where the selection asks for it."""
    scan.event_count += 1
    scan.timeline_count += event.is_timeline
    scan.totals[event.event_type] += 1
    moment = event.created_at
    if scan.first_event_at is None or moment < scan.first_event_at:
        scan.first_event_at = moment
    if scan.last_event_at is None or moment > scan.last_event_at:
        scan.last_event_at = moment
    is_tracked, is_panel = selection.is_tracked(event), selection.is_panel(event)
    if not (is_tracked or is_panel):
        return
    key = (event.event_type, event.event_id, moment)
    if key in seen:
        scan.duplicate_count += 1
        return
    seen.add(key)
    scan.kept.append(KeptEvent(event, is_tracked, is_panel))
