"""The record of one model mention in a text."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What the text does with the model.

    `USED`: the work runs, prompts, trains, adapts or builds on it. `COMPARED`: it is what another
    model or result is held against. `CITED`: it is named in a reference entry only. `MENTIONED`:
    anything else, a denied use included.
    """

    USED = "used"
    COMPARED = "compared"
    CITED = "cited"
    MENTIONED = "mentioned"


class Section(StrEnum):
    """The part of the work that a text is."""

    TITLE = "title"
    ABSTRACT = "abstract"
    CLAIMS = "claims"
    DESCRIPTION = "description"
    BIBLIOGRAPHY = "bibliography"


@dataclass(frozen=True, slots=True)
class Mention:
    """A family named in a text.

    Attributes:
        family: Slug in `model_families.csv`.
        alias: The alias found, as the family lists it.
        start: First character of the alias in the section's text.
        stop: One past its last character. `text[start:stop]` is the alias but for case, and for
            hyphens and spaces inside it.
        section: Section of the text.
        rule: Name of the rule that accepted it.
        role: What the text does with the model.
    """

    family: str
    alias: str
    start: int
    stop: int
    section: Section
    rule: str
    role: Role
