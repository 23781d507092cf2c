"""Ambiguous aliases: attached to their families, and what is wrong with a row."""

from pathlib import Path

import pytest

from assets.reference import loader as module
from assets.reference.loader import load_reference
from assets.reference.model import AmbiguousAlias
from tests.assets.reference.conftest import AMBIGUOUS, FAMILIES, ReferenceFolder


def test_a_row_goes_to_the_family_that_lists_the_alias(folder: ReferenceFolder) -> None:
    acme, beta = load_reference(folder.path).model_families
    assert acme.ambiguous == (
        AmbiguousAlias(
            alias="Acme LM",
            kind="word",
            points=3,
            decisive=("ACME LM",),
            makers=("Acme", "Acme Labs"),
            not_after=(),
            not_before=("anvil",),
            against=("cartoon", "coyote"),
            otherwise="a summit",
        ),
    )
    assert beta.ambiguous == ()


@pytest.mark.parametrize(
    ("old", "new", "field", "words"),
    [
        ("Acme LM,word", "Acme,word", "alias", "write an alias of model_families.csv"),
        ("Acme LM,word", "acme lm,word", "alias", "write an alias of model_families.csv"),
        (",word,", ",noun,", "kind", "use one of name, person, term, word"),
        (",3,", ",-1,", "points", "out of range: use 0 or more"),
        (",3,", ",many,", "points", "not a whole number"),
        ("ACME LM,", "ACME,", "decisive", "is no spelling of 'Acme LM'"),
        ("Acme|Acme Labs", "Acme||Acme Labs", "makers", "has an empty part"),
        ("a summit", "", "otherwise", "is empty"),
    ],
)
def test_what_is_wrong_with_a_row_is_named_at_its_line(
    folder: ReferenceFolder, old: str, new: str, field: str, words: str
) -> None:
    folder.edit(AMBIGUOUS, old, new)
    found = [(f.file, f.line, f.field) for f in folder.faults() if words in f.message]
    assert found == [(AMBIGUOUS, 2, field)]


def test_an_alias_stands_once(folder: ReferenceFolder) -> None:
    path = folder / AMBIGUOUS
    path.write_text(path.read_text() + "Acme LM,name,1,,,,,,twice\n", encoding="utf-8")
    assert [(f.line, f.field) for f in folder.faults()] == [(3, "alias")]


def test_a_row_of_a_broken_family_file_is_no_fault_of_its_own(folder: ReferenceFolder) -> None:
    folder.edit(FAMILIES, "acme-lm,Acme LM,Acme LM|艾克米,Acme,CN,2023-08-03,true", "acme-lm,x")
    assert [f.file for f in folder.faults() if f.file == AMBIGUOUS] == []


_NAMES = (
    "Llama",
    "Yi",
    "Gemma",
    "Falcon",
    "Phi",
    "Mistral",
    "Command",
    "Claude",
    "Grok",
    "Kimi",
    "Seed",
    "Spark",
    "Step",
    "Aya",
    "Bark",
    "BLOOM",
    "FLUX",
    "Granite",
    "Hermes",
    "Gemini",
    "百川",
    "文心",
    "盘古",
    "豆包",
)


def test_names_that_people_places_and_things_bear_are_shipped_as_ambiguous() -> None:
    families = load_reference(Path(module.__file__).parent).model_families
    ambiguous = {each.alias for family in families for each in family.ambiguous}
    assert set(_NAMES) <= ambiguous
