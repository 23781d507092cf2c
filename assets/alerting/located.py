"""The share of located accounts as rules read it: a figure with its interval, a chart's point."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import duckdb

from assets.alerting.notice import Figure, Point
from assets.engagement.intervals import wilson_interval
from assets.engagement.shares import SMALLEST_CELL

MEASURE = "share of located accounts"
Row = Mapping[str, Any]


def rows_by(
    connection: duckdb.DuckDBPyConnection,
    sql: str,
    parameters: Mapping[str, object] | Sequence[object],
    column: str,
) -> dict[date, Row]:
    """The rows of a query by the day in one of their columns."""
    rows = connection.execute(sql, parameters).to_arrow_table().to_pylist()
    return {row[column]: row for row in rows}


def sunday(day: date) -> date:
    """The Sunday on or before a day: weeks that became whole after it are still evaluated."""
    return day - timedelta(days=(day.weekday() + 1) % 7)


def located_share(count: int, total: int) -> Figure | None:
    """Accounts of a country / accounts with a location, with Wilson's interval; None of none."""
    if not total:
        return None
    low, high = wilson_interval(count, total)
    return Figure(count / total, float(low), float(high))


def share_point(day: date, figure: Figure | None, count: int, *, is_sound: bool) -> Point:
    """A share in a chart; none where one to four accounts are behind it."""
    if figure is None or 0 < count < SMALLEST_CELL:
        return Point(day, None, is_sound=False)
    return Point(day, figure.value, figure.low, figure.high, is_sound)
