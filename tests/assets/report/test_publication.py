"""What is published of the marts: the same columns, small cells pooled, nothing to subtract."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from itertools import combinations, product
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.engagement.shares import SMALLEST_CELL
from assets.engagement.tables import CONCENTRATION, COUNTRY_ACTIVITY, ENGAGEMENT
from assets.papers.tables import DIFFUSION_PAPERS
from assets.report.publication import (
    published_activity,
    published_concentration,
    published_diffusion_papers,
    published_engagement,
    published_where_shown,
    unmasked_activity,
)
from tests.engagement_rows import engagement_rows

DAY = date(2024, 12, 15)
COUNTRIES = ("CN", "DE", "FR", "HK", "IN", "MO", "TW", "US")
GREATER = {"CN": "CN", "HK": "CN", "MO": "CN", "TW": "CN"}
EUROPE = {"DE": "EU", "FR": "EU"}
COUNTS = st.dictionaries(st.sampled_from(COUNTRIES), st.integers(1, 8) | st.integers(9, 500))
Groups = Mapping[str, Mapping[str, str]]
ONE: Groups = {"greater": GREATER}
TWO: Groups = {"europe": EUROPE, "greater": GREATER}


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


def groupings_of(groups: Groups) -> pa.Table:
    """core.country_groupings: every economy in `apart` and in each of the groupings."""
    return pa.table(
        {
            "grouping": [name for name in ("apart", *groups) for _ in COUNTRIES],
            "country_iso2": [country for _ in ("apart", *groups) for country in COUNTRIES],
            "group_code": [
                groups.get(name, {}).get(country, country)
                for name in ("apart", *groups)
                for country in COUNTRIES
            ],
        }
    )


def grouped(counts: Mapping[str, int], group_of: Mapping[str, str]) -> dict[str, int]:
    found: dict[str, int] = defaultdict(int)
    for country, count in counts.items():
        found[group_of.get(country, country)] += count
    return dict(found)


def mart_of(counts: Mapping[str, int], groups: Groups = ONE, **cell: Any) -> pa.Table:  # noqa: ANN401
    """mart.engagement of one cell, apart and under each grouping."""
    return pa.concat_tables(
        [
            engagement_rows(DAY, counts, **cell),
            *(
                engagement_rows(DAY, grouped(counts, group_of), grouping=name, **cell)
                for name, group_of in groups.items()
            ),
        ]
    )


def published_of(counts: Mapping[str, int], groups: Groups = ONE) -> pa.Table:
    return published_engagement(mart_of(counts, groups), groupings_of(groups))


def by_country(rows: pa.Table, grouping: str = "apart") -> dict[str, dict[str, Any]]:
    return {
        row["country_iso2"]: row
        for row in rows.to_pylist()
        if row.get("grouping", "apart") == grouping
    }


def counts_in(rows: pa.Table, grouping: str = "apart") -> dict[str, int]:
    return {
        country: row["actor_count"] for country, row in sorted(by_country(rows, grouping).items())
    }


def test_published_activity_pools_small_countries_as_xx() -> None:
    """DE 3 and FR 2 make the pool of five; their events add up to 15, 10 of them capped."""
    published = published_activity(activity_of({"CN": 40, "US": 5, "DE": 3, "FR": 2, "ZZ": 30}))
    rows = by_country(published)
    assert counts_in(published) == {"CN": 40, "US": 5, "XX": 5, "ZZ": 30}
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


def test_a_pool_has_counts_and_shares_and_no_interval() -> None:
    """CN 8, US 1, DE 1, FR 3, 7 unknown: US, DE and FR make a pool of 5 of 13 located.

    XX: 5/13 = 0.384615, worst case 5/20 = 0.25 to 12/20 = 0.60, unknown 7/20 = 0.35. Wilson of the
    located: (5 + 1.920729) / 16.841459 = 0.410934 -+ 1.959964 * sqrt(5 * 8 / 13 + 0.960365) /
    16.841459 = 0.233837, that is 0.177097 to 0.644771. The corrected share is the sum of the three,
    whose bootstrap interval is not to be had from theirs.
    """
    published = published_of({"CN": 8, "US": 1, "DE": 1, "FR": 3, "ZZ": 7})
    rows = by_country(published)
    assert rows.keys() == {"CN", "XX"}
    assert rows["XX"] == {
        "activity_date": DAY,
        "period": "day",
        "scope": "tracked",
        "event_group": "attention",
        "grouping": "apart",
        "country_iso2": "XX",
        "actor_count": 5,
        "located_actor_count": 13,
        "total_actor_count": 20,
        "located_share": pytest.approx(0.384615, abs=1e-6),
        "located_share_ci_low": pytest.approx(0.177097, abs=1e-6),
        "located_share_ci_high": pytest.approx(0.644771, abs=1e-6),
        "share": pytest.approx(5 / 13),
        "share_ci_low": None,
        "share_ci_high": None,
        "share_log_se": None,
        "unknown_share": 0.35,
        "share_low": 0.25,
        "share_high": 0.6,
        "clock_17utc_share": None,
        "location_quotient": None,
        "location_quotient_ci_low": None,
        "location_quotient_ci_high": None,
        "complete_hour_count": 24,
        "expected_hour_count": 24,
        "is_complete": True,
        "capture_status": "sound",
        "capture_rate": 0.97,
        "capture_rate_ci_low": 0.95,
        "capture_rate_ci_high": 0.99,
        "is_corrected": False,
        "is_masked": False,
        "actor_growth": 1.0,
    }
    assert published.schema == ENGAGEMENT.arrow_schema


def test_a_country_shown_apart_is_published_as_it_stands_in_the_mart() -> None:
    mart = mart_of({"CN": 80, "US": 9, "DE": 3, "FR": 4, "ZZ": 50}, hours=23)
    published = published_engagement(mart, groupings_of(ONE))
    for grouping, country in product(("apart", "greater"), ("CN", "US")):
        assert by_country(published, grouping)[country] == by_country(mart, grouping)[country]
    for grouping in ("apart", "greater"):
        pool = by_country(published, grouping)["XX"]
        assert (pool["complete_hour_count"], pool["is_complete"]) == (23, False)


@pytest.mark.parametrize("counts", [{}, {"CN": 4}, {"CN": 2, "US": 2, "ZZ": 40}, {"ZZ": 9}])
def test_a_cell_too_small_to_publish_has_no_engagement(counts: dict[str, int]) -> None:
    published = published_of(counts)
    assert published.num_rows == 0
    assert published.schema == ENGAGEMENT.arrow_schema


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        pytest.param(
            {"CN": 50, "HK": 6, "US": 40}, {"CN": 56, "US": 40}, id="all members are shown apart"
        ),
        pytest.param(
            {"CN": 50, "US": 40, "DE": 3, "FR": 4},
            {"CN": 50, "US": 40, "XX": 7},
            id="no member is pooled",
        ),
        pytest.param(
            {"CN": 50, "HK": 3, "TW": 3, "US": 40},
            {"CN": 56, "US": 40},
            id="six pooled members are the whole pool",
        ),
        pytest.param(
            {"CN": 50, "HK": 3, "TW": 3, "DE": 2, "FR": 3, "US": 40},
            {"CN": 56, "US": 40, "XX": 5},
            id="six pooled members leave a pool of five",
        ),
        # 52 - 50 would be HK.
        pytest.param(
            {"CN": 50, "HK": 2, "DE": 4, "US": 40}, {"US": 40}, id="two pooled members are too few"
        ),
        # The pool of eight less the six members would be DE.
        pytest.param(
            {"CN": 50, "HK": 3, "TW": 3, "DE": 2, "US": 40},
            {"US": 40},
            id="two would be left in the pool",
        ),
        # HK 2 is pooled with the next smallest, which is CN itself: all of the pool is the group.
        pytest.param({"CN": 9, "HK": 2, "US": 40}, {"CN": 11, "US": 40}, id="CN joins HK"),
        # Shown apart is US alone; 44 - 40 = 4 would be DE and HK, as it is apart.
        pytest.param({"HK": 1, "DE": 3, "US": 40}, {}, id="the only large one is pooled"),
    ],
)
def test_what_a_grouping_shows_is_as_worked_by_hand(
    counts: dict[str, int], expected: dict[str, int]
) -> None:
    assert counts_in(published_of(counts), "greater") == expected


def test_of_two_groupings_only_the_first_parts_a_pool() -> None:
    """HK 3 + TW 2 and DE 2 + FR 3 are five each; the pool less both would be IN 2.

    Europe comes first: 5 of the pool of 12 are told from 7. The other shows neither.
    """
    counts = {"CN": 50, "US": 40, "HK": 3, "TW": 2, "DE": 2, "FR": 3, "IN": 2}
    published = published_of(counts, TWO)
    assert counts_in(published) == {"CN": 50, "US": 40, "XX": 12}
    assert counts_in(published, "europe") == {"CN": 50, "EU": 5, "US": 40, "XX": 7}
    assert counts_in(published, "greater") == {"US": 40}


def test_cells_are_told_apart_by_all_of_their_key() -> None:
    """Each of the five is pooled as if the others were not there."""
    small, large = {"CN": 2, "US": 9, "DE": 9}, {"CN": 50, "US": 90, "DE": 9}
    mart = pa.concat_tables(
        [
            mart_of(small),
            mart_of(large, period="week"),
            mart_of(large, scope="panel"),
            mart_of(large, event_group="any"),
            mart_of(large, event_group="participation"),
        ]
    )
    published = published_engagement(mart, groupings_of(ONE)).to_pylist()
    shown = defaultdict(set)
    for row in published:
        if row["grouping"] == "apart":
            shown[row["period"], row["scope"], row["event_group"]].add(row["country_iso2"])
    assert shown.pop(("day", "tracked", "attention")) == {"US", "XX"}
    assert set(map(frozenset, shown.values())) == {frozenset({"CN", "US", "DE"})}
    assert len(shown) == 4


def rank(rows: list[list[int]]) -> int:
    """Rank of a small matrix of whole numbers, by elimination modulo a prime."""
    prime, rows, found = 1_000_003, [list(row) for row in rows], 0
    for column in range(len(rows[0]) if rows else 0):
        pivot = next((at for at in range(found, len(rows)) if rows[at][column] % prime), None)
        if pivot is None:
            continue
        rows[found], rows[pivot] = rows[pivot], rows[found]
        inverse = pow(rows[found][column], -1, prime)
        for at in range(len(rows)):
            if at != found and rows[at][column] % prime:
                factor = rows[at][column] * inverse % prime
                rows[at] = [
                    (a - factor * b) % prime for a, b in zip(rows[at], rows[found], strict=True)
                ]
        found += 1
    return found


def published_sums(
    counts: Mapping[str, int], groups: Groups, published: pa.Table
) -> list[frozenset[str]]:
    """What the published rows tell the sums of: sets of countries, and of the total.

    A pool is whatever the cell's other rows and the pool's number leave: its members are the
    countries that are not shown, all of them or all but the groups'.
    """
    everyone = frozenset(counts)
    sums = [everyone] if published.num_rows else []
    pool_apart = everyone - set(by_country(published))
    for name, group_of in {"apart": {}, **groups}.items():
        rows = by_country(published, name)
        members = {
            code: frozenset(c for c in counts if group_of.get(c, c) == code)
            for code in rows
            if code != "XX"
        }
        sums += members.values()
        if "XX" in rows:
            in_groups = {country for country in counts if country in group_of}
            pool = pool_apart if name == "apart" else pool_apart - in_groups
            assert rows["XX"]["actor_count"] == sum(counts[country] for country in pool)
            sums.append(pool)
        for code, each in members.items():
            assert rows[code]["actor_count"] == sum(counts[country] for country in each)
    return sums


@settings(max_examples=150)
@given(COUNTS, st.sampled_from([ONE, TWO]))
def test_no_sum_or_difference_of_published_rows_is_a_small_set_of_countries(
    counts: dict[str, int], groups: Groups
) -> None:
    """Every linear combination, not only plain differences, over all groupings together.

    A set's count can be had where its indicator lies in the span of those of the published rows.
    """
    published = published_of(counts, groups)
    assert all(row["actor_count"] >= SMALLEST_CELL for row in published.to_pylist())
    sums = published_sums(counts, groups, published)
    countries = sorted(counts)
    matrix = [[int(country in each) for country in countries] for each in sums]
    known = rank(matrix)
    few = [
        each
        for size in range(1, SMALLEST_CELL)
        for each in combinations(countries, size)
        if sum(counts[country] for country in each) < SMALLEST_CELL
    ]
    for each in few:
        indicator = [int(country in each) for country in countries]
        assert rank([*matrix, indicator]) > known, (each, sums)


@settings(max_examples=40)
@given(COUNTS, st.integers(0, 40))
def test_both_tables_pool_alike_so_that_none_gives_away_what_the_other_hides(
    counts: dict[str, int], unknown: int
) -> None:
    counts = counts | ({"ZZ": unknown} if unknown else {})
    activity, shares = published_activity(activity_of(counts)), published_of(counts)
    located = {country: count for country, count in counts_in(activity).items() if country != "ZZ"}
    assert counts_in(shares) == located
    rows = by_country(shares).values()
    assert all(row["located_actor_count"] == sum(located.values()) for row in rows)
    if rows:
        assert sum(row["located_share"] for row in rows) == pytest.approx(1)


@settings(max_examples=40)
@given(COUNTS)
def test_only_a_pool_lacks_its_interval(counts: dict[str, int]) -> None:
    for row in published_of(counts, TWO).to_pylist():
        bounds = [row["share_ci_low"], row["share_ci_high"], row["location_quotient"]]
        assert all((bound is None) is (row["country_iso2"] == "XX") for bound in bounds)


def concentration_of(grouping: str, event_group: str = "attention") -> dict[str, object]:
    bounds = {
        f"{name}{end}": 0.5
        for name, end in product(("herfindahl", "effective_countries"), ("", "_ci_low", "_ci_high"))
    }
    return {
        "activity_date": DAY,
        "period": "day",
        "scope": "tracked",
        "event_group": event_group,
        "grouping": grouping,
        "total_actor_count": 100,
        **bounds,
        "complete_hour_count": 24,
        "expected_hour_count": 24,
        "is_complete": True,
        "capture_status": "sound",
        "capture_rate": 0.97,
        "capture_rate_ci_low": 0.95,
        "capture_rate_ci_high": 0.99,
        "is_corrected": False,
        "is_masked": False,
    }


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ({"CN": 50, "HK": 9, "US": 40}, ["apart", "greater"]),
        ({"CN": 50, "DE": 3, "FR": 3, "US": 40}, ["apart", "greater"]),
        # H' - H = 2 (CN HK + CN TW + HK TW) would part HK from TW, shown or not.
        ({"CN": 50, "HK": 3, "TW": 3, "US": 40}, ["apart"]),
        ({"CN": 50, "HK": 2, "DE": 4, "US": 40}, ["apart"]),
        ({"CN": 4}, []),
    ],
    ids=str,
)
def test_concentration_is_published_where_it_says_nothing_of_a_pooled_country(
    counts: dict[str, int], expected: list[str]
) -> None:
    rows = CONCENTRATION.arrow(
        [
            concentration_of("apart"),
            concentration_of("greater"),
            concentration_of("apart", event_group="other"),  # a cell without published engagement
        ]
    )
    kept = published_concentration(rows, published_of(counts))
    assert kept["grouping"].to_pylist() == expected
    assert kept.schema == CONCENTRATION.arrow_schema
    assert set(kept["event_group"].to_pylist()) <= {"attention"}


def week_of(counts: dict[str, int], weeks: int = 0) -> pa.Table:
    """Published engagement of a week."""
    mart = engagement_rows(DAY + timedelta(weeks=weeks), counts, period="week")
    return published_engagement(mart, groupings_of({}))


RATIO = pa.schema(
    [
        ("activity_date", pa.date32()),
        ("scope", pa.string()),
        ("event_group", pa.string()),
        ("grouping", pa.string()),
        ("country_iso2", pa.string()),
        ("other_iso2", pa.string()),
        ("share", pa.float64()),
        ("other_share", pa.float64()),
    ]
)
PAIR = {"country_iso2": "share", "other_iso2": "other_share"}


def ratio(share: float | None, other: float | None) -> pa.Table:
    values = [DAY, "tracked", "attention", "apart", "CN", "US", share, other]
    return pa.table({field.name: [value] for field, value in zip(RATIO, values, strict=True)}).cast(
        RATIO
    )


@pytest.mark.parametrize(
    ("counts", "share", "other", "is_kept"),
    [
        pytest.param({"CN": 9, "US": 9, "DE": 9}, 0.3, 0.3, True, id="both shown"),
        pytest.param({"CN": 3, "DE": 3, "US": 9}, 0.2, 0.6, False, id="CN pooled"),
        pytest.param({"CN": 9, "DE": 3, "US": 3}, 0.6, 0.2, False, id="US pooled"),
        pytest.param({"DE": 4, "FR": 9, "US": 2}, None, 0.1, False, id="US pooled, no CN"),
        pytest.param({"DE": 9, "US": 9}, None, 0.5, True, id="US shown, no CN"),
        pytest.param({"CN": 4, "FR": 9, "DE": 2}, 0.1, None, False, id="CN pooled, no US"),
        pytest.param({}, None, None, True, id="a week without data"),
    ],
)
def test_a_ratio_is_published_where_what_it_says_something_of_is_shown(
    counts: dict[str, int], share: float | None, other: float | None, is_kept: bool
) -> None:
    rows = ratio(share, other)
    kept = published_where_shown(rows, week_of(counts), PAIR)
    assert kept.to_pylist() == (rows.to_pylist() if is_kept else [])
    assert kept.schema == RATIO


def test_only_the_same_week_of_the_same_cell_shows_a_country() -> None:
    rows = ratio(0.5, 0.5)
    shown = {"CN": 9, "US": 9}
    elsewhere = [
        published_engagement(
            engagement_rows(DAY, shown, **{"period": "week", **changes}), groupings_of({})
        )
        for changes in (
            {"period": "day"},
            {"period": "28d"},
            {"scope": "panel"},
            {"event_group": "any"},
        )
    ]
    others = pa.concat_tables([*elsewhere, week_of(shown, 1), week_of(shown, -1)])
    assert published_where_shown(rows, others, PAIR).num_rows == 0
    everything = pa.concat_tables([others, week_of(shown)])
    assert published_where_shown(rows, everything, PAIR).num_rows == 1
    assert pc.all(pc.equal(everything["grouping"], "apart")).as_py()


def test_nothing_of_a_masked_cell_is_published_and_a_corrected_one_keeps_its_worst_case() -> None:
    """Seen 30 of CN, 60 of US and 10 unknown; at full capture a half more: 150 accounts.

    CN: 30 / 150 = 0.2 to (30 + 150 - 90) / 150 = 0.6.
    """
    mart = mart_of({"CN": 30, "US": 60, "ZZ": 10})
    growth = mart.column_names.index("actor_growth")
    grown = mart.set_column(growth, "actor_growth", pa.array([1.5] * mart.num_rows))
    (china,) = (
        row for row in published_engagement(grown, groupings_of(ONE)).to_pylist()
        if row["country_iso2"] == "CN" and row["grouping"] == "apart"
    )  # fmt: skip
    assert (china["share_low"], china["share_high"]) == pytest.approx((0.2, 0.6))
    masked = mart.column_names.index("is_masked")
    lost = mart.set_column(masked, "is_masked", pa.array([True] * mart.num_rows))
    assert published_engagement(lost, groupings_of(ONE)).num_rows == 0


def test_counts_of_a_masked_cell_are_not_published_either() -> None:
    activity = activity_of({"CN": 9, "US": 9})
    shares = mart_of({"CN": 9, "US": 9})
    at = shares.column_names.index("is_masked")
    lost = shares.set_column(at, "is_masked", pa.array([True] * shares.num_rows))
    assert unmasked_activity(activity, shares).sort_by("country_iso2") == activity.sort_by(
        "country_iso2"
    )
    assert unmasked_activity(activity, lost).num_rows == 0


def diffusion(kind: str, open_count: int, used: int) -> dict[str, object]:
    """Of that many works naming an open model, so many use one; half of each of Chinese origin."""
    return {
        "month_date": date(2024, 10, 1),
        "user_kind": kind,
        "country_iso2": "US",
        "field_work_count": 900,
        "open_work_count": open_count,
        "cn_work_count": open_count // 2,
        "cn_share": 0.5,
        "cn_share_ci_low": 0.2,
        "cn_share_ci_high": 0.8,
        "used_open_work_count": used,
        "used_cn_work_count": used // 2,
        "used_cn_share": 0.5,
        "used_cn_share_ci_low": 0.1,
        "used_cn_share_ci_high": 0.9,
        "unaffiliated_work_count": 3,
        "asking_count": 1,
        "asked_at": datetime(2024, 12, 1, tzinfo=UTC),
        "is_final": False,
    }


def test_of_papers_small_cells_are_left_out_and_small_parts_of_others_are_null() -> None:
    rows = [
        diffusion("us_company", 4, 4),
        diffusion("us_education", 5, 4),
        diffusion("us_all", 9, 5),
        diffusion("country", 12, 0),
    ]
    shown = published_diffusion_papers(DIFFUSION_PAPERS.arrow(rows)).to_pylist()
    assert [row["user_kind"] for row in shown] == ["us_education", "us_all", "country"]
    small, whole, none = shown
    used = [name for name in small if name.startswith("used_")]
    assert len(used) == 5
    assert all(small[name] is None for name in used)
    assert small["cn_share"] == 0.5
    assert whole == diffusion("us_all", 9, 5)
    assert (none["used_open_work_count"], none["used_cn_work_count"]) == (0, 0)
