"""What an archive usually holds on such a day, and how much of that it held.

The yardstick for what has no other: a source against its own past. It sees a fall, never a share
that a source has missed all along.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from assets.engagement.intervals import Z_95

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
#: Days before the one judged that `volume_rates` looks at: half a year, and what a loss of half a
#: year is told from.
HISTORY_DAYS = 224
_TRAILING = (1, 56)  # days before, both included
_STRETCHES = (_TRAILING, *((first, first + 27) for first in range(29, HISTORY_DAYS, 28)))
_LEAST_SAME = 3  # days of the same weekday
_LEAST_POOLED = 2  # working days, or days of the weekend
_LEAST_SPAN = 7  # days of history
_LEAST_HOURS = 0.5  # of a past day's volume that has to be there
_LASTING = 0.8  # of the best stretch: what expects less is no normal, but a loss
_DAY_SPREAD = 0.1  # log; prior of a day's volume around its weekday's median
_POOLED_SPREAD = 0.2  # around the median of five working days
_YEAR_END_SPREAD = 0.25
_PRIOR_DAYS = 4.0  # that the prior spread counts for
_MAD_TO_SD = 1.4826
_MEDIAN_VARIANCE = np.pi / 2  # of a median, relative to that of a mean
_HOUR_US = 3_600_000_000
_FRIDAY = 4


@dataclass(frozen=True, slots=True)
class VolumeRate:
    """A source's events of a type on a day against its usual ones.

    Attributes:
        observed: events in the day's complete files.
        expected: usual events in the hours of those files.
        hour_share: share of a usual day's events that falls into those hours (0 to 1).
        rate: captured share of the whole day: observed / expected × hour_share, at most that.
        low: 95 % lower bound of the rate.
        high: 95 % upper bound.
    """

    observed: int
    expected: float
    hour_share: float
    rate: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class _Past:
    """One source's files: index 0 of days is the day judged, k that k days before.

    Attributes:
        types: event types.
        counts: (types, days, 24) events.
        present: (days, 24) whether the file is there and complete.
        is_weekend: (days,)
    """

    types: list[str]
    counts: Floats
    present: Bools
    is_weekend: Bools


def volume_rates(day: date, totals: pa.Table) -> dict[tuple[str, str], VolumeRate]:
    """Judge each source and event type of a day by the source's own past.

    Past days of the same weekday count in the hours that the day judged has complete files of; what
    they themselves lack of those is filled up by the share that such hours have of all events. The
    median of the trailing eight weeks (at least three days) is expected; with fewer, that of its
    working days or of its weekends, from a week of history on. So that a lasting loss does not
    become normal: where an earlier stretch of four weeks, up to 32 weeks back, expected more than
    1 / 0.8 times that, the latest stretch that comes within 0.8 of the best one speaks (less twice
    the Poisson error of a median). Growth is no loss: what exceeds the expected counts as all.

    The interval is log-normal: the robust spread of the past days around their median, drawn toward
    10 % (20 % where weekdays are pooled) with four days' weight, 25 % beside it from 23 December to
    2 January, and the Poisson error of the observed count.

    Args:
        day: UTC.
        totals: source, file_hour, event_type, event_count of complete files of the day and of up to
            `HISTORY_DAYS` before, in any order; others are passed over. An hour without a row is
            one without a complete file.

    Returns:
        By (source, event type); without those that have no file of the day, too little history, or
        none usually.
    """
    midnight = int(np.datetime64(day, "us").astype(np.int64))
    hour = (pc.cast(totals["file_hour"], pa.int64()).to_numpy() - midnight) // _HOUR_US
    back = -(hour // 24)
    is_near = (back >= 0) & (back <= HISTORY_DAYS)
    near = totals.filter(pa.array(is_near))
    source = np.asarray(near["source"].to_pylist(), dtype=object)
    found: dict[tuple[str, str], VolumeRate] = {}
    for name in sorted(set(source.tolist())):
        chosen = source == name
        past = _past(
            day,
            near.filter(pa.array(chosen)),
            back[is_near][chosen].astype(np.int64),
            (hour[is_near][chosen] % 24).astype(np.int64),
        )
        found |= {(name, kind): rate for kind, rate in _rates(day, past).items()}
    return found


def _past(day: date, rows: pa.Table, back: Ints, hour: Ints) -> _Past:
    encoded = rows["event_type"].combine_chunks().dictionary_encode()
    types = encoded.dictionary.to_pylist()
    counts = np.zeros((len(types), HISTORY_DAYS + 1, 24))
    np.add.at(
        counts,
        (encoded.indices.to_numpy(), back, hour),
        rows["event_count"].to_numpy().astype(np.float64),
    )
    present = np.zeros((HISTORY_DAYS + 1, 24), dtype=np.bool_)
    present[back, hour] = True
    weekdays = [(day - timedelta(days=each)).weekday() for each in range(HISTORY_DAYS + 1)]
    return _Past(types, counts, present, np.array(weekdays) > _FRIDAY)


def _rates(day: date, past: _Past) -> Mapping[str, VolumeRate]:
    hours = past.present[0]
    if not hours.any():
        return {}
    profile = _profile(past)
    hour_share = min(float(profile[hours].sum()), 1.0)  # rounding may leave 1e-16 more
    common = past.present & hours
    there = common @ profile / hour_share
    usable = there >= _LEAST_HOURS
    usable[0] = False
    volume = (past.counts * common).sum(axis=2) / np.where(usable, there, 1.0)
    observed = (past.counts[:, 0] * hours).sum(axis=1)
    stretches = _stretches(past, usable)
    found = {}
    for at, kind in enumerate(past.types):
        usual = _usual(volume[at], stretches)
        if usual is not None and usual[0] > 0:
            days, prior = usual[1]
            spread = _spread(volume[at, days], usual[0], prior, _is_year_end(day))
            found[kind] = _rate(float(observed[at]), usual[0], spread, hour_share)
    return found


def _profile(past: _Past) -> Floats:
    """(24,) share of a day's events by hour, of days of the same kind; even where none is known."""
    alike = past.is_weekend == past.is_weekend[0]
    events = past.counts[:, alike].sum(axis=(0, 1))
    files = past.present[alike].sum(axis=0)
    known = files > 0
    mean = np.where(known, events / np.where(known, files, 1), 0.0)
    mean = np.where(known, mean, mean[known].mean()) + 1e-9
    return np.asarray(mean / mean.sum())


def _stretches(past: _Past, usable: Bools) -> list[tuple[Ints, float]]:
    """Days of each stretch to compare with, the latest first, and the prior spread around it."""
    back = np.arange(HISTORY_DAYS + 1)
    found = []
    for number, (first, last) in enumerate(_STRETCHES):
        inside = usable & (back >= first) & (back <= last)
        same = np.flatnonzero(inside & (back % 7 == 0))
        if len(same) >= _LEAST_SAME:
            found.append((same, _DAY_SPREAD))
        elif number == 0 and np.any(np.flatnonzero(inside) >= _LEAST_SPAN):
            pooled = np.flatnonzero(inside & (past.is_weekend == past.is_weekend[0]))
            if len(pooled) >= _LEAST_POOLED:
                found.append((pooled, _POOLED_SPREAD))
    return found


def _usual(
    volume: Floats, stretches: list[tuple[Ints, float]]
) -> tuple[float, tuple[Ints, float]] | None:
    """What is expected, and the stretch that says so; None without any."""
    if not stretches:
        return None
    medians = [float(np.median(volume[days])) for days, _ in stretches]
    best = max(medians)
    errors = [np.sqrt(_MEDIAN_VARIANCE * best / len(days)) for days, _ in stretches]
    return next(
        (median, stretch)
        for median, error, stretch in zip(medians, errors, stretches, strict=True)
        if median >= _LASTING * best - 2 * error
    )


def _spread(volume: Floats, usual: float, prior: float, is_year_end: bool) -> float:
    """Standard deviation (log) of a day around the median, without its Poisson error."""
    away = np.abs(np.log(np.maximum(volume, 0.5) / usual))
    beyond = max((_MAD_TO_SD * float(np.median(away))) ** 2 - 1 / max(usual, 1.0), 0.0)
    count = len(volume)
    variance = (count * beyond + _PRIOR_DAYS * prior**2) / (count + _PRIOR_DAYS)
    beside = _YEAR_END_SPREAD if is_year_end else 0.0
    return float(np.hypot(np.sqrt(variance * (1 + _MEDIAN_VARIANCE / count)), beside))


def _is_year_end(day: date) -> bool:
    return (day.month, day.day) >= (12, 23) or (day.month, day.day) <= (1, 2)


def _rate(observed: float, usual: float, spread: float, hour_share: float) -> VolumeRate:
    below = np.exp(-Z_95 * np.hypot(spread, 1 / np.sqrt(max(observed, 1.0))))
    above = np.exp(Z_95 * np.hypot(spread, 1 / np.sqrt(observed + 1)))
    scale = hour_share / usual
    return VolumeRate(
        observed=int(observed),
        expected=usual,
        hour_share=hour_share,
        rate=min(observed * scale, hour_share),
        low=min(observed * float(below) * scale, hour_share),
        high=min((observed + 1) * float(above) * scale, hour_share),
    )
