"""From models to their roots: shares, circles, what is missing, and whose release a root is."""

from __future__ import annotations

import random
from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.hub.lineage import MOST_ENDS, Descent, descents
from assets.hub.records import HubModel, author_of

#: Releases are those of the accounts big and other.
FAMILIES = {"big": "big-lm", "other": "other-lm"}


def family_of(model_id: str) -> str | None:
    return FAMILIES.get(author_of(model_id).lower())


def model(name: str, *bases: str, relation: str | None = None) -> HubModel:
    return HubModel(name, base_ids=bases, relation=relation or ("finetune" if bases else None))


def shares(*models: HubModel) -> dict[str, list[tuple[str | None, float, str, int | None]]]:
    found: dict[str, list[tuple[str | None, float, str, int | None]]] = defaultdict(list)
    for each in descents(models, family_of):
        found[each.model_id].append((each.root_id, each.weight, each.status, each.step_count))
    return dict(found)


def test_a_chain_leads_to_its_root_with_its_steps() -> None:
    found = shares(
        model("big/base"), model("a/x", "big/base"), model("b/y", "a/x"), model("c/z", "b/y")
    )
    assert found == {
        "big/base": [("big/base", 1.0, "root", 0)],
        "a/x": [("big/base", 1.0, "root", 1)],
        "b/y": [("big/base", 1.0, "root", 2)],
        "c/z": [("big/base", 1.0, "root", 3)],
    }


def test_a_merge_is_split_equally_and_through_its_bases() -> None:
    """M is half x, which is big, and half n; n is a quarter each of big, other, x and a stranger.

    So m is 1/2 + 1/2 · (1/4 + 1/4) = 3/4 big, 1/8 other, 1/8 unknown.
    """
    found = shares(
        model("big/base"), model("other/base"), model("a/x", "big/base"),
        model("b/n", "big/base", "other/base", "a/x", "who/knows"), model("c/m", "a/x", "b/n"),
    )  # fmt: skip
    assert found["b/n"] == [
        (None, 0.25, "missing", None),
        ("big/base", 0.5, "root", 1),
        ("other/base", 0.25, "root", 1),
    ]
    assert found["c/m"] == [
        (None, 0.125, "missing", None),
        ("big/base", 0.75, "root", 2),
        ("other/base", 0.125, "root", 2),
    ]


def test_the_uppermost_release_is_the_root_and_the_nearest_is_kept_beside_it() -> None:
    """other-lm continues big-lm: what is made of it keeps the origin of the weights."""
    (own, tuned) = [
        each
        for each in descents(
            [model("big/base"), model("other/cont", "big/base"), model("a/x", "other/cont")],
            family_of,
        )
        if each.model_id != "big/base"
    ]
    assert own == Descent(
        "other/cont", 1.0, "big/base", "big-lm", "other-lm", "root", 1, "finetune"
    )
    assert tuned == Descent("a/x", 1.0, "big/base", "big-lm", "other-lm", "root", 2, "finetune")


def test_what_the_root_family_publishes_itself_is_a_release_whatever_it_is_made_of() -> None:
    found = {
        each.model_id: each.relation
        for each in descents(
            [
                model("big/base"),
                model("big/chat", "big/base"),
                model("big/awq", "big/chat", relation="quantized"),
                model("a/awq", "big/chat", relation="quantized"),
            ],
            family_of,
        )
    }
    assert found == {
        "big/base": "release",
        "big/chat": "release",
        "big/awq": "release",
        "a/awq": "quantized",
    }


def test_a_release_whose_bases_are_unknown_is_its_own_root() -> None:
    found = shares(model("big/base", "who/knows"), model("big/half", "who/knows", "big/base"))
    assert found["big/base"] == [("big/base", 1.0, "root", 0)]
    assert found["big/half"] == [("big/base", 0.5, "root", 1), ("big/half", 0.5, "root", 0)]


def test_a_base_that_no_list_has_is_a_root_if_its_name_says_whose_it_was() -> None:
    found = shares(model("a/x", "big/Withdrawn"), model("b/y", "a/x"))
    assert found["a/x"] == [("big/Withdrawn", 1.0, "unlisted_root", 1)]
    assert found["b/y"] == [("big/Withdrawn", 1.0, "unlisted_root", 2)]


def test_of_a_circle_no_edge_counts_and_what_leads_out_of_it_does() -> None:
    found = shares(
        model("big/base"), model("a/x", "b/y", "big/base"), model("b/y", "a/x"),
        model("c/z", "b/y"), model("d/self", "d/self", "big/base"), model("e/alone", "e/alone"),
    )  # fmt: skip
    assert found["a/x"] == [("big/base", 1.0, "root", 1)]
    assert found["b/y"] == [(None, 1.0, "circle", None)]
    assert found["c/z"] == [(None, 1.0, "circle", None)]
    assert found["d/self"] == [("big/base", 1.0, "root", 1)]
    assert found["e/alone"] == [(None, 1.0, "circle", None)]


def test_a_release_in_a_circle_is_its_own_root() -> None:
    found = shares(model("big/base", "a/x"), model("a/x", "big/base"))
    assert found["big/base"] == [("big/base", 1.0, "root", 0)]
    assert found["a/x"] == [(None, 1.0, "circle", None)]


def test_capitals_do_not_matter() -> None:
    found = shares(model("Big/Base"), model("a/x", "bIG/bASE"), model("b/y", "A/X"))
    assert found["b/y"] == [("Big/Base", 1.0, "root", 2)]


def test_a_chain_of_ten_thousand_is_followed() -> None:
    """A stranger may make it: nothing here may depend on how deep a chain is."""
    chain = [model("big/base"), model("a/0", "big/base")]
    chain += [model(f"a/{n}", f"a/{n - 1}") for n in range(1, 10_000)]
    random.Random(1).shuffle(chain)  # noqa: S311 - an order, no secret
    assert shares(*chain)["a/9999"] == [("big/base", 1.0, "root", 10_000)]


def test_of_a_mixture_of_many_roots_the_greatest_shares_are_followed() -> None:
    """M is half big/0 and half x, which is of 100 releases alike; 1/200 each but for big/0."""
    roots = [model(f"big/{n:03d}") for n in range(100)]
    mixed = model("a/x", *(each.model_id for each in roots), relation="merge")
    found = shares(*roots, mixed, model("b/m", "big/000", "a/x"), model("c/m", "b/m", "a/x"))
    ends = {root: weight for root, weight, _, _ in found["b/m"]}
    assert len(found["b/m"]) == len(found["a/x"]) == len(found["c/m"]) == MOST_ENDS
    assert ends["big/000"] == pytest.approx(0.5 + 0.5 / 100)
    assert ends[None] == pytest.approx(0.5 * 37 / 100)
    assert {status for *_, status, steps in found["b/m"] if steps is None} == {"scattered"}
    for rows in found.values():
        assert sum(weight for _, weight, _, _ in rows) == pytest.approx(1.0)


def test_a_release_mixed_of_many_roots_is_the_root_of_the_rest() -> None:
    roots = [model(f"other/{n:03d}") for n in range(100)]
    found = shares(*roots, model("big/x", *(each.model_id for each in roots)))["big/x"]
    assert ("big/x", pytest.approx(0.37), "root", 0) in found
    assert len(found) == MOST_ENDS


def test_no_models_have_no_lineage() -> None:
    assert descents([], family_of) == []


_NAMES = ["big/b", "other/o", *(f"m/{n}" for n in range(7)), "gone/g", "big/gone"]
_GRAPHS = st.dictionaries(
    st.sampled_from(_NAMES[:9]), st.lists(st.sampled_from(_NAMES), max_size=4, unique=True)
)


@given(_GRAPHS, st.randoms())
def test_shares_add_up_to_one_and_no_order_changes_them(
    graph: dict[str, list[str]], order: random.Random
) -> None:
    models = [model(name, *bases) for name, bases in graph.items()]
    found = shares(*models)
    assert set(found) == set(graph)
    for rows in found.values():
        assert sum(weight for _, weight, _, _ in rows) == pytest.approx(1.0)
        for root, _, status, steps in rows:
            assert (root is None) == (status in ("missing", "circle")) == (steps is None)
            assert root is None or family_of(root)
    shuffled = [HubModel(m.model_id, base_ids=tuple(order.sample(m.base_ids, len(m.base_ids))),
                         relation=m.relation) for m in models]  # fmt: skip
    order.shuffle(shuffled)
    again = shares(*shuffled)
    assert again.keys() == found.keys()
    for name, rows in again.items():
        assert [row[:1] + row[2:] for row in rows] == [row[:1] + row[2:] for row in found[name]]
        assert [row[1] for row in rows] == pytest.approx([row[1] for row in found[name]])


@given(_GRAPHS)
def test_a_release_always_has_a_root_and_a_root_is_made_of_no_known_release(
    graph: dict[str, list[str]],
) -> None:
    found = shares(*(model(name, *bases) for name, bases in graph.items()))
    for name, rows in found.items():
        if family_of(name):
            assert all(root for root, *_ in rows)
    roots = {root for rows in found.values() for root, _, status, _ in rows if status == "root"}
    for root in roots:
        assert root in {r for r, _, _, steps in found[str(root)] if steps == 0}
