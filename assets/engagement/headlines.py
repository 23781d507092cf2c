"""The shares of attention as the UI states them: the largest, and those that are quoted most."""

from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from assets.engagement.series import CHINA, UNITED_STATES
from assets.engagement.shares import SMALLEST_CELL
from assets.figures import interval, percent

QUOTED = (CHINA, UNITED_STATES)
_CELL = {"scope": "tracked", "grouping": "apart", "event_group": "attention"}
_MOST_WEEKS = 8
_HEADING = (
    "| week to (UTC) | country | share | 95 % interval | of located | located accounts "
    "| worst case |",
    "|---|---|---|---|---|---|---|",
)


def newest_figures(rows: pa.Table, most: int = 10) -> str:
    """The newest day's largest shares of attention, as a Markdown table for the UI.

    Cells of fewer than five accounts are left out.
    """
    daily = _quotable(rows, "day")
    if not daily:
        return "No country with five located accounts on these days."
    newest = max(row["activity_date"] for row in daily)
    chosen = sorted(
        (row for row in daily if row["activity_date"] == newest), key=lambda row: -row["share"]
    )[:most]
    lines = [
        f"Share of the accounts that starred or forked tracked repositories on {newest} (UTC), "
        f"those without a location ({chosen[0]['unknown_share']:.0%}) by their other evidence, "
        "95 % bootstrap interval:",
        "",
        "| country | share | interval | of located | located accounts | worst case |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row['country_iso2']} | {row['share']:.1%} "
        f"| {row['share_ci_low']:.1%} to {row['share_ci_high']:.1%} "
        f"| {row['located_share']:.1%} "
        f"| {row['actor_count']} of {row['located_actor_count']} "
        f"| {row['share_low']:.1%} to {row['share_high']:.1%} |"
        for row in chosen
    ]
    return "\n".join(lines)


def newest_day_shares(rows: pa.Table) -> dict[str, float]:
    """The newest day's share of attention (0 to 1), by a name such as `cn_attention_share`.

    A cell of fewer than five accounts, or of masked capture, has no entry.
    """
    cells = _quoted(rows, "day")
    newest = max((row["activity_date"] for row in cells), default=None)
    return {
        f"{row['country_iso2'].lower()}_attention_share": row["share"]
        for row in cells
        if row["activity_date"] == newest
    }


def weekly_shares(rows: pa.Table) -> str:
    """The weeks' shares of attention as a Markdown table, the newest first; eight weeks at most."""
    cells = _quoted(rows, "week")
    weeks = sorted({row["activity_date"] for row in cells}, reverse=True)[:_MOST_WEEKS]
    if not weeks:
        return "No week ends on these days with five located accounts of China or the U.S."
    lines = [_line(row) for week in weeks for row in cells if row["activity_date"] == week]
    return "\n".join([*_HEADING, *lines])


def attention_cells(rows: pa.Table, period: str) -> list[dict[str, Any]]:
    """Rows of a period of attention to tracked repositories, every economy apart."""
    is_asked = pc.equal(rows["period"], period)
    for name, value in _CELL.items():
        is_asked = pc.and_(is_asked, pc.equal(rows[name], value))
    cells: list[dict[str, Any]] = rows.filter(is_asked).to_pylist()
    return cells


def _quotable(rows: pa.Table, period: str) -> list[dict[str, Any]]:
    """Those that may be shown."""
    return [
        row
        for row in attention_cells(rows, period)
        if row["actor_count"] >= SMALLEST_CELL and not row["is_masked"]
    ]


def _quoted(rows: pa.Table, period: str) -> list[dict[str, Any]]:
    """Of these the countries that are quoted, in the order in which they are."""
    return sorted(
        (row for row in _quotable(rows, period) if row["country_iso2"] in QUOTED),
        key=lambda row: QUOTED.index(row["country_iso2"]),
    )


def _line(row: Mapping[str, Any]) -> str:
    cells: Iterable[object] = (
        row["activity_date"],
        row["country_iso2"],
        percent(row["share"]),
        interval(row["share_ci_low"], row["share_ci_high"]),
        percent(row["located_share"]),
        f"{row['actor_count']} of {row['located_actor_count']}",
        interval(row["share_low"], row["share_high"]),
    )
    return f"| {' | '.join(map(str, cells))} |"
