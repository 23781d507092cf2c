"""Seeded series of a country's share with the noise that detectors have to live with.

Of each series are drawn, anew: a design effect between 1.2 and 1.9 (beta-binomial counts); a wander
of the true share, AR(1) with a correlation of 0.5 from week to week and a standard deviation
between 0.5 and 1 percentage points at a share of 20 % (the same on the logit scale at others); the
located accounts, which vary by 15 % (AR(1)), and rush to twice their number or more in one week of
fifty, and fall back by half a week. Days have 0.6 times the accounts on weekends, and each weekday
its own log odds (standard deviation 0.1). Weekly counts of commit authors at +08:00 in 17
repositories, 131 weeks of some 50 authors, have a design effect of 1.2 to 1.9 from week to week.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
WEEKS = 104
FIRST_ONSET, LAST_ONSET = 40, 84  # weeks
_FIRST_SUNDAY = date(2023, 1, 8)
_WEEK_CORRELATION = 0.5
_LOST_SHARE = 0.95  # of the events of the types that a source loses
_LOST_TYPES = 0.7  # of accounts, seen by these types
_APART_PP = 0.10  # between the country's share in these types and in the others


@dataclass(frozen=True, slots=True)
class Drawn:
    """A series as the detectors get it.

    Attributes:
        dates: last day of each period.
        count: accounts of the country.
        total: located accounts.
        is_sound: whether capture is.
        onset: first period at the new level, or of a loss; where neither is, the one drawn.
        back: first period at the old level again; None where it never is.
    """

    dates: npt.NDArray[np.datetime64]
    count: Floats
    total: Floats
    is_sound: Bools
    onset: int
    back: int | None = None

    @property
    def onset_day(self) -> date:
        """First day of the onset's period."""
        return self._first_day(self.onset)

    @property
    def back_day(self) -> date | None:
        """First day of the first period at the old level again."""
        return None if self.back is None else self._first_day(self.back)

    def _first_day(self, period: int) -> date:
        step = self.dates[1] - self.dates[0]
        found: date = (self.dates[period] - step).item() + timedelta(days=1)
        return found


@dataclass(frozen=True, slots=True)
class Loss:
    """A loss of event types: they hold most accounts, and another share of the country.

    Attributes:
        unmasked_days: at its beginning, called sound still.
        weeks: how long it lasts; None when it stays.
        is_masked: whether it is ever called unsound.
    """

    unmasked_days: int = 0
    weeks: int | None = 12
    is_masked: bool = True


def draw(
    seed: int,
    share: float,
    accounts: float,
    *,
    days: int = 7,
    shift_pp: float = 0.0,
    back_weeks: int | None = None,
    loss: Loss | None = None,
) -> Drawn:
    """A series of two years.

    Args:
        seed: of all draws.
        share: of the country, 0 to 1.
        accounts: located, mean of a period.
        days: of a period, 7 or 1.
        shift_pp: percentage points by which the share shifts, at a week drawn.
        back_weeks: how long that lasts, less than 18; None where it stays.
        loss: that begins at a week drawn; None for none.
    """
    rng = np.random.default_rng([seed, days, round(share * 1000), round(accounts)])
    periods = WEEKS * 7 // days
    total = _totals(rng, periods, accounts, days)
    effect = rng.uniform(1.2, 1.9)
    wander_sd = rng.uniform(0.005, 0.01) / (0.2 * 0.8)
    onset = int(rng.integers(FIRST_ONSET, LAST_ONSET)) * 7 // days
    level = np.full(periods, share)
    back = None if back_weeks is None else onset + back_weeks * 7 // days
    if shift_pp:
        level[onset:back] += shift_pp / 100
    is_sound = np.ones(periods, dtype=bool)
    if loss is not None:
        level, total, is_sound = _lose(
            level, total, onset, loss, days, np.random.default_rng([seed, 1])
        )
    log_odds = logit(level) + wander_sd * _wander(rng, periods, days)
    if days == 1:
        log_odds += rng.normal(0.0, 0.1, 7)[np.arange(periods) % 7]
    concentration = np.maximum((total - 1) / (effect - 1) - 1, 1.0)
    p = expit(log_odds)
    p = rng.beta(p * concentration, (1 - p) * concentration)
    count = rng.binomial(total.astype(np.int64), p).astype(np.float64)
    first = np.datetime64(_FIRST_SUNDAY) - (7 - days)
    dates = first + np.arange(periods) * np.timedelta64(days, "D")
    return Drawn(dates, count, total, is_sound, onset, back)


def _totals(rng: np.random.Generator, periods: int, accounts: float, days: int) -> Floats:
    noise = 0.15 * _autoregressive(rng, periods, 0.7)
    rush = np.zeros(periods)
    begins = rng.random(periods) < 0.02 * days / 7
    rush[begins] = rng.uniform(np.log(2), np.log(3), int(begins.sum()))
    for at in range(1, periods):
        rush[at] = max(rush[at], rush[at - 1] * 0.5 ** (days / 7))
    total = accounts * np.exp(noise + rush)
    if days == 1:
        total *= np.where(np.arange(periods) % 7 >= 5, 0.6, 1.0)
    return np.maximum(np.round(total), 5.0)


def _wander(rng: np.random.Generator, periods: int, days: int) -> Floats:
    return _autoregressive(rng, periods, float(_WEEK_CORRELATION ** (days / 7)))


def _autoregressive(rng: np.random.Generator, periods: int, correlation: float) -> Floats:
    """Stationary AR(1) of standard deviation 1."""
    steps = rng.standard_normal(periods)
    values = np.empty(periods)
    values[0] = steps[0]
    for at in range(1, periods):
        values[at] = correlation * values[at - 1] + np.sqrt(1 - correlation**2) * steps[at]
    return values


def _lose(
    level: Floats, total: Floats, onset: int, loss: Loss, days: int, rng: np.random.Generator
) -> tuple[Floats, Floats, Bools]:
    """What is seen of a series whose event types are lost from a day on."""
    periods, a_week = len(level), 7 // days
    stop = periods if loss.weeks is None else min(periods, onset + loss.weeks * a_week)
    lost = np.zeros(periods)
    lost[onset:stop] = _LOST_SHARE
    is_sound = np.ones(periods, dtype=bool)
    if days == 7 and loss.unmasked_days:
        lost[onset] *= loss.unmasked_days / 7  # it began on one of the week's last days
        is_sound[onset + 1 : stop] = False
    else:
        is_sound[onset + loss.unmasked_days : stop] = False
    if not loss.is_masked:
        is_sound[:] = True
    apart = _APART_PP * rng.choice([-1.0, 1.0]) * np.minimum(level / 0.2, 1.0)
    seen = _LOST_TYPES * (1 - lost)
    lost_level, other_level = level + 0.3 * apart, level - 0.7 * apart
    mixed = (seen * lost_level + 0.3 * other_level) / (seen + 0.3)
    return mixed, np.maximum(np.round(total * (seen + 0.3)), 5.0), is_sound
