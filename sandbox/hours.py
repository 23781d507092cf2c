"""The world's clock: whole UTC hours and days, counted from 2022-01-01."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

EPOCH = datetime(2022, 1, 1, tzinfo=UTC)
_HOUR = timedelta(hours=1)


def hour_number(moment: datetime) -> int:
    """Hours between 2022-01-01T00Z and the hour that holds `moment`.

    Raises:
        ValueError: `moment` has no time zone.
    """
    if moment.tzinfo is None:
        raise ValueError("a moment in the sandbox needs a time zone")
    return (moment - EPOCH) // _HOUR


def hour_start(hour: int) -> datetime:
    """The UTC moment at which an hour begins."""
    return EPOCH + hour * _HOUR


def day_of(hour: int) -> date:
    """The UTC day that holds an hour."""
    return hour_start(hour).date()


def hours_of(day: date) -> range:
    """The 24 hour numbers of a UTC day."""
    first = hour_number(datetime(day.year, day.month, day.day, tzinfo=UTC))
    return range(first, first + 24)
