"""The two detectors alone: a likelihood ratio by hand, and PELT against ruptures itself."""

import numpy as np
import pytest
import ruptures
from hypothesis import given
from hypothesis import strategies as st

from assets.shifts.trend_glr import likelihood_ratio, scan
from assets.shifts.trend_noise import DESIGN_EFFECT, Noise
from assets.shifts.trend_pelt import change_points

INDEPENDENT = Noise(correlation=0.5, information=0.0)


def test_the_likelihood_ratio_is_that_worked_by_hand() -> None:
    # 4 of 20, then 10 of 20, against 14 of 40:
    # 4 ln 0.2 + 16 ln 0.8 = -10.00805, 20 ln 0.5 = -13.86294, 14 ln 0.35 + 26 ln 0.65 = -25.89786
    assert likelihood_ratio(4, 20, 10, 20) == pytest.approx(2 * (25.89786 - 23.87099), abs=1e-4)


def test_nobody_and_everybody_have_a_likelihood_too() -> None:
    # 0 of 10, then 10 of 10, against one half: 2 * 20 ln 2.
    assert likelihood_ratio(0, 10, 10, 10) == pytest.approx(40 * np.log(2))
    assert likelihood_ratio(0, 10, 0, 30) == 0.0


def test_the_statistic_of_a_tiny_series_is_the_ratio_over_the_design_effect() -> None:
    count, total = np.array([2.0, 2.0, 5.0, 5.0]), np.full(4, 10.0)
    found = scan(count, total, np.array([1, 2, 3]), INDEPENDENT)
    assert found.statistic[1] == pytest.approx(4.05374 / DESIGN_EFFECT, abs=1e-4)
    assert (found.best, found.onsets[found.best]) == (1, 2)
    # 20 % and 50 % of 20; a half added to each side: 4.5 / 21 and 10.5 / 21.
    half = 196 * np.sqrt(DESIGN_EFFECT / 20 * (4.5 * 16.5 + 10.5 * 10.5) / 21**2)
    assert found.size_pp() == pytest.approx((30.0, 30.0 - half, 30.0 + half), rel=1e-3)
    assert found.interval() == (1, 3)  # none of three is less likely by 3.84


def test_a_large_step_has_a_narrow_onset_and_is_certain() -> None:
    count, total = np.repeat([200.0, 400.0], [20, 5]), np.full(25, 1000.0)
    found = scan(count, total, np.arange(17, 25), INDEPENDENT)
    assert found.interval() == (20, 20)
    assert found.confidence(7) == pytest.approx(1.0)


def test_without_a_step_confidence_is_less_than_that_something_happens_in_a_year() -> None:
    found = scan(np.full(60, 200.0), np.full(60, 1000.0), np.arange(52, 60), INDEPENDENT)
    assert not found.statistic.any()
    assert 0.0 < found.confidence(7) < 8 * 7 / 365.25
    odds = [each / (1 - each) for each in (found.confidence(7), found.confidence(1))]
    assert odds[0] == pytest.approx(7 * odds[1])


@given(st.integers(0, 2**32 - 1), st.integers(1, 19))
def test_swapped_sides_change_the_direction_alone(seed: int, onset: int) -> None:
    rng = np.random.default_rng(seed)
    total = rng.integers(50, 500, 20).astype(np.float64)
    count = rng.binomial(total.astype(np.int64), 0.3).astype(np.float64)
    noise = Noise(correlation=0.5, information=100.0, scale=1.2)
    one, other = (scan(each, total, np.array([onset]), noise) for each in (count, total - count))
    assert other.statistic == pytest.approx(one.statistic)
    assert other.after - other.before == pytest.approx(one.before - one.after)
    assert other.variance == pytest.approx(one.variance)


def stepped(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.normal(0.0, 1.0, 60) + np.repeat([0.0, 2.5, 1.0], [25, 20, 15])


@pytest.mark.parametrize("seed", range(5))
def test_with_equal_weights_it_is_ruptures_least_squares(seed: int) -> None:
    values = stepped(seed)
    expected = ruptures.Pelt(model="l2", min_size=3, jump=1).fit(values).predict(pen=8.0)
    found = change_points(values, np.full(60, 2.0), 16.0, 3)
    assert [*found, 60] == expected
    assert len(found) >= 2


@pytest.mark.parametrize("seed", range(5))
def test_with_weights_it_is_ruptures_regression_on_a_constant(seed: int) -> None:
    values = stepped(seed)
    weights = np.random.default_rng(seed + 100).uniform(0.2, 3.0, 60)
    root = np.sqrt(weights)
    signal = np.column_stack([root * values, root])
    expected = ruptures.Pelt(model="linear", min_size=3, jump=1).fit(signal).predict(pen=8.0)
    assert [*change_points(values, weights, 8.0, 3), 60] == expected


def test_a_series_shorter_than_two_segments_has_no_change_point() -> None:
    assert change_points(np.array([0.0, 9.0, 9.0]), np.ones(3), 1.0, 2) == []
