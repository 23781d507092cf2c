"""Report assets: the published snapshot of the marts, and the page made of it."""

import fcntl
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa
import pyarrow.compute as pc

from assets.alerting.assets import BACKFILL_TAG, RANGE_TAG
from assets.alerting.rules import load_rules
from assets.alerting.tables import ALERTS, OUTBOX
from assets.attribution.tables import ATTRIBUTION_RELIABILITY
from assets.coverage.tables import COVERAGE
from assets.declare import (
    Plan,
    asset_key,
    beta_accepted,
    code_version,
    days_of,
    documentation,
    newest_of,
    prepare,
)
from assets.engagement.shares import SMALLEST_CELL
from assets.engagement.tables import CONCENTRATION, COUNTRY_ACTIVITY, ENGAGEMENT
from assets.hub.tables import DIFFUSION_HUB, HUB_CONCENTRATION, HUB_SNAPSHOTS
from assets.indices.tables import COUNTRY_RATIO, CROSSINGS, ENGAGEMENT_INDEX
from assets.markdown_text import as_text
from assets.papers.tables import DIFFUSION_PAPERS
from assets.patents.tables import PATENT_COHORTS
from assets.reference.tables import (
    COUNTRY_GROUPINGS,
    ECONOMIES,
    POLICY_EVENTS,
    UPSTREAM_BREAKS,
)
from assets.report.alert_log import LOG_SQL, published_log
from assets.report.edition import read_edition
from assets.report.package import PACKAGE_FILE
from assets.report.page import PAGE_FILE, page_html, page_sections
from assets.report.publication import (
    published_activity,
    published_alerts,
    published_concentration,
    published_coverage,
    published_diffusion_papers,
    published_engagement,
    published_gap,
    published_where_shown,
    unmasked_activity,
)
from assets.report.snapshot import publish
from assets.report.tables import ALERT_LOG, ALERT_STATES, PAGE, SNAPSHOT, VINTAGE
from assets.revisions.catalogue import CATALOGUE, SAID
from assets.revisions.record import Publication, mark_shown, not_shown, record
from assets.revisions.summary import summarise
from assets.revisions.tables import REVISIONS
from assets.revisions.words import counts_words, markdown
from assets.shifts.tables import SHOCK_EFFECTS, SHOCK_LEADS_LAGS
from assets.tables import Table
from assets.visibility.tables import VISIBILITY_GAP
from resources.lake import Lake, LakeResource
from resources.platform import Platform
from resources.warehouse import Warehouse, WarehouseResource

GROUP = "report"
_MARTS = (
    COUNTRY_ACTIVITY,
    ENGAGEMENT,
    CONCENTRATION,
    ENGAGEMENT_INDEX,
    COUNTRY_RATIO,
    CROSSINGS,
    COVERAGE,
)
#: Kept in the lake.
_LAKE_MARTS = (ATTRIBUTION_RELIABILITY,)
#: Made by month: a day's publication takes what is there by then.
_MONTHLY_MARTS = (DIFFUSION_PAPERS,)
#: Gathered of all weeks at once: likewise. Effects of shocks stand for ten accounts a week or more.
_GATHERED_MARTS = (PATENT_COHORTS, VISIBILITY_GAP, SHOCK_EFFECTS, SHOCK_LEADS_LAGS)
#: Counts of published models and of the snapshots themselves, about no person: as they are.
_HUB = (DIFFUSION_HUB, HUB_CONCENTRATION, HUB_SNAPSHOTS)
_CODE_VERSION_TAG = "dagster/code_version"
_REFERENCE = (ECONOMIES, COUNTRY_GROUPINGS, POLICY_EVENTS, UPSTREAM_BREAKS)


def build(plan: Plan) -> list[dg.AssetsDefinition]:
    """The domain's assets."""
    marts = [
        *_MARTS,
        *_LAKE_MARTS,
        DIFFUSION_HUB,
        HUB_CONCENTRATION,
        ALERTS,
        *_GATHERED_MARTS,
        *SAID,
    ]
    deps = [asset_key(table) for table in marts]
    specs = [
        dg.AssetSpec(
            **documentation(table, GROUP, kinds),
            code_version=code_version(snapshot_files, table),
            deps=[*deps, *(newest_of(table) for table in _MONTHLY_MARTS)],
            partitions_def=plan.daily,
            automation_condition=plan.automation,
        )
        for table, kinds in ((REVISIONS, {"duckdb"}), (SNAPSHOT, {"duckdb", "parquet", "csv"}))
    ]
    with beta_accepted():
        snapshot: dg.AssetsDefinition = dg.multi_asset(
            name="published__snapshot",
            specs=specs,
            backfill_policy=dg.BackfillPolicy.multi_run(plan.max_days_per_run),
        )(snapshot_files)
    return [
        snapshot,
        plan.daily_asset(page_file, PAGE, group=GROUP, kinds={"html", "altair"}, deps=[SNAPSHOT]),
    ]


def snapshot_files(
    context: dg.AssetExecutionContext,
    lake: LakeResource,
    warehouse: WarehouseResource,
    platform: Platform,
) -> Any:  # noqa: ANN401 - Dagster reads the annotation of a generator at run time
    """Write the marts and the reference tables as files, and swap them in together.

    What that changes of what was published before is recorded first.
    """
    house, publication = warehouse.open(), _publication(context, platform.now())
    vintage = publication.vintage
    with _one_publication(platform.data("publication.lock")):
        content = read_content(house, lake.open())
        said = read_said(house)
        with house.transaction() as connection:
            recorded = record(connection, content | said, publication)
        with house.transaction() as connection:
            summary = summarise(connection, not_shown(connection))
        about = {"run_id": publication.run_id, "published_at": publication.published_at}
        content[VINTAGE] = VINTAGE.arrow([{"vintage": vintage, "world": platform.world, **about}])
        current = publish(platform.data("published"), vintage, content)
        with house.transaction() as connection:
            mark_shown(connection, recorded.publication, platform.now())
    context.log.info(counts_words(summary))
    yield dg.MaterializeResult(
        asset_key=asset_key(REVISIONS),
        metadata={
            "dagster/row_count": sum(recorded.counts.values()),
            "publication": recorded.publication,
            "figures": recorded.figure_count,
            "new_figures": recorded.new_count,
            **recorded.counts,
            "revisions": dg.MetadataValue.md(markdown(summary)),
        },
    )
    counts = {table.name: rows.num_rows for table, rows in content.items()}
    yield dg.MaterializeResult(
        asset_key=asset_key(SNAPSHOT),
        metadata={
            "dagster/row_count": sum(counts.values()),
            "rows_by_table": counts,
            "vintage": vintage,
            "files": dg.MetadataValue.path(str(current)),
            "data_package": dg.MetadataValue.path(str(current / PACKAGE_FILE)),
            "size": sum(file.stat().st_size for file in current.iterdir()),
        },
    )


def _publication(context: dg.AssetExecutionContext, now: datetime) -> Publication:
    """What a run is about to publish, under a name of its own."""
    run_id, tags = context.run.run_id, context.run.tags
    return Publication(
        f"{now:%Y%m%dT%H%M%SZ}-{run_id[:8]}-{uuid.uuid4().hex[:4]}",
        run_id,
        now,
        backfill_id=tags.get(BACKFILL_TAG) or tags.get(RANGE_TAG),
        days=days_of(context),
        code_versions=_code_versions(context.instance),
    )


@contextmanager
def _one_publication(path: Path) -> Iterator[None]:
    """Nobody else publishes meanwhile: what is read first is compared and shown first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _code_versions(instance: dg.DagsterInstance) -> dict[str, str]:
    """The code that made each published table last, as Dagster noted it."""
    found = {}
    for table in dict.fromkeys(figures.source for figures in CATALOGUE):
        event = instance.get_latest_materialization_event(asset_key(table))
        made = event.asset_materialization if event else None
        if made is not None and made.tags:
            found[table.qualified] = made.tags.get(_CODE_VERSION_TAG, "")
    return found


def page_file(context: dg.AssetExecutionContext, platform: Platform) -> dg.MaterializeResult[None]:
    """Write the page of the current vintage into its folder, in one rename."""
    # What is current may be replaced meanwhile: the page belongs to what it was made of.
    folder = platform.data("published", "current").resolve()
    titles = {rule.id: rule.title for rule in load_rules(Path(platform.rules)).rules}
    edition = read_edition(folder, titles)
    sections = page_sections(edition)
    html = page_html(edition, sections)
    write_page(folder, html, context.run.run_id)
    page = platform.data("published", "current", PAGE_FILE)
    figures = [figure for section in sections for figure in section.figures]
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": len(figures),
            "page": dg.MetadataValue.path(str(page)),
            "size": len(html.encode()),
            "vintage": edition.vintage,
            "findings": dg.MetadataValue.md(
                "\n".join(f"- {as_text(figure.title)}" for figure in figures)
            ),
        }
    )


def write_page(folder: Path, html: str, run_id: str) -> Path:
    """Put the page into a vintage's folder: whole, or not at all."""
    unfinished = folder / f".{PAGE_FILE}.{run_id}"
    with unfinished.open("w", encoding="utf-8", newline="") as file:
        file.write(html)
        file.flush()
        os.fsync(file.fileno())
    unfinished.chmod(0o444)
    return unfinished.replace(folder / PAGE_FILE)


def read_content(warehouse: Warehouse, lake: Lake) -> dict[Table, pa.Table]:
    """What is published, by table."""
    # Where the Hub was never asked, or no month read, the tables are there and empty.
    prepare(warehouse, *_HUB, *_MONTHLY_MARTS, *_GATHERED_MARTS, OUTBOX)
    with warehouse.transaction() as connection:
        read = {
            table: connection.execute(
                f"SELECT * FROM {table.qualified} ORDER BY ALL"  # noqa: S608
            ).to_arrow_table()
            for table in (*_MARTS, *_HUB, *_MONTHLY_MARTS, *_GATHERED_MARTS, *_REFERENCE, ALERTS)
        }
    for table in _LAKE_MARTS:
        days = lake.partitions(table.qualified)
        rows = lake.read_all(table.qualified, days, table.arrow_schema)
        read[table] = rows.sort_by([(name, "ascending") for name in table.column_names])
    read[ALERT_STATES] = published_alerts(read.pop(ALERTS))
    read[ALERT_LOG] = published_log(warehouse.query(LOG_SQL))
    unmasked = unmasked_activity(read[COUNTRY_ACTIVITY], read[ENGAGEMENT])
    read[COUNTRY_ACTIVITY] = published_activity(unmasked)
    read[ENGAGEMENT] = published_engagement(read[ENGAGEMENT], read[COUNTRY_GROUPINGS])
    bins = read[ATTRIBUTION_RELIABILITY]
    read[ATTRIBUTION_RELIABILITY] = bins.filter(
        pc.greater_equal(bins["actor_count"], SMALLEST_CELL)
    )
    read[COVERAGE] = published_coverage(read[COVERAGE])
    read[DIFFUSION_PAPERS] = published_diffusion_papers(read[DIFFUSION_PAPERS])
    cohorts = read[PATENT_COHORTS]
    read[PATENT_COHORTS] = cohorts.filter(pc.greater_equal(cohorts["patent_count"], SMALLEST_CELL))
    read[VISIBILITY_GAP] = published_gap(read[VISIBILITY_GAP])
    read[CONCENTRATION] = published_concentration(read[CONCENTRATION], read[ENGAGEMENT])
    for table, countries in (
        (ENGAGEMENT_INDEX, {"country_iso2": "share"}),
        (COUNTRY_RATIO, {"country_iso2": "share", "other_iso2": "other_share"}),
    ):
        read[table] = published_where_shown(read[table], read[ENGAGEMENT], countries)
    return read


def read_said(warehouse: Warehouse) -> dict[Table, pa.Table]:
    """What is published in words alone: its figures are kept, too."""
    prepare(warehouse, *SAID)
    return {table: warehouse.query(f"FROM {table.qualified}") for table in SAID}
