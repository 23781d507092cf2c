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
    p_value,
    windows_of,
)
from assets.shifts.regression import Bools, Fit, Floats, Form, fit, is_enough, level_weights
from assets.shifts.series import Dates
from assets.shifts.shocks import Calendar, Shock, Window

#: Weeks on each side; the first is the default of what is shown.
WINDOWS = (8, 4, 12)
OK, TOO_FEW_WEEKS, TOO_FEW_ACCOUNTS = "ok", "too_few_weeks", "too_few_accounts"


@dataclass(frozen=True, slots=True)
class Placebo:
    """What placebo weeks say.

    Attributes:
        count: of them.
        effective_count: how many independent ones they are worth.
        p_value: two-sided; None where they are worth fewer than 20.
        changes: (count,) of level, in their windows.
    """

    count: int
    effective_count: float
    p_value: float | None
    changes: Floats


@dataclass(frozen=True, slots=True)
class Effect:
    """What is known of a shock's effect on a case; None throughout where the status is not ok.

    Attributes:
        case: whose series.
        window: around which shock.
        status: ok, too_few_weeks or too_few_accounts.
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
        view = _View(
            around, windows_of(case.accounts, weeks), admissible(around, shock_weeks), weeks
        )
        for shock in wanted:
            yield _effect(case, view, shock, place_of(shock.week, dates))


@dataclass(frozen=True, slots=True)
class _View:
    """A case in windows of one width.

    Attributes:
        around: (dates, 2 · weeks) values.
        accounts: the same of accounts.
        is_admissible: (dates,) placebo weeks.
        weeks: on each side.
        known: weights and worth of the placebos, by which weeks of a shock's window are known.
    """

    around: Floats
    accounts: Floats
    is_admissible: Bools
    weeks: int
    known: dict[bytes, tuple[Floats, float]] = field(default_factory=dict)

    def weighed(self, is_known: Bools, form: Form) -> tuple[Floats, float]:
        """What weeks weigh in the change of level, and what the placebos are then worth."""
        key = is_known.tobytes()
        if key not in self.known:
            weights = level_weights(is_known, form)
            self.known[key] = (weights, effective_count(self.is_admissible, weights))
        return self.known[key]


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
    found = fit(values, case.form)
    chosen = view.around[view.is_admissible]
    weights, worth = view.weighed(is_known, case.form)
    changes = chosen @ weights
    is_told = worth >= LEAST_PLACEBOS
    return Effect(
        case,
        window,
        OK,
        known,
        has_unsound,
        base=_base(case, values, places[: view.weeks]),
        fit=found,
        placebo=Placebo(
            len(chosen),
            worth,
            p_value(found.level.value, changes) if is_told else None,
            changes,
        ),
        study=(
            event_study(view.around, place, view.is_admissible)
            if case.method == EVENT_STUDY
            else None
        ),
    )


def _base(case: Case, values: Floats, before: np.ndarray[tuple[int], np.dtype[np.int64]]) -> float:
    """Mean over the known weeks before the shock; of a share, the pooled one."""
    is_known = np.isfinite(values[: len(before)])
    if case.link == "identity":
        return float(values[: len(before)][is_known].mean())
    places = before[is_known]
    return float(case.base_of[places].sum() / case.base_among[places].sum())
