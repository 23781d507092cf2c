"""When assets are asked for: daily, and again for days missed in the last seven."""

from datetime import timedelta
from typing import Any

import dagster as dg

# An hour's file is there five minutes past the next hour; since 2025 a day needs one file more.
DAILY_CRON = "0 2 * * *"
NIGHTLY_CRON = "20 0 * * *"
HOURLY_CRON = "10 * * * *"
# Quarterly figures appear some weeks after a quarter, on no fixed day.
BASELINE_CRON = "0 3 2 * *"
SNAPSHOT_CRON = "40 * * * *"
CATCH_UP = timedelta(days=7)
# Works of a month, and their affiliations, arrive for a year after it.
ASK_AGAIN_CRON = "0 5 * * 6"
MONTHS_CATCH_UP = timedelta(days=62)
MONTHS_REVISED = timedelta(days=366)
WEEKS_CATCH_UP = timedelta(days=56)


def daily_condition() -> dg.AutomationCondition[Any]:
    """Each day at 02:00 UTC, and once at the start: every closed day of the last seven not made.

    A day that failed is missing still, and so is tried again on the next of seven days.
    """
    condition = dg.AutomationCondition
    wanted = condition.cron_tick_passed(DAILY_CRON) | condition.initial_evaluation()
    return (
        wanted
        & condition.missing()
        & condition.in_latest_time_window(lookback_delta=CATCH_UP)
        & ~condition.in_progress()
    )


def weekly_condition() -> dg.AutomationCondition[Any]:
    """Each day at 02:00 UTC, and once at the start: closed weeks of the last eight not made."""
    condition = dg.AutomationCondition
    wanted = condition.cron_tick_passed(DAILY_CRON) | condition.initial_evaluation()
    return (
        wanted
        & condition.missing()
        & condition.in_latest_time_window(lookback_delta=WEEKS_CATCH_UP)
        & ~condition.in_progress()
    )


def snapshot_condition() -> dg.AutomationCondition[Any]:
    """At the start, and at forty past each hour: today's snapshot until there is one.

    Days of the last seven without one are asked for as well, so that it is stated that they are
    missing, or kept what a process that died had got on them.
    """
    condition = dg.AutomationCondition
    wanted = condition.initial_evaluation() | condition.cron_tick_passed(SNAPSHOT_CRON)
    return (
        wanted
        & condition.missing()
        & condition.in_latest_time_window(lookback_delta=CATCH_UP)
        & ~condition.in_progress()
    )


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
    wanted = condition.cron_tick_passed(DAILY_CRON) | condition.initial_evaluation()
    is_missed = (
        wanted
        & condition.missing()
        & condition.in_latest_time_window(lookback_delta=MONTHS_CATCH_UP)
    )
    is_asked_again = condition.cron_tick_passed(ASK_AGAIN_CRON) & condition.in_latest_time_window(
        lookback_delta=MONTHS_REVISED
    )
    return (is_missed | is_asked_again) & ~condition.in_progress()


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


def automation_sensor() -> dg.AutomationConditionSensorDefinition:
    """Evaluates the conditions; on wherever the daemon runs."""
    return dg.AutomationConditionSensorDefinition(
        name="daily_automation",
        target=dg.AssetSelection.all(),
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=60,
        description="Asks for each closed day at 02:00 UTC, and for days missed in the last seven.",
    )
