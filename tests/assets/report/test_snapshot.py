"""The published snapshot: files swapped in together, read-only, and about nobody in particular."""

import re
import stat
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from assets.engagement.tables import CONCENTRATION, COUNTRY_ACTIVITY, ENGAGEMENT
from assets.indices.tables import COUNTRY_RATIO, ENGAGEMENT_INDEX
from assets.papers.tables import DIFFUSION_PAPERS
from assets.patents.tables import PATENT_COHORTS
from assets.report.assets import read_content
from assets.report.snapshot import publish
from assets.report.tables import ALERT_STATES, VINTAGE
from assets.tables import Table
from assets.visibility.tables import VISIBILITY_GAP
from resources.lake import Lake
from resources.warehouse import Warehouse
from tests.assets.report.conftest import DAY, PUBLISHED, Materialize, activity_of

PERSONAL = re.compile(
    r"actor_?ids?$|login|location(?!_quotient)|company|e?mail|user(?!_kind)|account_", re.IGNORECASE
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


def test_current_is_a_relative_link_to_the_new_vintage(tmp_path: Path) -> None:
    current = publish(tmp_path, "first", content_of(7))
    assert current == tmp_path / "current"
    assert current.is_symlink()
    # A relative target survives moving the whole data folder.
    assert current.readlink() == Path("vintages/first")
    assert sorted(file.name for file in current.iterdir()) == [
        "country_activity.csv",
        "country_activity.parquet",
        "datapackage.json",
        "observatory.duckdb",
        "schema.json",
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
    tmp_path: Path, warehouse: Warehouse, lake: Lake
) -> None:
    content = read_content(warehouse, lake)
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


def test_cells_of_fewer_than_five_papers_are_left_out(warehouse: Warehouse, lake: Lake) -> None:
    rows = read_content(warehouse, lake)[DIFFUSION_PAPERS].to_pylist()
    assert [row["user_kind"] for row in rows] == ["us_all"]
    assert warehouse.query(f"FROM {DIFFUSION_PAPERS.qualified}").num_rows == 2


def test_a_gap_of_few_works_or_patents_or_accounts_of_one_side_is_left_out(
    warehouse: Warehouse, lake: Lake
) -> None:
    rows = read_content(warehouse, lake)[VISIBILITY_GAP].to_pylist()
    assert [(row["user_kind"], row["use_measure"]) for row in rows] == [
        ("all", "papers"), ("us_all", "hub_downloads"),
    ]  # fmt: skip


def test_cells_of_fewer_than_five_patents_are_left_out(warehouse: Warehouse, lake: Lake) -> None:
    rows = read_content(warehouse, lake)[PATENT_COHORTS].to_pylist()
    assert [row["user_kind"] for row in rows] == ["us_all"]
    assert warehouse.query(f"FROM {PATENT_COHORTS.qualified}").num_rows == 2


def test_a_platform_without_papers_publishes_an_empty_table_of_them(
    warehouse: Warehouse, lake: Lake
) -> None:
    with warehouse.transaction() as connection:
        connection.execute(f"DROP TABLE {DIFFUSION_PAPERS.qualified}")
    rows = read_content(warehouse, lake)[DIFFUSION_PAPERS]
    assert (rows.num_rows, rows.column_names) == (0, list(DIFFUSION_PAPERS.column_names))


def test_small_cells_are_pooled_on_the_way_out_and_stay_in_the_mart(
    warehouse: Warehouse, lake: Lake
) -> None:
    """Of the day DE 2 and BR 1 take US 6 along; of the week BR 3 takes DE 9 along."""
    content = read_content(warehouse, lake)
    shown = {
        row["country_iso2"] for row in content[ENGAGEMENT].to_pylist() if row["period"] == "day"
    }
    assert shown == {"CN", "XX"}
    assert set(content[COUNTRY_ACTIVITY]["country_iso2"].to_pylist()) == {"CN", "XX", "ZZ"}
    for table in (COUNTRY_ACTIVITY, ENGAGEMENT):
        kept = warehouse.query(f"SELECT country_iso2 FROM {table.qualified}")  # noqa: S608
        assert {"DE", "BR"} <= set(kept["country_iso2"].to_pylist())


def test_what_is_derived_is_published_of_shown_countries_only(
    warehouse: Warehouse, lake: Lake
) -> None:
    content = read_content(warehouse, lake)
    assert content[ENGAGEMENT_INDEX]["country_iso2"].to_pylist() == ["CN", "US"]
    pairs = content[COUNTRY_RATIO].select(["country_iso2", "other_iso2"]).to_pylist()
    assert pairs == [{"country_iso2": "CN", "other_iso2": "US"}]
    assert content[CONCENTRATION]["scope"].to_pylist() == ["tracked"]


def test_no_count_of_accounts_that_is_published_is_under_five(
    warehouse: Warehouse, lake: Lake
) -> None:
    for table, rows in read_content(warehouse, lake).items():
        if "actor_count" in rows.column_names:
            assert min(rows["actor_count"].to_pylist()) >= 5, table.qualified


def test_nothing_published_is_named_like_something_personal(
    warehouse: Warehouse, lake: Lake
) -> None:
    names = {name for rows in read_content(warehouse, lake).values() for name in rows.column_names}
    assert [name for name in sorted(names) if PERSONAL.search(name)] == []
    assert PERSONAL.search("actor_id")
    assert PERSONAL.search("location")
    assert not PERSONAL.search("actor_count")


def test_a_run_publishes_and_says_where(tmp_path: Path, materialize: Materialize) -> None:
    result = materialize()
    revisions, made = result.asset_materializations_for_node("published__snapshot")
    assert revisions.asset_key.path == ["ops", "revisions"]
    current = tmp_path / "data" / "published" / "current"
    assert Path(str(made.metadata["files"].value)) == current
    vintage = str(made.metadata["vintage"].value)
    assert current.readlink() == Path("vintages") / vintage
    assert vintage.startswith(f"20241217T020000Z-{result.run_id[:8]}-")
    counts = {
        table.name: pq.read_metadata(current / f"{table.name}.parquet").num_rows
        for table in (*PUBLISHED, VINTAGE)
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
        del seen[-1]["vintage.parquet"]
    assert seen[0] == seen[1]
    assert len(vintages(tmp_path / "data" / "published")) == 2


def test_a_vintage_says_which_it_is_and_whose_run_made_it(
    tmp_path: Path, materialize: Materialize
) -> None:
    result = materialize()
    current = tmp_path / "data" / "published" / "current"
    (row,) = pq.read_table(current / "vintage.parquet").to_pylist()
    assert row["vintage"] == current.readlink().name
    assert row["run_id"] == result.run_id
    assert (str(row["published_at"]), row["world"]) == ("2024-12-17 02:00:00+00:00", "sandbox")


def test_where_alert_rules_stand_is_published_without_the_figures_that_moved_them(
    warehouse: Warehouse, lake: Lake
) -> None:
    states = read_content(warehouse, lake)[ALERT_STATES].to_pylist()
    assert states == [
        {
            "alert_id": rule,
            "rule_id": rule.partition(":")[0],
            "state": state,
            "since_date": DAY,
            "evaluated_through": DAY,
        }
        for rule, state in (
            ("cn-attention-share-high", "firing"),
            ("upstream-capture:gharchive:attention", "ok"),
        )
    ]
