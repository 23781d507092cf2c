"""Trials of confirmed shifts: what ends them, and what is left out of the level before."""

import numpy as np
import pytest

from assets.shifts.trend_trial import CHANCE, RETURN, End, Trial, judged
from assets.shifts.trend_window import WEEKLY, Points, usable_points


def points(*levels: tuple[float, int]) -> Points:
    count = np.repeat([level for level, _ in levels], [weeks for _, weeks in levels])
    dates = np.datetime64("2023-01-08") + np.arange(len(count)) * np.timedelta64(7, "D")
    total, sound = np.full(len(count), 1000.0), np.ones(len(count), dtype=bool)
    return usable_points(dates, count, total, sound, WEEKLY)


TRIAL = Trial(number=0, since=0, onset=40, place=40)


def end(series: Points) -> End | None:
    return judged(series, TRIAL, len(series.places) - 1, WEEKLY)


def test_a_step_that_stays_is_not_ended() -> None:
    for weeks in range(2, 26):
        assert end(points((200.0, 40), (250.0, weeks))) is None


@pytest.mark.parametrize("weeks", [1, 3, 6, 12])
def test_a_return_leaves_out_what_came_between(weeks: int) -> None:
    assert end(points((200.0, 40), (300.0, weeks), (200.0, 4))) == End(RETURN, 40, 40 + weeks)


def test_two_weeks_back_are_too_few() -> None:
    assert end(points((200.0, 40), (300.0, 6), (200.0, 2))) is None


def test_what_comes_half_way_back_is_no_return() -> None:
    for weeks in range(3, 15):
        assert end(points((200.0, 40), (300.0, 6), (250.0, weeks))) is None


def test_a_step_too_small_for_its_noise_is_chance_and_leaves_out_nothing() -> None:
    assert end(points((200.0, 40), (205.0, 6))) == End(CHANCE, 45, 45)


def test_a_trial_is_over_after_half_a_year() -> None:
    assert end(points((200.0, 40), (300.0, 23), (200.0, 3))) == End(RETURN, 40, 63)
    assert end(points((200.0, 40), (300.0, 24), (200.0, 3))) is None
