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

from assets.attribution.tables import ATTRIBUTION_RELIABILITY
from assets.coverage.tables import COVERAGE
from assets.declare import Plan, prepare
from assets.engagement.tables import CONCENTRATION, COUNTRY_ACTIVITY, ENGAGEMENT
from assets.hub.tables import DIFFUSION_HUB, HUB_CONCENTRATION, HUB_SNAPSHOTS
from assets.indices.tables import COUNTRY_RATIO, CROSSINGS, ENGAGEMENT_INDEX
from assets.reference.loader import load_reference
from assets.reference.rows import reference_rows
from assets.reference.tables import (
    COUNTRY_GROUPINGS,
    ECONOMIES,
    POLICY_EVENTS,
    UPSTREAM_BREAKS,
)
from assets.report.assets import build, publish, read_content
from assets.tables import Table
from resources.platform import Platform
from resources.warehouse import Warehouse, WarehouseResource
from tests.engagement_rows import engagement_rows

DAY = date(2024, 12, 15)
REFERENCE = Path(__file__).parents[3] / "assets" / "reference"
PERSONAL = re.compile(
    r"actor_?ids?$|login|location(?!_quotient)|company|e?mail|user|account_", re.IGNORECASE
)
REFERENCE_TABLES = (ECONOMIES, COUNTRY_GROUPINGS, POLICY_EVENTS, UPSTREAM_BREAKS)
PUBLISHED = (
    COUNTRY_ACTIVITY,
    ENGAGEMENT,
    CONCENTRATION,
    ENGAGEMENT_INDEX,
    COUNTRY_RATIO,
    CROSSINGS,
    ATTRIBUTION_RELIABILITY,
    COVERAGE,
    DIFFUSION_HUB,
    HUB_CONCENTRATION,
    HUB_SNAPSHOTS,
    *REFERENCE_TABLES,
)
#: Of the day DE has two accounts, of the week none too few; BR is pooled in both.
DAY_COUNTS = {"CN": 40, "US": 6, "DE": 2, "BR": 1, "ZZ": 30}
WEEK_COUNTS = {"CN": 90, "US": 60, "DE": 9, "BR": 3, "ZZ": 90}


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


def plausible(table: Table, **values: object) -> dict[str, object]:
    """A row of a table: `values`, and something of the right type for what they leave out."""
    of_type = {
        "DATE": DAY,
        "VARCHAR": "x",
        "BIGINT": 100,
        "INTEGER": 1,
        "DOUBLE": 0.5,
        "BOOLEAN": True,
        "TIMESTAMPTZ": datetime(2024, 12, 15, tzinfo=UTC),
    }
    return {column.name: of_type[column.type] for column in table.columns} | values


CELL = {"period": "week", "scope": "tracked", "event_group": "attention", "grouping": "apart"}
WEEK_CELL = {name: CELL[name] for name in ("scope", "event_group", "grouping")}


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    """A warehouse with a day and a week of figures and the shipped reference tables."""
    house = Warehouse(str(tmp_path / "warehouse.duckdb"), max_wait_s=5)
    prepare(house, *PUBLISHED)
    house.replace_all(COUNTRY_ACTIVITY.qualified, activity_of(DAY_COUNTS))
    days = engagement_rows(DAY, DAY_COUNTS)
    weeks = engagement_rows(DAY, WEEK_COUNTS, period="week")
    house.replace_all(ENGAGEMENT.qualified, pa.concat_tables([days, weeks]))
    rows = {
        CONCENTRATION: [
            plausible(CONCENTRATION, **CELL),
            plausible(CONCENTRATION, **CELL | {"scope": "origin_cn"}),  # nothing else is shown
        ],
        ENGAGEMENT_INDEX: [
            plausible(ENGAGEMENT_INDEX, **WEEK_CELL, country_iso2=country)
            for country in ("CN", "US", "BR")
        ],
        COUNTRY_RATIO: [
            plausible(COUNTRY_RATIO, **WEEK_CELL, country_iso2=country, other_iso2=other)
            for country, other in (("CN", "US"), ("CN", "BR"), ("BR", "US"))
        ],
        CROSSINGS: [plausible(CROSSINGS, **WEEK_CELL, country_iso2="CN", other_iso2="US")],
        ATTRIBUTION_RELIABILITY: [
            plausible(ATTRIBUTION_RELIABILITY, probability_from=start, actor_count=count)
            for start, count in ((0.1, 4), (0.2, 5), (0.3, 700))
        ],
        COVERAGE: [plausible(COVERAGE, repo_id=None), plausible(COVERAGE, repo_id=7)],
        DIFFUSION_HUB: [plausible(DIFFUSION_HUB)],
        HUB_CONCENTRATION: [plausible(HUB_CONCENTRATION)],
        HUB_SNAPSHOTS: [plausible(HUB_SNAPSHOTS)],
    }
    for table, each in rows.items():
        house.replace_all(table.qualified, table.arrow(each))
    shipped = reference_rows(load_reference(REFERENCE))
    for table in REFERENCE_TABLES:
        house.replace_all(table.qualified, shipped[table])
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
    """Of the day DE 2 and BR 1 take US 6 along; of the week BR 3 takes DE 9 along."""
    content = read_content(warehouse)
    shown = {
        row["country_iso2"] for row in content[ENGAGEMENT].to_pylist() if row["period"] == "day"
    }
    assert shown == {"CN", "XX"}
    assert set(content[COUNTRY_ACTIVITY]["country_iso2"].to_pylist()) == {"CN", "XX", "ZZ"}
    for table in (COUNTRY_ACTIVITY, ENGAGEMENT):
        kept = warehouse.query(f"SELECT country_iso2 FROM {table.qualified}")  # noqa: S608
        assert {"DE", "BR"} <= set(kept["country_iso2"].to_pylist())


def test_what_is_derived_is_published_of_shown_countries_only(warehouse: Warehouse) -> None:
    content = read_content(warehouse)
    assert content[ENGAGEMENT_INDEX]["country_iso2"].to_pylist() == ["CN", "US"]
    pairs = content[COUNTRY_RATIO].select(["country_iso2", "other_iso2"]).to_pylist()
    assert pairs == [{"country_iso2": "CN", "other_iso2": "US"}]
    assert content[CONCENTRATION]["scope"].to_pylist() == ["tracked"]


def test_no_count_of_accounts_that_is_published_is_under_five(warehouse: Warehouse) -> None:
    for table, rows in read_content(warehouse).items():
        if "actor_count" in rows.column_names:
            assert min(rows["actor_count"].to_pylist()) >= 5, table.qualified


def test_nothing_published_is_named_like_something_personal(warehouse: Warehouse) -> None:
    names = {name for rows in read_content(warehouse).values() for name in rows.column_names}
    assert [name for name in sorted(names) if PERSONAL.search(name)] == []
    assert PERSONAL.search("actor_id")
    assert PERSONAL.search("location")
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
