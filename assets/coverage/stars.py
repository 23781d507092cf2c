"""Captured stars against the star counts that GitHub itself publishes."""

import numpy as np
import numpy.typing as npt

from assets.coverage.chapman import Rates, Totals
from assets.engagement.intervals import wilson_interval

Floats = npt.NDArray[np.float64]
_SHIFT = 1 / 3  # of a day that the yardstick's day may begin before or after UTC's: eight hours


def star_totals(
    captured: npt.ArrayLike,
    retained: npt.ArrayLike,
    before: npt.ArrayLike | None = None,
    after: npt.ArrayLike | None = None,
) -> Totals:
    """Stars given on a day, from those of them that still stood when the history was asked.

    The history is a count, not a sample: what is uncertain is which day it counts and what was
    withdrawn since. Its days may begin up to eight hours off UTC's: two thirds of the count and a
    third of a neighbour's may be the day's, and the bounds span that. Withdrawn stars stand in no
    history: it is a lower bound, and where more was captured than it holds, the total is what was
    captured. The longer after the day it was asked, the more is gone, and the higher a capture rate
    by it comes out.

    Args:
        captured: distinct stars that any source saw, any shape.
        retained: stars of the day in the history, broadcastable.
        before: stars of the day before; NaN or None where not known.
        after: stars of the day after, likewise.

    Raises:
        ValueError: a count is negative.
    """
    seen, day = np.broadcast_arrays(
        np.asarray(captured, dtype=np.float64), np.asarray(retained, dtype=np.float64)
    )
    if np.any(seen < 0) or np.any(day < 0):
        raise ValueError("counts of stars cannot be negative")
    fewest, most = day, day
    for neighbour in (before, after):
        if neighbour is not None:
            other = np.asarray(neighbour, dtype=np.float64)
            shifted = np.where(np.isnan(other), day, (1 - _SHIFT) * day + _SHIFT * other)
            fewest, most = np.minimum(fewest, shifted), np.maximum(most, shifted)
    return Totals(*(np.maximum(total, seen) for total in (day, fewest, most)))


def star_rates(captured: npt.ArrayLike, totals: Totals) -> Rates:
    """Capture rates of stars: captured / total, with Wilson's interval over the totals' bounds.

    Args:
        captured: stars that one source, or all together, saw; of the totals' shape, at most as many
            as were given to `star_totals`.
        totals: of `star_totals`.
    """
    seen = np.asarray(captured, dtype=np.float64)
    is_there = totals.estimate > 0
    rate = np.where(is_there, seen / np.where(is_there, totals.estimate, 1.0), np.nan)
    low, _ = wilson_interval(seen, totals.high)
    _, high = wilson_interval(seen, totals.low)
    # A total that may have been nothing may have been captured whole.
    high = np.where(totals.low > 0, high, 1.0)
    return Rates(rate, *(np.where(is_there, bound, np.nan) for bound in (low, high)))
