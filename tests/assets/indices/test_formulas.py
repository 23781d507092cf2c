"""Formulas of the indices: numbers worked by hand, properties, and coverage by simulation."""

import math
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.indices.formulas import (
    base_weeks,
    effective_number,
    engagement_index,
    herfindahl,
    location_quotient,
    ratio_interval,
    share_correlation,
)

NAN = float("nan")
INF = float("inf")
counts = st.lists(st.integers(1, 10**6), min_size=1, max_size=40)


def shares_of(numbers: list[int]) -> np.ndarray:
    return np.array(numbers, dtype=np.float64) / sum(numbers)


# Concentration


def test_herfindahl_and_effective_number_by_hand() -> None:
    # 0.5² + 0.3² + 0.2² = 0.25 + 0.09 + 0.04 = 0.38; 1 / 0.38 = 2.6316.
    assert herfindahl([0.5, 0.3, 0.2]) == pytest.approx(0.38)
    assert effective_number([0.5, 0.3, 0.2]) == pytest.approx(2.631578947)
    # Four equal countries count as four, one alone as one.
    assert effective_number([0.25] * 4) == pytest.approx(4)
    assert effective_number([1.0, 0.0]) == pytest.approx(1)


def test_cells_are_rows_and_a_cell_without_shares_is_undefined() -> None:
    cells = [[0.5, 0.5, 0.0], [NAN, NAN, NAN], [1.0, 0.0, 0.0]]
    np.testing.assert_allclose(herfindahl(cells), [0.5, NAN, 1.0])
    np.testing.assert_allclose(effective_number(cells), [2.0, NAN, 1.0])
    assert herfindahl(np.full((2, 3, 4), 0.25)).shape == (2, 3)
    assert herfindahl(np.empty((0, 3))).shape == (0,)


@pytest.mark.parametrize(
    "shares",
    [[0.5, 0.4], [0.5, 0.5 + 2e-6], [1.5, -0.5], [1.0, NAN], [[0.5, 0.5], [0.5, 0.6]], []],
    ids=["too little", "too much", "negative", "one missing", "second row", "no country"],
)
def test_what_is_no_distribution_is_refused(shares: list[float]) -> None:
    with pytest.raises(ValueError, match="shares must"):
        herfindahl(shares)


def test_rounding_within_a_millionth_is_taken() -> None:
    assert herfindahl([0.5, 0.5 + 9e-7]) == pytest.approx(0.5, abs=1e-6)


@given(counts)
def test_herfindahl_lies_between_equality_and_monopoly(numbers: list[int]) -> None:
    index = float(herfindahl(shares_of(numbers)))
    assert 1 / len(numbers) - 1e-12 <= index <= 1 + 1e-12
    assert float(effective_number(shares_of(numbers))) == pytest.approx(1 / index)


@given(counts, st.integers(1, 50), st.randoms())
def test_herfindahl_knows_neither_scale_nor_order_nor_absent_countries(
    numbers: list[int], factor: int, random: object
) -> None:
    index = float(herfindahl(shares_of(numbers)))
    scaled = [factor * number for number in numbers]
    random.shuffle(scaled)  # type: ignore[attr-defined]
    assert float(herfindahl(shares_of([*scaled, 0]))) == pytest.approx(index)


@given(st.lists(st.integers(1, 10**6), min_size=2, max_size=40))
def test_two_countries_taken_as_one_are_more_concentrated(numbers: list[int]) -> None:
    # (a + b)² = a² + b² + 2ab.
    apart, together = shares_of(numbers), shares_of([numbers[0] + numbers[1], *numbers[2:]])
    grown = float(herfindahl(together)) - float(herfindahl(apart))
    assert grown == pytest.approx(2 * apart[0] * apart[1])


# Location quotient


def test_location_quotient_and_interval_by_hand() -> None:
    # 30 of 100 where the base has 200 of 1,000: 0.3 / 0.2 = 1.5.
    # Variance of the logarithm: 1/30 − 1/100 + 1/200 − 1/1000
    #   = 0.0333333 − 0.01 + 0.005 − 0.001 = 0.0273333, its root 0.1653280.
    # exp(1.959964 × 0.1653280) = exp(0.3240369) = 1.3826984.
    # 1.5 / 1.3826984 = 1.0848, 1.5 × 1.3826984 = 2.0740.
    quotient, low, high = location_quotient(30, 100, 200, 1000)
    assert quotient == pytest.approx(1.5)
    assert low == pytest.approx(1.0848354, rel=1e-5)
    assert high == pytest.approx(2.0740474, rel=1e-5)


def test_nobody_seen_has_quotient_zero_and_an_exact_upper_bound() -> None:
    # 0 of 40: 1 − 0.025^(1/40) = 1 − exp(−3.6888795 / 40) = 0.0880973.
    # Base 100 of 1,000, lower bound 0.1 × exp(−1.959964 × √(1/100 − 1/1000))
    #   = 0.1 × exp(−1.959964 × 0.0948683) = 0.1 × exp(−0.1859384) = 0.0830325.
    # 0.0880973 / 0.0830325 = 1.0610.
    quotient, low, high = location_quotient(0, 40, 100, 1000)
    assert (quotient, low) == (0.0, 0.0)
    assert high == pytest.approx(1.0609983, rel=1e-5)


def test_nobody_in_the_base_leaves_a_lower_bound_only() -> None:
    # 5 of 10: 0.5 × exp(−1.959964 × √(1/5 − 1/10)) = 0.5 × exp(−0.6197950) = 0.2690274.
    # 0 of 1,000: at most 1 − exp(−3.6888795 / 1000) = 0.0036821. Quotient: 73.06 or more.
    quotient, low, high = location_quotient(5, 10, 0, 1000)
    assert np.isnan(quotient)
    assert low == pytest.approx(73.0639, rel=1e-5)
    assert high == INF


def test_everybody_from_one_country_is_no_certainty() -> None:
    # 10 of 10 against 500 of 1,000: 2. 1/10 − 1/10 would say that the share is 1 for sure.
    # Exact lower bound 0.025^(1/10): standard error 3.6888795 / (1.959964 × 10) = 0.1882116.
    # Base √(1/500 − 1/1000) = 0.0316228; together 0.1908497; exp(1.959964 × 0.1908497) = 1.4536221.
    quotient, low, high = location_quotient(10, 10, 500, 1000)
    assert quotient == pytest.approx(2)
    assert low == pytest.approx(2 / 1.4536221, rel=1e-5)
    assert high == pytest.approx(2 * 1.4536221, rel=1e-5)


def test_nothing_to_say_is_nan_or_everything() -> None:
    # Nobody on either side; no base at all; nobody measured.
    quotient, low, high = location_quotient([0, 3, 0], [10, 10, 0], [0, 0, 5], [9, 0, 9])
    np.testing.assert_array_equal(quotient, [NAN, NAN, NAN])
    np.testing.assert_array_equal(low, [0, NAN, NAN])
    np.testing.assert_array_equal(high, [INF, NAN, NAN])


@pytest.mark.parametrize("wrong", [(-1, 10, 1, 10), (11, 10, 1, 10), (1, 10, 11, 10)])
def test_a_count_outside_its_total_is_refused(wrong: tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError, match="between 0 and their totals"):
        location_quotient(*wrong)


@st.composite
def quotients(draw: st.DrawFn) -> tuple[int, int, int, int]:
    n, base_n = draw(st.integers(1, 10**5)), draw(st.integers(1, 10**5))
    return draw(st.integers(0, n)), n, draw(st.integers(0, base_n)), base_n


@given(quotients())
def test_the_quotient_lies_in_its_interval_which_always_has_a_width(
    cell: tuple[int, int, int, int],
) -> None:
    quotient, low, high = (float(each) for each in location_quotient(*cell))
    assert 0 <= low < high
    if cell[2]:
        assert low <= quotient <= high


@given(quotients().filter(lambda cell: 0 < cell[0] < cell[1] and 0 < cell[2] < cell[3]))
def test_the_quotient_turned_round_has_the_interval_turned_round(
    cell: tuple[int, int, int, int],
) -> None:
    quotient, low, high = location_quotient(*cell)
    turned, turned_low, turned_high = location_quotient(cell[2], cell[3], cell[0], cell[1])
    assert turned == pytest.approx(1 / quotient)
    assert turned_low == pytest.approx(1 / high)
    assert turned_high == pytest.approx(1 / low)


@given(quotients().filter(lambda cell: 0 < cell[0] < cell[1] and 0 < cell[2] < cell[3]))
def test_four_times_the_accounts_halve_the_interval(cell: tuple[int, int, int, int]) -> None:
    quotient, low, high = location_quotient(*cell)
    more, more_low, more_high = location_quotient(*(4 * count for count in cell))
    assert more == pytest.approx(quotient)
    assert math.log(high / low) == pytest.approx(2 * math.log(more_high / more_low))


def test_the_interval_covers_the_truth_as_often_as_it_says() -> None:
    random = np.random.default_rng(1)
    _, low, high = location_quotient(
        random.binomial(300, 0.3, 20_000), 300, random.binomial(3_000, 0.12, 20_000), 3_000
    )
    assert 0.94 < np.mean((low <= 2.5) & (high >= 2.5)) < 0.96
    # Small cells, where bounds are exact ones as often as not, cover at least that often.
    _, low, high = location_quotient(
        random.binomial(8, 0.05, 20_000), 8, random.binomial(3_000, 0.12, 20_000), 3_000
    )
    assert np.mean((low <= 5 / 12) & (high >= 5 / 12)) > 0.94


# Ratio of two countries


def test_ratio_interval_of_independent_shares_by_hand() -> None:
    # Variances of the logarithms 1/40 − 1/100 = 0.015 and 1/20 − 1/100 = 0.04, together 0.055.
    # exp(1.959964 × √0.055) = exp(1.959964 × 0.2345208) = exp(0.4596523) = 1.5835232.
    ratio, low, high = ratio_interval(0.4, 0.015**0.5, 0.2, 0.2)
    assert ratio == pytest.approx(2)
    assert low == pytest.approx(2 / 1.5835232, rel=1e-5)
    assert high == pytest.approx(2 * 1.5835232, rel=1e-5)


def test_ratio_interval_of_two_shares_of_one_total_by_hand() -> None:
    # 40 and 20 of 100: r = −√(0.4 × 0.2 / (0.6 × 0.8)) = −√(0.08 / 0.48) = −0.4082483.
    # 0.055 + 2 × 0.4082483 × √0.015 × 0.2 = 0.055 + 0.02 = 0.075, which is 1/40 + 1/20, the known
    # variance of ln(40/20). exp(1.959964 × √0.075) = exp(0.5367582) = 1.7104521.
    r = share_correlation(0.4, 0.2)
    assert r == pytest.approx(-0.4082483)
    ratio, low, high = ratio_interval(0.4, 0.015**0.5, 0.2, 0.2, r)
    assert ratio == pytest.approx(2)
    assert low == pytest.approx(2 / 1.7104521, rel=1e-5)
    assert high == pytest.approx(2 * 1.7104521, rel=1e-5)


@given(st.integers(1, 10**4), st.integers(1, 10**4), st.integers(0, 10**4))
def test_the_variance_is_that_of_two_multinomial_counts(a: int, b: int, others: int) -> None:
    n = a + b + others
    errors = math.sqrt(1 / a - 1 / n), math.sqrt(1 / b - 1 / n)
    r = share_correlation(a / n, b / n)
    assert -1 <= r <= 0
    _, low, high = ratio_interval(a / n, errors[0], b / n, errors[1], r, z=1.0)
    assert math.log(high / low) / 2 == pytest.approx(math.sqrt(1 / a + 1 / b), rel=1e-6)


def test_only_with_the_correlation_is_the_truth_covered_as_often_as_said() -> None:
    drawn = np.random.default_rng(2).multinomial(1_000, [0.38, 0.20, 0.42], 20_000)
    a, b = drawn[:, 0] / 1_000, drawn[:, 1] / 1_000
    errors = np.sqrt(1 / drawn[:, 0] - 1e-3), np.sqrt(1 / drawn[:, 1] - 1e-3)

    def coverage(r: np.ndarray | float) -> float:
        _, low, high = ratio_interval(a, errors[0], b, errors[1], r)
        return float(np.mean((low <= 1.9) & (high >= 1.9)))

    assert 0.94 < coverage(share_correlation(a, b)) < 0.96
    assert coverage(0.0) < 0.92


def test_a_ratio_of_what_is_not_positive_or_not_known_is_undefined() -> None:
    figures = ratio_interval(
        [0.0, 0.2, NAN, 0.2, 0.2], 0.1, [0.2, 0.0, 0.2, 0.2, 0.2], [0.1, 0.1, 0.1, NAN, 0.1]
    )
    for figure in figures:
        np.testing.assert_array_equal(np.isnan(figure), [True, True, True, True, False])
    assert np.isnan(share_correlation([NAN, 1.0], [0.2, 0.0])).all()
    with pytest.raises(ValueError, match="0 or more"):
        ratio_interval(0.2, -0.1, 0.2, 0.1)


# The index and its base


def test_the_base_is_the_four_weeks_that_end_before_the_controls_of_2022() -> None:
    # 2022-10-07 is a Friday; the Sunday before it is 2 October.
    assert base_weeks() == (
        date(2022, 9, 11),
        date(2022, 9, 18),
        date(2022, 9, 25),
        date(2022, 10, 2),
    )
    # A Monday's base ends on the day before it, a Sunday's a week before it.
    assert base_weeks(date(2024, 1, 1))[-1] == date(2023, 12, 31)
    assert base_weeks(date(2024, 1, 7))[-1] == date(2023, 12, 31)


@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)))
def test_base_weeks_are_whole_iso_weeks_that_end_in_the_week_before(shock: date) -> None:
    weeks = base_weeks(shock)
    assert [week.isoweekday() for week in weeks] == [7] * 4
    assert {later - earlier for earlier, later in pairwise(weeks)} == {timedelta(days=7)}
    assert timedelta(days=1) <= shock - weeks[-1] <= timedelta(days=7)


def test_index_by_hand() -> None:
    # Base weeks of 0.20, 0.22, 0.18, 0.20: mean 0.20. A share of 0.30 is 150, of 0.10 is 50.
    base = np.mean([0.20, 0.22, 0.18, 0.20])
    np.testing.assert_allclose(engagement_index([0.30, 0.20, 0.10, 0.0], base), [150, 100, 50, 0])


def test_without_a_base_there_is_no_index() -> None:
    assert np.isnan(engagement_index([0.3, 0.3, NAN], [0.0, NAN, 0.2])).all()


@given(st.floats(0, 1), st.floats(0, 1), st.floats(1e-6, 1), st.floats(0.5, 2))
def test_the_index_rises_with_the_share_and_knows_no_scale(
    share: float, other: float, base: float, factor: float
) -> None:
    low, high = sorted((share, other))
    assert engagement_index(low, base) <= engagement_index(high, base)
    scaled = engagement_index(factor * share, factor * base)
    assert scaled == pytest.approx(float(engagement_index(share, base)))
