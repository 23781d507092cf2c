"""mart.shock_effects keeps its promises, or its check says which are broken."""

from pathlib import Path

import pytest

from assets.declare import prepare
from assets.shifts.tables import SHOCK_EFFECTS
from checks.shifts import shock_effects_hold_together
from resources.warehouse import Warehouse, WarehouseResource
from tests.assets.report.conftest import plausible

SOUND: dict[str, object] = {
    "status": "ok",
    "window_weeks": 8,
    "week_count": 16,
    "placebo_count": 100,
    "placebo_effective_count": 40.0,
}


@pytest.fixture
def house(tmp_path: Path) -> Warehouse:
    made = Warehouse(str(tmp_path / "warehouse.duckdb"), max_wait_s=5)
    prepare(made, SHOCK_EFFECTS)
    return made


def verdict(house: Warehouse, **values: object) -> tuple[bool, str]:
    row = plausible(SHOCK_EFFECTS, **SOUND | values)
    house.replace_all(SHOCK_EFFECTS.qualified, SHOCK_EFFECTS.arrow([row]))
    found = shock_effects_hold_together(
        WarehouseResource(database=str(house.database), max_wait_s=5)
    )
    return found.passed, str(found.description)


def test_rows_that_hold_together_pass(house: Warehouse) -> None:
    assert verdict(house) == (True, "1 rows; none breaks a promise.")


NONE = dict.fromkeys(
    [name for name in SHOCK_EFFECTS.column_names if name.startswith(("level", "placebo"))]
)


def test_rows_without_figures_pass_where_the_status_says_so(house: Warehouse) -> None:
    assert verdict(house, status="too_few_weeks", **NONE)[0]


@pytest.mark.parametrize(
    ("broken", "values"),
    [
        ("missing 1", {"level_change": None}),
        ("unfounded 1", {"status": "too_few_weeks"}),
        ("disordered 1", {"level_change": 0.6}),
        ("disordered 1", {"effect_pct_ci_low": 0.7}),
        ("disordered 1", {"level_change_se": float("inf")}),
        ("improbable 1", {"placebo_p_value": -0.1}),
        ("improbable 1", {"slope_p_value": 1.5}),
        ("improbable 1", {"level_q_value": 0.4}),
        ("overcounted 1", {"placebo_effective_count": 101.0}),
        ("overfull 1", {"week_count": 17}),
    ],
)
def test_a_broken_promise_is_named(
    house: Warehouse, broken: str, values: dict[str, object]
) -> None:
    assert verdict(house, **values) == (False, f"1 rows; {broken}.")
