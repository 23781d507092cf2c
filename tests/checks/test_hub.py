"""Both verdicts on the Hub's snapshots and their lineage, from a real lake and warehouse."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import dagster as dg
import pytest

from assets.declare import prepare
from assets.hub.tables import HUB_LINEAGE, HUB_MODELS, HUB_SNAPSHOTS
from assets.reference.tables import MODEL_FAMILIES
from checks.factory import suite_check
from checks.frames import hub_lineage_by_day
from checks.hub import hub_checks, snapshot_faults
from checks.suites import SUITES
from resources.lake import Lake
from resources.warehouse import Warehouse

DAY = date(2024, 12, 15)
NOON = datetime(2024, 12, 15, 12, tzinfo=UTC)
RunCheck = Callable[..., dg.ExecuteInProcessResult]
(SNAPSHOTS_WHOLE,) = hub_checks()
LINEAGE_SUITE = next(suite for suite in SUITES if suite.table is HUB_LINEAGE)


def before(days: int) -> date:
    return DAY - timedelta(days=days)


def snapshot(day: date = DAY, **changes: object) -> dict[str, object]:
    """A complete snapshot."""
    return {
        "snapshot_date": day,
        "state": "complete",
        "first_asked_at": NOON,
        "last_asked_at": NOON,
        "page_count": 900,
        "list_count": 900,
        "failed_list_count": 0,
        "silent_family_count": 0,
        "malformed_count": 0,
        "model_count": 1_000,
        "left_out_count": 0,
        "asked_share": 0.99,
        **changes,
    }


def write_snapshots(warehouse: Warehouse, *rows: dict[str, object]) -> None:
    prepare(warehouse, HUB_SNAPSHOTS)
    warehouse.upsert(HUB_SNAPSHOTS.qualified, HUB_SNAPSHOTS.arrow(rows))


def test_whole_snapshots_pass(run_check: RunCheck, warehouse: Warehouse) -> None:
    write_snapshots(warehouse, snapshot(before(1)), snapshot(model_count=900))
    (verdict,) = run_check(
        SNAPSHOTS_WHOLE, HUB_SNAPSHOTS, before(1), DAY
    ).get_asset_check_evaluations()
    assert verdict.passed
    assert verdict.description.startswith("0 of 2 snapshots")


def test_what_is_not_whole_warns_and_blocks_nothing(
    run_check: RunCheck, warehouse: Warehouse
) -> None:
    write_snapshots(warehouse, snapshot(before(1), state="partial", failed_list_count=3))
    result = run_check(SNAPSHOTS_WHOLE, HUB_SNAPSHOTS, before(1), DAY)
    (verdict,) = result.get_asset_check_evaluations()
    assert not verdict.passed
    assert verdict.severity is dg.AssetCheckSeverity.WARN
    assert verdict.description.startswith("2 of 2 snapshots")
    faults = str(verdict.metadata["faults"].value)
    assert "| 2024-12-14 | 3 lists could not be read |" in faults
    assert "| 2024-12-15 | no snapshot was taken on the day" in faults
    assert result.success


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"state": "missed"}, "no snapshot"),
        ({"state": "partial"}, "partial"),
        ({"failed_list_count": 1}, "1 lists"),
        ({"silent_family_count": 2}, "2 families have no release"),
        ({"malformed_count": 4}, "4 documents"),
        ({"asked_share": 0.89}, "89%"),
        ({"model_count": 899}, "899 models, 1000 in the one before"),
    ],
)
def test_each_fault_is_named(changes: dict[str, object], words: str) -> None:
    rows: list[dict[str, Any]] = [
        snapshot(before(3)), snapshot(before(2), state="missed", model_count=0), snapshot(**changes)
    ]  # fmt: skip
    ((day, fault),) = snapshot_faults(rows, [DAY])
    assert day == DAY
    assert words in fault


def test_at_the_bounds_nothing_is_wrong() -> None:
    rows = [snapshot(before(1)), snapshot(model_count=900, asked_share=0.9)]
    assert snapshot_faults(rows, [DAY]) == []
    assert snapshot_faults([snapshot(asked_share=None)], [DAY]) == []


def model(name: str, **changes: object) -> dict[str, object]:
    nothing = dict.fromkeys(each.name for each in HUB_MODELS.columns if each.nullable)
    return {
        **nothing,
        "snapshot_date": DAY,
        "model_id": name,
        "author": "a",
        "base_model_ids": [],
        **changes,
    }  # fmt: skip


def descent(name: str, **changes: object) -> dict[str, object]:
    return {
        "snapshot_date": DAY,
        "model_id": name,
        "weight": 1.0,
        "root_model_id": "acme/base",
        "root_family": "acme-lm",
        "origin_iso2": "CN",
        "family": "acme-lm",
        "relation": "finetune",
        "status": "root",
        "step_count": 1,
        "author_country_iso2": "ZZ",
        **changes,
    }


@pytest.fixture
def families(warehouse: Warehouse) -> Warehouse:
    prepare(warehouse, MODEL_FAMILIES)
    family = {
        "family": "acme-lm", "name": "Acme", "aliases": [], "developer": "Acme",
        "country_iso2": "CN", "released_on": DAY, "is_open": True,
    }  # fmt: skip
    warehouse.replace_all(MODEL_FAMILIES.qualified, MODEL_FAMILIES.arrow([family]))
    return warehouse


def write(lake: Lake, models: list[dict[str, object]], rows: list[dict[str, object]]) -> None:
    lake.write(HUB_MODELS.qualified, str(DAY), HUB_MODELS.arrow(models))
    lake.write(HUB_LINEAGE.qualified, str(DAY), HUB_LINEAGE.arrow(rows))


UNKNOWN = {
    "root_model_id": None, "root_family": None, "origin_iso2": "ZZ", "family": None,
    "status": "missing", "step_count": None,
}  # fmt: skip


def test_a_sound_lineage_breaks_no_promise(lake: Lake, families: Warehouse) -> None:
    rows = [descent("a/x", weight=0.75), descent("a/x", weight=0.25, **UNKNOWN), descent("b/y")]
    write(lake, [model("a/x"), model("b/y")], rows)
    frame = hub_lineage_by_day(lake, families, [before(1), DAY])
    empty, sound = frame.to_dict("records")
    assert (empty["day"], empty["model_count"]) == (str(before(1)), 0)
    assert (sound["model_count"], sound["known_share"]) == (2, pytest.approx(1.75 / 2))
    counts = [name for name in frame.columns if name.endswith("_count") and name != "model_count"]
    assert len(counts) == 9
    assert {sound[name] for name in counts} == {0} == {empty[name] for name in counts}


@pytest.mark.parametrize(
    ("column", "models", "rows"),
    [
        ("duplicate_model_count", [model("a/x"), model("A/X")], [descent("a/x"), descent("A/X")]),
        ("unfollowed_count", [model("a/x")], []),
        ("unlisted_count", [], [descent("a/x")]),
        ("unbalanced_count", [model("a/x")], [descent("a/x", weight=0.9)]),
        ("unbalanced_count", [model("a/x")], [descent("a/x", weight=1.5),
                                              descent("a/x", weight=-0.5, **UNKNOWN)]),
        ("duplicate_count", [model("a/x")], [descent("a/x", weight=0.5)] * 2),
        ("unknown_family_count", [model("a/x")], [descent("a/x", root_family="who")]),
        ("wrong_origin_count", [model("a/x")], [descent("a/x", origin_iso2="US")]),
        ("wrong_origin_count", [model("a/x")], [descent("a/x", **UNKNOWN) | {"origin_iso2": "CN"}]),
        ("unknown_code_count", [model("a/x")], [descent("a/x", author_country_iso2="FR")]),
        ("contradictory_count", [model("a/x")], [descent("a/x", status="circle")]),
        ("contradictory_count", [model("a/x")], [descent("a/x", root_model_id=None)]),
    ],
)  # fmt: skip
def test_a_broken_promise_is_counted(
    lake: Lake,
    families: Warehouse,
    column: str,
    models: list[dict[str, object]],
    rows: list[dict[str, object]],
) -> None:
    write(lake, models, rows)
    (day,) = hub_lineage_by_day(lake, families, [DAY]).to_dict("records")
    assert day[column] >= 1


def test_figures_are_made_only_of_a_lineage_that_passed(
    run_check: RunCheck, lake: Lake, families: Warehouse
) -> None:
    write(lake, [model("a/x")], [descent("a/x", weight=0.5)])
    result = run_check(suite_check(LINEAGE_SUITE), HUB_LINEAGE, DAY)
    assert not result.success
    assert not lake.is_approved(HUB_LINEAGE.qualified, str(DAY))
    write(lake, [model("a/x")], [descent("a/x")])
    assert run_check(suite_check(LINEAGE_SUITE), HUB_LINEAGE, DAY).success
    assert lake.is_approved(HUB_LINEAGE.qualified, str(DAY))
