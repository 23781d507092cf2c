"""Cohorts beside use: which month meets which, what is censored, and what is not known."""

import math
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from assets.visibility.cohorts import FILES, USE, visibility_gap

READ = date(2024, 12, 12)


def cohort(month: date, count: int, chinese: int, **fields: object) -> dict[str, Any]:
    return {
        "basis": "filing",
        "cohort_month": month,
        "user_kind": "us_company",
        "open_model_count": count,
        "chinese_open_model_count": chinese,
        **fields,
    }


def use(month: date, count: int | None, chinese: int | None, **fields: object) -> dict[str, Any]:
    return {
        "use_measure": "papers",
        "use_month": month,
        "user_kind": "us_company",
        "use_count": count,
        "use_chinese_count": chinese,
        "use_share": None,
        "is_use_final": True,
        **fields,
    }


def files(first: date, *missing: date) -> pa.Table:
    """A file each Tuesday and Thursday from a Tuesday to the day read through."""
    due = [
        day
        for week in range(200)
        for day in (first + timedelta(days=7 * week), first + timedelta(days=7 * week + 2))
        if day <= READ
    ]
    return pa.table({"due_date": due, "is_complete": [day not in missing for day in due]}, FILES)


def gap(
    patents: list[dict[str, Any]], uses: list[dict[str, Any]], read: pa.Table | None = None
) -> list[dict[str, Any]]:
    table = visibility_gap(
        pa.Table.from_pylist(patents),
        pa.Table.from_pylist(uses, USE),
        files(date(2022, 1, 4)) if read is None else read,
        READ,
    )
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows


def test_a_cohort_meets_the_use_of_its_month_and_of_half_a_year_and_a_year_before() -> None:
    months = [date(2023, 5, 1), date(2022, 11, 1), date(2022, 5, 1), date(2022, 12, 1)]
    found = gap([cohort(date(2023, 5, 1), 50, 1)], [use(month, 100, 40) for month in months])
    assert [(row["lag_months"], row["use_month"]) for row in found] == [
        (0, date(2023, 5, 1)), (6, date(2022, 11, 1)), (12, date(2022, 5, 1)),
    ]  # fmt: skip


def test_shares_gap_and_bounds_of_a_cohort_by_hand() -> None:
    (row,) = gap([cohort(date(2023, 5, 1), 50, 1)], [use(date(2023, 5, 1), 100, 40)])
    assert (row["use_share"], row["patent_share"]) == pytest.approx((0.4, 0.02))
    # Wilson: 40 of 100 is 0.3094 to 0.4980, 1 of 50 is 0.00354 to 0.10495.
    assert row["use_share_ci_low"] == pytest.approx(0.3094, abs=1e-4)
    assert row["patent_share_ci_high"] == pytest.approx(0.1050, abs=1e-4)
    assert row["gap_pp"] == pytest.approx(38.0)
    low = 38.0 - 100 * math.hypot(0.4 - 0.3094, 0.10495 - 0.02)
    high = 38.0 + 100 * math.hypot(0.4980 - 0.4, 0.02 - 0.00354)
    assert (row["gap_pp_ci_low"], row["gap_pp_ci_high"]) == pytest.approx((low, high), abs=0.02)
    assert row["gap_logit"] == pytest.approx(math.log(40.5 / 60.5 * 49.5 / 1.5))
    assert row["patent_share_rule_of_three"] is None


def test_where_no_patent_names_one_the_rule_of_three_stands_beside() -> None:
    (row,) = gap([cohort(date(2023, 5, 1), 60, 0)], [use(date(2023, 5, 1), 100, 40)])
    assert row["patent_share_rule_of_three"] == pytest.approx(0.05)
    assert row["gap_pp"] == pytest.approx(40.0)


def test_without_a_patent_that_names_any_model_there_is_no_gap_but_the_use() -> None:
    (row,) = gap([cohort(date(2023, 5, 1), 0, 0)], [use(date(2023, 5, 1), 100, 40)])
    assert row["use_share"] == pytest.approx(0.4)
    empty = ("patent_share", "gap_pp", "gap_pp_ci_low", "gap_logit", "patent_share_rule_of_three")
    assert [row[name] for name in empty] == [None] * 5


def test_downloads_are_a_share_without_error_of_their_own() -> None:
    hub = use(
        date(2023, 5, 1), None, None, use_measure="hub_downloads", user_kind="all", use_share=0.5
    )
    (row,) = gap([cohort(date(2023, 5, 1), 60, 0, user_kind="all")], [hub])
    assert (row["use_share_ci_low"], row["use_share_ci_high"]) == (0.5, 0.5)
    assert (row["gap_pp"], row["gap_pp_ci_high"]) == pytest.approx((50.0, 50.0))
    # Wilson's upper bound of none in 60 is z²/(n + z²) = 3.8415 / 63.8415.
    assert row["gap_pp_ci_low"] == pytest.approx(50.0 - 100 * 3.8415 / 63.8415, abs=1e-3)
    assert (row["use_count"], row["gap_logit"]) == (None, None)


def test_filed_under_eighteen_months_and_a_week_before_the_newest_file_a_cohort_is_censored() -> (
    None
):
    # May 2023 ends 18 months and 11 days before 2024-12-12, June 2023 less than that.
    months = [date(2023, 5, 1), date(2023, 6, 1)]
    found = gap([cohort(m, 50, 1) for m in months], [use(m, 100, 40) for m in months])
    assert [(row["cohort_month"], row["status"]) for row in found] == [
        (date(2023, 5, 1), "complete"), (date(2023, 6, 1), "censored"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("read", "status"), [(date(2024, 12, 5), "censored"), (date(2024, 12, 12), "complete")]
)
def test_the_last_of_a_month_come_out_on_the_thursday_after_eighteen_months(
    read: date, status: str
) -> None:
    """What was filed on 2023-05-31 is published on Thursday 2024-12-05, or a little later."""
    month = date(2023, 5, 1)
    due = files(date(2022, 1, 4))
    found = visibility_gap(
        pa.Table.from_pylist([cohort(month, 50, 1)]),
        pa.Table.from_pylist([use(month, 100, 40)], USE),
        due.filter(pc.less_equal(due["due_date"], pa.scalar(read))),
        read,
    )
    assert found["status"].to_pylist() == [status]


def test_files_not_read_since_the_month_began_leave_a_filing_cohort_partial_beyond_a_fiftieth() -> (
    None
):
    # From 2023-05-01 to 2024-12-12 there are 170 files: three of them are under 2 %, four over.
    month = date(2023, 5, 1)
    before = [date(2023, 4, 25), date(2023, 4, 27)]
    after = [date(2024, 11, day) for day in (5, 7, 12, 14)]
    for missing, status, count in (
        (before, "complete", 0), (after[:3], "complete", 3), (after, "partial", 4),
    ):  # fmt: skip
        read = files(date(2022, 1, 4), *missing)
        (row,) = gap([cohort(month, 50, 1)], [use(month, 100, 40)], read)
        assert (row["status"], row["files_missing_count"]) == (status, count)


def test_a_month_of_publication_needs_its_own_files_only_and_to_be_over() -> None:
    months = [date(2024, 10, 1), date(2024, 11, 1), date(2024, 12, 1)]
    read = files(date(2022, 1, 4), date(2024, 10, 8))
    found = gap(
        [cohort(month, 50, 1, basis="publication") for month in months],
        [use(month, 100, 40) for month in months],
        read,
    )
    at_hand = [(row["cohort_month"].month, row["status"]) for row in found if not row["lag_months"]]
    assert at_hand == [(10, "partial"), (11, "complete"), (12, "censored")]


def test_use_that_is_not_known_gives_no_row() -> None:
    assert gap([cohort(date(2023, 5, 1), 50, 1)], [use(date(2023, 4, 1), 100, 40)]) == []
