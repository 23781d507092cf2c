"""Reads the country out of a free-text location, offline, with a confidence and a reason.

A text is cut into segments (`splitting`), each segment into mentions of places (`mentions`), and
the mentions are weighed together (`weighing`). The likeliest country is the answer where its
confidence reaches `FLOOR`; else the text does not say which country, and the answer is None.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from assets.attribution.compiling import load_index
from assets.attribution.index import NearestCity, PlaceIndex
from assets.attribution.mentions import MentionFinder
from assets.attribution.places import Reading
from assets.attribution.senses import Mention
from assets.attribution.splitting import (
    HERE,
    LEFT,
    MAX_LENGTH,
    ORIGIN,
    PAST,
    Coordinates,
    SplitText,
    split,
)
from assets.attribution.weighing import weigh

# Two places with equal claims stay below it, whatever the rounding; see docs/methods.md.
FLOOR = 0.55
_MOST_CONFIDENT = 0.995  # a text can always be a joke, or years old
# Confidence left where the text says that the person came from another place than the one meant,
# where it says only where from, where only where formerly, and where an arrow decides.
_DESPITE_ORIGIN, _ONLY_ORIGIN, _ONLY_PAST, _AFTER_ARROW = 0.95, 0.85, 0.4, 0.8
_DOUBTFUL = 0.5  # of being no place: such a mention sets no origin aside
_NEAREST_CITIES, _MOST_KM = 5, 50.0
_MOST_CANDIDATES = 8
_LEAST_CONFIDENCE = 0.001
# Which kind of mention is said to have decided, if several point to the country.
_RANK = {
    **{"coordinates": 6, "flag": 5, "country_name": 6, "country_alias": 6},
    **{"us_state": 4, "us_state_code": 4, "region": 4},
    **{"country_code": 3, "region_code": 3, "city": 2, "city_code": 1},
}
_SAYS = 0.05  # probability of a sense that can be said to have decided
_PUBLISHED_RULE = {"us_state_code": "us_state", "region_code": "region"}
_RULE_IN_PHRASE = _PUBLISHED_RULE | {
    **{"country_name": "country_in_phrase", "country_alias": "country_in_phrase"},
    "city": "city_in_phrase",
}
# How likely a flag or coordinates are no place, and in the text of somebody from elsewhere.
_FLAG_NOISE, _FLAG_ELSEWHERE = 0.02, 0.1
_POINT_NOISE, _POINT_ELSEWHERE = 0.02, 0.02


@dataclass(frozen=True, slots=True)
class PlaceMatch:
    """The country a text names, and why.

    Attributes:
        country_iso2: ISO 3166-1 alpha-2 (Kosovo is XK); HK, MO and TW are their own.
        rule: `flag`, `coordinates`, `country_name`, `country_alias`, `country_code`, `us_state`,
            `region`, `city`, `city_code` (an airport's), `country_in_phrase` or `city_in_phrase`.
        token: the normalised part of the text that decided.
        confidence: probability (0 to 1) that the text means this country.
    """

    country_iso2: str
    rule: str
    token: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """How a text was read.

    Attributes:
        text: as given.
        decision: what `Gazetteer.locate` answers.
        candidates: likeliest first, at most eight; their confidences sum to at most 1.
        ignored: parts of the text that had no say, each with the reason.
    """

    text: str
    decision: PlaceMatch | None
    candidates: tuple[PlaceMatch, ...]
    ignored: tuple[tuple[str, str], ...]


class _Group(NamedTuple):
    """Mentions that stand together, and whether the person is there."""

    tense: str
    mentions: list[Mention]


class _Weighed(NamedTuple):
    """Probability of each country before the most that the text's tense leaves of it."""

    weights: Mapping[str, float]
    factor: float
    mentions: list[Mention]

    def match(self, country: str) -> PlaceMatch:
        """The match, decided by the mention of the highest rank that points to the country."""
        best = (-1, 0.0)
        decided, token, in_phrase = "city", "", False
        for mention in self.mentions:
            if country not in mention.by_country:
                continue
            for one in mention.readings:
                if one.country == country:
                    probability = one.weight * mention.share
                    rank = (_RANK[one.rule] if probability >= _SAYS else 0, probability)
                    if rank > best:
                        best = rank
                        decided, token, in_phrase = one.rule, mention.token, mention.in_phrase
        rule = (_RULE_IN_PHRASE if in_phrase else _PUBLISHED_RULE).get(decided, decided)
        return PlaceMatch(country, rule, token, self.weights[country] * self.factor)


class Gazetteer:
    """Names of countries, states, regions and cities, and the rules to find them in a text."""

    def __init__(self, index: PlaceIndex) -> None:
        self._index = index
        self._finder = MentionFinder(index)

    @classmethod
    def load(cls, folder: Path) -> "Gazetteer":
        """Loads the compiled index, which is compiled first where it is absent or damaged.

        Args:
            folder: holds the index file; made where it is absent.

        Raises:
            OSError: the folder cannot be written, and holds no index of the present inputs.
            ValueError: a data file names an unknown country or kind.
        """
        return cls(load_index(folder))

    def locate(self, text: str | None) -> PlaceMatch | None:
        """Finds the country that a profile's location names.

        Where the text names places in several countries with equal claims ("Berlin / New York"), a
        name that is shared ("Cambridge", "Georgia"), or only where the person is from no longer
        ("formerly Berlin"), no country reaches `FLOOR` and the answer is None.

        Args:
            text: any text; what lies beyond 200 characters is not read.

        Returns:
            The match, or None for empty, fictional, remote, ambiguous or unknown places.
        """
        if not text:
            return None
        weighed = self._weighed(self._groups(split(text), None))
        if not weighed.weights:
            return None
        country = max(weighed.weights, key=weighed.weights.__getitem__)
        match = weighed.match(country)
        return match if match.confidence >= FLOOR else None

    def explain(self, text: str) -> Explanation:
        """All that `locate` weighs: candidates, what was ignored and why, and the decision."""
        parts = split(text)
        ignored = [(address, "an address") for address in parts.blanked if address]
        groups = self._groups(parts, ignored)
        weighed = self._weighed(groups)
        weights = weighed.weights
        ranked = sorted(weights, key=lambda one: (-weights[one], one))
        candidates = tuple(
            weighed.match(country)
            for country in ranked[:_MOST_CANDIDATES]
            if weights[country] >= _LEAST_CONFIDENCE
        )
        used = _current(groups)[0] if groups else []
        ignored += [
            (mention.token, f"the text says: {group.tense}")
            for group in groups
            if group not in used
            for mention in group.mentions
        ]
        if parts.is_cut:
            ignored.append(("…", f"beyond {MAX_LENGTH} characters"))
        return Explanation(text, self.locate(text), candidates, tuple(ignored))

    def _groups(self, parts: SplitText, ignored: list[tuple[str, str]] | None) -> list[_Group]:
        """The mentions of a text by group and tense, in order; notes what was left out."""
        if len(parts.segments) == 1 and not parts.flags and not parts.coordinates:
            segment = parts.segments[0]
            found = self._finder.find(segment.text, "alone")
            if ignored is not None:
                ignored.extend(found.ignored)
            return [_Group(segment.tense, [*piece]) for piece in found.pieces]
        groups: dict[tuple[int, int, str], _Group] = {}
        place = "first"
        number = piece_number = 0
        for segment in parts.segments:
            found = self._finder.find(segment.text, place)
            place = "later"
            if ignored is not None:
                ignored.extend(found.ignored)
            if segment.group != number:
                number, piece_number = segment.group, 0
            for at, piece in enumerate(found.pieces):
                piece_number += at > 0
                self._add(groups, (number, piece_number, segment.tense), piece)
        for flag in parts.flags:
            if flag.iso2 in self._index.countries:
                only = (Reading(flag.iso2, "", "flag", 1 - _FLAG_NOISE),)
                mention = Mention(flag.token, only, 1.0, _FLAG_NOISE, _FLAG_ELSEWHERE)
                self._add(groups, (flag.group, 0, HERE), (mention,))
        if parts.coordinates:
            near = self._at(parts.coordinates)
            if near:
                self._add(groups, (-1, 0, HERE), (near,))
            elif ignored is not None:
                ignored.append((parts.coordinates.token, "no city within 50 km"))
        return list(groups.values())

    @staticmethod
    def _add(
        groups: dict[tuple[int, int, str], _Group],
        key: tuple[int, int, str],
        mentions: Sequence[Mention],
    ) -> None:
        group = groups.get(key)
        if group is None:
            group = groups[key] = _Group(key[2], [])
        group.mentions.extend(mentions)

    def _at(self, point: Coordinates) -> Mention | None:
        """The country of the nearest city, less sure where cities near it are abroad."""
        cities = self._index.nearest(point.latitude, point.longitude, _NEAREST_CITIES)
        near = [city for city in cities if city.distance_km <= _MOST_KM]
        if not near:
            return None
        readings = tuple(
            Reading(country, "", "coordinates", (1 - _POINT_NOISE) * share)
            for country, share in _shares(near).items()
        )
        return Mention(point.token, readings, 1.0, _POINT_NOISE, _POINT_ELSEWHERE)

    def _weighed(self, groups: list[_Group]) -> _Weighed:
        """Weighs the groups that say where the person is."""
        if not groups:
            return _Weighed({}, 0.0, [])
        used, factor = groups, _MOST_CONFIDENT
        if len(groups) > 1 or groups[0].tense != HERE:
            used, factor = _current(groups)
        weights = weigh([group.mentions for group in used], self._index.sovereigns)
        return _Weighed(weights, factor, [one for group in used for one in group.mentions])


def _shares(cities: Sequence[NearestCity]) -> dict[str, float]:
    """Each country's share of the nearby cities, the near ones counting more."""
    claims = [1 / (1 + city.distance_km) ** 2 for city in cities]
    shares: dict[str, float] = {}
    for city, claim in zip(cities, claims, strict=True):
        shares[city.country] = shares.get(city.country, 0.0) + claim / sum(claims)
    return shares


def _current(groups: list[_Group]) -> tuple[list[_Group], float]:
    """The groups that say where the person is, and the most confidence they leave."""
    here = [group for group in groups if group.tense == HERE]
    if any(mention.noise < _DOUBTFUL for group in here for mention in group.mentions):
        tenses = {group.tense for group in groups}
        if LEFT in tenses:
            return here, _AFTER_ARROW
        return here, _DESPITE_ORIGIN if len(tenses) > 1 else _MOST_CONFIDENT
    for tense, factor in ((LEFT, _AFTER_ARROW), (ORIGIN, _ONLY_ORIGIN), (PAST, _ONLY_PAST)):
        found = [group for group in groups if group.tense == tense]
        if found:
            return found, factor
    return groups, _MOST_CONFIDENT
