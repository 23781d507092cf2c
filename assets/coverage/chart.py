"""Capture rates as a figure: the same for Dagster's metadata and for the published page."""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import altair as alt
import pyarrow as pa
import pyarrow.compute as pc

from assets.chart_layers import (
    day_axis,
    day_text,
    layered,
    lone_intervals,
    mark_layers,
    series_scales,
    shaded_days,
    threshold,
)
from assets.chart_style import MOST_SERIES
from assets.coverage.coverage import COMBINED
from assets.coverage.verdicts import DEGRADED, LEAST_SOUND, SOUND, UNKNOWN
from assets.figures import (
    Figure,
    FigureColumn,
    LegendEntry,
    Mark,
    Panels,
    Span,
    View,
    days_from,
    filled,
)
from assets.reference.model import UpstreamBreak

_HEIGHT = 130
_POINT, _LOST_POINT = 12, 40  # areas, in square pixels
_GROUPS = ("contribution", "participation", "attention", "other")
_SCHEMA = pa.schema(
    [
        ("coverage_date", pa.date32()),
        ("event_group", pa.string()),
        ("source", pa.string()),
        ("capture_rate", pa.float64()),
        ("capture_rate_ci_low", pa.float64()),
        ("capture_rate_ci_high", pa.float64()),
        ("status", pa.string()),
        ("yardstick", pa.string()),
        ("captured_count", pa.int64()),
        ("estimated_events", pa.float64()),
    ]
)
_COLUMNS = (
    FigureColumn("coverage_date", "Day (UTC)", "date"),
    FigureColumn("event_group", "Event group"),
    FigureColumn("source", "Source"),
    FigureColumn("capture_rate", "Captured / all", "share"),
    FigureColumn("capture_rate_ci_low", "95 % lower bound", "share"),
    FigureColumn("capture_rate_ci_high", "95 % upper bound", "share"),
    FigureColumn("status", "Status"),
    FigureColumn("yardstick", "Measured by"),
    FigureColumn("captured_count", "Captured, events", "count"),
    FigureColumn("estimated_events", "All, events, estimated", "count"),
)
_SOURCE = (
    "core.coverage, of the events of the sources named and of star history; every source against "
    "the best yardstick there is"
)


def coverage_figure(rows: pa.Table, breaks: Iterable[UpstreamBreak] = ()) -> Figure:
    """Capture rate by day, a panel an event group and a line a source, with 95 % bands.

    Args:
        rows: core.coverage of whole event groups on tracked repositories: one row a day, source
            and event group.
        breaks: the calendar of known breaks; those that touch the days are marked and named.
    """
    found = rows.select(_SCHEMA.names).cast(_SCHEMA).to_pylist()
    days = [row["coverage_date"] for row in found]
    span = (min(days), max(days)) if days else None
    groups = [group for group in _GROUPS if any(row["event_group"] == group for row in found)]
    sources = sorted({row["source"] for row in found} - {COMBINED})[: MOST_SERIES - 1]
    series = [COMBINED, *sources]
    return Figure(
        key="capture-rates",
        chart=_chart(series),
        height=_HEIGHT,
        columns=_COLUMNS,
        rows=_without_gaps(found),
        views=(View((), _title(found, span), _basis(found, span)),),
        unit="Captured events / all events",
        source=_SOURCE,
        panels=Panels("event_group", tuple((group, group) for group in groups)),
        legend=(
            LegendEntry("series-1", "all sources together"),
            *(LegendEntry(f"series-{n}", name) for n, name in enumerate(sources, 2)),
            LegendEntry("degraded-point", "degraded: under 80 %, or a known loss"),
            LegendEntry("degraded", "day on which all together are degraded"),
            LegendEntry("threshold", "80 %"),
        ),
        marks=_marks(breaks, span),
        marks_title="Known breaks of the upstreams in these days",
    )


def whole_groups(coverage: pa.Table) -> pa.Table:
    """Rows of core.coverage of whole event groups on tracked repositories."""
    is_group = pc.and_(pc.is_null(coverage["event_type"]), pc.is_null(coverage["repo_id"]))
    return coverage.filter(pc.and_(is_group, pc.equal(coverage["scope"], "tracked")))


def _chart(series: Sequence[str]) -> alt.LayerChart:
    """Layers: degraded days, known breaks, bands, lines, points and the least sound rate."""
    rate = _rate_axis("capture_rate")
    colour, dash = series_scales("source", series, "source")
    base = alt.Chart().encode(x=day_axis("coverage_date"), color=colour)
    lost = f"datum.source === '{COMBINED}' && datum.status === '{DEGRADED}'"
    return layered(
        shaded_days("coverage_date", lost, "degraded"),
        base.mark_area(opacity=0.2).encode(
            y=_rate_axis("capture_rate_ci_low"), y2="capture_rate_ci_high:Q"
        ),
        lone_intervals(base, "capture_rate", "coverage_date", "source").encode(
            y=_rate_axis("capture_rate_ci_low")
        ),
        threshold(LEAST_SOUND),
        *mark_layers(),
        base.mark_line(strokeWidth=1.5).encode(y=rate, strokeDash=dash),
        _points(base).encode(y=rate),
    )


def _rate_axis(field: str) -> alt.Y:
    """The vertical axis of all layers: no rate is under 0 or over 1."""
    return alt.Y(
        f"{field}:Q",
        title="captured / all",
        scale=alt.Scale(domain=[0, 1.02]),
        axis=alt.Axis(format=".0%", values=[0, 0.2, 0.4, 0.6, 0.8, 1]),
    )


def _points(base: alt.Chart) -> alt.Chart:
    """A point a day, degraded ones by their form too."""
    statuses = [SOUND, UNKNOWN, DEGRADED]
    points: alt.Chart = (
        base.transform_filter("isValid(datum.capture_rate)")
        .transform_calculate(day=day_text("coverage_date"))
        .mark_point(filled=True, opacity=1)
        .encode(
            shape=alt.Shape(
                "status:N",
                title="status",
                scale=alt.Scale(domain=statuses, range=["circle", "circle", "triangle-down"]),
            ),
            size=alt.condition(
                f"datum.status === '{DEGRADED}'", alt.value(_LOST_POINT), alt.value(_POINT)
            ),
            tooltip=[
                alt.Tooltip("day:N", title="day (UTC)"),
                alt.Tooltip("source:N", title="source"),
                alt.Tooltip("capture_rate:Q", title="captured / all", format=".1%"),
                alt.Tooltip("capture_rate_ci_low:Q", title="95 % lower bound", format=".1%"),
                alt.Tooltip("capture_rate_ci_high:Q", title="95 % upper bound", format=".1%"),
                alt.Tooltip("status:N", title="status"),
            ],
        )
    )
    return points


def _without_gaps(rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """The rows, and one without figures for each day between that a source has none of."""
    spans: dict[tuple[str, str], list[dt.date]] = defaultdict(list)
    for row in rows:
        spans[row["event_group"], row["source"]].append(row["coverage_date"])
    wanted = [
        (day, *cell) for cell, days in spans.items() for day in days_from(min(days), max(days))
    ]
    keys = ("coverage_date", "event_group", "source")
    return pa.Table.from_pylist(filled(rows, keys, sorted(wanted)), schema=_SCHEMA)


def _title(rows: Sequence[Mapping[str, Any]], span: Span | None) -> str:
    """The finding in words: days by the status of all sources together, and degraded ones of each.

    A day is degraded if any event group is, else unknown if any is or it has no row.
    """
    if span is None:
        return "Capture of the sources: no day yet"
    days: dict[str, dict[dt.date, set[str]]] = defaultdict(lambda: defaultdict(set))
    for row in rows:
        days[row["source"]][row["coverage_date"]].add(row["status"])
    together = days.pop(COMBINED, {})
    counts = Counter(_worst(together.get(day, {UNKNOWN})) for day in days_from(*span))
    alone = {
        source: sum(DEGRADED in statuses for statuses in found.values())
        for source, found in sorted(days.items())
    }
    parts = [
        f"{name} on {_days(counts[status])}"
        for status, name in (
            (SOUND, "sound (at least 80 %)"),
            (DEGRADED, "degraded"),
            (UNKNOWN, "unknown"),
        )
        if counts[status]
    ]
    lost = ", ".join(f"{source} on {_days(count)}" for source, count in alone.items() if count)
    return (
        f"Capture of all sources together: {', '.join(parts)}, {span[0]} to {span[1]}; degraded "
        f"alone: {lost or 'none'}"
    )


def _worst(statuses: Iterable[str]) -> str:
    return next((each for each in (DEGRADED, UNKNOWN) if each in statuses), SOUND)


def _days(count: int) -> str:
    return f"{count} day" if count == 1 else f"{count} days"


def _basis(rows: Sequence[Mapping[str, Any]], span: Span | None) -> str:
    if span is None:
        return "No row of core.coverage yet."
    seen = sum(row["captured_count"] for row in rows if row["source"] == COMBINED)
    return (
        "Captured events / all events on tracked repositories, by day (UTC), with 95 % intervals, "
        f"{span[0]} to {span[1]}. n = {seen:,} events captured by all sources together."
    )


def _marks(breaks: Iterable[UpstreamBreak], span: Span | None) -> tuple[Mark, ...]:
    """Known breaks that touch the days, in the calendar's order."""
    found: list[Mark] = []
    for each in breaks:
        first = each.from_utc.date()
        until = each.to_utc.date() if each.to_utc is not None else dt.date.max
        if span is None or first > span[1] or until < span[0]:
            continue
        ends = "not over" if each.to_utc is None else f"to {until}"
        words = f"{each.source}, {each.affects}: {each.what} ({each.effect}, {ends})"
        found.append(Mark(str(len(found) + 1), first, words, until))
    return tuple(found)
