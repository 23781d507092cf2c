"""Shocks: which policy events are, the weeks around them, and what else falls into those weeks."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assets.coverage.cells import GROUP_OF_TYPE

_ALL, _NOT = "all", "non-"
_RELEASE, _CONTROL, _TIGHTEN, _LOSS = "model_release", "export_control", "tighten", "loss"


@dataclass(frozen=True, slots=True)
class Shock:
    """A policy event whose effect is estimated.

    Attributes:
        date: of the event.
        name: short title.
        is_paper_shock: whether it is one of the four of arXiv:2606.15999.
        is_control: whether it is an export control that tightens.
    """

    date: dt.date
    name: str
    is_paper_shock: bool
    is_control: bool

    @property
    def week(self) -> dt.date:
        """The Sunday of its ISO week: week 0, the first one after the shock for every regression.

        What of that week lies before the event dilutes the effect.
        """
        return self.date + dt.timedelta(days=7 - self.date.isoweekday())


@dataclass(frozen=True, slots=True)
class Window:
    """Weeks -n to n - 1 around a shock.

    Attributes:
        shock: in week 0.
        weeks: n, on each side.
    """

    shock: Shock
    weeks: int

    @property
    def first(self) -> dt.date:
        """The Monday of week -n."""
        return self.shock.week - dt.timedelta(weeks=self.weeks, days=6)

    @property
    def last(self) -> dt.date:
        """The Sunday of week n - 1."""
        return self.shock.week + dt.timedelta(weeks=self.weeks - 1)

    def holds(self, day: dt.date) -> bool:
        """Whether a day lies in it."""
        return self.first <= day <= self.last


@dataclass(frozen=True, slots=True)
class Loss:
    """What an upstream is known to have lost.

    Attributes:
        first: day of it.
        last: day of it; None while it is open.
        event_groups: those that hold a type of event which it took.
    """

    first: dt.date
    last: dt.date | None
    event_groups: frozenset[str]


@dataclass(frozen=True, slots=True)
class Calendar:
    """What happened: the shocks, and what may be mistaken for their effects.

    Attributes:
        shocks: by date and name.
        releases: days on which models were released.
        losses: known, of upstreams.
    """

    shocks: Sequence[Shock]
    releases: Sequence[dt.date]
    losses: Sequence[Loss]

    def has_shock_overlap(self, window: Window) -> bool:
        """Whether another shock's week lies in the window, that of the same week included."""
        return any(window.holds(each.week) for each in self.shocks if each != window.shock)

    def has_release_overlap(self, window: Window) -> bool:
        """Whether a model was released in it."""
        return any(window.holds(day) for day in self.releases)

    def has_loss(self, window: Window, event_group: str) -> bool:
        """Whether an upstream is known to have lost events of a group in it."""
        return any(
            event_group in each.event_groups
            and each.first <= window.last
            and (each.last is None or each.last >= window.first)
            for each in self.losses
        )


def calendar(
    policy_events: Iterable[Mapping[str, Any]], upstream_breaks: Iterable[Mapping[str, Any]]
) -> Calendar:
    """Shocks are the paper's four and every export control that tightens.

    Entity listings, legislation and rules of outbound investment are none, unless the paper has
    them; controls that loosen, or do both, are none.

    Args:
        policy_events: event_date, kind, stance, name, is_paper_shock of core.policy_events.
        upstream_breaks: from_at, to_at, effect, affects of core.upstream_breaks; losses alone
            count.
    """
    events = sorted(policy_events, key=lambda row: (row["event_date"], row["name"]))
    found = [
        Shock(
            row["event_date"],
            row["name"],
            is_paper_shock=row["is_paper_shock"],
            is_control=(row["kind"], row["stance"]) == (_CONTROL, _TIGHTEN),
        )
        for row in events
    ]
    return Calendar(
        shocks=[each for each in found if each.is_paper_shock or each.is_control],
        releases=[row["event_date"] for row in events if row["kind"] == _RELEASE],
        losses=[
            Loss(
                row["from_at"].date(),
                row["to_at"].date() if row["to_at"] else None,
                affected_groups(row["affects"]),
            )
            for row in upstream_breaks
            if row["effect"] == _LOSS
        ],
    )


def affected_groups(affects: str) -> frozenset[str]:
    """The event groups that hold a type of event which a loss took; `any` where there is one.

    Args:
        affects: a type such as WatchEvent, non-PushEvent for all but one, or all. Records that are
            no events touch no group.
    """
    spared = affects.removeprefix(_NOT) if affects.startswith(_NOT) else None
    found = {
        group
        for kind, group in GROUP_OF_TYPE.items()
        if affects in (_ALL, kind) or spared not in (None, kind)
    }
    return frozenset({*found, "any"} if found else ())
