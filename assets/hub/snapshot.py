"""A crawl as rows: the day's models, what became of the snapshot, and its lineage."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date

import pyarrow as pa

from assets.engagement.shares import UNKNOWN
from assets.hub import tables
from assets.hub.authors import Owners
from assets.hub.crawl import Crawl
from assets.hub.lineage import descents
from assets.hub.records import HubModel

COMPLETE, PARTIAL, MISSED = "complete", "partial", "missed"


def model_rows(day: date, crawl: Crawl) -> pa.Table:
    """Rows of raw.hub_models, by id."""
    return tables.HUB_MODELS.arrow(
        [
            {
                "snapshot_date": day,
                "model_id": each.model_id,
                "hub_id": each.hub_id,
                "author": each.author,
                "created_at": each.created_at,
                "downloads_30d_count": each.downloads,
                "downloads_all_time_count": each.downloads_all_time,
                "like_count": each.likes,
                "base_model_ids": list(each.base_ids),
                "found_under_model_id": crawl.found_under[key],
                "relation": each.relation,
                "library": each.library,
                "pipeline_tag": each.pipeline_tag,
                "gated": each.gated,
            }
            for key, each in sorted(crawl.models.items())
        ]
    )


def models_of(rows: pa.Table) -> list[HubModel]:
    """The models that rows of raw.hub_models say."""
    return [
        HubModel(
            model_id=row["model_id"],
            hub_id=row["hub_id"],
            created_at=row["created_at"].astimezone(UTC) if row["created_at"] else None,
            downloads=row["downloads_30d_count"],
            downloads_all_time=row["downloads_all_time_count"],
            likes=row["like_count"],
            base_ids=tuple(row["base_model_ids"]),
            relation=row["relation"],
            library=row["library"],
            pipeline_tag=row["pipeline_tag"],
            gated=row["gated"],
        )
        for row in rows.to_pylist()
    ]


def with_derivatives(rows: pa.Table) -> dict[str, int]:
    """Models that had derivatives in a snapshot, with about how many.

    By the names that the Hub gives now, and by those under which it listed them: after a rename a
    list may be had under either.
    """
    named = Counter[str]()
    spelt: dict[str, str] = {}
    for bases, under in zip(
        rows["base_model_ids"].to_pylist(), rows["found_under_model_id"].to_pylist(), strict=True
    ):
        for base in {*bases, *([under] if under else [])}:
            named[base.casefold()] += 1
            spelt.setdefault(base.casefold(), base)
    return {spelt[key]: count for key, count in named.items()}


def snapshot_row(day: date, crawl: Crawl, owners: Owners) -> dict[str, object]:
    """The row of core.hub_snapshots that a crawl gives."""
    is_whole = not crawl.is_cut_short and not crawl.failed
    released = {owners.family(each.model_id) for each in crawl.models.values()}
    return {
        "snapshot_date": day,
        "state": COMPLETE if is_whole else PARTIAL,
        "first_asked_at": crawl.first_asked_at,
        "last_asked_at": crawl.last_asked_at,
        "page_count": crawl.page_count,
        "list_count": len(crawl.asked),
        "failed_list_count": len(crawl.failed),
        "silent_family_count": len(owners.families - released),
        "malformed_count": crawl.malformed_count,
        "model_count": len(crawl.models),
        "left_out_count": crawl.left_out_count,
        "asked_share": asked_share(crawl),
    }


def asked_share(crawl: Crawl) -> float | None:
    """Share of all downloads (30 days) on models whose derivatives were asked for.

    None where there are no downloads.
    """
    asked = {each.name.casefold() for each in crawl.asked if each.kind == "base_model"}
    total = sum(each.downloads or 0 for each in crawl.models.values())
    part = sum(each.downloads or 0 for key, each in crawl.models.items() if key in asked)
    return part / total if total else None


def missed_row(day: date) -> dict[str, object]:
    """The row of core.hub_snapshots for a day on which nobody asked."""
    counts = (
        "page_count", "list_count", "failed_list_count", "silent_family_count", "malformed_count",
        "model_count", "left_out_count",
    )  # fmt: skip
    nothing = {"first_asked_at": None, "last_asked_at": None, "asked_share": None}
    return {"snapshot_date": day, "state": MISSED, **nothing, **dict.fromkeys(counts, 0)}


def lineage_rows(
    day: date, models: pa.Table, owners: Owners, origins: Mapping[str, str]
) -> pa.Table:
    """Rows of core.hub_lineage.

    Args:
        day: of the snapshot.
        models: its rows of raw.hub_models.
        owners: whose models are whose.
        origins: country of each family's developer.
    """
    return tables.HUB_LINEAGE.arrow(
        [
            {
                "snapshot_date": day,
                "model_id": each.model_id,
                "weight": each.weight,
                "root_model_id": each.root_id,
                "root_family": each.root_family,
                "origin_iso2": origins[each.root_family] if each.root_family else UNKNOWN,
                "family": each.family,
                "relation": each.relation,
                "status": each.status,
                "step_count": each.step_count,
                "author_country_iso2": owners.country(each.model_id) or UNKNOWN,
            }
            for each in descents(models_of(models), owners.family)
        ]
    )
