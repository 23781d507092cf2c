"""Which periods end on a day, and the distinct accounts of each cell."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.activity.tables import ACTOR_DAYS
from assets.attribution.tables import ACTOR_COUNTRY
from assets.engagement.cells import Period, count_cells, day_cells, periods_ending

SUNDAY = date(2024, 12, 15)
SATURDAY, MONDAY = SUNDAY - timedelta(days=1), SUNDAY + timedelta(days=1)
GROUPS = ("contribution", "participation", "attention", "other")
#: (period, scope, event group, located country, stratum, label)
Key = tuple[str, str, str, str | None, int | None, int | None]


def activity(day: date, actor_id: int | None, **values: object) -> dict[str, Any]:
    """A row of core.actor_days: one star on a tracked repository, unless told otherwise."""
    return {
        "activity_date": day,
        "actor_id": actor_id,
        "event_group": "attention",
        "is_tracked": True,
        "is_panel": False,
        "origin": None,
        "layer": None,
        "event_count": 1,
        "before_17_count": 0,
        "hour_mask": 1,
        **values,
    }


def country(
    actor_id: int,
    located: str | None = None,
    evidence: tuple[int, int] | None = None,
    *,
    day: date = SUNDAY,
    is_bot: bool = False,
) -> dict[str, Any]:
    """A row of core.actor_country, perhaps with stratum and label of evidence."""
    stratum, label = evidence or (None, None)
    return {
        "as_of_date": day,
        "actor_id": actor_id,
        "is_bot": is_bot,
        "located_iso2": located,
        "evidence_stratum": stratum,
        "evidence_label": label,
        "candidate_iso2": [],
        "candidate_probability": [],
        "model_version": "test",
    }


def counted(
    days: Sequence[date], active: Sequence[dict[str, Any]], known: Sequence[dict[str, Any]]
) -> pa.Table:
    return count_cells(days, ACTOR_DAYS.arrow(active), ACTOR_COUNTRY.arrow(known))


def cells(table: pa.Table, *, day: date = SUNDAY) -> dict[Key, tuple[int, int, int]]:
    """Of one day: key to accounts, events, and events before 17:00."""
    keys = ("period", "scope", "event_group", "located_iso2", "evidence_stratum", "evidence_label")
    counts = ("actor_count", "event_count", "before_17_count")
    rows = [row for row in table.to_pylist() if row["activity_date"] == day]
    found: dict[Any, Any] = {
        tuple(row[name] for name in keys): tuple(row[name] for name in counts) for row in rows
    }
    assert len(found) == len(rows)
    return found


def test_a_sunday_ends_its_day_its_iso_week_and_four_of_them() -> None:
    assert periods_ending(SUNDAY) == [
        Period("day", SUNDAY, SUNDAY),
        Period("week", date(2024, 12, 9), SUNDAY),
        Period("28d", date(2024, 11, 18), SUNDAY),
    ]


@pytest.mark.parametrize("day", [MONDAY, SATURDAY, date(2024, 12, 31)])
def test_any_other_day_ends_itself_alone(day: date) -> None:
    assert periods_ending(day) == [Period("day", day, day)]


@given(st.dates(date(2015, 1, 1), date(2030, 1, 1)))
def test_periods_are_whole_weeks_from_monday_on(day: date) -> None:
    for period in periods_ending(day):
        assert period.last == day
        assert period.days[0] == period.first
        assert period.days[-1] == day
        assert len(period.days) == {"day": 1, "week": 7, "28d": 28}[period.name]
        if period.name != "day":
            assert period.first.isoweekday() == 1


def test_an_account_of_many_days_counts_once_in_a_period_and_its_events_add_up() -> None:
    """Account 1: Sunday 2 events, Monday before 3, four weeks before 5, the day before that 7."""
    found = cells(
        counted(
            [SUNDAY],
            [
                activity(SUNDAY, 1, event_count=2, before_17_count=1),
                activity(SUNDAY - timedelta(days=6), 1, event_count=3, before_17_count=3),
                activity(SUNDAY - timedelta(days=27), 1, event_count=5),
                activity(SUNDAY - timedelta(days=28), 1, event_count=7),
                activity(MONDAY, 1, event_count=9),
            ],
            [country(1, "CN")],
        )
    )
    expected = {"day": (1, 2, 1), "week": (1, 5, 4), "28d": (1, 10, 4)}
    assert found == {
        (period, "tracked", group, "CN", None, None): counts
        for period, counts in expected.items()
        for group in ("attention", "any")
    }


def test_an_account_counts_in_every_scope_that_it_is_active_in() -> None:
    """Account 1 stars a Chinese model and a library; account 2, of the panel, pushes elsewhere."""
    found = cells(
        counted(
            [SATURDAY],
            [
                activity(SATURDAY, 1, origin="cn", layer="model"),
                activity(SATURDAY, 1, layer="inference", is_panel=True, event_count=4),
                activity(SATURDAY, 2, is_tracked=False, is_panel=True, event_group="contribution"),
                activity(SATURDAY, 3, origin="us", layer="training"),
                activity(SATURDAY, 4, origin="other", layer="application"),
            ],
            [country(n, "CN", day=SATURDAY) for n in (1, 2, 3, 4)],
        ),
        day=SATURDAY,
    )
    by_scope = {(scope, group): counts[:2] for (_, scope, group, _, _, _), counts in found.items()}
    assert by_scope == {
        ("tracked", "attention"): (3, 7),
        ("panel", "attention"): (1, 4),
        ("panel", "contribution"): (1, 1),
        ("panel", "any"): (2, 5),
        ("origin_cn", "attention"): (1, 1),
        ("origin_us", "attention"): (1, 1),
        ("origin_other", "attention"): (1, 1),
        ("layer_model", "attention"): (1, 1),
        ("layer_inference", "attention"): (1, 4),
        ("layer_training", "attention"): (1, 1),
        ("layer_application", "attention"): (1, 1),
        **{
            (scope, "any"): counts
            for scope, counts in {
                "tracked": (3, 7),
                "origin_cn": (1, 1),
                "origin_us": (1, 1),
                "origin_other": (1, 1),
                "layer_model": (1, 1),
                "layer_inference": (1, 4),
                "layer_training": (1, 1),
                "layer_application": (1, 1),
            }.items()
        },
    }


def test_an_account_of_two_groups_is_one_account_of_any() -> None:
    found = cells(
        counted(
            [SATURDAY],
            [
                activity(SATURDAY, 1),
                activity(SATURDAY, 1, event_group="contribution", event_count=2),
                activity(SATURDAY, 1, event_group="other", event_count=3),
            ],
            [country(1, "CN", day=SATURDAY)],
        ),
        day=SATURDAY,
    )
    assert {key[2]: counts for key, counts in found.items()} == {
        "attention": (1, 1, 0),
        "contribution": (1, 2, 0),
        "other": (1, 3, 0),
        "any": (1, 6, 0),
    }


def test_an_activity_of_neither_scope_counts_nowhere() -> None:
    active = [activity(SATURDAY, 1, is_tracked=False)]
    assert counted([SATURDAY], active, [country(1, "CN", day=SATURDAY)]).num_rows == 0


def test_bots_and_events_without_an_account_count_nowhere() -> None:
    active = [activity(SUNDAY, 1), activity(SUNDAY, None, event_count=50), activity(SUNDAY, 2)]
    found = cells(counted([SUNDAY], active, [country(1, "CN"), country(2, "US", is_bot=True)]))
    assert set(found.values()) == {(1, 1, 0)}
    assert {key[3] for key in found} == {"CN"}


def test_unlocated_accounts_count_by_their_label_and_unknown_ones_without() -> None:
    """Accounts 1 and 2 share a label, 3 has another; 4 has no evidence, 5 no row at all.

    A located account's label is none of the cell's: account 6 counts by its country.
    """
    known = [
        country(1, None, (2, 5)),
        country(2, None, (2, 5)),
        country(3, None, (0, 5)),
        country(4),
        country(6, "DE", (2, 5)),
    ]
    table = counted([SUNDAY], [activity(SUNDAY, n) for n in range(1, 7)], known)
    found = {
        key[3:]: counts[0]
        for key, counts in cells(table).items()
        if key[:3] == ("day", "tracked", "any")
    }
    assert found == {
        (None, 2, 5): 2,
        (None, 0, 5): 1,
        (None, None, None): 2,
        ("DE", None, None): 1,
    }


def test_countries_are_those_as_of_the_periods_last_day() -> None:
    """On Saturday the account was not located yet: Saturday's cell says so, and Sunday's not."""
    table = counted(
        [SATURDAY, SUNDAY],
        [activity(SATURDAY, 1)],
        [country(1, day=SATURDAY), country(1, "CN")],
    )
    assert {key[3] for key in cells(table, day=SATURDAY)} == {None}
    assert {(key[0], key[3]) for key in cells(table)} == {("week", "CN"), ("28d", "CN")}


def test_rows_come_in_the_order_of_their_cells() -> None:
    active = [
        activity(day, n, is_panel=True, origin="cn", layer="model", event_group=group)
        for day in (SATURDAY, SUNDAY)
        for n in range(3)
        for group in GROUPS
    ]
    table = counted([SUNDAY, SATURDAY], active, [country(n, "CN") for n in range(2)])
    keys = [
        (row["activity_date"], row["period"], row["scope"], row["event_group"])
        for row in table.to_pylist()
    ]
    assert keys == sorted(keys)
    assert len(set(keys)) == 4 * 4 * 5


def test_no_activity_has_no_cells() -> None:
    assert counted([SUNDAY], [], [country(1, "CN")]).num_rows == 0
    assert counted([], [activity(SUNDAY, 1)], []).num_rows == 0


@settings(max_examples=20)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 30), st.integers(1, 6), st.sampled_from(GROUPS), st.integers(1, 5)
        ),
        max_size=25,
    ),
    st.dictionaries(st.integers(1, 6), st.sampled_from(["CN", "US", None])),
)
def test_every_period_counts_its_own_distinct_accounts_and_all_of_its_events(
    rows: list[tuple[int, int, str, int]], known: Mapping[int, str | None]
) -> None:
    table = counted(
        [SUNDAY],
        [
            activity(SUNDAY - timedelta(days=age), actor, event_group=group, event_count=count)
            for age, actor, group, count in rows
        ],
        [country(actor, located) for actor, located in known.items()],
    )
    found = cells(table)
    for period, length in (("day", 1), ("week", 7), ("28d", 28)):
        inside = [row for row in rows if row[0] < length]
        for group in (*GROUPS, "any"):
            mine = [row for row in inside if group in (row[2], "any")]
            counts = [
                value for key, value in found.items() if key[:3] == (period, "tracked", group)
            ]
            assert sum(each[0] for each in counts) == len({row[1] for row in mine})
            assert sum(each[1] for each in counts) == sum(row[3] for row in mine)


def test_cells_become_arrays_that_hold_every_account() -> None:
    table = counted(
        [SUNDAY],
        [
            activity(SUNDAY, 1, event_count=3, before_17_count=2),
            activity(SUNDAY, 2),
            activity(SUNDAY, 3),
            activity(SUNDAY, 4),
            activity(SUNDAY, 5, event_group="contribution", event_count=6),
        ],
        [country(1, "US"), country(2, "CN"), country(3, None, (1, 4)), country(5, None, (3, 0))],
    )
    day = table.filter(pc.equal(table["period"], "day"))
    found = day_cells(day, strata=4, labels=6)
    assert found.keys == [
        ("day", "tracked", "any"),
        ("day", "tracked", "attention"),
        ("day", "tracked", "contribution"),
    ]
    assert found.countries == ["CN", "US"]
    assert found.located.tolist() == [[1, 1], [1, 1], [0, 0]]
    assert found.unlabelled.tolist() == [1, 1, 0]
    labels = np.zeros((3, 4, 6), dtype=np.int64)
    labels[0, 1, 4] = labels[1, 1, 4] = labels[0, 3, 0] = labels[2, 3, 0] = 1
    assert found.unlocated.tolist() == labels.tolist()
    assert found.total.tolist() == [5, 4, 1]
    assert found.event_count.tolist() == [12, 6, 6]
    assert found.before_17_count.tolist() == [2, 2, 0]


def test_a_day_without_cells_has_empty_arrays() -> None:
    found = day_cells(counted([SUNDAY], [], []), strata=4, labels=6)
    assert found.keys == []
    assert found.located.shape == (0, 0)
    assert found.unlocated.shape == (0, 4, 6)
    assert found.total.tolist() == []
