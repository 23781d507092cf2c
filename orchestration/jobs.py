"""Jobs: reference tables, baselines, polls, the Hub, and one day of everything else."""

from typing import Any

import dagster as dg

from assets.declare import asset_key
from assets.hub.assets import DERIVED_TABLES, SNAPSHOT_TABLES
from assets.polls.tables import REPOSITORY_EVENTS, REPOSITORY_POLLS, STAR_HISTORY

_POLLED = (REPOSITORY_EVENTS, REPOSITORY_POLLS, STAR_HISTORY)
REFERENCE_JOB = "reference"
BASELINE_JOB = "baseline"
POLLS_JOB = "polls"
HUB_SNAPSHOT_JOB = "hub_snapshot"
HUB_JOB = "hub"
DAILY_JOB = "daily"


def build_jobs() -> list[Any]:
    """The jobs, by what they select."""
    reference = dg.AssetSelection.groups("reference")
    baseline = dg.AssetSelection.groups("baseline")
    polls = dg.AssetSelection.assets(*(asset_key(table) for table in _POLLED))
    snapshot = dg.AssetSelection.assets(*(asset_key(table) for table in SNAPSHOT_TABLES))
    hub = dg.AssetSelection.assets(*(asset_key(table) for table in DERIVED_TABLES))
    return [
        dg.define_asset_job(
            REFERENCE_JOB,
            selection=reference,
            description="Validate the analyst's files, resolve open repository ids, load them.",
        ),
        dg.define_asset_job(
            BASELINE_JOB,
            selection=baseline,
            description="Fetch the baselines that others publish by quarter.",
        ),
        dg.define_asset_job(
            POLLS_JOB,
            selection=polls,
            description="Ask GitHub for the newest events of tracked repositories, and for stars.",
        ),
        dg.define_asset_job(
            HUB_SNAPSHOT_JOB,
            selection=snapshot,
            description="Ask the Hugging Face Hub how its models stand: of today, or never.",
        ),
        dg.define_asset_job(
            HUB_JOB,
            selection=hub,
            description="Lineage of the Hub's snapshots, and what is counted of them.",
        ),
        dg.define_asset_job(
            DAILY_JOB,
            selection=dg.AssetSelection.all() - reference - baseline - polls - snapshot - hub,
            description="One day from archive files to figures, checks, alerts and publication.",
        ),
    ]
