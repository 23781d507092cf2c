"""The gap between use and patents as a figure of the published page."""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import pyarrow as pa
import pyarrow.compute as pc

from assets.chart_layers import (
    day_axis,
    day_text,
    layered,
    lone_intervals,
    shaded_days,
    threshold,
)
from assets.figures import (
    Choice,
    Figure,
    FigureColumn,
    LegendEntry,
    View,
    days_from,
    filled,
)
from assets.visibility.cohorts import CENSORED, COMPLETE, PARTIAL

_HEIGHT = 260
_USERS = (
    ("us_company", "U.S. companies"),
    ("us_education", "U.S. universities and schools"),
    ("us_all", "all in the U.S."),
    ("all", "all"),
)
_BASES = (("filing", "month of filing"), ("publication", "month of publication"))
_COLUMNS = (
    FigureColumn("cohort_month", "Cohort's month", "date"),
    FigureColumn("user_kind", "Users"),
    FigureColumn("basis", "Month of"),
    FigureColumn("gap_pp", "Gap, percentage points", "number"),
    FigureColumn("gap_pp_ci_low", "95 % lower bound", "number"),
    FigureColumn("gap_pp_ci_high", "95 % upper bound", "number"),
    FigureColumn("use_share", "Of papers naming an open model, naming a Chinese one", "share"),
    FigureColumn("use_count", "Papers naming an open model", "count"),
    FigureColumn("patent_share", "Of patents naming an open model, naming a Chinese one", "share"),
    FigureColumn("patent_count", "Patents naming an open model", "count"),
    FigureColumn("status", "Status"),
)
_SCHEMA = pa.schema(
    [
        ("cohort_month", pa.date32()),
        ("user_kind", pa.string()),
        ("basis", pa.string()),
        ("gap_pp", pa.float64()),
        ("gap_pp_ci_low", pa.float64()),
        ("gap_pp_ci_high", pa.float64()),
        ("use_share", pa.float64()),
        ("use_count", pa.int64()),
        ("patent_share", pa.float64()),
        ("patent_count", pa.int64()),
        ("status", pa.string()),
    ]
)


def gap_figure(gap: pa.Table) -> Figure:
    """The gap in papers of the same month, by cohort, with its 95 % band.

    Args:
        gap: mart.visibility_gap as published. Censored and partial cohorts are drawn as such.
    """
    is_shown = pc.and_(pc.equal(gap["use_measure"], "papers"), pc.equal(gap["lag_months"], 0))
    found = gap.filter(is_shown).select(_SCHEMA.names).cast(_SCHEMA).to_pylist()
    settings = [(user, basis) for user, _ in _USERS for basis, _ in _BASES]
    return Figure(
        key="visibility-gap",
        chart=_chart(),
        height=_HEIGHT,
        columns=_COLUMNS,
        rows=_without_gaps(found),
        views=tuple(_view(found, user, basis) for user, basis in settings),
        unit="Share of use less share of patents, percentage points",
        source=(
            "mart.visibility_gap, of OpenAlex's works by affiliation and the full texts of U.S. "
            "patents and applications"
        ),
        choices=(Choice("user_kind", "Users", _USERS), Choice("basis", "Patents by", _BASES)),
        legend=(
            LegendEntry("series-1", "gap, with its 95 % interval"),
            LegendEntry("missing", "censored: most are not public yet"),
            LegendEntry("degraded", "partial: weekly files not read"),
            LegendEntry("threshold", "no gap"),
        ),
    )


def _chart() -> alt.LayerChart:
    """Layers: partial and censored months, band, line, points and the level of no gap."""
    base = alt.Chart().encode(x=day_axis("cohort_month"))
    low = alt.Y("gap_pp_ci_low:Q", title="percentage points")
    return layered(
        _shaded(PARTIAL, "degraded"),
        base.mark_area(opacity=0.2).encode(y=low, y2="gap_pp_ci_high:Q"),
        lone_intervals(base, "gap_pp", "cohort_month", "user_kind").encode(y=low),
        threshold(0.0),
        base.mark_line(strokeWidth=1.5).encode(y="gap_pp:Q"),
        _points(base),
        _shaded(CENSORED, "missing"),
    )


def _shaded(status: str, style: str) -> alt.Chart:
    """Shading of the months of a status, half a month to either side of where they stand."""
    return shaded_days("cohort_month", f"datum.status === '{status}'", style, "14.5", "14.5")


def _points(base: alt.Chart) -> alt.Chart:
    points: alt.Chart = (
        base.transform_filter("isValid(datum.gap_pp)")
        .transform_calculate(day=day_text("cohort_month"))
        .mark_point(filled=True, opacity=1, size=20)
        .encode(
            y="gap_pp:Q",
            tooltip=[
                alt.Tooltip("day:N", title="cohort's month, from"),
                alt.Tooltip("gap_pp:Q", title="gap, percentage points", format=".1f"),
                alt.Tooltip("gap_pp_ci_low:Q", title="95 % lower bound", format=".1f"),
                alt.Tooltip("gap_pp_ci_high:Q", title="95 % upper bound", format=".1f"),
                alt.Tooltip("status:N", title="status"),
            ],
        )
    )
    return points


def _without_gaps(rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """The rows, and one without figures for each month between of which none is published."""
    spans: dict[tuple[str, str], list[dt.date]] = defaultdict(list)
    for row in rows:
        spans[row["basis"], row["user_kind"]].append(row["cohort_month"])
    wanted = [
        (basis, user, month)
        for (basis, user), months in sorted(spans.items())
        for month in days_from(min(months), max(months))
        if month.day == 1
    ]
    keys = ("basis", "user_kind", "cohort_month")
    return pa.Table.from_pylist(filled(rows, keys, wanted), schema=_SCHEMA)


def _view(rows: Sequence[Mapping[str, Any]], user: str, basis: str) -> View:
    """The finding of the newest complete cohort of one setting."""
    ours = sorted(
        (row for row in rows if (row["user_kind"], row["basis"]) == (user, basis)),
        key=lambda row: row["cohort_month"],
    )
    users = dict(_USERS)[user]
    known = [row for row in ours if row["status"] == COMPLETE and row["gap_pp"] is not None]
    if not known:
        states = f"{len(ours)} cohorts, none complete" if ours else "no cohort yet"
        return View((user, basis), f"Visibility gap, {users}: {states}", "No figure to state.")
    row = known[-1]
    verb = "filed" if basis == "filing" else "published"
    title = (
        f"{users[0].upper()}{users[1:]}: papers name Chinese-origin open models "
        f"{row['gap_pp']:.1f} percentage points more often than patents {verb} in "
        f"{row['cohort_month']:%Y-%m} "
        f"(95 % {row['gap_pp_ci_low']:.1f} to {row['gap_pp_ci_high']:.1f})"
    )
    basis_text = (
        "Share of works naming any open model that name one of Chinese origin, less the same share "
        f"of patents, {ours[0]['cohort_month']:%Y-%m} to {ours[-1]['cohort_month']:%Y-%m}, 95 % "
        f"intervals. n = {row['use_count']} papers and {row['patent_count']} patents in the newest "
        "complete cohort."
    )
    return View((user, basis), title, basis_text)
