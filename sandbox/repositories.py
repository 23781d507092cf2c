"""The repositories of the world: a few tracked ones, some of them renamed, and many others."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sandbox.hours import EPOCH

TRACKED_CSV = Path(__file__).with_name("tracked_repositories.csv")
BACKGROUND_COUNT = 2_000

#: The platform has to resolve these by name: their rows carry no id.
_IDS_MISSING_IN_CSV = {
    "sandbox-internlm/internlm-tools": 3_900_000_053,
    "sandbox-olmo/olmo-eval": 3_900_000_103,
    "sandbox-falcon/falcon-serve": 3_900_000_122,
}
#: When the previous name of a row ended.
_RENAMED_AT = {
    "sandbox-glm/glm-model": datetime(2024, 11, 27, 12, tzinfo=UTC),
    "sandbox-mistral/mistral-inference": datetime(2023, 6, 15, tzinfo=UTC),
}
#: For worlds in which repositories end: one deleted, one blocked for legal reasons. The second is
#: withdrawn from git anyway.
LATE_GONE = {"sandbox-gemma/gemma-native": datetime(2024, 12, 14, tzinfo=UTC)}
LATE_BLOCKED = {"sandbox-baichuan/baichuan-chat": datetime(2024, 12, 14, tzinfo=UTC)}
#: A home audience looks at its own country's repositories more often.
_HOME_AFFINITY = 2.0
_WORDS = (
    "api", "app", "blog", "bot", "cache", "chat", "cli", "core", "course", "dash", "data", "db",
    "demo", "docs", "dotfiles", "engine", "forum", "game", "graph", "infra", "kit", "lab", "lib",
    "map", "notes", "parser", "plugin", "portal", "proxy", "query", "sdk", "site", "store", "tool",
)  # fmt: skip


@dataclass(frozen=True)
class Repository:
    """A repository: numeric identity, name now, and the name before a rename.

    `gone_since` and `blocked_since` are the moments from which it is deleted or blocked for legal
    reasons; None where it stays.
    """

    github_id: int
    name: str
    is_tracked: bool
    developer_country: str | None = None
    previous_name: str | None = None
    renamed_at: datetime | None = None
    gone_since: datetime | None = None
    blocked_since: datetime | None = None

    def name_at(self, moment: datetime) -> str:
        """The name the repository carried at a moment."""
        if self.previous_name and self.renamed_at and moment < self.renamed_at:
            return self.previous_name
        return self.name

    @property
    def owner(self) -> str:
        """Login of the organisation or user that owns it."""
        return self.name.split("/", 1)[0]


@dataclass(frozen=True)
class Repositories:
    """All repositories, the tracked first, with the chance that an event falls on each.

    `tracked_cumulative` is (countries, tracked), `background_cumulative` (background,): both
    cumulative probabilities that end at 1. `heirs` are, for each repository that ends, its index,
    the second since 2022-01-01T00Z and the index of the one that its people turn to.
    """

    rows: tuple[Repository, ...]
    tracked_count: int
    tracked_cumulative: npt.NDArray[np.float64]
    background_cumulative: npt.NDArray[np.float64]
    heirs: tuple[tuple[int, int, int], ...] = ()

    def still_there(
        self, chosen: npt.NDArray[np.int64], second: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.int64]:
        """The repositories that events chose, or their heirs where they have ended by then."""
        for ended, since, heir in self.heirs:
            chosen = np.where((chosen == ended) & (second >= since), heir, chosen)
        return chosen

    @property
    def tracked(self) -> tuple[Repository, ...]:
        """The tracked repositories, in the order of the CSV."""
        return self.rows[: self.tracked_count]


def read_tracked() -> tuple[Repository, ...]:
    """The tracked repositories as the CSV declares them, with the ids it withholds."""
    with TRACKED_CSV.open(encoding="utf-8", newline="") as handle:
        return tuple(
            Repository(
                github_id=int(row["github_id"] or _IDS_MISSING_IN_CSV[row["repository"]]),
                name=row["repository"],
                is_tracked=True,
                developer_country=row["developer_country"],
                previous_name=row["previous_names"] or None,
                renamed_at=_RENAMED_AT.get(row["repository"]),
            )
            for row in csv.DictReader(handle)
        )


def make_repositories(
    seed: int,
    logins: tuple[str, ...],
    country_codes: tuple[str, ...],
    *,
    gone: Mapping[str, datetime] | None = None,
    blocked: Mapping[str, datetime] | None = None,
) -> Repositories:
    """Build all repositories of a world.

    Args:
        seed: the world's seed.
        logins: possible owners of background repositories.
        country_codes: countries of actors, in the order of their index.
        gone: tracked repositories that are deleted, by their name now, and when.
        blocked: the same of those blocked for legal reasons.

    Raises:
        ValueError: a name that ends is no tracked repository's.
    """
    rng = np.random.default_rng([seed, 2])
    tracked = _with_endings(read_tracked(), gone or {}, blocked or {})
    popularity = (np.arange(len(tracked)) + 1.0) ** -0.7
    popularity = rng.permutation(popularity)
    weights = np.empty((len(country_codes), len(tracked)))
    for index, code in enumerate(country_codes):
        is_home = np.array([row.developer_country == code for row in tracked])
        weights[index] = popularity * np.where(is_home, _HOME_AFFINITY, 1.0)

    background_ids = 3_100_000_000 + np.cumsum(rng.integers(100, 9_000, BACKGROUND_COUNT))
    owners = rng.integers(0, len(logins), BACKGROUND_COUNT)
    words = rng.integers(0, len(_WORDS), (BACKGROUND_COUNT, 2))
    background = tuple(
        # The running number keeps two repositories of one owner apart.
        Repository(
            github_id=int(github_id),
            name=f"{logins[owner]}/{_WORDS[word[0]]}-{_WORDS[word[1]]}-{number}",
            is_tracked=False,
        )
        for number, (github_id, owner, word) in enumerate(
            zip(background_ids, owners, words, strict=True)
        )
    )
    background_weights = np.power(np.arange(10.0, BACKGROUND_COUNT + 10.0), -0.8)
    return Repositories(
        rows=tracked + background,
        tracked_count=len(tracked),
        tracked_cumulative=_cumulative(weights),
        background_cumulative=_cumulative(background_weights),
        heirs=tuple(_heirs(tracked)),
    )


def _with_endings(
    tracked: Sequence[Repository], gone: Mapping[str, datetime], blocked: Mapping[str, datetime]
) -> tuple[Repository, ...]:
    if unknown := {*gone, *blocked} - {row.name for row in tracked}:
        raise ValueError(f"not tracked: {', '.join(sorted(unknown))}")
    return tuple(
        replace(row, gone_since=gone.get(row.name), blocked_since=blocked.get(row.name))
        for row in tracked
    )


def _heirs(tracked: Sequence[Repository]) -> Iterator[tuple[int, int, int]]:
    """For each repository that ends, the next of its country that does not."""
    for index, row in enumerate(tracked):
        ends = [moment for moment in (row.gone_since, row.blocked_since) if moment]
        if not ends:
            continue
        order = [*range(index + 1, len(tracked)), *range(index)]
        lasting = [o for o in order if not (tracked[o].gone_since or tracked[o].blocked_since)]
        at_home = [o for o in lasting if tracked[o].developer_country == row.developer_country]
        yield index, int((min(ends) - EPOCH).total_seconds()), (at_home or lasting)[0]


def _cumulative(weights: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    cumulative = np.cumsum(weights, axis=-1)
    cumulative /= cumulative[..., -1:]
    cumulative[..., -1] = 1.0
    return np.asarray(cumulative, dtype=np.float64)
