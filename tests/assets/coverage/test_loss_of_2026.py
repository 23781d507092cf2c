"""The sandbox's loss of 2026 through `day_coverage`: noticed at once, and the truth inside."""

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from assets.activity.tables import ARCHIVE_TOTALS
from assets.coverage.cells import GROUP_OF_TYPE
from assets.coverage.coverage import day_coverage
from assets.coverage.yardsticks import SourceDay
from sandbox.faults import ARCHIVES, loss_2026
from sandbox.world import World

FIRST, SECOND = ARCHIVES
START = date(2026, 6, 10)
HISTORY = 28
NO_STARS = pa.schema(
    [("repo_id", pa.int64()), ("star_date", pa.date32()), ("star_count", pa.int64())]
).empty_table()


@cache
def world() -> World:
    return World(3, 2_000, rise=None, faults=loss_2026(START))


@cache
def totals(day: date) -> pa.Table:
    """raw.archive_totals of a day of both archives."""
    rows = []
    for name in ARCHIVES:
        events = world().recorded(day, name)
        hours = events.created_at.astype("datetime64[h]").astype(np.int64) % 24
        counts = Counter(zip(hours.tolist(), events.event_type.tolist(), strict=True))
        rows += [
            {
                "source": name,
                "archive_date": day,
                "file_hour": datetime.combine(day, time(hour), tzinfo=UTC),
                "event_type": kind,
                "event_count": count,
            }
            for (hour, kind), count in sorted(counts.items())
        ]
    return ARCHIVE_TOTALS.arrow(rows)


def seen(day: date, names: tuple[str, ...]) -> pa.Table:
    """What `names` together recorded on tracked repositories, without bots."""
    drawn = world().drawn_on(day)
    had = np.array(
        [np.isin(drawn.event_id, world().recorded(day, name).event_id) for name in names]
    )
    chosen = had.any(axis=0) & drawn.is_tracked & ~drawn.is_bot
    kinds = drawn.event_type[chosen].tolist()
    return pa.table(
        {
            "event_type": kinds,
            "event_group": [GROUP_OF_TYPE[kind] for kind in kinds],
            "repo_id": drawn.repo_id[chosen],
            "is_tracked": [True] * len(kinds),
            "is_panel": [False] * len(kinds),
            "sources": [
                [name for name, is_seen in zip(names, row, strict=True) if is_seen]
                for row in had[:, chosen].T
            ],
        }
    )


def groups(day: date, names: tuple[str, ...]) -> dict[tuple[str, str], dict[str, Any]]:
    """Rows of core.coverage of tracked event groups, by source and group."""
    past = pa.concat_tables([totals(day - timedelta(days=back)) for back in range(HISTORY)])
    sources = dict.fromkeys(names, SourceDay())
    rows = day_coverage(day, seen(day, names), NO_STARS, past, (), sources).to_pylist()
    return {
        (row["source"], row["event_group"]): row
        for row in rows
        if row["scope"] == "tracked" and row["event_type"] is None
    }


def truth(day: date, group: str) -> int:
    drawn = world().drawn_on(day)
    is_of_group = np.array([GROUP_OF_TYPE[kind] == group for kind in drawn.event_type.tolist()])
    return int((is_of_group & drawn.is_tracked & ~drawn.is_bot).sum())


@pytest.mark.parametrize("names", [ARCHIVES, (FIRST,)])
def test_the_first_day_of_the_loss_is_degraded_and_the_day_before_is_not(
    names: tuple[str, ...],
) -> None:
    before = groups(START - timedelta(days=1), names)
    after = groups(START, names)
    for group in ("attention", "participation", "contribution"):
        assert before[FIRST, group]["status"] == "sound"
        assert before["combined", group]["status"] == "sound"
    for group in ("attention", "participation"):
        assert after[FIRST, group]["status"] == "degraded"
        assert after["combined", group]["status"] == "degraded"
    assert after[FIRST, "attention"]["yardstick"] == (
        "two_sources" if names == ARCHIVES else "volume"
    )


def test_with_two_archives_the_true_totals_lie_inside_on_days_of_the_loss() -> None:
    covered = []
    for offset in range(8):
        day = START + timedelta(days=offset)
        rows = groups(day, ARCHIVES)
        for group in ("attention", "participation", "contribution"):
            row = rows["combined", group]
            low, high = row["estimated_events_ci_low"], row["estimated_events_ci_high"]
            covered.append(low <= truth(day, group) <= high)
    assert np.mean(covered) >= 0.85


def test_pushes_that_are_all_there_keep_their_status() -> None:
    past = pa.concat_tables([totals(START - timedelta(days=back)) for back in range(HISTORY)])
    rows = day_coverage(
        START, seen(START, ARCHIVES), NO_STARS, past, (), dict.fromkeys(ARCHIVES, SourceDay())
    ).to_pylist()
    (row,) = (
        row
        for row in rows
        if (row["source"], row["scope"], row["event_type"], row["repo_id"])
        == (FIRST, "tracked", "PushEvent", None)
    )
    assert row["status"] == "sound"
    assert row["capture_rate"] == pytest.approx(1.0, abs=0.02)
