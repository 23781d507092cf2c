"""Capture histories of a day: by hand, and that no event is lost or counted twice."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from assets.activity.events import day_events
from assets.activity.tables import ARCHIVE_EVENTS
from assets.coverage.cells import GROUP_OF_TYPE, count_cells, no_cells

A, B = "gharchive", "opendigger"
#: (event_type, repo_id, is_tracked, is_panel, sources)
Event = tuple[str, int | None, bool, bool, Sequence[str]]


def seen_of(events: Sequence[Event]) -> pa.Table:
    return pa.table(
        {
            "event_type": pa.array([event[0] for event in events], pa.string()),
            "event_group": pa.array([GROUP_OF_TYPE.get(event[0], "other") for event in events]),
            "repo_id": pa.array([event[1] for event in events], pa.int64()),
            "is_tracked": pa.array([event[2] for event in events], pa.bool_()),
            "is_panel": pa.array([event[3] for event in events], pa.bool_()),
            "sources": pa.array([list(event[4]) for event in events], pa.list_(pa.string())),
        },
        schema=pa.schema(
            [
                ("event_type", pa.string()),
                ("event_group", pa.string()),
                ("repo_id", pa.int64()),
                ("is_tracked", pa.bool_()),
                ("is_panel", pa.bool_()),
                ("sources", pa.list_(pa.string())),
            ]
        ),
    )


def stars(count: int, repo_id: int, *sources: str) -> list[Event]:
    return [("WatchEvent", repo_id, True, False, sources)] * count


def test_histories_are_counted_by_repository() -> None:
    """Repository 1: 3 by A alone, 2 by both; repository 2: 4 by B alone."""
    counted = count_cells(seen_of(stars(3, 1, A) + stars(2, 1, A, B) + stars(4, 2, B)), [A, B])
    (cells,) = counted.values()
    assert (cells.total(), cells.total(A), cells.total(B), cells.total(A, B)) == (9, 5, 6, 2)
    assert cells.repositories[0].tolist() == [1, 2]
    assert cells.by_repository(A).tolist() == [5, 0]
    assert cells.by_repository(A, B).tolist() == [2, 0]
    assert cells.of(frozenset({2})).total() == 4


def test_scopes_overlap_and_commits_are_of_no_feed() -> None:
    counted = count_cells(
        seen_of(
            [
                ("PushEvent", 1, True, True, [A]),
                ("PushEvent", None, False, True, [A]),
                ("Commit", 1, True, False, ["git"]),
            ]
        ),
        [A],
    )
    assert {key: cells.total() for key, cells in counted.items()} == {
        ("tracked", "contribution", "PushEvent"): 1,
        ("panel", "contribution", "PushEvent"): 2,
    }


def test_a_source_that_was_not_asked_counts_for_the_union_alone() -> None:
    (cells,) = count_cells(seen_of(stars(3, 1, A) + stars(2, 1, "elsewhere")), [A]).values()
    assert (cells.total(), cells.total(A)) == (5, 3)


def test_a_day_without_events_has_no_cells_and_a_type_without_events_none() -> None:
    assert count_cells(seen_of([]), [A, B]) == {}
    assert no_cells([A, B]).total(A) == 0
    assert no_cells([A]).with_repositories(count_ids(5, 6)).by_repository().tolist() == [0, 0]


def count_ids(*ids: int) -> npt.NDArray[np.int64]:
    return np.array(ids, dtype=np.int64)


def test_event_groups_are_those_of_core_events() -> None:
    day = date(2026, 6, 1)
    rows = [
        {
            "source": A,
            "archive_date": day,
            "file_hour": datetime(2026, 6, 1, tzinfo=UTC),
            "event_type": kind,
            "event_id": "1",
            "created_at": datetime(2026, 6, 1, 0, 5, tzinfo=UTC),
            "actor_id": 1,
            "is_bot": False,
            "repo_id": 1,
            "repo_name": "o/r",
            "action": None,
            "is_tracked": True,
            "is_panel": False,
        }
        for kind in GROUP_OF_TYPE
    ]
    events = day_events(day, [ARCHIVE_EVENTS.arrow(rows)]).events
    found = dict(
        zip(events["event_type"].to_pylist(), events["event_group"].to_pylist(), strict=True)
    )
    assert found == GROUP_OF_TYPE


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["WatchEvent", "PushEvent", "NewEvent"]),
            st.one_of(st.none(), st.integers(1, 3)),
            st.booleans(),
            st.booleans(),
            st.lists(st.sampled_from([A, B, "elsewhere"]), min_size=1, unique=True),
        ),
        max_size=40,
    )
)
def test_no_event_is_lost_or_counted_twice(events: list[Event]) -> None:
    counted = count_cells(seen_of(events), [A, B])
    for scope, place in (("tracked", 2), ("panel", 3)):
        of_scope = [cells for key, cells in counted.items() if key[0] == scope]
        inside = [event for event in events if event[place]]
        assert sum(cells.total() for cells in of_scope) == len(inside)
        assert sum(cells.total(A) for cells in of_scope) == sum(A in each[4] for each in inside)
        assert sum(cells.total(A, B) for cells in of_scope) == sum(
            {A, B} <= set(each[4]) for each in inside
        )
        assert sum(int(cells.by_repository(B).sum()) for cells in of_scope) == sum(
            B in each[4] for each in inside
        )
