"""Checks of the archives: files that are not whole, and volumes that fall without a reason.

Both warn and block nothing: what is lost upstream is to be seen; the rest is still worth having.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import dagster as dg
import duckdb

from assets.activity.tables import ARCHIVE_HOURS, ARCHIVE_TOTALS
from assets.declare import asset_key
from assets.source_rows import rows_of_sources
from checks.days import days_of_check, span_of
from checks.rows_at_fault import cell, to_do
from resources.lake import Lake, LakeResource

TRAILING_DAYS = 28
FEWEST_DAYS = 7
FEWEST_EVENTS = 200
LOSS_RATIO = 0.5
_ROWS_SHOWN = 50
_VOLUME_SQL = (Path(__file__).parent / "sql" / "archive_volume.sql").read_text()


@dataclass(frozen=True, slots=True)
class VolumeLoss:
    """An event type of a day with far fewer events an hour than before."""

    day: date
    source: str
    event_type: str
    hourly_count: float
    usual_hourly_count: float

    @property
    def ratio(self) -> float:
        """What is left: 1 is as usual."""
        return self.hourly_count / self.usual_hourly_count


def archive_checks() -> list[dg.AssetChecksDefinition]:
    """The checks of this module."""
    hours = dg.asset_check(
        asset=asset_key(ARCHIVE_HOURS),
        name="files_whole",
        description="All 24 hourly files of each day are there, whole, and without bad lines.",
    )(files_whole)
    volume = dg.asset_check(
        asset=asset_key(ARCHIVE_TOTALS),
        name="volume_as_usual",
        description=(
            f"No event type has under {LOSS_RATIO:.0%} of its usual events an hour (median of the "
            f"{TRAILING_DAYS} days before). A loss in the archive is not a trend."
        ),
    )(volume_as_usual)
    return [hours, volume]


def files_whole(context: dg.AssetCheckExecutionContext, lake: LakeResource) -> dg.AssetCheckResult:
    """Name the files that are not whole."""
    store = lake.open()
    days = days_of_check(context, store)
    rows = rows_of_sources(store, ARCHIVE_HOURS, days).to_pylist()
    faults = [
        row
        for row in rows
        if not row["is_neighbour"] and (row["status"] != "complete" or row["bad_line_count"])
    ]
    lines = [
        f"| {row['file_hour']:%Y-%m-%d %H}:00 | {row['source']} | {row['status']} "
        f"| {row['bad_line_count']} | {row['event_count']} |"
        for row in faults[:_ROWS_SHOWN]
    ]
    table = [
        "| hour (UTC) | source | status | bad lines | events |",
        "|---|---|---|---|---|",
        *lines,
    ]
    return dg.AssetCheckResult(
        passed=not faults,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"{len(faults)} of {len(rows)} files are not whole on {span_of(days)}.",
        metadata={
            "files": len(rows),
            "files_at_fault": len(faults),
            "faults": dg.MetadataValue.md("\n".join(table) if lines else "None."),
            **to_do("files_whole"),
        },
    )


def volume_as_usual(
    context: dg.AssetCheckExecutionContext, lake: LakeResource
) -> dg.AssetCheckResult:
    """Name the event types whose volume fell."""
    store = lake.open()
    days = days_of_check(context, store)
    losses = volume_losses(store, days)
    lines = [
        f"| {loss.day} | {loss.source} | {cell(loss.event_type)} | {loss.hourly_count:.0f} "
        f"| {loss.usual_hourly_count:.0f} | {loss.ratio:.0%} |"
        for loss in losses[:_ROWS_SHOWN]
    ]
    table = [
        "| day (UTC) | source | event type | events an hour | usual | left |",
        "|---|---|---|---|---|---|",
        *lines,
    ]
    return dg.AssetCheckResult(
        passed=not losses,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"{len(losses)} event types and days under {LOSS_RATIO:.0%} of their usual "
        f"volume on {span_of(days)}.",
        metadata={
            "losses": len(losses),
            "table": dg.MetadataValue.md("\n".join(table) if lines else "None."),
            **to_do("volume_as_usual"),
        },
    )


def volume_losses(lake: Lake, days: Sequence[date]) -> list[VolumeLoss]:
    """Event types with under half their usual events an hour, on some days.

    Usual is the median of the 28 days before, of which at least seven are there; hours that are
    not whole count neither as events nor as hours; types with under 200 events a day say nothing.
    """
    if not days:
        return []
    start = min(days) - timedelta(days=TRAILING_DAYS)
    span = [start + timedelta(days=offset) for offset in range((max(days) - start).days + 1)]
    with duckdb.connect() as connection:
        connection.register("totals", rows_of_sources(lake, ARCHIVE_TOTALS, span))
        connection.register("hours", rows_of_sources(lake, ARCHIVE_HOURS, span))
        rows = connection.execute(
            _VOLUME_SQL,
            {
                "days": list(days),
                "trailing": TRAILING_DAYS,
                "fewest_days": FEWEST_DAYS,
                "fewest_events": FEWEST_EVENTS,
                "ratio": LOSS_RATIO,
            },
        ).fetchall()
    return [VolumeLoss(*row) for row in rows]
