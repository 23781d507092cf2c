"""The commands' faster event log writes what Dagster's own reads."""

from pathlib import Path

import dagster as dg
import pytest

from assets.declare import beta_accepted
from orchestration.instance import open_instance, prepare_home
from orchestration.settings import load_settings
from orchestration.sqlite_events import SqliteEvents

with beta_accepted():

    @dg.asset(
        partitions_def=dg.DailyPartitionsDefinition("2024-01-01", timezone="UTC"),
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def day_rows(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        context.log.info("a line")
        return dg.MaterializeResult(metadata={"rows": 7})


@dg.asset_check(asset="day_rows")
def is_there() -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed=False, metadata={"rows": 3})


DEFINITIONS = dg.Definitions(assets=[day_rows], asset_checks=[is_there])


def test_dagsters_own_storage_finds_what_the_commands_wrote(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = load_settings({"OBSERVATORY_DATA": str(tmp_path)})
    prepare_home(settings)
    with open_instance(settings) as ours:
        assert isinstance(ours.event_log_storage, SqliteEvents)
        assert ours.telemetry_enabled is False  # dagster.yaml holds as well
        result = DEFINITIONS.resolve_implicit_global_asset_job_def().execute_in_process(
            instance=ours,
            tags={
                "dagster/asset_partition_range_start": "2024-01-02",
                "dagster/asset_partition_range_end": "2024-01-05",
            },
        )
    monkeypatch.setenv("DAGSTER_HOME", str(settings.dagster_home))
    key = dg.AssetKey("day_rows")
    with dg.DagsterInstance.get() as theirs:
        assert not isinstance(theirs.event_log_storage, SqliteEvents)
        run = theirs.get_run_by_id(result.run_id)
        assert run is not None
        assert run.is_success
        assert theirs.get_materialized_partitions(key) == {
            f"2024-01-0{number}" for number in range(2, 6)
        }
        records = theirs.fetch_materializations(key, limit=10).records
        assert [each.asset_materialization.metadata["rows"].value for each in records] == [7] * 4
        check = theirs.event_log_storage.get_latest_asset_check_execution_by_key(
            [dg.AssetCheckKey(key, "is_there")]
        )
        assert [each.status.value for each in check.values()] == ["FAILED"]
        messages = [each.user_message for each in theirs.all_logs(result.run_id)]
        assert "a line" in messages
        wanted = {each.event_type_value for each in result.all_events}
        stored = {
            each.dagster_event.event_type_value
            for each in theirs.all_logs(result.run_id)
            if each.dagster_event
        }
        assert wanted <= stored
