"""Checks of what is said of shocks and shifts."""

from pathlib import Path

import dagster as dg

from assets.declare import asset_key
from assets.shifts.tables import SHOCK_EFFECTS
from assets.shifts.trend_tables import TREND_SHIFTS
from assets.tables import Table
from checks.rows_at_fault import Fault, fault_metadata, first_rows
from resources.warehouse import WarehouseResource

_FOLDER = Path(__file__).parent / "sql"
_SQL = (_FOLDER / "shock_effects.sql").read_text()
_TREND_SQL = (_FOLDER / "trend_shifts.sql").read_text()


def shift_checks() -> list[dg.AssetChecksDefinition]:
    """The checks of this module."""
    return [
        dg.asset_check(
            asset=asset_key(SHOCK_EFFECTS),
            name="shock_effects_hold_together",
            description=(
                "Effects stand where the status says so and nowhere else, inside their intervals, "
                "and verdicts by placebos where it is ok; p and q values lie between 0 and 1, no "
                "q below its p; no more weeks than the window has."
            ),
        )(shock_effects_hold_together),
        dg.asset_check(
            asset=asset_key(TREND_SHIFTS),
            name="trend_shifts_hold_together",
            description=(
                "Both detectors found what is confirmed, and nothing else has a day of detection; "
                "dates are in order; sizes are those of the shares, inside their intervals; no "
                "shift of a series is said twice."
            ),
        )(trend_shifts_hold_together),
    ]


def shock_effects_hold_together(warehouse: WarehouseResource) -> dg.AssetCheckResult:
    """Name the rows that break a promise."""
    return _verdict(warehouse, SHOCK_EFFECTS, _SQL, "shock_effects_hold_together")


def trend_shifts_hold_together(warehouse: WarehouseResource) -> dg.AssetCheckResult:
    """Name the rows that break a promise."""
    return _verdict(warehouse, TREND_SHIFTS, _TREND_SQL, "trend_shifts_hold_together")


def _verdict(
    warehouse: WarehouseResource, table: Table, sql: str, check: str
) -> dg.AssetCheckResult:
    """Of a query that gives the table's columns, and then one for each promise: is it broken."""
    judged = warehouse.open().query(sql)
    faults = [
        Fault(name.replace("_", " "), rows.num_rows, first_rows(rows.select(table.key)))
        for name in judged.column_names[len(table.column_names) :]
        if (rows := judged.filter(judged[name])).num_rows
    ]
    found = ", ".join(f"{fault.words} {fault.row_count}" for fault in faults)
    return dg.AssetCheckResult(
        passed=not faults,
        severity=dg.AssetCheckSeverity.ERROR,
        description=f"{judged.num_rows} rows; {found or 'none breaks a promise'}.",
        metadata={"rows": judged.num_rows, **fault_metadata(faults, check)},
    )
