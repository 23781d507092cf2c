"""An installation of an older version comes to this one with all its rows and runs."""

import importlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import sqlalchemy
from dagster._core.storage.sql import get_alembic_config, run_alembic_downgrade

from assets.attribution.tables import ACTOR_COUNTRY
from assets.coverage.tables import COVERAGE
from assets.declare import prepare
from assets.schema import SchemaError, conform_tables, declared_tables
from assets.tables import Column, Table
from orchestration import upgrade as upgrading
from orchestration.definitions import build_definitions
from orchestration.instance import prepare_home
from orchestration.manifest import read_manifest
from orchestration.production import main
from orchestration.runs import dagster_instance
from orchestration.settings import Settings, load_settings
from orchestration.upgrade import UpgradeError, recorded, schema_version, upgrade
from resources.warehouse import Warehouse
from tests.orchestration.storages import server

NOW = datetime(2026, 11, 27, 1, tzinfo=UTC)
#: Dagster's schema of autumn 2024, before an index, a column, a table and another column.
OLD = "63d7a8ec641a"
THINGS = Table(
    schema="mart",
    name="things",
    description="Things.",
    grain="a thing",
    key=("day", "country"),
    source="nobody",
    columns=(
        Column("day", "DATE", "the day"),
        Column("country", "VARCHAR", "where"),
        Column("count", "BIGINT", "how many"),
        Column("note", "VARCHAR", "new since", nullable=True),
        Column("kind", "VARCHAR", "new since", earlier="'plain'"),
    ),
)


@pytest.fixture(params=["sqlite", "postgres"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    is_postgres = request.param == "postgres"
    return load_settings(
        {
            "OBSERVATORY_DATA": str(tmp_path / "data"),
            "OBSERVATORY_BACKUPS": str(tmp_path / "backups"),
            "OBSERVATORY_DAGSTER_STORAGE": server().database("upgraded" + tmp_path.name[-12:])
            if is_postgres
            else "",
        }
    )


@pytest.fixture
def house(tmp_path: Path) -> Warehouse:
    return Warehouse(str(tmp_path / "data" / "warehouse.duckdb"))


@dg.op
def nothing() -> None:
    pass


@dg.job
def work() -> None:
    nothing()


def connections(instance: dg.DagsterInstance) -> Iterator[Any]:
    """One to each database that Dagster's storage lies in, with what finds its migrations."""
    runs: Any = instance.run_storage
    events: Any = instance.event_log_storage
    schedules: Any = instance.schedule_storage
    for storage, connect in (
        (runs, runs.connect),
        (events, events.index_connection),
        (schedules, schedules.connect),
    ):
        module = importlib.import_module(type(storage).__module__)
        with connect() as connection:
            yield get_alembic_config(str(module.__file__)), connection


def make_old(instance: dg.DagsterInstance) -> None:
    for config, connection in connections(instance):
        run_alembic_downgrade(config, connection, rev=OLD)


def revisions(instance: dg.DagsterInstance) -> set[str]:
    query = sqlalchemy.text("SELECT version_num FROM alembic_version")
    return {connection.execute(query).scalar() for _, connection in connections(instance)}


def test_dagsters_storage_of_an_older_version_keeps_its_runs_and_gets_todays_tables(
    settings: Settings,
) -> None:
    with dagster_instance(settings) as instance:
        run_id = work.execute_in_process(instance=instance).run_id
        today = revisions(instance)
        make_old(instance)
        assert revisions(instance) == {OLD} != today
    said: list[str] = []
    upgrade(settings, now=NOW, say=said.append)
    assert said
    with dagster_instance(settings) as instance:
        assert revisions(instance) == today
        (run,) = instance.get_runs()
        assert (run.run_id, run.is_success) == (run_id, True)
        assert instance.get_backfills() == []
        assert work.execute_in_process(instance=instance).success
    assert upgrade(settings, now=NOW + timedelta(seconds=1), say=said.append).changes == ()


def old_things(house: Warehouse) -> None:
    """The table with a narrower key, a narrower type, a column of once, and two less."""
    house.ensure(
        [
            "CREATE SCHEMA mart",
            "CREATE TABLE mart.things (day DATE, country VARCHAR, count INTEGER, "
            "once DOUBLE, PRIMARY KEY (day))",
            "INSERT INTO mart.things VALUES ('2024-01-01', 'CN', 7, 0.5), "
            "('2024-01-02', 'US', 8, 0.5)",
        ]
    )


def test_a_table_gets_its_declared_columns_types_and_key_and_keeps_its_rows(
    house: Warehouse,
) -> None:
    old_things(house)
    assert conform_tables(house, [THINGS]) == [
        "mart.things: new column note; new column kind; column once is no more; "
        "count is BIGINT instead of INTEGER; key (day, country) instead of (day)"
    ]
    rows = house.query("SELECT * FROM mart.things ORDER BY day")
    assert THINGS.conform(rows).to_pylist() == [
        {**row, "note": None, "kind": "plain"}
        for row in (
            {"day": date(2024, 1, 1), "country": "CN", "count": 7},
            {"day": date(2024, 1, 2), "country": "US", "count": 8},
        )
    ]
    # The key is the wider one: what it forbade before is a row now.
    house.ensure(["INSERT INTO mart.things VALUES ('2024-01-01', 'US', 1, NULL, 'plain')"])
    assert conform_tables(house, [THINGS]) == []


def test_rows_that_cannot_be_what_is_declared_are_named_and_stay(house: Warehouse) -> None:
    house.ensure(
        [
            "CREATE SCHEMA mart",
            "CREATE TABLE mart.things (day DATE, country VARCHAR, count VARCHAR)",
            "INSERT INTO mart.things VALUES ('2024-01-01', 'CN', 'many')",
        ]
    )
    with pytest.raises(SchemaError, match=r"mart\.things: its rows cannot be .* materialise"):
        conform_tables(house, [THINGS])
    assert house.query("SELECT count FROM mart.things")["count"].to_pylist() == ["many"]


def test_every_table_of_the_code_location_is_among_the_declared(tmp_path: Path) -> None:
    definitions = build_definitions(load_settings({"OBSERVATORY_DATA": str(tmp_path)}))
    keys = {".".join(key.path) for key in definitions.resolve_asset_graph().get_all_asset_keys()}
    assert keys <= {table.qualified for table in declared_tables()}


def test_a_warehouse_as_the_assets_make_it_needs_no_change(house: Warehouse) -> None:
    prepare(house, *(each for each in declared_tables() if each.schema != "published"))
    assert conform_tables(house, declared_tables()) == []


def test_an_upgrade_backs_up_first_records_itself_once_and_goes_by_real_declarations(
    tmp_path: Path, house: Warehouse
) -> None:
    settings = load_settings(
        {
            "OBSERVATORY_DATA": str(tmp_path / "data"),
            "OBSERVATORY_BACKUPS": str(tmp_path / "backups"),
        }
    )
    older = replace(COVERAGE, columns=COVERAGE.columns[:-1])
    prepare(house, older, ACTOR_COUNTRY)
    first = upgrade(settings, now=NOW, say=lambda _: None)
    assert first.changes == (f"core.coverage: new column {COVERAGE.columns[-1].name}",)
    assert first.backup is not None
    assert "warehouse.duckdb" in {each.path for each in read_manifest(first.backup).files}
    again = upgrade(settings, with_backup=False, now=NOW + timedelta(hours=1), say=lambda _: None)
    assert (again.changes, again.backup) == ((), None)
    rows = house.query("SELECT * FROM ops.upgrades").to_pylist()
    assert [row["schema_version"] for row in rows] == [schema_version()]
    assert rows[0]["changes"] == list(first.changes)


def test_a_warehouse_of_a_newer_version_is_refused_by_both_versions(
    tmp_path: Path, house: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OBSERVATORY_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("OBSERVATORY_BACKUPS", str(tmp_path / "backups"))
    prepare(house, COVERAGE)
    assert main(["upgrade"]) == 0
    assert recorded(house) is not None
    house.ensure(["UPDATE ops.upgrades SET platform_version = '0.10.0'"])
    monkeypatch.setattr(upgrading, "platform_version", lambda: "0.9.1")
    with pytest.raises(UpgradeError, match=r"by version 0\.10\.0, and this is 0\.9\.1"):
        upgrade(load_settings())
    assert main(["upgrade", "--without-backup"]) == 2


def test_an_installation_without_data_is_upgraded_too(tmp_path: Path) -> None:
    settings = load_settings({"OBSERVATORY_DATA": str(tmp_path / "data")})
    assert upgrade(settings, say=lambda _: None).backup is None
    prepare_home(settings)
