"""What was said of alerts, from the outbox: words without figures, fit to be published."""

import json
import re
from datetime import date

import pyarrow as pa

from assets.report.tables import ALERT_LOG

#: The messages that say that an alert began, went on or ended; charts and corrections left out.
LOG_SQL = (
    "SELECT message_key, kind, message, created_at, delivered_at, dead_at FROM ops.outbox "
    "WHERE action IN ('post', 'reply') ORDER BY created_at, message_key"
)
#: `<alert>:<day>:<stage>`, `<cause>:<day>:<digest>:<stage>` or `<thread>><day>:<digest>:<stage>`.
_KEY = re.compile(r"[:>](\d{4}-\d{2}-\d{2})(?::[0-9a-f]{12})?:([a-z_]+)$")
#: In front of what is said of a synthetic world, which the page says of all its figures.
_WORLD = re.compile(r"^\[[^\]]*\] ")
_SLACK = {"&lt;": "<", "&gt;": ">", "&amp;": "&"}


def published_log(messages: pa.Table) -> pa.Table:
    """published.alert_log: messages of alert rules, the oldest first.

    Only a message's first line is taken, which is its rule's title: figures are published where
    small cells are pooled. Messages of no alert, such as the weekly one of how all stand, are not
    in it.

    Args:
        messages: what `LOG_SQL` selects.
    """
    found = []
    for row in messages.to_pylist():
        key = _KEY.search(row["message_key"])
        if key is None:
            continue
        is_over = row["delivered_at"] is not None
        delivery = "delivered" if is_over else "dead" if row["dead_at"] is not None else "waiting"
        found.append(
            {
                "message_key": row["message_key"],
                "said_at": row["created_at"],
                "data_date": date.fromisoformat(key[1]),
                "kind": row["kind"],
                "stage": key[2],
                "title": _title(row["message"]),
                "delivery": delivery,
            }
        )
    return ALERT_LOG.arrow(found)


def _title(message: str) -> str:
    """The first line as it is read, not as Slack has it written."""
    line = _WORLD.sub("", str(json.loads(message)["text"]).partition("\n")[0])
    for written, read in _SLACK.items():
        line = line.replace(written, read)
    return line
