"""The people of the world: developers with a true country, and bots."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt

from sandbox.institutions import EMPLOYERS, MULTINATIONALS
from sandbox.places import COUNTRIES, JOKES, Country

BOT_COUNT = 20
#: Index of the country of actors that have none.
NO_COUNTRY = len(COUNTRIES)
COUNTRY_CODES = tuple(country.code for country in COUNTRIES)

_DELETED_SHARE = 0.01
_COMPANY_SHARE = 0.3
#: Of the companies named: a real employer's; of these, one whose seat is elsewhere.
_EMPLOYER_SHARE = 0.5
_MULTINATIONAL_SHARE = 1 / 8
_HIGHEST_ACTOR_ID = 200_000_000
_FIRST_ACCOUNT = datetime(2008, 1, 1, tzinfo=UTC)
_LAST_ACCOUNT = datetime(2021, 12, 30, tzinfo=UTC)
_SYLLABLES = (
    "ar", "bel", "chen", "dai", "el", "fen", "gor", "hao", "in", "jun", "ka", "lum", "mi", "nor",
    "or", "pri", "qi", "ra", "sol", "tam", "ul", "vik", "wen", "xi", "yo", "zen",
)  # fmt: skip
#: Texts that name no employer anybody knows.
_COMPANIES = (
    "Freelance", "@sandbox-labs", "Sandbox University", "Example Corp", "@example-inc", "student",
    "Synthetic Systems",
)  # fmt: skip
_BOT_NAMES = (
    "merge", "stale", "depend", "release", "lint", "cover", "label", "format", "sync", "triage",
    "review", "docs", "build", "deploy", "audit", "license", "mirror", "welcome", "bench", "notify",
)  # fmt: skip


@dataclass(frozen=True)
class Developer:
    """One account.

    Attributes:
        github_id: numeric actor id.
        login: account name; ends in `[bot]` for bots.
        country: true ISO 3166-1 alpha-2 code; None for bots.
        utc_offset: hours east of UTC of the person's clock; NaN for bots.
        location: profile text; None when the field is null.
        company: profile text; None when the field is null.
        created_at: when the account was made, always before 2022.
        is_located: the profile can be read and names the country without doubt.
        is_deleted: the API no longer knows the account.
        is_bot: machine account.
    """

    github_id: int
    login: str
    country: str | None
    utc_offset: float
    location: str | None
    company: str | None
    created_at: datetime
    is_located: bool
    is_deleted: bool
    is_bot: bool


@dataclass(frozen=True)
class Population:
    """Developers first, then bots, and the same as arrays, (actors,) each."""

    actors: tuple[Developer, ...]
    developer_count: int
    github_ids: npt.NDArray[np.int64]
    country_index: npt.NDArray[np.int64]
    utc_offsets: npt.NDArray[np.float64]
    is_located: npt.NDArray[np.bool_]

    @property
    def developers(self) -> tuple[Developer, ...]:
        """The people, without the bots."""
        return self.actors[: self.developer_count]


def make_population(
    seed: int,
    developers: int,
    located_share: float,
    located_share_by_country: Mapping[str, float],
    *,
    shared_clock: bool = False,
) -> Population:
    """Draw the accounts of a world.

    Args:
        seed: the world's seed.
        developers: number of people.
        located_share: chance that a person's profile names the country.
        located_share_by_country: the same for single countries, over `located_share`.
        shared_clock: everybody lives by UTC, wherever the place is; nothing else differs.
    """
    rng = np.random.default_rng([seed, 1])
    weights = np.array([country.weight for country in COUNTRIES])
    country_index = rng.choice(len(COUNTRIES), developers, p=weights / weights.sum())
    github_ids = _distinct_ids(rng, developers + BOT_COUNT)
    people = [
        _draw_person(
            rng,
            seed,
            number,
            int(github_ids[number]),
            COUNTRIES[country],
            located_share_by_country.get(COUNTRIES[country].code, located_share),
            shared_clock=shared_clock,
        )
        for number, country in enumerate(country_index)
    ]
    bots = [
        _make_bot(name, int(github_ids[developers + number]))
        for number, name in enumerate(_BOT_NAMES[:BOT_COUNT])
    ]
    actors = (*people, *bots)
    return Population(
        actors=actors,
        developer_count=developers,
        github_ids=github_ids,
        country_index=np.append(country_index, np.full(BOT_COUNT, NO_COUNTRY)).astype(np.int64),
        utc_offsets=np.array([actor.utc_offset for actor in actors]),
        is_located=np.array([actor.is_located for actor in actors]),
    )


def _distinct_ids(rng: np.random.Generator, count: int) -> npt.NDArray[np.int64]:
    """Actor ids in random order, denser at the low end as old accounts are the active ones."""
    spread = rng.random(count * 2) ** 1.3 * _HIGHEST_ACTOR_ID
    ids = np.unique(spread.astype(np.int64) + 1_000)
    return rng.permutation(ids)[:count]


def _created_at(github_id: int) -> datetime:
    """Accounts are as old as their id is low, and all older than the first event."""
    share = math.sqrt(github_id / (_HIGHEST_ACTOR_ID + 1_000))
    age = (_LAST_ACCOUNT - _FIRST_ACCOUNT) * share
    return (_FIRST_ACCOUNT + age).replace(microsecond=0)


def _draw_person(
    rng: np.random.Generator,
    seed: int,
    number: int,
    github_id: int,
    country: Country,
    located_share: float,
    *,
    shared_clock: bool,
) -> Developer:
    text, utc_offset = country.places[rng.integers(len(country.places))]
    names_country = bool(rng.random() < located_share)
    is_deleted = bool(rng.random() < _DELETED_SHARE)
    location = text if names_country else _draw_vague_location(rng)
    syllables = [_SYLLABLES[index] for index in rng.integers(0, len(_SYLLABLES), 3)]
    company = _COMPANIES[rng.integers(len(_COMPANIES))]
    has_company = rng.random() < _COMPANY_SHARE
    return Developer(
        github_id=github_id,
        # `sbx` marks the account as invented wherever its name turns up.
        login=f"{''.join(syllables)}-sbx{number}",
        country=country.code,
        utc_offset=0.0 if shared_clock else utc_offset,
        location=location,
        company=_employer(seed, number, country.code, company) if has_company else None,
        created_at=_created_at(github_id),
        is_located=names_country and not is_deleted,
        is_deleted=is_deleted,
        is_bot=False,
    )


def _employer(seed: int, number: int, country: str, otherwise: str) -> str:
    """A real employer's name for half of those who name a company, and `otherwise` for the rest.

    From a generator of its own, so that nothing else of the world hangs on how it is drawn.
    """
    rng = np.random.default_rng([seed, 7, number])
    if rng.random() >= _EMPLOYER_SHARE:
        return otherwise
    names = MULTINATIONALS if rng.random() < _MULTINATIONAL_SHARE else EMPLOYERS[country]
    return names[rng.integers(len(names))]


def _draw_vague_location(rng: np.random.Generator) -> str | None:
    kind = rng.random()
    joke = JOKES[rng.integers(len(JOKES))]
    if kind < 0.70:
        return None
    return "" if kind < 0.80 else joke


def _make_bot(name: str, github_id: int) -> Developer:
    return Developer(
        github_id=github_id,
        login=f"sandbox-{name}[bot]",
        country=None,
        utc_offset=float("nan"),
        location=None,
        company=None,
        created_at=_created_at(github_id),
        is_located=False,
        is_deleted=False,
        is_bot=True,
    )
