"""Worlds that lose events: what is lost, what else there is to see it by, and what is really so."""

from dataclasses import dataclass
from datetime import date, timedelta

from benchmarks.recorded import midnight
from sandbox.events import Rise
from sandbox.faults import (
    ALL_BUT_PUSHES,
    SECOND_ARCHIVE,
    CaptureLoss,
    Fault,
    loss_2026,
)
from sandbox.world import World

DEVELOPERS = 2_000
SHIFT_AFTER = 7  # days from the loss to the shift
_AFTER = 21  # days from a loss on, or from where it has fallen to, that rules are evaluated on
_STAR, _FALLEN_SHARE = "WatchEvent", 0.2
#: Of the day in UTC, when the US is awake and China asleep: losing them looks like a rise of China.
AMERICAN = (*range(14, 24), 0, 1, 2, 3)


@dataclass(frozen=True, slots=True)
class Scenario:
    """What is lost, what else there is to see it by, and whether a country really shifts.

    Attributes:
        name: for people.
        second_after: days from the loss to the second archive's first file; None without one.
        second_share: of all events but pushes that the second archive captures.
        loss_days: how long the loss lasts; None when it stays.
        has_star_history: whether GitHub's own star counts are known.
        has_shift: whether China's attention rises fourfold a week after the loss.
        hours: UTC hours of the day in which the first archive loses; empty for all.
        falls_in_days: days over which the first archive's stars fall to a fifth, instead of the
            loss of all types at once; None for that. It is to be noticed before they have fallen.
    """

    name: str
    second_after: int | None = None
    second_share: float = 0.6
    loss_days: int | None = None
    has_star_history: bool = False
    has_shift: bool = False
    hours: tuple[int, ...] = ()
    falls_in_days: int | None = None

    @property
    def latest_notice(self) -> int:
        """Days from the loss within which it has to be said that a source fails."""
        return 1 if self.falls_in_days is None else self.falls_in_days

    @property
    def days_after(self) -> int:
        """Days from the loss on that rules are evaluated on."""
        return _AFTER + (self.falls_in_days or 0)

    def world(self, seed: int, loss: date) -> World:
        """A world in which it happens, from the day of the loss."""
        last = loss + timedelta(days=self.loss_days - 1) if self.loss_days else None
        second = None if self.second_after is None else loss + timedelta(days=self.second_after)
        return World(
            seed=seed,
            developers=DEVELOPERS,
            rise=Rise(on=loss + timedelta(days=SHIFT_AFTER)) if self.has_shift else None,
            faults=self._faults(loss, last),
            second_archive_since=midnight(second) if second else None,
        )

    def _faults(self, loss: date, last: date | None) -> tuple[Fault, ...]:
        share = self.second_share
        if self.falls_in_days is None:
            return loss_2026(
                loss,
                end=last,
                hours=self.hours,
                second_star_share=share,
                second_other_share=share,
            )
        fallen = loss + timedelta(days=self.falls_in_days)
        second = CaptureLoss(ALL_BUT_PUSHES, date.min, date.max, share, SECOND_ARCHIVE)
        falling = CaptureLoss(
            _STAR, loss, fallen - timedelta(days=1), _FALLEN_SHARE, is_gradual=True
        )
        return falling, CaptureLoss(_STAR, fallen, date.max, _FALLEN_SHARE), second


SCENARIOS = {
    "alone": Scenario("one archive; a second, partial one two weeks later", 14),
    "two": Scenario("a second, partial archive from long before", -60),
    "hours": Scenario("one archive, which loses the hours of America", hours=AMERICAN),
    "stars": Scenario("one archive and star history", has_star_history=True),
    "recovers": Scenario("shift; the archive recovers in 14 days", loss_days=14, has_shift=True),
    "gradual": Scenario("stars fall for 60 days; a second archive", -60, falls_in_days=60),
    "gradual-alone": Scenario("stars fall for 60 days; one archive", falls_in_days=60),
    "replaced": Scenario("shift; a good archive begins in 11 days", 11, 0.9, has_shift=True),
}
