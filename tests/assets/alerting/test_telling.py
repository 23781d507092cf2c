"""What is said of a day: once an alert, together by cause, kept back by silences and cool-downs."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.alerting import rules as rules_module
from assets.alerting.notice import Course, Figure, Finding, Notice, Stage, Unit
from assets.alerting.rule_kinds import RuleBase, ThresholdRule, UpstreamRule
from assets.alerting.rules import Rules, Silence, load_rules
from assets.alerting.states import AlertState, Reading, State, Trust, step
from assets.alerting.telling import end_orphans, tell
from assets.alerting.watch import Cause, Outcome
from assets.engagement.intervals import wilson_interval

FIRST = date(2024, 1, 1)
ATTENTION, GAP = Cause("shares-attention", "Shares of attention"), Cause("gap", "The gap")
ASSET = ("mart", "engagement")
BEYOND, BETWEEN, BACK = (
    Figure(0.33, 0.31, 0.35),
    Figure(0.27, 0.24, 0.29),
    Figure(0.22, 0.2, 0.24),
)


def made(name: str, **others: object) -> ThresholdRule:
    fields = {
        "id": name, "kind": "threshold", "title": f"a title of the rule {name}", "country": "CN",
        "event_group": "attention", "direction": "above", "fire": 0.3, "clear": 0.25,
        "min_located_actors": 1, "cool_down_days": 0, **others,
    }  # fmt: skip
    return ThresholdRule.model_validate(fields)


(SHIPPED,) = (
    rule
    for rule in load_rules(Path(rules_module.__file__).with_name("rules.yaml")).rules
    if isinstance(rule, ThresholdRule) and rule.id == "cn-attention-share-high"
)
A, B = made("rule-a"), made("rule-b")


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def outcome(rule: RuleBase, after: AlertState, cause: Cause = ATTENTION) -> Outcome:
    def finding(state: AlertState) -> Finding:
        now = Figure(state.value or 0.0, state.ci_low, state.ci_high)
        return Finding(state.alert_id, "a share", Unit.SHARE, "today", now)

    return Outcome(rule, after, cause, ASSET, finding, lambda: Course("c", Unit.SHARE, ()))


class Told:
    """Rules moved on day by day; what was said."""

    def __init__(self, *rules: ThresholdRule, silences: Sequence[Silence] = ()) -> None:
        self.rules = Rules(rules, tuple(silences))
        self.states: dict[str, AlertState] = {}
        self.notices: list[Notice] = []
        self.number = 0

    def see(self, *figures: Figure | None, causes: Sequence[Cause] = ()) -> list[Notice]:
        """A day's figures, one a rule; None for a degraded day."""
        outcomes = []
        for place, (rule, figure) in enumerate(zip(self.rules.rules, figures, strict=True)):
            assert isinstance(rule, ThresholdRule)
            trust = Trust.DEGRADED if figure is None else Trust.SOUND
            reading = Reading(day(self.number), figure, trust)
            after = step(rule.id, rule.id, rule.level, self.states.get(rule.id), reading)
            if after is not None:
                cause = causes[place] if causes else ATTENTION
                outcomes.append(outcome(rule, after, cause))
        notices, moved = tell(outcomes, self.states, day(self.number), self.rules)
        self.states |= moved
        self.notices += notices
        self.number += 1
        return notices

    @property
    def stages(self) -> list[Stage]:
        return [each.stage for each in self.notices]


def test_an_alert_is_said_once_and_its_end_in_its_thread() -> None:
    told = Told(A)
    (firing,) = told.see(BEYOND)
    assert told.see(BEYOND) == []
    (over,) = told.see(BACK)
    assert told.see(BACK) == []
    assert (firing.key, firing.thread) == ("rule-a:2024-01-01:firing",) * 2
    assert (firing.title, firing.day, firing.asset) == (A.title, day(0), ASSET)
    assert [each.subject for each in firing.findings] == ["rule-a"]
    assert firing.course is not None
    assert (over.stage, over.thread, over.is_last) == (Stage.RESOLVED, firing.key, True)
    assert over.key.startswith("rule-a:2024-01-01:firing>2024-01-03:")
    assert told.states["rule-a"].thread is None


def test_alerts_of_one_cause_that_begin_on_one_day_are_one_message_and_end_in_it() -> None:
    told = Told(A, B)
    (firing,) = told.see(BEYOND, BEYOND)
    assert firing.title == "Shares of attention"
    assert firing.rule_ids == ("rule-a", "rule-b")
    assert firing.key.startswith("shares-attention:2024-01-01:")
    (first,) = told.see(BACK, BEYOND)
    (second,) = told.see(BACK, BACK)
    assert (first.thread, first.is_last) == (firing.key, False)
    assert (second.thread, second.is_last) == (firing.key, True)
    assert [each.subject for each in second.findings] == ["rule-b"]


def test_alerts_of_several_causes_or_days_are_messages_of_their_own() -> None:
    told = Told(A, B)
    assert len(told.see(BEYOND, BEYOND, causes=(ATTENTION, GAP))) == 2
    told = Told(A, B)
    (first,) = told.see(BEYOND, BETWEEN)
    (second,) = told.see(BEYOND, BEYOND)
    assert (first.rule_ids, second.rule_ids) == (("rule-a",), ("rule-b",))
    ends = told.see(BACK, BACK)
    assert {each.thread for each in ends} == {first.key, second.key}


def test_the_key_of_a_group_does_not_hang_on_the_order_of_the_rules() -> None:
    (one,), (other,) = Told(A, B).see(BEYOND, BEYOND), Told(B, A).see(BEYOND, BEYOND)
    assert one.key == other.key


def test_while_it_fires_the_thread_says_now_and_then_where_the_figure_is() -> None:
    told = Told(made("rule-a", remind_days=7))
    for _ in range(22):
        told.see(BEYOND)
    assert told.stages == [Stage.FIRING, Stage.UPDATE, Stage.UPDATE, Stage.UPDATE]
    assert [each.day for each in told.notices] == [day(0), day(7), day(14), day(21)]
    assert {each.thread for each in told.notices} == {told.notices[0].key}
    assert len({each.key for each in told.notices}) == 4


def test_a_held_alert_says_nothing_and_says_its_end_afterwards() -> None:
    told = Told(made("rule-a", remind_days=1))
    told.see(BEYOND)
    for _ in range(5):
        assert told.see(None) == []
    assert told.see(BACK)[0].stage is Stage.RESOLVED


def test_a_silence_keeps_back_what_is_said_after_it_if_it_still_holds() -> None:
    silence = Silence(rules=("rule-*",), first=day(1), last=day(3), reason="a holiday")
    told = Told(A, silences=[silence])
    told.see(BETWEEN)
    assert told.see(BEYOND) == told.see(BEYOND) == told.see(BEYOND) == []
    (late,) = told.see(BEYOND)
    assert (late.stage, late.key) == (Stage.FIRING, "rule-a:2024-01-02:firing")
    assert late.day == day(4)


def test_what_begins_and_ends_within_a_silence_is_never_said() -> None:
    silence = Silence(rules=("rule-a",), first=day(0), last=day(3), reason="a holiday")
    told = Told(A, silences=[silence])
    for figure in (BEYOND, BACK, BEYOND, BACK, BACK, BETWEEN):
        told.see(figure)
    assert told.notices == []
    assert told.states["rule-a"].state is State.OK


def test_an_end_within_a_silence_is_said_after_it() -> None:
    silence = Silence(rules=("rule-a",), first=day(1), last=day(2), reason="a holiday")
    told = Told(A, silences=[silence])
    for figure in (BEYOND, BACK, BACK, BACK):
        told.see(figure)
    assert [(each.stage, each.day) for each in told.notices] == [
        (Stage.FIRING, day(0)), (Stage.RESOLVED, day(3)),
    ]  # fmt: skip


def test_a_silence_is_of_the_rules_that_it_names() -> None:
    silence = Silence(rules=("rule-b",), first=day(0), last=day(9), reason="a holiday")
    told = Told(A, B, silences=[silence])
    (only,) = told.see(BEYOND, BEYOND)
    assert only.rule_ids == ("rule-a",)


def test_firing_again_within_the_cool_down_is_said_once_that_is_over() -> None:
    told = Told(made("rule-a", cool_down_days=5))
    told.see(BEYOND)
    told.see(BACK)
    # Over on day 1: nothing new is said before day 6.
    assert [told.see(BEYOND) for _ in range(4)] == [[]] * 4
    (again,) = told.see(BEYOND)
    assert (again.stage, again.day, again.key) == (
        Stage.FIRING, day(6), "rule-a:2024-01-03:firing",
    )  # fmt: skip


def test_an_end_that_was_never_said_puts_no_cool_down_off() -> None:
    """Beyond three weeks of four for a year: it is said again and again, not only once."""
    told = Told(made("rule-a", cool_down_days=28, remind_days=366))
    for number in range(365):
        told.see(BACK if number % 25 >= 21 else BEYOND)
    begun = [each.day for each in told.notices if each.stage is Stage.FIRING]
    assert 6 <= len(begun) <= 14
    assert max((b - a).days for a, b in pairwise(begun)) <= 56


def test_what_is_on_its_way_back_when_a_cool_down_ends_is_not_said_to_fire() -> None:
    patient = made("rule-a", cool_down_days=5, clear_after="2 of 2")
    told = Told(patient)
    for figure in (BEYOND, BACK, BACK, BEYOND, BEYOND, BEYOND, BEYOND, BEYOND, BACK):
        told.see(figure)
    # Over on day 2, so that nothing is said before day 7.
    assert [(each.stage, each.day) for each in told.notices] == [
        (Stage.FIRING, day(0)), (Stage.RESOLVED, day(2)), (Stage.FIRING, day(7)),
    ]  # fmt: skip
    told = Told(patient)
    for figure in (BEYOND, BACK, BACK, BEYOND, BETWEEN, BETWEEN, BACK, BACK):
        told.see(figure)
    assert told.stages == [Stage.FIRING, Stage.RESOLVED]


def test_a_rule_that_is_removed_ends_its_thread_and_lets_the_others_close() -> None:
    told = Told(A, B)
    (firing,) = told.see(BEYOND, BEYOND)
    notices, moved = end_orphans(told.states, Rules((A,)), day(1))
    (removed,) = notices
    assert (removed.thread, removed.stage, removed.is_last) == (firing.key, Stage.RESOLVED, False)
    assert [each.subject for each in removed.findings] == ["rule-b"]
    assert (moved["rule-b"].state, moved["rule-b"].thread) == (State.OK, None)
    told.states |= moved
    assert end_orphans(told.states, Rules((A,)), day(1)) == ([], {})
    (over, *_) = told.see(BACK, BETWEEN)
    assert over.is_last


def test_an_upstream_rule_has_no_reminder_and_no_cool_down() -> None:
    rule = UpstreamRule(
        id="upstream", kind="upstream", title="a source captures less", fire=0.8, clear=0.9,
        min_events=30,
    )  # fmt: skip
    state = AlertState("upstream:s", "upstream", State.FIRING, day(0), day(0), episode=day(0),
                       resolved_on=day(0))  # fmt: skip
    notices, moved = tell([outcome(rule, state)], {}, day(0), Rules((rule,)))
    assert [each.stage for each in notices] == [Stage.FIRING]
    later = replace(moved["upstream:s"], evaluated_through=day(300))
    assert tell([outcome(rule, later)], moved, day(300), Rules((rule,)))[0] == []


@given(
    st.integers(0, 2**32),
    st.floats(0.0, 0.03),
    st.floats(3.0, 400.0),
    st.floats(-0.01, 0.01),
)
@settings(max_examples=40, deadline=None)
def test_a_share_that_swings_around_the_level_for_a_year_sends_two_messages_at_most(
    seed: int, swing: float, length: float, offset: float
) -> None:
    """The shipped rule, which fires at 28 %: a year of 500 located accounts a day."""
    rng = np.random.default_rng(seed)
    told = Told(SHIPPED)
    shares = 0.28 + offset + swing * np.sin(2 * np.pi * np.arange(365) / length)
    counts = rng.binomial(500, shares)
    lows, highs = wilson_interval(counts, 500)
    for count, low, high in zip(counts, lows, highs, strict=True):
        told.see(Figure(count / 500, float(low), float(high)))
    assert sum(each.stage is not Stage.UPDATE for each in told.notices) <= 2


@pytest.mark.parametrize("length", [10, 40, 90, 180])
def test_large_swings_are_said_no_more_often_than_the_cool_down_lets(length: int) -> None:
    told = Told(made("rule-a", cool_down_days=28))
    for number in range(365):
        told.see(BEYOND if (number // (length // 2)) % 2 == 0 else BACK)
    begun = [each.day for each in told.notices if each.stage is Stage.FIRING]
    ended = [each.day for each in told.notices if each.stage is Stage.RESOLVED]
    assert len(begun) - len(ended) in (0, 1)
    for over, again in zip(ended, begun[1:], strict=False):
        assert (again - over).days >= 28
