"""What the platform asks of Dagster's storage holds on SQLite and PostgreSQL; secrets stay so."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from sqlalchemy import text

from assets.declare import beta_accepted
from orchestration.dead_runs import end_dead_commands
from orchestration.doctor import examine_storage
from orchestration.instance import (
    claim_storage,
    libpq_environment,
    prepare_home,
    storage_place,
)
from orchestration.operations import read_facts
from orchestration.runs import Runner, dagster_instance
from orchestration.settings import Secret, Settings, SettingsError, load_settings
from resources.warehouse import Warehouse
from sandbox.server import SandboxServer
from tests.orchestration.conftest import sandbox_settings
from tests.orchestration.postgres import PASSWORD
from tests.orchestration.storages import scratch_instance, server

BOTH = pytest.mark.parametrize("on_postgres", [False, True], ids=["sqlite", "postgres"])
# Its own lines are in the text of a failure: they may not hold what is looked for there.
_WRONG = "planted-" + "secret"
_GONE = 2**22 + 1  # above the largest process id that Linux gives


with beta_accepted():

    @dg.asset(
        partitions_def=dg.DailyPartitionsDefinition("2024-01-01", timezone="UTC"),
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def day_rows(context: dg.AssetExecutionContext) -> None:
        if "2024-01-09" in context.partition_keys and "broken" in context.run.tags:
            raise RuntimeError("the ninth is broken")


DEFINITIONS = dg.Definitions(assets=[day_rows])


def run_days(instance: dg.DagsterInstance, first: str, last: str, **tags: str) -> bool:
    """One run over a range of days; whether it succeeded."""
    result = DEFINITIONS.resolve_implicit_global_asset_job_def().execute_in_process(
        instance=instance,
        raise_on_error=False,
        tags={
            "dagster/asset_partition_range_start": first,
            "dagster/asset_partition_range_end": last,
            **tags,
        },
    )
    return bool(result.success)


@pytest.fixture
def instance(on_postgres: bool) -> Iterator[dg.DagsterInstance]:
    with scratch_instance(on_postgres=on_postgres) as instance:
        yield instance


@BOTH
def test_a_range_that_failed_is_made_again_and_its_days_count_as_made(
    instance: dg.DagsterInstance,
) -> None:
    key = dg.AssetKey("day_rows")
    assert run_days(instance, "2024-01-01", "2024-01-07")
    assert not run_days(instance, "2024-01-08", "2024-01-14", broken="yes")
    assert len(instance.get_materialized_partitions(key)) == 7
    assert run_days(instance, "2024-01-08", "2024-01-14")
    assert instance.get_materialized_partitions(key) == {
        f"2024-01-{day:02d}" for day in range(1, 15)
    }


@BOTH
def test_the_sensors_read_of_ended_runs_gives_each_once_and_the_failed_with_their_error(
    instance: dg.DagsterInstance,
) -> None:
    began = datetime.now(UTC) - timedelta(minutes=1)
    run_days(instance, "2024-01-01", "2024-01-02")
    run_days(instance, "2024-01-09", "2024-01-10", broken="yes")
    facts = read_facts(instance, began, [], {})
    assert [(run.is_failed, run.partitions) for run in facts.runs] == [
        (False, ("2024-01-01", "2024-01-02")),
        (True, ("2024-01-09", "2024-01-10")),
    ]
    assert facts.runs[1].error == "day_rows: RuntimeError: the ninth is broken\n"
    assert facts.cursor is not None
    assert read_facts(instance, facts.cursor, [], {}).runs == ()


@BOTH
def test_a_run_whose_process_is_gone_is_ended(instance: dg.DagsterInstance) -> None:
    job = DEFINITIONS.resolve_implicit_global_asset_job_def()
    run = instance.create_run_for_job(job, tags={"observatory/process": str(_GONE)})
    instance.handle_new_event(
        dg.EventLogEntry(
            error_info=None,
            level=20,
            user_message="",
            run_id=run.run_id,
            timestamp=datetime.now(UTC).timestamp(),
            job_name=run.job_name,
            dagster_event=dg.DagsterEvent(dg.DagsterEventType.RUN_START.value, run.job_name),
        )
    )
    end_dead_commands(instance)
    ended = instance.get_run_by_id(run.run_id)
    assert ended is not None
    assert ended.status is dg.DagsterRunStatus.FAILURE


@BOTH
def test_missing_days_are_asked_for_and_made_ones_not(instance: dg.DagsterInstance) -> None:
    condition = dg.AutomationCondition.missing() & dg.AutomationCondition.in_latest_time_window(
        timedelta(days=3)
    )
    asked = day_rows.map_asset_specs(lambda spec: spec.replace_attributes(
        automation_condition=condition
    ))  # fmt: skip
    run_days(instance, "2024-01-01", "2024-01-08")
    result = dg.evaluate_automation_conditions(
        defs=[asked],
        instance=instance,
        asset_selection=dg.AssetSelection.all(),
        evaluation_time=datetime(2024, 1, 11, 1, tzinfo=UTC),
    )
    wanted = result.get_requested_partitions(dg.AssetKey("day_rows"))
    assert wanted == {"2024-01-09", "2024-01-10"}


@pytest.fixture
def on_server(
    small_server: SandboxServer, tmp_path: Path, request: pytest.FixtureRequest
) -> Settings:
    """Settings of an installation whose storage is a database with a password."""
    url = server().database(f"t_{request.node.name[:40]}")
    return sandbox_settings(small_server, tmp_path / "data", OBSERVATORY_DAGSTER_STORAGE=url)


def test_days_are_made_on_postgresql_as_on_sqlite_and_the_password_is_written_nowhere(
    on_server: Settings, capfd: pytest.CaptureFixture[str]
) -> None:
    first, last = date(2024, 11, 26), date(2024, 11, 27)
    with dagster_instance(on_server) as instance:
        runner = Runner(on_server, instance)
        runner.reference()
        assert [each.error for each in runner.range(first, last, 1)] == ["", ""]
        made = instance.get_materialized_partitions(dg.AssetKey(["mart", "engagement"]))
        shown = instance.info_str() + str(instance.get_ref().to_dict())
    assert made == {"2024-11-26", "2024-11-27"}
    house = Warehouse(str(on_server.warehouse))
    assert house.query("SELECT count(*) AS n FROM mart.engagement")["n"][0].as_py() > 50
    # Nothing of a run went to SQLite.
    assert not list(on_server.data.rglob("runs.db"))
    secrets = (PASSWORD, on_server.dagster_storage.value, "pw%3A")
    for path in on_server.data.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert not any(secret.encode() in data for secret in secrets), path
    printed = "".join(capfd.readouterr())
    assert not any(secret in text for secret in secrets for text in (shown, printed))


def test_a_database_of_another_world_is_refused(on_server: Settings) -> None:
    with (
        dagster_instance(on_server) as instance,
        pytest.raises(SettingsError, match="holds the runs of sandbox, and this is live"),
    ):
        claim_storage(replace(on_server, upstream="live"), instance)


def test_a_server_that_refuses_is_said_without_the_password(
    on_server: Settings, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    wrong = on_server.dagster_storage.value.replace("pw%3A", f"{_WRONG}%3A")
    prepare_home(on_server)
    with (
        pytest.raises(
            Exception, match=r"password authentication failed|too many retries"
        ) as raised,
        dagster_instance(replace(on_server, dagster_storage=Secret(wrong))),
    ):
        pass
    said = [caplog.text, *capfd.readouterr(), str(raised.getrepr(showlocals=False))]
    assert not any(_WRONG in text for text in said)


@pytest.mark.parametrize(
    "address",
    [
        "mysql://planted-secret@h/d",
        "postgresql://planted-secret@h",
        "postgresql:///d",
        "postgresql://u:planted-secret/x@h/d",
        "postgresql+psycopg://u:planted-secret@h/d",
        "planted-secret",
    ],
)
def test_what_is_no_address_is_refused_without_repeating_it(address: str) -> None:
    with pytest.raises(SettingsError, match="OBSERVATORY_DAGSTER_STORAGE") as raised:
        load_settings({"OBSERVATORY_DAGSTER_STORAGE": address})
    assert "planted-secret" not in str(raised.value)
    assert raised.value.__suppress_context__


def test_the_place_is_named_without_its_password_and_programs_get_it_by_environment() -> None:
    given = {
        "OBSERVATORY_DAGSTER_STORAGE": "postgresql://us:p%40ss@db.example.org:6432/dag%20ster"
        "?sslmode=verify-full&application_name=x"
    }
    settings = load_settings(given)
    assert storage_place(settings) == "PostgreSQL, dag ster on db.example.org:6432"
    assert libpq_environment(settings) == {
        "PGHOST": "db.example.org",
        "PGPORT": "6432",
        "PGUSER": "us",
        "PGPASSWORD": "p@ss",
        "PGDATABASE": "dag ster",
        "PGSSLMODE": "verify-full",
    }
    socket = load_settings({"OBSERVATORY_DAGSTER_STORAGE": "postgresql:///d?host=/run/pg"})
    assert storage_place(socket) == "PostgreSQL, d on /run/pg"
    assert libpq_environment(socket) == {"PGHOST": "/run/pg", "PGDATABASE": "d"}
    assert storage_place(load_settings({})).startswith("SQLite in ")


def test_doctor_names_the_place_and_says_how_to_mend_what_is_wrong_with_it(
    on_server: Settings,
) -> None:
    finding = examine_storage(on_server)
    assert finding.is_well
    assert re.fullmatch(r"PostgreSQL, t_test_doctor\w+ on 127.0.0.1:\d+", finding.found)
    with dagster_instance(on_server) as instance:
        storage: Any = instance.run_storage
        with storage.connect() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '63d7a8ec641a'"))
    finding = examine_storage(on_server)
    assert (finding.is_well, finding.mend) == (False, "stop the services, then `make upgrade`")
    away = replace(on_server, dagster_storage=Secret("postgresql://u:planted-pw@127.0.0.1:1/d"))
    finding = examine_storage(away)
    assert not finding.is_well
    assert "PostgreSQL, d on 127.0.0.1:1: " in finding.found
    assert "planted-pw" not in f"{finding}"


def test_doctor_makes_no_storage_where_there_is_none(tmp_path: Path) -> None:
    settings = load_settings({"OBSERVATORY_DATA": str(tmp_path / "data")})
    assert examine_storage(settings).is_well
    assert not (tmp_path / "data").exists()
