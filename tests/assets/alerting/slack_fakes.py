"""A Slack in memory that fails as it is told to, and an outbox to deliver from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from assets.alerting.outbox import Action, Outgoing
from assets.alerting.port import Failures

START = datetime(2026, 11, 1, 12, tzinfo=UTC)


class FailedError(Exception):
    """All of Slack fails: a limit, a token, no connection."""


class UnansweredError(FailedError):
    pass


class FaultyError(FailedError):
    pass


class RejectedError(FailedError):
    pass


class UnfindableError(FailedError):
    pass


FAILURES = Failures(FailedError, UnansweredError, FaultyError, RejectedError, UnfindableError)


@dataclass(frozen=True)
class Lying:
    """Where a message of the fake lies."""

    channel: str
    ts: str | None


@dataclass
class FakeSlack:
    """Remembers every call; `plan` says of a key's next sends what they raise.

    A planned failure with `is_taken` stores the message first, as Slack may. So many looks as
    `blind_looks` says find nothing, as Slack shows a message some time after it took it.
    """

    has_threads: bool = True
    plan: dict[str, list[tuple[type[Exception], bool]]] = field(default_factory=dict)
    looks: list[type[Exception]] = field(default_factory=list)
    blind_looks: int = 0
    messages: list[dict[str, object]] = field(default_factory=list)
    calls: list[tuple[str, str]] = field(default_factory=list)

    def fails(self, key: str, error: type[Exception], *, is_taken: bool = False) -> None:
        """Have the next send of a message fail."""
        self.plan.setdefault(key, []).append((error, is_taken))

    def keys(self) -> list[object]:
        """The keys of what is in Slack, in order."""
        return [message["key"] for message in self.messages]

    def _take(self, method: str, key: str, **message: object) -> Lying:
        self.calls.append((method, key))
        planned = self.plan.get(key) or []
        error, is_taken = planned.pop(0) if planned else (None, True)
        if is_taken:
            self.messages.append({"key": key, "method": method, **message})
        if error:
            raise error(f"planned {error.__name__}")
        return Lying("C1", f"{len(self.messages)}.0" if self.has_threads else None)

    def post(self, text: str, blocks: Sequence[Mapping[str, object]], *, key: str) -> Lying:
        return self._take("post", key, text=text, blocks=list(blocks), thread_ts=None)

    def reply(
        self,
        channel: str,
        thread_ts: str,
        text: str,
        blocks: Sequence[Mapping[str, object]],
        *,
        key: str,
        is_broadcast: bool,
    ) -> Lying:
        return self._take("reply", key, text=text, thread_ts=thread_ts, is_broadcast=is_broadcast)

    def update(
        self, channel: str, ts: str, text: str, blocks: Sequence[Mapping[str, object]]
    ) -> Lying:
        return self._take("update", text, text=text, thread_ts=ts)

    def upload_chart(
        self, channel: str, thread_ts: str, png: bytes, *, key: str, title: str, alt_text: str
    ) -> Lying:
        return self._take("chart", key, png=png, alt_text=alt_text, thread_ts=thread_ts)

    def find_message(
        self, key: str, *, since: datetime, channel: str | None, thread_ts: str | None
    ) -> Lying | None:
        self.calls.append(("look", key))
        if self.looks:
            raise self.looks.pop(0)("planned")
        if self.blind_looks:
            self.blind_looks -= 1
            return None
        for number, message in enumerate(self.messages, 1):
            if message["key"] == key and message["thread_ts"] == thread_ts:
                return Lying("C1", f"{number}.0")
        return None

    def find_chart(
        self, key: str, *, since: datetime, channel: str, thread_ts: str
    ) -> Lying | None:
        return self.find_message(key, since=since, channel=channel, thread_ts=thread_ts)


@dataclass
class Clock:
    """A time that a test moves on."""

    moment: datetime = START

    def __call__(self) -> datetime:
        return self.moment

    def pass_by(self, **span: float) -> None:
        """Move on."""
        self.moment += timedelta(**span)


def post(key: str, **others: object) -> Outgoing:
    return Outgoing(key, "gap", Action.POST, None, f"text of {key}", (), **others)  # type: ignore[arg-type]


def reply(key: str, thread: str, **others: object) -> Outgoing:
    return Outgoing(key, "gap", Action.REPLY, thread, f"text of {key}", (), **others)  # type: ignore[arg-type]


def update(key: str, thread: str, **others: object) -> Outgoing:
    """An update; its key is its text, as the fake's update is told no key."""
    return Outgoing(key, "gap", Action.UPDATE, thread, key, (), **others)  # type: ignore[arg-type]


def chart(key: str, thread: str, **others: object) -> Outgoing:
    return Outgoing(
        key,
        "gap",
        Action.CHART,
        thread,
        f"title of {key}",
        (),
        png=b"\x89PNG",
        alt_text="a line that rises",
        **others,  # type: ignore[arg-type]
    )
