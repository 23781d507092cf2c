"""Which storage Dagster has in a test: SQLite, or with TEST_DAGSTER_STORAGE=postgres a server's.

The tests are the same; `TEST_DAGSTER_STORAGE=postgres python -m pytest tests/orchestration` runs
them on PostgreSQL, each data folder with a database of its own.
"""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path

import dagster as dg

from tests.orchestration.postgres import PostgresServer

#: Ends what was started for the whole session.
session = ExitStack()


def is_postgres() -> bool:
    """Whether this session's tests are to run on PostgreSQL."""
    chosen = os.environ.get("TEST_DAGSTER_STORAGE", "sqlite")
    if chosen not in ("sqlite", "postgres"):
        raise ValueError(f"TEST_DAGSTER_STORAGE is {chosen!r}; set it to sqlite or postgres")
    return chosen == "postgres"


@cache
def server() -> PostgresServer:
    """The session's server, started when the first test needs it."""
    return session.enter_context(PostgresServer())


@cache
def _database(folder: Path) -> str:
    return server().database("d" + hashlib.sha256(str(folder).encode()).hexdigest()[:16])


def storage_names(data: Path) -> dict[str, str]:
    """The settings of Dagster's storage for a data folder."""
    return {"OBSERVATORY_DAGSTER_STORAGE": _database(data.resolve())} if is_postgres() else {}


@contextmanager
def scratch_instance(*, on_postgres: bool | None = None) -> Iterator[dg.DagsterInstance]:
    """An instance of its own that leaves nothing behind.

    Args:
        on_postgres: which storage; None for the session's.
    """
    if not (is_postgres() if on_postgres is None else on_postgres):
        with dg.DagsterInstance.ephemeral() as instance:
            yield instance
        return
    with tempfile.TemporaryDirectory() as home:
        overrides = {
            "storage": {"postgres": {"postgres_url": _database(Path(home))}},
            "telemetry": {"enabled": False},
        }
        with dg.DagsterInstance.local_temp(home, overrides=overrides) as instance:
            yield instance
