"""The Hub's client: what it asks, which next page it follows, what it takes for an answer."""

import json
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from resources.http import (
    NotFoundError,
    PermanentUpstreamError,
    RateLimitedError,
    TransientUpstreamError,
)
from resources.hub import FIELDS, HubClient, HubResource
from resources.hub_files import HubFolder
from resources.hub_limits import HubLimit
from sandbox.server import SandboxServer
from tests.resources.conftest import Upstream

TOKEN = "hf_very-secret"  # noqa: S105 - made up
MODELS = b'[{"id": "acme/x", "downloads": 1}]'
Make = Callable[..., HubClient]


@pytest.fixture
def client(upstream: Upstream, waits: list[float]) -> HubClient:
    limit = HubLimit(1_000, clock=lambda: sum(waits), sleep=waits.append)
    return HubClient(upstream.url, limit, TOKEN, attempts=3, sleep=waits.append)


def query(path: str) -> list[tuple[str, str]]:
    return parse_qsl(urlsplit(path).query)


def test_it_asks_for_an_authors_models_with_all_that_is_needed(
    upstream: Upstream, client: HubClient
) -> None:
    upstream.answers(200, MODELS)
    page = client.by_author("acme & co")
    assert (page.documents, page.cursor) == ([{"id": "acme/x", "downloads": 1}], None)
    (asked,) = upstream.requests
    assert urlsplit(asked.path).path == "/api/models"
    assert query(asked.path) == [
        ("author", "acme & co"),
        ("sort", "downloads"),
        ("limit", "1000"),
        *(("expand[]", name) for name in FIELDS),
    ]
    assert asked.headers["authorization"] == f"Bearer {TOKEN}"


def test_it_asks_for_what_is_made_of_a_model(upstream: Upstream, client: HubClient) -> None:
    upstream.answers(200, MODELS)
    client.by_base("acme/x&y=z")
    assert query(upstream.requests[0].path)[0] == ("filter", "base_model:acme/x&y=z")


def test_without_a_token_it_sends_none(upstream: Upstream) -> None:
    upstream.answers(200, MODELS)
    HubClient(upstream.url, HubLimit(9)).by_author("acme")
    assert "authorization" not in upstream.requests[0].headers


def test_a_next_page_is_followed_as_the_hub_names_it(upstream: Upstream, client: HubClient) -> None:
    link = f'<{upstream.url}/api/models?author=acme&cursor=eyJ%3D%3D>; rel="next"'
    upstream.answers(200, MODELS, {"Link": link})
    upstream.answers(200, MODELS)
    first = client.by_author("acme")
    assert first.cursor == "author=acme&cursor=eyJ%3D%3D"
    assert client.by_author("acme", first.cursor).cursor is None
    assert query(upstream.requests[1].path) == [("author", "acme"), ("cursor", "eyJ==")]


def test_a_relative_next_page_is_followed(upstream: Upstream, client: HubClient) -> None:
    upstream.answers(200, MODELS, {"Link": '</api/models?cursor=2>; rel="next"'})
    assert client.by_author("acme").cursor == "cursor=2"


@pytest.mark.parametrize(
    "target",
    [
        "https://example.org/api/models?cursor=2",
        "http://127.0.0.1:1/api/models?cursor=2",
        "//example.org/api/models?cursor=2",
        "/api/datasets?cursor=2",
        "/api/models",
        "/api/models?cursor=" + "x" * 9_000,
        "file:///etc/passwd?x",
    ],
)
def test_a_next_page_elsewhere_is_not_followed(
    upstream: Upstream, client: HubClient, target: str
) -> None:
    upstream.answers(200, MODELS, {"Link": f'<{target}>; rel="next"'})
    with pytest.raises(PermanentUpstreamError, match="elsewhere") as caught:
        client.by_author("acme")
    assert TOKEN not in str(caught.value)
    assert len(upstream.requests) == 1


def test_a_redirect_is_not_followed(upstream: Upstream, client: HubClient) -> None:
    upstream.answers(302, b"", {"Location": "https://example.org/api/models"})
    with pytest.raises(PermanentUpstreamError, match="leads elsewhere"):
        client.by_author("acme")
    assert len(upstream.requests) == 1


@pytest.mark.parametrize("status", [408, 500, 502, 503])
def test_passing_faults_are_tried_again(
    upstream: Upstream, client: HubClient, waits: list[float], status: int
) -> None:
    upstream.answers(status)
    upstream.answers(status)
    upstream.answers(200, MODELS)
    assert client.by_author("acme").documents
    assert (len(upstream.requests), client.call_count, len(waits)) == (3, 3, 2)


@pytest.mark.parametrize("body", [b"<html>busy</html>", b'[{"id"', b'{"error": "busy"}', b""])
def test_a_body_that_is_no_list_is_worth_another_try(
    upstream: Upstream, client: HubClient, body: bytes
) -> None:
    upstream.answers(200, body)
    with pytest.raises(TransientUpstreamError, match=r"no (JSON|list)"):
        client.by_author("acme")
    assert len(upstream.requests) == 3


def test_a_body_cut_short_is_worth_another_try(upstream: Upstream, client: HubClient) -> None:
    upstream.answers(200, MODELS, sent_bytes=10)
    upstream.answers(200, MODELS)
    assert client.by_author("acme").documents


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_a_refusal_is_not_asked_for_again_and_names_no_token(
    upstream: Upstream, client: HubClient, status: int
) -> None:
    upstream.answers(status, b'{"error": "no"}')
    with pytest.raises(PermanentUpstreamError, match=f"answered {status}") as caught:
        client.by_author("acme")
    assert TOKEN not in str(caught.value) + repr(client)
    assert len(upstream.requests) == 1


def test_a_body_over_its_bound_is_refused(
    upstream: Upstream, client: HubClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("resources.hub._MAX_BODY_BYTES", 1_000)
    upstream.answers(200, b"[" + b" " * 2_000 + b"]")
    with pytest.raises(PermanentUpstreamError, match="more than"):
        client.by_author("acme")


def test_when_the_hub_says_stop_no_call_follows_until_it_may(
    upstream: Upstream, client: HubClient, waits: list[float]
) -> None:
    upstream.answers(200, MODELS, {"RateLimit": '"api";r=0;t=90'})
    client.by_author("acme")
    assert waits == []
    client.by_author("acme")
    assert waits == [91.0]


def test_a_limit_beyond_ones_patience_is_not_tried_again(
    upstream: Upstream, client: HubClient, waits: list[float]
) -> None:
    upstream.answers(429, b"", {"Retry-After": "5000"})
    with pytest.raises(RateLimitedError):
        client.by_author("acme")
    assert len(upstream.requests) == 1
    assert sum(waits) < 2.0


def test_ping_asks_for_one_model(upstream: Upstream, client: HubClient) -> None:
    upstream.answers(200, MODELS)
    client.ping()
    assert query(upstream.requests[0].path) == [("limit", "1")]


def test_the_sandbox_answers_it_page_by_page(sandbox: SandboxServer) -> None:
    client = HubResource(base_url=sandbox.url, token="hf_x").client()  # noqa: S106 - made up
    assert isinstance(client, HubClient)
    client.ping()
    names = [each["id"] for each in client.by_author("sandbox-qwen").documents]  # type: ignore[index]
    assert names[0] == "sandbox-qwen/qwen-7b-chat"
    assert all(name.startswith("sandbox-qwen/") for name in names)
    assert client.by_base("sandbox-qwen/qwen-7b").documents
    client.close()


def test_a_token_that_the_hub_does_not_know_is_refused(sandbox: SandboxServer) -> None:
    with pytest.raises(PermanentUpstreamError, match="answered 401"):
        HubClient(sandbox.url, HubLimit(9), "xoxb-other").ping()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    lists = {
        "a.models.json": [{"id": "acme/x", "tags": []},
                          {"id": "joe/y", "tags": ["base_model:ACME/X"]}],
        "b.models.json": [{"id": "Acme/z", "tags": ["base_model:acme/xy"]}, 7, {"id": None}],
    }  # fmt: skip
    for name, content in lists.items():
        (tmp_path / name).write_text(json.dumps(content))
    return tmp_path


def test_a_folder_of_saved_lists_answers_as_the_hub_does(folder: Path) -> None:
    client = HubResource(base_url=f"file:{folder}").client()
    assert isinstance(client, HubFolder)
    client.ping()
    names = [each["id"] for each in client.by_author("acme").documents]  # type: ignore[index]
    assert names == ["acme/x", "Acme/z"]
    names = [each["id"] for each in client.by_base("acme/x").documents]  # type: ignore[index]
    assert names == ["joe/y"]
    assert client.by_base("nobody/x").documents == []
    client.close()


def test_a_folder_without_lists_or_with_a_broken_one_says_so(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"has no \*\.models\.json"):
        HubFolder(tmp_path).ping()
    (tmp_path / "x.models.json").write_text("{")
    with pytest.raises(PermanentUpstreamError, match=r"x\.models\.json is no JSON"):
        HubFolder(tmp_path).ping()
    (tmp_path / "x.models.json").write_text("{}")
    with pytest.raises(PermanentUpstreamError, match="is no JSON list"):
        HubFolder(tmp_path).ping()
