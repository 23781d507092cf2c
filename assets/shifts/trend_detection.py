"""Trend shifts of one series, period by period: what each date's data say, and nothing later.

At each sound period the sequential detector looks for an onset among the newest ones. Where it
finds one, the retrospective detector has to find one within two weeks of it, in the same data. Both
leave out periods that are not sound; an onset that may lie in a run of these waits for sound ones.
What is confirmed stays as it was said, and the next shift is looked for since its onset. For half a
year it is on trial: once the data no longer tell before from since, it is withdrawn, and what came
before it is compared with again.
"""

from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from assets.shifts.trend_glr import PROFILE_DROP, Scan, scan
from assets.shifts.trend_window import Points, Settings, Window, newest_window

CONFIRMED, WITHDRAWN = "confirmed", "withdrawn"
CANDIDATE, UNRESOLVED = "candidate", "unresolved"
SEQUENTIAL, RETROSPECTIVE = "sequential", "retrospective"


@dataclass(frozen=True, slots=True)
class TrendShift:
    """A shift as it was first said, or as it stands where it is not confirmed.

    Attributes:
        onset: first day of the likeliest first period at the new level.
        onset_low: earliest day that the onset may be.
        onset_high: latest first day of a period that the onset may be.
        detected: last day of the first period whose data confirm it; None while nothing does.
        withdrawn: last day of the period at whose review it was not found again; None otherwise.
        data_through: last day of the data that the figures rest on.
        size_pp: share since - before, percentage points.
        size_pp_low: 95 % lower bound.
        size_pp_high: 95 % upper bound.
        before_share: before, 0 to 1.
        after_share: since, 0 to 1.
        statistic: of the sequential detector at the onset.
        confidence: posterior probability of an onset among the newest periods, 0 to 1.
        detectors: that find it.
        status: confirmed, withdrawn, candidate or unresolved.
        reason: why it is not confirmed, or was withdrawn; empty otherwise.
    """

    onset: date
    onset_low: date
    onset_high: date
    detected: date | None
    withdrawn: date | None
    data_through: date
    size_pp: float
    size_pp_low: float
    size_pp_high: float
    before_share: float
    after_share: float
    statistic: float
    confidence: float
    detectors: tuple[str, ...]
    status: str
    reason: str


def trend_shifts(points: Points, settings: Settings) -> list[TrendShift]:
    """All shifts of a series in order of detection, and last what stands open at its end."""
    found: list[TrendShift] = []
    since, trial = 0, None
    pending: TrendShift | None = None
    for at, place in enumerate(points.places.tolist()):
        if trial is not None and place - points.places[trial.onset] >= settings.trial:
            trial = None
        if trial is not None and not _holds(points, trial, at + 1, settings):
            found[-1] = _withdrawn(found[-1], points.day(place))
            since, trial = trial.since, None
        said = _look(points, since, at, settings)
        pending = None
        if said is None:
            continue
        shift, onset = said
        if shift.status == CONFIRMED:
            found.append(shift)
            trial, since = _Trial(since, onset), onset
        else:
            pending = shift
    return [*found, *([pending] if pending else [])]


@dataclass(frozen=True, slots=True)
class _Trial:
    """The newest confirmed shift, while it may be withdrawn.

    Attributes:
        since: first point of what it was compared with.
        onset: its own point.
    """

    since: int
    onset: int


def _holds(points: Points, trial: _Trial, stop: int, settings: Settings) -> bool:
    """Whether the points before `stop` still tell what came before a shift from what came since."""
    window = newest_window(points, trial.since, stop - 1, settings)
    onset = trial.onset - window.start
    if onset < settings.least_before // 2:
        return True
    total = points.total[window.span]
    result = scan(window.counts, total, np.array([onset], dtype=np.int64), window.noise(onset))
    return bool(result.statistic[0] >= settings.hold)


def _look(points: Points, since: int, at: int, settings: Settings) -> tuple[TrendShift, int] | None:
    """What the data up to point `at` say, and the onset's point; None where nothing is found."""
    window = newest_window(points, since, at, settings)
    places = window.places
    first = int(np.searchsorted(places, places[-1] - settings.newest, side="right"))
    onsets = np.arange(max(settings.least_before, first), len(places), dtype=np.int64)
    is_ripe = onsets <= len(places) - settings.least_since
    if not is_ripe.any():
        return None
    count, total = points.count[window.span], points.total[window.span]
    if min(count.mean(), (total - count).mean()) < settings.least_mean_count:
        return None
    result = scan(window.counts, total, onsets, window.noise(int(onsets[0])))
    onset = int(onsets[result.best])
    ripest = float(result.statistic[is_ripe].max())
    is_young = onset > len(places) - settings.least_of_onset
    if is_young and ripest < result.statistic.max() - PROFILE_DROP:
        return None  # the newest period alone makes it
    if ripest < settings.threshold:
        return None
    reason = _reason(window, result, settings)
    is_agreed = _is_found(newest_window(points, 0, at, settings), int(places[onset]), settings)
    status = UNRESOLVED if reason else CONFIRMED if is_agreed else CANDIDATE
    return _shift(window, result, status, reason, is_agreed=is_agreed), window.start + onset


def _is_found(window: Window, place: int, settings: Settings) -> bool:
    """Whether PELT finds a change point near a period."""
    return any(abs(each - place) <= settings.agreement for each in window.change_places(settings))


def _reason(window: Window, result: Scan, settings: Settings) -> str:
    """Why the onset cannot be believed yet; empty where it can."""
    places, onset = window.places, int(result.onsets[result.best])
    low, high = result.interval()
    lost = np.flatnonzero(window.points.unsound[places[low - 1] : places[high] + 1])
    if len(lost):
        begin, end = places[low - 1] + lost[0], places[low - 1] + lost[-1]
        around = settings.least_around
        if (places > end).sum() < around or (places < begin).sum() < around:
            return "capture is not sound around the onset"
    total = window.points.total[window.span]
    before = np.median(total[max(onset - 8 * 7 // window.points.days, 0) : onset])
    if np.median(total[onset:]) < settings.most_fallen * before:
        return "accounts fell with it"
    return ""


def _shift(
    window: Window, result: Scan, status: str, reason: str, *, is_agreed: bool
) -> TrendShift:
    points, places, best = window.points, window.places, result.best
    low, high = result.interval()
    size, size_low, size_high = result.size_pp()
    if not (is_agreed or reason):
        reason = "one detector finds it"
    last = points.day(int(places[-1]))
    return TrendShift(
        onset=points.first_day(int(places[result.onsets[best]])),
        onset_low=points.first_day(int(places[low - 1]) + 1),
        onset_high=points.first_day(int(places[high])),
        detected=last if status == CONFIRMED else None,
        withdrawn=None,
        data_through=last,
        size_pp=size,
        size_pp_low=size_low,
        size_pp_high=size_high,
        before_share=float(result.before[best]),
        after_share=float(result.after[best]),
        statistic=float(result.statistic[best]),
        confidence=result.confidence(),
        detectors=(SEQUENTIAL, RETROSPECTIVE) if is_agreed else (SEQUENTIAL,),
        status=status,
        reason=reason,
    )


def _withdrawn(shift: TrendShift, day: date) -> TrendShift:
    return replace(shift, status=WITHDRAWN, withdrawn=day, reason="no longer told from chance")
