"""What models are made of: from each model through its bases to the roots, in shares that add to 1.

A root is the uppermost release of a tracked family. A model of several bases (a merge) belongs to
each of them in equal shares, and through them to their roots, so that every model counts once
whatever it is mixed of. What a chain loses itself in (a base that is not listed and of no family, a
circle, merges of merges of more roots than are followed) is unknown, and counted as such; a release
whose own bases are unknown is its own root.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter

import numpy as np
import scipy.sparse

from assets.hub.records import UNSTATED, HubModel

#: What a share of a model leads to.
ROOT, UNLISTED_ROOT, MISSING, CIRCLE = "root", "unlisted_root", "missing", "circle"
SCATTERED = "scattered"
#: Ends that are followed of one model, the greatest shares first; a stranger's merges of merges
#: would else make as many rows as there are models times roots.
MOST_ENDS = 64
RELEASE = "release"


@dataclass(frozen=True, slots=True)
class Descent:
    """A share of a model, and where it comes from.

    Attributes:
        model_id: the model.
        weight: the share, over 0 to 1; those of a model add up to 1.
        root_id: the root; None where it is unknown.
        root_family: its family; None likewise.
        family: that of the nearest release on the way, the model itself included; None likewise.
        status: `root`; `unlisted_root`, known by its name only, as it is gone or was renamed; or,
            unknown, `missing` (a base not listed and of no family), `circle`, or `scattered` (the
            least shares of a model of more than `MOST_ENDS`).
        step_count: fewest steps to the root; 0 for a root itself; None where it is unknown.
        relation: of the model to its bases; `release` for what the root family itself published.
    """

    model_id: str
    weight: float
    root_id: str | None
    root_family: str | None
    family: str | None
    status: str
    step_count: int | None
    relation: str


@dataclass(frozen=True, slots=True)
class _End:
    """Where a share leads; equal ends add up."""

    root_id: str | None
    root_family: str | None
    family: str | None
    status: str


# The weight, and the fewest steps.
_Ends = dict[_End, tuple[float, int]]


def descents(models: Iterable[HubModel], family_of: Callable[[str], str | None]) -> list[Descent]:
    """The shares of all models, in the order of the models.

    Args:
        models: of one snapshot, each id once.
        family_of: the family that a model, by its id, is a release of.

    Returns:
        One or more for each model. The order of bases, and where a circle is entered, do not
        matter: of bases in a circle none counts for a model in it.
    """
    by_key = {model.model_id.casefold(): model for model in models}
    bases = {key: [base.casefold() for base in each.base_ids] for key, each in by_key.items()}
    circle_of = _circles(bases)
    outside = {
        key: [base for base in named if circle_of.get(base) != circle_of[key]]
        for key, named in bases.items()
    }
    known: dict[str, _Ends] = {}
    listed = {key: [base for base in named if base in by_key] for key, named in outside.items()}
    spelt = {base.casefold(): base for each in by_key.values() for base in each.base_ids}
    for key in TopologicalSorter(listed).static_order():
        model = by_key[key]
        ends = [
            known[base] if base in by_key else _unlisted(spelt[base], family_of)
            for base in outside[key]
        ]
        is_lost = bool(bases[key]) and not outside[key]
        known[key] = _ends_of(model, ends, family_of(model.model_id), is_lost=is_lost)
    return [
        each
        for key, model in by_key.items()
        for each in _descents_of(model, family_of(model.model_id), known[key])
    ]


def _circles(bases: Mapping[str, list[str]]) -> dict[str, int]:
    """A number for each model, the same for those that lead back to each other."""
    index = {key: number for number, key in enumerate(bases)}
    edges = np.array(
        [
            (index[key], index[base])
            for key, named in bases.items()
            for base in named
            if base in index
        ],
        dtype=np.int64,
    ).reshape(-1, 2)
    graph = scipy.sparse.coo_array(
        (np.ones(len(edges), dtype=np.int8), (edges[:, 0], edges[:, 1])), (len(index), len(index))
    )
    if not index:
        return {}
    _, labels = scipy.sparse.csgraph.connected_components(graph, directed=True, connection="strong")
    return dict(zip(index, labels.tolist(), strict=True))


def _unlisted(model_id: str, family_of: Callable[[str], str | None]) -> _Ends:
    """Where a base leads that no list has."""
    family = family_of(model_id)
    if family is None:
        return {_End(None, None, None, MISSING): (1.0, 0)}
    return {_End(model_id, family, family, UNLISTED_ROOT): (1.0, 0)}


def _ends_of(model: HubModel, of_bases: list[_Ends], family: str | None, *, is_lost: bool) -> _Ends:
    """The ends of a model from those of its bases, equal ones added up."""
    itself = _End(model.model_id, family, family, ROOT)
    if not of_bases:
        if family:
            return {itself: (1.0, 0)}
        return {_End(None, None, None, CIRCLE if is_lost else MISSING): (1.0, 0)}
    weights: dict[_End, float] = defaultdict(float)
    steps: dict[_End, int] = {}
    for ends in of_bases:
        for found, (weight, count) in ends.items():
            end, length = found, count + 1
            if family and found.root_id is None:
                end, length = itself, 0
            elif family:
                end = _End(found.root_id, found.root_family, family, found.status)
            weights[end] += weight / len(of_bases)
            steps[end] = min(length, steps.get(end, length))
    lost = itself if family else _End(None, None, None, SCATTERED)
    return _greatest({end: (weight, steps[end]) for end, weight in weights.items()}, lost)


def _greatest(ends: _Ends, lost: _End) -> _Ends:
    """The ends of the greatest shares; those beyond `MOST_ENDS` in all become `lost`."""
    if len(ends) <= MOST_ENDS:
        return ends
    ordered = sorted(ends.items(), key=lambda item: (-item[1][0], _place(item)))
    kept = dict(ordered[: MOST_ENDS - 1])
    over = sum(weight for _, (weight, _) in ordered[MOST_ENDS - 1 :])
    before, _ = kept.get(lost, (0.0, 0))
    return {**kept, lost: (before + over, 0)}


def _descents_of(model: HubModel, family: str | None, ends: _Ends) -> list[Descent]:
    return [
        Descent(
            model.model_id,
            weight,
            end.root_id,
            end.root_family,
            end.family,
            end.status,
            None if end.root_id is None else count,
            RELEASE if family and family == end.root_family else model.relation or UNSTATED,
        )
        for end, (weight, count) in sorted(ends.items(), key=_place)
    ]


def _place(item: tuple[_End, tuple[float, int]]) -> tuple[str, str, str]:
    end, _ = item
    return end.root_id or "", end.family or "", end.status
