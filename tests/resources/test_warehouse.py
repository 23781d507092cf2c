"""The warehouse: every change as a whole or not at all, and one writer after the other."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from resources.warehouse import Warehouse, WarehouseBusyError, WarehouseResource

ROOT = Path(__file__).resolve().parents[2]
TABLE = "mart.daily"
DAY, NEXT_DAY, OTHER_DAY = date(2024, 12, 1), date(2024, 12, 2), date(2024, 12, 9)
DDL = (
    "CREATE SCHEMA IF NOT EXISTS mart",
    f"CREATE TABLE IF NOT EXISTS {TABLE} (date DATE, country VARCHAR, n INTEGER, "
    "PRIMARY KEY (date, country))",
)

#: Says when it is ready, waits for its start, and counts up in so many transactions.
COUNTER = """
import sys
from resources.warehouse import Warehouse
database, name, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
warehouse = Warehouse(database, max_wait_s=60)
print("ready", flush=True)
sys.stdin.readline()
for number in range(count):
    with warehouse.transaction() as connection:
        (n,) = connection.execute("SELECT n FROM counter").fetchone()
        connection.execute("INSERT INTO written VALUES (?, ?)", [name, number])
        connection.execute("UPDATE counter SET n = ?", [n + 1])
"""

#: Writes in a transaction that it never ends.
HOLDER = """
import sys
from resources.warehouse import Warehouse
with Warehouse(sys.argv[1]).transaction() as connection:
    connection.execute("INSERT INTO mart.daily VALUES ('2024-12-01', 'XX', 1)")
    print("ready", flush=True)
    sys.stdin.readline()
"""

STRANGER = """
import sys
import duckdb
with duckdb.connect(sys.argv[1]):
    print("ready", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def database(tmp_path: Path) -> str:
    return str(tmp_path / "new" / "folder" / "warehouse.duckdb")


@pytest.fixture
def warehouse(database: str) -> Warehouse:
    """A warehouse with one empty table."""
    made = Warehouse(database, max_wait_s=60)
    made.ensure(DDL)
    return made


def rows(*cells: tuple[date | None, str, int]) -> pa.Table:
    dates, countries, counts = zip(*cells, strict=True) if cells else ((), (), ())
    return pa.table(
        {
            "date": pa.array(dates, pa.date32()),
            "country": pa.array(countries, pa.string()),
            "n": pa.array(counts, pa.int32()),
        }
    )


def content(warehouse: Warehouse) -> list[tuple[object, ...]]:
    table = warehouse.query(f"SELECT date, country, n FROM {TABLE} ORDER BY ALL")  # noqa: S608
    return [tuple(row.values()) for row in table.to_pylist()]


@contextmanager
def process(script: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A Python process that has said it is ready; killed at the end if it still runs."""
    with subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as started:
        try:
            assert started.stdout
            assert started.stdout.readline() == "ready\n"
            yield started
        finally:
            started.kill()


def release(started: subprocess.Popen[str]) -> None:
    assert started.stdin
    started.stdin.write("\n")
    started.stdin.flush()


def test_a_transaction_is_committed_at_its_end_in_a_folder_made_for_it(database: str) -> None:
    with Warehouse(database).transaction() as connection:
        connection.execute("CREATE TABLE t AS SELECT 1 AS n")
    assert Warehouse(database).query("SELECT n FROM t").to_pylist() == [{"n": 1}]


def test_an_exception_inside_a_transaction_undoes_all_of_it(warehouse: Warehouse) -> None:
    warehouse.replace_all(TABLE, rows((DAY, "CN", 1)))

    def write() -> None:
        with warehouse.transaction() as connection:
            connection.execute("CREATE TABLE other (n INTEGER)")
            connection.execute(f"DELETE FROM {TABLE}")  # noqa: S608
            raise RuntimeError("after the delete")

    with pytest.raises(RuntimeError, match="after the delete"):
        write()
    assert content(warehouse) == [(DAY, "CN", 1)]
    assert not warehouse.has_table("main.other")


def test_an_error_of_the_database_undoes_all_of_it_and_frees_the_warehouse(
    warehouse: Warehouse,
) -> None:
    insert = f"INSERT INTO {TABLE} VALUES ('2024-12-01', 'CN', 1)"  # noqa: S608
    with pytest.raises(duckdb.ConstraintException):
        warehouse.ensure([insert, insert])
    assert content(warehouse) == []
    warehouse.upsert(TABLE, rows((DAY, "CN", 3)))
    assert content(warehouse) == [(DAY, "CN", 3)]


def test_times_are_utc_whatever_the_zone_of_the_machine(warehouse: Warehouse) -> None:
    (row,) = warehouse.query(
        "SELECT current_setting('TimeZone') AS zone, "
        "CAST(TIMESTAMPTZ '2024-12-16 23:30:00+00' AS DATE) AS day, "
        "TIMESTAMPTZ '2024-12-17 07:30:00+08' AS at"
    ).to_pylist()
    assert row == {
        "zone": "UTC",
        "day": date(2024, 12, 16),
        "at": datetime(2024, 12, 16, 23, 30, tzinfo=UTC),
    }


def test_values_of_a_query_are_bound_and_never_read_as_sql(warehouse: Warehouse) -> None:
    evil = "'; DROP TABLE mart.daily; --"
    assert warehouse.query("SELECT ? AS text", [evil]).to_pylist() == [{"text": evil}]
    assert warehouse.has_table(TABLE)


def test_ensure_twice_changes_nothing(warehouse: Warehouse) -> None:
    warehouse.replace_all(TABLE, rows((DAY, "CN", 1)))
    warehouse.ensure(DDL)
    assert content(warehouse) == [(DAY, "CN", 1)]


def test_ensure_makes_all_or_nothing(database: str) -> None:
    warehouse = Warehouse(database)
    with pytest.raises(duckdb.ParserException):
        warehouse.ensure([*DDL, "CREATE TABEL mart.typo (n INTEGER)"])
    assert not warehouse.has_table(TABLE)


def test_tables_and_views_are_there_once_made_and_not_before(warehouse: Warehouse) -> None:
    assert warehouse.has_table(TABLE)
    assert not warehouse.has_table("mart.other")
    assert not warehouse.has_table("core.daily")
    warehouse.ensure([f"CREATE VIEW mart.other AS SELECT * FROM {TABLE}"])  # noqa: S608
    assert warehouse.has_table("mart.other")


def test_replacing_days_replaces_those_and_no_others(warehouse: Warehouse) -> None:
    warehouse.replace_all(TABLE, rows((DAY, "CN", 1), (DAY, "US", 1), (OTHER_DAY, "CN", 1)))
    warehouse.replace_days(
        TABLE, "date", [DAY, NEXT_DAY], rows((DAY, "CN", 2), (NEXT_DAY, "CN", 3))
    )
    assert content(warehouse) == [(DAY, "CN", 2), (NEXT_DAY, "CN", 3), (OTHER_DAY, "CN", 1)]


def test_a_day_without_new_rows_becomes_empty(warehouse: Warehouse) -> None:
    warehouse.replace_all(TABLE, rows((DAY, "CN", 1), (NEXT_DAY, "CN", 1)))
    warehouse.replace_days(TABLE, "date", [DAY], rows())
    assert content(warehouse) == [(NEXT_DAY, "CN", 1)]


def test_replacing_no_day_changes_nothing(warehouse: Warehouse) -> None:
    warehouse.replace_all(TABLE, rows((DAY, "CN", 1)))
    warehouse.replace_days(TABLE, "date", [], rows())
    assert content(warehouse) == [(DAY, "CN", 1)]


@pytest.mark.parametrize(
    ("outside", "named"), [(OTHER_DAY, "2024-12-09"), (None, "None")], ids=["other day", "null"]
)
def test_rows_outside_the_days_are_refused_and_nothing_is_changed(
    warehouse: Warehouse, outside: date | None, named: str
) -> None:
    warehouse.replace_all(TABLE, rows((DAY, "CN", 1)))
    with pytest.raises(ValueError, match=rf"{TABLE}: rows of \['{named}'\] outside"):
        warehouse.replace_days(TABLE, "date", [DAY], rows((DAY, "CN", 2), (outside, "CN", 3)))
    assert content(warehouse) == [(DAY, "CN", 1)]


def test_the_same_rows_twice_are_the_same_table(warehouse: Warehouse) -> None:
    new = rows((DAY, "CN", 2), (NEXT_DAY, "US", 3))
    for _ in range(2):
        warehouse.replace_days(TABLE, "date", [DAY, NEXT_DAY], new)
        assert content(warehouse) == [(DAY, "CN", 2), (NEXT_DAY, "US", 3)]


def test_a_replacement_that_fails_midway_keeps_the_old_rows(warehouse: Warehouse) -> None:
    warehouse.replace_all(TABLE, rows((DAY, "CN", 1)))
    twice = rows((DAY, "US", 2), (DAY, "US", 3))
    with pytest.raises(duckdb.ConstraintException):
        warehouse.replace_days(TABLE, "date", [DAY], twice)
    with pytest.raises(duckdb.ConstraintException):
        warehouse.replace_all(TABLE, twice)
    assert content(warehouse) == [(DAY, "CN", 1)]


def test_columns_are_matched_by_name_and_an_unknown_one_is_refused(warehouse: Warehouse) -> None:
    turned = rows((DAY, "CN", 1)).select(["n", "country", "date"])
    warehouse.replace_days(TABLE, "date", [DAY], turned)
    assert content(warehouse) == [(DAY, "CN", 1)]
    with pytest.raises(duckdb.BinderException, match="extra"):
        warehouse.replace_days(TABLE, "date", [DAY], turned.append_column("extra", pa.array([1])))
    assert content(warehouse) == [(DAY, "CN", 1)]


def test_upsert_replaces_rows_of_the_same_key_and_adds_the_others(warehouse: Warehouse) -> None:
    warehouse.replace_all(TABLE, rows((DAY, "CN", 1), (DAY, "US", 1)))
    for _ in range(2):
        warehouse.upsert(TABLE, rows((DAY, "US", 2), (NEXT_DAY, "US", 3)))
        assert content(warehouse) == [(DAY, "CN", 1), (DAY, "US", 2), (NEXT_DAY, "US", 3)]


def test_replace_all_leaves_only_the_new_rows(warehouse: Warehouse) -> None:
    warehouse.replace_all(TABLE, rows((DAY, "CN", 1), (DAY, "US", 1)))
    for _ in range(2):
        warehouse.replace_all(TABLE, rows((DAY, "CN", 2)))
        assert content(warehouse) == [(DAY, "CN", 2)]
    warehouse.replace_all(TABLE, rows())
    assert content(warehouse) == []


def test_remake_computes_a_table_from_the_others_with_the_columns_of_today(
    warehouse: Warehouse,
) -> None:
    warehouse.ensure(["CREATE TABLE mart.sums (country VARCHAR)"])
    ddl = "CREATE TABLE mart.sums (country VARCHAR PRIMARY KEY, n INTEGER)"

    def sums(connection: duckdb.DuckDBPyConnection) -> pa.Table:
        return connection.execute(
            f"SELECT country, sum(n)::INTEGER AS n FROM {TABLE} GROUP BY ALL ORDER BY ALL"  # noqa: S608
        ).to_arrow_table()

    for n in (1, 5):
        warehouse.replace_all(TABLE, rows((DAY, "CN", n), (NEXT_DAY, "CN", 1), (DAY, "US", 2)))
        made = warehouse.remake("mart.sums", ddl, sums)
        assert made.to_pylist() == warehouse.query("FROM mart.sums ORDER BY ALL").to_pylist()
        assert made.to_pylist() == [{"country": "CN", "n": n + 1}, {"country": "US", "n": 2}]


def test_a_table_that_cannot_be_remade_stays_as_it_was(warehouse: Warehouse) -> None:
    ddl = DDL[1].replace("IF NOT EXISTS ", "")
    warehouse.replace_all(TABLE, rows((DAY, "CN", 1)))
    twice = rows((DAY, "US", 1), (DAY, "US", 2))
    with pytest.raises(duckdb.ConstraintException):
        warehouse.remake(TABLE, ddl, lambda _connection: twice)
    with pytest.raises(duckdb.CatalogException):
        warehouse.remake(TABLE, ddl, lambda opened: opened.execute("FROM nothing").to_arrow_table())
    assert content(warehouse) == [(DAY, "CN", 1)]


def test_threads_of_one_process_write_one_after_the_other(warehouse: Warehouse) -> None:
    def write(country: str) -> None:
        for number in range(5):
            warehouse.upsert(TABLE, rows((date(2024, 12, number + 1), country, number)))

    threads = [threading.Thread(target=write, args=(country,)) for country in ("CN", "US", "DE")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(content(warehouse)) == 15


def test_two_processes_that_write_at_the_same_time_lose_nothing(
    warehouse: Warehouse, database: str
) -> None:
    warehouse.ensure(
        ["CREATE TABLE counter AS SELECT 0 AS n", "CREATE TABLE written (name VARCHAR, n INTEGER)"]
    )
    with (
        process(COUNTER, database, "one", "20") as one,
        process(COUNTER, database, "two", "20") as two,
    ):
        release(one)
        release(two)
        assert (one.wait(60), two.wait(60)) == (0, 0)
    # An update lost would leave the counter behind.
    assert warehouse.query("SELECT n FROM counter").to_pylist() == [{"n": 40}]
    found = warehouse.query("SELECT name, count(DISTINCT n) AS n FROM written GROUP BY ALL")
    assert {row["name"]: row["n"] for row in found.to_pylist()} == {"one": 20, "two": 20}


def test_a_writer_that_waits_too_long_says_who_holds_the_warehouse(
    warehouse: Warehouse, database: str
) -> None:
    with process(HOLDER, database) as holder:
        impatient = WarehouseResource(database=database, max_wait_s=0.2).open()
        with pytest.raises(WarehouseBusyError, match=f"process {holder.pid} held it for over"):
            impatient.query("SELECT 1")
        release(holder)
        assert holder.wait(60) == 0
    assert content(warehouse) == [(DAY, "XX", 1)]


def test_a_process_that_knows_nothing_of_the_lock_is_waited_for_and_named(
    warehouse: Warehouse, database: str
) -> None:
    """An analyst's shell, which has the file open for writing by DuckDB's own lock."""
    with process(STRANGER, database) as stranger:
        impatient = WarehouseResource(database=database, max_wait_s=0.2).open()
        with pytest.raises(WarehouseBusyError, match=rf"{database}.*{stranger.pid}.*end that"):
            impatient.query("SELECT 1")
        with ThreadPoolExecutor() as pool:
            waiting = pool.submit(warehouse.query, "SELECT 1 AS n")
            release(stranger)
            assert stranger.wait(60) == 0
            assert waiting.result(60).to_pylist() == [{"n": 1}]


def test_a_writer_killed_inside_its_transaction_blocks_nobody_and_leaves_nothing(
    warehouse: Warehouse, database: str
) -> None:
    with process(HOLDER, database) as holder:
        holder.kill()
        holder.wait(60)
    assert content(warehouse) == []
    warehouse.upsert(TABLE, rows((DAY, "CN", 1)))
    assert content(warehouse) == [(DAY, "CN", 1)]


def test_a_table_gets_the_columns_that_it_lacks(tmp_path: Path) -> None:
    house = Warehouse(str(tmp_path / "warehouse.duckdb"))
    house.ensure(["CREATE SCHEMA mart", "CREATE TABLE mart.a (k INTEGER PRIMARY KEY, x DOUBLE)"])
    house.upsert("mart.a", pa.table({"k": [1], "x": [0.5]}))
    types = {"k": "INTEGER", "x": "DOUBLE", "is_new": "BOOLEAN"}
    assert house.add_columns("mart.a", types) == ["is_new"]
    assert house.add_columns("mart.a", types) == []
    house.upsert("mart.a", pa.table({"k": [2], "x": [1.5], "is_new": [True]}))
    found = house.query("SELECT * FROM mart.a ORDER BY k").to_pylist()
    assert [row["is_new"] for row in found] == [None, True]
