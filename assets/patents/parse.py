"""One document's XML to its record: well-formed or refused, nothing fetched, nothing expanded."""

import datetime as dt
import html
import re
from collections.abc import Iterator
from typing import Any

from lxml import etree

from assets.patents.assignees import Stated, parties
from assets.patents.record import Kind, MalformedDocumentError, Patent

_KINDS: dict[str, tuple[Kind, str]] = {
    "us-patent-grant": ("grant", "us-bibliographic-data-grant"),
    "us-patent-application": ("application", "us-bibliographic-data-application"),
}
_NUMBER = re.compile(r"\w{1,24}", re.ASCII)
_DATE = re.compile(r"[12]\d{7}", re.ASCII)
_CPC = ("section", "class", "subclass", "main-group", "subgroup")
_MOST_REASON_CHARACTERS = 200
_MOST_ENTITIES = 20_000
# In others, such as UTF-7, an entity need not be written with a `&`.
_PLAIN_ENCODINGS = frozenset({"UTF-8", "US-ASCII", "ISO-8859-1"})
_NAMED_ENTITY = re.compile(rb"&(?!#|amp;|lt;|gt;|quot;|apos;)")


def tree_of(data: bytes) -> Any:  # noqa: ANN401 - lxml ships no types
    """The document's root element.

    No DTD is loaded, nothing is fetched, and no entity is expanded: what one is called stands in
    its place where HTML has a character of that name, else a blank. libxml2's own bounds hold
    (depth 256, ten million characters in one text).

    Raises:
        MalformedDocumentError: the bytes are no well-formed XML.
    """
    # A parser that has failed is not used again: what it keeps of the failure is not documented.
    # `collect_ids=False`, though faster, is not to be set: it makes libxml2 load external DTDs.
    parser = etree.XMLParser(
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise MalformedDocumentError(str(error)[:_MOST_REASON_CHARACTERS]) from error
    is_plain = (root.getroottree().docinfo.encoding or "UTF-8").upper() in _PLAIN_ENCODINGS
    if not is_plain or _NAMED_ENTITY.search(data):
        entities = list(root.iter(etree.Entity))
        # Each is joined to the text before it: the time grows with the square of their number.
        if len(entities) > _MOST_ENTITIES:
            raise MalformedDocumentError(f"more than {_MOST_ENTITIES:,} entities by name")
        for entity in entities:
            _replace(entity, html.unescape(entity.text))
    return root


def _replace(entity: Any, text: str) -> None:  # noqa: ANN401
    """Put a character in an entity's place; an unknown one's text still begins with `&`."""
    text = (" " if text.startswith("&") else text) + (entity.tail or "")
    parent, before = entity.getparent(), entity.getprevious()
    if before is None:
        parent.text = (parent.text or "") + text
    else:
        before.tail = (before.tail or "") + text
    entity.tail = None
    parent.remove(entity)


def patent_of(root: Any) -> Patent:  # noqa: ANN401
    """What the document's bibliographic part states.

    Raises:
        MalformedDocumentError: it is of another type, or lacks a number or date that every patent
            has; the text names the element.
    """
    if root.tag not in _KINDS:
        raise MalformedDocumentError(f"the root element is <{str(root.tag)[:40]}>")
    kind, name = _KINDS[root.tag]
    bibliography = root.find(name)
    if bibliography is None:
        raise MalformedDocumentError(f"no <{name}>")
    published = _document_id(bibliography, "publication-reference")
    applied = _document_id(bibliography, "application-reference")
    filing_date = _needed_date(applied, "application-reference")
    assignees = [_stated(each) for each in bibliography.iterfind("assignees/assignee")]
    applicants = [
        _stated(each)
        for path in ("us-parties/us-applicants/us-applicant", "parties/applicants/applicant")
        for each in bibliography.iterfind(path)
        if each.get("app-type", "applicant") != "legal-representative"
    ]
    code = _needed(published, "kind", "publication-reference")
    number = _needed(published, "doc-number", "publication-reference")
    return Patent(
        kind=kind,
        publication_number=f"US{number}{code}",
        application_number=_needed(applied, "doc-number", "application-reference"),
        application_type=bibliography.find("application-reference").get("appl-type", "")[:24],
        publication_date=_needed_date(published, "publication-reference"),
        filing_date=filing_date,
        priority_date=min([filing_date, *_priority_dates(bibliography)]),
        cpc_main=_cpc_main(bibliography),
        parties=parties(assignees, applicants),
        party_source="assignee" if assignees else "applicant" if applicants else "none",
    )


def _document_id(bibliography: Any, name: str) -> Any:  # noqa: ANN401
    found = bibliography.find(f"{name}/document-id")
    if found is None:
        raise MalformedDocumentError(f"no <{name}>/<document-id>")
    return found


def _needed(document_id: Any, name: str, within: str) -> str:  # noqa: ANN401
    text = (document_id.findtext(name) or "").strip()
    if not _NUMBER.fullmatch(text):
        raise MalformedDocumentError(f"<{within}>: <{name}> is {text[:40]!r}")
    return text


def _needed_date(document_id: Any, within: str) -> dt.date:  # noqa: ANN401
    found = _date(document_id.findtext("date"))
    if found is None:
        stated = (document_id.findtext("date") or "")[:40]
        raise MalformedDocumentError(f"<{within}>: <date> is {stated!r}")
    return found


def _date(text: str | None) -> dt.date | None:
    """A day written YYYYMMDD; None where it is none, as where only the month is known (…00)."""
    stated = (text or "").strip()
    if not _DATE.fullmatch(stated):
        return None
    try:
        return dt.date(int(stated[:4]), int(stated[4:6]), int(stated[6:]))
    except ValueError:
        return None


def _priority_dates(bibliography: Any) -> Iterator[dt.date]:  # noqa: ANN401
    """Filing dates of the applications that this one claims.

    Grants and publications of those applications have later dates and are no filings.
    """
    stated = [each.text for each in bibliography.iterfind("priority-claims/priority-claim/date")]
    related = bibliography.find("us-related-documents")
    if related is not None:
        paths = (
            "us-provisional-application/document-id/date",
            ".//parent-doc/document-id/date",
            ".//parent-pct-document/document-id/date",
        )
        stated += [each.text for path in paths for each in related.iterfind(path)]
    for text in stated:
        if found := _date(text):
            yield found


def _cpc_main(bibliography: Any) -> str | None:  # noqa: ANN401
    main = bibliography.find("classifications-cpc/main-cpc/classification-cpc")
    if main is None:
        return None
    parts = [(main.findtext(name) or "").strip() for name in _CPC]
    if not all(_NUMBER.fullmatch(part) for part in parts):
        return None
    return f"{''.join(parts[:4])}/{parts[4]}"


def _stated(party: Any) -> Stated:  # noqa: ANN401
    """An assignee or applicant; of a person nothing but the country is read."""
    book = party.find("addressbook")
    where = party if book is None else book
    return Stated(
        organisation=(where.findtext("orgname") or "").strip(),
        role=(where.findtext("role") or "").strip(),
        country=where.findtext("address/country") or party.findtext("residence/country") or "",
    )
