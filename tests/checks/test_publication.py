"""mart.engagement holds what was staged and checked: nothing less, nothing more, nothing else."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import dagster as dg
import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from assets.engagement.tables import ENGAGEMENT, STAGED_ENGAGEMENT
from checks.publication import page_faults, publication_checks, snapshot_faults
from resources.lake import Lake
from resources.warehouse import Warehouse
from tests.engagement_rows import engagement_rows

DAY = date(2024, 12, 15)
RunCheck = Callable[..., dg.ExecuteInProcessResult]
PUBLISHED_AS_STAGED, *_ = publication_checks()


def shares_of(day: date) -> pa.Table:
    """Two rows."""
    return engagement_rows(day, {"CN": 8, "US": 2, "ZZ": 10})


def stage(lake: Lake, day: date, rows: pa.Table) -> None:
    lake.write(STAGED_ENGAGEMENT.qualified, str(day), rows)


def publish(warehouse: Warehouse, day: date, rows: pa.Table) -> None:
    warehouse.replace_days(ENGAGEMENT.qualified, "activity_date", [day], rows)


def evaluation(result: dg.ExecuteInProcessResult) -> dg.AssetCheckEvaluation:
    (found,) = result.get_asset_check_evaluations()
    return found


def test_what_is_published_as_staged_passes(
    lake: Lake, warehouse: Warehouse, run_check: RunCheck
) -> None:
    days = [DAY, DAY + timedelta(days=1)]
    for day in days:
        stage(lake, day, shares_of(day))
        publish(warehouse, day, shares_of(day).take([1, 0]))
    found = evaluation(run_check(PUBLISHED_AS_STAGED, ENGAGEMENT, *days))
    assert found.passed
    assert found.metadata["staged_rows"].value == 4
    assert found.description == (
        "4 staged rows on 2024-12-15 to 2024-12-16; 0 of them not published, "
        "0 published that were not staged."
    )


def less(rows: pa.Table) -> pa.Table:
    return rows.slice(1)


def more(rows: pa.Table) -> pa.Table:
    added = {**rows.to_pylist()[0], "country_iso2": "DE"}
    return STAGED_ENGAGEMENT.arrow([*rows.to_pylist(), added])


def otherwise(rows: pa.Table) -> pa.Table:
    index = rows.column_names.index("located_share")
    return rows.set_column(index, "located_share", pc.add(rows["located_share"], 1e-15))


def unknown(rows: pa.Table) -> pa.Table:
    """Both have a location quotient; a null is not one."""
    index = rows.column_names.index("location_quotient")
    return rows.set_column(index, "location_quotient", pa.nulls(2, pa.float64()))


def of_another_period(rows: pa.Table) -> pa.Table:
    index = rows.column_names.index("period")
    return rows.set_column(index, "period", pa.array(["day", "week"]))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (less, "1 of them not published, 0 published that were not staged"),
        (more, "0 of them not published, 1 published that were not staged"),
        (otherwise, "2 of them not published, 2 published that were not staged"),
        (unknown, "2 of them not published, 2 published that were not staged"),
        (of_another_period, "1 of them not published, 1 published that were not staged"),
    ],
)
def test_a_row_lost_added_or_changed_fails(
    lake: Lake,
    warehouse: Warehouse,
    run_check: RunCheck,
    change: Callable[[pa.Table], pa.Table],
    words: str,
) -> None:
    stage(lake, DAY, shares_of(DAY))
    rows = shares_of(DAY)
    publish(warehouse, DAY, change(rows).cast(rows.schema))
    found = evaluation(run_check(PUBLISHED_AS_STAGED, ENGAGEMENT, DAY))
    assert not found.passed
    assert found.severity is dg.AssetCheckSeverity.ERROR
    assert words in str(found.description)
    assert f"activity_date = {DAY}" in str(found.metadata["faults"].value)


def test_a_row_staged_twice_is_not_the_row_published_once(
    lake: Lake, warehouse: Warehouse, run_check: RunCheck
) -> None:
    stage(lake, DAY, pa.concat_tables([shares_of(DAY), shares_of(DAY).slice(0, 1)]))
    publish(warehouse, DAY, shares_of(DAY))
    found = evaluation(run_check(PUBLISHED_AS_STAGED, ENGAGEMENT, DAY))
    assert not found.passed
    assert "3 staged rows" in str(found.description)
    assert "1 of them not published" in str(found.description)


def test_days_that_the_run_did_not_make_are_not_compared(
    lake: Lake, warehouse: Warehouse, run_check: RunCheck
) -> None:
    stage(lake, DAY, shares_of(DAY))
    publish(warehouse, DAY, shares_of(DAY))
    publish(warehouse, DAY - timedelta(days=1), shares_of(DAY - timedelta(days=1)))
    stage(lake, DAY + timedelta(days=1), shares_of(DAY + timedelta(days=1)))
    assert evaluation(run_check(PUBLISHED_AS_STAGED, ENGAGEMENT, DAY)).passed


def test_a_day_that_has_neither_passes(run_check: RunCheck) -> None:
    assert evaluation(run_check(PUBLISHED_AS_STAGED, ENGAGEMENT, DAY)).passed


def snapshot(folder: Path, rows: int) -> None:
    """A publication of one table: two rows in the database, `rows` in its Parquet file."""
    with duckdb.connect(str(folder / "observatory.duckdb")) as connection:
        connection.execute("CREATE TABLE engagement AS SELECT 1 AS n UNION ALL SELECT 2")
    pq.write_table(pa.table({"n": list(range(rows))}), folder / "engagement.parquet")


def test_a_publication_is_whole_where_both_its_forms_have_the_same_rows(tmp_path: Path) -> None:
    snapshot(tmp_path, 2)
    assert snapshot_faults(tmp_path) == []


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda folder: (folder / "engagement.parquet").unlink(), "no in engagement.parquet"),
        (lambda folder: (folder / "observatory.duckdb").unlink(), "is not there"),
        (lambda folder: (folder / "observatory.duckdb").write_bytes(b"torn"), "cannot be read"),
        (
            lambda folder: pq.write_table(pa.table({"n": [1]}), folder / "engagement.parquet"),
            "engagement: 2 rows in observatory.duckdb, 1 in engagement.parquet",
        ),
    ],
    ids=["no Parquet", "no database", "torn database", "a row short"],
)
def test_a_publication_that_is_not_whole_is_told(
    tmp_path: Path, damage: Callable[[Path], object], words: str
) -> None:
    snapshot(tmp_path, 2)
    damage(tmp_path)
    (fault,) = snapshot_faults(tmp_path)
    assert words in fault


@pytest.mark.parametrize(
    ("html", "words"),
    [
        ("<p>See <a href='https://example.org'>the paper</a></p></html>\n", None),
        ("<p>half a pa", "is cut"),
        ('<script src="https://cdn.example/vega.js"></script></html>', "fetches 1 things"),
        ("<link rel=stylesheet href=//cdn.example/x.css></html>", "fetches 1 things"),
        (None, "is not there"),
    ],
)
def test_a_page_is_whole_and_fetches_nothing(
    tmp_path: Path, html: str | None, words: str | None
) -> None:
    page = tmp_path / "index.html"
    if html is not None:
        page.write_text(html)
    faults = page_faults(page)
    assert [words in fault for fault in faults] == ([True] if words else [])
