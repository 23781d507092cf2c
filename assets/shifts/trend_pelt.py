"""Retrospective detector: change points of a share's logits by PELT, weighted by precision.

The cost of a segment is its weighted sum of squares around its weighted mean, of weights
1 / variance, so that a change point of no effect lowers the cost by about one (Killick, Fearnhead &
Eckley 2012, JASA 107, 1590-1598; the search is that of ruptures).
"""

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def change_points(values: Floats, weights: Floats, penalty: float, least: int) -> list[int]:
    """Positions of the first point of each segment but the first, ascending.

    Args:
        values: of a series without gaps.
        weights: 1 / variance of each.
        penalty: what a change point has to lower the cost by.
        least: points of a segment at least.
    """
    from ruptures import Pelt  # over a second; few series ever need it

    if len(values) < 2 * least:
        return []
    search = Pelt(custom_cost=_weighted_cost()(), min_size=least, jump=1)
    return [int(at) for at in search.fit_predict(np.column_stack([values, weights]), penalty)[:-1]]


@cache
def _weighted_cost() -> type[Any]:
    """The cost's class, which ruptures wants to be one of its own."""
    from ruptures.base import BaseCost

    class WeightedSquares(BaseCost):  # type: ignore[misc]  # ruptures ships no types
        """Weighted sum of squares around the weighted mean."""

        model = "weighted_squares"
        min_size = 1

        def fit(self, signal: Floats) -> "WeightedSquares":
            """Keep sums up to each point; columns are values and weights."""
            self.signal = signal
            # Around the middle, so that sums of squares keep their last digits.
            centred = signal[:, 0] - np.average(signal[:, 0], weights=signal[:, 1])
            powers = np.stack([signal[:, 1] * centred**power for power in (0, 1, 2)])
            sums = np.concatenate([np.zeros((3, 1)), np.cumsum(powers, axis=1)], axis=1)
            self._weight, self._first, self._second = (row.tolist() for row in sums)
            return self

        def error(self, start: int, end: int) -> float:
            """Cost of the points from `start` up to before `end`."""
            weight = self._weight[end] - self._weight[start]
            first = self._first[end] - self._first[start]
            second = self._second[end] - self._second[start]
            return float(max(second - first * first / weight, 0.0))

    return WeightedSquares
