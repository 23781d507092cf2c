"""An hour from the first mirror that has it whole, and a day of hours, each a stated outcome."""

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Protocol

from assets.activity.inflate import FileStatus
from assets.activity.scan import HourScan, Selection, scan_hour

WALL_CLOCK_CUT_SINCE = date(2025, 5, 25)
REASK_DAYS = 7


class Transfer(Protocol):
    """The compressed bytes of one hour, and how many came."""

    @property
    def chunks(self) -> Iterable[bytes]:
        """The bytes, in order."""

    @property
    def byte_count(self) -> int:
        """Bytes given so far."""


class HourSource(Protocol):
    """Where hours come from."""

    @property
    def base_urls(self) -> Sequence[str]:
        """Mirrors in order of preference."""

    def open(self, hour: datetime, base_url: str) -> Transfer:
        """Begin the transfer of an hour from one mirror."""


@dataclass(frozen=True, slots=True)
class HourFailures:
    """Which exceptions of a source mean what; given by the wiring, which knows the source."""

    not_found: type[Exception]
    unreachable: type[Exception]


@dataclass(slots=True)
class HourOutcome:
    """What became of one hour.

    `status` is a `FileStatus`, or `missing` (no mirror has the file) or `unreachable` (no mirror
    answered; asked again by the next run).
    """

    hour: datetime
    status: str
    scan: HourScan
    mirror: str | None = None
    byte_count: int = 0
    messages: list[str] = field(default_factory=list)


def collect_hour(
    source: HourSource, hour: datetime, selection: Selection, failures: HourFailures
) -> HourOutcome:
    """Scan an hour from the first mirror that has it whole.

    Where none has it whole, the mirror with the most events counts. A file that is damaged, missing
    or out of reach is an outcome, not an exception.
    """
    best: HourOutcome | None = None
    messages: list[str] = []
    is_unreachable = False
    for base_url in source.base_urls:
        try:
            transfer = source.open(hour, base_url)
            with _ended(transfer.chunks) as chunks:
                scan = scan_hour(chunks, selection)
        except failures.not_found as error:
            messages.append(str(error))
            continue
        except failures.unreachable as error:
            messages.append(str(error))
            is_unreachable = True
            continue
        outcome = HourOutcome(hour, scan.status, scan, base_url, transfer.byte_count)
        if scan.status is FileStatus.COMPLETE:
            outcome.messages = messages
            return outcome
        messages.append(f"{base_url}: {scan.status}")
        if best is None or scan.event_count > best.scan.event_count:
            best = outcome
    if best is None:
        best = HourOutcome(hour, "unreachable" if is_unreachable else "missing", HourScan())
    best.messages = messages
    return best


@contextmanager
def _ended(chunks: Iterable[bytes]) -> Iterator[Iterable[bytes]]:
    """Bytes that a scan may leave unread, whose connection is closed then."""
    try:
        yield chunks
    finally:
        if isinstance(chunks, Generator):
            chunks.close()


def files_of_day(day: date) -> list[datetime]:
    """The hours whose files a day needs: its own, and since 2025-05-25 the first of the next.

    Since then a file is cut by the crawler's clock: what happens in a day's last minutes lies in
    the next day's first file.
    """
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    count = 25 if day >= WALL_CLOCK_CUT_SINCE else 24
    return [start + timedelta(hours=hour) for hour in range(count)]


def is_settled(status: str, day: date, today: date) -> bool:
    """Whether a later run may take an hour's outcome as it stands.

    A whole file is settled. A missing one is asked for again for seven days, then is taken to be
    lost; so is a damaged one, which a mirror may mend. An unreachable one never is.
    """
    if status == FileStatus.COMPLETE:
        return True
    if status == "unreachable":
        return False
    return today - day > timedelta(days=REASK_DAYS)


def own_events(outcome: HourOutcome, day: date) -> HourOutcome:
    """An outcome reduced to the events that this day may keep from the file.

    A file of the day itself keeps all (late ones reach their own day from there); the neighbour's
    file gives only what happened on this day, and counts nothing towards its totals.
    """
    if outcome.hour.date() == day:
        return outcome
    outcome.scan.kept = [kept for kept in outcome.scan.kept if kept.event.created_at.date() == day]
    return outcome
