"""The weekly files that cohorts of patents rest on, due by the calendar, and which were read."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

import pyarrow as pa

from assets.patents.weeks import PRODUCTS, TUESDAY, due_day
from assets.visibility.cohorts import FILES

_WHOLE = "complete"


def read_through(rows: Iterable[Mapping[str, Any]]) -> date | None:
    """Day of the newest file of applications that was read whole; None without one.

    Cohorts by filing wait for applications. The day is the file's: a slip in a document's own date
    moves nothing.

    Args:
        rows: product, publication_date and status of raw.patent_files.
    """
    days = [
        row["publication_date"]
        for row in rows
        if row["product"] == "applications" and row["status"] == _WHOLE
    ]
    return max(days, default=None)


def files_due(first: date, rows: Iterable[Mapping[str, Any]], through: date) -> pa.Table:
    """Every weekly file due in a span, and whether it was read whole; of schema `FILES`.

    A file of which nothing is known was not read: what is due, the calendar says.

    Args:
        first: first day of the span.
        rows: product, publication_date and status of raw.patent_files.
        through: last day of the span.
    """
    whole = {(row["product"], row["publication_date"]) for row in rows if row["status"] == _WHOLE}
    week = first - timedelta(days=(first.isoweekday() - TUESDAY) % 7)
    due: list[tuple[date, bool]] = []
    while week <= through:
        days = ((product, due_day(week, product)) for product in PRODUCTS)
        due += [(day, (name, day) in whole) for name, day in days if first <= day <= through]
        week += timedelta(days=7)
    return pa.table(
        {"due_date": [day for day, _ in due], "is_complete": [is_whole for _, is_whole in due]},
        schema=FILES,
    )
