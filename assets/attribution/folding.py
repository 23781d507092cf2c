"""From a name to the key it is looked up under, and the same steps for the words of a text.

A key is a name's words without case, Latin accents, width, dots, articles and numbers: "ZÜRICH."
and "zurich" have one key. Accents of other scripts stay, since they spell there.
"""

import re
import unicodedata
from collections.abc import Iterable
from itertools import product

# In any case, since words are compared as written.
_ARTICLES = frozenset(map("".join, product("tT", "hH", "eE")))
_INITIALS = re.compile(r"\b(?:[^\W\d_]\.)+[^\W\d_]\b\.?")
# Patterns, as `str.translate` takes ten times as long over text that is not ASCII.
_BLANK = re.compile(r"[-_.!?*\"“”„#~=^%$。‐‑]")
_SPELLED = {"ł": "l", "ø": "o", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th"}
_SPECIAL_LETTER = re.compile(f"[{''.join(_SPELLED)}]")
_APOSTROPHE = re.compile(r"['’‘ʻʼ`´ʿʾ\u200c\u200d]")
_LATIN_MARKS = re.compile(r"(?<=[a-z])[\u0300-\u036f]+")
_SAINT = {"st": "saint", "ste": "sainte"}


def fold(text: str) -> str:
    """Case-folds, and strips accents from Latin letters only (they spell in other scripts)."""
    if text.isascii():
        text = text.lower()
        return _APOSTROPHE.sub("", text) if "'" in text or "`" in text else text
    text = _APOSTROPHE.sub("", text.casefold())
    if text.isascii():
        return text
    text = unicodedata.normalize("NFD", _SPECIAL_LETTER.sub(_spelled, text))
    return unicodedata.normalize("NFC", _LATIN_MARKS.sub("", text))


def telling_words(text: str) -> list[str]:
    """The words as written, without articles and numbers (postcodes): they carry no country."""
    return _telling(_blanked(text).split())


def key_of_words(words: list[str]) -> str:
    """The key of words that `telling_words` gave."""
    if len(words) == 1:
        return fold(words[0])
    return _with_saint(fold(" ".join(words)))


def join_initials(text: str) -> str:
    """Takes the dots out of "U.S.A."; other dots stay."""
    return _INITIALS.sub(_undot, text)


def keys(names: Iterable[str]) -> list[str]:
    """The key of each name, found in one pass over all of them: a city has many.

    Args:
        names: without line feeds.
    """
    text = unicodedata.normalize("NFKC", "\n".join(names))
    if "." in text:
        text = join_initials(text)
    lines = _blanked(fold(text)).split("\n")
    return [
        _with_saint(" ".join(_telling(line.split()))) if " " in line else line for line in lines
    ]


def key(name: str) -> str:
    """The key of one name."""
    return keys([name])[0]


def _spelled(letter: re.Match[str]) -> str:
    return _SPELLED[letter[0]]


def _undot(initials: re.Match[str]) -> str:
    return initials[0].replace(".", "")


def _blanked(text: str) -> str:
    return _BLANK.sub(" ", text).replace("&", " and ")


def _telling(words: list[str]) -> list[str]:
    return [word for word in words if word not in _ARTICLES and not word.isdecimal()]


def _with_saint(folded: str) -> str:
    """Spells "st louis" out; a last "st" is a street."""
    if "st" not in folded:
        return folded
    words = folded.split(" ")
    last = len(words) - 1
    return " ".join(_SAINT.get(word, word) if i < last else word for i, word in enumerate(words))
