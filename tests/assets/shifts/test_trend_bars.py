"""The bars of the benchmark, over the first of its series."""

import pytest

from benchmarks.shifts import BARRED, HELD_OUT, LEAST_ONSETS, MOST_FALSE, Case, tally

SERIES = 80


@pytest.mark.parametrize("case", BARRED, ids=lambda case: f"{case.accounts} accounts")
def test_shifts_are_found_in_time_and_false_alarms_are_rare(case: Case) -> None:
    made = tally(case, range(HELD_OUT, HELD_OUT + SERIES))
    assert case.least_found is not None
    # Three standard errors of 80 series below the bar that 500 are held to.
    slack = 3 * (case.least_found * (1 - case.least_found) / SERIES) ** 0.5
    assert made.found / SERIES >= case.least_found - slack
    assert made.onsets / made.found >= LEAST_ONSETS - 0.05
    assert made.false_alarms / SERIES <= MOST_FALSE + 0.3
    assert made.covered / made.found >= 0.8
