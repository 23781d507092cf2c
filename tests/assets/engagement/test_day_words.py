"""What a day's partition says of itself: shares with intervals, and what of it is degraded."""

from datetime import date

import pyarrow as pa
import pytest

from assets.engagement.day_words import days_in_words
from tests.engagement_rows import engagement_rows

DAY, EMPTY = date(2024, 12, 1), date(2024, 12, 2)


def changed(rows: pa.Table, **values: object) -> pa.Table:
    """The rows with some columns set to one value each."""
    for name, value in values.items():
        place = rows.column_names.index(name)
        field = rows.schema.field(name)
        rows = rows.set_column(place, field, pa.array([value] * rows.num_rows, field.type))
    return rows


@pytest.fixture
def rows() -> pa.Table:
    """Eight accounts of China and two of the U.S.: too few to be told."""
    made = engagement_rows(DAY, {"CN": 8, "US": 2, "ZZ": 10})
    return changed(
        made, period="day", scope="tracked", grouping="apart", event_group="attention",
        is_masked=False, is_corrected=False, share=0.8, share_ci_low=0.5, share_ci_high=0.9,
    )  # fmt: skip


def test_the_headline_has_share_interval_unit_and_date_and_no_small_cell(rows: pa.Table) -> None:
    told = days_in_words(rows, [DAY])[DAY]
    assert told["headline"] == (
        "Share of accounts that starred or forked tracked repositories on 2024-12-01 (UTC): "
        "CN 80.0% (95 %: 50.0% to 90.0%); US has fewer than five located accounts"
    )
    assert told["state"] == "no figure is degraded"


def test_a_degraded_day_says_so_and_shows_no_masked_share(rows: pa.Table) -> None:
    told = days_in_words(changed(rows, is_masked=True), [DAY])[DAY]
    assert "80.0%" not in told["headline"]
    assert "CN is masked" in told["headline"]
    assert told["state"].startswith(f"degraded: {rows.num_rows} of {rows.num_rows} figures are")
    corrected = days_in_words(changed(rows, is_corrected=True), [DAY])[DAY]
    assert corrected["state"].endswith("extrapolated from degraded capture")


def test_a_day_without_rows_says_so(rows: pa.Table) -> None:
    assert days_in_words(rows, [EMPTY])[EMPTY]["headline"] == "no figure"
