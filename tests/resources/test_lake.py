"""The lake: a partition is there as a whole or as it was before, wherever the lake lies."""

import os
import pickle
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resources.lake import Lake, LakeResource
from tests.s3_server import s3_server

TABLE = "raw.events"
SCHEMA = pa.schema([("event_id", pa.int64()), ("event_type", pa.string())])
OLD = pa.table({"event_id": [1, 2], "event_type": ["WatchEvent", None]}, schema=SCHEMA)
NEW = pa.table({"event_id": [3], "event_type": ["ForkEvent"]}, schema=SCHEMA)
DAY, NEXT_DAY = "2024-12-02", "2024-12-03"


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    with s3_server() as url:
        yield url


@pytest.fixture(params=["local", "memory", "s3"])
def lake(request: pytest.FixtureRequest, tmp_path: Path) -> Lake:
    """An empty lake in a folder, and two in fsspec stores that are no folders."""
    if request.param == "local":
        return Lake(str(tmp_path / "lake"))
    if request.param == "s3":
        return Lake(f"{request.getfixturevalue('bucket')}/{uuid.uuid4()}")
    return Lake(f"memory://{uuid.uuid4()}")


@pytest.fixture
def local(tmp_path: Path) -> Lake:
    return Lake(str(tmp_path / "lake"))


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_rows_come_back_as_they_were_written(lake: Lake) -> None:
    lake.write(TABLE, DAY, OLD)
    assert lake.read(TABLE, DAY) == OLD


def test_a_partition_that_was_never_written_is_none_and_an_empty_one_is_empty(lake: Lake) -> None:
    lake.write(TABLE, DAY, SCHEMA.empty_table())
    assert lake.read(TABLE, DAY) == SCHEMA.empty_table()
    assert lake.read(TABLE, NEXT_DAY) is None


def test_writing_a_partition_again_replaces_it_and_no_other(lake: Lake) -> None:
    lake.write(TABLE, DAY, OLD)
    lake.write(TABLE, NEXT_DAY, OLD)
    lake.write(TABLE, DAY, NEW)
    assert lake.read(TABLE, DAY) == NEW
    assert lake.read(TABLE, NEXT_DAY) == OLD
    assert lake.partitions(TABLE) == [DAY, NEXT_DAY]


def test_partitions_are_in_order_and_those_of_a_part_are_its_own(lake: Lake) -> None:
    lake.write(TABLE, NEXT_DAY, OLD, part="gharchive")
    lake.write(TABLE, DAY, OLD, part="gharchive")
    lake.write(TABLE, DAY, NEW, part="rest")
    assert lake.parts(TABLE) == ["gharchive", "rest"]
    assert lake.partitions(TABLE, "gharchive") == [DAY, NEXT_DAY]
    assert lake.partitions(TABLE, "rest") == [DAY]
    assert lake.partitions(TABLE) == []
    assert lake.read(TABLE, DAY, "rest") == NEW


def test_partitions_are_in_order_whatever_order_the_store_lists_them_in(lake: Lake) -> None:
    days = [f"2024-12-{day:02}" for day in range(1, 13)]
    for day in reversed(days):
        lake.write(TABLE, day, NEW)
    assert lake.partitions(TABLE) == days


def test_a_table_that_was_never_written_has_neither_partitions_nor_parts(lake: Lake) -> None:
    assert lake.partitions(TABLE) == []
    assert lake.partitions(TABLE, "gharchive") == []
    assert lake.parts(TABLE) == []


def test_tables_whose_names_begin_alike_are_kept_apart(lake: Lake) -> None:
    lake.write("raw.events", DAY, OLD)
    lake.write("raw.events_daily", DAY, NEW)
    assert lake.read("raw.events", DAY) == OLD
    assert lake.read("raw.events_daily", DAY) == NEW


def test_read_all_joins_the_partitions_that_are_there_in_the_order_asked(lake: Lake) -> None:
    lake.write(TABLE, DAY, OLD)
    lake.write(TABLE, NEXT_DAY, NEW)
    lake.write(TABLE, "2024-12-05", SCHEMA.empty_table())
    asked = [NEXT_DAY, "2024-12-04", "2024-12-05", DAY]
    assert lake.read_all(TABLE, asked, SCHEMA)["event_id"].to_pylist() == [3, 1, 2]


@pytest.mark.parametrize("asked", [[], [DAY, NEXT_DAY]])
def test_read_all_of_nothing_is_an_empty_table_of_the_schema(lake: Lake, asked: list[str]) -> None:
    assert lake.read_all(TABLE, asked, SCHEMA, part="gharchive") == SCHEMA.empty_table()


def test_read_all_refuses_rows_of_another_schema(lake: Lake) -> None:
    lake.write(TABLE, DAY, pa.table({"event_id": ["one"]}))
    with pytest.raises(pa.ArrowTypeError):
        lake.read_all(TABLE, [DAY], SCHEMA)


def test_a_partition_of_before_a_column_was_there_has_null_in_it(lake: Lake) -> None:
    lake.write(TABLE, DAY, pa.table({"event_id": pa.array([1], SCHEMA.field("event_id").type)}))
    wider = SCHEMA.append(pa.field("sources", pa.list_(pa.string())))
    (row,) = lake.read_all(TABLE, [DAY], wider).to_pylist()
    assert row["event_id"] == 1
    assert row["sources"] is None


def _fsync_fails(_descriptor: int) -> None:
    raise OSError(28, "No space left on device")


def _rename_fails(_self: Path, _target: Path) -> Path:
    raise PermissionError(13, "Permission denied")


def _break_fsync(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(os, "fsync", _fsync_fails)


def _break_rename(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Path, "replace", _rename_fails)


@pytest.mark.parametrize("break_it", [_break_fsync, _break_rename])
def test_a_write_that_fails_midway_leaves_the_old_rows_and_no_other_file(
    local: Lake,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    break_it: Callable[[pytest.MonkeyPatch], None],
) -> None:
    local.write(TABLE, DAY, OLD)
    with monkeypatch.context() as patch:
        break_it(patch)
        with pytest.raises(OSError, match=r"No space|denied"):
            local.write(TABLE, DAY, NEW)
        with pytest.raises(OSError, match=r"No space|denied"):
            local.write(TABLE, NEXT_DAY, NEW)
    assert local.read(TABLE, DAY) == OLD
    assert local.partitions(TABLE) == [DAY]
    assert files(tmp_path) == [f"lake/raw/events/{DAY}.parquet"]


def test_while_a_partition_is_written_a_reader_sees_the_old_rows(
    local: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    local.write(TABLE, DAY, OLD)
    seen: list[pa.Table | None] = []
    monkeypatch.setattr(os, "fsync", lambda _descriptor: seen.append(local.read(TABLE, DAY)))
    local.write(TABLE, DAY, NEW)
    assert seen == [OLD]
    assert local.read(TABLE, DAY) == NEW


def test_the_pattern_finds_every_partition_and_part_and_no_leftover(
    local: Lake, tmp_path: Path
) -> None:
    local.write(TABLE, DAY, OLD)
    local.write(TABLE, DAY, NEW, part="gharchive")
    # What a writer killed between its last byte and the rename leaves behind.
    leftover = tmp_path / "lake" / "raw" / "events" / f".{NEXT_DAY}.parquet.0123abcd.tmp"
    leftover.write_bytes(b"half a file")
    pattern = Path(local.glob(TABLE)).relative_to(tmp_path)
    found = {str(path.relative_to(tmp_path)) for path in tmp_path.glob(str(pattern))}
    assert found == {
        f"lake/raw/events/{DAY}.parquet",
        f"lake/raw/events/gharchive/{DAY}.parquet",
    }
    assert local.partitions(TABLE) == [DAY]


def test_a_killed_writers_name_is_not_reused(local: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    names: list[str] = []
    replace = Path.replace

    def remember(self: Path, target: Path) -> Path:
        names.append(self.name)
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", remember)
    local.write(TABLE, DAY, OLD)
    local.write(TABLE, DAY, OLD)
    assert len(set(names)) == 2
    assert all(name.startswith(".") and name.endswith(".tmp") for name in names)


def test_a_partition_is_one_parquet_file_that_any_engine_reads(local: Lake, tmp_path: Path) -> None:
    local.write(TABLE, DAY, OLD, part="gharchive")
    path = tmp_path / "lake" / "raw" / "events" / "gharchive" / f"{DAY}.parquet"
    assert local.path(TABLE, DAY, "gharchive") == str(path)
    assert pq.ParquetFile(path).read() == OLD


@pytest.mark.parametrize("suffix", ["", "/"])
def test_a_base_path_is_the_same_with_and_without_a_slash(tmp_path: Path, suffix: str) -> None:
    LakeResource(base_path=f"{tmp_path}{suffix}").open().write(TABLE, DAY, OLD)
    assert Lake(tmp_path.as_uri()).read(TABLE, DAY) == OLD


def test_a_copy_for_another_process_reads_the_same_and_carries_no_key(bucket: str) -> None:
    lake = Lake(f"{bucket}/copied")
    lake.write(TABLE, DAY, OLD)
    copied = pickle.dumps(lake)
    assert b"planted" not in copied
    assert pickle.loads(copied).read(TABLE, DAY) == OLD  # noqa: S301 - made above


def test_what_another_process_wrote_since_is_listed(bucket: str) -> None:
    reader, writer = Lake(f"{bucket}/shared"), Lake(f"{bucket}/shared")
    assert reader.partitions(TABLE) == []
    writer.write(TABLE, DAY, OLD)
    assert reader.partitions(TABLE) == [DAY]
    writer.write(TABLE, NEXT_DAY, OLD)
    assert reader.partitions(TABLE) == [DAY, NEXT_DAY]


def test_only_a_folder_is_local(tmp_path: Path) -> None:
    assert Lake(str(tmp_path)).is_local
    assert Lake(tmp_path.as_uri()).is_local
    assert not Lake("memory://anywhere").is_local


_COLUMNS = {
    "event_id": (pa.int64(), st.integers(-(2**63), 2**63 - 1)),
    "location": (pa.string(), st.text()),
    "created_at": (
        pa.timestamp("us", "UTC"),
        st.integers(-(2**53), 2**53),
    ),
    "share": (pa.float64(), st.floats(allow_nan=False)),
    "is_bot": (pa.bool_(), st.booleans()),
    "languages": (pa.list_(pa.string()), st.lists(st.text(), max_size=3)),
}


@st.composite
def small_tables(draw: st.DrawFn) -> pa.Table:
    names = draw(st.lists(st.sampled_from(sorted(_COLUMNS)), min_size=1, unique=True))
    count = draw(st.integers(0, 8))
    columns = {}
    for name in names:
        kind, values = _COLUMNS[name]
        cells = draw(st.lists(st.none() | values, min_size=count, max_size=count))
        columns[name] = pa.array(cells, kind)
    return pa.table(columns)


@settings(max_examples=50, deadline=None)
@given(rows=small_tables())
def test_any_small_table_comes_back_with_its_types_nulls_and_order(
    tmp_path_factory: pytest.TempPathFactory, rows: pa.Table
) -> None:
    lake = Lake(str(tmp_path_factory.getbasetemp() / "any"))
    lake.write(TABLE, DAY, rows)
    read = lake.read(TABLE, DAY)
    assert read is not None
    assert read.schema == rows.schema
    assert read.to_pylist() == rows.to_pylist()


def test_what_is_left_out_of_each_partition_as_it_is_read_is_not_there(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    schema = pa.schema([("n", pa.int64())])
    for name, numbers in (("a", [1, 2]), ("b", [3, 4])):
        lake.write("raw.t", name, pa.table({"n": numbers}, schema=schema))
    asked: list[list[int]] = []

    def odd(rows: pa.Table) -> pa.Table:
        asked.append(rows["n"].to_pylist())
        return rows.filter(pc.equal(pc.bit_wise_and(rows["n"], 1), 1))

    found = lake.read_all("raw.t", ["a", "x", "b"], schema, keep=odd)
    assert found["n"].to_pylist() == [1, 3]
    assert asked == [[1, 2], [3, 4]]
