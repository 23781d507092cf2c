"""Which events a scan keeps: those of tracked repositories, and of a fixed panel of actors."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from assets.activity.lines import ArchiveEvent

_MASK_64 = (1 << 64) - 1
_GOLDEN_64 = 0x9E3779B97F4A7C15  # 2^64 / golden ratio: Fibonacci hashing (Knuth, TAOCP 3, 6.4)


def in_panel(actor_id: int, one_in: int) -> bool:
    """Whether an actor belongs to the fixed sample of one in `one_in` actors.

    A pure function of the id, the same on every machine and day. Panels nest: who is in the panel
    of one in 1,000 is in that of one in 500.
    """
    mixed = (actor_id * _GOLDEN_64) & _MASK_64
    mixed ^= mixed >> 32
    mixed = (mixed * _GOLDEN_64) & _MASK_64
    return (mixed >> 32) * one_in >> 32 == 0


@dataclass(frozen=True, slots=True)
class Selection:
    """What a scan keeps: events on tracked repositories, and all events of panel actors.

    Attributes:
        repository_ids: numeric ids of the tracked repositories.
        names: lower-case `owner/name`, present and former, to numeric id. Used only for the
            schema before 2015, whose events carry no id.
        panel_one_in: one actor in so many is in the panel; 0 keeps no panel.
    """

    repository_ids: frozenset[int]
    names: Mapping[str, int] = field(default_factory=dict)
    panel_one_in: int = 1000

    def is_tracked(self, event: ArchiveEvent) -> bool:
        """Whether the event is on a tracked repository."""
        return event.repo_id in self.repository_ids

    def is_panel(self, event: ArchiveEvent) -> bool:
        """Whether the event's actor is in the panel."""
        return (
            self.panel_one_in > 0
            and event.actor_id is not None
            and in_panel(event.actor_id, self.panel_one_in)
        )
