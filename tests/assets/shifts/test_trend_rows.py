"""mart.trend_shifts made in a warehouse, as a run makes it, and read as of a day."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import numpy as np
import pyarrow as pa
import pytest

from assets.declare import Plan, asset_key, prepare
from assets.engagement.tables import ENGAGEMENT
from assets.shifts.assets import build, newest_shifts
from assets.shifts.trend_rows import confirmed_by, trend_shift_rows
from assets.shifts.trend_tables import TREND_SHIFTS
from checks.shifts import trend_shifts_hold_together
from resources.lake import LakeResource
from resources.warehouse import Warehouse, WarehouseResource
from tests.assets.shifts.worlds import sunday, weekly
from tests.engagement_rows import engagement_rows

WEEKS, ONSET = 70, 45


@pytest.fixture
def house(tmp_path: Path) -> Warehouse:
    return Warehouse(str(tmp_path / "warehouse.duckdb"), max_wait_s=5)


def made(house: Warehouse, tmp_path: Path) -> list[dict[str, Any]]:
    plan = Plan(daily=dg.DailyPartitionsDefinition(start_date="2022-01-01", timezone="UTC"))
    trends = [each for each in build(plan) if asset_key(TREND_SHIFTS) in each.keys]
    resources = {
        "lake": LakeResource(base_path=str(tmp_path / "lake")),
        "warehouse": WarehouseResource(database=str(house.database), max_wait_s=5),
    }
    assert dg.materialize(trends, resources=resources).success
    rows: list[dict[str, Any]] = house.query(
        "SELECT * FROM mart.trend_shifts ORDER BY ALL"
    ).to_pylist()
    return rows


def test_a_shift_of_china_is_one_of_the_others_too_and_a_second_run_says_the_same(
    house: Warehouse, tmp_path: Path
) -> None:
    prepare(house, ENGAGEMENT)
    rng = np.random.default_rng(5)
    weeks = [
        engagement_rows(
            sunday(week),
            {
                "CN": int(rng.binomial(2_000, 0.2 if week < ONSET else 0.3)),
                "US": 1_500,
                "SM": 1,
                "ZZ": 900,
            },
            period="week",
        )
        for week in range(WEEKS)
    ]
    house.replace_all(ENGAGEMENT.qualified, pa.concat_tables(weeks))
    rows = made(house, tmp_path)
    found = {row["country_iso2"]: row for row in rows if row["status"] == "confirmed"}
    assert found.keys() == {"CN", "US"}
    monday = sunday(ONSET) - timedelta(days=6)
    for row in found.values():
        assert (row["event_group"], row["period"]) == ("attention", "week")
        assert abs(row["onset_date"] - monday) <= timedelta(days=7)
        assert row["onset_low_date"] <= monday <= row["onset_high_date"]
        assert monday < row["detected_date"] <= sunday(ONSET + 2)
        assert row["point_count"] == (row["detected_date"] - sunday(0)).days // 7 + 1
    assert found["CN"]["size_pp"] > 0 > found["US"]["size_pp"]
    assert made(house, tmp_path) == rows
    verdict = trend_shifts_hold_together(
        WarehouseResource(database=str(house.database), max_wait_s=5)
    )
    assert verdict.passed, verdict.description
    line = newest_shifts(rows).splitlines()[2]
    assert f"| {found['CN']['detected_date']} |" in line
    assert "percentage points (95 %)" in newest_shifts(rows)


def test_without_any_week_there_are_no_rows_and_no_error(house: Warehouse, tmp_path: Path) -> None:
    assert made(house, tmp_path) == []
    assert newest_shifts([]) == "No shift of a weekly share is confirmed."


def row(detected: date | None, withdrawn: date | None = None) -> dict[str, Any]:
    status = "withdrawn" if withdrawn else "confirmed" if detected else "candidate"
    return {
        "detected_date": detected,
        "withdrawn_date": withdrawn,
        "status": status,
        "reason": None if status == "confirmed" else "no longer told from chance",
    }


def test_rows_are_read_as_they_stood_on_a_day() -> None:
    day = date(2024, 3, 3)
    before, after = day - timedelta(days=7), day + timedelta(days=7)
    rows = [row(before), row(day), row(after), row(None), row(before, day), row(before, after)]
    assert confirmed_by(rows, day) == [row(before), row(day), row(before)]
    assert confirmed_by(rows, before) == [row(before), row(before), row(before)]


def test_rows_of_weeks_up_to_a_day_are_those_that_had_been_confirmed_by_it() -> None:
    rng = np.random.default_rng(11)
    share = np.repeat([0.2, 0.27, 0.2], [40, 30, 30])
    count, total = rng.binomial(1_500, share).astype(np.float64), np.full(100, 1_500.0)
    rows = trend_shift_rows([weekly("CN", count, total)]).to_pylist()
    assert len(confirmed_by(rows, sunday(99))) >= 2
    for weeks in range(38, 100, 3):
        part = trend_shift_rows([weekly("CN", count[:weeks], total[:weeks])]).to_pylist()
        day = sunday(weeks - 1)
        assert confirmed_by(part, day) == confirmed_by(rows, day)
