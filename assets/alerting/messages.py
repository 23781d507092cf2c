"""What a message says: the figure, its interval, its date, and what it rests on."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from assets.alerting.gap import GapTransition
from assets.alerting.rules import GapRule, ThresholdRule
from assets.alerting.threshold import State, Transition
from assets.alerting.upstream import SourceCapture, UpstreamTransition, lost_groups

_MOST_LOSSES = 4  # of this length, escaped, they fit a section
MAX_SECTION_LENGTH = 3000
_LONGEST_ESCAPE = len("&amp;")
_MAX_RAW_LENGTH = MAX_SECTION_LENGTH // _LONGEST_ESCAPE  # escaped, it still fits a section

_USERS = {
    "us_company": "U.S. companies",
    "us_education": "U.S. universities and schools",
    "us_all": "All users in the U.S.",
    "all": "All users",
}


@dataclass(frozen=True, slots=True)
class Message:
    """A message before it is sent: plain text, and Block Kit blocks."""

    key: str
    kind: str
    text: str
    blocks: tuple[dict[str, object], ...]

    def to_json(self) -> str:
        """Text and blocks as the outbox keeps them."""
        return json.dumps({"text": self.text, "blocks": list(self.blocks)}, ensure_ascii=False)


def threshold_message(
    transition: Transition, *, world: str, escape: Callable[[str], str]
) -> Message:
    """The message for a rule that fired or cleared.

    Args:
        transition: what happened.
        world: `sandbox` marks the message as synthetic.
        escape: makes text safe in Slack's markup.
    """
    rule, reading = transition.rule, transition.reading
    head = _head(rule, transition.after, world)
    side, level = _beyond(rule, transition.after)
    figure = (
        f"{rule.country}: {reading.value:.1%} of located accounts in {rule.event_group} on "
        f"{reading.day} (UTC), 95 % interval {reading.ci_low:.1%} to {reading.ci_high:.1%}, "
        f"wholly {side} {level:.1%}."
    )
    basis = (
        f"{reading.located_actor_count} located accounts; {reading.unknown_share:.1%} of active "
        f"accounts have no known country. Source: hourly event archives, all 24 files whole. "
        f"Rule {rule.id}."
    )
    return _message(transition.key, "threshold", head, figure, basis, escape)


def gap_message(transition: GapTransition, *, world: str, escape: Callable[[str], str]) -> Message:
    """The message for a gap between use and patents that went beyond a level, or back."""
    rule, reading = transition.rule, transition.reading
    side, level = _beyond(rule, transition.after)
    figure = (
        f"{_USERS[rule.user_kind]}: {reading.gap_pp:.1f} percentage points between use and "
        f"patents of Chinese-origin open models, patents by {rule.basis} in "
        f"{reading.cohort_month:%Y-%m}, 95 % interval {reading.ci_low:.1f} to "
        f"{reading.ci_high:.1f}, wholly {side} {level:.1f}."
    )
    basis = (
        f"{reading.use_share:.1%} of {reading.use_count} papers and {reading.patent_share:.1%} of "
        f"{reading.patent_count} U.S. patents that name any open model name one of Chinese origin. "
        f"A cohort is evaluated once its patents are public and all weekly files read. "
        f"Rule {rule.id}."
    )
    head = _head(rule, transition.after, world)
    return _message(transition.key, "gap", head, figure, basis, escape)


def upstream_message(
    transition: UpstreamTransition, *, world: str, escape: Callable[[str], str]
) -> Message:
    """The message for sources that began to capture much less than usual, or capture it again."""
    rule, is_firing = transition.rule, transition.after is State.FIRING
    head = f"{'Upstream' if is_firing else 'Upstream, resolved'}: {rule.title}"
    if world != "live":
        head = f"[{world}, synthetic] {head}"
    if is_firing:
        lines = [_loss(each, transition.day) for each in transition.lost[:_MOST_LOSSES]]
        if len(transition.lost) > _MOST_LOSSES:
            lines.append(f"And {len(transition.lost) - _MOST_LOSSES} more.")
        basis = (
            "This is a loss at the source, no trend. While what all sources together captured is "
            f"degraded, rules on {', '.join(lost_groups(transition.lost))} are held. "
            f"{_still(transition)}Rule {rule.id}."
        )
    else:
        lines = [
            f"{transition.source} captured as much of {', '.join(transition.groups)} as usual on "
            f"{transition.day} (UTC) again."
        ]
        basis = (
            f"Rules that were held go on from where they stood. {_still(transition)}Rule {rule.id}."
        )
    text = "\n".join(lines)[:_MAX_RAW_LENGTH]
    return _message(transition.key, "upstream", head, text, basis, escape)


def _still(transition: UpstreamTransition) -> str:
    if not transition.still:
        return ""
    return f"{transition.source} still loses {', '.join(transition.still)}. "


def _head(rule: ThresholdRule | GapRule, after: State, world: str) -> str:
    head = f"{'Firing' if after is State.FIRING else 'Resolved'}: {rule.title}"
    return head if world == "live" else f"[{world}, synthetic] {head}"


def _beyond(rule: ThresholdRule | GapRule, after: State) -> tuple[str, float]:
    """The side of which level the whole interval lies on."""
    if after is State.FIRING:
        return rule.direction, rule.fire
    return {"above": "below", "below": "above"}[rule.direction], rule.clear


def _message(
    key: str, kind: str, head: str, text: str, basis: str, escape: Callable[[str], str]
) -> Message:
    blocks: tuple[dict[str, object], ...] = (
        {"type": "header", "text": {"type": "plain_text", "text": head[:150]}},
        {"type": "section", "text": {"type": "mrkdwn", "text": escape(text)}},
        {"type": "context", "elements": [{"type": "mrkdwn", "text": escape(basis)}]},
    )
    return Message(key, kind, escape(f"{head}\n{text}"), blocks)


def _loss(each: SourceCapture, day: date) -> str:
    total = each.estimated_events
    events = "none seen" if total is None else f"about {total:,.0f} events"
    return (
        f"{each.source} captured {each.rate:.0%} of {each.event_type} on {day} (UTC), 95 % "
        f"interval {each.ci_low:.0%} to {each.ci_high:.0%}; usual {each.usual_rate:.0%} (by "
        f"{each.yardstick.replace('_', ' ')}, {events})."
    )


def failed_run_message(
    *, run_id: str, job: str, partitions: str, error: str, escape: Callable[[str], str], world: str
) -> Message:
    """The message for a run that failed, sent once a run.

    `error` and `partitions` are cut to fit; the Dagster UI has them whole.
    """
    head = f"Run failed: {job}"
    if world != "live":
        head = f"[{world}, synthetic] {head}"
    what = f"Run {run_id}. Partitions: {partitions or 'none'}."[:_MAX_RAW_LENGTH]
    first = error.strip().splitlines()[0] if error.strip() else "no error text"
    blocks: tuple[dict[str, object], ...] = (
        {"type": "header", "text": {"type": "plain_text", "text": head[:150]}},
        {"type": "section", "text": {"type": "mrkdwn", "text": escape(what)}},
        {
            "type": "section",
            "text": {"type": "mrkdwn", "text": escape(first[:_MAX_RAW_LENGTH])},
        },
    )
    return Message(f"failed_run:{run_id}", "failed_run", escape(f"{head}. {what}"), blocks)
