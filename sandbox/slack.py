"""A Slack workspace that accepts messages, remembers them, and refuses what Slack refuses."""

from __future__ import annotations

import re
import threading
import zlib
from collections.abc import Callable, Mapping
from copy import deepcopy
from datetime import datetime

import orjson

from sandbox.exchange import Request, Response, json_response
from sandbox.slack_files import UPLOAD_PREFIX, SlackFiles
from sandbox.slack_limits import SlackError, check_content

BOT_ID = "B0SANDBOX"
BROADCAST = "thread_broadcast"
_CHANNEL_ID = re.compile(r"[CDG][A-Z0-9]{8,}")
_SCOPES_OF = {
    "chat.postMessage": {"chat:write"},
    "chat.update": {"chat:write"},
    "conversations.history": {"channels:history", "groups:history"},
    "conversations.replies": {"channels:history", "groups:history"},
    "files.getUploadURLExternal": {"files:write"},
    "files.completeUploadExternal": {"files:write"},
}
Message = dict[str, object]


class SlackWorkspace:
    """Answers Slack's Web API under `/api/`, its uploads, and incoming webhooks under `/services/`.

    Any token that begins with `xox` is good, and has `scopes`. Channels exist as soon as they are
    named; a channel's id follows from its name. Messages are posted by name or id, all else asks
    for the id.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._messages: list[Message] = []
        self._calls: list[dict[str, object]] = []
        self.files = SlackFiles()
        self.scopes = ("chat:write", "files:write", "channels:history", "groups:history")
        self._methods: dict[str, Callable[[Mapping[str, object]], Message]] = {
            "auth.test": self._auth_test,
            "chat.postMessage": self._post_message,
            "chat.update": self._update,
            "conversations.history": self._history,
            "conversations.replies": self._replies,
            "files.getUploadURLExternal": self._begin_upload,
            "files.completeUploadExternal": self._complete_upload,
        }

    def answer(self, request: Request) -> Response | None:
        """The answer, or None when the path is not one of Slack's."""
        if request.path.startswith("/services/"):
            return self._webhook(request)
        if request.path.startswith(UPLOAD_PREFIX):
            # Before anything parses the body: a picture is no form.
            with self._lock:
                return self.files.take(request)
        if not request.path.startswith("/api/"):
            return None
        name = request.path.removeprefix("/api/")
        arguments = _arguments(request)
        try:
            token = request.bearer_token or str(arguments.pop("token", ""))
            if not token:
                raise SlackError("not_authed")
            if not token.startswith("xox"):
                raise SlackError("invalid_auth")
            if name not in self._methods:
                raise SlackError("unknown_method")
            needed = _SCOPES_OF.get(name, set())
            if needed and not needed & set(self.scopes):
                raise SlackError("missing_scope")
            with self._lock:
                arguments = {**arguments, "base_url": request.base_url}
                content: Message = {"ok": True, **deepcopy(self._methods[name](arguments))}
        except SlackError as error:
            content = {"ok": False, "error": str(error)}
        arguments.pop("base_url", None)
        self._remember_call(name, arguments, content)
        headers = {} if content.get("error") == "not_authed" else self._scope_header()
        return json_response(content, headers=headers)

    def _scope_header(self) -> dict[str, str]:
        return {"x-oauth-scopes": ",".join(self.scopes)}

    def messages(self) -> list[Message]:
        """Every accepted message as it is now, oldest first."""
        with self._lock:
            return deepcopy(self._messages)

    def calls(self) -> list[dict[str, object]]:
        """Every call: its method, arguments, whether it was accepted, and the error."""
        with self._lock:
            return deepcopy(self._calls)

    def _remember_call(
        self, name: str, arguments: Mapping[str, object], content: Mapping[str, object]
    ) -> None:
        with self._lock:
            self._calls.append(
                {
                    "method": name,
                    "arguments": dict(arguments),
                    "ok": content["ok"],
                    "error": content.get("error"),
                }
            )

    def _webhook(self, request: Request) -> Response:
        sent = request.json_object
        text_type = "text/html"
        if request.method != "POST" or sent is None:
            return Response(400, b"invalid_payload", text_type)
        if not sent.get("text") and not sent.get("blocks"):
            return Response(400, b"no_text", text_type)
        try:
            check_content(sent)
        except SlackError as error:
            return Response(400, str(error).encode(), text_type)
        with self._lock:
            self._store("webhook", sent)
        self._remember_call("webhook", sent, {"ok": True})
        return Response(200, b"ok", text_type)

    def _auth_test(self, arguments: Mapping[str, object]) -> Message:
        return {
            "url": "https://sandbox.slack.example/",
            "team": "Sandbox",
            "user": "observatory",
            "team_id": "T0SANDBOX",
            "user_id": "U0SANDBOX",
            "bot_id": BOT_ID,
        }

    def _post_message(self, arguments: Mapping[str, object]) -> Message:
        channel = _channel_id(arguments)
        check_content(arguments)
        message = self._store(channel, arguments)
        return {"channel": channel, "ts": message["ts"], "message": message}

    def _begin_upload(self, arguments: Mapping[str, object]) -> Message:
        return self.files.begin(arguments, str(arguments["base_url"]))

    def _complete_upload(self, arguments: Mapping[str, object]) -> Message:
        channel = _known_channel({"channel": arguments.get("channel_id")})
        thread = {"thread_ts": arguments["thread_ts"]} if arguments.get("thread_ts") else {}
        self._opening(channel, thread)
        files = self.files.complete(arguments)
        text = str(arguments.get("initial_comment") or "")
        message = self._store(channel, {"channel": channel, "text": text, **thread})
        message["subtype"], message["files"] = "file_share", files
        # Where it lies is not said: Slack shares it afterwards.
        return {"files": [{"id": each["id"], "title": each["title"]} for each in files]}

    def _update(self, arguments: Mapping[str, object]) -> Message:
        channel = _known_channel(arguments)
        check_content(arguments)
        for message in self._messages:
            if message["channel"] == channel and message["ts"] == arguments.get("ts"):
                message |= _content(arguments)
                message["edited"] = {"user": "U0SANDBOX", "ts": self._next_ts()}
                return {
                    "channel": channel,
                    "ts": message["ts"],
                    "text": message["text"],
                    "message": message,
                }
        raise SlackError("message_not_found")

    def _history(self, arguments: Mapping[str, object]) -> Message:
        channel = _known_channel(arguments)
        top = [
            message
            for message in reversed(self._messages)
            if message["channel"] == channel
            and (
                message.get("thread_ts") in (None, message["ts"])
                or message.get("subtype") == BROADCAST
            )
            and _is_in_window(str(message["ts"]), arguments)
        ]
        return _page(top, arguments)

    def _replies(self, arguments: Mapping[str, object]) -> Message:
        channel = _known_channel(arguments)
        parent = arguments.get("ts")
        thread = [
            message
            for message in self._messages
            if message["channel"] == channel and parent in (message["ts"], message.get("thread_ts"))
        ]
        if not thread:
            raise SlackError("thread_not_found")
        # The opening message comes with every window.
        shown = [
            message
            for message in thread
            if message["ts"] == parent or _is_in_window(str(message["ts"]), arguments)
        ]
        return _page(shown, arguments)

    def _store(self, channel: str, arguments: Mapping[str, object]) -> Message:
        message: Message = {
            "type": "message",
            "subtype": "bot_message",
            "bot_id": BOT_ID,
            "channel": channel,
            "channel_asked": arguments.get("channel"),
            "ts": self._next_ts(),
            "text": "",
            **_content(arguments),
        }
        opening = self._opening(channel, arguments)
        if opening is not None:
            message["thread_ts"] = opening["thread_ts"] = opening["ts"]
            opening["reply_count"] = int(str(opening.get("reply_count") or 0)) + 1
            if _is_true(arguments.get("reply_broadcast")):
                message["subtype"] = BROADCAST
        self._messages.append(message)
        return message

    def _opening(self, channel: str, arguments: Mapping[str, object]) -> Message | None:
        """The message whose thread is written into; None where none is named.

        Raises:
            SlackError: it is not there, or is itself in a thread.
        """
        ts = arguments.get("thread_ts")
        if not ts:
            return None
        for message in self._messages:
            if (message["channel"], message["ts"]) == (channel, ts):
                if message.get("thread_ts", ts) != ts:
                    raise SlackError("cannot_reply_to_message")
                return message
        raise SlackError("thread_not_found")

    def _next_ts(self) -> str:
        """A time stamp no other message has; Slack's are unique in a channel."""
        return f"{int(self._clock().timestamp())}.{len(self._messages) + 1:06d}"


def _arguments(request: Request) -> dict[str, object]:
    """Arguments from the query and a JSON or form body; JSON inside a form field is parsed."""
    arguments: dict[str, object] = dict(request.query)
    sent = request.json_object if request.body[:1] == b"{" else None
    if sent is not None:
        return arguments | sent
    for name, value in request.form.items():
        arguments[name] = value
        if name in {"blocks", "attachments", "metadata", "files"}:
            try:
                arguments[name] = orjson.loads(value)
            except orjson.JSONDecodeError:
                continue
    return arguments


def _channel_id(arguments: Mapping[str, object]) -> str:
    channel = str(arguments.get("channel") or "")
    if not channel.removeprefix("#"):
        raise SlackError("channel_not_found")
    if _CHANNEL_ID.fullmatch(channel):
        return channel
    return f"C{zlib.crc32(channel.removeprefix('#').encode()):08X}"


def _known_channel(arguments: Mapping[str, object]) -> str:
    """A channel by its id; a name is none."""
    channel = str(arguments.get("channel") or "")
    if not _CHANNEL_ID.fullmatch(channel):
        raise SlackError("channel_not_found")
    return channel


def _content(arguments: Mapping[str, object]) -> Message:
    names = ("text", "blocks", "attachments", "metadata")
    return {name: arguments[name] for name in names if name in arguments}


def _is_in_window(ts: str, arguments: Mapping[str, object]) -> bool:
    oldest, latest = arguments.get("oldest"), arguments.get("latest")
    is_inclusive = _is_true(arguments.get("inclusive"))
    moment = float(ts)
    if oldest and (moment < float(str(oldest)) or (ts == oldest and not is_inclusive)):
        return False
    return not (latest and (moment > float(str(latest)) or (ts == latest and not is_inclusive)))


def _page(messages: list[Message], arguments: Mapping[str, object]) -> Message:
    """A page of messages; as in Slack, metadata only for who asks for all of it."""
    start = int(str(arguments.get("cursor") or 0))
    limit = int(str(arguments.get("limit") or 100))
    hidden = set() if _is_true(arguments.get("include_all_metadata")) else {"metadata"}
    page = [
        {name: value for name, value in message.items() if name not in hidden}
        for message in messages[start : start + limit]
    ]
    has_more = start + limit < len(messages)
    return {
        "messages": page,
        "has_more": has_more,
        "response_metadata": {"next_cursor": str(start + limit) if has_more else ""},
    }


def _is_true(value: object) -> bool:
    return str(value).lower() in {"1", "true"}
