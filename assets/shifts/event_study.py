"""Event study: how far two countries are apart each week, against the week before a shock.

With two countries, a week's lead or lag is one difference of differences, exactly identified: no
residual is left to judge it by. Its error is what the same difference does around placebo weeks.
"""

from dataclasses import dataclass

import numpy as np

from assets.engagement.intervals import Z_95
from assets.shifts.placebo import LEAST_PLACEBOS, p_value
from assets.shifts.regression import Bools, Floats

#: The joint test weighs leads by their covariance, which so many placebos a lead have to tell.
_PLACEBOS_A_LEAD = 3


@dataclass(frozen=True, slots=True)
class EventStudy:
    """Leads and lags of a window; arrays of (2 · weeks,), NaN where unknown.

    Attributes:
        weeks: relative to the shock's: -n to n - 1.
        estimate: difference of the two countries, less that of week -1, where it is 0.
        se: root mean square of the same around placebo weeks; NaN with fewer than 20, or
            worth fewer than 20 independent ones.
        low: estimate - 1.96 se.
        high: estimate + 1.96 se.
        p_value: two-sided, by rank among the placebos.
        placebo_count: placebo weeks.
        pre_trend_p_value: of all leads being 0 together; None where they are worth fewer than
            20, or are fewer than three a lead.
    """

    weeks: Floats
    estimate: Floats
    se: Floats
    low: Floats
    high: Floats
    p_value: Floats
    placebo_count: int
    pre_trend_p_value: float | None


def event_study(
    windows: Floats, week: int, is_admissible: Bools, scale: Floats, worth: float
) -> EventStudy | None:
    """The leads and lags of one week among placebos; None where week -1 is not known.

    Args:
        windows: (dates, 2 · weeks) of the difference of two countries, NaN for unknown.
        week: the shock's place among the dates.
        is_admissible: (dates,) placebo weeks.
        scale: (placebos,) what their differences are multiplied by: residuals of the shock's
            window beside theirs.
        worth: how many independent placebos they are worth; under 20 there are no errors.
    """
    half = windows.shape[1] // 2
    reference = half - 1
    found = windows[week] - windows[week, reference]
    if not np.isfinite(windows[week, reference]):
        return None
    chosen = windows[is_admissible]
    is_usable = np.isfinite(chosen[:, reference]) & np.isfinite(scale)
    placebos = (chosen - chosen[:, reference, None])[is_usable] * scale[is_usable, None]
    is_lead = np.isfinite(found) & (np.arange(2 * half) < reference)
    se, p_values = np.full(2 * half, np.nan), np.full(2 * half, np.nan)
    is_told = worth >= LEAST_PLACEBOS
    for at in np.flatnonzero(np.isfinite(found)) if is_told else ():
        others = placebos[np.isfinite(placebos[:, at]), at]
        rank = p_value(float(found[at]), others)
        if rank is not None:
            se[at] = np.sqrt(np.square(others).mean())
            p_values[at] = np.nan if at == reference else rank
    return EventStudy(
        weeks=np.arange(-half, half, dtype=np.float64),
        estimate=found,
        se=se,
        low=found - Z_95 * se,
        high=found + Z_95 * se,
        p_value=p_values,
        placebo_count=len(placebos),
        pre_trend_p_value=_joint(found[is_lead], placebos[:, is_lead]) if is_told else None,
    )


def _joint(leads: Floats, placebos: Floats) -> float | None:
    """Rank of the leads' Wald statistic among those of the placebos.

    All share one second moment, the shock's own leads included: told by the placebos alone, it
    would fit them better than the shock.
    """
    placebos = placebos[np.isfinite(placebos).all(axis=1)]
    least = max(LEAST_PLACEBOS, _PLACEBOS_A_LEAD * len(leads))
    if not len(leads) or len(placebos) < least:
        return None
    every = np.vstack([leads, placebos])
    inverse = np.linalg.pinv(every.T @ every / len(every))
    wald = np.einsum("ij,jk,ik->i", every, inverse, every)
    return p_value(float(wald[0]), wald[1:])
