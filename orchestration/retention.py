"""What Dagster keeps of old runs: all that says what is made, and nothing else.

Dagster knows that a partition is made, and that an attempt at it failed, by the events of runs,
and `DagsterInstance.delete_run` deletes all events of a run: a day would count as missing and be
made again. So a run is deleted only once nothing of it is the newest: no materialization, attempt
or observation of any asset and partition, and no result of any check. Of the runs that stay, the
events about steps and the lines logged go.

Dagster deletes ticks by itself, but not what a tick found out about each asset's condition, where
conditions are evaluated by the code server: 17 kB an asset and tick that has news. Nor does Great
Expectations delete what a suite found, and its list of all that is written anew by each check. Both
go here.

The statements read Dagster's tables as of 1.13, which pyproject.toml pins; Dagster has no call
that answers these questions for all assets at once.
"""

import io
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
from sqlalchemy import text

from checks.data_docs import prune
from checks.runner import PROJECT_FOLDER
from orchestration.progress import Progress
from orchestration.settings import Settings

RETENTION_JOB = "retention"
#: As long as Dagster keeps ticks that asked for nothing: see dagster.yaml.
EVALUATIONS_KEPT = timedelta(days=7)
_ENDED = [
    dg.DagsterRunStatus.SUCCESS,
    dg.DagsterRunStatus.FAILURE,
    dg.DagsterRunStatus.CANCELED,
]
_NEWEST_OF_ASSETS = text(
    """
    SELECT DISTINCT run_id FROM event_logs WHERE id IN (
        SELECT max(id) FROM event_logs
        WHERE asset_key IS NOT NULL AND (
            dagster_event_type LIKE 'ASSET_%' OR dagster_event_type LIKE 'FRESHNESS_%'
        )
        GROUP BY asset_key, "partition", dagster_event_type
    )
    """
)
_NEWEST_OF_CHECKS = text(
    """
    SELECT DISTINCT run_id FROM asset_check_executions WHERE id IN (
        SELECT max(id) FROM asset_check_executions
        GROUP BY asset_key, check_name, "partition"
    )
    """
)
_CHECKS_OF_RUN = text("DELETE FROM asset_check_executions WHERE run_id = :run")
# What is left says what was made and how the run ended.
_IS_LOG = """
    run_id = :run AND (
        dagster_event_type IS NULL OR NOT (
            dagster_event_type LIKE 'ASSET_%' OR dagster_event_type LIKE 'FRESHNESS_%'
            OR dagster_event_type LIKE 'PIPELINE_%' OR dagster_event_type LIKE 'RUN_%'
        )
    )
"""
_LOGS_OF_RUN = f"DELETE FROM event_logs WHERE {_IS_LOG}"  # noqa: S608 - no text of others


@dataclass(frozen=True, slots=True)
class Swept:
    """What one sweep did.

    Attributes:
        deleted: runs.
        trimmed: runs whose logs went.
        kept: runs that are old and stay.
        docs: results of suites, and pages about them, that went.
    """

    deleted: int
    trimmed: int
    kept: int
    docs: int = 0


def sweep(
    instance: dg.DagsterInstance,
    *,
    keep_runs_days: int,
    keep_logs_days: int,
    now: datetime,
    docs: Path | None = None,
    progress: Progress | None = None,
) -> Swept:
    """Delete old runs that nothing depends on, and the logs of those that stay.

    With them go evaluations of conditions, and what suites found that was as old as the logs.

    Interrupted, the next sweep goes on where it was.

    Args:
        instance: Dagster's, on SQLite or PostgreSQL.
        keep_runs_days: runs that ended within so many days stay whatever they hold.
        keep_logs_days: so do the logs of runs that ended within so many.
        now: the time, UTC.
        docs: folder of the Great Expectations project; None for none.
        progress: told of the runs looked at; None for nobody.
    """
    needed = _needed(instance)
    deleted = kept = trimmed = 0
    watch = progress or Progress("runs", stream=io.StringIO())
    old = _ended_before(instance, now - timedelta(days=keep_runs_days))
    watch.total = len(old)
    for run_id in old:
        watch.step()
        if run_id in needed:
            kept += 1
            continue
        _delete(instance, run_id)
        deleted += 1
    with_logs = _ended_before(instance, now - timedelta(days=keep_logs_days))
    watch.total += len(with_logs)
    for run_id in with_logs:
        trimmed += _trim(instance, run_id)
        watch.step()
    storage = instance.schedule_storage
    if storage is not None and storage.supports_auto_materialize_asset_evaluations:
        storage.purge_asset_evaluations(before=(now - EVALUATIONS_KEPT).timestamp())
    gone = prune(docs, now - timedelta(days=keep_logs_days)) if docs else 0
    return Swept(deleted, trimmed, kept, gone)


def build_retention(settings: Settings) -> tuple[dg.JobDefinition, dg.ScheduleDefinition]:
    """The job that sweeps, and its schedule: once a day, after the daily run."""

    @dg.op(name="sweep", description="Delete old runs and logs that nothing depends on.")
    def sweep_op(context: dg.OpExecutionContext) -> None:
        done = sweep(
            context.instance,
            keep_runs_days=settings.keep_runs_days,
            keep_logs_days=settings.keep_logs_days,
            now=datetime.now(UTC),
            docs=settings.data / PROJECT_FOLDER,
        )
        context.log.info(sentence(done))

    @dg.job(
        name=RETENTION_JOB,
        description="Old runs and logs go; what says which days are made stays.",
        executor_def=dg.in_process_executor,
    )
    def retention() -> None:
        sweep_op()

    schedule = dg.ScheduleDefinition(
        name=RETENTION_JOB,
        job=retention,
        description="At 05:30 UTC: deletes old runs and logs, after the daily run.",
        cron_schedule="30 5 * * *",
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )
    return retention, schedule


def sentence(done: Swept) -> str:
    """What a sweep did, in words."""
    return (
        f"{done.deleted} runs deleted, the logs of {done.trimmed} others; {done.kept} old runs "
        f"stay, by which Dagster knows what is made; {done.docs} files about checks deleted"
    )


def _needed(instance: dg.DagsterInstance) -> frozenset[str]:
    """Ids of the runs that hold the newest of anything."""
    storage: Any = instance.event_log_storage
    with storage.index_connection() as connection:
        return frozenset(
            row[0]
            for query in (_NEWEST_OF_ASSETS, _NEWEST_OF_CHECKS)
            for row in connection.execute(query)
        )


def _ended_before(instance: dg.DagsterInstance, moment: datetime) -> Sequence[str]:
    """Ids of the runs that had ended by then; all at once, for a page's end may be deleted."""
    return instance.get_run_ids(dg.RunsFilter(statuses=_ENDED, updated_before=moment))


def _delete(instance: dg.DagsterInstance, run_id: str) -> None:
    storage: Any = instance.event_log_storage
    with storage.index_connection() as connection:
        connection.execute(_CHECKS_OF_RUN, {"run": run_id})
    _delete_captured(instance, run_id)
    # `delete_run` deletes the run before its events: killed in between, nobody would find these.
    storage.delete_events(run_id)
    instance.delete_run(run_id)
    # An emptied file is as large as it was, and nothing asks for the events of a run that is gone.
    shard = _shard(instance, run_id)
    if shard is not None:
        for end in ("", "-wal", "-shm"):
            shard.with_name(shard.name + end).unlink(missing_ok=True)


def _trim(instance: dg.DagsterInstance, run_id: str) -> bool:
    """Delete the logs of a run that stays; whether there were any."""
    _delete_captured(instance, run_id)
    shard = _shard(instance, run_id)
    if shard is None:
        storage: Any = instance.event_log_storage
        with storage.run_connection(run_id) as connection:
            return bool(connection.execute(text(_LOGS_OF_RUN), {"run": run_id}).rowcount)
    if not shard.exists():
        return False
    with closing(sqlite3.connect(shard, timeout=60)) as connection:
        count = connection.execute(_LOGS_OF_RUN, {"run": run_id}).rowcount
        connection.commit()
        if count:
            connection.execute("VACUUM")
    return count > 0


def _delete_captured(instance: dg.DagsterInstance, run_id: str) -> None:
    instance.compute_log_manager.delete_logs(prefix=[run_id])


def _shard(instance: dg.DagsterInstance, run_id: str) -> Path | None:
    """The SQLite file of a run's events; None where all runs share a database."""
    storage: Any = instance.event_log_storage
    path_for = getattr(storage, "path_for_shard", None)
    return None if path_for is None else Path(path_for(run_id))
