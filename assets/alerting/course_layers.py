"""Layers of an alert's picture: line, band, levels, onset, labels that stay legible over them."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import altair as alt

from assets.alerting.course_steps import drawn_days, figures, levels, step_days
from assets.alerting.notice import Course, Unit
from assets.alerting.wording import short_number
from assets.chart_layers import (
    day_axis,
    layered,
    lone_intervals,
    mark_layers,
    shaded_days,
    threshold,
)
from assets.chart_style import PICTURE

LINE, ALARM = PICTURE.series[0], PICTURE.series[1]
SMALL = 13  # font size; on a phone the picture is a third as wide
_FEW_POINTS = 120  # of more, the line is thin and only what is not sound has points
_PADDING = 0.11  # of the range, above and below: a level's label fits
_NEAR_ZERO = 0.4  # a range whose lower end is under this part of its upper begins at zero
_LABEL_ROOM = 0.14  # of the height, that a level's label needs
_AXES = {
    Unit.SHARE: "format(100 * datum.value, '.1~f') + ' %'",
    Unit.RATIO: "format(datum.value, '.2~f')",
    Unit.COUNT: "format(datum.value, ',.0f')",
}
_OTHER_AXIS = "format(datum.value, ',.1~f')"
UNITS = {
    Unit.SHARE: "per cent",
    Unit.POINTS: "percentage points",
    Unit.RATIO: "ratio",
    Unit.DAYS: "days",
    Unit.COUNT: "number",
}


def course_layers(
    course: Course, *, onset: dt.date | None, height: int, is_synthetic: bool
) -> list[alt.Chart]:
    """The layers of a course's chart, the first one at the back.

    They draw rows with `day`, `series`, `value`, `value_ci_low`, `value_ci_high`, `state` (sound,
    unsound or missing), `shade_days` (in the first row of a run of one state, how many days on the
    run's last row lies) and `label`.

    Args:
        course: what is drawn.
        onset: the day from which on the finding holds; None for no line.
        height: of the chart, in pixels.
        is_synthetic: whether to say so across it.
    """
    base = alt.Chart().encode(x=day_axis("day"))
    y, low = value_axis("value", course), value_axis("value_ci_low", course)
    many = len(figures(course)) > _FEW_POINTS
    return [
        *([_across("SYNTHETIC", 0.1, 60)] if is_synthetic else []),
        *_shades(course),
        base.mark_area(opacity=0.2, color=LINE, clip=True).encode(y=low, y2="value_ci_high:Q"),
        lone_intervals(base, "value", "day", "series").encode(y=low, color=alt.value(LINE)),
        *(threshold(level) for level in levels(course) if level is not None),
        *mark_layers(),
        *([] if onset is None else _onset(onset, height)),
        base.mark_line(color=LINE, strokeWidth=1.2 if many else 2.5).encode(y=y),
        *([] if many else [_points(base, "sound", LINE).encode(y=y)]),
        _points(base, "unsound", "white").encode(y=y),
        *_newest(base, y),
        *_levels(course),
        *([] if figures(course) else [_across("No figure in these days", 1, 18)]),
    ]


def drawn(layers: Sequence[alt.Chart]) -> alt.LayerChart:
    """The chart of these layers."""
    return layered(*layers)


def value_ends(course: Course) -> tuple[float, float]:
    """Ends of the vertical axis: all intervals and levels, and zero where it is not far."""
    ends = [level for level in levels(course) if level is not None]
    for figure in figures(course).values():
        ends += [each for each in (figure.value, figure.low, figure.high) if each is not None]
    if not ends:
        return 0.0, 1.0
    low, high = min(ends), max(ends)
    pad = _PADDING * (high - low) or _PADDING * abs(high) or 1.0
    is_near_zero = 0 <= low < _NEAR_ZERO * high or low == 0
    return (0.0 if is_near_zero else low - pad), high + pad


def value_axis(field: str, course: Course) -> alt.Y:
    """The vertical axis, with its unit."""
    return alt.Y(
        f"{field}:Q",
        title=UNITS[course.unit],
        scale=alt.Scale(domain=list(value_ends(course)), nice=False, zero=False),
        axis=alt.Axis(labelExpr=_AXES.get(course.unit, _OTHER_AXIS), tickCount=5),
    )


def text_at(text: str, x: float, y: float, **properties: Any) -> alt.Chart:  # noqa: ANN401
    """A line of text at a place in pixels from the chart's upper left corner."""
    made: alt.Chart = (
        _nowhere()
        .mark_text(text=text, align="left", baseline="middle", **properties)
        .encode(x=alt.value(x), y=alt.value(y))
    )
    return made


def _nowhere() -> alt.Chart:
    return alt.Chart(alt.InlineData(values=[{}]))


def _with_halo(base: alt.Chart, **properties: Any) -> list[alt.Chart]:  # noqa: ANN401
    """Text over a white copy with a broad outline: Vega draws an outline over its own text."""
    halo = {**properties, "color": "white", "stroke": "white", "strokeWidth": 4, "opacity": 0.85}
    return [base.mark_text(strokeJoin="round", **halo), base.mark_text(**properties)]


def _across(text: str, opacity: float, points: int) -> alt.Chart:
    """Text across the middle of the chart."""
    made: alt.Chart = (
        _nowhere()
        .mark_text(
            text=text, opacity=opacity, color=PICTURE.muted, fontSize=points, fontWeight="bold"
        )
        .encode(x=alt.value({"expr": "width / 2"}), y=alt.value({"expr": "height / 2"}))
    )
    return made


def _shades(course: Course) -> list[alt.Chart]:
    """Runs of days without a figure, and of days whose sources are not sound."""
    around = (step_days(drawn_days(course)) - 1) / 2
    return [
        shaded_days(
            "day",
            f"datum.state === '{state}' && isValid(datum.shade_days)",
            style,
            str(around),
            f"{around} + datum.shade_days",
        )
        for state, style in (("missing", "missing"), ("unsound", "degraded"))
    ]


def _points(base: alt.Chart, state: str, fill: str) -> alt.Chart:
    made: alt.Chart = base.transform_filter(f"datum.state === '{state}'").mark_point(
        filled=True, fill=fill, stroke=LINE, strokeWidth=1.8, size=30, opacity=1
    )
    return made


def _newest(base: alt.Chart, y: alt.Y) -> list[alt.Chart]:
    """The newest figure's own label, beside it."""
    label = base.transform_filter("isValid(datum.label)").encode(y=y, text="label:N")
    return _with_halo(label, align="left", dx=9, fontSize=15, fontWeight="bold", color=LINE)


def _levels(course: Course) -> list[alt.Chart]:
    """Names of the levels, each on the side of its line that the data comes to last.

    Before a rule of direction above fires, what is above its level to clear is free; and so below.
    """
    bottom, top = value_ends(course)
    fire, clear = levels(course)
    is_above = fire is None or clear is None or fire >= clear
    is_close = abs((fire or 0.0) - (clear or 0.0)) < _LABEL_ROOM * (top - bottom)
    found: list[alt.Chart] = []
    for verb, level, colour in (
        ("fires", fire, ALARM),
        ("clears", clear, PICTURE.muted),
    ):
        if level is None:
            continue
        is_over = is_above if verb == "fires" or not is_close else not is_above
        found += _with_halo(
            _nowhere().encode(y=alt.datum(level), x=alt.value(0)),
            text=f"{verb} at {short_number(course.unit, level)}",
            align="left",
            baseline="bottom" if is_over else "top",
            dx=6,
            dy=-2 if is_over else 3,
            fontSize=SMALL,
            color=colour,
        )
    return found


def _onset(day: dt.date, height: int) -> list[alt.Chart]:
    """The day from which on the finding holds."""
    base = alt.Chart(alt.InlineData(values=[{"day": day.isoformat()}])).encode(
        x=alt.X("day:T", title=None)
    )
    label = base.encode(y=alt.value(height - 11))
    return [
        base.mark_rule(color=ALARM, strokeWidth=1.5, clip=True),
        *_with_halo(label, text=f"since {day}", align="right", dx=-6, fontSize=SMALL, color=ALARM),
    ]
