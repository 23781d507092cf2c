"""The Hub's models and downloads by the origin of their weights, as a figure."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Any

import altair as alt
import pyarrow as pa

from assets.chart_layers import (
    LAST,
    day_axis,
    interval_layers,
    layered,
    series_scales,
    shaded_days,
)
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

_HEIGHT = 280
_CHINA, _UNITED_STATES = "CN", "US"
_NO_ORIGIN = frozenset({"any", "ZZ"})
#: Snapshots of so many days are shown each; of those before, the last of each week.
_DAYS_SHOWN = 91
_OTHERS = 2  # origins beside CN and US
_DAY_MS = 86_400_000
_PARTIAL, _MISSED = "partial", "missed"
_MEASURES = (("downloads_30d", "downloads in 30 days"), ("models", "models listed"))
_RELATIONS = (("derivative", "derivatives alone"), ("any", "releases and derivatives"))
_WORDS = {
    ("downloads_30d", "derivative"): "30 days' downloads of derivatives",
    ("downloads_30d", "any"): "30 days' downloads of releases and derivatives",
    ("models", "derivative"): "derivatives listed",
    ("models", "any"): "releases and derivatives listed",
}
_ALL = "any"
_COLUMNS = (
    FigureColumn("snapshot_date", "Snapshot (UTC)", "date"),
    FigureColumn("measure", "Measure"),
    FigureColumn("relation", "Models"),
    FigureColumn("origin_iso2", "Origin, code"),
    FigureColumn("country", "Origin of the weights"),
    FigureColumn("share", "Share of known origin", "share"),
    FigureColumn("share_ci_low", "If no unknown one is from there", "share"),
    FigureColumn("share_ci_high", "If all unknown ones are", "share"),
    FigureColumn("value", "Models or downloads", "count"),
    FigureColumn("known_value", "All of known origin", "count"),
    FigureColumn("unknown_share", "Of unknown origin", "share"),
    FigureColumn("state", "Snapshot"),
)
#: Downloads are estimates of sums: no whole numbers.
_SCHEMA = row_schema(_COLUMNS, pa.float64())


def hub_figure(
    diffusion: pa.Table, snapshots: pa.Table, concentration: pa.Table, names: Mapping[str, str]
) -> Figure:
    """Shares of the origins with most downloads: newest quarter by day, and weeks before.

    Args:
        diffusion: mart.diffusion_hub, of which all authors and families together are drawn. All
            that is listed is counted: bands are worst cases for models of unknown origin.
        snapshots: core.hub_snapshots, which says what days lack.
        concentration: mart.hub_concentration, for how many families share.
        names: names of countries by code.
    """
    settings = list(product(dict(_MEASURES), dict(_RELATIONS)))
    cells = [
        row
        for row in diffusion.to_pylist()
        if (row["author_country_iso2"], row["root_family"]) == (_ALL, _ALL)
        and (row["measure"], row["relation"]) in settings
        and row["origin_iso2"] not in _NO_ORIGIN
    ]
    states = dict(zip(*snapshots.select(["snapshot_date", "state"]).to_pydict().values(),
                      strict=True))  # fmt: skip
    days = _days_shown(row["snapshot_date"] for row in cells)
    origins = _origins(cells)
    rows = _rows(cells, settings, days, origins, states, names)
    effective = {
        (row["measure"], row["relation"], row["snapshot_date"]): row["effective_parts"]
        for row in concentration.to_pylist()
        if row["dimension"] == "root_family"
    }
    countries = [names.get(origin, origin) for origin in origins]
    return Figure(
        key="hub-origins",
        chart=_chart(countries),
        height=_HEIGHT,
        columns=_COLUMNS,
        rows=pa.Table.from_pylist(rows, schema=_SCHEMA),
        views=tuple(_view(each, rows, effective) for each in settings),
        unit="Share of models or downloads of known origin, in per cent",
        source="mart.diffusion_hub, of the Hugging Face Hub's lists of models",
        choices=(Choice("measure", "Measure", _MEASURES), Choice("relation", "Of", _RELATIONS)),
        legend=(
            *(LegendEntry(f"series-{n}", name) for n, name in enumerate(countries, 1)),
            LegendEntry("degraded", "partial snapshot: lists could not be read"),
            LegendEntry(
                "missing",
                f"missed: nobody asked on the day or, {_DAYS_SHOWN} days and more ago, in the week",
            ),
        ),
    )


def _days_shown(days: Iterable[dt.date]) -> list[dt.date]:
    """Every day of the newest quarter; of each week before, its last snapshot or its Sunday."""
    every = sorted(set(days))
    if not every:
        return []
    newest = every[-1] - dt.timedelta(days=_DAYS_SHOWN)
    chosen = [day for day in days_from(every[0], every[-1]) if day > newest]
    last = {_sunday(day): day for day in every if day <= newest}
    weeks = days_from(_sunday(every[0]), newest, 7) if every[0] <= newest else []
    return sorted({*chosen, *last.values(), *(each for each in weeks if each not in last)})


def _sunday(day: dt.date) -> dt.date:
    """The last day of its ISO week."""
    return day + dt.timedelta(days=7 - day.isoweekday())


def _origins(cells: Sequence[Mapping[str, Any]]) -> list[str]:
    """CN, US and the others with most downloads on the newest day."""
    newest = max((row["snapshot_date"] for row in cells), default=None)
    downloads = {
        row["origin_iso2"]: row["value"]
        for row in cells
        if (row["snapshot_date"], row["measure"], row["relation"])
        == (newest, _MEASURES[0][0], _ALL)
    }
    others = sorted(
        downloads.keys() - {_CHINA, _UNITED_STATES}, key=lambda each: (-downloads[each], each)
    )
    return [_CHINA, _UNITED_STATES, *others[:_OTHERS]]


def _rows(
    cells: Sequence[Mapping[str, Any]],
    settings: Sequence[tuple[str, str]],
    days: Sequence[dt.date],
    origins: Sequence[str],
    states: Mapping[dt.date, str],
    names: Mapping[str, str],
) -> list[dict[str, Any]]:
    """A row for each setting, day and origin; nulls where there is no snapshot."""
    keys = ("measure", "relation", "snapshot_date", "origin_iso2")
    wanted = [(*setting, day, origin) for setting in settings for day in days for origin in origins]
    return [
        {
            **dict.fromkeys(_SCHEMA.names),
            **{name: row.get(name) for name in _SCHEMA.names},
            "share_ci_low": row.get("share_low"),
            "share_ci_high": row.get("share_high"),
            "country": names.get(row["origin_iso2"], row["origin_iso2"]),
            "state": states.get(row["snapshot_date"], _MISSED),
        }
        for row in filled(cells, keys, wanted)
    ]


def _view(
    setting: tuple[str, str],
    rows: Sequence[Mapping[str, Any]],
    effective: Mapping[tuple[str, str, dt.date], float | None],
) -> View:
    measure, relation = setting
    known = [
        row
        for row in rows
        if (row["measure"], row["relation"]) == setting and row["share"] is not None
    ]
    what = _WORDS[setting]
    if not known:
        return View(setting, f"Hugging Face Hub, {what}: no snapshot yet", "")
    day = max(row["snapshot_date"] for row in known)
    newest = [row for row in known if row["snapshot_date"] == day]
    pair = [row for row in newest if row["origin_iso2"] in (_CHINA, _UNITED_STATES)]
    found = " and ".join(
        f"{row['country']} {percent(row['share'])} "
        f"({interval(row['share_ci_low'], row['share_ci_high'])})"
        for row in sorted(pair or newest[:1], key=lambda row: -row["share"])
    )
    parts = effective.get((measure, relation, day))
    spread = f" Spread as over {parts:.1f} equal families." if parts is not None else ""
    first = min(row["snapshot_date"] for row in known)
    return View(
        setting,
        f"Origin of the weights in {what} on the Hub, {day}: {found}",
        f"Share of {what}, by the origin of the weights they are made of, {first} to {day} (UTC). "
        f"n = {newest[0]['known_value']:,.0f} of known origin, "
        f"{percent(newest[0]['unknown_share'])} unknown. All that is listed is counted: the band "
        f"is no sampling error but what the unknown leave open.{spread}",
    )


def _chart(countries: Sequence[str]) -> alt.LayerChart:
    """Layers: days without and with part of a snapshot, worst cases, lines, points."""
    colour, dash = series_scales("country", countries, "origin")
    base = alt.Chart().encode(x=day_axis("snapshot_date"), color=colour)
    age = f"({LAST} - toNumber(datum.snapshot_date)) / {_DAY_MS}"
    before = f"{age} > {_DAYS_SHOWN} ? 6 : 0"  # of a week its last day stands for all
    return layered(
        shaded_days("snapshot_date", f"datum.state === '{_PARTIAL}'", "degraded"),
        shaded_days("snapshot_date", f"datum.state === '{_MISSED}'", "missing", before),
        *interval_layers(
            base,
            "share",
            "snapshot_date",
            "country",
            low=alt.Y("share_ci_low:Q", title="share", axis=alt.Axis(format=".0%")),
            tooltip=[
                alt.Tooltip("day:N", title="snapshot (UTC)"),
                alt.Tooltip("country:N", title="origin of the weights"),
                alt.Tooltip("share:Q", title="share", format=".1%"),
                alt.Tooltip("share_ci_low:Q", title="if no unknown one is", format=".1%"),
                alt.Tooltip("share_ci_high:Q", title="if all unknown ones are", format=".1%"),
                alt.Tooltip("value:Q", title="models or downloads", format=",.0f"),
            ],
            dash=dash,
            band_opacity=0.18,
            point_size=14,
        ),
    )
