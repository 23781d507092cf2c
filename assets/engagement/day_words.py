"""A day's shares in words, for its partition's page: the headline, and how much is degraded."""

from collections.abc import Sequence
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from assets.engagement.shares import SMALLEST_CELL

COUNTRIES = ("CN", "US")
_HEADLINE = {"period": "day", "scope": "tracked", "grouping": "apart", "event_group": "attention"}


def days_in_words(rows: pa.Table, days: Sequence[date]) -> dict[date, dict[str, str]]:
    """`headline` and `state` of each day.

    Args:
        rows: of mart.engagement.
        days: those wanted; one without rows says so.
    """
    return {day: _words(rows.filter(pc.equal(rows["activity_date"], day)), day) for day in days}


def _words(rows: pa.Table, day: date) -> dict[str, str]:
    if not rows.num_rows:
        return {"headline": "no figure", "state": "no figure could be made of this day"}
    masked = sum(rows["is_masked"].to_pylist())
    corrected = sum(rows["is_corrected"].to_pylist())
    parts = [f"{count:,} of {rows.num_rows:,} figures are {what}" for count, what in (
        (masked, "masked: what was captured of them is too little or unknown"),
        (corrected, "extrapolated from degraded capture"),
    ) if count]  # fmt: skip
    state = f"degraded: {'; '.join(parts)}" if parts else "no figure is degraded"
    return {"headline": _headline(rows, day), "state": state}


def _headline(rows: pa.Table, day: date) -> str:
    """Shares of attention of the countries that are compared, with intervals."""
    chosen = {
        row["country_iso2"]: row
        for row in rows.to_pylist()
        if all(row[name] == value for name, value in _HEADLINE.items())
    }
    said = [_share(iso2, chosen.get(iso2)) for iso2 in COUNTRIES]
    return f"Share of accounts that starred or forked tracked repositories on {day} (UTC): " + (
        "; ".join(said)
    )


def _share(iso2: str, row: dict[str, object] | None) -> str:
    """One country's; cells of fewer than five accounts, and masked ones, are not told."""
    if row is None or int(str(row["actor_count"])) < SMALLEST_CELL:
        return f"{iso2} has fewer than five located accounts"
    if row["is_masked"]:
        return f"{iso2} is masked"
    low, high = row["share_ci_low"], row["share_ci_high"]
    within = "no interval" if low is None or high is None else f"95 %: {low:.1%} to {high:.1%}"
    return f"{iso2} {row['share']:.1%} ({within})"
