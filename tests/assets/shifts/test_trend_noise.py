"""Noise of a share's series: design effects by hand, scales of planted noise, weekdays."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.shifts.trend_noise import (
    DESIGN_EFFECT,
    LEAST_SCALE,
    WANDER_SD,
    Noise,
    estimate_noise,
    logits,
    period_correlation,
    weekday_effects,
)


def test_the_design_effect_of_means_is_that_of_an_ar1_worked_by_hand() -> None:
    # Variance of a mean of m times m, in units of the wander's: 1, then (2 + 2r)/2 = 1.5, then
    # (3 + 4r + 2r²)/3 = 5.5/3, and in the end (1 + r)/(1 - r) = 3.
    noise = Noise(correlation=0.5, information=1 / WANDER_SD**2)
    expected = DESIGN_EFFECT + np.array([1.0, 1.5, 5.5 / 3])
    assert noise.design_effect([1, 2, 3]) == pytest.approx(expected)
    assert noise.long_run == pytest.approx(DESIGN_EFFECT + 3.0)
    assert noise.design_effect(10_000) == pytest.approx(noise.long_run, rel=1e-3)


def test_a_weeks_correlation_is_that_of_seven_days() -> None:
    assert period_correlation(1) ** 7 == pytest.approx(period_correlation(7)) == pytest.approx(0.5)


def test_log_odds_add_a_half_to_both_sides() -> None:
    found = logits(np.array([0.0, 2.0, 4.0]), np.array([4.0, 4.0, 4.0]))
    assert found == pytest.approx([-np.log(9), 0.0, np.log(9)])


def planted(seed: int, factor: float, size: int = 2_000) -> Noise:
    """Noise found in a share of one half of 100 accounts: nearly all of it is sampling."""
    rng = np.random.default_rng(seed)
    total = np.full(size, 100.0)
    values = rng.normal(0.0, factor * np.sqrt(DESIGN_EFFECT / 25), size)
    return estimate_noise(total / 2, total, values, 7)


def test_the_scale_of_planted_noise_is_found() -> None:
    # The wander assumed (0.045² of 0.06 and more) makes up the rest to 1.
    assert planted(1, 1.0).scale == pytest.approx(1.0, abs=0.12)
    assert planted(1, 2.0).scale == pytest.approx(4 * planted(1, 1.0).scale, rel=0.05)


def test_a_step_hardly_moves_the_scale() -> None:
    rng = np.random.default_rng(3)
    total = np.full(60, 1000.0)
    values = rng.normal(0.0, np.sqrt(DESIGN_EFFECT / 160), 60)
    flat = estimate_noise(total / 5, total, values, 7).scale
    stepped = estimate_noise(total / 5, total, values + np.repeat([0.0, 1.0], 30), 7).scale
    # A step of 1 is ten standard deviations: its variance over all 60 would be 27 times theirs.
    assert stepped < 1.5 * flat


def test_few_points_are_believed_to_be_as_assumed_and_quiet_ones_not_beyond_a_floor() -> None:
    total = np.full(3, 1000.0)
    assert estimate_noise(total / 5, total, np.array([0.0, 9.0, 0.0]), 7).scale == 1.0
    total = np.full(500, 1000.0)
    assert estimate_noise(total / 5, total, np.zeros(500), 7).scale == LEAST_SCALE


@given(
    st.lists(st.floats(-1, 1), min_size=7, max_size=7),
    st.floats(-3, 3),
    st.integers(4, 12),
    st.integers(0, 6),
)
def test_weekdays_of_a_level_series_are_found_exactly(
    pattern: list[float], level: float, weeks: int, first: int
) -> None:
    places = np.arange(first, first + 7 * weeks)
    found = weekday_effects(level + np.array(pattern)[places % 7], places)
    assert found == pytest.approx(np.array(pattern) - np.mean(pattern), abs=1e-9)


def test_weekdays_say_nothing_in_too_few_whole_weeks() -> None:
    values = np.arange(27.0)
    assert not weekday_effects(values, np.arange(27)).any()
    holes = np.array([day for day in range(60) if day % 5])
    assert not weekday_effects(holes.astype(np.float64), holes).any()
