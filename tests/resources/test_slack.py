"""Slack: what is posted, what is tried again, and what an error says."""

from __future__ import annotations

import json
import socket
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.slack import SlackResource, escape
from resources.slack_client import (
    LONGEST_WAIT_S,
    MAX_TEXT_LENGTH,
    Posted,
    SlackWorkspaceClient,
    chart_name,
    is_of_slack,
    shorten,
)
from resources.slack_errors import (
    SlackDeliveryError,
    SlackFaultyError,
    SlackLimitedError,
    SlackRefusedError,
    SlackRejectedError,
    SlackUnansweredError,
    SlackUnfindableError,
    SlackUnreachableError,
)
from sandbox.exchange import Request
from sandbox.trouble import Trouble

if TYPE_CHECKING:
    from sandbox.server import SandboxServer
    from tests.resources.conftest import Upstream

TOKEN = "xoxb-never-to-be-shown"  # noqa: S105 - made up
POST = "/api/chat.postMessage"
CHANNEL = "C0ALERTS01"
SINCE = datetime(2026, 11, 1, 12, tzinfo=UTC)  # the sandbox's clock stands half an hour later
PNG = b"\x89PNG\r\n\x1a\n and=what&looks like=a form"
BLOCKS: list[dict[str, object]] = [
    {"type": "section", "text": {"type": "mrkdwn", "text": "*CN* 0.20 → 0.38"}}
]


@pytest.fixture(autouse=True)
def _no_real_waits(monkeypatch: pytest.MonkeyPatch, waits: list[float]) -> None:
    """slack-sdk waits by time.sleep and takes no other."""
    monkeypatch.setattr("time.sleep", waits.append)


@pytest.fixture
def client(sandbox: SandboxServer) -> SlackWorkspaceClient:
    return SlackWorkspaceClient(token=TOKEN, channel=CHANNEL, api_url=f"{sandbox.url}/api")


@pytest.fixture
def told(upstream: Upstream) -> SlackWorkspaceClient:
    """A client of the upstream that answers what it is told to."""
    return SlackWorkspaceClient(token=TOKEN, channel=CHANNEL, api_url=upstream.url)


def post(client: SlackWorkspaceClient, text: str = "A share has shifted") -> str | None:
    return client.post(text, BLOCKS, key="share:CN:2024-12-16").ts


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
    client: SlackWorkspaceClient, sandbox: SandboxServer
) -> None:
    posted = client.post("A share has shifted", BLOCKS, key="share:CN:2024-12-16")
    (message,) = sandbox.slack_messages()
    assert (posted.channel, posted.ts) == (message["channel"], message["ts"])
    assert message["channel_asked"] == CHANNEL
    assert message["text"] == "A share has shifted"
    assert message["blocks"] == BLOCKS
    assert message["metadata"] == {
        "event_type": "observatory_alert",
        "event_payload": {"key": "share:CN:2024-12-16"},
    }


def test_a_token_is_sent_as_a_header_and_not_in_the_body(
    told: SlackWorkspaceClient, upstream: Upstream
) -> None:
    upstream.answers(200, b'{"ok": true, "channel": "C1", "ts": "1.000001"}')
    assert post(told) == "1.000001"
    (asked,) = upstream.requests
    assert asked.headers["authorization"] == f"Bearer {TOKEN}"
    assert TOKEN.encode() not in asked.body
    assert asked.path == "/chat.postMessage"
    assert json.loads(asked.body)["unfurl_links"] is False


def test_a_long_text_is_cut_to_what_slack_shows(
    client: SlackWorkspaceClient, sandbox: SandboxServer
) -> None:
    post(client, "x" * 50_000)
    (message,) = sandbox.slack_messages()
    assert message["text"] == "x" * (MAX_TEXT_LENGTH - 1) + "…"


def test_a_rate_limit_is_waited_out_as_long_as_slack_asks(
    client: SlackWorkspaceClient, sandbox: SandboxServer, waits: list[float]
) -> None:
    sandbox.add_fault(Trouble(POST, status=429, retry_after=7, times=2))
    post(client)
    assert len(sandbox.slack_messages()) == 1
    assert [entry.status for entry in sandbox.requests()] == [429, 429, 200]
    # slack-sdk adds up to a second of jitter.
    assert len(waits) == 2
    assert all(7 <= wait < 8 for wait in waits)


@pytest.mark.parametrize("retry_after", [LONGEST_WAIT_S + 1, 3600])
def test_a_limit_longer_than_one_may_wait_is_told_at_once(
    client: SlackWorkspaceClient, sandbox: SandboxServer, waits: list[float], retry_after: int
) -> None:
    sandbox.add_fault(Trouble(POST, status=429, retry_after=retry_after))
    with pytest.raises(SlackLimitedError, match="429 ratelimited"):
        post(client)
    assert waits == []
    assert sandbox.slack_messages() == []


def test_a_limit_without_end_is_told_after_two_waits(
    client: SlackWorkspaceClient, sandbox: SandboxServer, waits: list[float]
) -> None:
    sandbox.add_fault(Trouble(POST, status=429, retry_after=1, times=100))
    with pytest.raises(SlackLimitedError):
        post(client)
    assert (len(sandbox.requests()), len(waits)) == (3, 2)


def test_a_limit_whose_wait_cannot_be_read_is_told_at_once(
    told: SlackWorkspaceClient, upstream: Upstream, waits: list[float]
) -> None:
    upstream.answers(429, b'{"ok": false, "error": "ratelimited"}', {"Retry-After": "soon"})
    with pytest.raises(SlackLimitedError):
        post(told)
    assert waits == []


@pytest.mark.parametrize(
    ("trouble", "error"),
    [
        (Trouble(POST, status=500), SlackFaultyError),
        (Trouble(POST, status=503), SlackFaultyError),
        (Trouble(POST, "late", status=500), SlackFaultyError),
        (Trouble(POST, "reset"), SlackUnansweredError),
        (Trouble(POST, "lost"), SlackUnansweredError),
        (Trouble(POST, "cut"), SlackUnansweredError),
    ],
    ids=lambda each: getattr(each, "kind", ""),
)
def test_what_slack_may_have_stored_is_not_sent_a_second_time(
    client: SlackWorkspaceClient,
    sandbox: SandboxServer,
    waits: list[float],
    trouble: Trouble,
    error: type[SlackDeliveryError],
) -> None:
    sandbox.add_fault(trouble)
    with pytest.raises(error):
        post(client)
    assert len([each for each in sandbox.requests() if each.path == POST]) == 1
    is_stored = trouble.kind in {"late", "lost", "cut"}
    assert len(sandbox.slack_messages()) == is_stored
    found = client.find_message("share:CN:2024-12-16", since=SINCE)
    assert (found is not None) == is_stored


def test_an_answer_that_takes_too_long_is_none(sandbox: SandboxServer) -> None:
    client = SlackWorkspaceClient(
        token=TOKEN, channel=CHANNEL, api_url=f"{sandbox.url}/api", timeout_s=1
    )
    sandbox.add_fault(Trouble(POST, "slow", seconds=1.5))
    with pytest.raises(SlackUnansweredError, match="did not answer: TimeoutError"):
        post(client)
    sandbox.wait_until_idle()
    assert client.find_message("share:CN:2024-12-16", since=SINCE) is not None


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (200, "invalid_blocks", SlackRejectedError),
        (200, "msg_too_long", SlackRejectedError),
        (200, "metadata_too_large", SlackRejectedError),
        (200, "invalid_auth", SlackRefusedError),
        (200, "token_revoked", SlackRefusedError),
        (200, "channel_not_found", SlackRefusedError),
        (200, "not_in_channel", SlackRefusedError),
        (200, "is_archived", SlackRefusedError),
        (200, "missing_scope", SlackRefusedError),
        (200, "ratelimited", SlackLimitedError),
        (200, "internal_error", SlackFaultyError),
        (200, "fatal_error", SlackFaultyError),
        (503, "service_unavailable", SlackFaultyError),
        (407, "proxy says no", SlackFaultyError),
    ],
)
def test_each_answer_means_what_it_says(
    told: SlackWorkspaceClient,
    upstream: Upstream,
    status: int,
    code: str,
    error: type[SlackDeliveryError],
) -> None:
    upstream.answers(status, json.dumps({"ok": False, "error": code}).encode())
    with pytest.raises(error, match="Slack answered"):
        post(told)
    assert len(upstream.requests) == 1


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (502, b"<html>Bad Gateway</html>", SlackFaultyError),
        (200, b"<html>Sign in to the guest network</html>", SlackFaultyError),
        (200, b'{"ok": tr', SlackUnansweredError),
        (200, b"\xff\xff", SlackUnansweredError),
        (200, b"[1]", SlackUnansweredError),
        (200, b'{"ok": false}', SlackFaultyError),
        (200, b'{"ok": true}', SlackFaultyError),
    ],
)
def test_an_answer_that_is_not_slacks_leaves_it_open_and_is_not_repeated(
    told: SlackWorkspaceClient,
    upstream: Upstream,
    status: int,
    body: bytes,
    error: type[SlackDeliveryError],
) -> None:
    upstream.answers(status, body)
    with pytest.raises(error) as raised:
        post(told)
    assert "html" not in str(raised.value)


def test_an_unreachable_slack_is_told_as_such() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed_soon:
        port = closed_soon.getsockname()[1]
    client = SlackWorkspaceClient(
        token=TOKEN, channel=CHANNEL, api_url=f"http://127.0.0.1:{port}/api"
    )
    with pytest.raises(SlackUnreachableError, match="out of reach: ConnectionRefusedError"):
        post(client)


@pytest.mark.parametrize("token", [TOKEN, "wrong-and-secret"])
def test_no_error_shows_the_token_the_message_or_where_it_came_from(
    sandbox: SandboxServer, token: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    client = SlackWorkspaceClient(token=token, channel="#", api_url=f"{sandbox.url}/api/")
    with pytest.raises(SlackRefusedError) as raised:
        post(client, "a secret text")
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__
    for shown in (str(raised.value), repr(raised.value), caplog.text):
        assert token not in shown
        assert "a secret text" not in shown


def test_a_reply_goes_into_its_thread_and_a_broadcast_shows_in_the_channel(
    client: SlackWorkspaceClient, sandbox: SandboxServer
) -> None:
    opening = client.post("opening", BLOCKS, key="a")
    assert opening.ts
    quiet = client.reply(CHANNEL, opening.ts, "quiet", BLOCKS, key="b")
    loud = client.reply(CHANNEL, opening.ts, "loud", [], key="c", is_broadcast=True)
    shown = {message["ts"]: message for message in sandbox.slack_messages()}
    assert {shown[each.ts]["thread_ts"] for each in (quiet, loud)} == {opening.ts}
    assert shown[loud.ts]["subtype"] == "thread_broadcast"
    assert shown[quiet.ts]["subtype"] != "thread_broadcast"
    # A reply is found in its thread, and is no message of the channel.
    assert client.find_message("b", since=SINCE, channel=CHANNEL, thread_ts=opening.ts) == quiet
    assert client.find_message("b", since=SINCE) is None
    assert client.find_message("a", since=SINCE) == opening
    assert client.find_message("no such", since=SINCE) is None


def test_an_update_replaces_text_and_blocks_and_leaves_the_key(
    client: SlackWorkspaceClient, sandbox: SandboxServer
) -> None:
    posted = client.post("firing", BLOCKS, key="a")
    assert posted.ts
    assert client.update(CHANNEL, posted.ts, "resolved", []) == posted
    (message,) = sandbox.slack_messages()
    assert (message["text"], message["blocks"]) == ("resolved", [])
    assert client.find_message("a", since=SINCE) == posted
    with pytest.raises(SlackRejectedError, match="message_not_found"):
        client.update(CHANNEL, "1.000001", "resolved", [])


def test_a_message_is_found_on_whatever_page_it_is_and_not_before_its_time(
    client: SlackWorkspaceClient, sandbox: SandboxServer
) -> None:
    first = client.post("the first", [], key="first")
    for number in range(250):
        sandbox.slack.answer(_stranger_says(f"{number}"))
    assert client.find_message("first", since=SINCE) == first
    pages = [each for each in sandbox.slack.calls() if each["method"] == "conversations.history"]
    assert len(pages) == 2
    later = datetime(2026, 11, 1, 12, 31, tzinfo=UTC)
    assert client.find_message("first", since=later) is None


def _stranger_says(text: str) -> Request:
    """Somebody else's message, one with odd metadata."""
    metadata = {"event_type": "other", "event_payload": {"key": "first"}}
    body = json.dumps({"channel": CHANNEL, "text": text, "metadata": metadata}).encode()
    headers = {"authorization": "Bearer xoxb-other"}
    return Request("POST", POST, {}, headers, body, "http://unused")


def test_pages_without_end_are_a_fault(told: SlackWorkspaceClient, upstream: Upstream) -> None:
    page = {"ok": True, "messages": [], "response_metadata": {"next_cursor": "again"}}
    upstream.answers(200, json.dumps(page).encode())
    with pytest.raises(SlackFaultyError, match="the same page"):
        told.find_message("a", since=SINCE)
    assert len(upstream.requests) == 2


def test_a_chart_is_uploaded_into_its_thread_with_its_alternative_text_and_found_again(
    client: SlackWorkspaceClient, sandbox: SandboxServer
) -> None:
    opening = client.post("opening", [], key="a")
    assert opening.ts
    assert client.find_chart("k", since=SINCE, channel=CHANNEL, thread_ts=opening.ts) is None
    posted = client.upload_chart(
        CHANNEL, opening.ts, PNG, key="k", title="Share", alt_text="A line that rises"
    )
    assert posted == Posted(CHANNEL, None)
    message = sandbox.slack_messages()[1]
    assert message["thread_ts"] == opening.ts
    (file,) = message["files"]  # type: ignore[misc]
    assert (file["name"], file["title"]) == (chart_name("k"), "Share")
    assert file["alt_txt"] == "A line that rises"
    assert sandbox.slack.files.body(file["id"]) == PNG
    found = client.find_chart("k", since=SINCE, channel=CHANNEL, thread_ts=opening.ts)
    assert found == Posted(CHANNEL, str(message["ts"]))
    assert client.find_chart("l", since=SINCE, channel=CHANNEL, thread_ts=opening.ts) is None


def test_an_upload_that_failed_is_repeated_as_it_shows_nowhere_yet(
    client: SlackWorkspaceClient, sandbox: SandboxServer
) -> None:
    opening = client.post("opening", [], key="a")
    sandbox.add_fault(Trouble("/upload/", status=500))
    sandbox.add_fault(Trouble("/upload/", "lost"))
    client.upload_chart(CHANNEL, str(opening.ts), PNG, key="k", title="Share", alt_text="A line")
    assert len(sandbox.slack_messages()) == 2


@pytest.mark.parametrize(
    "trouble",
    [
        Trouble("/api/files.completeUploadExternal", "late", status=500),
        Trouble("/api/files.completeUploadExternal", "lost"),
    ],
    ids=["late", "lost"],
)
def test_a_chart_that_slack_may_show_already_is_not_completed_twice(
    client: SlackWorkspaceClient, sandbox: SandboxServer, trouble: Trouble
) -> None:
    opening = client.post("opening", [], key="a")
    sandbox.add_fault(trouble)
    with pytest.raises((SlackFaultyError, SlackUnansweredError)):
        client.upload_chart(CHANNEL, str(opening.ts), PNG, key="k", title="S", alt_text="A line")
    assert len(sandbox.slack_messages()) == 2
    assert client.find_chart("k", since=SINCE, channel=CHANNEL, thread_ts=str(opening.ts))


def test_a_picture_goes_to_no_other_host_than_slacks(
    told: SlackWorkspaceClient, upstream: Upstream
) -> None:
    answer = {"ok": True, "upload_url": "https://slack.com.example.org/upload", "file_id": "F1"}
    upstream.answers(200, json.dumps(answer).encode())
    with pytest.raises(SlackRejectedError, match=r"another host: slack\.com\.example\.org"):
        told.upload_chart(CHANNEL, "1.1", PNG, key="k", title="Share", alt_text="A line")
    assert len(upstream.requests) == 1


@pytest.mark.parametrize(
    ("url", "is_well"),
    [
        ("https://files.slack.com/upload/v1/x", True),
        ("https://files.slack.com:443/upload/v1/x", True),
        ("https://slack.com/upload", True),
        ("http://files.slack.com/upload/v1/x", False),
        ("https://files.slack.com.example.org/", False),
        ("https://notslack.com/", False),
        ("https://files.slack.com:8443/", False),
        ("https://[", False),
        ("file:///etc/passwd", False),
    ],
)
def test_upload_addresses_are_slacks_own(url: str, is_well: bool) -> None:
    assert is_of_slack(url, "https://slack.com/api/") is is_well


def test_the_upload_carries_no_token(told: SlackWorkspaceClient, upstream: Upstream) -> None:
    begun = {"ok": True, "upload_url": f"{upstream.url}/upload/1", "file_id": "F1"}
    upstream.answers(200, json.dumps(begun).encode())
    upstream.answers(200, b"OK")
    upstream.answers(200, json.dumps({"ok": True, "files": [{"id": "F1"}]}).encode())
    told.upload_chart(CHANNEL, "1.1", PNG, key="k", title="Share", alt_text="A line")
    begin, upload, complete = upstream.requests
    assert upload.body == PNG
    assert "authorization" not in upload.headers
    assert begin.headers["authorization"] == complete.headers["authorization"] == f"Bearer {TOKEN}"


def test_without_the_scope_for_files_a_chart_is_rejected_and_text_is_not(
    client: SlackWorkspaceClient, sandbox: SandboxServer
) -> None:
    sandbox.slack.scopes = ("chat:write",)
    opening = client.post("opening", [], key="a")
    with pytest.raises(SlackRejectedError, match=r"missing_scope; a chart needs .* files:write"):
        client.upload_chart(CHANNEL, str(opening.ts), PNG, key="k", title="S", alt_text="A line")
    with pytest.raises(SlackUnfindableError, match="missing_scope"):
        client.find_message("a", since=SINCE)
    assert client.scopes() == {"chat:write"}


def test_a_thread_that_is_gone_holds_nothing(client: SlackWorkspaceClient) -> None:
    found = client.find_message("a", since=SINCE, channel=CHANNEL, thread_ts="1.000001")
    assert found is None


def test_the_resource_posts_to_its_channel_by_token_before_a_webhook(
    sandbox: SandboxServer,
) -> None:
    resource = SlackResource(
        token=TOKEN,
        channel=CHANNEL,
        api_url=f"{sandbox.url}/api/",
        webhook_url=f"{sandbox.url}/services/T/B/x",
    )
    client = resource.client()
    assert client.has_threads
    assert client.post("text", [], key="key").channel == CHANNEL
    assert TOKEN not in repr(resource)
    assert "services" not in repr(resource)


@pytest.mark.parametrize("listed", ['"messages":7', '"messages":[1]', '"messages":null', '"x":1'])
def test_an_answer_that_lists_no_messages_is_not_taken_for_not_found(
    told: SlackWorkspaceClient, upstream: Upstream, listed: str
) -> None:
    """Who is told «not found» sends again."""
    upstream.answers(200, f'{{"ok":true,{listed}}}'.encode())
    with pytest.raises(SlackFaultyError, match="lists no messages"):
        told.find_message("key", since=SINCE)
