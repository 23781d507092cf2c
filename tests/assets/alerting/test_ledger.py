"""Where alerts stand, in a real warehouse: read as written, and brought over from an older one."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from assets.alerting.ledger import read_states, upgrade, write_states
from assets.alerting.states import AlertState, State
from assets.alerting.tables import ALERTS, OUTBOX
from assets.declare import prepare
from resources.warehouse import Warehouse

DAY = date(2024, 12, 15)
BARE = AlertState("a", "a", State.OK, DAY, DAY)
FULL = AlertState(
    "b:CN", "b", State.HELD, DAY, date(2024, 12, 14), 0.4, 0.3, 0.5, State.RECOVERING,
    date(2024, 12, 16), "fcb", date(2024, 12, 1), 2, "b:CN:2024-12-01:firing", date(2024, 12, 8),
    date(2024, 6, 1),
)  # fmt: skip


def test_states_are_read_as_they_were_written_and_replaced_by_id(warehouse: Warehouse) -> None:
    with warehouse.transaction() as connection:
        write_states(connection, [BARE, FULL])
        assert read_states(connection) == {"a": BARE, "b:CN": FULL}
        later = replace(BARE, state=State.FIRING, episode=DAY)
        write_states(connection, [later])
        assert read_states(connection) == {"a": later, "b:CN": FULL}


_EARLIER = """
CREATE TABLE ops.alerts (
    rule_id VARCHAR PRIMARY KEY, state VARCHAR NOT NULL, since_date DATE NOT NULL,
    evaluated_through DATE NOT NULL, value DOUBLE, ci_low DOUBLE, ci_high DOUBLE,
    held_from VARCHAR, held_through DATE
)
"""


@pytest.fixture
def earlier(tmp_path: Path) -> Warehouse:
    """A warehouse of before alerts had ids and threads: three rules, two of which fire."""
    house = Warehouse(str(tmp_path / "earlier.duckdb"), max_wait_s=5)
    prepare(house, OUTBOX)
    rows = [
        ("cn-high", "firing", "2024-12-10", None),
        ("cn-low", "ok", "2024-11-01", None),
        ("upstream-capture:gharchive:attention", "held", "2024-12-12", "firing"),
    ]
    keys = [
        "threshold:cn-high:2024-11-01:firing",
        "threshold:cn-high:2024-12-10:firing",
        "threshold:cn-low:2024-10-01:ok",
        "upstream:upstream-capture:gharchive:attention+participation:2024-12-01:firing",
    ]
    with house.transaction() as connection:
        connection.execute(_EARLIER)
        for rule, state, since, held in rows:
            connection.execute(
                "INSERT INTO ops.alerts VALUES (?, ?, ?, '2024-12-15', 0.3, 0.2, 0.4, ?, NULL)",
                [rule, state, since, held],
            )
        for key in keys:
            connection.execute(
                "INSERT INTO ops.outbox BY NAME SELECT ? AS message_key, 'x' AS kind, "
                "'post' AS action, '{}' AS message, now() AS created_at, 1 AS attempt_count",
                [key],
            )
    return house


def test_what_an_earlier_warehouse_said_is_not_said_again(earlier: Warehouse) -> None:
    with earlier.transaction() as connection:
        assert upgrade(connection)
        assert not upgrade(connection)
        states = read_states(connection)
    assert [each.rule_id for each in states.values()] == ["cn-high", "cn-low", "upstream-capture"]
    high = states["cn-high"]
    assert (high.state, high.episode, high.thread) == (
        State.FIRING, date(2024, 12, 10), "threshold:cn-high:2024-12-10:firing",
    )  # fmt: skip
    assert states["cn-low"].thread is None
    lost = states["upstream-capture:gharchive:attention"]
    assert lost.standing is State.FIRING
    assert lost.thread is not None
    assert lost.thread.startswith("upstream:upstream-capture:gharchive:attention+")
    # The table is the present one: its key is the alert's id.
    prepare(earlier, ALERTS)
    with earlier.transaction() as connection:
        write_states(connection, [replace(high, alert_id="cn-high:x")])
        assert len(read_states(connection)) == 4


def test_a_warehouse_without_alerts_has_nothing_to_bring_over(tmp_path: Path) -> None:
    house = Warehouse(str(tmp_path / "new.duckdb"), max_wait_s=5)
    with house.transaction() as connection:
        assert not upgrade(connection)
