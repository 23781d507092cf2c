"""DerSimonian and Laird, worked by hand and against statsmodels."""

import numpy as np
import pytest
from statsmodels.stats.meta_analysis import combine_effects

from assets.shifts.placebo import p_value
from assets.shifts.pooling import drawn, pooled


def test_effects_that_differ_more_than_their_errors_widen_the_pooled_one() -> None:
    # Weights 1 and 1: mean 2, Q = 1 + 1 + 4 + 4 over effects 1, 3, 0, 4 = 10 with weights 1;
    # tau² = (10 - 3) / (4 - 4 / 4) = 7/3; weights 1 / (1 + 7/3) = 0.3, se = 1 / sqrt(1.2).
    found = pooled([1.0, 3.0, 0.0, 4.0], [1.0] * 4)
    assert found is not None
    assert found.value == pytest.approx(2.0)
    assert found.tau_squared == pytest.approx(7 / 3)
    assert found.se == pytest.approx(1 / np.sqrt(1.2))
    assert found.heterogeneity_p_value == pytest.approx(0.018566, abs=1e-6)  # χ²(3) > 10


def test_effects_that_agree_are_weighted_by_precision() -> None:
    found = pooled([1.0, 2.0], [1.0, 2.0])
    assert found is not None
    assert found.tau_squared == 0.0
    assert found.value == pytest.approx((1.0 + 0.25 * 2.0) / 1.25)
    assert found.se == pytest.approx(1 / np.sqrt(1.25))


@pytest.mark.parametrize("seed", range(5))
def test_pooled_effects_equal_statsmodels(seed: int) -> None:
    rng = np.random.default_rng(seed)
    errors = rng.uniform(0.5, 1.5, size=6)
    effects = 3.0 * rng.normal(size=6)
    truth = combine_effects(effects, np.square(errors), method_re="chi2")
    found = pooled(effects.tolist(), errors.tolist())
    assert found is not None
    assert found.tau_squared == pytest.approx(float(truth.tau2))
    assert found.tau_squared > 0
    assert found.value == pytest.approx(float(truth.mean_effect_re))
    assert found.se == pytest.approx(float(truth.sd_eff_w_re))


def test_one_effect_is_not_pooled_and_exact_ones_are_left_out() -> None:
    assert pooled([1.0], [1.0]) is None
    assert pooled([1.0, 2.0], [1.0, 0.0]) is None


def test_weights_are_shares_and_effects_without_error_weigh_nothing() -> None:
    found = pooled([1.0, 9.0, 2.0], [1.0, 0.0, 2.0])
    assert found is not None
    assert found.weights == pytest.approx((0.8, 0.0, 0.2))
    assert found.count == 2


def test_pooled_placebos_are_drawn_for_each_shock() -> None:
    found = pooled([1.0, 1.0], [1.0, 1.0])
    assert found is not None
    # Means of two of -1 and 1: as far as 1 in half of the draws; of -3 and 3 always; of 0 never.
    near = drawn(found, [np.array([-1.0, 1.0]), np.array([-1.0, 1.0])])
    assert p_value(found.value, near) == pytest.approx(0.5, abs=0.04)
    assert p_value(found.value, drawn(found, [np.array([-3.0, 3.0]), np.array([0.0])])) == 1.0
    none = drawn(found, [np.array([0.0]), np.array([0.0])])
    assert p_value(found.value, none) == 1 / 2000
    np.testing.assert_array_equal(drawn(found, [np.array([-1.0, 1.0])] * 2), near)


def test_a_placebo_that_is_infinitely_far_out_is_farther_than_any_shock() -> None:
    found = pooled([1.0, 1.0], [1.0, 1.0])
    assert found is not None
    both = [np.array([np.inf]), np.array([-np.inf])]
    assert p_value(found.value, drawn(found, [np.array([np.inf])] * 2)) == 1.0
    assert np.isfinite(drawn(found, both)).all()
