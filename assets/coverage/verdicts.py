"""From a yardstick's total to a capture rate, its status, and the same in words."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assets.coverage.chapman import Totals, capture_rates
from assets.coverage.stars import star_rates
from assets.coverage.volume import VolumeRate
from assets.engagement.intervals import Z_95

SOUND, DEGRADED, UNKNOWN = "sound", "degraded", "unknown"
Triple = tuple[float, float, float]  # a figure with its 95 % bounds
TWO_SOURCES, STAR_HISTORY, VOLUME, CALENDAR, NONE = (
    "two_sources",
    "star_history",
    "volume",
    "calendar",
    "none",
)
LEAST_SOUND = 0.8  # capture rate
LEAST_EVENTS = 10.0  # estimated, for a yardstick of the cell's own
_WIDEST = 0.75  # interval of the total relative to it, unless it lies on one side of 0.8
_MOST_UNRATED = 0.2  # of a group's captured events in types without an estimate
_LEAST_LOST = 0.1  # of a group's usual events, for a type that is gone to matter to it
_NONE_SEEN = 3.0  # upper 95 % bound of a Poisson mean of which nothing was seen


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is known of a source's capture of a cell.

    Attributes:
        captured: events it saw.
        status: sound, degraded or unknown.
        message: the same in words.
        yardstick: what says so.
        total: estimate, lower and upper bound of the true number; None where nothing says.
        rate: capture rate with its bounds; None likewise.
        is_lost: whether a loss is known for the day.
        usual: events that the source usually has of the type, anywhere; 0 where not known.
        is_small: whether two sources say that there were fewer than `LEAST_EVENTS`.
    """

    captured: int
    status: str
    message: str
    yardstick: str = NONE
    total: Triple | None = None
    rate: Triple | None = None
    is_lost: bool = False
    usual: float = 0.0
    is_small: bool = False


def by_total(
    captured: int, yardstick: str, totals: Totals, is_lost: bool, is_suspect: bool = False
) -> Verdict:
    """Verdict of a yardstick that gives one total.

    Unknown, but with its figures, where the total's interval is wider than 0.75 of it and leaves
    open on which side of 0.8 the rate lies. Where something else speaks for a loss, a rate under
    0.8 decides, however uncertain: suspicion never makes a cell sound.

    Args:
        captured: events seen.
        yardstick: two_sources or star_history.
        totals: (1,), at least `LEAST_EVENTS`.
        is_lost: whether a loss is known for the day.
        is_suspect: whether any source has lost events by the calendar or by its own past.
    """
    rates = (star_rates if yardstick == STAR_HISTORY else capture_rates)([captured], totals)
    estimate, low, high = (float(each[0]) for each in (totals.estimate, totals.low, totals.high))
    rate = tuple(float(each[0]) for each in (rates.rate, rates.low, rates.high))
    is_wide = high - low > _WIDEST * estimate and not (is_suspect and rate[0] < LEAST_SOUND)
    if is_wide and rate[1] < LEAST_SOUND <= rate[2]:
        status, message = UNKNOWN, f"too uncertain to tell: {_percent(*rate[1:])} captured"
    else:
        status = DEGRADED if rate[0] < LEAST_SOUND else SOUND
        by = "star history" if yardstick == STAR_HISTORY else "two sources"
        message = f"{rate[0]:.0%} captured ({_percent(*rate[1:])}) by {by}"
    return Verdict(
        captured,
        status,
        message,
        yardstick,
        (estimate, low, high),
        (rate[0], rate[1], rate[2]),
        is_lost,
    )


def is_hardly_sound(verdict: Verdict) -> bool:
    """Whether two sources call a cell sound by an interval that reaches under 0.8."""
    if verdict.yardstick != TWO_SOURCES or verdict.status != SOUND or verdict.rate is None:
        return False
    return verdict.rate[1] < LEAST_SOUND


def by_volume(captured: int, volume: VolumeRate, is_lost: bool) -> Verdict:
    """Verdict by a source's own past: degraded if even the upper bound is under 0.8.

    Within a known loss the rate itself decides. The total has the error of the captured count
    beside the rate's.
    """
    rate = (volume.rate, volume.low, volume.high)
    total = None
    if captured and volume.rate > 0:
        estimate = captured / volume.rate
        error = Z_95 * np.sqrt((1 - volume.rate) / captured)
        low = estimate * np.exp(-np.hypot(np.log(volume.high / volume.rate), error))
        high = estimate * np.exp(np.hypot(np.log(volume.rate / volume.low), error))
        total = (estimate, max(float(low), float(captured)), float(high))
    elif volume.rate > 0:
        total = (0.0, 0.0, _NONE_SEEN / volume.rate)
    status = DEGRADED if _decisive(rate, VOLUME, is_lost) < LEAST_SOUND else SOUND
    message = f"{rate[0]:.0%} of what the source usually has ({_percent(*rate[1:])})"
    return Verdict(captured, status, message, VOLUME, total, rate, is_lost, volume.expected)


def of_all_by_volume(captured: int, each: Sequence[Verdict], is_lost: bool) -> Verdict | None:
    """Verdict on all sources together from those on each by volume.

    A source's past never holds what the source missed all along, so that each total is at most the
    true one, but for noise: the total whose lower bound is the largest stands, and at least what
    all of them saw. None where none has a total.

    Args:
        captured: events that any source saw.
        each: verdicts of `by_volume`.
        is_lost: whether a loss is known of every source.
    """
    rated = [verdict for verdict in each if verdict.total is not None]
    if not rated:
        return None
    chosen = max(rated, key=lambda verdict: verdict.total[1] if verdict.total else 0.0)
    if captured == chosen.captured or chosen.total is None:
        return chosen
    total, rate = _bounded(captured, chosen.total)
    status = DEGRADED if _decisive(rate, VOLUME, is_lost) < LEAST_SOUND else SOUND
    message = f"{rate[0]:.0%} of the usual total ({_percent(*rate[1:])}) captured by all sources"
    return Verdict(
        captured,
        status,
        message,
        VOLUME,
        total,
        rate,
        is_lost,
        chosen.usual,
    )


def without_yardstick(captured: int, is_lost: bool, is_small: bool) -> Verdict:
    """Verdict by the calendar of known losses alone."""
    if is_lost:
        message = "a known loss of unknown size"
        return Verdict(captured, DEGRADED, message, CALENDAR, is_lost=is_lost, is_small=is_small)
    message = "too few events to tell" if is_small else "no yardstick"
    return Verdict(captured, UNKNOWN, message, is_small=is_small)


def of_group(types: Sequence[tuple[str, Verdict]]) -> Verdict:
    """Verdict on an event group from those on its types.

    Captured and estimated events add up; errors of two sources are independent between types, those
    of other yardsticks go the same way. Types without an estimate do not hide. One that is known to
    be degraded makes the group degraded without a rate, unless it is small: by volume under a tenth
    of the group, by two sources under ten events. Others are taken at the rate of the rest while
    they hold at most a fifth of the captured events; beyond that the group is unknown. The status
    goes by the yardstick of most estimated events.

    Args:
        types: names and verdicts of one source.
    """
    captured = sum(each.captured for _, each in types)
    is_lost = any(each.is_lost for _, each in types)
    usual = sum(each.usual for _, each in types)
    gone = [
        name
        for name, each in types
        if each.total is None
        and each.status == DEGRADED
        and not each.is_small
        and (each.yardstick == CALENDAR or each.usual >= _LEAST_LOST * usual)
    ]
    if gone:
        message = f"a loss of unknown size of {', '.join(sorted(gone))}"
        return Verdict(captured, DEGRADED, message, CALENDAR, is_lost=is_lost)
    rated = [(each, each.total) for _, each in types if each.total and each.status != UNKNOWN]
    seen = sum(each.captured for each, _ in rated)
    estimate = sum(total[0] for _, total in rated)
    if not captured and estimate <= 0 and usual > 0:
        return _unseen_group([each for _, each in types], usual, is_lost)
    if estimate <= 0 or seen < (1 - _MOST_UNRATED) * captured:
        return Verdict(captured, UNKNOWN, "no yardstick for most of it", is_lost=is_lost)
    factor = captured / seen if seen else 1.0
    total, rate = _bounded(
        captured,
        (
            estimate * factor,
            # Events are whole: where nearly all was seen, the half below is what covers the truth.
            float(np.floor((estimate - _error(rated, 1)) * factor)),
            (estimate + _error(rated, 2)) * factor,
        ),
    )
    yardstick = _leading(rated)
    status = DEGRADED if _decisive(rate, yardstick, is_lost) < LEAST_SOUND else SOUND
    message = f"{rate[0]:.0%} captured ({_percent(*rate[1:])})"
    return Verdict(captured, status, message, yardstick, total, rate, is_lost, usual)


def _leading(rated: Sequence[tuple[Verdict, Triple]]) -> str:
    """The yardstick of most estimated events."""
    weights: dict[str, float] = {}
    for each, (estimated, _, _) in rated:
        weights[each.yardstick] = weights.get(each.yardstick, 0.0) + estimated
    return max(sorted(weights), key=lambda name: weights[name])


def _unseen_group(types: Sequence[Verdict], usual: float, is_lost: bool) -> Verdict:
    """Verdict on a group of which the cell has no event: by volume elsewhere."""
    rates = [(each.rate, each.usual / usual) for each in types if each.rate and each.usual]
    rate, low, high = (
        float(sum(bounds[at] * weight for bounds, weight in rates)) for at in range(3)
    )
    most = _NONE_SEEN / rate if rate > 0 else None
    total = (0.0, 0.0, most) if most is not None else None
    status = DEGRADED if _decisive((rate, low, high), VOLUME, is_lost) < LEAST_SOUND else SOUND
    message = f"none seen; {rate:.0%} of what is usual elsewhere ({_percent(low, high)})"
    return Verdict(0, status, message, VOLUME, total, (rate, low, high), is_lost, usual)


def _bounded(captured: int, total: Triple) -> tuple[Triple, Triple]:
    """A total that is at least what was captured, and the capture rate that follows."""
    estimate, low, high = (max(bound, float(captured)) for bound in total)
    rate = captured / estimate if estimate else 1.0
    return (estimate, low, high), (
        rate,
        captured / high if high else 1.0,
        captured / low if low else 1.0,
    )


def _error(rated: Sequence[tuple[Verdict, Triple]], bound: int) -> float:
    """Distance of a bound of the sum of all totals from their sum."""
    alone, alike = 0.0, 0.0
    for each, total in rated:
        away = abs(total[bound] - total[0])
        if each.yardstick == TWO_SOURCES:
            alone += away**2
        else:
            alike += away
    return float(np.sqrt(alone)) + alike


def _decisive(rate: Triple, yardstick: str, is_lost: bool) -> float:
    """The figure that the status goes by: holidays move a volume, and no loss stands behind."""
    return rate[2] if yardstick == VOLUME and not is_lost else rate[0]


def _percent(low: float, high: float) -> str:
    return f"{100 * low:.0f} to {100 * high:.0f} %"
