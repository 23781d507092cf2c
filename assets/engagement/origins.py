"""Engagement with repositories of model families by the families' origin, as a figure."""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import altair as alt
import pyarrow as pa
import pyarrow.compute as pc

from assets.chart_layers import day_axis, interval_layers, layered, series_scales, shaded_days
from assets.engagement.series import APART, CHINA, GROUP_WORDS, UNITED_STATES
from assets.figures import (
    Choice,
    Figure,
    FigureColumn,
    LegendEntry,
    View,
    days_from,
    filled,
    interval,
    percent,
    row_schema,
)

_HEIGHT = 260
_WEEK = 7
_EVENT_GROUPS = ("attention", "contribution", "participation")
#: Scopes of mart.engagement.
_ORIGINS = {
    "origin_cn": "Chinese-origin models",
    "origin_us": "U.S.-origin models",
    "origin_other": "models of other origin",
}
_NONE, _FLAWED, _WHOLE = "no figure", "incomplete or corrected", "whole"
_COLUMNS = (
    FigureColumn("activity_date", "Week's last day (UTC)", "date"),
    FigureColumn("country_iso2", "Country"),
    FigureColumn("event_group", "Event group"),
    FigureColumn("origin", "Repositories of"),
    FigureColumn("share", "Share of all accounts", "share"),
    FigureColumn("share_ci_low", "95 % lower bound", "share"),
    FigureColumn("share_ci_high", "95 % upper bound", "share"),
    FigureColumn("unknown_share", "Without a location", "share"),
    FigureColumn("total_actor_count", "Accounts", "count"),
    FigureColumn("state", "What it rests on"),
)
_SCHEMA = row_schema(_COLUMNS)


def origins_figure(engagement: pa.Table, names: Mapping[str, str]) -> Figure:
    """Weekly shares of CN and US in the accounts active on repositories of each origin.

    Args:
        engagement: published engagement, of which weeks with every economy apart are drawn.
        names: names of countries by code.
    """
    rows = _rows(engagement)
    groups = [group for group in _EVENT_GROUPS if any(row["event_group"] == group for row in rows)]
    countries = {code: names.get(code, code) for code in (CHINA, UNITED_STATES)}
    views = [
        _view((country, group), countries[country], rows)
        for country, group in product(countries, groups)
    ]
    return Figure(
        key="engagement-origins",
        chart=_chart(),
        height=_HEIGHT,
        columns=_COLUMNS,
        rows=pa.Table.from_pylist(rows, schema=_SCHEMA),
        views=tuple(views) or (View((CHINA, ""), "Shares by origin of models: no week yet", ""),),
        unit="Share of all active accounts, in per cent",
        source="mart.engagement as published, of repositories of model families",
        choices=(
            Choice("country_iso2", "Share of", tuple(countries.items())),
            Choice("event_group", "Event group", tuple((g, GROUP_WORDS[g]) for g in groups)),
        ),
        legend=(
            *(
                LegendEntry(f"series-{n}", f"on repositories of {words}")
                for n, words in enumerate(_ORIGINS.values(), 1)
            ),
            LegendEntry("missing", "no figure of any origin"),
        ),
    )


def _rows(engagement: pa.Table) -> list[dict[str, Any]]:
    """A row for each country, group, origin and week; nulls where nothing is published."""
    is_weekly = pc.and_(
        pc.equal(engagement["period"], "week"), pc.equal(engagement["grouping"], APART)
    )
    is_asked = pc.and_(
        pc.is_in(engagement["scope"], pa.array(_ORIGINS)),
        pc.is_in(engagement["country_iso2"], pa.array([CHINA, UNITED_STATES])),
    )
    cells = [
        {**row, "origin": _ORIGINS[row["scope"]], "state": _state(row)}
        for row in engagement.filter(pc.and_(is_weekly, is_asked)).to_pylist()
    ]
    if not cells:
        return []
    weeks = [row["activity_date"] for row in cells]
    seen = {row["event_group"] for row in cells}
    wanted = product(
        (CHINA, UNITED_STATES),
        [group for group in _EVENT_GROUPS if group in seen],
        _ORIGINS.values(),
        days_from(min(weeks), max(weeks), _WEEK),
    )
    keys = ("country_iso2", "event_group", "origin", "activity_date")
    return [
        {name: row.get(name, _NONE if name == "state" else None) for name in _SCHEMA.names}
        for row in filled(cells, keys, wanted)
    ]


def _state(row: Mapping[str, Any]) -> str:
    return _WHOLE if row["is_complete"] and not row["is_corrected"] else _FLAWED


def _view(setting: tuple[str, str], country: str, rows: Sequence[Mapping[str, Any]]) -> View:
    """The newest week's shares by origin."""
    known = [
        row
        for row in rows
        if (row["country_iso2"], row["event_group"]) == setting and row["share_ci_low"] is not None
    ]
    group = GROUP_WORDS[setting[1]].partition(" (")[0]
    if not known:
        return View(setting, f"{country} in {group}, by origin of the model: nothing yet", "")
    week = max(row["activity_date"] for row in known)
    newest = [row for row in known if row["activity_date"] == week]
    found = ", ".join(
        f"{percent(row['share'])} ({interval(row['share_ci_low'], row['share_ci_high'])}) on those "
        f"of {row['origin']}"
        for row in newest
    )
    counts = ", ".join(f"{row['total_actor_count']:,}" for row in newest)
    first = min(row["activity_date"] for row in known)
    return View(
        setting,
        f"{country} in {group} on repositories of models, week to {week}: {found}",
        f"Share of all accounts active in the week, band: 95 % interval, {first} to {week} (UTC). "
        f"n = {counts} accounts.",
    )


def _chart() -> alt.LayerChart:
    """Layers: weeks without a figure, bands, lines, points."""
    colour, dash = series_scales("origin", tuple(_ORIGINS.values()), "repositories of")
    base = alt.Chart().encode(x=day_axis("activity_date"), color=colour)
    return layered(
        _weeks_without(),
        *interval_layers(
            base,
            "share",
            "activity_date",
            "origin",
            low=alt.Y("share_ci_low:Q", title="share of accounts", axis=alt.Axis(format=".0%")),
            tooltip=[
                alt.Tooltip("day:N", title="week to (UTC)"),
                alt.Tooltip("origin:N", title="repositories of"),
                alt.Tooltip("share:Q", title="share of accounts", format=".1%"),
                alt.Tooltip("share_ci_low:Q", title="95 % lower bound", format=".1%"),
                alt.Tooltip("share_ci_high:Q", title="95 % upper bound", format=".1%"),
                alt.Tooltip("total_actor_count:Q", title="accounts", format=","),
                alt.Tooltip("state:N", title="rests on"),
            ],
            dash=dash,
            band_opacity=0.18,
            point_size=14,
        ),
    )


def _weeks_without() -> alt.Chart:
    """Hatching of weeks of which no origin has a figure."""
    counted = alt.Chart().transform_joinaggregate(
        known_count="valid(share)", groupby=["activity_date"]
    )
    shading: alt.Chart = shaded_days("activity_date", "datum.known_count === 0", "missing", "6")
    shading.transform = [*counted.transform, *shading.transform]
    return shading
