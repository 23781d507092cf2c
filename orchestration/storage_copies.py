"""Copies Dagster's storage while it is used: SQLite by files, a PostgreSQL database whole."""

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from orchestration.instance import libpq_environment
from orchestration.manifest import BackupError
from orchestration.settings import Settings

#: The database in a backup.
DUMP = "dagster.dump"
_DEBIAN = Path("/usr/lib/postgresql")
_BUSY_S = 60.0


def copy_sqlite(source: Path, target: Path) -> None:
    """Copy a SQLite database as it is at one moment, with what lies in its log.

    Raises:
        sqlite3.Error: it is not there any more, or there is no room for the copy.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    # By its plain name, one that is gone would be made, empty.
    address = f"{source.as_uri()}?mode=rw"
    with (
        closing(sqlite3.connect(address, uri=True, timeout=_BUSY_S)) as used,
        closing(sqlite3.connect(target)) as copy,
    ):
        used.backup(copy)


def dump_database(settings: Settings, target: Path) -> None:
    """Write the database of Dagster's storage, as it is at one moment, to a file.

    Raises:
        BackupError: PostgreSQL's programs are missing, or say why they could not.
    """
    _run(
        settings, "pg_dump", "--format=custom", "--no-owner", "--no-privileges",
        f"--file={target}",
    )  # fmt: skip


def restore_database(settings: Settings, dump: Path) -> None:
    """Put a dump in the place of what Dagster's database holds, all of it or nothing.

    Raises:
        BackupError: as of `dump_database`.
    """
    _run(
        settings, "pg_restore", "--clean", "--if-exists", "--no-owner", "--no-privileges",
        "--single-transaction", "--exit-on-error",
        f"--dbname={libpq_environment(settings)['PGDATABASE']}", str(dump),
    )  # fmt: skip


def has_runs(settings: Settings) -> bool:
    """Whether Dagster's database holds any run.

    Raises:
        BackupError: as of `dump_database`.
    """
    query = "SELECT to_regclass('public.runs') IS NOT NULL"
    if _asked(settings, query) != "t":
        return False
    return _asked(settings, "SELECT EXISTS (SELECT 1 FROM runs)") == "t"


def _asked(settings: Settings, query: str) -> str:
    return _run(settings, "psql", "--no-psqlrc", "--tuples-only", "--no-align", "-c", query).strip()


def _run(settings: Settings, program: str, *arguments: str) -> str:
    # The password is in the environment: arguments are seen by everybody on the machine.
    done = subprocess.run(  # noqa: S603 - a program of PostgreSQL's, nothing of others in it
        [_found(program), *arguments],
        env={**os.environ, **libpq_environment(settings)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BackupError(f"{program}: {done.stderr.strip() or f'exit {done.returncode}'}")
    return done.stdout


def _found(program: str) -> str:
    versions = sorted(_DEBIAN.glob(f"*/bin/{program}"), key=lambda path: _version(path.parts[-3]))
    found = shutil.which(program) or (str(versions[-1]) if versions else None)
    if found is None:
        raise BackupError(
            f"{program} is not on the PATH; install PostgreSQL's client programs, of the server's "
            "version or a later one"
        )
    return found


def _version(folder: str) -> float:
    return float(folder) if folder.replace(".", "", 1).isdecimal() else 0.0
