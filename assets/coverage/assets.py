"""Coverage assets: what every source captured of each day, in core.coverage."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import dagster as dg
import pyarrow as pa
import pyarrow.compute as pc

from assets.activity.tables import ARCHIVE_HOURS, ARCHIVE_TOTALS, EVENTS
from assets.coverage.breaks import breaks_of
from assets.coverage.chart import coverage_figure
from assets.coverage.coverage import COMBINED, day_coverage, without_answers, without_files
from assets.coverage.tables import COVERAGE
from assets.coverage.volume import HISTORY_DAYS
from assets.coverage.yardsticks import SourceDay
from assets.declare import (
    Plan,
    days_of,
    prepare,
    require_approved,
    rows_of_days,
)
from assets.pictures import markdown
from assets.polls.spans import covered_repositories, is_silent
from assets.polls.tables import (
    REPOSITORY_EVENTS,
    REPOSITORY_POLLS,
    REPOSITORY_SPANS,
    SOURCE,
    STAR_HISTORY,
)
from assets.reference.model import UpstreamBreak
from assets.reference.tables import UPSTREAM_BREAKS
from assets.source_rows import rows_of_sources
from resources.lake import Lake, LakeResource
from resources.warehouse import Warehouse, WarehouseResource

GROUP = "coverage"
_COMPLETE = "complete"
_CHART_DAYS = 56
# Of polls of before spans were kept, the last one is known.
_SPANS_SQL = (
    "SELECT repo_id, covered_since, covered_until FROM raw.repository_spans UNION "
    "SELECT repo_id, covered_since, covered_until FROM raw.repository_polls "
    "WHERE covered_since IS NOT NULL AND covered_until IS NOT NULL"
)
_SEEN = ["event_type", "event_group", "repo_id", "is_tracked", "is_panel", "sources"]


def build(plan: Plan) -> list[dg.AssetsDefinition]:
    """The domain's assets."""
    return [
        plan.daily_asset(
            coverage_table,
            COVERAGE,
            group=GROUP,
            kinds={"python", "duckdb"},
            deps=[
                EVENTS,
                ARCHIVE_TOTALS,
                ARCHIVE_HOURS,
                REPOSITORY_EVENTS,
                REPOSITORY_POLLS,
                STAR_HISTORY,
                UPSTREAM_BREAKS,
            ],
        )
    ]


def coverage_table(
    context: dg.AssetExecutionContext, lake: LakeResource, warehouse: WarehouseResource
) -> dg.MaterializeResult[None]:
    """Capture rates of the days, by the best yardstick at hand."""
    store, house = lake.open(), warehouse.open()
    days = days_of(context)
    require_approved(store, EVENTS, days)
    prepare(house, COVERAGE, REPOSITORY_POLLS, REPOSITORY_SPANS, STAR_HISTORY)
    breaks = breaks_of(house.query("SELECT * FROM core.upstream_breaks").to_pylist())
    spans = known_spans(house)
    past = Past(store, days)
    made = [COVERAGE.arrow_schema.empty_table()]
    for day in days:
        made.append(coverage_of_day(store, house, day, past, breaks, spans))
        context.log.info(f"{day}: {_words(made[-1])}")
        context.add_asset_metadata(_state(made[-1]), partition_key=str(day))
    rows = pa.concat_tables(made)
    house.replace_days(COVERAGE.qualified, "coverage_date", days, rows)
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": rows.num_rows,
            "degraded": dg.MetadataValue.md(_degraded(rows)),
            "chart": dg.MetadataValue.md(_chart(house, breaks, days[-1])),
        }
    )


def known_spans(house: Warehouse) -> list[dict[str, Any]]:
    """The spans in which polls know repositories: repo_id, covered_since, covered_until."""
    spans: list[dict[str, Any]] = house.query(_SPANS_SQL).to_pylist()
    return spans


class Past:
    """Complete files of some days and of the half year before, read once.

    Args:
        store: the lake.
        days: in order.
    """

    def __init__(self, store: Lake, days: Sequence[date]) -> None:
        first = days[0] - timedelta(days=HISTORY_DAYS)
        wanted = [first + timedelta(days=n) for n in range((days[-1] - first).days + 1)]
        self.hours = rows_of_sources(store, ARCHIVE_HOURS, wanted).select(
            ["source", "archive_date", "file_hour", "is_neighbour", "status"]
        )
        self._asked: dict[date, set[str]] = {}
        for row in self.hours.select(["source", "archive_date"]).to_pylist():
            self._asked.setdefault(row["archive_date"], set()).add(row["source"])
        own = pc.and_not(pc.equal(self.hours["status"], _COMPLETE), self.hours["is_neighbour"])
        self.hours = self.hours.filter(own)
        self._totals = rows_of_sources(store, ARCHIVE_TOTALS, wanted).join(
            self.hours.select(["source", "file_hour"]), ["source", "file_hour"], join_type="inner"
        )

    def totals(self, day: date) -> pa.Table:
        """source, file_hour, event_type, event_count of complete files up to a day."""
        first = day - timedelta(days=HISTORY_DAYS)
        dates = self._totals["archive_date"]
        is_near = pc.and_(
            pc.greater_equal(dates, pa.scalar(first)), pc.less_equal(dates, pa.scalar(day))
        )
        names = ["source", "file_hour", "event_type", "event_count"]
        return self._totals.filter(is_near).select(names)

    def empty_archives(self, day: date) -> list[str]:
        """Archives that were asked for a day and had no complete file of it."""
        return sorted(self._asked.get(day, set()) - set(self.complete_hours(day)))

    def complete_hours(self, day: date) -> dict[str, int]:
        """Complete files of a day by archive."""
        own = self.hours.filter(pc.equal(self.hours["archive_date"], pa.scalar(day)))
        return {row["values"]: row["counts"] for row in pc.value_counts(own["source"]).to_pylist()}


def coverage_of_day(
    store: Lake,
    house: Warehouse,
    day: date,
    past: Past,
    breaks: Sequence[UpstreamBreak],
    spans: Sequence[dict[str, Any]],
) -> pa.Table:
    """core.coverage of a day; `spans` are those in which polls know a repository's events."""
    stars = house.query(
        "SELECT repo_id, star_date, star_count FROM raw.star_history "
        "WHERE star_date BETWEEN ? AND ? AND asked_at >= ? ORDER BY ALL",
        [day - timedelta(days=1), day + timedelta(days=1), _midnight(day + timedelta(days=1))],
    )
    sources = {
        **{
            name: SourceDay(complete_hours=count)
            for name, count in past.complete_hours(day).items()
        },
        SOURCE: SourceDay(repositories=covered_repositories(spans, day)),
    }
    empty = past.empty_archives(day)
    lost = [without_files(day, empty)] + [without_answers(day, SOURCE)] * is_silent(spans, day)
    if empty and not any(each.is_asked for each in sources.values()):
        return pa.concat_tables([*lost, without_files(day, [COMBINED])])
    events = _with_sources(rows_of_days(store, EVENTS, [day])).select(_SEEN)
    rows = day_coverage(day, events, stars, past.totals(day), breaks, sources)
    return pa.concat_tables([rows, *lost])


def _with_sources(events: pa.Table) -> pa.Table:
    """Events with what saw them: of days made before that was kept, what the row was taken from."""
    if not events["sources"].null_count:
        return events
    alone = pa.array([[source] for source in events["source"].to_pylist()], pa.list_(pa.string()))
    return events.set_column(events.column_names.index("sources"), "sources", alone)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _groups(rows: pa.Table) -> list[dict[str, Any]]:
    """Rows of whole event groups on tracked repositories."""
    return [
        row
        for row in rows.to_pylist()
        if row["scope"] == "tracked" and row["event_type"] is None and row["repo_id"] is None
    ]


def _words(rows: pa.Table) -> str:
    found = [row for row in _groups(rows) if row["status"] == "degraded"]
    if not found:
        return "no source is degraded"
    return "; ".join(f"{row['source']} {row['event_group']}: {row['message']}" for row in found)


def _state(rows: pa.Table) -> dict[str, str]:
    """Whether a day is degraded, and of what, as its partition's page shows it.

    What one source lost another may have seen: a day is degraded where all together are.
    """
    found = [row for row in _groups(rows) if row["status"] == "degraded"]
    together = sorted(row["event_group"] for row in found if row["source"] == COMBINED)
    alone = sorted(
        f"{row['source']} {row['event_group']}" for row in found if row["source"] != COMBINED
    )
    state = f"degraded: {', '.join(together)}" if together else "not degraded"
    return {"state": state, "single_sources_degraded": ", ".join(alone) or "none"}


def _degraded(rows: pa.Table) -> str:
    """Degraded cells of tracked repositories as a Markdown table."""
    found = [row for row in _groups(rows) if row["status"] == "degraded"]
    if not found:
        return "Nothing is degraded on these days."
    lines = ["| day (UTC) | source | event group | captured | by |", "|---|---|---|---|---|"]
    lines += [
        f"| {row['coverage_date']} | {row['source']} | {row['event_group']} | {row['message']} "
        f"| {row['yardstick'].replace('_', ' ')} |"
        for row in found[-50:]
    ]
    return "\n".join(lines)


def _chart(house: Warehouse, breaks: Sequence[UpstreamBreak], last: date) -> str:
    """The last eight weeks' capture rates as a picture in Markdown."""
    rows = house.query(
        "SELECT * FROM core.coverage WHERE scope = 'tracked' "
        "AND event_type IS NULL AND repo_id IS NULL AND coverage_date BETWEEN ? AND ? ORDER BY ALL",
        [last - timedelta(days=_CHART_DAYS - 1), last],
    )
    return markdown(coverage_figure(rows, breaks))
