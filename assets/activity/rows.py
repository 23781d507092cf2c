"""A day's outcomes as rows: what is taken from an earlier scan, and what a new one adds."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

import pyarrow as pa
import pyarrow.compute as pc

from assets.activity import tables
from assets.activity.ingest import HourOutcome, is_settled
from assets.activity.scan import KeptEvent, Selection

SCAN_VERSION = "2"
_SLICE = 10_000


@dataclass(frozen=True, slots=True)
class DayRows:
    """One archive day: rows of raw.archive_events, raw.archive_hours and raw.archive_totals."""

    events: pa.Table
    hours: pa.Table
    totals: pa.Table

    def of_hours(self, hours: Iterable[datetime]) -> "DayRows":
        """Only the rows of some files."""
        wanted = pa.array(list(hours), pa.timestamp("us", tz="UTC"))
        kept = [
            table.filter(pc.is_in(table["file_hour"], value_set=wanted))
            for table in (self.events, self.hours, self.totals)
        ]
        return DayRows(*kept)

    def plus(self, *others: "DayRows") -> "DayRows":
        """The rows of all, in the order of the files."""
        every = (self, *others)
        return DayRows(
            _sorted([each.events for each in every], "created_at"),
            _sorted([each.hours for each in every]),
            _sorted([each.totals for each in every], "event_type"),
        )


def _sorted(parts: Sequence[pa.Table], *then: str) -> pa.Table:
    order = [(name, "ascending") for name in ("file_hour", *then)]
    return pa.concat_tables(parts).sort_by(order)


EMPTY_DAY = DayRows(
    *(
        table.arrow_schema.empty_table()
        for table in (tables.ARCHIVE_EVENTS, tables.ARCHIVE_HOURS, tables.ARCHIVE_TOTALS)
    )
)


@dataclass(frozen=True, slots=True)
class FetchedHour:
    """A file that was asked for now, as rows: its events as objects would take far more memory.

    Attributes:
        hour: of the file, UTC.
        status: what became of it, see `HourOutcome`.
        event_count: whole events read.
        byte_count: compressed bytes that came.
        messages: of mirrors that did not have it whole.
        rows: of it alone.
    """

    hour: datetime
    status: str
    event_count: int
    byte_count: int
    messages: tuple[str, ...]
    rows: DayRows


def fetched_hour(
    outcome: HourOutcome, *, source: str, day: date, selection: Selection, now: datetime
) -> FetchedHour:
    """A file's outcome as rows of the day."""
    return FetchedHour(
        outcome.hour,
        outcome.status,
        outcome.scan.event_count,
        outcome.byte_count,
        tuple(outcome.messages),
        day_rows([outcome], source=source, day=day, selection=selection, now=now),
    )


def fingerprint(selection: Selection) -> str:
    """What a scan's rows depend on beside the file: its version and selection."""
    parts = (
        SCAN_VERSION,
        str(selection.panel_one_in),
        ",".join(map(str, sorted(selection.repository_ids))),
        ",".join(f"{name}={number}" for name, number in sorted(selection.names.items())),
    )
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def settled_hours(hours: pa.Table, selection: Selection, day: date, today: date) -> list[datetime]:
    """Files of an earlier scan that need not be asked for again."""
    wanted = fingerprint(selection)
    return [
        row["file_hour"].astimezone(UTC)
        for row in hours.select(["file_hour", "status", "scan_fingerprint"]).to_pylist()
        if row["scan_fingerprint"] == wanted and is_settled(row["status"], day, today)
    ]


def split_by_worth(
    fetched: Sequence[FetchedHour], hours: pa.Table
) -> tuple[list[FetchedHour], list[datetime]]:
    """New files worth keeping, and hours of which the earlier rows are worth more.

    Args:
        fetched: files asked for now.
        hours: raw.archive_hours of the day, of an earlier scan.

    Returns:
        The files with at least as many events as the earlier scan of them, and the hours of the
        others.
    """
    before = {
        row["file_hour"].astimezone(UTC): row["event_count"]
        for row in hours.select(["file_hour", "event_count"]).to_pylist()
    }
    worse = [each.hour for each in fetched if each.event_count < before.get(each.hour, 0)]
    return [each for each in fetched if each.hour not in set(worse)], worse


def day_rows(
    outcomes: Sequence[HourOutcome], *, source: str, day: date, selection: Selection, now: datetime
) -> DayRows:
    """The rows of newly scanned files."""
    common = {"source": source, "archive_date": day}
    mark = fingerprint(selection)
    events = [tables.ARCHIVE_EVENTS.arrow_schema.empty_table()]
    hours: list[dict[str, object]] = []
    totals: list[dict[str, object]] = []
    for outcome in outcomes:
        place = {**common, "file_hour": outcome.hour}
        is_neighbour = outcome.hour.date() != day
        events += [
            tables.ARCHIVE_EVENTS.arrow([_event_row(place, each) for each in slice_])
            for slice_ in _slices(outcome.scan.kept)
        ]
        hours.append(_hour_row(place, outcome, is_neighbour, mark, now))
        if not is_neighbour:
            totals += [
                {**place, "event_type": event_type, "event_count": count}
                for event_type, count in sorted(outcome.scan.totals.items())
            ]
    return DayRows(
        pa.concat_tables(events),
        tables.ARCHIVE_HOURS.arrow(hours),
        tables.ARCHIVE_TOTALS.arrow(totals),
    )


def _slices(kept: Sequence[KeptEvent]) -> Iterator[Sequence[KeptEvent]]:
    """A file's events, as many at a time as may be there as objects of two kinds."""
    for start in range(0, len(kept), _SLICE):
        yield kept[start : start + _SLICE]


def _event_row(place: dict[str, object], kept: KeptEvent) -> dict[str, object]:
    event = kept.event
    return {
        **place,
        "event_type": event.event_type,
        "event_id": event.event_id,
        "created_at": event.created_at,
        "actor_id": event.actor_id,
        "is_bot": event.is_bot,
        "repo_id": event.repo_id,
        "repo_name": event.repo_name,
        "action": event.action,
        "is_tracked": kept.is_tracked,
        "is_panel": kept.is_panel,
    }


def _hour_row(
    place: dict[str, object], outcome: HourOutcome, is_neighbour: bool, mark: str, now: datetime
) -> dict[str, object]:
    scan = outcome.scan
    return {
        **place,
        "is_neighbour": is_neighbour,
        "status": str(outcome.status),
        "mirror": outcome.mirror,
        "byte_count": outcome.byte_count,
        "inflated_byte_count": scan.inflated_byte_count,
        "member_count": scan.member_count,
        "line_count": scan.line_count,
        "event_count": scan.event_count,
        "kept_count": len(scan.kept),
        "bad_line_count": scan.bad_line_count,
        "bad_offsets": scan.bad_offsets,
        "repaired_line_count": scan.repaired_line_count,
        "duplicate_count": scan.duplicate_count,
        "timeline_count": scan.timeline_count,
        "late_count": sum(kept.event.created_at < outcome.hour for kept in scan.kept),
        "first_event_at": scan.first_event_at,
        "last_event_at": scan.last_event_at,
        "messages": outcome.messages,
        "scan_fingerprint": mark,
        "fetched_at": now,
    }
