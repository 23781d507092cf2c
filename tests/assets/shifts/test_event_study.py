"""Leads and lags worked by hand, with small integers."""

import numpy as np
import pytest

from assets.shifts.event_study import event_study

#: Around the shock, weeks -2 to 1, CN less US: 3, 5, 9, 4. Less week -1: -2, 0, 4, -1.
SHOCK = [3.0, 5.0, 9.0, 4.0]
#: Twenty placebo weeks, less their week -1: 16 of 0, 0, 1, 2 and 4 of 3, 0, -4, 0.
PLACEBOS = [[7.0, 7.0, 8.0, 9.0]] * 16 + [[4.0, 1.0, -3.0, 1.0]] * 4


def test_leads_and_lags_are_differences_of_differences_from_week_minus_one() -> None:
    windows = np.array([SHOCK, *PLACEBOS])
    found = event_study(windows, 0, np.arange(21) > 0, np.ones(20), 20.0)
    assert found is not None
    assert found.weeks.tolist() == [-2, -1, 0, 1]
    assert found.estimate.tolist() == [-2, 0, 4, -1]
    assert found.placebo_count == 20
    # Root mean squares: lead 4 · 9 / 20; week 0 (16 · 1 + 4 · 16) / 20 = 4; lag 16 · 4 / 20.
    np.testing.assert_allclose(found.se, [np.sqrt(1.8), 0.0, 2.0, np.sqrt(3.2)])
    assert found.low[2] == pytest.approx(4 - 1.959964 * 2)
    assert found.high[2] == pytest.approx(4 + 1.959964 * 2)
    # As far from 0: leads of 3 (4 of them); week 0: -4 (4); lag: 2 (16).
    np.testing.assert_allclose(found.p_value, [5 / 21, np.nan, 5 / 21, 17 / 21])
    # One lead: the joint test ranks it alone.
    assert found.pre_trend_p_value == pytest.approx(5 / 21)


def test_the_joint_test_weighs_leads_by_their_covariance() -> None:
    # Weeks -3 to 2. Leads -3 and -2 of placebos: 10 each of (2, 2), (-2, -2), (1, -1), (-1, 1);
    # with the shock's (2, -2): second moment over 41 of [[104, 56], [56, 104]], so that the mean of
    # the two leads has (104 + 56) / 2 = 80 and half their difference (104 - 56) / 2 = 24.
    # Wald / 41: of (2, 2) 2² / 80 = 0.05, of (1, -1) 1 / 24 = 0.042, of (2, -2) 4 / 24 = 0.167:
    # the shock's is the largest, though each of its leads is as large as most.
    leads = [(2.0, 2.0), (-2.0, -2.0), (1.0, -1.0), (-1.0, 1.0)] * 10
    windows = np.array([[*pair, 0.0, 0.0, 0.0, 0.0] for pair in [(2.0, -2.0), *leads]])
    found = event_study(windows, 0, np.arange(41) > 0, np.ones(40), 20.0)
    assert found is not None
    assert found.pre_trend_p_value == pytest.approx(1 / 41)
    assert found.p_value[0] == pytest.approx(21 / 41)


def test_without_the_week_before_there_is_no_study() -> None:
    windows = np.array([[3.0, np.nan, 9.0, 4.0], *PLACEBOS])
    assert event_study(windows, 0, np.arange(21) > 0, np.ones(20), 20.0) is None


def test_unknown_weeks_stay_unknown_and_few_placebos_give_no_errors() -> None:
    windows = np.array([[np.nan, 5.0, 9.0, 4.0], *PLACEBOS[1:]])
    found = event_study(windows, 0, np.arange(20) > 0, np.ones(19), 20.0)
    assert found is not None
    np.testing.assert_array_equal(found.estimate, [np.nan, 0, 4, -1])
    assert np.isnan(found.se).all()
    assert np.isnan(found.p_value).all()
    assert found.pre_trend_p_value is None


def test_placebos_worth_fewer_than_20_independent_ones_give_no_errors() -> None:
    windows = np.array([SHOCK, *PLACEBOS])
    found = event_study(windows, 0, np.arange(21) > 0, np.ones(20), 19.9)
    assert found is not None
    assert found.placebo_count == 20
    assert np.isnan(found.se).all()
    assert np.isnan(found.p_value).all()
    assert found.pre_trend_p_value is None


def test_placebos_are_as_large_as_beside_the_residuals_of_the_shock() -> None:
    # Those with leads of 3 lie in windows twice as noisy, a 21st in one of which nothing is known.
    windows = np.array([SHOCK, *PLACEBOS, [90.0, 1.0, 1.0, 1.0]])
    scale = np.array([1.0] * 16 + [0.5] * 4 + [np.nan])
    found = event_study(windows, 0, np.arange(22) > 0, scale, 20.0)
    assert found is not None
    assert found.placebo_count == 20
    # Leads 1.5² · 4 / 20; week 0: (16 · 1 + 4 · 4) / 20. Half of 3 and of 4 are under 2 and 4.
    np.testing.assert_allclose(found.se[[0, 2]], np.sqrt([0.45, 1.6]))
    np.testing.assert_allclose(found.p_value[[0, 2]], [1 / 21, 1 / 21])


def test_unknown_weeks_of_placebos_count_in_the_weeks_that_are_known() -> None:
    unknown = [[7.0, 7.0, np.nan, 9.0], [7.0, np.nan, 8.0, 9.0]]
    windows = np.array([SHOCK, *PLACEBOS, *unknown])
    found = event_study(windows, 0, np.arange(23) > 0, np.ones(22), 20.0)
    assert found is not None
    assert found.placebo_count == 21  # without week -1 there is no difference
    np.testing.assert_allclose(found.se[[0, 2]], np.sqrt([36 / 21, 4.0]))
