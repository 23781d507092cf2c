"""Confidence intervals of a share."""

import numpy as np
import numpy.typing as npt

Z_95 = 1.959963984540054  # two-sided 95 % of the standard normal


def wilson_interval(
    count: npt.ArrayLike, total: npt.ArrayLike, z: float = Z_95
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Wilson score interval of count / total (Wilson 1927, JASA 22, 209-212).

    Args:
        count: successes, any shape, 0 <= count <= total.
        total: trials, broadcastable to `count`; where 0 both bounds are NaN.
        z: normal quantile of the confidence wanted.

    Returns:
        Lower and upper bounds (0 to 1), of the broadcast shape.

    Raises:
        ValueError: a count is negative or exceeds its total.
    """
    k, n = np.broadcast_arrays(
        np.asarray(count, dtype=np.float64), np.asarray(total, dtype=np.float64)
    )
    if np.any(k < 0) or np.any(k > n):
        raise ValueError("counts must lie between 0 and their totals")
    with np.errstate(invalid="ignore", divide="ignore"):
        p = k / n
        centre = (p + z * z / (2 * n)) / (1 + z * z / n)
        half = z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    # Rounding may leave 1e-17 beyond the end that an extreme count touches exactly.
    low = np.where(k == 0, 0.0, centre - half)
    high = np.where(k == n, 1.0, centre + half)
    empty = n == 0
    return np.where(empty, np.nan, low), np.where(empty, np.nan, high)
