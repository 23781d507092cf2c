"""The index assets in Dagster: a day's run, a backfill's and a rerun leave the same tables."""

from datetime import date, timedelta

import dagster as dg

from assets.baseline.tables import INNOVATION_GRAPH
from assets.declare import Plan, asset_key
from assets.indices import tables
from assets.indices.assets import build
from resources.warehouse import WarehouseResource
from tests.assets.indices.conftest import ENGAGEMENT, House, Row, row

DAILY = dg.DailyPartitionsDefinition(start_date="2024-11-01", end_date="2024-12-01")
WEEK = date(2024, 11, 10)
DERIVED = (tables.ENGAGEMENT_INDEX, tables.COUNTRY_RATIO, tables.CROSSINGS)


def materialise(house: House, first: date, last: date) -> dg.ExecuteInProcessResult:
    definitions = dg.Definitions(
        assets=build(Plan(daily=DAILY)),
        jobs=[dg.define_asset_job("derived")],
        resources={"warehouse": WarehouseResource(database=str(house.warehouse.database))},
    )
    return definitions.resolve_job_def("derived").execute_in_process(
        tags={
            "dagster/asset_partition_range_start": str(first),
            "dagster/asset_partition_range_end": str(last),
        }
    )


def all_rows(house: House) -> dict[str, list[Row]]:
    return {table.qualified: house.rows(table) for table in DERIVED}


def week(number: int, cn: float) -> list[Row]:
    day = WEEK + timedelta(weeks=number)
    return [
        row(day, "CN", cn, cn - 0.02, cn + 0.02),
        row(day, "US", 0.2, 0.19, 0.21),
    ]


def test_whatever_day_is_made_the_tables_hold_all_weeks_there_are(house: House) -> None:
    house.fill(ENGAGEMENT, [*week(0, 0.1), *week(1, 0.3)])
    assert materialise(house, WEEK, WEEK).success
    first = all_rows(house)
    assert len(first["mart.engagement_index"]) == 4
    assert first["mart.crossings"][0]["overtaking_date"] == WEEK + timedelta(weeks=1)
    # A rerun, and a run over a range of days, change nothing.
    assert materialise(house, WEEK, WEEK).success
    assert materialise(house, date(2024, 11, 4), date(2024, 11, 24)).success
    assert all_rows(house) == first


def test_a_week_that_a_later_run_revised_is_revised_in_all_tables(house: House) -> None:
    house.fill(ENGAGEMENT, [*week(0, 0.1), *week(1, 0.3)])
    materialise(house, WEEK, WEEK)
    house.fill(ENGAGEMENT, week(0, 0.1))
    materialise(house, WEEK, WEEK)
    assert len(house.rows(tables.ENGAGEMENT_INDEX)) == 2
    assert len(house.rows(tables.COUNTRY_RATIO)) == 1
    assert house.rows(tables.CROSSINGS)[0]["overtaking_date"] is None


def test_an_innovation_graph_never_fetched_leaves_its_columns_null(house: House) -> None:
    house.warehouse.ensure([f"DROP TABLE {INNOVATION_GRAPH.qualified}"])
    house.fill(ENGAGEMENT, week(0, 0.1))
    assert materialise(house, WEEK, WEEK).success
    made = house.rows(tables.ENGAGEMENT_INDEX)
    assert [each["innovation_graph_share"] for each in made] == [None, None]


def test_each_run_says_how_many_rows_there_are(house: House) -> None:
    house.fill(ENGAGEMENT, week(0, 0.1))
    result = materialise(house, WEEK, WEEK)
    counts = {
        table.name: result.asset_materializations_for_node(f"mart__{table.name}")[0]
        .metadata["dagster/row_count"]
        .value
        for table in DERIVED
    }
    assert counts == {"engagement_index": 2, "country_ratio": 1, "crossings": 1}
    assert {asset_key(table).path[-1] for table in DERIVED} == set(counts)
