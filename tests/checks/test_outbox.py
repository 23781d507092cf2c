"""Both verdicts on the outbox: dead letters, and messages that wait too long."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest

from assets.alerting import outbox
from assets.alerting.outbox import Action, Outgoing, Waiting
from assets.alerting.tables import ALERTS, OUTBOX
from assets.declare import prepare
from checks.outbox import outbox_checks, overdue
from resources.warehouse import Warehouse

RunCheck = Callable[..., dg.ExecuteInProcessResult]
(DELIVERED,) = outbox_checks()
NOW = datetime.now(UTC)


def put(warehouse: Warehouse, key: str, at: datetime) -> None:
    prepare(warehouse, OUTBOX)
    with warehouse.transaction() as connection:
        outbox.enqueue(connection, Outgoing(key, "gap", Action.POST, None, "text", ()), at)


def verdict(result: dg.ExecuteInProcessResult) -> dg.AssetCheckEvaluation:
    assert result.success
    (found,) = result.get_asset_check_evaluations()
    return found


def test_an_outbox_that_is_empty_delivered_or_fresh_passes(
    run_check: RunCheck, warehouse: Warehouse
) -> None:
    assert verdict(run_check(DELIVERED, ALERTS)).passed
    put(warehouse, "delivered", NOW - timedelta(days=9))
    put(warehouse, "fresh", NOW - timedelta(hours=23))
    with warehouse.transaction() as connection:
        outbox.record_delivery(connection, "delivered", channel="C1", ts="1.1", now=NOW)
    found = verdict(run_check(DELIVERED, ALERTS))
    assert found.passed
    assert found.metadata["waiting"].value == 1


@pytest.mark.parametrize("is_dead", [True, False])
def test_a_dead_letter_or_a_day_of_waiting_is_an_error_that_names_it_and_stops_nothing(
    run_check: RunCheck, warehouse: Warehouse, is_dead: bool
) -> None:
    put(warehouse, "gap|x:2024-12", NOW - timedelta(hours=1 if is_dead else 25))
    with warehouse.transaction() as connection:
        if is_dead:
            outbox.bury(connection, "gap|x:2024-12", "Slack answered\ninvalid_blocks", NOW)
    result = run_check(DELIVERED, ALERTS)
    found = verdict(result)
    assert not found.passed
    assert found.severity is dg.AssetCheckSeverity.ERROR
    state, why = ("dead", "Slack answered invalid_blocks") if is_dead else ("waits", "not tried")
    assert f"| gap\\|x\\:2024-12 | {state} | {why} |" in str(found.metadata["messages"].value)
    assert result.asset_materializations_for_node("what_rests_on_it")


def test_time_runs_from_when_a_message_was_decided_or_queued_anew() -> None:
    message = Outgoing("a", "gap", Action.POST, None, "text", ())
    old = NOW - timedelta(days=9)
    day = timedelta(hours=24)
    assert overdue([Waiting(message, since=old, created_at=old)], NOW, day)
    assert overdue([Waiting(message, since=NOW, created_at=old)], NOW, day) == []
    assert overdue([Waiting(message, since=NOW - day, created_at=old)], NOW, day) == []
