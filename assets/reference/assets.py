"""Reference assets: the analyst's files, validated and loaded; open repository ids resolved."""

from contextlib import closing
from pathlib import Path
from typing import Any

import dagster as dg

from assets.declare import (
    Plan,
    asset_key,
    code_version,
    documentation,
    prepare,
    transient_failures_retried,
)
from assets.reference import tables
from assets.reference.loader import load_reference
from assets.reference.model import Reference
from assets.reference.rows import reference_rows, resolve
from assets.tables import Table
from resources.github import GitHubClient, GitHubResource
from resources.http import PermanentUpstreamError, UpstreamError
from resources.platform import Platform
from resources.warehouse import Warehouse, WarehouseResource

GROUP = "reference"
ALL = (
    tables.TRACKED_REPOSITORIES,
    tables.MODEL_FAMILIES,
    tables.HUB_AUTHORS,
    tables.ECONOMIES,
    tables.POLICY_EVENTS,
    tables.UPSTREAM_BREAKS,
    tables.COUNTRY_GROUPINGS,
)


def build(plan: Plan, content_digest: str) -> list[dg.AssetsDefinition]:
    """The domain's assets.

    Args:
        plan: how assets are automated.
        content_digest: digest of the files' bytes: an edit is a new code version.
    """
    specs = [
        dg.AssetSpec(
            **documentation(table, GROUP, {"csv", "duckdb"}),
            code_version=f"{code_version(None, table)}-{content_digest[:12]}",
            automation_condition=plan.reference_automation,
        )
        for table in ALL
    ]
    return [dg.multi_asset(name="core__reference", specs=specs)(reference_tables)]


def reference_tables(
    context: dg.AssetExecutionContext,
    warehouse: WarehouseResource,
    github: GitHubResource,
    platform: Platform,
) -> Any:  # noqa: ANN401 - Dagster reads the annotation of a generator at run time
    """Validate the files, resolve open ids, and replace the tables."""
    reference = read_reference(platform)
    house = warehouse.open()
    prepare(house, *ALL)
    with closing(github.client(on_retry=context.log.info)) as client:
        tracked, unresolved = _resolved(context, reference, house, client)
    rows = {tables.TRACKED_REPOSITORIES: tracked, **reference_rows(reference)}
    for table in ALL:
        house.replace_all(table.qualified, rows[table])
        yield dg.MaterializeResult(
            asset_key=asset_key(table),
            metadata={
                "dagster/row_count": rows[table].num_rows,
                "content_digest": reference.digest,
                **_unresolved_metadata(table, unresolved),
            },
        )


def read_reference(platform: Platform) -> Reference:
    """The reference files that the platform is set to."""
    return load_reference(
        Path(platform.reference_dir),
        tracked_repositories=Path(platform.tracked_repositories),
        hub_authors=Path(platform.hub_authors) if platform.hub_authors else None,
    )


def _unresolved_metadata(table: Table, unresolved: list[str]) -> dict[str, Any]:
    if table is not tables.TRACKED_REPOSITORIES:
        return {}
    return {"unresolved": len(unresolved), "unresolved_names": ", ".join(unresolved) or "none"}


def _resolved(
    context: dg.AssetExecutionContext,
    reference: Reference,
    warehouse: Warehouse,
    client: GitHubClient,
) -> Any:  # noqa: ANN401 - see `resolve`
    pinned = {
        row["repository"]: row["github_id"]
        for row in warehouse.query(
            "SELECT repository, github_id FROM core.tracked_repositories WHERE id_source = 'api'"
        ).to_pylist()
    }
    is_refused = False

    def ask(name: str) -> int | None:
        nonlocal is_refused
        if is_refused:
            return None
        try:
            found = client.repository(name)
        except PermanentUpstreamError as error:
            context.log.warning(f"{error}; its id stays open")
            return None
        except UpstreamError as error:
            # Without a token GitHub answers 60 times an hour: go on with the ids at hand, and
            # ask for the rest when the reference is next materialised.
            is_refused = True
            context.log.warning(f"{error}; ids not known yet stay open until the next run")
            return None
        return found.github_id if found else None

    with transient_failures_retried():
        return resolve(reference.tracked_repositories, pinned, ask)
