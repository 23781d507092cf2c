"""What a careful reader of the sandbox's Hub finds: every figure, from the planted models alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime

from sandbox.hub_models import ORIGINS, UNKNOWN, HubModels, PlantedModel

#: measure, author's country, origin, root family, relation; `any` where they are not told apart.
Cell = tuple[str, str, str, str, str]
ANY = "any"


def true_cells(models: HubModels, moment: datetime, before: datetime | None) -> dict[Cell, float]:
    """Sums of each measure at a moment, by every combination that is published.

    Args:
        models: of the Hub.
        moment: when it is read.
        before: when it was read last; None for the first time, which has no differences.
    """
    sums: dict[Cell, float] = defaultdict(float)
    for model in models.listed(moment):
        for family, share in models.roots(model, moment).items():
            for measure, value in _measures(model, moment, before):
                for place in _places(model, family):
                    sums[measure, *place] += share * value
    return dict(sums)


def _measures(
    model: PlantedModel, moment: datetime, before: datetime | None
) -> Iterator[tuple[str, float]]:
    yield "models", 1.0
    yield "downloads_30d", model.downloads(moment)
    yield "downloads_all_time", model.downloads_all_time(moment)
    if before is not None:
        is_new = model.created_at > before
        yield "new_models", float(is_new)
        known = 0 if is_new else model.downloads_all_time(before)
        yield "downloads_since", model.downloads_all_time(moment) - known


def _places(model: PlantedModel, family: str) -> Iterator[tuple[str, str, str, str]]:
    origin = ORIGINS.get(family, UNKNOWN)
    is_release = model.release_of is not None and model.release_of == family
    relations = [ANY, "release"] if is_release else [ANY, "derivative", str(model.relation)]
    for relation in relations:
        for author in (ANY, model.author_country):
            yield author, ANY, ANY, relation
            yield author, origin, ANY, relation
        if family != UNKNOWN:
            yield ANY, origin, family, relation
