"""Git over HTTP, read only: `git http-backend` over bare repositories that are made when asked."""

from __future__ import annotations

import os
import re
import subprocess
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from sandbox.commits import DEFAULT_BRANCH, WITHDRAWN, fast_import
from sandbox.exchange import Request, Response
from sandbox.repositories import Repository
from sandbox.world import World

_PATH = re.compile(r"/git/([^/]+/[^/]+?)(?:\.git)?/(info/refs|git-upload-pack)")
_TIMEOUT_S = 60


class GitPaths:
    """Answers `/git/{owner}/{name}[.git]/…` as a git host does: smart HTTP, version 2, filters."""

    def __init__(self, world: World, clock: Callable[[], datetime]) -> None:
        self._world = world
        self._clock = clock
        tracked = world.tracked_repositories
        self._by_name = {row.name.lower(): row for row in tracked}
        self._by_previous_name = {
            row.previous_name.lower(): row for row in tracked if row.previous_name
        }
        self._lock = threading.Lock()
        self._folder: TemporaryDirectory[str] | None = None

    @property
    def folder(self) -> str | None:
        """Where the repositories lie; None before the first was asked for."""
        return self._folder.name if self._folder else None

    def close(self) -> None:
        """Remove the repositories."""
        with self._lock:
            if self._folder:
                self._folder.cleanup()
                self._folder = None

    def answer(self, request: Request) -> Response | None:
        """The answer, or None when the path is not one of a git host."""
        if not request.path.startswith("/git/"):
            return None
        match = _PATH.fullmatch(request.path)
        name = match[1].lower() if match else ""
        row = self._by_name.get(name) or self._by_previous_name.get(name)
        if match is None or row is None or row.name == WITHDRAWN:
            return _not_found()
        present = row.name_at(self._clock())
        if name != present.lower():
            # Before a rename the later name is not known yet.
            if name == row.name.lower():
                return _not_found()
            query = f"?service={request.query['service']}" if "service" in request.query else ""
            location = f"{request.base_url}/git/{present}/{match[2]}{query}"
            return Response(301, headers={"Location": location}, content_type="text/plain")
        if request.query.get("service", "git-upload-pack") != "git-upload-pack":
            return Response(403, b"read only\n", "text/plain")
        return self._backend(request, self._repository(row), match[2])

    def force_push(self, name: str, dropped: int) -> None:
        """Take a repository's last commits off its default branch, as a forced push does.

        Args:
            name: `owner/name`.
            dropped: how many first parents the branch goes back.

        Raises:
            subprocess.CalledProcessError: the branch has no more commits than that.
        """
        folder = self._repository(self._by_name[name.lower()])
        branch = f"refs/heads/{DEFAULT_BRANCH}"
        _git("update-ref", branch, f"{branch}~{dropped}", folder=folder)

    def _repository(self, row: Repository) -> Path:
        """The bare repository, made where it is not there yet."""
        with self._lock:
            if self._folder is None:
                self._folder = TemporaryDirectory(prefix="sandbox-git-")
            folder = Path(self._folder.name) / f"{row.github_id}.git"
            if not folder.exists():
                history = fast_import(self._world.commits[row.github_id])
                _git("init", "--quiet", "--bare", str(folder))
                _git("symbolic-ref", "HEAD", f"refs/heads/{DEFAULT_BRANCH}", folder=folder)
                _git("config", "uploadpack.allowFilter", "true", folder=folder)
                _git(
                    "fast-import", "--quiet", "--date-format=raw-permissive",
                    folder=folder, content=history,
                )  # fmt: skip
            return folder

    def _backend(self, request: Request, folder: Path, action: str) -> Response:
        variables = {
            "GIT_PROJECT_ROOT": str(folder.parent),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": f"/{folder.name}/{action}",
            "QUERY_STRING": "service=git-upload-pack" if request.query else "",
            "REQUEST_METHOD": request.method,
            "CONTENT_TYPE": request.headers.get("content-type", ""),
            "CONTENT_LENGTH": str(len(request.body)),
            "HTTP_CONTENT_ENCODING": request.headers.get("content-encoding", ""),
            "GIT_PROTOCOL": request.headers.get("git-protocol", ""),
            "REMOTE_ADDR": "127.0.0.1",
        }
        output = _git("http-backend", content=request.body, variables=variables)
        head, _, body = output.partition(b"\r\n\r\n")
        headers = dict(
            line.split(": ", 1) for line in head.decode("latin-1").split("\r\n") if ": " in line
        )
        status = int(headers.pop("Status", "200 OK").split()[0])
        content_type = headers.pop("Content-Type", "text/plain")
        return Response(status, body, content_type, headers)


def _not_found() -> Response:
    return Response(404, b"Repository not found.\n", "text/plain")


def _git(
    *arguments: str,
    folder: Path | None = None,
    content: bytes = b"",
    variables: Mapping[str, str] | None = None,
) -> bytes:
    """Output of git, run without anybody's configuration."""
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": os.devnull,
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        **(variables or {}),
    }
    done = subprocess.run(  # noqa: S603 - fixed commands, names of our own
        ["git", *arguments],  # noqa: S607 - found on PATH
        cwd=folder,
        env=environment,
        input=content,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        timeout=_TIMEOUT_S,
        check=True,
    )
    return done.stdout
