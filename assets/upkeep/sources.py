"""What is expected of each source, and by when; and tables that say what it gave."""

from datetime import timedelta

from assets.activity.tables import ARCHIVE_HOURS, COMMITS
from assets.baseline.tables import INNOVATION_GRAPH
from assets.hub.tables import HUB_SNAPSHOTS
from assets.papers.tables import PAPERS
from assets.patents.tables import PATENT_FILES
from assets.polls.tables import REPOSITORY_POLLS, STAR_HISTORY
from assets.upkeep.freshness import Source, Unit

_HOURS, _DAYS = timedelta(hours=1), timedelta(days=1)

#: What closes at midnight is made from 02:00 on, in an hour or so: half a day is a failed run.
_OVERNIGHT, _A_DAY = 6 * _HOURS, _DAYS
REPOSITORY_POLLING = Source(
    "github_events", REPOSITORY_POLLS.qualified, Unit.HOUR, _HOURS, 6 * _HOURS
)
STARS = Source("star_history", STAR_HISTORY.qualified, Unit.DAY, _OVERNIGHT, _A_DAY)
GIT = Source("git", COMMITS.qualified, Unit.DAY, _OVERNIGHT, _A_DAY)
# A snapshot is of its day or never: at noon somebody can still look.
HUB = Source("huggingface_hub", HUB_SNAPSHOTS.qualified, Unit.DAY, _OVERNIGHT, 6 * _HOURS)
# Where a day's credit is spent, the month comes with the next day's.
OPENALEX = Source("openalex", PAPERS.qualified, Unit.MONTH, _OVERNIGHT, 3 * _DAYS)
# Files are due on the Tuesday and the Thursday within the week; the office has been a week late.
USPTO = Source("uspto", PATENT_FILES.qualified, Unit.WEEK, _OVERNIGHT, 7 * _DAYS)
# Published three to six months after a quarter, on no fixed day.
GRAPH = Source(
    "innovation_graph", INNOVATION_GRAPH.qualified, Unit.QUARTER, 183 * _DAYS, 92 * _DAYS
)


def archive(name: str) -> Source:
    """An archive of hourly files, which are read a day at a time."""
    return Source(name, ARCHIVE_HOURS.qualified, Unit.DAY, _OVERNIGHT, _A_DAY)


#: All but the archives, of which there may be one or two.
OTHERS = (REPOSITORY_POLLING, STARS, GIT, HUB, OPENALEX, USPTO, GRAPH)
