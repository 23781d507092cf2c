"""Real lists of the Hub, of April 2025, through the same code: records, lineage, figures."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from assets.hub import tables
from assets.hub.records import read_models
from tests.assets.hub.conftest import REFERENCE, Place, load_authors

NOW = datetime(2025, 4, 22, 12, tzinfo=UTC)
R1, SCOUT = "deepseek-ai/DeepSeek-R1", "meta-llama/Llama-4-Scout-17B-16E"


@pytest.fixture(scope="module")
def lists(real_data: Path) -> Path:
    return real_data / "hub"


@pytest.fixture
def place(tmp_path: Path, lists: Path) -> Place:
    made = Place(tmp_path, f"file:{lists}")
    load_authors(made.house, REFERENCE / "hub_authors.csv")
    made.run(tables.HUB_MODELS, NOW)
    made.derive(NOW)
    return made


def documents(lists: Path) -> list[dict[str, object]]:
    return [each for path in sorted(lists.glob("*.json")) for each in json.loads(path.read_bytes())]


def test_every_document_is_a_model_and_says_what_the_file_says(lists: Path) -> None:
    given = documents(lists)
    found = read_models(given)
    assert (len(given), len(found.models), found.malformed_count) == (321, 321, 0)
    first = found.models[0]
    assert (first.model_id, first.downloads, first.likes) == (R1, 1_757_133, 11_967)
    assert first.created_at == datetime(2025, 1, 20, 3, 46, 7, tzinfo=UTC)
    assert (first.base_ids, first.relation) == ((), None)
    # The files do not say these.
    assert {(each.hub_id, each.downloads_all_time, each.gated) for each in found.models} == {
        (None, None, None)
    }
    for document, each in zip(given, found.models, strict=True):
        assert (each.model_id, each.downloads) == (document["id"], document["downloads"])
        tags = [str(tag) for tag in document["tags"] if str(tag).startswith("base_model:")]  # type: ignore[attr-defined]
        assert bool(each.base_ids) == bool(tags)


def test_the_lists_as_an_upstream_give_a_snapshot_of_all_that_leads_to_a_release(
    place: Place, lists: Path
) -> None:
    (row,) = place.rows(tables.HUB_SNAPSHOTS)
    assert (row["state"], row["snapshot_date"]) == ("complete", date(2025, 4, 22))
    found = {each["model_id"] for each in place.rows(tables.HUB_MODELS)}
    assert found == {str(each["id"]) for each in documents(lists)}
    # Of all other families the folder has nothing.
    assert row["silent_family_count"] > 100


def test_every_model_leads_to_the_release_that_its_list_is_of(place: Place) -> None:
    lineage = {row["model_id"]: row for row in place.rows(tables.HUB_LINEAGE)}
    assert len(lineage) == 321
    assert {row["status"] for row in lineage.values()} == {"root"}
    roots = {row["root_model_id"] for row in lineage.values()}
    assert roots == {R1, SCOUT}
    assert sum(row["root_model_id"] == R1 for row in lineage.values()) == 302
    # perplexity-ai continued R1; unsloth re-uploaded that; what it is made of stays Chinese.
    r1776 = lineage["unsloth/r1-1776"]
    assert (r1776["origin_iso2"], r1776["step_count"], r1776["relation"]) == ("CN", 2, "finetune")
    assert lineage["perplexity-ai/r1-1776"]["author_country_iso2"] == "US"
    # Meta's own variants are releases; what others make of them is not.
    releases = {name for name, row in lineage.items() if row["relation"] == "release"}
    assert releases == {R1, SCOUT, f"{SCOUT}-Instruct", f"{SCOUT}-Instruct-Original"}


def test_the_figures_are_the_files_sums(place: Place, lists: Path) -> None:
    rows = {
        (row["measure"], row["origin_iso2"], row["relation"]): row
        for row in place.rows(tables.DIFFUSION_HUB)
        if row["author_country_iso2"] == "any" and row["root_family"] == "any"
    }
    chinese, american = (json.loads(path.read_bytes()) for path in sorted(lists.glob("*.json")))
    made = {
        "CN": [each for each in chinese if each["id"] != R1],
        "US": [each for each in american if each["author"] != "meta-llama"],
    }
    assert {code: len(each) for code, each in made.items()} == {"CN": 301, "US": 16}
    for code, models in made.items():
        downloads = sum(each["downloads"] for each in models)
        assert rows["downloads_30d", code, "derivative"]["value"] == downloads
        assert rows["models", code, "derivative"]["value"] == len(models)
    assert rows["models", "CN", "derivative"]["share"] == pytest.approx(301 / 317)
    # What the lists do not say is no figure.
    assert {key[0] for key in rows} == {"models", "downloads_30d"}
