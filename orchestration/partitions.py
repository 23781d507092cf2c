"""Partitions: UTC days, weeks of patents and months; how a range of days is cut into runs."""

from collections.abc import Iterator
from datetime import date, timedelta

import dagster as dg

MAX_DAYS_PER_RUN = 31
# Of a command, which says how far it is run by run: four years are a few dozen.
MAX_DAYS_PER_BACKFILL_RUN = 183
MAX_MONTHS_PER_RUN = 36
MAX_WEEKS_PER_RUN = 13
_TUESDAY, _TUESDAY_OF_CRON = 2, 2  # of ISO weekdays, and of a week that begins with Sunday as 0


def daily_partitions(first_day: date) -> dg.DailyPartitionsDefinition:
    """UTC days from `first_day` to the last one that is over."""
    return dg.DailyPartitionsDefinition(start_date=first_day.isoformat(), timezone="UTC")


def monthly_partitions(first_day: date) -> dg.MonthlyPartitionsDefinition:
    """UTC months from that of `first_day` to the last one that is over, keyed by first days."""
    return dg.MonthlyPartitionsDefinition(
        start_date=first_day.replace(day=1).isoformat(), timezone="UTC"
    )


def weekly_partitions(first_day: date) -> dg.WeeklyPartitionsDefinition:
    """Weeks from the first Tuesday on or after `first_day` to the last one that is over (UTC)."""
    return dg.WeeklyPartitionsDefinition(
        start_date=weeks_between(first_day, first_day + timedelta(days=6))[0].isoformat(),
        day_offset=_TUESDAY_OF_CRON,
        timezone="UTC",
    )


def weeks_between(first: date, last: date) -> list[date]:
    """The Tuesdays from `first` to `last`, both ends included."""
    start = first + timedelta(days=(_TUESDAY - first.isoweekday()) % 7)
    return [start + timedelta(days=7 * n) for n in range((last - start).days // 7 + 1)]


def months_between(first: date, last: date) -> list[date]:
    """The first days of the months from that of `first` to that of `last`."""
    start = 12 * first.year + first.month - 1
    end = 12 * last.year + last.month - 1
    return [date(month // 12, month % 12 + 1, 1) for month in range(start, end + 1)]


def snapshot_partitions(first_day: date) -> dg.DailyPartitionsDefinition:
    """The same days and today: what only says how things are now is asked for on the day."""
    return dg.DailyPartitionsDefinition(
        start_date=first_day.isoformat(), timezone="UTC", end_offset=1
    )


def chunks(first: date, last: date, size: int = MAX_DAYS_PER_RUN) -> Iterator[tuple[date, date]]:
    """The range of days, both ends included, cut into ranges of at most `size` days."""
    start = first
    while start <= last:
        end = min(last, start + timedelta(days=size - 1))
        yield start, end
        start = end + timedelta(days=1)
