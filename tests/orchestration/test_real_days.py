"""Real archive files through a whole backfill: core.events against a plain gzip + json loop."""

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from assets.activity.scan import in_panel
from orchestration.materialise import make_days, materialise
from orchestration.runs import Runner
from resources.warehouse import Warehouse
from sandbox.server import SandboxServer
from tests.orchestration.conftest import sandbox_settings

PANEL_ONE_IN = 20
FILES = {
    "2015-01-01-0": "2015-01-01-0.json.gz",
    "2015-01-01-3": "2015-01-01-3.json.gz",
    "2015-01-01-4": "2015-01-01-4.json.gz",
    "2015-01-01-11": "malformed/2015-01-01-11.corrupt-header.json.gz",
    "2015-01-01-12": "malformed/zip-named-gz.archive.gz",
    "2016-07-07-0": "2016-07-07-0.head2000.json.gz",
    "2025-01-01-15": "2025-01-01-15.head2048.json.gz",
    "2012-07-26-7": "pre2015-one-per-type.json.gz",
}
DAYS = [date(2012, 7, 26), date(2015, 1, 1), date(2016, 7, 7), date(2025, 1, 1)]
TRACKED = {
    "rust-lang/rust": 724712,
    "php/php-src": 1903522,
    "docker/docker": 7691631,
    "symfony/symfony": 458058,
    "deepseek-ai/DeepSeek-V3": None,
    "deepseek-ai/DeepSeek-Coder": None,
    "ollama/ollama": None,
}


@dataclass
class Backfill:
    """What the backfill made, and what a plain loop finds."""

    warehouse: Warehouse
    expected: dict[date, set[tuple[str, str, datetime, int, int]]]


def plain_events(folder: Path) -> Iterator[dict[str, Any]]:
    """Every event of the files that are gzip, read by the standard library."""
    for path in sorted(folder.glob("*.json.gz")):
        try:
            with gzip.open(path, "rb") as file:
                yield from map(json.loads, file)
        except gzip.BadGzipFile:
            continue


@pytest.fixture(scope="module")
def backfill(
    real_data: Path, small_server: SandboxServer, tmp_path_factory: pytest.TempPathFactory
) -> Backfill:
    work = tmp_path_factory.mktemp("real")
    folder = work / "archive"
    folder.mkdir()
    for hour, name in FILES.items():
        (folder / f"{hour}.json.gz").symlink_to((real_data / "gharchive" / name).resolve())
    events = list(plain_events(folder))
    ids = {e["repo"]["name"]: e["repo"]["id"] for e in events if "repo" in e}
    tracked = {name: known or ids[name] for name, known in TRACKED.items()}
    listing = work / "tracked.csv"
    listing.write_text(
        "github_id,repository,previous_names,family,layer,developer,developer_country\n"
        + "".join(f"{number},{name},,,application,someone,US\n" for name, number in tracked.items())
    )
    settings = sandbox_settings(
        small_server,
        work / "data",
        OBSERVATORY_ARCHIVE_BASE_URLS=f"file:{folder}",
        OBSERVATORY_TRACKED_REPOSITORIES=str(listing),
        OBSERVATORY_FIRST_DAY="2012-01-01",
        OBSERVATORY_PANEL_ONE_IN=str(PANEL_ONE_IN),
        OBSERVATORY_NOW="2026-01-01T00:00:00+00:00",
    )
    for day in DAYS:
        assert materialise(settings, day, day, partial(make_one, day)) == 0
    return Backfill(Warehouse(str(settings.warehouse)), expected_days(events, tracked))


def make_one(day: date, runner: Runner, _: dg.DagsterInstance) -> int:
    return make_days(runner, day, day, 1)


def expected_days(
    events: list[dict[str, Any]], tracked: dict[str, int]
) -> dict[date, set[tuple[str, str, datetime, int, int]]]:
    """Events of today's schema that are to be kept, by the UTC day they happened on."""
    days: dict[date, set[tuple[str, str, datetime, int, int]]] = {}
    for event in events:
        if "repo" not in event or event["actor"]["login"].endswith("[bot]"):
            continue
        actor, repo = event["actor"]["id"], event["repo"]["id"]
        if repo in tracked.values() or in_panel(actor, PANEL_ONE_IN):
            moment = datetime.fromisoformat(event["created_at"]).astimezone(UTC)
            days.setdefault(moment.date(), set()).add(
                (event["type"], event["id"], moment, actor, repo)
            )
    return days


@pytest.mark.parametrize("day", DAYS[1:])
def test_a_real_day_gives_exactly_what_a_plain_loop_finds(backfill: Backfill, day: date) -> None:
    rows = backfill.warehouse.query(
        "SELECT event_type, event_id, created_at, actor_id, repo_id FROM core.events "
        "WHERE event_date = ?",
        [day],
    ).to_pylist()
    found = [tuple(row.values()) for row in rows]
    assert len(found) == len(set(found)) > 10
    assert set(found) == backfill.expected[day]


def test_rust_and_the_deepseek_and_ollama_stars_are_there(backfill: Backfill) -> None:
    rows = backfill.warehouse.query(
        "SELECT DISTINCT event_date, event_type, t.repository FROM core.events "
        "JOIN core.tracked_repositories AS t ON t.github_id = repo_id"
    ).to_pylist()
    found = {(str(row["event_date"]), row["event_type"], row["repository"]) for row in rows}
    assert any(day == "2015-01-01" and name == "rust-lang/rust" for day, _, name in found)
    for name in ("deepseek-ai/DeepSeek-V3", "deepseek-ai/DeepSeek-Coder", "ollama/ollama"):
        assert ("2025-01-01", "WatchEvent", name) in found


def test_missing_and_malformed_hours_are_stated_and_lose_nothing_else(backfill: Backfill) -> None:
    rows = backfill.warehouse.query(
        "SELECT hour(file_hour AT TIME ZONE 'UTC') AS hour, status, line_count, bad_line_count "
        "FROM raw.archive_hours WHERE archive_date = '2015-01-01'"
    ).to_pylist()
    statuses = {row["hour"]: row["status"] for row in rows}
    assert len(rows) == 24
    assert [hour for hour, status in statuses.items() if status == "complete"] == [0, 3, 4]
    assert {statuses[11], statuses[12]} == {"not_gzip"}
    assert [row["line_count"] for row in rows if row["hour"] in (0, 3, 4)] == [7702, 5971, 5869]


def test_the_timeline_schema_is_counted_and_matched_by_name(backfill: Backfill) -> None:
    (hour,) = backfill.warehouse.query(
        "SELECT timeline_count, event_count, kept_count FROM raw.archive_hours "
        "WHERE archive_date = '2012-07-26' AND status = 'complete'"
    ).to_pylist()
    assert hour == {"timeline_count": 15, "event_count": 15, "kept_count": 1}
    (row,) = backfill.warehouse.query(
        "SELECT event_type, repo_id, actor_id FROM core.events WHERE event_date = '2012-07-26'"
    ).to_pylist()
    assert row == {"event_type": "PullRequestEvent", "repo_id": 458058, "actor_id": None}
