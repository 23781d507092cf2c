"""What a rule makes of a day: where its alerts stand then, and what can be said of them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from assets.alerting.notice import Course, Finding
from assets.alerting.rule_kinds import LevelRule, RuleBase
from assets.alerting.states import AlertState, Reading, step

States = Mapping[str, AlertState]


@dataclass(frozen=True, slots=True)
class Cause:
    """What alerts may have in common, so that they are said in one message.

    Attributes:
        key: the same for alerts of one cause.
        title: in words, of a message of several.
    """

    key: str
    title: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where an alert stands after a day, and how to say it: asked only if something is said.

    Attributes:
        rule: whose alert it is.
        after: its state then.
        cause: with which alerts of other rules it is said.
        asset: schema and table of its figures.
        finding: what is said, given where it stands.
        course: how its figure went; None where there is nothing to draw.
        remarks: whole sentences besides.
    """

    rule: RuleBase
    after: AlertState
    cause: Cause
    asset: tuple[str, str]
    finding: Callable[[AlertState], Finding]
    course: Callable[[], Course | None] = lambda: None
    remarks: tuple[str, ...] = ()


class Watch(Protocol):
    """A rule, with what it needs of the warehouse."""

    def outcomes(self, states: States, day: date) -> Iterable[Outcome]:
        """Where the rule's alerts stand after a day; those that it does not move may be left out.

        Args:
            states: before the day, by id of the alert.
            day: UTC.
        """


@dataclass(frozen=True, slots=True)
class Observed:
    """What a day brings of one alert of a rule on a level.

    Attributes:
        alert_id: which.
        readings: new figures, oldest first.
        finding: what is said of the state after them.
        course: as in `Outcome`.
    """

    alert_id: str
    readings: tuple[Reading, ...]
    finding: Callable[[AlertState], Finding]
    course: Callable[[], Course | None] = lambda: None


def level_outcomes(
    rule: LevelRule,
    observed: Iterable[Observed],
    states: States,
    cause: Cause,
    asset: tuple[str, str],
) -> Iterable[Outcome]:
    """Move a rule's alerts on by their figures."""
    for each in observed:
        after = states.get(each.alert_id)
        for reading in each.readings:
            after = step(each.alert_id, rule.id, rule.level, after, reading)
        if after is not None:
            yield Outcome(rule, after, cause, asset, each.finding, each.course)
