"""Alert rules and silences: read from YAML, validated as a whole, each fault named."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, TypeVar

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from assets.alerting.rule_kinds import Rule

K = TypeVar("K", bound=Rule)
# What PyYAML raises, undocumented, for a value that is none of its kind: a 30th of February,
# `!!timestamp` of another text, ten thousand brackets; and Python for bytes that are no UTF-8.
_OF_VALUES = (ValueError, LookupError, TypeError, AttributeError, RecursionError)


class RulesError(ValueError):
    """The rules file cannot be used; the text names each rule, field and what is wrong."""


class Silence(BaseModel):
    """Days of data on which some rules say nothing; what still fires then is said after it.

    Attributes:
        rules: ids, or patterns of ids such as `cn-*`.
        first: day (UTC).
        last: day, included.
        reason: why, for who reads the file.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    rules: Annotated[
        tuple[Annotated[str, StringConstraints(pattern=r"^[a-z0-9*?-]{1,60}$")], ...],
        Field(min_length=1),
    ]
    first: date
    last: date
    reason: Annotated[str, StringConstraints(min_length=5, max_length=300)]

    @model_validator(mode="after")
    def _is_no_day_before_itself(self) -> "Silence":
        if self.last < self.first:
            raise ValueError("last must not be before first")
        return self

    def covers(self, rule_id: str, day: date) -> bool:
        """Whether a rule says nothing of a day."""
        is_named = any(fnmatchcase(rule_id, pattern) for pattern in self.rules)
        return is_named and self.first <= day <= self.last


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of a file, in its order, and its silences."""

    rules: tuple[Rule, ...]
    silences: tuple[Silence, ...] = ()

    def is_silent(self, rule_id: str, day: date) -> bool:
        """Whether a rule says nothing of a day."""
        return any(silence.covers(rule_id, day) for silence in self.silences)

    def of_kind(self, kind: type[K]) -> tuple[K, ...]:
        """The rules of a kind."""
        return tuple(rule for rule in self.rules if isinstance(rule, kind))


class _RulesFile(BaseModel):
    model_config = ConfigDict(extra="forbid")

    rules: list[Annotated[Rule, Field(discriminator="kind")]]
    silences: list[Silence] = Field(default_factory=list)


def load_rules(path: Path) -> Rules:
    """The rules of a YAML file.

    Raises:
        RulesError: the file is missing, is no YAML, or a rule is not valid; every fault is named.
    """
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError, *_OF_VALUES) as error:
        raise RulesError(f"{path.name}: {error}") from error
    try:
        read = _RulesFile.model_validate(document)
    except ValidationError as error:
        faults = [
            f"{path.name}: {'.'.join(map(str, _place(fault['loc'])))}: {fault['msg']}"
            for fault in error.errors()
        ]
        raise RulesError("\n".join(faults)) from error
    faults = _faults(read.rules, read.silences)
    if faults:
        raise RulesError("\n".join(f"{path.name}: {fault}" for fault in faults))
    return Rules(tuple(read.rules), tuple(read.silences))


def _faults(rules: Sequence[Rule], silences: Sequence[Silence]) -> list[str]:
    """What is wrong of rules taken together."""
    ids = [rule.id for rule in rules]
    doubled = sorted({each for each in ids if ids.count(each) > 1})
    faults = [f"rules: id used twice: {', '.join(doubled)}"] if doubled else []
    return faults + [
        f"silences.{number}.rules: {pattern} names no rule"
        for number, silence in enumerate(silences)
        for pattern in silence.rules
        if not any(fnmatchcase(each, pattern) for each in ids)
    ]


def _place(location: tuple[int | str, ...]) -> tuple[int | str, ...]:
    """Where a fault is, as the file's author knows it: without the kind that a rule was read as."""
    if location[:1] != ("rules",):
        return location
    return (*location[:2], *location[3:]) if len(location) > 3 else location[:2]
