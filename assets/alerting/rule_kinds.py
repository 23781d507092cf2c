"""What an alert rule may say, kind by kind: each field checked, nothing else allowed."""

import re
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from assets.alerting.freshness import DATED
from assets.alerting.states import Direction, Level, Patience

Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{2,60}$")]
Title = Annotated[str, StringConstraints(min_length=10, max_length=140)]
Iso2 = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
Share = Annotated[float, Field(gt=0.0, lt=1.0)]
Points = Annotated[float, Field(gt=-100.0, lt=100.0)]
Ratio = Annotated[float, Field(gt=0.0, lt=1000.0)]
SourceName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{1,40}$")]
EventGroup = Literal["contribution", "participation", "attention", "any"]
_PATIENCE = re.compile(r"(\d{1,2}) of (\d{1,2})")


def _patience(value: Any) -> Any:  # noqa: ANN401 - whatever the file holds
    """`2 of 3` as a Patience.

    Raises:
        ValueError: it is no such text, or asks for more than there are.
    """
    if isinstance(value, Patience):
        return value
    match = _PATIENCE.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError("give it as `N of M`, such as 2 of 3")
    needed, among = int(match[1]), int(match[2])
    if not 1 <= needed <= among <= 31:
        raise ValueError("in `N of M`, N is 1 to M and M at most 31")
    return Patience(needed, among)


def _dated(value: str) -> str:
    """A table of which it is known what its days are.

    Raises:
        ValueError: it is none.
    """
    if value not in DATED:
        raise ValueError(f"no table whose newest day is known; these are: {', '.join(DATED)}")
    return value


TableName = Annotated[str, AfterValidator(_dated)]
Periods = Annotated[Patience, BeforeValidator(_patience)]


class RuleBase(BaseModel):
    """What every rule has.

    Attributes:
        id: its name in states and messages.
        title: what it says, in words.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Id
    title: Title


class LevelRule(RuleBase):
    """What every rule on a level has, beside the level.

    Attributes:
        direction: of the side that is worth a message.
        fire_after: how many of the last figures have to be beyond `fire`.
        clear_after: how many have to be back beyond `clear`.
        cool_down_days: for so long after it was over, firing again says nothing, but for what
            still fires then.
        remind_days: while it fires, how often the thread says where the figure is.
    """

    direction: Direction
    fire: float
    clear: float
    fire_after: Periods = Patience()
    clear_after: Periods = Patience()
    cool_down_days: Annotated[int, Field(ge=0, le=366)] = 28
    remind_days: Annotated[int, Field(ge=1, le=366)] = 28

    @model_validator(mode="after")
    def _clears_on_the_near_side(self) -> "LevelRule":
        if self.direction == "below" and self.clear < self.fire:
            raise ValueError("clear must not be under fire in a rule of direction below")
        if self.direction != "below" and self.clear > self.fire:
            raise ValueError(f"clear must not exceed fire in a rule of direction {self.direction}")
        return self

    @property
    def level(self) -> Level:
        """Its level."""
        return Level(self.direction, self.fire, self.clear, self.fire_after, self.clear_after)


class ThresholdRule(LevelRule):
    """A level of one country's share that is worth a message.

    Attributes:
        measure: `located_share` of accounts that state a place, or `share` of all, corrected.
        period: of a day, or of an ISO week.
        min_located_actors: periods with fewer located accounts are passed over.
    """

    kind: Literal["threshold"]
    country: Iso2
    event_group: EventGroup
    measure: Literal["located_share", "share"] = "located_share"
    period: Literal["day", "week"] = "day"
    direction: Literal["above", "below"]
    fire: Share
    clear: Share
    min_located_actors: Annotated[int, Field(ge=1)]


class ChangeRule(LevelRule):
    """A change of any country's share between four weeks and the four before, up or down.

    Attributes:
        fire: share points, 0.03 is three percentage points.
        min_actors: of the country, in one of the two at least; others are passed over.
        min_located_actors: of all countries, in both.
        countries: only these; empty for all.
    """

    kind: Literal["change"]
    event_group: EventGroup
    direction: Literal["above", "below", "either"] = "either"
    fire: Share
    clear: Share
    min_actors: Annotated[int, Field(ge=5)]
    min_located_actors: Annotated[int, Field(ge=1)]
    countries: tuple[Iso2, ...] = ()


class CrossoverRule(LevelRule):
    """One country's weekly share passing another's: the ratio of the two beyond a level.

    Attributes:
        fire: ratio of `country`'s to `other`'s share; 1 is the crossing itself.
        min_located_actors: weeks with fewer located accounts are passed over.
    """

    kind: Literal["crossover"]
    country: Iso2
    other: Iso2
    event_group: EventGroup
    direction: Literal["above", "below"] = "above"
    fire: Ratio = 1.0
    clear: Ratio = 0.95
    min_located_actors: Annotated[int, Field(ge=1)]


class TrendShiftRule(RuleBase):
    """A shift of a country's share that two detectors agree on (mart.trend_shifts).

    Attributes:
        countries: only these; empty for all.
        min_points: smallest size, percentage points.
        min_confidence: smallest `confidence_share`, 0 to 1.
    """

    kind: Literal["trend_shift"]
    event_groups: tuple[EventGroup, ...] = ()
    countries: tuple[Iso2, ...] = ()
    period: Literal["day", "week"] = "week"
    min_points: Annotated[float, Field(ge=0.0, le=100.0)] = 0.0
    min_confidence: Annotated[float, Field(ge=0.0, le=1.0)] = 0.0


class GapRule(LevelRule):
    """A level of the gap between use and patents that is worth a message.

    Attributes:
        fire: percentage points.
        min_works: cohorts with fewer works naming an open model are passed over.
        min_patents: the same of patents.
    """

    kind: Literal["gap"]
    user_kind: Literal["us_company", "us_education", "us_all", "all"]
    basis: Literal["filing", "publication"]
    use_measure: Literal["papers", "hub_downloads", "engagement"] = "papers"
    lag_months: Literal[0, 6, 12] = 0
    direction: Literal["above", "below"]
    fire: Points
    clear: Points
    min_works: Annotated[int, Field(ge=1)]
    min_patents: Annotated[int, Field(ge=1)]


class HubShareRule(LevelRule):
    """A level of the share of Hub downloads that is of one country's weights.

    Downloads are counted whole, so that the share has no interval: let `fire_after` be several.
    """

    kind: Literal["hub_share"]
    origin: Iso2
    direction: Literal["above", "below"]
    fire: Share
    clear: Share


class UpstreamRule(RuleBase):
    """How much less than usual a source has to capture of an event type to be worth a message.

    Attributes:
        fire: share of what is usual.
        accepted: by source, the first day from which on what it captures is its normal.
    """

    kind: Literal["upstream"]
    fire: Share
    clear: Share
    min_events: Annotated[int, Field(ge=10)]
    accepted: dict[SourceName, date] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _clears_on_the_near_side(self) -> "UpstreamRule":
        if self.clear < self.fire:
            raise ValueError("clear must not be under fire")
        return self


class StaleRule(RuleBase):
    """Tables whose newest day is older than it should be.

    Attributes:
        max_days: by table, the most days that its newest one may lie before today (UTC).
    """

    kind: Literal["stale"]
    max_days: Annotated[dict[TableName, Annotated[int, Field(ge=1, le=400)]], Field(min_length=1)]


class FailedRunRule(RuleBase):
    """Runs that fail: one message a job and partition, until it succeeds."""

    kind: Literal["failed_run"]


class GivenUpRule(RuleBase):
    """Partitions that failed three times, and are not asked for any more: one message each."""

    kind: Literal["given_up"]


class FailedCheckRule(RuleBase):
    """Checks of severity ERROR that fail: one message a check, until it passes."""

    kind: Literal["failed_check"]


class HeartbeatRule(RuleBase):
    """A message a week that says how all rules stand, those too that were quiet.

    Attributes:
        weekday: last day (UTC) of the week that it is of.
    """

    kind: Literal["heartbeat"]
    weekday: Literal[
        "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"
    ] = "sunday"


Rule = (
    ThresholdRule
    | ChangeRule
    | CrossoverRule
    | TrendShiftRule
    | GapRule
    | HubShareRule
    | UpstreamRule
    | StaleRule
    | FailedRunRule
    | GivenUpRule
    | FailedCheckRule
    | HeartbeatRule
)
