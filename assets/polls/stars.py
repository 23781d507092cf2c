"""The history of stars: weeks as GitHub lists them, to days."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TypeGuard

import pyarrow as pa

from assets.polls.tables import STAR_HISTORY

ASK_EVERY = timedelta(hours=20)
_DAYS_A_WEEK = 7
_MAX_STARS_A_DAY = 10_000_000


@dataclass(frozen=True, slots=True)
class StarDays:
    """Stars by day, and how many documents were no week."""

    counts: dict[date, int]
    malformed_count: int = 0


def star_days(documents: Sequence[object]) -> StarDays:
    """Documents `{"week": epoch s, "total": n, "days": [7]}` as counts by UTC day."""
    counts: dict[date, int] = {}
    malformed = 0
    for document in documents:
        week = _week(document)
        if week is None:
            malformed += 1
            continue
        began, days = week
        counts |= {began + timedelta(days=number): count for number, count in enumerate(days)}
    return StarDays(counts, malformed)


def reaches(documents: Sequence[object], wanted: date) -> bool:
    """Whether a page's oldest week begins on or before a day."""
    weeks = [week for document in documents if (week := _week(document))]
    return bool(weeks) and min(began for began, _ in weeks) <= wanted


def star_rows(
    repo_id: int, stars: StarDays, first: date, asked_at: datetime, *, wanted: date
) -> pa.Table:
    """Rows of raw.star_history from a first day to the day of asking.

    Where the history begins later than the first day, or has no week at all, both days have a zero:
    it was asked. Weeks that were not asked for, or that cannot be read, say nothing of the first.

    Args:
        repo_id: numeric id.
        stars: what the history held.
        first: the oldest day that is kept.
        asked_at: when it was asked.
        wanted: the day that the history was read back to, as far as it goes.
    """
    last = asked_at.astimezone(UTC).date()
    is_to_first = wanted <= first and not stars.malformed_count
    counts = ({first: 0} if is_to_first else {}) | {last: 0}
    counts |= {day: count for day, count in stars.counts.items() if first <= day <= last}
    return STAR_HISTORY.arrow(
        [
            {"repo_id": repo_id, "star_date": day, "star_count": count, "asked_at": asked_at}
            for day, count in sorted(counts.items())
        ]
    )


def _week(document: object) -> tuple[date, list[int]] | None:
    """The UTC day on which a week begins and its seven counts; None where it is no week."""
    if not isinstance(document, dict):
        return None
    began, days = document.get("week"), document.get("days")
    if not _is_count(began, 1 << 36) or not isinstance(days, list) or len(days) != _DAYS_A_WEEK:
        return None
    if not all(_is_count(day, _MAX_STARS_A_DAY) for day in days) or sum(days) != document.get(
        "total"
    ):
        return None
    return datetime.fromtimestamp(began, UTC).date(), days


def _is_count(value: object, most: int) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < most
