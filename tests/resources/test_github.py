"""GitHub: whose profile it is, which repository it is now, and answers of every shape."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.github import (
    IDS_PER_FIELD,
    MAX_TEXT_LENGTH,
    GitHubClient,
    GitHubResource,
    Profile,
    Repository,
    user_node_id,
)
from resources.http import PermanentUpstreamError, TransientUpstreamError
from sandbox.trouble import Trouble

if TYPE_CHECKING:
    from sandbox.server import SandboxServer
    from sandbox.world import World
    from tests.resources.conftest import Upstream

TOKEN = "ghp_made-up"  # noqa: S105 - made up
UNKNOWN_ID = 4_000_000_000
TOO_LARGE_ID = 1 << 32
SAMPLE: dict[str, object] = {
    "__typename": "User",
    "databaseId": 583231,
    "location": "San Francisco",
    "company": "@github",
    "createdAt": "2011-01-25T18:44:36Z",
}


@pytest.fixture
def github(sandbox: SandboxServer, waits: list[float]) -> Iterator[GitHubClient]:
    """A client of the sandbox."""
    client = GitHubClient(sandbox.url, TOKEN, attempts=3, sleep=waits.append)
    yield client
    client.close()


def body(content: object) -> bytes:
    return json.dumps(content).encode()


def nodes(*found: object, **beside: object) -> bytes:
    return body({"data": {"nodes": list(found)}, **beside})


@pytest.mark.parametrize(
    ("actor_id", "node_id"),
    [
        # Ids that GitHub itself gives in public payloads.
        (152428796, "U_kgDOCRXg_A"),
        (583231, "U_kgDOAAjmPw"),
    ],
)
def test_a_node_id_is_the_one_that_github_gives(actor_id: int, node_id: str) -> None:
    assert user_node_id(actor_id) == node_id


@given(actor_id=st.integers(0, (1 << 32) - 1))
def test_a_node_id_holds_the_numeric_id_and_nothing_else(actor_id: int) -> None:
    prefix, packed = user_node_id(actor_id)[:2], user_node_id(actor_id)[2:]
    # Seven bytes are ten characters of base64 and two of padding.
    unpacked = base64.urlsafe_b64decode(f"{packed}==")
    assert prefix == "U_"
    assert len(packed) == 10
    assert unpacked == b"\x92\x00\xce" + actor_id.to_bytes(4, "big")


@pytest.mark.parametrize("actor_id", [-1, TOO_LARGE_ID])
def test_an_id_that_does_not_fit_32_bits_has_no_node_id(actor_id: int) -> None:
    with pytest.raises(ValueError, match="32 bits"):
        user_node_id(actor_id)


def test_a_profile_says_what_the_account_says_of_itself(github: GitHubClient, world: World) -> None:
    there = [person for person in world.developers if not person.is_deleted][:IDS_PER_FIELD]
    assert github.profiles([person.github_id for person in there]) == [
        Profile(
            actor_id=person.github_id,
            actor_type="User",
            location=person.location or None,
            company=person.company,
            account_created_at=person.created_at,
        )
        for person in there
    ]


def test_deleted_and_unknown_accounts_are_absent_beside_those_found_in_the_order_asked(
    github: GitHubClient, world: World
) -> None:
    deleted = next(person for person in world.developers if person.is_deleted)
    first, second = [person for person in world.developers if not person.is_deleted][:2]
    bot = world.bots[0]
    asked = [
        second.github_id, deleted.github_id, bot.github_id, UNKNOWN_ID, TOO_LARGE_ID, -1,
        first.github_id,
    ]  # fmt: skip
    found = github.profiles(asked)
    assert [profile.actor_id for profile in found] == asked
    assert [profile.actor_type for profile in found] == [
        "User", "absent", "Bot", "absent", "absent", "absent", "User",
    ]  # fmt: skip
    assert found[1] == Profile(deleted.github_id, "absent", None, None, None)


def test_an_account_asked_for_twice_is_answered_twice(github: GitHubClient, world: World) -> None:
    person = next(person for person in world.developers if not person.is_deleted)
    once, again = github.profiles([person.github_id, person.github_id])
    assert once == again
    assert once.actor_type == "User"


@pytest.mark.parametrize("asked", [[], [TOO_LARGE_ID, -1]])
def test_where_no_id_can_be_asked_for_github_is_not_asked(
    github: GitHubClient, sandbox: SandboxServer, asked: list[int]
) -> None:
    assert github.profiles(asked) == [Profile(actor_id, "absent") for actor_id in asked]
    assert sandbox.requests() == []


def test_more_than_a_hundred_ids_are_refused_before_asking(
    github: GitHubClient, sandbox: SandboxServer, world: World
) -> None:
    ids = [person.github_id for person in world.developers[: IDS_PER_FIELD + 1]]
    with pytest.raises(ValueError, match="101 ids in one call; at most 100"):
        github.profiles(ids)
    assert sandbox.requests() == []
    assert len(github.profiles(ids[:IDS_PER_FIELD])) == IDS_PER_FIELD


def test_one_call_asks_for_all_ids_at_once_with_the_token(
    told: GitHubClient, upstream: Upstream
) -> None:
    upstream.answers(200, nodes(SAMPLE, SAMPLE))
    told.profiles([583231, 152428796])
    (asked,) = upstream.requests
    assert (asked.method, asked.path) == ("POST", "/graphql")
    assert asked.headers["authorization"] == f"Bearer {TOKEN}"
    assert json.loads(asked.body)["variables"] == {"ids": ["U_kgDOAAjmPw", "U_kgDOCRXg_A"]}


def sent_ids(upstream: Upstream) -> list[list[str]]:
    return [json.loads(asked.body)["variables"]["ids"] for asked in upstream.requests]


def test_a_null_that_github_does_not_call_not_found_is_no_deleted_account(
    told: GitHubClient, upstream: Upstream
) -> None:
    errors = [{"type": "RESOURCE_LIMITS_EXCEEDED", "path": ["nodes", 1]}]
    upstream.answers(200, nodes(SAMPLE, None, errors=errors))
    upstream.answers(200, nodes(SAMPLE))
    assert [each.actor_type for each in told.profiles([583231, 152428796])] == ["User", "User"]
    # Asked for again apart from the one that was answered.
    assert sent_ids(upstream) == [["U_kgDOAAjmPw", "U_kgDOCRXg_A"], ["U_kgDOCRXg_A"]]


@pytest.mark.parametrize(
    ("bad", "errors"),
    [
        (None, [{"type": "FORBIDDEN", "path": ["nodes", 1]}]),
        (None, []),
        (None, [{"type": "NOT_FOUND", "path": 5}]),
        (None, [{"type": "NOT_FOUND", "path": [["nodes", 1]]}]),
        (None, [{"type": "NOT_FOUND", "path": {"nodes": 1}}]),
        (None, [{"type": "NOT_FOUND", "path": ["nodes"]}]),
        (None, [{"type": "NOT_FOUND"}]),
        ("not an object", []),
        ({**SAMPLE, "createdAt": "long ago"}, []),
        ({**SAMPLE, "createdAt": 17}, []),
    ],
)
def test_one_that_is_never_answered_is_said_to_be_so_after_three_tries_and_costs_no_other(
    told: GitHubClient,
    upstream: Upstream,
    bad: object,
    errors: list[object],
    waits: list[float],
) -> None:
    upstream.answers(200, nodes(SAMPLE, bad, SAMPLE, errors=errors))
    upstream.answers(200, nodes(bad, errors=[]))
    found = told.profiles([583231, 2, 3])
    assert [each.actor_type for each in found] == ["User", "unanswered", "User"]
    assert [len(ids) for ids in sent_ids(upstream)] == [3, 1, 1]
    assert len(waits) == 2


def test_a_failure_on_asking_again_leaves_what_was_answered(
    told: GitHubClient, upstream: Upstream
) -> None:
    upstream.answers(200, nodes(SAMPLE, None))
    upstream.answers(502)
    assert [each.actor_type for each in told.profiles([583231, 2])] == ["User", "unanswered"]


def test_nulls_alone_beside_a_failure_of_githubs_own_are_that_failure(
    told: GitHubClient, upstream: Upstream
) -> None:
    errors = [{"type": "INTERNAL", "path": ["nodes", 0]}]
    upstream.answers(200, nodes(None, None, errors=errors))
    with pytest.raises(TransientUpstreamError, match="gave 2 nulls"):
        told.profiles([583231, 2])
    assert len(upstream.requests) == 3


def test_data_beside_errors_is_used(told: GitHubClient, upstream: Upstream) -> None:
    errors = [{"type": "NOT_FOUND", "path": ["nodes", 1], "message": "Could not resolve"}]
    upstream.answers(200, nodes(SAMPLE, None, errors=errors))
    assert told.profiles([583231, UNKNOWN_ID]) == [
        Profile(
            583231, "User", "San Francisco", "@github",
            datetime(2011, 1, 25, 18, 44, 36, tzinfo=UTC),
        ),
        Profile(UNKNOWN_ID, "absent"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (None, None),
        ("", None),
        (" \t\n", None),
        (17, None),
        (["Oslo"], None),
        (" Oslo ", " Oslo "),
        ("深圳", "深圳"),
        ("x" * 10_000, "x" * MAX_TEXT_LENGTH),
    ],
)
def test_a_strangers_text_is_bounded_and_null_where_it_is_blank(
    told: GitHubClient, upstream: Upstream, sent: object, kept: str | None
) -> None:
    upstream.answers(200, nodes({**SAMPLE, "location": sent, "company": sent}))
    (profile,) = told.profiles([583231])
    assert (profile.location, profile.company) == (kept, kept)


@pytest.mark.parametrize(
    ("node", "actor_type"),
    [
        ({}, "unknown"),
        ({"__typename": None}, "unknown"),
        ({"__typename": "Organization"}, "Organization"),
        ({"__typename": "Mannequin", "createdAt": None}, "Mannequin"),
    ],
)
def test_a_node_of_another_kind_has_its_type_and_no_more(
    told: GitHubClient, upstream: Upstream, node: object, actor_type: str
) -> None:
    upstream.answers(200, nodes(node))
    assert told.profiles([583231]) == [Profile(583231, actor_type)]


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (nodes(SAMPLE), "1 nodes for 2 ids"),
        (nodes(SAMPLE, SAMPLE, SAMPLE), "3 nodes for 2 ids"),
        (body({"data": None, "errors": [{"type": "FORBIDDEN"}]}), "no nodes; errors: FORBIDDEN"),
        (body({"data": None, "errors": None}), "no nodes; errors: none"),
        (body({"data": {"nodes": None}}), "no nodes; errors: none"),
        (body({"data": [], "errors": ["odd"]}), "no nodes; errors: none"),
        (body({}), "no nodes; errors: none"),
        (body([1]), "JSON that is no object"),
        (body(None), "JSON that is no object"),
    ],
)
def test_an_answer_of_another_shape_is_permanent(
    told: GitHubClient, upstream: Upstream, answer: bytes, message: str
) -> None:
    upstream.answers(200, answer)
    with pytest.raises(PermanentUpstreamError, match=message):
        told.profiles([583231, 1])
    assert len(upstream.requests) == 1


@pytest.mark.parametrize("answer", [b"<html>Unicorn!</html>", b'{"data": {"nod', b"", b"\xff\xfe"])
def test_a_body_that_is_no_json_is_asked_for_again(
    told: GitHubClient, upstream: Upstream, answer: bytes
) -> None:
    upstream.answers(200, answer)
    upstream.answers(200, nodes(SAMPLE))
    assert told.profiles([583231])[0].location == "San Francisco"
    assert len(upstream.requests) == 2


def test_a_body_that_is_never_json_is_transient_after_all_attempts(
    told: GitHubClient, upstream: Upstream
) -> None:
    upstream.answers(200, b"<html>Unicorn!</html>")
    with pytest.raises(TransientUpstreamError, match="no JSON"):
        told.profiles([583231])
    assert len(upstream.requests) == 3


def test_a_rate_limit_inside_an_answer_is_waited_out(
    told: GitHubClient, upstream: Upstream, waits: list[float]
) -> None:
    upstream.answers(200, body({"errors": [{"type": "RATE_LIMITED", "message": "API rate limit"}]}))
    upstream.answers(200, nodes(SAMPLE))
    assert told.profiles([583231])[0].actor_type == "User"
    assert len(waits) == 1


def test_a_secondary_limit_is_waited_out_as_long_as_github_asks(
    told: GitHubClient, upstream: Upstream, waits: list[float]
) -> None:
    upstream.answers(403, b"{}", {"Retry-After": "60"})
    upstream.answers(200, nodes(SAMPLE))
    assert told.profiles([583231])[0].actor_type == "User"
    assert waits == [pytest.approx(60.0, abs=1.0)]


@pytest.mark.parametrize(
    "trouble",
    [
        Trouble("/graphql", status=502, times=2),
        Trouble("/graphql", "reset", times=2),
        Trouble("/graphql", "cut", times=2),
        Trouble("/graphql", "lost", times=2),
    ],
    ids=lambda trouble: trouble.kind,
)
def test_a_burst_of_failures_is_waited_out(
    github: GitHubClient,
    sandbox: SandboxServer,
    world: World,
    waits: list[float],
    trouble: Trouble,
) -> None:
    sandbox.add_fault(trouble)
    person = next(person for person in world.developers if not person.is_deleted)
    assert github.profiles([person.github_id])[0].company == person.company
    assert len(sandbox.requests()) == 3
    assert len(waits) == 2


def test_without_a_token_profiles_are_refused_at_once(
    sandbox: SandboxServer, waits: list[float]
) -> None:
    client = GitHubClient(sandbox.url, "", sleep=waits.append)
    with pytest.raises(PermanentUpstreamError, match="graphql answered 401"):
        client.profiles([1])
    client.close()
    assert waits == []


def test_a_repository_is_found_by_its_name_whatever_its_capitals(github: GitHubClient) -> None:
    expected = Repository(3900000112, "sandbox-mistral/mistral-inference")
    assert github.repository("sandbox-mistral/mistral-inference") == expected
    assert github.repository("Sandbox-Mistral/Mistral-Inference") == expected


def test_an_earlier_name_leads_to_the_repository_as_it_is_called_now(
    github: GitHubClient, sandbox: SandboxServer
) -> None:
    found = github.repository("sandbox-mistral/mistral-src")
    assert found == Repository(3900000112, "sandbox-mistral/mistral-inference")
    assert [(entry.path, entry.status) for entry in sandbox.requests()] == [
        ("/repos/sandbox-mistral/mistral-src", 301),
        ("/repositories/3900000112", 200),
    ]


def test_a_repository_that_is_not_there_is_none(
    github: GitHubClient, sandbox: SandboxServer
) -> None:
    assert github.repository("sandbox-mistral/no-such") is None
    assert len(sandbox.requests()) == 1


def test_a_repository_is_asked_for_again_after_server_errors(
    github: GitHubClient, sandbox: SandboxServer
) -> None:
    sandbox.add_fault(Trouble("/repos/", status=502, times=2))
    assert github.repository("sandbox-mistral/mistral-inference") is not None


def test_a_repository_blocked_by_law_is_an_error_and_not_absent(
    told: GitHubClient, upstream: Upstream
) -> None:
    upstream.answers(451, body({"message": "Repository access blocked"}))
    with pytest.raises(PermanentUpstreamError, match="repos/owner/name answered 451"):
        told.repository("owner/name")


@pytest.mark.parametrize(
    "content", [{}, {"id": "1", "full_name": "a/b"}, {"id": 1}, {"id": 1, "full_name": None}]
)
def test_a_repository_without_id_or_name_is_permanent(
    told: GitHubClient, upstream: Upstream, content: dict[str, object]
) -> None:
    upstream.answers(200, body(content))
    with pytest.raises(PermanentUpstreamError, match="no id and full_name"):
        told.repository("a/b")


def test_a_repository_needs_no_token(upstream: Upstream) -> None:
    upstream.answers(200, body({"id": 1, "full_name": "a/b"}))
    client = GitHubResource(api_url=f"{upstream.url}/", attempts=1).client()
    assert client.repository("a/b") == Repository(1, "a/b")
    client.close()
    assert "authorization" not in upstream.requests[0].headers
