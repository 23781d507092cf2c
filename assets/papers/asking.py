"""Asks OpenAlex for one month: every page of every query, each kept before the next one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from assets.papers.queries import MonthPlan
from assets.papers.spool import KeptGroups, KeptPage, MonthSpool
from assets.papers.works import Quarantined, Work, read_works

#: A query that finds more is no search for names: 200 pages are a fifth of a day's credit.
MOST_PAGES = 200
_COUNTRY = "authorships.institutions.country_code"
_TYPE = "authorships.institutions.type"
_FIRST_CURSOR = "*"
_CODE_LENGTH = 2
#: User kinds of U.S. institutions by OpenAlex's type.
US_KINDS = {"company": "us_company", "education": "us_education"}


class TooManyWorksError(ValueError):
    """A query finds more works than names can explain; the text says which and what to do."""


class Page(Protocol):
    """A page of works; resources.openalex says what each is."""

    @property
    def documents(self) -> tuple[object, ...]:
        """As OpenAlex gives them."""

    @property
    def total(self) -> int:
        """Works that the query finds."""

    @property
    def next_cursor(self) -> str | None:
        """Of the next page."""


class Groups(Protocol):
    """Counts of works."""

    @property
    def total(self) -> int:
        """Works that the filters find."""

    @property
    def by_key(self) -> Mapping[str, int]:
        """Works by group."""


class WorksSource(Protocol):
    """Where works come from."""

    def works(self, *, filters: str, search: str, cursor: str) -> Page:
        """A page of the works that a query finds."""

    def groups(self, *, filters: str, by: str) -> Groups:
        """Works by a property of theirs."""


@dataclass(frozen=True, slots=True)
class FieldCount:
    """All works of a month in the fields searched, of a user kind and country (None: any)."""

    user_kind: str
    country_iso2: str | None
    work_count: int


@dataclass(frozen=True, slots=True)
class Asked:
    """What an asking gave.

    Attributes:
        asked_at: when it began.
        works: each once, by id.
        stated_count: works that OpenAlex said the queries find; one found by two counts twice.
        returned_count: documents that the pages held.
    """

    asked_at: datetime
    works: tuple[Work, ...]
    quarantined: tuple[Quarantined, ...]
    counts: tuple[FieldCount, ...]
    stated_count: int
    returned_count: int


def ask_month(
    source: WorksSource,
    plan: MonthPlan,
    spool: MonthSpool,
    now: datetime,
    on_page: Callable[[int], None] = lambda _count: None,
) -> Asked:
    """Ask for what the spool does not hold yet, and give all of it.

    Whatever the source raises ends the asking; the pages got so far stay in the spool.

    Args:
        source: asks OpenAlex.
        plan: what to ask.
        spool: of the month.
        now: UTC.
        on_page: is told how many pages of a query are there.

    Raises:
        TooManyWorksError: a query finds more than 20,000 works.
    """
    asked_at = spool.begin(plan.digest, now)
    pages: list[KeptPage] = []
    stated = 0
    for number, query in enumerate(plan.queries):
        answered = _query_pages(source, plan, number, query, spool, on_page)
        stated += answered[0].total
        pages += answered
    counts = field_counts(source, plan.filters, spool)
    works = {work.work_id: work for page in reversed(pages) for work in page.works}
    quarantined = dict.fromkeys(each for page in pages for each in page.quarantined)
    return Asked(
        asked_at,
        tuple(works[work_id] for work_id in sorted(works)),
        tuple(each for each in quarantined if each.work_id not in works),
        tuple(counts),
        stated,
        sum(page.document_count for page in pages),
    )


def _query_pages(
    source: WorksSource,
    plan: MonthPlan,
    number: int,
    query: str,
    spool: MonthSpool,
    on_page: Callable[[int], None],
) -> list[KeptPage]:
    """All pages of one query, those in the spool first."""
    pages = spool.pages(number)
    while not pages or pages[-1].next_cursor:
        if len(pages) >= MOST_PAGES:
            raise TooManyWorksError(
                f"{plan.month:%Y-%m}: query {number + 1} of {len(plan.queries)} finds "
                f"{pages[0].total} works, more than names explain; it begins {query[:80]!r}. List "
                "the alias that means other things too in assets/reference/ambiguous_aliases.csv"
            )
        cursor = (pages[-1].next_cursor if pages else None) or _FIRST_CURSOR
        got = source.works(filters=plan.filters, search=query, cursor=cursor)
        works, quarantined = read_works(got.documents, plan.month)
        page = KeptPage(
            tuple(works), tuple(quarantined), got.total, len(got.documents), got.next_cursor
        )
        spool.add_page(number, len(pages), page)
        pages.append(page)
        on_page(len(pages))
    return pages


def field_counts(source: WorksSource, filters: str, spool: MonthSpool) -> list[FieldCount]:
    """All works in the fields searched, by user kind and country: two calls."""
    countries = _groups(source, spool, "countries", filters, _COUNTRY)
    us_types = _groups(source, spool, "us-types", f"{filters},{_COUNTRY}:us", _TYPE)
    by_country = {
        key.upper(): count
        for key, count in sorted(countries.by_key.items())
        if len(key) == _CODE_LENGTH and key.isalpha()
    }
    return [
        FieldCount("all", None, countries.total),
        FieldCount("us_all", "US", us_types.total),
        *(FieldCount(kind, "US", us_types.by_key.get(name, 0)) for name, kind in US_KINDS.items()),
        *(FieldCount("country", code, count) for code, count in by_country.items()),
    ]


def _groups(source: WorksSource, spool: MonthSpool, name: str, filters: str, by: str) -> KeptGroups:
    kept = spool.groups(name)
    if kept is None:
        got = source.groups(filters=filters, by=by)
        kept = KeptGroups(got.total, dict(got.by_key))
        spool.add_groups(name, kept)
    return kept
