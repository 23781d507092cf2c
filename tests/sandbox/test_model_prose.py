"""Generated texts name what is planted, say it in many ways, and name nothing else."""

import datetime as dt
import re
from pathlib import Path

import numpy as np
import pytest

from assets.reference.loader import load_reference
from sandbox.model_prose import Plant, abstract, claims, description
from sandbox.model_words import FALSE_FRIENDS, FAMILIES

REFERENCE = Path(__file__).parents[2] / "assets" / "reference"
DAY = dt.date(2024, 11, 1)
ROLES = ("used", "compared", "mentioned", "cited")


def test_families_have_the_origin_and_openness_of_the_reference() -> None:
    known = {family.family: family for family in load_reference(REFERENCE).model_families}
    for slug, family in FAMILIES.items():
        assert family.country == known[slug].country_iso2, slug
        assert family.is_open == known[slug].is_open, slug
        assert family.released >= known[slug].released_on, slug


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("slug", sorted(FAMILIES))
def test_a_planted_family_is_spelled_in_the_abstract(slug: str, role: str) -> None:
    stems = [form.stem for form in FAMILIES[slug].forms]
    for seed in range(20):
        text = abstract(np.random.default_rng(seed), [Plant(slug, role)], on=DAY).abstract
        assert any(stem in text for stem in stems)


def test_a_text_without_plants_spells_no_family() -> None:
    for seed in range(200):
        text = abstract(np.random.default_rng(seed), on=DAY)
        for family in FAMILIES.values():
            assert not any(form.stem in text.title + text.abstract for form in family.forms)


def test_false_friends_are_the_sentences_asked_for() -> None:
    heads = [sentence.split("{n}")[0] for sentence in FALSE_FRIENDS]
    for seed in range(50):
        text = abstract(np.random.default_rng(seed), false_friends=3).abstract
        assert sum(head in text for head in heads) >= 3


def test_versions_of_later_days_are_not_spelled() -> None:
    rng = np.random.default_rng(3)
    texts = [abstract(rng, [Plant("llama")], on=dt.date(2023, 3, 1)).abstract for _ in range(100)]
    assert all(re.search(r"LLaMA(?![- ]?[23]\b)", text) for text in texts)
    assert not any("Llama" in text or "LLaMA-2" in text for text in texts)


def test_a_family_not_yet_released_cannot_be_named() -> None:
    with pytest.raises(ValueError, match="released on 2023-08-03"):
        abstract(np.random.default_rng(1), [Plant("qwen")], on=dt.date(2023, 8, 2))


def test_one_seed_gives_one_text_and_many_seeds_many_spellings() -> None:
    texts = [
        abstract(np.random.default_rng(seed), [Plant("qwen")], 1, DAY).abstract
        for seed in range(300)
    ]
    again = abstract(np.random.default_rng(7), [Plant("qwen")], 1, DAY).abstract
    assert texts[7] == again
    assert len(set(texts)) == 300
    forms = {form.stem for form in FAMILIES["qwen"].forms}
    assert all(any(stem in text for text in texts) for stem in forms)


def test_claims_and_descriptions_name_every_plant() -> None:
    plants = [Plant("qwen"), Plant("mistral", "compared"), Plant("gpt", "mentioned")]
    for seed in range(50):
        for parts in (
            claims(np.random.default_rng(seed), plants, 1, DAY),
            description(np.random.default_rng(seed), plants, 1, DAY),
        ):
            text = "\n".join(parts)
            for plant in plants:
                assert any(form.stem in text for form in FAMILIES[plant.family].forms)
