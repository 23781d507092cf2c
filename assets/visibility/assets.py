"""Visibility assets: the gap between use and patents, of all cohorts at once."""

from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa

from assets.declare import (
    Plan,
    asset_key,
    code_version,
    columns_of_sources,
    documentation,
    prepare,
)
from assets.engagement.hours import LEAST_HOURS_SHARE
from assets.engagement.tables import ENGAGEMENT
from assets.hub.tables import DIFFUSION_HUB
from assets.papers.tables import DIFFUSION_PAPERS
from assets.patents.assets import approved_weeks
from assets.patents.tables import PATENT_COHORTS, PATENT_FILES
from assets.pictures import markdown
from assets.visibility.chart import gap_figure
from assets.visibility.cohorts import COMPLETE, visibility_gap
from assets.visibility.files import files_due, read_through
from assets.visibility.tables import VISIBILITY_GAP
from resources.lake import LakeResource
from resources.warehouse import Warehouse, WarehouseResource

GROUP = "visibility"
_READ_FROM = (PATENT_COHORTS, DIFFUSION_PAPERS, DIFFUSION_HUB, ENGAGEMENT)
_COUNTED = ("product", "publication_date", "status")
_USE_SQL = (Path(__file__).parent / "sql" / "use.sql").read_text()


def build(plan: Plan) -> list[dg.AssetsDefinition]:
    """The domain's assets."""
    gap: dg.AssetsDefinition = dg.asset(
        **documentation(VISIBILITY_GAP, GROUP, {"python", "duckdb"}),
        code_version=code_version(gap_table, VISIBILITY_GAP),
        deps=[asset_key(table) for table in (*_READ_FROM, PATENT_FILES)],
        automation_condition=plan.gathered_automation,
    )(gap_table)
    return [gap]


def gap_table(
    context: dg.AssetExecutionContext, lake: LakeResource, warehouse: WarehouseResource
) -> dg.MaterializeResult[None]:
    """The gap of every cohort for which some use is known."""
    store, house = lake.open(), warehouse.open()
    prepare(house, VISIBILITY_GAP, *_READ_FROM)
    read = columns_of_sources(store, PATENT_FILES, approved_weeks(store), _COUNTED).to_pylist()
    rows = gap_of(house, read)
    house.replace_all(VISIBILITY_GAP.qualified, rows)
    newest = newest_complete(house)
    context.log.info(words(newest))
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": rows.num_rows,
            "newest_complete": dg.MetadataValue.md(_markdown(newest)),
            "chart": dg.MetadataValue.md(
                markdown(gap_figure(rows)) if rows.num_rows else "No cohort yet."
            ),
        }
    )


def gap_of(house: Warehouse, read: list[dict[str, Any]]) -> pa.Table:
    """mart.visibility_gap of what the other marts hold.

    Args:
        house: with mart.patents, mart.diffusion_papers, mart.diffusion_hub and mart.engagement.
        read: product, publication_date and status of raw.patent_files.
    """
    use = house.query(_USE_SQL, [LEAST_HOURS_SHARE])
    cohorts = house.query(
        "SELECT basis, cohort_month, user_kind, open_model_count, chinese_open_model_count "
        "FROM mart.patents WHERE document_kind = 'any' ORDER BY ALL"
    )
    through = read_through(read)
    if not cohorts.num_rows or through is None:
        return VISIBILITY_GAP.arrow_schema.empty_table()
    files = files_due(min(cohorts["cohort_month"].to_pylist()), read, through)
    return visibility_gap(cohorts, use, files, through)


def newest_complete(house: Warehouse) -> list[dict[str, Any]]:
    """The newest complete cohort by filing, its gap against papers, a row a user kind."""
    rows: list[dict[str, Any]] = house.query(
        "SELECT * FROM mart.visibility_gap WHERE basis = 'filing' AND use_measure = 'papers' "
        "AND lag_months = 0 AND status = ? AND gap_pp IS NOT NULL "
        "QUALIFY cohort_month = max(cohort_month) OVER () ORDER BY user_kind",
        [COMPLETE],
    ).to_pylist()
    return rows


def newest_by_measure(house: Warehouse) -> list[dict[str, Any]]:
    """The newest complete cohort by publication of each measure of use, of all users."""
    rows: list[dict[str, Any]] = house.query(
        "SELECT * FROM mart.visibility_gap WHERE basis = 'publication' AND user_kind = 'all' "
        "AND lag_months = 0 AND status = ? AND gap_pp IS NOT NULL "
        "QUALIFY cohort_month = max(cohort_month) OVER (PARTITION BY use_measure) "
        "ORDER BY use_measure",
        [COMPLETE],
    ).to_pylist()
    return rows


def words(rows: list[dict[str, Any]]) -> str:
    """A cohort's gaps in a line."""
    if not rows:
        return "no cohort is complete yet"
    found = ", ".join(
        f"{row['user_kind']} {row['gap_pp']:.1f} ({row['gap_pp_ci_low']:.1f} to "
        f"{row['gap_pp_ci_high']:.1f})"
        for row in rows
    )
    return f"filed in {rows[0]['cohort_month']:%Y-%m}, percentage points (95 %): {found}"


def _markdown(rows: list[dict[str, Any]]) -> str:
    if not rows:
        return "No cohort is complete yet."
    lines = [
        f"Patents filed in {rows[0]['cohort_month']:%Y-%m}, the newest complete cohort.",
        "",
        "| users | papers | patents | gap, percentage points (95 %) |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {row['user_kind'].replace('_', ' ')} "
        f"| {row['use_share']:.1%} of {row['use_count']} "
        f"| {row['patent_share']:.1%} of {row['patent_count']} "
        f"| {row['gap_pp']:.1f} ({row['gap_pp_ci_low']:.1f} to {row['gap_pp_ci_high']:.1f}) |"
        for row in rows
    ]
    return "\n".join(lines)
