"""A warehouse with the tables that alerting reads and writes."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest

from assets.alerting.evaluation import Evaluation, evaluate_days
from assets.alerting.rule_kinds import Rule
from assets.alerting.rules import Rules
from assets.alerting.states import AlertState
from assets.alerting.tables import ALERTS, OUTBOX
from assets.coverage.tables import COVERAGE
from assets.declare import prepare
from assets.engagement.tables import ENGAGEMENT
from assets.hub.tables import DIFFUSION_HUB
from assets.indices.tables import COUNTRY_RATIO
from assets.shifts.trend_tables import TREND_SHIFTS
from assets.visibility.tables import VISIBILITY_GAP
from resources.warehouse import Warehouse


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    """An empty warehouse."""
    house = Warehouse(str(tmp_path / "warehouse.duckdb"), max_wait_s=5)
    read = (ENGAGEMENT, COUNTRY_RATIO, COVERAGE, TREND_SHIFTS, VISIBILITY_GAP, DIFFUSION_HUB)
    prepare(house, *read, ALERTS, OUTBOX)
    return house


def evaluated(
    warehouse: Warehouse,
    rules: Sequence[Rule],
    days: Sequence[date],
    states: dict[str, AlertState] | None = None,
) -> Evaluation:
    """What rules make of some days, without anything written."""
    with warehouse.transaction() as connection:
        return evaluate_days(connection, Rules(tuple(rules)), days, states or {})
