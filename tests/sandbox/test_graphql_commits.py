"""GraphQL's repositories and commits over real HTTP: what is selected, declared, and not there."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from sandbox.commits import PlantedCommit
from sandbox.server import SandboxServer
from sandbox.world import World

TIMEOUT_S = 10
NAME = "sandbox-qwen/qwen-model"
QUERY = """
query Authors($owner: String!, $name: String!, $known: GitObjectID!, $nobody: GitObjectID!) {
  here: repository(owner: $owner, name: $name) {
    known: object(oid: $known) { ... on Commit { author { user { databaseId login } } } }
    nobody: object(oid: $nobody) { ...someone }
    gone: object(oid: "0000000000000000000000000000000000000000") { ...someone }
  }
  repository(owner: "sandbox-qwen", name: "none") { object(oid: $known) { ...someone } }
}
fragment someone on Commit { author { user { databaseId } } }
"""


def commits(world: World) -> tuple[PlantedCommit, ...]:
    row = next(row for row in world.tracked_repositories if row.name == NAME)
    return world.commits[row.github_id]


def ask(server: SandboxServer, query: str, **variables: str) -> dict[str, Any]:
    answer = requests.post(
        f"{server.url}/graphql",
        json={"query": query, "variables": variables},
        headers={"Authorization": "Bearer sandbox"},
        timeout=TIMEOUT_S,
    )
    body: dict[str, Any] = answer.json()
    return body


def test_an_authors_account_is_given_and_what_is_not_there_is_null(
    server: SandboxServer, world: World
) -> None:
    known = next(each for each in commits(world) if each.linked_id)
    nobody = next(each for each in commits(world) if not each.linked_id)
    body = ask(
        server, QUERY, owner="sandbox-qwen", name="qwen-model", known=known.sha, nobody=nobody.sha
    )
    account = world.account_by_id[known.author_id]
    assert body["data"] == {
        "here": {
            "known": {"author": {"user": {"databaseId": known.author_id, "login": account.login}}},
            "nobody": {"author": {"user": None}},
            "gone": None,
        },
        "repository": None,
    }
    (error,) = body["errors"]
    assert (error["type"], error["path"]) == ("NOT_FOUND", ["repository"])


def test_a_deleted_account_is_nobody() -> None:
    world = World(1, 1_000)
    deleted = {person.github_id for person in world.developers if person.is_deleted}
    theirs = [
        each for history in world.commits.values() for each in history if each.author_id in deleted
    ]
    assert theirs
    assert {each.linked_id for each in theirs} == {None}


@pytest.mark.parametrize(
    ("query", "message"),
    [
        # No value for $known and $nobody.
        (QUERY, "GitObjectID"),
        (QUERY.replace("$known)", '"HEAD")'), "'HEAD' is no value of type GitObjectID"),
        ("query($owner: String!) { repository(owner: $owner, name: $name) { id } }", "['name']"),
        ("{ repository(owner: $owner, name: $name) { id } }", "['name', 'owner']"),
    ],
)  # fmt: skip
def test_a_value_that_is_not_there_or_not_declared_is_refused(
    server: SandboxServer, query: str, message: str
) -> None:
    body = ask(server, query, owner="sandbox-qwen", name="qwen-model")
    assert "data" not in body
    assert message in body["errors"][0]["message"]


def test_what_is_not_selected_is_not_answered(server: SandboxServer, world: World) -> None:
    sha = commits(world)[0].sha
    cases: list[tuple[str, dict[str, object]]] = [
        ("... on Commit { oid }", {}),
        ("... on Tree { author { user { login } } }", {}),
        ("... on Commit { author { email } }", {"author": {}}),
    ]
    for selection, expected in cases:
        query = (
            '{ repository(owner: "sandbox-qwen", name: "qwen-model") '
            f'{{ object(oid: "{sha}") {{ {selection} }} }} }}'
        )
        assert ask(server, query)["data"] == {"repository": {"object": expected}}


def test_most_addresses_are_known_and_no_host_or_bot_is() -> None:
    histories = World(1, 3_000).commits
    authors = {each.author_id: each for history in histories.values() for each in history}
    people = [each for each in authors.values() if not each.is_bot]
    own = [each for each in people if "noreply" in each.author_email]
    others = [each for each in people if "noreply" not in each.author_email]
    hosts = [each for each in others if each.author_email.endswith(".local")]
    mailed = [each for each in others if not each.author_email.endswith(".local")]
    assert len(mailed) > 500
    # 1 % of accounts are deleted.
    assert sum(each.linked_id is not None for each in own) / len(own) > 0.97
    share = sum(each.linked_id is not None for each in mailed) / len(mailed)
    assert share == pytest.approx(0.85 * 0.99, abs=0.05)
    assert hosts
    unknown = [*hosts, *(each for each in authors.values() if each.is_bot)]
    assert {each.linked_id for each in unknown} == {None}
    linked = [each for each in people if each.linked_id is not None]
    assert all(each.linked_id == each.author_id for each in linked)
