"""A day's events by account, group and kind of repository."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.activity.actor_days import actor_days
from assets.activity.tables import ACTOR_DAYS, EVENTS

DAY = date(2024, 12, 15)
MIDNIGHT = datetime(2024, 12, 15, tzinfo=UTC)
MODEL, LIBRARY, ELSEWHERE, UNKNOWN = 1, 2, 3, None
REPOSITORIES = pa.table(
    {
        "github_id": pa.array([MODEL, LIBRARY], pa.int64()),
        "origin": pa.array(["cn", None], pa.string()),
        "layer": pa.array(["model", "inference"], pa.string()),
    }
)
#: (actor_id, repo_id, event_group, event_type, minute of the day, is_tracked, is_panel)
Event = tuple[int | None, int | None, str, str, int, bool, bool]


def events_of(rows: Sequence[Event]) -> pa.Table:
    return EVENTS.arrow(
        [
            {
                "event_date": DAY,
                "event_type": event_type,
                "event_id": str(number),
                "created_at": MIDNIGHT + timedelta(minutes=minute),
                "event_group": group,
                "actor_id": actor_id,
                "repo_id": repo_id,
                "is_tracked": is_tracked,
                "is_panel": is_panel,
                "source": "gharchive",
                "sources": ["gharchive"],
                "file_hour": MIDNIGHT,
            }
            for number, (actor_id, repo_id, group, event_type, minute, is_tracked, is_panel) in (
                enumerate(rows)
            )
        ]
    )


def star(actor_id: int | None, repo_id: int | None, hour: int, minute: int = 0) -> Event:
    """On a tracked repository, by somebody outside the panel."""
    return (actor_id, repo_id, "attention", "WatchEvent", 60 * hour + minute, True, False)


def rows_of(events: Sequence[Event]) -> list[dict[str, Any]]:
    table = actor_days(DAY, events_of(events), REPOSITORIES)
    assert table.schema == ACTOR_DAYS.arrow_schema
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows


def test_an_accounts_day_is_as_worked_by_hand() -> None:
    """Two stars at 03:00, one at 16:59, one at 17:00: four events, three of them before 17:00.

    Bits 3, 16 and 17: 8 + 65,536 + 131,072 = 196,616.
    """
    (row,) = rows_of(
        [star(7, MODEL, 3), star(7, MODEL, 3, 30), star(7, MODEL, 16, 59), star(7, MODEL, 17)]
    )
    assert row == {
        "activity_date": DAY,
        "actor_id": 7,
        "event_group": "attention",
        "is_tracked": True,
        "is_panel": False,
        "origin": "cn",
        "layer": "model",
        "event_count": 4,
        "before_17_count": 3,
        "hour_mask": 196_616,
    }


def test_the_last_hour_of_the_day_has_the_last_bit() -> None:
    (row,) = rows_of([star(7, MODEL, 23, 59)])
    assert row["hour_mask"] == 1 << 23
    assert row["before_17_count"] == 0


def test_groups_and_kinds_of_repositories_are_rows_of_their_own() -> None:
    rows = rows_of(
        [
            star(7, MODEL, 1),
            star(7, LIBRARY, 2),
            (7, MODEL, "contribution", "PushEvent", 60, True, False),
            star(8, MODEL, 1),
        ]
    )
    kinds = [(row["actor_id"], row["event_group"], row["origin"], row["layer"]) for row in rows]
    assert kinds == [
        (7, "attention", "cn", "model"),
        (7, "attention", None, "inference"),
        (7, "contribution", "cn", "model"),
        (8, "attention", "cn", "model"),
    ]


def test_events_without_an_account_are_kept_together() -> None:
    (row,) = rows_of([star(None, MODEL, 1), star(None, MODEL, 2)])
    assert (row["actor_id"], row["event_count"], row["hour_mask"]) == (None, 2, 0b110)


def test_only_a_tracked_repository_has_an_origin_and_a_layer() -> None:
    """A panel account's push to a repository that became tracked later is not of its family."""
    rows = rows_of(
        [
            (7, MODEL, "contribution", "PushEvent", 0, False, True),
            (7, ELSEWHERE, "contribution", "PushEvent", 0, True, True),
            (7, UNKNOWN, "contribution", "PushEvent", 0, False, True),
        ]
    )
    assert [(row["is_tracked"], row["origin"], row["layer"]) for row in rows] == [
        (False, None, None),
        (True, None, None),
    ]
    assert rows[0]["event_count"] == 2


def test_a_commit_is_never_of_the_panel() -> None:
    """Commits are seen on tracked repositories alone; a push event is seen anywhere."""
    rows = rows_of(
        [
            (7, MODEL, "contribution", "Commit", 0, True, True),
            (7, MODEL, "contribution", "PushEvent", 0, True, True),
        ]
    )
    assert [(row["is_panel"], row["event_count"]) for row in rows] == [(False, 1), (True, 1)]


def test_a_day_without_events_has_no_rows() -> None:
    assert rows_of([]) == []


@settings(max_examples=25)
@given(
    st.lists(
        st.tuples(
            st.one_of(st.none(), st.integers(1, 4)),
            st.sampled_from([MODEL, LIBRARY, ELSEWHERE, UNKNOWN]),
            st.sampled_from(["attention", "contribution"]),
            st.sampled_from(["AnyEvent", "Commit"]),
            st.integers(0, 24 * 60 - 1),
            st.booleans(),
            st.booleans(),
        ),
        max_size=30,
    )
)
def test_no_event_is_lost_or_counted_twice(events: list[Event]) -> None:
    rows = rows_of(events)
    assert sum(row["event_count"] for row in rows) == len(events)
    assert sum(row["before_17_count"] for row in rows) == sum(row[4] < 17 * 60 for row in events)
    keys = [tuple(row[name] for name in ACTOR_DAYS.key) for row in rows]
    assert len(keys) == len(set(keys))
    for actor in {row[0] for row in events}:
        hours = {row[4] // 60 for row in events if row[0] == actor and row[3] != "Commit"}
        masks = [row["hour_mask"] for row in rows if row["actor_id"] == actor]
        assert {hour for hour in range(24) if any(mask >> hour & 1 for mask in masks)} == hours
    assert rows == rows_of(events)
