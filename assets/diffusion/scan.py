"""One pass over a text: where aliases stand, and where words that tell the subject do.

All aliases and context words are one Aho-Corasick automaton over folded UTF-8, so that the time is
linear in the text and does not grow with the number of aliases. What it finds is then looked at
in the text itself.
"""

from array import array
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Self

from ahocorasick_rs import BytesAhoCorasick, Implementation, MatchKind

from assets.diffusion.aliases import Form, Needles
from assets.diffusion.context_terms import ContextTerm, Weight
from assets.diffusion.writing import fold, joins_word

# Matches come as a list: the text is cut so that the list stays small, whatever the text.
CHUNK_CHARACTERS = 1 << 16
# Longer than any needle, whose start counts for the chunk it lies in.
_OVERLAP = 64
# Per family and text: enough to tell what a work names, however long it repeats itself.
MOST_SURE = 100
MOST_UNSURE = 1000
_NEAREST_TERMS = 16  # characters within which a second term of the same weight adds nothing

_WORD_BYTES = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789")
_CAPITALS = range(ord("A"), ord("Z") + 1)
_SMALL = range(ord("a"), ord("z") + 1)
_DIGITS = frozenset(b"0123456789")
_SPACE, _HYPHEN = b" -"


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """An alias at its place, not yet known to mean the model.

    Attributes:
        start: First character.
        stop: One past the last.
        form: The alias.
        is_written_on: Whether it is the end of a longer word ("TableLlama").
    """

    start: int
    stop: int
    form: Form
    is_written_on: bool


@dataclass(slots=True)
class Scan:
    """What one pass found.

    Attributes:
        candidates: By start, longest first.
        terms: For each weight, where its words begin, ascending.
    """

    candidates: list[Candidate] = field(default_factory=list)
    terms: tuple["array[int]", ...] = field(
        default_factory=lambda: tuple(array("q") for _ in Weight)
    )

    def count(self, weight: Weight, start: int, stop: int) -> int:
        """How many words of a weight begin from `start` up to `stop`."""
        places = self.terms[weight]
        return bisect_left(places, stop) - bisect_left(places, start)


@dataclass(frozen=True, slots=True)
class _Needle:
    """What a needle may be.

    Attributes:
        forms: Aliases that may begin with it, longest first.
        term: The context word it is, if it is one.
        small: What has to follow it, in folded bytes, to be worth a look in small letters; None
            where all is. "step" alone is a word, "step-2" or "step audio" may be a model.
    """

    forms: tuple[Form, ...]
    term: ContextTerm | None
    small: frozenset[int] | None


class Scanner:
    """The compiled automaton."""

    def __init__(self, automaton: BytesAhoCorasick, needles: list[_Needle]) -> None:
        self._automaton = automaton
        self._needles = needles

    @classmethod
    def of(cls, aliases: Needles, terms: Iterable[ContextTerm]) -> Self:
        """Compiles aliases and context words."""
        forms: dict[bytes, tuple[Form, ...]] = dict(
            zip(aliases.needles, aliases.forms, strict=True)
        )
        words = {spelled: term for term in terms for spelled in _spellings(term.text)}
        keys = list(dict.fromkeys([*forms, *words]))
        needles = [
            _Needle(forms.get(key, ()), words.get(key), _small(key, forms.get(key, ())))
            for key in keys
        ]
        automaton = BytesAhoCorasick(keys, MatchKind.Standard, Implementation.DFA)
        return cls(automaton, needles)

    def scan(self, text: str) -> Scan:
        """One pass over a text of any content and length."""
        found = Scan()
        seen: Counter[tuple[str, bool]] = Counter()
        for begin in range(0, len(text), CHUNK_CHARACTERS):
            # One character to the left tells whether the chunk begins inside a word.
            base = max(0, begin - 1)
            last = begin + CHUNK_CHARACTERS
            chunk = text[base : last + _OVERLAP]
            places: dict[Weight, list[int]] = defaultdict(list)
            for start, needle, weight in self._hits(chunk, base, begin, last):
                if weight is not None:
                    places[weight].append(start)
                if needle.forms:
                    _look(text, start, needle.forms, found.candidates, seen)
            for weight, starts in places.items():
                _thin(found.terms[weight], starts)
        found.candidates.sort(key=lambda each: (each.start, -each.stop))
        return found

    def _hits(
        self, chunk: str, base: int, begin: int, last: int
    ) -> Iterator[tuple[int, _Needle, Weight | None]]:
        """Needles that begin a word: place in the text, needle, weight where it is a term."""
        data = chunk.encode("utf-8", "surrogatepass")
        folded = fold(data)
        is_narrow = len(data) == len(chunk)
        characters = bytes_seen = 0
        needles = self._needles
        for index, start, stop in self._automaton.find_matches_as_indexes(folded, overlapping=True):
            needle = needles[index]
            before = folded[start - 1] if start else 0
            is_capital = data[start] in _CAPITALS
            if before in _WORD_BYTES and not (is_capital and data[start - 1] in _SMALL):
                continue
            term = needle.term
            weight = term.weight if term and _is_term(term, data, folded, start, stop) else None
            if weight is None and not needle.forms:
                continue
            if weight is None and needle.small is not None and not is_capital:
                after = folded[stop : stop + 2]
                if not after or not (
                    after[0] in needle.small
                    or (
                        after[0] == _SPACE
                        and (data[stop] == _HYPHEN or after[-1] in (_SPACE, *needle.small))
                    )
                ):
                    continue
            if is_narrow:
                place = base + start
            else:
                # Offsets in bytes to offsets in characters, by the distance from the last one.
                if start >= bytes_seen:
                    characters += len(data[bytes_seen:start].decode("utf-8", "surrogatepass"))
                else:
                    characters -= len(data[start:bytes_seen].decode("utf-8", "surrogatepass"))
                bytes_seen = start
                place = base + characters
            if begin <= place < last:
                yield place, needle, weight


def _is_term(term: ContextTerm, data: bytes, folded: bytes, start: int, stop: int) -> bool:
    if start and folded[start - 1] in _WORD_BYTES:
        return False
    if not term.is_open and stop < len(folded) and folded[stop] in _WORD_BYTES:
        return False
    return not term.is_exact or _letters(data[start:stop]) == _letters(term.text.encode())


def _letters(data: bytes) -> bytes:
    return data.translate(None, b" -_\t\r\n")


def _look(
    text: str,
    start: int,
    forms: tuple[Form, ...],
    candidates: list[Candidate],
    seen: Counter[tuple[str, bool]],
) -> None:
    """Adds the longest alias that stands at a place."""
    is_inside = start > 0 and joins_word(text[start - 1])
    for form in forms:
        if is_inside and not form.may_be_written_on(text, start):
            continue
        stop = form.stop(text, start)
        if stop is None:
            continue
        kind = (form.family, form.ambiguity is None)
        if seen[kind] < (MOST_SURE if form.ambiguity is None else MOST_UNSURE):
            seen[kind] += 1
            is_written_on = is_inside and not form.is_native
            candidates.append(Candidate(start, stop, form, is_written_on))
        return


def _thin(places: "array[int]", starts: list[int]) -> None:
    """Adds places in ascending order, without those next to one that is there."""
    last = places[-1] if places else -_NEAREST_TERMS
    for start in sorted(starts):
        if start - last >= _NEAREST_TERMS:
            places.append(start)
            last = start


def _small(key: bytes, forms: tuple[Form, ...]) -> frozenset[int] | None:
    following = set(_DIGITS)
    for form in forms:
        letters = form.letters.encode().lower()
        rest = letters[len(key.replace(b" ", b"")) :]
        if rest:
            following.add(rest[0])
        elif (
            form.ambiguity is None
            or form.ambiguity.kind == "name"
            or form.ambiguity.points < 2
            or not form.alias[0].isupper()
        ):
            return None
    return frozenset(following) if forms else None


def _spellings(term: str) -> set[bytes]:
    """A context word in folded bytes: its hyphens and spaces as one space, none, or two."""
    folded = fold(term.encode()).split(b" ")
    return {separator.join(folded) for separator in (b" ", b"", b"  ", b"   ")}
