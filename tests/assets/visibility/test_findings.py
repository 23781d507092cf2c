"""What the gap says in words, of each measure and lag, and what it says where there is none."""

from datetime import date
from typing import Any

import pytest

from assets.visibility.findings import Setting, finding

NOVEMBER, DECEMBER = date(2024, 11, 1), date(2024, 12, 1)


def row(month: date = NOVEMBER, status: str = "complete", **fields: object) -> dict[str, Any]:
    return {
        "cohort_month": month,
        "status": status,
        "gap_pp": 30.04,
        "gap_pp_ci_low": 20.0,
        "gap_pp_ci_high": 36.0,
        "use_count": 853,
        "patent_count": 58,
        **fields,
    }


@pytest.mark.parametrize(
    ("setting", "title"),
    [
        (
            Setting("us_company", "papers", "0", "filing"),
            "U.S. companies: papers name Chinese-origin open models 30.0 percentage points more "
            "often than patents filed in 2024-11 (95 % 20.0 to 36.0)",
        ),
        (
            Setting("all", "papers", "12", "publication"),
            "All: papers name Chinese-origin open models 30.0 percentage points more often than "
            "patents published 12 months later, in 2024-11 (95 % 20.0 to 36.0)",
        ),
        (
            Setting("all", "hub_downloads", "6", "publication"),
            "All: the share of Chinese-origin models is 30.0 percentage points higher in Hub "
            "downloads than in patents published 6 months later, in 2024-11 (95 % 20.0 to 36.0)",
        ),
        (
            Setting("us_all", "engagement", "0", "publication"),
            "All in the U.S.: the share of Chinese-origin models is 30.0 percentage points higher "
            "in developers' engagement than in patents published in 2024-11 (95 % 20.0 to 36.0)",
        ),
    ],
)
def test_the_title_says_measure_lag_month_and_interval(setting: Setting, title: str) -> None:
    assert finding(setting, [row()])[0] == title


@pytest.mark.parametrize(("measure", "word"), [("papers", "less often"), ("engagement", "lower")])
def test_a_gap_below_nought_is_turned_round_with_its_interval(measure: str, word: str) -> None:
    rows = [row(gap_pp=-3.0, gap_pp_ci_low=-10.0, gap_pp_ci_high=4.0)]
    title, _ = finding(Setting("all", measure, "0", "filing"), rows)
    assert f"3.0 percentage points {word}" in title
    assert "(95 % -4.0 to 10.0)" in title


def test_the_basis_says_what_was_counted_and_downloads_are_no_sample() -> None:
    rows = [row(), row(DECEMBER, "censored", use_count=9)]
    _, basis = finding(Setting("us_all", "engagement", "0", "publication"), rows)
    assert "of the U.S. those that say so" in basis
    assert "2024-11 to 2024-12" in basis
    assert "n = 853 accounts and 58 patents in the newest complete cohort" in basis
    _, basis = finding(Setting("all", "papers", "6", "publication"), rows)
    assert "one of Chinese origin, 6 months before, less" in basis
    assert "n = 853 papers and 58 patents" in basis
    _, basis = finding(Setting("all", "hub_downloads", "0", "publication"), [row(use_count=None)])
    assert "counted whole" in basis
    assert "n = 58 patents" in basis


@pytest.mark.parametrize(
    ("setting", "rows", "words"),
    [
        (
            Setting("us_company", "papers", "0", "filing"),
            [],
            "Visibility gap, U.S. companies, papers: no cohort yet whose use in the same month is "
            "known",
        ),
        (
            Setting("us_all", "engagement", "6", "publication"),
            [],
            "Visibility gap, all in the U.S., developers' engagement: no cohort yet whose use 6 "
            "months before is known",
        ),
        (
            Setting("all", "hub_downloads", "0", "filing"),
            [row(status="censored"), row(DECEMBER, "partial")],
            "Visibility gap, all, Hub downloads: no complete cohort among 2 shown",
        ),
    ],
)
def test_without_a_complete_cohort_nothing_is_found(
    setting: Setting, rows: list[dict[str, Any]], words: str
) -> None:
    title, basis = finding(setting, rows)
    assert title == words
    assert basis.startswith("No figure to state.")


@pytest.mark.parametrize(
    ("user", "measure", "why"),
    [
        ("us_company", "hub_downloads", "does not say who downloads"),
        ("us_all", "hub_downloads", "does not say who downloads"),
        ("us_education", "engagement", "not by kind of employer"),
    ],
)
def test_users_that_a_measure_cannot_tell_are_said_to_be_unknown(
    user: str, measure: str, why: str
) -> None:
    title, basis = finding(Setting(user, measure, "0", "publication"), [])
    assert title.endswith("not known of these users")
    assert why in basis
