"""Days of the last week whose archives may give more than was taken from them."""

from collections.abc import Sequence
from datetime import date, timedelta

import pyarrow as pa

from assets.activity.ingest import REASK_DAYS, is_settled


def recent_days(today: date) -> list[date]:
    """The closed days that are still asked for again, oldest first."""
    return [today - timedelta(days=age) for age in range(REASK_DAYS, 0, -1)]


def has_open_files(hours: Sequence[pa.Table], day: date, today: date) -> bool:
    """Whether a later run would ask for one of the day's files again.

    Args:
        hours: raw.archive_hours of the day, one table an archive.
        day: UTC.
        today: the day that is not over yet.
    """
    return any(
        not is_settled(status, day, today)
        for table in hours
        for status in table["status"].to_pylist()
    )
