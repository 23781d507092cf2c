"""Git's own program, run so that nothing of the user's and nothing endless gets into it."""

import io
import os
import re
import signal
import subprocess
import threading
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import cast

from resources.http import (
    TRANSIENT_STATUSES,
    NotFoundError,
    PermanentUpstreamError,
    TransientUpstreamError,
    UpstreamError,
)

LEAST_VERSION = (2, 29)
TIMEOUT_S = 1_800.0
MAX_LINE_BYTES = 1 << 16
MAX_OUTPUT_BYTES = 1 << 28
_STDERR_BYTES = 1 << 14
_CONFIG = (
    "core.hooksPath=/dev/null",
    "core.askPass=",
    "credential.helper=",
    "gc.autoDetach=false",  # no process outlives its step
    "fetch.writeCommitGraph=true",  # a range of days is then found without unpacking all commits
    # Where an address has moved to is looked at before git is sent there.
    "http.followRedirects=false",
    "log.mailmap=false",  # a bare repository's is looked up in a tree that a mirror lacks
    "http.lowSpeedLimit=1000",
    "http.lowSpeedTime=60",
    "protocol.version=2",
)
_KEPT_VARIABLES = (
    "PATH", "http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy",
    "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", "GIT_SSL_CAINFO",
)  # fmt: skip
# Without credentials GitHub asks for some before it says that there is no such repository.
_ABSENT = re.compile(
    r"repository '[^']*' (not found|does not exist)|does not appear to be a git repository"
    r"|could not read Username|Authentication failed|Repository not found"
    r"|returned error: (404|410|451)"
)
_MOVED = frozenset({"301", "302", "307", "308"})
_STATUS = re.compile(r"returned error: (\d{3})")
_BROKEN = re.compile(
    r"Could not resolve host|Failed to connect|Couldn't connect|Recv failure|Empty reply"
    r"|Connection (reset|refused|timed out)|Operation (too slow|timed out)|transfer closed"
    r"|early EOF|RPC failed|hung up|unexpected disconnect|expected flush|protocol error: bad"
)


class MovedError(PermanentUpstreamError):
    """The upstream has the repository at another address."""


class GitProgram:
    """Runs git: no shell, no prompt, no user's configuration, bounded in time and output.

    Args:
        protocols: what git may talk, as GIT_ALLOW_PROTOCOL takes it, such as `http:https`; `none`
            for no network at all.
        timeout_s: most seconds that one call may take.
    """

    def __init__(self, protocols: str, timeout_s: float = TIMEOUT_S) -> None:
        self._protocols = protocols
        self._timeout_s = timeout_s

    @cached_property
    def version(self) -> tuple[int, int]:
        """Git's version, major and minor.

        Raises:
            PermanentUpstreamError: git is not installed.
        """
        found = re.search(rb"(\d+)\.(\d+)", self.run("version"))
        return (int(found[1]), int(found[2])) if found else (0, 0)

    def run(self, *arguments: str | Path, folder: Path | None = None) -> bytes:
        """All output of one call; arguments and errors as of `lines`."""
        return b"".join(self.lines(*arguments, folder=folder))

    def lines(self, *arguments: str | Path, folder: Path | None = None) -> Iterator[bytes]:
        """Lines of git's output, their ends included; one over 64 KiB is cut and has no end.

        Args:
            arguments: the subcommand and what follows it.
            folder: the repository that it is about.

        Raises:
            NotFoundError: the upstream has no such repository, or shows it to nobody.
            TransientUpstreamError: no connection, a broken or endless one, or a transient status.
            PermanentUpstreamError: git is not installed, failed otherwise, or gave over 256 MiB.
        """
        where = ("-C", folder) if folder else ()
        settings = [part for setting in _CONFIG for part in ("-c", setting)]
        try:
            process = subprocess.Popen(  # noqa: S603 - no shell; names are checked, URLs our own
                ["git", *where, *settings, *arguments],  # noqa: S607 - found on PATH, as make is
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,  # its helpers end with it
            )
        except FileNotFoundError as error:
            raise PermanentUpstreamError("git is not installed; install git 2.29+") from error
        watch = _Watch(process, self._timeout_s)
        byte_count = 0
        try:
            output = cast(io.BufferedReader, process.stdout)
            is_whole = True
            while line := output.readline(MAX_LINE_BYTES):
                byte_count += len(line)
                if byte_count > MAX_OUTPUT_BYTES:
                    raise PermanentUpstreamError(f"git {arguments[0]} gave too much output")
                if is_whole:
                    yield line
                is_whole = line.endswith(b"\n")
            process.wait()
        finally:
            said = watch.end()
        if watch.has_timed_out:
            raise TransientUpstreamError(f"git {arguments[0]} took over {self._timeout_s:.0f} s")
        if process.returncode:
            raise _error(str(arguments[0]), said)

    def _environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
        return {
            **kept,
            "HOME": os.devnull,  # no .netrc
            "LC_ALL": "C",
            "GIT_ALLOW_PROTOCOL": self._protocols,
            "GIT_ATTR_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
        }


class _Watch:
    """Ends a process in time, and keeps the last of what it says on stderr."""

    def __init__(self, process: subprocess.Popen[bytes], timeout_s: float) -> None:
        self._process = process
        self._said = b""
        self.has_timed_out = False
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._timer = threading.Timer(timeout_s, self._time_out)
        self._timer.daemon = True
        self._reader.start()
        self._timer.start()

    def end(self) -> str:
        """Leave nothing of the process behind; what it said last."""
        self._timer.cancel()
        if self._process.poll() is None:
            self._kill()
        self._process.wait()
        self._reader.join()
        for pipe in (self._process.stdout, self._process.stderr):
            if pipe:
                pipe.close()
        return self._said.decode("utf-8", "replace")

    def _read(self) -> None:
        stderr = cast(io.BufferedReader, self._process.stderr)
        while chunk := stderr.read1(_STDERR_BYTES):
            self._said = (self._said + chunk)[-_STDERR_BYTES:]

    def _time_out(self) -> None:
        self.has_timed_out = True
        self._kill()

    def _kill(self) -> None:
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return


def _error(command: str, said: str) -> UpstreamError:
    """The error that git's words stand for; URLs in them keep no credentials."""
    text = re.sub(r"//[^/@\s']*@", "//", said)
    lines = [line for line in text.splitlines() if line.startswith(("fatal:", "error:"))]
    message = f"git {command}: {' '.join(lines)[:500] or 'failed without a word'}"
    if _ABSENT.search(text):
        return NotFoundError(message)
    status = _STATUS.search(text)
    if status and status[1] in _MOVED:
        return MovedError(message)
    is_transient = int(status[1]) in TRANSIENT_STATUSES if status else bool(_BROKEN.search(text))
    return TransientUpstreamError(message) if is_transient else PermanentUpstreamError(message)
