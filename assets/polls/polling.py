"""One repository after another: what its feed gives, what it proves, and when to ask again."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from assets.activity.lines import ArchiveEvent
from assets.polls.events import Feed, read_feed
from assets.polls.plan import FEED_LENGTH, LATENESS, PAGE_LENGTH, Asked, event_rate, next_poll_at
from assets.polls.state import PollState

FEED_DAYS = timedelta(days=30)
# Most events are shown within five minutes: so far past what is known pages are read at least.
LEAST_OVERLAP = timedelta(minutes=5)
MAX_PROBLEM_LENGTH = 300
_HOUR = timedelta(hours=1)


class Listing(Protocol):
    """What a feed held; resources.github_repositories says what each is."""

    @property
    def status(self) -> str:
        """found, unchanged, gone or blocked."""

    @property
    def documents(self) -> list[object]:
        """Of all pages, newest first."""

    @property
    def etag(self) -> str | None:
        """Of the first page."""

    @property
    def poll_interval_s(self) -> int:
        """GitHub's wish."""

    @property
    def is_whole(self) -> bool:
        """Whether the feed holds nothing older."""

    @property
    def call_count(self) -> int:
        """Calls that it took."""


class EventsSource(Protocol):
    """Where feeds come from."""

    @property
    def call_count(self) -> int:
        """Calls so far."""

    def events(
        self,
        repo_id: int,
        *,
        etag: str | None,
        is_enough: Callable[[list[object]], bool],
    ) -> Listing:
        """A repository's newest events."""


@dataclass(frozen=True, slots=True)
class Failures:
    """Which exceptions of a source mean what; given by the wiring, which knows the source."""

    limited: type[Exception]
    failed: type[Exception]


@dataclass(frozen=True, slots=True)
class Polled:
    """A poll's outcome, and the events that the feed held."""

    state: PollState
    events: tuple[ArchiveEvent, ...] = ()


def poll_repositories(
    source: EventsSource,
    asked: Iterable[Asked],
    failures: Failures,
    now: Callable[[], datetime],
    *,
    stretch: float = 1.0,
    overlap: timedelta = LATENESS,
    most_calls: int | None = None,
) -> Iterator[Polled]:
    """Poll one repository after another, as GitHub wishes its API to be used.

    A repository that cannot be read is an outcome. What `failures.limited` stands for ends the
    round: it is raised when all before it has been given.

    Args:
        source: asks GitHub.
        asked: the repositories, in order.
        failures: what the source raises.
        now: UTC.
        stretch: of the intervals, from the plan.
        overlap: how far before the last poll to read, from the plan.
        most_calls: no repository is begun after so many.
    """
    began = source.call_count
    for each in asked:
        if most_calls is not None and source.call_count - began >= most_calls:
            return
        before = source.call_count
        try:
            polled = _poll(source, each, now, overlap)
        except failures.limited:
            raise
        except failures.failed as error:
            polled = Polled(_failed(each, str(error), source.call_count - before, now()))
        state = replace(polled.state, next_poll_at=next_poll_at(polled.state, stretch))
        yield replace(polled, state=state)


def _poll(
    source: EventsSource, asked: Asked, now: Callable[[], datetime], overlap: timedelta
) -> Polled:
    before = asked.before
    known_until = _known_until(before, overlap)

    def is_enough(page: list[object]) -> bool:
        feed = read_feed(page, asked.repo_id, now())
        return bool(known_until and feed.events and feed.events[-1].created_at < known_until)

    listing = source.events(
        asked.repo_id, etag=before.etag if before else None, is_enough=is_enough
    )
    at = now()
    base = _base(asked, at, listing.call_count)
    if listing.status in ("gone", "blocked"):
        return Polled(replace(base, outcome=listing.status, etag=None))
    if listing.status == "unchanged":
        return Polled(_unchanged(base, listing, at))
    feed = read_feed(listing.documents, asked.repo_id, at)
    return Polled(_found(base, listing, feed, asked, at), feed.events)


def _known_until(before: PollState | None, overlap: timedelta) -> datetime | None:
    """How far back pages are to be read; None for all of them."""
    if before is None or before.covered_until is None:
        return None
    if overlap < LATENESS and before.newest_event_at:
        return before.newest_event_at - max(overlap, LEAST_OVERLAP)
    return before.covered_until


def _base(asked: Asked, at: datetime, call_count: int) -> PollState:
    """The state before, as asked again now."""
    before = asked.before or PollState(asked.repo_id, asked.name, at, at, "failed")
    is_of_hour = asked.before is not None and at - before.polled_at < _HOUR
    return replace(
        before,
        polled_at=at,
        event_count=0,
        malformed_count=0,
        problem=None,
        call_count=call_count + (before.call_count if is_of_hour else 0),
    )


def _failed(asked: Asked, problem: str, call_count: int, at: datetime) -> PollState:
    base = _base(asked, at, call_count)
    return replace(base, outcome="failed", problem=problem[:MAX_PROBLEM_LENGTH])


def _unchanged(base: PollState, listing: Listing, at: datetime) -> PollState:
    hours = (at - (_answered_at(base) or at)) / _HOUR
    rate = event_rate(base.events_per_hour, 0, hours) if hours else base.events_per_hour
    return replace(
        base,
        outcome="unchanged",
        etag=listing.etag or base.etag,
        covered_until=at - LATENESS,
        events_per_hour=rate,
        poll_interval_s=listing.poll_interval_s or base.poll_interval_s,
    )


def _found(base: PollState, listing: Listing, feed: Feed, asked: Asked, at: datetime) -> PollState:
    newest = feed.events[0] if feed.events else None
    name = (newest.repo_name if newest else None) or asked.name
    moments = [each.created_at for each in feed.events]
    found = replace(
        base,
        repo_name=name,
        outcome="polled" if name.lower() == asked.name.lower() else "renamed",
        etag=listing.etag if _proves_unchanged(moments, at) else None,
        event_count=len(feed.events),
        malformed_count=feed.malformed_count,
        problem=feed.problem,
        events_per_hour=_rate(asked.before, moments, at),
        poll_interval_s=listing.poll_interval_s,
    )
    if feed.malformed_count:
        # What they were is not known, so that nothing is covered by this poll and the next one
        # reads as far back; without the ETag, as they may be whole by then.
        return replace(found, etag=None, outcome=found.outcome if newest else "failed")
    return replace(
        found,
        newest_event_at=_latest(base.newest_event_at, *(each for each in moments if each <= at)),
        covered_since=covered_since(asked.before, moments, listing.is_whole, at),
        covered_until=at - LATENESS,
    )


def _proves_unchanged(moments: Sequence[datetime], at: datetime) -> bool:
    """Whether a first page that stays as it is proves that nothing was shown late behind it."""
    return len(moments) < PAGE_LENGTH or moments[PAGE_LENGTH - 1] <= at - LATENESS


def _answered_at(before: PollState) -> datetime | None:
    """When the last poll was that gave an answer."""
    return before.covered_until + LATENESS if before.covered_until else None


def covered_since(
    before: PollState | None, moments: Sequence[datetime], is_whole: bool, at: datetime
) -> datetime:
    """From when on a repository's events are known without gap, after a poll.

    Args:
        before: the last poll; None for the first.
        moments: of the events on the pages, newest first.
        is_whole: the feed holds nothing older.
        at: of the poll.
    """
    since = at - FEED_DAYS if is_whole or not moments else moments[-1]
    if before is None or before.covered_since is None or before.covered_until is None:
        return since
    return before.covered_since if since <= before.covered_until else since


def _rate(before: PollState | None, moments: Sequence[datetime], at: datetime) -> float:
    answered_at = _answered_at(before) if before else None
    if before is None or answered_at is None:
        span = (at - moments[-1]) / _HOUR if moments else FEED_DAYS / _HOUR
        # A handful of events says little of an hour: a quiet feed is measured over a day at least,
        # and one that is full over what it spans.
        least = 24.0 if len(moments) <= 50 else 1.0 if len(moments) < FEED_LENGTH else 0.0
        return event_rate(None, len(moments), max(span, least))
    new = [
        each for each in moments if before.newest_event_at is None or each > before.newest_event_at
    ]
    since = max(answered_at, moments[-1]) if moments else answered_at
    return event_rate(before.events_per_hour, len(new), (at - since) / _HOUR)


def _latest(*moments: datetime | None) -> datetime | None:
    return max((moment for moment in moments if moment), default=None)
