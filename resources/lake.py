"""Parquet, one file a partition and part, under a base path that may be local or an object store.

A file is written under a temporary name and renamed (an object store replaces an object at once),
so that a reader, at any moment and after any crash, sees the old rows or the new ones.
"""

import fcntl
import glob
import hashlib
import io
import os
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import dagster as dg
import fsspec
import pyarrow as pa
import pyarrow.parquet as pq

_READERS = 8


class DamagedPartitionError(ValueError):
    """A partition's file is there and no whole Parquet file."""


class Lake:
    """Reads and writes `BASE/<schema>/<table>/[<part>/]<partition>.parquet`.

    A copy for another process is its base path alone: what an object store asks of its users is
    read there, from that process's own environment.

    Args:
        base_path: a folder or any fsspec URL.
    """

    def __init__(self, base_path: str) -> None:
        self.base_path = base_path
        # A listing that is remembered would hide what other processes have written since.
        self._fs, root = fsspec.core.url_to_fs(base_path, use_listings_cache=False)
        self._root = root.rstrip("/")
        self.is_local = isinstance(self._fs, fsspec.implementations.local.LocalFileSystem)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Lake) and other.base_path == self.base_path

    def __hash__(self) -> int:
        return hash(self.base_path)

    def __reduce__(self) -> tuple[type["Lake"], tuple[str]]:
        return Lake, (self.base_path,)

    def path(self, table: str, partition: str, part: str | None = None) -> str:
        """Where a partition of `schema.table` lies."""
        folder = f"{self._root}/{table.replace('.', '/')}"
        return f"{folder}/{part}/{partition}.parquet" if part else f"{folder}/{partition}.parquet"

    def glob(self, table: str) -> str:
        """A pattern over all partitions and parts of a table."""
        return f"{self._root}/{table.replace('.', '/')}/**/*.parquet"

    def has(self, table: str) -> bool:
        """Whether any partition of a table was written."""
        return any(self.partitions(table, part) for part in (None, *self.parts(table)))

    def partitions(self, table: str, part: str | None = None) -> list[str]:
        """The partitions that are there, in order."""
        folder = str(Path(self.path(table, "x", part)).parent)
        if not self._fs.exists(folder):
            return []
        names = (str(name).rsplit("/", 1)[-1] for name in self._fs.ls(folder, detail=False))
        return sorted(name.removesuffix(".parquet") for name in names if name.endswith(".parquet"))

    def parts(self, table: str) -> list[str]:
        """The parts (such as sources) that a table is kept in, in order."""
        folder = f"{self._root}/{table.replace('.', '/')}"
        if not self._fs.exists(folder):
            return []
        return sorted(
            str(entry["name"]).rsplit("/", 1)[-1]
            for entry in self._fs.ls(folder, detail=True)
            if entry["type"] == "directory"
        )

    def read(
        self,
        table: str,
        partition: str,
        part: str | None = None,
        columns: Sequence[str] | None = None,
    ) -> pa.Table | None:
        """A partition's rows (of some columns alone), or None where it was never written.

        Raises:
            DamagedPartitionError: its file was damaged; the text says how to mend it.
        """
        path = self.path(table, partition, part)
        try:
            if columns or self.is_local:
                with self._fs.open(path, "rb") as file:
                    return _opened(file).read(columns=list(columns) if columns else None)
            # One request for a whole file of an object store.
            return _opened(io.BytesIO(self._fs.cat_file(path))).read()
        except FileNotFoundError:
            return None
        except (pa.ArrowException, OSError) as error:
            if isinstance(error, OSError) and error.errno is not None:
                # The disk, the network or a right, and not what the file holds.
                raise
            raise DamagedPartitionError(
                f"{path} is no whole Parquet file ({error}); remove it and make {table} of "
                f"{partition} again, with what is made of it"
            ) from error

    def digest(self, table: str, partition: str) -> str:
        """SHA-256, in hexadecimal, of a partition's file; empty where it was never written.

        Of a table that is kept in parts, of all the parts' files, one after the other.
        """
        paths = [self.path(table, partition, part) for part in (None, *self.parts(table))]
        found = [path for path in paths if self._fs.exists(path)]
        digest = hashlib.sha256()
        for path in found:
            digest.update(self._fs.cat_file(path))
        return digest.hexdigest() if found else ""

    def approve(self, table: str, partition: str) -> None:
        """Note that the partition's file, as it is now, passed its checks."""
        path = self._approval(table, partition)
        data = self.digest(table, partition).encode()
        if self.is_local:
            _write_renamed(Path(path), data)
        else:
            self._fs.pipe_file(path, data)

    def is_approved(self, table: str, partition: str) -> bool:
        """Whether the partition's file, as it is now, passed its checks."""
        path = self._approval(table, partition)
        if not self._fs.exists(path):
            return False
        digest = self.digest(table, partition)
        return bool(digest) and bytes(self._fs.cat_file(path)).decode() == digest

    def _approval(self, table: str, partition: str) -> str:
        return f"{self._root}/approved/{table.replace('.', '/')}/{partition}.sha256"

    def read_all(
        self,
        table: str,
        partitions: Sequence[str],
        schema: pa.Schema,
        part: str | None = None,
        columns: Sequence[str] | None = None,
        keep: Callable[[pa.Table], pa.Table] | None = None,
    ) -> pa.Table:
        """The rows of those partitions that are there; an empty table of `schema` without any.

        Columns that a partition was written without are null in its rows. With `columns`, which
        are then those of `schema`, only these are read. `keep` chooses among the rows of each
        partition as it is read: what it leaves out takes no memory beside the others.
        """
        found = self._read_each(table, partitions, part, columns, keep)
        tables = [schema.empty_table(), *(each for each in found if each)]
        return pa.concat_tables(tables, promote_options="default")

    def _read_each(
        self,
        table: str,
        partitions: Sequence[str],
        part: str | None,
        columns: Sequence[str] | None,
        keep: Callable[[pa.Table], pa.Table] | None,
    ) -> list[pa.Table | None]:
        def read(partition: str) -> pa.Table | None:
            rows = self.read(table, partition, part, columns)
            return keep(rows) if keep is not None and rows is not None else rows

        if self.is_local or len(partitions) < 2:
            return [read(partition) for partition in partitions]
        # Each file of an object store is a wait of its own.
        with ThreadPoolExecutor(max_workers=_READERS) as pool:
            return list(pool.map(read, partitions))

    def remove(self, table: str, partition: str, part: str | None = None) -> None:
        """Remove a partition, where it is there."""
        with suppress(FileNotFoundError):
            self._fs.rm_file(self.path(table, partition, part))

    def probe(self) -> None:
        """Write a small file, read it and remove it; what the store's driver raises goes through.

        Raises:
            OSError: what was read is not what was written.
        """
        path = f"{self._root}/.probe-{uuid.uuid4().hex}"
        try:
            self._fs.pipe_file(path, b"probe")
            if bytes(self._fs.cat_file(path)) != b"probe":
                raise OSError(f"{self.base_path} gives back other bytes than were written")
        finally:
            with suppress(FileNotFoundError):
                self._fs.rm_file(path)

    def write(self, table: str, partition: str, rows: pa.Table, part: str | None = None) -> None:
        """Replace a partition."""
        path = self.path(table, partition, part)
        buffer = io.BytesIO()
        # A flipped bit in a page is then an error, and not another figure.
        pq.write_table(rows, buffer, compression="zstd", write_page_checksum=True)
        data = buffer.getvalue()
        if self.is_local:
            _write_renamed(Path(path), data)
        else:
            self._fs.pipe_file(path, data)


def _opened(file: IO[bytes]) -> pq.ParquetFile:
    return pq.ParquetFile(file, page_checksum_verification=True)


def _write_renamed(path: Path, data: bytes) -> None:
    """Write a file so that no reader and no crash ever sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _remove_leftovers(path)
    with _temporary(path) as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
        Path(file.name).replace(path)


@contextmanager
def _temporary(path: Path) -> Iterator[IO[bytes]]:
    """A new file beside a path, locked for as long as its writer lives, and gone at the end."""
    while True:
        # The suffix keeps a leftover of a killed writer out of every glob over *.parquet.
        temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
        try:
            with temporary.open("wb") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                # Before it was locked, another writer may have taken it for a leftover.
                if temporary.exists():
                    yield file
                    return
        finally:
            temporary.unlink(missing_ok=True)


def _remove_leftovers(path: Path) -> None:
    """Remove what killed writers of a file left beside it: what no living one has locked."""
    for leftover in path.parent.glob(f".{glob.escape(path.name)}.*.tmp"):
        with suppress(FileNotFoundError, BlockingIOError), leftover.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            leftover.unlink()


class LakeResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The Parquet store."""

    base_path: str

    def open(self) -> Lake:
        """The store at the base path."""
        return Lake(self.base_path)
