"""Gives every asset the ways on from its page: the published page, Data Docs, and the runbook."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import dagster as dg

from assets.alerting.operations import RUNBOOK
from checks.runner import PROJECT_FOLDER
from orchestration.settings import Settings

_PAGE = ("published", "current", "index.html")
_DATA_DOCS = ("gx", "uncommitted", "data_docs", "local_site", "index.html")
#: What the runbook says of any asset: a run of it failed, or a partition was never made.
_ALWAYS = ("failed_run", "no_partition_left")


def with_links(
    assets: Iterable[dg.AssetsDefinition],
    checks: Iterable[dg.AssetChecksDefinition],
    settings: Settings,
) -> list[dg.AssetsDefinition]:
    """The assets, each with its links as metadata that holds whatever is materialised."""
    sections: dict[dg.AssetKey, list[str]] = {}
    for spec in (spec for check in checks for spec in check.check_specs):
        sections.setdefault(spec.asset_key, []).append(spec.name)

    def linked(spec: dg.AssetSpec) -> dg.AssetSpec:
        links = asset_links(sections.get(spec.key, ()), settings)
        return spec.replace_attributes(metadata={**spec.metadata, **links})

    return [each.map_asset_specs(linked) for each in assets]


def asset_links(checks: Sequence[str], settings: Settings) -> Mapping[str, Any]:
    """The links of an asset with some checks.

    The page is a link where `OBSERVATORY_PAGE_URL` says how readers reach it, else a file's path: a
    browser opens no file from a page that it has from a server.
    """
    page = settings.data.joinpath(*_PAGE)
    docs = settings.data.joinpath(PROJECT_FOLDER, *_DATA_DOCS)
    return {
        "page": dg.MetadataValue.url(settings.page_url)
        if settings.page_url
        else dg.MetadataValue.path(str(page)),
        "data_docs": dg.MetadataValue.path(str(docs)),
        "runbook": ", ".join(f"{RUNBOOK}#{name}" for name in (*checks, *_ALWAYS)),
    }
