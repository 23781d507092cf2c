"""Slack as the platform is set up for it: a workspace by token, or a webhook."""

from typing import TYPE_CHECKING

import dagster as dg
from pydantic import Field

from resources.slack_client import SlackWorkspaceClient
from resources.slack_webhook import SlackWebhookClient

if TYPE_CHECKING:
    SlackClient = SlackWorkspaceClient | SlackWebhookClient

_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def escape(text: str) -> str:
    """Text of a stranger's, fit for Slack's markup: `&`, `<` and `>` escaped."""
    return text.translate(_ESCAPES)


class SlackResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """A Slack workspace's token and the channel that alerts go to, or a webhook's address."""

    token: str = Field(repr=False)
    channel: str
    api_url: str = "https://slack.com/api/"
    webhook_url: str = Field(default="", repr=False)

    def client(self) -> "SlackClient":
        """The channel; by webhook only where there is no token."""
        if self.webhook_url and not self.token:
            return SlackWebhookClient(self.webhook_url)
        return SlackWorkspaceClient(token=self.token, channel=self.channel, api_url=self.api_url)
