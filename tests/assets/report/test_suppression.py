"""Small cells: nobody can be singled out, not even by subtracting."""

from collections.abc import Mapping
from datetime import date
from random import Random

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.report.suppression import OTHERS, SMALLEST_CELL, shown_countries

DAY = date(2024, 12, 16)
COUNTS = st.dictionaries(
    st.sampled_from(["AR", "BR", "CN", "DE", "EG", "FR", "GB", "HK"]),
    st.integers(1, 6) | st.integers(7, 10_000),
)
CELLS = pa.schema(
    [("activity_date", pa.date32()), ("country_iso2", pa.string()), ("actor_count", pa.int64())]
)


def cells_of(counts: Mapping[str, int], day: date = DAY) -> pa.Table:
    return pa.table(
        {
            "activity_date": [day] * len(counts),
            "country_iso2": list(counts),
            "actor_count": list(counts.values()),
        },
        schema=CELLS,
    )


def pooled_of(counts: Mapping[str, int]) -> set[str]:
    """The countries of one cell that are shown as XX."""
    rows = shown_countries(cells_of(counts), ("activity_date",)).to_pylist()
    assert {row["country_iso2"] for row in rows} == counts.keys()
    assert all(row["shown_as"] in (row["country_iso2"], OTHERS) for row in rows)
    return {row["country_iso2"] for row in rows if row["shown_as"] == OTHERS}


@pytest.mark.parametrize(
    ("counts", "pooled"),
    [
        pytest.param({}, "", id="nobody"),
        pytest.param({"CN": 5, "US": 9}, "", id="none small"),
        pytest.param({"CN": 90, "US": 9, "DE": 3, "FR": 2}, "DE FR", id="the small make five"),
        pytest.param({"CN": 90, "US": 9, "DE": 4}, "DE US", id="the smallest shown joins one"),
        pytest.param({"CN": 9, "DE": 1, "FR": 1}, "CN DE FR", id="the only large one joins"),
        pytest.param({"CN": 9, "US": 9, "DE": 1}, "CN DE", id="of equals, the first by code"),
        pytest.param({"CN": 4}, "CN", id="one small country alone"),
        pytest.param({"CN": 2, "US": 2}, "CN US", id="four accounts in all"),
    ],
)
def test_who_is_pooled_is_as_worked_by_hand(counts: dict[str, int], pooled: str) -> None:
    assert pooled_of(counts) == set(pooled.split())


@given(COUNTS)
def test_nothing_under_five_is_shown(counts: dict[str, int]) -> None:
    shown = counts.keys() - pooled_of(counts)
    assert all(counts[country] >= SMALLEST_CELL for country in shown)


@given(COUNTS)
def test_subtracting_the_shown_from_the_total_leaves_five_or_none(counts: dict[str, int]) -> None:
    """No complementary disclosure: total - shown is the pool.

    Where even the total is under five nothing is shown, and there is no row to read it from.
    """
    pooled = pooled_of(counts)
    total = sum(counts.values())
    shown = sum(count for country, count in counts.items() if country not in pooled)
    if total < SMALLEST_CELL:
        assert shown == 0
    else:
        assert total - shown == 0 or total - shown >= SMALLEST_CELL


@given(COUNTS)
def test_a_pool_is_never_one_country_that_could_be_named(counts: dict[str, int]) -> None:
    pooled = pooled_of(counts)
    assert len(pooled) != 1 or sum(counts.values()) < SMALLEST_CELL


@given(COUNTS)
def test_no_more_is_pooled_than_needed(counts: dict[str, int]) -> None:
    pooled = pooled_of(counts)
    small = {country for country, count in counts.items() if count < SMALLEST_CELL}
    assert small <= pooled
    joined = pooled - small
    if joined:
        last = max(joined, key=lambda country: (counts[country], country))
        assert sum(counts[country] for country in pooled - {last}) < SMALLEST_CELL


@settings(max_examples=30)
@given(st.lists(COUNTS, max_size=4), st.randoms(use_true_random=False))
def test_cells_are_pooled_as_if_each_were_alone_in_whatever_order_rows_come(
    each: list[dict[str, int]], random: Random
) -> None:
    days = [date(2024, 12, 1 + number) for number in range(len(each))]
    parts = [cells_of(counts, day) for day, counts in zip(days, each, strict=True)]
    together = pa.concat_tables(parts) if parts else cells_of({})
    order = list(range(together.num_rows))
    random.shuffle(order)
    found = shown_countries(together.take(pa.array(order, pa.int64())), ("activity_date",))
    alone = [shown_countries(part, ("activity_date",)) for part in parts]
    expected = [row for part in alone for row in part.to_pylist()]
    assert found.to_pylist() == expected


def test_each_group_of_cells_is_pooled_on_its_own_and_unknown_never() -> None:
    monday, tuesday = date(2024, 12, 16), date(2024, 12, 17)
    cells = pa.concat_tables(
        [cells_of({"CN": 50, "US": 60, "ZZ": 1}), cells_of({"CN": 3, "US": 60, "ZZ": 2}, tuesday)]
    )
    shown = shown_countries(cells, ("activity_date",))
    assert shown["activity_date"].to_pylist() == [monday] * 3 + [tuesday] * 3
    assert shown["shown_as"].to_pylist() == ["CN", "US", "ZZ", OTHERS, OTHERS, "ZZ"]
    assert shown.column_names == ["activity_date", "country_iso2", "shown_as"]


def test_the_unknown_fill_no_pool_up() -> None:
    """ZZ 40 beside CN 9 and DE 1: the pool of one takes CN, however many are unknown."""
    assert pooled_of({"CN": 9, "DE": 1, "ZZ": 40}) == {"CN", "DE"}


def test_no_cells_are_shown_as_none() -> None:
    shown = shown_countries(cells_of({}), ("activity_date",))
    assert shown.num_rows == 0
    assert shown["shown_as"].type == pa.string()
