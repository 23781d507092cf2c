"""A model's record: the API's names and those of its Python client, bases, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.hub.records import HubModel, MalformedModelError, read_model, read_models

DOCUMENT: dict[str, Any] = {
    "_id": "65f1a2b3c4d5e6f708192a3b",
    "id": "acme/tuned-7b",
    "author": "acme",
    "createdAt": "2024-11-05T07:08:09.000Z",
    "downloads": 12,
    "downloadsAllTime": 345,
    "likes": 6,
    "library_name": "transformers",
    "pipeline_tag": "text-generation",
    "gated": "auto",
    "tags": ["base_model:big/Base-7B", "base_model:finetune:big/Base-7B", "region:us"],
    "baseModels": {"relation": "finetune", "models": [{"_id": "1" * 24, "id": "big/Base-7B"}]},
}
MODEL = HubModel(
    "acme/tuned-7b", "65f1a2b3c4d5e6f708192a3b", datetime(2024, 11, 5, 7, 8, 9, tzinfo=UTC),
    12, 345, 6, ("big/Base-7B",), "finetune", "transformers", "text-generation", "auto",
)  # fmt: skip


def bases(**changes: object) -> tuple[tuple[str, ...], str | None]:
    model = read_model({**DOCUMENT, **changes})
    return model.base_ids, model.relation


def test_the_apis_names_and_those_of_its_python_client_give_the_same_record() -> None:
    client = {
        "id": "acme/tuned-7b",
        "_id": DOCUMENT["_id"],
        "created_at": "2024-11-05 07:08:09+00:00",
        "downloads": 12,
        "downloads_all_time": 345,
        "likes": 6,
        "library_name": "transformers",
        "pipeline_tag": "text-generation",
        "gated": "auto",
        "tags": DOCUMENT["tags"],
    }
    assert read_model(DOCUMENT) == read_model(client) == MODEL
    assert MODEL.author == "acme"


def test_what_is_not_stated_is_null_and_no_zero() -> None:
    assert read_model({"id": "gpt2"}) == HubModel("gpt2")
    assert read_model({"id": "gpt2"}).author == ""
    assert read_model({"id": "a/b", "downloads": None, "gated": False}).gated == "no"


@pytest.mark.parametrize("relation", ["finetune", "quantized", "adapter", "merge"])
def test_a_relation_is_read_from_tags(relation: str) -> None:
    tags = ["base_model:big/Base", f"base_model:{relation}:big/Base"]
    assert bases(tags=tags, baseModels=None) == (("big/Base",), relation)


def test_a_base_without_a_relation_is_unstated_and_no_base_has_none() -> None:
    assert bases(tags=["base_model:big/Base"], baseModels=None) == (("big/Base",), "unstated")
    assert bases(tags=["llama"], baseModels=None) == ((), None)


def test_of_several_relations_a_merge_is_one_whatever_else_it_is_called() -> None:
    tags = [f"base_model:{each}:big/Base" for each in ("finetune", "quantized", "merge")]
    assert bases(tags=tags, baseModels=None) == (("big/Base",), "merge")


def test_a_base_counts_once_in_whatever_capitals() -> None:
    tags = ["base_model:big/Base", "base_model:finetune:BIG/base", "base_model:other/One"]
    assert bases(tags=tags, baseModels=None)[0] == ("big/Base", "other/One")


def test_names_as_the_hub_resolves_them_win_where_it_resolves_all() -> None:
    tags = ["base_model:old/Base", "base_model:finetune:old/Base"]
    now = {"relation": "finetune", "models": [{"id": "new/Base"}]}
    assert bases(tags=tags, baseModels=now) == (("new/Base",), "finetune")
    # One of two is gone: the tags still say what both were.
    tags = ["base_model:old/Base", "base_model:gone/One", "base_model:merge:gone/One"]
    assert bases(tags=tags, baseModels=now) == (("old/Base", "gone/One"), "merge")


@pytest.mark.parametrize("name", ["./local/path", "/root/llama", "a/b/c", "has space/x", "", "é/x"])
def test_a_base_that_no_model_can_be_is_left_out(name: str) -> None:
    assert bases(tags=[f"base_model:{name}"], baseModels=None) == ((), None)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"id": 7}, "no model's"),
        ({"id": "a/"}, "no model's"),
        ({"id": "../../etc/passwd"}, "no model's"),
        ({"id": "a/" + "b" * 97}, "no model's"),
        ({"downloads": -1}, "downloads"),
        ({"downloads": True}, "downloads"),
        ({"downloadsAllTime": 1 << 53}, "downloadsAllTime"),
        ({"likes": "many"}, "likes"),
        ({"createdAt": "yesterday"}, "createdAt"),
        ({"tags": [f"base_model:a/b{n}" for n in range(51)], "baseModels": None}, "51 base"),
    ],
)
def test_what_is_no_model_is_refused_with_what_is_wrong(
    changes: dict[str, object], words: str
) -> None:
    with pytest.raises(MalformedModelError, match=words):
        read_model({**DOCUMENT, **changes})


def test_a_bad_document_is_counted_and_loses_nothing_else() -> None:
    found = read_models([DOCUMENT, [], {"id": "x" * 400}, {**DOCUMENT, "id": "acme/other"}])
    assert [model.model_id for model in found.models] == ["acme/tuned-7b", "acme/other"]
    assert (found.malformed_count, found.problem) == (2, "no object")
    assert len(read_models([{"id": "x" * 4_000}]).problem or "") < 200


def test_a_strangers_text_is_bounded_and_fit_for_a_table() -> None:
    model = read_model({**DOCUMENT, "library_name": "\ud800" + "l" * 500, "pipeline_tag": 3})
    assert model.library == "?" + "l" * 99
    assert model.pipeline_tag is None


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(DOCUMENT, _JSON)) | _JSON)
def test_no_document_makes_reading_fail_otherwise_than_by_its_own_error(document: object) -> None:
    found = read_models([document])
    assert len(found.models) + found.malformed_count == 1
    for model in found.models:
        assert model.downloads is None or 0 <= model.downloads < 1 << 53
        assert all(len(text or "") <= 100 for text in (model.library, model.pipeline_tag))
        assert (model.relation is None) == (model.base_ids == ())
