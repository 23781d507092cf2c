"""Fuzz targets of patents: the zip, and the XML in it, with attacks by entity and DTD."""

import io
import struct
import zipfile
from datetime import date
from functools import cache
from itertools import pairwise

from isal import isal_zlib

from assets.diffusion.matcher import Matcher
from assets.diffusion.mention import Mention, Section
from assets.patents.documents import documents
from assets.patents.rows import WeekFile, file_rows
from assets.patents.scan import scan_file
from assets.patents.zip_stream import BLOCK_BYTES, ZipStatus, ZipStream
from assets.reference.loader import load_reference
from orchestration.settings import ROOT
from sandbox.uspto_records import FIRST_WEEK, records
from sandbox.uspto_xml import document, week_zip
from tests.fuzz.fits import text_of
from tests.fuzz.targets import FOLDER

_WEEK = WeekFile(date(2024, 10, 15), "grants", date(2024, 10, 15), "ipg241015.zip", "digest")
#: Stands in a file beside this one, which no document may bring into a text.
_OUTSIDE = FOLDER / "never_read.txt"
_MARK = _OUTSIDE.read_text().strip()
_MOST_BYTES = 1 << 20
_MOST_DOCUMENT_BYTES = 1 << 15


class _Texts:
    """Finds what the shipped matcher finds, and looks at every text for what lies outside."""

    def find(self, text: str, section: Section) -> list[Mention]:
        """The mentions."""
        assert _MARK not in text, "a file's content came into a text"
        return _matcher().find(text, section)


def patents_xml(data: bytes) -> None:
    """A week's XML to rows: documents are read, or set aside with a reason."""
    if _MARK.encode() in data:
        return
    scan = scan_file([_stored(data)], _Texts(), max_document_bytes=_MOST_DOCUMENT_BYTES)
    assert scan.status is ZipStatus.COMPLETE
    assert scan.inflated_byte_count == len(data)
    rows = file_rows(_WEEK, scan)
    assert rows.patents.num_rows == len(scan.patents)
    assert all(_MARK not in each.reason for each in scan.quarantined)


def patents_xml_seeds() -> list[bytes]:
    """Two documents of the sandbox, and documents that attack who reads them."""
    found = [document(each).encode() for each in records(1, FIRST_WEEK, "grants")[:2]]
    found += [document(each).encode() for each in records(1, FIRST_WEEK, "applications")[:1]]
    whole = _small()
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 9))
    outside = _OUTSIDE.as_uri()
    attacks = (
        f'[<!ENTITY x SYSTEM "{outside}">]',
        f'[<!ENTITY % x SYSTEM "{outside}"> %x;]',
        f'SYSTEM "{outside}" [<!ENTITY x PUBLIC "-//x" "http://127.0.0.1:9/x">]',
        f'[<!ENTITY l0 "x">{laughs}<!ENTITY x "&l8;">]',
        f'[<!ENTITY x "{"y" * 2_000}">]',
        '[<!ENTITY x "&x;">]',
        '[<!ATTLIST us-patent-grant lang CDATA "x"><!ENTITY x "<b>">]',
    )
    head, tail = whole.split("<us-patent-grant", 1)
    bodies = ("&x;" * 3, "&x;&mdash;&nosuch;&#1;&#x10FFFF;", "<sub>i</sub><![CDATA[&x;]]><!-- -->")
    declared = "<!DOCTYPE us-patent-grant "
    return [
        *found,
        b"".join(found),
        *(
            f"{head}{declared}{attack}><us-patent-grant{tail.replace('TITLE', body)}".encode()
            for attack in attacks
            for body in bodies[: 1 + (attack == attacks[0])]
        ),
        (head.replace("UTF-8", "UTF-7") + "<us-patent-grant" + tail).encode(),
        ("<us-patent-grant" + tail).encode("utf-16"),
        (whole + "<?xml version='1.0'?><sequence-cwu/>" + whole.replace("TITLE", "Qwen2")).encode(),
        (whole.replace("<us-bib", "&y;<us-bib", 1)).encode(),
        b"\xef\xbb\xbf" + whole.encode(),
    ]


def _small() -> str:
    identity = (
        "<document-id><country>US</country><doc-number>{}</doc-number><kind>B2</kind>"
        "<date>20241015</date></document-id>"
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<us-patent-grant lang="EN">'
        "<us-bibliographic-data-grant>"
        f"<publication-reference>{identity.format(12000001)}</publication-reference>"
        f'<application-reference appl-type="utility">{identity.format(17248024)}'
        "</application-reference><invention-title>TITLE</invention-title>"
        "<assignees><assignee><addressbook><orgname>A University</orgname><role>02</role>"
        "<address><country>US</country></address></addressbook></assignee></assignees>"
        "<us-references-cited><us-citation><nplcit><othercit>LLaMA 2</othercit></nplcit>"
        "</us-citation></us-references-cited></us-bibliographic-data-grant>"
        "<abstract><p>T<sub>5</sub> &amp; Qwen<sub>2</sub></p></abstract>"
        "<description><p>TITLE</p></description></us-patent-grant>\n"
    )


def _stored(data: bytes) -> bytes:
    """A zip of one member, not compressed, as far as the reader reads it."""
    name = b"ipg241015.xml"
    crc, size = isal_zlib.crc32(data), len(data)
    head = struct.pack("<4s5H3I2H", b"PK\x03\x04", 20, 0, 0, 0, 0, crc, size, size, len(name), 0)
    return head + name + data + b"PK\x01\x02"


class _NoTexts:
    def find(self, text: str, section: Section) -> list[Mention]:
        """None."""
        del text, section
        return []


def patents_zip(data: bytes) -> None:
    """A zip's bytes in chunks of the first byte's size: read as far as it is sound, bounded."""
    size = data[0] + 1 if data else 1
    chunks = [data[at : at + size] for at in range(1, len(data), size)]
    stream = ZipStream(max_bytes=_MOST_BYTES)
    blocks = list(documents(stream.blocks(chunks), max_bytes=_MOST_DOCUMENT_BYTES))
    assert stream.byte_count <= _MOST_BYTES + BLOCK_BYTES
    assert stream.read_count <= len(data)
    assert sum(each.byte_count for each in blocks) <= stream.byte_count
    if stream.status is not ZipStatus.OVERSIZED:
        scan = scan_file(chunks, _NoTexts(), max_document_bytes=_MOST_DOCUMENT_BYTES)
        assert scan.status is stream.status


def patents_zip_seeds() -> list[bytes]:
    """Zips as Python and the sandbox write them: deflated, stored, streamed, a bomb, others."""
    xml = _small().encode()
    found = [b"\xff" + week_zip("ipg241015.zip", xml), b"\x00" + week_zip("x.zip", xml)[:200]]
    for method, name, content in (
        (zipfile.ZIP_STORED, "a.xml", xml[:300]),
        (zipfile.ZIP_DEFLATED, "a.xml", b"\0" * (2 << 20)),
        (zipfile.ZIP_DEFLATED, "readme.txt", b"text"),
    ):
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", method) as made:
            made.writestr(name, content)
        found.append(b"\x7f" + file.getvalue())
    streamed = _Unseekable()
    with zipfile.ZipFile(streamed, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("a.xml", xml)
    return [*found, b"\x1f" + bytes(streamed.written)]


class _Unseekable(io.RawIOBase):
    """Has zipfile write sizes behind the data."""

    def __init__(self) -> None:
        self.written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        piece = bytes(data)  # type: ignore[call-overload]
        self.written += piece
        return len(piece)


def mentions(data: bytes) -> None:
    """A text of any characters, lone surrogates included, of a section by the first byte."""
    text, sections = text_of(data[1:]), list(Section)
    found = _matcher().find(text, sections[data[0] % len(sections)] if data else sections[0])
    assert all(0 <= each.start < each.stop <= len(text) for each in found)
    assert all(a.stop <= b.start for a, b in pairwise(found))


def mentions_seeds() -> list[bytes]:
    """Sentences that name models, and such as only seem to."""
    texts = (
        "We fine-tune Qwen2.5-7B and LLaMA-2-13b-chat on Yi, Phi-3 and Mistral 7B.",
        "A llama grazes; the falcon and Gemma, a friend, use LLaMA-Factory.",
        "DeepSeek-\nR1 (通义千问).",
        "Baselines [12]: TableLlama, ChatGLM3, Command R+, Step-2, Kimi k1.5, Claude 3, Grok-1.",
    )
    return [bytes([number]) + text.encode() for number, text in enumerate(texts)]


@cache
def _matcher() -> Matcher:
    return Matcher.of(load_reference(ROOT / "assets" / "reference").model_families)
