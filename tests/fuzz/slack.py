"""Fuzz targets of Slack's answers: the Web API through slack-sdk, and an incoming webhook."""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.message import Message
from unittest import mock
from urllib.error import HTTPError, URLError
from urllib.request import Request

from resources.slack_client import SlackWorkspaceClient, chart_name
from resources.slack_errors import SlackDeliveryError
from resources.slack_webhook import SlackWebhookClient
from tests.fuzz.answers import Answer, read_answers, written
from tests.fuzz.fits import fits_a_table

_SINCE = datetime(2024, 12, 1, tzinfo=UTC)
_TOKEN = "xoxb-hush"  # noqa: S105 - no real one
_URL = "https://hooks.slack.com/services/hush"
_KEY = "alert/1"
_OPENED_IN = ("slack_sdk.web.base_client.urlopen", "slack_sdk.webhook.client.urlopen")


def slack_api(data: bytes) -> None:
    """One call of each kind, by the first byte: what comes back, or why not, and no secret."""
    client = SlackWorkspaceClient(token=_TOKEN, channel="C1", api_url="https://slack.com/api/")
    calls: tuple[Callable[[], object], ...] = (
        lambda: client.post("text", [], key=_KEY),
        lambda: client.find_message(_KEY, since=_SINCE),
        lambda: client.find_chart(_KEY, since=_SINCE, channel="C1", thread_ts="1.2"),
        lambda: client.upload_chart("C1", "1.2", b"png", key=_KEY, title="t", alt_text="a"),
        lambda: client.scopes(),
        lambda: client.update("C1", "1.2", "text", []),
    )
    call = calls[data[0] % len(calls)] if data else calls[0]
    _require_told(call, data[1:])


def slack_api_seeds() -> list[bytes]:
    """Answers of each method, errors, limits, pages, and a proxy's page."""
    found = (
        '{"ok":true,"messages":[{"ts":"1.2","metadata":{"event_type":"observatory_alert",'
        '"event_payload":{"key":"alert/1"}},"files":[{"name":"%s"}]}],'
        '"response_metadata":{"next_cursor":"%s"}}'
    )
    page = written(200, {}, (found % (chart_name(_KEY), "abc")).encode())
    last = written(200, {}, (found % ("x.png", "")).replace("alert/1", "other").encode())
    posted = written(200, {"Content-Type": "application/json; charset=utf-8"}, (
        b'{"ok":true,"channel":"C1","ts":"1.2","message":{"text":"text"}}'
    ))  # fmt: skip
    place = b'{"ok":true,"upload_url":"https://files.slack.com/upload/v1/x","file_id":"F1"}'
    return [
        b"\0" + posted,
        b"\0" + written(200, {}, b'{"ok":false,"error":"channel_not_found"}'),
        b"\0" + written(429, {"Retry-After": "1"}, b"") + b"\n%%\n" + posted,
        b"\0" + written(503, {"Content-Type": "text/html; charset=latin-1"}, b"<html>"),
        b"\1" + last + b"\n%%\n" + page,
        b"\1" + written(200, {}, b'{"ok":false,"error":"missing_scope"}'),
        b"\2" + last + b"\n%%\n" + page,
        b"\3" + b"\n%%\n".join([written(200, {}, place), written(200, {}, b"OK"), posted]),
        b"\4" + written(200, {"x-oauth-scopes": "chat:write,files:write"}, b'{"ok":true}'),
        b"\5" + posted,
        b"\0" + written(200, {"Content-Type": "application/gzip"}, b"\x1f\x8b"),
    ]


def slack_webhook(data: bytes) -> None:
    """A webhook's answer."""
    _require_told(lambda: SlackWebhookClient(_URL).post("text", [], key=_KEY), data)


def slack_webhook_seeds() -> list[bytes]:
    """Taken, refused, limited, gone."""
    return [
        written(200, {"Content-Type": "text/html; charset=utf-8"}, b"ok"),
        written(400, {}, b"invalid_payload"),
        written(404, {}, b"no_service"),
        written(429, {"Retry-After": "1"}, b"") + b"\n%%\n" + written(200, {}, b"ok"),
        written(500, {"Content-Type": "text/plain; charset=x"}, b"\xff"),
    ]


def _require_told(call: Callable[[], object], data: bytes) -> None:
    with _answered(data):
        try:
            found = call()
        except SlackDeliveryError as error:
            _require_hushed(str(error))
            return
    if hasattr(found, "ts"):
        fits_a_table(found.channel, found.ts)  # type: ignore[attr-defined]


def _require_hushed(text: str) -> None:
    assert "hush" not in text


@contextmanager
def _answered(data: bytes) -> Iterator[None]:
    left = read_answers(data)[::-1]

    def urlopen(request: Request, **_: object) -> object:
        if not left:
            raise URLError(ConnectionRefusedError())
        return _opened(left.pop(), request.full_url)

    with (
        mock.patch(_OPENED_IN[0], urlopen),
        mock.patch(_OPENED_IN[1], urlopen),
        mock.patch("time.sleep", _require_short),
    ):
        yield


def _require_short(seconds: float) -> None:
    assert 0 <= seconds <= 60, f"a wait of {seconds} s"


class _Opened(io.BytesIO):
    """An answer as urlopen gives it."""

    def __init__(self, answer: Answer, headers: Message) -> None:
        super().__init__(answer.body)
        self.status = self.code = answer.status
        self.headers = headers


def _opened(answer: Answer, url: str) -> _Opened:
    headers = Message()
    for name, value in answer.headers.items():
        headers[name] = value
    if answer.status >= 300:
        raise HTTPError(url, answer.status, "", headers, io.BytesIO(answer.body))
    return _Opened(answer, headers)
