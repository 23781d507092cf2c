"""Corrected shares against mixes that are known, and replicates against known spreads."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from assets.engagement.estimates import Window, estimate_cells

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
STRATA = 4
DRAWS = 200


class Found(NamedTuple):
    """Point estimates (cells, countries) and replicates (cells, draws, countries)."""

    share: Floats
    draws: Floats


def window_of(
    base: list[float],
    theta: list[float],
    rates: Floats | None = None,
    *,
    theta_sd: float = 0.02,
    draws: int = DRAWS,
) -> Window:
    """A window whose label names the class, unless given rates (labels, classes)."""
    rng = np.random.default_rng(99)
    rates = np.eye(len(base)) if rates is None else rates
    return Window(
        base=np.array(base),
        theta=np.array(theta),
        label_rates=np.tile(rates, (STRATA, 1, 1)),
        base_draws=rng.poisson(base, (draws, len(base))) + 0.5,
        theta_draws=np.array(theta) + theta_sd * rng.standard_normal((draws, len(base))),
    )


def labelled(counts: list[list[int]], stratum: int = 1) -> Ints:
    """(cells, strata, labels) of counts by cell and label in one stratum."""
    result = np.zeros((len(counts), STRATA, len(counts[0])), dtype=np.int64)
    result[:, stratum] = counts
    return result


def estimates(
    located: list[list[int]],
    unlocated: Ints,
    window: Window,
    *,
    class_of: list[int] | None = None,
    unlabelled: list[int] | None = None,
    seed: int = 5,
) -> Found:
    """All cells at once; a country without an entry has nobody in any replicate."""
    classes = class_of if class_of is not None else list(range(len(located[0])))
    parts = list(
        estimate_cells(
            np.array(located, dtype=np.int64),
            np.array(classes, dtype=np.int64),
            unlocated,
            np.array(unlabelled or [0] * len(located), dtype=np.int64),
            window,
            np.random.default_rng(seed),
        )
    )
    shares, replicates = [], []
    for _, part in parts:
        dense = np.zeros((*part.share.shape, part.draws.shape[1]))
        dense[part.cell, part.country] = part.draws
        shares.append(part.share)
        replicates.append(dense.transpose(0, 2, 1))
    return Found(np.concatenate(shares), np.concatenate(replicates))


def width(found: Found, country: int = 0) -> float:
    low, high = np.quantile(found.draws[0, :, country], [0.025, 0.975])
    return float(high - low)


@settings(max_examples=30)
@given(st.lists(st.integers(0, 500), min_size=3, max_size=3).filter(any))
def test_without_unlocated_accounts_the_share_is_the_located_one(counts: list[int]) -> None:
    found = estimates([counts], labelled([[0, 0, 0]]), window_of([50, 30, 20], [0.3, 0.0, -0.3]))
    assert found.share[0] == pytest.approx(np.array(counts) / sum(counts), abs=1e-12)


def test_labels_that_name_the_class_give_the_true_mix() -> None:
    """Located 10,000 and 4,000; labels name 3,000 and 7,000 more: 13,000 and 11,000 of 24,000.

    The window knows nothing of it: its odds are 0, and counts this large outweigh its 0.2.
    """
    window = window_of([50, 50], [0, 0])
    found = estimates([[10_000, 4_000]], labelled([[3_000, 7_000]]), window)
    assert found.share[0] == pytest.approx(np.array([13 / 24, 11 / 24]), abs=0.002)
    assert found.share.sum() == pytest.approx(1)


@pytest.mark.parametrize("seed", range(5))
def test_a_share_is_at_the_mode_of_what_the_module_states(seed: int) -> None:
    """The posterior written anew: multinomial located and labels, normal log mix and log odds.

    The cell is drawn from it: a log mix within 0.3 of the window's.
    """
    rng = np.random.default_rng(seed)
    base, theta = np.array([60.0, 30.0, 10.0]), np.array([-0.4, 0.9, 0.2])
    rates = rng.dirichlet(np.ones(5), 3).T
    drawn = base * np.exp(rng.normal(0, 0.3, 3))
    located = rng.multinomial(60, drawn / drawn.sum())
    drawn *= np.exp(theta)
    labels = rng.multinomial(52, rates @ (drawn / drawn.sum()))

    def minus_log_posterior(point: Floats) -> float:
        mix, odds = point[:3], point[3:]
        among_located = np.exp(mix) / np.exp(mix).sum()
        unlocated = np.exp(mix + odds) / np.exp(mix + odds).sum()
        likelihood = located @ np.log(among_located) + labels @ np.log(rates @ unlocated)
        penalty = (((mix - np.log(base)) / 0.5) ** 2).sum() + (((odds - theta) / 0.2) ** 2).sum()
        return float(penalty / 2 - likelihood)

    mode = minimize(minus_log_posterior, np.concatenate([np.log(base), theta]), tol=1e-12).x
    unlocated = np.exp(mode[:3] + mode[3:])
    unlocated /= unlocated.sum()
    expected = (located + labels.sum() * unlocated) / (located.sum() + labels.sum())
    window = window_of(base.tolist(), theta.tolist(), rates)
    found = estimates([located.tolist()], labelled([labels.tolist()]), window)
    assert found.share[0] == pytest.approx(expected, abs=1e-4)


def test_a_small_cell_takes_the_odds_of_its_window() -> None:
    """Located 30 and 10, unlocated 40 of which nothing is told apart; odds of 1 and 9.

    The unlocated are 30 · 1 : 10 · 9 = 1 : 3, that is 10 and 30: 40 and 40 of 80.
    """
    nothing = np.full((2, 2), 0.5)
    window = window_of([300, 100], [0.0, np.log(9)], nothing)
    found = estimates([[30, 10]], labelled([[20, 20]]), window)
    assert found.share[0] == pytest.approx([0.5, 0.5], abs=1e-6)


def test_accounts_of_which_nothing_is_known_are_taken_to_be_as_the_unlocated() -> None:
    """Unlocated by their labels 1 : 3 as in the window; 40 and 360 unknown more change nothing.

    Located 30 and 10; 40 + 360 unlocated are 100 and 300: 130 and 310 of 440.
    """
    window = window_of([300, 100], [0.0, np.log(9)])
    without = estimates([[30, 10]], labelled([[10, 30]]), window)
    found = estimates([[30, 10]], labelled([[10, 30]]), window, unlabelled=[360])
    assert without.share[0] == pytest.approx([40 / 80, 40 / 80], abs=1e-6)
    assert found.share[0] == pytest.approx([130 / 440, 310 / 440], abs=1e-6)


def test_countries_of_a_class_share_its_unlocated_as_their_located_are() -> None:
    """The class of others has 6 and 2 located and 8 unlocated: 12 and 4 in all, of 32."""
    found = estimates(
        [[8, 6, 2]],
        labelled([[8, 8]]),
        window_of([80, 80], [0, 0]),
        class_of=[0, 1, 1],
    )
    assert found.share[0] == pytest.approx([16 / 32, 12 / 32, 4 / 32], abs=1e-6)


def test_unlocated_of_a_class_without_a_located_account_are_of_nobody_shown() -> None:
    """All 40 located are of class 0, as half of the 40 unlocated are; the other 20 are unseen."""
    window = window_of([400, 1], [0.0, np.log(400.0)])
    found = estimates([[40]], labelled([[20, 20]]), window, class_of=[0])
    assert found.share[0, 0] == pytest.approx(60 / 80, abs=0.03)
    assert (found.draws[0, :, 0] < 1).all()


@settings(max_examples=40)
@given(
    st.lists(st.integers(0, 30), min_size=4, max_size=4).filter(any),
    st.lists(st.integers(0, 30), min_size=6, max_size=6),
    st.integers(0, 30),
    st.integers(0, 1_000),
)
def test_a_share_lies_between_its_worst_cases(
    located: list[int], labels: list[int], unlabelled: int, seed: int
) -> None:
    """No unlocated account is from there, or every one is; replicates stay in 0 to 1."""
    rng = np.random.default_rng(seed)
    rates = rng.dirichlet(np.ones(6), 3).T
    window = window_of([40, 9, 1], list(rng.normal(0, 1.6, 3)), rates, theta_sd=1.0, draws=20)
    found = estimates(
        [located], labelled([labels]), window, class_of=[0, 1, 2, 2], unlabelled=[unlabelled]
    )
    unknown = sum(labels) + unlabelled
    total = sum(located) + unknown
    members = zip(located, found.share[0], (False, False, True, True), strict=True)
    for count, share, is_of_others in members:
        assert count / total - 1e-9 <= share <= (count + unknown) / total + 1e-9
        if not count:
            # Labels speak for a class of its own; of the others nobody says which.
            assert share == 0 if is_of_others else share > 0 or not unknown
    assert found.share.sum() <= 1 + 1e-9
    assert np.isfinite(found.draws).all()
    assert (found.draws >= 0).all()
    assert (found.draws.sum(axis=2) <= 1 + 1e-5).all()


def test_replicates_of_located_accounts_alone_spread_as_a_binomial_share() -> None:
    """300 of 1,000: the standard error is sqrt(0.3 · 0.7 / 1,000) = 0.01449."""
    window = window_of([30, 70], [0, 0], draws=2_000)
    found = estimates([[300, 700]], labelled([[0, 0]]), window)
    assert found.draws[0, :, 0].mean() == pytest.approx(0.3, abs=0.002)
    assert found.draws[0, :, 0].std() == pytest.approx(0.01449, rel=0.08)


def test_replicates_lie_around_the_share() -> None:
    """Located 600 and 200, unlocated 200 and 600: half and half, and the window agrees."""
    window = window_of([600, 200], [0.0, np.log(9)], draws=1_000)
    found = estimates([[600, 200]], labelled([[200, 600]]), window)
    assert found.share[0] == pytest.approx([0.5, 0.5], abs=1e-6)
    assert found.draws[0].mean(axis=0) == pytest.approx([0.5, 0.5], abs=0.004)
    # By sampling alone: sqrt(0.25 / 1,600) = 0.0125; the window's odds can only narrow it.
    assert 0.008 < found.draws[0, :, 0].std() < 0.0145


def test_labels_that_tell_nothing_apart_widen_the_interval() -> None:
    """The window's odds are the same, and known to 0.5: only what labels say differs."""
    counts = [[600, 200]], labelled([[200, 600]])
    window = window_of([600, 200], [0.0, np.log(9)], theta_sd=0.5)
    blind = replace(window, label_rates=np.full((STRATA, 2, 2), 0.5))
    assert width(estimates(*counts, blind)) > 2 * width(estimates(*counts, window))


def test_more_accounts_without_a_location_widen_the_interval() -> None:
    blind = window_of([300, 100], [0.0, 0.0], np.full((2, 2), 0.5), theta_sd=1.0)
    few = estimates([[300, 100]], labelled([[20, 20]]), blind)
    many = estimates([[300, 100]], labelled([[400, 400]]), blind)
    assert width(many) > 3 * width(few)


def test_a_seed_gives_the_same_replicates_and_another_one_others() -> None:
    window = window_of([300, 100], [0.0, 1.0])
    cell = [[30, 10]], labelled([[10, 30]])
    first, again, other = (estimates(*cell, window, seed=seed) for seed in (5, 5, 6))
    assert first.draws.tobytes() == again.draws.tobytes()
    assert first.draws.tobytes() != other.draws.tobytes()
    assert first.share.tobytes() == other.share.tobytes()


def test_a_cell_is_estimated_alike_alone_and_among_many() -> None:
    rng = np.random.default_rng(3)
    located = rng.poisson(20, (150, 3))
    labels = rng.poisson(15, (150, 5))
    window = window_of([40, 30, 20], [0.0, 1.0, 0.2], rng.dirichlet(np.ones(5), 3).T, draws=10)
    together = estimates(located.tolist(), labelled(labels.tolist()), window)
    assert together.share.shape == (150, 3)
    assert together.draws.shape == (150, 10, 3)
    for cell in (0, 63, 64, 149):
        alone = estimates([located[cell].tolist()], labelled([labels[cell].tolist()]), window)
        assert alone.share[0] == pytest.approx(together.share[cell])


def test_strata_are_weighed_by_the_cells_own_accounts() -> None:
    """In stratum 0 labels say nothing; in stratum 3 they name the class.

    All 10,000 unlocated are in stratum 3, and its labels decide; in stratum 0 the window does.
    """
    rates = np.stack([np.full((2, 2), 0.5)] * 3 + [np.eye(2)])
    window = replace(window_of([100, 100], [0.0, 0.0]), label_rates=rates)
    located = [[5_000, 5_000]]
    clear = estimates(located, labelled([[1_000, 9_000]], stratum=3), window)
    vague = estimates(located, labelled([[1_000, 9_000]], stratum=0), window)
    assert clear.share[0] == pytest.approx([6 / 20, 14 / 20], abs=0.01)
    assert vague.share[0] == pytest.approx([0.5, 0.5], abs=1e-6)
