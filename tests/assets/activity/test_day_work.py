"""The work of a day: handed to another process it makes the same rows, and done twice, no more."""

import pickle
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from assets.activity import tables
from assets.activity.day_work import (
    RAW,
    TRACKED_SCHEMA,
    ActorDaysDay,
    EventsDay,
    MadeDay,
    ScanDay,
    ScanFailures,
    ScannedDay,
    selection_of,
)
from assets.activity.ingest import HourFailures
from resources.archive import HourlyArchive
from resources.engine import SharedInLake, Work, hand_over
from resources.http import NotFoundError, TransientUpstreamError, UpstreamError
from resources.lake import Lake
from resources.platform import Clock
from sandbox.server import SandboxServer
from sandbox.trouble import Trouble
from sandbox.world import World

DAY = date(2024, 11, 26)
DAYS = [DAY, DAY + timedelta(days=1)]
LATER = Clock("2024-12-20T02:00:00+00:00")
FAILURES = ScanFailures(HourFailures(NotFoundError, UpstreamError), outage=TransientUpstreamError)
KINDS = pa.schema([("github_id", pa.int64()), ("origin", pa.string()), ("layer", pa.string())])


@pytest.fixture(scope="module")
def world() -> World:
    return World(seed=3, developers=300)


@pytest.fixture
def server(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[SandboxServer]:
    for name in ("http_proxy", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with SandboxServer(world) as running:
        yield running


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(str(tmp_path / "lake"))


def shared_of(world: World, lake: Lake) -> tuple[SharedInLake, SharedInLake, SharedInLake]:
    """Tracked names, no authors, and kinds of repositories."""
    rows = world.tracked_repositories
    names = [{"github_id": row.github_id, "names": [row.name]} for row in rows]
    kinds = [{"github_id": row.github_id, "origin": "cn", "layer": "model"} for row in rows]
    authors = pa.schema([("author_hash", pa.string()), ("actor_id", pa.int64())]).empty_table()
    return (
        hand_over(lake, "names", pa.Table.from_pylist(names, schema=TRACKED_SCHEMA)),
        hand_over(lake, "authors", authors),
        hand_over(lake, "kinds", pa.Table.from_pylist(kinds, schema=KINDS)),
    )


def works(
    world: World, server: SandboxServer, lake: Lake
) -> tuple[Work[ScannedDay], Work[MadeDay], Work[MadeDay]]:
    """Scan, events, actor days, as a worker gets them."""
    names, authors, kinds = shared_of(world, lake)
    archive = HourlyArchive("gharchive", (server.url,), attempts=1)
    scan = ScanDay((archive,), lake, names, 10, LATER, FAILURES)
    made: tuple[Work[ScannedDay], Work[MadeDay], Work[MadeDay]] = pickle.loads(  # noqa: S301
        pickle.dumps((scan, EventsDay(lake, authors, 10), ActorDaysDay(lake, kinds)))
    )
    return made


def quiet(line: str) -> None:
    del line


def rows_of(lake: Lake) -> dict[str, list[dict[str, object]]]:
    """All rows by table, in one order."""
    found = {}
    for table, part in (
        *((table, "gharchive") for table in RAW),
        (tables.EVENTS, None),
        (tables.ACTOR_DAYS, None),
    ):
        names = [str(day) for day in DAYS]
        found[table.name] = lake.read_all(
            table.qualified, names, table.arrow_schema, part
        ).to_pylist()
    return found


def test_a_day_done_twice_is_there_once_and_asks_for_no_file_again(
    world: World, server: SandboxServer, lake: Lake
) -> None:
    scan, events, actor_days = works(world, server, lake)
    first = [(scan(day, quiet), events(day, quiet), actor_days(day, quiet)) for day in DAYS]
    before, asked = rows_of(lake), len(server.requests())
    assert len(before["events"]) > 50
    assert len(before["actor_days"]) > 20
    again = [(scan(day, quiet), events(day, quiet), actor_days(day, quiet)) for day in DAYS]
    assert rows_of(lake) == before
    for (one, *made), (other, *made_again) in zip(first, again, strict=True):
        assert other.row_counts == one.row_counts
        assert (one.fetched_count, one.byte_count > 0) == (24, True)
        assert made == made_again
    # Only files that are not whole may be worth another question.
    whole = sum(row["status"] == "complete" for row in before["archive_hours"])
    assert whole > 30
    assert len(server.requests()) - asked <= 48 - whole


def test_rows_are_counted_as_they_lie_there(
    world: World, server: SandboxServer, lake: Lake
) -> None:
    scan, events, actor_days = works(world, server, lake)
    counts: dict[str, int] = {}
    for day in DAYS:
        for work in (scan, events, actor_days):
            for name, count in work(day, quiet).row_counts.items():
                counts[name] = counts.get(name, 0) + count
    assert counts == {name: len(rows) for name, rows in rows_of(lake).items()}


def test_an_archive_that_is_down_is_an_outage_where_nothing_is_known(
    world: World, server: SandboxServer, lake: Lake
) -> None:
    scan, *_ = works(world, server, lake)
    server.add_fault(Trouble("/", "status", status=503, times=1_000))
    with pytest.raises(TransientUpstreamError, match="none of 24 files could be reached"):
        scan(DAY, quiet)
    assert lake.partitions("raw.archive_hours", "gharchive") == []


def test_an_archive_is_not_asked_for_days_before_it_began(
    world: World, server: SandboxServer, lake: Lake
) -> None:
    names, *_ = shared_of(world, lake)
    young = HourlyArchive("young", (server.url,), first_day=str(DAYS[1]), attempts=1)
    scan = ScanDay((young,), lake, names, 10, LATER, FAILURES)
    assert scan(DAYS[0], quiet).statuses == {}
    assert server.requests() == []
    assert sum(scan(DAYS[1], quiet).statuses["young"].values()) == 24


def test_all_of_a_repository_s_names_are_looked_for_in_small_letters() -> None:
    rows = [{"github_id": 7, "names": ["Org/New", "org/OLD"]}, {"github_id": 8, "names": ["a/b"]}]
    found = selection_of(pa.Table.from_pylist(rows, schema=TRACKED_SCHEMA), 1000)
    assert found.repository_ids == {7, 8}
    assert found.names == {"org/new": 7, "org/old": 7, "a/b": 8}
    assert found.panel_one_in == 1000
