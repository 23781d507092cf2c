"""Series of countries: dense, with gaps as NaN and absent countries as 0."""

from collections.abc import Iterator
from datetime import date, timedelta

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from assets.engagement.tables import COUNTRY_ACTIVITY, ENGAGEMENT
from assets.shifts.series import country_series
from tests.engagement_rows import engagement_rows

FIRST = date(2024, 1, 7)  # a Sunday


@pytest.fixture
def marts() -> Iterator[duckdb.DuckDBPyConnection]:
    """A database with the two marts, empty."""
    connection = duckdb.connect()
    connection.execute("CREATE SCHEMA mart")
    connection.execute(ENGAGEMENT.ddl)
    connection.execute(COUNTRY_ACTIVITY.ddl)
    yield connection
    connection.close()


def insert(connection: duckdb.DuckDBPyConnection, table: str, rows: pa.Table) -> None:
    connection.register("incoming", rows)
    connection.execute(f"INSERT INTO {table} BY NAME SELECT * FROM incoming")  # noqa: S608


def week(number: int) -> date:
    return FIRST + timedelta(weeks=number)


def activity(day: date, events: dict[str, int]) -> pa.Table:
    return COUNTRY_ACTIVITY.arrow(
        [
            {
                "activity_date": day,
                "scope": "tracked",
                "event_group": "attention",
                "country_iso2": country,
                "actor_count": 1,
                "event_count": count,
                "capped_event_count": count,
                "event_cap": 50,
            }
            for country, count in events.items()
        ]
    )


def test_absent_countries_count_zero_and_absent_weeks_are_gaps(
    marts: duckdb.DuckDBPyConnection,
) -> None:
    for number, counts in ((0, {"CN": 3, "US": 5, "ZZ": 2}), (2, {"US": 4, "ZZ": 6})):
        insert(marts, "mart.engagement", engagement_rows(week(number), counts, period="week"))
    series = country_series(marts)
    china = series["CN", "attention"]
    assert china.dates.tolist() == [week(0), week(1), week(2)]
    np.testing.assert_array_equal(china.count, [3.0, np.nan, 0.0])
    np.testing.assert_array_equal(china.located, [8.0, np.nan, 4.0])
    np.testing.assert_array_equal(china.total, [10.0, np.nan, 10.0])
    np.testing.assert_array_equal(china.located_share, [0.375, np.nan, 0.0])
    np.testing.assert_array_equal(china.share, [0.375, np.nan, np.nan])
    np.testing.assert_array_equal(china.is_sound, [True, False, True])
    # Wilson of 0 of 4: upper bound z² / (n + z²) = 3.8415 / 7.8415.
    assert china.located_share_low[2] == 0.0
    assert china.located_share_high[2] == pytest.approx(0.48990, abs=1e-5)


def test_a_country_that_never_had_a_row_may_be_asked_for(marts: duckdb.DuckDBPyConnection) -> None:
    insert(marts, "mart.engagement", engagement_rows(week(0), {"CN": 3, "US": 5}, period="week"))
    series = country_series(marts, countries=["FR", "US"])
    assert set(series) == {("FR", "attention"), ("US", "attention")}
    assert series["FR", "attention"].count.tolist() == [0.0]
    assert series["US", "attention"].count.tolist() == [5.0]


def test_events_are_summed_over_weeks_of_which_every_day_is_there(
    marts: duckdb.DuckDBPyConnection,
) -> None:
    for number in (0, 1):
        rows = engagement_rows(week(number), {"CN": 3, "US": 5, "ZZ": 1}, period="week")
        insert(marts, "mart.engagement", rows)
    for back in range(7):
        day = week(0) - timedelta(days=back)
        insert(marts, "mart.country_activity", activity(day, {"CN": 2, "ZZ": 10}))
    insert(marts, "mart.country_activity", activity(week(1), {"CN": 2}))
    series = country_series(marts)
    np.testing.assert_array_equal(series["CN", "attention"].events, [14.0, np.nan])
    np.testing.assert_array_equal(series["US", "attention"].events, [0.0, np.nan])
    np.testing.assert_array_equal(series["US", "attention"].total_events, [84.0, np.nan])


def test_days_are_a_series_of_their_own(marts: duckdb.DuckDBPyConnection) -> None:
    for back in (3, 0):
        day = FIRST - timedelta(days=back)
        insert(marts, "mart.engagement", engagement_rows(day, {"CN": 1 + back}))
        insert(marts, "mart.country_activity", activity(day, {"CN": 5}))
    insert(marts, "mart.engagement", engagement_rows(FIRST, {"CN": 99}, period="week"))
    china = country_series(marts, "day")["CN", "attention"]
    assert len(china.dates) == 4
    np.testing.assert_array_equal(china.count, [4.0, np.nan, np.nan, 1.0])
    np.testing.assert_array_equal(china.events, [5.0, np.nan, np.nan, 5.0])


@pytest.mark.parametrize(
    ("change", "is_sound", "is_share_sound"),
    [
        ("capture_status = 'sound'", True, True),
        ("capture_status = 'unknown'", True, True),
        ("complete_hour_count = 165, is_complete = false", True, True),  # 98.2 %
        ("complete_hour_count = 164, is_complete = false", False, False),  # 97.6 %
        ("capture_status = 'degraded', is_masked = true", False, False),
        ("capture_status = 'degraded', is_corrected = true", False, True),
    ],
)
def test_soundness_asks_for_98_percent_of_the_files_and_capture(
    marts: duckdb.DuckDBPyConnection, change: str, is_sound: bool, is_share_sound: bool
) -> None:
    insert(marts, "mart.engagement", engagement_rows(FIRST, {"CN": 3, "US": 5}, period="week"))
    marts.execute(f"UPDATE mart.engagement SET {change}")  # noqa: S608
    china = country_series(marts)["CN", "attention"]
    assert china.is_sound.tolist() == [is_sound]
    assert china.is_share_sound.tolist() == [is_share_sound]


def test_a_day_is_sound_with_all_of_its_hours(marts: duckdb.DuckDBPyConnection) -> None:
    for back, hours in ((1, 23), (0, 24)):
        day = FIRST - timedelta(days=back)
        insert(marts, "mart.engagement", engagement_rows(day, {"CN": 3}, hours))
    assert country_series(marts, "day")["CN", "attention"].is_sound.tolist() == [False, True]


def test_other_scopes_and_groupings_are_left_out(marts: duckdb.DuckDBPyConnection) -> None:
    for scope, grouping in (("panel", "apart"), ("tracked", "cn_hk_mo_tw")):
        rows = engagement_rows(FIRST, {"CN": 3}, period="week", scope=scope, grouping=grouping)
        insert(marts, "mart.engagement", rows)
    assert country_series(marts) == {}


def test_an_unknown_period_is_refused(marts: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(ValueError, match="28d is not one of day, week"):
        country_series(marts, "28d")
