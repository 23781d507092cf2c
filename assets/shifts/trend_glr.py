"""Sequential detector: the generalised likelihood ratio of a step in an overdispersed share.

Of each possible onset among the newest periods, twice the log likelihood ratio of two binomial
shares, before and since, against one share, divided by the design effect of the two means
(window-limited GLR: Willsky & Jones 1976, IEEE TAC 21, 108-112; Lai 1995, JRSS B 57, 613-658;
quasi-likelihood: Wedderburn 1974, Biometrika 61, 439-447).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import xlogy

from assets.shifts.trend_noise import Noise

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
PROFILE_DROP = 3.841458820694124  # 95 % of chi-square, one degree of freedom
_SIZE_SD = 0.3  # logit; prior of a shift's size
_DAYS_A_SHIFT = 365.25  # prior: one a year
Z_95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Scan:
    """The statistic of each possible onset; arrays of one length.

    Attributes:
        onsets: position of the first period since.
        statistic: twice the log likelihood ratio / design effect; chi-square of one degree of
            freedom where nothing happened at that onset.
        before: share before.
        after: share since.
        variance: of the difference after - before, each mean at its own share.
        logit_variance: of the logits' difference where there is none.
    """

    onsets: Ints
    statistic: Floats
    before: Floats
    after: Floats
    variance: Floats
    logit_variance: Floats

    @property
    def best(self) -> int:
        """Which onset is likeliest."""
        return int(np.argmax(self.statistic))

    def interval(self) -> tuple[int, int]:
        """Positions of the first and last onset that are nearly as likely as the best."""
        near = self.onsets[self.statistic >= self.statistic.max() - PROFILE_DROP]
        return int(near[0]), int(near[-1])

    def size_pp(self) -> tuple[float, float, float]:
        """The best onset's step in percentage points, and its 95 % interval."""
        at = self.best
        size = 100 * float(self.after[at] - self.before[at])
        half = 100 * Z_95 * float(np.sqrt(self.variance[at]))
        return size, size - half, size + half

    def confidence(self, days: int) -> float:
        """Posterior probability of an onset among these.

        By approximate Bayes factors (Wakefield 2009, Genet. Epidemiol. 33, 79-86), a step of
        standard deviation 0.3 on the logit scale, one a year before anything is seen.

        Args:
            days: of a period.
        """
        spread = self.logit_variance + _SIZE_SD**2
        log_factor = 0.5 * np.log(self.logit_variance / spread)
        log_factor += 0.5 * self.statistic * _SIZE_SD**2 / spread
        odds = days / _DAYS_A_SHIFT * float(np.exp(np.minimum(log_factor, 500.0)).sum())
        return odds / (1 + odds)


def likelihood_ratio(
    count_a: npt.ArrayLike, total_a: npt.ArrayLike, count_b: npt.ArrayLike, total_b: npt.ArrayLike
) -> Floats:
    """Twice the log likelihood ratio of two binomial shares against one."""
    a, m, b, n = (
        np.asarray(each, dtype=np.float64) for each in (count_a, total_a, count_b, total_b)
    )
    apart = _log_likelihood(a, m) + _log_likelihood(b, n)
    return np.asarray(np.maximum(2 * (apart - _log_likelihood(a + b, m + n)), 0.0))


def scan(count: Floats, total: Floats, onsets: Ints, noise: Noise) -> Scan:
    """The statistic of onsets in a series that ends with its newest period.

    Args:
        count: accounts of the country, less the effect of weekdays; need not be whole.
        total: located accounts, more than 0.
        onsets: positions, each at least 1 and inside the series.
        noise: of the series.
    """
    sums = [np.concatenate([[0.0], np.cumsum(each)]) for each in (count, total)]
    x_before, n_before = (each[onsets] for each in sums)
    x_after, n_after = (each[-1] - each[onsets] for each in sums)
    effect_before = noise.design_effect(onsets) / n_before
    effect_after = noise.design_effect(len(count) - onsets) / n_after
    both = effect_before + effect_after
    raw = likelihood_ratio(x_before, n_before, x_after, n_after)
    before, after = x_before / n_before, x_after / n_after
    # A share of 0 has no variance of its own; half an account on each side gives it some.
    p, q = (x_before + 0.5) / (n_before + 1), (x_after + 0.5) / (n_after + 1)
    pooled = (x_before + x_after + 0.5) / (n_before + n_after + 1)
    return Scan(
        onsets,
        raw * (1 / n_before + 1 / n_after) / both,
        before,
        after,
        effect_before * p * (1 - p) + effect_after * q * (1 - q),
        both / (pooled * (1 - pooled)),
    )


def least_without(count: Floats, total: Floats, onset: int, spike: int, noise: Noise) -> float:
    """The least statistic of an onset where any successive periods since are left out.

    Args:
        count: as of `scan`.
        total: as of `scan`.
        onset: position; 0.0 where no more than `spike` periods are since.
        spike: how many are left out.
        noise: of the series.

    Returns:
        0.0 also where what is left lies on the other side of the level before.
    """
    left = len(count) - onset - spike
    if left < 1:
        return 0.0
    x_before, n_before = float(count[:onset].sum()), float(total[:onset].sum())
    x_spike, n_spike = (
        np.convolve(each[onset:], np.ones(spike), mode="valid") for each in (count, total)
    )
    x, n = float(count[onset:].sum()), float(total[onset:].sum())
    x_left, n_left = np.maximum(x - x_spike, 0.0), n - n_spike
    sizes = noise.design_effect([onset, left])
    statistic = _statistic(x_before, n_before, sizes[0], x_left, n_left, sizes[1])
    is_same_way = (x_left / n_left - x_before / n_before) * (x / n - x_before / n_before) > 0
    return float(np.where(is_same_way, statistic, 0.0).min())


def excursions(count: Floats, total: Floats, starts: Ints, stops: Ints, noise: Noise) -> Floats:
    """The statistic of stretches that each stand against all other periods.

    Args:
        count: as of `scan`.
        total: as of `scan`.
        starts: first position of each stretch, at least 1.
        stops: one after its last, inside the series.
        noise: of the series; the others are taken as successive, which makes none surer.
    """
    sums = [np.concatenate([[0.0], np.cumsum(each)]) for each in (count, total)]
    (x, n), (x_all, n_all) = (
        [each[stops] - each[starts] for each in sums],
        [float(each[-1]) for each in sums],
    )
    effect = noise.design_effect(stops - starts)
    rest = noise.design_effect(len(count) - (stops - starts))
    return _statistic(x, n, effect, np.maximum(x_all - x, 0.0), n_all - n, rest)


def _statistic(
    x: npt.ArrayLike, n: npt.ArrayLike, effect: npt.ArrayLike,
    y: npt.ArrayLike, m: npt.ArrayLike, other_effect: npt.ArrayLike,
) -> Floats:  # fmt: skip
    """Twice the log likelihood ratio of two shares against one / design effect of the two."""
    a, b = np.asarray(n, dtype=np.float64), np.asarray(m, dtype=np.float64)
    both = np.asarray(effect) / a + np.asarray(other_effect) / b
    return np.asarray(likelihood_ratio(x, a, y, b) * (1 / a + 1 / b) / both)


def _log_likelihood(count: Floats, total: Floats) -> Floats:
    share = count / total
    return np.asarray(xlogy(count, share) + xlogy(total - count, 1 - share))
