"""Which periods have enough of their hourly files for their figures to stand."""

import numpy as np
import numpy.typing as npt

#: Of the hourly files of a period. Accounts that were active at any time in a week hardly change by
#: what 3 of its 168 hours held (13 of the 672 of four weeks); a day has to have all of its 24.
LEAST_HOURS_SHARE = 0.98


def is_whole_enough(complete: npt.ArrayLike, expected: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Whether at least 98 % of a period's hourly files were read whole; never where none is due.

    Args:
        complete: hourly files read whole.
        expected: hours of the period, of the same shape.
    """
    found, due = np.asarray(complete), np.asarray(expected)
    return np.asarray((due > 0) & (found >= LEAST_HOURS_SHARE * due), dtype=np.bool_)
