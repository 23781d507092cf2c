"""Spans of time that polls know: which days they hold, and a round in which all polls fail."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from assets.polls.outage import outage
from assets.polls.spans import covered_repositories, is_silent, span_rows
from assets.polls.state import PollState

DAY = date(2026, 11, 10)
MIDNIGHT = datetime(2026, 11, 10, tzinfo=UTC)


def state(since: float | None, until: float | None, repo_id: int = 5) -> PollState:
    """Of a repository known from one hour of the day to another; hours may lie outside of it."""
    at = MIDNIGHT + timedelta(hours=until or 0.0)
    return PollState(
        repo_id,
        "o/r",
        at,
        at,
        "failed" if since is None else "polled",
        covered_since=None if since is None else MIDNIGHT + timedelta(hours=since),
        covered_until=None if until is None else at,
    )


def test_a_poll_makes_its_span_longer_and_a_gap_begins_another() -> None:
    rows = span_rows([state(-40, 30), state(-40, 20), state(60, 70), state(None, None, 6)])
    found = [
        [(row[name] - MIDNIGHT) / timedelta(hours=1) for name in ("covered_since", "covered_until")]
        for row in rows.to_pylist()
    ]
    assert found == [[-40, 30], [60, 70]]


def test_a_day_stays_covered_after_a_gap_that_comes_later() -> None:
    spans = span_rows([state(-40, 30), state(60, 70), state(0, 24, 6), state(1, 99, 7)]).to_pylist()
    assert covered_repositories(spans, DAY) == {5, 6}
    assert covered_repositories(spans, DAY + timedelta(days=1)) == {7}


@pytest.mark.parametrize(
    ("spans", "is_so"),
    [
        ([], False),  # nobody ever asked
        ([state(25, 60)], False),  # nobody had asked yet
        ([state(-40, 0)], True),
        ([state(-40, -1), state(30, 60)], True),
        ([state(-40, -1), state(-40, 14, 6)], False),  # one was answered at 14 h
        ([state(-40, -1), state(20, 60)], False),
    ],
)
def test_polls_are_silent_on_a_day_of_which_no_answer_tells(
    spans: list[PollState], is_so: bool
) -> None:
    assert is_silent(span_rows(spans).to_pylist(), DAY) is is_so


FAILED = replace(state(None, None), problem="GitHub answered 401")


def test_a_round_in_which_every_poll_fails_is_no_success() -> None:
    others = [replace(FAILED, problem="timed out")] * 9
    said = outage([FAILED] * 11 + others, tracked_count=2_000)
    assert said.startswith("none of the 20 repositories asked could be polled; 11 of them: GitHub")
    assert "answered 401" in said
    assert outage([FAILED] * 3, tracked_count=3)


@pytest.mark.parametrize(
    "states", [[], [FAILED] * 19, [FAILED] * 40 + [state(0, 1)], [replace(FAILED, outcome="gone")]]
)
def test_a_few_that_fail_and_one_that_does_not_are_no_outage(states: list[PollState]) -> None:
    assert outage(states, tracked_count=2_000) == ""
