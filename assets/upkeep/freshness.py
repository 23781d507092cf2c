"""How far each source's newest closed partition lies behind the clock, and since when."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

_HOUR, _DAY, _WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)
_MONTHS = {"month": 1, "quarter": 3}
_TUESDAY = 2  # of ISO weekdays


class Unit(StrEnum):
    """What a source gives at a time; weeks are those of patents, from Tuesday."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"


class Status(StrEnum):
    """How a source stands."""

    FRESH = "fresh"
    LATE = "late"
    OVERDUE = "overdue"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Source:
    """What is expected of a source.

    Attributes:
        name: of the source.
        reads: table that says what it gave.
        unit: what it gives at a time.
        grace: how long after the end of an hour, day, week, month or quarter it is due.
        tolerated: how late it may be before somebody has to look.
    """

    name: str
    reads: str
    unit: Unit
    grace: timedelta
    tolerated: timedelta


@dataclass(frozen=True, slots=True)
class Freshness:
    """How a source stands at a time; times are UTC.

    Attributes:
        source: the source.
        newest_through: end of the newest closed partition it gave something of, or time of its
            newest answer; None where it never gave anything.
        expected_through: the same of the partition that should be there.
        late_since: when the first that is not there was due; None where none is late.
        taken_at: the time.
    """

    source: Source
    newest_through: datetime | None
    expected_through: datetime
    late_since: datetime | None
    taken_at: datetime

    @property
    def late_by(self) -> timedelta:
        """How late it is; nothing where it is not."""
        return self.taken_at - self.late_since if self.late_since else timedelta(0)

    @property
    def status(self) -> Status:
        """Late is what may still come by itself; overdue is what lasts too long for that."""
        if self.newest_through is None:
            return Status.NEVER
        if self.late_since is None:
            return Status.FRESH
        return Status.OVERDUE if self.late_by > self.source.tolerated else Status.LATE

    def row(self) -> dict[str, object]:
        """Its row of ops.freshness."""
        return {
            "source": self.source.name,
            "reads": self.source.reads,
            "unit": str(self.source.unit),
            "newest_through": self.newest_through,
            "expected_through": self.expected_through,
            "late_since": self.late_since,
            "late_hours": self.late_by / _HOUR,
            "tolerated_hours": self.source.tolerated / _HOUR,
            "status": str(self.status),
            "taken_at": self.taken_at,
        }


def freshness(
    sources: Iterable[Source], newest: Mapping[str, datetime | None], now: datetime
) -> list[Freshness]:
    """How each source stands.

    A partition is due `grace` after its end. The newest one of which something is there counts,
    whatever is missing before it: a hole is for the inventory to name.

    Args:
        sources: what is expected.
        newest: by name, end of its newest partition or time of its newest answer (UTC).
        now: UTC.
    """
    return [_stand(each, newest.get(each.name), now) for each in sources]


def _stand(source: Source, newest: datetime | None, now: datetime) -> Freshness:
    expected = period_start(source.unit, now - source.grace)
    late_since = None
    if newest is not None and newest < expected:
        # That which was under way at its newest answer is the first of which nothing is there.
        late_since = period_end(source.unit, newest) + source.grace
    return Freshness(source, newest, expected, late_since, now)


def period_start(unit: Unit, moment: datetime) -> datetime:
    """When the hour, day, week, month or quarter began that a time (UTC) lies in."""
    if unit is Unit.HOUR:
        return moment.replace(minute=0, second=0, microsecond=0)
    day = moment.date()
    if unit is Unit.WEEK:
        day -= timedelta(days=(day.isoweekday() - _TUESDAY) % 7)
    elif unit is not Unit.DAY:
        length = _MONTHS[unit]
        day = date(day.year, (day.month - 1) // length * length + 1, 1)
    return _midnight(day)


def period_end(unit: Unit, moment: datetime) -> datetime:
    """When it ends; a time at which one begins lies in that one."""
    start = period_start(unit, moment)
    if unit in (Unit.HOUR, Unit.DAY, Unit.WEEK):
        return start + {Unit.HOUR: _HOUR, Unit.DAY: _DAY, Unit.WEEK: _WEEK}[unit]
    months = 12 * start.year + start.month - 1 + _MONTHS[unit]
    return _midnight(date(months // 12, months % 12 + 1, 1))


def end_of(unit: Unit, first: date) -> datetime:
    """End (UTC) of the day, week, month or quarter that begins on a day."""
    return period_end(unit, _midnight(first))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def in_words(each: Freshness) -> str:
    """A line on a source for people."""
    if each.newest_through is None:
        return (
            f"{each.source.name}: nothing was ever there; expected through "
            f"{each.expected_through:%Y-%m-%d %H:%M} UTC"
        )
    words = f"{each.source.name}: there through {each.newest_through:%Y-%m-%d %H:%M} UTC"
    if each.late_since is None:
        return words
    return (
        f"{words}, expected through {each.expected_through:%Y-%m-%d %H:%M}; "
        f"late since {each.late_since:%Y-%m-%d %H:%M}, {each.late_by / _HOUR:,.0f} hours"
    )


def as_markdown(found: Sequence[Freshness]) -> str:
    """A table for a run's metadata; times are UTC."""
    head = ("source", "status", "there through", "expected through", "late since", "hours late")
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for each in found:
        cells = (
            each.source.name,
            str(each.status),
            _minute(each.newest_through),
            _minute(each.expected_through),
            _minute(each.late_since),
            f"{each.late_by / _HOUR:,.0f}",
        )
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _minute(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if moment else "-"
