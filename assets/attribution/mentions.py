"""Finds the names of places in one segment of a text.

A segment that is a name as a whole has one mention. Else words that change no place ("greater",
"province of") are taken off its ends, and else the longest known names inside it count, the less
the more other words stand beside them.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise, product
from typing import NamedTuple

from assets.attribution.folding import fold, key_of_words, telling_words
from assets.attribution.index import PlaceIndex
from assets.attribution.likelihood import doubted, mention_of, no_place, weakened
from assets.attribution.places import COUNTRY_RULES, Reading
from assets.attribution.senses import CODES, Mention

_MAX_WORDS = 40
_MAX_NAME_WORDS = 6
_MAX_UNSPACED = 8
_LONGEST_CODE = 3
# Segments and names, such as "India" and "CA", recur in many texts.
_REMEMBERED_SEGMENTS, _REMEMBERED_NAMES = 1 << 14, 1 << 15

# In any case, since words are compared as written ("OR" is Oregon, "or" is not).
_CONJUNCTIONS = frozenset(map("".join, product("aA", "nN", "dD"))) | {"or", "y", "und", "et"}
# Words around a place's name that do not change which place is meant.
_QUALIFIERS = frozenset(
    {"area", "around", "based", "bei", "capital", "central", "city", "county", "de", "district"}
    | {"downtown", "east", "eastern", "from", "gorod", "greater", "in", "kabupaten", "kota"}
    | {"living", "lower", "metro", "metropolitan", "near", "north", "northern", "of", "province"}
    | {"region", "upper"}
    | {"republic", "shi", "sheng", "south", "southern", "state", "town", "tp", "west", "western"}
    | {"г", "город", "обл", "область", "governorate", "prefecture", "suburbs"}
    | {"university", "universidad", "universidade", "universitat", "universite", "universitas"}
    | {"institute", "institut", "college", "technology", "technical", "science", "school", "via"}
)
# Northern Italy is in Italy, but East Azerbaijan is in Iran, and China Town anywhere.
_DIRECTIONS = frozenset(
    {"north", "northern", "south", "southern", "east", "eastern", "west", "western", "central"}
    | {"upper", "lower"}
)
# A known name beside such a word is often part of a name that is not known: New Holland.
_CHANGING = frozenset(
    {"new", "south", "north", "east", "west", "port", "saint", "san", "santa", "los", "las", "el"}
    | {"la", "fort", "mount", "lake", "little", "nuevo", "nueva", "nova", "villa"}
)
_CHANGED_AFTER = frozenset(
    {"street", "st", "road", "rd", "avenue", "ave", "lane", "ln", "drive", "dr", "river", "house"}
    | {"hotel", "tech", "beach", "heights", "hills", "springs", "falls", "park", "bar", "club"}
    | {"center", "centre", "tower", "station", "square", "building", "bridge", "bay", "valley"}
    | {"plain", "plains", "creek", "island", "islands"}
)
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{3,}")


class Found(NamedTuple):
    """What one segment names.

    Attributes:
        pieces: mentions; "Berlin and Paris" are two pieces, "Paris Texas" is one.
        ignored: words that were left out, each with the reason.
    """

    pieces: tuple[tuple[Mention, ...], ...]
    ignored: tuple[tuple[str, str], ...]


class MentionFinder:
    """Finds mentions by an index; remembers the segments and names seen last."""

    def __init__(self, index: PlaceIndex) -> None:
        self._index = index
        self.find = lru_cache(maxsize=_REMEMBERED_SEGMENTS)(self._find)
        self._named = lru_cache(maxsize=_REMEMBERED_NAMES)(self._name)

    def _find(self, segment: str, place: str) -> Found:
        """What a segment names.

        Args:
            segment: a piece of a text, NFKC.
            place: `alone` if it is the text's only segment, `first` or `later` otherwise.
        """
        words = telling_words(segment)[:_MAX_WORDS]
        ignored: list[tuple[str, str]] = []
        if not words:
            return Found((), ())
        if not segment.isascii() and _UNSPACED.search(segment):
            names = [name for word in words for name in self._unspaced(word)]
            read = tuple(one for name in names for one in self._read([name], place, ignored))
            return Found((read,) if read else (), tuple(ignored))
        found: list[tuple[Mention, ...]] = []
        for piece in self._joined(words):
            mentions = tuple(self._read(piece, place, ignored))
            if mentions:
                found.append(mentions)
            if place == "alone":
                place = "first"
        return Found(tuple(found), tuple(ignored))

    def _joined(self, words: list[str]) -> list[list[str]]:
        """Words between conjunctions, unless a name contains them (Trinidad and Tobago)."""
        if _CONJUNCTIONS.isdisjoint(words) or key_of_words(words) in self._index:
            return [words]
        cuts = [i for i, word in enumerate(words) if word in _CONJUNCTIONS]
        pieces = [words[a + 1 : b] for a, b in pairwise([-1, *cuts, len(words)])]
        return [piece for piece in pieces if piece]

    def _unspaced(self, word: str) -> list[str]:
        """Cuts 中国广东省深圳市 into its longest known names; what is between them stays."""
        pieces: list[str] = []
        start = rest = 0
        while start < len(word):
            for end in range(min(len(word), start + _MAX_UNSPACED), start + 1, -1):
                if fold(word[start:end]) in self._index:
                    pieces += filter(None, (word[rest:start], word[start:end]))
                    start = rest = end
                    break
            else:
                start += 1
        return [*pieces, word[rest:]] if rest < len(word) else pieces

    def _read(self, words: list[str], place: str, ignored: list[tuple[str, str]]) -> list[Mention]:
        """Mentions in words without a conjunction."""
        key = key_of_words(words)
        mention = self._mention(key, words, place, ignored)
        if mention:
            return [mention]
        if ignored and ignored[-1][0] == key:
            return []
        start, end = 0, len(words)
        folded = [fold(word) for word in words]
        while end - start > 1 and folded[start] in _QUALIFIERS:
            start += 1
        while end - start > 1 and folded[end - 1] in _QUALIFIERS:
            end -= 1
        if end - start < len(words):
            inner = words[start:end]
            mention = self._mention(key_of_words(inner), inner, "later", ignored)
            if mention:
                is_part = end < len(words) or not _DIRECTIONS.isdisjoint(folded[:start])
                return [doubted(mention) if is_part else mention]
        if len(words) == 1:
            ignored.append((key, "no known place"))
            return []
        return self._inside(words, folded, ignored)

    def _mention(
        self, key: str, words: Sequence[str], place: str, ignored: list[tuple[str, str]]
    ) -> Mention | None:
        """A name that fills its segment."""
        first = words[0]
        if len(key) > _LONGEST_CODE:
            # Neither its place nor its capitals tell a code from a name: one record serves all.
            found = self._named(key, "later", False, first.isascii())
        else:
            found = self._named(key, place, _is_upper(first), first.isascii())
        if isinstance(found, str):
            ignored.append((key, found))
            return None
        return found

    def _name(self, key: str, place: str, is_upper: bool, is_ascii: bool) -> Mention | str | None:
        """The mention of a name, or the reason why it is none; None where it is unknown."""
        readings = self._index.readings(key)
        if not readings:
            return None
        reason = no_place(readings)
        if reason:
            return reason
        if not is_ascii:
            # "male" is a word, "Malé" is none.
            readings = [one for one in readings if one.rule != "word"]
            if not readings:
                return None
        return mention_of(key, readings, place, is_upper=is_upper)

    def _inside(
        self, words: list[str], folded: list[str], ignored: list[tuple[str, str]]
    ) -> list[Mention]:
        """Names inside a phrase: "Menlo Park CA", "University of Oslo"."""
        spans = self._spans(words, folded)
        covered = sum(end - start for start, end, _ in spans)
        rest = sum(
            word not in _QUALIFIERS
            for at, word in enumerate(folded)
            if not any(start <= at < end for start, end, _ in spans)
        )
        mentions = []
        for start, end, readings in spans:
            token = key_of_words(words[start:end])
            is_upper = _is_upper(words[start])
            mention = mention_of(token, readings, "later", is_upper=is_upper)
            if mention and (rest or covered < len(words)):
                before = folded[start - 1] if start else ""
                after = folded[end] if end < len(folded) else ""
                is_changed = before in _CHANGING or after in _CHANGED_AFTER
                mention = weakened(mention, rest, is_changed=is_changed)
            if mention:
                mentions.append(mention)
        if not mentions:
            ignored.append((" ".join(folded), "no known place"))
        return mentions

    def _spans(self, words: list[str], folded: list[str]) -> list[tuple[int, int, list[Reading]]]:
        """Known names left to right, the longest first; lone words must be more than a word."""
        spans: list[tuple[int, int, list[Reading]]] = []
        start, count = 0, len(words)
        while start < count:
            for end in range(min(count, start + _MAX_NAME_WORDS), start, -1):
                if end - start == 1:
                    readings = self._lone_word(words, folded, start)
                    if not readings and end == count and spans and spans[-1][1] == start:
                        readings = self._state_after(folded[start], spans[-1][2])
                else:
                    readings = self._index.readings(key_of_words(words[start:end]))
                if readings and not no_place(readings):
                    spans.append((start, end, readings))
                    start = end
                    break
            else:
                start += 1
        return spans

    def _state_after(self, word: str, before: Sequence[Reading]) -> list[Reading]:
        """The U.S. state that a code in small letters means after a town of that state."""
        states = {one.state for one in before if one.rule == "city"} - {""}
        readings = self._index.readings(word)
        return [one for one in readings if one.rule == "us_state_code" and one.state in states]

    def _lone_word(self, words: list[str], folded: list[str], at: int) -> list[Reading]:
        """Readings of one word of a phrase; a code counts only at its end and in capitals."""
        word = folded[at]
        is_last = at == len(words) - 1
        if word in _QUALIFIERS and not (is_last and _is_upper(words[at])):
            return []
        readings = self._index.readings(word)
        if not readings:
            return []
        is_code = is_last and _is_upper(words[at]) and len(words) <= _MAX_NAME_WORDS
        if readings[0].rule == "word":
            kept = {"country_name"} | (CODES if is_code else set())
            return [one for one in readings if one.rule in kept]
        if len(word) <= 3 and not (is_last or _is_upper(words[at])):
            return [one for one in readings if one.rule in COUNTRY_RULES]
        return readings if is_last else [one for one in readings if one.rule not in CODES]


def _is_upper(word: str) -> bool:
    return word.isascii() and word.isupper()
