"""Placebo in time: what the same regression says of weeks in which nothing happened."""

from collections.abc import Sequence

import numpy as np

from assets.shifts.regression import Bools, Floats, Form, Levels, is_enough

#: Independent ones: with fewer, the shock is the farthest of all more often than in 1 of 20.
LEAST_PLACEBOS = 20
_STEADY = 0.75
#: p value up to which a change stands out; the intervals are of all changes that would not.
TOLD = 0.05


def windows_of(values: Floats, weeks: int) -> Floats:
    """(dates, 2 · weeks): at [t], the values of weeks t - weeks to t + weeks - 1, as a view.

    Args:
        values: (dates,).
        weeks: on each side; NaN stands beyond the ends.
    """
    padded = np.concatenate([np.full(weeks, np.nan), values, np.full(weeks - 1, np.nan)])
    return np.lib.stride_tricks.sliding_window_view(padded, 2 * weeks)


def admissible(
    windows: Floats, accounts: Floats, shock_weeks: Sequence[int], least_accounts: float
) -> Bools:
    """(dates,): weeks that a shock could have been judged in, whose window holds no shock's week.

    Three quarters of the weeks on each side of a window have to be known, and to have so many
    accounts on average.

    Args:
        windows: (dates, 2 · weeks), NaN for what is not known or not sound.
        accounts: (dates, 2 · weeks) that they rest on.
        shock_weeks: places of the shocks' weeks among the dates; may lie beyond the ends.
        least_accounts: on average over the known weeks of a window.
    """
    dates, half = len(windows), windows.shape[1] // 2
    from_shock = np.arange(dates)[:, None] - np.asarray(shock_weeks, dtype=np.int64)[None, :]
    holds_shock = (from_shock > -half) & (from_shock <= half)
    is_known = np.isfinite(windows)
    total = np.where(is_known, accounts, 0.0).sum(axis=1)
    has_accounts = total >= least_accounts * is_known.sum(axis=1)
    return np.asarray(is_enough(is_known) & has_accounts & ~holds_shock.any(axis=1))


def sizes(windows: Floats) -> Floats:
    """(windows,): mean of the known weeks; 1 where it is 0. What grows is compared in shares of it.

    Args:
        windows: (windows, 2 · weeks), at least 0, NaN for unknown, of each some known.
    """
    is_known = np.isfinite(windows)
    mean = np.where(is_known, windows, 0.0).sum(axis=1) / is_known.sum(axis=1)
    return np.asarray(np.where(mean > 0.0, mean, 1.0))


def steady_error(errors: Floats, form: Form) -> float:
    """Of the error of a change of the mean, the part that every window has alike.

    The half-yearly rise of a season, or noise that lasts for weeks, moves the mean of eight weeks
    and hardly shows in residuals. Its variance is set to three quarters of the median of the
    residuals' one: with none of it, shocks in calm windows stand out too often, and with nothing
    else those in noisy ones (benchmarks.shock_placebos --growing). Changes at week 0 between two
    lines have none.

    Args:
        errors: (placebos,) by residuals.
        form: of the regression.
    """
    if form == "segmented" or not len(errors):
        return 0.0
    return float(np.sqrt(_STEADY) * np.median(errors))


def widened(found: Levels, steady: float) -> Levels:
    """The same with a steady part in the errors."""
    return Levels(found.change, np.hypot(found.error, steady))


def rescaled(found: Levels, error: float) -> Floats:
    """(placebos,): their changes, as large as they would be beside the residuals of the shock.

    change · error / (the placebo's error): to rank these beside the shock's change is to rank
    studentised changes. Windows of few accounts, or of a time when everything was smaller, are
    noisier or calmer than the shock's. Infinite where an exact fit has a change.

    Args:
        found: of the placebos.
        error: of the shock's window, as theirs.
    """
    is_exact = found.error == 0.0
    scaled = found.change * error / np.where(is_exact, 1.0, found.error)
    exact = np.where(found.change == 0.0, 0.0, np.copysign(np.inf, found.change))
    return np.asarray(np.where(is_exact, exact, scaled))


def half_width(placebos: Floats) -> float | None:
    """How far from 0 a change may lie and still not stand out (p over 0.05); None where no matter.

    The interval change ± half_width is of all effects that, taken off, leave a change that does
    not stand out. It excludes 0 exactly where `p_value` is 0.05 or less.

    Args:
        placebos: (placebos,) changes.
    """
    most_beyond = int(np.floor(TOLD * (1 + len(placebos)) + 1e-9)) - 1
    if most_beyond < 0:
        return None
    width = float(np.sort(np.abs(placebos))[::-1][most_beyond])
    return width if np.isfinite(width) else None


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
