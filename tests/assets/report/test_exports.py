"""The exports of a vintage: the same rows in every form, and each column described by machine."""

import csv
import datetime as dt
import gc
import gzip
import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import frictionless
import jsonschema
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from assets.report.csv_file import write_csv
from assets.report.escaping import csv_text
from assets.report.package import json_schema, table_schema
from assets.report.provenance import SOURCES
from assets.report.snapshot import publish
from assets.report.tables import VINTAGE
from assets.shown import column_schema
from assets.tables import Column, Table
from tests.assets.report.conftest import PUBLISHED

Rows = list[dict[str, Any]]
HOSTILE = [
    "=cmd|' /C calc'!A0",
    "'=1+1",
    "@SUM(A1)",
    "-2+3",
    "\tx",
    "\nx",
    '"><script>alert(1)</script>',
    "[a](javascript:alert(1)) <!channel> *b*",
    "gpj\u202egnp.exe",
    "a\0b\x1b[31m",
    "two\r\nlines, and a comma",
    "",
    "x" * 40_000,
    "北京 مصر",
    None,
]
NAMES = Table(
    schema="published",
    name="names",
    description="Names of others; it's theirs.",
    grain="One name",
    key=("number",),
    source="Anybody",
    columns=(
        Column("number", "BIGINT", "Which"),
        Column("name", "VARCHAR", "What's theirs", nullable=True),
        Column("parts", "VARCHAR[]", "Its parts", nullable=True),
        Column("value", "DOUBLE", "A value", "0 to 1", nullable=True),
        Column("seen_at", "TIMESTAMPTZ", "When (UTC)"),
    ),
)
SEEN = datetime(2024, 12, 17, 2, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture(scope="module")
def kept() -> dict[str, Path]:
    """The one folder that the tests here read; none writes to it."""
    return {}


@pytest.fixture
def current(kept: dict[str, Path], request: pytest.FixtureRequest) -> Path:
    """A folder as a run publishes it, made by the first test that asks for it."""
    if not kept:
        assert request.getfixturevalue("materialize")().success
        data = request.getfixturevalue("tmp_path") / "data"
        kept["current"] = data / "published" / "current"
    return kept["current"]


def package_of(folder: Path) -> dict[str, Any]:
    made: dict[str, Any] = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    return made


def names() -> pa.Table:
    return NAMES.arrow(
        [
            {"number": n, "name": name, "parts": [name], "value": 0.1 + 0.2, "seen_at": SEEN}
            for n, name in enumerate(HOSTILE)
        ]
    )


def from_csv(path: Path, table: Table) -> Rows:
    """The rows of a CSV file by the standard library alone, typed by the declaration."""
    types = {column.name: column.type for column in table.columns}
    content = path.read_bytes()
    if path.suffix == ".gz":
        content = gzip.decompress(content)
    text = io.StringIO(content.decode(), newline="")
    return [
        {name: typed(cell, types[name]) for name, cell in row.items()}
        for row in csv.DictReader(text)
    ]


def typed(cell: str, type_: str) -> object:
    if cell == "":
        return None
    if type_ == "DATE":
        return dt.date.fromisoformat(cell)
    if type_ == "TIMESTAMPTZ":
        return datetime.fromisoformat(cell)
    if type_ == "BOOLEAN":
        return {"true": True, "false": False}[cell]
    if type_ == "DOUBLE":
        return float(cell)
    return int(cell) if type_ in ("BIGINT", "INTEGER") else cell


def test_the_data_package_of_a_run_is_valid_and_names_every_file_of_it(current: Path) -> None:
    report = frictionless.validate(str(current.resolve() / "datapackage.json"))
    assert report.flatten(["name", "rowNumber", "fieldName", "type"]) == []
    assert report.valid
    assert sum(task.type == "table" for task in report.tasks) == len(PUBLISHED) + 1
    package = package_of(current)
    files = {each["path"] for each in package["resources"]}
    undescribed = {"datapackage.json", "schema.json", "index.html"}
    assert files == {file.name for file in current.iterdir()} - undescribed
    for each in package["resources"]:
        content = (current / each["path"]).read_bytes()
        assert each["bytes"] == len(content)
        assert each["hash"] == f"sha256:{hashlib.sha256(content).hexdigest()}"


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [("firing", "", "constraint-error"), ("2024-12-15", "15 December", "type-error")],
)
def test_a_file_that_breaks_its_schema_is_found(
    current: Path, tmp_path: Path, before: str, after: str, fault: str
) -> None:
    """That the package is valid says something: a missing state and a date in words are not."""
    text = (current / "alerts.csv").read_text()
    assert before in text
    (tmp_path / "alerts.csv").write_text(text.replace(before, after))
    (described,) = (each for each in package_of(current)["resources"] if each["name"] == "alerts")
    loose = {name: value for name, value in described.items() if name not in ("bytes", "hash")}
    (tmp_path / "resource.json").write_text(json.dumps({"name": "one", "resources": [loose]}))
    report = frictionless.validate(str(tmp_path / "resource.json"), type="package")
    assert {kind for (kind,) in report.flatten(["type"])} == {fault}


def test_csv_parquet_and_duckdb_hold_the_same_rows(current: Path) -> None:
    compared = 0
    with duckdb.connect(str(current / "observatory.duckdb"), read_only=True) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for table in (*PUBLISHED, VINTAGE):
            parquet = pq.read_table(current / f"{table.name}.parquet").to_pylist()
            stored = connection.execute(f"FROM {table.name}").to_arrow_table().to_pylist()
            assert parquet == stored
            assert from_csv(current / f"{table.name}.csv", table) == parquet, table.name
            compared += len(parquet)
    assert compared > 800


def test_columns_in_the_package_in_duckdb_and_in_the_ui_are_described_alike(current: Path) -> None:
    schemas = {each["name"]: each.get("schema") for each in package_of(current)["resources"]}
    with duckdb.connect(str(current / "observatory.duckdb"), read_only=True) as connection:
        said = connection.execute("SELECT table_name, comment FROM duckdb_tables()").fetchall()
        columns = connection.execute(
            "SELECT table_name, column_name, data_type, comment FROM duckdb_columns() "
            "WHERE NOT internal ORDER BY table_name, column_index"
        ).fetchall()
    assert {name for name, text in said if text} == {table.name for table in (*PUBLISHED, VINTAGE)}
    for table in (*PUBLISHED, VINTAGE):
        in_ui = [
            (
                each.name,
                each.type,
                # What it is made of is for whoever has the tables it is made of.
                str(each.description).partition(". Made of ")[0],
                not each.constraints.nullable,
            )
            for each in column_schema(table).columns
        ]
        in_package = [
            (
                each["name"],
                each["duckdbType"],
                each["description"] + (f" [{each['unit']}]" if "unit" in each else ""),
                each.get("constraints") == {"required": True},
            )
            for each in schemas[table.name]["fields"]
        ]
        in_duckdb = [
            (name, "TIMESTAMPTZ" if "TIME ZONE" in type_ else type_, text)
            for of, name, type_, text in columns
            if of == table.name
        ]
        assert in_package == in_ui
        assert in_duckdb == [(name, type_, text) for name, type_, text, _ in in_ui]


def test_the_package_says_whose_it_is_when_it_was_made_and_on_what_terms(current: Path) -> None:
    package = package_of(current)
    assert package["version"] == current.resolve().name
    assert package["created"] == "2024-12-17T02:00:00Z"
    assert "Synthetic data" in package["description"]
    assert [each["title"] for each in package["sources"]] == [each.name for each in SOURCES]
    assert all(each["terms"] for each in package["sources"])
    geonames = next(each for each in package["sources"] if "GeoNames" in each["title"])
    assert geonames["attribution"].startswith("Geographical data © GeoNames")
    assert geonames["terms"].startswith("CC BY 4.0")
    # The package as a whole is under no one's licence: some sources have terms and no licence.
    assert "licenses" not in package


def test_every_published_row_fits_the_json_schema_and_a_broken_one_does_not(current: Path) -> None:
    schema = json.loads((current / "schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    for table in (*PUBLISHED, VINTAGE):
        rows = pq.read_table(current / f"{table.name}.parquet").to_pylist()
        validator = jsonschema.Draft202012Validator(schema["$defs"][table.name])
        for row in rows[:20]:
            assert list(validator.iter_errors(as_json(row))) == []
    alerts = jsonschema.Draft202012Validator(schema["$defs"]["alerts"])
    good = as_json(pq.read_table(current / "alerts.parquet").to_pylist()[0])
    for bad in (good | {"state": None}, good | {"more": 1}, {"state": "ok"}):
        assert not alerts.is_valid(bad)


def as_json(row: Mapping[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(json.dumps(row, default=str))
    return made


def test_a_key_that_may_be_null_is_no_primary_key() -> None:
    assert table_schema(NAMES)["primaryKey"] == ["number"]
    nullable = replace(NAMES, key=("name",))
    assert table_schema(nullable)["uniqueKeys"] == [["name"]]
    assert "primaryKey" not in table_schema(nullable)
    fields = {each["name"]: each for each in table_schema(NAMES)["fields"]}
    assert fields["parts"]["type"] == "array"
    value = json_schema([NAMES])["$defs"]["names"]["properties"]["value"]
    assert value == {"type": ["number", "null"], "description": "A value", "unit": "0 to 1"}


def test_texts_of_others_are_text_in_every_form_and_a_formula_in_none(tmp_path: Path) -> None:
    """As the page's CSV files, but whole; Parquet and DuckDB have what was said, to the byte."""
    folder = publish(tmp_path, "hostile", {NAMES: names()})
    assert pq.read_table(folder / "names.parquet")["name"].to_pylist() == HOSTILE
    with duckdb.connect(str(folder / "observatory.duckdb"), read_only=True) as connection:
        stored = [name for (name,) in connection.execute("SELECT name FROM names").fetchall()]
        (comment,) = connection.execute(
            "SELECT comment FROM duckdb_columns() WHERE column_name = 'name'"
        ).fetchone() or ("",)
    assert stored == HOSTILE
    assert comment == "What's theirs"
    rows = from_csv(folder / "names.csv", NAMES)
    assert len(rows) == len(HOSTILE)
    for row, text in zip(rows, HOSTILE, strict=True):
        cell = str(row["name"] or "")
        assert cell[:1] not in {"=", "+", "-", "@", "\t", "\r", "\n"}
        assert not {"\0", "\x1b", "\r", "\u202e"} & set(cell)
        if text is not None and len(text) < 500:
            page_csv = csv_text(["name"], [{"name": text}])
            (page_row,) = csv.DictReader(io.StringIO(page_csv, newline=""))
            assert cell == page_row["name"]
        assert (row["value"], row["seen_at"]) == (0.1 + 0.2, SEEN)
        assert json.loads(str(row["parts"])) == [text]
    assert len(str(rows[HOSTILE.index("x" * 40_000)]["name"])) == 40_000
    package = frictionless.Package(str(folder.resolve() / "datapackage.json"))
    read = package.get_resource("names").read_rows()
    assert [row["number"] for row in read] == list(range(len(HOSTILE)))
    assert read[0]["seen_at"] == SEEN


def test_a_null_and_an_empty_text_differ_in_the_file(tmp_path: Path) -> None:
    rows = pa.table({"a": pa.array(["", None, "x"])})
    write_csv(rows, tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_bytes() == b'"a"\n""\n\n"x"\n'


# Frictionless 5.21 leaves the packed file open to the collector, which runs before the test ends.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_long_table_is_packed_and_the_same_rows_are_the_same_bytes(tmp_path: Path) -> None:
    said = {"vintage": "v", "run_id": "r", "published_at": SEEN, "world": "live"}
    content = {NAMES: names(), VINTAGE: VINTAGE.arrow([said])}
    first, second = (
        publish(tmp_path / name, "v", content, largest_plain_rows=len(HOSTILE) - 1)
        for name in ("one", "two")
    )
    assert sorted(file.name for file in first.glob("*.csv*")) == ["names.csv.gz", "vintage.csv"]
    assert [row["number"] for row in from_csv(first / "names.csv.gz", NAMES)] == list(
        range(len(HOSTILE))
    )
    assert (first / "names.csv.gz").read_bytes() == (second / "names.csv.gz").read_bytes()
    report = frictionless.validate(str(first.resolve() / "datapackage.json"))
    gc.collect()
    assert report.valid, report.flatten(["name", "type", "note"])
