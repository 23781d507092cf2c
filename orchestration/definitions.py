"""The code location: everything Dagster loads."""

from functools import partial

import dagster as dg

from assets.activity import assets as activity
from assets.alerting import assets as alerting
from assets.attribution import assets as attribution
from assets.baseline import assets as baseline
from assets.commits import assets as commits
from assets.coverage import assets as coverage
from assets.declare import Plan
from assets.engagement import assets as engagement
from assets.hub import assets as hub
from assets.indices import assets as indices
from assets.papers import assets as papers
from assets.patents import assets as patents
from assets.polls import assets as polls
from assets.reference import assets as reference
from assets.reference.digest import content_digest
from assets.report import assets as report
from assets.shifts import assets as shifts
from assets.upkeep import assets as upkeep
from assets.visibility import assets as visibility
from checks.archive import archive_checks
from checks.declared import declared_checks
from checks.declared_tables import DECLARED
from checks.factory import suite_checks
from checks.hub import hub_checks
from checks.outbox import outbox_checks
from checks.publication import publication_checks
from checks.revisions import revision_checks
from checks.shifts import shift_checks
from checks.upkeep import upkeep_checks
from orchestration.asset_links import with_links
from orchestration.automation import (
    automation_sensor,
    baseline_condition,
    daily_condition,
    gathered_condition,
    hourly_condition,
    monthly_condition,
    nightly_condition,
    reference_condition,
    snapshot_condition,
    upkeep_condition,
    weekly_condition,
)
from orchestration.backfill_file import FOLDER
from orchestration.inventory import partitions_by_asset, take_inventory
from orchestration.jobs import build_jobs
from orchestration.partitions import (
    MAX_DAYS_PER_RUN,
    MAX_MONTHS_PER_RUN,
    MAX_WEEKS_PER_RUN,
    daily_partitions,
    monthly_partitions,
    snapshot_partitions,
    weekly_partitions,
)
from orchestration.resources import build_resources
from orchestration.retention import build_retention
from orchestration.sensors import build_sensors
from orchestration.settings import Settings, load_settings


def build_definitions(settings: Settings) -> dg.Definitions:
    """All definitions for some settings; tests give their own."""
    plan = Plan(
        daily=daily_partitions(settings.first_day),
        automation=daily_condition(),
        reference_automation=reference_condition(),
        baseline_automation=baseline_condition(),
        snapshots=snapshot_partitions(settings.first_day),
        snapshot_automation=snapshot_condition(),
        max_days_per_run=MAX_DAYS_PER_RUN,
        monthly=monthly_partitions(settings.first_day),
        monthly_automation=monthly_condition(),
        max_months_per_run=MAX_MONTHS_PER_RUN,
        weekly=weekly_partitions(settings.first_day),
        weekly_automation=weekly_condition(),
        max_weeks_per_run=MAX_WEEKS_PER_RUN,
        gathered_automation=gathered_condition(),
    )
    made = [
        *reference.build(plan, content_digest(settings.tracked_repositories, settings.hub_authors)),
        *polls.build(plan, hourly_condition(), nightly_condition()),
        *(
            definition
            for domain in (
                baseline,
                commits,
                activity,
                coverage,
                attribution,
                engagement,
                indices,
                papers,
                patents,
                hub,
                visibility,
                shifts,
                alerting,
                report,
            )
            for definition in domain.build(plan)
        ),
    ]
    resources = build_resources(settings)
    archives = [
        each.name for each in (resources["archive"], resources["second_archive"]) if each.base_urls
    ]
    inventory = partial(
        take_inventory, partitions=partitions_by_asset(made), folder=settings.data / FOLDER
    )
    retention, sweeping = build_retention(settings)
    checks = [
        *archive_checks(),
        *declared_checks(DECLARED),
        *hub_checks(),
        *outbox_checks(),
        *suite_checks(),
        *publication_checks(),
        *revision_checks(),
        *shift_checks(),
        *upkeep_checks(),
    ]
    assets = [*made, *upkeep.build(upkeep_condition(), inventory, archives)]
    return dg.Definitions(
        assets=with_links(assets, checks, settings),
        asset_checks=checks,
        jobs=[*build_jobs(), retention],
        schedules=[sweeping],
        sensors=[automation_sensor(), *build_sensors()],
        resources=resources,
        # A day's steps take seconds; a process for each would cost more than they do.
        executor=dg.in_process_executor,
    )


@dg.definitions
def defs() -> dg.Definitions:
    """Definitions for the settings of this process."""
    return build_definitions(load_settings())
