"""Alerting assets: evaluate the rules on new days, then deliver what is in the outbox."""

from datetime import date, timedelta
from pathlib import Path

import dagster as dg

from assets.alerting import ledger, tables
from assets.alerting.messages import threshold_message
from assets.alerting.rules import ThresholdRule, load_rules
from assets.alerting.threshold import Transition, passed_over, step
from assets.declare import Plan, days_of, prepare
from assets.engagement.tables import ENGAGEMENT
from resources.platform import Platform
from resources.slack import SlackDeliveryError, SlackPoster, SlackResource, escape
from resources.warehouse import Warehouse, WarehouseResource

GROUP = "alerting"


def build(plan: Plan) -> list[dg.AssetsDefinition]:
    """The domain's assets."""
    return [
        plan.daily_asset(
            alerts_table,
            tables.ALERTS,
            group=GROUP,
            kinds={"slack", "duckdb"},
            deps=[ENGAGEMENT],
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
    prepare(house, tables.ALERTS, tables.OUTBOX)
    oldest = platform.today() - timedelta(days=platform.alert_max_age_days)
    days = [day for day in days_of(context) if day >= oldest]
    if len(days) < len(context.partition_keys):
        context.log.info(
            f"{len(context.partition_keys) - len(days)} days before {oldest} raise no alert"
        )
    rules = load_rules(Path(platform.rules))
    transitions = evaluate(house, rules, days, platform)
    delivered = deliver(house, slack.poster(), platform)
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": len(rules),
            "days_evaluated": len(days),
            "transitions": len(transitions),
            "messages_delivered": delivered,
            "changes": dg.MetadataValue.md(
                "\n".join(f"- {each.key}" for each in transitions) or "Nothing changed state."
            ),
        }
    )


def evaluate(
    warehouse: Warehouse, rules: tuple[ThresholdRule, ...], days: list[date], platform: Platform
) -> list[Transition]:
    """Move every rule on, day by day; states and messages are written in one transaction."""
    transitions: list[Transition] = []
    with warehouse.transaction() as connection:
        for rule in rules:
            state = ledger.read_state(connection, rule.id)
            for day in days:
                reading = ledger.read_reading(connection, rule, day)
                if reading is None:
                    state = passed_over(state, day) if state else None
                    continue
                state, transition = step(rule, state, reading)
                if transition:
                    transitions.append(transition)
            if state is not None:
                ledger.write_state(connection, state)
        for transition in transitions:
            message = threshold_message(transition, world=platform.world, escape=escape)
            ledger.enqueue(connection, message, platform.now())
    return transitions


def deliver(warehouse: Warehouse, poster: SlackPoster, platform: Platform) -> int:
    """Post what is in the outbox, oldest first; how many Slack took.

    The warehouse is not held while Slack answers. What Slack does not take stays in the outbox for
    the next run.

    Raises:
        dg.Failure: Slack did not take a message.
    """
    with warehouse.transaction() as connection:
        waiting = ledger.pending(connection)
    for number, message in enumerate(waiting):
        try:
            posted = poster.post(message.text, message.blocks, key=message.key)
        except SlackDeliveryError as error:
            with warehouse.transaction() as connection:
                ledger.record_failure(connection, message.key, str(error))
            raise dg.Failure(
                f"{error}; {len(waiting) - number} messages wait in ops.outbox for the next run"
            ) from error
        with warehouse.transaction() as connection:
            ledger.record_delivery(
                connection,
                message.key,
                channel=posted.channel,
                ts=posted.ts,
                now=platform.now(),
            )
    return len(waiting)
