"""Which accounts are asked for, and in how many requests."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.activity.tables import EVENTS
from assets.attribution.profiles import batches, distinct_actors

FETCHED = datetime(2024, 12, 16, 2, tzinfo=UTC)


def events_of(actors: Sequence[int | None]) -> pa.Table:
    return EVENTS.arrow(
        [
            {
                "event_date": date(2024, 12, 15),
                "event_type": "WatchEvent",
                "event_id": str(number),
                "created_at": FETCHED,
                "event_group": "attention",
                "actor_id": actor,
                "is_tracked": True,
                "is_panel": False,
                "source": "gharchive",
                "sources": ["gharchive"],
                "file_hour": FETCHED,
            }
            for number, actor in enumerate(actors)
        ]
    )


def test_ids_are_cut_into_batches_in_order() -> None:
    assert list(batches([1, 2, 3, 4, 5], 2)) == [[1, 2], [3, 4], [5]]
    assert list(batches([], 2)) == []


@settings(deadline=None)
@given(st.lists(st.integers()), st.integers(1, 10))
def test_batches_are_full_but_the_last_and_lose_nothing(ids: list[int], size: int) -> None:
    cut = list(batches(ids, size))
    assert [each for batch in cut for each in batch] == ids
    assert all(len(batch) == size for batch in cut[:-1])
    assert all(0 < len(batch) <= size for batch in cut)


def test_accounts_of_several_tables_are_counted_once_in_order_without_nulls() -> None:
    tables = [events_of([7, None, 3, 7]), events_of([]), events_of([3, 1])]
    assert distinct_actors(tables) == [1, 3, 7]


@pytest.mark.parametrize("tables", [[], [events_of([])], [events_of([None])]])
def test_events_without_accounts_have_no_actors(tables: list[pa.Table]) -> None:
    assert distinct_actors(tables) == []
