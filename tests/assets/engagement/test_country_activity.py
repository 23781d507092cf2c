"""A day's accounts and events by located country."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.activity.tables import ACTOR_DAYS
from assets.attribution.tables import ACTOR_COUNTRY
from assets.engagement.shares import country_activity
from assets.engagement.tables import COUNTRY_ACTIVITY

DAY = date(2024, 12, 15)
COUNTS = ("actor_count", "event_count", "capped_event_count")
TRACKED, PANEL, BOTH = (True, False), (False, True), (True, True)


def activity(
    actor_id: int | None,
    event_group: str,
    kind: tuple[bool, bool],
    count: int = 1,
    *,
    origin: str | None = None,
    layer: str | None = None,
) -> dict[str, Any]:
    """A row of core.actor_days."""
    return {
        "activity_date": DAY,
        "actor_id": actor_id,
        "event_group": event_group,
        "is_tracked": kind[0],
        "is_panel": kind[1],
        "origin": origin,
        "layer": layer,
        "event_count": count,
        "before_17_count": 0,
        "hour_mask": 1,
    }


def countries_of(
    located: Mapping[int, str | None], bots: frozenset[int] = frozenset(), guess: str = "US"
) -> pa.Table:
    """core.actor_country, whose most probable country is never what accounts are counted by."""
    return ACTOR_COUNTRY.arrow(
        [
            {
                "as_of_date": DAY,
                "actor_id": actor,
                "is_bot": actor in bots,
                "located_iso2": country,
                "country_iso2": country or guess,
                "probability": 0.9,
                "candidate_iso2": [],
                "candidate_probability": [],
                "model_version": "test",
            }
            for actor, country in located.items()
        ]
    )


def counted(
    active: Sequence[dict[str, Any]], located: pa.Table, cap: int = 20
) -> dict[tuple[str, str, str], tuple[int, int, int]]:
    """(scope, event group, country) to accounts, events and capped events."""
    table = country_activity(DAY, ACTOR_DAYS.arrow(active), located, cap)
    assert table.schema == COUNTRY_ACTIVITY.arrow_schema
    rows = table.to_pylist()
    assert all((row["activity_date"], row["event_cap"]) == (DAY, cap) for row in rows)
    found: dict[Any, Any] = {
        (row["scope"], row["event_group"], row["country_iso2"]): tuple(row[name] for name in COUNTS)
        for row in rows
    }
    assert len(found) == len(rows)
    return found


def test_a_small_day_is_counted_as_by_hand() -> None:
    """Cap 2. Accounts: 1 and 2 Chinese, 3 American, 4 without a country, 5 not looked up, 6 a bot.

    Tracked attention: account 1 three times (capped 2), 2 once, 3 once, 4 once, 5 once, 6 dropped:
    CN 2 accounts with 4 events (3 capped), US 1, ZZ 2 (accounts 4 and 5).
    Tracked contribution: account 1 twice: CN 1 account, 2 events.
    Any, tracked: account 1 has 5 events (capped 2), and is still one account: CN 2, 6 events,
    3 capped.
    Panel: account 1's three stars are of both scopes; account 3 pushed once, elsewhere.
    """
    found = counted(
        [
            activity(1, "attention", BOTH, 3),
            activity(1, "contribution", TRACKED, 2),
            activity(2, "attention", TRACKED),
            activity(3, "attention", TRACKED),
            activity(3, "contribution", PANEL),
            activity(4, "attention", TRACKED),
            activity(5, "attention", TRACKED),
            activity(6, "attention", BOTH),
        ],
        countries_of({1: "CN", 2: "CN", 3: "US", 4: None, 6: "US"}, frozenset({6})),
        cap=2,
    )
    assert found == {
        ("tracked", "attention", "CN"): (2, 4, 3),
        ("tracked", "attention", "US"): (1, 1, 1),
        ("tracked", "attention", "ZZ"): (2, 2, 2),
        ("tracked", "contribution", "CN"): (1, 2, 2),
        ("tracked", "any", "CN"): (2, 6, 3),
        ("tracked", "any", "US"): (1, 1, 1),
        ("tracked", "any", "ZZ"): (2, 2, 2),
        ("panel", "attention", "CN"): (1, 3, 2),
        ("panel", "contribution", "US"): (1, 1, 1),
        ("panel", "any", "CN"): (1, 3, 2),
        ("panel", "any", "US"): (1, 1, 1),
    }


def test_an_account_in_two_event_groups_counts_once_in_any() -> None:
    found = counted(
        [activity(1, group, TRACKED) for group in ("attention", "contribution", "other")],
        countries_of({1: "CN"}),
    )
    assert {key[1]: counts[0] for key, counts in found.items()} == {
        "attention": 1,
        "contribution": 1,
        "other": 1,
        "any": 1,
    }


def test_families_and_layers_are_scopes_and_an_account_counts_once_in_each() -> None:
    """Account 1 starred two Chinese models of different layers: one account, and capped as one."""
    found = counted(
        [
            activity(1, "attention", TRACKED, 3, origin="cn", layer="model"),
            activity(1, "attention", TRACKED, 4, origin="cn", layer="inference"),
            activity(1, "attention", TRACKED, 1, layer="inference"),
        ],
        countries_of({1: "CN"}),
        cap=5,
    )
    assert {key[0]: counts for key, counts in found.items() if key[1] == "attention"} == {
        "tracked": (1, 8, 5),
        "origin_cn": (1, 7, 5),
        "layer_model": (1, 3, 3),
        "layer_inference": (1, 5, 5),
    }
    assert {key[0] for key in found if key[1] == "any"} == {key[0] for key in found}


def test_events_without_an_account_are_events_of_unknown_country_and_are_not_capped() -> None:
    """Nobody knows how many people three events without an account are: none is capped away."""
    found = counted(
        [activity(None, "attention", TRACKED, 3), activity(7, "attention", TRACKED)],
        countries_of({}),
        cap=1,
    )
    assert found["tracked", "attention", "ZZ"] == (1, 4, 4)


def test_an_event_of_neither_scope_counts_nowhere() -> None:
    assert counted([activity(1, "attention", (False, False))], countries_of({1: "CN"})) == {}


def test_a_day_without_events_has_no_activity() -> None:
    assert counted([], countries_of({1: "CN"})) == {}


@settings(max_examples=25)
@given(
    st.dictionaries(
        st.tuples(
            st.one_of(st.none(), st.integers(1, 8)),
            st.sampled_from(["attention", "contribution", "participation", "other"]),
            st.sampled_from([TRACKED, PANEL, BOTH, (False, False)]),
        ),
        st.integers(1, 9),
        max_size=25,
    ),
    st.dictionaries(st.integers(1, 8), st.sampled_from(["CN", "US", None])),
    st.integers(1, 5),
)
def test_cells_add_up_to_the_events_they_are_made_of(
    rows: dict[tuple[int | None, str, tuple[bool, bool]], int],
    located: dict[int, str | None],
    cap: int,
) -> None:
    found = counted(
        [activity(*key, count) for key, count in rows.items()], countries_of(located), cap
    )
    for scope, at in (("tracked", 0), ("panel", 1)):
        inside = {key: count for key, count in rows.items() if key[2][at]}
        any_cells = [counts for key, counts in found.items() if key[:2] == (scope, "any")]
        assert sum(counts[0] for counts in any_cells) == len({key[0] for key in inside} - {None})
        assert sum(counts[1] for counts in any_cells) == sum(inside.values())
        parts = [counts for key, counts in found.items() if key[0] == scope and key[1] != "any"]
        assert sum(counts[1] for counts in parts) == sum(inside.values())
    assert all(capped <= events for _, events, capped in found.values())
