"""The most quoted shares as the UI states them: those of the newest day, and of each week."""

from datetime import date

import pyarrow as pa
import pytest

from assets.engagement.headlines import newest_day_shares, weekly_shares
from tests.engagement_rows import engagement_rows

SUNDAY, MONDAY = date(2024, 12, 8), date(2024, 12, 9)


def test_the_newest_days_shares_are_numbers_by_country() -> None:
    days = [
        engagement_rows(SUNDAY, {"CN": 10, "US": 30}),
        engagement_rows(MONDAY, {"CN": 30, "US": 50, "DE": 20, "ZZ": 60}),
        engagement_rows(MONDAY, {"CN": 99, "US": 1}, event_group="contribution"),
        engagement_rows(MONDAY, {"CN": 99, "US": 1}, period="week"),
    ]
    shares = newest_day_shares(pa.concat_tables(days))
    assert shares == {"cn_attention_share": 0.3, "us_attention_share": 0.5}


def test_a_country_of_fewer_than_five_accounts_has_no_entry_and_no_line() -> None:
    assert newest_day_shares(engagement_rows(SUNDAY, {"CN": 5, "US": 4})) == {
        "cn_attention_share": pytest.approx(5 / 9)
    }
    week = weekly_shares(engagement_rows(SUNDAY, {"CN": 5, "US": 4}, period="week"))
    assert [line[:20] for line in week.splitlines()[2:]] == ["| 2024-12-08 | CN | "]


def test_masked_cells_are_not_said() -> None:
    rows = engagement_rows(SUNDAY, {"CN": 10, "US": 30}).to_pylist()
    masked = pa.Table.from_pylist([row | {"is_masked": True} for row in rows])
    assert newest_day_shares(masked) == {}
    assert weekly_shares(masked).startswith("No week ends on these days")


def test_weeks_are_lines_with_interval_counts_and_worst_case_the_newest_first() -> None:
    """30 of 100 is 30.0 %, by Wilson 21.9 to 39.6 %."""
    weeks = [
        engagement_rows(day, {"CN": 30, "US": 70}, period="week")
        for day in (date(2024, 12, 1), SUNDAY)
    ]
    said = weekly_shares(pa.concat_tables(weeks)).splitlines()[2:]
    assert [line.split(" | ")[:2] for line in said] == [
        ["| 2024-12-08", "CN"],
        ["| 2024-12-08", "US"],
        ["| 2024-12-01", "CN"],
        ["| 2024-12-01", "US"],
    ]
    assert "| CN | 30.0 % | 21.9 to 39.6 % | 30.0 % | 30 of 100 |" in said[0]
