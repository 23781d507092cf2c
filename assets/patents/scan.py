"""A weekly file to patents and the models they name; what cannot be read is set aside, no more."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from assets.diffusion.mention import Mention, Role, Section
from assets.patents.documents import MAX_DOCUMENT_BYTES, Document, documents
from assets.patents.parse import patent_of, tree_of
from assets.patents.record import MalformedDocumentError, Patent
from assets.patents.text import sections
from assets.patents.zip_stream import ZipStatus, ZipStream


class Namer(Protocol):
    """Finds model families in a text, as `assets.diffusion.matcher.Matcher` does."""

    def find(self, text: str, section: Section) -> list[Mention]:
        """The mentions, by start."""


@dataclass(frozen=True, slots=True)
class FoundPatent:
    """A patent and its place in the file, from 1."""

    document_number: int
    patent: Patent


@dataclass(frozen=True, slots=True)
class FoundMentions:
    """Mentions of one alias in one section of a patent, alike in rule and role.

    Attributes:
        publication_number: Whose.
        first: The first of them.
        count: How many there are.
    """

    publication_number: str
    first: Mention
    count: int


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A document that could not be read: where it lies in the inflated stream, and why not."""

    document_number: int
    byte_offset: int
    byte_count: int
    reason: str


@dataclass(slots=True)
class Scan:
    """What a file gave.

    Attributes:
        status: Of the zip; what lies before a defect is here in any case.
        patents: Each publication number once.
        mentions: Of those patents.
        quarantined: Documents that could not be read.
        other_counts: Documents of other types, by type.
        duplicate_count: Documents whose publication number had been there already.
        byte_count: Of the zip, as far as it was read.
        inflated_byte_count: Of what is in it.
    """

    status: ZipStatus = ZipStatus.EMPTY
    patents: list[FoundPatent] = field(default_factory=list)
    mentions: list[FoundMentions] = field(default_factory=list)
    quarantined: list[Quarantined] = field(default_factory=list)
    other_counts: Counter[str] = field(default_factory=Counter)
    duplicate_count: int = 0
    byte_count: int = 0
    inflated_byte_count: int = 0

    @property
    def document_count(self) -> int:
        """Documents of every type, those set aside included."""
        read = len(self.patents) + self.duplicate_count + len(self.quarantined)
        return read + self.other_counts.total()


def scan_file(
    chunks: Iterable[bytes], namer: Namer, *, max_document_bytes: int = MAX_DOCUMENT_BYTES
) -> Scan:
    """Everything that a weekly zip holds, document by document, in bounded memory.

    Args:
        chunks: the zip's bytes, in order.
        namer: finds the mentions.
        max_document_bytes: longer documents are set aside.
    """
    found, stream = Scan(), ZipStream()
    known: set[str] = set()
    blocks = stream.blocks(chunks)
    for document in documents(blocks, max_bytes=max_document_bytes):
        is_other = document.data is None and not document.is_oversized
        if is_other and document.number:
            found.other_counts[document.kind] += 1
            continue
        try:
            root, patent = _read(document)
        except MalformedDocumentError as error:
            found.quarantined.append(_quarantined(document, str(error)))
            continue
        if patent.publication_number in known:
            found.duplicate_count += 1
            continue
        known.add(patent.publication_number)
        found.patents.append(FoundPatent(document.number, patent))
        found.mentions += mentions_in(patent.publication_number, sections(root), namer)
    found.status = stream.status
    found.byte_count, found.inflated_byte_count = stream.read_count, stream.byte_count
    return found


def _read(document: Document) -> tuple[Any, Patent]:
    if not document.number:
        raise MalformedDocumentError("bytes before the first prolog")
    if document.data is None:
        raise MalformedDocumentError("the document is longer than may be read")
    root = tree_of(document.data)
    return root, patent_of(root)


def _quarantined(document: Document, reason: str) -> Quarantined:
    return Quarantined(document.number, document.offset, document.byte_count, reason)


def mentions_in(
    publication_number: str, texts: Iterable[tuple[Section, str]], namer: Namer
) -> Iterator[FoundMentions]:
    """Mentions in a document by section, family, alias, rule and role, by their first places.

    What stands among the references cited is cited, whatever its sentence says.
    """
    alike: dict[tuple[Section, str, str, str, Role], list[Mention]] = {}
    for section, text in texts:
        for each in namer.find(text, section):
            role = Role.CITED if section is Section.BIBLIOGRAPHY else each.role
            key = (section, each.family, each.alias, each.rule, role)
            alike.setdefault(key, []).append(each)
    for (section, family, alias, rule, role), group in alike.items():
        first = group[0]
        mention = Mention(family, alias, first.start, first.stop, section, rule, role)
        yield FoundMentions(publication_number, mention, len(group))
