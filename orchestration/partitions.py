"""Partitions: UTC days, and how a range of them is cut into runs."""

from collections.abc import Iterator
from datetime import date, timedelta

import dagster as dg

MAX_DAYS_PER_RUN = 31


def daily_partitions(first_day: date) -> dg.DailyPartitionsDefinition:
    """UTC days from `first_day` to the last one that is over."""
    return dg.DailyPartitionsDefinition(start_date=first_day.isoformat(), timezone="UTC")


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
