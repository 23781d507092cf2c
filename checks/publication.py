"""Checks that what is published is what was checked, whole, and can be read."""

import re
from pathlib import Path

import dagster as dg
import duckdb
import pyarrow.parquet as pq

from assets.declare import asset_key
from assets.engagement.tables import ENGAGEMENT, STAGED_ENGAGEMENT
from assets.report.tables import PAGE, SNAPSHOT
from checks.days import days_of_check, span_of
from checks.rows_at_fault import Fault, cell, fault_metadata, first_rows, listed, to_do
from resources.lake import LakeResource
from resources.platform import Platform
from resources.warehouse import WarehouseResource

DATABASE_FILE = "observatory.duckdb"
PAGE_FILE = "index.html"
#: What a page that needs no network has nowhere: something that is fetched when it opens.
_FETCHED = re.compile(
    r"<(?:script|img|iframe|link)\b[^>]*\b(?:src|href)=[\"']?(?:https?:)?//", re.I
)
_MOST_FAULTS = 10


def publication_checks() -> list[dg.AssetChecksDefinition]:
    """The checks of this module."""
    return [
        dg.asset_check(
            asset=asset_key(ENGAGEMENT),
            name="published_as_staged",
            description="mart.engagement holds exactly the rows of stage.engagement, day by day.",
        )(published_as_staged),
        dg.asset_check(
            asset=asset_key(SNAPSHOT),
            name="published_whole",
            description=(
                f"Readers find {DATABASE_FILE}, it opens read-only, and each of its tables has as "
                "many rows as the Parquet file of its name beside it."
            ),
        )(published_whole),
        dg.asset_check(
            asset=asset_key(PAGE),
            name="page_whole",
            description=(
                "The page stands beside the published files, is whole to its last line, and "
                "fetches nothing from any network when it opens."
            ),
        )(page_whole),
    ]


def published_as_staged(
    context: dg.AssetCheckExecutionContext, lake: LakeResource, warehouse: WarehouseResource
) -> dg.AssetCheckResult:
    """Compare the published with the staged rows, both ways."""
    store = lake.open()
    days = days_of_check(context, store)
    staged = store.read_all(
        STAGED_ENGAGEMENT.qualified, [str(day) for day in days], STAGED_ENGAGEMENT.arrow_schema
    )
    columns = ", ".join(ENGAGEMENT.column_names)
    with warehouse.open().transaction() as connection:
        connection.register("staged", staged)
        connection.execute(
            f"CREATE TEMP TABLE published AS SELECT {columns} FROM {ENGAGEMENT.qualified} "  # noqa: S608
            "WHERE list_contains(?::DATE[], activity_date)",
            [days],
        )
        unstaged = connection.sql("FROM published EXCEPT ALL FROM staged").to_arrow_table()
        unpublished = connection.sql("FROM staged EXCEPT ALL FROM published").to_arrow_table()
        connection.execute("DROP TABLE published")
    faults = [
        Fault(words, rows.num_rows, first_rows(rows.select(ENGAGEMENT.key)))
        for words, rows in (
            ("staged and not published so", unpublished),
            ("published and not staged so", unstaged),
        )
        if rows.num_rows
    ]
    return dg.AssetCheckResult(
        passed=not faults,
        severity=dg.AssetCheckSeverity.ERROR,
        description=f"{staged.num_rows} staged rows on {span_of(days)}; {unpublished.num_rows} of "
        f"them not published, {unstaged.num_rows} published that were not staged.",
        metadata={
            "staged_rows": staged.num_rows,
            **fault_metadata(faults, "published_as_staged"),
        },
    )


def published_whole(platform: Platform) -> dg.AssetCheckResult:
    """Open what readers open, and count its rows."""
    # What is current may be replaced meanwhile: one publication is looked at.
    folder = platform.data("published", "current").resolve()
    return _of_files(folder, snapshot_faults(folder), "published_whole")


def page_whole(platform: Platform) -> dg.AssetCheckResult:
    """Look at the page's file."""
    folder = platform.data("published", "current").resolve()
    return _of_files(folder, page_faults(folder / PAGE_FILE), "page_whole")


def snapshot_faults(folder: Path) -> list[str]:
    """What is wrong with the files of a publication."""
    database = folder / DATABASE_FILE
    if not database.is_file():
        return [f"{DATABASE_FILE} is not there"]
    try:
        with duckdb.connect(str(database), read_only=True) as connection:
            names = [
                row[0]
                for row in connection.execute(
                    "SELECT DISTINCT table_name FROM duckdb_tables() ORDER BY ALL"
                ).fetchall()
            ]
            counts = {
                name: (connection.table(f'"{name}"').count("*").fetchone() or (0,))[0]
                for name in names
            }
    except duckdb.Error as error:
        return [f"{DATABASE_FILE} cannot be read: {error}"]
    files = {file.stem: pq.read_metadata(file).num_rows for file in folder.glob("*.parquet")}
    return [
        f"{name}: {counts.get(name, 'no')} rows in {DATABASE_FILE}, "
        f"{files.get(name, 'no')} in {name}.parquet"
        for name in sorted({*counts, *files})
        if counts.get(name) != files.get(name)
    ]


def page_faults(page: Path) -> list[str]:
    """What is wrong with a page."""
    if not page.is_file():
        return [f"{page.name} is not there"]
    html = page.read_text(encoding="utf-8")
    faults = [] if html.rstrip().endswith("</html>") else [f"{page.name} is cut"]
    fetched = _FETCHED.findall(html)
    return faults + ([f"it fetches {len(fetched)} things: {fetched[0]}"] if fetched else [])


def _of_files(folder: Path, faults: list[str], check: str) -> dg.AssetCheckResult:
    named = listed(cell(fault) for fault in faults[:_MOST_FAULTS])
    return dg.AssetCheckResult(
        passed=not faults,
        severity=dg.AssetCheckSeverity.ERROR,
        description=f"{len(faults)} faults: {faults[0]}." if faults else "Whole and readable.",
        metadata={
            "vintage": folder.name,
            "faults": dg.MetadataValue.md(named or "None."),
            **to_do(check),
        },
    )
