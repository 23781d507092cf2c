"""The small frames that suites run on, from a real lake and warehouse."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pandas as pd
import pytest

from assets.activity.tables import EVENTS
from assets.attribution.tables import ACTOR_COUNTRY
from assets.engagement.shares import engagement
from assets.engagement.tables import COUNTRY_ACTIVITY, STAGED_ENGAGEMENT
from checks.frames import actor_country_by_day, events_by_day, staged_engagement
from resources.lake import Lake
from resources.warehouse import Warehouse

DAY = date(2024, 12, 15)
NEXT = DAY + timedelta(days=1)
NOON = datetime(2024, 12, 15, 12, tzinfo=UTC)


def event(number: int, **changes: object) -> dict[str, object]:
    """A sound event of the day."""
    return {
        "event_date": DAY,
        "event_type": "WatchEvent",
        "event_id": str(number),
        "created_at": NOON,
        "event_group": "attention",
        "actor_id": number,
        "repo_id": 1,
        "is_tracked": True,
        "is_panel": False,
        "source": "gharchive",
        "file_hour": NOON,
        **changes,
    }


def write_events(lake: Lake, day: date, rows: Sequence[dict[str, object]]) -> None:
    lake.write(EVENTS.qualified, str(day), EVENTS.arrow(rows))


def write_engagement(lake: Lake, day: date, counts: dict[str, int]) -> None:
    activity = COUNTRY_ACTIVITY.arrow(
        [
            {
                "activity_date": day,
                "scope": "tracked",
                "event_group": "attention",
                "country_iso2": country,
                "actor_count": count,
                "event_count": count,
                "capped_event_count": count,
                "event_cap": 20,
            }
            for country, count in counts.items()
        ]
    )
    lake.write(STAGED_ENGAGEMENT.qualified, str(day), engagement(day, activity, 24))


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): row[name] for name in frame.columns} for _, row in frame.iterrows()]


def test_sound_events_break_no_promise(lake: Lake, warehouse: Warehouse) -> None:
    write_events(lake, DAY, [event(1), event(2, is_tracked=False, is_panel=True)])
    assert records(events_by_day(lake, warehouse, [DAY])) == [
        {
            "day": "2024-12-15",
            "event_count": 2,
            "tracked_count": 1,
            "duplicate_count": 0,
            "outside_day_count": 0,
            "unselected_count": 0,
            "actorless_count": 0,
            "ungrouped_count": 0,
        }
    ]


@pytest.mark.parametrize(
    ("column", "rows"),
    [
        ("duplicate_count", [event(1), event(1), event(1, source="other")]),
        ("outside_day_count", [event(1, created_at=NOON + timedelta(hours=h)) for h in (12, -13)]),
        ("unselected_count", [event(n, is_tracked=False) for n in (1, 2)]),
        ("actorless_count", [event(n, actor_id=None) for n in (1, 2)]),
        ("ungrouped_count", [event(1, event_group="stars"), event(2, event_group="any")]),
    ],
)
def test_two_broken_events_are_counted_in_their_own_column_only(
    lake: Lake, warehouse: Warehouse, column: str, rows: list[dict[str, object]]
) -> None:
    write_events(lake, DAY, [*rows, event(9)])
    (row,) = records(events_by_day(lake, warehouse, [DAY]))
    counts = {name for name in row if name not in ("day", "event_count", "tracked_count")}
    assert {name for name in counts if row[name]} == {column}
    assert row[column] == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"event_type": "ForkEvent"},
        {"event_id": "2"},
        {"created_at": NOON + timedelta(microseconds=1)},
    ],
    ids=str,
)
def test_events_that_differ_in_any_part_of_the_key_are_two(
    lake: Lake, warehouse: Warehouse, changes: dict[str, object]
) -> None:
    """Ids restarted in 2025 and count separately by type."""
    write_events(lake, DAY, [event(1), event(1, **changes)])
    (row,) = records(events_by_day(lake, warehouse, [DAY]))
    assert (row["event_count"], row["duplicate_count"]) == (2, 0)


def test_the_last_microsecond_of_a_day_is_inside_it(lake: Lake, warehouse: Warehouse) -> None:
    last = datetime(2024, 12, 15, 23, 59, 59, 999_999, tzinfo=UTC)
    write_events(lake, DAY, [event(1, created_at=last), event(2, created_at=last.replace(hour=0))])
    (row,) = records(events_by_day(lake, warehouse, [DAY]))
    assert row["outside_day_count"] == 0


def test_events_of_before_2015_may_lack_an_account(lake: Lake, warehouse: Warehouse) -> None:
    old = date(2014, 12, 31)
    noon = datetime(2014, 12, 31, 12, tzinfo=UTC)
    write_events(lake, old, [event(1, event_date=old, created_at=noon, actor_id=None)])
    (row,) = records(events_by_day(lake, warehouse, [old]))
    assert row["actorless_count"] == 0


def test_a_commit_may_lack_an_account(lake: Lake, warehouse: Warehouse) -> None:
    write_events(lake, DAY, [event(1, event_type="Commit", actor_id=None)])
    (row,) = records(events_by_day(lake, warehouse, [DAY]))
    assert (row["event_count"], row["actorless_count"]) == (1, 0)


def test_days_without_events_have_a_row_of_zeros(lake: Lake, warehouse: Warehouse) -> None:
    write_events(lake, DAY, [event(1)])
    write_events(lake, DAY - timedelta(days=1), [])
    days = [DAY - timedelta(days=1), DAY, NEXT]
    frame = events_by_day(lake, warehouse, days)
    assert frame["day"].tolist() == [str(day) for day in days]
    assert frame["event_count"].tolist() == [0, 1, 0]
    assert frame.loc[[0, 2]].drop(columns="day").to_numpy().sum() == 0


def attribute(warehouse: Warehouse, rows: dict[int, tuple[str | None, str | None]]) -> None:
    """Write core.actor_country: account to country and rule."""
    table = ACTOR_COUNTRY.arrow(
        [
            {
                "actor_id": actor,
                "country_iso2": country,
                "rule": rule,
                "is_bot": False,
                "model_version": "test",
                "profile_fetched_at": NOON,
            }
            for actor, (country, rule) in rows.items()
        ]
    )
    warehouse.upsert(ACTOR_COUNTRY.qualified, table)


def test_accounts_of_a_day_are_profiled_by_how_they_are_attributed(
    lake: Lake, warehouse: Warehouse
) -> None:
    """Three of six have a country.

    One is sound, one unknown, one of no economy, one without a rule, one with a rule and no
    country, and one is not attributed at all.
    """
    write_events(lake, DAY, [event(n) for n in (1, 1, 2, 3, 4, 5, 6)] + [event(0, actor_id=None)])
    attribute(
        warehouse,
        {
            1: ("CN", "city"),
            2: (None, None),
            3: ("QQ", "city"),
            4: ("US", None),
            5: (None, "city"),
            7: ("QQ", None),  # not active on the day
        },
    )
    assert records(actor_country_by_day(lake, warehouse, [DAY])) == [
        {
            "day": "2024-12-15",
            "actor_count": 6,
            "unattributed_count": 1,
            "unknown_code_count": 1,
            "ruleless_count": 2,
            "located_share": 0.5,
        }
    ]


def test_each_day_has_its_own_accounts(lake: Lake, warehouse: Warehouse) -> None:
    noon = NOON + timedelta(days=1)
    write_events(lake, DAY, [event(1), event(2)])
    write_events(lake, NEXT, [event(2, event_date=NEXT, created_at=noon)])
    attribute(warehouse, {1: ("CN", "city"), 2: (None, None)})
    days = [DAY, NEXT, NEXT + timedelta(days=1)]
    frame = actor_country_by_day(lake, warehouse, days)
    assert frame["actor_count"].tolist() == [2, 1, 0]
    assert frame["located_share"].tolist() == [0.5, 0.0, 0.0]


def test_staged_rows_stand_beside_what_their_group_adds_up_to(
    lake: Lake, warehouse: Warehouse
) -> None:
    write_engagement(lake, DAY, {"CN": 8, "QQ": 2, "ZZ": 10})
    write_engagement(lake, NEXT, {"US": 3})
    frame = staged_engagement(lake, warehouse, [DAY, NEXT])
    assert frame["day"].tolist() == ["2024-12-15", "2024-12-15", "2024-12-16"]
    assert frame["country_iso2"].tolist() == ["CN", "QQ", "US"]
    assert frame["group_share_sum"].tolist() == pytest.approx([1, 1, 1])
    assert frame["group_count_difference"].tolist() == [0, 0, 0]
    assert frame["is_known_country"].tolist() == [True, False, True]
    assert frame["located_share"].tolist() == [0.8, 0.2, 1.0]


def test_a_staged_row_that_is_lost_shows_in_the_sums_of_its_group(
    lake: Lake, warehouse: Warehouse
) -> None:
    write_engagement(lake, DAY, {"CN": 8, "US": 2})
    rows = lake.read(STAGED_ENGAGEMENT.qualified, str(DAY))
    assert rows is not None
    lake.write(STAGED_ENGAGEMENT.qualified, str(DAY), rows.slice(0, 1))
    (row,) = records(staged_engagement(lake, warehouse, [DAY]))
    assert row["group_share_sum"] == pytest.approx(0.8)
    assert row["group_count_difference"] == -2


def test_days_that_were_never_written_have_no_staged_rows(lake: Lake, warehouse: Warehouse) -> None:
    frame = staged_engagement(lake, warehouse, [DAY])
    assert len(frame) == 0
    assert {"day", "group_share_sum", "is_known_country"} <= set(frame.columns)
