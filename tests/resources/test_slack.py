"""Slack: what is posted, what is tried again, and what an error says."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.slack import (
    MAX_TEXT_LENGTH,
    SlackDeliveryError,
    SlackPoster,
    SlackResource,
    escape,
    shorten,
)
from sandbox.trouble import Trouble

if TYPE_CHECKING:
    from sandbox.server import SandboxServer
    from tests.resources.conftest import Upstream

TOKEN = "xoxb-never-to-be-shown"  # noqa: S105 - made up
POST = "/api/chat.postMessage"
BLOCKS: list[dict[str, object]] = [
    {"type": "section", "text": {"type": "mrkdwn", "text": "*CN* 0.20 → 0.38"}}
]


@pytest.fixture(autouse=True)
def _no_real_waits(monkeypatch: pytest.MonkeyPatch, waits: list[float]) -> None:
    """slack-sdk waits by time.sleep and takes no other."""
    monkeypatch.setattr("time.sleep", waits.append)


@pytest.fixture
def poster(sandbox: SandboxServer) -> SlackPoster:
    return SlackPoster(token=TOKEN, channel="alerts", api_url=f"{sandbox.url}/api")


@pytest.fixture
def told(upstream: Upstream) -> SlackPoster:
    """A poster to the upstream that answers what it is told to."""
    return SlackPoster(token=TOKEN, channel="alerts", api_url=upstream.url)


def post(poster: SlackPoster, text: str = "A share has shifted") -> str:
    return poster.post(text, BLOCKS, key="share:CN:2024-12-16").ts


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("R&D <!channel> a>b", "R&amp;D &lt;!channel&gt; a&gt;b"),
        ("&lt;", "&amp;lt;"),
        ("plain *bold* 深圳", "plain *bold* 深圳"),
        ("", ""),
    ],
)
def test_markup_in_a_strangers_text_is_escaped_once(text: str, escaped: str) -> None:
    assert escape(text) == escaped


@given(st.text())
def test_no_mention_or_link_survives_escaping(text: str) -> None:
    assert not {"<", ">"} & set(escape(text))


@given(text=st.text(), length=st.integers(1, 20))
def test_a_shortened_text_fits_and_says_that_it_was_cut(text: str, length: int) -> None:
    short = shorten(text, length)
    assert len(short) <= length
    if len(text) <= length:
        assert short == text
    else:
        assert short == text[: length - 1] + "…"


def test_a_message_reaches_the_channel_with_its_blocks_and_its_key(
    poster: SlackPoster, sandbox: SandboxServer
) -> None:
    posted = poster.post("A share has shifted", BLOCKS, key="share:CN:2024-12-16")
    (message,) = sandbox.slack_messages()
    assert (posted.channel, posted.ts) == (message["channel"], message["ts"])
    assert message["channel_asked"] == "alerts"
    assert message["text"] == "A share has shifted"
    assert message["blocks"] == BLOCKS
    assert message["metadata"] == {
        "event_type": "observatory_alert",
        "event_payload": {"key": "share:CN:2024-12-16"},
    }


def test_a_token_is_sent_as_a_header_and_not_in_the_body(
    told: SlackPoster, upstream: Upstream
) -> None:
    upstream.answers(200, b'{"ok": true, "channel": "C1", "ts": "1.000001"}')
    assert post(told) == "1.000001"
    (asked,) = upstream.requests
    assert asked.headers["authorization"] == f"Bearer {TOKEN}"
    assert TOKEN.encode() not in asked.body
    assert asked.path == "/chat.postMessage"
    assert json.loads(asked.body)["unfurl_links"] is False


def test_a_long_text_is_cut_to_what_slack_shows(
    poster: SlackPoster, sandbox: SandboxServer
) -> None:
    post(poster, "x" * 50_000)
    (message,) = sandbox.slack_messages()
    assert message["text"] == "x" * (MAX_TEXT_LENGTH - 1) + "…"


def test_a_rate_limit_is_waited_out_as_long_as_slack_asks(
    poster: SlackPoster, sandbox: SandboxServer, waits: list[float]
) -> None:
    sandbox.add_fault(Trouble(POST, status=429, retry_after=7, times=2))
    post(poster)
    assert len(sandbox.slack_messages()) == 1
    assert [entry.status for entry in sandbox.requests()] == [429, 429, 200]
    # slack-sdk adds up to a second of jitter.
    assert len(waits) == 2
    assert all(7 <= wait < 8 for wait in waits)


@pytest.mark.parametrize("status", [500, 503])
def test_a_server_error_is_tried_again(
    poster: SlackPoster, sandbox: SandboxServer, status: int
) -> None:
    sandbox.add_fault(Trouble(POST, status=status, times=3))
    post(poster)
    assert len(sandbox.slack_messages()) == 1
    assert [entry.status for entry in sandbox.requests()] == [status, status, status, 200]


def test_a_connection_reset_before_slack_read_the_message_is_tried_again(
    poster: SlackPoster, sandbox: SandboxServer
) -> None:
    sandbox.add_fault(Trouble(POST, "reset", times=2))
    post(poster)
    assert len(sandbox.slack_messages()) == 1


@pytest.mark.parametrize("status", [429, 500])
def test_a_failure_without_end_is_given_up_after_three_retries(
    poster: SlackPoster, sandbox: SandboxServer, waits: list[float], status: int
) -> None:
    sandbox.add_fault(Trouble(POST, status=status, retry_after=1, times=100))
    with pytest.raises(SlackDeliveryError, match=r"Slack answered (ratelimited|internal_error)"):
        post(poster)
    assert len(sandbox.requests()) == 4
    assert len(waits) == 3
    assert sandbox.slack_messages() == []


def test_what_slack_refuses_is_an_error_with_slacks_code_and_without_the_token(
    sandbox: SandboxServer, waits: list[float]
) -> None:
    poster = SlackPoster(token=TOKEN, channel="#", api_url=f"{sandbox.url}/api/")
    with pytest.raises(SlackDeliveryError, match="Slack answered channel_not_found") as raised:
        post(poster)
    assert TOKEN not in f"{raised.value} {raised.value!r} {raised.value.__cause__}"
    assert len(sandbox.requests()) == 1
    assert waits == []


def test_a_refused_token_is_in_no_error(sandbox: SandboxServer) -> None:
    poster = SlackPoster(token="wrong-and-secret", channel="c", api_url=f"{sandbox.url}/api/")  # noqa: S106 - made up
    with pytest.raises(SlackDeliveryError, match="Slack answered invalid_auth") as raised:
        post(poster)
    assert "secret" not in f"{raised.value!r} {raised.value.__cause__}"


def test_more_blocks_than_slack_takes_are_refused(
    poster: SlackPoster, sandbox: SandboxServer
) -> None:
    with pytest.raises(SlackDeliveryError, match="invalid_blocks"):
        poster.post("text", BLOCKS * 51, key="key")
    assert sandbox.slack_messages() == []


@pytest.mark.parametrize(
    ("status", "body", "message"),
    [
        (502, b"<html>Bad Gateway</html>", "Slack answered .*non-JSON"),
        (200, b"<html>Sign in to the guest network</html>", "Slack answered .*non-JSON"),
        (200, b'{"ok": tr', "answer cannot be read: JSONDecodeError"),
        (200, b"\xff\xff", "answer cannot be read: UnicodeDecodeError"),
        (200, b'{"ok": false}', "Slack answered None"),
    ],
)
def test_an_answer_that_is_not_slacks_is_a_failed_delivery(
    told: SlackPoster, upstream: Upstream, status: int, body: bytes, message: str
) -> None:
    upstream.answers(status, body)
    with pytest.raises(SlackDeliveryError, match=message):
        post(told)


def test_an_answer_cut_short_is_a_failed_delivery(told: SlackPoster, upstream: Upstream) -> None:
    upstream.answers(200, b'{"ok": true, "channel": "C1", "ts": "1.000001"}', sent_bytes=9)
    with pytest.raises(SlackDeliveryError, match="out of reach: IncompleteRead"):
        post(told)


def test_a_rate_limit_with_a_wait_that_cannot_be_read_is_a_failed_delivery(
    told: SlackPoster, upstream: Upstream
) -> None:
    upstream.answers(429, b'{"ok": false, "error": "ratelimited"}', {"Retry-After": "soon"})
    with pytest.raises(SlackDeliveryError):
        post(told)


def test_an_unreachable_slack_is_a_failed_delivery_after_two_retries(waits: list[float]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed_soon:
        port = closed_soon.getsockname()[1]
    poster = SlackPoster(token=TOKEN, channel="alerts", api_url=f"http://127.0.0.1:{port}/api")
    with pytest.raises(SlackDeliveryError, match="Slack is out of reach: URLError") as raised:
        post(poster)
    assert TOKEN not in f"{raised.value} {raised.value!r} {raised.value.__cause__}"
    assert len(waits) == 2


def test_the_resource_posts_to_its_channel(sandbox: SandboxServer) -> None:
    resource = SlackResource(token=TOKEN, channel="C0ALERTS01", api_url=f"{sandbox.url}/api/")
    assert resource.poster().post("text", [], key="key").channel == "C0ALERTS01"
