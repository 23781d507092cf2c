"""Rows against what their table declares of them: both verdicts, and what a fault's words are."""

from collections.abc import Mapping
from datetime import date

import pytest

from assets.declare import prepare
from assets.tables import Column, Table
from checks.declared import declared_check, verdict
from checks.rows_at_fault import cell
from resources.lake import Lake
from resources.warehouse import Warehouse
from tests.checks.conftest import RunCheck

DAY = date(2024, 12, 1)
TABLE = Table(
    schema="mart",
    name="trial",
    description="A table.",
    grain="one day and country",
    key=("day", "country"),
    source="a test",
    partition_column="day",
    columns=(
        Column("day", "DATE", "Day"),
        Column("country", "VARCHAR", "Country", nullable=True),
        Column("actor_id", "BIGINT", "Account", nullable=True),
        Column("event_count", "BIGINT", "Events", "events"),
        Column("share", "DOUBLE", "Share", "0 to 1", nullable=True),
        Column("share_ci_low", "DOUBLE", "Lower", "0 to 1", nullable=True),
        Column("share_ci_high", "DOUBLE", "Upper", "0 to 1", nullable=True),
    ),
)
SOUND = {
    "day": DAY,
    "country": "CN",
    "actor_id": 4242,
    "event_count": 0,
    "share": 0.25,
    "share_ci_low": 0.25,
    "share_ci_high": 0.5,
}
NOTHING_KNOWN = {**SOUND, "country": "US", "share": None, "share_ci_low": None}


def write(lake: Lake, *rows: Mapping[str, object], partition: date = DAY) -> None:
    lake.write(TABLE.qualified, str(partition), TABLE.arrow(rows))


def test_sound_rows_pass_with_nulls_where_they_may_be(lake: Lake, warehouse: Warehouse) -> None:
    write(lake, SOUND, NOTHING_KNOWN)
    result = verdict(TABLE, lake, warehouse)
    assert result.passed
    assert result.description == "2 rows of mart.trial are as declared."


@pytest.mark.parametrize(
    ("fault", "words", "shown"),
    [
        ({"share": 1.5, "share_ci_high": 2.0}, "share is outside 0 to 1", r"share = 1.5"),
        ({"share": float("nan"), "share_ci_low": None}, "share is outside 0 to 1", "share = nan"),
        ({"share": 0.1}, "share is outside its interval", r"share = 0.1"),
        ({"event_count": -3}, "event_count is negative", r"event_count = -3"),
        ({"day": date(2024, 12, 2)}, "day is not the partition's", "day = 2024-12-02"),
    ],
)
def test_each_fault_is_named_with_its_row(
    lake: Lake, warehouse: Warehouse, fault: dict[str, object], words: str, shown: str
) -> None:
    write(lake, NOTHING_KNOWN, {**SOUND, **fault})
    result = verdict(TABLE, lake, warehouse)
    assert not result.passed
    assert words in str(result.description)
    assert result.metadata is not None
    table = str(result.metadata["faults"].value)
    assert shown in table
    assert "country = CN" in table
    assert "country = US" not in table
    assert result.metadata["runbook"].value == "docs/runbook.md#as_declared"
    assert "materialise the partition again" in str(result.metadata["what_to_do"].value).replace(
        "\n", " "
    )


def test_a_key_that_stands_twice_is_a_fault_also_where_part_of_it_is_null(
    lake: Lake, warehouse: Warehouse
) -> None:
    write(lake, SOUND, {**SOUND, "country": None}, {**SOUND, "country": None})
    result = verdict(TABLE, lake, warehouse)
    assert "day and country stand more than once" in str(result.description)
    assert "country = null" in str(result.metadata["faults"].value)


def test_accounts_are_numbered_nowhere(lake: Lake, warehouse: Warehouse) -> None:
    keyed = Table("core", "trial", "A", "g", ("day", "actor_id"), TABLE.columns, "a test", "day")
    lake.write(keyed.qualified, str(DAY), keyed.arrow([{**SOUND, "event_count": -1}]))
    table = str(verdict(keyed, lake, warehouse).metadata["faults"].value)
    assert r"actor_id = withheld" in table
    assert "4242" not in table


def test_a_warehouse_is_judged_on_the_partitions_of_the_run_alone(
    lake: Lake, warehouse: Warehouse
) -> None:
    prepare(warehouse, TABLE)
    earlier = {**SOUND, "day": date(2024, 11, 30), "event_count": -1}
    warehouse.replace_all(TABLE.qualified, TABLE.arrow([SOUND, earlier]))
    assert verdict(TABLE, lake, warehouse, "2024-12-01", "2024-12-02").passed
    assert not verdict(TABLE, lake, warehouse, "2024-11-30", "2024-12-01").passed
    assert not verdict(TABLE, lake, warehouse).passed


def test_a_table_that_was_never_made_passes_with_no_rows(lake: Lake, warehouse: Warehouse) -> None:
    result = verdict(TABLE, lake, warehouse)
    assert result.passed
    assert result.metadata["rows"].value == 0


def test_the_check_judges_its_runs_days_and_stops_nothing(lake: Lake, run_check: RunCheck) -> None:
    write(lake, {**SOUND, "event_count": -1})
    write(lake, {**SOUND, "day": date(2024, 12, 2)}, partition=date(2024, 12, 2))
    (found,) = run_check(declared_check(TABLE), TABLE, DAY).get_asset_check_evaluations()
    assert not found.passed
    assert found.description == (
        "1 of 1 rows of mart.trial break on 2024-12-01 to 2024-12-01: event_count is negative."
    )
    (other,) = run_check(
        declared_check(TABLE), TABLE, date(2024, 12, 2)
    ).get_asset_check_evaluations()
    assert other.passed


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("<script>alert(1)</script>", r"\<script\>alert(1)\</script\>"),
        ("[x](javascript:1)|new cell\nnew row", r"\[x\](javascript\:1)\|new cell new row"),
        ("a\u202eb\0c\u2028d", "a\ufffdb\ufffdc d"),
        ("x" * 200, "x" * 79 + "…"),
        (None, "null"),
    ],
)
def test_text_of_others_is_shown_as_text(hostile: object, shown: str) -> None:
    assert cell(hostile) == shown
