"""Checks of upkeep: no partition failed or missing, no source late."""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from assets.alerting.operations import RUNBOOK
from assets.declare import asset_key, prepare
from assets.upkeep.freshness import Status
from assets.upkeep.tables import FRESHNESS, INVENTORY
from checks.rows_at_fault import to_do
from resources.warehouse import WarehouseResource

_MOST_COMMANDS = 20
_LONGEST = 300


def upkeep_checks() -> list[dg.AssetChecksDefinition]:
    """The checks of this module."""
    return [
        dg.asset_check(
            asset=asset_key(INVENTORY),
            name="no_partition_left",
            description=(
                "No partition that was ever asked for has failed or is missing. An error where "
                "nobody asks for it again; else a warning, as it is tried again, was said when it "
                f"was given up, or is older than 100 days. {RUNBOOK}#no_partition_left."
            ),
        )(no_partition_left),
        dg.asset_check(
            asset=asset_key(FRESHNESS),
            name="sources_fresh",
            description=(
                "The newest closed partition of each source is there. An error where one is "
                f"overdue; a warning where it is late. {RUNBOOK}#sources_fresh."
            ),
        )(sources_fresh),
    ]


def no_partition_left(warehouse: WarehouseResource) -> dg.AssetCheckResult:
    """Count what failed and is missing, and give the commands that mend it."""
    house = warehouse.open()
    prepare(house, INVENTORY)
    rows = house.query(
        f"SELECT * FROM {INVENTORY.qualified} "  # noqa: S608
        "WHERE failed_count + missing_count > 0 ORDER BY family, asset"
    ).to_pylist()
    failed = sum(row["failed_count"] for row in rows)
    missing = sum(row["missing_count"] for row in rows)
    left = sum(row["left_count"] for row in rows)
    commands = list(dict.fromkeys(text for row in rows for text in row["mend_commands"]))
    more = f"\n- and more: `make inventory` has all {len(commands)}"
    listed = "\n".join(f"- `{each}`" for each in commands[:_MOST_COMMANDS])
    return dg.AssetCheckResult(
        passed=not rows,
        severity=dg.AssetCheckSeverity.ERROR if left else dg.AssetCheckSeverity.WARN,
        description=(
            f"{failed:,} partitions of assets failed, {missing:,} are missing, of {len(rows)} "
            f"assets; {left:,} of them nobody asks for any more. `make inventory` has the commands "
            "that mend them."
            if rows
            else "No partition has failed or is missing."
        ),
        metadata={
            "failed": failed,
            "missing": missing,
            "left": left,
            "assets": dg.MetadataValue.md("\n".join(map(_line, rows)) or "None."),
            "mend": dg.MetadataValue.md(
                listed + (more if len(commands) > _MOST_COMMANDS else "") or "Nothing to mend."
            ),
            **to_do("no_partition_left"),
        },
    )


def sources_fresh(warehouse: WarehouseResource) -> dg.AssetCheckResult:
    """Name what is late, and since when."""
    house = warehouse.open()
    prepare(house, FRESHNESS)
    rows = house.query(
        f"SELECT * FROM {FRESHNESS.qualified} WHERE status <> ? ORDER BY late_since, source",  # noqa: S608
        [Status.FRESH],
    ).to_pylist()
    overdue = [row for row in rows if row["status"] == Status.OVERDUE]
    said = [_late(row) for row in rows]
    return dg.AssetCheckResult(
        passed=not rows,
        severity=dg.AssetCheckSeverity.ERROR if overdue else dg.AssetCheckSeverity.WARN,
        description=f"{'; '.join(said)}." if rows else "All sources are fresh.",
        metadata={
            "late": len(rows),
            "overdue": len(overdue),
            "sources": dg.MetadataValue.md("\n".join(f"- {each}" for each in said) or "None."),
            **to_do("sources_fresh"),
        },
    )


def _line(row: Mapping[str, Any]) -> str:
    counts = f"{row['failed_count']:,} failed, {row['missing_count']:,} missing"
    return f"- {row['asset']}: {counts} ({', '.join(_which(row))[:_LONGEST]})"


def _which(row: Mapping[str, Any]) -> list[str]:
    return [text for text in (row["failed_spans"], row["missing_spans"]) if text]


def _late(row: Mapping[str, Any]) -> str:
    if row["status"] == Status.NEVER:
        return f"{row['source']} never gave anything"
    return (
        f"{row['source']} is {row['status']} since {row['late_since']:%Y-%m-%d %H:%M} UTC, by "
        f"{row['late_hours']:,.0f} hours; there through {row['newest_through']:%Y-%m-%d %H:%M}"
    )
