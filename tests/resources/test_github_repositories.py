"""A repository's events and stars: moves, losses, blocks, limits, and answers of every shape."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from assets.polls.plan import Asked
from assets.polls.polling import Failures, poll_repositories
from resources.github import GitHubClient, GitHubResource, split_tokens
from resources.github_limits import TokenPool
from resources.github_repositories import RepositoryClient
from resources.github_transport import GitHubTransport
from resources.http import (
    LegalBlockError,
    PermanentUpstreamError,
    RateLimitedError,
    TransientUpstreamError,
    UpstreamError,
)
from sandbox.trouble import Trouble

if TYPE_CHECKING:
    from sandbox.server import SandboxServer
    from sandbox.world import World
    from tests.resources.conftest import Upstream

FULL = json.dumps([{"id": str(number)} for number in range(100)]).encode()
LIMIT = {"x-ratelimit-remaining": "0"}


def made(url: str, waits: list[float], **options: object) -> RepositoryClient:
    """A client whose sleeping moves its clock."""

    def elapsed() -> float:
        return sum(waits)

    def now() -> datetime:
        return datetime.now(UTC) + timedelta(seconds=elapsed())

    pool = TokenPool(("one",), clock=elapsed, sleep=waits.append, now=now)
    return RepositoryClient(
        GitHubTransport(url, pool, attempts=3, sleep=waits.append, **options)  # type: ignore[arg-type]
    )


@pytest.fixture
def client(upstream: Upstream, waits: list[float]) -> Iterator[RepositoryClient]:
    """A client of the upstream that answers what it is told to."""
    found = made(upstream.url, waits)
    yield found
    found.close()


@pytest.fixture
def github(sandbox: SandboxServer, waits: list[float]) -> Iterator[RepositoryClient]:
    """A client of the sandbox."""
    found = made(sandbox.url, waits)
    yield found
    found.close()


def page(*ids: int) -> bytes:
    return json.dumps([{"id": str(number)} for number in ids]).encode()


def next_link(upstream: Upstream, number: int) -> dict[str, str]:
    return {"Link": f'<{upstream.url}/repositories/5/events?page={number}>; rel="next"'}


def test_pages_follow_while_there_is_a_next_and_it_is_not_enough(
    client: RepositoryClient, upstream: Upstream
) -> None:
    first = {"ETag": 'W/"a"', "X-Poll-Interval": "60", **next_link(upstream, 2)}
    upstream.answers(200, FULL, first)
    upstream.answers(200, FULL, {"ETag": 'W/"b"', **next_link(upstream, 3)})
    upstream.answers(200, page(1, 2))
    found = client.events(5, etag='W/"0"')
    assert (found.status, len(found.documents), found.is_whole) == ("found", 202, True)
    assert (found.etag, found.poll_interval_s, found.call_count) == ('W/"a"', 60, 3)
    assert [asked.path for asked in upstream.requests] == [
        f"/repositories/5/events?per_page=100&page={number}" for number in (1, 2, 3)
    ]
    # Only the first page's ETag is known; a 304 for another would say nothing.
    assert [asked.headers.get("if-none-match") for asked in upstream.requests] == [
        'W/"0"', None, None,
    ]  # fmt: skip


def test_paging_ends_at_what_is_known(client: RepositoryClient, upstream: Upstream) -> None:
    upstream.answers(200, FULL, next_link(upstream, 2))
    found = client.events(5, is_enough=lambda documents: len(documents) == 100)
    assert (len(upstream.requests), found.is_whole) == (1, False)


def test_three_full_pages_are_all_there_is_and_not_the_whole(
    client: RepositoryClient, upstream: Upstream
) -> None:
    upstream.answers(200, FULL, next_link(upstream, 2))
    found = client.events(5)
    assert (len(upstream.requests), len(found.documents), found.is_whole) == (3, 300, False)


def test_an_unchanged_list_is_said_to_be_so(client: RepositoryClient, upstream: Upstream) -> None:
    upstream.answers(304, headers={"ETag": 'W/"a"', "X-Poll-Interval": "120"})
    found = client.events(5, etag='W/"a"')
    assert (found.status, found.documents, found.poll_interval_s) == ("unchanged", [], 120)
    assert client.unchanged_count == 1


def test_a_list_is_asked_for_by_the_id_and_a_move_of_it_elsewhere_is_no_answer(
    client: RepositoryClient, upstream: Upstream
) -> None:
    upstream.answers(301, headers={"Location": f"{upstream.url}/repositories/66/events"})
    upstream.answers(200, page(1, 2, 3))
    with pytest.raises(PermanentUpstreamError, match="leads to another place"):
        client.events(5)
    assert [asked.path.partition("?")[0] for asked in upstream.requests] == [
        "/repositories/5/events", "/repositories/66/events",
    ]  # fmt: skip


def test_a_move_of_a_repository_asked_by_name_is_followed_with_our_query(
    client: RepositoryClient, upstream: Upstream
) -> None:
    upstream.answers(301, headers={"Location": f"{upstream.url}/repositories/5"})
    upstream.answers(200, b"{}")
    answer = client.transport.get("/repos/o/old", params={"page": "1"})
    assert answer.path == "/repositories/5"
    assert [asked.path for asked in upstream.requests] == [
        "/repos/o/old?page=1", "/repositories/5?page=1",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "location",
    ["http://elsewhere.example/repositories/5/events", "https://127.0.0.1/x", "//other/x", "ftp:x"],
)
def test_a_move_to_another_host_is_not_followed(
    client: RepositoryClient, upstream: Upstream, location: str
) -> None:
    upstream.answers(301, headers={"Location": location})
    with pytest.raises(PermanentUpstreamError, match="another host"):
        client.events(5)
    assert len(upstream.requests) == 1


def test_moves_without_end_are_permanent(client: RepositoryClient, upstream: Upstream) -> None:
    upstream.answers(301, headers={"Location": "/repositories/5/events"})
    with pytest.raises(PermanentUpstreamError, match="without end"):
        client.events(5)
    assert len(upstream.requests) == 4


def test_what_is_gone_is_gone(client: RepositoryClient, upstream: Upstream) -> None:
    upstream.answers(404)
    assert client.events(5).status == "gone"
    assert len(upstream.requests) == 1


@pytest.mark.parametrize(
    ("status", "content"),
    [
        (451, b'{"message": "Repository access blocked", "block": {"reason": "dmca"}}'),
        (403, b'{"message": "Repository access blocked", "block": {"reason": "tos"}}'),
    ],
)
def test_what_is_blocked_is_neither_gone_nor_a_limit(
    client: RepositoryClient,
    told: GitHubClient,
    upstream: Upstream,
    waits: list[float],
    status: int,
    content: bytes,
) -> None:
    upstream.answers(status, content)
    assert client.events(5).status == "blocked"
    with pytest.raises(LegalBlockError):
        told.repository("o/r")
    assert waits == []


@pytest.mark.parametrize(
    "bad",
    [b"<html>Unicorn!</html>", b'[{"id"', b'{"message": "Server Error"}', b"null", b"\xff"],
)
def test_what_is_no_list_is_asked_for_again(
    client: RepositoryClient, upstream: Upstream, waits: list[float], bad: bytes
) -> None:
    upstream.answers(200, bad)
    upstream.answers(200, page(1))
    assert len(client.events(5).documents) == 1
    assert len(waits) == 1


def test_a_list_with_lone_surrogates_is_read(client: RepositoryClient, upstream: Upstream) -> None:
    upstream.answers(200, b'[{"id": "1", "title": "\\ud83d"}]')
    assert len(client.events(5).documents) == 1


def test_a_body_too_large_is_refused(
    client: RepositoryClient, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("resources.github_transport.MAX_BODY_BYTES", 1_000)
    upstream.answers(200, b"[" + b" " * 1_000 + b"]")
    with pytest.raises(PermanentUpstreamError, match="gave more than"):
        client.events(5)


def test_a_burst_of_502_is_waited_out_and_a_longer_one_is_transient(
    github: RepositoryClient, sandbox: SandboxServer, waits: list[float]
) -> None:
    sandbox.add_fault(Trouble("/repositories/", status=502, body="<html>502</html>", times=2))
    row = sandbox.world.tracked_repositories[0]
    assert github.events(row.github_id).status == "found"
    assert len(waits) == 2
    sandbox.add_fault(Trouble("/repositories/", status=502, times=3))
    with pytest.raises(TransientUpstreamError, match="502"):
        github.events(row.github_id)


@pytest.mark.parametrize(
    ("status", "headers", "content", "waited"),
    [
        (429, {"Retry-After": "30"}, b"", 30.0),
        (403, {"Retry-After": "90"}, b"", 90.0),
        (429, {}, b"", 60.0),
        (403, {}, b'{"message": "You have exceeded a secondary rate limit."}', 60.0),
        (403, {"x-ratelimit-remaining": "41"}, b'{"message": "abuse detection"}', 60.0),
    ],
)
def test_a_limit_is_waited_out_before_the_next_call_of_any_kind(
    client: RepositoryClient,
    upstream: Upstream,
    waits: list[float],
    status: int,
    headers: dict[str, str],
    content: bytes,
    waited: float,
) -> None:
    upstream.answers(status, content, headers)
    upstream.answers(200, page(1))
    assert client.events(5).status == "found"
    assert waits == [waited]


def test_a_refusal_that_is_no_limit_is_permanent(
    client: RepositoryClient, upstream: Upstream, waits: list[float]
) -> None:
    upstream.answers(403, b'{"message": "Resource not accessible by personal access token"}')
    with pytest.raises(PermanentUpstreamError, match="answered 403"):
        client.events(5)
    assert waits == []


def test_a_spent_limit_is_known_before_the_next_call(
    client: RepositoryClient, upstream: Upstream, waits: list[float]
) -> None:
    reset = str(int(datetime.now(UTC).timestamp()) + 600)
    upstream.answers(200, page(1), {**LIMIT, "x-ratelimit-reset": reset})
    upstream.answers(200, page(1))
    client.events(5)
    assert waits == []
    client.events(5)
    # Within a second: the answer's Date is whole.
    assert waits == [pytest.approx(600, abs=2)]


def test_limits_without_end_are_raised_after_all_attempts(
    client: RepositoryClient, upstream: Upstream, waits: list[float]
) -> None:
    upstream.answers(429)
    with pytest.raises(RateLimitedError) as raised:
        client.events(5)
    assert "429: a limit" in str(raised.value.__cause__)
    assert raised.value.retry_after_s == 240.0
    assert len(upstream.requests) == 3
    assert waits == [60.0, 120.0]


@pytest.mark.parametrize("reset", [None, "soon", "1800000500.5", "9" * 20, "past"])
@pytest.mark.parametrize("status", [403, 429])
def test_a_primary_limit_without_a_reset_to_come_is_waited_out_longer_each_time_and_then_raised(
    client: RepositoryClient,
    upstream: Upstream,
    waits: list[float],
    reset: str | None,
    status: int,
) -> None:
    past = str(int(datetime.now(UTC).timestamp()) - 90)
    stated = {} if reset is None else {"x-ratelimit-reset": past if reset == "past" else reset}
    upstream.answers(status, b"{}", {**LIMIT, **stated})
    with pytest.raises(RateLimitedError):
        client.events(5)
    assert (len(upstream.requests), waits) == (3, [60.0, 120.0])


def test_a_round_ends_as_limited_after_a_handful_of_refusals_whatever_their_headers_lack(
    upstream: Upstream, waits: list[float]
) -> None:
    client = made(upstream.url, waits, patience_s=300.0)
    upstream.answers(403, b'{"message": "API rate limit exceeded"}', LIMIT)
    asked = [Asked(number, f"o/r{number}") for number in range(400)]
    failures = Failures(limited=RateLimitedError, failed=UpstreamError)
    polls = poll_repositories(client, asked, failures, lambda: datetime.now(UTC))
    with pytest.raises(RateLimitedError):
        list(polls)
    client.close()
    assert len(upstream.requests) <= 5


def test_a_good_answer_that_spends_the_limit_and_states_no_reset_holds_the_next_call(
    client: RepositoryClient, upstream: Upstream, waits: list[float]
) -> None:
    upstream.answers(200, page(1), LIMIT)
    client.events(5)
    client.events(5)
    assert waits == [60.0]


def test_a_limit_longer_than_the_patience_says_when_to_resume(
    upstream: Upstream, waits: list[float]
) -> None:
    client = made(upstream.url, waits, patience_s=100.0)
    upstream.answers(403, headers={"Retry-After": "3000"})
    with pytest.raises(RateLimitedError) as raised:
        client.events(5)
    client.close()
    left = raised.value.resume_at - datetime.now(UTC)
    assert left.total_seconds() == pytest.approx(3_000, abs=30)
    assert waits == []


def test_stars_are_asked_for_in_the_version_that_has_them(
    client: RepositoryClient, upstream: Upstream
) -> None:
    upstream.answers(200, b"[]")
    client.star_history(5)
    (asked,) = upstream.requests
    assert asked.path == "/repositories/5/stargazers/history?per_page=30&page=1"
    assert asked.headers["x-github-api-version"] == "2026-03-10"


def test_stars_of_the_sandbox_go_back_page_by_page(github: RepositoryClient, world: World) -> None:
    row = world.tracked_repositories[0]
    found = github.star_history(row.github_id)
    weeks = [each["week"] for each in found.documents if isinstance(each, dict)]
    assert weeks == sorted(weeks, reverse=True)
    # Weeks from 2021-12-26 to 2026-11-01, both Sundays: 1,771 days.
    assert len(weeks) == 1_771 / 7 + 1
    assert found.call_count == 9


@pytest.mark.parametrize(
    ("text", "tokens"),
    [("", ()), (" , ", ()), ("a", ("a",)), (" a, b ,a", ("a", "b"))],
)
def test_tokens_of_a_setting_have_commas_between_them(text: str, tokens: tuple[str, ...]) -> None:
    assert split_tokens(text) == tokens


def test_clients_of_one_resource_share_what_is_known_of_the_tokens(upstream: Upstream) -> None:
    resource = GitHubResource(api_url=upstream.url, token="a, b", patience_s=10.0)  # noqa: S106
    upstream.answers(429, headers={"Retry-After": "500"})
    for make in (resource.client, resource.repositories):
        client = make()
        with pytest.raises(RateLimitedError):
            (client.repository("o/r") if isinstance(client, GitHubClient) else client.events(5))
        client.close()
    # Each token was refused once, by the first client.
    sent = [asked.headers["authorization"] for asked in upstream.requests]
    assert sorted(sent) == ["Bearer a", "Bearer b"]
    assert "Bearer" not in repr(resource)


@pytest.mark.parametrize(
    "error",
    [
        {"type": "INTERNAL"},
        {"type": "RESOURCE_LIMITS_EXCEEDED"},
        {"message": "Something went wrong while executing your query. This may be a timeout."},
    ],
)
def test_graphql_that_failed_for_now_is_asked_again(
    told: GitHubClient, upstream: Upstream, waits: list[float], error: dict[str, str]
) -> None:
    upstream.answers(200, json.dumps({"data": None, "errors": [error]}).encode())
    upstream.answers(200, b'{"data": {"nodes": [{"__typename": "User"}]}}')
    assert told.profiles([1])[0].actor_type == "User"
    assert len(waits) == 1


LIMITED = {"type": "RATE_LIMITED", "message": "API rate limit exceeded"}
GOOD = b'{"data": {"nodes": [{"__typename": "User"}]}}'


@pytest.fixture
def asking(upstream: Upstream, waits: list[float]) -> Iterator[GitHubClient]:
    """A client for GraphQL whose sleeping moves its clock."""
    transport = made(upstream.url, waits).transport
    found = GitHubClient(upstream.url, "one", attempts=3, sleep=waits.append, pool=transport.pool)
    transport.close()
    yield found
    found.close()


@pytest.mark.parametrize(
    ("content", "headers", "waited"),
    [
        ({"errors": [LIMITED]}, {"Retry-After": "600"}, 600.0),
        ({"errors": [LIMITED]}, {**LIMIT, "Retry-After": "600"}, 600.0),
        ({"errors": [LIMITED]}, LIMIT, 60.0),
        ({"errors": [{"type": "RATE_LIMIT", "code": "graphql_rate_limit"}]}, {}, 60.0),
        ({"message": "You have exceeded a secondary rate limit."}, {"Retry-After": "120"}, 120.0),
        ({"message": "You have exceeded a secondary rate limit."}, {}, 60.0),
        ({"data": {"nodes": None}, "errors": [LIMITED]}, {}, 60.0),
        ({"data": None, "errors": [LIMITED]}, {"Retry-After": "90"}, 90.0),
    ],
)
def test_graphql_that_says_limited_at_status_200_is_waited_out_once_and_as_long_as_it_states(
    asking: GitHubClient,
    upstream: Upstream,
    waits: list[float],
    content: dict[str, object],
    headers: dict[str, str],
    waited: float,
) -> None:
    upstream.answers(200, json.dumps(content).encode(), headers)
    upstream.answers(200, GOOD)
    assert asking.profiles([1])[0].actor_type == "User"
    assert (len(upstream.requests), waits) == (2, [waited])


def test_data_beside_a_limit_is_used_and_the_next_call_waits(
    asking: GitHubClient, upstream: Upstream, waits: list[float]
) -> None:
    both = {"data": {"nodes": [{"__typename": "User"}]}, "errors": [LIMITED]}
    upstream.answers(200, json.dumps(both).encode())
    upstream.answers(200, GOOD)
    assert asking.profiles([1])[0].actor_type == "User"
    assert waits == []
    asking.profiles([2])
    assert waits == [60.0]
