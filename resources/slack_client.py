"""A channel of a Slack workspace through slack-sdk: post, reply, update, upload, look for.

Slack may have stored a message whose call failed. So nothing is sent again here but after a rate
limit, which says that nothing was stored; who sends again looks for the message first.
"""

import hashlib
import logging
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from http.client import HTTPException
from typing import Any, TypeGuard
from urllib.parse import urlsplit

from slack_sdk import WebClient
from slack_sdk.errors import SlackClientError
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler
from slack_sdk.http_retry.request import HttpRequest
from slack_sdk.http_retry.response import HttpResponse
from slack_sdk.http_retry.state import RetryState
from slack_sdk.web.file_upload_v2_result import FileUploadV2Result
from slack_sdk.web.slack_response import SlackResponse

from resources.outgoing import opener
from resources.slack_errors import (
    CHANNEL_CODES,
    SlackFaultyError,
    SlackRefusedError,
    SlackRejectedError,
    SlackUnfindableError,
    error_of,
)
from resources.storable_text import storable

MAX_TEXT_LENGTH = 3000
MAX_ALT_TEXT_LENGTH = 2000
LONGEST_WAIT_S, MOST_WAITS = 10, 2
TIMEOUT_S = 15
EVENT_TYPE = "observatory_alert"
_PAGE = 200
_UPLOAD_TRIES = 3
_MOST_ID_LENGTH = 100
# All but the first three where an answer is none of Slack's: slack-sdk takes any JSON for an
# object, any depth of it for bearable, and any name of a character set for known.
_RAISED_BY_SDK = (
    SlackClientError,
    OSError,
    HTTPException,
    ValueError,
    TypeError,
    AttributeError,
    LookupError,
    RecursionError,
)
# slack-sdk opens addresses with urllib's opener, which would hand a token on to any host.
urllib.request.install_opener(opener())
# slack-sdk logs the address that it asks at DEBUG: a webhook's is a secret.
quiet_log = logging.getLogger(__name__)
quiet_log.setLevel(logging.CRITICAL)


@dataclass(frozen=True, slots=True)
class Posted:
    """Where a message lies in Slack; `ts` is None where Slack does not say."""

    channel: str
    ts: str | None


class BoundedRateLimitHandler(RateLimitErrorRetryHandler):
    """Waits as long as `Retry-After` says, where that is short enough; else the call has failed."""

    def _can_retry(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> bool:
        if response is None or response.status_code != 429:
            return False
        named = [value for name, value in response.headers.items() if name.lower() == "retry-after"]
        asked = str(named[0][0] if named and named[0] else "1")
        return asked.isdecimal() and int(asked) <= LONGEST_WAIT_S


def shorten(text: str, length: int = MAX_TEXT_LENGTH) -> str:
    """`text`, cut to Slack's limit with an ellipsis."""
    return text if len(text) <= length else text[: length - 1] + "…"


def chart_name(key: str) -> str:
    """The file name of a chart, by which it is found again."""
    return f"chart-{hashlib.sha256(key.encode()).hexdigest()[:32]}.png"


@contextmanager
def errors_told() -> Iterator[None]:
    """Raise what slack-sdk raises as one of resources.slack_errors."""
    try:
        yield
    except _RAISED_BY_SDK as error:
        # What slack-sdk raises shows answers and addresses: it goes no further.
        raise error_of(error) from None


class _Client(WebClient):
    """slack-sdk's client, which uploads to no host but Slack's."""

    def _upload_file(self, *, url: str, **options: Any) -> FileUploadV2Result:  # noqa: ANN401 - as base
        if not is_of_slack(url, self.base_url):
            raise SlackRejectedError(
                f"Slack's upload address is of another host: {urlsplit(url).hostname}"
            )
        for turn in range(1, _UPLOAD_TRIES + 1):
            try:
                return super()._upload_file(url=url, **options)
            except (OSError, HTTPException):
                # What is uploaded shows nowhere before it is completed: again does no harm.
                if turn == _UPLOAD_TRIES:
                    raise
        raise AssertionError("unreachable")


def is_of_slack(url: str, api_url: str) -> bool:
    """Whether an upload address is of the host that the API is of, or of Slack's own over TLS."""
    try:
        given, api = urlsplit(url), urlsplit(api_url)
        is_same = (given.scheme, given.hostname, given.port) == (api.scheme, api.hostname, api.port)
    except ValueError:
        return False
    host = given.hostname or ""
    is_slack = api.hostname in {"slack.com", "www.slack.com"} and host.endswith(".slack.com")
    return is_same or (is_slack and given.scheme == "https" and given.port in (None, 443))


class SlackWorkspaceClient:
    """One channel of a workspace, by a bot's token.

    Every method raises the errors of resources.slack_errors.

    Args:
        token: the bot's; scopes chat:write, files:write, and channels:history (groups:history for
            a private channel), without which a message cannot be looked for.
        channel: its id. A name will do for posting, not for looking.
        api_url: of the Web API.
        timeout_s: for a connection, and between bytes.
    """

    has_threads = True

    def __init__(
        self, *, token: str, channel: str, api_url: str, timeout_s: int = TIMEOUT_S
    ) -> None:
        self._channel = channel
        self._client = _Client(
            token=token,
            base_url=api_url.rstrip("/") + "/",
            timeout=timeout_s,
            logger=quiet_log,
            retry_handlers=[BoundedRateLimitHandler(max_retry_count=MOST_WAITS)],
        )

    def post(self, text: str, blocks: Sequence[Mapping[str, Any]], *, key: str) -> Posted:
        """Post a message; `key` travels in its metadata, so that it can be told from any other.

        Args:
            text: plain-text fallback, shown in notifications.
            blocks: Block Kit blocks, at most 50.
            key: what identifies this message for ever.
        """
        return self._post(text, blocks, key, channel=self._channel)

    def reply(
        self,
        channel: str,
        thread_ts: str,
        text: str,
        blocks: Sequence[Mapping[str, Any]],
        *,
        key: str,
        is_broadcast: bool = False,
    ) -> Posted:
        """Post into the thread of a message; a broadcast shows in the channel, too."""
        return self._post(
            text,
            blocks,
            key,
            channel=channel,
            thread_ts=thread_ts,
            reply_broadcast=is_broadcast or None,
        )

    def _post(
        self,
        text: str,
        blocks: Sequence[Mapping[str, Any]],
        key: str,
        **place: Any,  # noqa: ANN401 - arguments of chat.postMessage
    ) -> Posted:
        with errors_told():
            response = self._client.chat_postMessage(
                text=shorten(text),
                blocks=[dict(block) for block in blocks],
                metadata={"event_type": EVENT_TYPE, "event_payload": {"key": key}},
                unfurl_links=False,
                unfurl_media=False,
                **place,
            )
            return _posted(response)

    def update(
        self, channel: str, ts: str, text: str, blocks: Sequence[Mapping[str, Any]]
    ) -> Posted:
        """Replace a message's text and blocks; its metadata stays."""
        with errors_told():
            response = self._client.chat_update(
                channel=channel,
                ts=ts,
                text=shorten(text),
                blocks=[dict(block) for block in blocks],
            )
            return _posted(response)

    def upload_chart(
        self, channel: str, thread_ts: str, png: bytes, *, key: str, title: str, alt_text: str
    ) -> Posted:
        """Upload a picture into a thread; where it lies is not told, as Slack shows it later.

        A missing scope, or a channel that the bot has not joined, is of the chart alone: text may
        go there all the same.
        """
        try:
            with errors_told():
                self._client.files_upload_v2(
                    file=png,
                    filename=chart_name(key),
                    title=shorten(title, MAX_ALT_TEXT_LENGTH),
                    alt_txt=shorten(alt_text, MAX_ALT_TEXT_LENGTH),
                    channel=channel,
                    thread_ts=thread_ts,
                )
        except SlackRefusedError as error:
            if error.code in CHANNEL_CODES:
                raise SlackRejectedError(
                    f"{error}; a chart needs the scope files:write, and the bot in the channel"
                ) from None
            raise
        return Posted(channel, None)

    def find_message(
        self, key: str, *, since: datetime, channel: str | None = None, thread_ts: str | None = None
    ) -> Posted | None:
        """A message of ours by its key; None where there is none.

        Args:
            key: that it was posted with.
            since: it was posted at this time (UTC) or later.
            channel: where; None for the client's own.
            thread_ts: of the thread that it is in; None for a message of the channel.
        """
        place = channel or self._channel
        for message in self._messages(place, since, thread_ts):
            metadata = _object(message.get("metadata"))
            payload = _object(metadata.get("event_payload"))
            if metadata.get("event_type") == EVENT_TYPE and payload.get("key") == key:
                return Posted(place, _text(message.get("ts")))
        return None

    def find_chart(
        self, key: str, *, since: datetime, channel: str, thread_ts: str
    ) -> Posted | None:
        """A chart of ours in a thread by its key; None where there is none."""
        name = chart_name(key)
        for message in self._messages(channel, since, thread_ts):
            files = message.get("files")
            names = [_object(file).get("name") for file in files] if _is_list(files) else []
            if name in names:
                return Posted(channel, _text(message.get("ts")))
        return None

    def scopes(self) -> frozenset[str] | None:
        """The token's scopes as auth.test states them; None where it does not."""
        with errors_told():
            response = self._client.auth_test()
        for name, value in response.headers.items():
            if name.lower() == "x-oauth-scopes":
                return frozenset(each.strip() for each in str(value).split(",") if each.strip())
        return None

    def _messages(
        self, channel: str, since: datetime, thread_ts: str | None
    ) -> Iterator[Mapping[str, Any]]:
        """Messages of the channel or of a thread since a time, all pages."""
        asked: dict[str, Any] = {
            "channel": channel,
            "oldest": f"{since.timestamp():.6f}",
            "limit": _PAGE,
            "include_all_metadata": True,
        }
        method: Callable[..., SlackResponse] = self._client.conversations_history
        if thread_ts is not None:
            method, asked["ts"] = self._client.conversations_replies, thread_ts
        seen: set[str] = set()
        cursor = ""
        while True:
            page = self._page(method, asked, cursor)
            messages = page.get("messages")
            # «Not found» has a message sent again: it is said of messages that were looked at.
            if not _is_list(messages) or not all(isinstance(each, dict) for each in messages):
                raise SlackFaultyError("Slack's answer lists no messages")
            yield from map(_object, messages)
            cursor = str(_object(page.get("response_metadata")).get("next_cursor") or "")
            if not cursor:
                return
            if cursor in seen:
                raise SlackFaultyError("Slack gives the same page again and again")
            seen.add(cursor)

    def _page(
        self, method: Callable[..., SlackResponse], asked: Mapping[str, Any], cursor: str
    ) -> Mapping[str, Any]:
        try:
            with errors_told():
                response = method(**asked, **({"cursor": cursor} if cursor else {}))
        except SlackRejectedError as error:
            if str(error).endswith("thread_not_found"):
                return {"messages": []}
            raise SlackUnfindableError(str(error)) from None
        except SlackRefusedError as error:
            if error.code in CHANNEL_CODES:
                raise SlackUnfindableError(str(error)) from None
            raise
        return _object(response.data)


def _posted(response: SlackResponse) -> Posted:
    channel, ts = response["channel"], response["ts"]
    if not channel or not ts:
        raise SlackFaultyError("Slack's answer does not say where the message lies")
    return Posted(_text(channel), _text(ts))


def _text(value: object) -> str:
    """A text of Slack's, bounded, without what no table can hold.

    Raises:
        SlackFaultyError: it is none.
    """
    if not isinstance(value, str) or not value or len(value) > _MOST_ID_LENGTH:
        raise SlackFaultyError("Slack's answer does not say where the message lies")
    return storable(value)


def _object(value: object) -> Mapping[str, Any]:
    """An object of an answer; an empty one for whatever else stands in its place."""
    return value if isinstance(value, dict) else {}


def _is_list(value: object) -> TypeGuard[list[object]]:
    return isinstance(value, list)
