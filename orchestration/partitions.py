"""Partitions: UTC days and months, and how a range of days is cut into runs."""

from collections.abc import Iterator
from datetime import date, timedelta

import dagster as dg

MAX_DAYS_PER_RUN = 31
MAX_MONTHS_PER_RUN = 36


def daily_partitions(first_day: date) -> dg.DailyPartitionsDefinition:
    """UTC days from `first_day` to the last one that is over."""
    return dg.DailyPartitionsDefinition(start_date=first_day.isoformat(), timezone="UTC")


def monthly_partitions(first_day: date) -> dg.MonthlyPartitionsDefinition:
    """UTC months from that of `first_day` to the last one that is over, keyed by first days."""
    return dg.MonthlyPartitionsDefinition(
        start_date=first_day.replace(day=1).isoformat(), timezone="UTC"
    )


def chunks(first: date, last: date, size: int = MAX_DAYS_PER_RUN) -> Iterator[tuple[date, date]]:
    """The range of days, both ends included, cut into ranges of at most `size` days."""
    start = first
    while start <= last:
        end = min(last, start + timedelta(days=size - 1))
        yield start, end
        start = end + timedelta(days=1)
