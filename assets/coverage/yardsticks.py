"""True event counts by two sources or by star history: of all, and by repository."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from assets.coverage.cells import Bools, Cells, Ints
from assets.coverage.chapman import Totals, chapman
from assets.coverage.stars import star_totals
from assets.coverage.verdicts import LEAST_EVENTS
from assets.engagement.intervals import Z_95

Floats = npt.NDArray[np.float64]
_LEAST_HOURS = 12  # complete files of an archive on a day, to be one of two sources
_LEAST_SHARE = 0.5  # of the captured events that a yardstick of some repositories has to look at
_LEAST_RETAINED = 0.8  # of the captured stars: withdrawals alone could hide a loss beyond


@dataclass(frozen=True, slots=True)
class SourceDay:
    """Whether a source was asked for a day, and how far.

    Attributes:
        complete_hours: of an archive, complete files of the day's 24; 0 where it was not asked.
        repositories: ids whose day the source covers without a gap; None for an archive, which is
            of all repositories.
    """

    complete_hours: int = 24
    repositories: frozenset[int] | None = None

    @property
    def is_asked(self) -> bool:
        """Whether it can have seen anything."""
        return bool(self.repositories) or (self.repositories is None and self.complete_hours > 0)

    @property
    def is_counted(self) -> bool:
        """Whether it saw enough of the day to be one of two sources."""
        return self.is_asked and (
            self.repositories is not None or self.complete_hours >= _LEAST_HOURS
        )


@dataclass(frozen=True, slots=True)
class StarHistory:
    """Stars by repository on a day and its neighbours; NaN where the history does not say.

    Attributes:
        repo_id: (repositories,) in ascending order, those whose history holds the day.
        before: stars of the day before.
        day: stars of the day.
        after: stars of the day after.
    """

    repo_id: Ints
    before: Floats
    day: Floats
    after: Floats


def star_history_of(day: date, rows: pa.Table) -> StarHistory:
    """The history around a day.

    Args:
        day: UTC.
        rows: repo_id, star_date, star_count, each repository and date once.
    """
    by_date: dict[date, dict[int, int]] = {}
    for row in rows.select(["repo_id", "star_date", "star_count"]).to_pylist():
        by_date.setdefault(row["star_date"], {})[row["repo_id"]] = row["star_count"]
    known = sorted(by_date.get(day, {}))
    before, on, after = (
        np.array(
            [by_date.get(day + timedelta(days=off), {}).get(each, np.nan) for each in known],
            dtype=np.float64,
        )
        for off in (-1, 0, 1)
    )
    return StarHistory(np.array(known, dtype=np.int64), before, on, after)


def all_by_stars(cells: Cells, history: StarHistory) -> Totals | None:
    """(1,) stars on all repositories by the history of those that have one.

    Repositories without a history are taken to be captured at the rate of the others. None where
    fewer than half of the captured stars are of repositories with a history, or the history holds
    fewer than 0.8 of those captured.
    """
    within = cells.of(frozenset(history.repo_id.tolist()))
    captured, retained = within.total(), float(history.day.sum())
    is_enough = captured >= _LEAST_SHARE * cells.total() and retained > 0
    if not is_enough or retained < _LEAST_RETAINED * captured:
        return None
    before, after = (
        [np.where(np.isnan(each), history.day, each).sum()]
        for each in (history.before, history.after)
    )
    totals = star_totals([captured], [retained], before, after)
    return _scaled(totals, captured, cells.total(), cells.total())


def all_by_pairs(cells: Cells, sources: Mapping[str, SourceDay]) -> Totals | None:
    """(1,) events on all repositories by the pair of sources with the narrowest interval.

    Where one of a pair covers some repositories only, the other's counts on the rest are taken to
    be as complete as on those: at least half of its events have to be on them. The total is never
    less than what any source saw. None without a pair.
    """
    found = [
        totals
        for first, second in _pairs(sources)
        if (totals := _by_pair(cells, first, second, sources)) is not None
    ]
    return min(found, key=lambda totals: float(_width(totals)[0])) if found else None


def is_few(cells: Cells, sources: Mapping[str, SourceDay]) -> bool:
    """Whether a pair of sources says that there were fewer than `LEAST_EVENTS`.

    A pair with no event in common says nothing of how many it did not see, however few it saw;
    where no source saw any there were few, as far as any pair can tell.
    """
    if not cells.total():
        return bool(_pairs(sources))
    return any(
        cells.total(first, second) > 0 and float(totals.estimate[0]) < LEAST_EVENTS
        for first, second in _pairs(sources)
        if (totals := _by_pair(cells, first, second, sources)) is not None
    )


def repositories_by_pairs(cells: Cells, sources: Mapping[str, SourceDay]) -> Totals:
    """(repositories,) events of each repository of `cells`, by its narrowest pair; NaN without."""
    ids, _ = cells.repositories
    nothing = np.full(len(ids), np.nan)
    best = Totals(nothing, nothing, nothing)
    for first, second in _pairs(sources):
        covered = _covered(ids, first, sources) & _covered(ids, second, sources)
        totals = chapman(
            *(cells.by_repository(*names) for names in ((first,), (second,), (first, second)))
        )
        totals = _at_least(totals, cells.by_repository())
        is_better = covered & ~(_width(totals) >= _width(best))
        best = Totals(
            *(
                np.where(is_better, new, old)
                for new, old in (
                    (totals.estimate, best.estimate),
                    (totals.low, best.low),
                    (totals.high, best.high),
                )
            )
        )
    return best


def repositories_by_stars(cells: Cells, history: StarHistory) -> Totals:
    """(repositories,) stars of each repository of `cells`; NaN without a history to go by."""
    ids, _ = cells.repositories
    place = np.searchsorted(history.repo_id, ids)
    place = np.minimum(place, max(len(history.repo_id) - 1, 0))
    if not len(history.repo_id):
        nothing = np.full(len(ids), np.nan)
        return Totals(nothing, nothing, nothing)
    captured = cells.by_repository()
    retained = history.day[place]
    totals = star_totals(captured, retained, history.before[place], history.after[place])
    is_known = (history.repo_id[place] == ids) & (retained >= _LEAST_RETAINED * captured)
    return Totals(
        *(np.where(is_known, each, np.nan) for each in (totals.estimate, totals.low, totals.high))
    )


def _pairs(sources: Mapping[str, SourceDay]) -> list[tuple[str, str]]:
    return list(combinations([name for name, each in sources.items() if each.is_counted], 2))


def _by_pair(
    cells: Cells, first: str, second: str, sources: Mapping[str, SourceDay]
) -> Totals | None:
    limits = [
        each
        for each in (sources[first].repositories, sources[second].repositories)
        if each is not None
    ]
    within = cells.of(frozenset.intersection(*limits)) if limits else cells
    totals = chapman([within.total(first)], [within.total(second)], [within.total(first, second)])
    totals = _at_least(totals, [within.total()])
    if not limits:
        return totals
    whole = [name for name in (first, second) if sources[name].repositories is None]
    if not whole:
        return None
    captured, elsewhere = within.total(whole[0]), cells.total(whole[0])
    if captured == 0 or captured < _LEAST_SHARE * elsewhere:
        return None
    return _scaled(totals, captured, elsewhere, cells.total())


def _covered(ids: Ints, name: str, sources: Mapping[str, SourceDay]) -> Bools:
    limit = sources[name].repositories
    if limit is None:
        return ids >= 0
    return np.isin(ids, np.array(sorted(limit), dtype=np.int64))


def _scaled(totals: Totals, captured: int, everywhere: int, union: int) -> Totals:
    """Totals of some repositories carried to all by what one count has of them and of all.

    The error of what lies elsewhere is binomial, at the capture rate of that count.
    """
    factor = everywhere / captured if captured else 1.0
    estimate = totals.estimate * factor
    rate = np.clip(captured / np.maximum(totals.estimate, 1.0), 1e-6, 1.0)
    beyond = Z_95**2 * np.maximum(estimate - totals.estimate, 0.0) * (1 - rate) / rate
    low = estimate - np.sqrt(((totals.estimate - totals.low) * factor) ** 2 + beyond)
    high = estimate + np.sqrt(((totals.high - totals.estimate) * factor) ** 2 + beyond)
    return _at_least(Totals(estimate, low, high), [union])


def _at_least(totals: Totals, union: npt.ArrayLike) -> Totals:
    return Totals(*(np.maximum(each, union) for each in (totals.estimate, totals.low, totals.high)))


def _width(totals: Totals) -> Floats:
    """Width of the interval relative to the estimate; infinite where there is none."""
    there = totals.estimate > 0
    width = (totals.high - totals.low) / np.where(there, totals.estimate, 1.0)
    return np.asarray(np.where(there, width, np.inf))
