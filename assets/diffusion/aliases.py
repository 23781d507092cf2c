"""The ways an alias may be written: what to search for, and how to tell that it is there."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product

from assets.diffusion.writing import SEPARATOR, is_running, joins_word, key
from assets.reference.model import AmbiguousAlias, ModelFamily

# Three bytes make one dash or wide space, or up to three of the narrow separators.
_MOST_SEPARATOR_BYTES = 3
_IS_SEPARATOR = re.compile(SEPARATOR)
_WORD_PLURAL = re.compile(r"s(?![^\W_])")
# What is written onto a name in capitals and is the model still: QwenVL, LlamaGuard, GemmaChat.
_WRITTEN_ON = re.compile(
    r"(?:Chat|Instruct|Coder|Code|Math|Guard|Vision|VL|Audio|Omni|Base|Adapter|Gen|LM|MoE|Med|AI)"
    r"(?![a-z])"
)
# What follows the digit of a short name: GPT-4turbo, GPT-3D is something else.
_AFTER_DIGIT = re.compile(r"(?:[bBkKoOvV]|turbo)(?![a-z])")
_BILLION = re.compile(r"[bB](?![^\W_])")
_LONG_STEM = 4


@dataclass(frozen=True, slots=True, eq=False)
class Form:
    """One alias, ready to be recognised.

    Attributes:
        family: Slug of the family.
        alias: The alias as its family lists it.
        pattern: Matches the alias at a place of the text, in any case, with separators where it
            may have them.
        humps: Pairs of groups of the pattern: a separator that the alias does not have ("Deep
            Seek"), and the part after it, which has to begin with a capital where the separator
            stands; third, whether all of that part has to be capitals ("Open CLIP").
        initials: Places of capitals that begin a part, counted without separators.
        ambiguity: What else it means; None where it means the model only.
        letters: The alias without separators.
        stem: How many letters it has.
        is_native: Whether it begins in a script that marks no word boundaries.
    """

    family: str
    alias: str
    pattern: re.Pattern[str]
    humps: tuple[tuple[int, int, bool], ...]
    initials: tuple[int, ...]
    ambiguity: AmbiguousAlias | None
    letters: str
    stem: int
    is_native: bool

    def stop(self, text: str, start: int) -> int | None:
        """Where the alias ends that begins at `start`; None where it does not stand there."""
        match = self.pattern.match(text, start)
        if match is None:
            return None
        for separator, part, is_capitals in self.humps:
            written = match[part]
            if match[separator] and not (written if is_capitals else written[0]).isupper():
                return None
        return match.end() if self._ends(text, match.end()) else None

    def has_capitals(self, spelling: str) -> bool:
        """Whether a spelling has the capitals that begin the alias's parts."""
        letters = _without_separators(spelling)
        return all(letters[i].isupper() for i in self.initials if i < len(letters))

    def has_all_capitals(self, spelling: str) -> bool:
        """Whether a spelling is the alias letter by letter."""
        return _without_separators(spelling) == self.letters

    def may_be_written_on(self, text: str, start: int) -> bool:
        """Whether the name may be the end of the longer word that it stands in at `start`.

        "TableLlama" and "BioMistral" are models derived from the one named.
        """
        if self.is_native:
            return True
        is_sure = self.ambiguity is None or self.ambiguity.kind == "name"
        is_hump = text[start - 1].islower() and text[start].isupper()
        return is_sure and is_hump and self.stem >= _LONG_STEM

    def _ends(self, text: str, stop: int) -> bool:
        after = text[stop : stop + 1]
        last = text[stop - 1]
        if not after or is_running(last) or not joins_word(after):
            return True
        if last.isdigit():
            # "Gemma 2B" is a size of Gemma, not Gemma 2.
            is_letter = after.isalpha() and not _BILLION.match(text, stop)
            return is_letter and (self.stem >= _LONG_STEM or bool(_AFTER_DIGIT.match(text, stop)))
        if after.isdigit():
            return True
        if _WORD_PLURAL.match(text, stop):
            return self.ambiguity is None or text[stop - 1].isupper()
        if last.islower() and after.isupper() and self.stem >= _LONG_STEM:
            return self.ambiguity is None or bool(_WRITTEN_ON.match(text, stop))
        return False


@dataclass(frozen=True, slots=True)
class Needles:
    """What to look for in folded bytes.

    Attributes:
        needles: Byte strings, each once.
        forms: For each needle, the forms that may begin with it, longest alias first.
    """

    needles: tuple[bytes, ...]
    forms: tuple[tuple[Form, ...], ...]


def needles(families: Iterable[ModelFamily]) -> Needles:
    """What to look for so that no alias of the families is missed.

    A needle is an alias's first two parts, or its first where that is an alias itself: "Llama"
    finds "Llama 2" too. A spelling that several aliases share belongs to the first.
    """
    split = [
        (_form(family.family, alias, ambiguous.get(key(alias))), parts(alias))
        for family in families
        for ambiguous in [{key(each.alias): each for each in family.ambiguous}]
        for alias in family.aliases
    ]
    alone = {parted[0][1].casefold() for _, parted in split if len(parted) == 1}
    found: dict[bytes, list[Form]] = defaultdict(list)
    for form, parted in split:
        count = 1 if parted[0][1].casefold() in alone else 2
        for needle in _needles([part for _, part in parted[:count]]):
            found[needle].append(form)
    return Needles(
        tuple(found),
        tuple(
            tuple(sorted(forms, key=lambda form: len(form.alias), reverse=True))
            for forms in found.values()
        ),
    )


def parts(alias: str) -> list[tuple[str, str]]:
    """The parts of an alias, each with what separates it from the one before.

    `listed`: the alias has a separator there. `hump`: a capital after a small letter, as in
    "DeepSeek". `number`: a digit after letters, as in "GPT4". The first part has `listed`.
    """
    found: list[tuple[str, str]] = []
    kind, part = "listed", ""
    for i, character in enumerate(alias):
        if _IS_SEPARATOR.match(character):
            if part:
                found.append((kind, part))
            kind, part = "listed", ""
            continue
        border = _border(part, alias[i:])
        if border:
            found.append((kind, part))
            kind, part = border, ""
        part += character
    return [*found, (kind, part)]


def _border(part: str, rest: str) -> str:
    letters = re.search(r"[^\W\d_]*\Z", part)
    stem = len(letters[0]) if letters else 0
    if stem >= 3 and rest[0].isdigit():
        return "number"
    if stem >= 3 and part[-1].islower() and rest[0].isupper() and rest[1:2].isalpha():
        return "hump"
    return ""


def _form(family: str, alias: str, ambiguity: AmbiguousAlias | None) -> Form:
    pattern, humps, initials, length, group = "", [], [], 0, 0
    for i, (kind, part) in enumerate(parts(alias)):
        if i and kind == "hump":
            pattern += f"({SEPARATOR}{{0,2}})({re.escape(part)})"
            humps.append((group + 1, group + 2, part.isupper()))
            group += 2
        elif i:
            most = 3 if kind == "listed" else 2
            pattern += f"{SEPARATOR}{{0,{most}}}{re.escape(part)}"
        else:
            pattern += re.escape(part)
        if part[0].isupper():
            initials.append(length)
        length += len(part)
    compiled = re.compile(pattern, re.IGNORECASE)
    return Form(
        family=family,
        alias=alias,
        pattern=compiled,
        humps=tuple(humps),
        initials=tuple(initials),
        ambiguity=ambiguity,
        letters=_without_separators(alias),
        stem=sum(map(str.isalpha, alias)),
        is_native=is_running(alias[0]),
    )


def _needles(parted: Sequence[str]) -> set[bytes]:
    spelled = [
        {each.encode().lower() for each in (part, part.lower(), part.upper())} for part in parted
    ]
    spaces = [b" " * count for count in range(_MOST_SEPARATOR_BYTES + 1)]
    if len(spelled) == 1:
        return spelled[0]
    return {
        first + space + second for first, space, second in product(spelled[0], spaces, spelled[1])
    }


def _without_separators(spelling: str) -> str:
    return re.sub(f"{SEPARATOR}+", "", spelling)
