"""GitHub's paths over real HTTP: profiles by node id, and repositories by name and id."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from sandbox.node_ids import account_of, user_node_id
from sandbox.people import Developer
from sandbox.server import SandboxServer
from sandbox.world import World

PROFILES = """
query Profiles($ids: [ID!]!) {
  nodes(ids: $ids) {
    __typename
    ... on User { databaseId location company createdAt }
  }
}
"""
TIMEOUT_S = 10


@pytest.fixture
def known(world: World) -> list[Developer]:
    """People whose accounts exist."""
    return [person for person in world.developers if not person.is_deleted]


@pytest.fixture
def deleted(world: World) -> Developer:
    """A person whose account is gone."""
    return next(person for person in world.developers if person.is_deleted)


def ask(
    server: SandboxServer,
    query: str,
    variables: dict[str, object] | None = None,
    token: str | None = "sandbox",  # noqa: S107 - any text is good
) -> requests.Response:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    content = {"query": query, "variables": variables or {}}
    return requests.post(f"{server.url}/graphql", json=content, headers=headers, timeout=TIMEOUT_S)


def test_a_node_id_is_the_one_github_gives_the_same_account() -> None:
    assert user_node_id(152428796) == "U_kgDOCRXg_A"
    assert account_of("U_kgDOCRXg_A") == 152428796
    assert account_of("MDQ6VXNlcjc4Mw==") == 783
    assert account_of("U_nonsense") is None
    assert account_of("ü") is None


def test_profiles_come_in_the_order_asked(server: SandboxServer, known: list[Developer]) -> None:
    people = known[:100]
    ids = [user_node_id(person.github_id) for person in people]
    answer = ask(server, PROFILES, {"ids": ids})
    body = answer.json()
    assert "errors" not in body
    assert body["data"]["nodes"] == [
        {
            "__typename": "User",
            "databaseId": person.github_id,
            "location": person.location,
            "company": person.company,
            "createdAt": f"{person.created_at:%Y-%m-%dT%H:%M:%SZ}",
        }
        for person in people
    ]
    assert answer.headers["x-ratelimit-limit"] == "5000"
    assert answer.headers["x-ratelimit-remaining"] == "4999"


def test_deleted_and_unknown_accounts_are_null_beside_good_data(
    server: SandboxServer, known: list[Developer], deleted: Developer
) -> None:
    ids = [user_node_id(person.github_id) for person in (known[0], deleted, known[1])]
    answer = ask(server, PROFILES, {"ids": [*ids, user_node_id(4_000_000_000)]})
    body = answer.json()
    assert answer.status_code == 200
    assert [node and node["databaseId"] for node in body["data"]["nodes"]] == [
        known[0].github_id,
        None,
        known[1].github_id,
        None,
    ]
    assert [error["path"] for error in body["errors"]] == [["nodes", 1], ["nodes", 3]]
    assert {error["type"] for error in body["errors"]} == {"NOT_FOUND"}
    assert ids[1] in body["errors"][0]["message"]


def test_several_aliased_fields_and_a_named_fragment_fit_one_query(
    server: SandboxServer, known: list[Developer]
) -> None:
    first, second = (user_node_id(person.github_id) for person in known[:2])
    query = f"""
      query($ids: [ID!]!) {{
        a: nodes(ids: ["{first}"]) {{ id ...profile }}
        b: nodes(ids: $ids) {{ id ...profile }}
        rateLimit {{ cost remaining }}
      }}
      fragment profile on User {{ login }}
    """
    data: dict[str, Any] = ask(server, query, {"ids": [second]}).json()["data"]
    assert data["a"] == [{"id": first, "login": known[0].login}]
    assert data["b"] == [{"id": second, "login": known[1].login}]
    assert data["rateLimit"] == {"cost": 1, "remaining": 4999}


def test_a_bot_says_it_is_one_and_has_no_location(server: SandboxServer, world: World) -> None:
    ids = [user_node_id(world.bots[0].github_id)]
    assert ask(server, PROFILES, {"ids": ids}).json()["data"]["nodes"] == [{"__typename": "Bot"}]


def test_more_than_100_ids_in_a_field_are_refused(
    server: SandboxServer, known: list[Developer]
) -> None:
    ids = [user_node_id(person.github_id) for person in known[:101]]
    body = ask(server, PROFILES, {"ids": ids}).json()
    assert body["data"] is None
    assert body["errors"][0]["type"] == "ARGUMENT_LIMIT"
    assert body["errors"][0]["message"].endswith("you provided 101.")


def test_profiles_need_a_token(server: SandboxServer) -> None:
    answer = ask(server, PROFILES, {"ids": []}, token=None)
    assert answer.status_code == 401
    assert "authenticated" in answer.json()["message"]


def test_a_query_that_is_no_json_is_refused(
    server: SandboxServer, session: requests.Session
) -> None:
    headers = {"Authorization": "Bearer sandbox"}
    url = f"{server.url}/graphql"
    answer = session.post(url, data=b"{", headers=headers, timeout=TIMEOUT_S)
    assert answer.status_code == 400


def test_every_tracked_repository_is_found_by_name_and_by_id(
    server: SandboxServer, session: requests.Session, world: World
) -> None:
    for repository in world.tracked_repositories:
        for path in (f"/repos/{repository.name}", f"/repositories/{repository.github_id}"):
            body = session.get(server.url + path, timeout=TIMEOUT_S).json()
            assert (body["id"], body["full_name"]) == (repository.github_id, repository.name)
    assert body["owner"]["type"] == "Organization"


def test_an_old_name_leads_to_the_repository_by_its_id(
    server: SandboxServer, session: requests.Session
) -> None:
    url = f"{server.url}/repos/sandbox-glm/chatglm-model"
    moved = session.get(url, allow_redirects=False, timeout=TIMEOUT_S)
    assert moved.status_code == 301
    assert moved.headers["Location"] == f"{server.url}/repositories/3900000031"
    followed = session.get(url, timeout=TIMEOUT_S)
    assert followed.json()["full_name"] == "sandbox-glm/glm-model"


def test_before_a_rename_only_the_old_name_is_known(
    world: World, session: requests.Session
) -> None:
    renamed = next(r for r in world.tracked_repositories if r.name == "sandbox-glm/glm-model")
    before = renamed.renamed_at
    assert before is not None
    with SandboxServer(world, clock=lambda: before.replace(hour=0)) as server:
        old, new = (
            session.get(f"{server.url}/repos/{name}", timeout=TIMEOUT_S)
            for name in ("sandbox-glm/chatglm-model", "sandbox-glm/glm-model")
        )
    assert (old.status_code, old.json()["full_name"]) == (200, "sandbox-glm/chatglm-model")
    assert new.status_code == 404


@pytest.mark.parametrize("path", ["/repos/sandbox-qwen/none", "/repositories/1"])
def test_an_unknown_repository_is_not_found(
    server: SandboxServer, session: requests.Session, path: str
) -> None:
    answer = session.get(server.url + path, timeout=TIMEOUT_S)
    assert (answer.status_code, answer.json()["message"]) == (404, "Not Found")
