"""The outbox in the warehouse: messages from their decision to their record in Slack."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

import duckdb

_WAITING_SQL = (Path(__file__).parent / "sql" / "waiting.sql").read_text()


class Action(StrEnum):
    """What is done in Slack.

    `POST` opens a message in the channel. Of the thread that it opens, `REPLY` and `CHART` are
    messages; `UPDATE` replaces the opening message's text and blocks.
    """

    POST = "post"
    REPLY = "reply"
    UPDATE = "update"
    CHART = "chart"


class Outcome(StrEnum):
    """What became of a message that waits no more."""

    SENT = "sent"
    FOUND = "found"
    SKIPPED = "skipped"
    SUPERSEDED = "superseded"
    DISMISSED = "dismissed"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message as it is decided.

    Attributes:
        key: identifies it for ever.
        kind: of the rule, or `failed_run`.
        action: what is done with it.
        thread_key: key of the thread's opening message; None for one that opens a thread.
        text: plain text, shown in notifications; the title of a chart.
        blocks: Block Kit blocks.
        is_broadcast: whether a reply is shown in the channel, too.
        png: a chart's picture.
        alt_text: what a chart shows, in words.
        order: among messages decided at the same time, the smallest first.
    """

    key: str
    kind: str
    action: Action
    thread_key: str | None
    text: str
    blocks: tuple[dict[str, object], ...]
    is_broadcast: bool = False
    png: bytes | None = None
    alt_text: str = ""
    order: int = 0

    def __post_init__(self) -> None:
        """Refuse what could never be delivered."""
        if not self.text.strip():
            raise ValueError(f"message {self.key}: it has no text")
        if self.action is Action.POST and self.thread_key not in (None, self.key):
            raise ValueError(f"message {self.key}: a post is in no other's thread")
        if self.action is not Action.POST and self.thread_key in (None, self.key):
            raise ValueError(f"message {self.key}: {self.action} needs the thread of another")
        if self.action is Action.CHART and not (self.png and self.alt_text.strip()):
            raise ValueError(f"message {self.key}: a chart needs a picture and alternative text")

    @property
    def thread(self) -> str:
        """Key of the message that opens the thread: its own, for a post."""
        return self.thread_key or self.key


@dataclass(frozen=True, slots=True)
class Opening:
    """The message that opens a thread, as the outbox has it.

    `channel` and `ts` say where it lies; `ts` is None where a webhook took it.
    """

    text: str
    is_delivered: bool
    is_dead: bool
    channel: str | None
    ts: str | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message that is neither delivered nor dead.

    Attributes:
        outgoing: as it was decided.
        since: when that was, or when it was queued anew (UTC).
        created_at: when it was decided (UTC).
        attempt_count: deliveries tried.
        attempted_at: when an attempt began of which nothing is known since (UTC); None without one.
        last_error: of the last try.
        opening: of its thread; None for a post, and where the outbox has none.
        is_superseded: whether a later update of the same message was delivered.
    """

    outgoing: Outgoing
    since: datetime
    created_at: datetime
    attempt_count: int = 0
    attempted_at: datetime | None = None
    last_error: str | None = None
    opening: Opening | None = None
    is_superseded: bool = False


@dataclass(frozen=True, slots=True)
class Dead:
    """A message that was given up, when (UTC) and why."""

    key: str
    kind: str
    action: Action
    thread_key: str | None
    created_at: datetime
    dead_at: datetime
    attempt_count: int
    reason: str


def enqueue(connection: duckdb.DuckDBPyConnection, outgoing: Outgoing, now: datetime) -> bool:
    """Put a message into the outbox, once for its key; whether it was new."""
    body = {
        "text": outgoing.text,
        "blocks": outgoing.blocks,
        "is_broadcast": outgoing.is_broadcast,
        "alt_text": outgoing.alt_text,
        "order": outgoing.order,
    }
    rows = connection.execute(
        "INSERT INTO ops.outbox (message_key, kind, action, thread_key, message, png, created_at, "
        "attempt_count) VALUES (?, ?, ?, ?, ?, ?, ?, 0) ON CONFLICT DO NOTHING "
        "RETURNING message_key",
        [
            outgoing.key,
            outgoing.kind,
            str(outgoing.action),
            outgoing.thread_key,
            json.dumps(body, ensure_ascii=False),
            outgoing.png,
            now,
        ],
    ).fetchall()
    return bool(rows)


def waiting(connection: duckdb.DuckDBPyConnection) -> Sequence[Waiting]:
    """Messages that are neither delivered nor dead, in the order in which they were decided.

    Of one time and `order`, those that open a thread come first.
    """
    rows = [_waiting(*row) for row in connection.execute(_WAITING_SQL).fetchall()]
    return sorted(
        rows,
        key=lambda row: (
            row.created_at,
            row.outgoing.order,
            row.outgoing.action is not Action.POST,
            row.outgoing.key,
        ),
    )


def _waiting(
    key: str,
    kind: str,
    action: str,
    thread_key: str | None,
    message: str,
    png: bytes | None,
    created_at: datetime,
    requeued_at: datetime | None,
    attempt_count: int,
    attempted_at: datetime | None,
    last_error: str | None,
    opening_message: str | None,
    is_opening_delivered: bool,
    is_opening_dead: bool,
    channel: str | None,
    ts: str | None,
    is_superseded: bool,
) -> Waiting:
    """A row of waiting.sql."""
    outgoing = _outgoing(key, kind, action, thread_key, message, png)
    opening = None
    if opening_message is not None and action != Action.POST:
        text = json.loads(opening_message)["text"]
        opening = Opening(text, is_opening_delivered, is_opening_dead, channel, ts)
    return Waiting(
        outgoing,
        requeued_at or created_at,
        created_at,
        attempt_count,
        attempted_at,
        last_error,
        opening,
        is_superseded and action == Action.UPDATE,
    )


def _outgoing(
    key: str, kind: str, action: str, thread_key: str | None, message: str, png: bytes | None
) -> Outgoing:
    body = json.loads(message)
    return Outgoing(
        key,
        kind,
        Action(action),
        thread_key,
        body["text"],
        tuple(body["blocks"]),
        # Messages of before these were written have none of them.
        body.get("is_broadcast", False),
        png,
        body.get("alt_text", ""),
        body.get("order", 0),
    )


def opening_message(connection: duckdb.DuckDBPyConnection, key: str) -> Outgoing | None:
    """The message that opened a thread, as it was decided; None where the outbox has none."""
    row = connection.execute(
        "SELECT message_key, kind, action, thread_key, message FROM ops.outbox "
        "WHERE message_key = ? AND action = 'post'",
        [key],
    ).fetchone()
    if row is None:
        return None
    message_key, kind, action, thread_key, message = row
    return _outgoing(message_key, kind, action, thread_key, message, None)


def begin(connection: duckdb.DuckDBPyConnection, key: str, now: datetime) -> None:
    """Note that an attempt begins; to be committed before Slack is asked."""
    connection.execute(
        "UPDATE ops.outbox SET attempted_at = ?, attempt_count = attempt_count + 1 "
        "WHERE message_key = ?",
        [now, key],
    )


def record_delivery(
    connection: duckdb.DuckDBPyConnection,
    key: str,
    *,
    channel: str | None,
    ts: str | None,
    now: datetime,
    outcome: Outcome = Outcome.SENT,
) -> None:
    """Note that a message waits no more, and where it lies; its picture is let go."""
    connection.execute(
        "UPDATE ops.outbox SET delivered_at = ?, outcome = ?, slack_channel = ?, slack_ts = ?, "
        "last_error = NULL, attempted_at = NULL, png = NULL WHERE message_key = ?",
        [now, str(outcome), channel, ts, key],
    )


def record_failure(
    connection: duckdb.DuckDBPyConnection, key: str, error: str, *, is_certain: bool
) -> None:
    """Note why a try failed.

    Args:
        connection: to the warehouse.
        key: of the message.
        error: what happened.
        is_certain: whether Slack surely did not take the message. Otherwise it is looked for there
            before it is sent again.
    """
    connection.execute(
        "UPDATE ops.outbox SET last_error = ?, attempted_at = CASE WHEN ? THEN NULL "
        "ELSE attempted_at END WHERE message_key = ?",
        [error, is_certain, key],
    )


def bury(connection: duckdb.DuckDBPyConnection, key: str, reason: str, now: datetime) -> None:
    """Give a message up: it is a dead letter until it is queued anew."""
    connection.execute(
        "UPDATE ops.outbox SET dead_at = ?, last_error = ? WHERE message_key = ?",
        [now, reason, key],
    )


def dead(connection: duckdb.DuckDBPyConnection) -> Sequence[Dead]:
    """Messages that were given up, oldest first."""
    rows = connection.execute(
        "SELECT message_key, kind, action, thread_key, created_at, dead_at, attempt_count, "
        "coalesce(last_error, '') FROM ops.outbox WHERE dead_at IS NOT NULL "
        "AND delivered_at IS NULL ORDER BY created_at, message_key"
    ).fetchall()
    return [
        Dead(key, kind, Action(action), thread_key, created_at, dead_at, attempt_count, reason)
        for key, kind, action, thread_key, created_at, dead_at, attempt_count, reason in rows
    ]


def requeue(
    connection: duckdb.DuckDBPyConnection, now: datetime, keys: Sequence[str] | None = None
) -> list[str]:
    """Queue dead letters anew, with the others of their threads; the keys of those that were.

    Args:
        connection: to the warehouse.
        now: from when their time to be taken runs again (UTC).
        keys: of some; None for all.
    """
    chosen = _threads_of_dead(connection, keys)
    connection.execute(
        "UPDATE ops.outbox SET dead_at = NULL, requeued_at = ? "
        "WHERE list_contains(?::VARCHAR[], message_key)",
        [now, chosen],
    )
    return chosen


def dismiss(
    connection: duckdb.DuckDBPyConnection, now: datetime, keys: Sequence[str] | None = None
) -> list[str]:
    """Lay dead letters aside for good, with those of their threads; the keys of those that were.

    What is said later in such a thread stands alone, as by webhook.
    """
    chosen = _threads_of_dead(connection, keys)
    connection.execute(
        "UPDATE ops.outbox SET delivered_at = ?, outcome = ?, attempted_at = NULL, png = NULL "
        "WHERE list_contains(?::VARCHAR[], message_key)",
        [now, str(Outcome.DISMISSED), chosen],
    )
    return chosen


def _threads_of_dead(
    connection: duckdb.DuckDBPyConnection, keys: Sequence[str] | None
) -> list[str]:
    """Keys of the dead letters, all or those of the threads that some keys are of."""
    rows = connection.execute(
        "SELECT message_key FROM ops.outbox WHERE dead_at IS NOT NULL AND delivered_at IS NULL "
        "AND (? OR coalesce(thread_key, message_key) IN (SELECT coalesce(thread_key, message_key) "
        "FROM ops.outbox WHERE list_contains(?::VARCHAR[], message_key))) ORDER BY message_key",
        [keys is None, list(keys or ())],
    ).fetchall()
    return [row[0] for row in rows]
