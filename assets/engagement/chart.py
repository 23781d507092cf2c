"""Shares of a few countries over time as a figure: with intervals, and what each day rests on."""

from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt
import pyarrow as pa

from assets.chart_layers import (
    day_axis,
    day_text,
    interval_layers,
    layered,
    mark_layers,
    series_scales,
    shaded_days,
)
from assets.engagement.findings import CLOCK, METHODS, views
from assets.engagement.series import (
    APART,
    CORRECTED,
    DAYS_SHOWN,
    GROUP_WORDS,
    INCOMPLETE,
    MASKED,
    NO_FIGURE,
    WEEKS_SHOWN,
    Series,
    groupings_of,
    shares_over_time,
)
from assets.figures import (
    Choice,
    Figure,
    FigureColumn,
    LegendEntry,
    Mark,
    Span,
)
from assets.reference.event_words import described

_HEIGHT = 300
_PERIODS = {"day": f"days (newest {DAYS_SHOWN})", "week": f"weeks (newest {WEEKS_SHOWN})"}
_COLUMNS = (
    FigureColumn("activity_date", "Day (UTC), or the week's last", "date"),
    FigureColumn("period", "Period"),
    FigureColumn("event_group", "Event group"),
    FigureColumn("country_iso2", "Code"),
    FigureColumn("country", "Country"),
    FigureColumn("share", "Share of all accounts", "share"),
    FigureColumn("share_ci_low", "95 % lower bound", "share"),
    FigureColumn("share_ci_high", "95 % upper bound", "share"),
    FigureColumn("share_low", "Worst case, low", "share"),
    FigureColumn("share_high", "Worst case, high", "share"),
    FigureColumn("unknown_share", "Without a location", "share"),
    FigureColumn("actor_count", "Accounts located there", "count"),
    FigureColumn("located_actor_count", "Accounts with a location", "count"),
    FigureColumn("total_actor_count", "Accounts", "count"),
    FigureColumn("located_share", "Of those with a location", "share"),
    FigureColumn("located_share_ci_low", "95 % lower bound of that", "share"),
    FigureColumn("located_share_ci_high", "95 % upper bound of that", "share"),
    FigureColumn("clock_17utc_share", "The paper's clock", "share"),
    FigureColumn("grouping", "Grouping"),
    FigureColumn("state", "What it rests on"),
)
_SOURCE = (
    "mart.engagement as published: events of tracked repositories without bots; countries by "
    "location, employer, e-mail domain, commit zone and hours of the accounts"
)


@dataclass(frozen=True, slots=True)
class Inputs:
    """What the figure is made of, all of it as published.

    Attributes:
        engagement: engagement, of which tracked repositories and every economy apart are drawn.
        coverage: coverage of whole event groups, which says why a day has no figure.
        policy_events: dated lines.
        economies: names of countries.
        groupings: economies that a reader may count as one.
    """

    engagement: pa.Table
    coverage: pa.Table
    policy_events: pa.Table
    economies: pa.Table
    groupings: pa.Table


def engagement_figure(inputs: Inputs) -> Figure:
    """Shares of CN, US and the largest others by event group: half a year of days, and all weeks.

    A day or week without a published row of any country is hatched; one whose files were not all
    there, or whose shares were corrected for degraded capture, is shaded.
    """
    names = dict(zip(*inputs.economies.select(["iso2", "name"]).to_pydict().values(), strict=True))
    groupings = groupings_of(inputs.groupings)
    series = shares_over_time(inputs.engagement, inputs.coverage, names, groupings)
    choices = _choices(series)
    countries = [
        "; grouped: ".join(
            [
                names.get(country, country),
                *(each.label for each in series.groupings if each.group_code == country),
            ]
        )
        for country in series.countries
    ]
    days = sorted(day for dates in series.dates.values() for day in dates)
    return Figure(
        key="engagement",
        chart=_chart(series.countries),
        height=_HEIGHT,
        columns=_COLUMNS,
        rows=series.rows,
        views=views(series, choices),
        unit="Share of active accounts, in per cent",
        source=_SOURCE,
        choices=choices,
        legend=(
            *(LegendEntry(f"series-{number}", name) for number, name in enumerate(countries, 1)),
            LegendEntry("clock", "the paper's clock for China, where chosen"),
            LegendEntry("degraded", f"{INCOMPLETE}, or {CORRECTED}"),
            LegendEntry("missing", "no figure: too little captured, too few accounts, or not made"),
        ),
        marks=_marks(inputs.policy_events, (days[0], days[-1]) if days else None),
        marks_title="Policy events and releases in these days",
    )


def _choices(series: Series) -> tuple[Choice, ...]:
    periods = tuple((p, words) for p, words in _PERIODS.items() if series.dates[p])
    methods = tuple((name, method.words) for name, method in METHODS.items())
    choices = [
        Choice("event_group", "Event group", tuple((g, GROUP_WORDS[g]) for g in series.groups)),
        Choice("period", "Period", periods),
        Choice("method", "Share", methods, is_drawing=True),
    ]
    if series.groupings:
        grouped = {each.name: each.label for each in series.groupings}
        apart = (APART, "every economy apart")
        choices.append(Choice("grouping", "Grouping", (apart, *grouped.items())))
    return tuple(choices)


def _marks(events: pa.Table, span: Span | None) -> tuple[Mark, ...]:
    """Policy events within the days, the oldest first."""
    found = [
        row
        for row in events.sort_by([("event_date", "ascending"), ("name", "ascending")]).to_pylist()
        if span is not None and span[0] <= row["event_date"] <= span[1]
    ]
    return tuple(
        Mark(str(number), row["event_date"], described(row)) for number, row in enumerate(found, 1)
    )


def _chart(series: Sequence[str]) -> alt.LayerChart:
    """Layers: days shaded and hatched, policy events, bands, lines and points."""
    colour, dash = series_scales("country_iso2", series, "country")
    base = _drawn(alt.Chart()).encode(x=day_axis("activity_date"), color=colour)
    has_no_row = f"datum.state === '{MASKED}' || datum.state === '{NO_FIGURE}'"
    is_flawed = " || ".join(
        f"indexof(datum.state, '{flaw}') >= 0" for flaw in (INCOMPLETE, CORRECTED)
    )
    before = "datum.period === 'week' ? 6 : 0"
    band, lone, line, points = interval_layers(
        base,
        "drawn",
        "activity_date",
        "country_iso2",
        low=_share_axis("drawn_ci_low"),
        tooltip=[
            alt.Tooltip("day:N", title="day (UTC)"),
            alt.Tooltip("country:N", title="country"),
            alt.Tooltip("drawn:Q", title="share of accounts", format=".1%"),
            alt.Tooltip("drawn_ci_low:Q", title="lower bound", format=".1%"),
            alt.Tooltip("drawn_ci_high:Q", title="upper bound", format=".1%"),
            alt.Tooltip("total_actor_count:Q", title="accounts", format=","),
            alt.Tooltip("state:N", title="rests on"),
        ],
        value=_share_axis("drawn"),
        dash=dash,
        band_opacity=0.18,
        point_size=14,
    )
    return layered(
        shaded_days("activity_date", is_flawed, "degraded", before),
        shaded_days("activity_date", has_no_row, "missing", before),
        band,
        lone,
        *mark_layers(),
        line,
        points,
        *_clock(),
    )


def _drawn(base: alt.Chart) -> alt.Chart:
    """Values and bounds as the chosen method states them."""
    first, *others = METHODS
    columns = {}
    for place, name in enumerate(("drawn", "drawn_ci_low", "drawn_ci_high")):
        columns[name] = f"datum.{METHODS[first].columns[place]}"
        for method in others:
            column = f"datum.{METHODS[method].columns[place]}"
            columns[name] = f"method === '{method}' ? {column} : ({columns[name]})"
    made: alt.Chart = base.transform_calculate(**columns)
    return made


def _clock() -> tuple[alt.Chart, alt.Chart]:
    """The paper's clock, which is drawn where it is chosen alone."""
    base = (
        alt.Chart()
        .transform_filter(f"method === '{CLOCK}' && isValid(datum.clock_17utc_share)")
        .transform_calculate(day=day_text("activity_date"))
        .encode(x=day_axis("activity_date"), y=_share_axis("clock_17utc_share"))
    )
    tooltip = [
        alt.Tooltip("day:N", title="day (UTC)"),
        alt.Tooltip("clock_17utc_share:Q", title="the paper's clock, China", format=".1%"),
    ]
    return (
        base.mark_line(style="clock"),
        base.mark_point(style="clock", filled=True, size=10).encode(tooltip=tooltip),
    )


def _share_axis(field: str) -> alt.Y:
    return alt.Y(
        f"{field}:Q",
        title="share of accounts",
        scale=alt.Scale(zero=True),
        axis=alt.Axis(format=".0%"),
    )
