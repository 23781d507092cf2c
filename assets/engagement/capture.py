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

from assets.coverage.cells import PANEL, TRACKED
from assets.coverage.verdicts import DEGRADED, LEAST_SOUND, SOUND, UNKNOWN
from assets.engagement.cells import periods_ending
from assets.engagement.estimates import Estimates
from assets.engagement.intervals import Z_95

Floats = npt.NDArray[np.floating[Any]]
Ints = npt.NDArray[np.int64]
_LEAST_CORRECTED = 1 / 3  # extrapolation beyond three times the sample says little
_WIDEST = 0.25  # of the rate's interval, relative to the rate, for a correction
_MOST_UNKNOWN = 0.2  # of a period's days without a rate
_POOL_ACCOUNTS = 10.0  # accounts of all countries that each country's frequencies are shrunk by
_LARGE = 0.1  # of the estimated events, for a type to matter
_EVEN = 1.5  # between the rates of such types
_ANY = "any"


@dataclass(frozen=True, slots=True)
class Capture:
    """What the sources together captured of a cell's events.

    Attributes:
        status: sound, degraded or unknown.
        rate: captured / all, 0 to 1; None where no yardstick says.
        low: 95 % lower bound; None likewise.
        high: 95 % upper bound.
        is_even: whether event types of any size are captured alike: accounts of a type that is lost
            more than others cannot be had back from one rate.
    """

    status: str = UNKNOWN
    rate: float | None = None
    low: float | None = None
    high: float | None = None
    is_even: bool = True

    @property
    def is_corrected(self) -> bool:
        """Whether the rate is known well enough to correct by."""
        if (
            self.status != DEGRADED
            or not self.is_even
            or self.rate is None
            or self.low is None
            or self.high is None
        ):
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
        rows: of core.coverage, of all sources together (`combined`), of event groups and types.
    """
    rows = list(rows)
    types: dict[tuple[date, str, str], list[Mapping[str, Any]]] = {}
    for row in rows:
        if row["event_type"] is not None and row["estimated_events"] is not None:
            key = (row["coverage_date"], row["scope"], row["event_group"])
            types.setdefault(key, []).append(row)
    known = {
        (row["coverage_date"], row["scope"], row["event_group"]): row
        for row in rows
        if row["event_type"] is None
    }
    groups = sorted({group for _, _, group in known})

    def look(days: Sequence[date], scope: str, event_group: str) -> Capture:
        chosen = groups if event_group == _ANY else [event_group]
        seen_by = PANEL if scope == PANEL else TRACKED
        keys = [(day, seen_by, group) for day in days for group in chosen]
        found = _pooled([known[key] for key in keys if key in known], len(keys))
        return replace(found, is_even=_is_even(row for key in keys for row in types.get(key, [])))

    return look


def _is_even(rows: Iterable[Mapping[str, Any]]) -> bool:
    """Whether the types that hold a tenth of the events or more are captured at similar rates."""
    captured: dict[str, float] = {}
    estimated: dict[str, float] = {}
    for row in rows:
        name = row["event_type"]
        captured[name] = captured.get(name, 0.0) + row["captured_count"]
        estimated[name] = estimated.get(name, 0.0) + row["estimated_events"]
    total = sum(estimated.values())
    rates = [
        captured[name] / count for name, count in estimated.items() if 0 < count >= _LARGE * total
    ]
    return not rates or max(rates) <= _EVEN * min(rates)


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
    """Capture of all rows together; the errors of days are taken to go the same way.

    A day of a known loss without a size is taken to have as many events as the others, of which
    nothing was captured at worst and all at best.
    """
    rated = [row for row in rows if row["estimated_events"] is not None]
    lost = sum(row["estimated_events"] is None and row["status"] == DEGRADED for row in rows)
    captured, estimated, least, most = (
        sum(row[name] for row in rated)
        for name in (
            "captured_count", "estimated_events", "estimated_events_ci_low",
            "estimated_events_ci_high",
        )
    )  # fmt: skip
    if not rated or estimated <= 0:
        return Capture(DEGRADED if lost else UNKNOWN)
    unseen = lost * most / len(rated)
    rate = min(captured / estimated, 1.0)
    low = min(captured / max(most + unseen, captured, 1e-9), rate)
    high = max(min(captured / max(least, 1e-9), 1.0), rate)
    if lost and low < LEAST_SOUND:
        return Capture(DEGRADED)
    if rate < LEAST_SOUND and any(row["status"] == DEGRADED for row in rated):
        return Capture(DEGRADED, rate, low, high)
    is_known = len(rated) >= (1 - _MOST_UNKNOWN) * expected
    return Capture(SOUND if is_known else UNKNOWN, rate, low, high)


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
    spread = np.log(high / low) / (2 * Z_95)
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
