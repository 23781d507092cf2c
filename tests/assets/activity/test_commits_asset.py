"""raw.commits through Dagster, from the sandbox over HTTP: planted truth, outages, secrets."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa
import pytest

from assets import declare
from assets.activity.commits import read_author
from assets.activity.tables import COMMITS
from assets.commits.assets import build
from assets.declare import Plan, asset_key, prepare
from assets.reference.tables import TRACKED_REPOSITORIES
from resources.git import GitResource
from resources.lake import Lake, LakeResource
from resources.platform import Platform
from resources.warehouse import Warehouse, WarehouseResource
from sandbox.commits import FORK, FORK_PARENT, LYING, WITHDRAWN, PlantedCommit
from sandbox.repositories import Repository
from sandbox.server import SandboxServer
from sandbox.trouble import Trouble
from sandbox.world import World

KEY = "a-key-that-no-file-holds"
FIRST, LAST = date(2024, 11, 20), date(2024, 11, 23)
DAYS = [FIRST + timedelta(days=n) for n in range(4)]
NOW = "2024-11-24T02:00:00+00:00"
WANTED = {FORK, FORK_PARENT, LYING, WITHDRAWN, "sandbox-llama/llama-model"}


@dataclass
class Place:
    """A data folder and how to materialise raw.commits into it."""

    folder: Path
    server: SandboxServer
    rows: list[Repository]

    @property
    def lake(self) -> Lake:
        return Lake(str(self.folder / "lake"))

    def run(self, *days: date, key: str = KEY, now: str = NOW) -> dg.ExecuteInProcessResult:
        days = days or (FIRST, LAST)
        tags = {
            "dagster/asset_partition_range_start": str(days[0]),
            "dagster/asset_partition_range_end": str(days[-1]),
        }
        daily = dg.DailyPartitionsDefinition(start_date="2022-01-01", timezone="UTC")
        asset = next(each for each in build(Plan(daily)) if asset_key(COMMITS) in each.keys)
        return dg.materialize(
            [asset], resources=self.resources(key, now), tags=tags, raise_on_error=False
        )

    def resources(self, key: str, now: str) -> dict[str, Any]:
        return {
            "git": GitResource(
                base_url=f"{self.server.url}/git", hash_key=key, attempts=1, workers=2
            ),
            "lake": LakeResource(base_path=str(self.folder / "lake")),
            "warehouse": WarehouseResource(database=str(self.folder / "warehouse.duckdb")),
            "platform": Platform(
                world="sandbox",
                data_dir=str(self.folder),
                reference_dir="",
                tracked_repositories="",
                rules="",
                fixed_now=now,
            ),
        }

    def table(self) -> pa.Table:
        days = [str(day) for day in DAYS]
        return self.lake.read_all(COMMITS.qualified, days, COMMITS.arrow_schema, "git")


@pytest.fixture(scope="session")
def world() -> World:
    return World(seed=1, developers=1_500)


@pytest.fixture
def place(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    for name in ("http_proxy", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    rows = [row for row in world.tracked_repositories if row.name in WANTED]
    house = Warehouse(str(tmp_path / "warehouse.duckdb"))
    prepare(house, TRACKED_REPOSITORIES)
    tracked = [
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
        for row in rows
    ]
    house.replace_all(TRACKED_REPOSITORIES.qualified, TRACKED_REPOSITORIES.arrow(tracked))
    with SandboxServer(world) as server:
        yield Place(tmp_path, server, rows)


def metadata(result: dg.ExecuteInProcessResult) -> dict[str, Any]:
    (event,) = result.asset_materializations_for_node("raw__commits")[-1:]
    return {name: value.value for name, value in event.metadata.items()}


def planted(place: Place, days: list[date]) -> dict[tuple[int, str], PlantedCommit]:
    return {
        (row.github_id, commit.sha): commit
        for row in place.rows
        for commit in place.server.world.commits[row.github_id]
        if commit.committed_at.date() in days
    }


def test_rows_are_the_planted_commits_and_say_of_each_what_its_header_says(place: Place) -> None:
    result = place.run()
    assert result.success
    truth = planted(place, DAYS)
    found = {(row["repo_id"], row["sha"]): row for row in place.table().to_pylist()}
    assert found.keys() == truth.keys()
    assert len(found) > 50
    for name, row in found.items():
        commit = truth[name]
        author = read_author(commit.author_email, KEY.encode())
        sign = -1 if commit.author_zone[0] == "-" else 1
        offset = sign * (int(commit.author_zone[1:3]) * 60 + int(commit.author_zone[3:]))
        assert row == {
            "source": "git",
            "commit_date": commit.committed_at.date(),
            "sha": commit.sha,
            "repo_id": commit.repo_id,
            "author_at": datetime.fromtimestamp(commit.author_time_s, UTC),
            "author_offset_min": offset,
            "is_author_time_plausible": True,
            "committed_at": commit.committed_at,
            "committer_offset_min": 0 if commit.is_web_commit else offset,
            "author_hash": author.author_hash,
            "email_domain": author.email_domain,
            "actor_id": commit.author_id
            if commit.author_email.startswith(f"{commit.author_id}+")
            else None,
            "is_bot": commit.is_bot,
            "is_default_branch": commit.is_default_branch,
            "is_web_commit": commit.is_web_commit,
            "parent_count": len(commit.parents),
        }
    said = metadata(result)
    assert said["dagster/row_count"] == len(found)
    assert said["repositories_by_status"] == {"fetched": 4, "absent": 1}
    assert WITHDRAWN in said["repositories_not_fetched"]


def test_times_and_zones_that_lie_are_kept_as_far_as_they_can_be(place: Place) -> None:
    row = next(each for each in place.rows if each.name == LYING)
    lies = place.server.world.commits[row.github_id][:3]
    days = sorted({commit.committed_at.date() for commit in lies})
    assert place.run(days[0], days[-1]).success
    kept = place.lake.read_all(
        COMMITS.qualified, [str(day) for day in days], COMMITS.arrow_schema, "git"
    ).to_pylist()
    found = {each["sha"]: each for each in kept if each["repo_id"] == row.github_id}
    states = [
        (
            found[each.sha]["author_at"].year,
            found[each.sha]["author_offset_min"],
            found[each.sha]["is_author_time_plausible"],
        )
        for each in lies
    ]
    assert states == [(1970, 0, False), (2100, 0, False), (2024, None, True)]


def test_a_fork_and_its_parent_share_commits_until_the_fork(place: Place) -> None:
    assert place.run().success
    rows = place.table().to_pylist()
    repositories: dict[str, set[int]] = {}
    for row in rows:
        repositories.setdefault(row["sha"], set()).add(row["repo_id"])
    shared = {row["commit_date"] for row in rows if len(repositories[row["sha"]]) == 2}
    assert shared == {date(2024, 11, 20), date(2024, 11, 21)}


def test_the_same_days_again_make_the_same_files_and_ask_nobody(place: Place) -> None:
    assert place.run().success
    before = [place.lake.read(COMMITS.qualified, str(day), "git") for day in DAYS]
    asked = len(place.server.requests())
    # The repository that is not there is looked for again; the others are fresh.
    result = place.run(now="2024-11-24T05:00:00+00:00")
    assert metadata(result)["repositories_by_status"] == {"fresh": 4, "absent": 1}
    assert len(place.server.requests()) == asked + 1
    assert [place.lake.read(COMMITS.qualified, str(day), "git") for day in DAYS] == before
    one_by_one = [place.run(day, day) for day in DAYS]
    assert all(each.success for each in one_by_one)
    assert [place.lake.read(COMMITS.qualified, str(day), "git") for day in DAYS] == before


def test_neither_the_key_nor_an_address_is_in_any_file(place: Place, tmp_path: Path) -> None:
    assert place.run().success
    addresses = {commit.author_email for commit in planted(place, DAYS).values()}
    logins = {address.partition("@")[0] for address in addresses}
    assert len(logins) > 20
    secrets = [text.encode() for text in (KEY, *addresses, *logins)]
    files = [
        path
        for path in tmp_path.rglob("*")
        if path.is_file() and "mirrors" not in path.relative_to(tmp_path).parts
    ]
    assert any(path.suffix == ".parquet" for path in files)
    # Parquet packs its pages: look at the values themselves as well.
    contents = [path.read_bytes() for path in files]
    contents += [repr(row).encode() for row in place.table().to_pylist()]
    assert not [secret for secret in secrets for content in contents if secret in content]
    # A mirror holds what the public history says, and nothing of ours.
    mirrored = [path for path in (tmp_path / "mirrors").rglob("*") if path.is_file()]
    assert mirrored
    assert not any(KEY.encode() in path.read_bytes() for path in mirrored)


def test_a_repository_out_of_reach_is_named_and_gives_what_was_fetched_before(
    place: Place,
) -> None:
    assert place.run().success
    before = place.table()
    place.server.add_fault(Trouble("/git/sandbox-llama/", "status", status=503, times=100))
    result = place.run(now="2024-11-25T05:00:00+00:00")
    assert result.success
    said = metadata(result)
    assert said["repositories_by_status"] == {"fetched": 3, "absent": 1, "failed": 1}
    assert "sandbox-llama/llama-model: git ls-remote" in said["repositories_not_fetched"]
    assert place.table() == before


def test_when_nothing_can_be_reached_the_step_is_tried_again_and_no_row_is_lost(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(declare, "RETRY_WAIT_S", 0)
    assert place.run().success
    before = place.table()
    place.server.add_fault(Trouble("/git/", "status", status=503, times=100))
    result = place.run(now="2024-11-25T05:00:00+00:00")
    assert not result.success
    kinds = [event.event_type for event in result.all_events]
    assert kinds.count(dg.DagsterEventType.STEP_UP_FOR_RETRY) == 2
    assert place.table() == before


def test_without_a_key_nothing_is_read_and_the_setting_is_named_and_nothing_else_stops(
    place: Place,
) -> None:
    result = place.run(key="")
    assert result.success
    assert "OBSERVATORY_HASH_KEY" in metadata(result)["hash_key"]
    assert place.server.requests() == []
    assert place.lake.partitions(COMMITS.qualified, "git") == []
