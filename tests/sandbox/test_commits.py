"""The planted git histories: who wrote what, as git itself sees it, over HTTP."""

from __future__ import annotations

import subprocess
from collections import Counter, defaultdict
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import requests

from sandbox.commits import DEFAULT_BRANCH, FORK, FORK_PARENT, FORKED_AT, LYING, WITHDRAWN
from sandbox.server import SandboxServer
from sandbox.world import World
from tests.sandbox.conftest import NOW

TIMEOUT_S = 10
DAY = date(2024, 12, 10)


def git(*arguments: str, folder: Path | None = None) -> str:
    command = ["git", "-c", "protocol.version=2", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=True, text=True)
    return done.stdout


def repo_id(world: World, name: str) -> int:
    return next(row.github_id for row in world.tracked_repositories if row.name == name)


def test_a_commits_name_is_the_one_git_gives_it(
    server: SandboxServer, world: World, tmp_path: Path
) -> None:
    name = "sandbox-qwen/qwen-model"
    git("clone", "--quiet", "--bare", f"{server.url}/git/{name}.git", str(tmp_path / "r"))
    listed = git("log", "--all", "--format=%H %P", folder=tmp_path / "r").splitlines()
    planted = world.commits[repo_id(world, name)]
    assert {tuple(line.split()) for line in listed} == {
        (each.sha, *each.parents) for each in planted
    }
    assert len(listed) == len(planted)
    main = git("rev-list", DEFAULT_BRANCH, folder=tmp_path / "r").split()
    assert set(main) == {each.sha for each in planted if each.is_default_branch}
    assert git("symbolic-ref", "HEAD", folder=tmp_path / "r") == "refs/heads/main\n"


def test_two_worlds_of_one_seed_have_the_same_commits_and_another_seed_has_others() -> None:
    first, second, other = World(3, 60).commits, World(3, 60).commits, World(4, 60).commits
    assert first == second
    shas = [
        {each.sha for rows in histories.values() for each in rows} for histories in (first, other)
    ]
    assert not shas[0] & shas[1]


def test_commits_go_with_the_pushes_of_their_day_and_authors(world: World) -> None:
    happened = world.drawn_on(DAY)
    is_push = happened.is_tracked & (happened.event_type == "PushEvent")
    pushes = {
        (actor, repository)
        for actor, repository in zip(
            happened.actor_id[is_push].tolist(), happened.repo_id[is_push].tolist(), strict=True
        )
        if repository != repo_id(world, WITHDRAWN)
    }
    commits = Counter(
        (each.author_id, each.repo_id)
        for rows in world.commits.values()
        for each in rows
        if each.committed_at.date() == DAY
    )
    assert set(commits) == pushes
    assert sum(commits.values()) == pytest.approx(is_push.sum(), rel=0.3)


def test_authors_write_by_their_own_clocks_and_merges_by_githubs(world: World) -> None:
    zones = defaultdict(set)
    for rows in world.commits.values():
        for each in rows:
            kind = "web" if each.is_web_commit else world.account_by_id[each.author_id].country
            zones[kind].add(each.author_zone)
    assert zones["web"] == {"+0000"}
    assert zones["IN"] == {"+0530"}
    assert zones["BR"] == {"-0300"}
    assert zones["CN"] <= {"+0800", "+0000", "+9999"}  # the lies are somebody's
    assert zones["US"] <= {"-0800", "-0600", "-0500", "+0000", "+9999"}


def test_on_a_shared_clock_every_offset_is_zero() -> None:
    histories = World(1, 100, shared_clock=True).commits
    zones = Counter(each.author_zone for rows in histories.values() for each in rows)
    assert zones["+0000"] == zones.total() - 1  # one lie of +9999
    assert zones.total() > 500


def test_addresses_are_of_every_kind_and_one_person_keeps_one() -> None:
    histories = World(1, 1_000).commits
    by_author = defaultdict(set)
    for rows in histories.values():
        for each in rows:
            by_author[each.author_id].add(each.author_email)
    assert {len(addresses) for addresses in by_author.values()} == {1}
    addresses = [next(iter(each)) for each in by_author.values()]
    with_id = sum(
        address.startswith(f"{author}+")
        for author, address in zip(by_author, addresses, strict=True)
    )
    assert with_id / len(addresses) == pytest.approx(0.45, abs=0.08)
    for part in ("@gmail.com", "@qq.com", ".edu.cn", "@Sandbox-Systems.com", "[bot]@"):
        assert any(part in address for address in addresses), part


def test_a_fork_shares_its_parents_main_branch_until_it_parted(world: World) -> None:
    fork = world.commits[repo_id(world, FORK)]
    parent = world.commits[repo_id(world, FORK_PARENT)]
    shared = {each.sha for each in fork} & {each.sha for each in parent}
    assert shared == {
        each.sha for each in parent if each.is_default_branch and each.committed_at < FORKED_AT
    }
    assert any(each.sha not in shared for each in fork)


def test_the_first_commits_of_one_repository_lie(world: World) -> None:
    lies = world.commits[repo_id(world, LYING)][:3]
    assert [each.author_time_s for each in lies[:2]] == [0, 4_102_444_800]
    assert lies[2].author_zone == "+9999"
    assert all(each.committed_at.year == 2024 for each in lies)


def test_git_follows_a_former_name_and_before_the_rename_does_not_know_the_later(
    world: World,
) -> None:
    former, present = "sandbox-glm/chatglm-model", "sandbox-glm/glm-model"
    path = "info/refs?service=git-upload-pack"
    for now, known, unknown in (
        (NOW, present, None),
        (datetime(2024, 11, 1, tzinfo=UTC), former, present),
    ):
        with SandboxServer(world, clock=lambda now=now: now) as server:
            assert "refs/heads/main" in git("ls-remote", f"{server.url}/git/{former}")
            answer = requests.get(f"{server.url}/git/{known}/{path}", timeout=TIMEOUT_S)
            assert answer.status_code == 200
            if unknown:
                answer = requests.get(f"{server.url}/git/{unknown}/{path}", timeout=TIMEOUT_S)
                assert answer.status_code == 404


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"{WITHDRAWN}/info/refs?service=git-upload-pack", 404),
        ("sandbox-qwen/never-was/info/refs?service=git-upload-pack", 404),
        ("sandbox-qwen/qwen-model/info/refs?service=git-receive-pack", 403),
        ("sandbox-qwen/qwen-model/git-receive-pack", 404),
        ("sandbox-qwen/qwen-model/objects/info/packs", 404),
        ("sandbox-qwen/qwen-model/HEAD", 404),
        ("../../etc/passwd", 404),
        ("sandbox-qwen/..%2f..%2fetc/info/refs", 404),
    ],
)
def test_what_is_not_there_or_not_to_be_read_is_refused(
    server: SandboxServer, path: str, status: int
) -> None:
    url = f"{server.url}/git/{path}"
    prepared = requests.Request("GET", url).prepare()
    prepared.url = url  # as it is, dots and all
    with requests.Session() as session:
        assert session.send(prepared, timeout=TIMEOUT_S).status_code == status


def test_a_forced_push_drops_commits(server: SandboxServer, world: World, tmp_path: Path) -> None:
    name = "sandbox-olmo/olmo-core"
    url = f"{server.url}/git/{name}"
    before = git("ls-remote", url, "refs/heads/main").split()[0]
    server.git.force_push(name, 2)
    after = git("ls-remote", url, "refs/heads/main").split()[0]
    parents = {each.sha: each.parents for each in world.commits[repo_id(world, name)]}
    assert parents[parents[before][0]][0] == after


def test_a_server_leaves_no_repository_behind(world: World) -> None:
    with SandboxServer(world, clock=lambda: NOW) as server:
        git("ls-remote", f"{server.url}/git/sandbox-qwen/qwen-model")
        folder = Path(str(server.git.folder))
        assert folder.is_dir()
    assert not folder.exists()
