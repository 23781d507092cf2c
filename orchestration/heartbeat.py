"""The sensor of the dead man's switch: after each good daily run it is called, else it is not."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta

import dagster as dg

from assets.declare import asset_key
from assets.report.tables import PAGE
from orchestration.code_digest import CODE_TAG
from orchestration.families import (
    DAILY,
    Family,
    family_of_run,
    known_families,
    partitions_of_run,
)
from orchestration.jobs import DAILY_JOB
from resources.heartbeat import HeartbeatResource
from resources.http import PermanentUpstreamError, TransientUpstreamError
from resources.platform import Platform

_LAST = asset_key(PAGE)
_FIRST_LOOK = timedelta(days=1)
_RUNS_PER_TICK = 100


def build_heartbeat() -> dg.SensorDefinition:
    """The sensor."""
    return dg.sensor(
        name="heartbeat",
        description=(
            "Calls OBSERVATORY_HEARTBEAT_URL after a good run of the newest closed day. A daemon "
            "that is dead calls nothing, and who waits for the call raises alarm."
        ),
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING,
    )(heartbeat)


def heartbeat(
    context: dg.SensorEvaluationContext, heartbeat: HeartbeatResource, platform: Platform
) -> dg.SkipReason:
    """Look for a good daily run that ended since the last look, and call once for all of them.

    A call that is not answered is repeated at the next look, as long as the day is the newest.
    """
    client = heartbeat.client(on_retry=context.log.info)
    if client is None:
        return dg.SkipReason("OBSERVATORY_HEARTBEAT_URL is not set")
    since = (
        datetime.fromisoformat(context.cursor)
        if context.cursor
        else datetime.now(UTC) - _FIRST_LOOK
    )
    records = context.instance.get_run_records(
        dg.RunsFilter(statuses=[dg.DagsterRunStatus.SUCCESS], updated_after=since),
        limit=_RUNS_PER_TICK,
        order_by="update_timestamp",
        ascending=True,
    )
    day = platform.today() - timedelta(days=1)
    runs = [record.dagster_run for record in records]
    good = good_daily_runs(runs, known_families(context), day)
    said = f"no good run of {day} ended since {since:%Y-%m-%d %H:%M} UTC"
    if good:
        try:
            client.beat()
        except TransientUpstreamError as error:
            context.log.error(f"{error}; run {good[-1].run_id} was good: called again next minute")
            return dg.SkipReason(f"{error}; called again at the next look")
        except PermanentUpstreamError as error:
            context.log.error(f"{error}; see docs/runbook.md#heartbeat")
            said = f"{error}; not called again for this run"
        else:
            said = f"called, as run {good[-1].run_id} of {day} was good"
    if records:
        context.update_cursor(records[-1].update_timestamp.astimezone(UTC).isoformat())
    return dg.SkipReason(said)


def good_daily_runs(
    runs: Iterable[dg.DagsterRun], known: Mapping[dg.AssetKey, Family], day: date
) -> list[dg.DagsterRun]:
    """The daily runs among some that have succeeded which made a day, in their order.

    Runs of the daily job, and those of the automation, which asks for what is missing of the day,
    up to the page, which is the last that is made. Runs of other days, such as a backfill's, say
    nothing of today's.
    """
    return [
        run
        for run in runs
        if (run.job_name == DAILY_JOB or (run.job_name.startswith("__") and CODE_TAG in run.tags))
        and (run.asset_selection is None or _LAST in run.asset_selection)
        and family_of_run(run, known) == DAILY
        and str(day) in partitions_of_run(run, DAILY)
    ]
