"""A repository's feed to events: the same facts as an archive line gives, the malformed counted."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa

from assets.activity.lines import ArchiveEvent, MalformedLineError, event_of
from assets.activity.scan import in_panel
from assets.polls.tables import REPOSITORY_EVENTS, SOURCE

MERGE = (Path(__file__).parent / "sql" / "repository_events.sql").read_text()
# A feed goes back 30 days; what claims to be older or to come is no event of it.
_OLDEST = timedelta(days=45)
_NEWEST = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Feed:
    """Documents of a feed as events, newest first; `problem` says what the first bad one is."""

    events: tuple[ArchiveEvent, ...] = ()
    malformed_count: int = 0
    problem: str | None = None


def read_feed(documents: Iterable[object], repo_id: int, now: datetime) -> Feed:
    """The events of one repository; what is none, or another's, is counted and left out."""
    events: list[ArchiveEvent] = []
    problems: list[str] = []
    for document in documents:
        try:
            event = event_of(document, b"", {})
            _require_own(event, repo_id, now)
        except MalformedLineError as error:
            problems.append(str(error))
            continue
        events.append(event)
    events.sort(key=lambda event: event.created_at, reverse=True)
    return Feed(tuple(events), len(problems), problems[0] if problems else None)


def _require_own(event: ArchiveEvent, repo_id: int, now: datetime) -> None:
    if event.is_timeline or event.repo_id is None:
        raise MalformedLineError("no repository")
    if event.repo_id != repo_id:
        raise MalformedLineError("an event of another repository")
    if not now - _OLDEST <= event.created_at <= now + _NEWEST:
        raise MalformedLineError("created_at is not of the feed's 30 days")


def event_rows(
    events: Sequence[ArchiveEvent], panel_one_in: int, polled_at: datetime
) -> list[dict[str, object]]:
    """Rows of raw.repository_events."""
    return [
        {
            "source": SOURCE,
            "event_date": event.created_at.astimezone(UTC).date(),
            "event_type": event.event_type,
            "event_id": event.event_id,
            "created_at": event.created_at,
            "actor_id": event.actor_id,
            "is_bot": event.is_bot,
            "repo_id": event.repo_id,
            "repo_name": event.repo_name,
            "action": event.action,
            "is_panel": panel_one_in > 0
            and event.actor_id is not None
            and in_panel(event.actor_id, panel_one_in),
            "polled_at": polled_at,
        }
        for event in events
    ]


def by_day(rows: Iterable[dict[str, object]]) -> dict[date, pa.Table]:
    """Rows as tables of raw.repository_events, by the day they belong to."""
    days: dict[date, list[dict[str, object]]] = {}
    for row in rows:
        day = row["event_date"]
        if not isinstance(day, date):
            raise TypeError(f"event_date {day!r} is no date")
        days.setdefault(day, []).append(row)
    return {day: REPOSITORY_EVENTS.arrow(days[day]) for day in sorted(days)}


def merged(known: pa.Table | None, fresh: pa.Table) -> pa.Table:
    """A day's rows, each event once: as the poll that saw it first has it."""
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.register("known", known if known is not None else fresh.slice(0, 0))
        connection.register("fresh", fresh)
        return REPOSITORY_EVENTS.conform(connection.execute(MERGE).to_arrow_table())
