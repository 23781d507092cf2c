"""Git: bare mirrors of repositories' commits, without any file's content, kept by git's program.

A mirror is a partial clone (`--filter=tree:0`): commits of all branches, no trees, no blobs,
nothing ever checked out. It lies under the repository's numeric id, so that a rename changes only
where the next fetch goes. Requires git 2.29; from 2.37 reading a range of days is quicker.
"""

import fcntl
import re
import shutil
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import dagster as dg
from pydantic import Field

from resources.git_program import TIMEOUT_S, GitProgram, MovedError
from resources.http import (
    MAX_ATTEMPTS,
    NotFoundError,
    PermanentUpstreamError,
    TransientUpstreamError,
    UpstreamError,
    new_session,
    place,
    send,
    with_retries,
)

_POLL_S = 0.1
_FIRST_REQUEST = "/info/refs?service=git-upload-pack"
_HEADS = "+refs/heads/*:refs/heads/*"
_REPOSITORY = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}/(?!\.{1,2}$)[A-Za-z0-9._][A-Za-z0-9._-]{0,99}"
)
_RAW_DATE = re.compile(rb"(-?\d{1,20}) ([+-]\d{4,10})")
# Sha, parents, author's and committer's date, then the two fields whose text a stranger chooses.
# A header of a commit holds no line feed, so that no address can pass for another record.
_FORMAT = "--format=tformat:%H%x00%P%x00%ad%x00%cd%x00%ae%x00%ce"


@dataclass(frozen=True, slots=True)
class MirrorState:
    """What became of a mirror.

    Attributes:
        status: `fetched` now, `fresh` enough not to be asked for, or `absent`: the upstream has no
            such repository (deleted, made private, or never there).
        fetched_at: when what the mirror holds was fetched; None where there is no mirror.
    """

    status: str
    fetched_at: datetime | None


@dataclass(frozen=True, slots=True)
class GitCommit:
    """A commit as its headers state it; every field but `sha` is its author's claim.

    Attributes:
        parent_count: 0 for a root, 2 and more for a merge.
        author_time_s: seconds since 1970, any number; None where the header holds no time.
        author_zone: as written, such as `+0800`, however absurd; empty without a time.
        committed_at: UTC.
        committer_zone: as `author_zone`.
        author_email: as written; kept out of `repr`, as it is somebody's.
        committer_email: the same.
        is_default_branch: reachable from the default branch.
    """

    sha: str
    parent_count: int
    author_time_s: int | None
    author_zone: str
    committed_at: datetime
    committer_zone: str
    author_email: str = field(repr=False)
    committer_email: str = field(repr=False)
    is_default_branch: bool


class GitMirrors:
    """Mirrors of one host's repositories in one folder; safe for threads and processes.

    Args:
        base_url: http, https or file URL that `owner/name` is put behind.
        folder: where mirrors lie; made where needed.
        attempts: tries of a transient failure.
        timeout_s: most seconds that one call of git may take.
        on_retry: told of each failure that is tried again.
        sleep: stands in for the waiting between tries.

    Raises:
        ValueError: the URL is of another kind, or carries credentials.
    """

    def __init__(
        self,
        base_url: str,
        folder: Path,
        *,
        attempts: int = MAX_ATTEMPTS,
        timeout_s: float = TIMEOUT_S,
        on_retry: Callable[[str], None] = lambda _message: None,
        sleep: Callable[[float], None] | None = None,
    ) -> None:
        parts = urlsplit(base_url)
        if parts.scheme not in ("http", "https", "file"):
            raise ValueError(f"{place(base_url)} is no http, https or file URL")
        if "@" in parts.netloc:
            raise ValueError(f"the URL of {place(base_url)} carries credentials; leave them out")
        # Git takes `file:/srv/x` for a host named `file`.
        local = f"file://{parts.path}" if parts.scheme == "file" else base_url
        self._base_url = local.rstrip("/")
        protocols = "http:https" if parts.scheme == "http" else parts.scheme
        self._git = GitProgram(protocols, timeout_s)
        # A partial clone fetches what it lacks unasked; reading must never reach out.
        self._reader = GitProgram("none", timeout_s)
        self._folder = folder
        self._attempts = attempts
        self._timeout_s = timeout_s
        self._on_retry = on_retry
        self._sleep = sleep

    def update(
        self, repository: str, mirror_id: int, *, now: datetime, fresh_since: datetime
    ) -> MirrorState:
        """Clone or fetch a repository, unless that was done since `fresh_since`.

        A second caller waits for the first, and then finds the mirror fresh.

        Args:
            repository: `owner/name`.
            mirror_id: the repository's numeric id.
            now: time that the fetch is noted with, aware.
            fresh_since: a mirror fetched at or after this is left as it is, aware.

        Raises:
            ValueError: `repository` is no `owner/name`.
            TransientUpstreamError: the upstream could not be reached in several tries.
            PermanentUpstreamError: it refused, or git could not do it.
        """
        if not _REPOSITORY.fullmatch(repository):
            raise ValueError(f"{repository[:200]!r} is no owner/name of a repository")
        url = f"{self._base_url}/{repository}"
        with self._lock(mirror_id):
            fetched_at = self.fetched_at(mirror_id)
            if fetched_at and fetched_at >= fresh_since:
                return MirrorState("fresh", fetched_at)
            try:
                with_retries(
                    lambda: self._bring_moved(url, mirror_id, now),
                    attempts=self._attempts,
                    on_retry=self._on_retry,
                    sleep=self._sleep,
                )
            except NotFoundError:
                return MirrorState("absent", fetched_at)
        return MirrorState("fetched", now)

    def fetched_at(self, mirror_id: int) -> datetime | None:
        """When a mirror was last fetched (UTC); None where there is none."""
        mark = self._mirror(mirror_id) / "observatory-fetched-at"
        return datetime.fromisoformat(mark.read_text()) if mark.exists() else None

    def commits(self, mirror_id: int, since: datetime, until: datetime) -> Iterator[GitCommit]:
        """Commits of all branches by committer time, `since` included and `until` not, once each.

        In no order that can be relied on. Nothing where there is no mirror. A commit whose
        committer header holds no time is left out.

        Raises:
            PermanentUpstreamError: the mirror cannot be read, or gives more than 256 MiB.
        """
        mirror = self._mirror(mirror_id)
        if not mirror.exists():
            return
        try:
            yield from self._read(mirror, since, until)
        except UpstreamError as error:
            raise PermanentUpstreamError(
                f"{mirror}: {error}; remove that folder to have the repository cloned again"
            ) from error

    def _read(self, mirror: Path, since: datetime, until: datetime) -> Iterator[GitCommit]:
        has_default = self._has_default_branch(mirror)
        walks = [(("HEAD",), True)] if has_default else []
        walks.append((("--branches", *(("--not", "HEAD") if has_default else ())), False))
        seen: set[str] = set()
        for revisions, is_default in walks:
            arguments = (
                "log", "--date=raw", "--encoding=none", "--no-show-signature", _FORMAT,
                *self._range(since, until), *revisions, "--",
            )  # fmt: skip
            for line in self._reader.lines(*arguments, folder=mirror):
                commit = _parse(line, is_default)
                if commit and since <= commit.committed_at < until and commit.sha not in seen:
                    seen.add(commit.sha)
                    yield commit

    def _range(self, since: datetime, until: datetime) -> tuple[str, ...]:
        """Options that narrow the output; the times themselves are looked at again by the caller.

        Git's `--since` alone ends its walk at the first old commit, and would lose younger ones
        behind a commit whose clock was wrong.
        """
        if self._reader.version < (2, 37):
            return ()
        return f"--since-as-filter={since.isoformat()}", f"--until={until.isoformat()}"

    def _mirror(self, mirror_id: int) -> Path:
        return self._folder / f"{int(mirror_id)}.git"

    @contextmanager
    def _lock(self, mirror_id: int) -> Iterator[None]:
        """Hold one mirror alone; the operating system frees it when its holder dies."""
        self._folder.mkdir(parents=True, exist_ok=True)
        deadline = time.monotonic() + 2 * self._timeout_s
        with (self._folder / f"{int(mirror_id)}.lock").open("wb") as file:
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError as error:
                    if time.monotonic() > deadline:
                        raise TransientUpstreamError(
                            f"mirror {mirror_id} is being fetched by another process"
                        ) from error
                    time.sleep(_POLL_S)
            yield

    def _bring_moved(self, url: str, mirror_id: int, now: datetime) -> None:
        """Bring the mirror to the upstream's state, from a new address of the same host, too."""
        try:
            self._bring(url, mirror_id, now)
        except MovedError:
            # GitHub sends a former name on to the present one.
            self._bring(self._present(url), mirror_id, now)

    def _present(self, url: str) -> str:
        """The address that a repository has now.

        Raises:
            PermanentUpstreamError: it is of another host, or none that git could be sent to.
        """
        with new_session(self._base_url) as session:
            response = send(session, "GET", url + _FIRST_REQUEST, stream=True)
            found = response.url
            response.close()
        if not found.endswith(_FIRST_REQUEST):
            raise PermanentUpstreamError(f"{place(url)} leads to what is no repository")
        return found.removesuffix(_FIRST_REQUEST)

    def _bring(self, url: str, mirror_id: int, now: datetime) -> None:
        """Bring the mirror to the upstream's state."""
        mirror = self._mirror(mirror_id)
        for leftover in self._folder.glob(f".{mirror_id}.git.*"):
            shutil.rmtree(leftover)
        if mirror.exists():
            self._fetch(url, mirror)
            _mark(mirror, now)
            return
        part = self._folder / f".{mirror_id}.git.{uuid.uuid4().hex}"
        try:
            self._git.run(
                "clone", "--quiet", "--bare", "--filter=tree:0", "--no-tags", "--", url, part
            )
            _mark(part, now)
            # Only a whole clone ever has a mirror's name.
            part.rename(mirror)
        finally:
            shutil.rmtree(part, ignore_errors=True)

    def _fetch(self, url: str, mirror: Path) -> None:
        # The lock is held: what another git left locked here, it left when it was killed.
        for leftover in mirror.rglob("*.lock"):
            leftover.unlink()
        answer = self._git.run("ls-remote", "--symref", "--", url, "HEAD", "refs/heads/*")
        default, heads = _heads(answer)
        listing = self._reader.run(
            "for-each-ref", "--format=%(objectname)%09%(refname)", "refs/heads", folder=mirror
        )
        if heads != set(listing.decode("utf-8", "replace").splitlines()):
            self._git.run("config", "remote.origin.url", url, folder=mirror)
            self._git.run(
                "fetch", "--quiet", "--prune", "--no-tags", "--no-write-fetch-head",
                "--filter=tree:0", "origin", _HEADS, folder=mirror,
            )  # fmt: skip
        if default:
            self._git.run("symbolic-ref", "HEAD", default, folder=mirror)

    def _has_default_branch(self, mirror: Path) -> bool:
        arguments = ("for-each-ref", "--format=%(HEAD)", "refs/heads")
        return b"*" in self._reader.run(*arguments, folder=mirror)


def _mark(mirror: Path, now: datetime) -> None:
    temporary = mirror / "observatory-fetched-at.part"
    temporary.write_text(now.astimezone(UTC).isoformat())
    temporary.rename(mirror / "observatory-fetched-at")


def _heads(answer: bytes) -> tuple[str, set[str]]:
    """The default branch (empty where none is named) and the branches, as `sha TAB ref`."""
    default, heads = "", set()
    for line in answer.decode("utf-8", "replace").splitlines():
        left, _, ref = line.partition("\t")
        if ref == "HEAD" and left.startswith("ref: refs/heads/"):
            default = left.removeprefix("ref: ")
        elif ref.startswith("refs/heads/"):
            heads.add(line)
    return default, heads


def _parse(line: bytes, is_default_branch: bool) -> GitCommit | None:
    """A commit of `_FORMAT`; None for a line that is none, such as an overlong one, cut."""
    fields = line.removesuffix(b"\n").split(b"\0")
    if len(fields) != 6 or not line.endswith(b"\n"):
        return None
    sha, parents, authored, committed, author_email, committer_email = fields
    author, committer = _RAW_DATE.fullmatch(authored), _RAW_DATE.fullmatch(committed)
    if not committer or not 0 <= int(committer[1]) < 1 << 35:  # far beyond any day asked for
        return None
    return GitCommit(
        sha=sha.decode("ascii", "replace"),
        parent_count=len(parents.split()),
        author_time_s=int(author[1]) if author else None,
        author_zone=author[2].decode() if author else "",
        committed_at=datetime.fromtimestamp(int(committer[1]), UTC),
        committer_zone=committer[2].decode(),
        author_email=author_email.decode("utf-8", "replace"),
        committer_email=committer_email.decode("utf-8", "replace"),
        is_default_branch=is_default_branch,
    )


class GitResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """A host of git repositories, and the key that addresses in commits are hashed with.

    Attributes:
        base_url: http, https or file URL that `owner/name` is put behind.
        hash_key: secret text; empty where none is set.
        workers: repositories fetched side by side.
    """

    base_url: str
    hash_key: str = Field(default="", repr=False)
    attempts: int = MAX_ATTEMPTS
    workers: int = 4

    def mirrors(
        self, folder: Path, on_retry: Callable[[str], None] = lambda _message: None
    ) -> GitMirrors:
        """The mirrors in a folder."""
        return GitMirrors(self.base_url, folder, attempts=self.attempts, on_retry=on_retry)
