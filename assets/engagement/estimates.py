"""Corrected shares of cells: a period, scope and event group each.

A cell's accounts are counted by country where they are located and by evidence label where not.
Both counts speak of one mix of countries: the located ones are drawn from it, the others from it
times the countries' missingness odds, through the window's label rates
(`assets.attribution.missingness`). A cell's log mix lies around its window's within 0.5 (standard
deviation), and its log missingness odds within 0.2: what a small cell cannot say, its window says.

Intervals are percentiles of a bootstrap over accounts: located counts and labels are resampled
(Poisson weights), and each replicate takes one draw of the window's base and odds. A cell's mode is
linear in its counts to first order, so a replicate needs no fit of its own and all replicates of
many cells are a few matrix products (the score bootstrap of Kline & Santos 2012, J. Econometric
Methods 1, 23-41).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]
Ints = npt.NDArray[np.int64]
_DRAW = np.float32  # replicates need no more, and are most of the work
MIX_SD = 0.5  # of a cell's log mix around the window's
ODDS_SD = 0.2  # of a cell's log missingness odds around the window's
_STEPS = 3
_LARGEST_STEP = 0.7
_RIDGE = 1e-9
_CHUNK = 16  # cells at a time: their replicates have to fit the cache


@dataclass(frozen=True, slots=True)
class Window:
    """What cells take from the attribution of their day.

    Attributes:
        base: (classes,) located accounts.
        theta: (classes,) log missingness odds.
        label_rates: (strata, labels, classes) P(label | class, stratum).
        base_draws: (draws, classes).
        theta_draws: (draws, classes).
    """

    base: Floats
    theta: Floats
    label_rates: Floats
    base_draws: Floats
    theta_draws: Floats


@dataclass(frozen=True, slots=True)
class Estimates:
    """Shares of some cells.

    Attributes:
        share: (cells, countries) point estimates; a cell's sum to 1 at most: the rest belongs to
            countries that share the last class and have no located account there.
        draws: (cells, draws, countries) replicates.
    """

    share: Floats
    draws: Floats


def estimate_cells(
    located: Ints,
    class_of: Ints,
    unlocated: Ints,
    unlabelled: Ints,
    window: Window,
    rng: np.random.Generator,
) -> Iterator[tuple[slice, Estimates]]:
    """Estimates of cells, some at a time.

    Args:
        located: (cells, countries) located accounts.
        class_of: (countries,) class of each country.
        unlocated: (cells, strata, labels) accounts without a location.
        unlabelled: (cells,) accounts of which nothing is known, taken to be as those.
        window: of the cells' day.
        rng: of the replicates.

    Yields:
        Which cells, and their estimates.
    """
    for start in range(0, len(located), _CHUNK):
        chunk = slice(start, start + _CHUNK)
        yield (
            chunk,
            _estimate(located[chunk], class_of, unlocated[chunk], unlabelled[chunk], window, rng),
        )


def _estimate(
    located: Ints,
    class_of: Ints,
    unlocated: Ints,
    unlabelled: Ints,
    window: Window,
    rng: np.random.Generator,
) -> Estimates:
    cells, countries = located.shape
    class_count, draws = len(window.base), len(window.theta_draws)
    to_class = np.zeros((countries, class_count))
    to_class[np.arange(countries), class_of] = 1.0
    rates, counts = _stacked(window.label_rates, unlocated)
    log_base = np.log(window.base)
    mode = _modes(located @ to_class, rates, counts, log_base, window.theta)
    total = counts.sum(axis=1)
    everybody = total + unlabelled
    share = _shares(located.astype(np.float64), mode.weights, everybody, to_class)

    shape = (cells, draws, class_count)
    located_draws = _resampled(located, draws, rng)
    total_draws = rng.poisson(total[:, None], (cells, draws)).astype(_DRAW)
    to_class = to_class.astype(_DRAW)
    mode = mode.for_draws()
    of_class = located_draws @ to_class
    # Each replicate starts from its draw of the window, moved as the cell's mode is, and takes one
    # step: draws may differ much where labels do not tell classes apart, and keep their sums there.
    mix_noise = MIX_SD * rng.standard_normal(shape, _DRAW) - mode.mix_move[:, None, :]
    odds_noise = ODDS_SD * rng.standard_normal(shape, _DRAW) - mode.odds_move[:, None, :]
    mix = np.log(window.base_draws).astype(_DRAW) + mode.mix_move[:, None, :]
    logs = mix + window.theta_draws.astype(_DRAW) + mode.odds_move[:, None, :]
    located_score = of_class - of_class.sum(axis=2, keepdims=True) * _softmax(mix)
    label_score = _label_scores(counts, mode, rates, total_draws, _softmax(logs), rng)
    logs += np.matmul(located_score + label_score + mix_noise / MIX_SD**2, mode.by_mix)
    logs += np.matmul(label_score + odds_noise / ODDS_SD**2, mode.by_odds)
    weights = _softmax(logs)
    everybody_draws = total_draws + unlabelled[:, None].astype(_DRAW)
    return Estimates(share, _shares(located_draws, weights, everybody_draws, to_class))


def _resampled(located: Ints, draws: int, rng: np.random.Generator) -> Floats:
    """(cells, draws, countries) Poisson resamples; most countries have nobody in most cells."""
    cells, countries = located.shape
    row, column = np.nonzero(located)
    result = np.zeros((cells, draws, countries), dtype=_DRAW)
    result[row, :, column] = rng.poisson(located[row, column, None], (len(row), draws))
    return result


def _label_scores(
    counts: Floats,
    mode: "_Modes",
    rates: Floats,
    totals: Floats,
    weights: Floats,
    rng: np.random.Generator,
) -> Floats:
    """(cells, draws, classes) score of resampled labels against each replicate's weights.

    Labels enter by weighted sums alone, whose Poisson resampling is drawn in its normal limit.
    """
    slopes = mode.slopes.transpose(0, 2, 1)
    covariance = np.matmul(slopes * counts[:, None, :], mode.slopes)
    covariance += _RIDGE * np.eye(covariance.shape[1])
    noise = rng.standard_normal(weights.shape, _DRAW)
    root = np.linalg.cholesky(covariance).transpose(0, 2, 1).astype(_DRAW)
    observed = np.matmul(slopes, counts[:, :, None])[:, None, :, 0].astype(_DRAW)
    by_weight = np.matmul(slopes, rates).transpose(0, 2, 1).astype(_DRAW)
    resampled, expected = np.matmul(noise, root), np.matmul(weights, by_weight)
    return np.asarray(observed + resampled - totals[:, :, None] * expected)


def _stacked(label_rates: Floats, unlocated: Ints) -> tuple[Floats, Floats]:
    """P(stratum and label | class), given each cell's strata, and counts; both by used label."""
    cells = len(unlocated)
    in_stratum = unlocated.sum(axis=2)
    share = in_stratum / np.maximum(in_stratum.sum(axis=1, keepdims=True), 1)
    rates = label_rates[None] * share[:, :, None, None]
    rates = rates.reshape(cells, -1, label_rates.shape[2])
    counts = unlocated.reshape(cells, -1).astype(np.float64)
    used = counts.any(axis=0)
    return rates[:, used], counts[:, used]


@dataclass(frozen=True, slots=True)
class _Modes:
    """Posterior modes of cells, and how their log weights move with the data.

    Attributes:
        logs: (cells, classes) log weights of the unlocated, up to a constant.
        mix_move: (cells, classes) log mix less the window's.
        odds_move: (cells, classes) log odds less the window's.
        slopes: (cells, labels, classes) what an account with a label adds to the score.
        by_mix: (cells, classes, classes) change of `logs` by a unit of the mix's score.
        by_odds: the same by a unit of the odds' score.
    """

    logs: Floats
    mix_move: Floats
    odds_move: Floats
    slopes: Floats
    by_mix: Floats
    by_odds: Floats

    @property
    def weights(self) -> Floats:
        return _softmax(self.logs)

    def for_draws(self) -> "_Modes":
        """The same in the precision of replicates, but for the slopes that sums are taken by."""
        return replace(
            self,
            mix_move=self.mix_move.astype(_DRAW),
            odds_move=self.odds_move.astype(_DRAW),
            by_mix=self.by_mix.astype(_DRAW),
            by_odds=self.by_odds.astype(_DRAW),
        )


def _modes(
    located: Floats, rates: Floats, counts: Floats, log_base: Floats, theta: Floats
) -> _Modes:
    """Gauss-Newton steps on the log mix and the log odds of each cell."""
    mix = np.tile(log_base, (len(located), 1))
    odds = np.tile(theta, (len(located), 1))
    identity = np.eye(len(log_base))
    located_total, total = located.sum(axis=1), counts.sum(axis=1)
    for step in range(_STEPS + 1):
        located_mix, weights = _softmax(mix), _softmax(mix + odds)
        expected = np.matmul(rates, weights[:, :, None])[:, :, 0]
        differences = (rates - expected[:, :, None]) * weights[:, None, :]
        slopes = differences / np.where(expected > 0, expected, 1.0)[:, :, None]
        label_information = np.matmul(differences.transpose(0, 2, 1), slopes)
        label_information *= total[:, None, None]
        located_information = located_mix[:, :, None] * identity
        located_information -= located_mix[:, :, None] * located_mix[:, None, :]
        located_information *= located_total[:, None, None]
        # Inverse of the block matrix [[L + U + 1/m, U], [U, U + 1/o]] by its Schur complement.
        odds_block = np.linalg.inv(label_information + identity / ODDS_SD**2)
        carried = np.matmul(label_information, odds_block)
        effective = label_information - np.matmul(carried, label_information)
        mix_block = np.linalg.inv(located_information + effective + identity / MIX_SD**2)
        crossed = -np.matmul(mix_block, carried)  # mix by odds
        by_mix = mix_block + crossed
        by_odds = crossed + odds_block - np.matmul(carried.transpose(0, 2, 1), crossed)
        if step == _STEPS:
            return _Modes(mix + odds, mix - log_base, odds - theta, slopes, by_mix, by_odds)
        label_score = np.matmul(counts[:, None, :], slopes)[:, 0, :]
        mix_score = located - located_total[:, None] * located_mix + label_score
        mix_score -= (mix - log_base) / MIX_SD**2
        odds_score = label_score - (odds - theta) / ODDS_SD**2
        mix_step = np.einsum("nkl,nl->nk", mix_block, mix_score)
        mix_step += np.einsum("nkl,nl->nk", crossed, odds_score)
        odds_step = np.einsum("nlk,nl->nk", crossed, mix_score)
        odds_step += np.einsum(
            "nkl,nl->nk",
            odds_block - np.matmul(carried.transpose(0, 2, 1), crossed),
            odds_score,
        )
        mix = mix + np.clip(mix_step, -_LARGEST_STEP, _LARGEST_STEP)
        odds = odds + np.clip(odds_step, -_LARGEST_STEP, _LARGEST_STEP)
    raise AssertionError("the last step returns")


def _softmax(logs: Floats) -> Floats:
    """Shares; logs are those of accounts and odds, far from where an exponential overflows."""
    weights = np.exp(logs)
    return np.asarray(weights / weights.sum(axis=-1, keepdims=True))


def _shares(located: Floats, weights: Floats, total: Floats, to_class: Floats) -> Floats:
    """Shares of countries: the located, and their class's unlocated.

    A country that is a class of its own has those whether anybody of it is located or not; the
    last class's fall to its members in proportion to their located accounts.
    """
    accounts = np.maximum(located.sum(axis=-1) + total, 1.0)[..., None]
    unlocated = total[..., None] * weights
    others = located @ to_class[:, -1]
    members = located * to_class[:, -1]
    of_others = members * (unlocated[..., -1] / np.maximum(others, 1.0))[..., None]
    own = unlocated[..., :-1] @ to_class[:, :-1].T
    return np.asarray((located + own + of_others) / accounts)
