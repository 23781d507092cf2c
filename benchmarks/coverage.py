"""Does the interval of two sources cover the truth? Simulated repository-days, then the sandbox's.

First, days of 30 to 3,000 events, each captured by two sources with fixed chances, and three
intervals; then days on which the sources depend on each other. Second, what the sandbox's two
archives recorded in worlds with the loss of 2026, beside what happened there. Last, the time that a
day of 500,000 kept events takes.
"""

import time
from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from assets.coverage.cells import GROUP_OF_TYPE, count_cells
from assets.coverage.chapman import Totals, chapman, chapman_variance
from assets.coverage.coverage import day_coverage
from assets.coverage.yardsticks import SourceDay, repositories_by_pairs
from assets.engagement.intervals import Z_95
from sandbox.faults import ARCHIVES, loss_2026
from sandbox.world import World

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
CHANCES = (0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98)
BAR = (0.92, 0.98)
LEAST_EVENTS = 30
_DAYS_A_PAIR = 4_000
_ODDS = (1.0, 1.5, 2.0, 4.0)
_STAR_HISTORY = pa.schema(
    [("repo_id", pa.int64()), ("star_date", pa.date32()), ("star_count", pa.int64())]
)


def main() -> None:
    """Print the share of days covered, beside the bar."""
    rng = np.random.default_rng(1)
    print("share of simulated repository-days (30 to 3,000 events) whose total is covered")
    for name, interval in (
        ("transformed logit, bounded (used)", chapman),
        ("transformed logit (Sadinle)", sadinle),
        ("log-normal of the unseen (Chao)", chao),
        ("normal", normal),
    ):
        table = simulate(rng, interval)
        print(f"\n{name}: {table.mean():.3f} of all (bar {BAR[0]} to {BAR[1]})")
        print("        " + " ".join(f"{chance:>6}" for chance in CHANCES))
        for chance, row in zip(CHANCES, table, strict=True):
            print(f"{chance:>6}  " + " ".join(f"{share:6.3f}" for share in row))
    print("\nsources that depend on each other (chances 0.3 and 0.6): odds ratio, estimate / truth")
    for odds in _ODDS:
        covered, ratio = dependent(rng, odds)
        print(f"  {odds:3.1f}: {ratio:.3f}, covered {covered:.3f}")
    print("\nthe sandbox's repository-days and event types with 30 true events and more")
    for star_share, second_share in ((0.05, 0.6), (0.3, 0.6), (0.3, 0.9), (0.6, 0.8)):
        hits = in_worlds(star_share, second_share, seeds=range(10), days=7)
        print(
            f"  first {star_share} of stars and 0.3 of others, second {second_share}: "
            f"{sum(hits)} of {len(hits)} covered ({np.mean(hits):.3f})"
        )
    print(f"\na day of 500,000 kept events: {seconds_of_a_day(rng):.2f} s, one process")


def draw(rng: np.random.Generator, size: Ints, first: float, second: Floats | float) -> list[Ints]:
    """n1, n2 and m of days with `size` events; `second` may be (2,): given the first, or not."""
    given, alone = np.broadcast_to(np.asarray(second, dtype=np.float64), 2)
    by_first = rng.binomial(size, first)
    both = rng.binomial(by_first, given)
    return [by_first, both + rng.binomial(size - by_first, alone), both]


def sizes(rng: np.random.Generator, count: int) -> Ints:
    """True events of repository-days, log-uniform: many small ones, few large ones."""
    return np.exp(rng.uniform(np.log(LEAST_EVENTS), np.log(3_000), count)).astype(np.int64)


def simulate(rng: np.random.Generator, interval: Callable[..., Totals]) -> Floats:
    """(chances, chances) share of days whose total lies in the interval."""
    table = np.zeros((len(CHANCES), len(CHANCES)))
    for at, first in enumerate(CHANCES):
        for other, second in enumerate(CHANCES):
            truth = sizes(rng, _DAYS_A_PAIR)
            totals = interval(*draw(rng, truth, first, second))
            table[at, other] = np.mean((totals.low <= truth) & (truth <= totals.high))
    return table


def dependent(rng: np.random.Generator, odds: float) -> tuple[float, float]:
    """Share covered and mean estimate / truth, where the second prefers what the first has."""
    first, second = 0.3, 0.6
    # The chance without the first that keeps the second's overall chance: by bisection.
    low, high = 0.0, second
    for _ in range(60):
        alone = (low + high) / 2
        given = odds * alone / (1 - alone + odds * alone)
        low, high = (alone, high) if first * given + (1 - first) * alone < second else (low, alone)
    truth = sizes(rng, 50_000)
    totals = chapman(*draw(rng, truth, first, np.array([given, alone])))
    covered = np.mean((totals.low <= truth) & (truth <= totals.high))
    return float(covered), float(np.mean(totals.estimate / truth))


def sadinle(first: Ints, second: Ints, both: Ints) -> Totals:
    """The transformed logit interval as published: its variance has 1 / unseen."""
    one, other, shared = first - both + 0.5, second - both + 0.5, both + 0.5
    unseen, union = one * other / shared, first + second - both
    factor = np.exp(Z_95 * np.sqrt(1 / one + 1 / other + 1 / shared + 1 / unseen))
    return Totals(
        chapman(first, second, both).estimate,
        np.maximum(union - 0.5 + unseen / factor, union),
        union - 0.5 + unseen * factor,
    )


def normal(first: Ints, second: Ints, both: Ints) -> Totals:
    """The normal interval with Seber's variance."""
    totals = chapman(first, second, both)
    half = Z_95 * np.sqrt(chapman_variance(first, second, both))
    return Totals(
        totals.estimate,
        np.maximum(totals.estimate - half, first + second - both),
        totals.estimate + half,
    )


def chao(first: Ints, second: Ints, both: Ints) -> Totals:
    """The log-normal interval of the unseen with Seber's variance."""
    totals, union = chapman(first, second, both), first + second - both
    unseen = totals.estimate - union
    variance = chapman_variance(first, second, both) / np.maximum(unseen, 1e-9) ** 2
    factor = np.exp(Z_95 * np.sqrt(np.log1p(variance)))
    return Totals(totals.estimate, union + unseen / factor, union + unseen * factor)


def in_worlds(star_share: float, second_share: float, seeds: range, days: int) -> list[bool]:
    """Whether each repository-day and type is covered, in sandbox worlds with the loss of 2026."""
    first_day = date(2026, 6, 10)
    found = []
    for seed in seeds:
        faults = loss_2026(
            first_day,
            star_share=star_share,
            second_star_share=second_share,
            second_other_share=second_share,
        )
        world = World(seed, rise=None, faults=faults)
        for offset in range(days):
            found += world_day(world, first_day + timedelta(days=offset))
    return found


def world_day(world: World, day: date) -> list[bool]:
    """Whether the total of each repository and type of a day, pushes left out, is covered."""
    drawn = world.drawn_on(day)
    wanted = drawn.is_tracked & ~drawn.is_bot & (drawn.event_type != "PushEvent")
    kinds = drawn.event_type[wanted].tolist()
    sources = [
        np.isin(drawn.event_id[wanted], world.recorded(day, name).event_id) for name in ARCHIVES
    ]
    seen = pa.table(
        {
            "event_type": kinds,
            "event_group": [GROUP_OF_TYPE[kind] for kind in kinds],
            "repo_id": drawn.repo_id[wanted],
            "is_tracked": [True] * len(kinds),
            "is_panel": [False] * len(kinds),
            "sources": [
                [name for name, had in zip(ARCHIVES, each, strict=True) if had]
                for each in zip(*sources, strict=True)
            ],
        }
    )
    captured = count_cells(seen.filter(pa.array(sources[0] | sources[1])), ARCHIVES)
    found: list[bool] = []
    for kind, happened in count_cells(seen, ARCHIVES).items():
        truth = dict(zip(happened.repositories[0].tolist(), happened.by_repository(), strict=True))
        ids = captured[kind].repositories[0].tolist()
        totals = repositories_by_pairs(captured[kind], dict.fromkeys(ARCHIVES, SourceDay()))
        found += [
            bool(low <= truth[repo_id] <= high)
            for repo_id, low, high in zip(ids, totals.low, totals.high, strict=True)
            if truth[repo_id] >= LEAST_EVENTS
        ]
    return found


def seconds_of_a_day(rng: np.random.Generator, events: int = 500_000) -> float:
    """Seconds that `day_coverage` takes, with 2,000 repositories and half a year of totals."""
    day = date(2026, 11, 2)
    types = np.array(list(GROUP_OF_TYPE))
    kind = rng.integers(0, len(types), events)
    names = np.array([["gharchive"], ["opendigger"], ["gharchive", "opendigger"]], dtype=object)
    is_tracked = rng.random(events) < 0.8
    seen = pa.table(
        {
            "event_type": types[kind],
            "event_group": np.array(list(GROUP_OF_TYPE.values()))[kind],
            "repo_id": np.minimum(rng.pareto(0.8, events).astype(np.int64) + 1, 2_000),
            "is_tracked": is_tracked,
            "is_panel": ~is_tracked,
            "sources": pa.array(names[rng.integers(0, 3, events)].tolist()),
        }
    )
    hours = np.datetime64(day, "us") - np.arange(-24, 224 * 24) * np.timedelta64(1, "h")
    count = len(hours) * len(types)
    totals = pa.table(
        {
            "source": ["gharchive"] * count + ["opendigger"] * count,
            "file_hour": pa.array(np.tile(np.repeat(hours, len(types)), 2)).cast(
                pa.timestamp("us", tz="UTC")
            ),
            "event_type": np.tile(types, 2 * len(hours)),
            "event_count": rng.poisson(5_000, 2 * count),
        }
    )
    began = time.perf_counter()
    sources = dict.fromkeys(ARCHIVES, SourceDay())
    rows = day_coverage(day, seen, _STAR_HISTORY.empty_table(), totals, (), sources)
    seconds = time.perf_counter() - began
    print(f"\n{rows.num_rows:,} rows of core.coverage")
    return seconds


if __name__ == "__main__":
    main()
