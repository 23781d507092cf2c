"""The weekly note of how all rules stand, and the replay of what they would have sent."""

from datetime import date, timedelta
from pathlib import Path

from assets.alerting import rules as rules_module
from assets.alerting.heartbeat import heartbeat
from assets.alerting.limits import faults
from assets.alerting.links import Links
from assets.alerting.message_blocks import compose
from assets.alerting.notice import Stage
from assets.alerting.replay import as_table, replayed, summary
from assets.alerting.rule_kinds import GapRule, HeartbeatRule, Rule, ThresholdRule
from assets.alerting.rules import load_rules
from assets.alerting.states import AlertState, Patience, State
from assets.engagement.tables import ENGAGEMENT
from resources.warehouse import Warehouse
from tests.assets.alerting.conftest import evaluated
from tests.engagement_rows import engagement_rows

FIRST = date(2024, 12, 2)  # a Monday
SUNDAY = date(2024, 12, 8)
HEARTBEAT = HeartbeatRule(id="heartbeat", kind="heartbeat", title="How all rules stand")
LEVEL = ThresholdRule(
    id="cn-high", kind="threshold", title="China's share is high", country="CN",
    event_group="any", direction="above", fire=0.28, clear=0.25, min_located_actors=100,
    fire_after=Patience(2, 3), cool_down_days=0,
)  # fmt: skip
GAP = GapRule(
    id="gap-us", kind="gap", title="the gap of the U.S. is high", user_kind="us_all",
    basis="filing", direction="above", fire=10, clear=5, min_works=30, min_patents=30,
)  # fmt: skip
RULES: tuple[Rule, ...] = (LEVEL, GAP, HEARTBEAT)


def week(warehouse: Warehouse, *chinese: int, hours: int = 24) -> list[date]:
    days = [FIRST + timedelta(days=n) for n in range(len(chinese))]
    for each, count in zip(days, chinese, strict=True):
        counts = {"CN": count, "US": 1_000 - count, "ZZ": 10}
        rows = engagement_rows(each, counts, hours, event_group="any")
        warehouse.replace_days(ENGAGEMENT.qualified, "activity_date", [each], rows)
    return days


def test_the_note_comes_on_its_day_and_names_the_loud_and_the_quiet(warehouse: Warehouse) -> None:
    days = week(warehouse, 150, 150, 150, 400, 400, 400, 400)
    done = evaluated(warehouse, RULES, days)
    firing, note = done.notices
    assert firing.stage is Stage.FIRING
    assert (note.stage, note.key, note.day) == (Stage.NOTE, "heartbeat:2024-12-08", SUNDAY)
    assert note.title == "How all rules stand: 2024-W49"
    assert note.remarks == (
        "The week to 2024-12-08 (UTC): 7 of 7 days with all hourly files whole (168 of 168 hours), "
        "0 days of degraded capture.",
        "Alerts: 1 firing.",
        "cn-high: firing since 2024-12-06.",
        "Nothing to evaluate yet: gap-us.",
    )


def test_a_quiet_week_is_said_as_one_and_other_days_say_nothing(warehouse: Warehouse) -> None:
    days = week(warehouse, *[150] * 6)
    assert evaluated(warehouse, RULES, days).notices == []
    (note,) = evaluated(warehouse, RULES, week(warehouse, *[150] * 7)).notices
    assert note.remarks[1:] == (
        "Alerts: 1 ok.", "Quiet: cn-high.", "Nothing to evaluate yet: gap-us.",
    )  # fmt: skip


def test_many_alerts_of_a_rule_are_counted_and_the_loud_ones_named(warehouse: Warehouse) -> None:
    states = {
        f"gap-us:{n}": AlertState(
            f"gap-us:{n}", "gap-us", State.FIRING if n < 7 else State.OK, SUNDAY, SUNDAY
        )
        for n in range(20)
    }
    (note,) = evaluated(warehouse, [GAP, HEARTBEAT], [SUNDAY], states).notices
    assert note.remarks[2] == (
        "gap-us: 0 firing since 2024-12-08; 1 firing since 2024-12-08; 2 firing since 2024-12-08; "
        "and 4 more (13 of 20 quiet)."
    )


def test_an_alert_that_fires_and_is_not_evaluated_any_more_is_named_as_such(
    warehouse: Warehouse,
) -> None:
    old = SUNDAY - timedelta(days=30)
    states = {"gap-us": AlertState("gap-us", "gap-us", State.FIRING, old, old, episode=old)}
    (note,) = evaluated(warehouse, [GAP, HEARTBEAT], [SUNDAY], states).notices
    assert note.remarks[2] == "gap-us: firing since 2024-11-08, not evaluated since 2024-11-08."


def test_with_all_shipped_rules_loud_the_note_names_every_one(warehouse: Warehouse) -> None:
    shipped = load_rules(Path(rules_module.__file__).with_name("rules.yaml"))
    states = {
        f"{rule.id}:{n}": AlertState(
            f"{rule.id}:{n}", rule.id, State.FIRING, SUNDAY, SUNDAY, episode=SUNDAY
        )
        for rule in shipped.rules
        if rule.kind != "heartbeat"
        for n in range(4)
    }
    (beat,) = shipped.of_kind(HeartbeatRule)
    with warehouse.transaction() as connection:
        note = heartbeat(connection, beat, shipped, states, SUNDAY)
    assert note is not None
    message = compose(note, world="live", links=Links(), events=(), escape=lambda text: text)
    assert faults(message) == []
    for rule in shipped.rules:
        assert rule is beat or f"{rule.id}:" in str(message.blocks)


def test_a_replay_says_what_would_have_been_sent_and_what_not(warehouse: Warehouse) -> None:
    days = week(warehouse, 150, 400, 400, 270, 150)
    done = evaluated(warehouse, RULES, days)
    lines = replayed(done)
    assert [(each.day, each.what, each.subject) for each in lines] == [
        (days[2], "firing", "cn-high"),
        (days[4], "resolved", "cn-high"),
    ]
    assert lines[0].figure == "40.0 % (95 % interval 37.0 to 43.1 %)"
    assert lines[0].beside == "China, activity of any kind"
    everything = replayed(done, with_unsaid=True)
    assert [(each.day, each.what, each.is_sent) for each in everything] == [
        (days[0], "ok", False),
        (days[1], "pending", False),
        (days[2], "firing", True),
        (days[4], "resolved", True),
    ]
    table = as_table(everything).split("\n")
    assert table[0].split() == ["day", "what", "rule", "or", "alert", "figure", "beside"]
    assert table[2].startswith("2024-12-03  (pending)  cn-high")
    assert summary(lines, days) == (
        "5 days evaluated, 2024-12-02 to 2024-12-06 (UTC): 2 messages (1 firing, 1 resolved), "
        "1.40 a week in the channel, the rest in threads"
    )
