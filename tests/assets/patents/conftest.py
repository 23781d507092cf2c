"""Documents and zips to read, written by hand, and a namer that knows two words."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator

import pytest

from assets.diffusion.mention import Mention, Role, Section

GRANT = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE us-patent-grant SYSTEM "us-patent-grant-v47-2022-02-17.dtd" [ ]>
<us-patent-grant lang="EN" file="US{number}-20241015.XML" country="US" date-publ="20241015">
<us-bibliographic-data-grant>
<publication-reference><document-id><country>US</country><doc-number>{number}</doc-number>
<kind>B2</kind><date>20241015</date></document-id></publication-reference>
<application-reference appl-type="utility"><document-id><country>US</country>
<doc-number>17248024</doc-number><date>20220105</date></document-id></application-reference>
{bibliography}
<invention-title id="d2e43">{title}</invention-title>
{references}
</us-bibliographic-data-grant>
<abstract id="abstract"><p id="p-0001" num="0000">{abstract}</p></abstract>
<description id="description">{description}</description>
<us-claim-statement>What is claimed is:</us-claim-statement>
<claims id="claims"><claim id="CLM-00001" num="00001">
<claim-text>1. {claims}</claim-text></claim></claims>
</us-patent-grant>
"""
_DEFAULTS = {
    "number": "12000001",
    "bibliography": "",
    "title": "A device",
    "references": "",
    "abstract": "A device is disclosed.",
    "description": "<p>Plain.</p>",
    "claims": "A device.",
}
Grant = Callable[..., bytes]
Zip = Callable[..., bytes]


class TwoWords:
    """Names the families `qwen` and `llama` wherever their words stand; counts what it reads."""

    def __init__(self) -> None:
        self.read: list[tuple[Section, str]] = []

    def find(self, text: str, section: Section) -> list[Mention]:
        self.read.append((section, text))
        found = []
        for family, word in (("qwen", "Qwen"), ("llama", "Llama")):
            start = text.find(word)
            while start >= 0:
                stop = start + len(word)
                found.append(Mention(family, word, start, stop, section, "alias", Role.USED))
                start = text.find(word, stop)
        return sorted(found, key=lambda each: each.start)


@pytest.fixture
def namer() -> TwoWords:
    return TwoWords()


@pytest.fixture
def grant() -> Grant:
    """Makes a grant; keywords fill its parts with XML."""
    return made_grant


@pytest.fixture
def zipped() -> Zip:
    """Makes a zip of members by name; deflated unless told otherwise."""
    return made_zip


def made_grant(**parts: str) -> bytes:
    """A grant whose parts are filled with XML."""
    return GRANT.format(**{**_DEFAULTS, **parts}).encode()


def made_zip(
    members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED, *, is_streamed: bool = False
) -> bytes:
    """A zip of members by name."""
    out = io.BytesIO()
    target = _Unseekable(out) if is_streamed else out
    with zipfile.ZipFile(target, "w", method) as container:  # type: ignore[call-overload]
        for name, data in members.items():
            container.writestr(name, data)
    return out.getvalue()


class _Unseekable:
    """A file that a zip writer cannot go back in, so that it writes descriptors behind the data."""

    def __init__(self, out: io.BytesIO) -> None:
        self._out = out

    def write(self, data: bytes) -> int:
        return self._out.write(data)

    def flush(self) -> None:
        self._out.flush()


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    """Data in pieces of a size."""
    for start in range(0, len(data), size):
        yield data[start : start + size]
