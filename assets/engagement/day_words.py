"""A day's shares in words, for its partition's page: the headline, and how much is degraded."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pyarrow as pa

from assets.engagement.headlines import QUOTED, attention_cells
from assets.engagement.shares import SMALLEST_CELL


def days_in_words(rows: pa.Table, days: Sequence[date]) -> dict[date, dict[str, str]]:
    """`headline` and `state` of each day.

    Args:
        rows: of mart.engagement.
        days: those wanted; one without rows says so.
    """
    cells: dict[date, dict[str, Mapping[str, Any]]] = {}
    for row in attention_cells(rows, "day"):
        cells.setdefault(row["activity_date"], {})[row["country_iso2"]] = row
    counted = rows.group_by("activity_date").aggregate(
        [("is_masked", "sum"), ("is_corrected", "sum"), ([], "count_all")]
    )
    counts = {row["activity_date"]: row for row in counted.to_pylist()}
    return {day: _words(day, counts.get(day), cells.get(day, {})) for day in days}


def _words(
    day: date, counts: Mapping[str, Any] | None, cells: Mapping[str, Mapping[str, Any]]
) -> dict[str, str]:
    if counts is None:
        return {"headline": "no figure", "state": "no figure could be made of this day"}
    parts = [f"{count:,} of {counts['count_all']:,} figures are {what}" for count, what in (
        (counts["is_masked_sum"], "masked: what was captured of them is too little or unknown"),
        (counts["is_corrected_sum"], "extrapolated from degraded capture"),
    ) if count]  # fmt: skip
    state = f"degraded: {'; '.join(parts)}" if parts else "no figure is degraded"
    said = "; ".join(_share(iso2, cells.get(iso2)) for iso2 in QUOTED)
    headline = f"Share of accounts that starred or forked tracked repositories on {day} (UTC): "
    return {"headline": headline + said, "state": state}


def _share(iso2: str, row: Mapping[str, Any] | None) -> str:
    """One country's; cells of fewer than five accounts, and masked ones, are not told."""
    if row is None or row["actor_count"] < SMALLEST_CELL:
        return f"{iso2} has fewer than five located accounts"
    if row["is_masked"]:
        return f"{iso2} is masked"
    low, high = row["share_ci_low"], row["share_ci_high"]
    within = "no interval" if low is None or high is None else f"95 %: {low:.1%} to {high:.1%}"
    return f"{iso2} {row['share']:.1%} ({within})"
