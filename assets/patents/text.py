"""The texts of a document by section, with a line break wherever an element breaks the line."""

import re
from collections.abc import Iterator
from typing import Any

from lxml import etree

from assets.diffusion.mention import Section

#: Elements that stand within a line: `Qwen<sub>2</sub>` is one word, `Y<sub>i</sub>` a letter and
#: its index. All others end a line.
_INLINE = (
    "b", "i", "u", "o", "sub", "sub2", "sup", "sup2", "smallcaps", "figref", "claim-ref",
    "crossref", "bio-deposit-ref", "dfn", "q",
)  # fmt: skip
_PLACES = (
    (Section.TITLE, "{bibliography}/invention-title"),
    (Section.ABSTRACT, "abstract"),
    (Section.CLAIMS, "claims"),
    (Section.DESCRIPTION, "description"),
    # Of the references cited, the literature: patents cited are numbers and inventors' names.
    (Section.BIBLIOGRAPHY, "{bibliography}/us-references-cited//nplcit"),
    (Section.BIBLIOGRAPHY, "{bibliography}/references-cited//nplcit"),
)
_INDICES = ("sub", "sub2", "sup", "sup2")
_INDEX = re.compile(r"[A-Za-z]{1,3}|\d{1,3}")
_VARIABLE = re.compile(r"(?:^|[^\w])[A-Za-z]$")
_INDEX_SIGN = "^"
#: No XML text holds it, so that it can stand for a break until blanks are joined.
_BREAK = b"\x1e"
_TAG = re.compile(rb"<[^>]*>")
# Line ends of the file say nothing: a paragraph may be wrapped anywhere. (Looking at each of the
# many blanks besides would take longer than all else, and a double one harms nobody.)
_WRAPS = re.compile(rb"[\t\r\n\f\v][\t\r\n\f\v ]*")
_BREAKS = re.compile(rb"\x1e[ \x1e]*")
_ESCAPED = re.compile(rb"&(?:lt|gt|amp|#13);")
_CHARACTERS = {b"&lt;": b"<", b"&gt;": b">", b"&amp;": b"&", b"&#13;": b" "}


def sections(root: Any) -> Iterator[tuple[Section, str]]:  # noqa: ANN401 - lxml ships no types
    """Section and text of each part that has any, in the order of `_PLACES`.

    Paragraphs, claims, list items and cells stand on lines of their own; line ends within them are
    blanks. `root` is changed by it: elements within a line are dissolved.
    """
    _keep_indices_apart(root)
    etree.strip_tags(root, *_INLINE)
    for section, place in _PLACES:
        elements = root.iterfind(place.format(bibliography=root[0].tag))
        if text := _plain(b"".join(_serialised(each) for each in elements)):
            yield section, text.decode()


def _keep_indices_apart(root: Any) -> None:  # noqa: ANN401
    """Put a sign between a single letter and its index: T<sub>5</sub> is a variable, no name."""
    for element in root.iter(*_INDICES):
        if len(element) or not _INDEX.fullmatch(element.text or ""):
            continue
        if _VARIABLE.search(_before(element)):
            element.text = _INDEX_SIGN + element.text


def _before(element: Any) -> str:  # noqa: ANN401
    """What stands right before an element: text, or that of an element without any behind it."""
    last = element.getprevious()
    if last is None:
        return element.getparent().text or ""
    return last.tail or "".join(last.itertext())


def _serialised(element: Any) -> bytes:  # noqa: ANN401
    return bytes(etree.tostring(element, encoding="utf-8", with_tail=False))


def _plain(xml: bytes) -> bytes:
    """Serialised elements without their tags.

    Every `<` is one of a tag and no `>` stands in an attribute, since a serialiser escapes both.
    """
    text = _WRAPS.sub(b" ", _TAG.sub(_BREAK, xml))
    text = _ESCAPED.sub(lambda match: _CHARACTERS[match[0]], text)
    return _BREAKS.sub(b"\n", text.replace(b" " + _BREAK, _BREAK)).strip()
