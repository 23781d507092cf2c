"""Baseline assets: the Innovation Graph, fetched once a month and whenever it is missing."""

from contextlib import closing
from datetime import datetime

import dagster as dg

from assets.baseline import tables
from assets.baseline.innovation_graph import DEVELOPERS, GIT_PUSHES, content_digest, graph_rows
from assets.declare import (
    Plan,
    asset_key,
    code_version,
    documentation,
    prepare,
    transient_failures_retried,
)
from assets.markdown_text import as_text
from assets.reference.tables import ECONOMIES
from resources.innovation_graph import InnovationGraphResource
from resources.platform import Platform
from resources.warehouse import Warehouse, WarehouseResource

GROUP = "baseline"
_QUARANTINED_SHOWN = 20


def build(plan: Plan) -> list[dg.AssetsDefinition]:
    """The domain's assets."""
    made: dg.AssetsDefinition = dg.asset(
        **documentation(tables.INNOVATION_GRAPH, GROUP, {"csv", "duckdb"}),
        code_version=code_version(innovation_graph_table, tables.INNOVATION_GRAPH),
        deps=[asset_key(ECONOMIES)],
        automation_condition=plan.baseline_automation,
    )(innovation_graph_table)
    return [made]


def innovation_graph_table(
    context: dg.AssetExecutionContext,
    innovation_graph: InnovationGraphResource,
    warehouse: WarehouseResource,
    platform: Platform,
) -> dg.MaterializeResult[None]:
    """Fetch both files, check them, and replace the table; the same bytes keep their time."""
    house = warehouse.open()
    prepare(house, tables.INNOVATION_GRAPH)
    economies = known_economies(house)
    client = innovation_graph.client(on_retry=context.log.info)
    with closing(client), transient_failures_retried():
        developers, pushes = client.file(DEVELOPERS), client.file(GIT_PUSHES)
    digest = content_digest(developers, pushes)
    since = first_fetched_at(house, digest)
    rows, quarantined = graph_rows(developers, pushes, economies, since or platform.now())
    house.replace_all(tables.INNOVATION_GRAPH.qualified, rows)
    if quarantined:
        context.log.warning(f"{len(quarantined)} rows left out, the first: {quarantined[0]}")
    newest = max(zip(rows["year"].to_pylist(), rows["quarter"].to_pylist(), strict=True))
    shown = "\n".join(f"- {as_text(each)}" for each in quarantined[:_QUARANTINED_SHOWN])
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": rows.num_rows,
            "newest_quarter": f"{newest[0]}Q{newest[1]}",
            "content_digest": digest,
            "is_new_vintage": since is None,
            "quarantined_count": len(quarantined),
            "quarantined": dg.MetadataValue.md(shown or "None."),
        }
    )


def known_economies(house: Warehouse) -> frozenset[str]:
    """Codes of core.economies.

    Raises:
        dg.RetryRequested: on a new instance the reference tables are being made beside this.
    """
    prepare(house, ECONOMIES)
    codes = house.query("SELECT iso2 FROM core.economies")["iso2"].to_pylist()
    if not codes:
        raise dg.RetryRequested(max_retries=10, seconds_to_wait=15)
    return frozenset(codes)


def first_fetched_at(house: Warehouse, digest: str) -> datetime | None:
    """When the vintage that the table holds was first fetched; None where it is another one."""
    found = house.query(
        "SELECT min(fetched_at) AS fetched_at FROM core.innovation_graph WHERE content_digest = ?",
        [digest],
    )
    moment: datetime | None = found["fetched_at"].to_pylist()[0]
    return moment
