"""Cuts a location text into the segments that may each name a place, and says what each part is.

1. Addresses (URLs, e-mails, host names, handles, file paths) are blanked: `example.io` says nothing
   about the British Indian Ocean Territory. Coordinates and flags are taken out and kept.
2. Slashes, bars, plus signs and arrows separate *groups*: several places, or one place spelt so
   ("Bursa/Turkey"). Commas, brackets, dashes and emoji separate the *segments* of a group.
3. "From", "ex", "formerly" mark what follows, up to the group's or bracket's end or a "living in",
   as a place where the person is not now; so does an arrow what stands before it.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from assets.attribution.folding import join_initials
from assets.storable_text import storable

MAX_LENGTH = 200  # characters of a text that are read
_MAX_NORMALISED = 400  # NFKC turns some characters into many
_MAX_SEGMENTS = 40

_ADDRESS = re.compile(
    r"https?://\S*|www\.\S+|\S+@\S+\.\S+|(?<!\w)@\w\S*|\A\s*[~.]*/\S*", re.IGNORECASE | re.ASCII
)
_HOST = re.compile(
    r"(?<![\w.-])(?:[\w-]+\.)+(?:[a-z]{2}|com|org|net|edu|gov|info|dev|app|xyz|local)(?![\w.])"
)
_INVISIBLE = re.compile("[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_MARKS_ADDRESS = re.compile(r"[./@]")  # the patterns above are dear: few texts need them
_DEGREES = r"([+-]?\d{1,3}\.\d{1,15})\s*°?\s*"
_COORDINATES = re.compile(
    rf"(?<![\w.,]){_DEGREES}([NS]?)\s*[,;/\s]\s*{_DEGREES}([EW]?)(?![\w.])", re.ASCII
)
_FLAG = re.compile(r"[\U0001F1E6-\U0001F1FF]{2}")
_BRITISH_FLAG = "\U0001f3f4\U000e0067\U000e0062"  # England, Scotland, Wales: black flag, "gb…"
_EMOJI = "\u2190-\u2bff\ufe0f\U0001f000-\U0001faff\U000e0000-\U000e007f"
_ARROW = r"(?<![<=-])[-=]+>+|\s>+\s|[\u2192\u21d2\u279c\u2794\u27a1]\ufe0f?"
_GROUP = re.compile(rf"({_ARROW})|<[-=]*>|[/\\|+;\u2190-\u21ff]")
_SEGMENT = re.compile(
    rf"(\s[-~]+\s|[@,、،()\[\]{{}}<>«»·•・:\t\r\n\u2013\u2014{_EMOJI}])"  # u2013, u2014: dashes
)
_MARKER = re.compile(
    r"""\b(?:
      (?P<past>ex|formerly|former|previously|prev|used\ to\ (?:be|live)\ in
        |born(?:\ and\ raised)?(?:\ in)?|raised\ in|grew\ up\ in|visited|visiting)
    | (?P<origin>(?:originally|relocated|moved|came|native|hailing|coming)(?:\ (?:from|of))?|from
        |originaire\ d[eu]|soy\ de|natural\ de|ursprünglich\ aus)
    | (?P<here>(?:(?:currently|now|presently)\ )?(?:living|lives?|based|residing|resides?|located
        |working|works?|studying|staying|relocated|relocating|moved|moving)\ (?:in|at|near|from|to)
        |(?:currently|now|presently)(?:\ (?:in|at|near))?|based|currently|vivo\ en|viviendo\ en
        |moro\ em|vivant\ à|habite\ à|wohnhaft\ in|wohne\ in|lebe\ in)
    )\b[\s:.-]*""",
    re.IGNORECASE | re.VERBOSE,
)
# Most texts have no marker, and a look for single words is cheaper than the pattern above.
_MAY_MARK = re.compile(
    r"\b(?:ex\b|form|prev|used|born|rais|grew|visit|orig|reloc|mov|came|nativ|hail|com|from|soy"
    r"|natur|urspr|curr|now|pres|li[vf]|bas|resid|loc|work|stud|stay|viv|mor|habit|wohn|lebe)",
    re.IGNORECASE,
)


# Whether a place is where the person is. Strings, as an enumeration's hash is several times slower.
HERE, ORIGIN, PAST, LEFT = "here", "from there", "was there", "moved away"


class Segment(NamedTuple):
    """A part of a text that may name a place.

    Attributes:
        text: as written, but for NFKC.
        group: number of its group, from 0.
        tense: `HERE`, `ORIGIN`, `PAST` or `LEFT`, by the words before it, or an arrow after it.
    """

    text: str
    group: int
    tense: str


class Flag(NamedTuple):
    """An emoji flag: its characters, its letters in ASCII, and the number of its group."""

    token: str
    iso2: str
    group: int


class Coordinates(NamedTuple):
    """A pair of degrees, and the text it was read from."""

    token: str
    latitude: float
    longitude: float


@dataclass(slots=True)
class SplitText:
    """What a text is made of.

    Attributes:
        segments: in the order of the text.
        flags: likewise.
        coordinates: the first pair, if any.
        blanked: addresses that were taken out.
        is_cut: whether something lies beyond what is read.
    """

    segments: list[Segment] = field(default_factory=list)
    flags: list[Flag] = field(default_factory=list)
    coordinates: Coordinates | None = None
    blanked: list[str] = field(default_factory=list)
    is_cut: bool = False


def split(text: str) -> SplitText:
    """Cuts a text into its parts.

    Args:
        text: any text; what lies beyond 200 characters is not read.
    """
    parts = SplitText(is_cut=len(text) > MAX_LENGTH)
    text = text[:MAX_LENGTH]
    if not text.isascii():
        # Lone surrogates are no characters, and no index can be asked for them.
        text = storable(text)
        text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))[:_MAX_NORMALISED]
    if _MARKS_ADDRESS.search(text):
        text = _without_coordinates(text, parts)
        text = _without_addresses(text, parts)
    may_mark = _MAY_MARK.search(text) is not None
    cuts = _GROUP.split(text)
    for at in range(0, len(cuts), 2):
        part = cuts[at]
        if part and not part.isspace():
            is_left = at + 1 < len(cuts) and cuts[at + 1] is not None
            _add_group(part, at // 2, LEFT if is_left else HERE, parts, may_mark=may_mark)
    return parts


def _without_coordinates(text: str, parts: SplitText) -> str:
    match = _COORDINATES.search(text)
    if not match:
        return text
    latitude = float(match[1]) * (-1 if match[2] == "S" else 1)
    longitude = float(match[3]) * (-1 if match[4] == "W" else 1)
    # Two decimals tell a place to a kilometre; "1.5, 2.0" is a version, a size or a joke.
    is_precise = all(len(match[at].partition(".")[2]) >= 2 for at in (1, 3))
    if not is_precise or abs(latitude) > 90 or abs(longitude) > 180:
        return text
    parts.coordinates = Coordinates(match[0].strip(), latitude, longitude)
    return f"{text[: match.start()]} , {text[match.end() :]}"


def _without_addresses(text: str, parts: SplitText) -> str:
    def blank(match: re.Match[str]) -> str:
        parts.blanked.append(match[0].strip())
        return " , "

    return _HOST.sub(blank, join_initials(_ADDRESS.sub(blank, text)))


def _add_group(text: str, group: int, tense: str, parts: SplitText, *, may_mark: bool) -> None:
    if not text.isascii():
        parts.flags.extend(_flags(text, group))
    cuts = _SEGMENT.split(text)
    segments = parts.segments
    after = HERE
    for at in range(0, min(len(cuts), 2 * _MAX_SEGMENTS), 2):
        part = cuts[at]
        if not may_mark:
            if part and not part.isspace():
                segments.append(Segment(part, group, tense))
            continue
        if at and cuts[at - 1] in ")]":
            after = HERE
        for piece, found in _marked(part, after):
            after = found
            if piece and not piece.isspace():
                segments.append(Segment(piece, group, tense if found == HERE else found))


def _marked(part: str, tense: str) -> Iterator[tuple[str, str]]:
    """A part's pieces between markers, each with what the marker before it says."""
    start = 0
    for match in _MARKER.finditer(part):
        yield part[start : match.start()], tense
        start = match.end()
        tense = PAST if match["past"] else ORIGIN if match["origin"] else HERE
    yield part[start:], tense


def _flags(text: str, group: int) -> Iterator[Flag]:
    if _BRITISH_FLAG in text:
        yield Flag(_BRITISH_FLAG[0], "GB", group)
    for flag in _FLAG.findall(text):
        yield Flag(flag, "".join(chr(ord(one) - 0x1F1E6 + ord("A")) for one in flag), group)
