"""The derived marts over a mart.engagement written by hand."""

from datetime import date, timedelta

import pyarrow as pa
import pytest

from assets.indices import derived, tables
from assets.indices.formulas import base_weeks
from assets.tables import Table
from tests.assets.indices.conftest import ENGAGEMENT, House, Row, row

BASE = base_weeks()
WEEK = date(2024, 11, 10)  # a Sunday
MAKERS = {
    tables.ENGAGEMENT_INDEX: derived.engagement_index,
    tables.COUNTRY_RATIO: derived.country_ratio,
    tables.CROSSINGS: derived.crossings,
}


def make(house: House, table: Table) -> list[Row]:
    def compute(connection: object) -> pa.Table:
        return MAKERS[table](connection)  # type: ignore[arg-type]

    house.warehouse.remake(table.qualified, table.ddl, compute)
    return house.rows(table)


def later(weeks: int) -> date:
    return WEEK + timedelta(weeks=weeks)


def base_rows(**changed: object) -> list[Row]:
    shares = (0.20, 0.22, 0.18, 0.20)
    return [row(week, "CN", share, **changed) for week, share in zip(BASE, shares, strict=True)]


def newest(house: House, country: str = "CN", grouping: str = "apart") -> Row:
    rows = [
        each
        for each in make(house, tables.ENGAGEMENT_INDEX)
        if (each["country_iso2"], each["grouping"]) == (country, grouping)
    ]
    return rows[-1]


# The index


def test_the_index_and_its_interval_rest_on_the_mean_of_the_four_base_weeks(house: House) -> None:
    # Mean of 0.20, 0.22, 0.18, 0.20: 0.20. 100 × 0.30 / 0.20 = 150; bounds 0.28, 0.33: 140, 165.
    house.fill(ENGAGEMENT, [*base_rows(), row(WEEK, "CN", 0.30, 0.28, 0.33)])
    found = newest(house)
    assert found["activity_date"] == WEEK
    assert found["base_share"] == pytest.approx(0.20)
    assert found["engagement_index"] == pytest.approx(150)
    assert (found["index_ci_low"], found["index_ci_high"]) == (
        pytest.approx(140),
        pytest.approx(165),
    )
    assert (found["base_from_date"], found["base_to_date"]) == (
        date(2022, 9, 5),
        date(2022, 10, 2),
    )


def test_in_the_base_weeks_the_index_is_a_hundred_on_average(house: House) -> None:
    house.fill(ENGAGEMENT, base_rows())
    made = make(house, tables.ENGAGEMENT_INDEX)
    indices = [each["engagement_index"] for each in made]
    assert indices == pytest.approx([100, 110, 90, 100])


@pytest.mark.parametrize("damage", ["missing", "incomplete", "without a share"])
def test_without_one_whole_base_week_there_is_no_index(house: House, damage: str) -> None:
    base = base_rows()
    if damage == "missing":
        del base[2]
    elif damage == "incomplete":
        base[2]["is_complete"] = False
    else:
        base[2]["share"] = None
    house.fill(ENGAGEMENT, [*base, row(WEEK, "CN", 0.30)])
    found = newest(house)
    assert found["share"] == 0.30
    figures = ("base_share", "engagement_index", "index_ci_low", "index_ci_high")
    assert [found[name] for name in figures] == [None] * 4


def test_each_cell_has_a_base_of_its_own(house: House) -> None:
    other = [{**each, "scope": "panel", "share": 0.10} for each in base_rows()]
    house.fill(
        ENGAGEMENT,
        [*base_rows(), *other, row(WEEK, "CN", 0.3), row(WEEK, "CN", 0.3, scope="panel")],
    )
    made = make(house, tables.ENGAGEMENT_INDEX)
    found = {e["scope"]: e["engagement_index"] for e in made if e["activity_date"] == WEEK}
    assert found == {"tracked": pytest.approx(150), "panel": pytest.approx(300)}


def test_only_weeks_are_taken(house: House) -> None:
    others = [row(WEEK, "CN", 0.9, period=period) for period in ("day", "28d")]
    house.fill(ENGAGEMENT, [*others, row(WEEK, "CN", 0.3)])
    (found,) = make(house, tables.ENGAGEMENT_INDEX)
    assert found["share"] == 0.3


def test_accounts_are_set_against_residents_of_the_country_or_its_group(house: House) -> None:
    house.fill(
        ENGAGEMENT,
        [
            row(WEEK, "CN", 0.5),
            row(WEEK, "CN", 0.5, grouping="cn_hk"),
            row(WEEK, "AQ", 0.1),
        ],
    )
    # 0.5 × 2,000 accounts for 1,000 million residents, or 1,010 million with Hong Kong.
    assert newest(house)["accounts_per_million"] == pytest.approx(1.0)
    assert newest(house, grouping="cn_hk")["accounts_per_million"] == pytest.approx(1000 / 1010)
    assert newest(house, "AQ")["accounts_per_million"] is None


def test_the_innovation_graph_is_that_of_the_newest_quarter_begun(house: House) -> None:
    house.add_quarter(2024, 3, {"CN": 100, "HK": 100, "US": 300})
    house.add_quarter(2024, 4, {"CN": 150, "HK": 50, "US": 800})
    house.fill(
        ENGAGEMENT,
        [
            row(date(2024, 6, 30), "CN", 0.3),
            row(date(2024, 9, 29), "CN", 0.3),
            row(WEEK, "CN", 0.3),
            row(WEEK, "CN", 0.3, grouping="cn_hk"),
            row(date(2026, 1, 4), "CN", 0.3),
        ],
    )
    made = make(house, tables.ENGAGEMENT_INDEX)
    found = [
        (
            each["innovation_graph_quarter"],
            each["innovation_graph_share"],
            each["innovation_graph_quotient"],
        )
        for each in made
    ]
    assert found == [
        (None, None, None),
        ("2024Q3", pytest.approx(0.2), pytest.approx(1.5)),
        ("2024Q4", pytest.approx(0.15), pytest.approx(2.0)),
        ("2024Q4", pytest.approx(0.20), pytest.approx(1.5)),
        ("2024Q4", pytest.approx(0.15), pytest.approx(2.0)),
    ]


def test_a_country_that_the_newest_quarter_leaves_out_has_no_older_one(house: House) -> None:
    house.add_quarter(2024, 3, {"CN": 100, "HK": 100, "US": 300})
    house.add_quarter(2024, 4, {"CN": 150, "US": 800})
    house.fill(ENGAGEMENT, [row(WEEK, "HK", 0.3)])
    found = newest(house, "HK")
    assert (found["innovation_graph_quarter"], found["innovation_graph_share"]) == ("2024Q4", None)
    assert found["innovation_graph_quotient"] is None


# The ratio of two countries


def test_the_ratio_and_its_interval_by_hand(house: House) -> None:
    # 40 and 20 of 100 accounts, as in test_formulas: 2, from 2 / 1.7104521 to 2 × 1.7104521.
    house.fill(
        ENGAGEMENT,
        [
            row(WEEK, "CN", 0.4, share_log_se=0.015**0.5),
            row(WEEK, "US", 0.2, share_log_se=0.2),
            row(WEEK, "HK", 0.4),
        ],
    )
    (found,) = make(house, tables.COUNTRY_RATIO)
    assert (found["country_iso2"], found["other_iso2"]) == ("CN", "US")
    assert found["share_ratio"] == pytest.approx(2)
    assert found["ratio_ci_low"] == pytest.approx(2 / 1.7104521, rel=1e-5)
    assert found["ratio_ci_high"] == pytest.approx(2 * 1.7104521, rel=1e-5)
    assert found["is_compared"]


def test_a_week_without_data_is_a_row_with_nulls(house: House) -> None:
    house.fill(
        ENGAGEMENT,
        [
            row(WEEK, "CN", 0.4),
            row(WEEK, "US", 0.2),
            row(later(2), "CN", 0.4),
            row(later(3), "CN", 0.4, is_complete=False),
            row(later(3), "US", 0.2, is_complete=False),
        ],
    )
    made = make(house, tables.COUNTRY_RATIO)
    assert [
        (each["activity_date"], each["share"], each["other_share"], each["is_complete"])
        for each in made
    ] == [
        (WEEK, 0.4, 0.2, True),
        (later(1), None, None, False),
        (later(2), 0.4, None, True),
        (later(3), 0.4, 0.2, False),
    ]
    assert [each["share_ratio"] for each in made] == pytest.approx([2.0, None, None, 2.0])
    assert [each["is_compared"] for each in made] == [True, False, False, False]


def test_index_and_ratio_say_where_they_rest_on_corrected_shares(house: House) -> None:
    sound, lost, gone = WEEK, later(1), later(2)
    corrected: dict[str, object] = {"capture_status": "degraded", "is_corrected": True}
    house.fill(
        ENGAGEMENT,
        [
            row(sound, "CN", 0.2),
            row(sound, "US", 0.3),
            row(lost, "CN", 0.25, **corrected),
            row(lost, "US", 0.3, **corrected),
            row(gone, "CN", 0.5, capture_status="degraded", is_masked=True),
            row(later(3), "US", 0.3, capture_status="unknown"),
        ],
    )
    index = make(house, tables.ENGAGEMENT_INDEX)
    assert {
        (each["activity_date"], each["country_iso2"]): (
            each["capture_status"], each["is_corrected"],
        )
        for each in index
    } == {
        (sound, "CN"): ("sound", False),
        (sound, "US"): ("sound", False),
        (lost, "CN"): ("degraded", True),
        (lost, "US"): ("degraded", True),
        (later(3), "US"): ("unknown", False),
    }  # fmt: skip
    ratio = make(house, tables.COUNTRY_RATIO)
    assert [(each["capture_status"], each["is_corrected"]) for each in ratio] == [
        ("sound", False), ("degraded", True), ("unknown", False), ("unknown", False),
    ]  # fmt: skip


# Crossings


def pair(
    weeks: int, cn: tuple[float, float], us: tuple[float, float], **others: object
) -> list[Row]:
    return [
        row(later(weeks), "CN", sum(cn) / 2, *cn, **others),
        row(later(weeks), "US", sum(us) / 2, *us, **others),
    ]


def test_crossings_by_hand(house: House) -> None:
    # 0: the US leads, apart. 1: overlap. 2: missing. 3: China leads, in an incomplete week: not
    # taken. 4: China leads, apart, and so to the end.
    house.fill(
        ENGAGEMENT,
        [
            *pair(0, (0.10, 0.14), (0.20, 0.24)),
            *pair(1, (0.16, 0.21), (0.20, 0.24)),
            *pair(3, (0.30, 0.36), (0.18, 0.22), is_complete=False),
            *pair(4, (0.30, 0.36), (0.18, 0.22)),
            *pair(5, (0.30, 0.36), (0.18, 0.22)),
            # A cell that begins later, and never parts.
            *pair(4, (0.1, 0.3), (0.2, 0.4), scope="panel"),
        ],
    )
    make(house, tables.COUNTRY_RATIO)
    panel, tracked = make(house, tables.CROSSINGS)
    assert tracked == {
        "scope": "tracked",
        "event_group": "attention",
        "grouping": "apart",
        "country_iso2": "CN",
        "other_iso2": "US",
        "from_date": WEEK,
        "to_date": later(5),
        "compared_week_count": 4,
        "skipped_week_count": 2,
        "first_apart_date": WEEK,
        "first_leader_iso2": "US",
        "overtaking_date": later(4),
        "lasting_apart_date": later(4),
        "lasting_leader_iso2": "CN",
    }
    assert (panel["from_date"], panel["to_date"]) == (later(4), later(5))
    assert (panel["compared_week_count"], panel["skipped_week_count"]) == (1, 1)
    assert [panel[name] for name in tables.CROSSINGS.column_names[9:]] == [None] * 5


def test_without_engagement_all_tables_are_empty(house: House) -> None:
    assert [make(house, table) for table in MAKERS] == [[], [], []]


def test_made_again_the_tables_hold_the_same_rows(house: House) -> None:
    house.add_quarter(2024, 3, {"CN": 100, "HK": 100, "US": 300})
    house.fill(ENGAGEMENT, [*base_rows(), *pair(0, (0.1, 0.2), (0.3, 0.4))])
    first = {table: make(house, table) for table in MAKERS}
    assert {table: make(house, table) for table in MAKERS} == first
    assert all(first.values())
