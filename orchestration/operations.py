"""The sensor of what goes on: failed runs and checks, old tables, backfills; it delivers, too."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg
import duckdb

from assets.alerting import ledger
from assets.alerting.assets import (
    BACKFILL_TAG,
    RANGE_TAG,
    TICK_SECONDS,
    deliver,
    message_form,
    prepare_alerting,
)
from assets.alerting.backfills import digests
from assets.alerting.freshness import newest_days
from assets.alerting.notice import Notice
from assets.alerting.operations import (
    CheckResult,
    EndedRun,
    StuckPartition,
    check_outcomes,
    run_outcomes,
    stale_outcomes,
    stuck_outcomes,
)
from assets.alerting.posting import enqueue_notices
from assets.alerting.rule_kinds import (
    FailedCheckRule,
    FailedRunRule,
    GivenUpRule,
    StaleRule,
)
from assets.alerting.rules import Rules, load_rules
from assets.alerting.states import AlertState, State
from assets.alerting.telling import tell
from assets.alerting.watch import Outcome
from orchestration.backfill_file import FOLDER, running
from orchestration.backfill_plan import STAGE_TAG, is_preparation
from orchestration.code_digest import CODE_TAG
from orchestration.families import (
    DAILY,
    Family,
    family_of_run,
    known_families,
    partitions_of_run,
)
from orchestration.resources import platform, slack_resource
from orchestration.settings import Settings
from orchestration.tries import given_up, watched_partitions
from resources.platform import Platform
from resources.slack import SlackResource
from resources.warehouse import Warehouse, WarehouseBusyError, WarehouseResource

_RUNS_PER_TICK = 25
_MOST_ASSETS = 3
_MOST_WAIT_S = 15.0
_TOGETHER = (BACKFILL_TAG, RANGE_TAG)
_FIRST_LOOK = timedelta(days=1)
#: What is made at 02:00 UTC should be there by then.
_STALE_FROM_HOUR = 6
_ENDED = [dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.SUCCESS]
UNFINISHED = (
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
)


@dataclass(frozen=True, slots=True)
class Facts:
    """What Dagster's instance knows since a time.

    Attributes:
        runs: that have ended, oldest first.
        checks: the newest result of each.
        unfinished: ids of backfills and runs that go on.
        cursor: time of the newest of the runs; None without one.
        stuck: partitions that have failed three times.
    """

    runs: tuple[EndedRun, ...]
    checks: tuple[CheckResult, ...]
    unfinished: frozenset[str]
    cursor: datetime | None
    stuck: tuple[StuckPartition, ...] = ()


def build_operations() -> dg.SensorDefinition:
    """The sensor."""
    return dg.sensor(
        name="operations",
        description=(
            "Evaluates the rules on runs, checks and stale tables, and posts what waits in the "
            "outbox; tries again until Slack took it."
        ),
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING,
    )(operations)


def operations(
    context: dg.SensorEvaluationContext,
    warehouse: WarehouseResource,
    slack: SlackResource,
    platform: Platform,
) -> dg.SkipReason:
    """Evaluate what is known of runs and checks, move the cursor, and deliver.

    Dagster's own run failure sensor moves its cursor also when posting fails, and so loses the
    message; the outbox does not.
    """
    since = (
        datetime.fromisoformat(context.cursor)
        if context.cursor
        else datetime.now(UTC) - _FIRST_LOOK
    )
    # Dagster ends a tick after a minute: what another process holds for long is for the next one.
    house = Warehouse(warehouse.database, max_wait_s=_MOST_WAIT_S)
    try:
        prepare_alerting(house)
    except WarehouseBusyError as busy:
        return dg.SkipReason(f"for the next tick: {busy}")
    graph = context.repository_def.asset_graph if context.repository_def else None
    known = known_families(context)
    facts = read_facts(context.instance, since, graph.asset_check_keys if graph else (), known)
    try:
        rules = load_rules(Path(platform.rules))
        partitions = {*watched_partitions(platform.today()), *_said_partitions(house, rules)}
        stuck = tuple(_stuck(context.instance, known, partitions))
        notices = watch(house, rules, replace(facts, stuck=stuck), platform)
        if facts.cursor:
            context.update_cursor(facts.cursor.isoformat())
    finally:
        # What is decided is delivered, whatever is wrong with the rules.
        done = deliver(house, slack.client(), platform, most_seconds=TICK_SECONDS)
        for key, reason in done.buried:
            context.log.error(f"dead letter {key}: {reason}; see `make outbox`")
    return dg.SkipReason(
        f"{len(facts.runs)} runs ended since {since:%Y-%m-%d %H:%M}; {len(notices)} new messages, "
        f"{done.delivered} posted, {done.waiting} wait"
    )


def say_backfills(settings: Settings, going_on: frozenset[str]) -> None:
    """Say what backfills made that are over, as the sensor does, for commands without a daemon.

    Args:
        settings: of the platform.
        going_on: ids of backfills and runs that are not.
    """
    house = Warehouse(str(settings.warehouse))
    prepare_alerting(house)
    here = platform(settings)
    watch(house, Rules(()), Facts((), (), going_on, None), here)
    deliver(house, slack_resource(settings).client(), here, most_seconds=TICK_SECONDS)


def watch(house: Warehouse, rules: Rules, facts: Facts, platform: Platform) -> list[Notice]:
    """Move the rules on operations on; states and messages are written in one transaction."""
    today, now = platform.today(), platform.now()
    with house.transaction() as connection:
        states = ledger.read_states(connection)
        outcomes = list(_outcomes(connection, rules, facts, states, now))
        notices, moved = tell(outcomes, states, today, rules)
        going_on = {*facts.unfinished, *running(platform.data(FOLDER))}
        notices += digests(connection, going_on, now)
        ledger.write_states(connection, moved.values())
        enqueue_notices(connection, notices, message_form(connection, platform), now)
    return notices


def _outcomes(
    connection: duckdb.DuckDBPyConnection,
    rules: Rules,
    facts: Facts,
    states: dict[str, AlertState],
    now: datetime,
) -> Iterable[Outcome]:
    today = now.date()
    for runs_rule in rules.of_kind(FailedRunRule):
        yield from run_outcomes(runs_rule, facts.runs, states, today)
    for checks_rule in rules.of_kind(FailedCheckRule):
        yield from check_outcomes(checks_rule, facts.checks, states)
    for stuck_rule in rules.of_kind(GivenUpRule):
        yield from stuck_outcomes(stuck_rule, facts.stuck, states, today)
    if now.hour >= _STALE_FROM_HOUR:
        for stale_rule in rules.of_kind(StaleRule):
            newest = newest_days(connection, stale_rule.max_days)
            yield from stale_outcomes(stale_rule, newest, states, today)


def _said_partitions(house: Warehouse, rules: Rules) -> set[str]:
    """Partitions of which it was said that they are given up, and not yet that this is over."""
    names = {rule.id for rule in rules.of_kind(GivenUpRule)}
    with house.transaction() as connection:
        states = ledger.read_states(connection).values()
    firing = (each for each in states if each.rule_id in names and each.state is State.FIRING)
    return {each.alert_id.rsplit(":", 1)[1] for each in firing}


def _stuck(
    instance: dg.DagsterInstance,
    known: Mapping[dg.AssetKey, Family],
    partitions: Collection[str],
) -> Iterator[StuckPartition]:
    for each in given_up(instance, known, partitions).values():
        day = date.fromisoformat(each.partition)
        yield StuckPartition(
            what=each.family.name,
            partition=each.partition,
            tries=len(each.run_ids),
            failed_on=each.failed_at.date(),
            run_id=each.run_ids[-1],
            error=_first_error(instance, each.run_ids[-1]),
            mend=each.family.mend(day, day),
        )


def read_facts(
    instance: dg.DagsterInstance,
    since: datetime,
    checks: Iterable[dg.AssetCheckKey],
    known: Mapping[dg.AssetKey, Family],
) -> Facts:
    """What has ended since a time, how checks stand, and what goes on.

    Args:
        instance: Dagster's.
        since: runs that changed later are read, the oldest first and so many a time.
        checks: whose results are wanted.
        known: families of assets.
    """
    records = instance.get_run_records(
        filters=dg.RunsFilter(statuses=_ENDED, updated_after=since),
        limit=_RUNS_PER_TICK,
        order_by="update_timestamp",
        ascending=True,
    )
    return Facts(
        tuple(_ended(instance, record, known) for record in records),
        tuple(_checked(instance, checks)),
        unfinished(instance),
        records[-1].update_timestamp.astimezone(UTC) if records else None,
    )


def unfinished(instance: dg.DagsterInstance) -> frozenset[str]:
    """Ids of runs that go on, and of the backfills that they are part of."""
    runs = instance.get_runs(dg.RunsFilter(statuses=list(UNFINISHED)))
    names = {run.tags[tag] for run in runs for tag in _TOGETHER if tag in run.tags}
    return frozenset(names | {run.run_id for run in runs})


def _ended(
    instance: dg.DagsterInstance, record: dg.RunRecord, known: Mapping[dg.AssetKey, Family]
) -> EndedRun:
    run = record.dagster_run
    family = family_of_run(run, known)
    is_failed = run.status is dg.DagsterRunStatus.FAILURE
    return EndedRun(
        run_id=run.run_id,
        what=_what(run, family),
        # One empty one for a run without any.
        partitions=tuple(partitions_of_run(run, family or DAILY)) or ("",),
        ended_on=record.update_timestamp.astimezone(UTC).date(),
        is_failed=is_failed,
        error=_first_error(instance, run.run_id) if is_failed else "",
    )


def _what(run: dg.DagsterRun, family: Family | None) -> str:
    """A run's job; of the automation, what makes the same partitions; else a run's assets.

    The automation asks for what is missing of a day, which after a failure is less than before.
    What a backfill prepares stands for itself: no day is made by it.
    """
    if is_preparation(run.tags):
        return f"{run.job_name} ({run.tags[STAGE_TAG]})"
    if not run.asset_selection or not run.job_name.startswith("__"):
        return run.job_name
    if family and CODE_TAG in run.tags:
        return family.name
    keys = sorted(key.to_user_string() for key in run.asset_selection)
    more = f" and {len(keys) - _MOST_ASSETS} more" if len(keys) > _MOST_ASSETS else ""
    return f"{', '.join(keys[:_MOST_ASSETS])}{more}"


def _first_error(instance: dg.DagsterInstance, run_id: str) -> str:
    """The first failed step and its error, as Dagster logged them."""
    failures = instance.get_records_for_run(
        run_id, of_type=dg.DagsterEventType.STEP_FAILURE, limit=1
    ).records
    for record in failures:
        event = record.event_log_entry.get_dagster_event()
        error = event.step_failure_data.error
        cause = error.cause if error and error.cause else error
        return f"{event.step_key}: {cause.message if cause else 'no error text'}"
    return "the run failed outside its steps"


def _checked(
    instance: dg.DagsterInstance, keys: Iterable[dg.AssetCheckKey]
) -> Iterator[CheckResult]:
    """The newest result of each check that was ever made; one planned or under way has none."""
    for key in keys:
        record = instance.get_latest_asset_check_evaluation_record(key)
        made = record.evaluation if record else None
        # Of a run in the queue Dagster keeps what it plans in the place of the result.
        if record is None or not isinstance(made, dg.AssetCheckEvaluation):
            continue
        schema, _, table = ".".join(key.asset_key.path).partition(".")
        yield CheckResult(
            asset=(schema, table),
            name=key.name,
            checked_on=datetime.fromtimestamp(record.create_timestamp, UTC).date(),
            is_failed=not made.passed and made.severity is dg.AssetCheckSeverity.ERROR,
            said=made.description or "",
        )
