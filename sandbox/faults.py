"""What the archives of the world lose, delay and damage, and when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TypeVar

from sandbox.events import EVENT_TYPES

FIRST_ARCHIVE, SECOND_ARCHIVE = "gharchive", "opendigger"
#: Archives of the same events, each with captures and faults of its own.
ARCHIVES = (FIRST_ARCHIVE, SECOND_ARCHIVE)
ALL_TYPES, ALL_BUT_PUSHES = "*", "non-PushEvent"


@dataclass(frozen=True)
class CaptureLoss:
    """An archive captures only a share of some events, each by a draw of its own.

    Losses of the same event multiply.

    Attributes:
        event_type: a name, `*` for all, or `non-PushEvent` for all but pushes.
        first: first UTC day of creation.
        last: last one; `date.max` for a loss that stays.
        captured_share: chance of each event to be recorded, 0 to 1.
        archive: which archive loses them.
        is_gradual: the share falls by the same step each day, from 1 on the day before `first` to
            `captured_share` on `last`.
        hours: UTC hours of the day, 0 to 23, in which it loses; empty for all. A loss of some
            hours is one of the countries that are awake then.
    """

    event_type: str
    first: date
    last: date
    captured_share: float
    archive: str = FIRST_ARCHIVE
    is_gradual: bool = False
    hours: tuple[int, ...] = ()

    def applies_to(self, event_type: str) -> bool:
        """Whether events of a type are among those lost."""
        if self.event_type == ALL_BUT_PUSHES:
            return event_type != "PushEvent"
        return self.event_type in {ALL_TYPES, event_type}

    def share_in(self, hour: datetime) -> float:
        """Chance of an event created in a UTC hour to be recorded."""
        day = hour.date()
        if not self.first <= day <= self.last or (self.hours and hour.hour not in self.hours):
            return 1.0
        if not self.is_gradual:
            return self.captured_share
        elapsed = ((day - self.first).days + 1) / ((self.last - self.first).days + 1)
        return 1.0 - (1.0 - self.captured_share) * elapsed


@dataclass(frozen=True)
class MissingHour:
    """The hour's file does not exist."""

    hour: datetime
    archive: str = FIRST_ARCHIVE


@dataclass(frozen=True)
class CutHour:
    """The hour's gzip stream ends after a share of its bytes."""

    hour: datetime
    kept_share: float = 0.6
    archive: str = FIRST_ARCHIVE


@dataclass(frozen=True)
class GarbageHour:
    """Lines that are no events lie among the hour's events, which are all there."""

    hour: datetime
    archive: str = FIRST_ARCHIVE


@dataclass(frozen=True)
class MultiMemberHour:
    """The hour's file has several gzip members and repeats some lines exactly."""

    hour: datetime
    duplicates: int = 15
    members: int = 3
    archive: str = FIRST_ARCHIVE


@dataclass(frozen=True)
class LateHour:
    """The hour's file answers 404 to the first requests and is there afterwards."""

    hour: datetime
    refusals: int = 1
    archive: str = FIRST_ARCHIVE


@dataclass(frozen=True)
class LateDelivery:
    """From a moment on, files are cut by the crawler's clock and not by `created_at`.

    The crawler sees an event up to `2 * share` hours after it happened, all waits being equally
    likely, so that the share which lies in the next hour's file is of the hour's last minutes. A
    few events turn up whole days later, in the file of the same hour.

    Attributes:
        since: events created from then on.
        share: of events in the next hour's file, at most 0.5.
        stray_share: of events that turn up days later.
        stray_days: within how many days these do.
        archive: whose files they are.
    """

    since: datetime
    share: float = 0.02
    stray_share: float = 0.0005
    stray_days: int = 3
    archive: str = FIRST_ARCHIVE


@dataclass(frozen=True)
class TrimmedPayloads:
    """From a moment on, the feed gives short payloads, so that every archive has them.

    A PushEvent has five fields and no commits, a pull request five, and nothing says
    `author_association`.
    """

    since: datetime


HourFault = MissingHour | CutHour | GarbageHour | MultiMemberHour | LateHour
Fault = CaptureLoss | HourFault | LateDelivery | TrimmedPayloads
_HourFault = TypeVar("_HourFault", bound=HourFault)


def loss_2026(
    start: date,
    *,
    star_share: float = 0.05,
    other_share: float = 0.3,
    end: date | None = None,
    hours: tuple[int, ...] = (),
    second_since: date = date.min,
    second_star_share: float = 0.6,
    second_other_share: float = 0.6,
    second_push_share: float = 0.95,
) -> tuple[Fault, ...]:
    """A loss as in 2026: the first archive keeps pushes only, the second a part of each type.

    Args:
        start: first UTC day of the first archive's loss.
        star_share: of WatchEvents that the first archive captures from then on.
        other_share: of its other events that are no pushes, all of which it captures.
        end: last day of that loss; None when it stays.
        hours: UTC hours of the day in which the first archive loses; empty for all.
        second_since: first day of the second archive's shares, which stay.
        second_star_share: of WatchEvents that the second archive captures.
        second_other_share: of its other events that are no pushes.
        second_push_share: of its pushes.
    """
    last = end or date.max
    first_shares = {"WatchEvent": star_share, "PushEvent": 1.0}
    second_shares = {"WatchEvent": second_star_share, "PushEvent": second_push_share}
    lost = [
        CaptureLoss(name, start, last, first_shares.get(name, other_share), hours=hours)
        for name in EVENT_TYPES
    ]
    second = [
        CaptureLoss(
            name,
            second_since,
            date.max,
            second_shares.get(name, second_other_share),
            SECOND_ARCHIVE,
        )
        for name in EVENT_TYPES
    ]
    return tuple(loss for loss in (*lost, *second) if loss.captured_share < 1.0)


#: The default world's calendar. Dated faults of the demo month, 2024-11-17 to 2024-12-16, come
#: first, then those of the real upstreams at their real dates.
DEFAULT_FAULTS: tuple[Fault, ...] = (
    GarbageHour(datetime(2024, 11, 25, 9, tzinfo=UTC)),
    CutHour(datetime(2024, 11, 28, 14, tzinfo=UTC)),
    MultiMemberHour(datetime(2024, 11, 30, 20, tzinfo=UTC)),
    MissingHour(datetime(2024, 12, 5, 3, tzinfo=UTC)),
    MissingHour(datetime(2024, 12, 5, 4, tzinfo=UTC)),
    CaptureLoss("WatchEvent", date(2024, 12, 9), date(2024, 12, 10), captured_share=0.30),
    LateHour(datetime(2024, 12, 12, 6, tzinfo=UTC)),
    LateDelivery(since=datetime(2025, 5, 25, tzinfo=UTC)),
    TrimmedPayloads(since=datetime(2025, 10, 7, tzinfo=UTC)),
    CaptureLoss("*", date(2025, 10, 9), date(2025, 10, 13), captured_share=0.01),
    CaptureLoss(
        "WatchEvent", date(2026, 2, 1), date(2026, 5, 31), captured_share=0.2, is_gradual=True
    ),
    # The second archive promises no completeness: its shares hold as long as it is there.
    *loss_2026(date(2026, 6, 1)),
)


@dataclass(frozen=True)
class FaultCalendar:
    """Lookups over a table of faults; every `hour` is the UTC start of an hour.

    Args:
        faults: of all archives.
        second_since: first hour of the second archive; None when there is none.

    Raises:
        ValueError: a fault names no archive or event type that there is, or a share is none.
    """

    faults: tuple[Fault, ...]
    second_since: datetime | None = None

    def __post_init__(self) -> None:
        for fault in self.faults:
            if not isinstance(fault, TrimmedPayloads) and fault.archive not in ARCHIVES:
                raise ValueError(f"no such archive: {fault.archive}")
            if isinstance(fault, CaptureLoss):
                if not any(fault.applies_to(name) for name in EVENT_TYPES):
                    raise ValueError(f"no such event type: {fault.event_type}")
                if not 0.0 <= fault.captured_share <= 1.0:
                    raise ValueError(f"no share: {fault.captured_share}")
                if not all(0 <= hour < 24 for hour in fault.hours):
                    raise ValueError(f"no hours of a day: {fault.hours}")
            elif isinstance(fault, LateDelivery) and not 0.0 <= fault.share <= 0.5:
                raise ValueError(f"no share of late events, 0 to 0.5: {fault.share}")

    def captured_shares(self, hour: datetime, archive: str = FIRST_ARCHIVE) -> tuple[float, ...]:
        """Expected share of an hour's events that a reader can get, by EVENT_TYPES.

        A cut file keeps about the same share of its events as of its bytes. Where late events lie
        is not looked at: they count for the hour they were created in.
        """
        if not self.has_file(hour, archive):
            return (0.0,) * len(EVENT_TYPES)
        cut = self.cut(hour, archive)
        kept_share = cut.kept_share if cut else 1.0
        return tuple(share * kept_share for share in self.recorded_shares(hour, archive))

    def recorded_shares(self, hour: datetime, archive: str = FIRST_ARCHIVE) -> tuple[float, ...]:
        """Chance of an hour's events to be recorded by an archive, by EVENT_TYPES."""
        shares = dict.fromkeys(EVENT_TYPES, 1.0)
        for fault in self.faults:
            if isinstance(fault, CaptureLoss) and fault.archive == archive:
                share = fault.share_in(hour)
                for name in EVENT_TYPES if share < 1.0 else ():
                    shares[name] *= share if fault.applies_to(name) else 1.0
        return tuple(shares.values())

    def has_file(self, hour: datetime, archive: str = FIRST_ARCHIVE) -> bool:
        """Whether the hour's file ever appears."""
        has_begun = archive == FIRST_ARCHIVE or (
            self.second_since is not None and hour >= self.second_since
        )
        return has_begun and next(self._of_hour(MissingHour, hour, archive), None) is None

    def cut(self, hour: datetime, archive: str = FIRST_ARCHIVE) -> CutHour | None:
        """The cut of the hour's file, if there is one."""
        return next(self._of_hour(CutHour, hour, archive), None)

    def has_garbage(self, hour: datetime, archive: str = FIRST_ARCHIVE) -> bool:
        """Whether the hour's file holds lines that are no events."""
        return next(self._of_hour(GarbageHour, hour, archive), None) is not None

    def multi_member(self, hour: datetime, archive: str = FIRST_ARCHIVE) -> MultiMemberHour | None:
        """How the hour's file is split and repeated, if it is."""
        return next(self._of_hour(MultiMemberHour, hour, archive), None)

    def refusals(self, hour: datetime, archive: str = FIRST_ARCHIVE) -> int:
        """How many requests the hour's file answers with 404 before it is there."""
        return sum(fault.refusals for fault in self._of_hour(LateHour, hour, archive))

    def late_delivery(self, hour: datetime, archive: str = FIRST_ARCHIVE) -> LateDelivery | None:
        """How late the events created in an hour come; None when all are in time."""
        found = (
            fault
            for fault in self.faults
            if isinstance(fault, LateDelivery) and fault.archive == archive and fault.since <= hour
        )
        return max(found, key=lambda fault: fault.since, default=None)

    def has_trimmed_payloads(self, hour: datetime) -> bool:
        """Whether the events created in an hour carry short payloads."""
        return any(isinstance(f, TrimmedPayloads) and f.since <= hour for f in self.faults)

    def _of_hour(
        self, kind: type[_HourFault], hour: datetime, archive: str
    ) -> Iterator[_HourFault]:
        return (
            fault
            for fault in self.faults
            if isinstance(fault, kind) and fault.hour == hour and fault.archive == archive
        )
