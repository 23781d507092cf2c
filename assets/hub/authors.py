"""Whose a model is: the family by its author and name, and the author's country."""

import fnmatch
import re
from collections.abc import Iterable

from assets.hub.records import author_of
from assets.reference.model import HubAuthor


class Owners:
    """Looks up families and countries; capitals do not matter, as they do not on the Hub."""

    def __init__(self, authors: Iterable[HubAuthor]) -> None:
        self._rules: dict[str, list[tuple[re.Pattern[str] | None, str]]] = {}
        self._countries: dict[str, str] = {}
        names: dict[str, str] = {}
        for each in authors:
            key = each.author.casefold()
            if each.country_iso2:
                self._countries[key] = each.country_iso2
            if each.family:
                names.setdefault(key, each.author)
                self._rules.setdefault(key, []).append((_pattern(each.models), each.family))
        #: Accounts that publish a family's weights, in the order of the file.
        self.publishers = tuple(names.values())
        #: Families that some account publishes.
        self.families = frozenset(family for rules in self._rules.values() for _, family in rules)

    def family(self, model_id: str) -> str | None:
        """The family that a model is a release of; None where it is of none."""
        owner, _, name = model_id.casefold().partition("/")
        for pattern, family in self._rules.get(owner, ()):
            if pattern is None or pattern.fullmatch(name):
                return family
        return None

    def country(self, model_id: str) -> str | None:
        """Where the headquarters of a model's author are; None where nobody states it."""
        return self._countries.get(author_of(model_id).casefold())


def _pattern(models: Iterable[str]) -> re.Pattern[str] | None:
    """One expression for all patterns; None where there are none, which takes everything."""
    parts = [fnmatch.translate(each.casefold()) for each in models]
    return re.compile("|".join(parts)) if parts else None
