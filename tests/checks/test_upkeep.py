"""Both verdicts on what is left undone and on what is late, and which of them raises an alert."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import dagster as dg
import pytest

from assets.declare import prepare
from assets.upkeep.freshness import end_of, freshness
from assets.upkeep.sources import HUB, STARS, archive
from assets.upkeep.tables import FRESHNESS, INVENTORY
from checks.upkeep import upkeep_checks
from resources.warehouse import Warehouse

RunCheck = Callable[..., dg.ExecuteInProcessResult]
LEFT, FRESH = upkeep_checks()
NOW = datetime(2026, 3, 10, 6, 20, tzinfo=UTC)
ROW = {
    "asset": "mart.engagement", "family": "daily", "unit": "day", "first_date": date(2022, 1, 1),
    "asked_from_date": date(2026, 1, 1), "due_to_date": date(2026, 3, 9), "made_count": 68,
    "failed_count": 0, "given_up_count": 0, "in_progress_count": 0, "missing_count": 0,
    "never_asked_count": 1461, "left_count": 0, "failed_spans": "", "missing_spans": "",
    "mend_commands": [], "taken_at": NOW,
}  # fmt: skip


def verdict(result: dg.ExecuteInProcessResult) -> dg.AssetCheckEvaluation:
    assert result.success
    (found,) = result.get_asset_check_evaluations()
    return found


def put(warehouse: Warehouse, *rows: dict[str, object]) -> None:
    prepare(warehouse, INVENTORY)
    warehouse.replace_all(INVENTORY.qualified, INVENTORY.arrow(rows))


def test_an_inventory_with_nothing_left_passes(run_check: RunCheck, warehouse: Warehouse) -> None:
    put(warehouse, ROW)
    assert verdict(run_check(LEFT, INVENTORY)).passed


@pytest.mark.parametrize(
    ("left", "severity"),
    [(0, dg.AssetCheckSeverity.WARN), (7, dg.AssetCheckSeverity.ERROR)],
)
def test_what_failed_or_is_missing_is_named_with_the_command_and_an_error_if_nobody_asks_for_it(
    run_check: RunCheck, warehouse: Warehouse, left: int, severity: dg.AssetCheckSeverity
) -> None:
    commands = ["make backfill FROM=2026-02-01 TO=2026-02-07"]
    torn = {
        **ROW, "failed_count": 1, "missing_count": 6, "left_count": left,
        "failed_spans": "2026-02-01", "missing_spans": "2026-02-02 to 2026-02-07",
        "mend_commands": commands,
    }  # fmt: skip
    put(warehouse, ROW | {"asset": "core.events"}, torn, torn | {"asset": "published.page"})
    found = verdict(run_check(LEFT, INVENTORY))
    assert not found.passed
    assert found.severity is severity
    assert found.description is not None
    assert "2 partitions of assets failed, 12 are missing, of 2 assets" in found.description
    assert found.metadata["mend"].value == f"- `{commands[0]}`"
    assert "published.page: 1 failed, 6 missing" in str(found.metadata["assets"].value)
    assert "core.events" not in str(found.metadata["assets"].value)


def test_a_thousand_commands_are_cut_short(run_check: RunCheck, warehouse: Warehouse) -> None:
    commands = [f"make backfill FROM={n} TO={n}" for n in range(1000)]
    put(warehouse, ROW | {"missing_count": 1000, "mend_commands": commands})
    text = str(verdict(run_check(LEFT, INVENTORY)).metadata["mend"].value)
    assert text.endswith("- and more: `make inventory` has all 1000")
    assert len(text) < 2_000


@pytest.mark.parametrize(
    ("age", "passed", "severity"),
    [
        (timedelta(0), True, None),
        (timedelta(days=1), False, dg.AssetCheckSeverity.WARN),
        (timedelta(days=3), False, dg.AssetCheckSeverity.ERROR),
    ],
)
def test_a_source_is_a_warning_while_it_is_late_and_an_error_once_it_is_overdue(
    run_check: RunCheck,
    warehouse: Warehouse,
    age: timedelta,
    passed: bool,
    severity: dg.AssetCheckSeverity | None,
) -> None:
    sources = [archive("gharchive"), STARS]
    through = end_of(sources[0].unit, date(2026, 3, 9))
    newest = {"gharchive": through - age, "star_history": NOW}
    prepare(warehouse, FRESHNESS)
    rows = [each.row() for each in freshness(sources, newest, NOW)]
    warehouse.replace_all(FRESHNESS.qualified, FRESHNESS.arrow(rows))
    found = verdict(run_check(FRESH, FRESHNESS))
    assert found.passed is passed
    if not passed:
        assert found.severity is severity
        assert found.description is not None
        assert "gharchive" in found.description
        assert "star_history" not in found.description


def test_a_source_that_never_gave_anything_is_a_warning(
    run_check: RunCheck, warehouse: Warehouse
) -> None:
    prepare(warehouse, FRESHNESS)
    rows = [each.row() for each in freshness([HUB], {}, NOW)]
    warehouse.replace_all(FRESHNESS.qualified, FRESHNESS.arrow(rows))
    found = verdict(run_check(FRESH, FRESHNESS))
    assert not found.passed
    assert found.severity is dg.AssetCheckSeverity.WARN
    assert found.description == "huggingface_hub never gave anything."
