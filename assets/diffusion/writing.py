"""How names are written: separators, scripts without word boundaries, and words broken by lines."""

import re
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass

# What may stand for a hyphen or a space inside a name: spaces of all widths, hyphens, dashes, the
# minus sign, the low line and the middle dots of Chinese and Japanese.
SEPARATOR = r"[\s_\-\u00b7\u2010-\u2015\u2212\ufe58\ufe63\u30fb]"

# One byte each: capitals to small letters, separators to a space. All other bytes stay, so that an
# offset in the folded bytes is one in the bytes.
_ASCII = bytes(
    0x20 if chr(i) in "-_\t\n\r\v\f" else ord(chr(i).lower()) if i < 0x80 else i for i in range(256)
)
_WIDE = tuple(
    character.encode()
    for character in (
        "\u00a0\u00b7\u2002\u2003\u2004\u2005\u2009\u200a\u2010\u2011\u2012\u2013\u2014\u2015"
        "\u202f\u2212\u3000\u30fb\ufe58\ufe63"
    )
)

# Letters after which no space marks the next word: Chinese, Japanese, Korean (whose particles are
# written on), Thai, Lao, Khmer and Burmese.
_RUNNING = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff"
    "\U00020000-\U0003ffff]"
)
# Marks without a width of their own, and a hyphen at a line's end, before a small letter or not.
# One set of characters begins the pattern, so that the search for it runs at speed.
_UNSEEN = "\u00ad\u200b\u200c\u200d\u2060\ufeff"
_BROKEN = re.compile(
    rf"[-\u2010{_UNSEEN}](?:(?<=[{_UNSEEN}])[{_UNSEEN}]*"
    r"|(?<=[^\W\d_][-\u2010])(?P<line>[ \t]?\r?\n[ \t]*)(?:(?=[a-z])(?P<small>)|(?=[^\W_])))"
)
_NOT_WRITTEN = re.compile(rf"(?:{SEPARATOR}|[{_UNSEEN}])+")
# "LLa-⏎MA" is one word as well; "Code-⏎Llama" and "non-⏎GPT" are two.
_INNER_CAPITALS = re.compile("[A-Z][A-Z]?[a-z]+")
_CAPITALS = re.compile("[A-Z]+(?![a-z])")
_AT_LINE_END = ("-\n", "-\r", "- \n")
_NOT_ASCII = ("\u2010\n", "\u2010\r", *_UNSEEN)
_FULL_WIDTH = {0xFF01 + i: 0x21 + i for i in range(94)}
_HAS_FULL_WIDTH = re.compile("[\uff01-\uff5e]")


def fold(data: bytes) -> bytes:
    """UTF-8 in small ASCII letters with each byte of a separator as a space; as long as `data`."""
    folded = data.translate(_ASCII)
    if not folded.isascii():
        for separator in _WIDE:
            if separator in folded:
                folded = folded.replace(separator, b" " * len(separator))
    return folded


def key(name: str) -> str:
    """A name without case, width, separators and unseen marks: what its spellings share."""
    narrow = unicodedata.normalize("NFKC", name)
    return _NOT_WRITTEN.sub("", narrow).casefold()


def is_running(character: str) -> bool:
    """Whether a character is of a script that marks no word boundaries (false for '')."""
    return bool(character) and character > "\u0dff" and bool(_RUNNING.match(character))


def joins_word(character: str) -> bool:
    """Whether a character beside a Latin name would make it part of a longer word."""
    return character.isalnum() and not is_running(character)


@dataclass(frozen=True, slots=True)
class Unbroken:
    """A text with its broken words put together.

    Attributes:
        text: What to search.
        places: Where pieces of it begin, in `text`; empty where nothing was changed.
        origins: Where the same pieces begin in the text given.
    """

    text: str
    places: tuple[int, ...] = ()
    origins: tuple[int, ...] = ()

    def origin(self, offset: int) -> int:
        """The offset in the text given of a character of `text`."""
        if not self.places:
            return offset
        piece = bisect_right(self.places, offset) - 1
        return self.origins[piece] + offset - self.places[piece]


def unbroken(text: str) -> Unbroken:
    """Joins words hyphenated at a line's end, drops unseen marks, narrows full-width letters.

    "Deep-⏎seek" becomes "Deepseek", and "Qwen2.5-⏎72B" and "Code-⏎Llama" keep their hyphen: only a
    small letter continues a word. A text without any of these is returned as it is.
    """
    if not text.isascii() and _HAS_FULL_WIDTH.search(text):
        text = text.translate(_FULL_WIDTH)  # one character each: offsets stay
    marks = _AT_LINE_END if text.isascii() else (*_AT_LINE_END, *_NOT_ASCII)
    if not any(mark in text for mark in marks):
        return Unbroken(text)
    pieces: list[str] = []
    places, origins = [0], [0]
    length = end = 0
    for match in _BROKEN.finditer(text):
        keeps_hyphen = match["line"] is not None and match["small"] is None
        if keeps_hyphen and _INNER_CAPITALS.fullmatch(
            text[max(0, match.start() - 3) : match.start()]
        ):
            keeps_hyphen = not _CAPITALS.match(text, match.end())
        piece = text[end : match.start() + keeps_hyphen]
        pieces.append(piece)
        length += len(piece)
        end = match.end()
        places.append(length)
        origins.append(end)
    if not pieces:
        return Unbroken(text)
    return Unbroken("".join([*pieces, text[end:]]), tuple(places), tuple(origins))
