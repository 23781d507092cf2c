"""The picture of an alert: how its figure went, with the levels and what happened near it."""

import re
import textwrap
from collections.abc import Iterable, Sequence
from datetime import date
from itertools import groupby
from typing import Any

import vl_convert

from assets.alerting.course_layers import (
    SMALL,
    UNITS,
    course_layers,
    drawn,
    text_at,
    value_ends,
)
from assets.alerting.course_steps import (
    drawn_days,
    figures,
    levels,
    missing_days,
    period_name,
    step_days,
    unsound_days,
)
from assets.alerting.nearby import ContextEvent, begins, nearest
from assets.alerting.notice import Course, Notice
from assets.alerting.slack_text import plain
from assets.alerting.wording import short_number
from assets.chart_style import PICTURE, config
from assets.figures import Span
from assets.pictures import filled_spec
from assets.png_file import packed

WIDTH, PLOT_HEIGHT, SCALE = 600, 190, 2  # 1200 pixels wide: sharp on a phone
_EDGE, _LINE_HEIGHT, _TITLE_LINE_HEIGHT = 14, 18, 22
_TITLE, _MEASURE, _EVENT = 130, 80, 200  # most characters
_TITLE_LINE = 62  # characters that fit the width
_BEYOND_BASIC_PLANE = re.compile("[\U00010000-\U0010ffff]")
_AXIS_HEIGHT, _CHARACTER, _UNIT_WIDTH, _SIGN_WIDTH = 30, 8, 24, 14  # pixels


def png(
    course: Course,
    events: Iterable[ContextEvent] = (),
    *,
    world: str,
    since: date | None = None,
) -> bytes:
    """A course as a picture on a white ground, 1200 pixels wide and 550 to 750 high.

    Args:
        course: what is drawn; without a figure the picture says so.
        events: policy events and releases, of which the nearest before are marked, numbered as in
            the message.
        world: anything but `live` marks the picture as synthetic.
        since: the day from which on the finding holds; None for the newest one.
    """
    return packed(
        vl_convert.vegalite_to_png(spec(course, events, world=world, since=since), scale=SCALE)
    )


def notice_png(notice: Notice, events: Iterable[ContextEvent], *, world: str) -> bytes | None:
    """The picture that belongs to a notice's message; None where there is nothing to draw."""
    if notice.course is None:
        return None
    return png(notice.course, events, world=world, since=begins(notice))


def spec(
    course: Course,
    events: Iterable[ContextEvent] = (),
    *,
    world: str,
    since: date | None = None,
) -> dict[str, Any]:
    """The picture as Vega-Lite, with its data."""
    days = drawn_days(course)
    onset = since or max(days, default=None)
    marked = nearest(events, onset) if onset is not None else ()
    span = _span(days, marked)
    title, notes = _title(course, world), _notes(course, marked)
    left, right = _sides(course)
    layers = course_layers(
        course,
        onset=since if span and since and span[0] <= since <= span[1] else None,
        height=PLOT_HEIGHT,
        is_synthetic=world != "live",
    )
    for number, note in enumerate(notes):
        y = PLOT_HEIGHT + _AXIS_HEIGHT + _LINE_HEIGHT * (number + 0.7)
        layers.append(
            text_at(note, _EDGE - left, y, color=PICTURE.ink, fontSize=SMALL, limit=_inner())
        )
    made = filled_spec(drawn(layers), _rows(course), _marks(marked, span), span)
    head = _TITLE_LINE_HEIGHT * len(title) + _LINE_HEIGHT
    made["title"] = {
        "text": title,
        "subtitle": _measured(course, world),
        "dx": _EDGE - left,
        "limit": _inner(),
    }
    made["width"], made["height"] = WIDTH - left - right, PLOT_HEIGHT
    made["autosize"] = "none"  # the title and the notes have the room that is left for them here
    made["padding"] = {
        "left": left,
        "right": right,
        "top": _EDGE + head + _EDGE,
        "bottom": _AXIS_HEIGHT + _LINE_HEIGHT * len(notes) + _EDGE,
    }
    made["config"] = _config(course)
    return made


def _inner() -> int:
    return WIDTH - 2 * _EDGE


def _sides(course: Course) -> tuple[int, int]:
    """Pixels left of the chart for its axis, and right of it for the newest figure's label."""
    longest = max(len(short_number(course.unit, end)) for end in value_ends(course))
    known = figures(course)
    label = len(short_number(course.unit, known[max(known)].value)) if known else 0
    left = _EDGE + _UNIT_WIDTH + _CHARACTER * longest
    right = _EDGE + 10 + (_CHARACTER + 2) * label
    return min(left, WIDTH // 4), min(right, WIDTH // 4)


def _rows(course: Course) -> list[dict[str, Any]]:
    """A row each day drawn or missing, in order."""
    known, unsound = figures(course), set(unsound_days(course))
    states = {
        day: "missing" if day not in known else "unsound" if day in unsound else "sound"
        for day in sorted({*drawn_days(course), *missing_days(course)})
    }
    shade_days = {}
    for _, run in groupby(states, key=lambda day: states[day]):
        first, *others = run
        shade_days[first] = (others[-1] - first).days if others else 0
    newest = max(known, default=None)
    return [
        {
            "day": day,
            "series": "",
            "value": figure.value if figure else None,
            "value_ci_low": figure.low if figure else None,
            "value_ci_high": figure.high if figure else None,
            "state": state,
            "shade_days": shade_days.get(day),
            "label": short_number(course.unit, figure.value) if figure and day == newest else None,
        }
        for day, state in states.items()
        for figure in [known.get(day)]
    ]


def _span(days: Sequence[date], marked: Sequence[ContextEvent]) -> Span | None:
    """The days of the axis; what happened just before the first of them has a place on it."""
    if not days:
        return None
    just_before = [each.day for each in marked if (days[0] - each.day).days <= 2 * step_days(days)]
    return min([days[0], *just_before]), days[-1]


def _marks(marked: Sequence[ContextEvent], span: Span | None) -> list[dict[str, str]]:
    """The events as the chart's marks; one that lies outside its days is only named below.

    Where two stand too close for a sign each, the earlier has both.
    """
    if span is None:
        return []
    day_width = WIDTH / ((span[1] - span[0]).days + 1)
    rows: list[dict[str, str]] = []
    signed: date | None = None
    for sign, each in enumerate(marked, 1):
        if not span[0] <= each.day <= span[1]:
            continue
        row = {"sign": str(sign), "day": each.day.isoformat()}
        if signed is not None and (each.day - signed).days * day_width < _SIGN_WIDTH:
            rows[-1]["sign"] += f", {sign}"
            row["sign"] = ""
        else:
            signed = each.day
        rows.append(row)
    return rows


def _drawable_text(text: str, limit: int) -> str:
    """Text of others that Vega can cut to a width: it would cut a surrogate pair in two and fail.

    No font at hand has most of what lies beyond the basic plane anyway.
    """
    return _BEYOND_BASIC_PLANE.sub("\N{REPLACEMENT CHARACTER}", plain(text, limit))


def _title(course: Course, world: str) -> list[str]:
    """The finding, in lines; a figure and its unit stay together."""
    text = _drawable_text(course.title, _TITLE).replace(" %", "\N{NO-BREAK SPACE}%")
    return textwrap.wrap(text, _TITLE_LINE) or [text]


def _measured(course: Course, world: str) -> str:
    days = drawn_days(course)
    measure = _drawable_text(course.measure, _MEASURE) if course.measure else UNITS[course.unit]
    period = f", by {period_name(step_days(days))}" if days else ""
    return f"{measure}{period}" + ("" if world == "live" else "; synthetic data")


def _notes(course: Course, marked: Sequence[ContextEvent]) -> list[str]:
    """Lines below the axis: events by their numbers, and how to read the chart."""
    known = figures(course)
    reading = []
    if any(each.low is not None and each.high is not None for each in known.values()):
        reading.append("Band: 95 % interval.")
    if unsound_days(course):
        reading.append("Hollow: sources not sound.")
    if known and missing_days(course):
        reading.append("Grey: no figure.")
    if known and value_ends(course)[0] > 0:
        reading.append("Axis not from zero.")
    return [
        *(
            f"{sign}: {each.day}, {_drawable_text(each.text, _EVENT)}"
            for sign, each in enumerate(marked, 1)
        ),
        *([" ".join(reading)] if reading else []),
    ]


def _config(course: Course) -> dict[str, Any]:
    """The project's style, larger: on a phone the picture is a third as wide.

    An axis that nothing lies on has no labels.
    """
    made = config(PICTURE, has_legend=True, font="sans-serif")
    has_values = bool(figures(course)) or levels(course) != (None, None)
    axes = {
        "axis": {**made["axis"], "labelFontSize": 14, "titleFontSize": SMALL},
        "axisX": {**made["axisX"], "labels": bool(course.points)},
        "axisY": {"labels": has_values},
    }
    title = {
        **made["title"],
        "fontSize": 17,
        "lineHeight": _TITLE_LINE_HEIGHT,
        "subtitleFontSize": SMALL,
        "subtitleColor": PICTURE.muted,
        "subtitlePadding": 4,
        "offset": _EDGE,
        "frame": "group",
    }
    sign = {**made["style"]["mark-sign"], "fontSize": 14}
    return {**made, **axes, "title": title, "style": {**made["style"], "mark-sign": sign}}
