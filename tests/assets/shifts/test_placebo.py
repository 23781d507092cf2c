"""Placebo weeks, p values by rank, and their uniformity where nothing happened."""

import numpy as np
import pytest
from scipy.stats import kstest

from assets.shifts.placebo import (
    adjusted,
    admissible,
    effective_count,
    half_width,
    p_value,
    rescaled,
    sizes,
    steady_error,
    widened,
    windows_of,
)
from assets.shifts.regression import Levels
from benchmarks.shock_placebos import Judged, judged, judged_everywhere
from benchmarks.shock_worlds import Noise


def test_windows_lie_around_each_week_and_are_unknown_beyond_the_ends() -> None:
    windows = windows_of(np.array([1.0, 2.0, 3.0, 4.0]), 2)
    np.testing.assert_array_equal(
        windows, [[np.nan, np.nan, 1, 2], [np.nan, 1, 2, 3], [1, 2, 3, 4], [2, 3, 4, np.nan]]
    )


def test_placebo_windows_hold_no_shock_and_three_quarters_of_either_side() -> None:
    values = np.zeros(30)
    values[[20, 22]] = np.nan
    around, accounts = windows_of(values, 4), windows_of(np.full(30, 10.0), 4)
    found = admissible(around, accounts, [8, -40], 10.0)
    # Three of four weeks known on both sides: 3 (the week before the first unknown) to 27. Week 8
    # is in the windows of 5 to 12; weeks 20 and 22 are on one side of those of 19, 20, 23 and 24.
    assert np.flatnonzero(found).tolist() == [
        3, 4, 13, 14, 15, 16, 17, 18, 21, 22, 25, 26, 27,
    ]  # fmt: skip


def test_placebo_windows_have_as_many_accounts_as_a_shock_has_to() -> None:
    accounts = np.where(np.arange(12) < 6, 8.0, 12.0)
    accounts[2] = np.nan
    around = windows_of(np.where(np.isnan(accounts), np.nan, 0.0), 2)
    found = admissible(around, windows_of(np.nan_to_num(accounts), 2), [], 10.0)
    # Sides of two weeks have to be whole; weeks 4 to 7 hold 8, 8, 12 and 12: ten on average.
    assert np.flatnonzero(found).tolist() == [6, 7, 8, 9, 10]


def test_changes_are_compared_beside_the_residuals_of_their_windows() -> None:
    found = Levels(np.array([1.0, -3.0, 0.0, 2.0]), np.array([2.0, 0.5, 0.0, 0.0]))
    np.testing.assert_array_equal(rescaled(found, 4.0), [2.0, -24.0, 0.0, np.inf])
    np.testing.assert_array_equal(rescaled(found, 0.0), [0.0, 0.0, 0.0, np.inf])


def test_errors_of_a_change_of_the_mean_have_a_part_that_all_windows_share() -> None:
    errors = np.array([1.0, 2.0, 6.0])
    assert steady_error(errors, "step") == pytest.approx(np.sqrt(3.0))  # ¾ of 2²
    assert steady_error(errors, "segmented") == 0.0
    assert steady_error(np.zeros(0), "step") == 0.0
    both = widened(Levels(errors, errors), 2.0)
    np.testing.assert_allclose(both.error, np.sqrt([5.0, 8.0, 40.0]))


def test_sizes_are_means_of_known_weeks() -> None:
    np.testing.assert_array_equal(sizes(np.array([[2.0, np.nan, 4.0], [0.0, 0.0, np.nan]])), [3, 1])


def test_the_interval_excludes_no_change_exactly_where_a_change_stands_out() -> None:
    placebos = np.array([*range(1, 40)], dtype=np.float64)  # 39: two of 40 may be as far
    assert half_width(placebos) == 38.0
    for change in (36.5, 37.5, 38.0, 38.5, 40.0):
        rank = p_value(change, placebos)
        assert rank is not None
        assert (rank <= 0.05) == (change > 38.0)
    assert half_width(placebos[:18]) is None
    assert half_width(np.full(39, np.inf)) is None


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


def test_p_values_of_every_shock_are_uniform_where_everything_grows_20_fold() -> None:
    found = [each for seed in range(500) for each in judged_everywhere(seed)]
    for what in {each.what for each in found}:
        ours = [each for each in found if each.what == what]
        days = {each.shock_date for each in ours}
        assert len(days) == 10
        for day in days:
            of_day = [each for each in ours if each.shock_date == day]
            assert len(of_day) == 500
            # Of ten shocks: one in twenty families would have one as far off by chance.
            assert kstest([each.spread for each in of_day], "uniform").pvalue > 0.05 / 10
            # Three standard errors around 5 %.
            assert 0.02 <= np.mean([each.placebo <= 0.05 for each in of_day]) <= 0.08
        # Shocks of one world are not independent: the distance is judged, not its p value.
        assert kstest([each.spread for each in ours], "uniform").statistic < 0.025
        assert 0.04 <= np.mean([each.placebo <= 0.05 for each in ours]) <= 0.06


def test_a_large_effect_is_told_from_placebos() -> None:
    for of_method in found_in(40, Noise(), effect=1.0).values():
        assert np.mean([each.placebo <= 0.05 for each in of_method]) > 0.9
