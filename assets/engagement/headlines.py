"""The shares that are quoted most, as the UI states them: China's and the United States'."""

from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa

from assets.engagement.series import CHINA, UNITED_STATES
from assets.engagement.shares import SMALLEST_CELL
from assets.figures import interval, percent

_QUOTED = (CHINA, UNITED_STATES)
_CELL = {"scope": "tracked", "grouping": "apart", "event_group": "attention"}
_MOST_WEEKS = 8
_HEADING = (
    "| week to (UTC) | country | share | 95 % interval | of located | located accounts "
    "| worst case |",
    "|---|---|---|---|---|---|---|",
)


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


def _quoted(rows: pa.Table, period: str) -> list[dict[str, Any]]:
    """Cells of a period that may be shown, in the order in which countries are quoted."""
    wanted = _CELL | {"period": period}
    return sorted(
        (
            row
            for row in rows.to_pylist()
            if all(row[name] == value for name, value in wanted.items())
            and row["country_iso2"] in _QUOTED
            and row["actor_count"] >= SMALLEST_CELL
            and not row["is_masked"]
        ),
        key=lambda row: _QUOTED.index(row["country_iso2"]),
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
