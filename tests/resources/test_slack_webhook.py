"""An incoming webhook: what it takes, what it cannot, and what its errors say."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from resources.slack import SlackResource
from resources.slack_client import Posted
from resources.slack_errors import (
    SlackDeliveryError,
    SlackFaultyError,
    SlackLimitedError,
    SlackRefusedError,
    SlackRejectedError,
    SlackUnansweredError,
    SlackUnfindableError,
)
from resources.slack_webhook import SlackWebhookClient
from sandbox.trouble import Trouble

if TYPE_CHECKING:
    from sandbox.server import SandboxServer
    from tests.resources.conftest import Upstream

PATH = "/services/T0/B0/never-to-be-shown"
BLOCKS: list[dict[str, object]] = [{"type": "divider"}]


@pytest.fixture(autouse=True)
def _no_real_waits(monkeypatch: pytest.MonkeyPatch, waits: list[float]) -> None:
    """slack-sdk waits by time.sleep and takes no other."""
    monkeypatch.setattr("time.sleep", waits.append)


@pytest.fixture
def client(sandbox: SandboxServer) -> SlackWebhookClient:
    return SlackWebhookClient(sandbox.url + PATH)


def test_a_message_is_posted_and_slack_does_not_say_where(
    client: SlackWebhookClient, sandbox: SandboxServer
) -> None:
    assert client.post("text", BLOCKS, key="k") == Posted("webhook", None)
    (message,) = sandbox.slack_messages()
    assert (message["text"], message["blocks"]) == ("text", BLOCKS)


def test_threads_charts_updates_and_looking_are_not_possible(client: SlackWebhookClient) -> None:
    since = datetime(2026, 11, 1, tzinfo=UTC)
    assert client.has_threads is False
    with pytest.raises(SlackRejectedError):
        client.reply("C1", "1.1", "text", [], key="k")
    with pytest.raises(SlackRejectedError):
        client.update("C1", "1.1", "text", [])
    with pytest.raises(SlackRejectedError):
        client.upload_chart("C1", "1.1", b"x", key="k", title="t", alt_text="a")
    with pytest.raises(SlackUnfindableError):
        client.find_message("k", since=since)
    with pytest.raises(SlackUnfindableError):
        client.find_chart("k", since=since, channel="C1", thread_ts="1.1")


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, b"invalid_blocks", SlackRejectedError),
        (400, b"invalid_payload", SlackRejectedError),
        (403, b"action_prohibited", SlackRefusedError),
        (404, b"no_service", SlackRefusedError),
        (410, b"channel_is_archived", SlackRefusedError),
        (429, b"rate_limited", SlackLimitedError),
        (500, b"rollup_error", SlackFaultyError),
        (200, b"<html>guest network</html>", SlackFaultyError),
    ],
)
def test_each_answer_means_what_it_says_and_shows_no_address(
    upstream: Upstream,
    caplog: pytest.LogCaptureFixture,
    status: int,
    body: bytes,
    error: type[SlackDeliveryError],
) -> None:
    caplog.set_level("DEBUG")
    upstream.answers(status, body, {"Retry-After": "3600"})
    with pytest.raises(error) as raised:
        SlackWebhookClient(upstream.url + PATH).post("text", [], key="k")
    assert len(upstream.requests) == 1
    for shown in (repr(raised.value), repr(raised.value.__cause__), caplog.text):
        assert "never-to-be-shown" not in shown


@pytest.mark.parametrize("kind", ["reset", "lost", "cut"])
def test_what_may_have_been_taken_is_not_sent_a_second_time(
    client: SlackWebhookClient, sandbox: SandboxServer, kind: str
) -> None:
    sandbox.add_fault(Trouble("/services/", kind))  # type: ignore[arg-type]
    with pytest.raises((SlackUnansweredError, SlackFaultyError)):
        client.post("text", [], key="k")
    assert len(sandbox.requests()) == 1


def test_a_rate_limit_is_waited_out(
    client: SlackWebhookClient, sandbox: SandboxServer, waits: list[float]
) -> None:
    sandbox.add_fault(Trouble("/services/", status=429, retry_after=2))
    client.post("text", [], key="k")
    assert len(sandbox.slack_messages()) == 1
    assert len(waits) == 1


def test_the_resource_goes_by_webhook_only_without_a_token(sandbox: SandboxServer) -> None:
    resource = SlackResource(token="", channel="", webhook_url=sandbox.url + PATH)
    client = resource.client()
    assert isinstance(client, SlackWebhookClient)
    assert "never-to-be-shown" not in f"{resource!r} {resource} {client!r}"
