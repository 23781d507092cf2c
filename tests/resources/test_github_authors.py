"""Authors of commits by GitHub: against the planted truth over HTTP, and answers of every shape."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from resources.github import COMMITS_PER_QUERY, GitHubClient
from resources.http import PermanentUpstreamError, TransientUpstreamError
from sandbox.commits import WITHDRAWN, PlantedCommit
from sandbox.trouble import Trouble

if TYPE_CHECKING:
    from sandbox.server import SandboxServer
    from sandbox.world import World
    from tests.resources.conftest import Upstream

ABSENT = "0" * 40
SHAS = [f"{number:040x}" for number in range(1, 4)]
ASKED = [("a/x", SHAS[0]), ("b/y", SHAS[1]), ("a/x", SHAS[2])]
LINKED = {"author": {"user": {"databaseId": 7}}}


@pytest.fixture
def github(sandbox: SandboxServer, waits: list[float]) -> Iterator[GitHubClient]:
    """A client of the sandbox."""
    client = GitHubClient(sandbox.url, "ghp_made-up", attempts=3, sleep=waits.append)
    yield client
    client.close()


@pytest.fixture
def planted(world: World) -> list[tuple[str, PlantedCommit]]:
    """Every commit of the world with its repository's name."""
    names = {row.github_id: row.name for row in world.tracked_repositories}
    return [
        (names[repo_id], commit) for repo_id, history in world.commits.items() for commit in history
    ]


def answer(*errors: object, **repositories: object) -> bytes:
    beside = {"errors": list(errors)} if errors else {}
    return json.dumps({"data": repositories, **beside}).encode()


def test_authors_are_those_that_github_knows_in_the_order_asked(
    github: GitHubClient, sandbox: SandboxServer, planted: list[tuple[str, PlantedCommit]]
) -> None:
    # Neighbours in the list lie in different repositories: the request groups them.
    chosen = planted[:: len(planted) // COMMITS_PER_QUERY][:COMMITS_PER_QUERY]
    assert len({name for name, _ in chosen}) > 10
    found = github.commit_authors([(name, commit.sha) for name, commit in reversed(chosen)])
    truth = [commit.linked_id for _, commit in reversed(chosen)]
    assert found == truth
    assert None in truth
    assert len({each for each in truth if each}) > 20
    assert len(sandbox.requests()) == 1


def test_a_repository_or_commit_that_is_not_there_has_no_author_beside_those_found(
    github: GitHubClient, planted: list[tuple[str, PlantedCommit]]
) -> None:
    name, commit = next(each for each in planted if each[1].linked_id)
    asked = [
        ("sandbox-qwen/never-was", commit.sha),
        (name, commit.sha),
        (WITHDRAWN, commit.sha),
        (name, ABSENT),
        (name.upper(), commit.sha),
        (name, commit.sha),
    ]
    assert github.commit_authors(asked) == [
        None, commit.linked_id, None, None, commit.linked_id, commit.linked_id,
    ]  # fmt: skip


def test_an_earlier_name_of_a_repository_is_understood(
    github: GitHubClient, planted: list[tuple[str, PlantedCommit]]
) -> None:
    commit = next(
        commit
        for name, commit in planted
        if name == "sandbox-mistral/mistral-inference" and commit.linked_id
    )
    found = github.commit_authors([("sandbox-mistral/mistral-src", commit.sha)])
    assert found == [commit.linked_id]


@pytest.mark.parametrize("trouble", [Trouble("/graphql", status=502), Trouble("/graphql", "cut")])
def test_a_failure_is_waited_out(
    github: GitHubClient,
    sandbox: SandboxServer,
    planted: list[tuple[str, PlantedCommit]],
    trouble: Trouble,
) -> None:
    sandbox.add_fault(trouble)
    name, commit = planted[0]
    assert github.commit_authors([(name, commit.sha)]) == [commit.linked_id]
    assert len(sandbox.requests()) == 2


def test_nobody_is_asked_about_nothing_and_about_too_much_or_nonsense(
    github: GitHubClient, sandbox: SandboxServer
) -> None:
    assert github.commit_authors([]) == []
    with pytest.raises(ValueError, match="101 commits in one call; at most 100"):
        github.commit_authors([("a/x", ABSENT)] * 101)
    for name, sha in (
        ("a", ABSENT), ("a/b/c", ABSENT), ("/b", ABSENT), ("a/b", "HEAD"), ("a/b", ABSENT[1:]),
        ('a/b") { id } #', "x"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match="not owner/name"):
            github.commit_authors([("a/x", ABSENT), (name, sha)])
    assert sandbox.requests() == []


def test_what_is_asked_stands_in_variables_and_each_repository_once(
    told: GitHubClient, upstream: Upstream
) -> None:
    upstream.answers(200, answer(r0={"c0": LINKED, "c2": None}, r1={"c1": {"author": None}}))
    hostile = [('a"){x}/x$', SHAS[0]), ("b/y", SHAS[1]), ('a"){x}/x$', SHAS[2])]
    assert told.commit_authors(hostile) == [7, None, None]
    (request,) = upstream.requests
    sent = json.loads(request.body)
    assert sent["variables"] == {
        "o0": 'a"){x}', "n0": "x$", "s0": SHAS[0],
        "o1": "b", "n1": "y", "s1": SHAS[1],
        "s2": SHAS[2],
    }  # fmt: skip
    assert sent["query"].count("repository(") == 2
    assert 'a"' not in sent["query"]
    assert not any(sha in sent["query"] for sha in SHAS)
    assert request.headers["authorization"] == "Bearer ghp_made-up"


@pytest.mark.parametrize(
    "nobody",
    [None, {}, {"author": None}, {"author": {"user": None}}, {"author": {"user": {}}},
     {"author": {"user": {"databaseId": None}}}],
)  # fmt: skip
def test_a_null_of_any_depth_is_nobody_where_nothing_went_wrong(
    told: GitHubClient, upstream: Upstream, nobody: object
) -> None:
    upstream.answers(200, answer(r0={"c0": nobody, "c2": LINKED}, r1={"c1": LINKED}))
    assert told.commit_authors(ASKED) == [None, 7, 7]
    assert len(upstream.requests) == 1


@pytest.mark.parametrize(
    "path", [["r0"], ["r0", "c0"], ["r0", "c0", "author"], ["r0", "c0", "author", "user"]]
)
def test_not_found_explains_a_null_below_its_path(
    told: GitHubClient, upstream: Upstream, path: list[str]
) -> None:
    r0 = None if path == ["r0"] else {"c0": None, "c2": LINKED}
    # An error of another kind elsewhere does not make what is explained doubtful.
    errors = [{"type": "NOT_FOUND", "path": path}, {"type": "FORBIDDEN", "path": ["r1", "c1"]}]
    if path in (["r0"], ["r0", "c0"]):
        upstream.answers(200, answer(*errors, r0=r0, r1={"c1": LINKED}))
        assert told.commit_authors(ASKED) == [None, 7, None if r0 is None else 7]
    else:
        found = {"c0": {"author": None if len(path) == 3 else {"user": None}}, "c2": LINKED}
        upstream.answers(200, answer(*errors, r0=found, r1={"c1": LINKED}))
        assert told.commit_authors(ASKED) == [None, 7, 7]
    assert len(upstream.requests) == 1


@pytest.mark.parametrize(
    ("found", "errors"),
    [
        (None, []),
        (None, [{"type": "SERVICE_UNAVAILABLE", "path": ["r0"]}]),
        (None, [{"type": "NOT_FOUND", "path": ["r1"]}]),
        (None, [{"type": "NOT_FOUND", "path": 5}]),
        (None, [{"type": "NOT_FOUND", "path": [["r0"]]}]),
        ({"c0": None, "c2": LINKED}, [{"type": "RESOURCE_LIMITS_EXCEEDED"}]),
        ({"c0": {"author": None}, "c2": LINKED}, [{"path": ["r0", "c0", "author"]}]),
        ({"c0": {"author": {"user": None}}, "c2": LINKED}, [{"type": "NOT_FOUND"}, {"type": "X"}]),
    ],
)
def test_a_null_that_nothing_explains_is_asked_for_again(
    told: GitHubClient, upstream: Upstream, found: object, errors: list[object]
) -> None:
    upstream.answers(200, answer(*errors, r0=found, r1={"c1": LINKED}))
    upstream.answers(200, answer(r0={"c0": LINKED, "c2": LINKED}, r1={"c1": LINKED}))
    assert told.commit_authors(ASKED) == [7, 7, 7]
    assert len(upstream.requests) == 2


def test_a_null_that_stays_unexplained_is_transient_and_names_the_errors(
    told: GitHubClient, upstream: Upstream
) -> None:
    upstream.answers(200, answer({"type": "LIMITS"}, r0=None, r1={"c1": LINKED}))
    with pytest.raises(TransientUpstreamError, match="not call NOT_FOUND; errors: LIMITS"):
        told.commit_authors(ASKED)
    assert len(upstream.requests) == 3


def test_a_rate_limit_inside_an_answer_is_waited_out(
    told: GitHubClient, upstream: Upstream, waits: list[float]
) -> None:
    upstream.answers(200, b'{"errors": [{"type": "RATE_LIMITED"}]}')
    upstream.answers(200, answer(r0={"c0": LINKED}))
    assert told.commit_authors(ASKED[:1]) == [7]
    assert len(waits) == 1


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        (
            b'{"data": null, "errors": [{"type": "FORBIDDEN"}]}',
            "no repositories; errors: FORBIDDEN",
        ),
        (b'{"errors": [{"message": "Parse error"}]}', "no repositories; errors: None"),
        (b"{}", "no repositories; errors: none"),
        (b"[]", "JSON that is no object"),
        (answer(), r"no object at \[\]"),
        (answer(r0=[]), r"no object at \['r0'\]"),
        (answer(r0={"c0": "x"}), "no object at"),
        (answer(r0={"c0": {"author": {"user": {"databaseId": "7"}}}}), "no number"),
    ],
)
def test_an_answer_of_another_shape_is_permanent(
    told: GitHubClient, upstream: Upstream, sent: bytes, message: str
) -> None:
    upstream.answers(200, sent)
    with pytest.raises(PermanentUpstreamError, match=message):
        told.commit_authors(ASKED[:1])
    assert len(upstream.requests) == 1


def test_without_a_token_authors_are_refused_at_once(
    sandbox: SandboxServer, waits: list[float]
) -> None:
    client = GitHubClient(sandbox.url, "", sleep=waits.append)
    with pytest.raises(PermanentUpstreamError, match="graphql answered 401"):
        client.commit_authors(ASKED)
    client.close()
    assert waits == []
