"""The dead man's switch: what is tried again, how often, and that its address is never shown."""

from __future__ import annotations

import logging
import socket
import traceback
from typing import TYPE_CHECKING

import pytest

from resources.heartbeat import HeartbeatClient, HeartbeatResource
from resources.http import PermanentUpstreamError, TransientUpstreamError, UpstreamError

if TYPE_CHECKING:
    from tests.resources.conftest import Upstream

SECRET = "planted-secret"  # noqa: S105 - made up


def client(url: str, said: list[str], timeout_s: float = 5.0) -> HeartbeatClient:
    return HeartbeatClient(
        url, timeout_s=timeout_s, on_retry=said.append, sleep=lambda _seconds: None
    )


def test_it_is_called_once_where_it_answers(upstream: Upstream) -> None:
    upstream.answers(200, b"OK")
    client(f"{upstream.url}/ping/{SECRET}?x=1", []).beat()
    assert [(each.method, each.path) for each in upstream.requests] == [
        ("GET", f"/ping/{SECRET}?x=1")
    ]


def test_a_passing_failure_is_tried_again(upstream: Upstream) -> None:
    upstream.answers(503)
    upstream.answers(200)
    said: list[str] = []
    client(f"{upstream.url}/{SECRET}", said).beat()
    assert len(upstream.requests) == 2
    assert "heartbeat: answered 503; try 2 of 3" in said[0]


@pytest.mark.parametrize(
    ("status", "calls", "kind"),
    [
        (500, 3, TransientUpstreamError),
        (429, 3, TransientUpstreamError),
        (404, 1, PermanentUpstreamError),
    ],
)
def test_it_ends_after_three_tries_and_at_once_where_it_is_refused(
    upstream: Upstream, status: int, calls: int, kind: type[UpstreamError]
) -> None:
    upstream.answers(status)
    with pytest.raises(kind, match=f"answered {status}"):
        client(f"{upstream.url}/{SECRET}", []).beat()
    assert len(upstream.requests) == calls


def test_a_body_that_never_ends_is_not_waited_for(upstream: Upstream) -> None:
    upstream.answers(200, b"0123456789", sent_bytes=0, stalls=True)
    client(f"{upstream.url}/{SECRET}", []).beat()


def test_a_server_that_says_nothing_is_left_after_the_time_limit() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/{SECRET}"
        with pytest.raises(TransientUpstreamError, match="no answer, TimeoutError"):
            client(url, [], timeout_s=0.05).beat()


def nowhere(upstream: Upstream) -> str:
    upstream.answers(400)
    return f"{upstream.url}/{SECRET}"


@pytest.mark.parametrize(
    "url",
    [
        None,
        f"http://127.0.0.1:9/{SECRET}",
        f"http://{SECRET}.invalid/x",
        f"http://127.0.0.1:port/{SECRET}",
        f"http://127.0.0.1/{SECRET}\x7f",
        f"{SECRET}",
        f"http://[{SECRET}/",
    ],
)
def test_neither_error_nor_log_nor_traceback_shows_the_address(
    upstream: Upstream, url: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    said: list[str] = []
    with pytest.raises(UpstreamError) as raised:
        client(url or nowhere(upstream), said).beat()
    # As Dagster logs it: with what lies behind the error, but without the source's lines.
    shown = "".join(traceback.format_exception_only(raised.value))
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__ or raised.value.__context__ is None
    assert SECRET not in f"{shown} {said} {caplog.text} {client(url or '', [])!r}"


def test_without_an_address_there_is_nothing_to_call() -> None:
    assert HeartbeatResource().client(print) is None
