"""raw.commit_authors through Dagster, from the sandbox over HTTP: planted links, outages."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from assets import declare
from assets.activity.assets import build as build_activity
from assets.activity.commits import commit_row, commits_by_day, read_author
from assets.activity.tables import COMMIT_AUTHORS, COMMITS, EVENTS
from assets.commits.assets import build
from assets.declare import Plan, asset_key, prepare
from assets.reference.tables import TRACKED_REPOSITORIES
from resources.engine import EngineResource
from resources.git import GitCommit
from resources.github import GitHubClient, GitHubResource
from resources.http import TransientUpstreamError
from resources.lake import Lake, LakeResource
from resources.platform import Platform
from resources.warehouse import Warehouse, WarehouseResource
from sandbox.commits import PlantedCommit
from sandbox.server import SandboxServer
from sandbox.world import World

KEY = b"a-key-that-no-file-holds"
DAYS = [date(2024, 11, 20) + timedelta(days=n) for n in range(4)]
NOW = datetime.fromisoformat("2024-11-24T02:00:00+00:00")
TOKEN = "ghp_made-up"  # noqa: S105 - made up


@dataclass
class Place:
    """A data folder with raw.commits of the world, and how to materialise what follows."""

    folder: Path
    server: SandboxServer

    @property
    def house(self) -> Warehouse:
        return Warehouse(str(self.folder / "warehouse.duckdb"))

    def run(
        self, *, first: date = DAYS[0], last: date = DAYS[-1], token: str = TOKEN,
        now: datetime = NOW,
    ) -> dg.ExecuteInProcessResult:  # fmt: skip
        plan = Plan(dg.DailyPartitionsDefinition(start_date="2022-01-01", timezone="UTC"))
        wanted = {asset_key(COMMIT_AUTHORS), asset_key(EVENTS)}
        assets = [each for each in (*build(plan), *build_activity(plan)) if each.keys <= wanted]
        return dg.materialize(
            assets,
            resources=self.resources(token, now),
            tags={
                "dagster/asset_partition_range_start": str(first),
                "dagster/asset_partition_range_end": str(last),
            },
            raise_on_error=False,
        )

    def resources(self, token: str, now: datetime) -> dict[str, Any]:
        return {
            "github": GitHubResource(api_url=self.server.url, token=token, attempts=1),
            "lake": LakeResource(base_path=str(self.folder / "lake")),
            "engine": EngineResource(),
            "warehouse": WarehouseResource(database=str(self.folder / "warehouse.duckdb")),
            "platform": Platform(
                world="sandbox",
                data_dir=str(self.folder),
                reference_dir="",
                tracked_repositories="",
                rules="",
                fixed_now=now.isoformat(),
            ),
        }

    def links(self) -> dict[str, dict[str, Any]]:
        rows = self.house.query("SELECT * FROM raw.commit_authors").to_pylist()
        return {row["author_hash"]: row for row in rows}

    def asked(self) -> int:
        return sum(entry.path == "/graphql" for entry in self.server.requests())


@pytest.fixture(scope="module")
def world() -> World:
    return World(seed=1, developers=1_500)


def planted(world: World) -> list[PlantedCommit]:
    return [
        each
        for history in world.commits.values()
        for each in history
        if each.committed_at.date() in DAYS
    ]


def people(world: World) -> dict[str, PlantedCommit]:
    """A commit of each author by the hash of the address."""
    return {
        str(read_author(each.author_email, KEY).author_hash): each
        for each in planted(world)
        if not each.is_bot
    }


@pytest.fixture
def place(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    for name in ("http_proxy", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    house = Warehouse(str(tmp_path / "warehouse.duckdb"))
    prepare(house, TRACKED_REPOSITORIES)
    tracked: list[dict[str, object]] = [
        {
            "repository": row.name,
            "github_id": row.github_id,
            "id_source": "file",
            "previous_names": [],
            "family": None,
            "layer": "model",
            "developer": "x",
            "developer_country_iso2": None,
        }
        for row in world.tracked_repositories
    ]
    house.replace_all(TRACKED_REPOSITORIES.qualified, TRACKED_REPOSITORIES.arrow(tracked))
    rows = (commit_row(each.repo_id, as_read(each), KEY) for each in planted(world))
    for day, found in commits_by_day(rows, DAYS).items():
        Lake(str(tmp_path / "lake")).write(COMMITS.qualified, str(day), found, "git")
    with SandboxServer(world) as server:
        yield Place(tmp_path, server)


def as_read(commit: PlantedCommit) -> GitCommit:
    return GitCommit(
        sha=commit.sha,
        parent_count=len(commit.parents),
        author_time_s=commit.author_time_s,
        author_zone=commit.author_zone,
        committed_at=commit.committed_at,
        committer_zone="+0000",
        author_email=commit.author_email,
        committer_email=commit.author_email,
        is_default_branch=commit.is_default_branch,
    )


def metadata(result: dg.ExecuteInProcessResult) -> dict[str, Any]:
    (event,) = result.asset_materializations_for_node("raw__commit_authors")[-1:]
    return {name: value.value for name, value in event.metadata.items()}


def test_links_are_the_planted_ones_and_events_take_them(place: Place, world: World) -> None:
    result = place.run()
    assert result.success
    truth, found = people(world), place.links()
    assert found.keys() == truth.keys()
    for author, row in found.items():
        commit = truth[author]
        own = commit.author_email.startswith(f"{commit.author_id}+")
        account = commit.author_id if own else commit.linked_id
        source = "noreply" if own else "none" if account is None else "github"
        assert row == {
            "author_hash": author,
            "actor_id": account,
            "link_source": source,
            "asked_at": NOW,
        }
    sources = [row["link_source"] for row in found.values()]
    asked = len(sources) - sources.count("noreply")
    assert min(sources.count(each) for each in ("noreply", "github", "none")) > 10
    assert asked > 100  # more than one request
    assert place.asked() == -(-asked // 100)
    said = metadata(result)
    assert said["asked_count"] == asked
    assert said["linked_count"] == len(sources) - sources.count("none")
    assert said["author_count"] >= len(sources)
    assert said["unasked_count"] == 0
    days = [str(day) for day in DAYS]
    events = Lake(str(place.folder / "lake")).read_all(EVENTS.qualified, days, EVENTS.arrow_schema)
    by_sha = {each.sha: each for each in planted(world)}
    assert events.num_rows == len({sha for sha, each in by_sha.items() if not each.is_bot})
    for event in events.to_pylist():
        author = str(read_author(by_sha[event["event_id"]].author_email, KEY).author_hash)
        assert event["actor_id"] == found[author]["actor_id"]


def test_an_author_is_asked_for_once_in_ninety_days(place: Place) -> None:
    assert place.run(last=DAYS[1]).success
    before, first = place.links(), place.asked()
    assert place.run(last=DAYS[1], now=NOW + timedelta(days=90)).success
    assert (place.links(), place.asked()) == (before, first)
    # Other days ask for their new authors only.
    result = place.run(now=NOW + timedelta(days=90))
    assert metadata(result)["asked_count"] < metadata(result)["author_count"] - len(before)
    assert {author: place.links()[author] for author in before} == before
    later = NOW + timedelta(days=90, seconds=1)
    assert place.run(last=DAYS[1], now=later).success
    assert {place.links()[author]["asked_at"] for author in before} == {later}


def test_without_a_token_the_day_goes_on_with_the_numbers_in_addresses(
    place: Place, world: World
) -> None:
    result = place.run(token="")
    assert result.success
    assert place.asked() == 0
    rows = place.links().values()
    assert {row["link_source"] for row in rows} == {"noreply"}
    said = metadata(result)
    assert (said["asked_count"], said["linked_count"]) == (0, len(rows))
    assert said["unasked_count"] == len(people(world)) - len(rows) > 0
    # With a token the others follow.
    assert metadata(place.run())["asked_count"] == said["unasked_count"]
    assert place.links().keys() == people(world).keys()


def test_what_was_answered_before_an_outage_is_kept_and_not_asked_for_again(
    place: Place, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(declare, "RETRY_WAIT_S", 0)
    monkeypatch.setattr("assets.commits.assets.COMMITS_PER_QUERY", 20)
    really_ask, asked = GitHubClient.commit_authors, list[int]()

    def ask(client: GitHubClient, commits: Sequence[tuple[str, str]]) -> list[int | None]:
        asked.append(len(commits))
        if len(asked) % 2 == 0:
            raise TransientUpstreamError("GitHub is down")
        return really_ask(client, commits)

    monkeypatch.setattr(GitHubClient, "commit_authors", ask)
    result = place.run()
    assert not result.success
    kinds = [event.event_type for event in result.all_events]
    assert kinds.count(dg.DagsterEventType.STEP_UP_FOR_RETRY) == 2
    # Each of three tries had one answer.
    assert asked == [20] * 6
    known = place.links()
    assert sum(row["link_source"] != "noreply" for row in known.values()) == 60
    monkeypatch.setattr(GitHubClient, "commit_authors", really_ask)
    before, missing = place.asked(), len(people(world)) - len(known)
    assert metadata(place.run())["asked_count"] == missing
    assert place.asked() - before == -(-missing // 20)
    assert place.links().keys() == people(world).keys()


def test_neither_the_token_nor_an_address_is_in_any_file(place: Place, world: World) -> None:
    result = place.run()
    addresses = {each.author_email for each in planted(world)}
    secrets = [text.encode() for text in (TOKEN, *addresses)]
    contents = [path.read_bytes() for path in place.folder.rglob("*") if path.is_file()]
    contents += [repr(row).encode() for row in place.links().values()]
    contents += [repr(metadata(result)).encode()]
    assert not [secret for secret in secrets for content in contents if secret in content]


def test_days_without_commits_link_nobody(place: Place) -> None:
    day = date(2024, 6, 1)
    result = place.run(first=day, last=day)
    assert result.success
    assert metadata(result)["author_count"] == 0
    assert place.asked() == 0
    assert place.links() == {}
