"""The points of a course in time: how far apart they lie, which are missing, which are drawn."""

from collections.abc import Iterable
from datetime import date, timedelta
from itertools import pairwise
from statistics import median_low

from assets.alerting.notice import Course, Figure

MOST_STEPS = 400  # more cannot be told apart in a picture
_LARGE = 1e15  # neither a picture nor its labels have room for more digits
_MONTH = range(28, 32)  # days
_NAMES = {1: "day", 7: "week", 365: "year", 366: "year"}


def step_days(days: Iterable[date]) -> int:
    """Days from a point to the next: the (lower) median distance; 1 for a single point."""
    ordered = sorted(set(days))
    return median_low([(b - a).days for a, b in pairwise(ordered)] or [1])


def is_monthly(step: int) -> bool:
    """Whether points of this distance are of months."""
    return step in _MONTH


def period_name(step: int) -> str:
    """What a point is of, such as `day`; days from one to the next where it has no name."""
    return "month" if is_monthly(step) else _NAMES.get(step, f"{step} days")


def drawn_days(course: Course) -> list[date]:
    """The days of a course's newest points, the last `MOST_STEPS` steps of it, in order."""
    days = sorted({point.day for point in course.points})
    if not days:
        return []
    longest = MOST_STEPS * step_days(days)
    return [day for day in days if (days[-1] - day).days < longest]


def figures(course: Course) -> dict[date, Figure]:
    """The figures that are drawn by their days, in order; a bound that cannot be drawn is none."""
    days = set(drawn_days(course))
    found = {
        point.day: Figure(value, _drawable(point.low), _drawable(point.high))
        for point in course.points
        if point.day in days and (value := _drawable(point.value)) is not None
    }
    return dict(sorted(found.items()))


def unsound_days(course: Course) -> list[date]:
    """Days that are drawn and of which the sources' capture is not sound."""
    days = figures(course)
    return sorted({each.day for each in course.points if not each.is_sound and each.day in days})


def missing_days(course: Course) -> list[date]:
    """Days without a figure among those drawn: a point has none, or there is no point.

    Between two points that lie further apart than one and a half steps some are missing.
    """
    days, known = drawn_days(course), figures(course)
    missing = [day for day in days if day not in known]
    step = step_days(days)
    for before, after in pairwise(days):
        count = round((after - before).days / _mean_days(step)) - 1
        missing += [_later(before, number, step) for number in range(1, count + 1)]
    return sorted(missing)


def levels(course: Course) -> tuple[float | None, float | None]:
    """Levels at which the rule fires and clears; None where there is none that can be drawn."""
    return _drawable(course.fire), _drawable(course.clear)


def _drawable(value: float | None) -> float | None:
    """The value where it is a number that a picture has room for; `nan` is never under anything."""
    return value if value is not None and abs(value) < _LARGE else None


def _mean_days(step: int) -> float:
    return 365.25 / 12 if is_monthly(step) else float(step)


def _later(day: date, steps: int, step: int) -> date:
    if not is_monthly(step):
        return day + timedelta(days=steps * step)
    months = day.year * 12 + day.month - 1 + steps
    return date(months // 12, months % 12 + 1, min(day.day, 28))
