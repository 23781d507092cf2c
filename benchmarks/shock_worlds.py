"""Seeded weekly series of two countries in which no shock did anything, or one did by a known size.

Accounts are negative binomial around a mean that has a trend, a year's season with its own phase,
and autocorrelated noise that the two countries share in part.
"""

import datetime as dt
from dataclasses import dataclass

import numpy as np

from assets.engagement.intervals import wilson_interval
from assets.shifts.paper import ForkPanel
from assets.shifts.series import CountrySeries, Dates, Floats, SeriesByCell

FIRST_WEEK, LAST_WEEK = dt.date(2022, 1, 9), dt.date(2026, 10, 25)
_WEEKS_A_YEAR = 365.25 / 7
_SHARED = 0.5  # of the noise's variance
_OVERDISPERSION = 60.0  # negative binomial size: variance = mean + mean² / 60
_REPOSITORIES = 60
_FORKED = {"before_17": 0.7, "from_17": 0.3, "located_cn": 0.1, "located_us": 0.3}
_OTHERS = 3.0  # located accounts of other countries, to each of the United States


@dataclass(frozen=True, slots=True)
class Noise:
    """How the series vary.

    Attributes:
        accounts: weekly of CN; the United States have three times as many.
        autocorrelation: of the noise of the mean's logarithm, from week to week.
        sd: of that noise.
        season: amplitude of the year's season, of the logarithm.
        growth: of the logarithm, a week.
        holidays: fall of the logarithm of CN in the weeks of 1 October, and around the lunar year.
    """

    accounts: float = 300.0
    autocorrelation: float = 0.5
    sd: float = 0.1
    season: float = 0.15
    growth: float = 0.003
    holidays: float = 0.0


def world(
    seed: int, noise: Noise, effect: float = 0.0, effect_week: dt.date | None = None
) -> SeriesByCell:
    """Series of CN and US in one event group, sound throughout.

    Args:
        seed: of the world.
        noise: how it varies.
        effect: lasting change of CN's logarithm from `effect_week` on.
        effect_week: a Sunday.
    """
    rng = np.random.default_rng([20260724, seed])
    dates: Dates = np.arange(np.datetime64(FIRST_WEEK, "D"), np.datetime64(LAST_WEEK, "D") + 1, 7)
    shared = _autoregressive(rng, len(dates), noise)
    logs = []
    for _ in range(2):
        own = _autoregressive(rng, len(dates), noise)
        phase = rng.uniform(0.0, 2.0 * np.pi)
        time = np.arange(len(dates))
        season = noise.season * np.sin(2.0 * np.pi * time / _WEEKS_A_YEAR + phase)
        mixed = np.sqrt(_SHARED) * shared + np.sqrt(1.0 - _SHARED) * own
        logs.append(noise.growth * time + season + mixed)
    logs[0] = logs[0] + np.log(noise.accounts) - noise.holidays * _is_holiday(dates)
    logs[1] = logs[1] + np.log(3.0 * noise.accounts)
    if effect_week is not None:
        logs[0] = logs[0] + effect * (dates >= np.datetime64(effect_week, "D"))
    counts = [_drawn(rng, np.exp(each)) for each in logs]
    located = counts[0] + counts[1] + _drawn(rng, _OTHERS * np.exp(logs[1]))
    return {
        (country, "any"): _series(country, dates, count, located)
        for country, count in zip(("CN", "US"), counts, strict=True)
    }


def fork_world(seed: int, noise: Noise) -> ForkPanel:
    """Forks of 60 repositories, a third of them there from the first week on.

    Each has its own mean, log-normal, and a rush after its release that is over in some ten weeks;
    all share growth and noise.

    Args:
        seed: of the world.
        noise: how it varies; `accounts` are forks of all repositories before growth, about.
    """
    rng = np.random.default_rng([20261126, seed])
    weeks = (LAST_WEEK - FIRST_WEEK).days // 7 + 1
    first = np.sort(rng.integers(0, weeks, _REPOSITORIES))
    first[: _REPOSITORIES // 3] = 0
    popularity = rng.lognormal(0.0, 1.0, _REPOSITORIES)
    popularity *= noise.accounts / popularity[: _REPOSITORIES // 3].sum()
    course = np.exp(noise.growth * np.arange(weeks) + _autoregressive(rng, weeks, noise))
    age = np.arange(weeks) - first[:, None]
    rush = 1.0 + 8.0 * np.exp(-np.maximum(age, 0) / 4.0) * (first[:, None] > 0)
    mean = popularity[:, None] * course * rush * (age >= 0)
    running = {
        label: np.vstack(
            [np.zeros((1, weeks)), np.cumsum(_drawn(rng, share * mean), axis=0)]
        ).astype(np.float64)
        for label, share in _FORKED.items()
    }
    return ForkPanel(first.astype(np.int64), running)


def _autoregressive(rng: np.random.Generator, weeks: int, noise: Noise) -> Floats:
    """Stationary from the first week on."""
    shocks = rng.normal(size=weeks)
    made = np.empty(weeks)
    made[0] = shocks[0]
    scale = np.sqrt(1.0 - noise.autocorrelation**2)
    for at in range(1, weeks):
        made[at] = noise.autocorrelation * made[at - 1] + scale * shocks[at]
    return noise.sd * made


def _drawn(rng: np.random.Generator, mean: Floats) -> Floats:
    chance = _OVERDISPERSION / (_OVERDISPERSION + mean)
    return rng.negative_binomial(_OVERDISPERSION, chance).astype(np.float64)


def _is_holiday(dates: Dates) -> Floats:
    """Weeks of the national holidays, and three around the lunar year's usual end."""
    days = [date.item() for date in dates]
    return np.array(
        [
            any((first + dt.timedelta(n)).timetuple().tm_yday in _HOLIDAYS for n in range(7))
            for first in (day - dt.timedelta(6) for day in days)
        ],
        dtype=np.float64,
    )


_HOLIDAYS = {*range(25, 42), *range(274, 281)}


def _series(country: str, dates: Dates, count: Floats, located: Floats) -> CountrySeries:
    low, high = wilson_interval(count, located)
    unknown, yes, no = (
        np.full(len(dates), np.nan), np.ones(len(dates), dtype=bool),
        np.zeros(len(dates), dtype=bool),
    )  # fmt: skip
    return CountrySeries(
        period="week",
        country_iso2=country,
        event_group="any",
        dates=dates,
        count=count,
        located=located,
        total=2.0 * located,
        events=3.0 * count,
        total_events=6.0 * located,
        located_share=count / located,
        located_share_low=low,
        located_share_high=high,
        share=unknown,
        share_low=unknown,
        share_high=unknown,
        share_log_se=unknown,
        clock_17utc_share=unknown,
        is_complete=yes,
        is_masked=no,
        is_corrected=no,
        capture_status=np.full(len(dates), "sound"),
        is_sound=yes,
        is_share_sound=yes,
    )
