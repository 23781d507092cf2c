"""A message before it is sent: what the outbox keeps of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from assets.alerting.notice import Stage

Block = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Message:
    """A message as Slack is to receive it.

    Attributes:
        key: identifies the message for ever.
        thread: key of the message that opened its thread; its own where it opens one.
        kind: of the rule.
        stage: of the alerts.
        text: escaped fallback, for notifications and readers of screens.
        blocks: Block Kit blocks.
        alt_text: what the chart shows; empty without one.
    """

    key: str
    thread: str
    kind: str
    stage: Stage
    text: str
    blocks: tuple[Block, ...]
    alt_text: str = ""

    def to_json(self) -> str:
        """All of it as the outbox keeps it."""
        return json.dumps(
            {
                "key": self.key,
                "thread": self.thread,
                "kind": self.kind,
                "stage": self.stage.value,
                "text": self.text,
                "blocks": list(self.blocks),
                "alt_text": self.alt_text,
            },
            ensure_ascii=False,
            allow_nan=False,
        )

    @classmethod
    def from_json(cls, body: str) -> "Message":
        """What `to_json` made.

        Raises:
            ValueError: it is no such JSON; a field is missing or unknown.
        """
        try:
            fields = json.loads(body)
            return cls(
                **{**fields, "stage": Stage(fields["stage"]), "blocks": tuple(fields["blocks"])}
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"no message: {error}") from error
