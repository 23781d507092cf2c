"""In which spans of time the polls know a repository's events without a gap, and of which days."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pyarrow as pa

from assets.polls.state import PollState
from assets.polls.tables import REPOSITORY_SPANS

_DAY = timedelta(days=1)


def span_rows(states: Iterable[PollState]) -> pa.Table:
    """Rows of raw.repository_spans: a gap begins a new one, a poll without one makes it longer.

    Args:
        states: of polls, in any order; those that know no span are passed over.
    """
    until: dict[tuple[int, datetime], datetime] = {}
    for state in states:
        if state.covered_since is not None and state.covered_until is not None:
            key = (state.repo_id, state.covered_since)
            until[key] = max(until.get(key, state.covered_until), state.covered_until)
    return REPOSITORY_SPANS.arrow(
        [
            {"repo_id": repo_id, "covered_since": since, "covered_until": last}
            for (repo_id, since), last in sorted(until.items())
        ]
    )


def covered_repositories(spans: Sequence[Mapping[str, Any]], day: date) -> frozenset[int]:
    """Repositories whose day lies in a span.

    Args:
        spans: repo_id, covered_since, covered_until.
        day: UTC.
    """
    start = _midnight(day)
    return frozenset(
        row["repo_id"]
        for row in spans
        if row["covered_since"].astimezone(UTC) <= start
        and row["covered_until"].astimezone(UTC) >= start + _DAY
    )


def is_silent(spans: Sequence[Mapping[str, Any]], day: date) -> bool:
    """Whether polls had begun and know nothing of a day, of any repository.

    Each repository is asked once a day at least, so that a day of which no span holds a moment is
    one without any answer; before the first span nobody had asked.

    Args:
        spans: as of `covered_repositories`.
        day: UTC.
    """
    start = _midnight(day)
    begun = [row for row in spans if row["covered_since"].astimezone(UTC) < start + _DAY]
    return bool(begun) and all(row["covered_until"].astimezone(UTC) <= start for row in begun)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
