"""A day's events counted by who saw them: the cells of the capture histories."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
TRACKED, PANEL = "tracked", "panel"
COMMIT = "Commit"
#: Event types that are counted even on a day on which none was seen, with the group that
#: core.events puts them into.
GROUP_OF_TYPE = {
    "PushEvent": "contribution",
    "PullRequestEvent": "contribution",
    "PullRequestReviewEvent": "contribution",
    "PullRequestReviewCommentEvent": "contribution",
    "IssuesEvent": "participation",
    "IssueCommentEvent": "participation",
    "CommitCommentEvent": "participation",
    "WatchEvent": "attention",
    "ForkEvent": "attention",
    "CreateEvent": "other",
    "DeleteEvent": "other",
    "ReleaseEvent": "other",
    "MemberEvent": "other",
    "PublicEvent": "other",
    "GollumEvent": "other",
    "DiscussionEvent": "other",
}
GROUPS = ("contribution", "participation", "attention", "other")
_KEYS = ("event_type", "event_group", "repo_id", "is_tracked", "is_panel", "seen_by")


@dataclass(frozen=True)
class Cells:
    """Counts of one scope and event type; arrays of one length, a repository and history each.

    Attributes:
        sources: names; bit k of a capture history is set where the k-th saw the event.
        repo_id: numeric repository id; -1 without one.
        seen_by: capture history.
        count: events.
    """

    sources: tuple[str, ...]
    repo_id: Ints
    seen_by: Ints
    count: Ints

    @cached_property
    def repositories(self) -> tuple[Ints, Ints]:
        """The distinct repositories in ascending order, and for each row the place of its own."""
        ids, place = np.unique(self.repo_id, return_inverse=True)
        return ids, place.astype(np.int64)

    def of(self, repositories: frozenset[int]) -> "Cells":
        """Only the rows of some repositories."""
        chosen = np.isin(self.repo_id, np.array(sorted(repositories), dtype=np.int64))
        return Cells(self.sources, self.repo_id[chosen], self.seen_by[chosen], self.count[chosen])

    def with_repositories(self, repo_id: Ints) -> "Cells":
        """The same with rows of no events, so that the repositories are among `repositories`."""
        none = np.zeros(len(repo_id), dtype=np.int64)
        return Cells(
            self.sources,
            np.concatenate([self.repo_id, repo_id]),
            np.concatenate([self.seen_by, none]),
            np.concatenate([self.count, none]),
        )

    def seen(self, *names: str) -> Bools:
        """Which rows are of events that each of the sources saw; without names, all rows."""
        bits = sum(1 << self.sources.index(name) for name in names)
        return np.asarray((self.seen_by & bits) == bits)

    def total(self, *names: str) -> int:
        """Events that each of the sources saw; without names, events that anything saw."""
        return int(self.count[self.seen(*names)].sum())

    def by_repository(self, *names: str) -> Floats:
        """(repositories,) the same, in the order of `repositories`."""
        ids, place = self.repositories
        counts = np.where(self.seen(*names), self.count, 0)
        return np.bincount(place, weights=counts, minlength=len(ids)).astype(np.float64)


def count_cells(seen: pa.Table, sources: Sequence[str]) -> dict[tuple[str, str, str], Cells]:
    """Count events by scope, event group, event type, repository and capture history.

    Args:
        seen: event_type, event_group, repo_id (may be null), is_tracked, is_panel, sources (list):
            each event once. Commits are passed over.
        sources: names of those that the histories tell apart; others that saw an event are not
            told apart.

    Returns:
        By (scope, event group, event type), of those with events.
    """
    of_feeds = seen.filter(pc.not_equal(seen["event_type"], COMMIT))
    table = of_feeds.select(list(_KEYS[:-1])).append_column(
        "seen_by", pa.array(_histories(of_feeds["sources"], sources))
    )
    table = table.set_column(2, "repo_id", pc.fill_null(pc.cast(table["repo_id"], pa.int64()), -1))
    rows = table.group_by(list(_KEYS)).aggregate([([], "count_all")])
    found: dict[tuple[str, str, str], Cells] = {}
    for scope in (TRACKED, PANEL):
        chosen = rows.filter(rows[f"is_{scope}"])
        kinds = chosen.select(["event_group", "event_type"]).group_by(_KEYS[1::-1]).aggregate([])
        for kind in kinds.to_pylist():
            group, event_type = kind["event_group"], kind["event_type"]
            of_kind = chosen.filter(
                pc.and_(
                    pc.equal(chosen["event_type"], event_type),
                    pc.equal(chosen["event_group"], group),
                )
            )
            found[scope, group, event_type] = Cells(
                tuple(sources),
                *(of_kind[name].to_numpy() for name in ("repo_id", "seen_by", "count_all")),
            )
    return found


def no_cells(sources: Sequence[str]) -> Cells:
    """The cells of a type of which nothing was seen."""
    return Cells(tuple(sources), *(np.zeros(0, dtype=np.int64) for _ in range(3)))


def _histories(column: pa.ChunkedArray, sources: Sequence[str]) -> Ints:
    """(events,) which of the sources saw each event, a bit each."""
    lists = column.combine_chunks()
    names, parents = lists.flatten(), pc.list_parent_indices(lists)
    histories = np.zeros(len(lists), dtype=np.int64)
    for place, source in enumerate(sources):
        saw = parents.filter(pc.equal(names, source)).to_numpy()
        histories[saw] |= 1 << place
    return histories
