"""What a scan found, as rows of the raw tables and of the mentions."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import pyarrow as pa

from assets.diffusion.digest import rules_digest
from assets.patents import tables
from assets.patents.scan import FoundMentions, FoundPatent, Scan
from assets.reference.model import ModelFamily

_TEXT_RULES = Path(__file__).with_name("text.py")


@dataclass(frozen=True, slots=True)
class WeekFile:
    """A week's file of one product, read or not.

    Attributes:
        week: Tuesday that the week begins with.
        product: grants or applications.
        day: Day that the file is due.
        name: Version that was read; None without one.
        families_digest: What it was searched for.
    """

    week: date
    product: str
    day: date
    name: str | None
    families_digest: str


@dataclass(frozen=True, slots=True)
class FileRows:
    """Rows of one week and product, by table."""

    patents: pa.Table
    mentions: pa.Table
    quarantine: pa.Table


def families_digest(families: Iterable[ModelFamily]) -> str:
    """SHA-256, in hexadecimal, of what texts are searched for, and by which rules.

    That is: aliases, what else they mean, the matcher's rules, and what is read as text.
    """
    spelled = sorted(f"{each.family} {each.aliases} {each.ambiguous}" for each in families)
    rules = [rules_digest(), _TEXT_RULES.read_text(encoding="utf-8")]
    return hashlib.sha256("\n".join([*spelled, *rules]).encode()).hexdigest()


def file_rows(file: WeekFile, scan: Scan) -> FileRows:
    """What a file gave: no row where it was not read."""
    week, name = file.week, file.name or ""
    quarantine = [
        {
            "week_start_date": week,
            "file_name": name,
            "document_number": each.document_number,
            "byte_offset": each.byte_offset,
            "byte_count": each.byte_count,
            "reason": each.reason,
        }
        for each in scan.quarantined
    ]
    return FileRows(
        patents=tables.PATENTS.arrow([_patent_row(file, each) for each in scan.patents]),
        mentions=tables.PATENT_MENTIONS.arrow([_mention_row(week, each) for each in scan.mentions]),
        quarantine=tables.PATENT_QUARANTINE.arrow(quarantine),
    )


def outcome_row(
    file: WeekFile, status: str, now: datetime, message: str = "", scan: Scan | None = None
) -> pa.Table:
    """The row of a file in raw.patent_files; without a scan, of one that was not read."""
    read = scan or Scan()
    return tables.PATENT_FILES.arrow(
        [
            {
                "week_start_date": file.week,
                "product": file.product,
                "publication_date": file.day,
                "file_name": file.name,
                "status": status,
                "byte_count": read.byte_count,
                "inflated_byte_count": read.inflated_byte_count,
                "document_count": read.document_count,
                "patent_count": len(read.patents),
                "duplicate_count": read.duplicate_count,
                "other_count": read.other_counts.total(),
                "quarantined_count": len(read.quarantined),
                "families_digest": file.families_digest,
                "scanned_at": now,
                "message": message,
            }
        ]
    )


def _patent_row(file: WeekFile, found: FoundPatent) -> dict[str, object]:
    patent = found.patent
    return {
        "week_start_date": file.week,
        "publication_number": patent.publication_number,
        "document_kind": patent.kind,
        "application_number": patent.application_number,
        "application_type": patent.application_type,
        "publication_date": patent.publication_date,
        "filing_date": patent.filing_date,
        "priority_date": patent.priority_date,
        "cpc_main": patent.cpc_main,
        "party_source": patent.party_source,
        "party_kinds": [each.kind for each in patent.parties],
        "party_countries": [each.country for each in patent.parties],
        "party_names": [each.name for each in patent.parties],
        "is_us_company": patent.is_us_company,
        "is_us_education": patent.is_us_education,
        "is_us": patent.is_us,
        "file_name": file.name or "",
        "document_number": found.document_number,
    }


def _mention_row(week: date, found: FoundMentions) -> dict[str, object]:
    first = found.first
    return {
        "week_start_date": week,
        "publication_number": found.publication_number,
        "section": str(first.section),
        "family": first.family,
        "alias": first.alias,
        "rule": first.rule,
        "role": str(first.role),
        "mention_count": found.count,
        "first_start": first.start,
        "first_stop": first.stop,
    }
