"""The webserver by itself refuses what a page of another site has a browser send, as the proxy."""

import asyncio
from collections.abc import MutableMapping
from typing import Any

import pytest

from orchestration.same_site import own_pages_alone
from tests.orchestration.test_proxy import OF_ANOTHER_SITE, fetched

Message = MutableMapping[str, Any]


def told(method: str, path: str, headers: dict[str, str]) -> list[Message]:
    """What a request is answered behind the guard: `[]` is of the application, which it reached."""
    sent: list[Message] = []

    async def application(_scope: object, _receive: object, _send: object) -> None:
        sent.clear()

    async def receive() -> Message:
        raise AssertionError("nothing needs the request's body")

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "websocket" if "upgrade" in headers else "http",
        "method": method,
        "path": path,
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    sent.append({"type": "nothing"})
    asyncio.run(own_pages_alone(application)(scope, receive, send))
    return sent


@pytest.mark.parametrize("kind", OF_ANOTHER_SITE)
@pytest.mark.parametrize("host", ["observatory.example.org", "127.0.0.1:3000", "[::1]:3000"])
def test_what_another_site_s_page_has_a_browser_send_is_refused(host: str, kind: str) -> None:
    method, path, headers = OF_ANOTHER_SITE[kind]
    _, first, *others = told(method, path, {"host": host, **headers})
    if "upgrade" in headers:
        # Closed before it is accepted: the server answers 403.
        assert (first, others) == ({"type": "websocket.close", "code": 1008}, [])
    else:
        assert first["status"] in (403, 405)
        assert others[0]["body"]


@pytest.mark.parametrize(
    "origin", ["https://[", "", "null", "https://evil.example", "https://127.0.0.1.evil.example"]
)
def test_an_origin_that_is_no_address_or_of_another_host_is_refused(origin: str) -> None:
    for host in ({"host": "127.0.0.1:3000"}, {"host": "["}, {}):
        assert told("POST", "/graphql", {**host, "origin": origin})[1]["status"] == 403


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("GET", "/", fetched("none", "navigate", "document")),
        ("GET", "/runs/1", fetched("cross-site", "navigate", "document")),
        ("GET", "/runs/1", {}),
        ("GET", "/graphql", {"accept": "text/html,*/*"}),  # a page; nothing is carried out
        ("POST", "/graphql", {}),  # no browser: a program, a test
        ("POST", "/graphql", {"origin": "http://127.0.0.1:3000"}),
        ("POST", "/graphql", fetched("same-origin", "cors", "empty", origin="https://a.example")),
        ("GET", "/graphql", {"upgrade": "websocket", "origin": "http://127.0.0.1:3000"}),
    ],
)
def test_the_ui_s_own_requests_links_and_programs_are_let_through(
    method: str, path: str, headers: dict[str, str]
) -> None:
    assert told(method, path, {"host": "127.0.0.1:3000", **headers}) == []
