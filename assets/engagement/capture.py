"""How much of a cell's events the sources captured, and what that says of the accounts missed.

Where capture is degraded but known, the accounts of each country are extrapolated to full capture
by the frequencies of those seen once and twice (Chao 1987; Colwell et al. 2012, J. Plant Ecology 5,
3-21, eq. 12, in its Poisson limit): uniform loss hides accounts with one event more than those with
many, and so the countries whose accounts do little.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

from assets.engagement.cells import periods_ending
from assets.engagement.estimates import Estimates

Floats = npt.NDArray[np.floating[Any]]
Ints = npt.NDArray[np.int64]
SOUND, DEGRADED, UNKNOWN = "sound", "degraded", "unknown"
LEAST_SOUND = 0.8  # capture rate
_LEAST_CORRECTED = 1 / 3  # extrapolation beyond three times the sample says little
_WIDEST = 0.25  # of the rate's interval, relative to the rate, for a correction
_MOST_UNKNOWN = 0.2  # of a period's days without a rate
_POOL_ACCOUNTS = 10.0  # accounts of all countries that each country's frequencies are shrunk by
_NORMAL_WIDTH = 3.919927969080108  # of a 95 % interval, in standard errors
_ANY = "any"
_PANEL, _TRACKED = "panel", "tracked"


@dataclass(frozen=True, slots=True)
class Capture:
    """What the sources together captured of a cell's events.

    Attributes:
        status: sound, degraded or unknown.
        rate: captured / all, 0 to 1; None where no yardstick says.
        low: 95 % lower bound; None likewise.
        high: 95 % upper bound.
    """

    status: str = UNKNOWN
    rate: float | None = None
    low: float | None = None
    high: float | None = None

    @property
    def is_corrected(self) -> bool:
        """Whether the rate is known well enough to correct by."""
        if self.status != DEGRADED or self.rate is None or self.low is None or self.high is None:
            return False
        return self.rate >= _LEAST_CORRECTED and self.high - self.low <= _WIDEST * self.rate

    @property
    def is_masked(self) -> bool:
        """Whether figures of the cell stand for nothing."""
        return self.status == DEGRADED and not self.is_corrected


Captures = Mapping[tuple[str, str, str], Capture]


def period_capture(
    rows: Iterable[Mapping[str, Any]],
) -> Callable[[Sequence[date], str, str], Capture]:
    """Looks up the capture of the days of a period, a scope and an event group.

    Args:
        rows: of core.coverage, of all sources together (`combined`), a whole event group each.
    """
    known = {(row["coverage_date"], row["scope"], row["event_group"]): row for row in rows}
    groups = sorted({group for _, _, group in known})

    def look(days: Sequence[date], scope: str, event_group: str) -> Capture:
        chosen = groups if event_group == _ANY else [event_group]
        seen_by = _PANEL if scope == _PANEL else _TRACKED
        found = [known.get((day, seen_by, group)) for day in days for group in chosen]
        return _pooled([row for row in found if row is not None], len(days) * len(chosen))

    return look


def captures_ending(
    day: date, rows: Iterable[Mapping[str, Any]], scopes: Iterable[str], groups: Iterable[str]
) -> dict[tuple[str, str, str], Capture]:
    """Capture of every cell of the periods that end on a day.

    Args:
        day: UTC.
        rows: as `period_capture` takes them.
        scopes: of the cells.
        groups: event groups of the cells.
    """
    look, groups = period_capture(rows), list(groups)
    return {
        (period.name, scope, group): look(period.days, scope, group)
        for period in periods_ending(day)
        for scope in scopes
        for group in groups
    }


def _pooled(rows: Sequence[Mapping[str, Any]], expected: int) -> Capture:
    """Capture of all rows together; the errors of days are taken to go the same way."""
    rated = [row for row in rows if row["estimated_events"] is not None]
    unrated = [row for row in rows if row["estimated_events"] is None]
    is_lost = any(row["status"] == DEGRADED for row in unrated)
    captured = sum(row["captured_count"] for row in rated)
    estimated = sum(row["estimated_events"] for row in rated)
    if not rated or estimated <= 0:
        return Capture(DEGRADED if is_lost else UNKNOWN)
    rate = min(captured / estimated, 1.0)
    low = captured / max(sum(row["estimated_events_ci_high"] for row in rated), captured, 1e-9)
    high = min(captured / max(sum(row["estimated_events_ci_low"] for row in rated), 1e-9), 1.0)
    if is_lost:
        return Capture(DEGRADED)
    if rate < LEAST_SOUND and any(row["status"] == DEGRADED for row in rated):
        return Capture(DEGRADED, rate, min(low, rate), max(high, rate))
    is_known = len(rated) >= (1 - _MOST_UNKNOWN) * expected
    return Capture(SOUND if is_known else UNKNOWN, rate, min(low, rate), max(high, rate))


def extrapolated(
    estimates: Estimates,
    frequencies: tuple[Ints, Ints, Ints],
    captures: Sequence[Capture],
    rng: np.random.Generator,
) -> tuple[Estimates, Floats]:
    """Estimates as of full capture, and (cells,) how many times the accounts seen there are.

    Cells that are not corrected stay as they are, with 1.

    Args:
        estimates: of some cells.
        frequencies: (cells, countries) located accounts; those of them with one event, and two.
        captures: of the cells.
        rng: of the replicates.
    """
    share, draws = estimates.share.copy(), estimates.draws.copy()
    growth = np.ones(len(share))
    for cell in (at for at, capture in enumerate(captures) if capture.is_corrected):
        counts = np.array([each[cell] for each in frequencies], dtype=np.float64)
        effort = _further_effort(captures[cell], draws.shape[1], rng)
        ratio = _growth(_shrunk(counts[:, None]), effort[:1, None])[0]
        growth[cell] = _weighted_mean(ratio, share[cell])
        share[cell] *= ratio / growth[cell]
        entries = np.flatnonzero(estimates.cell == cell)
        shape = (3, draws.shape[1], counts.shape[1])
        resampled = rng.poisson(counts[:, None], shape).astype(np.float64)
        replicates = _growth(_shrunk(resampled), effort[1:, None]).T[estimates.country[entries]]
        means = (replicates * draws[entries]).sum(axis=0)
        scale = draws[entries].sum(axis=0) / np.where(means > 0, means, 1.0)
        draws[entries] *= (replicates * scale).astype(draws.dtype)
    return replace(estimates, share=share, draws=draws), growth


def _further_effort(capture: Capture, draws: int, rng: np.random.Generator) -> Floats:
    """(1 + draws,) events missed / captured: at the rate itself, then at draws of it."""
    low, rate, high = (float(each or 1.0) for each in (capture.low, capture.rate, capture.high))
    spread = np.log(high / low) / _NORMAL_WIDTH
    rates = rate * np.exp(spread * np.concatenate([[0.0], rng.standard_normal(draws)]))
    return np.asarray(1.0 / np.minimum(rates, 1.0) - 1.0)


def _shrunk(frequencies: Floats) -> Floats:
    """(3, rows, countries): accounts, those with one event and those with two.

    Each country's with some accounts of the mean country added.
    """
    total = frequencies.sum(axis=-1, keepdims=True)
    return np.asarray(frequencies + _POOL_ACCOUNTS * total / np.maximum(total[:1], 1.0))


def _growth(frequencies: Floats, effort: Floats) -> Floats:
    """(rows, countries) accounts after `effort` times as many events more / accounts seen."""
    seen, single, double = frequencies
    unseen = np.maximum(single * (single - 1.0), 0.0) / (2.0 * (double + 1.0))
    rate = single / np.where(unseen > 0, unseen, 1.0)
    return np.asarray(1.0 - unseen * np.expm1(-effort * rate) / np.maximum(seen, 1.0))


def _weighted_mean(values: Floats, weights: Floats) -> float:
    total = float(weights.sum())
    return float(values @ weights) / total if total > 0 else 1.0
