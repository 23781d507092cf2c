"""Trial of a confirmed shift: whether newer data still show it, or a return to the level before."""

from dataclasses import dataclass

import numpy as np

from assets.shifts.trend_glr import PROFILE_DROP, excursions, scan
from assets.shifts.trend_window import Points, Settings, Window, newest_window

CHANCE, RETURN = "no longer told from chance", "back at the level before"


@dataclass(frozen=True, slots=True)
class Trial:
    """A confirmed shift, while it may be withdrawn.

    Attributes:
        number: of the shift among those found.
        since: first point of what it was compared with.
        onset: its own point.
        place: number of its onset's period.
    """

    number: int
    since: int
    onset: int
    place: int


@dataclass(frozen=True, slots=True)
class End:
    """Why a shift is withdrawn.

    Attributes:
        reason: in words.
        start: first point of what is left out of the level before from now on.
        stop: one after the last; `start` where nothing is.
    """

    reason: str
    start: int
    stop: int


def judged(points: Points, trial: Trial, at: int, settings: Settings) -> End | None:
    """Why the points up to `at` withdraw a shift; None where they do not, or its trial is over."""
    if points.places[at] - trial.place >= settings.trial:
        return None
    window = newest_window(points, trial.since, at, settings)
    onset = trial.onset - window.start
    if onset < settings.least_before // 2:
        return None
    total = points.total[window.span]
    step = scan(window.counts, total, np.array([onset], dtype=np.int64), window.noise(onset))
    statistic = float(step.statistic[0])
    back = _return(window, onset, statistic, settings)
    if back is not None:
        return End(RETURN, window.start + back[0], window.start + back[1])
    return End(CHANCE, at, at) if statistic < settings.hold else None


def _return(window: Window, onset: int, step: float, settings: Settings) -> tuple[int, int] | None:
    """The stretch that stands against all before and since it, better than the step at an onset.

    Besides, what came since it may not be told from what came before (5 %).
    """
    count, total = window.counts, window.points.total[window.span]
    periods = len(count)
    agreed = settings.agreement // 2
    pairs = np.array(
        [
            (start, stop)
            for start in range(onset, min(onset + agreed, periods) + 1)
            for stop in range(start + 1, periods - settings.least_back + 1)
        ],
        dtype=np.int64,
    )
    if not len(pairs):
        return None
    noise = window.noise(onset)
    statistic = excursions(count, total, pairs[:, 0], pairs[:, 1], noise)
    best = int(np.argmax(statistic))
    if statistic[best] < step + settings.back:
        return None
    start, stop = (int(each) for each in pairs[best])
    rest = np.r_[0:start, stop:periods]
    apart = scan(count[rest], total[rest], np.array([start], dtype=np.int64), noise)
    return (start, stop) if apart.statistic[0] < PROFILE_DROP else None
