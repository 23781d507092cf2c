"""Jobs: the reference tables, baselines of others, and one day of everything else."""

from typing import Any

import dagster as dg

REFERENCE_JOB = "reference"
BASELINE_JOB = "baseline"
DAILY_JOB = "daily"


def build_jobs() -> list[Any]:
    """The jobs, by what they select."""
    reference = dg.AssetSelection.groups("reference")
    baseline = dg.AssetSelection.groups("baseline")
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
            DAILY_JOB,
            selection=dg.AssetSelection.all() - reference - baseline,
            description="One day from archive files to figures, checks, alerts and publication.",
        ),
    ]
