"""Alert state and readings in a real warehouse."""

from datetime import date, timedelta

import pyarrow as pa
import pytest

from assets.alerting import ledger
from assets.alerting.rules import ThresholdRule
from assets.alerting.tables import ALERTS
from assets.alerting.threshold import AlertState, State
from assets.declare import prepare
from assets.engagement.tables import ENGAGEMENT
from resources.warehouse import Warehouse
from tests.engagement_rows import engagement_rows

DAY = date(2024, 12, 15)
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
