"""A warehouse with the tables that alerting reads and writes."""

from pathlib import Path

import pytest

from assets.alerting.tables import ALERTS, OUTBOX
from assets.coverage.tables import COVERAGE
from assets.declare import prepare
from assets.engagement.tables import ENGAGEMENT
from assets.visibility.tables import VISIBILITY_GAP
from resources.warehouse import Warehouse


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    """An empty warehouse."""
    house = Warehouse(str(tmp_path / "warehouse.duckdb"), max_wait_s=5)
    prepare(house, ENGAGEMENT, COVERAGE, VISIBILITY_GAP, ALERTS, OUTBOX)
    return house
