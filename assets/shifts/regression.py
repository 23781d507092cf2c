"""Interrupted time series: a level, and a slope, before and after week 0, with HAC errors."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
#: segmented: level and slope may both change; step: the mean changes, and there is no slope.
Form = Literal["segmented", "step"]
#: Of the weeks on each side of a window, the share that has to be known.
LEAST_KNOWN = 0.75
_LEVEL, _SLOPE = 1, 3
_EXACT = 1e-10  # errors this small beside the values are rounding


@dataclass(frozen=True, slots=True)
class Estimate:
    """A coefficient, in the unit of the values (slopes: per week).

    Attributes:
        value: point estimate.
        se: Newey-West standard error; 0 where the fit is exact.
        low: 95 % lower bound, by Student's t with weeks less parameters degrees of freedom.
        high: 95 % upper bound.
        p_value: two-sided, of no change; None where the fit is exact.
    """

    value: float
    se: float
    low: float
    high: float
    p_value: float | None


@dataclass(frozen=True, slots=True)
class Fit:
    """What a window's regression says.

    Attributes:
        level: change at week 0 (segmented), or of the mean (step).
        slope: change of the slope; None without slopes.
        week_count: weeks that it rests on.
        lag_count: autocovariances that the errors allow for.
    """

    level: Estimate
    slope: Estimate | None
    week_count: int
    lag_count: int


def design(weeks: int, form: Form) -> Floats:
    """(2 · weeks, 2 or 4): constant, after, and for segmented ones time and time · after.

    Time is in weeks from week 0, so that the coefficient of `after` is the change at week 0
    (Wagner et al. 2002, J. Clin. Pharm. Ther. 27, 299-309).

    Args:
        weeks: on each side.
        form: what may change.
    """
    time = np.arange(-weeks, weeks, dtype=np.float64)
    after = (time >= 0).astype(np.float64)
    columns = [np.ones(2 * weeks), after]
    if form == "segmented":
        columns += [time, time * after]
    return np.column_stack(columns)


def is_enough(is_known: Bools) -> Bools:
    """(...,): whether three quarters of the weeks on each side of (..., 2 · weeks) are known."""
    half = is_known.shape[-1] // 2
    sides = is_known.reshape(*is_known.shape[:-1], 2, half).sum(axis=-1)
    return np.asarray((sides >= LEAST_KNOWN * half).all(axis=-1), dtype=np.bool_)


def hac_lags(week_count: int) -> int:
    """floor(4 · (n / 100)^(2/9)): 2 for 8 to 24 weeks (Newey and West 1994, RES 61, 631-653)."""
    return int(4.0 * (week_count / 100.0) ** (2.0 / 9.0))


def fit(values: Floats, form: Form) -> Fit:
    """Least squares on the known weeks of a window.

    Errors are Newey and West's (1987, Econometrica 55, 703-708) with Bartlett weights and the
    small-sample factor n / (n - parameters). Weeks that are not known are left out: their
    neighbours count as adjacent.

    Args:
        values: (2 · weeks,), NaN for unknown; enough for `is_enough`.
        form: what may change.
    """
    from statsmodels.api import OLS  # 2.3 s, which nobody else should pay

    is_known = np.isfinite(values)
    known, regressors = values[is_known], design(len(values) // 2, form)[is_known]
    lags = hac_lags(len(known))
    result = OLS(known, regressors).fit(
        cov_type="HAC", cov_kwds={"maxlags": lags, "use_correction": True}, use_t=True
    )
    # Another coefficient's variance may be 0, less what rounding takes.
    with np.errstate(invalid="ignore", divide="ignore"):
        covariance, bounds, p_values = result.cov_params(), result.conf_int(), result.pvalues
    least = (_EXACT * (1.0 + float(np.abs(known).max()))) ** 2

    def coefficient(at: int) -> Estimate:
        value, variance = float(result.params[at]), float(covariance[at, at])
        if variance <= least:
            return Estimate(value, 0.0, value, value, None)
        low, high = (float(bound) for bound in bounds[at])
        return Estimate(value, float(np.sqrt(variance)), low, high, float(p_values[at]))

    slope = coefficient(_SLOPE) if form == "segmented" else None
    return Fit(coefficient(_LEVEL), slope, len(known), lags)


@dataclass(frozen=True, slots=True)
class Levels:
    """Changes of level in many windows; arrays of (windows,), in the unit of the values.

    Attributes:
        change: least squares; 0 where it is but rounding.
        error: its ordinary standard error, of the window's own residuals; 0 where the fit is
            exact, NaN (as `change`) where no week is left over to judge by.
    """

    change: Floats
    error: Floats


def levels(windows: Floats, form: Form) -> Levels:
    """The change of level in each of many windows, on its own known weeks.

    Errors are those of independent residuals: they are compared with each other only.

    Args:
        windows: (windows, 2 · weeks), NaN for unknown.
        form: what may change.
    """
    change, error = np.full(len(windows), np.nan), np.full(len(windows), np.nan)
    patterns, of_window = np.unique(np.isfinite(windows), axis=0, return_inverse=True)
    for number, is_known in enumerate(patterns):
        regressors, solved = _solved(is_known.tobytes(), form)
        left_over = len(regressors) - regressors.shape[1]
        if left_over < 1:
            continue
        chosen = np.flatnonzero(of_window == number)
        values = windows[chosen][:, is_known]
        coefficients = values @ solved.T
        residuals = values - coefficients @ regressors.T
        variance = np.square(residuals).sum(axis=1) / left_over
        least = _EXACT * (1.0 + np.abs(values).max(axis=1))
        found = coefficients[:, _LEVEL]
        scale = np.where(np.sqrt(variance) > least, np.sqrt(variance), 0.0)
        change[chosen] = np.where(np.abs(found) > least, found, 0.0)
        error[chosen] = scale * np.linalg.norm(solved[_LEVEL])
    return Levels(change, error)


@lru_cache(maxsize=4096)
def _solved(pattern: bytes, form: Form) -> tuple[Floats, Floats]:
    """The design on a pattern of known weeks, and its pseudoinverse."""
    is_known = np.frombuffer(pattern, dtype=np.bool_)
    regressors = design(len(is_known) // 2, form)[is_known]
    return regressors, np.asarray(np.linalg.pinv(regressors), dtype=np.float64)


def level_weights(is_known: Bools, form: Form) -> Floats:
    """What each week of a window weighs in the least-squares change of level; 0 for unknown weeks.

    The change of level is linear in the values, so that one vector gives it for every window of
    every series at once.

    Args:
        is_known: (2 · weeks,), enough for `is_enough`.
        form: what may change.
    """
    weights = np.zeros(len(is_known))
    regressors = design(len(is_known) // 2, form)[is_known]
    weights[is_known] = np.linalg.pinv(regressors)[_LEVEL]
    return weights
