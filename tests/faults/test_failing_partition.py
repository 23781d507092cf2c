"""What cannot be made fails alone: the UI names its partition, and its message says what to do."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.definitions.partitions.context import partition_loading_context
from dagster._core.storage.partition_status_cache import AssetPartitionStatus

from orchestration.runs import dagster_instance
from resources.lake import DamagedPartitionError, Lake
from tests.faults.conftest import Note
from tests.faults.installation import DAY, INGEST, Installation

KIND = "a partition that cannot be read in the middle of a run"
TABLE = "raw.archive_events"
EVENTS = dg.AssetKey(["core", "events"])


def shown(definitions: dg.Definitions, instance: dg.DagsterInstance) -> dict[str, Any]:
    """Partitions of the asset with their state, as the UI asks for them."""
    node = definitions.resolve_asset_graph().get(EVENTS)
    partitions = node.partitions_def
    assert partitions is not None
    with partition_loading_context(dynamic_partitions_store=instance):
        keys = partitions.get_partition_keys()
    found = instance.get_status_by_partition(EVENTS, keys, partitions)
    return {key: status for key, status in (found or {}).items() if status is not None}


def failures(instance: dg.DagsterInstance, run_id: str) -> list[str]:
    """What failed steps of a run said, down to the first cause."""
    texts = []
    for record in instance.get_records_for_run(
        run_id, of_type=dg.DagsterEventType.STEP_FAILURE
    ).records:
        event = record.event_log_entry.dagster_event
        assert event is not None
        error = event.step_failure_data.error
        text = ""
        while error is not None:
            text += error.message
            error = error.cause
        texts.append(text)
    return texts


def test_a_partition_that_cannot_be_made_is_named_in_the_ui_with_what_to_do(
    installation: Installation, note: Note
) -> None:
    day = date.fromisoformat(str(DAY))
    installation.begin()
    with dagster_instance(installation.settings) as instance:
        runner = installation.runner(instance)
        runner.reference()
        assert runner.part(day, day, INGEST, {}).is_success
        expected = installation.state()
        path = Path(Lake(installation.settings.lake).path(TABLE, str(day), "gharchive"))
        path.write_bytes(path.read_bytes()[:1_000])
        failed = runner.part(day, day, ("core/events",), {})
        assert not failed.is_success
        states = shown(installation.definitions, instance)
        assert states[str(day)] == AssetPartitionStatus.FAILED
        assert set(states.values()) == {AssetPartitionStatus.FAILED}
        (run,) = instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE]))
        (said,) = failures(instance, run.run_id)
        assert str(day) in run.tags.values()
        assert f"remove it and make {TABLE} of {day} again" in said
        # What was there before is there, and doing what is said gives what an undisturbed run does.
        with pytest.raises(DamagedPartitionError, match=f"{path}.*remove it"):
            installation.warehouse.query("SELECT count(*) FROM raw.archive_events")
        rows = installation.warehouse.query("SELECT count(*) AS n FROM core.events")
        assert rows["n"].to_pylist() == [expected.tables["core.events"].num_rows]
        path.unlink()
        assert runner.part(day, day, INGEST, {}).is_success
        assert set(shown(installation.definitions, instance).values()) == {
            AssetPartitionStatus.MATERIALIZED
        }
        note(KIND, installation.outcome(expected, instance))
