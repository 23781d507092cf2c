"""One effect from those of several shocks: random effects by DerSimonian and Laird."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assets.engagement.intervals import Z_95
from assets.shifts.regression import Floats

LEAST_SHOCKS = 2
_DRAWS, _SEED = 1999, 20221007
_FARTHEST = 1e150  # for placebos that are infinitely far out: their sums stay numbers


@dataclass(frozen=True, slots=True)
class Pooled:
    """A pooled effect, in the unit of the effects.

    Attributes:
        value: weighted mean.
        se: its standard error.
        low: 95 % lower bound, by the normal distribution.
        high: 95 % upper bound.
        p_value: two-sided, of no effect.
        tau_squared: variance of the effects beyond their errors.
        heterogeneity_p_value: of one effect for all (Cochran's Q).
        weights: of the effects, adding up to 1; 0 for those left out.
    """

    value: float
    se: float
    low: float
    high: float
    p_value: float
    tau_squared: float
    heterogeneity_p_value: float
    weights: tuple[float, ...]

    @property
    def count(self) -> int:
        """Effects that weigh anything."""
        return sum(weight > 0 for weight in self.weights)


def pooled(effects: Sequence[float], errors: Sequence[float]) -> Pooled | None:
    """DerSimonian and Laird (1986, Controlled Clinical Trials 7, 177-188); None under two effects.

    Weights are 1 / (se² + tau²), tau² = max(0, (Q - (k - 1)) / (Σw - Σw² / Σw)) with w = 1 / se²
    and Q = Σ w (effect - weighted mean)². Effects are taken as independent.

    Args:
        effects: of each shock.
        errors: their standard errors; effects whose error is 0 are left out.
    """
    from scipy.stats import chi2, norm

    every, se_of = np.array(effects, dtype=np.float64), np.array(errors, dtype=np.float64)
    is_known = se_of > 0
    if is_known.sum() < LEAST_SHOCKS:
        return None
    effect, error = every[is_known], se_of[is_known]
    fixed = 1.0 / np.square(error)
    mean = fixed @ effect / fixed.sum()
    q, free = float(fixed @ np.square(effect - mean)), len(effect) - 1
    spread = fixed.sum() - np.square(fixed).sum() / fixed.sum()
    tau_squared = max(0.0, (q - free) / float(spread))
    weights = 1.0 / (np.square(error) + tau_squared)
    value, se = float(weights @ effect / weights.sum()), float(1.0 / np.sqrt(weights.sum()))
    shares = np.zeros(len(every))
    shares[is_known] = weights / weights.sum()
    return Pooled(
        value=value,
        se=se,
        low=value - Z_95 * se,
        high=value + Z_95 * se,
        p_value=float(2.0 * norm.sf(abs(value) / se)),
        tau_squared=tau_squared,
        heterogeneity_p_value=float(chi2.sf(q, free)),
        weights=tuple(shares.tolist()),
    )


def drawn(found: Pooled, placebos: Sequence[Floats]) -> Floats:
    """(1,999,): what placebo weeks, pooled with the same weights as the shocks, show.

    For each shock one of its placebo weeks is drawn, 1,999 times, with a fixed seed.

    Args:
        found: the pooled effect.
        placebos: of each effect, in the same order, the changes in its placebo weeks; at least one.
    """
    rng = np.random.default_rng(_SEED)
    means = np.zeros(_DRAWS)
    for weight, changes in zip(found.weights, placebos, strict=True):
        chosen = changes[rng.integers(len(changes), size=_DRAWS)]
        means += weight * np.clip(chosen, -_FARTHEST, _FARTHEST)
    return means
