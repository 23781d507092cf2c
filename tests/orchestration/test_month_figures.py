"""What the platform says of the sandbox's month: whose shares, how sure, and from what evidence."""

from datetime import timedelta

import numpy as np
import numpy.typing as npt
import pytest

from sandbox.world import ObservedEvents
from tests.orchestration.conftest import (
    DAYS,
    EVENT_GROUPS,
    GROUPINGS,
    PLAIN,
    SCOPES,
    SUNDAYS,
    Month,
)

LARGE = ("CN", "US", "IN", "DE")


def covered(month: Month, share: str, *, located_only: bool) -> list[bool]:
    """Whether each day's interval of a large country holds the planted share."""
    rows = month.warehouse.query(
        f"SELECT activity_date AS day, event_group, country_iso2, {share}_ci_low AS low, "  # noqa: S608
        f"{share}_ci_high AS high FROM mart.engagement WHERE {PLAIN} "
        "AND event_group IN ('attention', 'contribution', 'participation') "
        "AND list_contains(?, country_iso2)",
        [list(LARGE)],
    ).to_pylist()
    assert len(rows) > 300
    active = {
        (day, group): month.world.expected_active(day, group, located_only=located_only)
        for day, group in {(row["day"], row["event_group"]) for row in rows}
    }
    found = []
    for row in rows:
        by_country = active[row["day"], row["event_group"]]
        truth = by_country[row["country_iso2"]] / sum(by_country.values())
        found.append(row["low"] <= truth <= row["high"])
    return found


def test_located_shares_cover_the_planted_truth(month: Month) -> None:
    inside = covered(month, "located_share", located_only=True)
    # A fixed population varies a little less than the binomial that Wilson's interval assumes.
    assert 0.94 <= sum(inside) / len(inside) <= 1.0


def test_corrected_shares_cover_the_planted_truth_about_everybody(month: Month) -> None:
    """The truth holds for those without a location too; nobody told the platform where they are.

    One population of 3,000 serves every day, so that its days miss together: the rate over many
    populations is measured in benchmarks/.
    """
    inside = covered(month, "share", located_only=False)
    assert 0.88 <= sum(inside) / len(inside) <= 1.0


def attention(events: ObservedEvents) -> npt.NDArray[np.bool_]:
    """Which events are stars and forks of people on tracked repositories."""
    is_attention = np.isin(events.event_type, ["WatchEvent", "ForkEvent"])
    return np.asarray(events.is_tracked & ~events.is_bot & is_attention)


def test_the_corrected_share_of_four_weeks_covers_the_share_of_the_people_who_were_there(
    month: Month,
) -> None:
    """People of China among all who starred or forked in the 28 days up to the last Sunday.

    All sources together have the people that the first archive has, and at most all there were.
    One file of 2024-12-12 comes only when it is asked for again: until then some may be missing.
    """
    sunday, late = SUNDAYS[-1], np.datetime64("2024-12-12T06", "h")
    people: set[int] = set()
    at_first: set[int] = set()
    for back in range(28):
        day = sunday - timedelta(days=back)
        drawn, archived = month.world.drawn_on(day), month.world.events_of(day)
        people |= set(drawn.actor_id[attention(drawn)].tolist())
        in_time = attention(archived) & (archived.created_at.astype("datetime64[h]") != late)
        at_first |= set(archived.actor_id[in_time].tolist())
    chinese = sum(month.world.account_by_id[person].country == "CN" for person in people)
    (row,) = month.warehouse.query(
        "SELECT * FROM mart.engagement WHERE activity_date = ? AND period = '28d' "
        "AND scope = 'tracked' AND grouping = 'apart' AND event_group = 'attention' "
        "AND country_iso2 = 'CN'",
        [sunday],
    ).to_pylist()
    # An account that GitHub no longer knows is an account like any other here.
    assert len(at_first) <= row["total_actor_count"] <= len(people)
    assert len(at_first) > 2_000
    assert row["share_ci_low"] <= chinese / len(people) <= row["share_ci_high"]
    assert row["share_low"] <= chinese / len(people) <= row["share_high"]
    assert row["share_ci_high"] - row["share_ci_low"] < 0.1 < row["share_high"] - row["share_low"]


def test_every_day_every_sunday_and_every_kind_of_cell_has_its_figures(month: Month) -> None:
    days = {
        row["period"]: sorted(row["days"])
        for row in month.warehouse.query(
            "SELECT period, list(DISTINCT activity_date) AS days FROM mart.engagement GROUP BY 1"
        ).to_pylist()
    }
    assert days == {"day": DAYS, "week": SUNDAYS, "28d": SUNDAYS}
    cells = month.warehouse.query(
        "SELECT DISTINCT activity_date, period, scope, grouping FROM mart.engagement"
    ).num_rows
    assert cells == (len(DAYS) + 2 * len(SUNDAYS)) * len(SCOPES) * len(GROUPINGS)
    for column, expected in (
        ("scope", SCOPES), ("grouping", GROUPINGS), ("event_group", EVENT_GROUPS),
    ):  # fmt: skip
        found = month.warehouse.query(f"SELECT DISTINCT {column} FROM mart.engagement")  # noqa: S608
        assert set(found[column].to_pylist()) == expected


def test_a_group_has_the_accounts_of_its_members_and_the_others_stay_as_they_are(
    month: Month,
) -> None:
    rows = month.warehouse.query(
        "WITH apart AS (FROM mart.engagement WHERE grouping = 'apart'), "
        "summed AS (SELECT activity_date, period, scope, event_group, "
        "CASE WHEN country_iso2 IN ('CN', 'HK', 'MO', 'TW') THEN 'CN' ELSE country_iso2 END "
        "AS country_iso2, sum(actor_count) AS n, sum(share) AS p FROM apart GROUP BY ALL) "
        "SELECT count(*) AS cells, "
        # A member of whom less than half an account is expected has no row of its own.
        "count(*) FILTER (g.actor_count = coalesce(s.n, 0) AND g.share - coalesce(s.p, 0) BETWEEN "
        "-1e-9 AND CASE WHEN g.country_iso2 = 'CN' THEN 4 * 0.5 / g.total_actor_count "
        "ELSE 1e-9 END) AS equal "
        "FROM (FROM mart.engagement WHERE grouping = 'cn_hk_mo_tw') AS g FULL JOIN summed AS s "
        "USING (activity_date, period, scope, event_group, country_iso2)"
    ).to_pylist()
    assert rows[0]["cells"] == rows[0]["equal"] > 20_000


def test_each_kind_of_evidence_is_there_and_names_only_active_accounts(month: Month) -> None:
    rows = month.warehouse.query(
        "SELECT kind, count(*) AS n, count(country_iso2) AS named, "
        "count(*) FILTER (len(numbers) = 0) AS without_numbers FROM core.actor_evidence GROUP BY 1"
    ).to_pylist()
    found = {row["kind"]: row for row in rows}
    assert set(found) == {"location", "company", "email_domain", "utc_offset", "clock"}
    for kind, row in found.items():
        is_of_hours = kind in ("utc_offset", "clock")
        assert row["named"] == (0 if is_of_hours else row["n"]), kind
        assert row["without_numbers"] == (0 if is_of_hours else row["n"]), kind
    (strangers,) = month.warehouse.query(
        "SELECT count(*) AS n FROM core.actor_evidence AS e ANTI JOIN core.actor_days AS d "
        "ON d.actor_id = e.actor_id AND d.activity_date = e.as_of_date"
    ).to_pylist()
    assert strangers["n"] == 0


def test_a_location_is_read_as_the_country_that_was_planted(month: Month) -> None:
    rows = month.warehouse.query(
        "SELECT DISTINCT actor_id, located_iso2 FROM core.actor_country"
    ).to_pylist()
    people = month.world.account_by_id
    read = [
        (people[row["actor_id"]].country, row["located_iso2"])
        for row in rows
        if people[row["actor_id"]].is_located and not people[row["actor_id"]].is_deleted
    ]
    assert len(read) > 1_000
    assert sum(true == found for true, found in read) / len(read) > 0.99


def test_what_a_day_learned_adds_up(month: Month) -> None:
    rows = month.warehouse.query(
        "SELECT as_of_date, sum(unlocated_share) AS total, "
        "list(class_number ORDER BY class_number) AS numbers, "
        "last(country_iso2 ORDER BY class_number) AS rest "
        "FROM core.attribution_model GROUP BY 1 ORDER BY 1"
    ).to_pylist()
    assert [row["as_of_date"] for row in rows] == DAYS
    for row in rows:
        assert row["total"] == pytest.approx(1, abs=1e-9)
        assert row["numbers"] == list(range(len(row["numbers"])))
        assert row["rest"] == "ZZ"


def test_probabilities_are_about_as_often_right_as_they_say(month: Month) -> None:
    (row,) = month.warehouse.query(
        "SELECT count(DISTINCT as_of_date) AS days, sum(actor_count) AS n, "
        "sum(actor_count * abs(predicted_share - right_share)) / sum(actor_count) AS error "
        "FROM mart.attribution_reliability"
    ).to_pylist()
    assert row["days"] == len(DAYS)
    assert row["n"] > 10_000
    assert row["error"] < 0.1


def test_concentration_stands_beside_every_cell_of_the_shares(month: Month) -> None:
    key = "activity_date, period, scope, event_group, grouping"
    (row,) = month.warehouse.query(
        f"SELECT (SELECT count(*) FROM (SELECT DISTINCT {key} FROM mart.engagement)) AS cells, "  # noqa: S608
        "count(*) AS n, count(*) FILTER (herfindahl BETWEEN herfindahl_ci_low AND "
        "herfindahl_ci_high AND abs(herfindahl * effective_countries - 1) < 1e-9) AS sound "
        "FROM mart.concentration"
    ).to_pylist()
    assert row["cells"] == row["n"] == row["sound"] > 1_000


def test_the_indices_have_the_weeks_of_the_shares(month: Month) -> None:
    for table, least in (("engagement_index", 5_000), ("country_ratio", 400)):
        rows = month.warehouse.query(f"SELECT DISTINCT activity_date FROM mart.{table}")  # noqa: S608
        assert sorted(rows["activity_date"].to_pylist()) == SUNDAYS
        assert month.warehouse.query(f"FROM mart.{table}").num_rows >= least
    (crossing,) = month.warehouse.query(
        "SELECT * FROM mart.crossings WHERE scope = 'tracked' AND event_group = 'attention' "
        "AND grouping = 'apart'"
    ).to_pylist()
    # Only one of the weeks has none of the planted gaps, and the first has but its Sunday.
    assert crossing["compared_week_count"] + crossing["skipped_week_count"] == len(SUNDAYS)
    assert crossing["compared_week_count"] >= 1
