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
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

from assets.engagement.modes import MIX_SD, ODDS_SD, Modes, find_modes, softmax

Floats = npt.NDArray[np.floating[Any]]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
_DRAW = np.float32  # replicates need no more, and are most of the work
_CHUNK = 64  # cells at a time: their replicates have to fit the cache
_TABLE_COUNTS = 32
_TABLE_SIZE = 1 << 16


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
        cell: (entries,) ascending: the cell of each entry. Countries that are a class of their own
            have one in every cell, the others where somebody of them is located.
        country: (entries,) column of `share`.
        draws: (entries, draws) replicates of the entry's share.
    """

    share: Floats
    cell: Ints
    country: Ints
    draws: Floats

    def summed(self, values: Floats, chosen: Bools | bool = True) -> Floats:
        """(cells, draws) sums over a cell's chosen entries of something of each entry."""
        return _by_cell(values, self.cell, len(self.share), chosen)


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
    cells, class_count, draws = len(located), len(window.base), len(window.theta_draws)
    others = class_count - 1
    rates, counts = _stacked(window.label_rates, unlocated)
    to_class = np.zeros((located.shape[1], class_count))
    to_class[np.arange(located.shape[1]), class_of] = 1.0
    mode = find_modes(located @ to_class, rates, counts, np.log(window.base), window.theta)
    total = counts.sum(axis=1)
    everybody = total + unlabelled
    accounts = np.maximum(located.sum(axis=1) + everybody, 1.0)[:, None]
    weights = softmax(mode.mix + mode.odds)
    of_others = located * to_class[:, others]
    sharing = 1.0 + (everybody * weights[:, others] / np.maximum(of_others.sum(axis=1), 1.0))
    own = (located + everybody[:, None] * weights[:, class_of]) * (1.0 - to_class[:, others])
    share = (own + of_others * sharing[:, None]) / accounts

    cell, country = np.nonzero(located)
    resampled = _poisson(located[cell, country], draws, rng)
    is_other = class_of[country] == others
    of_class = np.zeros((cells, class_count, draws), dtype=_DRAW)
    of_class[cell[~is_other], class_of[country[~is_other]]] = resampled[~is_other]
    members, member_cell = resampled[is_other], cell[is_other]
    of_class[:, others] = _by_cell(members, member_cell, cells)
    total_draws = rng.poisson(total[:, None], (cells, draws)).astype(_DRAW)
    weights = _weights_drawn(of_class, total_draws, mode, rates, counts, window, rng)
    weights *= (total_draws + unlabelled[:, None].astype(_DRAW))[:, None, :]
    accounts = np.maximum((of_class.sum(axis=1) + total_draws + unlabelled[:, None]), 1)
    per_account = (1 / accounts).astype(_DRAW)
    sharing = 1 + weights[:, others] / np.maximum(of_class[:, others], 1)
    members *= (sharing * per_account)[member_cell]
    own_country = np.flatnonzero(class_of != others)
    own_class = class_of[own_country]
    own = (of_class[:, own_class] + weights[:, own_class]) * per_account[:, None, :]
    entry_cell = np.concatenate([np.repeat(np.arange(cells), len(own_class)), member_cell])
    order = np.argsort(entry_cell, kind="stable")
    return Estimates(
        share,
        entry_cell[order],
        np.concatenate([np.tile(own_country, cells), country[is_other]])[order],
        np.concatenate([own.reshape(-1, draws), members])[order],
    )


def _weights_drawn(
    of_class: Floats,
    total_draws: Floats,
    mode: Modes,
    rates: Floats,
    counts: Floats,
    window: Window,
    rng: np.random.Generator,
) -> Floats:
    """(cells, classes, draws) class weights of the unlocated in each replicate.

    A replicate starts from its draw of the window, moved as the cell's mode is, and takes one step:
    draws may differ much where labels do not tell classes apart, and keep their sums there. Labels
    enter by weighted sums alone, whose Poisson resampling is drawn in its normal limit, together
    with the noise of the cell around its window.
    """
    covariance, spread = mode.covariance, mode.spread
    slopes = mode.slopes.transpose(0, 2, 1)
    by_label = np.matmul(spread, covariance)
    resampling = np.matmul(covariance, np.matmul(slopes * counts[:, None, :], mode.slopes))
    noise = np.matmul(resampling, covariance)
    noise += np.matmul(mode.located_covariance, mode.located_covariance) / MIX_SD**2
    noise += ODDS_SD**2 * np.eye(covariance.shape[1])
    root = np.matmul(spread, np.linalg.cholesky(noise)).astype(_DRAW)
    observed = np.matmul(slopes, counts[:, :, None])
    mix_move, odds_move = mode.mix - np.log(window.base), mode.odds - window.theta
    pulled = np.matmul(mode.located_covariance, mix_move[:, :, None] / MIX_SD**2)
    pulled += odds_move[:, :, None]
    fixed = np.matmul(by_label, observed) - np.matmul(spread, pulled)
    by_located = np.matmul(spread, mode.located_covariance).astype(_DRAW)
    by_weight = np.matmul(by_label, np.matmul(slopes, rates)).astype(_DRAW)

    mix = (np.log(window.base_draws).T + mix_move[:, :, None]).astype(_DRAW)
    logs = mix + (window.theta_draws.T + odds_move[:, :, None]).astype(_DRAW)
    located_score = of_class - of_class.sum(axis=1, keepdims=True) * softmax(mix)
    change = np.matmul(by_located, located_score)
    change -= total_draws[:, None, :] * np.matmul(by_weight, softmax(logs))
    change += np.matmul(root, rng.standard_normal(logs.shape, _DRAW))
    change += fixed.astype(_DRAW)
    return softmax(logs + change)


def _by_cell(values: Floats, cell: Ints, cells: int, chosen: Bools | bool = True) -> Floats:
    """(cells, draws) sums of (entries, draws)."""
    is_of = np.logical_and(cell == np.arange(cells)[:, None], chosen)
    return np.asarray(np.matmul(is_of.astype(values.dtype), values))


def _poisson(counts: Ints, draws: int, rng: np.random.Generator) -> Floats:
    """(entries, draws) Poisson resamples; of small counts, which most are, from a table."""
    result = np.empty((len(counts), draws), dtype=_DRAW)
    is_small = counts < _TABLE_COUNTS
    places = rng.integers(0, _TABLE_SIZE, (int(is_small.sum()), draws), dtype=np.uint16)
    result[is_small] = _poisson_table().take(counts[is_small, None] * _TABLE_SIZE + places)
    large = counts[~is_small, None]
    result[~is_small] = rng.poisson(large, (len(large), draws))
    return result


@cache
def _poisson_table() -> npt.NDArray[np.uint8]:
    """(counts, places) Poisson quantiles at 65,536 equal steps, for each small mean."""
    places = (np.arange(_TABLE_SIZE) + 0.5) / _TABLE_SIZE
    means = np.arange(_TABLE_COUNTS)[:, None]
    below = stats.poisson.cdf(np.arange(256), means)
    return np.array([np.searchsorted(row, places) for row in below], dtype=np.uint8)


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
