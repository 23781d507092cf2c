"""Shares of a few countries over time as a figure: with intervals, and what each day rests on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import pyarrow as pa

from assets.chart_layers import (
    day_axis,
    day_text,
    layered,
    lone_intervals,
    mark_layers,
    shaded_days,
)
from assets.chart_style import DASHES
from assets.engagement.series import (
    CHINA,
    CORRECTED,
    DAYS_SHOWN,
    GROUP_WORDS,
    INCOMPLETE,
    MASKED,
    NO_FIGURE,
    UNITED_STATES,
    Series,
    newest_shares,
    shares_over_time,
)
from assets.figures import (
    Choice,
    Figure,
    FigureColumn,
    LegendEntry,
    Mark,
    Span,
    View,
    interval,
    percent,
)
from assets.reference.event_words import described

_HEIGHT = 300
_PERIODS = {"day": f"days (newest {DAYS_SHOWN})", "week": "weeks"}
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
    """

    engagement: pa.Table
    coverage: pa.Table
    policy_events: pa.Table
    economies: pa.Table


def engagement_figure(inputs: Inputs) -> Figure:
    """Shares of CN, US and the largest others by event group: half a year of days, and all weeks.

    A day or week without a published row of any country is hatched; one whose files were not all
    there, or whose shares were corrected for degraded capture, is shaded.
    """
    names = dict(zip(*inputs.economies.select(["iso2", "name"]).to_pydict().values(), strict=True))
    series = shares_over_time(inputs.engagement, inputs.coverage, names)
    choices = (
        Choice("event_group", "Event group", tuple((g, GROUP_WORDS[g]) for g in series.groups)),
        Choice(
            "period",
            "Period",
            tuple((p, words) for p, words in _PERIODS.items() if series.dates[p]),
        ),
    )
    countries = [names.get(country, country) for country in series.countries]
    days = sorted(day for dates in series.dates.values() for day in dates)
    return Figure(
        key="engagement",
        chart=_chart(countries),
        height=_HEIGHT,
        columns=_COLUMNS,
        rows=series.rows,
        views=_views(series, choices, names),
        unit="Share of all active accounts, in per cent",
        source=_SOURCE,
        choices=choices,
        legend=(
            *(LegendEntry(f"series-{number}", name) for number, name in enumerate(countries, 1)),
            LegendEntry("degraded", f"{INCOMPLETE}, or {CORRECTED}"),
            LegendEntry("missing", "no figure: too little captured, too few accounts, or not made"),
        ),
        marks=_marks(inputs.policy_events, (days[0], days[-1]) if days else None),
        marks_title="Policy events and releases in these days",
    )


def _views(
    series: Series, choices: tuple[Choice, Choice], names: Mapping[str, str]
) -> tuple[View, ...]:
    rows = series.rows.to_pylist()
    made = [
        _view(
            group,
            period,
            [row for row in rows if (row["event_group"], row["period"]) == (group, period)],
            names,
        )
        for group, _ in choices[0].options
        for period, _ in choices[1].options
    ]
    return tuple(made) or (View(("", ""), "Shares by country: no day yet", ""),)


def _view(
    group: str, period: str, rows: Sequence[Mapping[str, Any]], names: Mapping[str, str]
) -> View:
    shares = newest_shares(rows, group, period)
    days = [row["activity_date"] for row in rows]
    when = "on the day" if period == "day" else "in the week"
    basis = (
        f"Share of all accounts active {when}, band: 95 % interval, {min(days)} to {max(days)} "
        "(UTC)."
    )
    if shares:
        newest = next(iter(shares.values()))
        basis += (
            f" n = {newest['total_actor_count']:,} accounts {_when(newest, period)}, "
            f"{percent(newest['unknown_share'])} of them without a stated location."
        )
    return View(
        (group, period),
        _finding(GROUP_WORDS[group].partition(" (")[0], shares, period, names),
        basis,
    )


def _finding(
    group: str, shares: Mapping[str, Mapping[str, Any]], period: str, names: Mapping[str, str]
) -> str:
    """Who has the larger share, or that the intervals do not tell; with figures and date."""
    pair = [shares[country] for country in (CHINA, UNITED_STATES) if country in shares]
    if not pair:
        return f"No share of China or United States could be published in {group}"
    pair.sort(key=lambda row: -row["share"])
    words = [
        f"{names.get(row['country_iso2'], row['country_iso2'])} {percent(row['share'])} "
        f"({interval(row['share_ci_low'], row['share_ci_high'])})"
        for row in pair
    ]
    when = _when(pair[0], period)
    if len(pair) == 1:
        return f"{words[0]} of accounts in {group} {when}"
    is_apart = pair[0]["share_ci_low"] > pair[1]["share_ci_high"]
    between = "leads" if is_apart else "and"
    tail = "" if is_apart else ": intervals overlap"
    return f"{words[0]} {between} {words[1]} in {group} {when}{tail}"


def _when(row: Mapping[str, Any], period: str) -> str:
    return f"{'on' if period == 'day' else 'in the week to'} {row['activity_date']}"


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
    domain = list(series)
    base = alt.Chart().encode(
        x=day_axis("activity_date"),
        color=alt.Color("country:N", title="country", scale=alt.Scale(domain=domain)),
    )
    dash = alt.StrokeDash(
        "country:N",
        title="country",
        scale=alt.Scale(domain=domain, range=[list(each) for each in DASHES[: len(domain)]]),
    )
    has_no_row = f"datum.state === '{MASKED}' || datum.state === '{NO_FIGURE}'"
    is_flawed = " || ".join(
        f"indexof(datum.state, '{flaw}') >= 0" for flaw in (INCOMPLETE, CORRECTED)
    )
    before = "datum.period === 'week' ? 6 : 0"
    points = (
        base.transform_filter("isValid(datum.share)")
        .transform_calculate(day=day_text("activity_date"))
        .mark_point(filled=True, opacity=1, size=14)
        .encode(
            y=_share_axis("share"),
            tooltip=[
                alt.Tooltip("day:N", title="day (UTC)"),
                alt.Tooltip("country:N", title="country"),
                alt.Tooltip("share:Q", title="share of accounts", format=".1%"),
                alt.Tooltip("share_ci_low:Q", title="95 % lower bound", format=".1%"),
                alt.Tooltip("share_ci_high:Q", title="95 % upper bound", format=".1%"),
                alt.Tooltip("total_actor_count:Q", title="accounts", format=","),
                alt.Tooltip("state:N", title="rests on"),
            ],
        )
    )
    return layered(
        shaded_days("activity_date", is_flawed, "degraded", before),
        shaded_days("activity_date", has_no_row, "missing", before),
        base.mark_area(opacity=0.18).encode(y=_share_axis("share_ci_low"), y2="share_ci_high:Q"),
        lone_intervals(base, "share", "activity_date", "country").encode(
            y=_share_axis("share_ci_low")
        ),
        *mark_layers(),
        base.mark_line(strokeWidth=1.5).encode(y=_share_axis("share"), strokeDash=dash),
        points,
    )


def _share_axis(field: str) -> alt.Y:
    return alt.Y(
        f"{field}:Q",
        title="share of accounts",
        scale=alt.Scale(zero=True),
        axis=alt.Axis(format=".0%"),
    )
