"""Growth a day of a measured series, with its interval, and whether it is linear or less."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

#: Days that follow each other are no independent draws: blocks of so many nearly are.
BLOCK_DAYS = 10
LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Growth:
    """Mean growth a day of a series, and its 95 % interval."""

    mean: float
    low: float
    high: float


def growth(values: Sequence[float]) -> Growth:
    """Mean growth a day, with a t interval over blocks of `BLOCK_DAYS` days.

    Args:
        values: of days that follow each other; at least two whole blocks and a day.
    """
    blocks = (len(values) - 1) // BLOCK_DAYS
    if blocks < 2:
        raise ValueError(f"{len(values)} days are fewer than {2 * BLOCK_DAYS + 1}")
    # What is left over is the oldest: a beginning is the least like all that follows.
    ends = np.asarray(values, float)[len(values) - 1 - blocks * BLOCK_DAYS :: BLOCK_DAYS]
    each = np.diff(ends) / BLOCK_DAYS
    half = float(stats.t.ppf((1 + LEVEL) / 2, blocks - 1) * each.std(ddof=1) / np.sqrt(blocks))
    mean = float(each.mean())
    return Growth(mean, mean - half, mean + half)


@dataclass(frozen=True, slots=True)
class Course:
    """How a series goes: growth of the whole, and of either half of its days."""

    whole: Growth
    first: Growth
    last: Growth

    @property
    def is_linear_or_less(self) -> bool:
        """Whether the last half grew no faster than the first, as far as the intervals tell.

        What grows with the square of the days grows three times as fast in the last half.
        """
        return self.last.low <= self.first.high


def course(values: Sequence[float]) -> Course:
    """Growth of a series as a whole and by halves; of at least 42 days."""
    half = len(values) // 2
    return Course(growth(values), growth(values[: half + 1]), growth(values[half:]))
