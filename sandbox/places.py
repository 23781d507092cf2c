"""Where people of the world live: countries, location texts as people write them, and clocks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

#: Share of a working day's activity in each local hour, before normalisation.
_LOCAL_HOUR_WEIGHTS = (
    20, 12, 8, 5, 4, 5, 9, 18, 36, 56, 66, 64,
    50, 56, 66, 66, 62, 54, 44, 42, 46, 48, 42, 30,
)  # fmt: skip
WEEKEND_FACTOR = 0.80
#: 2022-01-01, hour 0 of the world, is a Saturday.
_FIRST_WEEKDAY = 5

JOKES = (
    "Earth",
    "localhost",
    "the internet",
    "127.0.0.1",
    "remote",
    "🌍",
    "/dev/null",
    "Moon",
    "Planet Earth, Milky Way",
    "somewhere over the rainbow",
    "your terminal",
    "404",
)


@dataclass(frozen=True)
class Clock:
    """Location texts of a country that share one UTC offset (hours; no daylight saving time)."""

    utc_offset: float
    texts: tuple[str, ...]


@dataclass(frozen=True)
class Country:
    """A country: ISO 3166-1 alpha-2 code, share of all developers, and its clocks."""

    code: str
    weight: float
    clocks: tuple[Clock, ...]

    @property
    def places(self) -> tuple[tuple[str, float], ...]:
        """Every (location text, UTC offset) of the country."""
        return tuple((text, clock.utc_offset) for clock in self.clocks for text in clock.texts)


def _one(code: str, weight: float, utc_offset: float, *texts: str) -> Country:
    return Country(code, weight, (Clock(utc_offset, texts),))


COUNTRIES = (
    Country(
        "US",
        0.215,
        (
            Clock(-8, ("San Francisco, CA", "Seattle, WA", "Los Angeles, California", "USA")),
            Clock(-6, ("Austin, TX", "Chicago, IL", "United States")),
            Clock(-5, ("New York, NY", "Boston, MA", "Atlanta, GA", "New York City, USA")),
        ),
    ),
    _one(
        "CN", 0.200, 8,
        "Shenzhen, China", "Beijing, China", "Shanghai, China", "Hangzhou, China", "China",
        "Beijing", "Shanghai", "Chengdu, China", "Guangzhou, China", "Nanjing, China",
        "中国 北京", "上海",
    ),
    _one(
        "IN", 0.095, 5.5,
        "Bengaluru, India", "Hyderabad, India", "Mumbai, India", "New Delhi, India", "India",
        "Pune, India", "Chennai, India",
    ),
    _one("DE", 0.055, 1, "Berlin, Germany", "Munich, Germany", "Germany", "Hamburg, Germany"),
    _one("GB", 0.045, 0, "London, UK", "London", "United Kingdom", "Manchester, UK"),
    _one("JP", 0.045, 9, "Tokyo, Japan", "Tokyo", "Osaka, Japan", "Japan", "東京, 日本"),
    _one("BR", 0.040, -3, "São Paulo", "São Paulo, Brazil", "Rio de Janeiro, Brazil", "Brazil"),
    _one("FR", 0.035, 1, "Paris, France", "Lyon, France", "France", "Toulouse, France"),
    _one("KR", 0.030, 9, "Seoul, South Korea", "Seoul", "Busan, South Korea", "South Korea"),
    Country(
        "CA",
        0.030,
        (
            Clock(-8, ("Vancouver, Canada",)),
            Clock(-5, ("Toronto, Canada", "Montreal, Canada", "Canada")),
        ),
    ),
    _one("RU", 0.030, 3, "Moscow, Russia", "Saint Petersburg, Russia", "Russia"),
    _one("NL", 0.020, 1, "Amsterdam, Netherlands", "Amsterdam", "The Netherlands"),
    Country(
        "AU",
        0.018,
        (Clock(10, ("Sydney, Australia", "Melbourne, Australia", "Brisbane, Australia")),),
    ),
    _one("ES", 0.017, 1, "Madrid, Spain", "Barcelona, Spain", "Spain"),
    _one("IT", 0.016, 1, "Milan, Italy", "Rome, Italy", "Italy"),
    _one("PL", 0.015, 1, "Warsaw, Poland", "Kraków, Poland", "Poland"),
    _one("TW", 0.015, 8, "Taipei, Taiwan", "Taiwan", "Taipei"),
    _one("SG", 0.014, 8, "Singapore"),
    _one("HK", 0.012, 8, "Hong Kong"),
    _one("SE", 0.011, 1, "Stockholm, Sweden", "Sweden"),
    _one("CH", 0.010, 1, "Zürich, Switzerland", "Geneva, Switzerland", "Switzerland"),
    _one("UA", 0.010, 2, "Kyiv, Ukraine", "Ukraine"),
    _one("TR", 0.008, 3, "Istanbul, Turkey", "Ankara, Turkey"),
    _one("VN", 0.008, 7, "Hanoi, Vietnam", "Ho Chi Minh City, Vietnam", "Vietnam"),
    _one("IL", 0.006, 2, "Tel Aviv, Israel", "Israel"),
)  # fmt: skip


def hour_factors(hour: int, utc_offsets: FloatArray) -> FloatArray:
    """Activity in one UTC hour as a share of a working day's, per clock.

    A half-hour offset straddles two local hours and takes the mean of both.

    Args:
        hour: hours since 2022-01-01T00Z.
        utc_offsets: (clocks,) hours east of UTC; NaN for a machine, which never sleeps.

    Returns:
        (clocks,) shares; over the 24 hours of a local working day they sum to 1.
    """
    weights = np.asarray(_LOCAL_HOUR_WEIGHTS, dtype=np.float64)
    weights = weights / weights.sum()
    is_machine = np.isnan(utc_offsets)
    local = hour + np.where(is_machine, 0.0, utc_offsets)
    whole = np.floor(local).astype(np.int64)
    part = local - whole

    def local_weight(local_hour: npt.NDArray[np.int64]) -> FloatArray:
        is_weekend = (_FIRST_WEEKDAY + local_hour // 24) % 7 >= 5
        factor = np.where(is_weekend, WEEKEND_FACTOR, 1.0)
        return np.asarray(weights[local_hour % 24] * factor, dtype=np.float64)

    factors = (1.0 - part) * local_weight(whole) + part * local_weight(whole + 1)
    return np.asarray(np.where(is_machine, 1.0 / 24.0, factors), dtype=np.float64)
