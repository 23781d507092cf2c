"""When assets are asked for: daily, and again for days missed in the last eight."""

import warnings
from datetime import timedelta
from typing import Any

import dagster as dg

from orchestration.code_digest import CODE_TAG, code_digest
from orchestration.families import (
    CATCH_UP,
    MONTHS_CATCH_UP,
    WEEKS_CATCH_UP,
    families_of,
    family_of,
)
from orchestration.tries import given_up

# An hour's file is there five minutes past the next hour; since 2025 a day needs one file more.
DAILY_CRON = "0 2 * * *"
NIGHTLY_CRON = "20 0 * * *"
HOURLY_CRON = "10 * * * *"
# Quarterly figures appear some weeks after a quarter, on no fixed day.
BASELINE_CRON = "0 3 2 * *"
SNAPSHOT_CRON = "40 * * * *"
# What closed at midnight should be there at the first.
UPKEEP_CRON = "20 6,12,18 * * *"
# Works of a month, and their affiliations, arrive for a year after it.
ASK_AGAIN_CRON = "0 5 * * 6"
MONTHS_REVISED = timedelta(days=366)


class GivenUpCondition(dg.AutomationCondition[dg.AssetKey]):
    """True of partitions that have failed three times: see `orchestration.tries`.

    It reads the instance's runs, and so has to be evaluated by the code server. It is asked about
    partitions that all else wants made, a few at most, and where there are none it asks nothing.
    """

    @property
    def description(self) -> str:
        """What it is true of."""
        return "Failed three times under the code as it is, and not made since"

    @property
    def name(self) -> str:
        """Its name in Dagster's UI."""
        return "given_up"

    def evaluate(
        self, context: dg.AutomationContext[dg.AssetKey]
    ) -> dg.AutomationResult[dg.AssetKey]:
        """The candidates that nobody should ask for any more."""
        candidates = context.candidate_subset
        family = family_of(context.partitions_def)
        if candidates.is_empty or family is None or context.partitions_def is None:
            return dg.AutomationResult(context, context.get_empty_subset())
        found = given_up(
            context.asset_graph_view.instance,
            families_of(context.asset_graph),
            candidates.expensively_compute_partition_keys(),
            family,
        )
        subset = context.asset_graph_view.get_subset_from_partition_keys(
            context.key, context.partitions_def, {partition for _, partition in found}
        )
        return dg.AutomationResult(context, subset)


def _caught_up(cron: str, lookback: timedelta) -> dg.AutomationCondition[Any]:
    """At a cron's ticks and once at the start: what is missing of the newest partitions.

    A tick that passed while the daemon was away counts at its first evaluation, so that nobody has
    to wait for the next one. What failed is missing still, and asked for at the next tick until it
    is given up.
    """
    condition = dg.AutomationCondition
    wanted = condition.cron_tick_passed(cron) | condition.initial_evaluation()
    return (
        wanted
        & condition.missing()
        & condition.in_latest_time_window(lookback_delta=lookback)
        & ~condition.in_progress()
        & ~GivenUpCondition()
    )


def daily_condition() -> dg.AutomationCondition[Any]:
    """Each day at 02:00 UTC, and once at the start: every closed day of the last eight not made."""
    return _caught_up(DAILY_CRON, CATCH_UP)


def weekly_condition() -> dg.AutomationCondition[Any]:
    """Each day at 02:00 UTC, and once at the start: closed weeks of the last eight not made."""
    return _caught_up(DAILY_CRON, WEEKS_CATCH_UP)


def snapshot_condition() -> dg.AutomationCondition[Any]:
    """At the start, and at forty past each hour: today's snapshot until there is one.

    Days of the last eight without one are asked for as well, so that it is stated that they are
    missing, or kept what a process that died had got on them. Today's is never given up: there is
    no making it later.
    """
    return _caught_up(SNAPSHOT_CRON, CATCH_UP)


def gathered_condition() -> dg.AutomationCondition[Any]:
    """Once something that it gathers has been made, and while nothing of it is being made.

    What is merely asked for does not count: the two would be made side by side.
    """
    condition = dg.AutomationCondition
    is_due = condition.any_deps_match(condition.newly_updated()).since(
        condition.newly_requested() | condition.newly_updated()
    )
    return is_due & ~condition.any_deps_in_progress() & ~condition.in_progress()


def reference_condition() -> dg.AutomationCondition[Any]:
    """When never made, each day at 02:00 UTC, and when an analyst has edited a file."""
    condition = dg.AutomationCondition
    wanted = (
        condition.initial_evaluation()
        | condition.code_version_changed()
        | condition.cron_tick_passed(DAILY_CRON)
    )
    return wanted & ~condition.in_progress()


def baseline_condition() -> dg.AutomationCondition[Any]:
    """On the second of each month at 03:00 UTC; while never made, at the start and each day."""
    condition = dg.AutomationCondition
    wanted = (
        condition.initial_evaluation()
        | condition.cron_tick_passed(BASELINE_CRON)
        | (condition.missing() & condition.cron_tick_passed(DAILY_CRON))
    )
    return wanted & ~condition.in_progress()


def monthly_condition() -> dg.AutomationCondition[Any]:
    """Closed months of the last two not made, each day at 02:00 UTC; the last twelve on Saturdays.

    A month that failed, as where the day's credit was spent, is missing still and tried next day.
    """
    condition = dg.AutomationCondition
    is_missed = _caught_up(DAILY_CRON, MONTHS_CATCH_UP)
    is_asked_again = condition.cron_tick_passed(ASK_AGAIN_CRON) & condition.in_latest_time_window(
        lookback_delta=MONTHS_REVISED
    )
    return is_missed | (is_asked_again & ~condition.in_progress() & ~GivenUpCondition())


def hourly_condition() -> dg.AutomationCondition[Any]:
    """At the start, and at ten past each hour: which repositories are due, the polls decide.

    For those that cannot wait an hour there is the sensor `busy_repositories`.
    """
    condition = dg.AutomationCondition
    wanted = condition.initial_evaluation() | condition.cron_tick_passed(HOURLY_CRON)
    return wanted & ~condition.in_progress()


def nightly_condition() -> dg.AutomationCondition[Any]:
    """At the start, and twenty past midnight UTC: before the day that is over is made."""
    condition = dg.AutomationCondition
    wanted = condition.initial_evaluation() | condition.cron_tick_passed(NIGHTLY_CRON)
    return wanted & ~condition.in_progress()


def upkeep_condition() -> dg.AutomationCondition[Any]:
    """At 06:20, 12:20 and 18:20 UTC; what was missed is asked for by then, and so in progress."""
    condition = dg.AutomationCondition
    return condition.cron_tick_passed(UPKEEP_CRON) & ~condition.in_progress()


def automation_sensor() -> dg.AutomationConditionSensorDefinition:
    """Evaluates the conditions, in the code server; on wherever the daemon runs.

    Several days that are asked for at once are a run each, oldest first: as one run of all of them
    a day that cannot be made would have the others fail with it, each time.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*use_user_code_server", category=dg.BetaWarning)
        return dg.AutomationConditionSensorDefinition(
            name="daily_automation",
            target=dg.AssetSelection.all(),
            default_status=dg.DefaultSensorStatus.RUNNING,
            minimum_interval_seconds=60,
            emit_backfills=False,
            use_user_code_server=True,
            # Of what waits in the queue, the daily run is first: a backfill may be long.
            run_tags={CODE_TAG: code_digest(), "dagster/priority": "10"},
            description=(
                "Asks for each closed day at 02:00 UTC, and for days missed in the last eight, but "
                "for those that have failed three times."
            ),
        )
