"""Checks of the Hub's snapshots: days without one, lists that failed, models that vanished.

They warn and block nothing: a day that is lost stays lost, and what was got is still worth having.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import dagster as dg

from assets.declare import asset_key, prepare
from assets.hub.tables import HUB_SNAPSHOTS
from checks.days import days_of_check, span_of
from checks.rows_at_fault import to_do
from resources.lake import LakeResource
from resources.warehouse import WarehouseResource

#: Of the models of the snapshot before, so many must still be there.
LEAST_KEPT = 0.9
LEAST_ASKED_SHARE = 0.9
_ROWS_SHOWN = 50


def hub_checks() -> list[dg.AssetChecksDefinition]:
    """The checks of this module."""
    return [
        dg.asset_check(
            asset=asset_key(HUB_SNAPSHOTS),
            name="hub_snapshots_whole",
            description=(
                "Each day has a complete snapshot of the Hub: every list read, every tracked "
                "family with a release, derivatives asked for where "
                f"{LEAST_ASKED_SHARE:.0%} of downloads are, no fewer models than "
                f"{LEAST_KEPT:.0%} of the snapshot before."
            ),
        )(hub_snapshots_whole)
    ]


def hub_snapshots_whole(
    context: dg.AssetCheckExecutionContext, lake: LakeResource, warehouse: WarehouseResource
) -> dg.AssetCheckResult:
    """Name what is wrong with each day's snapshot."""
    days = days_of_check(context, lake.open())
    house = warehouse.open()
    prepare(house, HUB_SNAPSHOTS)
    rows = house.query(
        f"SELECT * FROM {HUB_SNAPSHOTS.qualified} ORDER BY snapshot_date"  # noqa: S608
    ).to_pylist()
    faults = snapshot_faults(rows, days)
    lines = [f"| {day} | {fault} |" for day, fault in faults[:_ROWS_SHOWN]]
    table = ["| day (UTC) | what is wrong |", "|---|---|", *lines]
    bad_days = {day for day, _ in faults}
    return dg.AssetCheckResult(
        passed=not faults,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"{len(bad_days)} of {len(days)} snapshots are not whole on {span_of(days)}.",
        metadata={
            "days_at_fault": len(bad_days),
            "faults": dg.MetadataValue.md("\n".join(table) if lines else "None."),
            **to_do("hub_snapshots_whole"),
        },
    )


def snapshot_faults(
    rows: Iterable[Mapping[str, Any]], days: Sequence[date]
) -> list[tuple[date, str]]:
    """What is wrong with the snapshots of some days.

    Args:
        rows: core.hub_snapshots, the oldest first, other days included.
        days: that are looked at; a day without a row is as one that was missed.
    """
    faults: list[tuple[date, str]] = []
    by_day = {row["snapshot_date"]: row for row in rows}
    for day in days:
        row = by_day.get(day)
        if row is None or row["state"] == "missed":
            faults.append((day, "no snapshot was taken on the day; the Hub keeps no history"))
            continue
        faults += [(day, fault) for fault in _faults_of(row)]
        earlier = [
            each["model_count"]
            for other, each in by_day.items()
            if other < day and each["state"] != "missed"
        ]
        if earlier and row["model_count"] < LEAST_KEPT * earlier[-1]:
            faults.append((day, f"{row['model_count']} models, {earlier[-1]} in the one before"))
    return faults


def _faults_of(row: Mapping[str, Any]) -> Iterable[str]:
    if row["state"] == "partial":
        yield "partial: lists failed or the day ended"
    if row["failed_list_count"]:
        yield f"{row['failed_list_count']} lists could not be read"
    if row["silent_family_count"]:
        yield (
            f"{row['silent_family_count']} families have no release: if their author was renamed, "
            "add the new name to hub_authors.csv"
        )
    if row["malformed_count"]:
        yield f"{row['malformed_count']} documents are no models"
    if row["asked_share"] is not None and row["asked_share"] < LEAST_ASKED_SHARE:
        yield (
            f"derivatives were asked for where {row['asked_share']:.0%} of downloads are: raise "
            "OBSERVATORY_HUB_CALLS"
        )
