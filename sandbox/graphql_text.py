"""Reads the text of GraphQL queries with regular expressions, tolerant of layout."""

from __future__ import annotations

import re
from collections.abc import Mapping

_STRING = re.compile(r'"([^"\\]*)"')
_NAMED_FRAGMENT = re.compile(r"\bfragment\s+(\w+)\s+on\s+(\w+)\s*\{")
_INLINE_FRAGMENT = re.compile(r"\.\.\.\s*on\s+(\w+)\s*\{")
_SPREAD = re.compile(r"\.\.\.\s*(?!on\b)(\w+)")
_WORD = re.compile(r"\w+")
#: Types and interfaces whose fragments apply to a node of a type.
_APPLIES = {
    "User": {"User", "Actor", "Node", "ProfileOwner", "RepositoryOwner"},
    "Bot": {"Bot", "Actor", "Node"},
    "Commit": {"Commit", "GitObject", "Node"},
}


def strings(text: str) -> list[str]:
    """The texts in quotation marks."""
    return _STRING.findall(text)


def named_fragments(query: str) -> dict[str, tuple[str, str]]:
    """Fragment name -> (type it is on, what it selects)."""
    return {
        match[1]: (match[2], block(query, match.end())) for match in _NAMED_FRAGMENT.finditer(query)
    }


def block(query: str, start: int) -> str:
    """Text from `start`, just behind an opening brace, to the brace that closes it."""
    depth = 1
    for position in range(start, len(query)):
        depth += {"{": 1, "}": -1}.get(query[position], 0)
        if depth == 0:
            return query[start:position]
    return query[start:]


def applicable(selection: str, kind: str, fragments: Mapping[str, tuple[str, str]]) -> str:
    """The names that a selection asks of a node of a type, fragments of other types left out."""
    for name in _SPREAD.findall(selection):
        if name in fragments:
            on_type, content = fragments[name]
            selection += f" ... on {on_type} {{ {content} }}"
    selection = _SPREAD.sub(" ", selection)
    while match := _INLINE_FRAGMENT.search(selection):
        content = block(selection, match.end())
        kept = content if match[1] in _APPLIES[kind] else ""
        selection = (
            f"{selection[: match.start()]} {kept} {selection[match.end() + len(content) + 1 :]}"
        )
    return selection


def selected(known: Mapping[str, object], selection: str) -> dict[str, object]:
    """Of what is known, the fields that a selection names."""
    return {name: known[name] for name in _WORD.findall(selection) if name in known}
