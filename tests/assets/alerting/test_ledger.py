"""Alert state and outbox in a real warehouse."""

from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pytest

from assets.alerting import ledger
from assets.alerting.messages import Message
from assets.alerting.rules import ThresholdRule
from assets.alerting.tables import ALERTS
from assets.alerting.threshold import AlertState, State
from assets.declare import prepare
from assets.engagement.tables import ENGAGEMENT
from resources.warehouse import Warehouse
from tests.engagement_rows import engagement_rows

DAY = date(2024, 12, 15)
NOW = datetime(2024, 12, 16, 2, tzinfo=UTC)
RULE = ThresholdRule(
    id="cn-high",
    kind="threshold",
    title="China's share is high",
    country="CN",
    event_group="attention",
    direction="above",
    fire=0.28,
    clear=0.25,
    min_located_actors=1,
)


def message(key: str, text: str = "hello", kind: str = "threshold") -> Message:
    return Message(key, kind, text, ({"type": "section", "text": text},))


def fill(
    warehouse: Warehouse, day: date, groups: dict[str, dict[str, int]], hours: int = 24
) -> None:
    """Write mart.engagement of a day: accounts by event group and country."""
    parts = [
        engagement_rows(day, counts, hours, event_group=group) for group, counts in groups.items()
    ]
    put(warehouse, day, *parts)


def put(warehouse: Warehouse, day: date, *parts: pa.Table) -> None:
    """Write mart.engagement of a day."""
    rows = pa.concat_tables([ENGAGEMENT.arrow([]), *parts])
    warehouse.replace_days(ENGAGEMENT.qualified, "activity_date", [day], rows)


def outbox(warehouse: Warehouse) -> list[dict[str, object]]:
    rows = warehouse.query("SELECT * FROM ops.outbox ORDER BY message_key")
    return list(rows.to_pylist())


def test_a_rule_never_evaluated_has_no_state(warehouse: Warehouse) -> None:
    with warehouse.transaction() as connection:
        assert ledger.read_state(connection, "cn-high") is None


@pytest.mark.parametrize("figures", [(0.31, 0.29, 0.33), (None, None, None)])
def test_a_state_is_read_as_written_and_replaced(
    warehouse: Warehouse, figures: tuple[float | None, float | None, float | None]
) -> None:
    value, low, high = figures
    fired = AlertState("cn-high", State.FIRING, DAY, DAY, value, low, high)
    later = AlertState("cn-high", State.OK, DAY, DAY + timedelta(days=1), value, low, high)
    held = AlertState("cn-high", State.HELD, DAY, DAY, value, low, high, State.FIRING, DAY)
    with warehouse.transaction() as connection:
        for state in (fired, later, held):
            ledger.write_state(connection, state)
            assert ledger.read_state(connection, "cn-high") == state
    assert warehouse.query("SELECT count(*) AS n FROM ops.alerts").to_pylist() == [{"n": 1}]


def test_a_message_is_enqueued_once_for_its_key(warehouse: Warehouse) -> None:
    with warehouse.transaction() as connection:
        assert ledger.enqueue(connection, message("a", "first"), NOW) is True
        assert ledger.enqueue(connection, message("a", "second"), NOW) is False
    with warehouse.transaction() as connection:
        assert ledger.enqueue(connection, message("a", "third"), NOW) is False
        (waiting,) = ledger.pending(connection)
    assert waiting.text == "first"


def test_a_delivered_message_is_not_enqueued_again(warehouse: Warehouse) -> None:
    with warehouse.transaction() as connection:
        ledger.enqueue(connection, message("a"), NOW)
        ledger.record_delivery(connection, "a", channel="C1", ts="1.1", now=NOW)
        assert ledger.enqueue(connection, message("a"), NOW) is False
        assert ledger.pending(connection) == []


def test_pending_messages_come_oldest_first_and_whole(warehouse: Warehouse) -> None:
    with warehouse.transaction() as connection:
        ledger.enqueue(connection, message("0-late"), NOW + timedelta(seconds=1))
        ledger.enqueue(connection, message("b"), NOW)
        ledger.enqueue(connection, message("a", "北京 <b>"), NOW)
        waiting = ledger.pending(connection)
    assert [each.key for each in waiting] == ["a", "b", "0-late"]
    assert waiting[0].text == "北京 <b>"
    assert waiting[0].blocks == [{"type": "section", "text": "北京 <b>"}]


def test_a_failure_is_counted_and_leaves_the_message_pending(warehouse: Warehouse) -> None:
    with warehouse.transaction() as connection:
        ledger.enqueue(connection, message("a"), NOW)
        ledger.enqueue(connection, message("b"), NOW)
        ledger.record_failure(connection, "a", "Slack answered internal_error")
        ledger.record_failure(connection, "a", "Slack is out of reach")
        assert [each.key for each in ledger.pending(connection)] == ["a", "b"]
    failed, untouched = outbox(warehouse)
    assert (failed["attempt_count"], failed["last_error"]) == (2, "Slack is out of reach")
    assert failed["delivered_at"] is None
    assert (untouched["attempt_count"], untouched["last_error"]) == (0, None)


def test_a_delivery_notes_where_the_message_lies_and_forgets_the_error(
    warehouse: Warehouse,
) -> None:
    with warehouse.transaction() as connection:
        ledger.enqueue(connection, message("a"), NOW)
        ledger.record_failure(connection, "a", "Slack is out of reach")
        ledger.record_delivery(
            connection, "a", channel="C1", ts="17.000001", now=NOW + timedelta(hours=1)
        )
        assert ledger.pending(connection) == []
    (row,) = outbox(warehouse)
    assert (row["slack_channel"], row["slack_ts"]) == ("C1", "17.000001")
    assert row["delivered_at"] == NOW + timedelta(hours=1)
    assert (row["attempt_count"], row["last_error"]) == (2, None)


def test_a_reading_is_the_rules_country_on_its_day_and_group(warehouse: Warehouse) -> None:
    fill(warehouse, DAY - timedelta(days=1), {"attention": {"CN": 1, "US": 1}})
    fill(warehouse, DAY, {"attention": {"CN": 8, "US": 2, "ZZ": 10}, "any": {"CN": 1}}, hours=23)
    with warehouse.transaction() as connection:
        reading = ledger.read_reading(connection, RULE, DAY)
    assert reading is not None
    assert (reading.day, reading.value) == (DAY, 0.8)
    # 8 of 10: see test_intervals for the derivation.
    assert (reading.ci_low, reading.ci_high) == pytest.approx((0.490162, 0.943318), abs=1e-6)
    assert (reading.located_actor_count, reading.unknown_share) == (10, 0.5)
    assert reading.is_complete is False


def test_a_country_that_nobody_was_active_from_has_share_0_of_n(warehouse: Warehouse) -> None:
    """0 of 10: the upper bound is z^2 / (n + z^2) = 3.841459 / 13.841459 = 0.277533."""
    fill(warehouse, DAY, {"attention": {"DE": 3, "US": 7, "ZZ": 30}})
    with warehouse.transaction() as connection:
        reading = ledger.read_reading(connection, RULE, DAY)
    assert reading is not None
    assert (reading.value, reading.ci_low) == (0.0, 0.0)
    assert reading.ci_high == pytest.approx(0.277533, abs=1e-6)
    assert (reading.located_actor_count, reading.unknown_share) == (10, 0.75)
    assert reading.is_complete is True


@pytest.mark.parametrize(
    "groups", [{}, {"attention": {"ZZ": 9}}, {"contribution": {"CN": 9}}], ids=str
)
def test_a_day_without_located_accounts_has_no_reading(
    warehouse: Warehouse, groups: dict[str, dict[str, int]]
) -> None:
    fill(warehouse, DAY, groups)
    with warehouse.transaction() as connection:
        assert ledger.read_reading(connection, RULE, DAY) is None


def test_only_a_days_figure_on_tracked_repositories_of_countries_apart_is_read(
    warehouse: Warehouse,
) -> None:
    """The other cells of the day say 9 of 10, and are not asked."""
    others = ({"period": "week"}, {"period": "28d"}, {"scope": "panel"}, {"grouping": "greater"})
    wrong = [engagement_rows(DAY, {"CN": 9, "US": 1}, **each) for each in others]
    put(warehouse, DAY, *wrong)
    with warehouse.transaction() as connection:
        assert ledger.read_reading(connection, RULE, DAY) is None
    put(warehouse, DAY, *wrong, engagement_rows(DAY, {"CN": 3, "US": 7}))
    with warehouse.transaction() as connection:
        reading = ledger.read_reading(connection, RULE, DAY)
    assert reading is not None
    assert reading.value == 0.3


def test_a_rule_reads_the_share_of_the_located_not_the_corrected_one(
    warehouse: Warehouse,
) -> None:
    rows = engagement_rows(DAY, {"CN": 8, "US": 2, "ZZ": 10}).to_pylist()
    corrected = [{**row, "share": 0.1, "share_ci_low": 0.0, "share_ci_high": 0.2} for row in rows]
    put(warehouse, DAY, ENGAGEMENT.arrow(corrected))
    with warehouse.transaction() as connection:
        reading = ledger.read_reading(connection, RULE, DAY)
    assert reading is not None
    assert reading.value == 0.8
    assert (reading.ci_low, reading.ci_high) == pytest.approx((0.490162, 0.943318), abs=1e-6)


def test_a_hold_of_a_warehouse_without_its_newest_day_is_read(warehouse: Warehouse) -> None:
    with warehouse.transaction() as connection:
        connection.execute("ALTER TABLE ops.alerts DROP COLUMN held_through")
        connection.execute(
            "INSERT INTO ops.alerts VALUES ('cn-high', 'held', ?, ?, 0.3, 0.2, 0.4, 'ok')",
            [DAY, DAY - timedelta(days=1)],
        )
    prepare(warehouse, ALERTS)
    with warehouse.transaction() as connection:
        state = ledger.read_state(connection, "cn-high")
        assert state is not None
        assert (state.state, state.held_from, state.held_through) == (State.HELD, State.OK, None)
        ledger.write_state(connection, state)
        assert ledger.read_state(connection, "cn-high") == state
