"""Activity assets: archive hours to raw Parquet, archives and commits to core.events."""

from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa

from assets.activity import tables
from assets.activity.day_work import (
    RAW,
    TRACKED_SCHEMA,
    ActorDaysDay,
    EventsDay,
    ScanDay,
    ScanFailures,
)
from assets.activity.ingest import HourFailures
from assets.by_day import make_days, opened
from assets.declare import (
    Plan,
    asset_key,
    beta_accepted,
    days_of,
    prepare,
    require_approved,
    show,
)
from assets.polls.tables import REPOSITORY_EVENTS
from assets.reference.tables import MODEL_FAMILIES, TRACKED_REPOSITORIES
from resources.archive import ArchiveSource
from resources.engine import EngineResource
from resources.http import NotFoundError, TransientUpstreamError, UpstreamError
from resources.lake import LakeResource
from resources.platform import Platform
from resources.warehouse import Warehouse, WarehouseResource

GROUP = "activity"
_FAILURES = ScanFailures(
    HourFailures(not_found=NotFoundError, unreachable=UpstreamError), outage=TransientUpstreamError
)
_REPOSITORY_KINDS = (Path(__file__).parent / "sql" / "repository_kinds.sql").read_text()


def build(plan: Plan) -> list[dg.AssetsDefinition]:
    """The domain's assets."""
    with beta_accepted():
        archive = dg.multi_asset(
            name="raw__archive",
            specs=plan.daily_specs(
                RAW, group=GROUP, kinds={"python", "parquet"}, deps=[TRACKED_REPOSITORIES]
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
    engine: EngineResource,
) -> Any:  # noqa: ANN401 - Dagster reads the annotation of a generator at run time
    """Fetch and scan the days' hourly files; what an earlier run settled is not asked again."""
    store, house, pool = lake.open(), warehouse.open(), opened(context, engine)
    tracked = tracked_names(house)
    # More days at once than connections would be more connections than may be.
    at_once = min(pool.slots, archive.workers)
    work = ScanDay(
        archives=tuple(each.open(at_once, pool.hosts) for each in (archive, second_archive)),
        lake=store,
        tracked=pool.share(store, "tracked_names", tracked),
        panel_one_in=platform.panel_one_in,
        clock=platform.clock(),
        failures=_FAILURES,
    )
    made = yield from make_days(context, pool, work, RAW, most=at_once)
    statuses: dict[str, dict[str, int]] = {}
    for day, record in made.records.items():
        if record.worse_count:
            context.log.warning(
                f"{day}: {record.worse_count} files came worse than before; the old rows stay"
            )
        for source, by_status in record.statuses.items():
            found = statuses.setdefault(source, {})
            for status, count in by_status.items():
                found[status] = found.get(status, 0) + count
    show(house, store, *RAW)
    records = made.records.values()
    for table in RAW:
        yield dg.MaterializeResult(
            asset_key=asset_key(table),
            metadata={
                "dagster/row_count": made.row_count(table),
                "files_by_source_and_status": statuses,
                "files_fetched": sum(each.fetched_count for each in records),
                "bytes_fetched": sum(each.byte_count for each in records),
                "tracked_repositories": tracked.num_rows,
                **made.metadata(),
            },
        )


def tracked_names(warehouse: Warehouse) -> pa.Table:
    """Tracked repositories with all of their names: rows of `TRACKED_SCHEMA`."""
    return pa.Table.from_pylist(
        [
            {"github_id": row["github_id"], "names": [row["repository"], *row["previous_names"]]}
            for row in tracked_repositories(warehouse)
        ],
        schema=TRACKED_SCHEMA,
    )


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


def events_table(
    context: dg.AssetExecutionContext,
    lake: LakeResource,
    warehouse: WarehouseResource,
    platform: Platform,
    engine: EngineResource,
) -> Any:  # noqa: ANN401 - as above
    """One row an event on the day it happened, from the day's files and those of a week after."""
    store, house, pool = lake.open(), warehouse.open(), opened(context, engine)
    prepare(house, tables.COMMIT_AUTHORS)
    authors = house.query("SELECT author_hash, actor_id FROM raw.commit_authors")
    work = EventsDay(store, pool.share(store, "commit_authors", authors), platform.panel_one_in)
    made = yield from make_days(context, pool, work, [tables.EVENTS])
    show(house, store, tables.EVENTS)
    records = made.records.values()
    yield dg.MaterializeResult(
        metadata={
            "dagster/row_count": made.row_count(tables.EVENTS),
            "bot_event_count": sum(each.bot_event_count for each in records),
            "duplicate_count": sum(each.duplicate_count for each in records),
            **made.metadata(),
        }
    )


def actor_days_table(
    context: dg.AssetExecutionContext,
    lake: LakeResource,
    warehouse: WarehouseResource,
    engine: EngineResource,
) -> Any:  # noqa: ANN401 - as above
    """What each account did, by event group and kind of repository."""
    store, house = lake.open(), warehouse.open()
    require_approved(store, tables.EVENTS, days_of(context))
    pool = opened(context, engine)
    kinds = pool.share(store, "repository_kinds", house.query(_REPOSITORY_KINDS))
    made = yield from make_days(context, pool, ActorDaysDay(store, kinds), [tables.ACTOR_DAYS])
    show(house, store, tables.ACTOR_DAYS)
    yield dg.MaterializeResult(
        metadata={"dagster/row_count": made.row_count(tables.ACTOR_DAYS), **made.metadata()}
    )
