"""Trend shifts of one series, period by period: what each date's data say, and nothing later.

At each sound period the sequential detector looks for an onset among the newest ones. Where it
finds one, the retrospective detector has to find one within two weeks of it, in the same data. Both leave out periods that are not sound; an onset that may lie in a run of these waits for sound
ones. What is confirmed stays as it was said, and the next shift is looked for since its onset.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property

import numpy as np
import numpy.typing as npt

from assets.shifts.trend_glr import Scan, scan
from assets.shifts.trend_noise import Noise, estimate_noise, logits, weekday_effects
from assets.shifts.trend_pelt import change_points

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
CONFIRMED, WITHDRAWN = "confirmed", "withdrawn"
CANDIDATE, UNRESOLVED = "candidate", "unresolved"
SEQUENTIAL, RETROSPECTIVE = "sequential", "retrospective"
_WEEKDAYS = 7


@dataclass(frozen=True, slots=True)
class Settings:
    """Of the detectors, in periods unless said otherwise.

    Attributes:
        days: of a period.
        window: newest periods that are looked at.
        newest: of these, within which an onset is looked for.
        least_before: sound periods before an onset.
        least_since: sound periods since an onset; also of a segment of PELT.
        least_around: sound periods on each side of a run of others that the onset may lie in.
        agreement: most between the onsets of the two detectors.
        least_located: accounts with a location, for a period to be looked at.
        least_mean_count: mean accounts of the country, and of all others, in what is looked at.
        threshold: of the sequential statistic.
        penalty: of PELT, times ln(points).
        most_fallen: accounts since / before, under which a fall of volume may be the cause.
        trial: since its onset, in which a confirmed shift may be withdrawn.
        hold: statistic at its onset under which it is.
    """

    days: int
    window: int
    newest: int
    least_before: int
    least_since: int
    least_around: int
    agreement: int
    trial: int
    hold: float
    threshold: float
    penalty: float
    least_located: int = 100
    least_mean_count: float = 5.0
    most_fallen: float = 0.6


WEEKLY = Settings(
    days=7, window=60, newest=6, least_before=8, least_since=3, least_around=4, agreement=2,
    trial=26, hold=4.5, threshold=7.0, penalty=1.0,
)  # fmt: skip
DAILY = Settings(
    days=1, window=210, newest=42, least_before=56, least_since=7, least_around=14, agreement=14,
    trial=182, hold=4.5, threshold=8.5, penalty=1.0,
)  # fmt: skip
SETTINGS = {"week": WEEKLY, "day": DAILY}


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


@dataclass(frozen=True)
class Points:
    """Periods that can be looked at.

    Attributes:
        places: number of each since the series' first.
        count: accounts of the country.
        total: located accounts.
        first: last day of the series' first period.
        days: of a period.
        unsound: (periods of the series,) whether capture or files leave one out.
    """

    places: Ints
    count: Floats
    total: Floats
    first: date
    days: int
    unsound: Bools

    def day(self, place: int) -> date:
        """Last day of a period."""
        return self.first + timedelta(days=self.days * place)

    def first_day(self, place: int) -> date:
        """First day of a period."""
        return self.day(place - 1) + timedelta(days=1)


@dataclass(frozen=True)
class Window:
    """What is looked at on a date.

    Attributes:
        points: of the whole series.
        start: first point of the window.
        stop: one after its last.
    """

    points: Points
    start: int
    stop: int

    @property
    def span(self) -> slice:
        """Of the points."""
        return slice(self.start, self.stop)

    @cached_property
    def places(self) -> Ints:
        """Numbers of the periods."""
        return self.points.places[self.span]

    @cached_property
    def values(self) -> Floats:
        """Logits, less the effects of weekdays."""
        raw = logits(self.points.count[self.span], self.points.total[self.span])
        if self.points.days != 1:
            return raw
        return np.asarray(raw - weekday_effects(raw, self.places)[self.places % _WEEKDAYS])

    def noise(self, stop: int | None = None) -> Noise:
        """Of the window's first points, as many as given."""
        span = slice(self.start, self.stop if stop is None else self.start + stop)
        count, total = self.points.count[span], self.points.total[span]
        return estimate_noise(count, total, self.values[:stop], self.points.days)

    @cached_property
    def counts(self) -> Floats:
        """Accounts of the country, less the effects of weekdays."""
        if self.points.days != 1:
            return self.points.count[self.span]
        total = self.points.total[self.span]
        odds = np.exp(self.values)
        return np.asarray(np.clip((total + 1) * odds / (1 + odds) - 0.5, 0.0, total))

    def change_places(self, settings: Settings) -> list[int]:
        """Periods at which PELT finds a change point."""
        total = self.points.total[self.span]
        p = (self.points.count[self.span].sum() + 0.5) / (total.sum() + 1.0)
        weights = total * p * (1 - p) / self.noise(max(len(total) - settings.newest, 1)).long_run
        penalty = settings.penalty * float(np.log(len(total)))
        found = change_points(self.values, weights, penalty, settings.least_since)
        return [int(self.places[at]) for at in found]


def usable_points(
    dates: npt.NDArray[np.datetime64],
    count: Floats,
    total: Floats,
    is_sound: Bools,
    settings: Settings,
) -> Points:
    """The periods that can be looked at.

    Args:
        dates: datetime64[D], last day of each period, none left out.
        count: accounts of the country; NaN where nothing is known.
        total: located accounts; NaN likewise.
        is_sound: whether the figures stand for what happened.
        settings: of the detectors.

    Raises:
        ValueError: a period is left out, or a count exceeds its total.
    """
    steps = np.diff(dates.astype("datetime64[D]").astype(np.int64))
    if np.any(steps != settings.days):
        raise ValueError(f"dates of periods of {settings.days} days have to follow each other")
    is_known = np.isfinite(count) & np.isfinite(total) & (total > 0)
    if np.any(count[is_known] > total[is_known]) or np.any(count[is_known] < 0):
        raise ValueError("counts must lie between 0 and their totals")
    is_usable = is_sound & is_known & (np.nan_to_num(total) >= settings.least_located)
    places = np.flatnonzero(is_usable).astype(np.int64)
    first = date.fromisoformat(str(dates[0].astype("datetime64[D]"))) if len(dates) else date.max
    return Points(
        places, count[places].astype(np.float64), total[places].astype(np.float64), first,
        settings.days, ~is_sound,
    )  # fmt: skip


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


def shifts_as_of(shifts: Iterable[TrendShift], day: date) -> Iterator[TrendShift]:
    """What was confirmed by the end of a day, and not withdrawn by then, as it was said then."""
    for shift in shifts:
        if shift.detected is None or shift.detected > day:
            continue
        if shift.withdrawn is None:
            yield shift
        elif shift.withdrawn > day:
            yield replace(shift, status=CONFIRMED, withdrawn=None, reason="")


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
    window = _window(points, trial.since, stop - 1, settings)
    onset = trial.onset - window.start
    if onset < settings.least_before // 2:
        return True
    total = points.total[window.span]
    result = scan(window.counts, total, np.array([onset], dtype=np.int64), window.noise(onset))
    return bool(result.statistic[0] >= settings.hold)


def _window(points: Points, since: int, at: int, settings: Settings) -> Window:
    """The newest periods up to point `at`, from point `since` on."""
    oldest = np.searchsorted(points.places, points.places[at] - settings.window, side="right")
    return Window(points, max(since, int(oldest)), at + 1)


def _look(points: Points, since: int, at: int, settings: Settings) -> tuple[TrendShift, int] | None:
    """What the data up to point `at` say, and the onset's point; None where nothing is found."""
    window = _window(points, since, at, settings)
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
    if result.statistic[is_ripe].max() < settings.threshold:
        return None
    onset = int(onsets[result.best])
    reason = _reason(window, result, settings)
    is_agreed = _is_found(_window(points, 0, at, settings), int(places[onset]), settings)
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
    return replace(
        shift, status=WITHDRAWN, withdrawn=day, reason="not found again by the retrospective one"
    )
