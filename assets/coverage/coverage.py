"""core.coverage of one day: every source, type and repository with the best yardstick at hand."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from assets.coverage.breaks import is_known_loss
from assets.coverage.cells import (
    GROUP_OF_TYPE,
    GROUPS,
    PANEL,
    TRACKED,
    Cells,
    count_cells,
    no_cells,
)
from assets.coverage.chapman import Totals
from assets.coverage.tables import COVERAGE
from assets.coverage.verdicts import (
    DEGRADED,
    LEAST_EVENTS,
    STAR_HISTORY,
    TWO_SOURCES,
    UNKNOWN,
    VOLUME,
    Verdict,
    by_total,
    by_volume,
    is_hardly_sound,
    of_all_by_volume,
    of_group,
    without_yardstick,
)
from assets.coverage.volume import VolumeRate, volume_rates
from assets.coverage.yardsticks import (
    SourceDay,
    StarHistory,
    all_by_pairs,
    all_by_stars,
    is_few,
    repositories_by_pairs,
    repositories_by_stars,
    star_history_of,
)
from assets.reference.model import UpstreamBreak

COMBINED = "combined"
_STAR = "WatchEvent"
_LEAST_OF_REPOSITORY = 30.0  # estimated events
Row = dict[str, object]


@dataclass(frozen=True)
class _Day:
    """What the rows of a day rest on; `sources` are those asked for it, by name."""

    day: date
    sources: Mapping[str, SourceDay]
    history: StarHistory
    volumes: Mapping[tuple[str, str], VolumeRate]
    breaks: Sequence[UpstreamBreak]

    def of_scope(self, scope: str) -> dict[str, SourceDay]:
        """The sources that can see a scope's events: the panel's are everywhere."""
        return {
            name: each
            for name, each in self.sources.items()
            if scope == TRACKED or each.repositories is None
        }

    def is_lost(self, source: str, scope: str, event_type: str) -> bool:
        """Whether a loss is known; of `combined`, of each of the sources."""
        names = self.of_scope(scope) if source == COMBINED else [source]
        return bool(names) and all(
            is_known_loss(self.breaks, name, self.day, event_type) for name in names
        )


def day_coverage(
    day: date,
    seen: pa.Table,
    star_history: pa.Table,
    totals: pa.Table,
    breaks: Iterable[UpstreamBreak],
    sources: Mapping[str, SourceDay],
) -> pa.Table:
    """core.coverage of one day.

    The yardstick of an event type is, in this order: star history (WatchEvent on tracked
    repositories), unless two sources say that there were more; the two sources with the narrowest
    interval; a source's own past volume; the calendar of known losses. The first two need ten
    estimated events and an interval that tells (`by_total`); two sources by whose interval capture
    may be under 0.8 give way to a past or a calendar that says degraded. Capture under 0.8 is
    degraded (by volume: `by_volume`), and so is a known loss without a yardstick. Repositories
    have rows where at least 30 events are estimated, by the first two yardsticks alone.

    Args:
        day: UTC.
        seen: event_type, event_group, repo_id, is_tracked, is_panel, sources (list) of core.events
            of the day; commits are passed over.
        star_history: repo_id, star_date, star_count of tracked repositories, asked for after the
            day; each repository and date once. May be empty.
        totals: source, file_hour, event_type, event_count of the archives' complete files of the
            day and of up to `volume.HISTORY_DAYS` before.
        breaks: known breaks of upstreams.
        sources: by name, how far each source was asked for the day.

    Returns:
        Rows for each scope, event group, and for each type that was seen or is usual, of each
        source asked for that can see the scope, and of all together; then of repositories.
    """
    asked = {name: sources[name] for name in sorted(sources) if sources[name].is_asked}
    volumes = volume_rates(day, _known(totals, asked))
    given = _Day(day, asked, star_history_of(day, star_history), volumes, tuple(breaks))
    cells = count_cells(seen, list(asked))
    rows: list[Row] = []
    for scope in (TRACKED, PANEL):
        for group in GROUPS:
            rows += _group_rows(given, cells, scope, group)
    tracked = {key[1:]: counted for key, counted in cells.items() if key[0] == TRACKED}
    starred = (GROUP_OF_TYPE[_STAR], _STAR)
    counted = tracked.get(starred, no_cells(list(asked)))
    tracked[starred] = counted.with_repositories(given.history.repo_id)
    for (group, event_type), counted in sorted(tracked.items(), key=lambda item: item[0]):
        rows += _repository_rows(given, counted, group, event_type)
    return COVERAGE.arrow(rows)


def _known(totals: pa.Table, asked: Iterable[str]) -> pa.Table:
    """The rows of known event types and of the sources asked: strangers may send any others."""
    return totals.filter(
        pc.and_(
            pc.is_in(totals["event_type"], value_set=pa.array(list(GROUP_OF_TYPE))),
            pc.is_in(totals["source"], value_set=pa.array(list(asked), pa.string())),
        )
    )


def without_files(day: date, archives: Iterable[str]) -> pa.Table:
    """Rows of archives that were asked for a day and had no complete file of it: nothing captured.

    Args:
        day: UTC.
        archives: names; of a day of which no source has anything, `combined` too.
    """
    return _nothing(day, archives, (TRACKED, PANEL), "no complete file of the day")


def without_answers(day: date, source: str) -> pa.Table:
    """Rows of a source that is polled and gave no answer on a day: nothing captured."""
    return _nothing(day, [source], (TRACKED,), "no answer on the day")


def _nothing(day: date, sources: Iterable[str], scopes: Sequence[str], message: str) -> pa.Table:
    verdict = Verdict(0, DEGRADED, message, VOLUME, None, (0.0, 0.0, 0.0))
    return COVERAGE.arrow(
        [
            {
                "coverage_date": day,
                "source": source,
                "scope": scope,
                "event_group": group,
                "event_type": event_type,
                "repo_id": None,
                **_columns(verdict),
            }
            for source in sources
            for scope in scopes
            for event_type, group in (
                *((None, each) for each in GROUPS),
                *GROUP_OF_TYPE.items(),
            )
        ]
    )


def _group_rows(
    given: _Day, cells: Mapping[tuple[str, str, str], Cells], scope: str, group: str
) -> Iterator[Row]:
    """Rows of an event group and its types."""
    sources = given.of_scope(scope)
    usual = {kind for _, kind in given.volumes if GROUP_OF_TYPE[kind] == group}
    seen = {kind for at, of, kind in cells if (at, of) == (scope, group)}
    if scope == TRACKED and GROUP_OF_TYPE[_STAR] == group and given.history.day.sum() > 0:
        seen.add(_STAR)
    verdicts = {
        kind: _type_verdicts(
            given, cells.get((scope, group, kind), no_cells(list(given.sources))), scope, kind
        )
        for kind in sorted(usual | seen)
    }
    for source in (*sources, COMBINED):
        place: Row = {
            "coverage_date": given.day,
            "source": source,
            "scope": scope,
            "event_group": group,
            "repo_id": None,
        }
        of_types = [(kind, verdict[source]) for kind, verdict in verdicts.items()]
        yield {**place, "event_type": None, **_columns(of_group(of_types))}
        for kind, verdict in of_types:
            yield {**place, "event_type": kind, **_columns(verdict)}


def _type_verdicts(given: _Day, cells: Cells, scope: str, event_type: str) -> dict[str, Verdict]:
    """Verdicts of each source and of all together on one event type of a scope."""
    sources = given.of_scope(scope)
    pair = all_by_pairs(cells, sources)
    measures = _measures(given, cells, scope, event_type, pair)
    is_small = is_few(cells, sources)
    is_lost = {each: given.is_lost(each, scope, event_type) for each in sources}
    # Who saw nothing of the type makes up for nobody's loss.
    saw = [each for each in sources if cells.total(each)] or list(sources)
    is_lost[COMBINED] = bool(saw) and all(is_lost[each] for each in saw)
    pasts: dict[str, Verdict | None] = {
        source: by_volume(cells.total(source), volume, is_lost[source])
        for source in sources
        if (volume := given.volumes.get((source, event_type)))
    }
    known = [each for each in pasts.values() if each]
    pasts[COMBINED] = of_all_by_volume(cells.total(), known, is_lost[COMBINED])
    is_suspect = any(is_lost.values()) or any(each.status == DEGRADED for each in known)
    found: dict[str, Verdict] = {}
    for source in (*sources, COMBINED):
        captured = cells.total() if source == COMBINED else cells.total(source)
        other = pasts.get(source) or without_yardstick(captured, is_lost[source], is_small)
        own = (
            by_total(captured, name, totals, is_lost[source], is_suspect)
            for name, totals in measures
        )
        verdict = next((each for each in own if each.status != UNKNOWN), other)
        gives_way = is_hardly_sound(verdict) and other.status == DEGRADED
        found[source] = other if gives_way else verdict
    return found


def _measures(
    given: _Day, cells: Cells, scope: str, event_type: str, pair: Totals | None
) -> list[tuple[str, Totals]]:
    """The totals at hand for a type, the one to prefer first; `pair` is that of two sources."""
    is_starred = scope == TRACKED and event_type == _STAR
    stars = all_by_stars(cells, given.history) if is_starred else None
    found = [
        (name, totals)
        for name, totals in ((STAR_HISTORY, stars), (TWO_SOURCES, pair))
        if totals is not None and totals.estimate[0] >= LEAST_EVENTS
    ]
    if pair is not None and stars is not None and pair.low[0] > stars.high[0]:
        found.reverse()  # stars were withdrawn since
    return found


def _repository_rows(given: _Day, cells: Cells, group: str, event_type: str) -> Iterator[Row]:
    """Rows of the repositories with at least 30 estimated events."""
    ids, _ = cells.repositories
    names = given.of_scope(TRACKED)
    pairs = repositories_by_pairs(cells, names)
    stars = repositories_by_stars(cells, given.history)
    is_starred = (event_type == _STAR) & ~np.isnan(stars.estimate)
    is_by_stars = is_starred & ~(pairs.low > stars.high)
    bounds = (
        np.where(is_by_stars, of_stars, of_pairs)
        for of_stars, of_pairs in (
            (stars.estimate, pairs.estimate),
            (stars.low, pairs.low),
            (stars.high, pairs.high),
        )
    )
    totals = Totals(*bounds)
    enough = np.flatnonzero((totals.estimate >= _LEAST_OF_REPOSITORY) & (ids >= 0)).tolist()
    for source in (*names, COMBINED):
        captured = cells.by_repository(*(() if source == COMBINED else (source,)))
        is_lost = given.is_lost(source, TRACKED, event_type)
        for at in enough:
            one = Totals(*(each[[at]] for each in (totals.estimate, totals.low, totals.high)))
            yardstick = STAR_HISTORY if is_by_stars[at] else TWO_SOURCES
            yield {
                "coverage_date": given.day,
                "source": source,
                "scope": TRACKED,
                "event_group": group,
                "event_type": event_type,
                "repo_id": int(ids[at]),
                **_columns(by_total(int(captured[at]), yardstick, one, is_lost)),
            }


def _columns(verdict: Verdict) -> Row:
    estimate, low, high = verdict.total or (None, None, None)
    rate, rate_low, rate_high = verdict.rate or (None, None, None)
    return {
        "captured_count": verdict.captured,
        "yardstick": verdict.yardstick,
        "estimated_events": estimate,
        "estimated_events_ci_low": low,
        "estimated_events_ci_high": high,
        "capture_rate": rate,
        "capture_rate_ci_low": rate_low,
        "capture_rate_ci_high": rate_high,
        "status": verdict.status,
        "message": verdict.message,
    }
