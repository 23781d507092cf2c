"""What the detectors of trend shifts look at: the sound periods of a series up to a date."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property

import numpy as np
import numpy.typing as npt

from assets.shifts.trend_noise import Noise, estimate_noise, logits, weekday_effects
from assets.shifts.trend_pelt import change_points

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
_WEEKDAYS = 7


@dataclass(frozen=True, slots=True)
class Settings:
    """Of the detectors, in periods unless said otherwise.

    Attributes:
        days: of a period.
        window: newest periods that are looked at.
        newest: of these, within which an onset is looked for.
        least_before: sound periods before an onset.
        least_since: sound periods since an onset, for it to raise an alarm; also of a segment of
            PELT.
        least_of_onset: where the likeliest onset has fewer since, one that may raise an alarm has
            to be nearly as likely: no shift rests on the newest period alone, nor on days whose
            capture is not known to be lost yet.
        spike: successive sound periods without any of which a shift has to be seen: one extreme
            week, by whatever detector it is met, is none.
        without: sequential statistic that the others since have to reach.
        over_spike: by how much the statistic has to exceed that of the likeliest such spike.
        least_around: sound periods on each side of a run of others that the onset may lie in.
        agreement: most between the onsets of the two detectors.
        least_located: accounts with a location, for a period to be looked at.
        least_mean_count: mean accounts of the country, and of all others, on one side of an onset
            at least.
        threshold: of the sequential statistic, for an onset with `least_since` periods since.
        older_threshold: of it, for one with more since.
        penalty: of PELT, times ln(points).
        most_fallen: accounts since / before, under which a fall of volume may be the cause.
        trial: since its onset, in which a confirmed shift may be withdrawn.
        hold: statistic at its onset under which it is.
        least_back: sound periods since a return to the level before, for it to be withdrawn.
        back: by how much the statistic of a return has to exceed that of a step.
    """

    days: int
    window: int
    newest: int
    least_before: int
    least_since: int
    least_of_onset: int
    spike: int
    without: float
    over_spike: float
    least_around: int
    agreement: int
    trial: int
    hold: float
    least_back: int
    back: float
    threshold: float
    older_threshold: float
    penalty: float
    least_located: int = 100
    least_mean_count: float = 5.0
    most_fallen: float = 0.6


WEEKLY = Settings(
    days=7, window=60, newest=6, least_before=10, least_since=3,
    least_of_onset=2, spike=1, without=2.0, over_spike=-4.0, least_around=4, agreement=2,
    trial=26, hold=5.5, least_back=3, back=12.0, threshold=6.0,
    older_threshold=8.0, penalty=0.4,
)  # fmt: skip
DAILY = Settings(
    days=1, window=210, newest=42, least_before=56, least_since=7,
    least_of_onset=5, spike=7, without=2.0, over_spike=-2.0, least_around=14, agreement=14,
    trial=182, hold=5.5, least_back=14, back=12.0, threshold=10.0,
    older_threshold=10.0, penalty=1.0,
)  # fmt: skip
SETTINGS = {"week": WEEKLY, "day": DAILY}


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

    def without(self, start: int, stop: int) -> "Points":
        """The same but for some points."""
        left_out = slice(start, stop)
        return replace(
            self,
            places=np.delete(self.places, left_out),
            count=np.delete(self.count, left_out),
            total=np.delete(self.total, left_out),
        )


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


def newest_window(points: Points, since: int, at: int, settings: Settings) -> Window:
    """The newest periods up to point `at`, from point `since` on."""
    oldest = np.searchsorted(points.places, points.places[at] - settings.window, side="right")
    return Window(points, max(since, int(oldest)), at + 1)
