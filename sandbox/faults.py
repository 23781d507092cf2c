"""What the archive of the world loses, delays and damages, and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime


@dataclass(frozen=True)
class CaptureLoss:
    """The archive captures only a share of one event type, uniformly over people."""

    event_type: str
    first: date
    last: date
    captured_share: float


@dataclass(frozen=True)
class MissingHour:
    """The hour's file does not exist."""

    hour: datetime


@dataclass(frozen=True)
class CutHour:
    """The hour's gzip stream ends after a share of its bytes."""

    hour: datetime
    kept_share: float = 0.6


@dataclass(frozen=True)
class GarbageHour:
    """Lines that are no events lie among the hour's events, which are all there."""

    hour: datetime


@dataclass(frozen=True)
class MultiMemberHour:
    """The hour's file has several gzip members and repeats some lines exactly."""

    hour: datetime
    duplicates: int = 15
    members: int = 3


@dataclass(frozen=True)
class LateHour:
    """The hour's file answers 404 to the first requests and is there afterwards."""

    hour: datetime
    refusals: int = 1


@dataclass(frozen=True)
class LateDelivery:
    """From a moment on, a share of events lies in the next hour's file."""

    since: datetime
    share: float = 0.02


@dataclass(frozen=True)
class TrimmedPushes:
    """From a moment on, a PushEvent's payload has five fields and no commits."""

    since: datetime


Fault = (
    CaptureLoss
    | MissingHour
    | CutHour
    | GarbageHour
    | MultiMemberHour
    | LateHour
    | LateDelivery
    | TrimmedPushes
)

#: The default world's calendar. The dated faults lie in the demo month, 2024-11-17 to 2024-12-16.
DEFAULT_FAULTS: tuple[Fault, ...] = (
    GarbageHour(datetime(2024, 11, 25, 9, tzinfo=UTC)),
    CutHour(datetime(2024, 11, 28, 14, tzinfo=UTC)),
    MultiMemberHour(datetime(2024, 11, 30, 20, tzinfo=UTC)),
    MissingHour(datetime(2024, 12, 5, 3, tzinfo=UTC)),
    MissingHour(datetime(2024, 12, 5, 4, tzinfo=UTC)),
    CaptureLoss("WatchEvent", date(2024, 12, 9), date(2024, 12, 10), captured_share=0.30),
    LateHour(datetime(2024, 12, 12, 6, tzinfo=UTC)),
    # Both are changes of the real upstream, at their real dates.
    LateDelivery(since=datetime(2025, 5, 25, tzinfo=UTC)),
    TrimmedPushes(since=datetime(2025, 10, 7, tzinfo=UTC)),
)


@dataclass(frozen=True)
class FaultCalendar:
    """Lookups over a table of faults; every `hour` is the UTC start of an hour."""

    faults: tuple[Fault, ...]

    def captured_share(self, event_type: str, hour: datetime) -> float:
        """Expected share of an hour's events of a type that a reader can get.

        A cut file keeps about the same share of its events as of its bytes.
        """
        share = 1.0
        for fault in self.faults:
            match fault:
                case MissingHour(hour=lost) if lost == hour:
                    return 0.0
                case CutHour(hour=cut, kept_share=kept) if cut == hour:
                    share *= kept
                case CaptureLoss(event_type=kind) if kind == event_type:
                    share *= fault.captured_share if _covers(fault, hour) else 1.0
        return share

    def recorded_share(self, event_type: str, hour: datetime) -> float:
        """Share of an hour's events of a type that the archive recorded at all."""
        share = 1.0
        for fault in self.faults:
            if isinstance(fault, CaptureLoss) and fault.event_type == event_type:
                share *= fault.captured_share if _covers(fault, hour) else 1.0
        return share

    def is_missing(self, hour: datetime) -> bool:
        """Whether the hour's file never appears."""
        return any(isinstance(fault, MissingHour) and fault.hour == hour for fault in self.faults)

    def cut(self, hour: datetime) -> CutHour | None:
        """The cut of the hour's file, if there is one."""
        return next((f for f in self.faults if isinstance(f, CutHour) and f.hour == hour), None)

    def has_garbage(self, hour: datetime) -> bool:
        """Whether the hour's file holds lines that are no events."""
        return any(isinstance(fault, GarbageHour) and fault.hour == hour for fault in self.faults)

    def multi_member(self, hour: datetime) -> MultiMemberHour | None:
        """How the hour's file is split and repeated, if it is."""
        return next(
            (f for f in self.faults if isinstance(f, MultiMemberHour) and f.hour == hour), None
        )

    def refusals(self, hour: datetime) -> int:
        """How many requests the hour's file answers with 404 before it is there."""
        return sum(f.refusals for f in self.faults if isinstance(f, LateHour) and f.hour == hour)

    def late_share(self, hour: datetime) -> float:
        """Share of the hour's events that lie in the next hour's file."""
        return max(
            (f.share for f in self.faults if isinstance(f, LateDelivery) and f.since <= hour),
            default=0.0,
        )

    def has_trimmed_pushes(self, hour: datetime) -> bool:
        """Whether the pushes of an hour carry the short payload."""
        return any(isinstance(f, TrimmedPushes) and f.since <= hour for f in self.faults)


def _covers(loss: CaptureLoss, hour: datetime) -> bool:
    return loss.first <= hour.date() <= loss.last
