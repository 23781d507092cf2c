"""Finds the model families that a text names (first version: plain alternation, no context)."""

import re
from collections.abc import Iterable
from typing import Self

from assets.diffusion.mention import Mention, Role, Section
from assets.reference.model import ModelFamily

_AMBIGUOUS = frozenset(
    [
        "alpaca",
        "arctic",
        "aya",
        "bark",
        "bloom",
        "breeze",
        "claude",
        "command",
        "cosmos",
        "falcon",
        "flux",
        "galactica",
        "gemini",
        "gemma",
        "granite",
        "grok",
        "hermes",
        "jais",
        "kimi",
        "ling",
        "llama",
        "minerva",
        "mistral",
        "orion",
        "phi",
        "poro",
        "sailor",
        "seed",
        "solar",
        "spark",
        "step",
        "swallow",
        "tulu",
        "typhoon",
        "whisper",
        "yi",
        "yuan",
        "zephyr",
        "盘古",
        "百川",
        "文心",
    ]
)
_SEPARATOR = re.compile(r"[\s\-_‐-―]+")
_BETWEEN = r"[\s\-_‐-―]{0,2}"
_VERSION = re.compile(r"[\s\-_‐-―]?v?\d")
_NEAR = re.compile(
    r"\b(models?|LLMs?|GPT|language|fine-?tun\w*|parameters?|checkpoints?|weights)\b|大?模型", re.I
)
_NEAR_CHARACTERS = 120


class Matcher:
    """Finds mentions of model families in texts."""

    def __init__(self, pattern: re.Pattern[str], aliases: dict[str, tuple[str, str]]) -> None:
        self._pattern = pattern
        self._aliases = aliases

    @classmethod
    def of(cls, families: Iterable[ModelFamily]) -> Self:
        """Compiles the aliases of the families."""
        aliases = {
            _key(alias): (family.family, alias) for family in families for alias in family.aliases
        }
        spelled = sorted((alias for _, alias in aliases.values()), key=len, reverse=True)
        alternatives = "|".join(
            _BETWEEN.join(re.escape(part) for part in _SEPARATOR.split(alias)) for alias in spelled
        )
        word = r"[^\W\d_\u2e80-\uffff]"
        return cls(re.compile(rf"(?<!{word})({alternatives})(?!{word})", re.I), aliases)

    def find(self, text: str, section: Section = Section.ABSTRACT) -> list[Mention]:
        """The mentions in a text, by start."""
        role = Role.CITED if section is Section.BIBLIOGRAPHY else Role.MENTIONED
        found = []
        for match in self._pattern.finditer(text):
            family, alias = self._aliases.get(_key(match[0]), ("", ""))
            rule = self._rule(text, match, alias) if family else None
            if rule:
                span = match.span()
                found.append(Mention(family, alias, *span, section=section, rule=rule, role=role))
        return found

    def _rule(self, text: str, match: re.Match[str], alias: str) -> str | None:
        if alias.casefold() not in _AMBIGUOUS:
            return "alias"
        if _VERSION.match(text, match.end()):
            return "version"
        near = text[max(0, match.start() - _NEAR_CHARACTERS) : match.end() + _NEAR_CHARACTERS]
        return "near word" if match[0][0].isupper() and _NEAR.search(near) else None


def _key(alias: str) -> str:
    return _SEPARATOR.sub("", alias).casefold()
