"""Boolean search over short texts, as OpenAlex has it without stemming.

`AND`, `OR`, parentheses, phrases in quotation marks, and `*` at the end of a word; words that stand
side by side are joined by AND. Words are cut at everything but letters and digits, and a point
between two digits; Han characters are words of their own.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

_WORD = re.compile(r"[\u3400-\u9fff]|[^\W_\u3400-\u9fff]+(?:(?<=\d)\.(?=\d)[^\W_\u3400-\u9fff]+)*")
_TOKEN = re.compile(r'\(|\)|"[^"]*"|[^\s()"]+')
_LEAST_BEFORE_ENDING = 3

Test = Callable[[str], bool]


class SearchError(ValueError):
    """The query is none; the text says why."""


def searchable(*texts: str | None) -> str:
    """Texts as `Query.matches` takes them: words in lower case, a space around each."""
    words = (word.lower() for text in texts for word in _WORD.findall(text or ""))
    return f" {' '.join(words)} "


@dataclass(frozen=True)
class Query:
    """A query that was understood."""

    matches: Test

    @classmethod
    def parse(cls, text: str) -> Query:
        """Understand a query.

        Raises:
            SearchError: it is not one.
        """
        tokens = _TOKEN.findall(text)
        test, rest = _either(tokens)
        if rest:
            raise SearchError(f"unexpected {rest[0]!r}")
        return cls(test)


def _either(tokens: list[str]) -> tuple[Test, list[str]]:
    test, tokens = _both(tokens)
    tests = [test]
    while tokens[:1] == ["OR"]:
        test, tokens = _both(tokens[1:])
        tests.append(test)
    if len(tests) == 1:
        return tests[0], tokens
    return lambda text: any(test(text) for test in tests), tokens


def _both(tokens: list[str]) -> tuple[Test, list[str]]:
    test, tokens = _one(tokens)
    tests = [test]
    while tokens and tokens[0] not in {"OR", ")"}:
        test, tokens = _one(tokens[1:] if tokens[0] == "AND" else tokens)
        tests.append(test)
    if len(tests) == 1:
        return tests[0], tokens
    return lambda text: all(test(text) for test in tests), tokens


def _one(tokens: list[str]) -> tuple[Test, list[str]]:
    if not tokens or tokens[0] in {"AND", "OR", ")"}:
        raise SearchError("a term is missing")
    if tokens[0] == "(":
        test, rest = _either(tokens[1:])
        if rest[:1] != [")"]:
            raise SearchError("a parenthesis is not closed")
        return test, rest[1:]
    return _term(tokens[0]), tokens[1:]


def _term(token: str) -> Test:
    has_ending = token.endswith("*")
    words = searchable(token).strip()
    if not words or (has_ending and len(words) < _LEAST_BEFORE_ENDING):
        raise SearchError(f"{token!r} is no word, or has too few letters before *")
    wanted = f" {words}" if has_ending else f" {words} "
    return lambda text: wanted in text
