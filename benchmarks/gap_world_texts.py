"""Texts that name planted models, and the platform's reader of them, for worlds of the gap."""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import numpy as np

from assets.diffusion.matcher import Matcher
from assets.diffusion.mention import Section
from assets.reference.loader import load_reference
from assets.reference.model import ModelFamily
from sandbox.model_prose import Plant, abstract, claims, description
from sandbox.model_words import FAMILIES

_REFERENCE = Path(__file__).resolve().parent.parent / "assets" / "reference"
_SECOND = 0.4  # chance that a text with a Chinese model names another beside it
_CLAIMED = 0.3  # chance that a patent's claims name its models too

Sections = Mapping[Section, str]


@cache
def families() -> tuple[ModelFamily, ...]:
    """The tracked families."""
    return load_reference(_REFERENCE).model_families


@cache
def matcher() -> Matcher:
    """Compiled once a process."""
    return Matcher.of(families())


def plants(rng: np.random.Generator, *, is_chinese: bool) -> list[Plant]:
    """An open model of Chinese origin or of another; to a Chinese one at times another beside."""
    chinese, others = _by_origin()
    made = [Plant(str(rng.choice(chinese if is_chinese else others)))]
    if is_chinese and rng.random() < _SECOND:
        made.append(Plant(str(rng.choice(others)), "compared"))
    return made


def paper(rng: np.random.Generator, named: Sequence[Plant]) -> Sections:
    """Title and abstract, false friends among them."""
    made = abstract(rng, named, int(rng.integers(0, 3)))
    return {Section.TITLE: made.title, Section.ABSTRACT: made.abstract}


def patent(rng: np.random.Generator, named: Sequence[Plant]) -> Sections:
    """Claims and description, false friends among them."""
    friends = int(rng.integers(0, 3))
    claimed = named if rng.random() < _CLAIMED else ()
    return {
        Section.CLAIMS: "\n".join(claims(rng, claimed, friends)),
        Section.DESCRIPTION: "\n".join(description(rng, named, friends)),
    }


@cache
def _by_origin() -> tuple[list[str], list[str]]:
    """Slugs of open families of Chinese origin, and of any other."""
    known = [each for each in FAMILIES.values() if each.is_open]
    return (
        [each.slug for each in known if each.country == "CN"],
        [each.slug for each in known if each.country != "CN"],
    )
