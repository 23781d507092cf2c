"""Names of countries and of their parts, from CLDR and ISO 3166, in many languages.

CLDR (through Babel) names each territory in a few hundred languages; ISO 3166-1 and 3166-2
(through `pycountry`) give official names, codes and subdivisions. How much a name counts depends on
who uses it: Germans write "Deutschland", Finns "Saksa", and few Finns write where Germans live.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import pycountry
from babel import Locale, UnknownLocaleError
from babel.core import get_global
from babel.languages import get_official_languages
from babel.localedata import locale_identifiers

_LEAST_SPEAKERS = 1_000_000.0
_LARGE_LANGUAGE = 50_000_000.0
_OWN, _LARGE, _SMALL = 1.0, 0.1, 0.01  # how much a name in such a language counts
_UNIONS = frozenset({"EU", "EZ", "UN", "QO"})
_SHORT = 4  # letters, at most: in a small language "Sin" is China
_INVERTED = re.compile(r"\A([^,]+), ([^,]+)\Z")  # "London, City of"
_BRACKETED = re.compile(r"\s*[(\[（]([^)\]）]*)[)\]）]")
_KIND_WORDS = re.compile(
    r"(?:^(?:al|ash|respublika|região autónoma dos?|provincia de|departamento del?|gorod|"
    r"département d[eu]|comunidad de|kota|daerah istimewa|principado de|regi[oó]n|región del?)\s+|"
    r"[\s-]+(?:sheng|shi|zizhiqu|oblast['’ʹ]?|kray|respublikasy|respublika|region|province|"
    r"county|district|rayonu?|voblasć|ken|fu|judeţ|megye|eparchía|qu|maakond|lääni|län|krai|"
    r"comunidad autónoma|comunidad foral de|novads|apskritis|kraj|tartibi|mintaqah|shahri))",
    re.IGNORECASE,
)


class CountryName(NamedTuple):
    """A name of a country, and what share of its weight it carries (0 to 1)."""

    name: str
    country: str
    share: float


class PartName(NamedTuple):
    """A name or code of a subdivision, its whole code, and how many such parts its country has."""

    name: str
    country: str
    code: str
    parts: int
    is_code: bool


def country_names(populations: Mapping[str, float]) -> Iterator[CountryName]:
    """Names of countries by CLDR and ISO 3166-1.

    Args:
        populations: people of each country to name, by ISO 3166-1 alpha-2; others are left out.
    """
    official = {country: _official(country) for country in populations}
    for identifier, speakers in _locales(populations, _LEAST_SPEAKERS):
        language = identifier.split("_")[0]
        for code, name in _territories(identifier).items():
            if code not in populations:
                continue
            share = _LARGE if speakers >= _LARGE_LANGUAGE else _SMALL
            if language == "en" or language in official[code]:
                share = _OWN
            elif share == _SMALL and name.isascii() and len(name) <= _SHORT:
                continue
            # In brackets stand other names ("Burma"), but also "North" or "Republic".
            for variant in variants(name) if share == _OWN else [_BRACKETED.sub("", name)]:
                yield CountryName(variant, code, share)
    for country in pycountry.countries:
        if country.alpha_2 in populations:
            for attribute in ("name", "common_name", "official_name"):
                stated = getattr(country, attribute, None)
                if stated:
                    yield CountryName(stated, country.alpha_2, _OWN)


def wide_names(populations: Mapping[str, float]) -> Iterator[str]:
    """Names of continents and unions in CLDR: places, but of no one country."""
    for identifier, _ in _locales(populations, _LARGE_LANGUAGE):
        for code, name in _territories(identifier).items():
            if code.isdecimal() or code in _UNIONS:
                yield from variants(name)


def part_names() -> Iterator[PartName]:
    """Names and codes of subdivisions by ISO 3166-2, but of the United States."""
    parts: Counter[str] = Counter(s.country_code for s in pycountry.subdivisions)
    tops: Counter[str] = Counter(
        s.country_code for s in pycountry.subdivisions if s.parent_code is None
    )
    for part in pycountry.subdivisions:
        country = part.country_code
        if country == "US" or "partial" in part.name:
            continue
        # A part of a part is smaller than the average part.
        count = tops[country] if part.parent_code is None else parts[country] + tops[country]
        for name in variants(part.name):
            yield PartName(name, country, part.code, count, is_code=False)
            plain = _KIND_WORDS.sub("", name).strip(" ,")
            if plain != name and plain:
                yield PartName(plain, country, part.code, count, is_code=False)
        code = part.code.partition("-")[2]
        if code.isalpha() and len(code) in {2, 3}:
            yield PartName(code, country, part.code, count, is_code=True)


def variants(name: str) -> list[str]:
    """The names that one holds: "Myanmar (Burma)", "Cataluña [Catalunya]", "Congo - Kinshasa"."""
    found = [_BRACKETED.sub("", name).strip(), *(_BRACKETED.findall(name))]
    split = [part.strip() for one in found for part in re.split(r"\s*/\s*|\s[-–]\s.*", one)]
    plain = [_INVERTED.sub(r"\2 \1", one) for one in split] + [
        _INVERTED.sub(r"\1", s) for s in split
    ]
    whole = [name] if " - " in name else []
    return [one for one in dict.fromkeys(plain + whole) if len(one) > 1]


def _territories(identifier: str) -> dict[str, str]:
    """Names by code in a locale; none where it is a regional variant of another."""
    parts = identifier.split("_")
    if len(parts) > 1 and len(parts[-1]) != 4:  # not a script
        return {}
    try:
        return dict(Locale.parse(identifier).territories)
    except UnknownLocaleError:
        return {}


def _locales(populations: Mapping[str, float], least: float) -> list[tuple[str, float]]:
    """Locales of languages with so many speakers, and the speakers: CLDR's shares of people."""
    speakers: defaultdict[str, float] = defaultdict(float)
    for territory, languages in get_global("territory_languages").items():
        for language, facts in languages.items():
            share = facts["population_percent"] / 100
            speakers[language.split("_")[0]] += share * populations.get(territory, 0.0)
    found = [(one, speakers[one.split("_")[0]]) for one in sorted(locale_identifiers())]
    return [(identifier, count) for identifier, count in found if count >= least]


def _official(country: str) -> frozenset[str]:
    return frozenset(
        language.split("_")[0]
        for language in get_official_languages(country, regional=True, de_facto=True)
    )
