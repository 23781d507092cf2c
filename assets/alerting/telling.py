"""What is said of a day: which alerts are worth a message now, and which go into one together."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

from assets.alerting.notice import Finding, Notice, Stage, Unit
from assets.alerting.rule_kinds import LevelRule, RuleBase
from assets.alerting.rules import Rules
from assets.alerting.states import ACTIVE, QUIET, AlertState, State
from assets.alerting.watch import Outcome, States

_Group = tuple[Stage, str]


def tell(
    outcomes: Sequence[Outcome], before: States, day: date, rules: Rules
) -> tuple[list[Notice], dict[str, AlertState]]:
    """What is said of a day's outcomes, and the states with what was said noted in them.

    Alerts that begin to fire on the same day and have a cause in common are one message, and so are
    those of one thread that go on or end on it. What a silence or a cool-down keeps back is said
    when that is over, if it still holds.

    Args:
        outcomes: where alerts stand after the day.
        before: states before it, by id of the alert, of all alerts.
        day: UTC.
        rules: for their silences.

    Returns:
        Notices, those that fire first; and the states that changed, by id.
    """
    moved = {
        each.after.alert_id: each.after
        for each in outcomes
        if each.after != before.get(each.after.alert_id)
    }
    groups: dict[_Group, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        after = outcome.after
        is_news = after.alert_id in moved or _is_unsaid(after)
        if not is_news or rules.is_silent(after.rule_id, day):
            continue
        stage = stage_due(outcome.rule, after)
        if stage is Stage.FIRING:
            groups[stage, outcome.cause.key].append(outcome)
        elif stage is not None:
            groups[stage, str(after.thread)].append(outcome)
    notices = []
    for (stage, _), members in sorted(groups.items(), key=lambda item: _ORDER[item[0][0]]):
        notice = _notice(stage, members, day)
        for each in members:
            moved[each.after.alert_id] = _told(each.after, stage, notice.thread)
        notices.append(notice)
    return [_closing(each, {**before, **moved}) for each in notices], moved


def end_orphans(
    states: States, rules: Rules, day: date
) -> tuple[list[Notice], dict[str, AlertState]]:
    """End the alerts of rules that the file has no more, and say so in their threads.

    Args:
        states: of all alerts, by id.
        rules: of the file.
        day: UTC.

    Returns:
        Notices, one a thread; and the states that changed, by id.
    """
    names = {rule.id for rule in rules.rules}
    moved = {
        name: replace(state, state=State.OK, since=day, held_from=None, held_through=None)
        for name, state in states.items()
        if state.rule_id not in names and (state.thread or state.state not in QUIET)
    }
    threads: dict[str, list[AlertState]] = defaultdict(list)
    for state in moved.values():
        if state.thread:
            threads[state.thread].append(state)
    notices = [_orphaned(thread, members, day) for thread, members in sorted(threads.items())]
    moved = {name: replace(state, thread=None, said_on=None) for name, state in moved.items()}
    return [_closing(each, {**states, **moved}) for each in notices], moved


def _orphaned(thread: str, members: Sequence[AlertState], day: date) -> Notice:
    rules = tuple(dict.fromkeys(each.rule_id for each in members))
    findings = tuple(
        Finding(
            subject=each.alert_id,
            measure="no longer watched",
            unit=Unit.COUNT,
            period=f"{day} (UTC)",
            now=None,
            soundness="",
        )
        for each in members
    )
    return Notice(
        key=f"{thread}>{day}:{_digest(each.began for each in members)}:removed",
        thread=thread,
        kind="rule_removed",
        stage=Stage.RESOLVED,
        title="Its rule was removed or renamed",
        day=day,
        findings=findings,
        rule_ids=rules,
    )


_ORDER = {Stage.FIRING: 0, Stage.UPDATE: 1, Stage.RESOLVED: 2, Stage.NOTE: 3}


def _is_unsaid(state: AlertState) -> bool:
    """Whether its beginning or its end has not been said, as in a silence."""
    return (state.thread is None) if state.state in ACTIVE else state.thread is not None


def stage_due(rule: RuleBase, state: AlertState) -> Stage | None:
    """What has to be said of an alert, given what was said; None where nothing has."""
    if state.state is State.HELD:
        return None
    if state.state not in ACTIVE:
        return Stage.RESOLVED if state.thread else None
    newest = state.evaluated_through
    if state.thread is None:
        # On its way back, it waits for where that leads.
        is_kept = state.state is State.RECOVERING or _is_cooling(rule, state.resolved_on, newest)
        return None if is_kept else Stage.FIRING
    if state.said_on is None:
        return Stage.UPDATE  # it has joined a thread in which nothing was said of it
    if isinstance(rule, LevelRule):
        is_due = newest - state.said_on >= timedelta(days=rule.remind_days)
        return Stage.UPDATE if is_due else None
    return None


def _is_cooling(rule: RuleBase, resolved_on: date | None, newest: date) -> bool:
    if resolved_on is None or not isinstance(rule, LevelRule):
        return False
    return newest < resolved_on + timedelta(days=rule.cool_down_days)


def _told(state: AlertState, stage: Stage, thread: str) -> AlertState:
    if stage is Stage.RESOLVED:
        return replace(state, thread=None, said_on=None)
    return replace(state, thread=thread, said_on=state.evaluated_through)


def _notice(stage: Stage, members: Sequence[Outcome], day: date) -> Notice:
    first = members[0]
    key = _key(stage, members, day)
    titles = dict.fromkeys(each.rule.title for each in members)
    remarks = dict.fromkeys(said for each in members for said in each.remarks)
    return Notice(
        key=key,
        thread=key if stage is Stage.FIRING else str(first.after.thread),
        kind=str(getattr(first.rule, "kind", "")),
        stage=stage,
        title=next(iter(titles)) if len(titles) == 1 else first.cause.title,
        day=day,
        findings=tuple(each.finding(each.after) for each in members),
        remarks=tuple(remarks),
        rule_ids=tuple(dict.fromkeys(each.rule.id for each in members)),
        asset=first.asset,
        course=first.course(),
    )


def _key(stage: Stage, members: Sequence[Outcome], day: date) -> str:
    """Identifies what is said for ever, whoever computes it and how often."""
    if stage is Stage.FIRING:
        if len(members) == 1:
            return f"{members[0].after.began}:firing"
        begun = [each.after.began for each in members]
        return f"{members[0].cause.key}:{day}:{_digest(begun)}:firing"
    through = [f"{each.after.alert_id}:{each.after.evaluated_through}" for each in members]
    return f"{members[0].after.thread}>{day}:{_digest(through)}:{stage}"


def _digest(names: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(sorted(names)).encode()).hexdigest()[:12]


def _closing(notice: Notice, states: Mapping[str, AlertState]) -> Notice:
    """The notice with whether its thread is over: nothing that it says is still unsaid to end."""
    if notice.stage is not Stage.RESOLVED:
        return notice
    is_open = any(each.thread == notice.thread for each in states.values())
    return replace(notice, is_last=not is_open)
