"""What of the marts is published: the same columns, small cells pooled, shares recomputed."""

from datetime import date
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.engagement.shares import engagement
from assets.engagement.tables import COUNTRY_ACTIVITY, ENGAGEMENT
from assets.report.publication import published_activity, published_engagement
from assets.report.suppression import SMALLEST_CELL

DAY = date(2024, 12, 15)
COUNTRIES = ("CN", "US", "DE", "FR", "IN", "ZZ")


def activity_of(counts: dict[str, int], group: str = "attention", day: date = DAY) -> pa.Table:
    """Of each account three events, two of them under the cap."""
    return COUNTRY_ACTIVITY.arrow(
        [
            {
                "activity_date": day,
                "scope": "tracked",
                "event_group": group,
                "country_iso2": country,
                "actor_count": count,
                "event_count": 3 * count,
                "capped_event_count": 2 * count,
                "event_cap": 2,
            }
            for country, count in counts.items()
        ]
    )


def engagement_of(counts: dict[str, int], hours: int = 24) -> pa.Table:
    """mart.engagement of the day."""
    return ENGAGEMENT.conform(engagement(DAY, activity_of(counts), hours))


def by_country(rows: pa.Table) -> dict[str, dict[str, Any]]:
    return {row["country_iso2"]: row for row in rows.to_pylist()}


def test_published_activity_pools_small_countries_as_xx() -> None:
    """DE 3 and FR 2 make the pool of five; their events add up to 15, 10 of them capped."""
    published = published_activity(activity_of({"CN": 40, "US": 5, "DE": 3, "FR": 2, "ZZ": 30}))
    rows = by_country(published)
    assert {country: row["actor_count"] for country, row in rows.items()} == {
        "CN": 40,
        "US": 5,
        "XX": 5,
        "ZZ": 30,
    }
    assert (rows["XX"]["event_count"], rows["XX"]["capped_event_count"]) == (15, 10)
    assert rows["CN"] == {
        "activity_date": DAY,
        "scope": "tracked",
        "event_group": "attention",
        "country_iso2": "CN",
        "actor_count": 40,
        "event_count": 120,
        "capped_event_count": 80,
        "event_cap": 2,
    }
    assert published.schema == COUNTRY_ACTIVITY.arrow_schema


def test_published_activity_drops_what_even_pooled_is_small() -> None:
    rows = pa.concat_tables(
        [activity_of({"CN": 2, "US": 2, "ZZ": 4}), activity_of({"CN": 9}, group="participation")]
    )
    kept = [
        (row["event_group"], row["country_iso2"]) for row in published_activity(rows).to_pylist()
    ]
    assert kept == [("participation", "CN")]


def test_the_sum_over_groups_is_not_published_beside_them() -> None:
    # any - participation would give the events of the two accounts pooled in attention.
    rows = pa.concat_tables(
        [
            activity_of({"CN": 2, "US": 9}),
            activity_of({"CN": 9, "US": 9}, group="participation"),
            activity_of({"CN": 11, "US": 18}, group="any"),
        ]
    )
    groups = set(published_activity(rows)["event_group"].to_pylist())
    assert groups == {"attention", "participation"}


def test_published_engagement_recomputes_shares_from_pooled_counts() -> None:
    """CN 8, US 1, DE 1, FR 3, 7 unknown: US, DE and FR make a pool of 5 of 13 located.

    XX: 5/13 = 0.384615, worst case 5/20 = 0.25 to 12/20 = 0.60, unknown 7/20 = 0.35. Wilson:
    (5 + 1.920729) / 16.841459 = 0.410934 -+ 1.959964 * sqrt(5 * 8 / 13 + 0.960365) / 16.841459
    = 0.233837, that is 0.177097 to 0.644771.
    """
    published = published_engagement(engagement_of({"CN": 8, "US": 1, "DE": 1, "FR": 3, "ZZ": 7}))
    rows = by_country(published)
    assert rows.keys() == {"CN", "XX"}
    assert rows["XX"] == {
        "activity_date": DAY,
        "event_group": "attention",
        "country_iso2": "XX",
        "actor_count": 5,
        "located_actor_count": 13,
        "total_actor_count": 20,
        "located_share": pytest.approx(0.384615, abs=1e-6),
        "located_share_ci_low": pytest.approx(0.177097, abs=1e-6),
        "located_share_ci_high": pytest.approx(0.644771, abs=1e-6),
        "unknown_share": 0.35,
        "share_low": 0.25,
        "share_high": 0.6,
        "complete_hour_count": 24,
        "is_complete": True,
    }
    assert published.schema == ENGAGEMENT.arrow_schema


def test_a_country_shown_apart_is_published_as_it_stands_in_the_mart() -> None:
    mart = engagement_of({"CN": 80, "US": 9, "DE": 3, "FR": 4, "ZZ": 50}, hours=23)
    published = by_country(published_engagement(mart))
    for country in ("CN", "US"):
        assert published[country] == by_country(mart)[country]
    assert published["XX"]["is_complete"] is False
    assert published["XX"]["complete_hour_count"] == 23


@pytest.mark.parametrize("counts", [{}, {"CN": 4}, {"CN": 2, "US": 2, "ZZ": 40}, {"ZZ": 9}])
def test_a_day_too_small_to_publish_has_no_engagement(counts: dict[str, int]) -> None:
    published = published_engagement(engagement_of(counts))
    assert published.num_rows == 0
    assert published.schema == ENGAGEMENT.arrow_schema


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.sampled_from(COUNTRIES), st.integers(1, 8) | st.integers(9, 500)))
def test_published_cells_are_large_and_give_no_small_one_away(counts: dict[str, int]) -> None:
    activity = published_activity(activity_of(counts)).to_pylist()
    shares = published_engagement(engagement_of(counts)).to_pylist()
    assert all(row["actor_count"] >= SMALLEST_CELL for row in [*activity, *shares])
    for row in shares:
        shown = sum(each["actor_count"] for each in shares)
        assert row["located_actor_count"] == shown
    if shares:
        assert sum(row["located_share"] for row in shares) == pytest.approx(1)
    # Both tables pool alike, so that none gives away what the other hides.
    located = {row["country_iso2"]: row["actor_count"] for row in shares}
    assert {
        row["country_iso2"]: row["actor_count"] for row in activity if row["country_iso2"] != "ZZ"
    } == located
