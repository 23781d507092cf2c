"""The compiled index: one file that loads at once and answers what a key may mean.

Layout: a magic line; the length of the header and the checksum of all that follows it (eight bytes
each); a JSON header; and then, at offsets that the header states: a MARISA trie of the keys; per
key (in the trie's order) where its readings begin; the readings, eight bytes each; the cities'
coordinates. A file cut short or overwritten does not match its checksum.
"""

import json
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import marisa_trie  # type: ignore[import-not-found]  # ships no type information
import numpy as np
import numpy.typing as npt

from assets.attribution.places import RULES, PlaceTables, Reading, Spot, merged

_MAGIC = b"gazetteer index 1\n"
_PRELUDE = struct.Struct("<QQ")  # length of the header, checksum
_READING = struct.Struct("<BBBxf")  # country, state, rule, weight
_ALIGNED = 8
_EARTH_KM = 6371.0


@dataclass(frozen=True, slots=True)
class _Header:
    countries: list[str]
    states: list[str]
    sovereigns: dict[str, str]
    parts: dict[str, tuple[int, int]]


class DamagedIndexError(ValueError):
    """The file is no index, or not all of one."""


@dataclass(frozen=True, slots=True)
class NearestCity:
    """A city near a point, and how far it is."""

    country: str
    distance_km: float


class PlaceIndex:
    """Looks up what keys may mean, and which cities are near a point.

    Attributes:
        countries: ISO 3166-1 alpha-2 codes of all countries known.
        sovereigns: the state of each territory that has a code of its own, both as codes.
    """

    def __init__(self, data: bytes) -> None:
        """Reads an index.

        Args:
            data: what `pack` gave.

        Raises:
            DamagedIndexError: it is something else, or not whole.
        """
        header, body = _header_and_body(data)
        parts = {name: body[at : at + size] for name, (at, size) in header.parts.items()}
        self.sovereigns: Mapping[str, str] = header.sovereigns
        self._countries = header.countries
        self._states = header.states
        self.countries = frozenset(self._countries) - {""}
        self._trie = marisa_trie.Trie()
        self._trie.frombytes(bytes(parts["keys"]))
        self._starts = parts["starts"].cast("I")
        self._readings = parts["readings"]
        spots = np.frombuffer(parts["spots"], dtype=_SPOT)
        self._spots = spots
        self._unit: npt.NDArray[np.float32] = _unit_vectors(spots["latitude"], spots["longitude"])

    @classmethod
    def load(cls, path: Path) -> "PlaceIndex":
        """Reads an index file.

        Raises:
            DamagedIndexError: the file is something else, or not whole.
            OSError: there is no such file, or it cannot be read.
        """
        return cls(path.read_bytes())

    def __len__(self) -> int:
        return len(self._trie)

    def __contains__(self, key: str) -> bool:
        return key in self._trie

    def readings(self, key: str) -> list[Reading]:
        """What a key may mean: what is no place first, then the heaviest; empty where unknown."""
        at = self._trie.get(key)
        if at is None:
            return []
        start, end = self._starts[at] * _READING.size, self._starts[at + 1] * _READING.size
        countries, states = self._countries, self._states
        return [
            Reading(countries[country], states[state], RULES[rule], weight)
            for country, state, rule, weight in _READING.iter_unpack(self._readings[start:end])
        ]

    def nearest(self, latitude: float, longitude: float, count: int) -> list[NearestCity]:
        """The cities nearest to a point given in degrees, nearest first."""
        point = _unit_vectors(np.array([latitude]), np.array([longitude]))[0]
        chord = np.asarray(((self._unit - point) ** 2).sum(axis=1))
        first = np.argpartition(chord, count)[:count]
        return [
            NearestCity(
                self._countries[int(self._spots["country"][at])],
                2 * _EARTH_KM * float(np.arcsin(min(1.0, float(np.sqrt(chord[at])) / 2))),
            )
            for at in first[np.argsort(chord[first], kind="stable")]
        ]


_SPOT = np.dtype([("latitude", "<f4"), ("longitude", "<f4"), ("country", "<u4")])


def pack(tables: PlaceTables) -> bytes:
    """The bytes of an index file of tables; the same tables give the same bytes."""
    countries = ["", *sorted(tables.countries)]
    states = ["", *sorted({r.state for rs in tables.readings.values() for r in rs if r.state})]
    country_at = {country: at for at, country in enumerate(countries)}
    state_at = {state: at for at, state in enumerate(states)}
    rule_at = {rule: at for at, rule in enumerate(RULES)}
    trie = marisa_trie.Trie(sorted(tables.readings))
    starts, readings, count = [0], bytearray(), 0
    for at in range(len(trie)):
        for country, state, rule, weight in merged(tables.readings[trie.restore_key(at)]):
            count += 1
            place = country_at[country], state_at[state], rule_at[rule]
            readings += _READING.pack(*place, weight)
        starts.append(count)
    parts = {
        "keys": trie.tobytes(),
        "starts": struct.pack(f"<{len(starts)}I", *starts),
        "readings": bytes(readings),
        "spots": _packed_spots(tables.spots, country_at),
    }
    return _file(parts, {"countries": countries, "states": states, "sovereigns": tables.sovereigns})


def _packed_spots(spots: list[Spot], country_at: Mapping[str, int]) -> bytes:
    rows = [(spot.latitude, spot.longitude, country_at[spot.country]) for spot in spots]
    return np.array(rows, dtype=_SPOT).tobytes()


def _file(parts: Mapping[str, bytes], facts: Mapping[str, object]) -> bytes:
    body, places = bytearray(), {}
    for name, part in parts.items():
        places[name] = (len(body), len(part))
        body += part + b"\0" * (-len(part) % _ALIGNED)
    header = json.dumps({**facts, "parts": places}).encode()
    rest = header + bytes(body)
    return _MAGIC + _PRELUDE.pack(len(header), zlib.crc32(rest)) + rest


def _header_and_body(data: bytes) -> tuple[_Header, memoryview]:
    start = len(_MAGIC) + _PRELUDE.size
    if not data.startswith(_MAGIC) or len(data) < start:
        raise DamagedIndexError("not a gazetteer index")
    length, checksum = _PRELUDE.unpack_from(data, len(_MAGIC))
    rest = memoryview(data)[start:]
    if zlib.crc32(rest) != checksum:
        raise DamagedIndexError("the gazetteer index does not match its checksum")
    try:
        return _Header(**json.loads(bytes(rest[:length]))), rest[length:]
    except (ValueError, TypeError) as error:
        raise DamagedIndexError("the gazetteer index has another header") from error


def _unit_vectors(
    latitude: npt.NDArray[np.floating], longitude: npt.NDArray[np.floating]
) -> npt.NDArray[np.float32]:
    """(points, 3) on the unit sphere."""
    phi, theta = np.radians(latitude), np.radians(longitude)
    columns = (np.cos(phi) * np.cos(theta), np.cos(phi) * np.sin(theta), np.sin(phi))
    return np.stack(columns, axis=-1).astype(np.float32)
