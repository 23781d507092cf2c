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
    engagement_index,
    herfindahl,
    ratio_interval,
    share_correlation,
)

NAN = float("nan")
INF = float("inf")
counts = st.lists(st.integers(1, 10**6), min_size=1, max_size=40)


def shares_of(numbers: list[int]) -> np.ndarray:
    return np.array(numbers, dtype=np.float64) / sum(numbers)


# Concentration


def test_herfindahl_by_hand() -> None:
    # 0.5² + 0.3² + 0.2² = 0.25 + 0.09 + 0.04 = 0.38.
    assert herfindahl([0.5, 0.3, 0.2]) == pytest.approx(0.38)
    assert herfindahl([0.25] * 4) == pytest.approx(1 / 4)
    assert herfindahl([1.0, 0.0]) == 1


def test_cells_are_rows_and_a_cell_without_shares_is_undefined() -> None:
    cells = [[0.5, 0.5, 0.0], [NAN, NAN, NAN], [1.0, 0.0, 0.0]]
    np.testing.assert_allclose(herfindahl(cells), [0.5, NAN, 1.0])
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


@pytest.mark.parametrize(
    ("accounts", "in_panel", "share", "share_of_panel"),
    [(2_000, 5_000, 0.2, 0.1), (1_000, 1_000, 0.38, 0.2), (300, 500, 0.05, 0.05)],
)
def test_a_quotient_of_independent_shares_is_covered_as_often_as_said(
    accounts: int, in_panel: int, share: float, share_of_panel: float
) -> None:
    random = np.random.default_rng(2)
    k, m = (
        random.binomial(accounts, share, 20_000),
        random.binomial(in_panel, share_of_panel, 20_000),
    )
    errors = np.sqrt(1 / k - 1 / accounts), np.sqrt(1 / m - 1 / in_panel)
    _, low, high = ratio_interval(k / accounts, errors[0], m / in_panel, errors[1])
    truth = share / share_of_panel
    assert 0.945 < float(np.mean((low <= truth) & (high >= truth))) < 0.96


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
