"""Patents of the sandbox world by week, what each names, and what is true about all of them.

A week is a pure function of the world's seed and its Tuesday. Owners are invented; a patent names
a model only in a text written after the model's release.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Literal

import numpy as np

from sandbox.model_prose import Plant, Role
from sandbox.model_words import FAMILIES

Product = Literal["grants", "applications"]
OwnerKind = Literal["company", "education", "individual"]
PRODUCTS: tuple[Product, ...] = ("grants", "applications")
FIRST_WEEK = date(2022, 1, 4)
_COUNTS: dict[Product, int] = {"grants": 36, "applications": 44}
_DUE_DAYS: dict[Product, int] = {"grants": 0, "applications": 2}
#: Grants of a week whose application was published three weeks before: the same invention twice.
_TWICE, _TWICE_AFTER = 2, timedelta(days=21)
_NAMING_SHARE, _CITING_SHARE, _FRIENDS_SHARE, _CLAIMING_SHARE = 0.25, 0.1, 0.3, 0.2
#: Of the patents naming an open model, those that name one of Chinese origin, by owner's country.
CHINESE_SHARE = {"US": 0.02, "CN": 0.6}
_CHINESE_SHARE_ELSEWHERE = 0.1
_ROLES: tuple[Role, ...] = ("used", "used", "compared", "mentioned")


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose a patent is; persons have no name here."""

    name: str
    country: str
    kind: OwnerKind


#: Owners and how often they own: about 60 % of patents are American.
_OWNERS: tuple[tuple[Owner, float], ...] = (
    (Owner("Sandbox Computing, Inc.", "US", "company"), 0.18),
    (Owner("Sbx Cloud Services LLC", "US", "company"), 0.15),
    (Owner("Prairie Devices Corporation", "US", "company"), 0.12),
    (Owner("The Regents of the University of Sandbox", "US", "education"), 0.06),
    (Owner("Sandbox Institute of Technology", "US", "education"), 0.04),
    (Owner("Saint Sandbox College", "US", "education"), 0.02),
    (Owner("", "US", "individual"), 0.04),
    (Owner("Shahe Network Technology Co., Ltd.", "CN", "company"), 0.10),
    (Owner("Shahe University", "CN", "education"), 0.03),
    (Owner("Sunaba Denki Kabushiki Kaisha", "JP", "company"), 0.11),
    (Owner("Moraebat Electronics Co., Ltd.", "KR", "company"), 0.07),
    (Owner("Sandkasten GmbH", "DE", "company"), 0.05),
    (Owner("", "GB", "individual"), 0.03),
)


@dataclass(frozen=True, slots=True)
class PatentRecord:
    """A published document.

    Attributes:
        product: Which file it is in.
        number: Publication number without country and kind code.
        application_number: What a grant shares with the application that it comes of.
        publication_date: Day of issue.
        filing_date: Day of filing.
        priority_date: Earliest filing that it claims, or its own.
        owner: Whose it is.
        is_assigned: Whether it names an assignee; else its owner is its applicant alone.
        described: Families that the description names, in no cited role.
        claimed: Families that the claims name.
        cited: Families in the literature cited, which name nothing.
        false_friends: Sentences with a name in another meaning.
        seed: Of its text.
    """

    product: Product
    number: str
    application_number: str
    publication_date: date
    filing_date: date
    priority_date: date
    owner: Owner
    is_assigned: bool
    described: tuple[Plant, ...]
    claimed: tuple[Plant, ...]
    cited: tuple[str, ...]
    false_friends: int
    seed: int

    @property
    def kind_code(self) -> str:
        """B2 for grants, A1 for applications."""
        return "B2" if self.product == "grants" else "A1"

    @property
    def publication_number(self) -> str:
        """Country, number and kind code."""
        return f"US{self.number}{self.kind_code}"

    @property
    def named(self) -> frozenset[str]:
        """Families that it names."""
        return frozenset(plant.family for plant in (*self.described, *self.claimed))


def due_day(week: date, product: Product) -> date:
    """Day on which a week's file of a product is published; `week` is its Tuesday."""
    return week + timedelta(days=_DUE_DAYS[product])


@lru_cache(maxsize=512)
def records(seed: int, week: date, product: Product) -> tuple[PatentRecord, ...]:
    """The documents of a week's file, by number.

    Raises:
        ValueError: the week begins on another day than Tuesday.
    """
    if week.isoweekday() != 2:
        raise ValueError(f"{week} is no Tuesday")
    ordinal = (week - FIRST_WEEK).days // 7
    rng = np.random.default_rng([seed, 20_241_015, ordinal + 1_000, PRODUCTS.index(product)])
    day = due_day(week, product)
    count = _COUNTS[product]
    made = [_record(rng, product, day, ordinal * count + place) for place in range(count)]
    if product == "grants":
        earlier = records(seed, week - _TWICE_AFTER, "applications")[:_TWICE]
        made[:_TWICE] = [
            _granted(made[place], application) for place, application in enumerate(earlier)
        ]
    return tuple(made)


def cohort_truth(
    found: Iterable[PatentRecord],
) -> dict[tuple[str, date, str, str], tuple[int, int, int]]:
    """What the cohorts of these documents are.

    Returns:
        By basis, month, document kind and user kind: inventions, those naming an open model, and
        those naming an open model of Chinese origin. Cells without inventions are left out.
    """
    inventions: dict[tuple[str, str], list[PatentRecord]] = {}
    for record in found:
        kind = "grant" if record.product == "grants" else "application"
        for each in (kind, "any"):
            inventions.setdefault((each, record.application_number), []).append(record)
    counts: dict[tuple[str, date, str, str], Counter[str]] = {}
    for (kind, _), documents in inventions.items():
        named = [FAMILIES[slug] for each in documents for slug in each.named]
        months = {
            "filing": min(each.filing_date for each in documents),
            "publication": min(each.publication_date for each in documents),
        }
        for basis, day in months.items():
            for user_kind in {user for each in documents for user in _user_kinds(each.owner)}:
                cell = counts.setdefault((basis, day.replace(day=1), kind, user_kind), Counter())
                cell["all"] += 1
                cell["open"] += any(family.is_open for family in named)
                cell["chinese"] += any(f.is_open and f.country == "CN" for f in named)
    return {key: (cell["all"], cell["open"], cell["chinese"]) for key, cell in counts.items()}


def _user_kinds(owner: Owner) -> tuple[str, ...]:
    if owner.country != "US":
        return ("all",)
    return ("all", "us_all", *([f"us_{owner.kind}"] if owner.kind != "individual" else []))


def _record(rng: np.random.Generator, product: Product, day: date, place: int) -> PatentRecord:
    shares = np.array([share for _, share in _OWNERS])
    owner = _OWNERS[int(rng.choice(len(_OWNERS), p=shares / shares.sum()))][0]
    if product == "grants":
        filing = day - timedelta(days=int(rng.integers(730, 1_096)))
        priority = filing
        number, application = f"{12_100_000 + place}", f"17{600_000 + place % 400_000:06d}"
    else:
        priority = day - timedelta(days=int(rng.integers(535, 555)))
        filing = priority
        number = f"{day.year}{300_000 + place % 700_000:07d}"
        application = f"18{100_000 + place % 900_000:06d}"
    if rng.random() < 0.2:
        filing = priority + timedelta(days=int(rng.integers(150, 365)))
    described, claimed = _plants(rng, owner, filing)
    return PatentRecord(
        product=product,
        number=number,
        application_number=application,
        publication_date=day,
        filing_date=filing,
        priority_date=priority,
        owner=owner,
        is_assigned=owner.kind != "individual" and bool(rng.random() < 0.75),
        described=described,
        claimed=claimed,
        cited=_drawn(rng, filing, is_chinese=bool(rng.random() < 0.5), count=1)
        if rng.random() < _CITING_SHARE
        else (),
        false_friends=int(rng.integers(1, 4)) if rng.random() < _FRIENDS_SHARE else 0,
        seed=int(rng.integers(1 << 31)),
    )


def _plants(
    rng: np.random.Generator, owner: Owner, on: date
) -> tuple[tuple[Plant, ...], tuple[Plant, ...]]:
    if rng.random() >= _NAMING_SHARE:
        return (), ()
    share = CHINESE_SHARE.get(owner.country, _CHINESE_SHARE_ELSEWHERE)
    slugs = _drawn(rng, on, is_chinese=False, count=int(rng.integers(1, 3)))
    if rng.random() < share:
        slugs = (*_drawn(rng, on, is_chinese=True, count=1), *slugs[1:])
    described = tuple(Plant(slug, _ROLES[int(rng.integers(len(_ROLES)))]) for slug in slugs)
    claimed = tuple(Plant(slug) for slug in slugs) if rng.random() < _CLAIMING_SHARE else ()
    return described, claimed


def _drawn(rng: np.random.Generator, on: date, *, is_chinese: bool, count: int) -> tuple[str, ...]:
    """Families released by a day, of one origin; fewer where fewer were."""
    known = [
        slug
        for slug, family in FAMILIES.items()
        if family.released <= on and family.is_open and (family.country == "CN") == is_chinese
    ]
    order = rng.permutation(len(known))[:count]
    return tuple(known[int(place)] for place in order)


def _granted(grant: PatentRecord, application: PatentRecord) -> PatentRecord:
    """The grant that comes of an application: the same text and owner under a new number."""
    return PatentRecord(
        product="grants",
        number=grant.number,
        application_number=application.application_number,
        publication_date=grant.publication_date,
        filing_date=application.filing_date,
        priority_date=application.priority_date,
        owner=application.owner,
        is_assigned=True,
        described=application.described,
        claimed=application.claimed,
        cited=application.cited,
        false_friends=application.false_friends,
        seed=application.seed,
    )
