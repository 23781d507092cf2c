"""The form of a message: a notice as Block Kit blocks within Slack's limits, and as plain text.

Texts of a notice are data, whoever wrote them: each is bounded and stripped of markup where it is
put, and the number of them is bounded, so that no notice makes a message that Slack refuses.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any

from assets.alerting.course_words import alt_text
from assets.alerting.limits import MAX_HEADER, MAX_TEXT
from assets.alerting.links import Links, linked
from assets.alerting.message import Block, Message
from assets.alerting.nearby import ContextEvent, begins, nearest
from assets.alerting.notice import Finding, Notice, Stage
from assets.alerting.slack_text import Escape, cut, markup, plain, size
from assets.alerting.wording import (
    MEASURE,
    PERIOD,
    SUBJECT,
    Say,
    bounds,
    clauses,
    day_words,
    number,
    passed_level,
    sentence,
    soundness,
)

_MOST_FINDINGS = {Stage.FIRING: 10, Stage.UPDATE: 10, Stage.RESOLVED: 10, Stage.NOTE: 20}
_MOST_REMARKS = {Stage.FIRING: 5, Stage.UPDATE: 3, Stage.RESOLVED: 3, Stage.NOTE: 30}
_MOST_RULES = 10
# Most characters. Together with what frames them they stay under what Slack takes of one message.
_ROOM_OF_FINDINGS, _ROOM_OF_REMARKS = 3_000, 2_000
_TITLE, _BASIS, _SHORT_BASIS, _REMARK, _EVENT, _RULE = 140, 600, 120, 600, 300, 65
_STAGES = {Stage.FIRING: "Firing", Stage.UPDATE: "Update", Stage.RESOLVED: "Resolved"}
_OF_UPSTREAM = {
    Stage.FIRING: "Upstream",
    Stage.UPDATE: "Upstream, update",
    Stage.RESOLVED: "Upstream, resolved",
}


def compose(
    notice: Notice, *, world: str, links: Links, events: Iterable[ContextEvent], escape: Escape
) -> Message:
    """The message that a notice makes.

    What opens a thread, and a note, has a header, its figures set apart, what happened shortly
    before, and links; what goes on in a thread is short.

    Args:
        notice: what is to be said.
        world: anything but `live` marks the message as synthetic.
        links: where readers find more.
        events: policy events and releases, of which the nearest before are named as context.
        escape: makes `&`, `<` and `>` safe in Slack's markup.
    """
    say = partial(markup, escape=escape)
    more = _more(notice, links, escape, say)
    if notice.stage in (Stage.FIRING, Stage.NOTE):
        blocks = [
            {"type": "header", "text": _plain_text(_head(notice, world, plain, MAX_HEADER))},
            *_figures(notice, say, more),
            *_remarks(notice, say, more),
            *_context(_rests_on(notice, say)),
            *_context(_happened(notice, events, say)),
            *_context(_leads_to(notice, links, escape, say)),
        ]
    else:
        head = f"*{_head(notice, world, say, MAX_HEADER)}*"
        blocks = [
            *_sections([head, *_lines(notice, say, more)]),
            *_remarks(notice, say, more),
            *_context(_rests_on(notice, say)),
        ]
    return Message(
        key=notice.key,
        thread=notice.thread,
        kind=notice.kind,
        stage=notice.stage,
        text=_fallback(notice, world, say),
        blocks=tuple(blocks),
        alt_text="" if notice.course is None else alt_text(notice.course, world=world),
    )


def resolved_original(original: Message, *, day: date) -> Message:
    """The message that opened a thread, once its alert is resolved: for chat.update.

    Args:
        original: as it was composed; one that is resolved already is returned as it is.
        day: since which (UTC) it is resolved.
    """
    if original.stage is Stage.RESOLVED:
        return original
    words = _OF_UPSTREAM if original.kind == "upstream" else _STAGES
    was, now = f"{words[Stage.FIRING]}: ", f"{words[Stage.RESOLVED]}: "
    blocks = list(original.blocks)
    place = 0
    if blocks and blocks[0].get("type") == "header":
        head = str(blocks[0]["text"]["text"]).replace(was, now, 1)
        blocks[0] = {**blocks[0], "text": _plain_text(cut(head, MAX_HEADER))}
        place = 1
    line = f"*Resolved since {day_words(day)}.* Below is what was said when it fired."
    blocks[place:place] = _sections([line])
    return replace(
        original,
        stage=Stage.RESOLVED,
        text=original.text.replace(was, now, 1),
        blocks=tuple(blocks),
    )


def _head(notice: Notice, world: str, form: Callable[[str, int], str], limit: int) -> str:
    """Stage and title, marked where the data is synthetic; the title is cut to what is left."""
    words = _OF_UPSTREAM if notice.kind == "upstream" else _STAGES
    prefix = "" if world == "live" else f"[{plain(world, 20)}, synthetic] "
    if notice.stage in words:
        prefix += f"{words[notice.stage]}: "
    return prefix + form(notice.title, limit - size(prefix))


def _fallback(notice: Notice, world: str, say: Say) -> str:
    """The finding in a sentence or two."""
    head = _head(notice, world, say, 2 * _TITLE)
    if notice.findings:
        first = sentence(notice.findings[0], say)
        left = len(notice.findings) - 1
        return f"{head}\n{first}" + (f" And {left} more." if left else "")
    first_remark = f"\n{say(notice.remarks[0], _REMARK)}" if notice.remarks else ""
    return head + first_remark


def _figures(notice: Notice, say: Say, more: str) -> list[Block]:
    """The findings: one with its figures set apart, several as a list."""
    if len(notice.findings) == 1:
        return [_one(notice.findings[0], say)]
    return _sections(_lines(notice, say, more))


def _one(finding: Finding, say: Say) -> Block:
    """A finding of which each figure has a field: beside each other, or one a line on a phone."""
    fields = []
    if finding.now is not None:
        now = f"*{number(finding.unit, finding.now.value)}*, {bounds(finding.unit, finding.now)}"
        fields.append(f"*{say(finding.period, PERIOD)}*\n{now}")
    if finding.before is not None:
        when = say(finding.before_period, PERIOD) if finding.before_period else ""
        before = f"{number(finding.unit, finding.before.value)}, "
        before += bounds(finding.unit, finding.before)
        fields.append(f"*Before{f', {when}' if when else ''}*\n{before}")
    if finding.since is not None:
        fields.append(f"*Since*\n{day_words(finding.since)}")
    if level := passed_level(finding):
        fields.append(f"*Level*\n{level}")
    return {
        "type": "section",
        "text": _mrkdwn(f"*{say(finding.subject, SUBJECT)}*: {say(finding.measure, MEASURE)}"),
        "fields": [_mrkdwn(field) for field in fields],
    }


def _lines(notice: Notice, say: Say, more: str) -> list[str]:
    """The findings as a list; what all of them have in common is said once, above it."""
    findings = notice.findings
    if not findings:
        return []
    if len(findings) == 1:
        return [sentence(findings[0], say, is_bold=True)]
    first = findings[0]
    is_common = _is_same((each.measure, each.period, each.unit) for each in findings)
    lead = f"{say(first.measure, MEASURE)}, {say(first.period, PERIOD)}"
    if first.now is not None:
        lead += "; 95 % intervals in brackets"
    lines = []
    for each in findings[: _MOST_FINDINGS[notice.stage]]:
        said = clauses(each, say, is_bold=True, is_short=is_common)
        if each.soundness and not _is_same(one.soundness for one in findings):
            said.append(soundness(each, say))
        if each.basis and not _is_same(one.basis for one in findings):
            said.append(say(each.basis, _SHORT_BASIS))
        lines.append(f"• {'; '.join(said)}")
    listed = _bounded(lines, len(findings), _ROOM_OF_FINDINGS, more)
    return [lead, *listed] if is_common else listed


def _remarks(notice: Notice, say: Say, more: str) -> list[Block]:
    remarks = notice.remarks
    bullet = "• " if len(remarks) > 1 else ""
    lines = [f"{bullet}{say(each, _REMARK)}" for each in remarks[: _MOST_REMARKS[notice.stage]]]
    return _sections(_bounded(lines, len(remarks), _ROOM_OF_REMARKS, more))


def _rests_on(notice: Notice, say: Say) -> list[str]:
    """Basis, sources and rules: what of it all findings have in common."""
    findings = notice.findings
    said = []
    if findings and findings[0].basis and _is_same(each.basis for each in findings):
        said.append(say(findings[0].basis, _BASIS))
    if findings and findings[0].soundness and _is_same(each.soundness for each in findings):
        said.append(f"{soundness(findings[0], say)}.")
    if rules := notice.rule_ids:
        named = [say(each, _RULE) for each in rules[:_MOST_RULES]]
        left = len(rules) - len(named)
        names = ", ".join(named) + (f" and {left} more" if left else "")
        said.append(f"{'Rule' if len(rules) == 1 else 'Rules'} {names}.")
    return said


def _happened(notice: Notice, events: Iterable[ContextEvent], say: Say) -> list[str]:
    """The nearest events, numbered as in the chart."""
    if not notice.findings:
        return []
    near = nearest(events, begins(notice))
    if not near:
        return []
    named = [f"{sign}: {each.day}, {say(each.text, _EVENT)}" for sign, each in enumerate(near, 1)]
    return ["For context, not as a cause:", *named]


def _leads_to(notice: Notice, links: Links, escape: Escape, say: Say) -> list[str]:
    found = []
    if page := links.page(notice.anchor):
        found.append(linked(page, "Figures on the page", escape))
    if notice.asset is not None and (asset := links.asset(notice.asset)):
        found.append(linked(asset, f"{_table(notice.asset, say)} in Dagster", escape))
    return [" · ".join(found)] if found else []


def _more(notice: Notice, links: Links, escape: Escape, say: Say) -> str:
    """Where what a list leaves out is to be found; empty where nobody could follow."""
    if page := links.page(notice.anchor):
        return f", all of them {linked(page, 'on the page', escape)}"
    return "" if notice.asset is None else f", all of them in {_table(notice.asset, say)}"


def _table(asset: tuple[str, str], say: Say) -> str:
    return say(".".join(asset).replace("|", "¦"), 80)


def _bounded(lines: Sequence[str], count: int, room: int, more: str) -> list[str]:
    """As many of the lines as there is room for, and how many of `count` are left out."""
    kept: list[str] = []
    for line in lines:
        room -= size(line) + 1
        if room < 0:
            break
        kept.append(line)
    left = count - len(kept)
    return [*kept, f"And {left:,} more{more}."] if left else kept


def _sections(lines: Iterable[str]) -> list[Block]:
    """Lines in as few sections as hold them."""
    texts: list[str] = []
    for line in lines:
        if texts and size(texts[-1]) + 1 + size(line) <= MAX_TEXT:
            texts[-1] += f"\n{line}"
        else:
            texts.append(line)
    return [{"type": "section", "text": _mrkdwn(text)} for text in texts]


def _context(lines: Sequence[str]) -> list[Block]:
    """Small print, none without a line."""
    if not lines:
        return []
    return [{"type": "context", "elements": [_mrkdwn("\n".join(lines))]}]


def _is_same(values: Iterable[object]) -> bool:
    return len(set(values)) == 1


def _plain_text(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text, "emoji": False}


def _mrkdwn(text: str) -> dict[str, Any]:
    # Verbatim: Slack makes no links of addresses and names of its own accord.
    return {"type": "mrkdwn", "text": text, "verbatim": True}
