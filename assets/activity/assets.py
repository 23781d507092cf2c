"""Activity assets: archive hours to raw Parquet, archives and commits to core.events."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import date, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any

import dagster as dg

from assets.activity import ingest, tables
from assets.activity.actor_days import actor_days
from assets.activity.events import day_events
from assets.activity.ingest import HourOutcome
from assets.activity.rows import EMPTY_DAY, DayRows, day_rows, settled_hours, split_by_worth
from assets.activity.scan import Selection
from assets.declare import (
    Plan,
    asset_key,
    beta_accepted,
    days_of,
    prepare,
    require_approved,
    rows_of_sources,
    show,
    transient_failures_retried,
)
from assets.polls.tables import REPOSITORY_EVENTS
from assets.reference.tables import MODEL_FAMILIES, TRACKED_REPOSITORIES
from resources.archive import ArchiveSource
from resources.http import NotFoundError, TransientUpstreamError, UpstreamError
from resources.lake import Lake, LakeResource
from resources.platform import Platform
from resources.warehouse import Warehouse, WarehouseResource

GROUP = "activity"
_RAW = (tables.ARCHIVE_EVENTS, tables.ARCHIVE_HOURS, tables.ARCHIVE_TOTALS)
_FAILURES = ingest.HourFailures(not_found=NotFoundError, unreachable=UpstreamError)
_PROGRESS_EVERY_S = 15.0
LATE_DAYS = 7
_REPOSITORY_KINDS = (Path(__file__).parent / "sql" / "repository_kinds.sql").read_text()


def build(plan: Plan) -> list[dg.AssetsDefinition]:
    """The domain's assets."""
    with beta_accepted():
        archive = dg.multi_asset(
            name="raw__archive",
            specs=plan.daily_specs(
                _RAW, group=GROUP, kinds={"python", "parquet"}, deps=[TRACKED_REPOSITORIES]
            ),
            backfill_policy=dg.BackfillPolicy.multi_run(plan.max_days_per_run),
        )(archive_files)
    events = plan.daily_asset(
        events_table,
        tables.EVENTS,
        group=GROUP,
        kinds={"duckdb", "parquet"},
        deps=[
            tables.ARCHIVE_EVENTS,
            REPOSITORY_EVENTS,
            tables.COMMITS,
            tables.COMMIT_AUTHORS,
        ],
    )
    actors = plan.daily_asset(
        actor_days_table,
        tables.ACTOR_DAYS,
        group=GROUP,
        kinds={"duckdb", "parquet"},
        deps=[tables.EVENTS, TRACKED_REPOSITORIES, MODEL_FAMILIES],
    )
    return [archive, events, actors]


def archive_files(
    context: dg.AssetExecutionContext,
    archive: ArchiveSource,
    second_archive: ArchiveSource,
    lake: LakeResource,
    warehouse: WarehouseResource,
    platform: Platform,
) -> Any:  # noqa: ANN401 - Dagster reads the annotation of a generator at run time
    """Fetch and scan the days' hourly files; what an earlier run settled is not asked again."""
    store = lake.open()
    selection = tracked_selection(warehouse.open(), platform.panel_one_in)
    counts = dict.fromkeys((table.name for table in _RAW), 0)
    statuses: dict[str, dict[str, int]] = {}
    days = days_of(context)
    for number, day in enumerate(days, start=1):
        for each in (archive, second_archive):
            if not each.has(day):
                continue
            rows = _scan_day(context, each, store, selection, platform, day)
            for table, part in zip(_RAW, (rows.events, rows.hours, rows.totals), strict=True):
                counts[table.name] += part.num_rows
            found = statuses.setdefault(each.name, {})
            for status in rows.hours["status"].to_pylist():
                found[status] = found.get(status, 0) + 1
            context.log.info(
                f"{day} ({number} of {len(days)} days), {each.name}: {rows.events.num_rows} events "
                f"kept of {sum(rows.hours['event_count'].to_pylist())} in {rows.hours.num_rows} "
                "files"
            )
    show(warehouse.open(), store, *_RAW)
    for table in _RAW:
        yield dg.MaterializeResult(
            asset_key=asset_key(table),
            metadata={
                "dagster/row_count": counts[table.name],
                "files_by_source_and_status": statuses,
                "tracked_repositories": len(selection.repository_ids),
            },
        )


def tracked_selection(warehouse: Warehouse, panel_one_in: int) -> Selection:
    """What the scan keeps, from core.tracked_repositories."""
    rows = tracked_repositories(warehouse)
    names = {
        name.lower(): row["github_id"]
        for row in rows
        for name in (row["repository"], *row["previous_names"])
    }
    return Selection(frozenset(row["github_id"] for row in rows), names, panel_one_in)


def tracked_repositories(warehouse: Warehouse) -> list[dict[str, Any]]:
    """github_id, repository and previous_names of core.tracked_repositories, where the id is known.

    Raises:
        dg.RetryRequested: the table is not there yet.
        dg.Failure: it holds no id.
    """
    if not warehouse.has_table(TRACKED_REPOSITORIES.qualified):
        # On a new instance the reference tables are being made by a run beside this one.
        raise dg.RetryRequested(max_retries=10, seconds_to_wait=15)
    rows: list[dict[str, Any]] = warehouse.query(
        "SELECT github_id, repository, previous_names FROM core.tracked_repositories "
        "WHERE github_id IS NOT NULL"
    ).to_pylist()
    if not rows:
        raise dg.Failure("core.tracked_repositories holds no id; materialise it first")
    return rows


def _scan_day(
    context: dg.AssetExecutionContext,
    archive: ArchiveSource,
    lake: Lake,
    selection: Selection,
    platform: Platform,
    day: date,
) -> DayRows:
    known = _known_rows(lake, archive.name, day)
    settled = settled_hours(known.hours, selection, day, platform.today())
    wanted = [hour for hour in ingest.files_of_day(day) if hour not in set(settled)]
    kept = known.of_hours(settled)
    if not wanted:
        return kept
    outcomes = _fetch(context, archive, wanted, selection, day)
    if not known.hours.num_rows and all(each.status == "unreachable" for each in outcomes):
        with transient_failures_retried():
            raise TransientUpstreamError(
                f"{day}: none of {len(outcomes)} files could be reached: {outcomes[0].messages}"
            )
    # An outage or a worse copy must not replace what an earlier run had.
    better, worse = split_by_worth(outcomes, known.hours)
    if worse:
        context.log.warning(f"{day}: {len(worse)} files came worse than before; the old rows stay")
        kept = kept.plus(known.of_hours(worse))
    fresh = day_rows(better, source=archive.name, day=day, selection=selection, now=platform.now())
    rows = kept.plus(fresh)
    # The hours come last: they are what says that the other two are there.
    lake.write("raw.archive_events", str(day), rows.events, archive.name)
    lake.write("raw.archive_totals", str(day), rows.totals, archive.name)
    lake.write("raw.archive_hours", str(day), rows.hours, archive.name)
    return rows


def _known_rows(lake: Lake, source: str, day: date) -> DayRows:
    found = [lake.read(table.qualified, str(day), source) for table in _RAW]
    if any(part is None for part in found):
        return EMPTY_DAY
    return DayRows(*found)


def _fetch(
    context: dg.AssetExecutionContext,
    archive: ArchiveSource,
    hours: list[datetime],
    selection: Selection,
    day: date,
) -> list[HourOutcome]:
    """Fetch and scan files side by side, so that waiting and computing overlap."""
    said = monotonic()

    def collect(hour: datetime) -> HourOutcome:
        with closing(archive.client(on_retry=context.log.info)) as client:
            outcome = ingest.collect_hour(client, hour, selection, _FAILURES)
        return ingest.own_events(outcome, day)

    outcomes = []
    with ThreadPoolExecutor(max_workers=archive.workers) as pool:
        for outcome in pool.map(collect, hours):
            outcomes.append(outcome)
            if monotonic() - said > _PROGRESS_EVERY_S:
                said = monotonic()
                context.log.info(f"{day}: {len(outcomes)} of {len(hours)} files")
    return outcomes


def events_table(
    context: dg.AssetExecutionContext,
    lake: LakeResource,
    warehouse: WarehouseResource,
    platform: Platform,
) -> dg.MaterializeResult[None]:
    """One row an event on the day it happened, from the day's files and those of a week after."""
    store, house = lake.open(), warehouse.open()
    prepare(house, tables.COMMIT_AUTHORS)
    authors = house.query("SELECT author_hash, actor_id FROM raw.commit_authors")
    row_count = bot_count = duplicate_count = 0
    commit_schema = tables.COMMITS.arrow_schema
    for day in days_of(context):
        nearby = [day + timedelta(days=offset) for offset in range(LATE_DAYS + 1)]
        result = day_events(
            day,
            [rows_of_sources(store, tables.ARCHIVE_EVENTS, nearby)],
            [store.read_all(tables.COMMITS.qualified, [str(day)], commit_schema, "git")],
            platform.panel_one_in,
            authors,
            [rows_of_sources(store, REPOSITORY_EVENTS, [day])],
        )
        store.write(tables.EVENTS.qualified, str(day), result.events)
        row_count += result.events.num_rows
        bot_count += result.bot_event_count
        duplicate_count += result.duplicate_count
    show(house, store, tables.EVENTS)
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": row_count,
            "bot_event_count": bot_count,
            "duplicate_count": duplicate_count,
        }
    )


def actor_days_table(
    context: dg.AssetExecutionContext, lake: LakeResource, warehouse: WarehouseResource
) -> dg.MaterializeResult[None]:
    """What each account did, by event group and kind of repository."""
    store, house = lake.open(), warehouse.open()
    days = days_of(context)
    require_approved(store, tables.EVENTS, days)
    repositories = house.query(_REPOSITORY_KINDS)
    row_count = 0
    for day in days:
        events = store.read_all(tables.EVENTS.qualified, [str(day)], tables.EVENTS.arrow_schema)
        rows = actor_days(day, events, repositories)
        store.write(tables.ACTOR_DAYS.qualified, str(day), rows)
        row_count += rows.num_rows
    show(house, store, tables.ACTOR_DAYS)
    return dg.MaterializeResult(metadata={"dagster/row_count": row_count})
