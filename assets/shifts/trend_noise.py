"""Noise of a share's series: what sampling and the share's own wander make of its variance.

The count of a period is overdispersed binomial: `DESIGN_EFFECT` times the variance of independent
accounts. The share itself wanders around its level as an AR(1) process on the logit scale, with
standard deviation `WANDER_SD` and, from a week to the next, correlation `WEEK_CORRELATION`. A
series' own variance scales both, measured by differences that a step hardly touches.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
#: Variance of a count / binomial variance.
DESIGN_EFFECT = 1.5
WANDER_SD = 0.045  # logit; 0.7 percentage points of a share of 20 %
WEEK_CORRELATION = 0.5
#: Points' worth of belief in scale 1 against what the series itself shows.
PRIOR_POINTS = 30.0
LEAST_SCALE = 0.7
_NORMAL_MAD = 0.6744897501960817  # median |z| of the standard normal
_WEEKDAYS = 7


@dataclass(frozen=True, slots=True)
class Noise:
    """Variance of means of a share's series.

    Attributes:
        correlation: of the wander, from a period to the next.
        information: mean n p (1 - p) of a period: 1 / binomial variance of its logit.
        scale: the series' variance / that of the assumptions above.
    """

    correlation: float
    information: float
    scale: float = 1.0

    def design_effect(self, periods: npt.ArrayLike) -> Floats:
        """Variance of the mean of successive periods / its binomial variance.

        The variance of a mean of m values of an AR(1) process is sd² / m times
        (1 + r)/(1 - r) - 2 r (1 - r^m) / (m (1 - r)²).

        Args:
            periods: how many, m at least 1.
        """
        m, r = np.asarray(periods, dtype=np.float64), self.correlation
        grown = (1 + r) / (1 - r) - 2 * r * (1 - r**m) / (m * (1 - r) ** 2)
        wander = self.information * WANDER_SD**2
        return np.asarray(self.scale * (DESIGN_EFFECT + wander * grown))

    @property
    def long_run(self) -> float:
        """The same of endlessly many periods."""
        r = self.correlation
        wander = self.information * WANDER_SD**2
        return self.scale * (DESIGN_EFFECT + wander * (1 + r) / (1 - r))


def logits(count: Floats, total: Floats) -> Floats:
    """Log odds, a half added to both sides (Haldane 1956): swapped sides change the sign only."""
    return np.log((count + 0.5) / (total - count + 0.5))


def period_correlation(days: int) -> float:
    """Correlation of the wander from a period of so many days to the next."""
    return float(WEEK_CORRELATION ** (days / _WEEKDAYS))


def estimate_noise(count: Floats, total: Floats, values: Floats, days: int) -> Noise:
    """Noise of a series.

    The scale is the mean of two robust variances, of differences between neighbours and between
    neighbouring stretches of four weeks (days: two weeks), each divided by what the assumptions
    say of it. A median of absolute differences hardly sees the few that span a step. It is drawn
    toward 1 by `PRIOR_POINTS`, and is `LEAST_SCALE` at least.

    Args:
        count: accounts of the country.
        total: located accounts, at least 1.
        values: their logits, less the effects of weekdays.
        days: of a period.
    """
    p = (count.sum() + 0.5) / (total.sum() + 1.0)
    information = float(np.mean(total)) * p * (1 - p)
    prior = Noise(period_correlation(days), information)
    block = 4 if days == _WEEKDAYS else 14
    sampling = float(np.mean(1.0 / (total * p * (1 - p))))
    found = [_scale(values, length, prior, sampling) for length in (1, block)]
    known = [each for each in found if each is not None]
    if not known:
        return prior
    weight = 0.37 * len(values)  # the efficiency of a median of absolute deviations
    scale = (PRIOR_POINTS + weight * float(np.mean(known))) / (PRIOR_POINTS + weight)
    return Noise(prior.correlation, information, max(scale, LEAST_SCALE))


def _scale(values: Floats, length: int, prior: Noise, sampling: float) -> float | None:
    """Robust variance of differences of neighbouring means / its prior; None of too few points."""
    if len(values) < 4 * length:
        return None
    sums = np.concatenate([[0.0], np.cumsum(values)])
    means = (sums[length:] - sums[:-length]) / length
    spread = float(np.median(np.abs(means[length:] - means[:-length]))) / _NORMAL_MAD
    lags = np.arange(-length + 1, length)
    weights = (length - np.abs(lags)) / length**2
    r = prior.correlation
    wander = 2 * float(weights @ (r ** np.abs(lags) - r ** np.abs(lags + length)))
    return spread**2 / (2 * DESIGN_EFFECT * sampling / length + WANDER_SD**2 * wander)


def weekday_effects(values: Floats, places: Ints) -> Floats:
    """(7,) mean distance of each weekday from the week around it; zeros where weeks are too few.

    Args:
        values: logits of days.
        places: whole days since any fixed day, ascending; only days whose seven days around them
            are all there say anything.
    """
    effects = np.zeros(_WEEKDAYS)
    if len(values) < 4 * _WEEKDAYS:
        return effects
    half = _WEEKDAYS // 2
    sums = np.concatenate([[0.0], np.cumsum(values)])
    around = (sums[_WEEKDAYS:] - sums[:-_WEEKDAYS]) / _WEEKDAYS
    is_whole = places[_WEEKDAYS - 1 :] - places[: -_WEEKDAYS + 1] == _WEEKDAYS - 1
    distance = (values[half:-half] - around)[is_whole]
    weekday = places[half:-half][is_whole] % _WEEKDAYS
    seen = np.bincount(weekday, minlength=_WEEKDAYS)
    if seen.min() < 3:
        return effects
    effects = np.bincount(weekday, distance, minlength=_WEEKDAYS) / seen
    return np.asarray(effects - effects.mean())
