"""The effect of one shock on one series: what its window says, and what placebo windows say."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from assets.shifts.cases import EVENT_STUDY, LEAST_ACCOUNTS, Case
from assets.shifts.event_study import EventStudy, event_study
from assets.shifts.placebo import (
    LEAST_PLACEBOS,
    admissible,
    effective_count,
    half_width,
    p_value,
    rescaled,
    sizes,
    steady_error,
    widened,
    windows_of,
)
from assets.shifts.regression import (
    Bools,
    Fit,
    Floats,
    Levels,
    fit,
    is_enough,
    level_weights,
    levels,
)
from assets.shifts.series import Dates
from assets.shifts.shocks import Calendar, Shock, Window

#: Weeks on each side; the first is the default of what is shown.
WINDOWS = (8, 4, 12)
OK, TOO_FEW_WEEKS, TOO_FEW_ACCOUNTS = "ok", "too_few_weeks", "too_few_accounts"
#: There are figures, and not the placebos to judge them by.
TOO_FEW_PLACEBOS = "too_few_placebos"


@dataclass(frozen=True, slots=True)
class Placebo:
    """What placebo weeks say.

    Attributes:
        count: of them.
        effective_count: how many independent ones they are worth.
        p_value: two-sided; None where they are worth fewer than 20.
        half_width: the change ± this is what placebo weeks leave open at 95 %; None likewise.
        changes: (count,) of level in their windows, beside the residuals of the shock's.
    """

    count: int
    effective_count: float
    p_value: float | None
    half_width: float | None
    changes: Floats


@dataclass(frozen=True, slots=True)
class Effect:
    """What is known of a shock's effect on a case; None throughout with too few weeks or accounts.

    Attributes:
        case: whose series.
        window: around which shock.
        status: ok, too_few_weeks, too_few_accounts or too_few_placebos.
        week_count: weeks known and sound in the window.
        has_unsound: whether a week of it that has passed is not.
        base: mean before the shock, in the unit that people read.
        fit: the regression.
        placebo: what weeks without a shock say of it.
        study: leads and lags, of event studies.
    """

    case: Case
    window: Window
    status: str
    week_count: int
    has_unsound: bool
    base: float | None = None
    fit: Fit | None = None
    placebo: Placebo | None = None
    study: EventStudy | None = None


def place_of(week: dt.date, dates: Dates) -> int:
    """Place of a Sunday among the dates; it may lie beyond their ends."""
    return int((np.datetime64(week, "D") - dates[0]).astype(np.int64)) // 7


def effects_on(
    case: Case,
    dates: Dates,
    calendar: Calendar,
    windows: Sequence[int] = WINDOWS,
    shocks: Sequence[Shock] | None = None,
) -> Iterator[Effect]:
    """The effects of shocks on a case, in every window.

    Args:
        case: whose series.
        dates: (dates,) its Sundays, none left out.
        calendar: of shocks; each is kept out of the placebos of all.
        windows: weeks on each side.
        shocks: those of the calendar that are wanted; all where None.
    """
    wanted = calendar.shocks if shocks is None else shocks
    shock_weeks = [place_of(shock.week, dates) for shock in calendar.shocks]
    for weeks in windows:
        around = case.windows(weeks)
        accounts = windows_of(case.accounts, weeks)
        is_admissible = admissible(around, accounts, shock_weeks, LEAST_ACCOUNTS)
        view = _View(around, accounts, is_admissible, weeks)
        for shock in wanted:
            yield _effect(case, view, shock, place_of(shock.week, dates))


@dataclass(frozen=True, slots=True)
class _View:
    """A case in windows of one width.

    Attributes:
        around: (dates, 2 · weeks) values.
        accounts: the same of accounts.
        is_admissible: (dates,) weeks that may be placebos.
        weeks: on each side.
        judged: the placebos, by which weeks of a shock's window are known.
    """

    around: Floats
    accounts: Floats
    is_admissible: Bools
    weeks: int
    judged: dict[bytes, "_Placebos"] = field(default_factory=dict)

    def placebos(self, is_known: Bools, case: Case) -> "_Placebos":
        """What placebo weeks show on the weeks that both they and the shock's window know."""
        key = is_known.tobytes()
        if key not in self.judged:
            chosen = np.where(is_known, self.around[self.is_admissible], np.nan)
            found = levels(_relative(chosen, case), case.form)
            is_fit = np.isfinite(found.error)
            is_placebo = self.is_admissible.copy()
            is_placebo[self.is_admissible] = is_fit
            self.judged[key] = _Placebos(
                is_placebo,
                Levels(found.change[is_fit], found.error[is_fit]),
                effective_count(is_placebo, level_weights(is_known, case.form)),
                steady_error(found.error[is_fit], case.form),
            )
        return self.judged[key]


@dataclass(frozen=True, slots=True)
class _Placebos:
    """Placebo weeks of a width and of known weeks.

    Attributes:
        is_one: (dates,) which they are.
        found: (placebos,) their changes and errors, relative to their sizes where not logarithms.
        worth: how many independent ones.
        steady: part of every error.
    """

    is_one: Bools
    found: Levels
    worth: float
    steady: float

    def judge(self, own: Levels, size: float) -> Placebo:
        """Their verdict on a shock's change, which is `size` times that of `own`."""
        error = float(widened(own, self.steady).error[0])
        changes = rescaled(widened(self.found, self.steady), error)
        rank = p_value(float(own.change[0]), changes) if self.worth >= LEAST_PLACEBOS else None
        changes = changes * size
        width = None if rank is None else half_width(changes)
        return Placebo(len(changes), self.worth, rank, width, changes)

    def study(self, around: Floats, place: int, own: Levels) -> EventStudy | None:
        """Leads and lags among them; exact fits say nothing of how far weeks differ."""
        errors = widened(self.found, self.steady).error
        scale = np.full(len(errors), np.nan)
        scale[errors > 0.0] = widened(own, self.steady).error[0] / errors[errors > 0.0]
        return event_study(around, place, self.is_one, scale, self.worth)


def _effect(case: Case, view: _View, shock: Shock, place: int) -> Effect:
    window, dates = Window(shock, view.weeks), len(view.around)
    places = place + np.arange(-view.weeks, view.weeks)
    is_past = (places >= 0) & (places < dates)
    if 0 <= place < dates:
        values, accounts = view.around[place], view.accounts[place]
    else:
        values = accounts = np.full(2 * view.weeks, np.nan)
    is_known = np.isfinite(values)
    known, has_unsound = int(is_known.sum()), bool((is_past & ~is_known).any())
    if not is_enough(is_known):
        return Effect(case, window, TOO_FEW_WEEKS, known, has_unsound)
    if accounts[is_known].mean() < LEAST_ACCOUNTS:
        return Effect(case, window, TOO_FEW_ACCOUNTS, known, has_unsound)
    own = levels(_relative(values[None], case), case.form)
    placebos = view.placebos(is_known, case)
    size = 1.0 if case.link != "identity" else float(sizes(values[None])[0])
    judged = placebos.judge(own, size)
    return Effect(
        case,
        window,
        TOO_FEW_PLACEBOS if judged.p_value is None else OK,
        known,
        has_unsound,
        base=_base(case, values, places[: view.weeks]),
        fit=fit(values, case.form),
        placebo=judged,
        study=placebos.study(view.around, place, own) if case.method == EVENT_STUDY else None,
    )


def _relative(windows: Floats, case: Case) -> Floats:
    """Windows as they are compared: logarithms and logits as they are, others by their means."""
    return windows / sizes(windows)[:, None] if case.link == "identity" else windows


def _base(case: Case, values: Floats, before: np.ndarray[tuple[int], np.dtype[np.int64]]) -> float:
    """Mean over the known weeks before the shock; of a share, the pooled one, (k + ½) / (n + 1).

    So that it is neither 0 nor 1, where a change of the logit would be no change.
    """
    is_known = np.isfinite(values[: len(before)])
    if case.link == "identity":
        return float(values[: len(before)][is_known].mean())
    places = before[is_known]
    count, among = case.base_of[places].sum(), case.base_among[places].sum()
    return float((count + 0.5) / (among + 1.0) if case.link == "logit" else count / among)
