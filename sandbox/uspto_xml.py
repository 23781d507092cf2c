"""Weekly patent files of the sandbox: documents of the real shape, one after another, zipped."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from datetime import date
from html import escape

import numpy as np

from sandbox import model_prose
from sandbox.model_words import FAMILIES
from sandbox.uspto_records import PatentRecord

_SHAPES = {
    "grants": ("us-patent-grant", "us-bibliographic-data-grant", "v47-2022-02-17", "v4.7"),
    "applications": (
        "us-patent-application",
        "us-bibliographic-data-application",
        "v46-2022-02-17",
        "v4.6",
    ),
}
_PROLOG = '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE {root} SYSTEM "{dtd}" [ ]>\n'
_CPC = (("G", "06", "F", "40", "30"), ("G", "06", "N", "3", "08"), ("H", "04", "L", "67", "10"))
_NUMERAL = re.compile(r"(?<=[a-z] )(\d{3})(?= )")
_ZIP_TIME = (2024, 1, 1, 0, 0, 0)
_TORN_AT = 0.6
#: Of a file that is corrected later, the documents that its first version lacks.
_LACKING = 5


def week_xml(records: Sequence[PatentRecord], *, torn: int | None = None) -> bytes:
    """The documents of a week's file, a sequence listing among them.

    Args:
        records: the documents.
        torn: place of the document that breaks off in the middle; the next one follows at once.
    """
    parts = [document(record).encode() for record in records]
    if torn is not None:
        parts[torn] = parts[torn][: int(len(parts[torn]) * _TORN_AT)]
    parts.insert(len(parts) // 2, _sequence_listing(records[0]).encode())
    return b"".join(parts)


def week_zip(name: str, xml: bytes) -> bytes:
    """One member, called as the zip is; the same bytes for the same XML."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as container:
        info = zipfile.ZipInfo(name.removesuffix(".zip").split("_")[0] + ".xml", _ZIP_TIME)
        info.compress_type = zipfile.ZIP_DEFLATED
        container.writestr(info, xml)
    return out.getvalue()


def first_version(records: Sequence[PatentRecord]) -> Sequence[PatentRecord]:
    """What a file holds that is corrected later."""
    return records[:-_LACKING]


def document(record: PatentRecord) -> str:
    """One document's XML, prolog and DOCTYPE included."""
    root, bibliography, dtd, version = _SHAPES[record.product]
    rng = np.random.default_rng(record.seed)
    topic = model_prose.description(rng, paragraphs=1)[0].partition(".")[0]
    published = _day(record.publication_date)
    attributes = ' lang="EN" country="US"' if record.product == "applications" else ""
    return "".join(
        [
            _PROLOG.format(root=root, dtd=f"{root}-{dtd}.dtd"),
            f'<{root} lang="EN" dtd-version="{version} 2022-02-17" '
            f'file="{record.publication_number}-{published}.XML" status="PRODUCTION" id="{root}" '
            f'country="US" date-produced="{published}" date-publ="{published}">\n',
            f"<{bibliography}{attributes}>\n",
            _reference(record),
            _classification(rng),
            '<invention-title id="d2e43">System and method for automatic processing of text'
            "</invention-title>\n",
            _references_cited(record, rng),
            _related(record),
            _parties(record),
            f'</{bibliography}>\n<abstract id="abstract">\n<p id="p-0001" num="0000">A method, a '
            f"system and a medium are disclosed. {escape(topic)}.</p>\n</abstract>\n",
            _description(record, rng),
            _claims(record, rng),
            f"</{root}>\n",
        ]
    )


def _reference(record: PatentRecord) -> str:
    return (
        "<publication-reference>\n<document-id>\n<country>US</country>\n"
        f"<doc-number>{record.number}</doc-number>\n<kind>{record.kind_code}</kind>\n"
        f"<date>{_day(record.publication_date)}</date>\n</document-id>\n</publication-reference>\n"
        '<application-reference appl-type="utility">\n<document-id>\n<country>US</country>\n'
        f"<doc-number>{record.application_number}</doc-number>\n"
        f"<date>{_day(record.filing_date)}</date>\n</document-id>\n</application-reference>\n"
        f"<us-application-series-code>{record.application_number[:2]}"
        "</us-application-series-code>\n"
    )


def _classification(rng: np.random.Generator) -> str:
    section, group, subclass, main, sub = _CPC[int(rng.integers(len(_CPC)))]
    return (
        "<classifications-cpc>\n<main-cpc>\n<classification-cpc>\n"
        "<cpc-version-indicator><date>20130101</date></cpc-version-indicator>\n"
        f"<section>{section}</section>\n<class>{group}</class>\n<subclass>{subclass}</subclass>\n"
        f"<main-group>{main}</main-group>\n<subgroup>{sub}</subgroup>\n"
        "<symbol-position>F</symbol-position>\n</classification-cpc>\n</main-cpc>\n"
        "</classifications-cpc>\n"
    )


def _references_cited(record: PatentRecord, rng: np.random.Generator) -> str:
    if record.product == "applications" and not record.cited:
        return ""
    entries = [
        '<us-citation>\n<patcit num="00001">\n<document-id>\n<country>US</country>\n'
        "<doc-number>10000001</doc-number>\n<kind>B2</kind>\n<name>Llama et al.</name>\n"
        "<date>20180600</date>\n</document-id>\n</patcit>\n"
        "<category>cited by examiner</category>\n</us-citation>\n"
    ]
    for place, slug in enumerate(record.cited, start=2):
        spelled = escape(FAMILIES[slug].spell(rng, record.filing_date))
        entries.append(
            f'<us-citation>\n<nplcit num="{place:05d}">\n<othercit>Doe et al., &#x201c;{spelled}: '
            "technical report,&#x201d; arXiv, 2023.</othercit>\n</nplcit>\n"
            "<category>cited by applicant</category>\n</us-citation>\n"
        )
    return f"<us-references-cited>\n{''.join(entries)}</us-references-cited>\n"


def _related(record: PatentRecord) -> str:
    if record.priority_date == record.filing_date:
        return ""
    return (
        "<us-related-documents>\n<us-provisional-application>\n<document-id>\n"
        f"<country>US</country>\n<doc-number>63{record.application_number[2:]}</doc-number>\n"
        f"<date>{_day(record.priority_date)}</date>\n</document-id>\n"
        "</us-provisional-application>\n</us-related-documents>\n"
    )


def _parties(record: PatentRecord) -> str:
    owner = record.owner
    place = f"<address>\n<city>Sandbox</city>\n<country>{owner.country}</country>\n</address>\n"
    person = "<last-name>Doe-sbx</last-name>\n<first-name>Sam</first-name>\n"
    name = f"<orgname>{escape(owner.name)}</orgname>\n" if owner.name else person
    residence = f"<residence>\n<country>{owner.country}</country>\n</residence>\n"
    found = (
        '<us-parties>\n<us-applicants>\n<us-applicant sequence="00" app-type="applicant" '
        f'designation="us-only">\n<addressbook>\n{name}{place}</addressbook>\n{residence}'
        '</us-applicant>\n</us-applicants>\n<inventors>\n<inventor sequence="00" '
        f'designation="us-only">\n<addressbook>\n{person}{place}</addressbook>\n</inventor>\n'
        "</inventors>\n</us-parties>\n"
    )
    if record.is_assigned and owner.name:
        role = "02" if owner.country == "US" else "03"
        found += (
            f"<assignees>\n<assignee>\n<addressbook>\n{name}<role>{role}</role>\n{place}"
            "</addressbook>\n</assignee>\n</assignees>\n"
        )
    return found


def _description(record: PatentRecord, rng: np.random.Generator) -> str:
    paragraphs = model_prose.description(
        rng, record.described, record.false_friends, record.filing_date, paragraphs=4
    )
    body = "\n".join(
        f'<p id="p-{n:04d}" num="{n:04d}">{_marked(text)}</p>'
        for n, text in enumerate(paragraphs, start=2)
    )
    return (
        '<description id="description">\n<?BRFSUM description="Brief Summary" end="lead"?>\n'
        f'<heading id="h-0001" level="1">BACKGROUND</heading>\n{body}\n'
        '<?BRFSUM description="Brief Summary" end="tail"?>\n</description>\n'
    )


def _claims(record: PatentRecord, rng: np.random.Generator) -> str:
    texts = model_prose.claims(rng, record.claimed, on=record.filing_date)
    body = "".join(
        f'<claim id="CLM-{n:05d}" num="{n:05d}">\n<claim-text>{n}. {escape(text)}</claim-text>\n'
        "</claim>\n"
        for n, text in enumerate(texts, start=1)
    )
    statement = "<us-claim-statement>What is claimed is:</us-claim-statement>\n"
    return f'{statement}<claims id="claims">\n{body}</claims>\n'


def _marked(text: str) -> str:
    """A paragraph with its reference numerals in bold, as patents print them."""
    return _NUMERAL.sub(r"<b>\1</b>", escape(text))


def _sequence_listing(record: PatentRecord) -> str:
    return (
        _PROLOG.format(root="sequence-cwu", dtd="us-sequence-listing-v1_3-2020-10-08.dtd")
        + '<sequence-cwu id="SEQLST-0">\n<publication-reference>\n<document-id>\n'
        f"<country>US</country>\n<doc-number>{record.number}</doc-number>\n</document-id>\n"
        "</publication-reference>\n<sequence-list-new>acgtacgt Llama 2 acgt</sequence-list-new>\n"
        "</sequence-cwu>\n"
    )


def _day(day: date) -> str:
    return f"{day:%Y%m%d}"
