"""What delivery asks of Slack, whoever answers: a workspace, a webhook, or a test."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


class Posted(Protocol):
    """Where a message lies in Slack; `ts` is None where Slack does not say."""

    @property
    def channel(self) -> str:
        """The channel's id."""

    @property
    def ts(self) -> str | None:
        """Slack's id of the message in its channel."""


class Slack(Protocol):
    """What delivery asks of Slack; resources.slack_errors says what each raises."""

    @property
    def has_threads(self) -> bool:
        """Whether there are threads, charts and updates; a webhook has none."""

    def post(self, text: str, blocks: Sequence[Mapping[str, object]], *, key: str) -> Posted:
        """Open a message in the channel."""

    def reply(
        self,
        channel: str,
        thread_ts: str,
        text: str,
        blocks: Sequence[Mapping[str, object]],
        *,
        key: str,
        is_broadcast: bool,
    ) -> Posted:
        """Write into a thread."""

    def update(
        self, channel: str, ts: str, text: str, blocks: Sequence[Mapping[str, object]]
    ) -> Posted:
        """Replace a message's text and blocks."""

    def upload_chart(
        self, channel: str, thread_ts: str, png: bytes, *, key: str, title: str, alt_text: str
    ) -> Posted:
        """Show a picture in a thread."""

    def find_message(
        self, key: str, *, since: datetime, channel: str | None, thread_ts: str | None
    ) -> Posted | None:
        """A message of ours by its key, in the channel or in a thread; None where there is none."""

    def find_chart(
        self, key: str, *, since: datetime, channel: str, thread_ts: str
    ) -> Posted | None:
        """A chart of ours by its key; None where there is none."""


@dataclass(frozen=True, slots=True)
class Failures:
    """Which exceptions of a client mean what; given by the wiring, which knows the client.

    Attributes:
        failed: all of them. What is none of the others is of the whole of Slack (limit, token,
            channel, no connection): the message was surely not taken, and the round ends.
        unanswered: nothing came back: it may have been taken, and may yet be.
        faulty: Slack says that it failed; it may have taken the message all the same.
        rejected: Slack will never take this message.
        unfindable: there is no looking for messages.
    """

    failed: type[Exception]
    unanswered: type[Exception]
    faulty: type[Exception]
    rejected: type[Exception]
    unfindable: type[Exception]
