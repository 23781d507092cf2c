"""The mixture of the unlocated: modes against their defining equation, draws against known laws."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from assets.attribution.missingness import (
    PRIOR_SD,
    component_shift,
    draw_thetas,
    fit_mixture,
    located_base,
    mixture_weights,
    posterior,
)

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def one_hot(counts: list[int], nats: float = 60.0) -> tuple[Floats, Ints]:
    """Likelihoods that leave no doubt, and the class of each account."""
    classes = np.repeat(np.arange(len(counts)), counts)
    return nats * np.eye(len(counts))[classes], classes


def log_posterior(log_likelihood: Floats, base: Floats, theta: Floats) -> float:
    """The density that the mode is of, up to a constant, written anew."""
    weights = base * np.exp(theta) / (base * np.exp(theta)).sum()
    mixed = np.log((np.exp(log_likelihood) * weights).sum(axis=1)).sum()
    return float(mixed - (theta**2).sum() / (2 * PRIOR_SD**2))


def test_weights_are_the_base_times_the_odds() -> None:
    """1 · 3 and 3 · 1 are the same."""
    found = mixture_weights(np.array([1.0, 3.0]), np.log([3.0, 1.0]))
    assert found == pytest.approx([0.5, 0.5])
    assert mixture_weights(np.array([1.0, 3.0]), np.zeros(2)) == pytest.approx([0.25, 0.75])


@given(
    hnp.arrays(np.float64, 5, elements=st.floats(0.5, 1e6)),
    hnp.arrays(np.float64, (3, 5), elements=st.floats(-20, 20)),
    st.floats(-300, 300),
)
def test_weights_sum_to_one_and_do_not_see_a_common_factor(
    base: Floats, theta: Floats, shift: float
) -> None:
    found = mixture_weights(base, theta)
    assert found.shape == (3, 5)
    assert found.sum(axis=1) == pytest.approx(np.ones(3))
    assert mixture_weights(base, theta + shift) == pytest.approx(found)
    assert mixture_weights(base * 7.0, theta) == pytest.approx(found)


def test_no_class_has_quite_no_located_account() -> None:
    assert located_base(np.array([0, 0, 2]), 4).tolist() == [2.5, 0.5, 1.5, 0.5]


def test_a_posterior_is_prior_times_likelihood() -> None:
    """0.2 · 3 against 0.8 · 1: 3/7 and 4/7, whatever is added to both logs."""
    log_likelihood = np.log([[3.0, 1.0]]) + np.array([[0.0], [-900.0]])
    found = posterior(log_likelihood, np.array([0.2, 0.8]))
    assert found == pytest.approx(np.array([[3 / 7, 4 / 7]] * 2))


def test_evidence_that_leaves_no_doubt_gives_the_counts_up_to_the_prior() -> None:
    """At the mode a class's surplus of accounts balances the prior: n_k - n w_k = theta_k / sd²."""
    counts = [600, 300, 100]
    log_likelihood, _ = one_hot(counts)
    fitted = fit_mixture(log_likelihood, np.array([50.5, 100.5, 50.5]))
    assert fitted.weights == pytest.approx(np.array([0.6, 0.3, 0.1]), abs=0.003)
    surplus = np.array(counts) - 1_000 * fitted.weights
    assert surplus == pytest.approx(fitted.theta / PRIOR_SD**2, abs=0.05)
    assert np.sign(fitted.theta).tolist() == [1, -1, -1]


def test_a_country_that_hides_is_found_by_its_missingness_odds() -> None:
    """Half of 800 and a tenth of 1,000 fill in: 400 and 900 do not, odds of 1 against 9."""
    log_likelihood, _ = one_hot([400, 900])
    fitted = fit_mixture(log_likelihood, np.array([400.5, 100.5]))
    assert fitted.theta[1] - fitted.theta[0] == pytest.approx(np.log(9), abs=0.03)


def test_evidence_that_says_nothing_leaves_the_odds_at_zero() -> None:
    base = np.array([70.0, 20.0, 10.0])
    fitted = fit_mixture(np.full((500, 3), -4.0), base)
    assert fitted.theta == pytest.approx(np.zeros(3), abs=1e-12)
    assert fitted.weights == pytest.approx([0.7, 0.2, 0.1])
    assert fitted.responsibilities == pytest.approx(np.tile([0.7, 0.2, 0.1], (500, 1)))


def test_nobody_unlocated_leaves_the_odds_at_zero() -> None:
    fitted = fit_mixture(np.zeros((0, 2)), np.array([3.0, 1.0]))
    assert fitted.theta.tolist() == [0.0, 0.0]
    assert fitted.responsibilities.shape == (0, 2)


def test_classes_that_evidence_does_not_tell_apart_share_their_accounts() -> None:
    """The first two read alike and are as often located: each gets half of their 800 accounts."""
    alike = np.repeat([[0.0, 0.0, -60.0], [-60.0, -60.0, 0.0]], [800, 200], axis=0)
    fitted = fit_mixture(alike, np.array([40.0, 40.0, 40.0]))
    assert fitted.weights == pytest.approx(np.array([0.4, 0.4, 0.2]), abs=0.003)
    assert fitted.theta[0] == pytest.approx(fitted.theta[1])
    assert fitted.responsibilities[0] == pytest.approx([0.5, 0.5, 0.0], abs=1e-6)


@given(st.integers(0, 10_000), st.integers(1, 60), st.integers(2, 5))
def test_nothing_near_the_mode_is_more_probable(seed: int, accounts: int, classes: int) -> None:
    rng = np.random.default_rng(seed)
    log_likelihood = rng.normal(0, 2, (accounts, classes))
    base = rng.uniform(0.5, 200, classes)
    fitted = fit_mixture(log_likelihood, base)
    there = log_posterior(log_likelihood, base, fitted.theta)
    for _ in range(8):
        near = fitted.theta + rng.normal(0, 0.02, classes)
        assert log_posterior(log_likelihood, base, near) <= there + 1e-5
    assert fitted.responsibilities.sum(axis=1) == pytest.approx(np.ones(accounts))


def test_without_evidence_draws_are_the_priors() -> None:
    """A standard deviation of 4,000 draws is known to 1/sqrt(8,000) = 1.1 %: 5 % is over four."""
    fitted = fit_mixture(np.zeros((300, 3)), np.array([60.0, 30.0, 10.0]))
    rng = np.random.default_rng(7)
    drawn = draw_thetas(fitted, np.zeros(300, dtype=np.int64), np.zeros(3), rng, 4_000)
    assert drawn.shape == (4_000, 3)
    assert drawn.mean(axis=0) == pytest.approx(np.zeros(3), abs=0.12)
    assert drawn.std(axis=0) == pytest.approx(np.full(3, PRIOR_SD), rel=0.05)
    assert np.corrcoef(drawn[:, 0], drawn[:, 1]).reshape(-1)[1] == pytest.approx(0.0, abs=0.07)


def test_with_clear_evidence_draws_spread_as_a_binomial_share() -> None:
    """300 of 1,000: the share's standard error is sqrt(0.3 · 0.7 / 1,000) = 0.01449."""
    log_likelihood, classes = one_hot([300, 700])
    fitted = fit_mixture(log_likelihood, np.array([500.5, 500.5]))
    rng = np.random.default_rng(8)
    drawn = draw_thetas(fitted, classes, np.zeros(2), rng, 2_000)
    shares = mixture_weights(fitted.base, drawn)[:, 0]
    assert shares.mean() == pytest.approx(0.3, abs=0.002)
    assert shares.std() == pytest.approx(0.01449, rel=0.08)


def test_the_draws_of_a_seed_are_always_the_same() -> None:
    log_likelihood, classes = one_hot([30, 70])
    fitted = fit_mixture(log_likelihood, np.array([50.5, 50.5]))
    first, second = (
        draw_thetas(fitted, classes, np.zeros(2), np.random.default_rng(9), 20) for _ in range(2)
    )
    assert first.tobytes() == second.tobytes()


def test_other_components_shift_the_score_by_the_accounts_they_move() -> None:
    """Of 1,000 accounts 100 are looked at; each moves from half and half to 9 in 10."""
    fitted = fit_mixture(np.zeros((1_000, 2)), np.array([5.0, 5.0]))
    before = np.zeros((100, 2))
    assert component_shift(fitted, before, before).tolist() == [0.0, 0.0]
    after = np.tile(np.log([0.9, 0.1]), (100, 1))
    assert component_shift(fitted, before, after) == pytest.approx([400.0, -400.0])


def test_a_shift_of_the_score_moves_the_draws_its_way() -> None:
    """Components that claim 50 more of 1,000 accounts for a class raise its share by about 0.05."""
    log_likelihood, classes = one_hot([300, 700])
    fitted = fit_mixture(log_likelihood, np.array([500.5, 500.5]))
    rng = np.random.default_rng(10)
    drawn = draw_thetas(fitted, classes, np.array([50.0, -50.0]), rng, 500)
    assert mixture_weights(fitted.base, drawn)[:, 0].mean() == pytest.approx(0.35, abs=0.005)
