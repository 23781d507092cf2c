"""What happened shortly before a finding: context, and no statement about its cause."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import pyarrow as pa

from assets.alerting.notice import Notice
from assets.reference.event_words import described

WITHIN_DAYS = 28
MOST = 2


@dataclass(frozen=True, slots=True)
class ContextEvent:
    """A policy event or the release of a model.

    Attributes:
        day: on which it took effect, was signed, made known or released, where that was.
        text: what it is, who acted, what the day is of, and who says so.
    """

    day: date
    text: str


def context_events(policy_events: pa.Table) -> tuple[ContextEvent, ...]:
    """The rows of core.policy_events, which holds releases of models too."""
    return tuple(
        ContextEvent(row["event_date"], described(row)) for row in policy_events.to_pylist()
    )


def begins(notice: Notice) -> date:
    """The day before which context is looked for: the first that a finding is said of."""
    return min((each.since for each in notice.findings if each.since), default=notice.day)


def nearest(
    events: Iterable[ContextEvent],
    day: date,
    *,
    within_days: int = WITHIN_DAYS,
    most: int = MOST,
) -> Sequence[ContextEvent]:
    """The events nearest before a day or on it, the oldest first."""
    near = [each for each in events if 0 <= (day - each.day).days <= within_days]
    near.sort(key=lambda each: (-each.day.toordinal(), each.text))
    return sorted(near[:most], key=lambda each: (each.day, each.text))
