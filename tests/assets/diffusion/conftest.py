"""The matcher over the shipped families, and the sentences labelled by hand."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from assets.diffusion.matcher import Matcher
from assets.diffusion.mention import Role, Section
from assets.reference.loader import load_reference
from assets.reference.model import ModelFamily

ROOT = Path(__file__).parents[3]
LABELLED = Path(__file__).with_name("labelled_sentences.csv")


@dataclass(frozen=True)
class Labelled:
    """One sentence: where it was written, and which families it names in which role."""

    part: str
    field: str
    section: Section
    text: str
    expected: Mapping[str, Role]


@pytest.fixture(scope="session")
def families() -> tuple[ModelFamily, ...]:
    return load_reference(ROOT / "assets" / "reference").model_families


@pytest.fixture(scope="session")
def matcher(families: tuple[ModelFamily, ...]) -> Matcher:
    return Matcher.of(families)


@pytest.fixture(scope="session")
def labelled() -> tuple[Labelled, ...]:
    with LABELLED.open(encoding="utf-8", newline="") as file:
        return tuple(
            Labelled(
                row["part"],
                row["field"],
                Section(row["section"]),
                row["text"],
                {
                    family: Role(role)
                    for each in filter(None, row["expected"].split("|"))
                    for family, role in [each.split(":")]
                },
            )
            for row in csv.DictReader(file)
        )
