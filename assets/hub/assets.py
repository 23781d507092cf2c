"""Hub assets: a snapshot a day, taken on the day or never, its lineage, and what is counted."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, date
from time import monotonic
from typing import Any

import dagster as dg
import pyarrow as pa

from assets.declare import (
    Plan,
    asset_key,
    days_of,
    prepare,
    require_approved,
    show,
    transient_failures_retried,
)
from assets.hub import tables
from assets.hub.authors import Owners
from assets.hub.cells import Snapshot, concentration, diffusion
from assets.hub.crawl import Crawl, Crawler, Failures
from assets.hub.snapshot import (
    COMPLETE,
    MISSED,
    lineage_rows,
    missed_row,
    model_rows,
    snapshot_row,
    with_derivatives,
)
from assets.hub.spool import PageSpool
from assets.markdown_text import as_text
from assets.pace import so_far
from assets.reference.model import HubAuthor
from assets.reference.tables import HUB_AUTHORS, MODEL_FAMILIES
from resources.http import RateLimitedError, UpstreamError
from resources.hub import HubResource
from resources.lake import Lake, LakeResource
from resources.platform import Platform
from resources.warehouse import Warehouse, WarehouseResource

GROUP = "diffusion"
SNAPSHOT_TABLES = (tables.HUB_MODELS, tables.HUB_SNAPSHOTS)
DERIVED_TABLES = (tables.HUB_LINEAGE, tables.DIFFUSION_HUB, tables.HUB_CONCENTRATION)
_MART_TABLES = (tables.DIFFUSION_HUB, tables.HUB_CONCENTRATION)
_PROGRESS_EVERY_S = 15.0
_NAMED = 20
_FAILURES = Failures(limited=RateLimitedError, failed=UpstreamError)


def build(plan: Plan) -> list[dg.AssetsDefinition]:
    """The domain's assets."""
    return [
        plan.snapshot_assets(
            hub_snapshot, SNAPSHOT_TABLES, name="raw__hub", group=GROUP,
            kinds={"huggingface", "parquet"}, deps=[HUB_AUTHORS],
        ),
        plan.snapshot_assets(
            hub_lineage, [tables.HUB_LINEAGE], name="core__hub_lineage", group=GROUP,
            kinds={"python", "parquet"}, deps=[tables.HUB_MODELS, HUB_AUTHORS, MODEL_FAMILIES],
        ),
        plan.snapshot_assets(
            hub_marts, _MART_TABLES, name="mart__hub", group=GROUP,
            kinds={"duckdb", "sql"},
            deps=[tables.HUB_MODELS, tables.HUB_SNAPSHOTS, tables.HUB_LINEAGE],
        ),
    ]  # fmt: skip


def hub_snapshot(
    context: dg.AssetExecutionContext,
    lake: LakeResource,
    warehouse: WarehouseResource,
    hub: HubResource,
    platform: Platform,
) -> Iterator[dg.MaterializeResult[None]]:
    """Ask the Hub, where the day is today; of an earlier day, keep what was got on it."""
    store, house = lake.open(), warehouse.open()
    prepare(house, tables.HUB_SNAPSHOTS)
    owners = known_owners(house)
    states: dict[str, str] = {}
    crawls: list[Crawl] = []
    missed: list[dict[str, object]] = []
    for day in days_of(context):
        if day > platform.today():
            raise dg.Failure(f"{day} has not begun (UTC): a snapshot is taken on its own day")
        if is_settled(store, house, day, platform.today()):
            states[str(day)] = "kept"
            continue
        crawl = take(context, day, store, house, owners, hub, platform)
        if crawl is None:
            missed.append(missed_row(day))
            states[str(day)] = MISSED
            continue
        row = snapshot_row(day, crawl, owners)
        house.upsert(tables.HUB_SNAPSHOTS.qualified, tables.HUB_SNAPSHOTS.arrow([row]))
        states[str(day)] = str(row["state"])
        crawls.append(crawl)
        forget(store, platform, day, is_complete=row["state"] == COMPLETE)
    if missed:
        days = f"{missed[0]['snapshot_date']} to {missed[-1]['snapshot_date']}"
        context.log.warning(f"no snapshot of {len(missed)} days ({days}): they stay missing")
        house.upsert(tables.HUB_SNAPSHOTS.qualified, tables.HUB_SNAPSHOTS.arrow(missed))
    show(house, store, tables.HUB_MODELS)
    report = snapshot_report(states, crawls)
    for table in SNAPSHOT_TABLES:
        yield dg.MaterializeResult(asset_key=asset_key(table), metadata=report)


def is_settled(store: Lake, house: Warehouse, day: date, today: date) -> bool:
    """Whether nothing better can be had of a day: it is complete, or over and in the tables."""
    rows = house.query(
        f"SELECT state FROM {tables.HUB_SNAPSHOTS.qualified} WHERE snapshot_date = ?",  # noqa: S608
        [day],
    ).to_pylist()
    if not rows:
        return False
    has_models = str(day) in store.partitions(tables.HUB_MODELS.qualified)
    return has_models and (rows[0]["state"] == COMPLETE or day < today)


def take(
    context: dg.AssetExecutionContext,
    day: date,
    store: Lake,
    house: Warehouse,
    owners: Owners,
    hub: HubResource,
    platform: Platform,
) -> Crawl | None:
    """Crawl and write the day's models; None where nothing was got on the day."""
    is_today = day == platform.today()
    spool = PageSpool(platform.data("hub", str(day)))
    if not is_today and not spool.has_pages:
        spool.clear()
        return None
    before = previous_day(store, house, day)
    known = with_derivatives(_models(store, before)) if before else {}
    client = hub.client(
        context.log.info, forbidden_until=spool.forbidden_until, on_forbidden=spool.forbid
    )
    with closing(client), spool.only_user(), transient_failures_retried():
        crawler = Crawler(
            source=client if is_today else None,
            store=spool,
            failures=_FAILURES,
            family=owners.family,
            most_pages=hub.most_calls,
            may_ask=lambda: platform.today() == day,
            now=platform.now,
            on_page=_progress(context),
        )
        crawl = crawler.run(owners.publishers, known)
    if not crawl.page_count:
        return None
    store.write(tables.HUB_MODELS.qualified, str(day), model_rows(day, crawl))
    return crawl


def forget(store: Lake, platform: Platform, day: date, *, is_complete: bool) -> None:
    """Remove the pages of days that are in the tables; of an incomplete one they serve on."""
    stored = store.partitions(tables.HUB_MODELS.qualified)
    for folder in sorted(platform.data("hub").iterdir()):
        is_over = folder.name < str(day) and folder.name in stored
        if is_over or (is_complete and folder.name == str(day)):
            PageSpool(folder).clear()


def hub_lineage(
    context: dg.AssetExecutionContext, lake: LakeResource, warehouse: WarehouseResource
) -> Iterator[dg.MaterializeResult[None]]:
    """Follow each model of a snapshot to its roots."""
    store, house = lake.open(), warehouse.open()
    owners, origins = known_owners(house), family_origins(house)
    counts: dict[str, int] = {}
    for day in with_snapshot(store, house, days_of(context)):
        rows = lineage_rows(day, _models(store, day), owners, origins)
        store.write(tables.HUB_LINEAGE.qualified, str(day), rows)
        for status in rows["status"].to_pylist():
            counts[status] = counts.get(status, 0) + 1
    show(house, store, tables.HUB_LINEAGE)
    yield dg.MaterializeResult(
        asset_key=asset_key(tables.HUB_LINEAGE),
        metadata={"dagster/row_count": sum(counts.values()), "rows_by_status": counts},
    )


def hub_marts(
    context: dg.AssetExecutionContext, lake: LakeResource, warehouse: WarehouseResource
) -> Iterator[dg.MaterializeResult[None]]:
    """Count a snapshot by origin, family, relation and author, and against the one before."""
    store, house = lake.open(), warehouse.open()
    prepare(house, tables.HUB_SNAPSHOTS, *_MART_TABLES)
    days = days_of(context)
    found = with_snapshot(store, house, days)
    require_approved(store, tables.HUB_LINEAGE, found)
    cells = [tables.DIFFUSION_HUB.arrow_schema.empty_table()]
    for day in found:
        before = previous_day(store, house, day)
        cells.append(
            diffusion(
                read_snapshot(store, house, day),
                store.read_all(
                    tables.HUB_LINEAGE.qualified, [str(day)], tables.HUB_LINEAGE.arrow_schema
                ),
                read_snapshot(store, house, before) if before else None,
            )
        )
    made = pa.concat_tables(cells)
    for table, rows in zip(_MART_TABLES, (made, concentration(made)), strict=True):
        house.replace_days(table.qualified, "snapshot_date", days, rows)
        yield dg.MaterializeResult(
            asset_key=asset_key(table),
            metadata={"dagster/row_count": rows.num_rows, "snapshots": len(found)},
        )


def read_snapshot(store: Lake, house: Warehouse, day: date) -> Snapshot:
    """A day's snapshot that is in the lake, with what the warehouse says of it."""
    (row,) = house.query(
        f"SELECT * FROM {tables.HUB_SNAPSHOTS.qualified} WHERE snapshot_date = ?",  # noqa: S608
        [day],
    ).to_pylist()
    return Snapshot(
        day=day,
        models=_models(store, day),
        begun_at=row["first_asked_at"].astimezone(UTC),
        is_complete=row["state"] == COMPLETE,
        asked_share=row["asked_share"],
    )


def with_snapshot(store: Lake, house: Warehouse, days: Sequence[date]) -> list[date]:
    """Those of some days that have a snapshot, in the lake and in core.hub_snapshots."""
    prepare(house, tables.HUB_SNAPSHOTS)
    stated = house.query(
        f"SELECT snapshot_date FROM {tables.HUB_SNAPSHOTS.qualified} WHERE state != ?",  # noqa: S608
        [MISSED],
    )["snapshot_date"].to_pylist()
    stored = set(store.partitions(tables.HUB_MODELS.qualified))
    return [day for day in days if day in stated and str(day) in stored]


def previous_day(store: Lake, house: Warehouse, day: date) -> date | None:
    """The newest day before another that has a snapshot; None where there is none."""
    stored = store.partitions(tables.HUB_MODELS.qualified)
    before = [date.fromisoformat(name) for name in stored if name < str(day)]
    return max(with_snapshot(store, house, before), default=None)


def known_owners(house: Warehouse) -> Owners:
    """Whose models are whose, from core.hub_authors.

    Raises:
        dg.RetryRequested: on a new instance the reference tables are being made beside this.
    """
    prepare(house, HUB_AUTHORS)
    rows = house.query(f"FROM {HUB_AUTHORS.qualified} ORDER BY row_number").to_pylist()
    if not rows:
        raise dg.RetryRequested(max_retries=10, seconds_to_wait=15)
    return Owners(
        HubAuthor(row["author"], row["country_iso2"], row["family"], tuple(row["models"]))
        for row in rows
    )


def family_origins(house: Warehouse) -> dict[str, str]:
    """Country of each family's developer, from core.model_families."""
    rows = house.query(f"SELECT family, country_iso2 FROM {MODEL_FAMILIES.qualified}")  # noqa: S608
    return {row["family"]: row["country_iso2"] for row in rows.to_pylist()}


def snapshot_report(states: dict[str, str], crawls: Sequence[Crawl]) -> dict[str, Any]:
    """What was asked and found, as metadata."""
    failed = [
        f"- {as_text(key)}: {as_text(said)}"
        for crawl in crawls
        for key, said in crawl.failed.items()
    ]
    empty = sorted({author for crawl in crawls for author in crawl.empty_authors})
    problems = [crawl.problem for crawl in crawls if crawl.problem]
    return {
        "state_by_day": states,
        "missed_count": sum(state == MISSED for state in states.values()),
        "dagster/row_count": sum(len(crawl.models) for crawl in crawls),
        "call_count": sum(crawl.new_page_count for crawl in crawls),
        "page_count": sum(crawl.page_count for crawl in crawls),
        "left_out_count": sum(crawl.left_out_count for crawl in crawls),
        "malformed_count": sum(crawl.malformed_count for crawl in crawls),
        "malformed_example": problems[0] if problems else "none",
        "failed_lists": dg.MetadataValue.md("\n".join(failed[:_NAMED]) or "none"),
        "authors_without_models": ", ".join(empty[:_NAMED]) or "none",
    }


def _progress(context: dg.AssetExecutionContext) -> Callable[[Crawl], None]:
    began = said = monotonic()

    def tell(crawl: Crawl) -> None:
        nonlocal said
        if monotonic() - said > _PROGRESS_EVERY_S:
            said = monotonic()
            pages = so_far(crawl.page_count, 0, "pages", said - began)
            context.log.info(f"{pages}; {len(crawl.models):,} models")

    return tell


def _models(store: Lake, day: date) -> pa.Table:
    table = tables.HUB_MODELS
    return store.read_all(table.qualified, [str(day)], table.arrow_schema)
