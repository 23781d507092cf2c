"""The tour's questions, asked of the month that was published; those of papers: see test_gap.py."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.orchestration.conftest import DAYS, SUNDAYS, Month
from tests.orchestration.tour import asked, misnamed, questions

QUESTIONS = {each.number: each for each in questions()}
#: Of the month no papers are read; no shock has eight weeks on both sides.
ELSEWHERE = {9, 10}
#: Values and columns that answers name and queries do not return.
NAMED = {"sandbox", "XX", "combined", "is_complete", "share", "sound", "censored", "partial"}


def folder_of(month: Month) -> Path:
    return month.settings.data / "published" / "current"


def answer(month: Month, number: int) -> list[dict[str, Any]]:
    return asked(QUESTIONS[number], folder_of(month))


def test_there_are_ten_questions() -> None:
    assert list(QUESTIONS) == list(range(1, 11))
    assert all(each.words.endswith("?") for each in QUESTIONS.values())


@pytest.mark.parametrize("number", QUESTIONS)
def test_a_question_has_an_answer_that_names_its_columns(month: Month, number: int) -> None:
    assert misnamed(QUESTIONS[number], folder_of(month)) <= NAMED
    if number not in ELSEWHERE:
        assert answer(month, number)


def test_the_newest_shares_are_of_the_last_whole_week_and_lie_in_their_worst_case(
    month: Month,
) -> None:
    rows = answer(month, 2)
    assert {row["country_iso2"] for row in rows} == {"CN", "US"}
    for row in rows:
        assert row["activity_date"] == SUNDAYS[-1]
        assert row["share_low"] <= row["share_ci_low"] < row["share"] < row["share_ci_high"]
        assert row["share_ci_high"] <= row["share_high"]


def test_china_leads_beyond_chance_in_no_week_before_the_planted_rise(month: Month) -> None:
    sure = [row["activity_date"] for row in answer(month, 3) if row["is_beyond_chance"]]
    assert sure
    assert min(sure) > date(2024, 12, 2)


def test_what_was_degraded_is_the_planted_loss(month: Month) -> None:
    (row,) = (row for row in answer(month, 4) if row["source"] == "gharchive")
    assert (row["event_group"], row["day_count"]) == ("attention", 2)
    assert (row["from_date"], row["to_date"]) == (date(2024, 12, 9), date(2024, 12, 10))


def test_the_first_archive_is_sound_on_all_measured_days_but_those(month: Month) -> None:
    (row,) = (
        row
        for row in answer(month, 7)
        if (row["source"], row["event_group"]) == ("gharchive", "attention")
    )
    assert 20 < row["measured_day_count"] <= len(DAYS)
    assert row["sound_day_count"] == row["measured_day_count"] - 2
    assert row["lowest_bound"] < 0.8


def test_shares_of_the_hub_are_of_all_of_known_origin(month: Month) -> None:
    shares = [row["share"] for row in answer(month, 8)]
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) == pytest.approx(1, abs=1e-6)
