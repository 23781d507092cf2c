"""P values of shocks that did nothing, over 500 seeded worlds: uniform, as they should be?

The shocks are those of the reference files, on their own days. Each world is judged at one of them,
drawn by its seed. P values by rank are discrete; for the test of uniformity each is spread evenly
over its step. Beside them stands how often the regression's own errors cry wolf, and how often a
planted effect is found.
"""

import argparse
import datetime as dt
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import numpy as np
from scipy.stats import kstest

from assets.reference.loader import load_reference
from assets.reference.rows import reference_rows
from assets.reference.tables import POLICY_EVENTS
from assets.shifts.cases import PAPER, cases
from assets.shifts.effects import OK, TOO_FEW_PLACEBOS, WINDOWS, Effect, effects_on
from assets.shifts.shock_effects import POOLED_PAPER, shock_rows
from assets.shifts.shocks import Calendar, Shock, calendar
from benchmarks.shock_worlds import FIRST_WEEK, LAST_WEEK, Noise, fork_world, world

_REFERENCE = Path("assets/reference")
_NOISES = {
    "autocorrelation 0.5": Noise(),
    "none": Noise(autocorrelation=0.0),
    "0.8": Noise(autocorrelation=0.8),
    "0.5, holidays on fixed days": Noise(holidays=0.2),
}
#: From a dozen accounts a week in CN to 240.
GROWING = Noise(accounts=12.0, growth=float(np.log(20.0)) / 250.0)
#: Of forks: 40 a week of all labels at first.
GROWING_FORKS = Noise(accounts=40.0, growth=GROWING.growth, season=0.0)
_GROWN = ("log_accounts", "logit_located_share")
_PLANTED = 0.25  # of the logarithm: +28 %


@dataclass(frozen=True, slots=True)
class Judged:
    """One effect's p values.

    Attributes:
        what: method and measure.
        weeks: on each side.
        placebo: p value by rank, as published; NaN where there is none.
        spread: the same, spread evenly over its step.
        regression: by Newey-West errors.
        placebo_count: it rests on.
        effective_count: they are worth.
        shock_date: of the shock; None of several pooled.
    """

    what: str
    weeks: int
    placebo: float
    spread: float
    regression: float
    placebo_count: int
    effective_count: float
    shock_date: dt.date | None = None


@cache
def policy_calendar() -> Calendar:
    """The reference files' shocks, those within reach of the worlds' weeks."""
    rows = reference_rows(load_reference(_REFERENCE))[POLICY_EVENTS].to_pylist()
    found = calendar(rows, [])
    inside = [shock for shock in found.shocks if FIRST_WEEK <= shock.date <= LAST_WEEK]
    return Calendar(inside, found.releases, found.losses)


def judged_shock(seed: int, found: Calendar) -> Shock:
    """The shock that a world is judged at: one whose widest window lies within the weeks."""
    whole = whole_shocks(found)
    return whole[int(np.random.default_rng([7, seed]).integers(len(whole)))]


def whole_shocks(found: Calendar) -> list[Shock]:
    """The shocks whose widest window lies within the worlds' weeks."""
    widest = max(WINDOWS)
    return [
        shock
        for shock in found.shocks
        if (shock.week - FIRST_WEEK).days >= 7 * widest
        and (LAST_WEEK - shock.week).days >= 7 * (widest - 1)
    ]


def judged_everywhere(seed: int, weeks: int = WINDOWS[0]) -> list[Judged]:
    """A growing world's p values at every week of shocks: of accounts, shares and forks."""
    found = policy_calendar()
    shocks = list({shock.week: shock for shock in reversed(whole_shocks(found))}.values())
    rng = np.random.default_rng([13, seed])
    made = world(seed, GROWING)
    accounts = [case for case in cases(made, None) if case.measure in _GROWN]
    attention = {(country, "attention"): each for (country, _), each in made.items()}
    forks = [
        case for case in cases(attention, fork_world(seed, GROWING_FORKS)) if case.method == PAPER
    ]
    return [
        _judged(each, rng)
        for case in (*accounts, *forks)
        if case.country_iso2 == "CN"
        for each in effects_on(case, made["CN", "any"].dates, found, (weeks,), shocks)
        if each.status == OK
    ]


def by_shock(found: Sequence[Judged]) -> Iterator[str]:
    """For each method and measure, of all shocks and of each: how uniform its p values are."""
    for what in sorted({each.what for each in found}):
        ours = [each for each in found if each.what == what]
        for day in (None, *sorted({each.shock_date for each in ours if each.shock_date})):
            chosen = [each for each in ours if day in (None, each.shock_date)]
            test = kstest([each.spread for each in chosen], "uniform")
            placebo = np.array([each.placebo for each in chosen])
            yield (
                f"{what:40s} {day or 'all'!s:10s} {len(chosen):5d} "
                f"{np.mean([each.placebo_count for each in chosen]):6.1f}   "
                f"{test.statistic:.3f} {test.pvalue:.4f}   {np.mean(placebo <= 0.05):6.1%} "
                f"{np.mean(placebo <= 0.1):6.1%}"
            )


def judged(
    seed: int,
    noise: Noise,
    effect: float = 0.0,
    windows: Sequence[int] = WINDOWS,
    measures: Sequence[str] = ("log_accounts", "logit_located_share"),
) -> list[Judged]:
    """One world's p values at its shock, of CN alone and of CN against US."""
    found = policy_calendar()
    shock = judged_shock(seed, found)
    rng = np.random.default_rng([11, seed])
    made = world(seed, noise, effect, shock.week)
    return [
        _judged(each, rng)
        for case in cases(made, None)
        if case.country_iso2 == "CN" and case.measure in measures
        for each in effects_on(case, made["CN", "any"].dates, found, windows, [shock])
        if each.status in (OK, TOO_FEW_PLACEBOS)
    ]


def _judged(effect: Effect, rng: np.random.Generator) -> Judged:
    if effect.fit is None or effect.placebo is None:
        raise ValueError(f"{effect.window} has no effect")
    rank = effect.placebo.p_value
    step = 1.0 / (1.0 + effect.placebo.count)
    return Judged(
        what=f"{effect.case.method} {effect.case.measure}",
        weeks=effect.window.weeks,
        placebo=float("nan") if rank is None else rank,
        spread=float("nan") if rank is None else rank - step * rng.uniform(),
        regression=effect.fit.level.p_value or 0.0,
        placebo_count=effect.placebo.count,
        effective_count=effect.placebo.effective_count,
        shock_date=effect.window.shock.date,
    )


def judged_pooled(seed: int, noise: Noise, weeks: int = WINDOWS[0]) -> list[Judged]:
    """One world's p values of the paper's shocks, pooled; drawn ones, with hardly any steps."""
    made = shock_rows(world(seed, noise), policy_calendar(), windows=(weeks,)).effects
    return [
        Judged(
            what=f"{row['method']} {row['measure']}",
            weeks=weeks,
            placebo=row["placebo_p_value"],
            spread=row["placebo_p_value"],
            regression=row["level_p_value"],
            placebo_count=row["placebo_count"],
            effective_count=row["placebo_effective_windows"],
        )
        for row in made.to_pylist()
        if row["shock_name"] == POOLED_PAPER and row["country_iso2"] == "CN"
    ]


def lines(name: str, found: Sequence[Judged], planted: Sequence[Judged]) -> Iterator[str]:
    """A line of figures for each method, measure and window."""
    for what, weeks in sorted({(each.what, each.weeks) for each in found}):
        chosen = [each for each in found if (each.what, each.weeks) == (what, weeks)]
        seen = [each for each in planted if (each.what, each.weeks) == (what, weeks)]
        placebo = np.array([each.placebo for each in chosen])
        regression = np.array([each.regression for each in chosen])
        if np.isnan(placebo).any():
            by_rank = f"{'none: worth too few':43s}"
        else:
            test = kstest([each.spread for each in chosen], "uniform")
            power = np.mean([each.placebo <= 0.05 for each in seen]) if seen else float("nan")
            by_rank = (
                f"{test.statistic:.3f} {test.pvalue:.3f}   {np.mean(placebo <= 0.05):6.1%} "
                f"{np.mean(placebo <= 0.1):6.1%}   {power:6.1%}     "
            )
        yield (
            f"{name:28s} {what:32s} {weeks:2d} {chosen[0].placebo_count:4d} "
            f"{chosen[0].effective_count:5.1f}   {by_rank} {np.mean(regression <= 0.05):6.1%}"
        )


def print_growing(worlds: int) -> None:
    """Print how uniform p values are at each shock where everything grows 20-fold."""
    print(
        f"{worlds} worlds of CN that grow 20-fold from 12 accounts a week, {WINDOWS[0]} weeks on\n"
        "each side; shock, worlds judged, placebos; KS distance of p values from uniform, and its\n"
        "p; share of p <= 0.05 and <= 0.1"
    )
    with ProcessPoolExecutor(max_workers=2) as pool:
        found = [
            each
            for of_world in pool.map(judged_everywhere, range(worlds), chunksize=10)
            for each in of_world
        ]
    for line in by_shock(found):
        print(line, flush=True)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=500)
    parser.add_argument("--growing", action="store_true", help="only worlds that grow 20-fold")
    asked = parser.parse_args()
    began = time.perf_counter()
    if asked.growing:
        print_growing(asked.worlds)
        print(f"{time.perf_counter() - began:.0f} s")
        return
    print(
        f"{asked.worlds} worlds of CN; weeks on each side; placebos, and independent ones that\n"
        "they are worth; KS distance of p values from uniform, and its p; share of p <= 0.05 and\n"
        "<= 0.1; planted +28 % found at 0.05; share of p <= 0.05 by Newey-West errors"
    )
    with ProcessPoolExecutor(max_workers=2) as pool:
        for name, noise in _NOISES.items():
            found, planted = (
                [
                    each
                    for of_world in pool.map(
                        partial(judged, noise=noise, effect=effect),
                        range(asked.worlds),
                        chunksize=10,
                    )
                    for each in of_world
                ]
                for effect in (0.0, _PLANTED)
            )
            for line in lines(name, found, planted):
                print(line, flush=True)
        pooled = [
            each
            for of_world in pool.map(
                partial(judged_pooled, noise=Noise()), range(asked.worlds), chunksize=10
            )
            for each in of_world
        ]
        for line in lines("the paper's shocks, pooled", pooled, []):
            print(line, flush=True)
    print(f"{time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
