"""A day's events to counts by country, and counts to shares."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.activity.tables import ARCHIVE_HOURS, EVENTS
from assets.engagement.shares import complete_hours, country_activity, engagement
from assets.engagement.tables import COUNTRY_ACTIVITY, STAGED_ENGAGEMENT

DAY = date(2024, 12, 15)
MIDNIGHT = datetime(2024, 12, 15, tzinfo=UTC)
COUNTS = ("actor_count", "event_count", "capped_event_count")
#: (actor_id, event_group, is_tracked, is_panel)
Event = tuple[int | None, str, bool, bool]
TRACKED, PANEL, BOTH = (True, False), (False, True), (True, True)


def events_of(rows: Sequence[Event]) -> pa.Table:
    return EVENTS.arrow(
        [
            {
                "event_date": DAY,
                "event_type": "AnyEvent",
                "event_id": str(number),
                "created_at": MIDNIGHT + timedelta(seconds=number),
                "event_group": group,
                "actor_id": actor_id,
                "repo_id": 1,
                "is_tracked": is_tracked,
                "is_panel": is_panel,
                "source": "gharchive",
                "file_hour": MIDNIGHT,
            }
            for number, (actor_id, group, is_tracked, is_panel) in enumerate(rows)
        ]
    )


def countries_of(countries: dict[int, str | None], bots: frozenset[int] = frozenset()) -> pa.Table:
    return pa.table(
        {
            "actor_id": pa.array(countries, pa.int64()),
            "country_iso2": pa.array(countries.values(), pa.string()),
            "is_bot": pa.array([actor in bots for actor in countries], pa.bool_()),
        }
    )


def cells(activity: pa.Table) -> dict[tuple[str, str, str], tuple[int, int, int]]:
    """(scope, event group, country) to accounts, events and capped events."""
    return {
        (row["scope"], row["event_group"], row["country_iso2"]): tuple(row[name] for name in COUNTS)
        for row in activity.to_pylist()
    }


def activity_of(groups: dict[str, dict[str, int]], scope: str = "tracked") -> pa.Table:
    """mart.country_activity with one event an account."""
    return COUNTRY_ACTIVITY.arrow(
        [
            {
                "activity_date": DAY,
                "scope": scope,
                "event_group": group,
                "country_iso2": country,
                "actor_count": count,
                "event_count": count,
                "capped_event_count": count,
                "event_cap": 20,
            }
            for group, counts in groups.items()
            for country, count in counts.items()
        ]
    )


def by_country(rows: pa.Table, group: str = "attention") -> dict[str, dict[str, Any]]:
    return {row["country_iso2"]: row for row in rows.to_pylist() if row["event_group"] == group}


def test_a_small_day_is_counted_as_by_hand() -> None:
    """Cap 2. Accounts: 1 and 2 Chinese, 3 American, 4 without a country, 5 not looked up, 6 a bot.

    Tracked attention: account 1 three times (capped 2), 2 once, 3 once, 4 once, 5 once, 6 dropped:
    CN 2 accounts with 4 events (3 capped), US 1, ZZ 2 (accounts 4 and 5).
    Tracked contribution: account 1 twice: CN 1 account, 2 events.
    Any, tracked: account 1 has 5 events (capped 2), and is still one account: CN 2, 6 events,
    3 capped.
    Panel: account 1's three stars are of both scopes; account 3 pushed once, elsewhere.
    """
    activity = country_activity(
        DAY,
        events_of(
            [
                *[(1, "attention", *BOTH)] * 3,
                *[(1, "contribution", *TRACKED)] * 2,
                (2, "attention", *TRACKED),
                (3, "attention", *TRACKED),
                (3, "contribution", *PANEL),
                (4, "attention", *TRACKED),
                (5, "attention", *TRACKED),
                (6, "attention", *BOTH),
            ]
        ),
        countries_of({1: "CN", 2: "CN", 3: "US", 4: None, 6: "US"}, frozenset({6})),
        event_cap=2,
    )
    assert cells(activity) == {
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
    assert set(activity["activity_date"].to_pylist()) == {DAY}
    assert set(activity["event_cap"].to_pylist()) == {2}
    assert activity.schema == COUNTRY_ACTIVITY.arrow_schema


def test_an_account_in_two_event_groups_counts_once_in_any() -> None:
    activity = country_activity(
        DAY,
        events_of([(1, group, *TRACKED) for group in ("attention", "contribution", "other")]),
        countries_of({1: "CN"}),
        event_cap=20,
    )
    assert {key[1]: counts[0] for key, counts in cells(activity).items()} == {
        "attention": 1,
        "contribution": 1,
        "other": 1,
        "any": 1,
    }


def test_events_without_an_account_are_events_of_unknown_country_and_are_not_capped() -> None:
    """Nobody knows how many people three events without an account are: none is capped away."""
    activity = country_activity(
        DAY,
        events_of([*[(None, "attention", *TRACKED)] * 3, (7, "attention", *TRACKED)]),
        countries_of({}),
        event_cap=1,
    )
    assert cells(activity)["tracked", "attention", "ZZ"] == (1, 4, 4)


def test_an_event_of_neither_scope_counts_nowhere() -> None:
    activity = country_activity(
        DAY, events_of([(1, "attention", False, False)]), countries_of({1: "CN"}), event_cap=20
    )
    assert activity.num_rows == 0


def test_a_day_without_events_has_no_activity() -> None:
    activity = country_activity(DAY, events_of([]), countries_of({}), event_cap=20)
    assert activity.num_rows == 0
    assert activity.schema == COUNTRY_ACTIVITY.arrow_schema


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.one_of(st.none(), st.integers(1, 8)),
            st.sampled_from(["attention", "contribution", "participation", "other"]),
            st.booleans(),
            st.booleans(),
        ),
        max_size=40,
    ),
    st.dictionaries(st.integers(1, 8), st.sampled_from(["CN", "US", None])),
    st.integers(1, 5),
)
def test_cells_add_up_to_the_events_they_are_made_of(
    rows: list[Event], countries: dict[int, str | None], cap: int
) -> None:
    counted = cells(country_activity(DAY, events_of(rows), countries_of(countries), cap))
    for scope, column in (("tracked", 2), ("panel", 3)):
        inside = [row for row in rows if row[column]]
        any_cells = [counts for key, counts in counted.items() if key[:2] == (scope, "any")]
        assert sum(counts[0] for counts in any_cells) == len({row[0] for row in inside} - {None})
        assert sum(counts[1] for counts in any_cells) == len(inside)
        parts = [counts for key, counts in counted.items() if key[0] == scope and key[1] != "any"]
        assert sum(counts[1] for counts in parts) == len(inside)
    assert all(capped <= events for _, events, capped in counted.values())


def test_shares_of_a_small_day_are_as_worked_by_hand() -> None:
    """CN 8, US 2, unknown 10: 10 located of 20.

    CN: share 8/10 with the Wilson interval 0.490162 to 0.943318 (see test_intervals); unknown
    10/20; worst case 8/20 (no unknown account is Chinese) to 18/20 (every one is).
    US: share 2/10, interval mirrored to 0.056682 to 0.509838; worst case 2/20 to 12/20.
    """
    activity = activity_of({"attention": {"CN": 8, "US": 2, "ZZ": 10}})
    rows = engagement(DAY, activity, complete_hour_count=24)
    shares = by_country(rows)
    assert shares.keys() == {"CN", "US"}
    assert shares["CN"] == {
        "activity_date": DAY,
        "event_group": "attention",
        "country_iso2": "CN",
        "actor_count": 8,
        "located_actor_count": 10,
        "total_actor_count": 20,
        "located_share": 0.8,
        "located_share_ci_low": pytest.approx(0.490162, abs=1e-6),
        "located_share_ci_high": pytest.approx(0.943318, abs=1e-6),
        "unknown_share": 0.5,
        "share_low": 0.4,
        "share_high": 0.9,
        "complete_hour_count": 24,
        "is_complete": True,
    }
    assert shares["US"]["located_share"] == 0.2
    assert shares["US"]["located_share_ci_low"] == pytest.approx(0.056682, abs=1e-6)
    assert shares["US"]["located_share_ci_high"] == pytest.approx(0.509838, abs=1e-6)
    assert (shares["US"]["share_low"], shares["US"]["share_high"]) == (0.1, 0.6)
    assert rows.schema == STAGED_ENGAGEMENT.arrow_schema


def test_each_event_group_has_its_own_totals() -> None:
    rows = engagement(
        DAY, activity_of({"attention": {"CN": 3, "US": 1}, "any": {"CN": 5, "US": 5, "ZZ": 10}}), 24
    )
    assert by_country(rows, "attention")["CN"]["located_share"] == 0.75
    assert by_country(rows, "attention")["CN"]["unknown_share"] == 0.0
    assert by_country(rows, "any")["CN"]["located_share"] == 0.5
    assert by_country(rows, "any")["CN"]["unknown_share"] == 0.5


def test_the_panel_has_no_part_in_the_shares() -> None:
    tracked = activity_of({"attention": {"CN": 1, "US": 1}})
    panel = activity_of({"attention": {"CN": 90, "DE": 9}}, scope="panel")
    rows = engagement(DAY, pa.concat_tables([tracked, panel]), 24)
    assert rows.equals(engagement(DAY, tracked, 24))


@pytest.mark.parametrize(
    "groups",
    [
        {},
        {"attention": {"ZZ": 7}},
        {"attention": {"ZZ": 0}},
        {"attention": {"CN": 0, "ZZ": 3}},
    ],
)
def test_a_day_without_a_located_account_has_no_shares(groups: dict[str, dict[str, int]]) -> None:
    rows = engagement(DAY, activity_of(groups), 24)
    assert rows.num_rows == 0
    assert rows.schema == STAGED_ENGAGEMENT.arrow_schema


@pytest.mark.parametrize(("hours", "is_complete"), [(24, True), (23, False), (0, False)])
def test_a_day_is_complete_with_all_24_files(hours: int, is_complete: bool) -> None:
    (row,) = engagement(DAY, activity_of({"attention": {"CN": 1}}), hours).to_pylist()
    assert (row["complete_hour_count"], row["is_complete"]) == (hours, is_complete)


@settings(deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["attention", "contribution", "any"]),
        st.dictionaries(
            st.sampled_from(["CN", "US", "DE", "IN", "ZZ"]), st.integers(0, 10_000), min_size=1
        ),
    )
)
def test_shares_of_a_group_add_up_to_one_inside_their_bounds(
    groups: dict[str, dict[str, int]],
) -> None:
    rows = engagement(DAY, activity_of(groups), 24)
    for group, counts in groups.items():
        shares = by_country(rows, group)
        located = {country: count for country, count in counts.items() if country != "ZZ" and count}
        assert shares.keys() == located.keys()
        if not shares:
            continue
        assert sum(row["located_share"] for row in shares.values()) == pytest.approx(1)
        for row in shares.values():
            assert row["located_share_ci_low"] <= row["located_share"]
            assert row["located_share"] <= row["located_share_ci_high"]
            assert row["share_low"] <= row["located_share"] <= row["share_high"] + 1e-12
            assert row["share_high"] - row["share_low"] == pytest.approx(row["unknown_share"])


def hours_of(statuses: dict[int, str], *, neighbour: str | None = None) -> pa.Table:
    """raw.archive_hours of the day: hour to status, and the next day's first file."""
    files = [(DAY, MIDNIGHT + timedelta(hours=hour), each) for hour, each in statuses.items()]
    if neighbour:
        files.append((DAY, MIDNIGHT + timedelta(hours=24), neighbour))
    return ARCHIVE_HOURS.arrow(
        [
            {
                "source": "gharchive",
                "archive_date": day,
                "file_hour": hour,
                "is_neighbour": hour.date() != day,
                "status": status,
                **dict.fromkeys(
                    ("byte_count", "inflated_byte_count", "member_count", "line_count"), 0
                ),
                **dict.fromkeys(("event_count", "kept_count", "bad_line_count"), 0),
                **dict.fromkeys(("repaired_line_count", "duplicate_count"), 0),
                **dict.fromkeys(("timeline_count", "late_count"), 0),
                "bad_offsets": [],
                "messages": [],
                "scan_fingerprint": "test",
                "fetched_at": MIDNIGHT,
            }
            for day, hour, status in files
        ]
    )


def test_only_whole_files_of_the_day_itself_are_complete_hours() -> None:
    hours = hours_of({0: "complete", 1: "truncated", 2: "missing"}, neighbour="complete")
    assert complete_hours([hours], DAY) == 1
    assert complete_hours([hours], DAY + timedelta(days=1)) == 0


def test_an_hour_is_complete_when_any_archive_has_it_whole_and_counts_once() -> None:
    one = hours_of({0: "complete", 1: "missing", 2: "missing"})
    other = hours_of({0: "complete", 1: "complete", 2: "corrupt"})
    assert complete_hours([one, other], DAY) == 2


def test_a_day_without_archives_has_no_complete_hour() -> None:
    assert complete_hours([], DAY) == 0
