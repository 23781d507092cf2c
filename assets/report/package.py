"""Describes a vintage's files to machines: a Frictionless data package and a JSON Schema of rows.

Both are made of the tables' declarations, as the UI's column schemas and the data dictionary are.
Specifications: https://specs.frictionlessdata.io, https://json-schema.org/draft/2020-12.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from assets.report.provenance import PROJECT, SOURCES, Source
from assets.tables import Column, Table

PACKAGE_FILE, SCHEMA_FILE, DUCKDB_FILE = "datapackage.json", "schema.json", "observatory.duckdb"
_ELEMENT = "[]"  # ends the type of a list
_FIELD_TYPES = {
    "BIGINT": "integer",
    "INTEGER": "integer",
    "DOUBLE": "number",
    "BOOLEAN": "boolean",
    "VARCHAR": "string",
    "BLOB": "string",
    "DATE": "date",
    "TIMESTAMPTZ": "datetime",
}
_JSON_FORMATS = {"date": "date", "datetime": "date-time"}
#: Open licences of what figures were made of, by the beginning of a source's terms.
_CSV_WORDS = (
    "UTF-8, a header, null is empty, times in UTC. A text that a spreadsheet would take for a "
    "formula has an apostrophe in front, and characters that nobody sees are U+FFFD; Parquet has "
    "both as they are."
)


@dataclass(frozen=True, slots=True)
class PublishedFile:
    """A file of a vintage.

    Attributes:
        path: below the vintage's folder.
        byte_count: its size.
        sha256: digest of its bytes, in hexadecimal.
        table: what it holds; None for all tables together.
        row_count: rows in it.
    """

    path: str
    byte_count: int
    sha256: str
    table: Table | None
    row_count: int


@dataclass(frozen=True, slots=True)
class Issue:
    """Which publication files are of; `created` is None where nobody said when it was."""

    vintage: str
    created: datetime | None = None
    run_id: str = ""
    is_synthetic: bool = False


#: As CSV files have points in time (UTC): the default of a Table Schema has whole seconds.
_CSV_TIME = "%Y-%m-%dT%H:%M:%S.%f%z"


def field(column: Column) -> dict[str, Any]:
    """A column as a field of a Table Schema; `unit` and `duckdbType` are additions of our own."""
    made: dict[str, Any] = {
        "name": column.name,
        "type": "array" if column.type.endswith(_ELEMENT) else _FIELD_TYPES[column.type],
        "description": column.description,
        "duckdbType": column.type,
    }
    if made["type"] == "datetime":
        made["format"] = _CSV_TIME
    if column.unit:
        made["unit"] = column.unit
    if not column.nullable:
        made["constraints"] = {"required": True}
    return made


def table_schema(table: Table) -> dict[str, Any]:
    """A table as a Table Schema.

    A key with a nullable column is no primary key: its columns are unique together, with null as
    a value of its own.
    """
    is_nullable = any(column.nullable for column in table.columns if column.name in table.key)
    key: dict[str, Any] = (
        {"uniqueKeys": [list(table.key)]} if is_nullable else {"primaryKey": list(table.key)}
    )
    return {
        "fields": [field(column) for column in table.columns],
        "missingValues": [""],
        **key,
    }


def json_schema(tables: Iterable[Table]) -> dict[str, Any]:
    """JSON Schema (2020-12) of the published tables: lists of rows, each an object by column."""
    rows = {table.name: _row_schema(table) for table in tables}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"{PROJECT}: rows of the published tables",
        "type": "object",
        "properties": {
            name: {"type": "array", "items": {"$ref": f"#/$defs/{name}"}} for name in rows
        },
        "additionalProperties": False,
        "$defs": rows,
    }


def _row_schema(table: Table) -> dict[str, Any]:
    return {
        "type": "object",
        "title": table.name,
        "description": f"{table.description} Grain: {table.grain}.",
        "properties": {column.name: _value_schema(column) for column in table.columns},
        "required": list(table.column_names),
        "additionalProperties": False,
    }


def _value_schema(column: Column) -> dict[str, Any]:
    made = _json_type(column.type)
    if column.nullable:
        made["type"] = [made["type"], "null"]
    made["description"] = column.description
    if column.unit:
        made["unit"] = column.unit
    return made


def _json_type(type_: str) -> dict[str, Any]:
    if type_.endswith(_ELEMENT):
        return {"type": "array", "items": _json_type(type_.removesuffix(_ELEMENT))}
    name = _FIELD_TYPES[type_]
    if name in _JSON_FORMATS:
        return {"type": "string", "format": _JSON_FORMATS[name]}
    return {"type": name}


def datapackage(issue: Issue, files: Sequence[PublishedFile]) -> dict[str, Any]:
    """The descriptor of a vintage's files, with where they come from and on what terms."""
    synthetic = " Synthetic data of the sandbox, no measurement." if issue.is_synthetic else ""
    made: dict[str, Any] = {
        "profile": "data-package",
        "name": PROJECT.lower().replace(" ", "-"),
        "title": f"{PROJECT}, vintage {issue.vintage}",
        "description": (
            "Shares of countries in work on open models, each with its interval, its unknown share "
            "and its worst case, and what they rest on. Aggregates only: cells of fewer than five "
            "accounts are pooled or left out. Whoever republishes figures names the sources below "
            f"and keeps to their terms.{synthetic}"
        ),
        "version": issue.vintage,
        "sources": [_source(each) for each in SOURCES],
        "resources": [_resource(file) for file in files],
    }
    if issue.created is not None:
        made["created"] = f"{issue.created:%Y-%m-%dT%H:%M:%SZ}"
    if issue.run_id:
        made["runId"] = issue.run_id
    return made


def _source(source: Source) -> dict[str, str]:
    named = {
        "title": source.name,
        "path": source.url,
        "use": source.use,
        "terms": source.terms,
        "attribution": source.attribution,
    }
    return {name: text for name, text in named.items() if text}


def _resource(file: PublishedFile) -> dict[str, Any]:
    stem, _, endings = file.path.partition(".")
    format_, _, compression = endings.partition(".")
    made: dict[str, Any] = {
        "name": stem if format_ in ("csv", "duckdb") else f"{stem}-{format_}",
        "path": file.path,
        "type": "file",
        "format": format_,
        "bytes": file.byte_count,
        "hash": f"sha256:{file.sha256}",
    }
    if file.table is None:
        return made | {
            "mediatype": "application/vnd.duckdb",
            "description": "All tables in one DuckDB file, columns described by comments.",
        }
    about = f"{file.table.description} Grain: {file.table.grain}."
    made |= {"title": file.table.name, "rowCount": file.row_count}
    if format_ != "csv":
        words = f"{about} The same rows as in CSV, typed."
        return made | {"mediatype": "application/vnd.apache.parquet", "description": words}
    if compression:
        made["compression"] = compression
    return made | {
        "profile": "tabular-data-resource",
        "type": "table",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "description": f"{about} {_CSV_WORDS}",
        "schema": table_schema(file.table),
    }


def comments(table: Table) -> Mapping[str, str]:
    """What DuckDB says of a table, under "", and of its columns."""
    return {
        "": f"{table.description} Grain: {table.grain}. Source: {table.source}.",
        **{
            column.name: f"{column.description} [{column.unit}]"
            if column.unit
            else column.description
            for column in table.columns
        },
    }
