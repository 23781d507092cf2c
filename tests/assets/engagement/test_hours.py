"""Periods with at least 98 % of their hourly files stand."""

import numpy as np
import pytest

from assets.engagement.hours import is_whole_enough


@pytest.mark.parametrize(("expected", "least"), [(24, 24), (168, 165), (672, 659)])
def test_a_day_needs_all_hours_a_week_all_but_three(expected: int, least: int) -> None:
    complete = np.arange(expected + 1)
    found = is_whole_enough(complete, np.full(expected + 1, expected))
    np.testing.assert_array_equal(found, complete >= least)


def test_a_period_of_no_hours_is_not_whole() -> None:
    assert not is_whole_enough(0, 0)
