"""The ways an alias may be written: what to search for, and how to tell that it is there."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product

from assets.diffusion.writing import SEPARATOR, is_running, joins_word
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
_LONG_STEM = 4
_LONG_NAME = 5


@dataclass(frozen=True, slots=True)
class Form:
    """One alias, ready to be recognised.

    Attributes:
        family: Slug of the family.
        alias: The alias as its family lists it.
        pattern: Matches the alias at a place of the text, in any case, with separators where it
            may have them.
        humps: Groups of the pattern in pairs: a separator that the alias does not have ("Deep
            Seek"), and the letter after it, which has to be a capital where the separator stands.
        initials: Places of capitals that begin a part, counted without separators.
        ambiguity: What else it means; None where it means the model only.
    """

    family: str
    alias: str
    pattern: re.Pattern[str]
    humps: tuple[tuple[int, int], ...]
    initials: tuple[int, ...]
    ambiguity: AmbiguousAlias | None

    @property
    def is_native(self) -> bool:
        """Whether it begins in a script that marks no word boundaries."""
        return is_running(self.alias[0])

    def stop(self, text: str, start: int) -> int | None:
        """Where the alias ends that begins at `start`; None where it does not stand there."""
        match = self.pattern.match(text, start)
        if match is None:
            return None
        for separator, letter in self.humps:
            if match[separator] and not match[letter].isupper():
                return None
        return match.end() if self._ends(text, match.end()) else None

    def has_capitals(self, spelling: str) -> bool:
        """Whether a spelling has the capitals that begin the alias's parts."""
        letters = _without_separators(spelling)
        return all(letters[i].isupper() for i in self.initials if i < len(letters))

    def has_all_capitals(self, spelling: str) -> bool:
        """Whether a spelling is the alias letter by letter."""
        return _without_separators(spelling) == _without_separators(self.alias)

    def begins(self, text: str, start: int) -> bool | None:
        """Whether a word begins at `start`; None where the name is written onto another word.

        "TableLlama" and "BioMistral" are such: models derived from the one named.
        """
        before = text[start - 1 : start]
        if not before or self.is_native or not joins_word(before):
            return True
        is_sure = self.ambiguity is None or self.ambiguity.kind == "name"
        is_hump = before.islower() and text[start].isupper()
        return None if is_sure and is_hump and len(self.alias) >= _LONG_NAME else False

    def _ends(self, text: str, stop: int) -> bool:
        after = text[stop : stop + 1]
        last = text[stop - 1]
        if not after or is_running(last) or not joins_word(after):
            return True
        stem = sum(map(str.isalpha, self.alias))
        if last.isdigit():
            is_letter = after.isalpha()
            return is_letter and (stem >= _LONG_STEM or bool(_AFTER_DIGIT.match(text, stop)))
        if after.isdigit():
            return True
        if _WORD_PLURAL.match(text, stop):
            return self.ambiguity is None or text[stop - 1].isupper()
        if last.islower() and after.isupper() and stem >= _LONG_STEM:
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
        (_form(family.family, alias, ambiguous.get(alias)), parts(alias))
        for family in families
        for ambiguous in [{each.alias: each for each in family.ambiguous}]
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
            pattern += f"({SEPARATOR}{{0,2}})({re.escape(part[0])}){re.escape(part[1:])}"
            humps.append((group + 1, group + 2))
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
    return Form(family, alias, compiled, tuple(humps), tuple(initials), ambiguity)


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
