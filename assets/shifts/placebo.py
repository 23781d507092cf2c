"""Placebo in time: what the same regression says of weeks in which nothing happened."""

from collections.abc import Sequence

import numpy as np

from assets.shifts.regression import Bools, Floats

#: Independent ones: with fewer, the shock is the farthest of all more often than in 1 of 20.
LEAST_PLACEBOS = 20


def windows_of(values: Floats, weeks: int) -> Floats:
    """(dates, 2 · weeks): at [t], the values of weeks t - weeks to t + weeks - 1, as a view.

    Args:
        values: (dates,).
        weeks: on each side; NaN stands beyond the ends.
    """
    padded = np.concatenate([np.full(weeks, np.nan), values, np.full(weeks - 1, np.nan)])
    return np.lib.stride_tricks.sliding_window_view(padded, 2 * weeks)


def admissible(windows: Floats, shock_weeks: Sequence[int]) -> Bools:
    """(dates,): weeks whose window is known throughout and holds no shock's week.

    Args:
        windows: (dates, 2 · weeks), NaN for what is not known or not sound.
        shock_weeks: places of the shocks' weeks among the dates; may lie beyond the ends.
    """
    dates, half = len(windows), windows.shape[1] // 2
    from_shock = np.arange(dates)[:, None] - np.asarray(shock_weeks, dtype=np.int64)[None, :]
    holds_shock = (from_shock > -half) & (from_shock <= half)
    return np.asarray(np.isfinite(windows).all(axis=1) & ~holds_shock.any(axis=1))


def p_value(statistic: float, placebos: Floats) -> float | None:
    """(1 + placebos at least as far from 0) / (1 + placebos); None with fewer than 20.

    Two-sided. The shock itself is counted as one of the weeks, so that the value is never 0
    (Phipson and Smyth 2010, Stat. Appl. Genet. Mol. Biol. 9, 39).

    Args:
        statistic: of the shock's window.
        placebos: (placebos,) the same of theirs.
    """
    if len(placebos) < LEAST_PLACEBOS:
        return None
    is_as_far = np.abs(placebos) >= abs(statistic)
    return float((1 + is_as_far.sum()) / (1 + len(placebos)))


def effective_count(is_admissible: Bools, weights: Floats) -> float:
    """How many independent placebos the overlapping windows are worth.

    n² / Σ r², over all pairs of windows: r is the correlation that overlap alone gives two
    statistics, and r² (to leading order) that of whether each is far from 0.

    Args:
        is_admissible: (dates,) placebo weeks.
        weights: (2 · weeks,) of the statistic.
    """
    if not is_admissible.any():
        return 0.0
    chosen = is_admissible.astype(np.float64)
    pairs = np.correlate(chosen, chosen, "full")[len(chosen) - 1 :][: len(weights)]
    overlap = np.correlate(weights, weights, "full")[len(weights) - 1 :][: len(pairs)]
    squares = np.square(overlap / overlap[0])
    return float(pairs[0] ** 2 / (2.0 * (pairs @ squares) - pairs[0]))


def adjusted(p_values: Sequence[float | None]) -> list[float | None]:
    """Benjamini-Hochberg adjusted p values (1995, JRSS B 57, 289-300); None stays and counts not.

    Args:
        p_values: of one family of hypotheses.
    """
    from scipy.stats import false_discovery_control

    known = [value for value in p_values if value is not None]
    if not known:
        return [None] * len(p_values)
    found = iter(np.atleast_1d(false_discovery_control(known)))
    return [None if value is None else float(next(found)) for value in p_values]
