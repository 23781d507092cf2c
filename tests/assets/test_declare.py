"""Nothing rests on rows whose checks did not pass, in whatever run it is made."""

from datetime import date
from pathlib import Path

import dagster as dg
import pyarrow as pa
import pytest

from assets.activity.tables import EVENTS
from assets.declare import require_approved, show
from assets.engagement.tables import STAGED_ENGAGEMENT
from resources.lake import Lake
from resources.warehouse import Warehouse

DAY = date(2024, 12, 1)
TABLE = STAGED_ENGAGEMENT.qualified


def write(lake: Lake, value: int) -> None:
    lake.write(TABLE, str(DAY), pa.table({"n": [value]}))


def test_a_day_goes_on_only_while_its_rows_are_the_ones_that_passed(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    with pytest.raises(dg.Failure, match="2024-12-01"):
        require_approved(lake, STAGED_ENGAGEMENT, [DAY])
    write(lake, 1)
    with pytest.raises(dg.Failure, match="have not passed"):
        require_approved(lake, STAGED_ENGAGEMENT, [DAY])
    lake.approve(TABLE, str(DAY))
    require_approved(lake, STAGED_ENGAGEMENT, [DAY])
    write(lake, 2)
    with pytest.raises(dg.Failure, match="have not passed"):
        require_approved(lake, STAGED_ENGAGEMENT, [DAY])


def test_an_approval_of_rows_that_are_not_there_approves_nothing(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    lake.approve(TABLE, str(DAY))
    assert not lake.is_approved(TABLE, str(DAY))


def test_a_view_of_before_the_lake_was_moved_goes(tmp_path: Path) -> None:
    """It would go on showing what the lake was then."""
    house = Warehouse(str(tmp_path / "warehouse.duckdb"))
    here, elsewhere = Lake(str(tmp_path / "lake")), Lake("memory://elsewhere")
    for lake in (here, elsewhere):
        lake.write(EVENTS.qualified, "2024-12-02", EVENTS.arrow_schema.empty_table())
    show(house, here, EVENTS)
    assert house.has_table(EVENTS.qualified)
    show(house, elsewhere, EVENTS)
    assert not house.has_table(EVENTS.qualified)
    show(house, elsewhere, EVENTS)
    show(house, here, EVENTS)
    assert house.query(f"FROM {EVENTS.qualified}").num_rows == 0
