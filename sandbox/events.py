"""Who does what and when: Poisson activity of every actor, drawn hour by hour."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date
from typing import Self

import numpy as np
import numpy.typing as npt

from sandbox.hours import EPOCH, day_of
from sandbox.people import BOT_COUNT, COUNTRY_CODES, Population
from sandbox.places import hour_factors
from sandbox.repositories import Repositories

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

#: event_group -> its event types.
EVENT_GROUPS = {
    "contribution": (
        "PushEvent",
        "PullRequestEvent",
        "PullRequestReviewEvent",
        "PullRequestReviewCommentEvent",
    ),
    "participation": ("IssuesEvent", "IssueCommentEvent", "CommitCommentEvent"),
    "attention": ("WatchEvent", "ForkEvent"),
    "other": ("CreateEvent", "DeleteEvent", "ReleaseEvent"),
}
EVENT_TYPES = tuple(name for group in EVENT_GROUPS.values() for name in group)
_GROUP_NAMES = tuple(EVENT_GROUPS)
GROUP_OF_TYPE = np.array(
    [
        _GROUP_NAMES.index(group)
        for group, names in EVENT_GROUPS.items()
        for _ in names
    ]
)  # fmt: skip

#: Mean events a working day: of one developer on tracked repositories, of one developer on other
#: ones, and of all bots together (on each of the two) per developer of the world.
_MEAN_RATES = {
    "PushEvent": (0.115, 0.92, 0.027),
    "PullRequestEvent": (0.052, 0.15, 0.034),
    "PullRequestReviewEvent": (0.030, 0.06, 0.011),
    "PullRequestReviewCommentEvent": (0.016, 0.03, 0.005),
    "IssuesEvent": (0.043, 0.08, 0.007),
    "IssueCommentEvent": (0.088, 0.15, 0.025),
    "CommitCommentEvent": (0.004, 0.01, 0.001),
    "WatchEvent": (0.255, 0.25, 0.0),
    "ForkEvent": (0.072, 0.08, 0.0),
    "CreateEvent": (0.012, 0.20, 0.006),
    "DeleteEvent": (0.007, 0.07, 0.005),
    "ReleaseEvent": (0.003, 0.02, 0.002),
}
#: Spread of activity between developers: sigma of the log rate, by event group.
_GROUP_SIGMA = (1.5, 1.4, 0.7, 1.2)
_BACKGROUND_SIGMA = 0.9

#: Real event ids passed 19.5 thousand million on 2022-01-01 and grew about so fast.
_FIRST_EVENT_ID = 19_500_000_000
_EVENT_IDS_PER_HOUR = 1_000_000


@dataclass(frozen=True)
class Rise:
    """A planted, lasting rise of what one country does on tracked repositories.

    Attributes:
        on: first UTC day with a higher rate, in any year; the policy date.
        country: whose developers' rate rises.
        factor: what the rate is multiplied by in the end.
        ramp_days: days until then; the rise is linear, and the last of them has the whole factor.
        event_group: what rises: contribution, participation, attention or other.
    """

    on: date = date(2024, 12, 2)
    country: str = "CN"
    factor: float = 4.0
    ramp_days: int = 5
    event_group: str = "attention"

    def factor_on(self, day: date) -> float:
        """What the rate is multiplied by on a UTC day."""
        elapsed = (day - self.on).days + 1
        return 1.0 + (self.factor - 1.0) * min(max(elapsed / self.ramp_days, 0.0), 1.0)


@dataclass(frozen=True)
class Events:
    """Events as columns, (events,) each.

    Attributes:
        event_id: unique, increasing with time of creation.
        type_index: index into EVENT_TYPES.
        actor: index into the population.
        repository: index into the repositories.
        second: seconds since 2022-01-01T00Z.
        nonce: random bits from which the payload follows.
    """

    event_id: IntArray
    type_index: IntArray
    actor: IntArray
    repository: IntArray
    second: IntArray
    nonce: npt.NDArray[np.uint64]

    def __len__(self) -> int:
        return len(self.event_id)

    def take(self, chosen: npt.NDArray[np.bool_] | IntArray) -> Self:
        """The events at a mask or at positions."""
        return type(self)(*(getattr(self, field.name)[chosen] for field in fields(self)))

    def then(self, others: Self) -> Self:
        """These events and the others after them."""
        return type(self)(
            *(
                np.concatenate([getattr(self, field.name), getattr(others, field.name)])
                for field in fields(self)
            )
        )

    @property
    def created_at(self) -> npt.NDArray[np.datetime64]:
        """UTC time of each event, to the second."""
        epoch = np.datetime64(EPOCH.replace(tzinfo=None), "s")
        return np.asarray(epoch + self.second.astype("timedelta64[s]"))

    @property
    def type(self) -> npt.NDArray[np.str_]:
        """Event type names."""
        return np.asarray(EVENT_TYPES)[self.type_index]


class Activity:
    """Rates of every actor and the events that follow from them.

    An actor's events of one type are a Poisson process; the hours and the types are independent,
    so an hour is one Poisson total, shared out by rate.
    """

    def __init__(
        self, seed: int, population: Population, repositories: Repositories, rise: Rise | None
    ) -> None:
        self._seed = seed
        self._population = population
        self._repositories = repositories
        self._rise = rise
        self._clocks, self._clock_index = np.unique(
            population.utc_offsets, return_inverse=True, equal_nan=True
        )
        self._tracked_rates, background_rates = _draw_rates(seed, population)
        self._rates = np.vstack([self._tracked_rates, background_rates])
        self._rising_rows = (
            np.flatnonzero(np.isin(EVENT_TYPES, EVENT_GROUPS[rise.event_group]))
            if rise
            else np.empty(0, dtype=np.int64)
        )
        self._is_rising = (
            population.country_index == COUNTRY_CODES.index(rise.country)
            if rise
            else np.zeros(len(population.actors), dtype=bool)
        )

    def tracked_day_rates(self, day: date, hours: range, captured: FloatArray) -> FloatArray:
        """Expected captured events on tracked repositories, by type and actor.

        Args:
            day: UTC day.
            hours: the day's hour numbers.
            captured: (hours, types) share of events that are captured.

        Returns:
            (types, actors) expected events.
        """
        factors = np.array([hour_factors(hour, self._clocks) for hour in hours])
        by_clock = captured.T @ factors
        expected = self._tracked_rates * by_clock[:, self._clock_index]
        expected[np.ix_(self._rising_rows, self._is_rising)] *= self._rise_factor(day)
        return np.asarray(expected, dtype=np.float64)

    def draw(self, hour: int) -> Events:
        """All events that happen in an hour, whether an archive has them or not."""
        rng = np.random.default_rng([self._seed, 3, hour])
        weights = self._rates * hour_factors(hour, self._clocks)[self._clock_index]
        weights[np.ix_(self._rising_rows, self._is_rising)] *= self._rise_factor(day_of(hour))
        cumulative = np.cumsum(weights)
        count = int(rng.poisson(cumulative[-1]))
        cell = np.searchsorted(cumulative, rng.random(count) * cumulative[-1], side="right")
        stream, actor = np.divmod(np.minimum(cell, weights.size - 1), weights.shape[1])
        second = hour * 3_600 + np.sort(rng.integers(0, 3_600, count))
        spacing = _EVENT_IDS_PER_HOUR // (count + 1)
        ids = np.arange(count) * spacing + rng.integers(0, spacing, count)
        repository = self._choose_repositories(rng, stream < len(EVENT_TYPES), actor)
        return Events(
            event_id=_FIRST_EVENT_ID + hour * _EVENT_IDS_PER_HOUR + ids,
            type_index=stream % len(EVENT_TYPES),
            actor=actor,
            repository=self._repositories.still_there(repository, second),
            second=second,
            nonce=rng.integers(0, 2**64, count, dtype=np.uint64),
        )

    def _rise_factor(self, day: date) -> float:
        return self._rise.factor_on(day) if self._rise else 1.0

    def _choose_repositories(
        self, rng: np.random.Generator, is_tracked: npt.NDArray[np.bool_], actor: IntArray
    ) -> IntArray:
        chance = rng.random(len(actor))
        by_country = self._repositories.tracked_cumulative[self._population.country_index[actor]]
        tracked = (by_country <= chance[:, None]).sum(axis=1)
        background = np.searchsorted(self._repositories.background_cumulative, chance, side="right")
        chosen = np.where(is_tracked, tracked, self._repositories.tracked_count + background)
        return chosen.astype(np.int64)


def _draw_rates(seed: int, population: Population) -> tuple[FloatArray, FloatArray]:
    """Events on a working day, (types, actors), on tracked and on other repositories."""
    rng = np.random.default_rng([seed, 4])
    tracked_mean, background_mean, bot_mean = np.array(
        [_MEAN_RATES[name] for name in EVENT_TYPES]
    ).T
    people = population.developer_count
    sigma = np.array(_GROUP_SIGMA)
    # exp(N(-s²/2, s)) has mean 1, so the tables above stay the means.
    spread = np.exp(rng.normal(-(sigma**2) / 2, sigma, (people, len(sigma)))).T
    tracked = tracked_mean[:, None] * spread[GROUP_OF_TYPE]
    background_spread = np.exp(rng.normal(-(_BACKGROUND_SIGMA**2) / 2, _BACKGROUND_SIGMA, people))
    background = background_mean[:, None] * background_spread
    bot_weights = rng.dirichlet(np.full(BOT_COUNT, 2.0))
    bots = bot_mean[:, None] * people * bot_weights
    return np.hstack([tracked, bots]), np.hstack([background, bots])
