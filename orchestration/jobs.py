"""Jobs: reference tables, baselines of others, polls, patents, and a day of everything else."""

from typing import Any

import dagster as dg

from assets.declare import asset_key
from assets.patents import tables as patents
from assets.polls.tables import REPOSITORY_EVENTS, REPOSITORY_POLLS, STAR_HISTORY

_PATENTS = (
    patents.PATENTS,
    patents.PATENT_QUARANTINE,
    patents.PATENT_MENTIONS,
    patents.PATENT_FILES,
    patents.PATENT_COHORTS,
)
_POLLED = (REPOSITORY_EVENTS, REPOSITORY_POLLS, STAR_HISTORY)
REFERENCE_JOB = "reference"
BASELINE_JOB = "baseline"
POLLS_JOB = "polls"
PATENTS_JOB = "patents"
DAILY_JOB = "daily"


def build_jobs() -> list[Any]:
    """The jobs, by what they select."""
    reference = dg.AssetSelection.groups("reference")
    baseline = dg.AssetSelection.groups("baseline")
    polls = dg.AssetSelection.assets(*(asset_key(table) for table in _POLLED))
    weekly = dg.AssetSelection.assets(*(asset_key(table) for table in _PATENTS))
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
            PATENTS_JOB,
            selection=weekly,
            description="A week of patents, from the USPTO's files to cohorts.",
        ),
        dg.define_asset_job(
            DAILY_JOB,
            selection=dg.AssetSelection.all() - reference - baseline - polls - weekly,
            description="One day from archive files to figures, checks, alerts and publication.",
        ),
    ]
