"""Shock effects made in a warehouse and a lake, as a run makes them."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import numpy as np
import pyarrow as pa
import pytest

from assets.activity.tables import EVENTS
from assets.attribution.tables import ACTOR_COUNTRY
from assets.declare import Plan, prepare
from assets.engagement.tables import COUNTRY_ACTIVITY, ENGAGEMENT
from assets.reference.tables import POLICY_EVENTS, UPSTREAM_BREAKS
from assets.shifts.assets import build, words
from assets.tables import Table
from resources.lake import Lake, LakeResource
from resources.warehouse import Warehouse, WarehouseResource
from tests.assets.report.conftest import plausible
from tests.engagement_rows import engagement_rows

FIRST = date(2024, 1, 7)  # a Sunday
WEEKS = 100
SHOCK = date(2024, 9, 6)  # in the week of 2024-09-08, number 35
GROUPS = ("any", "attention")


def sunday(week: int) -> date:
    return FIRST + timedelta(weeks=week)


def counts(week: int) -> dict[str, int]:
    """CN falls by a fifth at the shock."""
    rng = np.random.default_rng(week)
    china = int(rng.poisson(400 if week < 35 else 320))
    return {"CN": china, "US": int(rng.poisson(900)), "ZZ": 500}


def fill(house: Warehouse, weeks: Sequence[int]) -> None:
    prepare(house, ENGAGEMENT, COUNTRY_ACTIVITY, POLICY_EVENTS, UPSTREAM_BREAKS)
    engagement = [
        engagement_rows(sunday(week), counts(week), period="week", event_group=group)
        for week in weeks
        for group in GROUPS
    ]
    house.replace_all(ENGAGEMENT.qualified, pa.concat_tables(engagement))
    activity = [
        plausible(
            COUNTRY_ACTIVITY,
            activity_date=sunday(week) - timedelta(days=back),
            scope="tracked",
            event_group=group,
            country_iso2=country,
            event_count=count,
        )
        for week in weeks
        for group in GROUPS
        for back in range(7)
        for country, count in counts(week).items()
    ]
    house.replace_all(COUNTRY_ACTIVITY.qualified, COUNTRY_ACTIVITY.arrow(activity))
    shock = plausible(POLICY_EVENTS, event_date=SHOCK, name="controls", is_paper_shock=True,
                      kind="export_control", stance="tighten")  # fmt: skip
    house.replace_all(POLICY_EVENTS.qualified, POLICY_EVENTS.arrow([shock]))


def forks(lake: Lake, weeks: Sequence[int]) -> None:
    """On each Sunday two repositories have 20 forks by CN at noon, 10 by US at 18:00 UTC.

    After the shock there are 4 fewer and 2 more.
    """
    for week in weeks:
        day, change = sunday(week), int(week >= 35)
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
        made = [(noon, 1, 20 - 4 * change), (noon + timedelta(hours=6), 2, 10 + 2 * change)]
        rows = [
            {
                "event_date": day,
                "event_type": "ForkEvent",
                "created_at": moment,
                "actor_id": actor,
                "repo_id": 1 + at % 2,
                "is_tracked": True,
            }
            for moment, actor, count in made
            for at in range(count)
        ]
        write(lake, EVENTS, day, rows)
        located = [
            {"as_of_date": day, "actor_id": actor, "located_iso2": country}
            for actor, country in ((1, "CN"), (2, "US"))
        ]
        write(lake, ACTOR_COUNTRY, day, located)


def write(lake: Lake, table: Table, day: date, rows: list[dict[str, Any]]) -> None:
    """Rows of some columns alone."""
    fields = pa.schema([table.arrow_schema.field(name) for name in rows[0]])
    lake.write(table.qualified, str(day), pa.Table.from_pylist(rows, schema=fields))


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(str(tmp_path / "lake"))


@pytest.fixture
def house(tmp_path: Path) -> Warehouse:
    return Warehouse(str(tmp_path / "warehouse.duckdb"), max_wait_s=5)


def made(house: Warehouse, tmp_path: Path) -> list[dict[str, Any]]:
    plan = Plan(daily=dg.DailyPartitionsDefinition(start_date="2022-01-01", timezone="UTC"))
    resources = {
        "lake": LakeResource(base_path=str(tmp_path / "lake")),
        "warehouse": WarehouseResource(database=str(house.database), max_wait_s=5),
    }
    assert dg.materialize(build(plan), resources=resources).success
    rows: list[dict[str, Any]] = house.query(
        "SELECT * FROM mart.shock_effects WHERE window_weeks = 8 ORDER BY ALL"
    ).to_pylist()
    return rows


def test_a_fall_of_a_fifth_is_found_and_a_second_run_says_the_same(
    lake: Lake, house: Warehouse, tmp_path: Path
) -> None:
    fill(house, range(WEEKS))
    forks(lake, range(WEEKS))
    rows = made(house, tmp_path)
    found = {
        (row["country_iso2"], row["method"]): row
        for row in rows
        if row["shock_date"] == SHOCK
        and (row["event_group"], row["measure"])
        in {("any", "log_events"), ("attention", "forks_per_repository_week")}
    }
    segmented = found["CN", "segmented"]
    assert segmented["effect_pct_ci_low"] < -20.0 < segmented["effect_pct_ci_high"]
    assert segmented["effect_pct"] == pytest.approx(-20.0, abs=8.0)
    assert segmented["placebo_p_value"] == pytest.approx(1 / (1 + segmented["placebo_count"]))
    # Two repositories: 20 forks at noon by CN become 16, 10 in the evening by US become 12.
    for method in ("paper", "paper_located"):
        assert found["CN", method]["level_change"] == pytest.approx(-2.0)
        assert found["CN", method]["base_value"] == pytest.approx(10.0)
        assert found["US", method]["level_change"] == pytest.approx(1.0)
    assert made(house, tmp_path) == rows
    leads_lags = house.query(
        "SELECT count(*) AS n FROM mart.shock_leads_lags WHERE window_weeks = 8"
    ).to_pylist()
    assert leads_lags == [{"n": 16 * 3 * len(GROUPS)}]


def test_a_month_of_history_says_too_few_weeks(house: Warehouse, tmp_path: Path) -> None:
    fill(house, range(33, 37))
    rows = made(house, tmp_path)
    assert {row["status"] for row in rows} == {"too_few_weeks", "too_few_shocks"}
    assert "| 2024-09-06 controls | too few weeks | | | | |" in words(rows)


def test_without_any_week_there_are_no_rows_and_no_error(house: Warehouse, tmp_path: Path) -> None:
    assert made(house, tmp_path) == []
    assert words([]) == "No weeks with accounts in both CN and US yet."


def test_effects_are_shown_with_interval_and_placebos(
    lake: Lake, house: Warehouse, tmp_path: Path
) -> None:
    fill(house, range(WEEKS))
    (line,) = [each for each in words(made(house, tmp_path)).splitlines() if "controls" in each]
    (row,) = house.query(
        "SELECT * FROM mart.shock_effects WHERE method = 'segmented' AND window_weeks = 8 "
        "AND shock_date IS NOT NULL AND country_iso2 = 'CN' AND event_group = 'any' "
        "AND measure = 'log_accounts'"
    ).to_pylist()
    assert f"{row['effect_pct']:+.1f} %" in line
    assert f"| {row['placebo_p_value']:.3f} | {row['placebo_count']} |" in line
