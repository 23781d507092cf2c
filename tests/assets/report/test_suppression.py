"""Small cells: nobody can be singled out, not even by subtracting."""

from datetime import date

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.report.suppression import OTHERS, SMALLEST_CELL, countries_to_pool, shown_countries

COUNTS = st.dictionaries(
    st.sampled_from(["AR", "BR", "CN", "DE", "EG", "FR", "GB", "HK"]),
    st.integers(1, 6) | st.integers(7, 10_000),
)


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
    assert countries_to_pool(counts) == frozenset(pooled.split())


def test_the_smallest_cell_can_be_another() -> None:
    assert countries_to_pool({"CN": 90, "US": 9, "DE": 30}, smallest=10) == {"US", "DE"}


@settings(deadline=None)
@given(COUNTS)
def test_nothing_under_five_is_shown(counts: dict[str, int]) -> None:
    shown = counts.keys() - countries_to_pool(counts)
    assert all(counts[country] >= SMALLEST_CELL for country in shown)


@settings(deadline=None)
@given(COUNTS)
def test_subtracting_the_shown_from_the_total_leaves_five_or_none(counts: dict[str, int]) -> None:
    """No complementary disclosure: total - shown is the pool.

    Where even the total is under five nothing is shown, and there is no row to read it from.
    """
    pooled = countries_to_pool(counts)
    total = sum(counts.values())
    shown = sum(count for country, count in counts.items() if country not in pooled)
    if total < SMALLEST_CELL:
        assert shown == 0
    else:
        assert total - shown == 0 or total - shown >= SMALLEST_CELL


@settings(deadline=None)
@given(COUNTS)
def test_a_pool_is_never_one_country_that_could_be_named(counts: dict[str, int]) -> None:
    pooled = countries_to_pool(counts)
    assert len(pooled) != 1 or sum(counts.values()) < SMALLEST_CELL or not pooled


@settings(deadline=None)
@given(COUNTS)
def test_no_more_is_pooled_than_needed(counts: dict[str, int]) -> None:
    pooled = countries_to_pool(counts)
    small = {country for country, count in counts.items() if count < SMALLEST_CELL}
    assert small <= pooled
    joined = pooled - small
    if joined:
        last = max(joined, key=lambda country: (counts[country], country))
        assert sum(counts[country] for country in pooled - {last}) < SMALLEST_CELL


def test_each_group_of_cells_is_pooled_on_its_own_and_unknown_never() -> None:
    monday, tuesday = date(2024, 12, 16), date(2024, 12, 17)
    cells = pa.table(
        {
            "activity_date": [monday, monday, monday, tuesday, tuesday, tuesday],
            "country_iso2": ["CN", "US", "ZZ", "CN", "US", "ZZ"],
            "actor_count": [50, 60, 1, 3, 60, 2],
        }
    )
    shown = shown_countries(cells, ("activity_date",))
    assert shown["shown_as"].to_pylist() == ["CN", "US", "ZZ", OTHERS, OTHERS, "ZZ"]
    assert shown.column_names == ["activity_date", "country_iso2", "shown_as"]


def test_no_cells_are_shown_as_none() -> None:
    cells = pa.table(
        {
            "activity_date": pa.array([], pa.date32()),
            "country_iso2": pa.array([], pa.string()),
            "actor_count": pa.array([], pa.int64()),
        }
    )
    shown = shown_countries(cells, ("activity_date",))
    assert shown.num_rows == 0
    assert shown["shown_as"].type == pa.string()
