"""Papers of the synthetic world: what they name, who wrote them, and when the catalogue has them.

Months 2022-05 to 2024-11. Works naming an open model grow from 24 to 144 a month. Of U.S.
companies' works naming one, 35 % name one of Chinese origin from mid 2023 on, of all about 45 %;
before that the shares rise from half of this.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property, lru_cache
from typing import NamedTuple

import numpy as np

from sandbox.model_prose import Abstract, Plant, Role, abstract
from sandbox.model_words import FAMILIES

FIRST_MONTH, LAST_MONTH = date(2022, 5, 1), date(2024, 11, 1)
#: OpenAlex's numbers of fields of study: those of most works, and one that no search here wants.
_FIELDS = (17, 17, 17, 17, 27, 22, 33)
AGRICULTURE = 11
_TYPES = ("article", "article", "article", "preprint", "preprint", "book-chapter")
_FIRST_ID = 4_900_000_000
_NAMED_FIRST, _NAMED_MORE = 24, 4
_OTHERS_SHARE = 0.25
_FULL_SINCE = 13  # months after the first
_COUNTRIES = ("DE", "GB", "FR", "IN", "JP", "KR", "CA", "SG", "BR", "AU")
#: Malformed inverted indexes, by the way they are malformed.
INDEX_FAULTS = ("list", "negative", "text", "twice")


class Affiliation(NamedTuple):
    """An institution of a work: its country and OpenAlex's type of it."""

    country: str
    kind: str


class Writers(NamedTuple):
    """A kind of author teams: how often, from where, and how often they name a Chinese model."""

    weight: float
    affiliations: tuple[Affiliation, ...]
    cn_share: float


_US_COMPANY, _US_SCHOOL = Affiliation("US", "company"), Affiliation("US", "education")
_WRITERS = (
    Writers(0.11, (_US_COMPANY,), 0.35),
    Writers(0.04, (_US_COMPANY, _US_SCHOOL), 0.35),
    Writers(0.22, (_US_SCHOOL,), 0.38),
    Writers(0.03, (Affiliation("US", "government"),), 0.36),
    # An American university beside a German company makes no American company.
    Writers(0.02, (_US_SCHOOL, Affiliation("DE", "company")), 0.38),
    Writers(0.17, (Affiliation("CN", "education"),), 0.72),
    Writers(0.06, (Affiliation("CN", "company"),), 0.72),
    *(
        Writers(0.02, (Affiliation(code, "education"),), 0.42)
        for code in _COUNTRIES
    ),
    Writers(0.04, (Affiliation("GB", "company"),), 0.42),
    Writers(0.03, (Affiliation("", "nonprofit"),), 0.42),
    Writers(0.08, (), 0.42),
)  # fmt: skip
USER_KINDS = ("us_company", "us_education", "us_all", "all")


@dataclass(frozen=True, slots=True)
class PlantedWork:
    """A work, and what is true about it.

    Attributes:
        plants: families that its title or abstract names, and how.
        affiliations: in the end; before `revised_at` it has none.
        seen_from: when the catalogue has it.
        revised_at: when its affiliations come; None where they were there at once.
        gone_from: when it is merged into another; None for never.
        field: OpenAlex's number of its field of study.
        index_fault: one of INDEX_FAULTS, or empty.
    """

    work_id: str
    published: date
    text: Abstract
    has_abstract: bool
    plants: tuple[Plant, ...]
    affiliations: tuple[Affiliation, ...]
    field: int
    work_type: str
    seen_from: datetime
    revised_at: datetime | None
    gone_from: datetime | None
    index_fault: str

    def is_there(self, now: datetime) -> bool:
        """Whether the catalogue has it."""
        return self.seen_from <= now and (self.gone_from is None or now < self.gone_from)

    def affiliations_at(self, now: datetime) -> tuple[Affiliation, ...]:
        """Its affiliations as the catalogue knows them."""
        return () if self.revised_at and now < self.revised_at else self.affiliations

    def is_of(self, user_kind: str, now: datetime) -> bool:
        """Whether it counts for a user kind, or for a country by its code."""
        known = self.affiliations_at(now)
        if user_kind == "all":
            return True
        if user_kind in ("us_company", "us_education"):
            return Affiliation("US", user_kind.removeprefix("us_")) in known
        country = "US" if user_kind == "us_all" else user_kind
        return any(each.country == country for each in known)

    def names(self, country: str | None = None, roles: Sequence[Role] = ()) -> bool:
        """Whether it names an open model, of a country's where one is given, in a given role.

        Without roles: it uses, compares or mentions one. A citation names nothing.
        """
        wanted = roles or ("used", "compared", "mentioned")
        return any(
            FAMILIES[plant.family].is_open
            and plant.role in wanted
            and country in (None, FAMILIES[plant.family].country)
            for plant in self.plants
        )

    @property
    def is_searched(self) -> bool:
        """Whether it is of a field and type that papers are searched in."""
        return self.field != AGRICULTURE and self.work_type != "dataset"

    @property
    def is_kept(self) -> bool:
        """Whether a careful reader can keep it: searched, and not malformed."""
        return self.is_searched and not self.index_fault


class PaperWorld:
    """All papers of a seed; a month is made when it is first asked for."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self.works_of = lru_cache(maxsize=64)(self._works_of)

    @cached_property
    def months(self) -> tuple[date, ...]:
        """First days of the months that have papers."""
        months = [FIRST_MONTH]
        while months[-1] < LAST_MONTH:
            months.append((months[-1] + timedelta(days=31)).replace(day=1))
        return tuple(months)

    @cached_property
    def by_id(self) -> dict[str, PlantedWork]:
        """Every work by its id."""
        return {work.work_id: work for month in self.months for work in self.works_of(month)}

    def truth(
        self,
        month: date,
        user_kind: str,
        now: datetime,
        roles: Sequence[Role] = (),
    ) -> tuple[int, int]:
        """Works that name a Chinese-origin open model, and works that name any open one.

        Args:
            month: first day.
            user_kind: us_company, us_education, us_all, all, or the code of a country.
            now: as the catalogue is then.
            roles: as `PlantedWork.names` has them.
        """
        works = [
            work
            for work in self.works_of(month)
            if work.is_kept and work.is_there(now) and work.is_of(user_kind, now)
        ]
        return (
            sum(work.names("CN", roles) for work in works),
            sum(work.names(None, roles) for work in works),
        )

    def _works_of(self, month: date) -> tuple[PlantedWork, ...]:
        """The works published in a month, whatever the catalogue has of them."""
        if not FIRST_MONTH <= month <= LAST_MONTH:
            return ()
        number = self.months.index(month)
        rng = np.random.default_rng([self._seed, 8, number])
        named = _NAMED_FIRST + _NAMED_MORE * number
        total = named + round(_OTHERS_SHARE * named)
        return tuple(
            self._work(rng, month, number, place, is_naming=place < named) for place in range(total)
        )

    def _work(
        self, rng: np.random.Generator, month: date, number: int, place: int, *, is_naming: bool
    ) -> PlantedWork:
        days = monthrange(month.year, month.month)[1]
        published = month + timedelta(days=int(rng.integers(days)))
        weights = np.array([each.weight for each in _WRITERS])
        writers = _WRITERS[int(rng.choice(len(_WRITERS), p=weights / weights.sum()))]
        share = writers.cn_share * min(1.0, 0.5 + 0.5 * number / _FULL_SINCE)
        plants = _plants(rng, published, share) if is_naming else _closed(rng, published)
        text = abstract(rng, plants, int(rng.random() < 0.3 or not plants), published)
        has_abstract = bool(rng.random() >= 0.04)
        if not has_abstract:
            # What it names has to stand in the title, beside words that say what it is.
            plants = plants[:1]
            names = [FAMILIES[plant.family].spell(rng, published) for plant in plants]
            title = f"Fine-tuning {names[0]} as a language model" if names else text.title
            plants = tuple(Plant(plant.family, "used") for plant in plants)
            text = Abstract(title, "")
        seen = _moment(published) + timedelta(days=float(rng.uniform(1, 12)))
        if rng.random() < 0.08:
            seen += timedelta(days=float(rng.uniform(30, 300)))
        is_revised, is_gone = rng.random() < 0.04, rng.random() < 0.01
        return PlantedWork(
            work_id=f"W{_FIRST_ID + 1_000 * number + place}",
            published=published,
            text=text,
            has_abstract=has_abstract,
            plants=plants,
            affiliations=writers.affiliations,
            field=AGRICULTURE if rng.random() < 0.03 else int(rng.choice(_FIELDS)),
            work_type="dataset" if rng.random() < 0.02 else str(rng.choice(_TYPES)),
            seen_from=seen,
            revised_at=seen + timedelta(days=float(rng.uniform(40, 200))) if is_revised else None,
            gone_from=seen + timedelta(days=float(rng.uniform(60, 300))) if is_gone else None,
            index_fault=_fault(rng) if has_abstract else "",
        )


def _plants(rng: np.random.Generator, on: date, cn_share: float) -> tuple[Plant, ...]:
    """Families of a work that names an open model, the first one used, compared or mentioned."""
    released = [each for each in FAMILIES.values() if each.released <= on]
    chinese = [each.slug for each in released if each.is_open and each.country == "CN"]
    others = [each.slug for each in released if each.is_open and each.country != "CN"]
    plants: dict[str, Role] = {}
    roles: tuple[Role, ...] = ("used", "compared", "mentioned")
    if rng.random() < cn_share:
        for slug in _some(rng, chinese, 1 + int(rng.random() < 0.3)):
            plants[slug] = roles[int(rng.choice(3, p=(0.65, 0.2, 0.15)))]
        more = int(rng.integers(0, 3))
    else:
        more = 1 + int(rng.integers(0, 2))
        if rng.random() < 0.05:
            plants[str(rng.choice(chinese))] = "cited"
    for slug in _some(rng, others, more):
        plants[slug] = roles[int(rng.choice(3, p=(0.55, 0.3, 0.15)))]
    if rng.random() < 0.3:
        plants["gpt"] = "compared"
    # A citation stands last: what has no abstract keeps the first.
    ordered = sorted(plants.items(), key=lambda item: item[1] == "cited" or item[0] == "gpt")
    return tuple(Plant(slug, role) for slug, role in ordered)


def _closed(rng: np.random.Generator, on: date) -> tuple[Plant, ...]:
    """Families of a work that names no open model: none, a closed one, or an open one cited."""
    released = [each for each in FAMILIES.values() if each.released <= on]
    draw = rng.random()
    if draw < 0.4:
        closed = [each.slug for each in released if not each.is_open]
        return (Plant(str(rng.choice(closed)), "used"),)
    if draw < 0.6:
        return (Plant(str(rng.choice([each.slug for each in released if each.is_open])), "cited"),)
    return ()


def _some(rng: np.random.Generator, slugs: Sequence[str], count: int) -> list[str]:
    return [slugs[int(place)] for place in rng.permutation(len(slugs))[:count]]


def _fault(rng: np.random.Generator) -> str:
    return str(rng.choice(INDEX_FAULTS)) if rng.random() < 0.008 else ""


def _moment(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
