"""Alert rules: read from YAML, validated as a whole, each fault named."""

from datetime import date
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{2,60}$")]
Iso2 = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
Share = Annotated[float, Field(gt=0.0, lt=1.0)]
Points = Annotated[float, Field(gt=-100.0, lt=100.0)]
SourceName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{1,40}$")]
Direction = Literal["above", "below"]


class RulesError(ValueError):
    """The rules file cannot be used; the text names each rule, field and what is wrong."""


class ThresholdRule(BaseModel):
    """A level of one country's share that is worth a message."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Id
    kind: Literal["threshold"]
    title: Annotated[str, StringConstraints(min_length=10, max_length=140)]
    country: Iso2
    event_group: Literal["contribution", "participation", "attention", "any"]
    direction: Direction
    fire: Share
    clear: Share
    min_located_actors: Annotated[int, Field(ge=1)]

    @model_validator(mode="after")
    def _clears_on_the_near_side(self) -> "ThresholdRule":
        _refuse_far_side(self.direction, self.fire, self.clear)
        return self


class GapRule(BaseModel):
    """A level of the gap between use and patents, in percentage points, that is worth a message."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Id
    kind: Literal["gap"]
    title: Annotated[str, StringConstraints(min_length=10, max_length=140)]
    user_kind: Literal["us_company", "us_education", "us_all", "all"]
    basis: Literal["filing", "publication"]
    direction: Direction
    fire: Points
    clear: Points
    min_works: Annotated[int, Field(ge=1)]
    min_patents: Annotated[int, Field(ge=1)]

    @model_validator(mode="after")
    def _clears_on_the_near_side(self) -> "GapRule":
        _refuse_far_side(self.direction, self.fire, self.clear)
        return self


class UpstreamRule(BaseModel):
    """How much less than usual a source has to capture of an event type to be worth a message.

    Attributes:
        accepted: by source, the first day from which on what it captures is its normal.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Id
    kind: Literal["upstream"]
    title: Annotated[str, StringConstraints(min_length=10, max_length=140)]
    fire: Share
    clear: Share
    min_events: Annotated[int, Field(ge=10)]
    accepted: dict[SourceName, date] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _clears_on_the_near_side(self) -> "UpstreamRule":
        if self.clear < self.fire:
            raise ValueError("clear must not be under fire")
        return self


Rule = ThresholdRule | GapRule | UpstreamRule


def _refuse_far_side(direction: Direction, fire: float, clear: float) -> None:
    if direction == "above" and clear > fire:
        raise ValueError("clear must not exceed fire in a rule of direction above")
    if direction == "below" and clear < fire:
        raise ValueError("clear must not be under fire in a rule of direction below")


class _RulesFile(BaseModel):
    model_config = ConfigDict(extra="forbid")

    rules: list[Annotated[Rule, Field(discriminator="kind")]]


def load_rules(path: Path) -> tuple[Rule, ...]:
    """The rules of a YAML file.

    Raises:
        RulesError: the file is missing, is no YAML, or a rule is not valid; every fault is named.
    """
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise RulesError(f"{path.name}: {error}") from error
    try:
        rules = _RulesFile.model_validate(document).rules
    except ValidationError as error:
        faults = [
            f"{path.name}: {'.'.join(map(str, _place(fault['loc'])))}: {fault['msg']}"
            for fault in error.errors()
        ]
        raise RulesError("\n".join(faults)) from error
    ids = [rule.id for rule in rules]
    doubled = sorted({each for each in ids if ids.count(each) > 1})
    if doubled:
        raise RulesError(f"{path.name}: rules: id used twice: {', '.join(doubled)}")
    return tuple(rules)


def _place(location: tuple[int | str, ...]) -> tuple[int | str, ...]:
    """Where a fault is, as the file's author knows it: without the kind that a rule was read as."""
    return (*location[:2], *location[3:]) if len(location) > 3 else location[:2]
