"""A PostgreSQL server of the tests' own: found, started on loopback, ended by its id."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg2
import pytest
from psycopg2 import sql

from orchestration.processes import free_port

PASSWORD = "pw:with@signs/and%"  # noqa: S105 - of a server that lives as long as a test
_URL_PASSWORD = "pw%3Awith%40signs%2Fand%25"  # noqa: S105
_DEBIAN = Path("/usr/lib/postgresql")


@cache
def programs() -> Path | None:
    """The folder of initdb and postgres: on the PATH, or where Debian puts them."""
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else []
    folders += sorted(_DEBIAN.glob("*/bin"), reverse=True)
    return next((each for each in folders if (each / "postgres").exists()), None)


class PostgresServer:
    """A server with a folder of its own; as root it runs as user postgres, as it insists on."""

    def __init__(self) -> None:
        folder = programs()
        if folder is None:
            pytest.skip("no PostgreSQL server here: neither initdb on the PATH nor Debian's")
        self.bin = folder
        self._user = "postgres" if os.geteuid() == 0 else None
        self._folder = Path(tempfile.mkdtemp(prefix="observatory-pg-"))
        self.port = free_port()

    def __enter__(self) -> Self:
        if self._user:
            shutil.chown(self._folder, self._user, self._user)
        password = self._folder / "password"
        password.write_text(PASSWORD)
        if self._user:
            shutil.chown(password, self._user, self._user)
        data = self._folder / "data"
        self._run(
            "initdb", "-D", str(data), "-U", "observatory", "--auth=scram-sha-256",
            f"--pwfile={password}", "-E", "UTF8", "--locale=C", "--no-sync",
        )  # fmt: skip
        self._log = (self._folder / "log").open("wb")
        self._process = subprocess.Popen(
            [
                self.bin / "postgres", "-D", data, "-p", str(self.port), "-c", "fsync=off",
                "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=",
            ],
            stdout=self._log,
            stderr=subprocess.STDOUT,
            user=self._user,
            cwd=self._folder,
        )  # fmt: skip
        self._wait()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.send_signal(signal.SIGINT)
        self._process.wait(timeout=60)
        self._log.close()
        shutil.rmtree(self._folder)

    def database(self, name: str) -> str:
        """The address of a new database."""
        connection = psycopg2.connect(self.url("postgres"))
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        finally:
            connection.close()
        return self.url(name)

    def url(self, name: str) -> str:
        """The address of a database of this server."""
        return f"postgresql://observatory:{_URL_PASSWORD}@127.0.0.1:{self.port}/{name}"

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [self.bin / program, *arguments],
            check=True,
            capture_output=True,
            user=self._user,
            cwd=self._folder,
        )

    def _wait(self) -> None:
        deadline = time.monotonic() + 60
        while True:
            try:
                psycopg2.connect(self.url("postgres")).close()
            except psycopg2.OperationalError:
                ended = self._process.poll() is not None
                if ended or time.monotonic() > deadline:
                    said = (self._folder / "log").read_text()
                    raise RuntimeError(f"PostgreSQL did not start: {said}") from None
                time.sleep(0.02)
            else:
                return
