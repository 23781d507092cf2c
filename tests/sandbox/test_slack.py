"""Slack's paths over real HTTP: what it accepts, remembers and refuses."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests

from sandbox.server import SandboxServer

TOKEN = {"Authorization": "Bearer xoxb-sandbox"}
METADATA = {"event_type": "alert", "event_payload": {"key": "a-1"}}
TIMEOUT_S = 10


def call(
    server: SandboxServer,
    method: str,
    arguments: dict[str, object] | None = None,
    headers: dict[str, str] | None = None,
) -> dict[str, Any]:
    answer = requests.post(
        f"{server.url}/api/{method}",
        json=arguments or {},
        headers=TOKEN if headers is None else headers,
        timeout=TIMEOUT_S,
    )
    assert answer.status_code == 200
    content: dict[str, Any] = answer.json()
    return content


def test_a_call_without_a_good_token_is_refused_with_http_200(server: SandboxServer) -> None:
    assert call(server, "auth.test", headers={}) == {"ok": False, "error": "not_authed"}
    bad = call(server, "chat.postMessage", {"text": "x"}, {"Authorization": "Bearer wrong"})
    assert bad == {"ok": False, "error": "invalid_auth"}
    assert call(server, "auth.test")["ok"] is True
    assert call(server, "no.such")["error"] == "unknown_method"
    assert server.slack_messages() == []


def test_a_message_posted_as_json_or_as_a_form_is_remembered(server: SandboxServer) -> None:
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": "*hello*"}}]
    posted = call(
        server,
        "chat.postMessage",
        {"channel": "#alerts", "text": "hello", "blocks": blocks, "metadata": METADATA},
    )
    form = requests.post(
        f"{server.url}/api/chat.postMessage",
        data={"channel": "alerts", "text": "again", "metadata": json.dumps(METADATA)},
        headers=TOKEN,
        timeout=TIMEOUT_S,
    ).json()
    assert posted["ok"]
    assert form["ok"]
    assert posted["channel"] == form["channel"]
    assert posted["ts"] < form["ts"]
    assert posted["message"]["text"] == "hello"
    first, second = server.slack_messages()
    assert first["blocks"] == blocks
    assert first["metadata"] == second["metadata"] == METADATA


def test_history_is_newest_first_in_pages_and_gives_metadata_to_who_asks(
    server: SandboxServer,
) -> None:
    sent = [
        call(server, "chat.postMessage", {"channel": "c", "text": str(n), "metadata": METADATA})
        for n in range(3)
    ]
    call(server, "chat.postMessage", {"channel": "c", "text": "reply", "thread_ts": sent[0]["ts"]})
    channel = sent[0]["channel"]
    page = call(server, "conversations.history", {"channel": channel, "limit": 2})
    assert [message["text"] for message in page["messages"]] == ["2", "1"]
    assert page["has_more"] is True
    assert "metadata" not in page["messages"][0]
    query = f"channel={channel}&include_all_metadata=true&oldest={sent[1]['ts']}"
    asked = requests.get(
        f"{server.url}/api/conversations.history?{query}", headers=TOKEN, timeout=TIMEOUT_S
    ).json()
    assert [message["metadata"] for message in asked["messages"]] == [METADATA]
    thread = call(server, "conversations.replies", {"channel": channel, "ts": sent[0]["ts"]})
    assert [message["text"] for message in thread["messages"]] == ["0", "reply"]


def test_an_update_changes_the_message_in_place(server: SandboxServer) -> None:
    posted = call(server, "chat.postMessage", {"channel": "c", "text": "firing"})
    place = {"channel": posted["channel"], "ts": posted["ts"]}
    assert call(server, "chat.update", {**place, "text": "resolved"})["text"] == "resolved"
    assert [message["text"] for message in server.slack_messages()] == ["resolved"]
    missing = call(server, "chat.update", {**place, "ts": "1.0", "text": "x"})
    assert missing["error"] == "message_not_found"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"text": "x"}, "channel_not_found"),
        ({"channel": "c"}, "no_text"),
        ({"channel": "c", "text": "x" * 40_001}, "msg_too_long"),
        ({"channel": "c", "blocks": [{"type": "divider"}] * 51}, "invalid_blocks"),
        (
            {"channel": "c", "blocks": [{"type": "section", "text": {"text": "x" * 3_001}}]},
            "invalid_blocks",
        ),
    ],
)
def test_what_slack_refuses_is_refused(
    server: SandboxServer, arguments: dict[str, object], error: str
) -> None:
    assert call(server, "chat.postMessage", arguments)["error"] == error
    assert server.slack_messages() == []


def test_a_webhook_answers_ok_as_text(server: SandboxServer, session: requests.Session) -> None:
    url = f"{server.url}/services/T0/B0/secret"
    answer = session.post(url, json={"text": "hello"}, timeout=TIMEOUT_S)
    assert answer.text == "ok"
    assert session.post(url, json={}, timeout=TIMEOUT_S).status_code == 400
    assert [message["text"] for message in server.slack_messages()] == ["hello"]


def test_the_control_path_lists_messages_and_calls(
    server: SandboxServer, session: requests.Session
) -> None:
    call(server, "chat.postMessage", {"channel": "c", "text": "kept"})
    call(server, "chat.postMessage", {"channel": "c"})
    seen = session.get(f"{server.url}/_sandbox/slack/messages", timeout=TIMEOUT_S).json()
    assert [message["text"] for message in seen["messages"]] == ["kept"]
    assert [(sent["ok"], sent["error"]) for sent in seen["requests"]] == [
        (True, None),
        (False, "no_text"),
    ]
