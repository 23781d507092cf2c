"""What is true as two archives show it, rises of other kinds, and repositories that end."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from sandbox.events import EVENT_GROUPS, Rise
from sandbox.faults import ARCHIVES, CaptureLoss, MissingHour, loss_2026
from sandbox.repositories import LATE_BLOCKED, LATE_GONE
from sandbox.world import ObservedEvents, World

DAY = date(2024, 12, 10)
ENDS = datetime(2024, 12, 14, tzinfo=UTC)


def active(events: ObservedEvents, event_group: str) -> set[int]:
    """People active on tracked repositories."""
    chosen = events.is_tracked & ~events.is_bot
    chosen &= np.isin(events.event_type, EVENT_GROUPS[event_group])
    return set(events.actor_id[chosen].tolist())


def test_those_whom_two_archives_show_are_as_many_as_expected_of_the_union() -> None:
    faults = loss_2026(date(2024, 12, 1), star_share=0.2, other_share=0.3)
    world = World(3, 800, rise=None, faults=faults, second_archive_since=ENDS - timedelta(days=9))
    days = [date(2024, 12, 6) + timedelta(days=offset) for offset in range(10)]
    for archives in (ARCHIVES, ARCHIVES[:1], ARCHIVES[1:]):
        observed = sum(
            len(set.union(*(active(world.recorded(day, name), "attention") for name in archives)))
            for day in days
        )
        expected = sum(
            sum(
                world.expected_active(
                    day, "attention", located_only=False, archives=archives
                ).values()
            )
            for day in days
        )
        # Independent yes-or-no draws vary less than a Poisson count.
        assert abs(observed - expected) < 3 * math.sqrt(expected)
        assert expected > 500


def test_an_hour_that_either_archive_has_is_not_lost_to_both() -> None:
    hours = [datetime(2024, 12, 10, hour, tzinfo=UTC) for hour in range(24)]

    def expected(world: World, *archives: str) -> float:
        return sum(world.expected_active(DAY, "attention", archives=archives).values())

    clean = expected(World(1, 200, faults=()), "gharchive")
    split = World(
        1,
        200,
        faults=(
            *(MissingHour(hour) for hour in hours[:12]),
            *(MissingHour(hour, archive="opendigger") for hour in hours[12:]),
        ),
    )
    assert expected(split, "gharchive") < 0.8 * clean
    assert expected(split, "opendigger") < 0.8 * clean
    assert expected(split, *ARCHIVES) == pytest.approx(clean)
    assert expected(split) == 0.0
    # Of two that capture half each, the union misses a quarter: as one that captures 0.75.
    halves = [CaptureLoss("*", DAY, DAY, 0.5, name) for name in ARCHIVES]
    three_quarters = World(1, 200, faults=(CaptureLoss("*", DAY, DAY, 0.75),))
    assert expected(World(1, 200, faults=tuple(halves)), *ARCHIVES) == pytest.approx(
        expected(three_quarters, "gharchive")
    )


def test_before_the_second_archive_is_there_it_shows_nothing(world: World) -> None:
    day = date(2024, 11, 20)
    assert math.isnan(world.true_share(day, "attention", "CN", archives=("opendigger",)))
    assert world.true_share(day, "attention", "CN", archives=ARCHIVES) == world.true_share(
        day, "attention", "CN"
    )


@pytest.mark.parametrize(
    "rise",
    [
        Rise(on=date(2026, 6, 15), country="DE", factor=6.0),
        Rise(on=date(2022, 3, 1), country="US", factor=3.0, event_group="contribution"),
        Rise(on=date(2025, 8, 1), country="IN", factor=0.2, event_group="participation"),
    ],
)
def test_a_rise_may_be_of_any_country_group_and_year(rise: Rise) -> None:
    # Under losses too: they take away and change no other draw.
    losses = loss_2026(date(2026, 6, 1))
    world, flat = World(1, 2_000, rise=rise, faults=losses), World(1, 2_000, rise=None, faults=())
    before, after = rise.on - timedelta(days=7), rise.on + timedelta(days=7)

    def of_country(each: World, day: date, group: str) -> int:
        people = active(each.drawn_on(day), group)
        return sum(each.account_by_id[actor].country == rise.country for actor in people)

    for group in ("contribution", "participation", "attention"):
        shares = [
            world.true_share(day, group, rise.country, captured_only=False)
            for day in (before, after)
        ]
        if group == rise.event_group:
            assert (shares[1] > 1.3 * shares[0]) == (rise.factor > 1)
            assert (shares[1] < 0.7 * shares[0]) == (rise.factor < 1)
            moved = of_country(world, after, group) / of_country(flat, after, group)
            assert (moved > 1.3) == (rise.factor > 1)
        else:
            assert shares[1] == pytest.approx(shares[0])


def test_a_rise_of_a_country_or_group_that_is_none_is_refused() -> None:
    for rise in (Rise(country="XX"), Rise(event_group="any")):
        with pytest.raises((ValueError, KeyError)):
            World(1, 10, rise=rise)


def test_nothing_happens_on_a_repository_that_has_ended_and_its_people_go_elsewhere() -> None:
    whole = World(1, 600)
    world = World(1, 600, gone=LATE_GONE, blocked=LATE_BLOCKED)
    ended = {
        row.github_id
        for row in world.tracked_repositories
        if row.gone_since == ENDS or row.blocked_since == ENDS
    }
    assert len(ended) == 2
    assert {row.name for row in world.tracked_repositories if row.github_id in ended} == {
        *LATE_GONE, *LATE_BLOCKED,
    }  # fmt: skip
    for offset in (-1, 0, 1):
        day = ENDS.date() + timedelta(days=offset)
        kept, moved = whole.drawn_on(day), world.drawn_on(day)
        had = np.isin(kept.repo_id, list(ended))
        assert had.any()
        if offset < 0:
            assert kept.repo_id.tolist() == moved.repo_id.tolist()
            continue
        assert not np.isin(moved.repo_id, list(ended)).any()
        assert moved.is_tracked.tolist() == kept.is_tracked.tolist()
        assert moved.repo_id[~had].tolist() == kept.repo_id[~had].tolist()
        assert moved.event_id.tolist() == kept.event_id.tolist()
        country = {row.github_id: row.developer_country for row in world.tracked_repositories}
        pairs = zip(kept.repo_id[had].tolist(), moved.repo_id[had].tolist(), strict=True)
        assert all(country[before] == country[after] for before, after in pairs)


def test_repositories_stay_unless_told_to_end_and_only_tracked_ones_can(world: World) -> None:
    assert not any(row.gone_since or row.blocked_since for row in world.repositories)
    with pytest.raises(ValueError, match="not tracked: sandbox-qwen/none"):
        World(1, 10, gone={"sandbox-qwen/none": ENDS})
