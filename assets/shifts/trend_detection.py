"""Trend shifts of one series, period by period: what each date's data say, and nothing later.

At each sound period the sequential detector looks for an onset among the newest ones. Where it
finds one, the retrospective detector has to find one within two weeks of it, in the same data. Both
leave out periods that are not sound; an onset that may lie in a run of these waits for sound ones.
What is confirmed stays as it was said, and the next shift is looked for since its onset. For half a
year it is on trial: once the data no longer tell before from since, or the share is back where it
was, it is withdrawn, and what came before it is compared with again; without what came between,
where the share is back. While a later shift stands, a former one is not on trial: nothing newer
lies next to it.
"""

from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from assets.shifts.trend_glr import (
    PROFILE_DROP,
    Floats,
    Ints,
    Scan,
    excursions,
    least_without,
    scan,
)
from assets.shifts.trend_noise import Noise
from assets.shifts.trend_trial import Trial, judged
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
    trials: list[Trial] = []
    since, at = 0, 0
    pending: TrendShift | None = None
    while at < len(points.places):
        place = int(points.places[at])
        end = judged(points, trials[-1], at, settings) if trials else None
        if end is not None:
            trial = trials.pop()
            found[trial.number] = _withdrawn(found[trial.number], points.day(place), end.reason)
            since = trial.since
            points = points.without(end.start, end.stop)
            at -= end.stop - end.start
        said = _look(points, since, at, settings)
        pending = None
        if said is not None and said[0].status == CONFIRMED:
            trials.append(Trial(len(found), since, said[1], int(points.places[said[1]])))
            found.append(said[0])
            since = said[1]
        elif said is not None:
            pending = said[0]
        at += 1
    return [*found, *([pending] if pending else [])]


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
    has_enough = _mean_counts(count, total, onsets) >= settings.least_mean_count
    onsets, is_ripe = onsets[has_enough], is_ripe[has_enough]
    if not is_ripe.any():
        return None
    noise = window.noise(int(onsets[0]))
    result = scan(window.counts, total, onsets, noise)
    onset = int(onsets[result.best])
    ripe = result.statistic[is_ripe]
    is_young = onset > len(places) - settings.least_of_onset
    if is_young and ripe.max() < result.statistic.max() - PROFILE_DROP:
        return None  # the newest period alone makes it
    thresholds = _thresholds(len(places) - onsets[is_ripe], settings)
    if (ripe < thresholds).all() or _is_spike(window, result, noise, settings):
        return None
    reason = _reason(window, result, settings)
    is_agreed = _is_found(newest_window(points, 0, at, settings), int(places[onset]), settings)
    status = UNRESOLVED if reason else CONFIRMED if is_agreed else CANDIDATE
    return _shift(window, result, status, reason, is_agreed=is_agreed), window.start + onset


def _thresholds(since: Ints, settings: Settings) -> Floats:
    """Of the statistic of onsets with so many periods since.

    An onset is the youngest that may raise an alarm once, and an older one at each later look.
    """
    is_youngest = since == settings.least_since
    return np.where(is_youngest, settings.threshold, settings.older_threshold)


def _mean_counts(count: Floats, total: Floats, onsets: Ints) -> Floats:
    """Mean of the country's accounts before or since, whichever is more; or so of all others'.

    Of the two, the smaller one: what rises from nothing is looked at, what is next to nothing on
    both sides is not.
    """
    means = []
    for each in (count, total - count):
        sums = np.concatenate([[0.0], np.cumsum(each)])
        before, since = sums[onsets] / onsets, (sums[-1] - sums[onsets]) / (len(each) - onsets)
        means.append(np.maximum(before, since))
    return np.asarray(np.minimum(*means))


def _is_spike(window: Window, result: Scan, noise: Noise, settings: Settings) -> bool:
    """Whether the likeliest onset is no more than some periods far out."""
    count, total = window.counts, window.points.total[window.span]
    least = max(settings.least_of_onset, settings.spike + 1)
    is_old = len(count) - result.onsets >= least
    if not is_old.any():
        return True
    likeliest = int(np.argmax(np.where(is_old, result.statistic, -1.0)))
    onset, step = int(result.onsets[likeliest]), float(result.statistic[likeliest])
    if least_without(count, total, onset, settings.spike, noise) < settings.without:
        return True
    starts = np.arange(onset, len(count) - settings.spike + 1, dtype=np.int64)
    spikes = excursions(count, total, starts, starts + settings.spike, noise)
    return step < float(spikes.max()) + settings.over_spike


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
        confidence=result.confidence(points.days),
        detectors=(SEQUENTIAL, RETROSPECTIVE) if is_agreed else (SEQUENTIAL,),
        status=status,
        reason=reason,
    )


def _withdrawn(shift: TrendShift, day: date, reason: str) -> TrendShift:
    return replace(shift, status=WITHDRAWN, withdrawn=day, reason=reason)
