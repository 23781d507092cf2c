"""An incoming webhook of Slack: messages to one channel, without threads, charts or looking."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NoReturn

from slack_sdk.webhook import WebhookClient

from resources.slack_client import (
    EVENT_TYPE,
    MOST_WAITS,
    TIMEOUT_S,
    BoundedRateLimitHandler,
    Posted,
    errors_told,
    quiet_log,
    shorten,
)
from resources.slack_errors import (
    SlackDeliveryError,
    SlackRefusedError,
    SlackRejectedError,
    SlackUnfindableError,
    error_of_answer,
)

CHANNEL = "webhook"


class SlackWebhookClient:
    """Posts to the channel of a webhook; raises the errors of resources.slack_errors.

    Args:
        url: the webhook's address, a secret.
        timeout_s: for a connection, and between bytes.
    """

    has_threads = False

    def __init__(self, url: str, *, timeout_s: int = TIMEOUT_S) -> None:
        self._client = WebhookClient(
            url,
            timeout=timeout_s,
            logger=quiet_log,
            retry_handlers=[BoundedRateLimitHandler(max_retry_count=MOST_WAITS)],
        )

    def post(self, text: str, blocks: Sequence[Mapping[str, Any]], *, key: str) -> Posted:
        """Post a message; Slack does not say where it lies."""
        with errors_told():
            response = self._client.send(
                text=shorten(text),
                blocks=[dict(block) for block in blocks] or None,
                metadata={"event_type": EVENT_TYPE, "event_payload": {"key": key}},
                unfurl_links=False,
                unfurl_media=False,
            )
        if response.status_code != 200 or response.body.strip() != "ok":
            raise _error(int(response.status_code), str(response.body).strip())
        return Posted(CHANNEL, None)

    def reply(
        self,
        channel: str,
        thread_ts: str,
        text: str,
        blocks: Sequence[Mapping[str, Any]],
        *,
        key: str,
        is_broadcast: bool = False,
    ) -> NoReturn:
        """Not possible."""
        raise SlackRejectedError("a webhook has no threads")

    def update(
        self, channel: str, ts: str, text: str, blocks: Sequence[Mapping[str, Any]]
    ) -> NoReturn:
        """Not possible."""
        raise SlackRejectedError("a webhook cannot change a message")

    def upload_chart(
        self, channel: str, thread_ts: str, png: bytes, *, key: str, title: str, alt_text: str
    ) -> NoReturn:
        """Not possible."""
        raise SlackRejectedError("a webhook takes no chart")

    def find_message(
        self, key: str, *, since: datetime, channel: str | None = None, thread_ts: str | None = None
    ) -> NoReturn:
        """Not possible."""
        raise SlackUnfindableError("a webhook cannot look for messages")

    def find_chart(self, key: str, *, since: datetime, channel: str, thread_ts: str) -> NoReturn:
        """Not possible."""
        raise SlackUnfindableError("a webhook cannot look for messages")


def _error(status: int, code: str) -> SlackDeliveryError:
    """A webhook answers with a status and a code as text."""
    if status == 400:
        return SlackRejectedError(str(error_of_answer(status, code)))
    if status in {403, 404, 410}:
        return SlackRefusedError(f"Slack answered {status} to the webhook", code)
    return error_of_answer(status, code)
