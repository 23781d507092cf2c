"""Formulas of the engagement indices: concentration, specialisation, ratios, the index's base.

All are vectorised over leading axes in float64. NaN stands for what is undefined, infinity for what
has no upper bound.
"""

from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from assets.engagement.intervals import Z_95

Floats = npt.NDArray[np.float64]
FIRST_CONTROLS = date(2022, 10, 7)  # the export controls that the index is based before
BASE_WEEKS = 4
_SUM_TOLERANCE = 1e-6


def herfindahl(shares: npt.ArrayLike) -> Floats:
    """Herfindahl-Hirschman index: the sum of squared shares (Hirschman 1964, AER 54, 761).

    Args:
        shares: (..., countries), 0 to 1, summing to 1 over the last axis; a cell of NaN alone is
            an undefined one.

    Returns:
        (...,) from 1 / countries (all equal) to 1 (one country alone); NaN for undefined cells.

    Raises:
        ValueError: a share is negative or missing, or a cell does not sum to 1 within 1e-6.
    """
    p = np.asarray(shares, dtype=np.float64)
    is_defined = ~np.isnan(p).all(axis=-1) if p.shape[-1] else np.ones(p.shape[:-1], dtype=bool)
    defined = p[is_defined]
    sums = defined.sum(axis=-1)
    if np.isnan(defined).any() or (defined < 0).any():
        raise ValueError("shares must be 0 or more, and none may be missing beside others")
    if (np.abs(sums - 1.0) > _SUM_TOLERANCE).any():
        raise ValueError(f"shares must sum to 1; these sum to {sums.min():.6f} to {sums.max():.6f}")
    squares = np.square(p).sum(axis=-1)
    return np.asarray(np.where(is_defined, squares, np.nan), dtype=np.float64)


def ratio_interval(
    a: npt.ArrayLike,
    log_se_a: npt.ArrayLike,
    b: npt.ArrayLike,
    log_se_b: npt.ArrayLike,
    correlation: npt.ArrayLike = 0.0,
    z: float = Z_95,
) -> tuple[Floats, Floats, Floats]:
    """Ratio a / b of two positive shares with its log-normal interval (delta method).

    exp(ln(a/b) ± z·sqrt(se_a² + se_b² − 2·r·se_a·se_b)).

    Args:
        a: shares, any shape.
        log_se_a: standard errors of ln a, 0 or more.
        b: shares, broadcast with a.
        log_se_b: standard errors of ln b.
        correlation: r of the two estimates: 0 for independent ones, `share_correlation` for two
            shares of one total.
        z: normal quantile of the confidence wanted.

    Returns:
        Ratio, lower and upper bound; all NaN where a share is not positive or anything is NaN.

    Raises:
        ValueError: a standard error is negative.
    """
    p, se_p, q, se_q, r = np.broadcast_arrays(
        *(np.asarray(each, dtype=np.float64) for each in (a, log_se_a, b, log_se_b, correlation))
    )
    if (se_p < 0).any() or (se_q < 0).any():
        raise ValueError("standard errors must be 0 or more")
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = p / q
        # Rounding may leave a variance of -1e-18 where it is 0.
        variance = np.maximum(se_p**2 + se_q**2 - 2.0 * r * se_p * se_q, 0.0)
        width = np.exp(z * np.sqrt(variance))
        is_defined = (p > 0) & (q > 0) & ~np.isnan(width)
        low, high = ratio / width, ratio * width
    ratio, low, high = (np.where(is_defined, each, np.nan) for each in (ratio, low, high))
    return ratio, low, high


def share_correlation(a: npt.ArrayLike, b: npt.ArrayLike) -> Floats:
    """Correlation of two shares of one total: −sqrt(a·b / ((1 − a)·(1 − b))), multinomial.

    What is counted for one country cannot be counted for the other, so that taken as independent,
    the interval of their ratio would be too narrow: by a seventh for shares of 0.38 and 0.20.

    Args:
        a: shares, 0 to 1, any shape.
        b: shares of other countries of the same totals; a + b is at most 1.

    Returns:
        −1 to 0; −1 where the two are all there is; NaN where a share is, or is 1 beside 0.
    """
    p, q = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        odds = (p / (1.0 - p)) * (q / (1.0 - q))
    # Shares that are all there is may give 1 + 1e-16.
    return np.asarray(-np.sqrt(np.minimum(odds, 1.0)), dtype=np.float64)


def base_weeks(shock: date = FIRST_CONTROLS) -> tuple[date, ...]:
    """The Sundays of the four ISO weeks (Monday to Sunday) that end before a day, oldest first.

    Args:
        shock: the day that the base must not touch; a week that ends on it is not of the base.
    """
    last = shock - timedelta(days=shock.isoweekday())
    return tuple(last - timedelta(weeks=back) for back in reversed(range(BASE_WEEKS)))


def engagement_index(share: npt.ArrayLike, base_share: npt.ArrayLike) -> Floats:
    """100 × share / base share; a fixed-base index, 100 in the base.

    Args:
        share: 0 to 1, any shape; a bound of the share gives the index's bound, base taken as fixed.
        base_share: the base's mean share, broadcast with `share`.

    Returns:
        The index; NaN where the base is 0 or either is NaN.
    """
    p, base = np.broadcast_arrays(
        np.asarray(share, dtype=np.float64), np.asarray(base_share, dtype=np.float64)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(base > 0, 100.0 * p / base, np.nan)
