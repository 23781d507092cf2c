"""A small synthetic world: people, repositories, what they do, and what is true about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt

from sandbox.archive import Archive
from sandbox.commits import PlantedCommit, plant_commits
from sandbox.drawn_hours import DrawnHours
from sandbox.events import EVENT_GROUPS, EVENT_TYPES, Activity, Events, Rise
from sandbox.faults import ARCHIVES, DEFAULT_FAULTS, FIRST_ARCHIVE, Fault, FaultCalendar
from sandbox.hours import hour_number, hour_start, hours_of
from sandbox.lines import LineWriter
from sandbox.payloads import ACTIONS, CHOICE_SHIFT
from sandbox.people import COUNTRY_CODES, Developer, make_population
from sandbox.repositories import Repository, make_repositories

#: A month of both archives' files: about 80 MB at 3,000 people.
_CACHED_FILES = 1_024
#: (types, 3): the words of each type's `action`, as the payloads choose among them.
_ACTIONS = np.array([(ACTIONS.get(name, ("",)) * 3)[:3] for name in EVENT_TYPES])
_CHOICE_SHIFT = np.uint64(CHOICE_SHIFT)
_TOO_EARLY = "the world begins on 2022-01-01"


@dataclass(frozen=True)
class ObservedEvents:
    """Events as columns, (events,) each: those that happened, or that an archive really holds.

    Attributes:
        event_id: numeric value of the line's `id`.
        event_type: name, such as `WatchEvent`.
        actor_id: numeric id of the account.
        repo_id: numeric id of the repository.
        created_at: UTC, datetime64[s].
        is_tracked: on a tracked repository.
        is_bot: by a machine account.
        action: what the payload's `action` says; empty where it has none.
    """

    event_id: npt.NDArray[np.int64]
    event_type: npt.NDArray[np.str_]
    actor_id: npt.NDArray[np.int64]
    repo_id: npt.NDArray[np.int64]
    created_at: npt.NDArray[np.datetime64]
    is_tracked: npt.NDArray[np.bool_]
    is_bot: npt.NDArray[np.bool_]
    action: npt.NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.event_id)


class World:
    """A deterministic world: everything follows from its arguments, for every hour since 2022.

    Args:
        seed: of all random draws.
        developers: number of people; activity grows in proportion.
        rise: the planted rise, or None for a world in which nothing changes.
        faults: what the archives lose and damage; `()` for clean ones.
        second_archive_since: first hour of the second archive; None when there is none.
        located_share: chance that a person's profile names the country.
        located_share_by_country: the same for single countries, by code.
        shared_clock: everybody lives by UTC and commits at +0000, so that hours and offsets say
            nothing about countries; nothing else differs.
        gone: tracked repositories that are deleted, by their name now, and when. What people would
            have done there they do on another of the same country.
        blocked: the same of those blocked for legal reasons.

    Raises:
        ValueError: a fault or a repository's name makes no sense.
    """

    def __init__(
        self,
        seed: int = 1,
        developers: int = 3_000,
        *,
        rise: Rise | None = Rise(),  # noqa: B008 - a frozen record
        faults: tuple[Fault, ...] = DEFAULT_FAULTS,
        second_archive_since: datetime | None = datetime(2024, 12, 6, tzinfo=UTC),
        located_share: float = 0.5,
        located_share_by_country: Mapping[str, float] | None = None,
        shared_clock: bool = False,
        gone: Mapping[str, datetime] | None = None,
        blocked: Mapping[str, datetime] | None = None,
    ) -> None:
        self.seed = seed
        self.rise = rise
        self.calendar = FaultCalendar(faults, second_archive_since)
        self._population = make_population(
            seed,
            developers,
            located_share,
            located_share_by_country or {},
            shared_clock=shared_clock,
        )
        logins = tuple(person.login for person in self._population.developers)
        self._repositories = make_repositories(
            seed, logins, (*COUNTRY_CODES, ""), gone=gone, blocked=blocked
        )
        self._activity = Activity(seed, self._population, self._repositories, rise)
        writer = LineWriter(self._population, self._repositories)
        self._drawn = DrawnHours(self._activity, writer, self.calendar)
        self._archives = {
            name: Archive(name, seed, self._drawn, self.calendar) for name in ARCHIVES
        }
        self._file: Callable[[str, int], bytes | None] = lru_cache(_CACHED_FILES)(
            lambda name, hour: self._archives[name].build(hour)
        )

    @property
    def developers(self) -> tuple[Developer, ...]:
        """All people, without the bots."""
        return self._population.developers

    @property
    def bots(self) -> tuple[Developer, ...]:
        """All machine accounts."""
        return self._population.actors[self._population.developer_count :]

    @property
    def countries(self) -> tuple[str, ...]:
        """Codes of the countries in which people live."""
        return COUNTRY_CODES

    @property
    def tracked_repositories(self) -> tuple[Repository, ...]:
        """The tracked repositories, all with their ids."""
        return self._repositories.tracked

    @property
    def repositories(self) -> tuple[Repository, ...]:
        """Every repository, the tracked ones first."""
        return self._repositories.rows

    @cached_property
    def account_by_id(self) -> dict[int, Developer]:
        """People and bots by numeric id."""
        return {actor.github_id: actor for actor in self._population.actors}

    @cached_property
    def commits(self) -> dict[int, tuple[PlantedCommit, ...]]:
        """Git histories of the tracked repositories from 2024-09-15 to 2024-12-16, parents first.

        By numeric id; who really wrote each commit stands in its record.
        """
        return plant_commits(
            self.seed, self._activity, self._population, self._repositories.tracked
        )

    @cached_property
    def commit_by_name(self) -> dict[tuple[int, str], PlantedCommit]:
        """The same commits by numeric repository id and sha."""
        return {
            (each.repo_id, each.sha): each for history in self.commits.values() for each in history
        }

    def hour_file(self, hour: datetime, archive: str = FIRST_ARCHIVE) -> bytes | None:
        """An archive's file of the UTC hour that holds a moment; None when it never appears.

        Raises:
            ValueError: the hour lies before 2022, or has no time zone, or there is no such archive.
        """
        number = hour_number(hour)
        if number < 0:
            raise ValueError(_TOO_EARLY)
        return self._file(self._known(archive), number)

    def events_of(self, day: date) -> ObservedEvents:
        """Events created on a UTC day that a careful reader finds in the first archive."""
        return self.recorded(day, FIRST_ARCHIVE)

    def recorded(self, day: date, archive: str) -> ObservedEvents:
        """Events created on a UTC day that an archive's files hold, each once, bots included.

        In whichever files they lie: since 2025-05-25 the next hour's, rarely one days later. Writes
        no line and packs no file (but a file that the calendar cuts), as `drawn_on` does not.

        Args:
            day: UTC day.
            archive: gharchive or opendigger.

        Raises:
            ValueError: the day lies before 2022, or there is no such archive.
        """
        return self._observed(self._archives[self._known(archive)].events(_day_hours(day)))

    def drawn_on(self, day: date) -> ObservedEvents:
        """Events as they happened on a UTC day, bots included, whatever the archives lost of them.

        Writes no line and packs no file: some milliseconds a day, for statistics over many worlds.

        Raises:
            ValueError: the day lies before 2022.
        """
        hours = _day_hours(day)
        events = self._drawn.events(hours.start)
        for hour in hours[1:]:
            events = events.then(self._drawn.events(hour))
        return self._observed(events)

    def true_share(
        self,
        day: date,
        event_group: str,
        country: str,
        *,
        located_only: bool = True,
        captured_only: bool = True,
        archives: tuple[str, ...] = (FIRST_ARCHIVE,),
    ) -> float:
        """Expected share of a country among the day's distinct active developers.

        A developer is active with P = 1 - exp(-rate of the day), as events are Poisson. The share
        is the ratio of the sums of P, on tracked repositories.

        Args:
            day: UTC day.
            event_group: contribution, participation, attention or other.
            country: ISO 3166-1 alpha-2 code.
            located_only: among those whose profile names the country; otherwise among everybody.
            captured_only: as seen through the archives' losses; otherwise as it happened.
            archives: through which it is seen; an event is seen when any of them has it, and each
                captures it by a draw of its own: 1 - prod(1 - p).

        Returns:
            The share, 0 to 1; NaN when nobody can be seen.
        """
        expected = self.expected_active(
            day,
            event_group,
            located_only=located_only,
            captured_only=captured_only,
            archives=archives,
        )
        total = sum(expected.values())
        return expected[country] / total if total else float("nan")

    def expected_active(
        self,
        day: date,
        event_group: str,
        *,
        located_only: bool = True,
        captured_only: bool = True,
        archives: tuple[str, ...] = (FIRST_ARCHIVE,),
    ) -> dict[str, float]:
        """Expected distinct active developers of a day by country; arguments as `true_share`."""
        hours = hours_of(day)
        captured = np.ones((len(hours), len(EVENT_TYPES)))
        if captured_only:
            missed = np.ones_like(captured)
            for archive in dict.fromkeys(archives):
                missed *= 1.0 - self._captured_shares(hours, self._known(archive))
            captured = 1.0 - missed
        rates = self._activity.tracked_day_rates(day, hours, captured)
        is_of_group = np.isin(EVENT_TYPES, EVENT_GROUPS[event_group])
        active = -np.expm1(-rates[is_of_group].sum(axis=0))
        if located_only:
            active = active * self._population.is_located
        by_country = np.bincount(
            self._population.country_index, weights=active, minlength=len(COUNTRY_CODES) + 1
        )
        return dict(zip(COUNTRY_CODES, by_country.tolist(), strict=False))

    def _captured_shares(self, hours: range, archive: str) -> npt.NDArray[np.float64]:
        """(hours, types) share of events that a reader of one archive can get."""
        return np.array(
            [self.calendar.captured_shares(hour_start(hour), archive) for hour in hours]
        )

    def _known(self, archive: str) -> str:
        if archive not in self._archives:
            raise ValueError(f"no such archive: {archive}")
        return archive

    def _observed(self, events: Events) -> ObservedEvents:
        repo_ids = np.array([row.github_id for row in self._repositories.rows])
        return ObservedEvents(
            event_id=events.event_id,
            event_type=events.type,
            actor_id=self._population.github_ids[events.actor],
            repo_id=repo_ids[events.repository],
            created_at=events.created_at,
            is_tracked=events.repository < self._repositories.tracked_count,
            is_bot=events.actor >= self._population.developer_count,
            action=_ACTIONS[
                events.type_index, (events.nonce >> _CHOICE_SHIFT) % np.uint64(_ACTIONS.shape[1])
            ],
        )


def _day_hours(day: date) -> range:
    hours = hours_of(day)
    if hours.start < 0:
        raise ValueError(_TOO_EARLY)
    return hours
