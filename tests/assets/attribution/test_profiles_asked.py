"""Profiles through Dagster: what GitHub does not answer costs no other account its answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from assets.activity.tables import EVENTS
from assets.attribution.assets import build
from assets.attribution.tables import ACTOR_PROFILES
from assets.declare import Plan, asset_key
from resources.github import GitHubResource, user_node_id
from resources.lake import Lake, LakeResource
from resources.platform import Platform
from resources.warehouse import Warehouse, WarehouseResource
from sandbox.exchange import Request, Response
from sandbox.server import SandboxServer
from sandbox.world import World
from tests.assets.attribution.test_profiles import events_of

DAY = date(2024, 12, 15)
NOW = datetime(2024, 12, 16, 2, tzinfo=UTC)


@dataclass
class Answers(SandboxServer):
    """A sandbox that answers null for some accounts, and fails from some call on."""

    world: World
    nulls: set[int] = field(default_factory=set)
    fails_from: int = 1_000_000

    def __post_init__(self) -> None:
        super().__init__(self.world, clock=lambda: NOW)
        self.asked: list[list[str]] = []

    def answer(self, request: Request) -> Response:
        response = super().answer(request)
        if request.path != "/graphql":
            return response
        ids = json.loads(request.body)["variables"]["ids"]
        self.asked.append(ids)
        if len(self.asked) >= self.fails_from:
            return Response(422)
        content = json.loads(response.body)
        for at, node_id in enumerate(ids):
            if node_id in map(user_node_id, self.nulls):
                content["data"]["nodes"][at] = None
                content.setdefault("errors", []).append(
                    {"type": "FORBIDDEN", "path": ["nodes", at]}
                )
        return replace(response, body=json.dumps(content).encode())


@pytest.fixture
def server() -> Iterator[Answers]:
    with Answers(World(seed=1, developers=300)) as running:
        yield running


@dataclass
class Place:
    """A data folder with a day of events, and how to ask for its accounts."""

    folder: Path
    server: Answers

    def run(self, now: datetime = NOW) -> dict[str, Any] | None:
        """Materialise the profiles; their metadata, or None where that failed."""
        daily = dg.DailyPartitionsDefinition(start_date="2024-12-01", timezone="UTC")
        key = asset_key(ACTOR_PROFILES)
        (asset,) = [each for each in build(Plan(daily)) if key in each.keys]
        result = dg.materialize(
            [asset],
            partition_key=str(DAY),
            raise_on_error=False,
            resources={
                "github": GitHubResource(api_url=self.server.url, token="one", attempts=1),  # noqa: S106
                "lake": LakeResource(base_path=str(self.folder / "lake")),
                "warehouse": WarehouseResource(database=str(self.folder / "warehouse.duckdb")),
                "platform": Platform(
                    world="sandbox",
                    data_dir=str(self.folder),
                    reference_dir="",
                    tracked_repositories="",
                    rules="",
                    fixed_now=now.isoformat(),
                ),
            },
        )
        events = result.get_asset_materialization_events()
        if not result.success:
            return None
        metadata = events[0].materialization.metadata
        return {name: value.value for name, value in metadata.items()}

    def profiles(self) -> dict[int, dict[str, Any]]:
        house = Warehouse(str(self.folder / "warehouse.duckdb"))
        rows = house.query("SELECT * FROM raw.actor_profiles").to_pylist()
        return {row["actor_id"]: row for row in rows}


@pytest.fixture
def actors(server: Answers) -> list[int]:
    return sorted(each.github_id for each in server.world.developers[:250])


@pytest.fixture
def place(tmp_path: Path, server: Answers, actors: list[int]) -> Place:
    Lake(str(tmp_path / "lake")).write(EVENTS.qualified, str(DAY), events_of(actors))
    return Place(tmp_path, server)


def test_an_account_without_an_answer_is_stated_and_asked_for_again_apart_by_each_run(
    place: Place, server: Answers, actors: list[int]
) -> None:
    hidden = actors[120]
    server.nulls = {hidden}
    said = place.run()
    assert said is not None
    assert (said["asked_count"], said["unanswered_count"]) == (250, 1)
    found = place.profiles()
    assert sorted(found) == actors
    assert {key for key, row in found.items() if row["actor_type"] == "unanswered"} == {hidden}
    # Three batches, and twice more the one account.
    assert sorted(map(len, server.asked)) == [1, 1, 50, 100, 100]
    server.asked.clear()
    server.nulls = set()
    assert place.run() is not None
    assert server.asked == [[user_node_id(hidden)]]
    assert place.profiles()[hidden]["actor_type"] in ("User", "absent")


def test_no_answer_does_not_replace_what_an_account_said_before(
    place: Place, server: Answers, actors: list[int]
) -> None:
    place.run()
    before = place.profiles()
    server.nulls = {actors[3]}
    later = NOW + timedelta(days=91)
    said = place.run(later)
    assert said is not None
    assert (said["asked_count"], said["unanswered_count"]) == (250, 1)
    after = place.profiles()
    assert after[actors[3]] == before[actors[3]]
    assert after[actors[4]]["fetched_at"] == later


def test_what_was_got_before_a_failure_is_kept(
    place: Place, server: Answers, actors: list[int]
) -> None:
    server.fails_from = 3
    assert place.run() is None
    assert sorted(place.profiles()) == actors[:200]
