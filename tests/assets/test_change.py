"""What a materialisation changed of a partition: counted row by row, and said in words."""

from datetime import date
from pathlib import Path

import dagster as dg
import pyarrow as pa
import pytest

from assets.change import changes, telling_change
from assets.declare import beta_accepted, prepare
from assets.tables import Column, Table
from resources.warehouse import WarehouseResource

FIRST, SECOND = date(2024, 12, 1), date(2024, 12, 2)
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
        Column("country", "VARCHAR", "Country"),
        Column("share", "DOUBLE", "Share", "0 to 1", nullable=True),
    ),
)


def part(day: date, **shares: float | None) -> list[dict[str, object]]:
    return [{"day": day, "country": name, "share": share} for name, share in shares.items()]


def held(*rows: dict[str, object]) -> pa.Table:
    made = TABLE.arrow(rows)
    return made.append_column("part", made["day"])


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ({}, {"CN": 0.25}, "1 rows; there were none before"),
        ({"CN": 0.25, "US": None}, {"US": None, "CN": 0.25}, "2 rows, the same as before"),
        (
            {"CN": 0.25, "US": 0.5},
            {"CN": 0.26, "US": 0.5, "DE": 0.1},
            "3 rows, 2 before: 2 are new or have other values, 1 are gone or had others",
        ),
        (
            {"CN": 0.25},
            {},
            "0 rows, 1 before: 0 are new or have other values, 1 are gone or had others",
        ),
    ],
)
def test_the_change_of_a_partition_is_counted(
    before: dict[str, float], after: dict[str, float], words: str
) -> None:
    other = part(SECOND, CN=0.75)
    found = changes(
        held(*part(FIRST, **before), *other), held(*part(FIRST, **after), *other), [FIRST, SECOND]
    )
    assert found[FIRST]["change_since_vintage_before"] == words
    assert found[FIRST]["dagster/partition_row_count"] == len(after)
    assert found[FIRST]["rows_before"] == len(before)
    assert found[SECOND]["change_since_vintage_before"] == "1 rows, the same as before"


def test_a_column_that_is_new_is_no_change() -> None:
    before = held(*part(FIRST, CN=0.25)).drop_columns(["share"])
    found = changes(before, held(*part(FIRST, CN=0.25)), [FIRST])
    assert found[FIRST]["change_since_vintage_before"] == "1 rows, the same as before"


def test_each_partition_of_a_run_says_its_own_change(tmp_path: Path) -> None:
    shares = {FIRST: 0.25, SECOND: 0.75}

    def table(
        context: dg.AssetExecutionContext, warehouse: WarehouseResource
    ) -> dg.MaterializeResult[None]:
        house = warehouse.open()
        prepare(house, TABLE)
        days = [date.fromisoformat(key) for key in context.partition_keys]
        rows = [row for day in days for row in part(day, CN=shares[day])]
        house.replace_days(TABLE.qualified, "day", days, TABLE.arrow(rows))
        return dg.MaterializeResult(metadata={"dagster/row_count": len(rows)})

    with beta_accepted():
        asset = dg.asset(
            key=["mart", "trial"],
            partitions_def=dg.DailyPartitionsDefinition("2024-12-01", timezone="UTC"),
            backfill_policy=dg.BackfillPolicy.single_run(),
        )(telling_change(table, TABLE))
    database = WarehouseResource(database=str(tmp_path / "warehouse.duckdb"))

    def run(first: date, last: date) -> dict[str | None, object]:
        tags = {
            "dagster/asset_partition_range_start": str(first),
            "dagster/asset_partition_range_end": str(last),
        }
        result = dg.materialize([asset], resources={"warehouse": database}, tags=tags)
        events = result.asset_materializations_for_node("mart__trial")
        return {
            each.partition: each.metadata["change_since_vintage_before"].value for each in events
        }

    assert set(run(FIRST, FIRST).values()) == {"1 rows; there were none before"}
    shares[FIRST] = 0.3
    assert run(FIRST, SECOND) == {
        "2024-12-01": "1 rows, 1 before: 1 are new or have other values, 1 are gone or had others",
        "2024-12-02": "1 rows; there were none before",
    }
