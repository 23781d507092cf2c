"""Patent assets: weekly files to raw Parquet and mentions, all weeks to mart.patents."""

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from time import monotonic
from typing import Any

import dagster as dg

from assets.declare import (
    Plan,
    asset_key,
    beta_accepted,
    code_version,
    columns_of_sources,
    days_of,
    documentation,
    partitions_of_sources,
    prepare,
    show,
    transient_failures_retried,
)
from assets.diffusion.matcher import Matcher
from assets.markdown_text import as_text
from assets.pace import so_far
from assets.patents import tables, weeks
from assets.patents.cohorts import COUNTED, FILED, NAMED, cohort_rows
from assets.patents.rows import WeekFile, families_digest, file_rows, outcome_row
from assets.patents.scan import Scan, scan_file
from assets.patents.weeks import KnownFile, Product
from assets.patents.zip_stream import ZipStatus
from assets.reference.assets import read_reference
from assets.reference.tables import MODEL_FAMILIES
from resources.http import TransientUpstreamError, UpstreamError
from resources.lake import Lake, LakeResource
from resources.platform import Platform
from resources.uspto import (
    APPLICATIONS,
    GRANTS,
    BulkFile,
    UnauthorizedError,
    UsptoClient,
    UsptoResource,
)
from resources.warehouse import WarehouseResource

GROUP = "visibility"
_RAW = (tables.PATENTS, tables.PATENT_QUARANTINE, tables.PATENT_MENTIONS, tables.PATENT_FILES)
_CODES: dict[Product, str] = {"grants": GRANTS, "applications": APPLICATIONS}
_QUARANTINED_SHOWN = 20
_CHUNK_BYTES = 1 << 18
# A file that came damaged may have been damaged on its way: it is asked for once more.
_TRIES = 2


def build(plan: Plan) -> list[dg.AssetsDefinition]:
    """The domain's assets."""
    with beta_accepted():
        files = dg.multi_asset(
            name="raw__patents",
            specs=plan.weekly_specs(
                _RAW, group=GROUP, kinds={"python", "parquet"}, deps=[MODEL_FAMILIES]
            ),
            backfill_policy=dg.BackfillPolicy.multi_run(plan.max_weeks_per_run),
        )(weekly_files)
    cohorts: dg.AssetsDefinition = dg.asset(
        **documentation(tables.PATENT_COHORTS, GROUP, {"duckdb"}),
        code_version=code_version(patent_cohorts, tables.PATENT_COHORTS),
        deps=[
            asset_key(MODEL_FAMILIES),
            *(asset_key(table) for table in _RAW if table is not tables.PATENT_QUARANTINE),
        ],
        automation_condition=plan.gathered_automation,
    )(patent_cohorts)
    return [files, cohorts]


@dataclass(frozen=True, slots=True)
class _Search:
    """What every file of a run is read with."""

    client: UsptoClient
    store: Lake
    namer: Matcher
    digest: str
    spool: Path
    platform: Platform
    context: dg.AssetExecutionContext


def weekly_files(
    context: dg.AssetExecutionContext,
    uspto: UsptoResource,
    lake: LakeResource,
    warehouse: WarehouseResource,
    platform: Platform,
) -> Any:  # noqa: ANN401 - Dagster reads the annotation of a generator at run time
    """Fetch and read the weeks' files; what an earlier run read whole is not asked for again."""
    store, house = lake.open(), warehouse.open()
    families = read_reference(platform).model_families
    asked = days_of(context)
    files: list[dict[str, Any]] = []
    with closing(uspto.client(on_retry=context.log.info)) as client:
        with transient_failures_retried():
            listed = {product: client.files(_CODES[product]) for product in weeks.PRODUCTS}
        search = _Search(
            client=client,
            store=store,
            namer=Matcher.of(families),
            digest=families_digest(families),
            spool=platform.data("patents"),
            platform=platform,
            context=context,
        )
        began = monotonic()
        for number, week in enumerate(asked, 1):
            for product in weeks.PRODUCTS:
                files.append(read_file(search, week, product, listed[product]))
                context.log.info(_words(files[-1]))
            context.log.info(so_far(number, len(asked), "weeks", monotonic() - began))
    _refuse_unreachable(files)
    show(house, store, *_RAW)
    yield from _results(store, asked, files)


def read_file(
    search: _Search, week: date, product: Product, listed: list[BulkFile]
) -> dict[str, Any]:
    """One week's file of a product into its partitions; its row of raw.patent_files."""
    store, day = search.store, weeks.due_day(week, product)
    newest = weeks.newest_version(listed, day)
    kept = store.read(tables.PATENT_FILES.qualified, str(week), product)
    known = _known(kept)
    name = newest.name if newest else None
    if kept is not None and weeks.is_settled(known, name, search.digest):
        return dict(kept.to_pylist()[0])
    file = WeekFile(week, product, day, name, search.digest)
    scan, status, message = Scan(), weeks.absence(day, search.platform.today()), ""
    if newest:
        scan, status, message = _scanned(search, newest)
    if kept is not None and not weeks.is_better(status, len(scan.patents), known):
        search.context.log.warning(f"{name or day}: {status}; what was there before stays")
        return {**kept.to_pylist()[0], "message": f"kept: the newest try is {status}. {message}"}
    rows = file_rows(file, scan)
    store.write(tables.PATENTS.qualified, str(week), rows.patents, product)
    store.write(tables.PATENT_QUARANTINE.qualified, str(week), rows.quarantine, product)
    store.write(tables.PATENT_MENTIONS.qualified, str(week), rows.mentions, product)
    # The file's row comes last: it is what says that the others are there.
    row = outcome_row(file, status, search.platform.now(), message, scan)
    store.write(tables.PATENT_FILES.qualified, str(week), row, product)
    if newest:
        search.client.discard(newest, search.spool)
    return dict(row.to_pylist()[0])


def _scanned(search: _Search, file: BulkFile) -> tuple[Scan, str, str]:
    """What a file gave, its status, and what went wrong; the better of two tries."""
    best, message = Scan(), ""
    for number in range(_TRIES):
        try:
            path = search.client.fetch(file, search.spool)
        except UnauthorizedError:
            raise
        except UpstreamError as error:
            if best.status is ZipStatus.EMPTY:
                return Scan(), "unreachable", str(error)
            return best, str(best.status), f"{message}; then {error}"
        scan = scan_file(_chunks(path), search.namer)
        if scan.status is ZipStatus.COMPLETE:
            return scan, str(scan.status), ""
        message = f"{file.name} is {scan.status} after {scan.byte_count} bytes"
        search.context.log.warning(f"{message} (try {number + 1} of {_TRIES})")
        if not number or len(scan.patents) > len(best.patents):
            best = scan
        search.client.discard(file, search.spool)
    return best, str(best.status), message


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk


def _known(rows: Any) -> KnownFile | None:  # noqa: ANN401 - an Arrow table or None
    if rows is None or not rows.num_rows:
        return None
    row = rows.to_pylist()[0]
    return KnownFile(row["file_name"], row["status"], row["families_digest"], row["patent_count"])


def _words(row: dict[str, Any]) -> str:
    return (
        f"{row['week_start_date']}, {row['product']}: {row['file_name'] or 'no file'} "
        f"{row['status']}, {row['patent_count']} patents, {row['quarantined_count']} set aside"
    )


def _refuse_unreachable(files: list[dict[str, Any]]) -> None:
    """Have the step tried again where no file at all could be reached."""
    if files and all(row["status"] == "unreachable" for row in files):
        with transient_failures_retried():
            raise TransientUpstreamError(
                f"none of {len(files)} files could be reached: {files[0]['message']}"
            )


def _results(
    store: Lake, asked: list[date], files: list[dict[str, Any]]
) -> Iterator[dg.MaterializeResult[None]]:
    counts = {
        table: sum(
            rows.num_rows
            for week in asked
            for product in weeks.PRODUCTS
            if (rows := store.read(table.qualified, str(week), product)) is not None
        )
        for table in _RAW
    }
    problems = [
        f"- {as_text(row['file_name'] or row['publication_date'])}: {row['status']} "
        f"{as_text(row['message'])}"
        for row in files
        if row["status"] != "complete"
    ]
    for table in _RAW:
        yield dg.MaterializeResult(
            asset_key=asset_key(table),
            metadata={
                "dagster/row_count": counts[table],
                "files_by_status": dict(Counter(row["status"] for row in files)),
                "quarantined_count": sum(row["quarantined_count"] for row in files),
                "problems": dg.MetadataValue.md(
                    "\n".join(problems[:_QUARANTINED_SHOWN]) or "None."
                ),
            },
        )


def approved_weeks(store: Lake) -> list[str]:
    """The weeks of patents that are there and whose checks passed, in order."""
    name = tables.PATENTS.qualified
    there = partitions_of_sources(store, tables.PATENTS)
    return [week for week in there if store.is_approved(name, week)]


def patent_cohorts(
    context: dg.AssetExecutionContext, lake: LakeResource, warehouse: WarehouseResource
) -> dg.MaterializeResult[None]:
    """Count the inventions of all weeks whose checks passed, by month."""
    store, house = lake.open(), warehouse.open()
    prepare(house, MODEL_FAMILIES, tables.PATENT_COHORTS)
    counted = approved_weeks(store)
    left_out = sorted(set(partitions_of_sources(store, tables.PATENTS)) - set(counted))
    if left_out:
        context.log.warning(f"left out, as their checks have not passed: {', '.join(left_out)}")
    rows = cohort_rows(
        columns_of_sources(store, tables.PATENTS, counted, COUNTED),
        columns_of_sources(store, tables.PATENT_MENTIONS, counted, NAMED),
        columns_of_sources(store, tables.PATENT_FILES, counted, FILED),
        house.query("SELECT family, country_iso2, is_open FROM core.model_families"),
    )
    house.replace_all(tables.PATENT_COHORTS.qualified, rows)
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": rows.num_rows,
            "week_count": len(counted),
            "weeks_left_out": ", ".join(left_out) or "none",
        }
    )
