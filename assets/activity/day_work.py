"""The work of one day as functions of plain values, on any machine: scan, events, actor days.

Each is a frozen dataclass that can be pickled and is called with a day. It reads and writes the
lake itself, whole partitions only, so that a day done twice, by two workers even, is there once;
and it returns a small record.
"""

from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache, partial
from time import monotonic
from typing import Protocol

import pyarrow as pa

from assets.activity import ingest, tables
from assets.activity.actor_days import actor_days
from assets.activity.events import day_events, happened_on
from assets.activity.ingest import HourOutcome, HourSource
from assets.activity.rows import (
    EMPTY_DAY,
    DayRows,
    FetchedHour,
    fetched_hour,
    settled_hours,
    split_by_worth,
)
from assets.activity.scan import Selection
from assets.polls.tables import REPOSITORY_EVENTS
from assets.source_rows import Lake as SourceLake
from assets.source_rows import rows_of_sources

RAW = (tables.ARCHIVE_EVENTS, tables.ARCHIVE_HOURS, tables.ARCHIVE_TOTALS)
LATE_DAYS = 7
_PROGRESS_EVERY_S = 15.0

Say = Callable[[str], None]
TRACKED_SCHEMA = pa.schema([("github_id", pa.int64()), ("names", pa.list_(pa.string()))])


class Lake(SourceLake, Protocol):
    """Where partitions lie, to be read and replaced."""

    def read(self, table: str, partition: str, part: str | None = None) -> pa.Table | None:
        """A partition's rows, or None."""

    def write(self, table: str, partition: str, rows: pa.Table, part: str | None = None) -> None:
        """Replace a partition."""


class Client(HourSource, Protocol):
    """Asks an archive for hours; of one thread."""

    def close(self) -> None:
        """Close the connections."""


class Archive(Protocol):
    """An hourly archive that can be handed to a worker."""

    @property
    def name(self) -> str:
        """Its name in the tables."""

    @property
    def connections(self) -> int:
        """Files fetched side by side."""

    def has(self, day: date) -> bool:
        """Whether it may have files of a day."""

    def client(self, on_retry: Say) -> Client:
        """A client for one thread."""


class Shared(Hashable, Protocol):
    """Rows that all days read; equal where they are the same rows."""

    def rows(self) -> pa.Table:
        """The rows."""


@dataclass(frozen=True, slots=True)
class ScannedDay:
    """What became of a day's files.

    Attributes:
        row_counts: rows of the day's partitions by table name, of all archives.
        statuses: files by archive and status.
        byte_count: compressed bytes of the files fetched now.
        fetched_count: files fetched now.
        worse_count: files that came with fewer events than before, whose old rows stay.
        lines: what the log says of it, archive by archive.
    """

    row_counts: Mapping[str, int]
    statuses: Mapping[str, Mapping[str, int]]
    byte_count: int
    fetched_count: int
    worse_count: int
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MadeDay:
    """Rows of a day's partition by table name, and what was left out of them."""

    row_counts: Mapping[str, int]
    bot_event_count: int = 0
    duplicate_count: int = 0
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ScanFailures:
    """Which exceptions of an archive mean what, and what it means that no file could be reached."""

    of_hours: ingest.HourFailures
    outage: type[Exception]


def selection_of(tracked: pa.Table, panel_one_in: int) -> Selection:
    """What a scan keeps, from rows of `TRACKED_SCHEMA`: each repository with all its names."""
    rows = tracked.to_pylist()
    names = {name.lower(): row["github_id"] for row in rows for name in row["names"]}
    return Selection(frozenset(row["github_id"] for row in rows), names, panel_one_in)


# Of the run that goes on and one beside it: a process that outlives its runs keeps no more.
@lru_cache(maxsize=2)
def _selection(tracked: Shared, panel_one_in: int) -> Selection:
    """The same of rows that all days of a run share, once a process."""
    return selection_of(tracked.rows(), panel_one_in)


@lru_cache(maxsize=2)
def _shared_rows(shared: Shared) -> pa.Table:
    """Rows that all days of a run share, read once a process."""
    return shared.rows()


@dataclass(frozen=True, slots=True)
class ScanDay:
    """Fetch and scan a day's files; what an earlier run settled is not asked again.

    Attributes:
        archives: asked one after the other.
        lake: where rows go.
        tracked: rows of `TRACKED_SCHEMA`.
        panel_one_in: one actor in so many is in the panel.
        clock: tells the time (UTC).
        failures: what the archives' exceptions mean.
    """

    archives: tuple[Archive, ...]
    lake: Lake
    tracked: Shared
    panel_one_in: int
    clock: Callable[[], datetime]
    failures: ScanFailures

    def __call__(self, day: date, say: Say) -> ScannedDay:
        """The day's partitions of raw.archive_*, of each archive that may have it.

        Raises:
            Exception: `failures.outage`, where not one file of an archive could be reached and
                nothing is known from before.
        """
        counts = dict.fromkeys((table.name for table in RAW), 0)
        statuses: dict[str, dict[str, int]] = {}
        lines: list[str] = []
        byte_count = fetched_count = worse_count = 0
        for archive in self.archives:
            if not archive.has(day):
                continue
            rows, fetched, worse = self._scan(archive, day, say)
            byte_count += sum(each.byte_count for each in fetched)
            fetched_count += len(fetched)
            worse_count += worse
            for table, part in zip(RAW, (rows.events, rows.hours, rows.totals), strict=True):
                counts[table.name] += part.num_rows
            found = statuses.setdefault(archive.name, {})
            for status in rows.hours["status"].to_pylist():
                found[status] = found.get(status, 0) + 1
            lines.append(
                f"{archive.name}: {rows.events.num_rows} events kept of "
                f"{sum(rows.hours['event_count'].to_pylist())} in {rows.hours.num_rows} files"
            )
        return ScannedDay(counts, statuses, byte_count, fetched_count, worse_count, tuple(lines))

    def _scan(
        self, archive: Archive, day: date, say: Say
    ) -> tuple[DayRows, list[FetchedHour], int]:
        """The day's rows, what was fetched for them, and how many files came worse than before."""
        selection = _selection(self.tracked, self.panel_one_in)
        known = _known_rows(self.lake, archive.name, day)
        settled = settled_hours(known.hours, selection, day, self.clock().date())
        wanted = [hour for hour in ingest.files_of_day(day) if hour not in set(settled)]
        kept = known.of_hours(settled)
        if not wanted:
            return kept, [], 0
        now = self.clock()

        def as_rows(outcome: HourOutcome) -> FetchedHour:
            return fetched_hour(outcome, source=archive.name, day=day, selection=selection, now=now)

        fetched = _fetch(archive, wanted, selection, day, self.failures.of_hours, as_rows, say)
        if not known.hours.num_rows and all(each.status == "unreachable" for each in fetched):
            raise self.failures.outage(
                f"{day}: none of {len(fetched)} files could be reached: {[*fetched[0].messages]}"
            )
        # An outage or a worse copy must not replace what an earlier run had.
        better, worse = split_by_worth(fetched, known.hours)
        rows = kept.plus(known.of_hours(worse), *(each.rows for each in better))
        # The hours come last: they are what says that the other two are there.
        self.lake.write(tables.ARCHIVE_EVENTS.qualified, str(day), rows.events, archive.name)
        self.lake.write(tables.ARCHIVE_TOTALS.qualified, str(day), rows.totals, archive.name)
        self.lake.write(tables.ARCHIVE_HOURS.qualified, str(day), rows.hours, archive.name)
        return rows, fetched, len(worse)


def _known_rows(lake: Lake, source: str, day: date) -> DayRows:
    # The hours are written last, and so are read first: what they say is there, is there.
    hours = lake.read(tables.ARCHIVE_HOURS.qualified, str(day), source)
    events = lake.read(tables.ARCHIVE_EVENTS.qualified, str(day), source)
    totals = lake.read(tables.ARCHIVE_TOTALS.qualified, str(day), source)
    if events is None or hours is None or totals is None:
        return EMPTY_DAY
    return DayRows(events, hours, totals)


def _fetch(
    archive: Archive,
    hours: list[datetime],
    selection: Selection,
    day: date,
    failures: ingest.HourFailures,
    as_rows: Callable[[HourOutcome], FetchedHour],
    say: Say,
) -> list[FetchedHour]:
    """Fetch and scan files side by side, so that waiting and computing overlap."""
    said = monotonic()

    def collect(hour: datetime) -> FetchedHour:
        with closing(archive.client(say)) as client:
            outcome = ingest.collect_hour(client, hour, selection, failures)
        return as_rows(ingest.own_events(outcome, day))

    fetched = []
    with ThreadPoolExecutor(max_workers=archive.connections) as pool:
        for each in pool.map(collect, hours):
            fetched.append(each)
            if monotonic() - said > _PROGRESS_EVERY_S:
                said = monotonic()
                say(f"{day}: {len(fetched)} of {len(hours)} files")
    return fetched


@dataclass(frozen=True, slots=True)
class EventsDay:
    """One row an event on the day it happened, from the day's files and those of a week after.

    Attributes:
        lake: holds what is read, and takes core.events.
        authors: author_hash and actor_id of raw.commit_authors.
        panel_one_in: one actor in so many is in the panel.
    """

    lake: Lake
    authors: Shared
    panel_one_in: int

    def __call__(self, day: date, say: Say) -> MadeDay:
        """The day's partition of core.events."""
        del say
        nearby = [day + timedelta(days=offset) for offset in range(LATE_DAYS + 1)]
        made = day_events(
            day,
            [
                # Of a week's later files some late events alone are of this day.
                rows_of_sources(self.lake, tables.ARCHIVE_EVENTS, nearby, partial(happened_on, day))
            ],
            [
                self.lake.read_all(
                    tables.COMMITS.qualified, [str(day)], tables.COMMITS.arrow_schema, "git"
                )
            ],
            self.panel_one_in,
            _shared_rows(self.authors),
            [rows_of_sources(self.lake, REPOSITORY_EVENTS, [day])],
        )
        self.lake.write(tables.EVENTS.qualified, str(day), made.events)
        counts = {tables.EVENTS.name: made.events.num_rows}
        return MadeDay(counts, made.bot_event_count, made.duplicate_count)


@dataclass(frozen=True, slots=True)
class ActorDaysDay:
    """What each account did on a day, by event group and kind of repository.

    Attributes:
        lake: holds core.events, and takes core.actor_days.
        repositories: github_id, origin and layer of tracked repositories.
    """

    lake: Lake
    repositories: Shared

    def __call__(self, day: date, say: Say) -> MadeDay:
        """The day's partition of core.actor_days."""
        del say
        events = self.lake.read_all(tables.EVENTS.qualified, [str(day)], tables.EVENTS.arrow_schema)
        rows = actor_days(day, events, _shared_rows(self.repositories))
        self.lake.write(tables.ACTOR_DAYS.qualified, str(day), rows)
        return MadeDay({tables.ACTOR_DAYS.name: rows.num_rows})
