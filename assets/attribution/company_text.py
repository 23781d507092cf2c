"""Takes the free text of a profile's company field apart: words, handles, names, segments.

The marks of a text mean different things. Commas, slashes and "and" separate employers of one
list; bars, brackets, semicolons and spaced dashes end a thought; an arrow ("Google -> OpenAI")
leaves what stands before it behind. Addresses (URLs, e-mails, paths) are blanked.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from assets.attribution.folding import fold, join_initials

MAX_LENGTH = 200
Kind = Literal["word", "handle", "at", "found"]

# A name in unspaced script is found before the words are, and stands in the text as its number
# between two letters of the private use area.
_OPEN, _CLOSE = "\ue000", "\ue001"
_PRIVATE = re.compile("[\ue000-\uf8ff]")
_UNSPACED_CLASS = "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff"
UNSPACED = re.compile(f"[{_UNSPACED_CLASS}]")
_TOKEN = re.compile(
    rf"""
    (?P<address>https?:\S+ | www\.\S+ | [\w.+-]+@[\w-]+(?:\.[\w-]+)+ | [\w-]+(?:\.[\w-]+)+/\S*)
    | (?P<handle>(?<![\w.])@[a-z0-9]+(?:-[a-z0-9]+)*)
    | (?P<at>@)
    | (?P<arrow>[-=]+> | >> | [→⇒➡])
    | (?P<hard>[|;()\[\]{{}}\n•·。] | \s[-–—]+\s)
    | (?P<soft>[,/+、&])
    | {_OPEN}(?P<found>\d+){_CLOSE}
    | (?P<word>[{_UNSPACED_CLASS}]+ | [^\W_{_UNSPACED_CLASS}{_OPEN}{_CLOSE}]+)
    """,
    re.VERBOSE,
)

_FORMER = frozenset(
    {"ex", "former", "formerly", "previous", "previously", "prev", "past", "was", "retired"}
    | {"left", "alum", "alumni", "alumnus", "alumna", "dropout", "graduated", "ehemals", "экс"}
    | {"бывший", "ancien", "aspiring", "hopefully", "never", "not", "wannabe"}
)
_AFTERWARDS = frozenset({"alum", "alumni", "alumnus", "alumna", "dropout", "retired"})
_PRESENT = frozenset({"now", "currently", "current", "present", "presently", "сейчас"})
# Before a name, in unspaced script: the last letter of "前阿里", and the words of leaving.
_FORMER_LAST = ("前", "原", "元", "전")
_FORMER_PHRASES = ("曾", "毕业于", "畢業於", "离职")


@dataclass(frozen=True, slots=True)
class Token:
    """One word, handle or sign of a text.

    Attributes:
        kind: what it is; `found` is a name in unspaced script.
        text: folded; without the @ of a handle; the number of a found name, as digits.
        segment: number of the segment it stands in, from 0.
        is_former: whether the text speaks of the past (or of a wish) here.
    """

    kind: Kind
    text: str
    segment: int
    is_former: bool


def normalised(text: str) -> str:
    """Folded text of at most `MAX_LENGTH` letters, with full-width letters made plain."""
    text = text[:MAX_LENGTH]
    if "." in text:
        text = join_initials(text)
    if text.isascii():
        return text.lower()
    return fold(_PRIVATE.sub(" ", unicodedata.normalize("NFKC", text)))[:MAX_LENGTH]


def placeholder(number: int) -> str:
    """What stands in the text for the found name of this number."""
    return f" {_OPEN}{number}{_CLOSE} "


def tokens(text: str) -> list[Token]:
    """The tokens of a text that `normalised` gave, in order; former passages are marked."""
    reader = _Reader()
    for match in _TOKEN.finditer(text):
        group = match.lastgroup
        if group == "word":
            reader.word(match[0])
        elif group == "handle":
            reader.add("handle", match[0][1:])
        elif group == "found":
            reader.add("found", match["found"])
        elif group == "at":
            reader.add("at", "@")
        elif group == "soft":
            # "Texas A&M" is one name, so the sign is a word as well.
            reader.segment += 1
            if match[0] == "&":
                reader.add("word", "and")
                reader.segment += 1
        elif group in ("hard", "arrow"):
            reader.turn(is_arrow=group == "arrow")
    reader.close()
    return reader.tokens


class _Reader:
    """Reads tokens from left to right; knows whether they speak of the past."""

    def __init__(self) -> None:
        self.tokens: list[Token] = []
        self.segment = 0
        self._is_former = False
        self._passage = 0  # where the passage since the last hard mark begins
        self._before = 0  # where the passage before it begins

    def word(self, word: str) -> None:
        if word in _PRESENT:
            self._is_former = False
            self.segment += 1
        elif word in _FORMER:
            if word in _AFTERWARDS:
                self._leave(self._start_of_segment())
            self._is_former = True
        elif word == "and":
            self.segment += 1
            self.add("word", word)
            self.segment += 1
        else:
            self.add("word", word)
            if UNSPACED.match(word):
                self._is_former = self._is_former or _speaks_of_past(word)

    def add(self, kind: Kind, text: str) -> None:
        self.tokens.append(Token(kind, text, self.segment, self._is_former))

    def turn(self, *, is_arrow: bool) -> None:
        """A mark that ends a thought; an arrow leaves all before it behind."""
        self.close()
        if is_arrow:
            self._leave(0)
        self.segment += 1
        self._is_former = False
        self._before, self._passage = self._passage, len(self.tokens)

    def close(self) -> None:
        """A passage that only says "former" says it of the one before: "Google (former)"."""
        if self._is_former and self._passage == len(self.tokens):
            self._leave(self._before)

    def _start_of_segment(self) -> int:
        start = len(self.tokens)
        while start and self.tokens[start - 1].segment == self.segment:
            start -= 1
        return start

    def _leave(self, start: int) -> None:
        for i in range(start, len(self.tokens)):
            token = self.tokens[i]
            self.tokens[i] = Token(token.kind, token.text, token.segment, True)


def _speaks_of_past(word: str) -> bool:
    return word.endswith(_FORMER_LAST) or any(phrase in word for phrase in _FORMER_PHRASES)


def words_of(name: str) -> Sequence[str]:
    """The words of a name as `tokens` gives those of a text, without marks.

    Empty for a name without letters, or with a word that speaks of time ("now", "former"): no
    text could be found to hold it.
    """
    words = [match[0] for match in _TOKEN.finditer(normalised(name)) if match["word"]]
    if not _FORMER.isdisjoint(words) or not _PRESENT.isdisjoint(words):
        return []
    return [token.text for token in tokens(normalised(name)) if token.kind == "word"]
