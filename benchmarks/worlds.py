"""Corrected shares against planted truth: small worlds whose Chinese developers hide more.

Each world draws its people anew from fixed shares of countries; one country's people fill in their
location a third as often as all others. The platform's own functions see what it would see of 28
days: profiles, and events on tracked repositories and of the panel. Truth is the fixed share.
"""

import argparse
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache, partial
from pathlib import Path

import numpy as np
import pyarrow as pa

from assets.activity.actor_days import actor_days
from assets.activity.events import day_events
from assets.activity.scan import in_panel
from assets.activity.tables import ARCHIVE_EVENTS
from assets.attribution.countries import day_countries
from assets.attribution.evidence import Readers, clock_counts, evidence_rows
from assets.attribution.gazetteer import Gazetteer
from assets.attribution.organisations import Organisations
from assets.engagement.cells import count_cells
from assets.engagement.engagement import Hours, day_engagement
from sandbox.places import COUNTRIES
from sandbox.world import World

HIDING, HIDING_SHARE, OPEN_SHARE = "CN", 1 / 6, 1 / 2
_LAST = date(2024, 12, 1)  # a Sunday: a week and four weeks end on it
_DAYS = 28
_DEVELOPERS = 2_000
_PANEL_ONE_IN = 10
_CACHE = Path(".observatory/cache")
_WEIGHTS = {country.code: country.weight for country in COUNTRIES}
TRUTH = {code: weight / sum(_WEIGHTS.values()) for code, weight in _WEIGHTS.items()}


@dataclass(frozen=True, slots=True)
class Figure:
    """One country's figures in one cell of one world."""

    seed: int
    period: str
    event_group: str
    country: str
    located_share: float
    share: float
    low: float
    high: float
    worst_low: float
    worst_high: float
    clock_share: float | None

    @property
    def truth(self) -> float:
        """The share that people are drawn by."""
        return TRUTH[self.country]

    @property
    def is_covered(self) -> bool:
        """Whether the interval holds the truth."""
        return self.low <= self.truth <= self.high


@cache
def readers() -> Readers:
    """What reads evidence, loaded once a process."""
    return Readers(Gazetteer.load(_CACHE), Organisations.load())


def figures(seed: int, *, shared_clock: bool = False) -> list[Figure]:
    """All figures of the tracked scope of one world, countries apart.

    Args:
        seed: of the world.
        shared_clock: everybody lives on one clock and no employer is known: weak evidence is
            useless.
    """
    world = World(
        seed=seed,
        developers=_DEVELOPERS,
        rise=None,
        faults=(),
        located_share=OPEN_SHARE,
        located_share_by_country={HIDING: HIDING_SHARE},
        shared_clock=shared_clock,
    )
    days = [_LAST - timedelta(days=n) for n in range(_DAYS)]
    activity = pa.concat_tables([_activity(world, day) for day in days])
    actors = sorted(set(activity["actor_id"].to_pylist()))
    people = {person.github_id: person for person in world.developers}
    bots = [actor for actor in actors if actor not in people]
    profiles = pa.Table.from_pylist(
        [
            {
                "actor_id": actor,
                "location": None if people[actor].is_deleted else people[actor].location,
                "company": None
                if people[actor].is_deleted or shared_clock
                else people[actor].company,
                "fetched_at": datetime(2024, 12, 2, tzinfo=UTC),
            }
            for actor in actors
            if actor in people
        ],
        schema=pa.schema(
            {
                "actor_id": pa.int64(),
                "location": pa.string(),
                "company": pa.string(),
                "fetched_at": pa.timestamp("us", tz="UTC"),
            }
        ),
    )
    evidence = evidence_rows(
        _LAST, profiles, clock_counts(_LAST, activity, actors), {}, {}, readers()
    )
    made = day_countries(_LAST, evidence, actors, bots)
    cells = count_cells([_LAST], activity, made.countries)
    hours = {name: Hours(24 * days, 24 * days) for name, days in PERIODS.items()}
    rows = day_engagement(_LAST, cells, made.model, {}, hours).engagement.to_pylist()
    return [
        Figure(
            seed=seed,
            period=row["period"],
            event_group=row["event_group"],
            country=row["country_iso2"],
            located_share=row["located_share"],
            share=row["share"],
            low=row["share_ci_low"],
            high=row["share_ci_high"],
            worst_low=row["share_low"],
            worst_high=row["share_high"],
            clock_share=row["clock_17utc_share"],
        )
        for row in rows
        if row["scope"] == "tracked" and row["country_iso2"] in TRUTH
    ]


PERIODS = {"day": 1, "week": 7, "28d": 28}


def _activity(world: World, day: date) -> pa.Table:
    """core.actor_days of what the platform keeps of a day."""
    drawn = world.drawn_on(day)
    is_panel = np.array([in_panel(int(actor), _PANEL_ONE_IN) for actor in drawn.actor_id])
    kept = drawn.is_tracked | is_panel
    hour = datetime(day.year, day.month, day.day, tzinfo=UTC)
    count = int(kept.sum())
    rows = pa.table(
        {
            "source": ["world"] * count,
            "archive_date": pa.array([day] * count, pa.date32()),
            "file_hour": pa.array([hour] * count, pa.timestamp("us", tz="UTC")),
            "event_type": drawn.event_type[kept].tolist(),
            "event_id": [str(each) for each in drawn.event_id[kept]],
            "created_at": pa.array(drawn.created_at[kept]).cast(pa.timestamp("us", tz="UTC")),
            "actor_id": drawn.actor_id[kept],
            "is_bot": drawn.is_bot[kept],
            "repo_id": drawn.repo_id[kept],
            "repo_name": pa.nulls(count, pa.string()),
            "action": pa.nulls(count, pa.string()),
            "is_tracked": drawn.is_tracked[kept],
            "is_panel": is_panel[kept],
        }
    )
    events = day_events(day, [ARCHIVE_EVENTS.conform(rows)]).events
    return actor_days(day, events, repositories(world))


def repositories(world: World) -> pa.Table:
    """The world's tracked repositories as `actor_days` takes them, without family or layer."""
    ids = [repository.github_id for repository in world.tracked_repositories]
    return pa.table(
        {
            "github_id": pa.array(ids, pa.int64()),
            "origin": pa.nulls(len(ids), pa.string()),
            "layer": pa.nulls(len(ids), pa.string()),
        }
    )


def many_worlds(seeds: Sequence[int], *, shared_clock: bool) -> Iterator[list[Figure]]:
    """Figures of many worlds, two at a time."""
    readers()  # compiled before the processes that share it
    with ProcessPoolExecutor(max_workers=2) as pool:
        yield from pool.map(partial(figures, shared_clock=shared_clock), seeds)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print bias and coverage over the worlds, by period and country."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=200)
    options = parser.parse_args(arguments)
    for shared_clock in (False, True):
        found = [
            figure
            for world in many_worlds(range(1, options.worlds + 1), shared_clock=shared_clock)
            for figure in world
        ]
        kind = "one clock, no employers: evidence is useless" if shared_clock else "real clocks"
        print(f"\n{options.worlds} worlds of {_DEVELOPERS} people, {HIDING} hides; {kind}")
        print(
            f"{'period':<7}{'group':<14}{'country':<9}{'truth':>7}{'located':>9}{'bias':>8}"
            f"{'share':>8}{'bias':>8}{'of located':>12}{'coverage':>10}{'width':>8}{'clock':>8}"
        )
        for period in PERIODS:
            for group in ("attention", "contribution"):
                for country in (HIDING, "US", "IN", "DE", "JP"):
                    print(_line(period, group, country, found))


def _line(period: str, group: str, country: str, found: Sequence[Figure]) -> str:
    chosen = [
        each
        for each in found
        if (each.period, each.event_group, each.country) == (period, group, country)
    ]
    truth = TRUTH[country]
    located = float(np.mean([each.located_share for each in chosen]))
    share = float(np.mean([each.share for each in chosen]))
    covered = float(np.mean([each.is_covered for each in chosen]))
    width = float(np.mean([each.high - each.low for each in chosen]))
    clocks = [each.clock_share for each in chosen if each.clock_share is not None]
    clock = f"{np.mean(clocks):8.1%}" if clocks else f"{'':>8}"
    ratio = abs(share - truth) / abs(located - truth)
    return (
        f"{period:<7}{group:<14}{country:<9}{truth:7.1%}{located:9.1%}{located - truth:+8.1%}"
        f"{share:8.1%}{share - truth:+8.1%}{ratio:12.0%}{covered:10.1%}{width:8.1%}{clock}"
    )


if __name__ == "__main__":
    main()
