"""Every byte below a folder, also as it reads once unpacked, and the forms of a text in it."""

import base64
import gzip
import hashlib
import io
import sqlite3
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus

import duckdb
import pyarrow.parquet as pq


def forms(text: str) -> dict[str, bytes]:
    """A text as it is, percent-encoded, as JSON may have it, in hexadecimal and in Base64.

    In Base64 whatever stands before it: of its three alignments the letters that are its alone.
    """
    found = {
        "plain": text,
        "path": quote(text),
        "percent": quote(text, safe=""),
        "query": quote_plus(text),
        "lower percent": quote(text, safe="").replace("%2B", "%2b").replace("%2F", "%2f"),
        "json": text.replace("/", "\\/"),
        "hex": text.encode().hex(),
    }
    for shift in range(3):
        coded = base64.b64encode(b"\0" * shift + text.encode()).decode()
        alone = coded[(0, 2, 3)[shift] : len(coded.rstrip("=")) - 1]
        found[f"base64 at {shift}"] = alone
        found[f"base64 of URLs at {shift}"] = alone.replace("+", "-").replace("/", "_")
    return {name: value.encode() for name, value in found.items()}


def pieces(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Where, and what: each file's bytes, and what they hold once unpacked, row by row.

    Of files with the same bytes, such as a backup's, the first.
    """
    seen: set[bytes] = set()
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        name, content = str(path.relative_to(folder)), path.read_bytes()
        yield f"name of {name}", name.encode()
        digest = hashlib.sha256(content).digest()
        if digest in seen:
            continue
        seen.add(digest)
        yield name, content
        yield from ((f"{name}: {where}", inside) for where, inside in _inside(path, content))


def _inside(path: Path, content: bytes) -> Iterator[tuple[str, bytes]]:
    if content.startswith(b"\x1f\x8b"):
        yield "inflated", gzip.decompress(content)
    elif content.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            yield from ((each, archive.read(each)) for each in archive.namelist())
    elif content.startswith(b"SQLite format 3\0"):
        yield from _sqlite(path)
    elif content.startswith(b"PAR1"):
        yield "footer", str(pq.read_metadata(path).metadata).encode()
        with duckdb.connect() as connection:
            yield "rows", _rows(connection.from_parquet(str(path)))
    elif content[8:12] == b"DUCK":
        with duckdb.connect() as connection:
            connection.execute(f"ATTACH '{path}' AS it (READ_ONLY)")
            names = connection.execute(
                "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'it'"
            ).fetchall()
            for schema, table in names:
                yield f"{schema}.{table}", _rows(connection.table(f'it."{schema}"."{table}"'))


def _rows(relation: duckdb.DuckDBPyRelation) -> bytes:
    rows = relation.query("given", "SELECT CAST(to_json(given) AS VARCHAR) FROM given").fetchall()
    return "\n".join(row[0] for row in rows).replace("\\\\", "\\").encode()


def _sqlite(path: Path) -> Iterator[tuple[str, bytes]]:
    """Values, as a long one lies in pages apart; Dagster keeps some of them deflated."""
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    connection.text_factory = bytes
    try:
        query = "SELECT name FROM sqlite_master WHERE type = 'table'"
        for table in [row[0].decode() for row in connection.execute(query)]:
            for row in connection.execute(f'SELECT * FROM "{table}"'):  # noqa: S608 - its own
                for value in row:
                    if isinstance(value, bytes):
                        yield table, value
                        if value.startswith((b"\x78\x9c", b"\x78\x01", b"\x78\xda")):
                            yield f"{table}, inflated", zlib.decompress(value)
    finally:
        connection.close()


def places(folder: Path, texts: dict[str, str]) -> list[str]:
    """Where below a folder each text stands, in whatever form.

    Args:
        folder: looked through with all that is below it.
        texts: by the name that they are reported with.
    """
    wanted = {
        value: f"{name}, {form}"
        for name, text in texts.items()
        for form, value in reversed(forms(text).items())
    }
    return [
        f"{where}: {name}"
        for where, content in pieces(folder)
        for value, name in wanted.items()
        if value in content
    ]
