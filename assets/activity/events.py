"""Archive rows to core.events, a day at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from assets.activity.tables import ARCHIVE_EVENTS, EVENTS

_SQL = (Path(__file__).parent / "sql" / "events.sql").read_text()


@dataclass(frozen=True, slots=True)
class DayEvents:
    """A day's events, and what was left out of them."""

    events: pa.Table
    bot_event_count: int
    duplicate_count: int


def day_events(day: date, archive_rows: Sequence[pa.Table]) -> DayEvents:
    """The events that happened on `day`, once each, without bots.

    Args:
        day: UTC.
        archive_rows: tables of raw.archive_events that may hold them, of any day.
    """
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    rows = pa.concat_tables([ARCHIVE_EVENTS.arrow_schema.empty_table(), *archive_rows])
    moment = rows["created_at"]
    rows = rows.filter(
        pc.and_(
            pc.greater_equal(moment, pa.scalar(start, moment.type)),
            pc.less(moment, pa.scalar(start + timedelta(days=1), moment.type)),
        )
    )
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.register("archive_events", rows)
        events = EVENTS.conform(connection.execute(_SQL, {"day": day}).to_arrow_table())
    bots = pc.sum(rows["is_bot"]).as_py() or 0
    return DayEvents(events, bots, rows.num_rows - bots - events.num_rows)
