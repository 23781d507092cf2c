"""Total of two independent, incomplete counts of the same events (Chapman 1951), with interval."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assets.engagement.intervals import Z_95

Floats = npt.NDArray[np.float64]
_HALF = 0.5  # added to each of the four cells, as to every log odds ratio of small counts


@dataclass(frozen=True, slots=True)
class Totals:
    """Estimated true numbers of events, one an entry; all arrays of one shape.

    Attributes:
        estimate: at least the events that any of the sources seen by it saw.
        low: 95 % lower bound, likewise.
        high: 95 % upper bound.
    """

    estimate: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True, slots=True)
class Rates:
    """Capture rates (0 to 1) with 95 % intervals; NaN where nothing is estimated to have been."""

    rate: Floats
    low: Floats
    high: Floats


def chapman(first: npt.ArrayLike, second: npt.ArrayLike, both: npt.ArrayLike) -> Totals:
    """Estimate totals from what each of two sources saw and what both did.

    The estimate is (n1 + 1)(n2 + 1) / (m + 1) - 1 (Chapman 1951, Univ. California Publ. Statist. 1,
    131-160). The interval is Sadinle's transformed logit (2009, Comm. Statist. Simul. Comput. 38,
    1909-1924): log-normal on the events that neither saw, a half added to each cell, so that it has
    a width where a source saw everything, or both nothing in common. One thing differs: the last
    term of its variance, 1 / unseen, is 1 / (unseen + 1) here, as the other grows beyond all bounds
    (to 10^34 events) where both saw nearly everything. The log-normal interval without the halves
    (Chao 1987, Biometrics 43, 783-791) and the normal one cover far less: see
    `python -m benchmarks.coverage`.

    It assumes that whether one source has an event says nothing of whether the other has it.
    Whatever raises the chance of both at once makes the estimate too small.

    Args:
        first: n1, events that the first source saw, any shape.
        second: n2, that the second saw, broadcastable.
        both: m, that both saw.

    Raises:
        ValueError: a count is negative, or more were seen by both than by one.
    """
    n1, n2, m = _counts(first, second, both)
    union = n1 + n2 - m
    one, other, shared = n1 - m + _HALF, n2 - m + _HALF, m + _HALF
    unseen = one * other / shared
    spread = Z_95 * np.sqrt(1 / one + 1 / other + 1 / shared + 1 / (unseen + 1))
    # Rounding may leave the estimate 1e-13 below the union.
    estimate = np.maximum((n1 + 1) * (n2 + 1) / (m + 1) - 1, union)
    low = np.clip(union - _HALF + unseen * np.exp(-spread), union, estimate)
    high = np.maximum(union - _HALF + unseen * np.exp(spread), estimate)
    return Totals(estimate, low, high)


def chapman_variance(first: npt.ArrayLike, second: npt.ArrayLike, both: npt.ArrayLike) -> Floats:
    """Variance of Chapman's estimate; arguments and errors as `chapman`.

    (n1 + 1)(n2 + 1)(n1 - m)(n2 - m) / ((m + 1)² (m + 2)) (Seber 1970, Biometrika 57, 313-318): 0
    where one source saw all that the other did.
    """
    n1, n2, m = _counts(first, second, both)
    return np.asarray((n1 + 1) * (n2 + 1) * (n1 - m) * (n2 - m) / ((m + 1) ** 2 * (m + 2)))


def capture_rates(captured: npt.ArrayLike, totals: Totals) -> Rates:
    """Share of the estimated totals that `captured` is, at most 1, with the totals' interval.

    Args:
        captured: events that a source, or all together, saw; of the totals' shape.
        totals: of the same events.
    """
    seen = np.asarray(captured, dtype=np.float64)
    is_there = totals.estimate > 0
    rate, low, high = (
        np.where(is_there, np.minimum(seen / np.where(total > 0, total, 1.0), 1.0), np.nan)
        for total in (totals.estimate, totals.high, totals.low)
    )
    # A total that may have been nothing may have been captured whole.
    return Rates(rate, low, np.where(is_there & (totals.low <= 0), 1.0, high))


def _counts(
    first: npt.ArrayLike, second: npt.ArrayLike, both: npt.ArrayLike
) -> tuple[Floats, Floats, Floats]:
    n1, n2, m = np.broadcast_arrays(
        *(np.asarray(each, dtype=np.float64) for each in (first, second, both))
    )
    if np.any(m < 0) or np.any(m > np.minimum(n1, n2)):
        raise ValueError("events seen by both must lie between 0 and those seen by either one")
    return n1, n2, m
