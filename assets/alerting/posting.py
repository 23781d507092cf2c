"""From notices to the outbox: the messages that say them, with their charts and their threads."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import duckdb

from assets.alerting import outbox
from assets.alerting.course_chart import notice_png
from assets.alerting.links import Links
from assets.alerting.message import Message
from assets.alerting.message_blocks import compose, resolved_original
from assets.alerting.nearby import ContextEvent
from assets.alerting.notice import Notice, Stage
from assets.alerting.outbox import Action, Outgoing
from assets.alerting.slack_text import Escape

#: Kinds that say what people did: others stand beside no policy event.
_OF_PEOPLE = frozenset({"threshold", "change", "crossover", "trend_shift", "gap", "hub_share"})
#: The page's section that shows a table.
_ANCHORS = {
    ("mart", "engagement"): "engagement",
    ("mart", "country_ratio"): "engagement",
    ("mart", "trend_shifts"): "engagement",
    ("mart", "visibility_gap"): "visibility",
    ("core", "coverage"): "quality",
    ("ops", "alerts"): "glance",
}


@dataclass(frozen=True, slots=True)
class Form:
    """What the form of every message hangs on.

    Attributes:
        world: `sandbox` marks messages as synthetic.
        links: where they lead.
        events: policy events and releases, for context.
        escape: makes text safe in Slack's markup.
        on_problem: told why a chart could not be drawn; its message goes without.
    """

    world: str
    links: Links
    events: Sequence[ContextEvent]
    escape: Escape
    on_problem: Callable[[str], None] = lambda _problem: None

    def telling(self, on_problem: Callable[[str], None]) -> "Form":
        """The same, telling another of problems."""
        return replace(self, on_problem=on_problem)


def enqueue_notices(
    connection: duckdb.DuckDBPyConnection, notices: Iterable[Notice], form: Form, now: datetime
) -> list[str]:
    """Put what is to be said into the outbox, once for its key; the keys that were new.

    What begins opens a thread, with its chart; what goes on or ends is said in the thread. When all
    that a thread is of is over, its first message says so, too. Where the outbox knows no such
    thread, the message stands alone.
    """
    new: list[str] = []
    for place, notice in enumerate(notices):
        opening = (
            None
            if notice.thread == notice.key
            else outbox.opening_message(connection, notice.thread)
        )
        made = [
            replace(each, order=10 * place + each.order) for each in outgoing(notice, form, opening)
        ]
        new += [each.key for each in made if outbox.enqueue(connection, each, now)]
    return new


def outgoing(notice: Notice, form: Form, opening: Outgoing | None) -> list[Outgoing]:
    """The messages of a notice, in their order.

    Args:
        notice: what is to be said.
        form: of messages.
        opening: the message that opened its thread; None where it opens one, or none is known.
    """
    anchored = replace(notice, anchor=_ANCHORS.get(notice.asset or ("", ""), ""))
    events = form.events if notice.kind in _OF_PEOPLE else ()
    message = compose(
        anchored, world=form.world, links=form.links, events=events, escape=form.escape
    )
    is_reply = opening is not None
    first = Outgoing(
        key=notice.key,
        kind=notice.kind,
        action=Action.REPLY if is_reply else Action.POST,
        thread_key=notice.thread if is_reply else None,
        text=message.text,
        blocks=_blocks(message),
        is_broadcast=is_reply and notice.stage is Stage.RESOLVED,
    )
    made = [first]
    if opening is not None and notice.stage is Stage.RESOLVED and notice.is_last:
        made.append(_changed_opening(notice, opening))
    if notice.stage is Stage.FIRING:
        made += _chart(notice, message, events, form)
    return made


def _changed_opening(notice: Notice, opening: Outgoing) -> Outgoing:
    original = Message(
        opening.key, opening.key, opening.kind, Stage.FIRING, opening.text, opening.blocks
    )
    changed = resolved_original(original, day=notice.day)
    return Outgoing(
        key=f"{notice.key}:opening",
        kind=notice.kind,
        action=Action.UPDATE,
        thread_key=notice.thread,
        text=changed.text,
        blocks=_blocks(changed),
        order=1,
    )


def _chart(
    notice: Notice, message: Message, events: Sequence[ContextEvent], form: Form
) -> list[Outgoing]:
    """The chart of what begins; none where there is nothing to draw, or it cannot be drawn."""
    try:
        png = notice_png(notice, events, world=form.world)
    except Exception as error:
        form.on_problem(f"{notice.key}: its chart could not be drawn: {error!r}"[:500])
        return []
    if png is None or not message.alt_text:
        return []
    title = notice.course.title if notice.course else notice.title
    return [
        Outgoing(
            key=f"{notice.key}:chart",
            kind=notice.kind,
            action=Action.CHART,
            thread_key=notice.key,
            text=title,
            blocks=(),
            png=png,
            alt_text=message.alt_text,
            order=2,
        )
    ]


def _blocks(message: Message) -> tuple[dict[str, object], ...]:
    return tuple(dict(block) for block in message.blocks)
