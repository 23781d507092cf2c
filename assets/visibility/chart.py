"""The gap between use and patents as a figure of the published page."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from itertools import product
from typing import Any

import altair as alt
import pyarrow as pa

from assets.chart_layers import (
    day_axis,
    interval_layers,
    layered,
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
    row_schema,
)
from assets.visibility.cohorts import CENSORED, PARTIAL
from assets.visibility.findings import BASES, LAGS_IN_WORDS, MEASURES, USERS, Setting, finding

_HEIGHT = 260
_UNPUBLISHED = "not published"
_CHOICES = (
    Choice("user_kind", "Users", USERS),
    Choice("use_measure", "Use in", MEASURES),
    Choice("lag_months", "Use", LAGS_IN_WORDS),
    Choice("basis", "Patents by", BASES),
)
_COLUMNS = (
    FigureColumn("cohort_month", "Patents' month", "date"),
    FigureColumn("use_month", "Month of use", "date"),
    FigureColumn("user_kind", "Users"),
    FigureColumn("use_measure", "Use in"),
    FigureColumn("lag_months", "Use so many months before"),
    FigureColumn("basis", "Month of"),
    FigureColumn("gap_pp", "Gap, percentage points", "number"),
    FigureColumn("gap_pp_ci_low", "95 % lower bound", "number"),
    FigureColumn("gap_pp_ci_high", "95 % upper bound", "number"),
    FigureColumn("use_share", "Of the use of open models, that of Chinese ones", "share"),
    FigureColumn("use_count", "Use counted: papers or accounts", "count"),
    FigureColumn("patent_share", "Of patents naming an open model, naming a Chinese one", "share"),
    FigureColumn("patent_count", "Patents naming an open model", "count"),
    FigureColumn("status", "Status"),
)
#: The lag is text here: what a switch chooses is compared as text.
_SCHEMA = row_schema(_COLUMNS)


def gap_figure(gap: pa.Table) -> Figure:
    """The gap by cohort, with its 95 % band, of each measure and lag of use.

    Args:
        gap: mart.visibility_gap as published. Censored and partial cohorts are drawn as such.
    """
    rows = gap.select(_SCHEMA.names).cast(_SCHEMA).to_pylist()
    found: dict[Setting, list[dict[str, Any]]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: row["cohort_month"]):
        found[Setting(*(row[name] for name in Setting._fields))].append(row)
    settings = [
        Setting(*each) for each in product(*map(dict, (USERS, MEASURES, LAGS_IN_WORDS, BASES)))
    ]
    return Figure(
        key="visibility-gap",
        chart=_chart(),
        height=_HEIGHT,
        columns=_COLUMNS,
        rows=_without_gaps(found),
        views=tuple(View(each, *finding(each, found.get(each, []))) for each in settings),
        unit="Share of use less share of patents, percentage points",
        source=(
            "mart.visibility_gap, of OpenAlex's works by affiliation, of downloads from the "
            "Hugging Face Hub, of accounts on GitHub, and of the full texts of U.S. patents and "
            "applications"
        ),
        choices=_CHOICES,
        legend=(
            LegendEntry("series-1", "gap, with its 95 % interval"),
            LegendEntry("missing", "censored: not all are public yet"),
            LegendEntry("degraded", "partial: weekly files not read"),
            LegendEntry("blank", "no figure is published of the month"),
            LegendEntry("threshold", "no gap"),
        ),
    )


def _chart() -> alt.LayerChart:
    """Layers: months without a figure, band, line, points and the level of no gap."""
    base = alt.Chart().encode(x=day_axis("cohort_month"))
    band, lone, line, points = interval_layers(
        base,
        "gap_pp",
        "cohort_month",
        "user_kind",
        low=alt.Y("gap_pp_ci_low:Q", title="percentage points"),
        tooltip=[
            alt.Tooltip("day:N", title="cohort's month, from"),
            alt.Tooltip("gap_pp:Q", title="gap, percentage points", format=".1f"),
            alt.Tooltip("gap_pp_ci_low:Q", title="95 % lower bound", format=".1f"),
            alt.Tooltip("gap_pp_ci_high:Q", title="95 % upper bound", format=".1f"),
            alt.Tooltip("status:N", title="status"),
        ],
    )
    return layered(
        _shaded(_UNPUBLISHED, "blank"),
        _shaded(PARTIAL, "degraded"),
        band,
        lone,
        threshold(0.0),
        line,
        points,
        _shaded(CENSORED, "missing"),
    )


def _shaded(status: str, style: str) -> alt.Chart:
    """Shading of the months of a status, half a month to either side of where they stand."""
    return shaded_days("cohort_month", f"datum.status === '{status}'", style, "14.5", "14.5")


def _without_gaps(found: Mapping[Setting, Sequence[Mapping[str, Any]]]) -> pa.Table:
    """The rows, and one without figures for each other month up to the newest of any setting.

    A month that is younger than a censored one is censored, too, whatever is published of it.
    """
    newest = max((rows[-1]["cohort_month"] for rows in found.values()), default=date.min)
    wanted = [
        (*setting, month)
        for setting, rows in sorted(found.items())
        for month in days_from(rows[0]["cohort_month"], newest)
        if month.day == 1
    ]
    censored = {
        setting: min(row["cohort_month"] for row in rows if row["status"] == CENSORED)
        for setting, rows in found.items()
        if any(row["status"] == CENSORED for row in rows)
    }
    every = [row for rows in found.values() for row in rows]
    made = filled(every, (*Setting._fields, "cohort_month"), wanted)
    for row in made:
        since = censored.get(Setting(*(row[name] for name in Setting._fields)))
        if row.get("status") is None:
            is_censored = since is not None and row["cohort_month"] > since
            row["status"] = CENSORED if is_censored else _UNPUBLISHED
    return pa.Table.from_pylist(made, _SCHEMA)
