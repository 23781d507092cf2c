"""The newest of each source is read from what is there, not from what was made last."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg
import pyarrow as pa
import pytest

from assets.activity.tables import ARCHIVE_HOURS, COMMITS
from assets.baseline.tables import INNOVATION_GRAPH
from assets.declare import prepare
from assets.hub.tables import HUB_SNAPSHOTS
from assets.papers.tables import PAPERS
from assets.patents.tables import PATENT_FILES
from assets.polls.tables import REPOSITORY_POLLS, STAR_HISTORY
from assets.tables import Table
from assets.upkeep.assets import build, take_freshness
from assets.upkeep.freshness import Freshness, Status
from assets.upkeep.inventory import Inventory
from assets.upkeep.sources import OTHERS, archive
from assets.upkeep.tables import FRESHNESS, INVENTORY
from resources.lake import Lake, LakeResource
from resources.platform import Platform
from resources.warehouse import Warehouse, WarehouseResource

NOW = datetime(2026, 3, 10, 6, 20, tzinfo=UTC)
EXPECTED = (archive("gharchive"), archive("opendigger"), *OTHERS)
_ZEROS: dict[pa.DataType, object] = {
    pa.string(): "", pa.int64(): 0, pa.int32(): 0, pa.float64(): 0.0, pa.bool_(): False,
    pa.date32(): date(2026, 1, 1), pa.timestamp("us", "UTC"): NOW,
}  # fmt: skip


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(str(tmp_path / "lake"))


@pytest.fixture
def house(tmp_path: Path) -> Warehouse:
    return Warehouse(str(tmp_path / "warehouse.duckdb"), max_wait_s=5)


def row(table: Table, **given: object) -> pa.Table:
    """One row, what is not given being empty or nought."""
    fields = table.arrow_schema
    filled = {each.name: _ZEROS.get(each.type, []) for each in fields if not each.nullable}
    return table.arrow([{**dict.fromkeys(table.column_names), **filled, **given}])


def put(lake: Lake, table: Table, partition: str, part: str | None = None, **given: object) -> None:
    lake.write(table.qualified, partition, row(table, **given), part)


def stands(lake: Lake, house: Warehouse, now: datetime = NOW) -> dict[str, Freshness]:
    return {each.source.name: each for each in take_freshness(lake, house, EXPECTED, now)}


def through(found: dict[str, Freshness]) -> dict[str, str]:
    return {
        name: f"{each.newest_through:%Y-%m-%d %H:%M}"
        for name, each in found.items()
        if each.newest_through
    }


def fill(lake: Lake, house: Warehouse) -> None:
    """What there is after an ordinary night."""
    for name in ("gharchive", "opendigger"):
        put(lake, ARCHIVE_HOURS, "2026-03-09", name, status="complete")
    put(lake, COMMITS, "2026-03-09", "git")
    put(lake, PAPERS, "2026-02-01")
    for product in ("grants", "applications"):
        put(lake, PATENT_FILES, "2026-03-03", product, status="complete")
    prepare(house, REPOSITORY_POLLS, STAR_HISTORY, HUB_SNAPSHOTS, INNOVATION_GRAPH)
    night = NOW.replace(hour=0, minute=25)
    for table, values in (
        (REPOSITORY_POLLS, {"polled_at": NOW - timedelta(minutes=9), "outcome": "unchanged"}),
        (STAR_HISTORY, {"asked_at": night}),
        (HUB_SNAPSHOTS, {"last_asked_at": night, "state": "complete"}),
        (INNOVATION_GRAPH, {"quarter_start_date": date(2025, 7, 1)}),
    ):
        house.replace_all(table.qualified, row(table, **values))


def test_after_an_ordinary_night_all_sources_are_fresh(lake: Lake, house: Warehouse) -> None:
    fill(lake, house)
    found = stands(lake, house)
    assert {each.status for each in found.values()} == {Status.FRESH}
    assert through(found) == {
        "gharchive": "2026-03-10 00:00",
        "opendigger": "2026-03-10 00:00",
        "github_events": "2026-03-10 06:11",
        "star_history": "2026-03-10 00:25",
        "git": "2026-03-10 00:00",
        "huggingface_hub": "2026-03-10 00:25",
        "openalex": "2026-03-01 00:00",
        "uspto": "2026-03-10 00:00",
        "innovation_graph": "2025-10-01 00:00",
    }


def test_days_whose_files_were_not_there_make_no_source_fresh(lake: Lake, house: Warehouse) -> None:
    fill(lake, house)
    for day in ("2026-03-10", "2026-03-11"):
        put(lake, ARCHIVE_HOURS, day, "gharchive", status="missing")
        put(lake, ARCHIVE_HOURS, day, "opendigger", status="truncated")
    put(lake, PATENT_FILES, "2026-03-10", "grants", status="complete")
    put(lake, PATENT_FILES, "2026-03-10", "applications", status="missing")
    house.replace_all(
        REPOSITORY_POLLS.qualified, row(REPOSITORY_POLLS, polled_at=NOW, outcome="failed")
    )
    house.replace_all(
        HUB_SNAPSHOTS.qualified, row(HUB_SNAPSHOTS, last_asked_at=None, state="missed")
    )
    found = stands(lake, house, NOW + timedelta(days=8))
    newest = through(found)
    assert newest["gharchive"] == "2026-03-10 00:00"
    assert newest["opendigger"] == "2026-03-12 00:00"
    # A week is there when both its files are.
    assert newest["uspto"] == "2026-03-10 00:00"
    assert found["github_events"].status is Status.NEVER
    assert found["huggingface_hub"].status is Status.NEVER
    assert found["gharchive"].status is Status.OVERDUE
    assert found["uspto"].status is Status.LATE


def test_an_empty_platform_has_read_nothing_yet(lake: Lake, house: Warehouse) -> None:
    assert {each.status for each in stands(lake, house).values()} == {Status.NEVER}


def test_both_tables_are_replaced_at_each_taking(
    tmp_path: Path, lake: Lake, house: Warehouse
) -> None:
    taken: list[datetime] = []

    def take(instance: dg.DagsterInstance, now: datetime) -> Inventory:
        assert not instance.get_runs_count(dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE]))
        taken.append(now)
        return Inventory(now, (), ())

    fill(lake, house)
    made = build(None, take, ["gharchive"])
    resources = {
        "lake": LakeResource(base_path=str(tmp_path / "lake")),
        "warehouse": WarehouseResource(database=str(house.database)),
        "platform": Platform(
            world="sandbox", data_dir=str(tmp_path), reference_dir="", tracked_repositories="",
            rules="", fixed_now=NOW.isoformat(),
        ),
    }  # fmt: skip
    for _ in range(2):
        assert dg.materialize(made, resources=resources).success
    assert taken == [NOW, NOW]
    assert house.query(f"SELECT count(*) AS n FROM {INVENTORY.qualified}")["n"].to_pylist() == [0]  # noqa: S608
    names = house.query(f"SELECT source FROM {FRESHNESS.qualified}")["source"].to_pylist()  # noqa: S608
    assert sorted(names) == sorted({each.name for each in EXPECTED} - {"opendigger"})
