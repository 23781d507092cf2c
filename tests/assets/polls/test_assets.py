"""The poll assets through Dagster, from the sandbox over HTTP: planted truth, losses, repeats."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa
import pytest

from assets.activity.scan import in_panel
from assets.declare import Plan, asset_key
from assets.polls.assets import build
from assets.polls.pause import Pause
from assets.polls.tables import REPOSITORY_EVENTS, REPOSITORY_POLLS, SOURCE, STAR_HISTORY
from assets.tables import Table
from resources.github import _POOLS, GitHubResource
from resources.lake import Lake, LakeResource
from resources.platform import Platform
from resources.warehouse import Warehouse, WarehouseResource
from sandbox.repositories import LATE_BLOCKED, LATE_GONE, Repository
from sandbox.trouble import Trouble
from sandbox.world import World
from tests.assets.polls.conftest import Clock, WatchedServer, track

FIRST_DAY = date(2024, 9, 1)


def at(row: Repository) -> str:
    """Where the lists of a repository are."""
    return f"/repositories/{row.github_id}/"


@dataclass
class Place:
    """A data folder and how to materialise the poll assets into it."""

    folder: Path
    server: WatchedServer
    rows: list[Repository]

    def run(self, table: Table, now: datetime | None = None) -> dict[str, Any]:
        """Materialise; the metadata as plain values."""
        daily = dg.DailyPartitionsDefinition(start_date=str(FIRST_DAY), timezone="UTC")
        asset = next(each for each in build(Plan(daily)) if asset_key(table) in each.keys)
        result = dg.materialize([asset], resources=self.resources(now or self.server.clock.now()))
        events = result.get_asset_materialization_events()
        (event,) = [each for each in events if each.asset_key == asset_key(table)]
        return {name: value.value for name, value in event.materialization.metadata.items()}

    def resources(self, now: datetime) -> dict[str, Any]:
        return {
            "github": GitHubResource(api_url=self.server.url, token="one, two", attempts=2),  # noqa: S106
            "lake": LakeResource(base_path=str(self.folder / "lake")),
            "warehouse": WarehouseResource(database=str(self.folder / "warehouse.duckdb")),
            "platform": Platform(
                world="sandbox",
                data_dir=str(self.folder),
                reference_dir="",
                tracked_repositories="",
                rules="",
                fixed_now=now.isoformat(),
                panel_one_in=10,
            ),
        }

    @property
    def house(self) -> Warehouse:
        return Warehouse(str(self.folder / "warehouse.duckdb"))

    def events(self) -> pa.Table:
        store = Lake(str(self.folder / "lake"))
        days = store.partitions(REPOSITORY_EVENTS.qualified, SOURCE)
        return store.read_all(
            REPOSITORY_EVENTS.qualified, days, REPOSITORY_EVENTS.arrow_schema, SOURCE
        )

    def files(self) -> dict[str, tuple[bytes, int]]:
        paths = (self.folder / "lake").rglob("*.parquet")
        return {str(each): (each.read_bytes(), each.stat().st_ino) for each in paths}

    def polls(self) -> dict[str, dict[str, Any]]:
        rows = self.house.query("SELECT * FROM raw.repository_polls").to_pylist()
        return {row["repo_name"]: row for row in rows}


@pytest.fixture
def place(tmp_path: Path, server: WatchedServer, house: Warehouse) -> Place:
    rows = list(server.world.tracked_repositories)
    track(house, rows)
    return Place(tmp_path, server, rows)


def test_rows_say_of_each_event_what_happened_bots_included(place: Place, world: World) -> None:
    said = place.run(REPOSITORY_EVENTS)
    now = place.server.clock.now()
    rows = place.events().to_pylist()
    tracked = {row.github_id for row in place.rows}
    names = {row.github_id: row.name for row in place.rows}
    day = date(2024, 12, 8)
    drawn = world.drawn_on(day)
    truth = {
        (str(drawn.event_id[n]), str(drawn.event_type[n])): (
            int(drawn.actor_id[n]), bool(drawn.is_bot[n]), int(drawn.repo_id[n]),
        )
        for n in range(len(drawn))
        if int(drawn.repo_id[n]) in tracked
    }  # fmt: skip
    of_day = [row for row in rows if row["event_date"] == day]
    found = {
        (row["event_id"], row["event_type"]): (row["actor_id"], row["is_bot"], row["repo_id"])
        for row in of_day
    }
    # No tracked repository of this small world has 300 events in two days.
    assert found == truth
    assert any(row["is_bot"] for row in of_day)
    assert all(row["is_panel"] == in_panel(row["actor_id"], 10) for row in rows)
    assert any(row["is_panel"] for row in rows)
    assert {(row["source"], row["polled_at"]) for row in rows} == {(SOURCE, now)}
    assert all(row["repo_name"] == names[row["repo_id"]] for row in rows)
    assert {row["action"] for row in rows if row["event_type"] == "WatchEvent"} == {"started"}
    assert said["event_count"] == len(rows)
    assert said["repositories_by_outcome"] == {"polled": 40}
    assert said["call_count"] == len(place.server.calls)
    assert said["calls_remaining"] == 10_000 - said["call_count"]
    # Limits count by the hours of the sandbox's clock, which shows five seconds past.
    assert said["hours_until_reset"] == pytest.approx(1.0, abs=0.01)
    shown = place.house.query("SELECT count(*) AS n FROM raw.repository_events").to_pylist()
    assert shown == [{"n": len(rows)}]


def test_the_same_time_again_asks_nobody_and_an_unchanged_feed_costs_nothing(place: Place) -> None:
    place.run(REPOSITORY_EVENTS)
    before, calls = place.files(), len(place.server.calls)
    assert place.run(REPOSITORY_EVENTS)["call_count"] == 0
    assert len(place.server.calls) == calls
    # The platform's clock goes on and the feeds stand still.
    later = place.server.clock.now() + timedelta(days=2)
    said = place.run(REPOSITORY_POLLS, later)
    assert said["repositories_by_outcome"] == {"unchanged": 40}
    assert said["unchanged_share"] == 1.0
    assert {call.status for call in place.server.calls[calls:]} == {304}
    assert place.files() == before
    assert all(row["covered_until"] == later - timedelta(hours=6) for row in place.polls().values())


def test_a_later_poll_adds_what_is_new_and_keeps_what_was_seen_first(place: Place) -> None:
    place.run(REPOSITORY_EVENTS)
    before = place.events().to_pylist()
    place.server.clock.sleep(86_400)
    place.run(REPOSITORY_EVENTS)
    after = place.events().to_pylist()
    assert [row for row in after if row["polled_at"] == before[0]["polled_at"]] == before
    assert len(after) > len(before) + 50
    keys = [(row["event_type"], row["event_id"], row["created_at"]) for row in after]
    assert len(keys) == len(set(keys))
    oldest = datetime(2024, 11, 10, 6, 0, 5, tzinfo=UTC)
    assert {row["covered_since"] for row in place.polls().values()} >= {oldest}


@pytest.fixture
def ending(tmp_path: Path, clock: Clock, house: Warehouse) -> Iterator[Place]:
    """A world in which one repository is deleted and one blocked on 2024-12-14."""
    world = World(seed=1, developers=300, gone=LATE_GONE, blocked=LATE_BLOCKED)
    with WatchedServer(world, clock) as server:
        yield Place(tmp_path, server, list(world.tracked_repositories))


def test_renamed_vanished_and_blocked_repositories_are_stated_outcomes(ending: Place) -> None:
    place, clock = ending, ending.server.clock
    clock.sleep((datetime(2024, 12, 15, tzinfo=UTC) - clock.now()).total_seconds())
    gone = [row for row in place.rows if row.gone_since]
    blocked = [row for row in place.rows if row.blocked_since]
    renamed = next(row for row in place.rows if row.name == "sandbox-glm/glm-model")
    assert gone
    assert blocked
    rows = [
        Repository(row.github_id, row.previous_name or "", True) if row is renamed else row
        for row in place.rows
    ]
    track(place.house, rows)
    said = place.run(REPOSITORY_EVENTS)
    assert said["repositories_by_outcome"] == {
        "polled": 40 - len(gone) - len(blocked) - 1,
        "gone": len(gone),
        "blocked": len(blocked),
        "renamed": 1,
    }
    polls = place.polls()
    # The state has the name of today.
    assert polls[renamed.name]["outcome"] == "renamed"
    assert polls[gone[0].name]["covered_until"] is None
    clock.sleep(2 * 86_400)
    place.run(REPOSITORY_EVENTS)
    assert place.polls()[renamed.name]["outcome"] in ("polled", "unchanged")


def test_an_earlier_name_that_a_stranger_has_taken_gives_neither_events_nor_stars_of_it(
    place: Place, world: World
) -> None:
    row = next(row for row in place.rows if row.previous_name)
    stranger = max(place.rows, key=lambda each: len(place.server.github.lists.feed(each.github_id)))
    assert row.previous_name
    place.server.reused[row.previous_name] = stranger.name
    track(place.house, [Repository(row.github_id, row.previous_name, True)])
    place.run(REPOSITORY_EVENTS)
    place.run(STAR_HISTORY)
    shown = {str(each.event_id) for each in place.server.github.lists.feed(row.github_id)}
    found = place.events().to_pylist()
    assert {each["event_id"] for each in found} == shown
    assert {each["repo_id"] for each in found} == {row.github_id}
    now = place.server.clock.now().date()
    lists = place.server.github.lists
    stars = place.house.query("SELECT star_date, star_count FROM raw.star_history").to_pylist()
    assert len(stars) > 50
    for each in stars:
        assert each["star_count"] == lists.star_count(row.github_id, each["star_date"], now)


def test_a_repository_that_cannot_be_read_is_named_and_the_others_go_on(place: Place) -> None:
    name = place.rows[3].name
    place.server.add_fault(Trouble(at(place.rows[3]), status=502, times=2))
    page = Trouble(at(place.rows[4]), status=200, body="<html>Unicorn!</html>", times=2)
    place.server.add_fault(page)
    said = place.run(REPOSITORY_EVENTS)
    assert said["repositories_by_outcome"] == {"polled": 38, "failed": 2}
    assert f"- {name}: " in said["failed"]
    assert "502" in said["failed"]
    assert "no JSON" in said["failed"]
    # They are asked again half an hour later, and nobody else who is not due.
    place.server.clock.sleep(1_801)
    again = place.run(REPOSITORY_EVENTS)
    assert again["repositories_by_outcome"]["polled"] >= 2
    assert "failed" not in again["repositories_by_outcome"]


def test_polls_that_all_fail_fail_the_run_and_are_asked_again(place: Place) -> None:
    """Half an hour later GitHub answers again."""
    place.server.add_fault(Trouble("/repositories/", status=502, times=80))
    with pytest.raises(dg.Failure, match=r"none of the 40 repositories .*; \d+ of them: .*502"):
        place.run(REPOSITORY_EVENTS)
    assert {row["outcome"] for row in place.polls().values()} == {"failed"}
    place.server.clock.sleep(1_801)
    assert place.run(REPOSITORY_EVENTS)["repositories_by_outcome"] == {"polled": 40}
    spans = place.house.query("SELECT * FROM raw.repository_spans").to_pylist()
    assert {(row["repo_id"], row["covered_since"], row["covered_until"]) for row in spans} == {
        (row["repo_id"], row["covered_since"], row["covered_until"])
        for row in place.polls().values()
    }


def test_star_history_is_the_stars_given_by_day_and_asked_for_once_in_20_hours(
    place: Place, world: World
) -> None:
    said = place.run(STAR_HISTORY)
    assert said["repositories_by_outcome"] == {"found": 40}
    rows = place.house.query("SELECT * FROM raw.star_history").to_pylist()
    # Eight weeks, as no day has events yet.
    first = date(2024, 12, 10) - timedelta(days=56)
    assert min(row["star_date"] for row in rows) == first
    assert max(row["star_date"] for row in rows) == date(2024, 12, 10)
    counts = {(row["repo_id"], row["star_date"]): row["star_count"] for row in rows}
    days = [first + timedelta(days=number) for number in range(56)]
    given: Counter[tuple[int, date]] = Counter()
    for day in days:
        drawn = world.drawn_on(day)
        for repo in drawn.repo_id[(drawn.event_type == "WatchEvent") & drawn.is_tracked].tolist():
            given[repo, day] += 1
    assert all(counts[key] <= number for key, number in given.items())
    total = sum(given.values())
    # Two of a hundred stars are taken back, some of them later than now.
    gone = total - sum(number for (_, day), number in counts.items() if day in set(days))
    assert 0.005 * total < gone < 0.02 * total + 4 * (0.02 * total) ** 0.5
    calls = len(place.server.calls)
    assert place.run(STAR_HISTORY)["call_count"] == 0
    assert len(place.server.calls) == calls
    place.server.clock.sleep(21 * 3_600)
    assert place.run(STAR_HISTORY)["call_count"] == 40
    after = place.house.query(
        "SELECT count(*) AS n FROM raw.star_history WHERE star_date = '2024-12-11'"
    )
    assert after.to_pylist() == [{"n": 40}]


def test_a_star_history_that_fails_for_one_is_kept_for_the_others(place: Place) -> None:
    place.server.add_fault(Trouble(at(place.rows[0]), status=502, times=2))
    said = place.run(STAR_HISTORY)
    assert said["repositories_by_outcome"] == {"found": 39, "failed": 1}
    assert place.run(STAR_HISTORY)["repositories_by_outcome"] == {"found": 1}


def test_a_run_after_one_that_a_limit_ended_calls_nobody_while_the_limit_stands(
    place: Place,
) -> None:
    place.server.add_fault(Trouble("/repositories/", status=429, retry_after=3_000, times=2))
    said = place.run(REPOSITORY_EVENTS)
    assert "forbid core calls until" in said["ended_by_limit"]
    calls = len(place.server.requests())
    # Another process knows nothing of what this one learnt of its tokens.
    _POOLS.clear()
    again = place.run(REPOSITORY_EVENTS)
    assert "forbid polls until" in again["ended_by_limit"]
    assert (again["call_count"], len(place.server.requests())) == (0, calls)
    Pause(place.folder / "polls").keep(datetime.now(UTC))
    assert place.run(REPOSITORY_EVENTS)["repositories_by_outcome"] == {"polled": 40}
