"""Which known losses of an upstream touch a source's events of a day."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from assets.reference.model import UpstreamBreak

LOSS = "loss"
_ALL = "all"
_NOT = "non-"
_FEED = "github_events_api"  # what every source of events reads
_DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)
#: Fewer lost hours than a fifth of a day's cannot take a day's capture below 0.8 by themselves.
LEAST_HOURS = 5.0


def breaks_of(rows: Iterable[Mapping[str, Any]]) -> tuple[UpstreamBreak, ...]:
    """Records of rows of core.upstream_breaks."""
    return tuple(
        UpstreamBreak(
            from_utc=row["from_at"].astimezone(UTC),
            to_utc=row["to_at"].astimezone(UTC) if row["to_at"] is not None else None,
            source=row["source"],
            affects=row["affects"],
            effect=row["effect"],
            what=row["what"],
        )
        for row in rows
    )


def breaks_on(
    breaks: Iterable[UpstreamBreak], source: str, day: date, event_type: str, effect: str = LOSS
) -> list[UpstreamBreak]:
    """The breaks that touch events of a type that happened on a day, as a source gives them.

    A break of GitHub's own feed touches every source; one of any other upstream touches the source
    of its name. Breaks that are not about events (`stargazers`) touch no event type.

    Args:
        breaks: in any order; they may overlap.
        source: name, such as gharchive.
        day: UTC.
        event_type: GitHub's name, such as WatchEvent.
        effect: loss, layout or access: only a loss lowers capture.
    """
    return [
        each
        for each in breaks
        if each.effect == effect
        and each.source in (source, _FEED)
        and _is_affected(each.affects, event_type)
        and _hours(each, day) > 0
    ]


def is_known_loss(breaks: Iterable[UpstreamBreak], source: str, day: date, event_type: str) -> bool:
    """Whether a known loss touches at least five hours of a day, for a source and an event type."""
    return any(
        _hours(each, day) >= LEAST_HOURS for each in breaks_on(breaks, source, day, event_type)
    )


def _is_affected(affects: str, event_type: str) -> bool:
    if affects.startswith(_NOT):
        return event_type != affects.removeprefix(_NOT)
    return affects in (_ALL, event_type)


def _hours(each: UpstreamBreak, day: date) -> float:
    """Hours of a UTC day in a break; its last hour is an affected one."""
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    last = start + _DAY if each.to_utc is None else min(each.to_utc + _HOUR, start + _DAY)
    return max((last - max(each.from_utc, start)) / _HOUR, 0.0)
