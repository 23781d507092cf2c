"""The warehouse: one DuckDB file, one writer at a time, each change one transaction.

DuckDB lets one process at a time open a file for writing, and refuses the second. A lock file
beside the database makes the second wait instead, bounded, and say for what; the operating system
frees it when its holder dies, so that a killed run blocks nobody.
"""

import fcntl
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

import duckdb
import pyarrow as pa
from dagster_duckdb import DuckDBResource

from resources.lake import DamagedPartitionError

_POLL_S = 0.05
#: What DuckDB 1.x says of a file whose checksums or structure are wrong.
_SIGNS_OF_DAMAGE = (
    "Corrupt database file",
    "Corrupt WAL file",
    "not a valid DuckDB database file",
    "Failed to deserialize",
    "INTERNAL Error",
    "different endianness",
    "trying to read a database file",
    "could not read all",
    "Could not read enough bytes",
)
_MEND = (
    "stop the services and run: make restore FROM=newest REPLACE=1. It lays the data aside and "
    "puts the newest backup in their place; what was made since is made again"
)
_SIGN_OF_ANOTHER = "Could not set lock"
_SIGN_OF_HALF_A_FILE = "No magic bytes found"
_SAY_EVERY_S = 10.0
_T = TypeVar("_T")
_PROCESS_LOCK = threading.RLock()
_log = logging.getLogger(__name__)


# As DuckDBResource's own connections have it: those of one process have to agree on it.
_CONFIG: dict[str, str | bool | int | float | list[str]] = {"custom_user_agent": "dagster"}


class WarehouseBusyError(TimeoutError):
    """Another writer held the warehouse longer than this one may wait."""


class _HeldError(Exception):
    """Somebody has what is needed; the text says who."""


class WarehouseDamagedError(RuntimeError):
    """The database's file is not what was written to it."""


class Warehouse:
    """Short transactions on the warehouse.

    Args:
        database: the DuckDB file; its folder is made.
        max_wait_s: how long to wait for another writer.
    """

    def __init__(self, database: str, max_wait_s: float = 600.0) -> None:
        self.database = Path(database)
        self._max_wait_s = max_wait_s

    @contextmanager
    def transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection inside a transaction: committed at the end, rolled back on any exception.

        Hold it for seconds: fetch and compute before, write inside.

        Raises:
            WarehouseBusyError: another writer did not let go in time.
            WarehouseDamagedError: the file is damaged; the text says how to mend it.
            DamagedPartitionError: so is one of the lake, which a view reads.
        """
        self.database.parent.mkdir(parents=True, exist_ok=True)
        with _PROCESS_LOCK, self._file_lock(), self._damage_said():
            connection = self._patiently(self._connected)
            try:
                connection.execute("SET TimeZone = 'UTC'")
                connection.execute("BEGIN")
                yield connection
                connection.execute("COMMIT")
            finally:
                # Closing without a commit rolls back.
                connection.close()

    def _connected(self) -> duckdb.DuckDBPyConnection:
        try:
            return duckdb.connect(str(self.database), config=_CONFIG)
        except duckdb.IOException as error:
            # Another try changes neither a damaged file nor a disk that is full or read-only.
            if _SIGN_OF_ANOTHER not in str(error):
                raise
            # Somebody has it open who knows nothing of our lock, such as an analyst's shell.
            said = str(error).splitlines()[0][:500]
            raise _HeldError(f"a process outside the platform held it ({said})") from None

    def _patiently(self, attempt: Callable[[], _T]) -> _T:
        """What an attempt gives once nobody else is in its way."""
        began = said = time.monotonic()
        while True:
            try:
                return attempt()
            except _HeldError as held:
                now = time.monotonic()
                if now - began > self._max_wait_s:
                    raise WarehouseBusyError(
                        f"{self.database}: {held} for over {self._max_wait_s:.0f} s; end that "
                        "process and run again"
                    ) from None
                if now - said > _SAY_EVERY_S:
                    said = now
                    _log.info("%s: waiting: %s", self.database, held)
            time.sleep(_POLL_S)

    @contextmanager
    def _damage_said(self) -> Iterator[None]:
        """Let DuckDB's errors about what it read from the file say what to do."""
        try:
            yield
        except duckdb.InvalidInputException as error:
            said = str(error).splitlines()[0]
            if _SIGN_OF_HALF_A_FILE not in said:
                raise
            raise DamagedPartitionError(
                f"a view reads what is no whole Parquet file ({said[:500]}); remove it and make "
                "its partition again, with what is made of it"
            ) from error
        except (duckdb.IOException, duckdb.FatalException, duckdb.InternalException,
                duckdb.SerializationException) as error:  # fmt: skip
            if not _is_damage(error):
                raise
            is_sure = not isinstance(error, duckdb.InternalException)
            what = "is damaged" if is_sure else "is damaged, or DuckDB itself failed"
            first = "" if is_sure else "run again; if it says the same, "
            raise WarehouseDamagedError(
                f"{self.database} {what} ({str(error).splitlines()[0][:300]}); {first}{_MEND}"
            ) from error

    @contextmanager
    def held(self) -> Iterator[list[Path]]:
        """The database's files while nobody has them open: the one, and its log after a crash.

        For copying: what is copied together here belongs together.

        Raises:
            WarehouseBusyError: another writer did not let go in time.
        """
        self.database.parent.mkdir(parents=True, exist_ok=True)
        with _PROCESS_LOCK, self._file_lock():
            log = self.database.with_name(self.database.name + ".wal")
            yield [path for path in (self.database, log) if path.exists()]

    def require_whole(self, copy: Path) -> None:
        """Read every row of a copy's tables with all columns, without a change to its bytes.

        Views read others' files, and are not read. What lies in a log beside the copy is.

        Raises:
            WarehouseDamagedError: names the warehouse that was copied; the text says what to do.
        """
        with self._damage_said():
            connection = duckdb.connect(str(copy), read_only=True, config=_CONFIG)
            try:
                tables = connection.execute(
                    "SELECT schema_name, table_name FROM duckdb_tables() WHERE NOT internal"
                ).fetchall()
                for names in tables:
                    table = ".".join('"' + name.replace('"', '""') + '"' for name in names)
                    connection.execute(
                        f"SELECT bit_xor(hash(whole_row)) FROM {table} AS whole_row"  # noqa: S608
                    ).fetchall()
            finally:
                connection.close()

    @contextmanager
    def _file_lock(self) -> Iterator[None]:
        path = self.database.with_name(self.database.name + ".lock")
        with path.open("a+") as file:
            self._patiently(partial(_lock, file.fileno(), path))
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
            yield

    def ensure(self, ddl: Sequence[str]) -> None:
        """Create what is not there yet: schemas, tables and views."""
        with self.transaction() as connection:
            for statement in ddl:
                connection.execute(statement)

    def add_columns(self, table: str, types: Mapping[str, str]) -> list[str]:
        """Give a table the columns that it does not have yet.

        Args:
            table: `schema.table`, which exists.
            types: type by column name, with a default for the rows that are there.

        Returns:
            The columns that were missing.
        """
        schema, name = table.split(".")
        with self.transaction() as connection:
            found = connection.execute(
                "SELECT column_name FROM information_schema.columns "
                "WHERE table_schema = ? AND table_name = ?",
                [schema, name],
            ).fetchall()
            missing = [column for column in types if (column,) not in found]
            for column in missing:
                connection.execute(f'ALTER TABLE {table} ADD COLUMN "{column}" {types[column]}')
        return missing

    def has_table(self, table: str) -> bool:
        """Whether `schema.table` is there."""
        schema, name = table.split(".")
        found = self.query(
            "SELECT 1 FROM information_schema.tables WHERE table_schema = ? AND table_name = ?",
            [schema, name],
        )
        return bool(found.num_rows)

    def query(self, sql: str, parameters: Sequence[object] = ()) -> pa.Table:
        """Rows of a read."""
        with self.transaction() as connection:
            return connection.execute(sql, list(parameters)).to_arrow_table()

    def replace_days(self, table: str, column: str, days: Sequence[object], rows: pa.Table) -> None:
        """Replace the rows of some days by others, in one transaction.

        Args:
            table: `schema.table`, which exists.
            column: the DATE column that partitions it.
            days: the days replaced; days without rows become empty.
            rows: the new rows, of the table's columns.

        Raises:
            ValueError: a row lies outside `days`; nothing is written.
        """
        outside = set(rows[column].unique().to_pylist()) - set(days)
        if outside:
            raise ValueError(f"{table}: rows of {sorted(map(str, outside))} outside the partition")
        with self.transaction() as connection:
            connection.register("incoming", rows)
            connection.execute(
                f"DELETE FROM {table} WHERE list_contains(?, {column})",  # noqa: S608
                [list(days)],
            )
            connection.execute(f"INSERT INTO {table} BY NAME SELECT * FROM incoming")  # noqa: S608

    def upsert(self, table: str, rows: pa.Table) -> None:
        """Insert rows, replacing those of the same primary key."""
        with self.transaction() as connection:
            connection.register("incoming", rows)
            connection.execute(
                f"INSERT OR REPLACE INTO {table} BY NAME SELECT * FROM incoming"  # noqa: S608
            )

    def replace_all(self, table: str, rows: pa.Table) -> None:
        """Replace a small table as a whole."""
        with self.transaction() as connection:
            connection.register("incoming", rows)
            connection.execute(f"DELETE FROM {table}")  # noqa: S608
            connection.execute(f"INSERT INTO {table} BY NAME SELECT * FROM incoming")  # noqa: S608

    def remake(
        self, table: str, ddl: str, compute: Callable[[duckdb.DuckDBPyConnection], pa.Table]
    ) -> pa.Table:
        """Make a table anew from what is computed from others inside the same transaction.

        So no other writer comes between reading and writing, and the later of two runs has read
        what the earlier one wrote. A new table takes a million rows twice as fast as one whose
        key still holds the old ones, and has the columns of today. Only for what takes seconds.

        Args:
            table: `schema.table`, whose schema exists.
            ddl: creates the table.
            compute: makes its rows, of its columns, from what the connection sees.

        Returns:
            The new rows.
        """
        with self.transaction() as connection:
            rows = compute(connection)
            connection.register("incoming", rows)
            connection.execute(f"DROP TABLE IF EXISTS {table}")
            connection.execute(ddl)
            connection.execute(f"INSERT INTO {table} BY NAME SELECT * FROM incoming")  # noqa: S608
        return rows


def _lock(descriptor: int, path: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise _HeldError(f"process {path.read_text() or 'unknown'} held it") from None


def _is_damage(error: duckdb.Error) -> bool:
    return any(sign in str(error) for sign in _SIGNS_OF_DAMAGE)


class WarehouseResource(DuckDBResource):
    """The warehouse file: a `DuckDBResource` that several processes may share."""

    max_wait_s: float = 600.0

    def open(self) -> Warehouse:
        """The warehouse, for short transactions."""
        return Warehouse(self.database, self.max_wait_s)
