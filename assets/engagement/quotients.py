"""Location quotients as figures: a map of all countries, and the intervals of the largest."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import pyarrow as pa

from assets.chart_layers import layered
from assets.engagement.series import CHINA, EVENT_GROUPS, GROUP_WORDS, UNITED_STATES
from assets.engagement.world import NORTH, SIDE, SOUTH, world_cells
from assets.figures import ROWS, Choice, Figure, FigureColumn, LegendEntry, View, row_schema

_MAP_HEIGHT, _MAP_ASPECT = 135, 0.45
_LARGEST, _STEP = 24, 18  # countries with intervals, pixels of each
_POOL = "XX"
_PERIODS = {"28d": "the 28 days", "week": "the week"}  # of the first that there is
#: What an interval says of a country, in the styles of the chart, from least to most.
_READINGS = (
    ("quotient-1", "well below 1", "well below 1: half or less, interval below 1"),
    ("quotient-2", "below 1", "below 1: interval below 1"),
    ("quotient-3", "not told from 1", "not told from 1: interval holds 1"),
    ("quotient-4", "above 1", "above 1: interval above 1"),
    ("quotient-5", "well above 1", "well above 1: double or more, interval above 1"),
)
_NONE = "no figure"
_QUOTIENT = ("location_quotient", "location_quotient_ci_low", "location_quotient_ci_high")
_COLUMNS = (
    FigureColumn("activity_date", "Last day (UTC)", "date"),
    FigureColumn("event_group", "Event group"),
    FigureColumn("country", "Country"),
    FigureColumn("country_iso2", "Code"),
    FigureColumn("location_quotient", "Location quotient", "number"),
    FigureColumn("location_quotient_ci_low", "95 % lower bound", "number"),
    FigureColumn("location_quotient_ci_high", "95 % upper bound", "number"),
    FigureColumn("reading", "What the interval says"),
    FigureColumn("share", "Share of all accounts", "share"),
    FigureColumn("actor_count", "Accounts located there", "count"),
    FigureColumn("total_actor_count", "Accounts", "count"),
)
_SCHEMA = row_schema(_COLUMNS)
Finding = Callable[[Sequence[Mapping[str, Any]], str], str]
_SOURCE = (
    "mart.engagement as published: share of accounts active on tracked repositories / share of "
    "the accounts of the actor panel, which are 1 in 1,000 on any repository"
)


@dataclass(frozen=True, slots=True)
class Quotients:
    """The newest location quotients.

    Attributes:
        rows: of the figure's columns, the largest quotient of each event group first.
        groups: event groups of which there are any.
        period: 28d or week.
    """

    rows: tuple[Mapping[str, Any], ...]
    groups: tuple[str, ...]
    period: str


def newest_quotients(engagement: pa.Table, names: Mapping[str, str]) -> Quotients:
    """Location quotients of the newest 28 days with any, or of the newest week.

    Args:
        engagement: published engagement, of which tracked repositories and every economy apart are
            taken. Countries pooled have none.
        names: names of countries by code.
    """
    for period in _PERIODS:
        cells = _cells(engagement, period)
        known = [row for row in cells if row["location_quotient"] is not None]
        if not known:
            continue
        newest = {group: _newest(known, group) for group in EVENT_GROUPS}
        rows = [
            {
                **{name: row.get(name) for name in _SCHEMA.names},
                "country": names.get(row["country_iso2"], row["country_iso2"]),
                "reading": _reading(row),
            }
            for row in cells
            if row["activity_date"] == newest[row["event_group"]] and row["country_iso2"] != _POOL
        ]
        rows.sort(key=lambda row: (-(row["location_quotient"] or 0), row["country_iso2"]))
        groups = tuple(group for group in EVENT_GROUPS if newest[group])
        return Quotients(tuple(rows), groups, period)
    return Quotients((), (), "week")


def quotient_map(quotients: Quotients) -> Figure:
    """All countries with a published figure, in colours that say what their intervals say."""
    return Figure(
        key="location-quotients",
        chart=_map(),
        height=_MAP_HEIGHT,
        aspect=_MAP_ASPECT,
        columns=_COLUMNS,
        rows=pa.Table.from_pylist(list(quotients.rows), schema=_SCHEMA),
        views=_views(
            quotients,
            quotients.rows,
            "squares: places with a town of 5,000 people",
            _standing_out,
        ),
        unit="Share of activity on tracked repositories / share of all activity; 1: as everywhere",
        source=f"{_SOURCE}; squares of GeoNames' towns",
        choices=_choices(quotients),
        legend=(
            *(LegendEntry(style, words) for style, _, words in reversed(_READINGS)),
            LegendEntry("quotient-0", "no figure: too few accounts to publish, or none"),
        ),
    )


def quotient_intervals(quotients: Quotients) -> Figure:
    """The quotients with their intervals, of the countries with most accounts."""
    rows = [
        row
        for group in quotients.groups
        for row in _largest([each for each in quotients.rows if each["event_group"] == group])
    ]
    most = Counter(row["event_group"] for row in rows).values()
    return Figure(
        key="location-quotient-intervals",
        chart=_intervals(),
        height=_STEP * max(most, default=1),
        columns=_COLUMNS,
        rows=pa.Table.from_pylist(rows, schema=_SCHEMA),
        views=_views(
            quotients, rows, f"at most {_LARGEST} countries, those with most accounts", _pair
        ),
        unit="Location quotient on a logarithmic scale; 1: as everywhere",
        source=_SOURCE,
        choices=_choices(quotients),
        legend=(
            LegendEntry("series-1", "quotient, line: 95 % interval"),
            LegendEntry("threshold", "1: the share that the country has everywhere"),
        ),
    )


def _cells(engagement: pa.Table, period: str) -> list[dict[str, Any]]:
    columns = [name for name in _SCHEMA.names if name in engagement.column_names]
    wanted = {"scope": "tracked", "grouping": "apart", "period": period}
    return [
        row
        for row in engagement.select([*columns, *wanted]).to_pylist()
        if all(row[name] == value for name, value in wanted.items())
    ]


def _newest(rows: Sequence[Mapping[str, Any]], group: str) -> Any:  # noqa: ANN401 - a date or None
    days = [row["activity_date"] for row in rows if row["event_group"] == group]
    return max(days, default=None)


def _reading(row: Mapping[str, Any]) -> str:
    """What the interval says of 1."""
    value, low, high = (row[name] for name in _QUOTIENT)
    if value is None or low is None or high is None:
        return _NONE
    well_below, below, untold, above, well_above = (name for _, name, _ in _READINGS)
    if high < 1:
        return below if value > 1 / 2 else well_below
    if low > 1:
        return above if value < 2 else well_above
    return untold


def _largest(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Of one group's rows with an interval those with most accounts, in the order they have."""
    known = [row for row in rows if row["reading"] != _NONE]
    chosen = sorted(known, key=lambda row: -row["actor_count"])[:_LARGEST]
    return [row for row in known if row in chosen]


def _choices(quotients: Quotients) -> tuple[Choice, ...]:
    groups = tuple((group, GROUP_WORDS[group]) for group in quotients.groups)
    return (Choice("event_group", "Event group", groups),) if groups else ()


def _views(
    quotients: Quotients, rows: Sequence[Mapping[str, Any]], shown: str, finding: Finding
) -> tuple[View, ...]:
    made = []
    for group in quotients.groups:
        known = [row for row in rows if row["event_group"] == group and row["reading"] != _NONE]
        words = GROUP_WORDS[group].partition(" (")[0]
        if not known:
            title = f"Location quotients in {words}: no interval to publish"
            made.append(View((group,), title, ""))
            continue
        when = f"in {_PERIODS[quotients.period]} to {known[0]['activity_date']}"
        basis = (
            f"Location quotient {when} (UTC), 95 % interval; n = {known[0]['total_actor_count']:,} "
            "accounts. Of countries that do as everywhere, one in twenty would stand out by "
            f"chance; {shown}."
        )
        made.append(View((group,), f"{finding(known, words)}, {when}", basis))
    return tuple(made) or (View((), "Location quotients: no figure yet", ""),)


def _standing_out(rows: Sequence[Mapping[str, Any]], group: str) -> str:
    """How many countries stand out, and which the most by the lower bound."""
    above = [row for row in rows if row["location_quotient_ci_low"] > 1]
    below = [row for row in rows if row["location_quotient_ci_high"] < 1]
    first = max(rows, key=lambda row: row["location_quotient_ci_low"])
    return (
        f"{len(above)} of {len(rows)} countries take part in {group} more than in all of GitHub, "
        f"{len(below)} less; highest lower bound: {_worded(first)}"
    )


def _pair(rows: Sequence[Mapping[str, Any]], group: str) -> str:
    """What the quotients of CN and US are."""
    pair = [row for row in rows if row["country_iso2"] in (CHINA, UNITED_STATES)]
    found = " and ".join(_worded(row) for row in pair) or "none of China and United States"
    return f"Location quotients in {group}: {found}"


def _worded(row: Mapping[str, Any]) -> str:
    value, low, high = (row[name] for name in _QUOTIENT)
    return f"{row['country']} {value:.2f} ({low:.2f} to {high:.2f})"


def _map() -> alt.LayerChart:
    """Squares of a gazetteer, in the style of what the rows say of their countries."""
    cells = [
        {"west": cell.west, "south": cell.south, "country_iso2": cell.country_iso2}
        for cell in world_cells()
    ]
    squares = alt.Chart(alt.InlineData(values=cells)).transform_lookup(
        lookup="country_iso2",
        from_=alt.LookupData(
            data=alt.NamedData(name=ROWS),
            key="country_iso2",
            fields=["country", "reading", *_QUOTIENT, "actor_count"],
        ),
    )
    styles = [("quotient-0", f"!isValid(datum.reading) || datum.reading === '{_NONE}'")]
    styles += [(style, f"datum.reading === '{name}'") for style, name, _ in _READINGS]
    return layered(*(_squares(squares, style, condition) for style, condition in styles))


def _squares(base: alt.Chart, style: str, condition: str) -> alt.Chart:
    made: alt.Chart = (
        base.transform_filter(condition)
        .transform_calculate(east=f"datum.west + {SIDE}", north=f"datum.south + {SIDE}")
        .mark_rect(style=style)
        .encode(
            x=_edge("west", -180, 180),
            x2="east:Q",
            y=alt.Y(**_axis("south", SOUTH, NORTH)),
            y2="north:Q",
            tooltip=[
                alt.Tooltip("country_iso2:N", title="code"),
                alt.Tooltip("country:N", title="country"),
                alt.Tooltip("location_quotient:Q", title="location quotient", format=".2f"),
                *_bounds(),
                alt.Tooltip("reading:N", title="what the interval says"),
                alt.Tooltip("actor_count:Q", title="accounts located there", format=","),
            ],
        )
    )
    return made


def _edge(field: str, first: int, last: int) -> alt.X:
    return alt.X(**_axis(field, first, last))


def _axis(field: str, first: int, last: int) -> dict[str, Any]:
    scale = alt.Scale(domain=[first, last], nice=False, zero=False)
    return {"shorthand": f"{field}:Q", "axis": None, "title": None, "scale": scale}


def _bounds() -> list[alt.Tooltip]:
    return [
        alt.Tooltip("location_quotient_ci_low:Q", title="95 % lower bound", format=".2f"),
        alt.Tooltip("location_quotient_ci_high:Q", title="95 % upper bound", format=".2f"),
    ]


def _intervals() -> alt.LayerChart:
    """Layers: the level of 1, intervals and dots, the largest quotient at the top."""
    base = alt.Chart().encode(
        y=alt.Y(
            "country:N",
            title=None,
            sort=alt.EncodingSortField("location_quotient", order="descending"),
            axis=alt.Axis(labelLimit=130),
        ),
        color=alt.Color("event_group:N", legend=None),
    )
    scale = alt.Scale(type="log", nice=False, padding=8)
    axis = alt.Axis(tickCount=6, format="~g", labelOverlap="greedy", labelSeparation=8)
    low = alt.X("location_quotient_ci_low:Q", title="location quotient", scale=scale, axis=axis)
    nowhere = alt.Chart(alt.InlineData(values=[{}]))
    return layered(
        nowhere.mark_rule(style="threshold").encode(x=alt.datum(1.0)),
        base.mark_rule(strokeWidth=1.5).encode(x=low, x2="location_quotient_ci_high:Q"),
        base.mark_point(filled=True, opacity=1, size=40).encode(
            x="location_quotient:Q",
            tooltip=[
                alt.Tooltip("country:N", title="country"),
                alt.Tooltip("location_quotient:Q", title="location quotient", format=".2f"),
                *_bounds(),
                alt.Tooltip("actor_count:Q", title="accounts located there", format=","),
            ],
        ),
    )
