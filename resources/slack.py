"""Slack: one message to one channel through slack-sdk, retried as Slack asks."""

from dataclasses import dataclass
from http.client import HTTPException

import dagster as dg
from pydantic import Field
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.http_retry.builtin_handlers import (
    ConnectionErrorRetryHandler,
    RateLimitErrorRetryHandler,
    ServerErrorRetryHandler,
)

_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
MAX_TEXT_LENGTH = 3000


class SlackDeliveryError(Exception):
    """Slack did not take a message; the text gives Slack's own error code, never the token."""


@dataclass(frozen=True, slots=True)
class Posted:
    """Where a message lies in Slack."""

    channel: str
    ts: str


def escape(text: str) -> str:
    """Text of a stranger's, fit for Slack's markup: `&`, `<` and `>` escaped."""
    return text.translate(_ESCAPES)


def shorten(text: str, length: int = MAX_TEXT_LENGTH) -> str:
    """`text`, cut to Slack's limit with an ellipsis."""
    return text if len(text) <= length else text[: length - 1] + "…"


class SlackPoster:
    """Posts messages to one channel.

    Rate limits, server errors and connection errors are retried by slack-sdk's own handlers,
    which wait as long as `Retry-After` says.
    """

    def __init__(self, *, token: str, channel: str, api_url: str, timeout_s: int = 30) -> None:
        self._channel = channel
        self._client = WebClient(
            token=token,
            base_url=api_url.rstrip("/") + "/",
            timeout=timeout_s,
            retry_handlers=[
                ConnectionErrorRetryHandler(max_retry_count=2),
                RateLimitErrorRetryHandler(max_retry_count=3),
                ServerErrorRetryHandler(max_retry_count=3),
            ],
        )

    def post(self, text: str, blocks: list[dict[str, object]], *, key: str) -> Posted:
        """Post a message; `key` travels in its metadata, so that it can be told from any other.

        Args:
            text: plain-text fallback, shown in notifications.
            blocks: Block Kit blocks, at most 50.
            key: what identifies this message for ever.

        Raises:
            SlackDeliveryError: Slack refused it, or could not be reached in several tries.
        """
        try:
            response = self._client.chat_postMessage(
                channel=self._channel,
                text=shorten(text),
                blocks=blocks,
                metadata={"event_type": "observatory_alert", "event_payload": {"key": key}},
                unfurl_links=False,
            )
        except SlackApiError as error:
            raise SlackDeliveryError(f"Slack answered {error.response['error']}") from error
        except (SlackClientError, OSError, HTTPException) as error:
            raise SlackDeliveryError(f"Slack is out of reach: {type(error).__name__}") from error
        except ValueError as error:
            # slack-sdk lets through what its parsers of bodies and headers raise.
            raise SlackDeliveryError(
                f"Slack's answer cannot be read: {type(error).__name__}"
            ) from error
        return Posted(str(response["channel"]), str(response["ts"]))


class SlackResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """A Slack workspace's token and the channel that alerts go to."""

    token: str = Field(repr=False)
    channel: str
    api_url: str = "https://slack.com/api/"

    def poster(self) -> SlackPoster:
        """A poster for the channel."""
        return SlackPoster(token=self.token, channel=self.channel, api_url=self.api_url)
