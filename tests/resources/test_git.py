"""Mirrors against the sandbox over HTTP and local repositories: whole, incremental, and safe."""

import os
import select
import shutil
import stat
import subprocess
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from resources import git_program
from resources.git import GitCommit, GitMirrors, GitResource
from resources.http import PermanentUpstreamError, TransientUpstreamError
from sandbox.commits import WITHDRAWN
from sandbox.server import SandboxServer
from sandbox.trouble import Trouble
from sandbox.world import World

NOW = datetime(2024, 12, 17, 2, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
FIRST, END = datetime(2024, 11, 17, tzinfo=UTC), datetime(2024, 12, 17, tzinfo=UTC)
EVER = (datetime(1971, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC))
GLM, GLM_BEFORE, GLM_ID = "sandbox-glm/glm-model", "sandbox-glm/chatglm-model", 3900000031
IDENTITY = "a <a@example.org> 1731888000 +0800"


def mirrors(
    url: str, folder: Path, waits: list[float] | None = None, **options: float
) -> GitMirrors:
    sleep = (waits if waits is not None else []).append
    return GitMirrors(url, folder / "mirrors", attempts=2, sleep=sleep, **options)


def shas(found: GitMirrors, mirror_id: int) -> set[str]:
    return {commit.sha for commit in found.commits(mirror_id, *EVER)}


@dataclass
class Origin:
    """A repository of a test's own, served as a file URL under `base`."""

    base: Path
    name: str = "o/r"

    @property
    def url(self) -> str:
        return f"file://{self.base}"

    @property
    def folder(self) -> Path:
        return self.base / self.name

    def git(self, *arguments: str, content: bytes = b"") -> str:
        environment = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull}
        done = subprocess.run(
            ["git", *arguments],  # noqa: S607 - found on PATH
            cwd=self.folder,
            env={**environment, "GIT_CONFIG_NOSYSTEM": "1"},
            input=content,
            capture_output=True,
            check=True,
        )
        return done.stdout.decode().strip()

    def commit(
        self,
        *parents: str,
        author: str | None = IDENTITY,
        committer: str = IDENTITY,
        branch: str = "main",
        message: str = "x",
    ) -> str:
        """A commit exactly as given, sound or not, put on a branch."""
        tree = self.git("hash-object", "-t", "tree", "-w", "--stdin")
        lines = [f"tree {tree}", *(f"parent {parent}" for parent in parents)]
        lines += [f"author {author}"] if author is not None else []
        lines += [f"committer {committer}", "", message]
        content = "\n".join(lines).encode("utf-8", "surrogateescape")
        sha = self.git(
            "hash-object", "-t", "commit", "-w", "--literally", "--stdin", content=content
        )
        self.git("update-ref", f"refs/heads/{branch}", sha)
        return sha


@pytest.fixture
def origin(tmp_path: Path) -> Origin:
    made = Origin(tmp_path / "origin")
    made.folder.mkdir(parents=True)
    made.git("init", "--quiet", "--bare", ".")
    made.git("symbolic-ref", "HEAD", "refs/heads/main")
    made.git("config", "uploadpack.allowFilter", "true")
    return made


def test_a_mirror_holds_exactly_the_planted_commits_and_nothing_else(
    sandbox: SandboxServer, world: World, tmp_path: Path
) -> None:
    found = mirrors(f"{sandbox.url}/git", tmp_path)
    for row in world.tracked_repositories[:4]:
        state = found.update(row.name, row.github_id, now=NOW, fresh_since=NOW)
        assert (state.status, state.fetched_at) == ("fetched", NOW)
        before = len(sandbox.requests())
        read = list(found.commits(row.github_id, FIRST, END))
        # A partial clone fetches what it lacks unasked: reading must need nothing of that kind.
        assert len(sandbox.requests()) == before
        planted = {
            each.sha: (each.author_email, each.author_time_s, each.author_zone, each.committed_at,
                       len(each.parents), each.is_default_branch)
            for each in world.commits[row.github_id]
            if FIRST <= each.committed_at < END
        }  # fmt: skip
        assert len(planted) > 10
        assert len(read) == len(planted)
        assert planted == {
            each.sha: (each.author_email, each.author_time_s, each.author_zone, each.committed_at,
                       each.parent_count, each.is_default_branch)
            for each in read
        }  # fmt: skip
        objects = subprocess.run(
            ["git", "cat-file", "--batch-all-objects", "--batch-check=%(objecttype)"],  # noqa: S607
            cwd=tmp_path / "mirrors" / f"{row.github_id}.git",
            capture_output=True,
            check=True,
        )
        assert set(objects.stdout.split()) == {b"commit"}


def test_a_fresh_mirror_is_not_asked_for_and_an_unchanged_one_is_only_looked_at(
    sandbox: SandboxServer, tmp_path: Path
) -> None:
    found = mirrors(f"{sandbox.url}/git", tmp_path)
    found.update(GLM, GLM_ID, now=NOW, fresh_since=NOW)
    asked = len(sandbox.requests())
    assert found.update(GLM, GLM_ID, now=LATER, fresh_since=NOW).status == "fresh"
    assert len(sandbox.requests()) == asked
    assert found.update(GLM, GLM_ID, now=LATER, fresh_since=LATER).status == "fetched"
    # One look at the references, none at commits.
    assert len(sandbox.requests()) == asked + 2
    assert found.fetched_at(GLM_ID) == LATER


def test_a_fetch_brings_new_commits_and_branches_and_a_new_default_branch(
    origin: Origin, tmp_path: Path
) -> None:
    first = origin.commit()
    found = mirrors(origin.url, tmp_path)
    found.update("o/r", 1, now=NOW, fresh_since=NOW)
    second = origin.commit(first, branch="next")
    third = origin.commit(first, branch="main", message="y")
    found.update("o/r", 1, now=LATER, fresh_since=LATER)
    read = {each.sha: each.is_default_branch for each in found.commits(1, *EVER)}
    assert read == {first: True, second: False, third: True}
    origin.git("symbolic-ref", "HEAD", "refs/heads/next")
    found.update("o/r", 1, now=LATER, fresh_since=LATER + timedelta(hours=1))
    read = {each.sha: each.is_default_branch for each in found.commits(1, *EVER)}
    assert read == {first: True, second: True, third: False}


def test_a_forced_push_takes_its_commits_away_and_no_other(
    sandbox: SandboxServer, tmp_path: Path
) -> None:
    found = mirrors(f"{sandbox.url}/git", tmp_path)
    found.update(GLM, GLM_ID, now=NOW, fresh_since=NOW)
    before = shas(found, GLM_ID)
    sandbox.git.force_push(GLM, 3)
    found.update(GLM, GLM_ID, now=LATER, fresh_since=LATER)
    after = shas(found, GLM_ID)
    assert after < before
    assert 3 <= len(before - after) <= 6  # a merge takes its topic branch along


def test_a_former_name_leads_to_the_same_repository(sandbox: SandboxServer, tmp_path: Path) -> None:
    found = mirrors(f"{sandbox.url}/git", tmp_path)
    assert found.update(GLM_BEFORE, 1, now=NOW, fresh_since=NOW).status == "fetched"
    assert found.update(GLM, 2, now=NOW, fresh_since=NOW).status == "fetched"
    assert shas(found, 1) == shas(found, 2) != set()


def test_a_repository_that_is_not_there_is_an_outcome(
    sandbox: SandboxServer, tmp_path: Path
) -> None:
    found = mirrors(f"{sandbox.url}/git", tmp_path)
    for name in (WITHDRAWN, "sandbox-qwen/never-was"):
        state = found.update(name, 5, now=NOW, fresh_since=NOW)
        assert (state.status, state.fetched_at) == ("absent", None)
    assert list(found.commits(5, FIRST, END)) == []
    assert list((tmp_path / "mirrors").glob("*.git*")) == []


def test_what_was_fetched_of_a_vanished_repository_stays(origin: Origin, tmp_path: Path) -> None:
    sha = origin.commit()
    found = mirrors(origin.url, tmp_path)
    found.update("o/r", 1, now=NOW, fresh_since=NOW)
    shutil.rmtree(origin.folder)
    state = found.update("o/r", 1, now=LATER, fresh_since=LATER)
    assert (state.status, state.fetched_at) == ("absent", NOW)
    assert shas(found, 1) == {sha}


def test_a_repository_without_commits_is_a_mirror_without_commits(
    origin: Origin, tmp_path: Path
) -> None:
    found = mirrors(origin.url, tmp_path)
    assert found.update("o/r", 1, now=NOW, fresh_since=NOW).status == "fetched"
    assert shas(found, 1) == set()
    sha = origin.commit()
    found.update("o/r", 1, now=LATER, fresh_since=LATER)
    assert shas(found, 1) == {sha}


def test_a_half_clone_of_a_killed_process_is_no_mirror_and_is_cleared_away(
    origin: Origin, tmp_path: Path
) -> None:
    sha = origin.commit()
    half = tmp_path / "mirrors" / ".1.git.0123"
    shutil.copytree(origin.folder, half)
    found = mirrors(origin.url, tmp_path)
    assert found.fetched_at(1) is None
    assert shas(found, 1) == set()
    assert found.update("o/r", 1, now=NOW, fresh_since=NOW).status == "fetched"
    assert shas(found, 1) == {sha}
    assert not half.exists()


def test_locks_of_a_killed_fetch_do_not_stop_the_next(origin: Origin, tmp_path: Path) -> None:
    first = origin.commit()
    found = mirrors(origin.url, tmp_path)
    found.update("o/r", 1, now=NOW, fresh_since=NOW)
    second = origin.commit(first)
    mirror = tmp_path / "mirrors" / "1.git"
    for name in ("packed-refs.lock", "config.lock", "refs/heads/main.lock", "HEAD.lock"):
        (mirror / name).touch()
    found.update("o/r", 1, now=LATER, fresh_since=LATER)
    assert shas(found, 1) == {first, second}


def test_of_several_at_once_one_fetches_and_the_others_find_it_done(
    sandbox: SandboxServer, tmp_path: Path
) -> None:
    alone = mirrors(f"{sandbox.url}/git", tmp_path / "alone")
    alone.update(GLM, GLM_ID, now=NOW, fresh_since=NOW)
    for_one = len(sandbox.requests())
    start = threading.Barrier(4)

    def update(_: int) -> str:
        start.wait()
        own = mirrors(f"{sandbox.url}/git", tmp_path)
        return own.update(GLM, GLM_ID, now=NOW, fresh_since=NOW).status

    with ThreadPoolExecutor(4) as pool:
        statuses = list(pool.map(update, range(4)))
    assert sorted(statuses) == ["fetched", "fresh", "fresh", "fresh"]
    assert len(sandbox.requests()) == 2 * for_one


def test_a_transient_failure_is_tried_again_and_then_raised(
    sandbox: SandboxServer, tmp_path: Path, waits: list[float]
) -> None:
    found = mirrors(f"{sandbox.url}/git", tmp_path, waits)
    sandbox.add_fault(Trouble("/git/", "status", status=503))
    assert found.update(GLM, GLM_ID, now=NOW, fresh_since=NOW).status == "fetched"
    assert len(waits) == 1
    sandbox.add_fault(Trouble("/git/", "status", status=503, times=2))
    with pytest.raises(TransientUpstreamError, match="503"):
        found.update(GLM, GLM_ID, now=LATER, fresh_since=LATER)
    assert found.fetched_at(GLM_ID) == NOW


@pytest.mark.parametrize("kind", ["cut", "reset"])
def test_a_broken_connection_leaves_no_mirror_and_is_tried_again(
    sandbox: SandboxServer, tmp_path: Path, waits: list[float], kind: str
) -> None:
    found = mirrors(f"{sandbox.url}/git", tmp_path, waits)
    # Of a reset connection that it had used before, git's client tries once more by itself.
    sandbox.add_fault(Trouble("/git/sandbox-glm/glm-model/git-upload-pack", kind, times=20))
    with pytest.raises(TransientUpstreamError):
        found.update(GLM, GLM_ID, now=NOW, fresh_since=NOW)
    assert list((tmp_path / "mirrors").glob("*.git")) == []
    sandbox.clear_faults()
    assert found.update(GLM, GLM_ID, now=NOW, fresh_since=NOW).status == "fetched"


def test_a_refusal_is_permanent(sandbox: SandboxServer, tmp_path: Path, waits: list[float]) -> None:
    found = mirrors(f"{sandbox.url}/git", tmp_path, waits)
    sandbox.add_fault(Trouble("/git/", "status", status=403))
    with pytest.raises(PermanentUpstreamError, match="403"):
        found.update(GLM, GLM_ID, now=NOW, fresh_since=NOW)
    assert waits == []


@pytest.mark.parametrize(
    "name",
    [
        "", "o", "o/", "/r", "o/r/s", "../r", "o/..", "o/.", "-o/r", "o/-r", "--upload-pack=x/y",
        "o/r;id", "o/r\n", "o r/x", "o/r?x", "o/r#x", "o@h/r", "https://h/o", "o/%2e%2e", "ö/r",
    ],
)  # fmt: skip
def test_a_name_that_is_no_owner_and_name_reaches_neither_git_nor_the_disk(
    tmp_path: Path, name: str
) -> None:
    found = mirrors("https://unreachable.invalid", tmp_path)
    with pytest.raises(ValueError, match="is no owner/name"):
        found.update(name, 1, now=NOW, fresh_since=NOW)
    assert not (tmp_path / "mirrors").exists()


@pytest.mark.parametrize(
    "url", ["ssh://git@host", "ext::sh -c id", "/srv/git", "https://user:secret@host", "git://h"]
)
def test_another_protocol_and_credentials_in_the_url_are_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(ValueError, match="URL") as raised:
        GitMirrors(url, tmp_path)
    assert "secret" not in str(raised.value)


def test_a_file_url_of_one_slash_is_a_folder_and_no_host(origin: Origin, tmp_path: Path) -> None:
    sha = origin.commit()
    found = mirrors(f"file:{origin.base}", tmp_path)
    found.update("o/r", 1, now=NOW, fresh_since=NOW)
    assert shas(found, 1) == {sha}


def test_nothing_of_the_users_is_read(
    origin: Origin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sha = origin.commit()
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text('[url "file:///nowhere/"]\n\tinsteadOf = "file:///"\n')
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "url.file:///nowhere/.insteadOf")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "file:///")
    found = mirrors(origin.url, tmp_path)
    found.update("o/r", 1, now=NOW, fresh_since=NOW)
    assert shas(found, 1) == {sha}


def by_sha(found: GitMirrors) -> dict[str, GitCommit]:
    found.update("o/r", 1, now=NOW, fresh_since=NOW)
    return {each.sha: each for each in found.commits(1, FIRST, END)}


@pytest.mark.parametrize("version", [None, "2.30.2"], ids=["this git", "an old git"])
def test_the_range_is_of_committer_time_and_a_wrong_clock_hides_no_commit_behind_it(
    origin: Origin, tmp_path: Path, fake_git: Callable[[str], None], version: str | None
) -> None:
    if version:
        real = shutil.which("git")
        fake_git(
            f'case "$*" in *" version") echo git version {version};; *) exec {real} "$@";; esac'
        )

    def at(moment: datetime) -> str:
        return f"a <a@example.org> {int(moment.timestamp())} +0000"

    before = origin.commit(committer=at(FIRST - timedelta(seconds=1)))
    first = origin.commit(before, committer=at(FIRST))
    last = origin.commit(first, committer=at(END - timedelta(seconds=1)))
    parent = origin.commit(last, committer=at(END))
    # Ten commits of a machine whose clock stood still in 2001 come after the ones asked for.
    for _ in range(10):
        parent = origin.commit(parent, committer="a <a@example.org> 1000000000 +0000")
    assert set(by_sha(mirrors(origin.url, tmp_path))) == {first, last}


HOSTILE = {
    "an absurd zone": (
        f"a <a@example.org> {1731888000} +9999",
        1731888000,
        "+9999",
        "a@example.org",
    ),
    "before 1970": ("a <a@example.org> -1 +0000", None, "", "a@example.org"),
    "the year 2100": ("a <a@example.org> 4102444800 -0330", 4102444800, "-0330", "a@example.org"),
    "no address": ("a <> 1731888000 +0000", 1731888000, "+0000", ""),
    "two addresses": ("a <b@x.org> <c@y.org> 5 +0000", 5, "+0000", "b@x.org"),
    "bytes": ("a <\udcff\udcfe@x.org> 5 +0000", 5, "+0000", "\ufffd\ufffd@x.org"),
    "text": ("a <a b\t\r@x.org> 5 +0000", 5, "+0000", "a b\t\r@x.org"),
    "no time": ("a <a@example.org>", None, "", "a@example.org"),
}


@pytest.mark.parametrize("author", HOSTILE.values(), ids=HOSTILE)
def test_a_header_says_what_it_likes_and_breaks_nothing(
    origin: Origin, tmp_path: Path, author: tuple[str, int | None, str, str]
) -> None:
    header, time_s, zone, email = author
    bad = origin.commit(author=header)
    good = origin.commit(bad)
    read = by_sha(mirrors(origin.url, tmp_path))
    assert set(read) == {bad, good}
    assert read[good].author_email == "a@example.org"
    assert (read[bad].author_time_s, read[bad].author_zone) == (time_s, zone)
    assert read[bad].author_email == email


def test_a_commit_without_an_author_or_with_an_endless_address_takes_no_other_along(
    origin: Origin, tmp_path: Path
) -> None:
    none = origin.commit(author=None)
    fields = "\0".join(["f" * 40, "", "1731888000 +0000", "1731888000 +0000", "x@y.org", "x@y.org"])
    endless = origin.commit(none, author=f"a <{'x' * 200_000}@x.org> 5 +0000")
    lookalike = origin.commit(
        endless, author=f"a <{fields}> 5 +0000", message=f"{fields}\n{fields}"
    )
    good = origin.commit(lookalike)
    read = by_sha(mirrors(origin.url, tmp_path))
    assert good in read
    assert set(read) <= {none, endless, lookalike, good}


def test_a_damaged_mirror_says_which_folder_to_remove(origin: Origin, tmp_path: Path) -> None:
    sha = origin.commit()
    found = mirrors(origin.url, tmp_path)
    found.update("o/r", 1, now=NOW, fresh_since=NOW)
    mirror = tmp_path / "mirrors" / "1.git"
    shutil.rmtree(mirror / "objects" / "pack")
    with pytest.raises(PermanentUpstreamError, match=f"{mirror}: git .* remove that folder"):
        shas(found, 1)
    shutil.rmtree(mirror)
    found.update("o/r", 1, now=LATER, fresh_since=LATER)
    assert shas(found, 1) == {sha}


def test_a_commit_shows_no_address_in_its_repr(origin: Origin, tmp_path: Path) -> None:
    sha = origin.commit()
    assert "example.org" not in repr(by_sha(mirrors(origin.url, tmp_path))[sha])
    assert "key" not in repr(GitResource(base_url="https://h", hash_key="key-planted")).replace(
        "hash_key", ""
    )


@pytest.fixture
def fake_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Puts a shell script in git's place."""

    def make(script: str) -> None:
        folder = tmp_path / "bin"
        folder.mkdir()
        program = folder / "git"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")

    return make


def test_an_error_keeps_no_credentials_of_a_url_that_git_was_sent_on_to(
    tmp_path: Path, fake_git: Callable[[str], None]
) -> None:
    fake_git(
        "echo \"fatal: unable to access 'https://user:hidden@h/x': The requested URL returned "
        'error: 403" >&2; exit 128'
    )
    with pytest.raises(PermanentUpstreamError, match="//h/x") as raised:
        mirrors("https://h", tmp_path).update("o/r", 1, now=NOW, fresh_since=NOW)
    assert "hidden" not in str(raised.value)


def test_a_host_that_asks_for_a_password_has_no_such_repository(
    tmp_path: Path, fake_git: Callable[[str], None]
) -> None:
    said = "fatal: could not read Username for 'https://h': terminal prompts disabled"
    fake_git(f'echo "{said}" >&2; exit 128')
    found = mirrors("https://h", tmp_path)
    assert found.update("o/r", 1, now=NOW, fresh_since=NOW).status == "absent"


def has_ended(process_id: int) -> bool:
    """Whether a process ends by itself; a signal takes effect when it is next scheduled."""
    try:
        process = os.pidfd_open(process_id)
    except ProcessLookupError:
        return True
    try:
        ready, _, _ = select.select([process], [], [], 10.0)
    finally:
        os.close(process)
    return bool(ready)


def test_a_git_that_does_not_end_is_ended_with_its_helpers(
    tmp_path: Path, fake_git: Callable[[str], None]
) -> None:
    fake_git("sleep 1000 & echo $! > $HELPER; wait".replace("$HELPER", str(tmp_path / "helper")))
    found = mirrors("https://h", tmp_path, timeout_s=0.3)
    with pytest.raises(TransientUpstreamError, match="took over"):
        found.update("o/r", 1, now=NOW, fresh_since=NOW)
    assert has_ended(int((tmp_path / "helper").read_text()))


def test_output_without_end_is_refused(
    tmp_path: Path, fake_git: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(git_program, "MAX_OUTPUT_BYTES", 1 << 16)
    fake_git("exec yes")
    with pytest.raises(PermanentUpstreamError, match="too much output"):
        git_program.GitProgram("https").run("log")


def test_without_git_the_error_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PermanentUpstreamError, match="install git"):
        mirrors("https://h", tmp_path).update("o/r", 1, now=NOW, fresh_since=NOW)
