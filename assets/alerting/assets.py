"""Alerting assets: evaluate the rules on new days, then deliver what is in the outbox."""

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import dagster as dg
import duckdb

from assets.alerting import delivery, ledger, outbox, tables
from assets.alerting.delivery import Delivered, Policy
from assets.alerting.gap import GapTransition, step_gap
from assets.alerting.messages import Message, gap_message, threshold_message, upstream_message
from assets.alerting.outbox import Action, Outgoing
from assets.alerting.port import Failures, Slack
from assets.alerting.rules import GapRule, Rule, ThresholdRule, UpstreamRule, load_rules
from assets.alerting.threshold import AlertState, State, Transition, hold, step
from assets.alerting.upstream import (
    UpstreamReading,
    UpstreamTransition,
    losses,
    state_id,
    step_source,
)
from assets.coverage.cells import GROUPS
from assets.coverage.tables import COVERAGE
from assets.declare import Plan, days_of, prepare
from assets.engagement.tables import ENGAGEMENT
from assets.visibility.tables import VISIBILITY_GAP
from resources.platform import Platform
from resources.slack import SlackResource, escape
from resources.slack_errors import (
    SlackDeliveryError,
    SlackFaultyError,
    SlackRejectedError,
    SlackUnansweredError,
    SlackUnfindableError,
)
from resources.warehouse import Warehouse, WarehouseResource

GROUP = "alerting"
AnyTransition = Transition | GapTransition | UpstreamTransition
#: A run may wait for Slack that long; a sensor's tick, which Dagster ends after a minute, less.
RUN_SECONDS, TICK_SECONDS = 300.0, 25.0
FAILURES = Failures(
    failed=SlackDeliveryError,
    unanswered=SlackUnansweredError,
    faulty=SlackFaultyError,
    rejected=SlackRejectedError,
    unfindable=SlackUnfindableError,
)


def build(plan: Plan) -> list[dg.AssetsDefinition]:
    """The domain's assets."""
    return [
        plan.daily_asset(
            alerts_table,
            tables.ALERTS,
            group=GROUP,
            kinds={"slack", "duckdb"},
            deps=[ENGAGEMENT, COVERAGE, VISIBILITY_GAP],
        )
    ]


def alerts_table(
    context: dg.AssetExecutionContext,
    warehouse: WarehouseResource,
    slack: SlackResource,
    platform: Platform,
) -> dg.MaterializeResult[None]:
    """Evaluate the rules on the days not evaluated before, and post what changed to Slack."""
    house = warehouse.open()
    prepare(house, tables.ALERTS, tables.OUTBOX, COVERAGE, VISIBILITY_GAP)
    oldest = platform.today() - timedelta(days=platform.alert_max_age_days)
    days = [day for day in days_of(context) if day >= oldest]
    if len(days) < len(context.partition_keys):
        context.log.info(
            f"{len(context.partition_keys) - len(days)} days before {oldest} raise no alert"
        )
    rules = load_rules(Path(platform.rules))
    transitions = evaluate(house, rules, days, platform)
    delivered = deliver(house, slack.client(), platform, most_seconds=RUN_SECONDS)
    for key, reason in delivered.buried:
        context.log.error(f"dead letter {key}: {reason}; see `make outbox`")
    if delivered.waiting:
        context.log.warning(f"{delivered.waiting} messages wait in ops.outbox: see `make outbox`")
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": len(rules),
            "days_evaluated": len(days),
            "transitions": len(transitions),
            "messages_delivered": delivered.delivered,
            "messages_waiting": delivered.waiting,
            "dead_letters": len(delivered.buried),
            "changes": dg.MetadataValue.md(
                "\n".join(f"- {each.key}" for each in transitions) or "Nothing changed state."
            ),
        }
    )


def evaluate(
    warehouse: Warehouse, rules: tuple[Rule, ...], days: list[date], platform: Platform
) -> list[AnyTransition]:
    """Move every rule on, day by day; states and messages are written in one transaction.

    Rules on the gap are of months: with a day that may alert, they see the newest complete cohort.
    """
    transitions: list[AnyTransition] = []
    with warehouse.transaction() as connection:
        for rule in rules:
            if isinstance(rule, UpstreamRule):
                transitions += _upstream(connection, rule, days)
            elif isinstance(rule, GapRule):
                transitions += _gap(connection, rule) if days else []
            else:
                transitions += _threshold(connection, rule, days)
        for transition in transitions:
            message = as_post(_message(transition, platform.world))
            outbox.enqueue(connection, message, platform.now())
    return transitions


def _threshold(
    connection: duckdb.DuckDBPyConnection, rule: ThresholdRule, days: Sequence[date]
) -> list[Transition]:
    """Move a rule on a share on."""
    transitions = []
    state = ledger.read_state(connection, rule.id)
    for day in days:
        reading = ledger.read_reading(connection, rule, day)
        if reading is None:
            if ledger.is_lost(connection, rule, day):
                state = hold(rule, state, day)
            continue
        state, transition = step(rule, state, reading)
        transitions += [transition] if transition else []
    if state is not None:
        ledger.write_state(connection, state)
    return transitions


def _gap(connection: duckdb.DuckDBPyConnection, rule: GapRule) -> list[GapTransition]:
    """Move a rule on the gap on."""
    reading = ledger.read_gap(connection, rule)
    if reading is None:
        return []
    state, transition = step_gap(rule, ledger.read_state(connection, rule.id), reading)
    if state is not None:
        ledger.write_state(connection, state)
    return [transition] if transition else []


def _upstream(
    connection: duckdb.DuckDBPyConnection, rule: UpstreamRule, days: Sequence[date]
) -> list[UpstreamTransition]:
    """Move an upstream rule on, source by source."""
    transitions = []
    states: dict[str, dict[str, AlertState | None]] = {}
    for day in days:
        for source in ledger.read_sources(connection, day):
            stood = states.get(source) or {
                group: ledger.read_state(connection, state_id(rule, source, group))
                for group in GROUPS
            }
            readings = {
                group: _reading(connection, rule, source, group, stood[group], day)
                for group in GROUPS
            }
            states[source], changes = step_source(rule, source, stood, readings)
            transitions += changes
    for state in (each for of_source in states.values() for each in of_source.values()):
        if state is not None:
            ledger.write_state(connection, state)
    return transitions


def _reading(
    connection: duckdb.DuckDBPyConnection,
    rule: UpstreamRule,
    source: str,
    group: str,
    state: AlertState | None,
    day: date,
) -> UpstreamReading:
    """A day of a source and event group, set against what was usual before it or its loss.

    A loss that an analyst has accepted since it began is set against the days since then.
    """
    since = rule.accepted.get(source, date.min)
    is_lost = state is not None and state.state is State.FIRING and state.since >= since
    until = state.since if state is not None and is_lost else day
    captures = ledger.read_captures(connection, source, group, day, until, since)
    if until == day:
        return UpstreamReading(day, captures)
    onset = ledger.read_captures(connection, source, group, until, until, since)
    return UpstreamReading(day, captures, losses(rule, UpstreamReading(until, onset)))


def _message(transition: AnyTransition, world: str) -> Message:
    if isinstance(transition, UpstreamTransition):
        return upstream_message(transition, world=world, escape=escape)
    if isinstance(transition, GapTransition):
        return gap_message(transition, world=world, escape=escape)
    return threshold_message(transition, world=world, escape=escape)


def as_post(message: Message) -> Outgoing:
    """A message that opens a thread of its own."""
    return Outgoing(message.key, message.kind, Action.POST, None, message.text, message.blocks)


def deliver(
    warehouse: Warehouse, slack: Slack, platform: Platform, *, most_seconds: float = TICK_SECONDS
) -> Delivered:
    """One round of delivery; what Slack does not take waits in the outbox, with the reason."""
    usual = Policy()
    policy = Policy(
        dead_after=timedelta(hours=platform.alert_dead_after_hours),
        # By a clock that stands still nothing ever settles.
        settle=timedelta(0) if platform.fixed_now else usual.settle,
        most_seconds=most_seconds,
    )
    return delivery.deliver(
        slack,
        warehouse.transaction,
        failures=FAILURES,
        lock=platform.data("delivery.lock"),
        now=platform.now,
        policy=policy,
    )
