"""The paper's specification (arXiv:2606.15999): forks a repository and week, by the clock's label.

Only summaries of the paper could be read. What is built here: a repository's forks in a week,
those before 17:00 UTC labelled China-associated, regressed on a dummy for the weeks from the shock
on, with an effect for each repository. Over repositories that are there throughout, that is the
change of the mean over repositories. How the paper labels the United States is not known: all
other forks are taken for it. Beside it stands the same by located accounts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from assets.shifts.placebo import windows_of
from assets.shifts.regression import Bools, Floats
from assets.shifts.series import Dates

LABELS = ("before_17", "from_17", "located_cn", "located_us")
_SQL = (Path(__file__).parent / "sql" / "forks_by_week.sql").read_text()
_COUNTED = ("event_count", *LABELS)
#: Columns that are read of core.events and core.actor_country.
OF_EVENTS = ("event_date", "event_type", "created_at", "actor_id", "repo_id", "is_tracked")
OF_ACTORS = ("as_of_date", "actor_id", "located_iso2")
FORKS_BY_WEEK = pa.schema(
    [
        ("week_date", pa.date32()),
        ("repo_id", pa.int64()),
        *((name, pa.int64()) for name in _COUNTED),
    ]
)


@dataclass(frozen=True, slots=True)
class ForkPanel:
    """Forks of repositories by week; repositories in the order in which they were first seen.

    Attributes:
        first_seen: (repositories,) place among the dates of the first event of any type.
        running: by label, (repositories + 1, dates): forks of the first so many repositories; NaN
            in weeks that are not sound.
    """

    first_seen: npt.NDArray[np.int64]
    running: dict[str, Floats]

    @property
    def repository_count(self) -> Floats:
        """(dates,) repositories seen by each week."""
        weeks = np.arange(self.running[LABELS[0]].shape[1])
        seen = np.searchsorted(self.first_seen, weeks, side="right")
        return np.asarray(seen, dtype=np.float64)


def forks_by_week(events: pa.Table, actor_country: pa.Table) -> pa.Table:
    """Counts of some days, of schema `FORKS_BY_WEEK`.

    Args:
        events: `OF_EVENTS` of core.events.
        actor_country: `OF_ACTORS` of core.actor_country, of those days.
    """
    with duckdb.connect() as connection:
        connection.register("events", events)
        connection.register("actor_country", actor_country)
        counted: pa.Table = connection.execute(_SQL).to_arrow_table().cast(FORKS_BY_WEEK)
    return counted


def fork_panel(counts: Sequence[pa.Table], dates: Dates, is_sound: Bools) -> ForkPanel:
    """The panel on given weeks.

    Args:
        counts: tables of `FORKS_BY_WEEK`; a week's counts may be split over them.
        dates: (dates,) Sundays, none left out; weeks beyond them are dropped.
        is_sound: (dates,) whether the week's events stand for what happened.
    """
    rows = pa.concat_tables([FORKS_BY_WEEK.empty_table(), *counts])
    weeks = rows["week_date"].to_numpy().astype("datetime64[D]")
    at = (weeks - dates[0]).astype(np.int64) // 7 if len(weeks) else np.zeros(0, dtype=np.int64)
    is_inside = (at >= 0) & (at < len(dates))
    at, chosen = at[is_inside], rows.filter(pa.array(is_inside))
    names, repository = np.unique(chosen["repo_id"].to_numpy(), return_inverse=True)
    first_seen = np.full(len(names), len(dates), dtype=np.int64)
    np.minimum.at(first_seen, repository, at)
    order = np.argsort(first_seen, kind="stable")
    running: dict[str, Floats] = {}
    for label in LABELS:
        forks = np.zeros((len(names), len(dates)))
        np.add.at(forks, (repository, at), chosen[label].to_numpy())
        total = np.vstack([np.zeros((1, len(dates))), np.cumsum(forks[order], axis=0)])
        running[label] = np.where(is_sound, total, np.nan)
    return ForkPanel(first_seen[order], running)


def label_totals(panel: ForkPanel, label: str) -> Floats:
    """(dates,) forks of a label on all repositories, NaN in weeks that are not sound."""
    return np.asarray(panel.running[label][-1], dtype=np.float64)


def label_windows(panel: ForkPanel, label: str, weeks: int) -> Floats:
    """(dates, 2 · weeks) windows of forks a repository and week.

    A window counts the repositories seen by its first week, so that no newcomer changes what the
    mean is over; NaN where there is none, and in weeks that are not sound.

    Args:
        panel: of all repositories.
        label: of the forks.
        weeks: on each side.
    """
    running = panel.running[label]
    dates = running.shape[1]
    made = np.full((dates, 2 * weeks), np.nan)
    members = np.searchsorted(panel.first_seen, np.arange(dates) - weeks, side="right")
    for count in np.unique(members[members > 0]):
        of_count = windows_of(running[count], weeks)
        made[members == count] = of_count[members == count] / count
    return made
