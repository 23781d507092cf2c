"""Reads OpenAlex's work documents: what of a work is kept, and why one is set aside.

Names of people and institutions are dropped here; of an affiliation, country and type remain.
"""

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import Any

from assets.papers.abstracts import MAX_WORDS, MalformedIndexError, rebuilt_abstract
from assets.papers.queries import last_day
from assets.storable_text import storable

MAX_TITLE = 1_000
MAX_ABSTRACT = 40_000
MAX_AFFILIATIONS = 300
MAX_REASON = 200
#: A list of works gives at most so many of a work's authors.
AUTHORS_LISTED = 100
NOWHERE, NO_TYPE = "ZZ", "unknown"
_WORK_ID = re.compile(r"W[1-9][0-9]{0,14}")
_COUNTRY = re.compile(r"[A-Z]{2}")
_WORD = re.compile(r"[a-z][a-z-]{0,39}")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


class MalformedWorkError(ValueError):
    """The document is no work that can be kept; the text names the field and what is wrong."""


@dataclass(frozen=True, slots=True)
class Work:
    """What is kept of a work; raw.papers says what each field is.

    `institution_countries` and `institution_types` belong together place by place: the distinct
    pairs of the work's affiliations, sorted.
    """

    work_id: str
    doi: str | None
    title: str | None
    abstract: str | None
    is_text_cut: bool
    publication_date: date
    work_type: str | None
    language: str | None
    institution_countries: tuple[str, ...]
    institution_types: tuple[str, ...]
    is_authorship_cut: bool
    source_updated_at: datetime | None

    @property
    def content(self) -> tuple[object, ...]:
        """All that a revision of the work may change; when OpenAlex touched it is not of it."""
        return tuple(value for name, value in asdict(self).items() if name != "source_updated_at")


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A document that could not be kept, by its id where it has one, and why."""

    work_id: str
    reason: str


def read_works(
    documents: Iterable[object], month: date | None = None
) -> tuple[list[Work], list[Quarantined]]:
    """The works of a page, and the documents set aside.

    Args:
        documents: as OpenAlex gives them.
        month: first day of the month that the works are to be of; None for any.
    """
    works: list[Work] = []
    quarantined: list[Quarantined] = []
    for document in documents:
        try:
            works.append(read_work(document, month))
        except (MalformedWorkError, MalformedIndexError) as error:
            quarantined.append(Quarantined(_shown_id(document), str(error)[:MAX_REASON]))
    return works, quarantined


def read_work(document: object, month: date | None = None) -> Work:
    """One work.

    Raises:
        MalformedWorkError: no id, no publication date, one outside the month, or authorships that
            are no list.
        MalformedIndexError: the abstract's index is none.
    """
    if not isinstance(document, dict):
        raise MalformedWorkError(f"the work is a {type(document).__name__}, no object")
    work_id = str(document.get("id") or "").rstrip("/").rsplit("/", 1)[-1]
    if not _WORK_ID.fullmatch(work_id):
        raise MalformedWorkError("id: no OpenAlex id of a work")
    published = _date(document.get("publication_date"))
    if month and not month <= published <= last_day(month):
        raise MalformedWorkError(f"publication_date: {published} is not of the month asked for")
    title, is_title_cut = _text(document.get("title"), MAX_TITLE)
    index = document.get("abstract_inverted_index")
    abstract, is_abstract_cut = _text(rebuilt_abstract(index), MAX_ABSTRACT)
    is_abstract_cut |= abstract is not None and _length(index) > MAX_WORDS
    authorships = document.get("authorships") or []
    if not isinstance(authorships, list):
        raise MalformedWorkError("authorships: no list")
    pairs = sorted(_affiliations(authorships))[:MAX_AFFILIATIONS]
    return Work(
        work_id=work_id,
        doi=_text(document.get("doi"), 300)[0],
        title=title,
        abstract=abstract,
        is_text_cut=is_title_cut or is_abstract_cut,
        publication_date=published,
        work_type=_code(document.get("type"), _WORD),
        language=_code(document.get("language"), _WORD),
        institution_countries=tuple(country for country, _ in pairs),
        institution_types=tuple(kind for _, kind in pairs),
        is_authorship_cut=len(authorships) >= AUTHORS_LISTED,
        source_updated_at=_moment(document.get("updated_date")),
    )


def _affiliations(authorships: list[Any]) -> set[tuple[str, str]]:
    """Distinct pairs of country and institution type over all authors."""
    pairs: set[tuple[str, str]] = set()
    for authorship in authorships:
        institutions = authorship.get("institutions") if isinstance(authorship, dict) else None
        for institution in institutions if isinstance(institutions, list) else []:
            if isinstance(institution, dict):
                country = _code(str(institution.get("country_code") or "").upper(), _COUNTRY)
                kind = _code(institution.get("type"), _WORD)
                pairs.add((country or NOWHERE, kind or NO_TYPE))
    return pairs


def _date(value: object) -> date:
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise MalformedWorkError(f"publication_date: {str(value)[:40]!r} is no date") from None


def _moment(value: object) -> datetime | None:
    """A time, as UTC where none is said; None for what is none: nothing rests on it."""
    try:
        moment = datetime.fromisoformat(str(value))
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _text(value: object, most: int) -> tuple[str | None, bool]:
    """A stranger's text, fit to be stored and bounded, and whether it was cut."""
    if not isinstance(value, str):
        return None, False
    # Lone surrogates cannot be stored.
    clean = _CONTROL.sub(" ", storable(value)).strip()
    return (clean[:most] or None), len(clean) > most


def _code(value: object, pattern: re.Pattern[str]) -> str | None:
    return value if isinstance(value, str) and pattern.fullmatch(value) else None


def _length(index: object) -> int:
    return sum(len(positions) for positions in index.values()) if isinstance(index, dict) else 0


def _shown_id(document: object) -> str:
    """The id of a document set aside, or as much of it as may be shown."""
    value = document.get("id") if isinstance(document, dict) else None
    text = _text(value, 60)[0] or "without id"
    return text.rstrip("/").rsplit("/", 1)[-1]
