"""Alerting assets: evaluate the rules on new days, then deliver what is in the outbox."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import dagster as dg
import duckdb

from assets.alerting import delivery, ledger, tables
from assets.alerting.backfills import note_days
from assets.alerting.delivery import Delivered, Policy
from assets.alerting.evaluation import evaluate_days
from assets.alerting.links import Links
from assets.alerting.nearby import context_events
from assets.alerting.notice import Notice
from assets.alerting.port import Failures, Slack
from assets.alerting.posting import Form, enqueue_notices
from assets.alerting.restored import unknown_since
from assets.alerting.rules import Rules, load_rules
from assets.coverage.tables import COVERAGE
from assets.declare import Plan, days_of, newest_of, prepare
from assets.engagement.tables import ENGAGEMENT
from assets.hub.tables import DIFFUSION_HUB
from assets.indices.tables import COUNTRY_RATIO
from assets.markdown_text import as_text
from assets.reference.tables import POLICY_EVENTS
from assets.shifts.trend_tables import TREND_SHIFTS
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
#: A run may wait for Slack that long; a sensor's tick, which Dagster ends after a minute, less.
RUN_SECONDS, TICK_SECONDS = 300.0, 25.0
#: Tags that say which runs belong together: Dagster's, and that of a command over many days.
BACKFILL_TAG, RANGE_TAG = "dagster/backfill", "observatory/range"
_READ = (ENGAGEMENT, COUNTRY_RATIO, COVERAGE, TREND_SHIFTS, VISIBILITY_GAP, DIFFUSION_HUB)
FAILURES = Failures(
    failed=SlackDeliveryError,
    unanswered=SlackUnansweredError,
    faulty=SlackFaultyError,
    rejected=SlackRejectedError,
    unfindable=SlackUnfindableError,
)


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What rules made of some days: states that changed, and what is said."""

    changed_count: int
    notices: tuple[Notice, ...]


def build(plan: Plan) -> list[dg.AssetsDefinition]:
    """The domain's assets."""
    return [
        plan.daily_asset(
            alerts_table,
            tables.ALERTS,
            group=GROUP,
            kinds={"slack", "duckdb"},
            deps=[
                ENGAGEMENT, COUNTRY_RATIO, COVERAGE, TREND_SHIFTS, VISIBILITY_GAP,
                newest_of(DIFFUSION_HUB),
            ],
        )
    ]  # fmt: skip


def alerts_table(
    context: dg.AssetExecutionContext,
    warehouse: WarehouseResource,
    slack: SlackResource,
    platform: Platform,
) -> dg.MaterializeResult[None]:
    """Evaluate the rules on the days not evaluated before, and post what changed to Slack."""
    house = warehouse.open()
    prepare_alerting(house)
    oldest = platform.today() - timedelta(days=platform.alert_max_age_days)
    days = days_of(context)
    news = [day for day in days if day >= oldest]
    old = [day for day in days if day < oldest]
    if old:
        tags = context.run.tags
        backfill = tags.get(BACKFILL_TAG) or tags.get(RANGE_TAG) or context.run.run_id
        _note(house, old, backfill, context.run.run_id, platform)
        context.log.info(f"{len(old)} days before {oldest} raise no alert")
    rules = load_rules(Path(platform.rules))
    done = evaluate(house, rules, news, platform, context.log.warning)
    delivered = deliver(house, slack.client(), platform, most_seconds=RUN_SECONDS)
    for key, reason in delivered.buried:
        context.log.error(f"dead letter {key}: {reason}; see `make outbox`")
    if delivered.waiting:
        context.log.warning(f"{delivered.waiting} messages wait in ops.outbox: see `make outbox`")
    said = "\n".join(f"- {each.stage}: {as_text(each.title)} ({each.day})" for each in done.notices)
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": done.changed_count,
            "days_evaluated": len(news),
            "messages_decided": len(done.notices),
            "messages_delivered": delivered.delivered,
            "messages_waiting": delivered.waiting,
            "dead_letters": len(delivered.buried),
            "said": dg.MetadataValue.md(said or "Nothing new."),
        }
    )


def prepare_alerting(house: Warehouse) -> None:
    """Create what rules read and write, where it is not there yet."""
    prepare(house, tables.OUTBOX, tables.BACKFILLED_DAYS, *_READ, POLICY_EVENTS)
    with house.transaction() as connection:
        ledger.upgrade(connection)
    prepare(house, tables.ALERTS)


def evaluate(
    house: Warehouse,
    rules: Rules,
    days: Sequence[date],
    platform: Platform,
    on_problem: Callable[[str], None] = lambda _problem: None,
) -> Evaluated:
    """Move the rules of data on, day by day; states and messages are written in one transaction."""
    with house.transaction() as connection:
        done = evaluate_days(connection, rules, days, ledger.read_states(connection))
        ledger.write_states(connection, (done.states[name] for name in sorted(done.changed)))
        form = message_form(connection, platform, on_problem)
        enqueue_notices(connection, done.notices, form, platform.now())
    return Evaluated(len(done.changed), tuple(done.notices))


def message_form(
    connection: duckdb.DuckDBPyConnection,
    platform: Platform,
    on_problem: Callable[[str], None] = lambda _problem: None,
) -> Form:
    """What the form of messages hangs on, of this installation."""
    events = connection.execute(f"SELECT * FROM {POLICY_EVENTS.qualified}").to_arrow_table()  # noqa: S608
    links = Links(platform.ui_url, platform.page_url)
    return Form(platform.world, links, context_events(events), escape, on_problem)


def _note(
    house: Warehouse, days: Sequence[date], backfill: str, run_id: str, platform: Platform
) -> None:
    with house.transaction() as connection:
        note_days(connection, days, backfill_id=backfill, run_id=run_id, now=platform.now())


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
        unknown_since=unknown_since(platform.data(), platform.now()),
    )
