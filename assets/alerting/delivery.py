"""Delivers the outbox to Slack: each message arrives, and none twice, whatever fails in between.

An attempt is written down before Slack is asked. Where nothing was written afterwards, or Slack
said that it failed, the message is looked for in Slack, by the key that it carries, before it is
sent again. So a process that is killed at any point leaves nothing behind but a question. After a
restore every message is looked for: the outbox is older than Slack then.
"""

import fcntl
import logging
import re
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from assets.alerting import outbox
from assets.alerting.outbox import Action, Opening, Outcome, Outgoing, Waiting
from assets.alerting.port import Failures, Posted, Slack

_MOST_BLOCKS = 50
_MOST_FAILURES = 3  # of messages in a row: what fails then is Slack
_LONGEST_TITLE = 150
_AGAIN = "Possibly sent before: no answer came to an earlier attempt, and it cannot be looked for."
_HALF_ESCAPE = re.compile(r"&[a-z]*\Z")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Policy:
    """How long and how often is tried.

    Attributes:
        dead_after: from its decision on; then a message that failed again is a dead letter.
        settle: how long an attempt without an answer is left alone: Slack may still be at it, and
            shows a chart only some time after it took it.
        tries: of a message in one round.
        most_seconds: that a round takes; no attempt begins afterwards.
        clock_margin: by how much Slack's clock and ours may differ.
    """

    dead_after: timedelta = timedelta(hours=24)
    settle: timedelta = timedelta(minutes=1)
    tries: int = 3
    most_seconds: float = 45.0
    clock_margin: timedelta = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Delivered:
    """What a round did.

    Attributes:
        sent: messages that Slack took.
        found: that an earlier attempt had brought to Slack.
        skipped: that were no more to be sent, or cannot be by webhook.
        failed: that were tried and wait.
        waiting: that wait now, tried or not.
        buried: key and reason of new dead letters.
        stopped: why the round ended early; empty where it did not.
    """

    sent: int = 0
    found: int = 0
    skipped: int = 0
    failed: int = 0
    waiting: int = 0
    buried: tuple[tuple[str, str], ...] = ()
    stopped: str = ""

    @property
    def delivered(self) -> int:
        """Messages that are in Slack since this round, as far as the outbox knows."""
        return self.sent + self.found


class _StoppedError(Exception):
    """The round ends here; the text says why."""


Transaction = Callable[[], AbstractContextManager[duckdb.DuckDBPyConnection]]


def deliver(
    slack: Slack,
    transaction: Transaction,
    *,
    failures: Failures,
    lock: Path,
    now: Callable[[], datetime],
    policy: Policy | None = None,
    sleep: Callable[[float], None] | None = None,
    unknown_since: datetime | None = None,
) -> Delivered:
    """One round over what waits in the outbox, in the order in which it was decided.

    Opening messages go before their threads, and threads with a message of which it is not known
    whether Slack has it come last. A message that fails holds up its own thread and no other. The
    warehouse is not held while Slack answers, and only one process delivers at a time: where
    another one does, nothing is done.

    Args:
        slack: a workspace or a webhook.
        transaction: a transaction on the warehouse, committed at its end.
        failures: what the client raises.
        lock: file that says whose turn it is.
        now: the time (UTC).
        policy: how long and how often is tried.
        sleep: waits some seconds between two tries; None for `time.sleep`.
        unknown_since: from when on (UTC) Slack may have messages that the outbox has not: of a
            backup that was restored; None where there is none.
    """
    with delivery_turn(lock) as is_ours:
        if not is_ours:
            with transaction() as connection:
                waiting = len(outbox.waiting(connection))
            return Delivered(waiting=waiting, stopped="another process delivers")
        limits, wait = policy or Policy(), sleep or time.sleep
        return _Round(slack, transaction, failures, now, limits, wait, unknown_since).run()


@contextmanager
def delivery_turn(path: Path) -> Iterator[bool]:
    """Whether this process may deliver now; the system ends the turn with the process."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


@dataclass(slots=True)
class _Round:
    """One round: what it knows of threads, and what it has done."""

    slack: Slack
    transaction: Transaction
    failures: Failures
    now: Callable[[], datetime]
    policy: Policy
    sleep: Callable[[float], None]
    unknown_since: datetime | None = None
    done: Delivered = field(default_factory=Delivered)
    openings: dict[str, Opening] = field(default_factory=dict)
    held_up: set[str] = field(default_factory=set)
    failures_in_row: int = 0
    last_error: str = ""
    deadline: float = 0.0

    def run(self) -> Delivered:
        """Deliver what waits."""
        self.deadline = time.monotonic() + self.policy.most_seconds
        with self.transaction() as connection:
            rows = outbox.waiting(connection)
        # Else a few messages that fail again and again would be all that is ever tried.
        in_question = {row.outgoing.thread for row in rows if row.attempted_at is not None}
        try:
            for row in sorted(rows, key=lambda row: row.outgoing.thread in in_question):
                if time.monotonic() >= self.deadline:
                    raise _StoppedError("its time was over")
                if row.outgoing.thread not in self.held_up:
                    self._take(row)
        except _StoppedError as stop:
            self.done = replace(self.done, stopped=str(stop))
        with self.transaction() as connection:
            return replace(self.done, waiting=len(outbox.waiting(connection)))

    def _take(self, row: Waiting) -> None:
        """Deliver a message, or see that it has to wait, or never can be."""
        message = row.outgoing
        if message.action is Action.POST:
            self._deliver(row, None)
            return
        opening = self.openings.get(message.thread) or row.opening
        if opening is None:
            if self._is_old(row):
                self._bury(row, f"its opening message {message.thread} is not in the outbox")
        elif opening.is_dead:
            self._bury(row, f"its opening message {message.thread} is a dead letter")
        elif opening.is_delivered:
            if row.is_superseded:
                self._skip(row, Outcome.SUPERSEDED)
            elif message.action is not Action.REPLY and self._thread_ts(opening) is None:
                self._skip(row, Outcome.SKIPPED)
            else:
                self._deliver(row, opening)

    def _thread_ts(self, opening: Opening | None) -> str | None:
        """Slack's id of a thread that can be written into."""
        return opening.ts if opening and self.slack.has_threads else None

    def _deliver(self, row: Waiting, opening: Opening | None) -> None:
        """Look for a message where it may be there already, else send it; a few tries."""
        action = row.outgoing.action
        # To update twice does no harm.
        is_findable = action is not Action.UPDATE
        in_question = row.attempted_at is not None
        may_be_there = is_findable and (in_question or self.unknown_since is not None)
        if may_be_there and not self._has_settled(row):
            self._hold_up(row)
            return
        for turn in range(self.policy.tries):
            if turn and time.monotonic() >= self.deadline:
                break
            if turn:
                self.sleep(float(2**turn - 1))
            try:
                self._attempt(row, opening, may_be_there=may_be_there, in_question=in_question)
            except self.failures.rejected as error:
                self._fail(row, error, is_certain=not in_question)
                self._bury(row, str(error))
                return
            except self.failures.unanswered as error:
                self._fail(row, error, is_certain=False)
                break
            except self.failures.faulty as error:
                self._fail(row, error, is_certain=False)
                in_question = True
                may_be_there = is_findable
                # A chart shows late, and by webhook there is no looking.
                if action is Action.CHART or not self.slack.has_threads:
                    break
            except self.failures.failed as error:
                # That this one did not reach Slack says nothing of an earlier one.
                self._fail(row, error, is_certain=not in_question)
                self._give_up_if_old(row)
                raise _StoppedError(str(error)) from error
            else:
                self.failures_in_row = 0
                return
        self._give_up_if_old(row)
        self._give_way(row)

    def _attempt(
        self, row: Waiting, opening: Opening | None, *, may_be_there: bool, in_question: bool
    ) -> None:
        """Record a message that is there, or send it and record that."""
        is_sent_blindly = False
        if may_be_there:
            try:
                if (posted := self._find(row, opening)) is not None:
                    self._record(row, posted, Outcome.FOUND)
                    return
            except self.failures.unfindable:
                is_sent_blindly = in_question
        with self.transaction() as connection:
            outbox.begin(connection, row.outgoing.key, self.now())
        message = _marked(row.outgoing) if is_sent_blindly else row.outgoing
        self._record(row, self._send(message, opening), Outcome.SENT)

    def _find(self, row: Waiting, opening: Opening | None) -> Posted | None:
        """A message in Slack by its key."""
        now = self.now()
        since = min(row.created_at, now, self.unknown_since or now) - self.policy.clock_margin
        key, thread_ts = row.outgoing.key, self._thread_ts(opening)
        channel = opening.channel if opening and thread_ts else None
        try:
            if row.outgoing.action is Action.CHART and channel and thread_ts:
                return self.slack.find_chart(key, since=since, channel=channel, thread_ts=thread_ts)
            return self.slack.find_message(key, since=since, channel=channel, thread_ts=thread_ts)
        except (self.failures.unfindable, self.failures.unanswered, self.failures.faulty):
            raise
        except self.failures.failed as error:
            # Nothing is known of the earlier attempt yet.
            self._fail(row, error, is_certain=False)
            self._give_up_if_old(row)
            raise _StoppedError(str(error)) from error

    def _send(self, message: Outgoing, opening: Opening | None) -> Posted:
        """Ask Slack to do what the message is for."""
        thread_ts = self._thread_ts(opening)
        if opening is None:
            return self.slack.post(message.text, message.blocks, key=message.key)
        if opening.channel is None or thread_ts is None:
            alone = _titled(message, opening)
            return self.slack.post(alone.text, alone.blocks, key=message.key)
        if message.action is Action.UPDATE:
            return self.slack.update(opening.channel, thread_ts, message.text, message.blocks)
        if message.action is Action.CHART:
            return self.slack.upload_chart(
                opening.channel,
                thread_ts,
                message.png or b"",
                key=message.key,
                title=message.text,
                alt_text=message.alt_text,
            )
        return self.slack.reply(
            opening.channel,
            thread_ts,
            message.text,
            message.blocks,
            key=message.key,
            is_broadcast=message.is_broadcast,
        )

    def _record(self, row: Waiting, posted: Posted, outcome: Outcome) -> None:
        message, is_found = row.outgoing, outcome is Outcome.FOUND
        with self.transaction() as connection:
            outbox.record_delivery(
                connection,
                message.key,
                channel=posted.channel,
                ts=posted.ts,
                now=self.now(),
                outcome=outcome,
            )
        self.openings[message.key] = Opening(message.text, True, False, posted.channel, posted.ts)
        self.done = replace(
            self.done, sent=self.done.sent + (not is_found), found=self.done.found + is_found
        )

    def _skip(self, row: Waiting, outcome: Outcome) -> None:
        with self.transaction() as connection:
            outbox.record_delivery(
                connection,
                row.outgoing.key,
                channel=None,
                ts=None,
                now=self.now(),
                outcome=outcome,
            )
        self.done = replace(self.done, skipped=self.done.skipped + 1)

    def _fail(self, row: Waiting, error: Exception, *, is_certain: bool) -> None:
        with self.transaction() as connection:
            outbox.record_failure(connection, row.outgoing.key, str(error), is_certain=is_certain)
        self.last_error = str(error)

    def _give_up_if_old(self, row: Waiting) -> None:
        if self._is_old(row):
            hours = self.policy.dead_after.total_seconds() / 3600
            self._bury(row, f"given up after {hours:g} hours: {self.last_error}")

    def _give_way(self, row: Waiting) -> None:
        """Leave a message that failed to the next round."""
        self._hold_up(row)
        self.done = replace(self.done, failed=self.done.failed + 1)
        self.failures_in_row += 1
        if self.failures_in_row >= _MOST_FAILURES:
            raise _StoppedError(f"{self.failures_in_row} messages in a row failed")

    def _hold_up(self, row: Waiting) -> None:
        """What follows in the thread waits too; a chart may come whenever it does."""
        if row.outgoing.action is not Action.CHART:
            self.held_up.add(row.outgoing.thread)

    def _has_settled(self, row: Waiting) -> bool:
        if row.attempted_at is None:
            return True
        elapsed = self.now() - row.attempted_at
        # A clock that was set back would hold a message up for as long as it was ahead.
        return not timedelta(0) <= elapsed < self.policy.settle

    def _is_old(self, row: Waiting) -> bool:
        return self.now() - row.since >= self.policy.dead_after

    def _bury(self, row: Waiting, reason: str) -> None:
        message = row.outgoing
        with self.transaction() as connection:
            outbox.bury(connection, message.key, reason, self.now())
        self.openings[message.key] = Opening(message.text, False, True, None, None)
        self.done = replace(self.done, buried=(*self.done.buried, (message.key, reason)))
        _log.error("dead letter %s: %s", message.key, reason)


def _titled(message: Outgoing, opening: Opening) -> Outgoing:
    """A reply as a message of its own, under the title of its thread."""
    title = (opening.text.strip().splitlines() or [""])[0][:_LONGEST_TITLE]
    # The text is escaped: half a sign at the cut would be read as one of its own.
    title = _HALF_ESCAPE.sub("", title)
    return _with_remark(message, title, is_before=True)


def _marked(message: Outgoing) -> Outgoing:
    """A message that says that it may be there twice."""
    return _with_remark(message, _AGAIN, is_before=False)


def _with_remark(message: Outgoing, remark: str, *, is_before: bool) -> Outgoing:
    block: dict[str, object] = {
        "type": "context",
        "elements": [{"type": "mrkdwn", "text": remark, "verbatim": True}],
    }
    texts = (remark, message.text) if is_before else (message.text, remark)
    blocks = message.blocks
    if 0 < len(blocks) < _MOST_BLOCKS:
        blocks = (block, *blocks) if is_before else (*blocks, block)
    return replace(message, text="\n".join(texts), blocks=blocks)
