"""Papers assets: works asked of OpenAlex by month, the models they name, and their diffusion."""

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict
from datetime import date, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any, NamedTuple

import dagster as dg
import pyarrow as pa
import pyarrow.compute as pc

from assets.declare import (
    Plan,
    asset_key,
    beta_accepted,
    days_of,
    prepare,
    require_approved,
    rows_of_days,
    show,
    transient_failures_retried,
)
from assets.diffusion.digest import rules_digest
from assets.diffusion.matcher import Matcher
from assets.pace import so_far
from assets.papers import tables
from assets.papers.asking import Asked, TooManyWorksError, ask_month
from assets.papers.diffusion import diffusion_papers
from assets.papers.mentions import paper_mentions
from assets.papers.queries import MonthPlan, plan_month
from assets.papers.revisions import Revision, is_final, revised
from assets.papers.spool import MonthSpool
from assets.reference.loader import load_reference
from assets.reference.model import ModelFamily
from assets.reference.tables import MODEL_FAMILIES
from assets.tables import Table
from resources.http import RateLimitedError
from resources.lake import Lake, LakeResource
from resources.openalex import OpenAlexClient, OpenAlexResource
from resources.platform import Platform
from resources.warehouse import Warehouse, WarehouseResource

GROUP = "diffusion"
#: A month asked for the same within so long is not asked for again: the credit is for others.
ASK_EVERY = timedelta(days=6)
_ASKED = (
    tables.PAPERS,
    tables.PAPER_FIELD_COUNTS,
    tables.PAPER_ASKINGS,
    tables.PAPER_QUARANTINE,
)
_SMALL = _ASKED[1:]


class Spent(NamedTuple):
    """Calls, and the credits that they cost."""

    calls: int
    credits: int


def build(plan: Plan) -> list[dg.AssetsDefinition]:
    """The domain's assets."""
    with beta_accepted():
        asked = dg.multi_asset(
            name="raw__papers",
            specs=plan.monthly_specs(
                _ASKED, group=GROUP, kinds={"python", "parquet"}, deps=[MODEL_FAMILIES]
            ),
            backfill_policy=dg.BackfillPolicy.multi_run(plan.max_months_per_run),
        )(asked_papers)
    return [
        asked,
        plan.monthly_asset(
            paper_mentions_table,
            tables.PAPER_MENTIONS,
            group=GROUP,
            kinds={"python", "duckdb"},
            deps=[tables.PAPERS, MODEL_FAMILIES],
            rules=rules_digest(),
        ),
        plan.monthly_asset(
            staged_diffusion_papers_table,
            tables.STAGED_DIFFUSION_PAPERS,
            group=GROUP,
            kinds={"duckdb", "parquet"},
            deps=[
                tables.PAPERS,
                tables.PAPER_MENTIONS,
                tables.PAPER_FIELD_COUNTS,
                tables.PAPER_ASKINGS,
                MODEL_FAMILIES,
            ],
        ),
        plan.monthly_asset(
            diffusion_papers_table,
            tables.DIFFUSION_PAPERS,
            group=GROUP,
            kinds={"duckdb"},
            deps=[tables.STAGED_DIFFUSION_PAPERS],
        ),
    ]


def asked_papers(
    context: dg.AssetExecutionContext,
    openalex: OpenAlexResource,
    lake: LakeResource,
    warehouse: WarehouseResource,
    platform: Platform,
) -> Any:  # noqa: ANN401 - Dagster reads the annotation of a generator at run time
    """Ask for the months' works; what a killed run has got is not asked for again."""
    store, house = lake.open(), warehouse.open()
    prepare(house, *_SMALL)
    families = known_families(platform)
    months = days_of(context)
    client = openalex.client(on_retry=context.log.info)
    too_many: list[str] = []
    plans = [plan_month(families, month) for month in months]
    due = due_months(store, house, plans, platform.now())
    context.log.info(f"{len(due)} of {len(months)} months are due")
    began = monotonic()
    with closing(client):
        for number, plan in enumerate(due, start=1):
            try:
                said = _month(client, store, house, platform, plan)
            except TooManyWorksError as error:
                too_many.append(said := str(error))
            done = so_far(number, len(due), "months", monotonic() - began)
            context.log.info(f"{plan.month:%Y-%m}: {said} ({done})")
    show(house, store, tables.PAPERS)
    if too_many:
        raise dg.Failure("\n".join(too_many))
    report = {
        "months": len(months),
        "months_asked": len(due),
        "call_count": client.call_count,
        "credit_count": client.credit_count,
        "credits_left_today": client.ledger.remaining(),
        **_totals(house, months),
    }
    for table in _ASKED:
        yield dg.MaterializeResult(asset_key=asset_key(table), metadata=report)


def _month(
    client: OpenAlexClient, store: Lake, house: Warehouse, platform: Platform, plan: MonthPlan
) -> str:
    """Ask for a month and write it; what came, in words.

    Raises:
        dg.Failure: limits forbid calls for longer than a run may wait; what was got is kept.
        dg.RetryRequested: OpenAlex could not answer.
        TooManyWorksError: a query finds more than names explain.
    """
    spool = MonthSpool(platform.data("papers", f"{plan.month:%Y-%m}"))
    calls, credits = client.call_count, client.credit_count
    with transient_failures_retried():
        try:
            asked = ask_month(client, plan, spool, platform.now())
        except RateLimitedError as error:
            raise dg.Failure(
                f"{plan.month:%Y-%m}: {error}. The pages got so far are kept: materialise again "
                f"after {error.resume_at:%Y-%m-%d %H:%M} UTC",
                allow_retries=False,
            ) from error
    spent = Spent(client.call_count - calls, client.credit_count - credits)
    revision = write_month(store, house, plan, asked, spent)
    spool.clear()
    return (
        f"{len(asked.works)} works, {revision.added} new, {revision.changed} changed, "
        f"{revision.gone} gone, {len(asked.quarantined)} set aside; {spent.calls} calls"
    )


def due_months(
    store: Lake, house: Warehouse, plans: Sequence[MonthPlan], now: datetime
) -> list[MonthPlan]:
    """Months to ask for now: not those asked the same, and written, within the last six days.

    Those asked longest ago come first, of those never asked the newest: where a day's credit ends
    before the months do, none of them waits for ever.
    """
    rows = house.query(
        "SELECT month_date, asked_at, query_digest "  # noqa: S608
        f"FROM {tables.PAPER_ASKINGS.qualified} ORDER BY asked_at"
    ).to_pylist()
    last = {row["month_date"]: row for row in rows}
    written = set(store.partitions(tables.PAPERS.qualified))

    def is_due(plan: MonthPlan) -> bool:
        asking = last.get(plan.month)
        if asking is None or str(plan.month) not in written:
            return True
        is_recent = timedelta(0) <= now - asking["asked_at"] < ASK_EVERY
        return not is_recent or asking["query_digest"] != plan.digest

    def age(plan: MonthPlan) -> tuple[float, int]:
        asked_at = last[plan.month]["asked_at"].timestamp() if plan.month in last else 0.0
        return asked_at, -plan.month.toordinal()

    return sorted(filter(is_due, plans), key=age)


def write_month(
    store: Lake, house: Warehouse, plan: MonthPlan, asked: Asked, spent: Spent
) -> Revision:
    """Write an asking; of one that a killed run had written already, nothing.

    The small tables come first: a month's Parquet vouches for them.
    """
    known = store.read(tables.PAPERS.qualified, str(plan.month))
    rows, revision = revised(known, asked.works, plan.month, asked.asked_at)
    if known is not None and known.num_rows and known["asked_at"][0].as_py() == asked.asked_at:
        return revision
    asking = {
        "month_date": plan.month,
        "asked_at": asked.asked_at,
        "query_digest": plan.digest,
        "query_count": len(plan.queries),
        "stated_count": asked.stated_count,
        "returned_count": asked.returned_count,
        "work_count": len(asked.works),
        "added_count": revision.added,
        "changed_count": revision.changed,
        "gone_count": revision.gone,
        "quarantined_count": len(asked.quarantined),
        "call_count": spent.calls,
        "credit_count": spent.credits,
        "is_final": is_final(plan.month, asked.asked_at),
    }
    stamp = {"month_date": plan.month, "asked_at": asked.asked_at}
    written = {
        tables.PAPER_ASKINGS: [asking],
        tables.PAPER_FIELD_COUNTS: [{**stamp, **asdict(count)} for count in asked.counts],
        tables.PAPER_QUARANTINE: [{**stamp, **asdict(each)} for each in asked.quarantined],
    }
    with house.transaction() as connection:
        for table, records in written.items():
            # Askings are kept for ever; of the others, those of the newest one.
            is_same = " AND asked_at = ?" if table is tables.PAPER_ASKINGS else ""
            connection.execute(
                f"DELETE FROM {table.qualified} WHERE month_date = ?{is_same}",  # noqa: S608
                [plan.month, *([asked.asked_at] if is_same else [])],
            )
            connection.register("incoming", table.arrow(records))
            connection.execute(
                f"INSERT INTO {table.qualified} BY NAME SELECT * FROM incoming"  # noqa: S608
            )
            connection.unregister("incoming")
    store.write(tables.PAPERS.qualified, str(plan.month), rows)
    return revision


def paper_mentions_table(
    context: dg.AssetExecutionContext,
    lake: LakeResource,
    warehouse: WarehouseResource,
    platform: Platform,
) -> dg.MaterializeResult[None]:
    """Find the families that titles and abstracts name."""
    store, house = lake.open(), warehouse.open()
    prepare(house, tables.PAPER_MENTIONS)
    months = days_of(context)
    require_approved(store, tables.PAPERS, months)
    matcher = Matcher.of(known_families(platform))
    rows = pa.concat_tables(
        paper_mentions(rows_of_days(store, tables.PAPERS, [month]), matcher) for month in months
    )
    house.replace_days(tables.PAPER_MENTIONS.qualified, "month_date", months, rows)
    roles = Counter(rows["role"].to_pylist())
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": rows.num_rows,
            "works": len(set(rows["work_id"].to_pylist())),
            "mentions_by_role": dict(roles),
        }
    )


def staged_diffusion_papers_table(
    context: dg.AssetExecutionContext,
    lake: LakeResource,
    warehouse: WarehouseResource,
    platform: Platform,
) -> dg.MaterializeResult[None]:
    """Counts and shares as computed, kept apart until their checks have passed."""
    store, house = lake.open(), warehouse.open()
    months = days_of(context)
    read = {
        "mentions": tables.PAPER_MENTIONS,
        "counts": tables.PAPER_FIELD_COUNTS,
        "askings": tables.PAPER_ASKINGS,
    }
    prepare(house, *read.values())
    found = {name: _rows_of_months(house, table, months) for name, table in read.items()}
    found["families"] = _origins(known_families(platform))
    found["papers"] = rows_of_days(store, tables.PAPERS, months)
    rows = diffusion_papers(found, months)
    for month in months:
        of_month = rows.filter(pc.equal(rows["month_date"], pa.scalar(month)))
        store.write(tables.STAGED_DIFFUSION_PAPERS.qualified, str(month), of_month)
    return dg.MaterializeResult(metadata={"dagster/row_count": rows.num_rows})


def diffusion_papers_table(
    context: dg.AssetExecutionContext, lake: LakeResource, warehouse: WarehouseResource
) -> dg.MaterializeResult[None]:
    """Publish the staged months whose checks passed."""
    store, house = lake.open(), warehouse.open()
    months = days_of(context)
    require_approved(store, tables.STAGED_DIFFUSION_PAPERS, months)
    prepare(house, tables.DIFFUSION_PAPERS)
    rows = rows_of_days(store, tables.STAGED_DIFFUSION_PAPERS, months)
    house.replace_days(tables.DIFFUSION_PAPERS.qualified, "month_date", months, rows)
    newest = rows.filter(pc.equal(rows["user_kind"], "us_company")).to_pylist()[-1:]
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": rows.num_rows,
            "us_company_newest": dg.MetadataValue.md(_in_words(newest[0]) if newest else "none"),
        }
    )


def known_families(platform: Platform) -> tuple[ModelFamily, ...]:
    """The families of the reference files, with which of their aliases mean other things too."""
    return load_reference(Path(platform.reference_dir)).model_families


def _origins(families: Sequence[ModelFamily]) -> pa.Table:
    """family, country_iso2 and is_open."""
    names = ("family", "country_iso2", "is_open")
    return pa.table({name: [getattr(each, name) for each in families] for name in names})


def _rows_of_months(house: Warehouse, table: Table, months: Sequence[date]) -> pa.Table:
    return house.query(
        f"SELECT * FROM {table.qualified} WHERE list_contains(?::DATE[], month_date)",  # noqa: S608
        [list(months)],
    )


def _totals(house: Warehouse, months: Sequence[date]) -> dict[str, int]:
    """Sums over the newest asking of each of the months."""
    names = ("work", "added", "changed", "gone", "quarantined")
    sums = ", ".join(f"coalesce(sum({name}_count), 0)::BIGINT AS {name}_count" for name in names)
    rows = house.query(
        f"SELECT {sums} FROM (SELECT * FROM {tables.PAPER_ASKINGS.qualified} "  # noqa: S608
        "WHERE list_contains(?::DATE[], month_date) "
        "QUALIFY row_number() OVER (PARTITION BY month_date ORDER BY asked_at DESC) = 1)",
        [list(months)],
    )
    totals: dict[str, int] = rows.to_pylist()[0]
    return totals


def _in_words(row: Mapping[str, Any]) -> str:
    if row["cn_share"] is None:
        return f"{row['month_date']:%Y-%m}: no work of a U.S. company names an open model"
    return (
        f"{row['month_date']:%Y-%m}: {row['cn_work_count']} of {row['open_work_count']} works of "
        f"U.S. companies that name an open model name one of Chinese origin, {row['cn_share']:.0%} "
        f"({row['cn_share_ci_low']:.0%} to {row['cn_share_ci_high']:.0%})"
    )
