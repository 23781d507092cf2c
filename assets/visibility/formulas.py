"""The gap between two shares, and its interval: in percentage points and on the logit scale."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assets.engagement.intervals import Z_95, wilson_interval

Floats = npt.NDArray[np.float64]
_HALF = 0.5


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its 95 % interval, three arrays of one shape; NaN where there is none."""

    value: Floats
    low: Floats
    high: Floats


def gap_pp(
    use_count: npt.ArrayLike,
    use_total: npt.ArrayLike,
    patent_count: npt.ArrayLike,
    patent_total: npt.ArrayLike,
) -> Estimate:
    """Share of use less share of patents, in percentage points, -100 to 100.

    The interval joins the Wilson intervals of the two shares (Newcombe 1998, Statistics in Medicine
    17, 873-890, method 10). It holds at counts of nought.

    Args:
        use_count: works that name a Chinese-origin open model, any shape.
        use_total: works that name any open model.
        patent_count: patents that name a Chinese-origin open model.
        patent_total: patents that name any open model.

    Returns:
        Estimate and bounds; NaN where a total is nought.

    Raises:
        ValueError: a count is negative or exceeds its total.
    """
    use, use_low, use_high = _share(use_count, use_total)
    patents, patents_low, patents_high = _share(patent_count, patent_total)
    return gap_of_shares(
        Estimate(use, use_low, use_high), Estimate(patents, patents_low, patents_high)
    )


def gap_of_shares(use: Estimate, patents: Estimate) -> Estimate:
    """The same of two shares (0 to 1) whose intervals are known.

    A share that is counted whole, and has no error, has bounds equal to itself.
    """
    gap = use.value - patents.value
    below = np.hypot(use.value - use.low, patents.high - patents.value)
    above = np.hypot(use.high - use.value, patents.value - patents.low)
    return Estimate(100.0 * gap, 100.0 * (gap - below), 100.0 * (gap + above))


def gap_logit(
    use_count: npt.ArrayLike,
    use_total: npt.ArrayLike,
    patent_count: npt.ArrayLike,
    patent_total: npt.ArrayLike,
) -> Estimate:
    """The logarithm of the odds ratio of use and patents, a half added to each of the four cells.

    Value and normal interval after Haldane (1956, Annals of Human Genetics 20, 309-311) and Gart
    (1966, Journal of the Royal Statistical Society B 28, 164-179). Arguments and errors as of
    `gap_pp`; NaN where a total is nought.
    """
    cells = np.broadcast_arrays(
        *(
            np.asarray(each, dtype=np.float64)
            for each in (use_count, use_total, patent_count, patent_total)
        )
    )
    use, use_all, patent, patent_all = cells
    if (
        np.any(use < 0)
        or np.any(use > use_all)
        or np.any(patent < 0)
        or np.any(patent > patent_all)
    ):
        raise ValueError("counts must lie between 0 and their totals")
    table = np.stack([use, use_all - use, patent, patent_all - patent]) + _HALF
    logs = np.log(table)
    value = (logs[0] - logs[1]) - (logs[2] - logs[3])
    spread = Z_95 * np.sqrt((1.0 / table).sum(axis=0))
    is_empty = (use_all == 0) | (patent_all == 0)
    value = np.where(is_empty, np.nan, value)
    return Estimate(value, value - spread, value + spread)


def rule_of_three(total: npt.ArrayLike) -> Floats:
    """Upper 95 % bound of a share of which none was seen in `total`: 3 / n, at most 1.

    Hanley and Lippman-Hand (1983, JAMA 249, 1743-1745). NaN where the total is nought.
    """
    n = np.asarray(total, dtype=np.float64)
    return np.where(n > 0, np.minimum(1.0, 3.0 / np.where(n > 0, n, 1.0)), np.nan)


def _share(count: npt.ArrayLike, total: npt.ArrayLike) -> tuple[Floats, Floats, Floats]:
    low, high = wilson_interval(count, total)
    k, n = np.asarray(count, dtype=np.float64), np.asarray(total, dtype=np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(k / n), low, high
