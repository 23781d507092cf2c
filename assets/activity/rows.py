"""A day's outcomes as rows: what is taken from an earlier scan, and what a new one adds."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

import pyarrow as pa
import pyarrow.compute as pc

from assets.activity import tables
from assets.activity.ingest import HourOutcome, is_settled
from assets.activity.scan import KeptEvent, Selection

SCAN_VERSION = "2"


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

    def plus(self, other: "DayRows") -> "DayRows":
        """The rows of both, in the order of the files."""
        pairs = (
            (self.events, other.events, [("file_hour", "ascending"), ("created_at", "ascending")]),
            (self.hours, other.hours, [("file_hour", "ascending")]),
            (self.totals, other.totals, [("file_hour", "ascending"), ("event_type", "ascending")]),
        )
        return DayRows(*(pa.concat_tables([a, b]).sort_by(order) for a, b, order in pairs))


EMPTY_DAY = DayRows(
    *(
        table.arrow_schema.empty_table()
        for table in (tables.ARCHIVE_EVENTS, tables.ARCHIVE_HOURS, tables.ARCHIVE_TOTALS)
    )
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
    outcomes: Sequence[HourOutcome], hours: pa.Table
) -> tuple[list[HourOutcome], list[datetime]]:
    """New outcomes worth keeping, and hours of which the earlier rows are worth more.

    Args:
        outcomes: of files asked for now.
        hours: raw.archive_hours of the day, of an earlier scan.

    Returns:
        The outcomes with at least as many events as the earlier scan of their file, and the hours
        of the others.
    """
    before = {
        row["file_hour"].astimezone(UTC): row["event_count"]
        for row in hours.select(["file_hour", "event_count"]).to_pylist()
    }
    worse = [each.hour for each in outcomes if each.scan.event_count < before.get(each.hour, 0)]
    return [each for each in outcomes if each.hour not in set(worse)], worse


def day_rows(
    outcomes: Sequence[HourOutcome], *, source: str, day: date, selection: Selection, now: datetime
) -> DayRows:
    """The rows of newly scanned files."""
    common = {"source": source, "archive_date": day}
    mark = fingerprint(selection)
    events: list[dict[str, object]] = []
    hours: list[dict[str, object]] = []
    totals: list[dict[str, object]] = []
    for outcome in outcomes:
        place = {**common, "file_hour": outcome.hour}
        is_neighbour = outcome.hour.date() != day
        events += [_event_row(place, kept) for kept in outcome.scan.kept]
        hours.append(_hour_row(place, outcome, is_neighbour, mark, now))
        if not is_neighbour:
            totals += [
                {**place, "event_type": event_type, "event_count": count}
                for event_type, count in sorted(outcome.scan.totals.items())
            ]
    return DayRows(
        tables.ARCHIVE_EVENTS.arrow(events),
        tables.ARCHIVE_HOURS.arrow(hours),
        tables.ARCHIVE_TOTALS.arrow(totals),
    )


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
