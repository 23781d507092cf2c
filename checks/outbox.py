"""Check of the outbox: what Slack did not take is seen here, by another route than Slack."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import dagster as dg

from assets.alerting import outbox
from assets.alerting.outbox import Waiting
from assets.alerting.tables import ALERTS, OUTBOX
from assets.declare import asset_key, prepare
from assets.markdown_text import as_text
from checks.rows_at_fault import to_do
from resources.platform import Platform
from resources.warehouse import WarehouseResource

_ROWS_SHOWN = 50
_LONGEST_CELL = 300


def outbox_checks() -> list[dg.AssetChecksDefinition]:
    """The checks of this module."""
    return [
        dg.asset_check(
            asset=asset_key(ALERTS),
            name="outbox_delivered",
            description=(
                f"{OUTBOX.qualified} has no dead letters, and no message has waited for Slack for "
                "longer than OBSERVATORY_ALERT_DEAD_AFTER_HOURS."
            ),
        )(outbox_delivered)
    ]


def outbox_delivered(warehouse: WarehouseResource, platform: Platform) -> dg.AssetCheckResult:
    """Name dead letters and messages that have waited too long, with the reasons."""
    house = warehouse.open()
    prepare(house, OUTBOX)
    with house.transaction() as connection:
        dead, waiting = outbox.dead(connection), outbox.waiting(connection)
    longest = timedelta(hours=platform.alert_dead_after_hours)
    late = overdue(waiting, platform.now(), longest)
    lines = [_line(each.key, "dead", each.reason) for each in dead]
    lines += [_line(each.outgoing.key, "waits", each.last_error or "not tried") for each in late]
    table = ["| message | state | why |", "|---|---|---|", *lines[:_ROWS_SHOWN]]
    return dg.AssetCheckResult(
        passed=not dead and not late,
        severity=dg.AssetCheckSeverity.ERROR,
        description=(
            f"{len(dead)} dead letters; {len(late)} of {len(waiting)} waiting messages have waited "
            f"for over {platform.alert_dead_after_hours} hours. `make outbox` lists them."
        ),
        metadata={
            "dead_letters": len(dead),
            "waiting": len(waiting),
            "overdue": len(late),
            "messages": dg.MetadataValue.md("\n".join(table) if lines else "None."),
            **to_do("outbox_delivered"),
        },
    )


def overdue(waiting: Sequence[Waiting], now: datetime, longest: timedelta) -> list[Waiting]:
    """Messages that have waited for longer than `longest`."""
    return [each for each in waiting if now - each.since > longest]


def _line(key: str, state: str, reason: str) -> str:
    """A row of a Markdown table; no text is more than text."""
    return f"| {' | '.join(as_text(text, _LONGEST_CELL) for text in (key, state, reason))} |"
