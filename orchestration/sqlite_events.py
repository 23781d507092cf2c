"""Dagster's event log in SQLite, for commands that write many events."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Self

from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._serdes import ConfigurableClassData
from sqlalchemy import create_engine
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.pool import NullPool

# The index, the run's own file, and those that are looked at beside it.
_MOST_ENGINES = 8


class SqliteEvents(SqliteEventLogStorage):
    """The same files, written with engines that stay.

    Dagster makes an engine for each event, and SQLAlchemy keeps with an engine the statements that
    it has compiled: a third of what an event takes is to compile the same four statements again.
    Connections are opened and closed for each event, as Dagster does, so that no file stays open.
    """

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._engine = lru_cache(maxsize=_MOST_ENGINES)(self._make_engine)
        super().__init__(base_dir, inst_data)

    @classmethod
    def from_config_value(
        cls,
        inst_data: ConfigurableClassData | None,
        config_value: Any,  # noqa: ANN401 - Dagster's base classes differ about it
    ) -> Self:
        """Of the block in Dagster's settings."""
        return cls(inst_data=inst_data, **config_value)

    def _make_engine(self, shard: str) -> Engine:
        return create_engine(
            self.conn_string_for_shard(shard),
            poolclass=NullPool,
            connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS},
        )

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock:
            engine = self._engine(shard)
            if shard not in self._initialized_dbs:
                self._initdb(engine)
                self._initialized_dbs.add(shard)
            with engine.begin() as connection:
                yield connection


def overrides(base_dir: str) -> dict[str, Any]:
    """What `InstanceRef.from_dir` puts over the settings for this storage.

    Args:
        base_dir: where Dagster's own SQLite storage keeps the events.
    """
    return {
        "event_log_storage": {
            "module": SqliteEvents.__module__,
            "class": SqliteEvents.__name__,
            "config": {"base_dir": base_dir},
        }
    }
