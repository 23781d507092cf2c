"""Segmented regressions against statsmodels' own formulas, and against arithmetic."""

from dataclasses import astuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from hypothesis import given
from hypothesis import strategies as st

from assets.shifts.regression import Form, design, fit, hac_lags, is_enough, level_weights


def drawn(weeks: int, seed: int, missing: tuple[int, ...] = ()) -> npt.NDArray[np.float64]:
    values = np.random.default_rng(seed).normal(size=2 * weeks).cumsum()
    values[list(missing)] = np.nan
    return values


@pytest.mark.parametrize(
    ("weeks", "lags", "missing"),
    [(8, 2, ()), (12, 2, ()), (4, 2, ()), (8, 2, (1, 9)), (60, 4, ())],
)
def test_segmented_effects_equal_statsmodels_own_formula(
    weeks: int, lags: int, missing: tuple[int, ...]
) -> None:
    values = drawn(weeks, 3, missing)
    data = pd.DataFrame({"y": values, "week": np.arange(-weeks, weeks)}).dropna()
    data["after"] = (data["week"] >= 0).astype(int)
    truth = smf.ols("y ~ after + week + after:week", data).fit(
        cov_type="HAC", cov_kwds={"maxlags": lags, "use_correction": True}, use_t=True
    )
    found = fit(values, "segmented")
    assert (found.week_count, found.lag_count) == (len(data), lags)
    assert found.slope is not None
    for name, estimate in (("after", found.level), ("after:week", found.slope)):
        low, high = truth.conf_int().loc[name]
        assert astuple(estimate) == pytest.approx(
            (truth.params[name], truth.bse[name], low, high, truth.pvalues[name])
        )


def test_a_step_is_the_difference_of_means_with_statsmodels_errors() -> None:
    values = drawn(8, 5)
    data = pd.DataFrame({"y": values, "after": [0] * 8 + [1] * 8})
    truth = smf.ols("y ~ after", data).fit(
        cov_type="HAC", cov_kwds={"maxlags": 2, "use_correction": True}, use_t=True
    )
    found = fit(values, "step")
    assert found.slope is None
    assert found.level.value == pytest.approx(values[8:].mean() - values[:8].mean())
    assert found.level.se == pytest.approx(truth.bse["after"])


def test_newey_west_errors_of_a_mean_worked_by_hand() -> None:
    # Means 2 and 6. An observation moves the difference by its residual / 4, before it by as much
    # the other way: (1, -1, 1, -1, -2, 2, -2, 2) / 4. Products at lags 0, 1, 2: 20, -13, 6 / 16;
    # Bartlett weights 2/3 and 1/3: (20 + 2 · (-26/3 + 2)) / 16 = 5/12, and · 8 / (8 - 2) = 5/9.
    found = fit(np.array([1.0, 3, 1, 3, 4, 8, 4, 8]), "step")
    assert found.level.value == pytest.approx(4.0)
    assert found.level.se == pytest.approx(np.sqrt(5 / 9))


def test_a_planted_change_of_level_and_slope_is_found_exactly() -> None:
    time = np.arange(-8, 8)
    values = np.asarray(5.0 + 0.5 * time + (time >= 0) * (2.0 - 0.25 * time), dtype=np.float64)
    found = fit(values, "segmented")
    assert found.slope is not None
    assert found.level.value == pytest.approx(2.0)
    assert found.slope.value == pytest.approx(-0.25)
    assert (found.level.se, found.level.p_value) == (0.0, None)


@given(
    weeks=st.integers(4, 12),
    seed=st.integers(0, 1000),
    form=st.sampled_from(("segmented", "step")),
    gap=st.integers(0, 7),
)
def test_weights_give_the_same_change_of_level_as_the_regression(
    weeks: int, seed: int, form: Form, gap: int
) -> None:
    values = drawn(weeks, seed, (gap,))
    weights = level_weights(np.isfinite(values), form)
    assert weights[gap] == 0.0
    found = fit(values, form)
    assert float(np.nan_to_num(values) @ weights) == pytest.approx(found.level.value, abs=1e-9)


def test_the_design_counts_time_from_week_zero() -> None:
    assert design(2, "segmented").tolist() == [
        [1, 0, -2, 0],
        [1, 0, -1, 0],
        [1, 1, 0, 0],
        [1, 1, 1, 1],
    ]


@pytest.mark.parametrize(("weeks", "lags"), [(8, 2), (16, 2), (24, 2), (100, 4), (400, 5)])
def test_lags_follow_newey_and_west(weeks: int, lags: int) -> None:
    assert hac_lags(weeks) == lags


@pytest.mark.parametrize(
    ("known", "enough"),
    [("11111111", True), ("01111110", True), ("00111111", False), ("11111100", False)],
)
def test_three_quarters_of_each_side_are_needed(known: str, enough: bool) -> None:
    assert is_enough(np.array([each == "1" for each in known])) == enough
