"""One effect from those of several shocks: random effects by DerSimonian and Laird."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assets.engagement.intervals import Z_95

LEAST_SHOCKS = 2


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
        count: effects.
    """

    value: float
    se: float
    low: float
    high: float
    p_value: float
    tau_squared: float
    heterogeneity_p_value: float
    count: int


def pooled(effects: Sequence[float], errors: Sequence[float]) -> Pooled | None:
    """DerSimonian and Laird (1986, Controlled Clinical Trials 7, 177-188); None under two effects.

    Weights are 1 / (se² + tau²), tau² = max(0, (Q - (k - 1)) / (Σw - Σw² / Σw)) with w = 1 / se²
    and Q = Σ w (effect - weighted mean)². Effects are taken as independent.

    Args:
        effects: of each shock.
        errors: their standard errors; effects whose error is 0 are left out.
    """
    from scipy.stats import chi2, norm

    known = [(effect, error) for effect, error in zip(effects, errors, strict=True) if error > 0]
    if len(known) < LEAST_SHOCKS:
        return None
    effect, error = np.array(known, dtype=np.float64).T
    fixed = 1.0 / np.square(error)
    mean = fixed @ effect / fixed.sum()
    q, free = float(fixed @ np.square(effect - mean)), len(known) - 1
    spread = fixed.sum() - np.square(fixed).sum() / fixed.sum()
    tau_squared = max(0.0, (q - free) / float(spread))
    weights = 1.0 / (np.square(error) + tau_squared)
    value, se = float(weights @ effect / weights.sum()), float(1.0 / np.sqrt(weights.sum()))
    return Pooled(
        value=value,
        se=se,
        low=value - Z_95 * se,
        high=value + Z_95 * se,
        p_value=float(2.0 * norm.sf(abs(value) / se)),
        tau_squared=tau_squared,
        heterogeneity_p_value=float(chi2.sf(q, free)),
        count=len(known),
    )
