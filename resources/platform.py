"""The platform's own settings as assets need them: the clock, the panel, where files are."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import dagster as dg
from pydantic import field_validator


@dataclass(frozen=True, slots=True)
class Clock:
    """The time (UTC) that the platform goes by; a value that can be handed to a worker.

    `fixed` is an ISO time with offset that stands in for it; empty for the real one.
    """

    fixed: str = ""

    def __call__(self) -> datetime:
        """The time."""
        if self.fixed:
            return datetime.fromisoformat(self.fixed).astimezone(UTC)
        return datetime.now(UTC)


class Platform(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Settings that are no upstream's.

    Attributes:
        world: `live`, or `sandbox` where every figure is synthetic; alerts say so.
        hub_authors: file of the Hub's authors; empty for the one in the reference folder.
        cache_dir: folder of what can be made again from the installed packages, such as compiled
            indexes; empty for `cache` in the data folder.
        fixed_now: an ISO time that stands in for the clock; empty for the real one. The sandbox's
            month lies in the past, and its rules have to see it as the present.
        panel_one_in: one actor in so many is in the panel.
        event_cap: most events counted of an account, day and event group.
        alert_max_age_days: days of data older than this raise no alert; a backfill changes none.
        alert_dead_after_hours: a message that Slack has not taken by then is given up.
        ui_url: where readers of messages reach the Dagster UI; empty for no link.
        page_url: where they reach the published page; empty likewise.
    """

    world: str
    data_dir: str
    reference_dir: str
    tracked_repositories: str
    hub_authors: str = ""
    cache_dir: str = ""
    rules: str
    fixed_now: str = ""
    panel_one_in: int = 1000
    event_cap: int = 20
    alert_max_age_days: int = 10
    alert_dead_after_hours: int = 24
    ui_url: str = ""
    page_url: str = ""

    @field_validator("fixed_now")
    @classmethod
    def _aware(cls, value: str) -> str:
        if value and datetime.fromisoformat(value).tzinfo is None:
            raise ValueError(f"fixed_now {value!r} needs an offset, such as 2024-12-17T02:00Z")
        return value

    def now(self) -> datetime:
        """The time (UTC) that the platform goes by."""
        return self.clock()()

    def clock(self) -> Clock:
        """What tells the time, to be handed on."""
        return Clock(self.fixed_now)

    def today(self) -> date:
        """The UTC day that is not over yet."""
        return self.now().date()

    def data(self, *names: str) -> Path:
        """A path inside the data folder."""
        return Path(self.data_dir).joinpath(*names)

    def cache(self, *names: str) -> Path:
        """A path inside the cache folder."""
        folder = Path(self.cache_dir) if self.cache_dir else self.data("cache")
        return folder.joinpath(*names)
