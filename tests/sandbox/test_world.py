"""The world is deterministic, and what it says is true agrees with what it does."""

from __future__ import annotations

import csv
import math
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from sandbox.events import EVENT_GROUPS, Rise
from sandbox.faults import CaptureLoss
from sandbox.repositories import TRACKED_CSV
from sandbox.world import World

DEMO_MONTH = [date(2024, 11, 17) + timedelta(days=offset) for offset in range(30)]
Z_95 = 1.959964


def wilson_interval(successes: int, trials: int) -> tuple[float, float]:
    """95 % score interval of a proportion (Wilson 1927)."""
    share = successes / trials
    centre = share + Z_95**2 / (2 * trials)
    half = Z_95 * math.sqrt(share * (1 - share) / trials + Z_95**2 / (4 * trials**2))
    scale = 1 + Z_95**2 / trials
    return (centre - half) / scale, (centre + half) / scale


def located_active(world: World, day: date, event_group: str) -> Counter[str]:
    """Distinct located people active on tracked repositories on a day, by true country."""
    events = world.events_of(day)
    is_meant = events.is_tracked & np.isin(events.event_type, EVENT_GROUPS[event_group])
    people = (world.account_by_id[actor] for actor in set(events.actor_id[is_meant].tolist()))
    return Counter(str(person.country) for person in people if person.is_located)


def test_two_worlds_of_one_seed_write_the_same_bytes() -> None:
    hours = [datetime(2022, 1, 1, tzinfo=UTC), datetime(2026, 10, 31, 23, tzinfo=UTC)]
    first, second = (World(seed=7, developers=50) for _ in range(2))
    # The second world is asked in the other order: no hour may depend on what came before.
    files = {hour: first.hour_file(hour) for hour in hours}
    assert files == {hour: second.hour_file(hour) for hour in reversed(hours)}
    assert all(files.values())


def test_another_seed_is_another_world() -> None:
    hour = datetime(2024, 1, 1, tzinfo=UTC)
    first, second = World(1, 50), World(2, 50)
    assert first.hour_file(hour) != second.hour_file(hour)


def test_there_is_no_hour_before_2022(world: World) -> None:
    with pytest.raises(ValueError, match="begins on 2022-01-01"):
        world.hour_file(datetime(2021, 12, 31, 23, tzinfo=UTC))


def test_a_fault_takes_events_away_and_changes_no_other() -> None:
    day = date(2024, 12, 9)
    clean = World(1, 200, faults=()).events_of(day)
    loss = CaptureLoss("WatchEvent", day, day, captured_share=0.3)
    lossy = World(1, 200, faults=(loss,)).events_of(day)
    gone = set(clean.event_id.tolist()) - set(lossy.event_id.tolist())
    assert set(lossy.event_id.tolist()) < set(clean.event_id.tolist())
    kinds = clean.event_type[np.isin(clean.event_id, list(gone))]
    assert set(kinds.tolist()) == {"WatchEvent"}


def test_what_happened_on_a_day_is_what_an_archive_without_faults_holds() -> None:
    day = date(2024, 12, 9)
    happened = World(1, 200).drawn_on(day)
    clean = World(1, 200, faults=()).events_of(day)
    for column in ("event_id", "event_type", "actor_id", "repo_id", "created_at", "is_tracked"):
        assert getattr(happened, column).tolist() == getattr(clean, column).tolist()
    assert happened.is_bot.any()
    assert len(World(1, 200).events_of(day)) < len(happened)
    with pytest.raises(ValueError, match="begins on 2022-01-01"):
        World(1, 200).drawn_on(date(2021, 12, 31))


def test_on_a_shared_clock_hours_say_nothing_about_countries_and_people_stay_who_they_are() -> None:
    apart, shared = World(1, 400, rise=None), World(1, 400, rise=None, shared_clock=True)
    assert {person.utc_offset for person in shared.developers} == {0.0}
    assert [replace(person, utc_offset=0.0) for person in apart.developers] == list(
        shared.developers
    )

    def share_at_19_utc(world: World, country: str) -> float:
        """Share of a country's events at 19 UTC: 3 in the morning in China."""
        seen: Counter[bool] = Counter()
        for day in DEMO_MONTH[:10]:
            events = world.drawn_on(day)
            hours = (events.created_at.astype("int64") // 3_600 % 24).tolist()
            for actor, hour in zip(events.actor_id.tolist(), hours, strict=True):
                if world.account_by_id[actor].country == country:
                    seen[hour == 19] += 1
        return seen[True] / seen.total()

    # Of a working day 4.6 % fall on 19 o'clock local time and 0.5 % on 3 in the morning.
    assert share_at_19_utc(apart, "CN") < 0.012
    assert share_at_19_utc(shared, "CN") == pytest.approx(0.046, abs=0.01)
    assert share_at_19_utc(shared, "US") == pytest.approx(0.046, abs=0.01)


def test_people_live_in_25_countries_and_about_half_of_them_say_where() -> None:
    world = World(1, 3_000)
    assert len({person.country for person in world.developers}) == 25
    located = sum(person.is_located for person in world.developers) / 3_000
    assert located == pytest.approx(0.5, abs=0.04)
    assert len(world.account_by_id) == 3_020
    assert sum(person.is_deleted for person in world.developers) == pytest.approx(30, abs=20)
    assert all(account.created_at.year < 2022 for account in world.account_by_id.values())


def test_a_country_can_hide_more_than_the_others() -> None:
    world = World(1, 1_000, located_share_by_country={"CN": 0.1})
    shares = {
        code: np.mean([person.is_located for person in world.developers if person.country == code])
        for code in ("CN", "US")
    }
    assert shares["CN"] < 0.2 < 0.4 < shares["US"]


def test_the_csv_declares_what_the_world_tracks(world: World) -> None:
    with TRACKED_CSV.open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert list(rows[0]) == [
        "github_id",
        "repository",
        "previous_names",
        "family",
        "layer",
        "developer",
        "developer_country",
    ]
    assert len(rows) == 40
    assert sum(not row["github_id"] for row in rows) == 3
    assert sum(bool(row["previous_names"]) for row in rows) == 2
    assert {row["layer"] for row in rows} == {"model", "training", "inference", "application"}
    ids = {repository.github_id for repository in world.repositories}
    assert len(ids) == len(world.repositories) == 2_040
    assert all(row["repository"].startswith("sandbox-") for row in rows)


@pytest.fixture(scope="module")
def town() -> World:
    """The default world with a fifth of its people, enough for tests of shares."""
    return World(1, 600)


@pytest.mark.parametrize("event_group", ["attention", "contribution"])
def test_the_true_share_lies_in_the_observed_interval_on_nearly_every_day(
    town: World, event_group: str
) -> None:
    covered = 0
    for day in DEMO_MONTH:
        active = located_active(town, day, event_group)
        low, high = wilson_interval(active["CN"], active.total())
        covered += low <= town.true_share(day, event_group, "CN") <= high
    # With 95 % coverage, 26 or fewer of 30 has a chance of 6 %; 25 or fewer, of 1.6 %.
    assert covered >= 26


def test_the_expected_number_of_active_people_is_the_mean_of_the_observed() -> None:
    world = World(3, 400, rise=None, faults=())
    days = DEMO_MONTH[:10]
    observed = sum(located_active(world, day, "attention").total() for day in days)
    expected = sum(sum(world.expected_active(day, "attention").values()) for day in days)
    # Independent yes-or-no draws vary less than a Poisson count.
    assert abs(observed - expected) < 3 * math.sqrt(expected)


def test_the_shares_of_all_countries_sum_to_one(world: World) -> None:
    for group in ("contribution", "participation", "attention"):
        total = sum(world.true_share(DEMO_MONTH[0], group, code) for code in world.countries)
        assert total == pytest.approx(1.0)


def test_attention_from_china_rises_from_the_policy_date_and_nothing_else_does() -> None:
    world = World(1, 3_000)
    assert world.rise is not None
    before, after = world.rise.on - timedelta(days=7), world.rise.on + timedelta(days=14)
    assert world.true_share(before, "attention", "CN") == pytest.approx(0.20, abs=0.02)
    assert world.true_share(after, "attention", "CN") == pytest.approx(0.38, abs=0.02)
    assert world.true_share(after, "attention", "US") < world.true_share(before, "attention", "US")
    for group in ("contribution", "participation"):
        assert world.true_share(after, group, "CN") == pytest.approx(
            world.true_share(before, group, "CN"), abs=1e-9
        )


def test_the_rise_is_complete_on_its_last_ramp_day_and_stays() -> None:
    rise = Rise(on=date(2024, 12, 2), factor=5.0, ramp_days=4)
    factors = [rise.factor_on(date(2024, 12, 1) + timedelta(days=offset)) for offset in range(7)]
    assert factors == [1.0, 2.0, 3.0, 4.0, 5.0, 5.0, 5.0]


def test_a_world_without_a_rise_has_the_same_shares_a_year_later() -> None:
    world = World(1, 300, rise=None, faults=())
    # 364 days: the same weekday, so the same clock factors.
    first, later = date(2024, 3, 5), date(2024, 3, 5) + timedelta(days=364)
    assert world.true_share(first, "attention", "CN") == pytest.approx(
        world.true_share(later, "attention", "CN"), abs=1e-9
    )


def test_lost_stars_move_what_can_be_seen_and_not_what_happened(world: World) -> None:
    day = date(2024, 12, 9)
    seen = sum(world.expected_active(day, "attention").values())
    happened = sum(world.expected_active(day, "attention", captured_only=False).values())
    assert seen < 0.7 * happened
    assert world.true_share(day, "attention", "CN", captured_only=False) == pytest.approx(
        world.true_share(date(2024, 12, 16), "attention", "CN"), abs=1e-9
    )


def test_a_day_of_the_default_world_has_the_planned_size() -> None:
    world = World()
    day = date(2024, 11, 19)
    events = world.events_of(day)
    is_person = events.is_tracked & ~events.is_bot
    is_attention = is_person & np.isin(events.event_type, EVENT_GROUPS["attention"])
    assert 2_200 < events.is_tracked.sum() < 2_800
    assert 5_500 < (~events.is_tracked).sum() < 7_000
    assert 900 < len(set(events.actor_id[is_person].tolist())) < 1_400
    assert len(set(events.actor_id[is_attention].tolist())) > 700
    assert (events.is_tracked & events.is_bot).sum() / events.is_tracked.sum() == pytest.approx(
        0.15, abs=0.03
    )


def test_people_sleep_at_night_where_they_live(world: World) -> None:
    seen: Counter[tuple[int, str | None]] = Counter()
    for day in DEMO_MONTH[:10]:
        events = world.events_of(day)
        hours = (events.created_at.astype("int64") // 3_600 % 24).tolist()
        for actor, hour in zip(events.actor_id.tolist(), hours, strict=True):
            seen[hour, world.account_by_id[actor].country] += 1
    # 19 UTC is 3 in the morning in China; 6 UTC is 2 in the afternoon.
    assert seen[19, "CN"] * 5 < seen[6, "CN"]
