"""When the intervals of two countries part: first, with the lead changed, and for good."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Literal

import numpy as np
import numpy.typing as npt

Leader = Literal["a", "b"]


@dataclass(frozen=True, slots=True)
class Crossing:
    """Where two series of 95 % intervals are apart.

    Attributes:
        compared_count: weeks with four bounds.
        skipped_count: weeks without, as their data are missing or incomplete: nothing is said of
            them, and they interrupt nothing.
        first: first week in which the intervals do not overlap; None where they always do.
        first_leader: whose interval is the higher in it.
        overtaking: first week in which the other is apart and higher; None where it never is.
        lasting: first of the weeks, up to the newest compared, in all of which the same one leads
            with intervals apart; None where the newest compared intervals overlap.
        lasting_leader: who leads in them.
    """

    compared_count: int
    skipped_count: int
    first: date | None = None
    first_leader: Leader | None = None
    overtaking: date | None = None
    lasting: date | None = None
    lasting_leader: Leader | None = None


def crossing(
    weeks: Sequence[date],
    a_low: npt.ArrayLike,
    a_high: npt.ArrayLike,
    b_low: npt.ArrayLike,
    b_high: npt.ArrayLike,
) -> Crossing:
    """Compare the intervals of a and b week by week.

    Intervals that touch overlap. The rule is a plain reading of two intervals side by side, on the
    cautious side of a test at 5 %: intervals apart mean a difference, overlapping ones do not mean
    that there is none. Over many weeks some part by chance, which `lasting` guards against.

    Args:
        weeks: ascending, (weeks,).
        a_low: lower bounds, (weeks,); NaN in any of the four skips the week.
        a_high: upper bounds.
        b_low: lower bounds of the other.
        b_high: upper bounds of the other.

    Raises:
        ValueError: lengths differ, weeks do not ascend, or a lower bound exceeds its upper one.
    """
    bounds = np.array([a_low, a_high, b_low, b_high], dtype=np.float64).reshape(4, -1)
    if bounds.shape[1] != len(weeks):
        raise ValueError(f"{bounds.shape[1]} intervals for {len(weeks)} weeks")
    if any(later <= earlier for earlier, later in pairwise(weeks)):
        raise ValueError("weeks must ascend")
    low_a, high_a, low_b, high_b = bounds
    if (low_a > high_a).any() or (low_b > high_b).any():
        raise ValueError("a lower bound exceeds its upper bound")
    is_compared: npt.NDArray[np.bool_] = np.logical_not(np.isnan(bounds).any(axis=0))
    # 1: a leads, apart; -1: b does; 0: they overlap.
    lead = np.select([low_a > high_b, low_b > high_a], [1, -1], 0)[is_compared]
    compared = [week for week, keeps in zip(weeks, is_compared, strict=True) if keeps]
    count, skipped = len(compared), len(weeks) - len(compared)
    apart = np.flatnonzero(lead)
    if not apart.size:
        return Crossing(count, skipped)
    first = lead[apart[0]]
    overtaken = np.flatnonzero(lead == -first)
    is_lasting = bool(lead[-1])
    before = np.flatnonzero(lead != lead[-1])
    since = int(before[-1]) + 1 if before.size else 0
    return Crossing(
        compared_count=count,
        skipped_count=skipped,
        first=compared[apart[0]],
        first_leader=_leader(first),
        overtaking=compared[overtaken[0]] if overtaken.size else None,
        lasting=compared[since] if is_lasting else None,
        lasting_leader=_leader(lead[-1]) if is_lasting else None,
    )


def _leader(sign: np.int64) -> Leader:
    return "a" if sign > 0 else "b"
