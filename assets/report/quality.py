"""Data quality: what each source captured, and which days are degraded."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from assets.coverage.breaks import breaks_of
from assets.coverage.chart import coverage_figure, whole_groups
from assets.coverage.coverage import COMBINED
from assets.coverage.tables import COVERAGE
from assets.coverage.verdicts import DEGRADED
from assets.engagement.series import DAYS_SHOWN
from assets.figures import interval, percent, spells_in_words
from assets.reference.tables import UPSTREAM_BREAKS
from assets.report.edition import Edition
from assets.report.section import Section


@dataclass(frozen=True, slots=True)
class DegradedDays:
    """When a source was degraded in an event group, and how far it fell."""

    source: str
    event_group: str
    day_count: int
    days: str
    lowest: str


@dataclass(frozen=True, slots=True)
class Quality:
    """What the section shows beside its figure.

    Attributes:
        degraded: all sources together first, then each by itself.
        has_breaks: whether a known break of the calendar touches the days shown.
    """

    degraded: tuple[DegradedDays, ...]
    has_breaks: bool


def quality_section(edition: Edition) -> Section:
    """The section of an edition, of the newest days."""
    rows = _newest(whole_groups(edition.tables[COVERAGE]))
    breaks = breaks_of(edition.tables[UPSTREAM_BREAKS].to_pylist())
    figure = coverage_figure(rows, breaks)
    content = Quality(_degraded(rows), bool(figure.marks))
    return Section("quality", "Data quality and capture rates", content, (figure,))


def _newest(rows: pa.Table) -> pa.Table:
    """Rows of the newest half year that there is."""
    if not rows.num_rows:
        return rows
    newest = pc.max(rows["coverage_date"])
    age = pc.days_between(rows["coverage_date"], newest)
    return rows.filter(pc.less(age, DAYS_SHOWN))


def _degraded(rows: pa.Table) -> tuple[DegradedDays, ...]:
    cells: dict[tuple[bool, str, str], list[dict[str, Any]]] = defaultdict(list)
    for row in rows.to_pylist():
        if row["status"] == DEGRADED:
            cells[row["source"] != COMBINED, row["source"], row["event_group"]].append(row)
    found = []
    for (_, source, group), lost in sorted(cells.items()):
        days = {row["coverage_date"] for row in lost}
        words = spells_in_words(days)
        found.append(DegradedDays(source, group, len(days), words, _lowest(lost)))
    return tuple(found)


def _lowest(rows: list[dict[str, Any]]) -> str:
    """The lowest rate with its interval and day."""
    measured = [row for row in rows if row["capture_rate"] is not None]
    if not measured:
        return "not measured"
    row = min(measured, key=lambda each: (each["capture_rate"], each["coverage_date"]))
    bounds = interval(row["capture_rate_ci_low"], row["capture_rate_ci_high"])
    return f"{percent(row['capture_rate'])} ({bounds}) on {row['coverage_date']}"
