"""Archive rows and commits to core.events, a day at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from assets.activity.commit_authors import linked
from assets.activity.scan import in_panel
from assets.activity.tables import ARCHIVE_EVENTS, COMMITS, EVENTS
from assets.polls.tables import REPOSITORY_EVENTS

COMMIT = "Commit"
_SQL = (Path(__file__).parent / "sql" / "events.sql").read_text()


@dataclass(frozen=True, slots=True)
class DayEvents:
    """A day's events, and what was left out of them."""

    events: pa.Table
    bot_event_count: int
    duplicate_count: int


def day_events(
    day: date,
    archive_rows: Sequence[pa.Table],
    commits: Sequence[pa.Table] = (),
    panel_one_in: int = 0,
    authors: pa.Table | None = None,
    polled: Sequence[pa.Table] = (),
) -> DayEvents:
    """The events that happened on `day`, once each, without bots.

    Args:
        day: UTC.
        archive_rows: tables of raw.archive_events that may hold them, of any day.
        commits: tables of raw.commits of the day.
        panel_one_in: one actor in so many is in the panel; 0 for none.
        authors: rows of raw.commit_authors; None for none. A commit's account is the number in its
            address, else the linked one, else null.
        polled: tables of raw.repository_events of the day.
    """
    empty = ARCHIVE_EVENTS.arrow_schema.empty_table()
    rows = pa.concat_tables([empty, *(happened_on(day, each) for each in archive_rows)])
    committed = pa.concat_tables([COMMITS.arrow_schema.empty_table(), *commits])
    if authors is not None:
        committed = linked(committed, authors)
    asked = pa.concat_tables([REPOSITORY_EVENTS.arrow_schema.empty_table(), *polled])
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.register("archive_events", rows)
        connection.register("polled_events", asked)
        connection.register("commits", _with_panel(committed, panel_one_in))
        events = EVENTS.conform(connection.execute(_SQL, {"day": day}).to_arrow_table())
    bots = sum(pc.sum(each["is_bot"]).as_py() or 0 for each in (rows, asked, committed))
    row_count = rows.num_rows + asked.num_rows + committed.num_rows
    return DayEvents(events, bots, row_count - bots - events.num_rows)


def happened_on(day: date, rows: pa.Table) -> pa.Table:
    """Rows of raw.archive_events whose event is of the day, UTC."""
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    moment = rows["created_at"]
    return rows.filter(
        pc.and_(
            pc.greater_equal(moment, pa.scalar(start, moment.type)),
            pc.less(moment, pa.scalar(start + timedelta(days=1), moment.type)),
        )
    )


def _with_panel(commits: pa.Table, one_in: int) -> pa.Table:
    is_panel = [
        one_in > 0 and actor_id is not None and in_panel(actor_id, one_in)
        for actor_id in commits["actor_id"].to_pylist()
    ]
    return commits.append_column("is_panel", pa.array(is_panel, pa.bool_()))
