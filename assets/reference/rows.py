"""Reference records as rows of their tables."""

from collections.abc import Callable, Mapping, Sequence

import pyarrow as pa

from assets.reference import tables
from assets.reference.loader import APART
from assets.reference.model import Reference, TrackedRepository
from assets.tables import Table


def reference_rows(reference: Reference) -> dict[Table, pa.Table]:
    """The rows of every reference table but the tracked repositories."""
    families = [
        {name: getattr(family, name) for name in tables.MODEL_FAMILIES.column_names}
        for family in reference.model_families
    ]
    authors = [
        {
            "row_number": number,
            "author": each.author,
            "country_iso2": each.country_iso2,
            "family": each.family,
            "models": list(each.models),
        }
        for number, each in enumerate(reference.hub_authors, start=1)
    ]
    economies = [
        {name: getattr(economy, name) for name in tables.ECONOMIES.column_names}
        for economy in reference.economies
    ]
    events = [
        {
            **{name: getattr(event, name) for name in tables.POLICY_EVENTS.column_names[1:]},
            "event_date": event.date,
        }
        for event in reference.policy_events
    ]
    breaks = [
        {
            "from_at": each.from_utc,
            "to_at": each.to_utc,
            "source": each.source,
            "affects": each.affects,
            "effect": each.effect,
            "what": each.what,
        }
        for each in reference.upstream_breaks
    ]
    return {
        tables.MODEL_FAMILIES: tables.MODEL_FAMILIES.arrow(families),
        tables.HUB_AUTHORS: tables.HUB_AUTHORS.arrow(authors),
        tables.ECONOMIES: tables.ECONOMIES.arrow(economies),
        tables.POLICY_EVENTS: tables.POLICY_EVENTS.arrow(events),
        tables.UPSTREAM_BREAKS: tables.UPSTREAM_BREAKS.arrow(breaks),
        tables.COUNTRY_GROUPINGS: tables.COUNTRY_GROUPINGS.arrow(_expanded_groupings(reference)),
    }


def _expanded_groupings(reference: Reference) -> list[dict[str, object]]:
    """Every economy in every grouping; who is in no group is one of its own."""
    groups = {(each.grouping, each.country_iso2): each for each in reference.country_groupings}
    names = dict.fromkeys((APART, *(each.grouping for each in reference.country_groupings)))
    rows: list[dict[str, object]] = []
    for grouping in names:
        for economy in reference.economies:
            group = groups.get((grouping, economy.iso2))
            rows.append(
                {
                    "grouping": grouping,
                    "country_iso2": economy.iso2,
                    "group_code": group.group_code if group else economy.iso2,
                    "label": group.label if group else economy.name,
                }
            )
    return rows


def resolve(
    repositories: Sequence[TrackedRepository],
    pinned: Mapping[str, int],
    ask: Callable[[str], int | None],
) -> tuple[pa.Table, list[str]]:
    """core.tracked_repositories, open ids resolved.

    An id comes from the file, else from the pins of earlier runs, else from `ask`. Two names that
    turn out to be one repository are one row: the first; the second's names join its former names.

    Args:
        repositories: the file's.
        pinned: `owner/name` to id, of earlier runs.
        ask: the API; None where it knows no such repository.

    Returns:
        The rows, and the names that stay unresolved.
    """
    rows: dict[int | str, dict[str, object]] = {}
    unresolved: list[str] = []
    for repository in repositories:
        name = repository.repository
        github_id, source = repository.github_id, "file"
        if github_id is None:
            github_id, source = pinned.get(name), "api"
        if github_id is None:
            github_id = ask(name)
        if github_id is None:
            source = "unresolved"
            unresolved.append(name)
        twin = rows.get(github_id) if github_id is not None else None
        if twin is not None:
            earlier = twin["previous_names"]
            known = earlier if isinstance(earlier, list) else []
            twin["previous_names"] = [*known, name, *repository.previous_names]
            continue
        rows[github_id if github_id is not None else name] = {
            "repository": name,
            "github_id": github_id,
            "id_source": source,
            "previous_names": list(repository.previous_names),
            "family": repository.family,
            "layer": repository.layer,
            "developer": repository.developer,
            "developer_country_iso2": repository.developer_country,
        }
    return tables.TRACKED_REPOSITORIES.arrow(list(rows.values())), unresolved
