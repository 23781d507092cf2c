"""How a figure went, in words: for those who cannot see its chart."""

from collections.abc import Iterable
from datetime import date

from assets.alerting.course_steps import (
    drawn_days,
    figures,
    is_monthly,
    missing_days,
    period_name,
    step_days,
    unsound_days,
)
from assets.alerting.limits import MAX_UPLOAD_ALT_TEXT
from assets.alerting.notice import Course, Figure
from assets.alerting.slack_text import cut, plain
from assets.alerting.wording import day_words, figure_words, number

_TITLE, _MEASURE = 240, 100  # most characters
_MOST_SPELLS = 4


def alt_text(course: Course, *, world: str) -> str:
    """What a course's chart shows, at most what Slack takes with an uploaded picture.

    Args:
        course: what is drawn.
        world: anything but `live` marks it as synthetic.
    """
    said = [
        "" if world == "live" else "Synthetic data.",
        f"Line chart: {plain(course.title, _TITLE).rstrip('.')}.",
        *_drawn(course),
    ]
    return cut(" ".join(filter(None, said)), MAX_UPLOAD_ALT_TEXT)


def _drawn(course: Course) -> list[str]:
    known = figures(course)
    if not known:
        return ["There is no figure to draw."]
    days = drawn_days(course)
    step = step_days(days)
    measure = plain(course.measure, _MEASURE) if course.measure else "Figures"
    levels = [
        f"{verb} at {number(course.unit, level)}"
        for verb, level in (("fires", course.fire), ("clears", course.clear))
        if level is not None
    ]
    return [
        f"{measure} by {period_name(step)}, {days[0]} to {day_words(days[-1])}.",
        *(
            f"{name} {figure_words(course.unit, known[day])}, {day_words(day)}."
            for name, day in _named(known)
        ),
        f"The rule {' and '.join(levels)}." if levels else "",
        _spells("No figure", missing_days(course), step),
        _spells("Sources not sound", unsound_days(course), step),
    ]


def _named(known: dict[date, Figure]) -> list[tuple[str, date]]:
    """Newest, first, lowest and highest figure, each day once."""
    by_value = sorted(known, key=lambda day: known[day].value)
    days = {
        "Newest": max(known),
        "First": min(known),
        "Lowest": by_value[0],
        "Highest": by_value[-1],
    }
    return [
        (name, day)
        for position, (name, day) in enumerate(days.items())
        if day not in list(days.values())[:position]
    ]


def _spells(what: str, days: Iterable[date], step: int) -> str:
    """Runs of days, at most the newest few; empty without a day."""
    reach = 31 if is_monthly(step) else step
    runs: list[list[date]] = []
    for day in sorted(days):
        if runs and (day - runs[-1][1]).days <= reach:
            runs[-1][1] = day
        else:
            runs.append([day, day])
    if not runs:
        return ""
    words = [str(a) if a == b else f"{a} to {b}" for a, b in runs[-_MOST_SPELLS:]]
    left = len(runs) - len(words)
    return f"{what}: {', '.join(words)}{f', and {left} earlier' if left else ''}."
