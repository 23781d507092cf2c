"""Tables whose check is their declaration: those that no other check guards."""

from assets.activity import tables as activity
from assets.attribution import tables as attribution
from assets.baseline.tables import INNOVATION_GRAPH
from assets.coverage.tables import COVERAGE
from assets.engagement import tables as engagement
from assets.hub import tables as hub
from assets.indices import tables as indices
from assets.papers import tables as papers
from assets.patents import tables as patents
from assets.polls import tables as polls
from assets.reference import tables as reference
from assets.shifts.tables import SHOCK_LEADS_LAGS
from assets.visibility.tables import VISIBILITY_GAP

DECLARED = (
    reference.COUNTRY_GROUPINGS,
    reference.ECONOMIES,
    reference.HUB_AUTHORS,
    reference.MODEL_FAMILIES,
    reference.POLICY_EVENTS,
    reference.TRACKED_REPOSITORIES,
    reference.UPSTREAM_BREAKS,
    INNOVATION_GRAPH,
    polls.REPOSITORY_EVENTS,
    polls.REPOSITORY_POLLS,
    polls.STAR_HISTORY,
    activity.ARCHIVE_EVENTS,
    activity.COMMITS,
    activity.COMMIT_AUTHORS,
    activity.ACTOR_DAYS,
    attribution.ACTOR_PROFILES,
    attribution.ACTOR_EVIDENCE,
    attribution.ATTRIBUTION_MODEL,
    attribution.ATTRIBUTION_RELIABILITY,
    COVERAGE,
    engagement.COUNTRY_ACTIVITY,
    engagement.STAGED_CONCENTRATION,
    engagement.CONCENTRATION,
    indices.ENGAGEMENT_INDEX,
    indices.COUNTRY_RATIO,
    indices.CROSSINGS,
    hub.HUB_MODELS,
    hub.DIFFUSION_HUB,
    hub.HUB_CONCENTRATION,
    papers.PAPER_FIELD_COUNTS,
    papers.PAPER_ASKINGS,
    papers.PAPER_QUARANTINE,
    papers.PAPER_MENTIONS,
    papers.DIFFUSION_PAPERS,
    patents.PATENT_FILES,
    patents.PATENT_QUARANTINE,
    patents.PATENT_MENTIONS,
    patents.PATENT_COHORTS,
    VISIBILITY_GAP,
    SHOCK_LEADS_LAGS,
)
