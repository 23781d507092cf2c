"""The tables of shocks and shifts keep their promises, or a check says which are broken."""

from datetime import date
from pathlib import Path

import pytest

from assets.declare import prepare
from assets.shifts.tables import SHOCK_EFFECTS
from assets.shifts.trend_tables import TREND_SHIFTS
from checks.shifts import shock_effects_hold_together, trend_shifts_hold_together
from resources.warehouse import Warehouse, WarehouseResource
from tests.assets.report.conftest import plausible

SOUND: dict[str, object] = {
    "status": "ok",
    "window_weeks": 8,
    "week_count": 16,
    "placebo_count": 100,
    "placebo_effective_windows": 40.0,
}


@pytest.fixture
def house(tmp_path: Path) -> Warehouse:
    made = Warehouse(str(tmp_path / "warehouse.duckdb"), max_wait_s=5)
    prepare(made, SHOCK_EFFECTS, TREND_SHIFTS)
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


def test_figures_without_a_verdict_pass_where_placebos_are_too_few(house: Warehouse) -> None:
    unjudged = {
        name: None
        for name in NONE
        if name.startswith(("level_change_placebo", "placebo_p", "placebo_q"))
    }
    assert verdict(house, status="too_few_placebos", **unjudged)[0]


@pytest.mark.parametrize(
    ("broken", "values"),
    [
        ("missing 1", {"level_change": None}),
        ("missing 1", {"placebo_p_value": None}),
        ("unfounded 1", {"status": "too_few_weeks"}),
        ("unfounded 1", {"status": "too_few_placebos"}),
        ("disordered 1", {"effect_pp_placebo_low": 0.7}),
        ("disordered 1", {"level_change": 0.6}),
        ("disordered 1", {"effect_pct_ci_low": 0.7}),
        ("disordered 1", {"level_change_se": float("inf")}),
        ("improbable 1", {"placebo_p_value": -0.1}),
        ("improbable 1", {"slope_p_value": 1.5}),
        ("improbable 1", {"level_q_value": 0.4}),
        ("overcounted 1", {"placebo_effective_windows": 101.0}),
        ("overfull 1", {"week_count": 17}),
    ],
)
def test_a_broken_promise_is_named(
    house: Warehouse, broken: str, values: dict[str, object]
) -> None:
    assert verdict(house, **values) == (False, f"1 rows; {broken}.")


BOTH, ONE = ["sequential", "retrospective"], ["sequential"]
CONFIRMED: dict[str, object] = {
    "onset_date": date(2024, 3, 4),
    "onset_low_date": date(2024, 3, 4),
    "onset_high_date": date(2024, 3, 11),
    "detected_date": date(2024, 3, 24),
    "data_through_date": date(2024, 3, 24),
    "withdrawn_date": None,
    "before_share": 0.2,
    "after_share": 0.25,
    "size_pp": 5.0,
    "size_pp_ci_low": 2.0,
    "size_pp_ci_high": 8.0,
    "statistic": 9.0,
    "confidence_share": 0.8,
    "detectors": BOTH,
    "status": "confirmed",
    "reason": None,
}
WITHDRAWN = {"status": "withdrawn", "withdrawn_date": date(2024, 5, 5), "reason": "chance"}
CANDIDATE = {"status": "candidate", "detected_date": None, "detectors": ONE, "reason": "one"}


def trend_verdict(house: Warehouse, *changes: dict[str, object]) -> tuple[bool, str]:
    rows = [plausible(TREND_SHIFTS, **CONFIRMED | each) for each in changes]
    house.replace_all(TREND_SHIFTS.qualified, TREND_SHIFTS.arrow(rows))
    found = trend_shifts_hold_together(
        WarehouseResource(database=str(house.database), max_wait_s=5)
    )
    return found.passed, str(found.description)


def test_shifts_that_hold_together_pass(house: Warehouse) -> None:
    assert trend_verdict(house, {}, WITHDRAWN, CANDIDATE) == (
        True,
        "3 rows; none breaks a promise.",
    )


@pytest.mark.parametrize(
    ("broken", "values"),
    [
        ("unknown status 1", {"status": "likely", "detected_date": None, "reason": "why"}),
        ("unfounded 1", {"detected_date": None}),
        ("unfounded 1", {"detectors": ONE}),
        ("unfounded 1", CANDIDATE | {"detected_date": date(2024, 3, 24)}),
        ("unfounded 1", CANDIDATE | {"detectors": BOTH}),
        ("unexplained 1", {"reason": "why"}),
        ("unexplained 1", WITHDRAWN | {"reason": None}),
        ("unexplained 1", WITHDRAWN | {"withdrawn_date": None}),
        ("disordered dates 1", {"onset_low_date": date(2024, 3, 5)}),
        ("disordered dates 1", {"onset_high_date": date(2024, 3, 3)}),
        ("disordered dates 1", {"detected_date": date(2024, 3, 25)}),
        ("disordered dates 1", WITHDRAWN | {"withdrawn_date": date(2024, 3, 24)}),
        ("wrong size 1", {"size_pp": 4.0}),
        ("wrong size 1", {"size_pp_ci_low": 5.5}),
        ("wrong size 1", {"after_share": 1.05, "size_pp": 85.0, "size_pp_ci_high": 90.0}),
        ("improbable 1", {"confidence_share": 1.1}),
        ("improbable 1", {"statistic": -1.0}),
    ],
)
def test_a_broken_promise_of_a_shift_is_named(
    house: Warehouse, broken: str, values: dict[str, object]
) -> None:
    assert trend_verdict(house, values) == (False, f"1 rows; {broken}.")


def test_a_shift_that_is_said_twice_is_counted(house: Warehouse) -> None:
    later = {"detected_date": date(2024, 3, 31), "data_through_date": date(2024, 3, 31)}
    assert trend_verdict(house, {}, later) == (False, "2 rows; duplicate 2.")


def test_the_rows_at_fault_are_named(house: Warehouse) -> None:
    rows = [
        plausible(SHOCK_EFFECTS, **SOUND | {"shock_name": name, "week_count": count})
        for name, count in (("Some act", 17), ("Other act", 16))
    ]
    house.replace_all(SHOCK_EFFECTS.qualified, SHOCK_EFFECTS.arrow(rows))
    found = shock_effects_hold_together(
        WarehouseResource(database=str(house.database), max_wait_s=5)
    )
    assert found.metadata["rows_at_fault"].value == 1
    named = str(found.metadata["faults"].value)
    assert "overfull" in named
    assert "Some act" in named
    assert "Other act" not in named
