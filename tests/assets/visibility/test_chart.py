"""The gap's figure: its finding is the newest complete cohort's, and younger ones are marked."""

from datetime import date
from itertools import product
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from assets.visibility.chart import gap_figure
from assets.visibility.cohorts import FILES, USE, visibility_gap

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


def test_a_month_between_censored_ones_is_censored_too_and_one_between_complete_ones_is_not() -> (
    None
):
    rows = gap().filter(pc.equal(gap()["lag_months"], 0))
    first, last = rows.slice(0, 1), rows.slice(2, 1)
    place = rows.column_names.index("cohort_month")

    def of(row: pa.Table, month: date) -> pa.Table:
        return row.set_column(place, rows.schema.field(place), pa.array([month], pa.date32()))

    figure = gap_figure(
        pa.concat_tables([of(first, date(2023, 2, 1)), first, last, of(last, date(2023, 8, 1))])
    )
    found = {row["cohort_month"].month: row["status"] for row in figure.rows.to_pylist()}
    assert found == {
        2: "complete", 3: "not published", 4: "complete", 5: "not published",
        6: "censored", 7: "censored", 8: "censored",
    }  # fmt: skip


def test_the_lag_is_text_as_the_pages_switch_compares_it() -> None:
    figure = gap_figure(gap())
    assert {row["lag_months"] for row in figure.rows.to_pylist()} == {"0"}
    shown = figure.shown(("us_company", "papers", "0", "filing"))
    assert [row["cohort_month"] for row in shown] == [APRIL, MAY, JUNE]
    assert figure.shown(("us_company", "papers", "6", "filing")) == []


def test_each_setting_of_the_switches_has_its_words() -> None:
    figure = gap_figure(gap())
    columns = [choice.column for choice in figure.choices]
    assert columns == ["user_kind", "use_measure", "lag_months", "basis"]
    settings = list(product(*([value for value, _ in each.options] for each in figure.choices)))
    assert len(settings) == 4 * 3 * 3 * 2
    assert [view.values for view in figure.views] == settings


def test_every_choice_is_a_column_of_the_table_and_the_dates_are_the_cohorts() -> None:
    figure = gap_figure(gap())
    names = [column.name for column in figure.columns]
    assert {choice.column for choice in figure.choices} <= set(names)
    assert figure.rows.column_names == names
    assert figure.date_column == "cohort_month"


def test_measures_and_lags_are_lines_of_their_own() -> None:
    papers = gap()
    hub = (
        papers.set_column(
            papers.column_names.index("use_measure"), "use_measure", [["hub_downloads"] * 3]
        )
        .cast(papers.schema)
        .slice(1)
    )
    figure = gap_figure(pa.concat_tables([papers, hub]))
    found = figure.shown(("us_company", "hub_downloads", "0", "filing"))
    assert [row["cohort_month"] for row in found] == [MAY, JUNE]
    assert len(figure.shown(("us_company", "papers", "0", "filing"))) == 3
