"""The gap's figure: its finding is the newest complete cohort's, and younger ones are marked."""

from datetime import date
from typing import Any

import pyarrow as pa
import pytest

from assets.visibility.chart import gap_figure
from assets.visibility.cohorts import FILES, USE, visibility_gap
from assets.visibility.tables import VISIBILITY_GAP

APRIL, MAY, JUNE = date(2023, 4, 1), date(2023, 5, 1), date(2023, 6, 1)


def gap(chinese: int = 40, missing: date | None = None) -> pa.Table:
    """Three cohorts of a hundred papers and sixty patents, none of which names a Chinese model."""
    months = (APRIL, MAY, JUNE)
    patents: list[dict[str, Any]] = [
        {
            "basis": "filing",
            "cohort_month": month,
            "user_kind": "us_company",
            "open_model_count": 60,
            "chinese_open_model_count": 0,
        }
        for month in months
    ]
    use = [
        {
            "use_measure": "papers",
            "use_month": month,
            "user_kind": "us_company",
            "use_count": 100,
            "use_chinese_count": chinese,
            "use_share": None,
            "is_use_final": True,
        }
        for month in months
    ]
    files = pa.table({"due_date": [missing or MAY], "is_complete": [missing is None]}, FILES)
    return visibility_gap(
        pa.Table.from_pylist(patents), pa.Table.from_pylist(use, USE), files, date(2024, 12, 12)
    )


def test_the_finding_is_that_of_the_newest_complete_cohort() -> None:
    figure = gap_figure(gap())
    assert figure.title == (
        "U.S. companies: papers name Chinese-origin open models 40.0 percentage points more often "
        "than patents filed in 2023-05 (95 % 29.1 to 49.8)"
    )
    assert "2023-04 to 2023-06" in figure.views[0].basis
    assert "n = 100 papers and 60 patents" in figure.views[0].basis


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (
            VISIBILITY_GAP.arrow_schema.empty_table(),
            "Visibility gap, U.S. companies: no cohort yet",
        ),
        (
            gap(missing=date(2024, 12, 10)),
            "Visibility gap, U.S. companies: 3 cohorts, none complete",
        ),
    ],
)
def test_without_a_complete_cohort_nothing_is_found(rows: pa.Table, words: str) -> None:
    assert gap_figure(rows).title == words


def test_rows_are_those_of_papers_in_the_same_month_and_say_their_status() -> None:
    figure = gap_figure(gap())
    found = [(row["cohort_month"], row["status"]) for row in figure.rows.to_pylist()]
    assert found == [(APRIL, "complete"), (MAY, "complete"), (JUNE, "censored")]
    assert figure.span == (APRIL, JUNE)


def test_a_month_that_is_not_published_is_a_gap_in_the_line() -> None:
    rows = gap()
    figure = gap_figure(pa.concat_tables([rows.slice(0, 1), rows.slice(2, 1)]))
    found = [(row["cohort_month"], row["gap_pp"] is None) for row in figure.rows.to_pylist()]
    assert found == [(APRIL, False), (MAY, True), (JUNE, False)]


def test_each_setting_of_the_switches_has_its_words() -> None:
    figure = gap_figure(gap())
    settings = [
        (user, basis)
        for user, _ in figure.choices[0].options
        for basis, _ in figure.choices[1].options
    ]
    assert [view.values for view in figure.views] == settings
