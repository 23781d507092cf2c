"""One archive hour, exactly: the tracked repositories' events, the actor panel, and the totals."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from assets.activity.inflate import FileStatus, Inflater, LineFramer
from assets.activity.lines import ArchiveEvent, MalformedLineError, ParsedLine, parse_line
from assets.activity.scan_compiled import fastest_sorter
from assets.activity.scan_glance import LineSorter
from assets.activity.scan_selection import Selection, in_panel

__all__ = ["HourScan", "KeptEvent", "Selection", "in_panel", "scan_hour"]

FIRST_BAD_OFFSETS = 10
# Measured: smaller blocks cost calls, larger ones leave the cache.
_BLOCK_BYTES = 1 << 20
# GitHub has some twenty; what a stranger's file may make the scan remember has an end.
_MOST_TYPES = 1_000


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
        bad_line_count: lines of which something is lost: no event, half an event beside a whole
            one, longer than may be read, or of more event types than an archive has; `bad_offsets`
            are the first ten's byte offsets in the inflated file.
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


def scan_hour(
    chunks: Iterable[bytes],
    selection: Selection,
    sorter_of: Callable[[Selection], LineSorter] = fastest_sorter,
) -> HourScan:
    """Scan the compressed bytes of one hour.

    Whatever the bytes are, the result says so in its status and counts; only what the source of
    `chunks` raises passes through. Memory grows with the events kept, not with the file.

    Args:
        chunks: the file's bytes, in order.
        selection: which events are kept.
        sorter_of: makes what sorts the lines; all of them lead to the same result.
    """
    scan = HourScan()
    inflater = Inflater(output_bytes=_BLOCK_BYTES)
    framer = LineFramer()
    sorter = sorter_of(selection)
    seen: set[tuple[str, str, datetime]] = set()
    for run in framer.runs(inflater.blocks(chunks)):
        for start, stop in sorter.others(run.data, run.start, run.stop):
            _read(scan, run.data[start:stop], run.offset + start, selection, seen)
    scan.status = inflater.status
    scan.member_count = inflater.member_count
    scan.inflated_byte_count = framer.byte_count
    scan.bad_line_count += framer.overlong_count
    scan.line_count += framer.overlong_count
    scan.bad_offsets = sorted(scan.bad_offsets + framer.overlong_offsets)[:FIRST_BAD_OFFSETS]
    _add_ordinary(scan, sorter)
    return scan


def _read(
    scan: HourScan,
    line: bytes,
    offset: int,
    selection: Selection,
    seen: set[tuple[str, str, datetime]],
) -> None:
    """Take the events of a line, or count it as bad."""
    try:
        parsed = parse_line(line, selection.names)
    except MalformedLineError:
        parsed = ParsedLine((), is_torn=True)
    if not parsed.events and not parsed.is_torn:
        return
    scan.line_count += 1
    scan.repaired_line_count += parsed.is_repaired
    is_bad = parsed.is_torn
    for event in parsed.events:
        if event.event_type in scan.totals or len(scan.totals) < _MOST_TYPES:
            _take(scan, event, selection, seen)
        else:
            is_bad = True
    if is_bad:
        scan.bad_line_count += 1
        if len(scan.bad_offsets) < FIRST_BAD_OFFSETS:
            scan.bad_offsets.append(offset)


def _add_ordinary(scan: HourScan, sorter: LineSorter) -> None:
    """Add the lines of which nothing but counts was wanted: one event each."""
    counts = sorter.counts
    count = sum(counts.values())
    scan.line_count += count
    scan.event_count += count
    scan.totals.update(counts)
    first_at, last_at = sorter.first_at, sorter.last_at
    if first_at is not None and last_at is not None:
        _widen(scan, first_at, last_at)


def _widen(scan: HourScan, first_at: datetime, last_at: datetime) -> None:
    if scan.first_event_at is None or first_at < scan.first_event_at:
        scan.first_event_at = first_at
    if scan.last_event_at is None or last_at > scan.last_event_at:
        scan.last_event_at = last_at


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
    _widen(scan, moment, moment)
    is_tracked, is_panel = selection.is_tracked(event), selection.is_panel(event)
    if not (is_tracked or is_panel):
        return
    key = (event.event_type, event.event_id, moment)
    if key in seen:
        scan.duplicate_count += 1
        return
    seen.add(key)
    scan.kept.append(KeptEvent(event, is_tracked, is_panel))
