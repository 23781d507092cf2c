"""The Wilson interval: numbers worked by hand, an independent derivation, and properties."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.engagement.intervals import Z_95, wilson_interval

Z2 = Z_95 * Z_95  # 3.841458820694124, the 95 % quantile of chi-square with one degree of freedom
ROUNDING = 1e-12


@st.composite
def counts(draw: st.DrawFn, most: int = 1_000_000) -> tuple[int, int]:
    """(successes, trials), at least one trial."""
    total = draw(st.integers(1, most))
    return draw(st.integers(0, total)), total


def bounds(count: int, total: int) -> tuple[float, float]:
    low, high = wilson_interval(count, total)
    return float(low), float(high)


def roots(count: int, total: int) -> tuple[float, float]:
    """The interval from its definition: the p with (p - k/n)^2 = z^2 p (1 - p) / n.

    Brought to one side: (1 + z^2/n) p^2 - (2 k/n + z^2/n) p + (k/n)^2 = 0.
    """
    share = count / total
    a, b, c = 1 + Z2 / total, -(2 * share + Z2 / total), share * share
    # The smaller root as c / (a * larger): subtracting two near numbers would lose its digits.
    larger = (-b + math.sqrt(max(0.0, b * b - 4 * a * c))) / (2 * a)
    return (c / (a * larger) if larger else 0.0), larger


def test_eight_of_ten_is_as_worked_by_hand() -> None:
    """Centre (8 + z^2/2) / (10 + z^2) = 9.920729 / 13.841459 = 0.716740.

    Half width z sqrt(8 * 2 / 10 + z^2/4) / (10 + z^2) = 1.959964 * sqrt(2.560365) / 13.841459
    = 0.226577; the bounds are 0.490162 and 0.943318.
    """
    assert bounds(8, 10) == pytest.approx((0.490162, 0.943318), abs=1e-6)


def test_none_of_ten_reaches_up_to_z_squared_over_n_plus_z_squared() -> None:
    """With k = 0 the quadratic is p (p - z^2/n + p z^2/n) = 0: p = 3.841459 / 13.841459."""
    low, high = bounds(0, 10)
    assert low == 0.0
    assert high == pytest.approx(0.277533, abs=1e-6)


def test_ten_of_ten_mirrors_none_of_ten() -> None:
    """1 - 3.841459 / 13.841459 = 10 / 13.841459 = 0.722467."""
    low, high = bounds(10, 10)
    assert low == pytest.approx(0.722467, abs=1e-6)
    assert high == 1.0


def test_bounds_of_columns_are_columns_and_totals_broadcast() -> None:
    low, high = wilson_interval([0, 8, 10], 10)
    assert low == pytest.approx([0.0, 0.490162, 0.722467], abs=1e-6)
    assert high == pytest.approx([0.277533, 0.943318, 1.0], abs=1e-6)


def test_another_confidence_takes_its_own_quantile() -> None:
    """With z = 1: (8 + 1/2) / 11 -+ sqrt(1.6 + 1/4) / 11 = 0.772727 -+ 0.123650."""
    low, high = wilson_interval(8, 10, z=1.0)
    assert (float(low), float(high)) == pytest.approx((0.649077, 0.896377), abs=1e-6)


def test_no_trials_have_no_interval() -> None:
    low, high = wilson_interval([0, 1], [0, 2])
    assert np.isnan(low).tolist() == [True, False]
    assert np.isnan(high).tolist() == [True, False]


@pytest.mark.parametrize(("count", "total"), [(-1, 10), (11, 10), (1, 0), ([1, 3], [2, 2])])
def test_counts_that_cannot_be_are_refused(count: int | list[int], total: int | list[int]) -> None:
    with pytest.raises(ValueError, match="between 0 and their totals"):
        wilson_interval(count, total)


@settings(deadline=None)
@given(counts())
def test_bounds_solve_the_quadratic_that_defines_them(case: tuple[int, int]) -> None:
    assert bounds(*case) == pytest.approx(roots(*case), rel=1e-9, abs=1e-9)


@settings(deadline=None)
@given(counts(most=10**9))
def test_the_share_lies_inside_its_interval_and_that_between_0_and_1(case: tuple[int, int]) -> None:
    low, high = bounds(*case)
    assert 0.0 <= low <= case[0] / case[1] <= high <= 1.0


@settings(deadline=None)
@given(counts())
def test_successes_and_failures_mirror_each_other(case: tuple[int, int]) -> None:
    count, total = case
    low, high = bounds(count, total)
    assert bounds(total - count, total) == pytest.approx((1 - high, 1 - low), abs=ROUNDING)


@settings(deadline=None)
@given(counts())
def test_one_more_success_raises_both_bounds(case: tuple[int, int]) -> None:
    count, total = case
    low, high = bounds(count, total + 1)
    more_low, more_high = bounds(count + 1, total + 1)
    assert low < more_low
    assert high < more_high


@settings(deadline=None)
@given(counts(most=10_000), st.integers(2, 100))
def test_the_same_share_of_more_trials_is_narrower(case: tuple[int, int], factor: int) -> None:
    count, total = case
    low, high = bounds(count, total)
    narrow_low, narrow_high = bounds(count * factor, total * factor)
    assert narrow_high - narrow_low < high - low
