"""Records of a patent document: what it is, when, whose, and which parts of it are text."""

import datetime as dt
from dataclasses import dataclass
from typing import Literal

Kind = Literal["grant", "application"]
PartyKind = Literal["company", "education", "government", "individual"]


class MalformedDocumentError(ValueError):
    """A document is no well-formed XML, or lacks what every patent has; the text says what."""


@dataclass(frozen=True, slots=True)
class Party:
    """An owner of the patent.

    Attributes:
        kind: `individual` for persons; organisations by the rules of `assignees`.
        country: ISO 3166-1 alpha-2 of the address; None where none is stated or it is no code.
        name: The organisation's, as stated; None for persons, whose names are never read.
    """

    kind: PartyKind
    country: str | None
    name: str | None


@dataclass(frozen=True, slots=True)
class Patent:
    """A published document.

    Attributes:
        kind: Grant, or publication of an application.
        publication_number: Country, number and kind code: `US11646472B2`.
        application_number: Series code and number: what a grant and its application share.
        application_type: `utility`, `design`, `plant`, `reissue` …
        publication_date: Day of issue.
        filing_date: Day on which this application was filed.
        priority_date: Earliest filing that it claims, or its own.
        cpc_main: First classification, `H01M50/46`; None where there is none (designs).
        parties: Its assignees; its applicants where it names no assignee.
        party_source: Which of the two they are; `none` where there is neither.
    """

    kind: Kind
    publication_number: str
    application_number: str
    application_type: str
    publication_date: dt.date
    filing_date: dt.date
    priority_date: dt.date
    cpc_main: str | None
    parties: tuple[Party, ...]
    party_source: Literal["assignee", "applicant", "none"]

    @property
    def is_us_company(self) -> bool:
        """Whether a company of the United States owns it."""
        return any(each.country == "US" and each.kind == "company" for each in self.parties)

    @property
    def is_us_education(self) -> bool:
        """Whether a university or school of the United States owns it."""
        return any(each.country == "US" and each.kind == "education" for each in self.parties)

    @property
    def is_us(self) -> bool:
        """Whether anybody of the United States owns it, persons included."""
        return any(each.country == "US" for each in self.parties)
