"""The published snapshot: files swapped in together, read-only, and about nobody in particular."""

import re
import stat
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import dagster as dg
import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from assets.declare import Plan, prepare
from assets.engagement.shares import engagement
from assets.engagement.tables import COUNTRY_ACTIVITY, ENGAGEMENT
from assets.reference.loader import load_reference
from assets.reference.rows import reference_rows
from assets.reference.tables import ECONOMIES, POLICY_EVENTS, UPSTREAM_BREAKS
from assets.report.assets import build, publish, read_content
from assets.tables import Table
from resources.platform import Platform
from resources.warehouse import Warehouse, WarehouseResource

DAY = date(2024, 12, 15)
REFERENCE = Path(__file__).parents[3] / "assets" / "reference"
PERSONAL = re.compile(r"actor_?ids?$|login|location|company|e?mail|user|account_", re.IGNORECASE)
PUBLISHED = (COUNTRY_ACTIVITY, ENGAGEMENT, ECONOMIES, POLICY_EVENTS, UPSTREAM_BREAKS)


def activity_of(counts: dict[str, int]) -> pa.Table:
    return COUNTRY_ACTIVITY.arrow(
        [
            {
                "activity_date": DAY,
                "scope": "tracked",
                "event_group": "attention",
                "country_iso2": country,
                "actor_count": count,
                "event_count": count,
                "capped_event_count": count,
                "event_cap": 20,
            }
            for country, count in counts.items()
        ]
    )


def content_of(count: int) -> dict[Table, pa.Table]:
    """A content that tells itself from another by one number."""
    return {COUNTRY_ACTIVITY: activity_of({"CN": count})}


def vintages(root: Path) -> list[str]:
    return sorted(folder.name for folder in (root / "vintages").iterdir())


def count_in(folder: Path) -> int:
    """The number that tells a content from another, as a reader finds it."""
    with duckdb.connect(str(folder / "observatory.duckdb"), read_only=True) as connection:
        row = connection.execute("SELECT actor_count FROM country_activity").fetchone()
    assert row is not None
    return int(row[0])


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    """A warehouse with a day of figures and the shipped reference tables."""
    house = Warehouse(str(tmp_path / "warehouse.duckdb"), max_wait_s=5)
    prepare(house, *PUBLISHED)
    activity = activity_of({"CN": 40, "US": 6, "DE": 2, "ZZ": 30})
    house.replace_all(COUNTRY_ACTIVITY.qualified, activity)
    house.replace_all(ENGAGEMENT.qualified, engagement(DAY, activity, 24))
    rows = reference_rows(load_reference(REFERENCE))
    for table in (ECONOMIES, POLICY_EVENTS, UPSTREAM_BREAKS):
        house.replace_all(table.qualified, rows[table])
    return house


def test_current_is_a_relative_link_to_the_new_vintage(tmp_path: Path) -> None:
    current = publish(tmp_path, "first", content_of(7))
    assert current == tmp_path / "current"
    assert current.is_symlink()
    # A relative target survives moving the whole data folder.
    assert current.readlink() == Path("vintages/first")
    assert sorted(file.name for file in current.iterdir()) == [
        "country_activity.parquet",
        "observatory.duckdb",
    ]


def test_a_reader_of_the_old_vintage_is_not_disturbed_by_the_swap(tmp_path: Path) -> None:
    current = publish(tmp_path, "first", content_of(7))
    with duckdb.connect(str(current / "observatory.duckdb"), read_only=True) as reader:
        publish(tmp_path, "second", content_of(8))
        assert reader.execute("SELECT actor_count FROM country_activity").fetchall() == [(7,)]
    assert count_in(current) == 8
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_publication_that_breaks_off_leaves_the_old_one_current(tmp_path: Path) -> None:
    current = publish(tmp_path, "first", content_of(7))
    interval = pa.array([(1, 2, 3)], pa.month_day_nano_interval())  # Parquet has no such type
    broken = {**content_of(8), ENGAGEMENT: pa.table({"lasts": interval})}
    with pytest.raises(pa.ArrowNotImplementedError):
        publish(tmp_path, "second", broken)
    assert current.readlink() == Path("vintages/first")
    assert count_in(current) == 7
    publish(tmp_path, "third", content_of(9))
    assert count_in(current) == 9


def test_the_newest_three_vintages_are_kept(tmp_path: Path) -> None:
    # Names do not sort by age: the clock of a sandbox may run backwards.
    for number, vintage in enumerate(["d", "c", "e", "a", "b"]):
        publish(tmp_path, vintage, content_of(number))
    assert vintages(tmp_path) == ["a", "b", "e"]
    assert count_in(tmp_path / "current") == 4


def test_files_are_read_only(tmp_path: Path) -> None:
    current = publish(tmp_path, "first", content_of(7))
    for file in current.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o444


def test_duckdb_and_parquet_agree_and_hold_what_was_read(
    tmp_path: Path, warehouse: Warehouse
) -> None:
    content = read_content(warehouse)
    assert set(content) == set(PUBLISHED)
    current = publish(tmp_path / "published", "first", content)
    with duckdb.connect(str(current / "observatory.duckdb"), read_only=True) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for table, rows in content.items():
            assert rows.num_rows
            parquet = pq.read_table(current / f"{table.name}.parquet")
            stored = connection.execute(f"FROM {table.name}").to_arrow_table()
            assert parquet.to_pylist() == rows.to_pylist()
            assert stored.to_pylist() == rows.to_pylist()
            assert stored.column_names == list(table.column_names)


def test_small_cells_are_pooled_on_the_way_out_and_stay_in_the_mart(warehouse: Warehouse) -> None:
    content = read_content(warehouse)
    for table in (COUNTRY_ACTIVITY, ENGAGEMENT):
        shown = set(content[table]["country_iso2"].to_pylist())
        assert shown - {"ZZ"} == {"CN", "XX"}
        kept = warehouse.query(f"SELECT country_iso2 FROM {table.qualified}")  # noqa: S608
        assert "DE" in kept["country_iso2"].to_pylist()


def test_nothing_published_is_named_like_something_personal(warehouse: Warehouse) -> None:
    names = {name for rows in read_content(warehouse).values() for name in rows.column_names}
    assert [name for name in sorted(names) if PERSONAL.search(name)] == []
    assert PERSONAL.search("actor_id")
    assert not PERSONAL.search("actor_count")


Materialize = Callable[[], dg.ExecuteInProcessResult]


@pytest.fixture
def materialize(tmp_path: Path, warehouse: Warehouse) -> Materialize:
    """Materialise the snapshot, as a run does."""
    plan = Plan(daily=dg.DailyPartitionsDefinition(start_date="2022-01-01", timezone="UTC"))
    platform = Platform(
        world="sandbox",
        data_dir=str(tmp_path / "data"),
        reference_dir="",
        tracked_repositories="",
        rules="",
        fixed_now=datetime(2024, 12, 17, 2, tzinfo=UTC).isoformat(),
    )
    resources = {
        "warehouse": WarehouseResource(database=str(warehouse.database), max_wait_s=5),
        "platform": platform,
    }
    return lambda: dg.materialize(build(plan), partition_key=str(DAY), resources=resources)


def test_a_run_publishes_and_says_where(tmp_path: Path, materialize: Materialize) -> None:
    result = materialize()
    (made,) = result.asset_materializations_for_node("published__snapshot")
    current = tmp_path / "data" / "published" / "current"
    assert Path(str(made.metadata["files"].value)) == current
    vintage = str(made.metadata["vintage"].value)
    assert current.readlink() == Path("vintages") / vintage
    assert vintage.startswith(f"20241217T020000Z-{result.run_id[:8]}-")
    counts = {
        table.name: pq.read_metadata(current / f"{table.name}.parquet").num_rows
        for table in PUBLISHED
    }
    assert made.metadata["rows_by_table"].value == counts
    assert made.metadata["dagster/row_count"].value == sum(counts.values())


def test_publishing_twice_gives_the_same_rows_in_another_vintage(
    tmp_path: Path, materialize: Materialize
) -> None:
    """The same second of the same clock, as in a run that is tried again."""
    current = tmp_path / "data" / "published" / "current"
    seen = []
    for _ in range(2):
        assert materialize().success
        seen.append({file.name: pq.read_table(file) for file in current.glob("*.parquet")})
    assert seen[0] == seen[1]
    assert len(vintages(tmp_path / "data" / "published")) == 2
