"""Placebo weeks, p values by rank, and their uniformity where nothing happened."""

import numpy as np
import pytest
from scipy.stats import kstest

from assets.shifts.placebo import adjusted, admissible, effective_count, p_value, windows_of
from benchmarks.shock_placebos import Judged, judged
from benchmarks.shock_worlds import Noise


def test_windows_lie_around_each_week_and_are_unknown_beyond_the_ends() -> None:
    windows = windows_of(np.array([1.0, 2.0, 3.0, 4.0]), 2)
    np.testing.assert_array_equal(
        windows, [[np.nan, np.nan, 1, 2], [np.nan, 1, 2, 3], [1, 2, 3, 4], [2, 3, 4, np.nan]]
    )


def test_placebo_windows_hold_no_shock_and_no_unsound_week() -> None:
    values = np.zeros(20)
    values[15] = np.nan
    found = admissible(windows_of(values, 2), [6, -40])
    # Whole windows: 2 to 18. Week 6 is in those of 5 to 8, week 15 in those of 14 to 17.
    assert np.flatnonzero(found).tolist() == [2, 3, 4, 9, 10, 11, 12, 13, 18]


def test_overlapping_windows_are_worth_fewer_placebos() -> None:
    # Means of two weeks less of the two before: correlations 1, 1/4, -1/2, -1/4 at lags 0 to 3.
    weights = np.array([-0.5, -0.5, 0.5, 0.5])
    # Weeks 0, 1 and 3: one pair each at lags 1, 2 and 3: 9 / (3 + 2 · (1/16 + 1/4 + 1/16)).
    assert effective_count(np.array([True, True, False, True]), weights) == pytest.approx(2.4)
    # Four weeks apart nothing is shared.
    assert effective_count(np.arange(12) % 4 == 0, weights) == pytest.approx(3.0)
    assert effective_count(np.zeros(4, dtype=bool), weights) == 0.0


def test_a_p_value_is_the_rank_of_the_shock_among_all_weeks() -> None:
    placebos = np.arange(-10.0, 10.0)  # 20; at least 8 from 0: -10, -9, -8, 8, 9
    assert p_value(8.0, placebos) == p_value(-8.0, placebos) == 6 / 21
    assert p_value(11.0, placebos) == 1 / 21
    assert p_value(0.0, placebos) == 1.0
    assert p_value(8.0, placebos[1:]) is None


def test_adjusted_p_values_leave_nulls_out() -> None:
    # Benjamini-Hochberg of 0.01, 0.02, 0.09: 3/1 · 0.01, 3/2 · 0.02, 3/3 · 0.09.
    assert adjusted([0.02, None, 0.09, 0.01]) == [
        pytest.approx(0.03),
        None,
        pytest.approx(0.09),
        pytest.approx(0.03),
    ]
    assert adjusted([None]) == [None]
    assert adjusted([]) == []


def found_in(worlds: int, noise: Noise, effect: float = 0.0) -> dict[str, list[Judged]]:
    every = [
        each
        for seed in range(worlds)
        for each in judged(seed, noise, effect, windows=(8,), measures=("log_accounts",))
    ]
    return {
        what: [each for each in every if each.what == what]
        for what in ("segmented log_accounts", "event_study log_accounts")
    }


def test_p_values_of_500_worlds_without_an_effect_are_uniform() -> None:
    for of_method in found_in(500, Noise()).values():
        assert len(of_method) == 500
        assert kstest([each.spread for each in of_method], "uniform").pvalue > 0.05
        # Two standard errors around 5 %; the regression's own errors reject far more often.
        assert 0.03 <= np.mean([each.placebo <= 0.05 for each in of_method]) <= 0.07
        assert np.mean([each.regression <= 0.05 for each in of_method]) > 0.1


def test_a_large_effect_is_told_from_placebos() -> None:
    for of_method in found_in(40, Noise(), effect=1.0).values():
        assert np.mean([each.placebo <= 0.05 for each in of_method]) > 0.9
