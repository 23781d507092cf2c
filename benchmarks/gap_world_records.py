"""Worlds of works and patents as the parsers give them, through the platform's own tables.

Planted are works with affiliations and inventions with owners, the latter as an application, as a
grant or as both, in a month of filing that is complete and in one that is censored. Their texts go
through the matcher to core.paper_mentions and core.patent_mentions, and the platform's SQL makes
mart.diffusion_papers, mart.patents and mart.visibility_gap of them in a warehouse.
"""

import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from assets.declare import prepare
from assets.engagement.tables import ENGAGEMENT
from assets.hub.tables import DIFFUSION_HUB
from assets.papers.diffusion import diffusion_papers
from assets.papers.mentions import paper_mentions
from assets.papers.revisions import is_final, revised
from assets.papers.tables import DIFFUSION_PAPERS, PAPER_ASKINGS, PAPER_FIELD_COUNTS
from assets.papers.works import Work
from assets.patents import tables as patents_tables
from assets.patents.assignees import Stated, parties
from assets.patents.cohorts import COUNTED, FILED, NAMED, cohort_rows
from assets.patents.record import Kind, Patent
from assets.patents.rows import WeekFile, file_rows, outcome_row
from assets.patents.scan import FoundPatent, Scan, mentions_in
from assets.patents.weeks import PRODUCTS, TUESDAY, Product, due_day
from assets.visibility.assets import gap_of
from benchmarks.gap_world_texts import Sections, families, matcher, paper, patent, plants
from resources.warehouse import Warehouse

COMPLETE_MONTH, CENSORED_MONTH = date(2023, 5, 1), date(2023, 9, 1)
USER_KINDS = ("us_company", "us_education", "us_all", "all")
_FIRST_WEEK, _LAST_WEEK = date(2023, 5, 2), date(2024, 12, 10)
_READ_THROUGH = date(2024, 12, 12)
_ASKED_AT = datetime(2024, 12, 17, tzinfo=UTC)
_NAMING_NONE = 0.5  # works and inventions that name no model, to each that names one
_CENSORED_PART = 0.3  # inventions of the censored month, to each of the complete one
_EARLIER_PRIORITY, _GRANT_TOO, _GRANT_ONLY = 0.2, 0.35, 0.08
_NAMED_IN_THE_GRANT_ALONE = 0.1  # of inventions that are both
_EIGHTEEN_MONTHS = timedelta(days=549)
#: How often, where its institutions are and of which type, and whose share of Chinese models.
_WRITERS: tuple[tuple[float, tuple[tuple[str, str], ...], str], ...] = (
    (0.30, (("US", "company"),), "company"),
    (0.08, (("US", "company"), ("US", "education")), "company"),
    (0.20, (("US", "education"),), "school"),
    # A German company beside an American university is no American company.
    (0.05, (("DE", "company"), ("US", "education")), "school"),
    (0.05, (("US", "government"),), "school"),
    (0.22, (("CN", "education"),), "abroad"),
    (0.10, (), "abroad"),
)
_COMPANY, _SCHOOL = "Sandbox Computing, Inc.", "The Regents of the University of Sandbox"
#: How often, whose, and whether anybody of the United States is among them.
_OWNERS: tuple[tuple[float, tuple[Stated, ...], bool], ...] = (
    (0.36, (Stated(_COMPANY, "02", "US"),), True),
    (0.05, (Stated(_COMPANY, "02", "US"), Stated(_SCHOOL, "02", "US")), True),
    (0.05, (Stated(_COMPANY, "02", "US"), Stated("Sunaba Denki K.K.", "03", "JP")), True),
    (0.14, (Stated(_SCHOOL, "02", "US"),), True),
    (0.10, (Stated("", "04", "US"),), True),
    (0.18, (Stated("Shahe Network Technology Co., Ltd.", "03", "CN"),), False),
    (0.12, (Stated("Moraebat University", "03", "KR"),), False),
)
_ABROAD = 0.6  # share of Chinese models abroad: who is counted for an American moves the gap


@dataclass(frozen=True, slots=True)
class RecordSetting:
    """Chances that what names an open model names a Chinese one, and how many are planted.

    Attributes:
        company_share: of works of U.S. companies.
        school_share: of other works of the United States.
        patent_share: of inventions owned by anybody of the United States.
        works: that name an open model, a month.
        inventions: that name an open model, in the complete month.
    """

    company_share: float
    school_share: float
    patent_share: float
    works: int
    inventions: int

    def planted_gap(self, user_kind: str) -> float:
        """The gap of a user kind, percentage points."""
        use = [
            (weight, self.use_shares[whose])
            for weight, institutions, whose in _WRITERS
            if _is_of(user_kind, institutions)
        ]
        patents = [
            (weight, self.patent_share if is_us else _ABROAD)
            for weight, owners, is_us in _OWNERS
            if _owns(user_kind, owners)
        ]
        return 100.0 * (_weighted_mean(use) - _weighted_mean(patents))

    @property
    def use_shares(self) -> Mapping[str, float]:
        """Chances by whose works they are, as `_WRITERS` says it."""
        return {
            "company": self.company_share, "school": self.school_share, "abroad": _ABROAD
        }  # fmt: skip


RECORD_SETTINGS = (
    RecordSetting(0.35, 0.40, 0.02, 320, 200),
    RecordSetting(0.45, 0.30, 0.10, 260, 240),
    RecordSetting(0.30, 0.35, 0.00, 240, 140),
)


@dataclass(frozen=True, slots=True)
class Invention:
    """What is planted: an application number, its owners, and the documents that are public."""

    application_number: str
    filed: date
    owners: tuple[Stated, ...]
    documents: tuple[tuple[Kind, date, Sections], ...]


@dataclass(frozen=True, slots=True)
class RecordFound:
    """A world's gaps of the complete cohort, by user kind: rows of mart.visibility_gap."""

    gaps: Mapping[str, Mapping[str, Any]]


def record_world(seed: int, setting: RecordSetting) -> RecordFound:
    """Plant a world and read it as the platform does.

    Raises:
        RuntimeError: an invention is counted more or less than once, or a cohort's status is not
            what its month says.
    """
    rng = np.random.default_rng([seed, 6])
    works = {month: _works(rng, setting, month) for month in (COMPLETE_MONTH, CENSORED_MONTH)}
    inventions = [
        *_inventions(rng, setting, COMPLETE_MONTH, setting.inventions),
        *_inventions(rng, setting, CENSORED_MONTH, round(_CENSORED_PART * setting.inventions)),
    ]
    cohorts, files = _patent_tables(inventions)
    with tempfile.TemporaryDirectory() as folder:
        house = Warehouse(str(Path(folder) / "warehouse.duckdb"))
        prepare(house, DIFFUSION_PAPERS, DIFFUSION_HUB, ENGAGEMENT, patents_tables.PATENT_COHORTS)
        house.replace_all(DIFFUSION_PAPERS.qualified, _diffusion(works))
        house.replace_all(patents_tables.PATENT_COHORTS.qualified, cohorts)
        gaps = gap_of(house, files.select(list(FILED)).to_pylist()).to_pylist()
    require_once(inventions, cohorts)
    filed = [row for row in gaps if row["basis"] == "filing" and row["lag_months"] == 0]
    require_statuses(filed)
    return RecordFound(
        {row["user_kind"]: row for row in filed if row["cohort_month"] == COMPLETE_MONTH}
    )


def _works(rng: np.random.Generator, setting: RecordSetting, month: date) -> list[Work]:
    """A month's works: those that name an open model, then those that name none."""
    shares = setting.use_shares
    chances = np.array([weight for weight, *_ in _WRITERS])
    made = []
    for number in range(round(setting.works * (1 + _NAMING_NONE))):
        _, institutions, whose = _WRITERS[int(rng.choice(len(_WRITERS), p=chances))]
        is_chinese = bool(rng.random() < shares[whose])
        named = plants(rng, is_chinese=is_chinese) if number < setting.works else []
        text = list(paper(rng, named).values())
        made.append(
            Work(
                work_id=f"W{month:%y%m}{number:05d}",
                doi=None,
                title=text[0],
                abstract=text[1],
                is_text_cut=False,
                publication_date=month + timedelta(days=int(rng.integers(28))),
                work_type="article",
                language="en",
                institution_countries=tuple(country for country, _ in sorted(institutions)),
                institution_types=tuple(kind for _, kind in sorted(institutions)),
                is_authorship_cut=False,
                source_updated_at=None,
            )
        )
    return made


def _inventions(
    rng: np.random.Generator, setting: RecordSetting, month: date, naming: int
) -> Iterator[Invention]:
    """Inventions filed in a month of which anything is public yet."""
    chances = np.array([weight for weight, *_ in _OWNERS])
    for number in range(round(naming * (1 + _NAMING_NONE))):
        _, owners, is_us = _OWNERS[int(rng.choice(len(_OWNERS), p=chances))]
        is_chinese = bool(rng.random() < (setting.patent_share if is_us else _ABROAD))
        named = plants(rng, is_chinese=is_chinese) if number < naming else []
        filed = month + timedelta(days=int(rng.integers(28)))
        text = patent(rng, named)
        days = list(_days(rng, filed))
        is_late = len(days) > 1 and rng.random() < _NAMED_IN_THE_GRANT_ALONE
        documents = tuple(
            (kind, day, patent(rng, []) if is_late and kind == "application" else text)
            for kind, day in days
            if day <= _READ_THROUGH
        )
        # What is late and has its grant not public yet would be planted and not there.
        if documents and (not is_late or len(documents) > 1):
            yield Invention(f"18{month:%y%m}{number:04d}", filed, owners, documents)


def _days(rng: np.random.Generator, filed: date) -> Iterator[tuple[Kind, date]]:
    """Kind and day of an invention's documents, public by now or not."""
    draw = rng.random()
    grant = filed + timedelta(days=int(rng.integers(300, 550)))
    if draw >= _GRANT_ONLY:
        earlier = int(rng.integers(150, 365)) if rng.random() < _EARLIER_PRIORITY else 0
        yield "application", _next(filed + _EIGHTEEN_MONTHS - timedelta(days=earlier), TUESDAY + 2)
    if draw < _GRANT_ONLY + _GRANT_TOO:
        yield "grant", _next(grant, TUESDAY)


def _next(day: date, weekday: int) -> date:
    """The day itself or the next that is the ISO weekday."""
    return day + timedelta(days=(weekday - day.isoweekday()) % 7)


def _diffusion(works: Mapping[date, Sequence[Work]]) -> pa.Table:
    """mart.diffusion_papers of the planted works."""
    papers = pa.concat_tables(
        revised(None, of_month, month, _ASKED_AT)[0] for month, of_month in works.items()
    )
    askings = [
        {"month_date": month, "asked_at": _ASKED_AT, "is_final": is_final(month, _ASKED_AT)}
        for month in works
    ]
    schema = pa.schema([PAPER_ASKINGS.arrow_schema.field(name) for name in askings[0]])
    tables = {
        "papers": papers,
        "mentions": paper_mentions(papers, matcher()),
        "counts": PAPER_FIELD_COUNTS.arrow_schema.empty_table(),
        "askings": pa.Table.from_pylist(askings, schema),
        "families": _origins(),
    }
    return DIFFUSION_PAPERS.conform(diffusion_papers(tables, list(works)))


def _patent_tables(inventions: Sequence[Invention]) -> tuple[pa.Table, pa.Table]:
    """mart.patents of the planted inventions, and raw.patent_files of every week read whole."""
    scans: dict[tuple[date, Product], Scan] = defaultdict(Scan)
    number = 0
    for invention in inventions:
        for kind, day, text in invention.documents:
            number += 1
            product: Product = "grants" if kind == "grant" else "applications"
            scan = scans[_week_of(day), product]
            document = _document(invention, kind, day, number)
            scan.patents.append(FoundPatent(len(scan.patents) + 1, document))
            scan.mentions += mentions_in(document.publication_number, text.items(), matcher())
    weeks = [
        _FIRST_WEEK + timedelta(days=7 * n) for n in range((_LAST_WEEK - _FIRST_WEEK).days // 7 + 1)
    ]
    files = {
        (week, product): WeekFile(week, product, due_day(week, product), "planted.zip", "planted")
        for week in weeks
        for product in PRODUCTS
    }
    outcomes = [
        outcome_row(file, "complete", _ASKED_AT, scan=scans.get(key)) for key, file in files.items()
    ]
    rows = [file_rows(files[key], scan) for key, scan in scans.items()]
    read = pa.concat_tables(outcomes)
    cohorts = cohort_rows(
        pa.concat_tables(each.patents for each in rows).select(list(COUNTED)),
        pa.concat_tables(each.mentions for each in rows).select(list(NAMED)),
        read.select(list(FILED)),
        _origins(),
    )
    return cohorts, read


def _week_of(day: date) -> date:
    return day - timedelta(days=(day.isoweekday() - TUESDAY) % 7)


def _document(invention: Invention, kind: Kind, day: date, number: int) -> Patent:
    return Patent(
        kind=kind,
        publication_number=f"US{number:08d}{'B2' if kind == 'grant' else 'A1'}",
        application_number=invention.application_number,
        application_type="utility",
        publication_date=day,
        filing_date=invention.filed,
        priority_date=invention.filed,
        cpc_main=None,
        # An application names its applicants, a grant its assignees.
        parties=parties(*((invention.owners, ()) if kind == "grant" else ((), invention.owners))),
        party_source="assignee" if kind == "grant" else "applicant",
    )


def _origins() -> pa.Table:
    """family, country_iso2 and is_open of core.model_families."""
    names = ("family", "country_iso2", "is_open")
    return pa.table({name: [getattr(each, name) for each in families()] for name in names})


def _weighted_mean(pairs: Sequence[tuple[float, float]]) -> float:
    return sum(weight * share for weight, share in pairs) / sum(weight for weight, _ in pairs)


def _is_of(user_kind: str, institutions: Sequence[tuple[str, str]]) -> bool:
    """Whether a work of these institutions counts for a user kind, by what is planted."""
    if user_kind == "all":
        return True
    if user_kind == "us_all":
        return any(country == "US" for country, _ in institutions)
    return ("US", user_kind.removeprefix("us_")) in institutions


def _owns(user_kind: str, owners: Sequence[Stated]) -> bool:
    """Whether an invention of these owners counts for a user kind, by what is planted."""
    of_us = [each.organisation for each in owners if each.country == "US"]
    wanted = {"us_company": _COMPANY, "us_education": _SCHOOL}
    if user_kind in wanted:
        return wanted[user_kind] in of_us
    return user_kind == "all" or bool(of_us)


def require_once(inventions: Sequence[Invention], cohorts: pa.Table) -> None:
    """Hold mart.patents to one count an invention, in its month of filing and of each kind.

    Raises:
        RuntimeError: names the month and kind whose count is another.
    """
    found = {
        (row["cohort_month"], row["user_kind"]): row["patent_count"]
        for row in cohorts.to_pylist()
        if row["basis"] == "filing" and row["document_kind"] == "any"
    }
    for (month, kind), count in found.items():
        planted = sum(
            each.filed.replace(day=1) == month and _owns(kind, each.owners) for each in inventions
        )
        if count != planted:
            raise RuntimeError(f"{month:%Y-%m} {kind}: {count} inventions of {planted} planted")


def require_statuses(filed: Sequence[Mapping[str, Any]]) -> None:
    """Hold mart.visibility_gap to one complete cohort and one censored one of each user kind.

    Raises:
        RuntimeError: gives the statuses found.
    """
    statuses = {(row["cohort_month"], row["user_kind"]): row["status"] for row in filed}
    expected = {
        (month, kind): status
        for month, status in ((COMPLETE_MONTH, "complete"), (CENSORED_MONTH, "censored"))
        for kind in USER_KINDS
    }
    if statuses != expected or len(filed) != len(expected):
        raise RuntimeError(f"cohorts and their statuses are {statuses}")
