"""The texts of a document by section, with a line break wherever an element breaks the line."""

import html
import re
from collections.abc import Iterator
from typing import Any

from lxml import etree

from assets.diffusion.mention import Section

#: Elements that stand within a line: `Qwen<sub>2</sub>` is one word. All others end a line.
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
#: No XML text holds it, so that it can stand for the end of a line until blanks are joined.
_BREAK = "\x1e"
_BLANK = " \t\r\n\f\v\xa0\u2002-\u200a\u202f"
_BLANKS = re.compile(rf" [{_BLANK}]+|[{_BLANK[1:]}][{_BLANK}]*")
_BREAKS = re.compile(rf" ?{_BREAK}[ {_BREAK}]*")


def sections(root: Any) -> Iterator[tuple[Section, str]]:  # noqa: ANN401 - lxml ships no types
    """Section and text of each part that has any, in the order of `_PLACES`.

    `root` is changed by it: elements within a line are dissolved, entities are resolved.
    """
    _dissolve(root)
    for section, place in _PLACES:
        elements = root.iterfind(place.format(bibliography=root[0].tag))
        if text := _BREAK.join(piece for element in elements for piece in element.itertext()):
            yield section, _BREAKS.sub("\n", _BLANKS.sub(" ", text)).strip()


def _dissolve(root: Any) -> None:  # noqa: ANN401
    for entity in list(root.iter(etree.Entity)):
        _replace(entity, html.unescape(entity.text))
    etree.strip_tags(root, *_INLINE)


def _replace(entity: Any, text: str) -> None:  # noqa: ANN401
    """Put an entity's character in its place, a blank where its name is not known."""
    text = " " if text.startswith("&") else text
    parent, before = entity.getparent(), entity.getprevious()
    text += entity.tail or ""
    if before is None:
        parent.text = (parent.text or "") + text
    else:
        before.tail = (before.tail or "") + text
    entity.tail = None
    parent.remove(entity)
