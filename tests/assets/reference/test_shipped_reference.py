"""The reference files that ship with the platform."""

import csv
import datetime as dt
import os
import re
from collections import Counter
from pathlib import Path

import pytest

from assets.reference.loader import load_reference
from assets.reference.model import Reference

ROOT = Path(__file__).parents[3]
DIRECTORY = ROOT / "assets" / "reference"


@pytest.fixture(scope="module")
def reference() -> Reference:
    return load_reference(DIRECTORY)


@pytest.fixture(scope="module")
def real_data() -> Path:
    folder = ROOT / os.environ.get("OBSERVATORY_REAL_DATA", "../shared/data")
    if not folder.is_dir():
        pytest.skip("real data are not on this machine: set OBSERVATORY_REAL_DATA to their folder")
    return folder


def test_enough_repositories_and_families_are_tracked(reference: Reference) -> None:
    families = {r.family for r in reference.tracked_repositories if r.family is not None}
    assert len(reference.tracked_repositories) >= 300
    assert len(families) >= 40
    assert len(reference.model_families) >= 60


def test_every_layer_is_tracked_from_both_china_and_the_united_states(reference: Reference) -> None:
    cells = Counter((r.layer, r.developer_country) for r in reference.tracked_repositories)
    for layer in ("model", "training", "inference", "application"):
        assert min(cells[layer, "CN"], cells[layer, "US"]) >= 5


def test_a_repository_of_the_model_layer_names_a_family(reference: Reference) -> None:
    unnamed = {
        r.repository for r in reference.tracked_repositories if r.layer == "model" and not r.family
    }
    # Two collections of many unrelated models, kept because their traffic is open-model traffic.
    assert unnamed <= {"microsoft/unilm", "microsoft/VibeVoice"}


def test_tracked_model_families_have_open_weights_save_for_their_tools(
    reference: Reference,
) -> None:
    is_open = {family.family: family.is_open for family in reference.model_families}
    closed = [r for r in reference.tracked_repositories if r.family and not is_open[r.family]]
    assert closed == []


def test_closed_families_stand_by_for_comparison(reference: Reference) -> None:
    closed = {family.family for family in reference.model_families if not family.is_open}
    assert {"gpt", "claude", "gemini"} <= closed
    assert len(closed) < len(reference.model_families) / 10


def test_most_open_families_have_an_author_on_the_hub_and_closed_ones_have_none(
    reference: Reference,
) -> None:
    published = {author.family for author in reference.hub_authors if author.family}
    is_open = {family.family: family.is_open for family in reference.model_families}
    assert all(is_open[family] for family in published)
    # PanGu and iFlytek Spark publish elsewhere.
    assert {family for family in is_open if is_open[family]} - published == {"pangu", "spark"}


def test_a_familys_developer_has_an_author_in_its_country(reference: Reference) -> None:
    """Others may stand beside it: re-uploads and continuations are made everywhere."""
    origins = {family.family: family.country_iso2 for family in reference.model_families}
    abroad = set(origins)
    for author in reference.hub_authors:
        if author.family and author.country_iso2 == origins[author.family]:
            abroad.discard(author.family)
    published = {author.family for author in reference.hub_authors}
    # EuroLLM is published by a consortium.
    assert abroad & published == {"eurollm"}


@pytest.mark.parametrize(
    ("alias", "family", "country"),
    [
        ("通义千问", "qwen", "CN"),
        ("文心一言", "ernie", "CN"),
        ("智谱", "glm", "CN"),
        ("百川", "baichuan", "CN"),
        ("DeepSeek", "deepseek", "CN"),
        ("Llama 3", "llama", "US"),
        ("Mixtral", "mistral", "FR"),
        ("TAIDE", "taide", "TW"),
    ],
)
def test_an_alias_leads_to_its_family_and_origin(
    reference: Reference, alias: str, family: str, country: str
) -> None:
    found = [f for f in reference.model_families if alias in f.aliases]
    assert [(f.family, f.country_iso2) for f in found] == [(family, country)]


def test_every_iso_country_is_an_economy_and_kosovo_is_added(reference: Reference) -> None:
    codes = {economy.iso2 for economy in reference.economies}
    # ISO 3166-1 assigns 249 codes; XK is GeoNames' user-assigned code for Kosovo.
    assert len(codes) == 250
    assert {"CN", "TW", "HK", "MO", "XK", "US"} <= codes
    assert codes.isdisjoint({"EU", "AN", "CS"})


def test_only_uninhabited_territories_have_no_population(reference: Reference) -> None:
    empty = {economy.iso2 for economy in reference.economies if economy.population == 0}
    assert empty == {"AQ", "BV", "HM", "UM"}


def test_the_four_shocks_of_the_paper_are_marked(reference: Reference) -> None:
    shocks = sorted(event.date for event in reference.policy_events if event.is_paper_shock)
    assert shocks == [
        dt.date(2022, 8, 9),
        dt.date(2022, 10, 7),
        dt.date(2023, 10, 17),
        dt.date(2024, 12, 2),
    ]


def test_a_break_covers_its_last_hour_and_an_open_one_has_no_end(reference: Reference) -> None:
    outage = next(b for b in reference.upstream_breaks if b.from_utc.year == 2018)
    assert outage.to_utc == dt.datetime(2018, 10, 22, 1, tzinfo=dt.UTC)
    assert outage.covers(dt.datetime(2018, 10, 22, 1, 59, 59, tzinfo=dt.UTC))
    assert not outage.covers(dt.datetime(2018, 10, 22, 2, tzinfo=dt.UTC))
    assert not outage.covers(dt.datetime(2018, 10, 21, 22, 59, tzinfo=dt.UTC))
    stars = next(b for b in reference.upstream_breaks if b.affects == "WatchEvent")
    assert stars.to_utc is None
    assert stars.covers(dt.datetime(2030, 1, 1, tzinfo=dt.UTC))


def test_the_digest_is_the_same_for_the_same_bytes(reference: Reference) -> None:
    assert re.fullmatch(r"[0-9a-f]{64}", reference.digest)
    assert load_reference(DIRECTORY).digest == reference.digest


def test_ids_agree_with_opendigger(reference: Reference, real_data: Path) -> None:
    with (real_data / "models" / "opendigger_ai_repos.csv").open(encoding="utf-8") as file:
        listed = {
            row["name"].casefold(): int(row["github_id"])
            for row in csv.DictReader(file)
            if row["kind"] == "repo"
        }
    disagreeing = [
        (repository.repository, repository.github_id, listed[name.casefold()])
        for repository in reference.tracked_repositories
        for name in (repository.repository, *repository.previous_names)
        if listed.get(name.casefold(), repository.github_id) != repository.github_id
    ]
    assert disagreeing == []
    known = {r.github_id for r in reference.tracked_repositories if r.github_id is not None}
    assert len(known & set(listed.values())) >= 100


def test_release_dates_are_near_those_of_epoch(reference: Reference, real_data: Path) -> None:
    path = real_data / "models" / "epoch_notable_ai_models_2025-07.csv"
    with path.open(encoding="utf-8") as file:
        published = {
            row["Model"]: dt.date.fromisoformat(row["Publication date"])
            for row in csv.DictReader(file)
            if row["Publication date"]
        }
    released = {family.family: family.released_on for family in reference.model_families}
    firsts = {
        "llama": "LLaMA-65B",
        "glm": "GLM-130B",
        "yi": "Yi-34B",
        "internlm": "InternLM",
        "skywork": "Skywork-13B",
        "grok": "Grok-1",
        "nemotron": "Nemotron-3-8B",
        "dbrx": "DBRX",
        "bloom": "BLOOM-176B",
        "opt": "OPT-175B",
        "starcoder": "StarCoder",
        "whisper": "Whisper",
        "wan": "Wan 2.1 14B",
        "jais": "Jais",
        "claude": "Claude",
    }
    # Epoch dates the paper, the file the release: a week apart at most for these.
    apart = {f: abs((released[f] - published[model]).days) for f, model in firsts.items()}
    assert {family: days for family, days in apart.items() if days > 7} == {}
