"""The compiled index: what it holds, and that a damaged or absent file never stays."""

import math
import multiprocessing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.attribution import compiling, index
from assets.attribution.index import DamagedIndexError, PlaceIndex, pack
from assets.attribution.places import PlaceTables, Reading, Spot, load_places


def small_tables() -> PlaceTables:
    tables = PlaceTables()
    tables.countries.update({"FR": 67e6, "US": 327e6, "HK": 7e6, "CN": 1.4e9})
    tables.sovereigns["HK"] = "CN"
    tables.add("Paris", "US", "city", 24_000.0, "TX")
    tables.add("Paris", "FR", "city", 2e6)
    tables.add("Paris", "FR", "city", 1e6)
    tables.add("Nowhere", "", "no_place", 0.0)
    tables.spots.extend([Spot(48.85, 2.35, "FR", 2e6), Spot(33.66, -95.55, "US", 24_000.0)])
    return tables


@pytest.fixture
def compilations(monkeypatch: pytest.MonkeyPatch) -> list[PlaceTables]:
    """Grows by one with each compilation, which is of small tables."""
    compiled: list[PlaceTables] = []

    def counted() -> PlaceTables:
        compiled.append(small_tables())
        return compiled[-1]

    monkeypatch.setattr(compiling.places, "load_places", counted)
    return compiled


def test_readings_come_back_heaviest_first_and_merged_by_place() -> None:
    found = PlaceIndex(pack(small_tables())).readings("paris")
    assert found == [
        Reading("FR", "", "city", 3e6),
        Reading("US", "TX", "city", 24_000.0),
    ]


def test_a_key_that_is_not_there_means_nothing() -> None:
    places = PlaceIndex(pack(small_tables()))
    assert places.readings("pari") == []
    assert "pari" not in places
    assert "paris" in places
    assert len(places) == 2
    assert places.sovereigns == {"HK": "CN"}
    assert places.countries == {"FR", "US", "HK", "CN"}


def test_the_nearest_city_is_as_far_as_the_haversine_formula_says() -> None:
    places = PlaceIndex(pack(small_tables()))
    (nearest,) = places.nearest(48.0, 3.0, 1)
    # Haversine: a = sin2(dphi/2) + cos phi1 cos phi2 sin2(dlambda/2); d = 2 R asin sqrt a.
    phi1, phi2 = math.radians(48.0), math.radians(48.85)
    a = math.sin((phi2 - phi1) / 2) ** 2
    a += math.cos(phi1) * math.cos(phi2) * math.sin(math.radians(3.0 - 2.35) / 2) ** 2
    assert nearest.country == "FR"
    assert nearest.distance_km == pytest.approx(2 * 6371 * math.asin(math.sqrt(a)), rel=0.01)


def test_the_same_tables_give_the_same_bytes() -> None:
    assert pack(small_tables()) == pack(small_tables())


@given(data=st.data())
def test_a_file_with_a_changed_or_missing_byte_is_refused(data: st.DataObject) -> None:
    whole = pack(small_tables())
    at = data.draw(st.integers(0, len(whole) - 1))
    if data.draw(st.booleans()):
        broken = whole[:at]
    else:
        broken = whole[:at] + bytes([whole[at] ^ data.draw(st.integers(1, 255))]) + whole[at + 1 :]
    with pytest.raises(DamagedIndexError):
        PlaceIndex(broken)


@given(garbage=st.binary(max_size=200))
def test_garbage_is_refused(garbage: bytes) -> None:
    with pytest.raises(DamagedIndexError):
        PlaceIndex(garbage)
    with pytest.raises(DamagedIndexError):
        PlaceIndex(index._MAGIC + garbage)


def test_an_index_is_compiled_once_and_then_loaded(
    tmp_path: Path, compilations: list[PlaceTables]
) -> None:
    first = compiling.load_index(tmp_path / "new" / "cache")
    second = compiling.load_index(tmp_path / "new" / "cache")
    assert len(compilations) == 1
    assert first.readings("paris") == second.readings("paris")
    assert [path.name for path in (tmp_path / "new" / "cache").iterdir()] == [
        compiling.index_name()
    ]


@pytest.mark.parametrize("damage", [b"", b"not an index", "half"])
def test_a_damaged_index_is_compiled_again_and_replaced(
    tmp_path: Path, compilations: list[PlaceTables], damage: bytes | str
) -> None:
    compiling.load_index(tmp_path)
    path = tmp_path / compiling.index_name()
    whole = path.read_bytes()
    path.write_bytes(damage if isinstance(damage, bytes) else whole[: len(whole) // 2])
    assert len(compiling.load_index(tmp_path)) == 2
    assert len(compilations) == 2
    assert path.read_bytes() == whole


def test_a_write_that_fails_leaves_the_old_file_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "old.index"
    target.write_bytes(b"old")

    def fail(_descriptor: int) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(compiling.os, "fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        compiling._replace(target, b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["old.index"]
    assert target.read_bytes() == b"old"


def _write_many(path: Path, data: bytes) -> None:
    for _ in range(20):
        compiling._replace(path, data)


def test_two_processes_that_write_at_once_leave_one_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "one.index"
    data = pack(small_tables())
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write_many, args=(path, data)) for _ in range(2)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0]
    assert path.read_bytes() == data
    assert list(tmp_path.iterdir()) == [path]


def test_the_name_changes_with_the_alias_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = compiling.index_name()
    changed = tmp_path / "aliases.csv"
    changed.write_bytes(compiling._DATA[0].read_bytes() + b"Elsewhere,FR,country\n")
    monkeypatch.setattr(compiling, "_DATA", (changed, *compiling._DATA[1:]))
    assert compiling.index_name() != before


def test_an_alias_of_an_unknown_country_or_kind_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "aliases.csv"
    monkeypatch.setattr(compiling.places, "ALIASES_PATH", path)
    monkeypatch.setattr(compiling.places, "SMALLEST_CITY", 15_000)
    for row, word in (("Erewhon,ZZ,country", "Erewhon"), ("Erewhon,FR,planet", "planet")):
        path.write_text(f"alias,country_iso2,kind\n{row}\n", encoding="utf-8")
        with pytest.raises(ValueError, match=rf"aliases\.csv: .*{word}"):
            load_places()
