"""Old runs go, and Dagster still knows what is made, what failed and what checks said."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from assets.declare import beta_accepted
from orchestration.definitions import build_definitions
from orchestration.retention import EVALUATIONS_KEPT, Swept, sweep
from orchestration.settings import SettingsError, load_settings
from tests.orchestration.storages import scratch_instance

DAYS = dg.DailyPartitionsDefinition("2024-01-01", end_date="2024-01-22", timezone="UTC")
DAILY, POLLED = dg.AssetKey("daily_rows"), dg.AssetKey("polled")
CHECK = dg.AssetCheckKey(POLLED, "sound")
QUIET = {"telemetry": {"enabled": False}}
KEPT = {"keep_runs_days": 90, "keep_logs_days": 30}


with beta_accepted():

    @dg.asset(partitions_def=DAYS, backfill_policy=dg.BackfillPolicy.single_run())
    def daily_rows(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        context.log.info("a line that is logged")
        print("a line that is printed")
        if "broken" in context.run.tags:
            raise RuntimeError("broken")
        return dg.MaterializeResult(metadata={"rows": 7})


@dg.asset
def polled() -> dg.MaterializeResult[None]:
    return dg.MaterializeResult(metadata={"rows": 7})


@dg.asset_check(asset=polled)
def sound(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed="unsound" not in context.run.tags)


DEFINITIONS = dg.Definitions(assets=[daily_rows, polled], asset_checks=[sound])


@pytest.fixture(params=["sqlite", "postgres"])
def instance(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    if request.param == "postgres":
        with scratch_instance(on_postgres=True) as instance:
            yield instance
        return
    # Not the one in memory: this one has a file for each run.
    with dg.DagsterInstance.local_temp(str(tmp_path), overrides=QUIET) as instance:
        yield instance


def run(instance: dg.DagsterInstance, key: dg.AssetKey, tags: Mapping[str, str]) -> str:
    job = DEFINITIONS.resolve_implicit_global_asset_job_def()
    return job.execute_in_process(
        instance=instance, asset_selection=[key], tags=dict(tags), raise_on_error=False
    ).run_id


def days(instance: dg.DagsterInstance, first: int, last: int, **tags: str) -> str:
    ends = {
        "dagster/asset_partition_range_start": f"2024-01-{first:02d}",
        "dagster/asset_partition_range_end": f"2024-01-{last:02d}",
    }
    return run(instance, DAILY, {**ends, **tags})


def known(instance: dg.DagsterInstance) -> dict[str, object]:
    """What the UI, automation and this platform ask Dagster about assets."""
    instance.wipe_asset_cached_status([DAILY])
    keys = DAYS.get_partition_keys()
    newest = {
        key: instance.get_latest_materialization_event(key).timestamp  # type: ignore[union-attr]
        for key in (DAILY, POLLED)
    }
    checks = instance.event_log_storage.get_latest_asset_check_execution_by_key([CHECK])
    record = checks[CHECK]
    return {
        "made": instance.get_materialized_partitions(DAILY),
        "status": instance.get_status_by_partition(DAILY, keys, DAYS),
        "newest": newest,
        "check": (record.run_id, record.status, record.event is not None),
    }


def wanted(instance: dg.DagsterInstance) -> set[str]:
    """The days that automation asks for, of those missing or failed."""
    condition = dg.AutomationCondition.missing() & dg.AutomationCondition.in_latest_time_window(
        timedelta(days=30)
    )
    asked = daily_rows.map_asset_specs(
        lambda spec: spec.replace_attributes(automation_condition=condition)
    )
    result = dg.evaluate_automation_conditions(
        defs=[asked],
        instance=instance,
        asset_selection=dg.AssetSelection.all(),
        evaluation_time=datetime(2024, 1, 23, tzinfo=UTC),
    )
    return set(result.get_requested_partitions(DAILY))


def events(instance: dg.DagsterInstance, run_id: str) -> set[str]:
    """The types of a run's events, and the texts of the lines that it logged."""
    entries = [record.event_log_entry for record in instance.get_records_for_run(run_id).records]
    return {
        entry.dagster_event_type.value if entry.dagster_event_type else entry.user_message
        for entry in entries
    }


def later(days_later: int) -> datetime:
    return datetime.now(UTC) + timedelta(days=days_later)


def test_only_runs_that_hold_the_newest_of_nothing_go_and_nothing_else_is_known_than_before(
    instance: dg.DagsterInstance,
) -> None:
    remade = days(instance, 1, 7)
    partly_remade = days(instance, 8, 12)
    tried_twice = days(instance, 15, 16, broken="yes")
    failed_last = days(instance, 15, 17, broken="yes")
    newest_of_a_week = days(instance, 1, 7)
    newest_of_some = days(instance, 8, 9)
    polls = [run(instance, POLLED, {"unsound": "yes"} if n == 1 else {}) for n in range(4)]
    before, asked = known(instance), wanted(instance)
    assert len(asked) == 21 - 12

    done = sweep(instance, **KEPT, now=later(91))

    left = set(instance.get_run_ids())
    assert left == {partly_remade, failed_last, newest_of_a_week, newest_of_some, polls[3]}
    assert done == Swept(deleted=5, trimmed=5, kept=5)
    assert not {remade, tried_twice, *polls[:3]} & left
    assert known(instance) == before
    assert wanted(instance) == asked
    assert instance.get_run_by_id(remade) is None


def test_of_a_run_that_stays_the_logs_go_and_what_it_made_stays(
    instance: dg.DagsterInstance,
) -> None:
    run_id = days(instance, 1, 3)
    assert {"STEP_SUCCESS", "a line that is logged"} <= events(instance, run_id)
    captured = Path(instance.storage_directory()) / run_id
    assert captured.exists()

    assert sweep(instance, **KEPT, now=later(31)) == Swept(deleted=0, trimmed=1, kept=0)

    left = events(instance, run_id)
    assert {"ASSET_MATERIALIZATION", "PIPELINE_SUCCESS"} <= left
    assert not {"STEP_SUCCESS", "a line that is logged"} & left
    (event,) = instance.fetch_materializations(DAILY, limit=1).records
    assert event.asset_materialization is not None
    assert event.asset_materialization.metadata["rows"].value == 7
    assert not captured.exists()
    assert sweep(instance, **KEPT, now=later(31)) == Swept(deleted=0, trimmed=0, kept=0)


def test_young_and_unfinished_runs_stay_with_all_they_have(instance: dg.DagsterInstance) -> None:
    first, second = days(instance, 1, 3), days(instance, 1, 3)
    job = DEFINITIONS.resolve_implicit_global_asset_job_def()
    unfinished = instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
    before = {run_id: events(instance, run_id) for run_id in (first, second)}
    assert sweep(instance, **KEPT, now=later(29)) == Swept(0, 0, 0)
    assert before == {run_id: events(instance, run_id) for run_id in (first, second)}
    sweep(instance, **KEPT, now=later(1000))
    assert set(instance.get_run_ids()) == {second, unfinished.run_id}


def test_a_deleted_run_leaves_no_file_and_no_check_behind(instance: dg.DagsterInstance) -> None:
    old, new = run(instance, POLLED, {}), run(instance, POLLED, {})
    sweep(instance, **KEPT, now=later(91))
    home = Path(instance.root_directory)
    assert not [path for path in home.rglob("*") if old in path.name]
    results = instance.event_log_storage.get_asset_check_execution_history(CHECK, limit=9)
    assert [each.run_id for each in results] == [new]


def test_old_evaluations_of_conditions_go_and_young_ones_stay(
    instance: dg.DagsterInstance,
) -> None:
    asked = daily_rows.map_asset_specs(
        lambda spec: spec.replace_attributes(automation_condition=dg.AutomationCondition.eager())
    )
    evaluated = dg.evaluate_automation_conditions(
        defs=[asked], instance=instance, asset_selection=dg.AssetSelection.all()
    )
    storage = instance.schedule_storage
    assert storage is not None
    storage.add_auto_materialize_asset_evaluations(
        1, [each.serializable_evaluation.with_run_ids(set()) for each in evaluated.results]
    )

    def stored() -> int:
        return len(storage.get_auto_materialize_asset_evaluations(key=DAILY, limit=9))

    assert stored() == 1
    sweep(instance, **KEPT, now=datetime.now(UTC) + EVALUATIONS_KEPT - timedelta(hours=1))
    assert stored() == 1
    sweep(instance, **KEPT, now=datetime.now(UTC) + EVALUATIONS_KEPT + timedelta(hours=1))
    assert stored() == 0


def test_the_daemon_sweeps_each_day_by_the_settings(tmp_path: Path) -> None:
    definitions = build_definitions(load_settings({"OBSERVATORY_DATA": str(tmp_path)}))
    repository = definitions.get_repository_def()
    (schedule,) = repository.schedule_defs
    assert schedule.cron_schedule == "30 5 * * *"
    assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING
    assert schedule.job.name == "retention"
    with dg.DagsterInstance.local_temp(str(tmp_path), overrides=QUIET) as instance:
        assert repository.get_job("retention").execute_in_process(instance=instance).success


def test_fewer_days_than_sensors_look_back_are_refused() -> None:
    with pytest.raises(SettingsError, match="OBSERVATORY_KEEP_RUNS_DAYS"):
        load_settings({"OBSERVATORY_KEEP_RUNS_DAYS": "59"})
