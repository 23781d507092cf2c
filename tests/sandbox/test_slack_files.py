"""Slack's uploads in three steps, threads and scopes, over real HTTP."""

from __future__ import annotations

import json
import socket
from typing import Any

import pytest
import requests

from sandbox.server import SandboxServer
from sandbox.trouble import Trouble
from tests.sandbox.test_slack import METADATA, TIMEOUT_S, TOKEN, call

CHANNEL = "C0FILES001"
PICTURE = b"\x89PNG&a=b\r\n{"


def begin(server: SandboxServer, **arguments: object) -> dict[str, Any]:
    asked = {"filename": "a.png", "length": len(PICTURE), "alt_txt": "a line", **arguments}
    form = {name: str(value) for name, value in asked.items()}
    answer = requests.post(
        f"{server.url}/api/files.getUploadURLExternal", data=form, headers=TOKEN, timeout=TIMEOUT_S
    )
    content: dict[str, Any] = answer.json()
    return content


def upload(server: SandboxServer, body: bytes = PICTURE) -> str:
    begun = begin(server)
    assert requests.post(begun["upload_url"], data=body, timeout=TIMEOUT_S).status_code == 200
    return str(begun["file_id"])


def complete(server: SandboxServer, file_id: str, **place: object) -> dict[str, Any]:
    files = json.dumps([{"id": file_id, "title": "A chart"}])
    return call(
        server, "files.completeUploadExternal", {"files": files, "channel_id": CHANNEL, **place}
    )


def test_a_file_shows_in_its_thread_once_it_is_completed(server: SandboxServer) -> None:
    opening = call(server, "chat.postMessage", {"channel": CHANNEL, "text": "opening"})
    file_id = upload(server)
    assert len(server.slack_messages()) == 1
    done = complete(server, file_id, thread_ts=opening["ts"])
    assert done["files"] == [{"id": file_id, "title": "A chart"}]
    replies = call(server, "conversations.replies", {"channel": CHANNEL, "ts": opening["ts"]})
    shown = replies["messages"][1]
    assert shown["thread_ts"] == opening["ts"]
    (file,) = shown["files"]
    assert (file["name"], file["alt_txt"], file["size"]) == ("a.png", "a line", len(PICTURE))
    assert server.slack.files.body(file_id) == PICTURE


@pytest.mark.parametrize(
    ("place", "error"),
    [
        ({"thread_ts": "1.000001"}, "thread_not_found"),
        ({"channel_id": "alerts"}, "channel_not_found"),
        ({"files": "[]"}, "invalid_arguments"),
        ({"files": '[{"id": "F9"}]'}, "file_not_found"),
    ],
)
def test_a_completion_that_slack_refuses_shows_nothing(
    server: SandboxServer, place: dict[str, object], error: str
) -> None:
    assert complete(server, upload(server), **place)["error"] == error
    assert server.slack_messages() == []


def test_a_file_is_completed_once_and_only_after_its_upload(server: SandboxServer) -> None:
    begun = begin(server)
    assert complete(server, begun["file_id"])["error"] == "file_not_found"
    short = requests.post(begun["upload_url"], data=b"x", timeout=TIMEOUT_S)
    assert short.status_code == 400
    file_id = upload(server)
    assert complete(server, file_id)["ok"]
    assert complete(server, file_id)["error"] == "file_not_found"
    missing = requests.post(f"{server.url}/upload/v1/none", data=b"x", timeout=TIMEOUT_S)
    assert missing.status_code == 404


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"filename": ""}, "invalid_arguments"),
        ({"length": 0}, "invalid_arguments"),
        ({"length": "many"}, "invalid_arguments"),
        ({"alt_txt": "x" * 2_001}, "alt_txt_too_large"),
    ],
)
def test_an_upload_that_slack_refuses_has_no_address(
    server: SandboxServer, arguments: dict[str, object], error: str
) -> None:
    assert begin(server, **arguments) == {"ok": False, "error": error}


def test_a_broadcast_reply_shows_in_the_channel_and_another_does_not(
    server: SandboxServer,
) -> None:
    opening = call(server, "chat.postMessage", {"channel": CHANNEL, "text": "opening"})
    thread = {"channel": CHANNEL, "thread_ts": opening["ts"]}
    call(server, "chat.postMessage", {**thread, "text": "quiet"})
    loud = call(server, "chat.postMessage", {**thread, "text": "loud", "reply_broadcast": True})
    history = call(server, "conversations.history", {"channel": CHANNEL})
    assert [message["text"] for message in history["messages"]] == ["loud", "opening"]
    assert history["messages"][1]["reply_count"] == 2
    refused = call(server, "chat.postMessage", {**thread, "thread_ts": "1.0", "text": "x"})
    assert refused["error"] == "thread_not_found"
    deeper = call(server, "chat.postMessage", {**thread, "thread_ts": loud["ts"], "text": "x"})
    assert deeper["error"] == "cannot_reply_to_message"


def test_replies_come_from_a_time_on_with_the_opening_message(server: SandboxServer) -> None:
    opening = call(server, "chat.postMessage", {"channel": CHANNEL, "text": "opening"})
    thread = {"channel": CHANNEL, "thread_ts": opening["ts"], "metadata": METADATA}
    first, second = (
        call(server, "chat.postMessage", {**thread, "text": str(number)}) for number in range(2)
    )
    asked = {"channel": CHANNEL, "ts": opening["ts"], "oldest": first["ts"]}
    shown = call(server, "conversations.replies", asked)["messages"]
    assert [message["ts"] for message in shown] == [opening["ts"], second["ts"]]
    assert "metadata" not in shown[1]
    shown = call(server, "conversations.replies", {**asked, "include_all_metadata": True})
    assert shown["messages"][1]["metadata"] == METADATA


def test_only_messages_are_posted_by_a_channels_name(server: SandboxServer) -> None:
    assert call(server, "chat.postMessage", {"channel": "alerts", "text": "x"})["ok"]
    for method in ("conversations.history", "conversations.replies", "chat.update"):
        assert call(server, method, {"channel": "alerts"})["error"] == "channel_not_found"


def test_scopes_are_stated_and_what_they_lack_is_refused(server: SandboxServer) -> None:
    def stated() -> str:
        url = f"{server.url}/api/auth.test"
        return requests.post(url, headers=TOKEN, timeout=TIMEOUT_S).headers["x-oauth-scopes"]

    assert stated() == "chat:write,files:write,channels:history,groups:history"
    server.slack.scopes = ("chat:write",)
    assert stated() == "chat:write"
    assert begin(server)["error"] == "missing_scope"
    for method in ("conversations.history", "conversations.replies"):
        assert call(server, method, {"channel": CHANNEL})["error"] == "missing_scope"
    assert call(server, "chat.postMessage", {"channel": CHANNEL, "text": "x"})["ok"]


def test_a_late_fault_handles_the_request_and_says_that_it_failed(server: SandboxServer) -> None:
    server.add_fault(Trouble("/api/chat.postMessage", "late", status=500))
    answer = requests.post(
        f"{server.url}/api/chat.postMessage",
        json={"channel": CHANNEL, "text": "stored"},
        headers=TOKEN,
        timeout=TIMEOUT_S,
    )
    assert answer.status_code == 500
    assert answer.json() == {"ok": False, "error": "internal_error"}
    assert [message["text"] for message in server.slack_messages()] == ["stored"]
    assert [entry.status for entry in server.requests()] == [500]


def test_an_idle_server_has_answered_clients_that_are_gone(server: SandboxServer) -> None:
    body = json.dumps({"channel": CHANNEL, "text": "from the dead"}).encode()
    host, port = server.url.removeprefix("http://").split(":")
    for _ in range(20):
        with socket.create_connection((host, int(port)), TIMEOUT_S) as connection:
            connection.sendall(
                b"POST /api/chat.postMessage HTTP/1.1\r\nHost: x\r\n"
                b"Authorization: Bearer xoxb-x\r\n"
                b"Content-Length: " + str(len(body)).encode() + b"\r\n\r\n" + body
            )
    server.wait_until_idle()
    assert len(server.slack_messages()) == 20
