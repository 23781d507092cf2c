"""Effects of policy shocks as a figure: a forest plot, with what placebo weeks do."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import pyarrow as pa

from assets.chart_layers import layered
from assets.figures import Choice, Figure, FigureColumn, LegendEntry, View
from assets.shifts.cases import (
    CHINA,
    EVENT_GROUPS,
    EVENT_STUDY,
    LOG_ACCOUNTS,
    LOG_EVENTS,
    SEGMENTED,
    UNITED_STATES,
)
from assets.shifts.effects import (
    OK,
    TOO_FEW_ACCOUNTS,
    TOO_FEW_PLACEBOS,
    TOO_FEW_WEEKS,
    WINDOWS,
)
from assets.shifts.placebo import TOLD

_STEP, _LEAST_HEIGHT, _LABEL = 17, 80, 170  # pixels
_LINES = (
    ("cn", "China", CHINA, SEGMENTED),
    ("us", "United States", UNITED_STATES, SEGMENTED),
    ("cn_us", "China against the United States", CHINA, EVENT_STUDY),
)
_MEASURES = ((LOG_ACCOUNTS, "accounts"), (LOG_EVENTS, "events"))
_GROUPS = {
    "any": "any event",
    "contribution": "contribution (pushes, pull requests, reviews, commits)",
    "participation": "participation (issues, comments)",
    "attention": "attention (stars, forks)",
}
_FLAGS = (
    ("has_shock_overlap", "another shock"),
    ("has_release_overlap", "a model's release"),
    ("has_break_overlap", "a loss of data"),
)
_WITHOUT = {
    TOO_FEW_WEEKS: "too few weeks around each",
    TOO_FEW_ACCOUNTS: "too few accounts",
    TOO_FEW_PLACEBOS: "too few placebo weeks to judge by",
}
_COLUMNS = (
    FigureColumn("shock_date", "Shock", "date"),
    FigureColumn("shock_name", "What it was"),
    FigureColumn("line", "Of"),
    FigureColumn("measure", "Measure"),
    FigureColumn("event_group", "Event group"),
    FigureColumn("effect_pct", "Change, %", "number"),
    FigureColumn("effect_pct_placebo_low", "95 % lower bound by placebo weeks", "number"),
    FigureColumn("effect_pct_placebo_high", "95 % upper bound by placebo weeks", "number"),
    FigureColumn("effect_pct_ci_low", "Newey-West lower bound (covers 56 to 81 %)", "number"),
    FigureColumn("effect_pct_ci_high", "Newey-West upper bound (covers 56 to 81 %)", "number"),
    FigureColumn("placebo_p_value", "Placebo p value", "number"),
    FigureColumn("placebo_count", "Placebo weeks", "count"),
    FigureColumn("also", "Also in the window"),
    FigureColumn("status", "Status"),
)
_SCHEMA = pa.schema(
    [
        ("shock_date", pa.date32()),
        *((name, pa.string()) for name in ("shock_name", "line", "measure", "event_group")),
        ("effect_pct", pa.float64()),
        *((f"effect_pct_placebo_{end}", pa.float64()) for end in ("low", "high")),
        *((f"effect_pct_ci_{end}", pa.float64()) for end in ("low", "high")),
        ("placebo_p_value", pa.float64()),
        ("placebo_count", pa.int64()),
        ("also", pa.string()),
        ("status", pa.string()),
    ]
)


def shock_figure(effects: pa.Table) -> Figure:
    """Changes in percent at each shock, in the default window.

    Args:
        effects: mart.shock_effects. Of single shocks; those without figures are in the table
            alone, and those of whose window no week is known are nowhere.
    """
    rows = _rows(effects.to_pylist())
    settings = [
        (line, measure, group)
        for line, *_ in _LINES
        for measure, _ in _MEASURES
        for group in EVENT_GROUPS
    ]
    known = [row for row in rows if row["effect_pct"] is not None]
    shocks = len({(row["shock_date"], row["shock_name"]) for row in known})
    return Figure(
        key="shock-effects",
        chart=_chart(),
        height=max(_LEAST_HEIGHT, _STEP * shocks),
        columns=_COLUMNS,
        rows=pa.Table.from_pylist(rows, schema=_SCHEMA),
        views=tuple(_view(rows, setting) for setting in settings),
        needed="effect_pct",
        unit=f"Change at the shock, %, {WINDOWS[0]} weeks on each side",
        source="mart.shock_effects, of weekly accounts and events on tracked repositories",
        choices=(
            Choice("line", "Of", tuple((line, name) for line, name, *_ in _LINES)),
            Choice("measure", "Weekly", _MEASURES),
            Choice("event_group", "Event group", tuple((g, _GROUPS[g]) for g in EVENT_GROUPS)),
        ),
        legend=(
            LegendEntry("series-1", "change; line: what placebo weeks leave open at 95 %"),
            LegendEntry("placebo", "95 % of weeks in which nothing happened lie within"),
            LegendEntry("threshold", "no change"),
        ),
    )


def shown_settings() -> list[tuple[str, str, str, str]]:
    """Country, method, measure and event group of the effects that are drawn."""
    return [
        (country, method, measure, group)
        for _, _, country, method in _LINES
        for measure, _ in _MEASURES
        for group in EVENT_GROUPS
    ]


def _rows(effects: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    line_of = {(country, method): line for line, _, country, method in _LINES}
    measures = dict(_MEASURES)
    found = []
    for row in effects:
        line = line_of.get((row["country_iso2"], row["method"]))
        # Of shocks before the first week there is nothing to say.
        is_shown = row["week_count"] and row["window_weeks"] == WINDOWS[0]
        if line is None or not is_shown or row["measure"] not in measures:
            continue
        also = ", ".join(words for name, words in _FLAGS if row[name])
        made = {**row, "line": line, "also": also or "nothing known"}
        found.append({name: made[name] for name in _SCHEMA.names})
    return sorted(found, key=lambda row: (row["line"], row["measure"], row["event_group"],
                                          row["shock_date"], row["shock_name"]))  # fmt: skip


def _chart() -> alt.LayerChart:
    """A forest plot: of each shock what placebo weeks do, its interval, and its change.

    A dot is filled where few placebos do as much. The interval is as long, on the logarithmic
    scale, as placebo weeks spread: laid around no change, it is the band that 19 in 20 of the weeks
    in which nothing happened stay within.
    """
    spread = "(1 + datum.effect_pct_placebo_high / 100) / (1 + datum.effect_pct_placebo_low / 100)"
    half = f"sqrt({spread})"
    base = (
        alt.Chart()
        .transform_filter("isValid(datum.effect_pct)")
        .transform_calculate(
            shock="datum.shock_date + ' ' + datum.shock_name",
            band_low=f"100 / ({half}) - 100",
            band_high=f"100 * ({half}) - 100",
        )
        .encode(
            y=alt.Y(
                "shock:N",
                title=None,
                sort="ascending",
                axis=alt.Axis(labelLimit=_LABEL, labelFontSize=10),
            ),
        )
    )
    tooltip = [
        alt.Tooltip("shock_date:N", title="shock"),
        alt.Tooltip("shock_name:N", title="what it was"),
        alt.Tooltip("effect_pct:Q", title="change, %", format="+.1f"),
        alt.Tooltip("effect_pct_placebo_low:Q", title="95 % by placebos, low", format="+.1f"),
        alt.Tooltip("effect_pct_placebo_high:Q", title="95 % by placebos, high", format="+.1f"),
        alt.Tooltip("placebo_p_value:Q", title="placebo p value", format=".3f"),
        alt.Tooltip("also:N", title="also in the window"),
    ]
    told = f"isValid(datum.placebo_p_value) && datum.placebo_p_value <= {TOLD}"
    has_placebos = base.transform_filter("isValid(datum.effect_pct_placebo_low)")
    colour = alt.Color("line:N", legend=None)
    dots = base.mark_point(opacity=1, size=45, strokeWidth=1.5)
    return layered(
        has_placebos.mark_bar(style="placebo").encode(
            x=alt.X("band_low:Q", title="change, %"), x2="band_high:Q"
        ),
        alt.Chart(alt.InlineData(values=[{}]))
        .mark_rule(style="threshold")
        .encode(x=alt.datum(0.0)),
        has_placebos.mark_rule(strokeWidth=1.5).encode(
            x=alt.X("effect_pct_placebo_low:Q", title="change, %"),
            x2="effect_pct_placebo_high:Q",
            color=colour,
        ),
        dots.encode(x="effect_pct:Q", color=colour, tooltip=tooltip),
        base.transform_filter(told)
        .mark_point(filled=True, opacity=1, size=45)
        .encode(x="effect_pct:Q", color=colour, tooltip=tooltip),
    )


def _view(rows: Sequence[Mapping[str, Any]], setting: tuple[str, str, str]) -> View:
    """How many of the shocks stand out from placebo weeks, and the farthest of them."""
    ours = [
        row for row in rows if (row["line"], row["measure"], row["event_group"]) == setting
    ]  # fmt: skip
    name = {line: words for line, words, *_ in _LINES}[setting[0]]
    group = _GROUPS[setting[2]].partition(" (")[0]
    what = f"{name}, weekly {dict(_MEASURES)[setting[1]]}, {group}"
    known = [row for row in ours if row["status"] == OK and row["placebo_p_value"] is not None]
    if not known:
        states = "; ".join(_counted(ours)) or "no shock yet"
        return View(setting, f"{what}: {states}", "No figure to state.")
    told = sum(row["placebo_p_value"] <= TOLD for row in known)
    first = min(known, key=lambda row: row["placebo_p_value"])
    title = (
        f"{what}: {told} of {len(known)} shocks stand out from placebo weeks (p up to {TOLD}); "
        f"farthest out {first['shock_date']}: {first['effect_pct']:+.1f} %"
        f"{_left_open(first)}, "
        f"p = {first['placebo_p_value']:.3f}"
    )
    return View(
        setting,
        title,
        f"Change at each shock from {known[0]['shock_date']} to {known[-1]['shock_date']}, in %, "
        f"{WINDOWS[0]} weeks on each side; line: what placebo weeks leave open at 95 %; filled: "
        "no more than 1 in 20 of the "
        f"{first['placebo_count']} placebo weeks shows as much, which chance alone gives one shock "
        "in twenty.",
    )


def _counted(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """How many shocks have no verdict, and why not."""
    count = Counter(_WITHOUT[row["status"]] for row in rows if row["status"] in _WITHOUT)
    return [f"{number} shock{'s' * (number != 1)}, {why}" for why, number in count.items()]


def _left_open(row: Mapping[str, Any]) -> str:
    """The interval by placebo weeks in brackets; nothing where it has no end."""
    low, high = row["effect_pct_placebo_low"], row["effect_pct_placebo_high"]
    return "" if low is None else f" (95 % by placebo weeks {low:+.1f} to {high:+.1f})"
