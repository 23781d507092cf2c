"""Writes a vintage: DuckDB, Parquet, CSV and what describes them, and swaps it in as a whole."""

import hashlib
import json
import shutil
from collections.abc import Mapping
from datetime import UTC
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from assets.report.csv_file import write_csv
from assets.report.package import (
    DUCKDB_FILE,
    PACKAGE_FILE,
    SCHEMA_FILE,
    Issue,
    PublishedFile,
    comments,
    datapackage,
    json_schema,
)
from assets.report.tables import VINTAGE
from assets.tables import Table

_VINTAGES_KEPT = 3
_UNFINISHED, _LINK = ".unfinished.", ".current."
#: Longer tables open in no spreadsheet in comfort; their CSV is packed, to a fifth of the size.
LARGEST_PLAIN_ROWS = 100_000


def publish(
    root: Path,
    vintage: str,
    content: Mapping[Table, pa.Table],
    *,
    largest_plain_rows: int = LARGEST_PLAIN_ROWS,
) -> Path:
    """Write a vintage's files and point `current` at them, in one rename.

    One at a time. What a killed one left is removed first.

    Args:
        root: folder of the published vintages; made where missing.
        vintage: name of the new one.
        content: rows by table.
        largest_plain_rows: CSV files of more rows are packed (gzip).

    Returns:
        `root/current`, which now leads to the new vintage.
    """
    _remove_leftovers(root)
    # A name that no reader looks for, and that does not count among the vintages kept.
    folder = root / f"{_UNFINISHED}{vintage}"
    folder.mkdir(parents=True)
    written = _write_tables(folder, content, largest_plain_rows)
    package = datapackage(_issue(vintage, content.get(VINTAGE)), written)
    for name, described in ((PACKAGE_FILE, package), (SCHEMA_FILE, json_schema(content))):
        text = json.dumps(described, ensure_ascii=False, indent=1)
        (folder / name).write_text(f"{text}\n", encoding="utf-8")
    for file in folder.iterdir():
        file.chmod(0o444)
    (root / "vintages").mkdir(exist_ok=True)
    folder.rename(root / "vintages" / vintage)
    current = root / "current"
    link = root / f"{_LINK}{vintage}"
    link.symlink_to(Path("vintages") / vintage)
    link.replace(current)
    vintages = sorted((root / "vintages").iterdir(), key=lambda folder: folder.stat().st_mtime_ns)
    for old in vintages[:-_VINTAGES_KEPT]:
        if old.name != vintage:
            shutil.rmtree(old)
    return current


def _remove_leftovers(root: Path) -> None:
    for leftover in root.glob(f"{_UNFINISHED}*"):
        shutil.rmtree(leftover)
    for leftover in root.glob(f"{_LINK}*"):
        leftover.unlink()


def _write_tables(
    folder: Path, content: Mapping[Table, pa.Table], largest_plain_rows: int
) -> list[PublishedFile]:
    """The tables in all three forms; CSV first, then Parquet, then all together."""
    plain, typed = [], []
    with duckdb.connect(str(folder / DUCKDB_FILE)) as connection:
        for table, rows in content.items():
            parquet = folder / f"{table.name}.parquet"
            pq.write_table(rows, parquet, compression="zstd")
            ending = "csv" if rows.num_rows <= largest_plain_rows else "csv.gz"
            text = folder / f"{table.name}.{ending}"
            write_csv(rows, text)
            _write_duckdb(connection, table, rows)
            plain.append(_file(text, table, rows.num_rows))
            typed.append(_file(parquet, table, rows.num_rows))
    total = sum(rows.num_rows for rows in content.values())
    return [*plain, *typed, _file(folder / DUCKDB_FILE, None, total)]


def _write_duckdb(connection: duckdb.DuckDBPyConnection, table: Table, rows: pa.Table) -> None:
    """A table with what its declaration says of it and of its columns."""
    connection.register("incoming", rows)
    connection.execute(f"CREATE TABLE {table.name} AS SELECT * FROM incoming")  # noqa: S608
    connection.unregister("incoming")
    for column, text in comments(table).items():
        quoted = text.replace("'", "''")
        on = f"COLUMN {table.name}.{column}" if column else f"TABLE {table.name}"
        connection.execute(f"COMMENT ON {on} IS '{quoted}'")


def _file(path: Path, table: Table | None, row_count: int) -> PublishedFile:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return PublishedFile(path.name, path.stat().st_size, digest, table, row_count)


def _issue(vintage: str, rows: pa.Table | None) -> Issue:
    """Which publication it is, as its own table says."""
    if rows is None:
        return Issue(vintage)
    said: dict[str, Any] = rows.to_pylist()[0]
    return Issue(
        vintage,
        created=said["published_at"].astimezone(UTC),
        run_id=said["run_id"],
        is_synthetic=said["world"] != "live",
    )
