"""Jobs: reference, baselines, polls, papers, patents, Hub, accounts, gap, page, upkeep, days."""

from typing import Any

import dagster as dg

from assets.activity import tables as activity_tables
from assets.attribution.tables import ACTOR_EVIDENCE, ACTOR_PROFILES
from assets.declare import asset_key
from assets.hub.assets import DERIVED_TABLES, SNAPSHOT_TABLES
from assets.papers import tables as papers_tables
from assets.patents import tables as patents_tables
from assets.polls.tables import REPOSITORY_EVENTS, REPOSITORY_POLLS, STAR_HISTORY
from assets.report.tables import PAGE, SNAPSHOT
from assets.revisions.tables import REVISIONS
from assets.shifts.tables import SHOCK_EFFECTS, SHOCK_LEADS_LAGS
from assets.visibility.tables import VISIBILITY_GAP
from orchestration.code_digest import CODE_TAG, code_digest

_PATENTS = (
    patents_tables.PATENTS,
    patents_tables.PATENT_QUARANTINE,
    patents_tables.PATENT_MENTIONS,
    patents_tables.PATENT_FILES,
    patents_tables.PATENT_COHORTS,
)
_POLLED = (REPOSITORY_EVENTS, REPOSITORY_POLLS, STAR_HISTORY)
REFERENCE_JOB = "reference"
BASELINE_JOB = "baseline"
POLLS_JOB = "polls"
PAPERS_JOB = "papers"
PATENTS_JOB = "patents"
HUB_SNAPSHOT_JOB = "hub_snapshot"
HUB_JOB = "hub"
ACCOUNTS_JOB = "accounts"
GAP_JOB = "gap"
SHOCKS_JOB = "shocks"
PUBLICATION_JOB = "publication"
UPKEEP_JOB = "upkeep"
DAILY_JOB = "daily"
_PAPERS = (
    papers_tables.PAPERS,
    papers_tables.PAPER_FIELD_COUNTS,
    papers_tables.PAPER_ASKINGS,
    papers_tables.PAPER_QUARANTINE,
    papers_tables.PAPER_MENTIONS,
    papers_tables.STAGED_DIFFUSION_PAPERS,
    papers_tables.DIFFUSION_PAPERS,
)
_SHOCKS = (SHOCK_EFFECTS, SHOCK_LEADS_LAGS)
#: What periods of several days need of their earlier ones, and nothing of what those show.
_ACCOUNTS = (
    activity_tables.ARCHIVE_EVENTS,
    activity_tables.ARCHIVE_HOURS,
    activity_tables.ARCHIVE_TOTALS,
    activity_tables.COMMITS,
    activity_tables.COMMIT_AUTHORS,
    activity_tables.EVENTS,
    activity_tables.ACTOR_DAYS,
    ACTOR_PROFILES,
    ACTOR_EVIDENCE,
)


def build_jobs() -> list[Any]:
    """The jobs, by what they select."""
    reference = dg.AssetSelection.groups("reference")
    baseline = dg.AssetSelection.groups("baseline")
    polls = dg.AssetSelection.assets(*(asset_key(table) for table in _POLLED))
    papers = dg.AssetSelection.assets(*(asset_key(table) for table in _PAPERS))
    patents = dg.AssetSelection.assets(*(asset_key(table) for table in _PATENTS))
    snapshot = dg.AssetSelection.assets(*(asset_key(table) for table in SNAPSHOT_TABLES))
    hub = dg.AssetSelection.assets(*(asset_key(table) for table in DERIVED_TABLES))
    gap = dg.AssetSelection.assets(asset_key(VISIBILITY_GAP))
    accounts = dg.AssetSelection.assets(*(asset_key(table) for table in _ACCOUNTS))
    shocks = dg.AssetSelection.assets(*(asset_key(table) for table in _SHOCKS))
    published = (REVISIONS, SNAPSHOT, PAGE)
    publication = dg.AssetSelection.assets(*(asset_key(table) for table in published))
    upkeep = dg.AssetSelection.groups("upkeep")
    others = reference | baseline | polls | papers | patents | snapshot | hub | shocks | upkeep
    tags = {CODE_TAG: code_digest()}
    return [
        dg.define_asset_job(
            REFERENCE_JOB,
            selection=reference,
            tags=tags,
            description="Validate the analyst's files, resolve open repository ids, load them.",
        ),
        dg.define_asset_job(
            BASELINE_JOB,
            selection=baseline,
            tags=tags,
            description="Fetch the baselines that others publish by quarter.",
        ),
        dg.define_asset_job(
            POLLS_JOB,
            selection=polls,
            tags=tags,
            description="Ask GitHub for the newest events of tracked repositories, and for stars.",
        ),
        dg.define_asset_job(
            PAPERS_JOB,
            selection=papers,
            tags=tags,
            description="A month of papers: works, the models they name, and their diffusion.",
        ),
        dg.define_asset_job(
            PATENTS_JOB,
            selection=patents,
            tags=tags,
            description="A week of patents, from the USPTO's files to cohorts.",
        ),
        dg.define_asset_job(
            HUB_SNAPSHOT_JOB,
            selection=snapshot,
            tags=tags,
            description="Ask the Hugging Face Hub how its models stand: of today, or never.",
        ),
        dg.define_asset_job(
            HUB_JOB,
            selection=hub,
            tags=tags,
            description="Lineage of the Hub's snapshots, and what is counted of them.",
        ),
        dg.define_asset_job(
            ACCOUNTS_JOB,
            selection=accounts,
            tags=tags,
            description="Who did what on a day, and what says where they are: for days after it.",
        ),
        dg.define_asset_job(
            GAP_JOB,
            selection=gap,
            tags=tags,
            description="The gap between use and patents, of all cohorts.",
        ),
        dg.define_asset_job(
            SHOCKS_JOB,
            selection=shocks,
            tags=tags,
            description="What policy shocks did, of all weeks at once.",
        ),
        dg.define_asset_job(
            PUBLICATION_JOB,
            selection=publication,
            tags=tags,
            description="The published snapshot and the page, of what the marts hold.",
        ),
        dg.define_asset_job(
            UPKEEP_JOB,
            selection=upkeep,
            tags=tags,
            description="What is made, failed or missing of all partitions; how fresh sources are.",
        ),
        dg.define_asset_job(
            DAILY_JOB,
            selection=dg.AssetSelection.all() - others,
            tags=tags,
            description="One day: archive files, figures, shifts, gap, alerts and publication.",
        ),
    ]
