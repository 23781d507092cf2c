"""Days in this process: a day that fails fails alone, and what it failed of is a plain value."""

import pickle
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from resources.engine import (
    EngineError,
    EngineResource,
    LocalEngine,
    Say,
    checked_address,
    failure_of,
    hand_over,
)
from resources.http import PermanentUpstreamError, TransientUpstreamError
from resources.lake import Lake

FIRST = date(2024, 12, 1)
DAYS = [FIRST + timedelta(days=offset) for offset in range(4)]


@dataclass(frozen=True)
class DayOfMonth:
    """Says its day and returns its number; days of `poison` raise."""

    poison: frozenset[date] = frozenset()

    def __call__(self, day: date, say: Say) -> int:
        say(f"on {day}")
        if day in self.poison:
            raise ValueError(f"{day} is poison")
        return day.day


def test_days_are_done_in_the_order_given_and_say_their_lines() -> None:
    said: list[str] = []
    outcomes = list(LocalEngine().map(DayOfMonth(), reversed(DAYS), said.append))
    assert [(each.day, each.value) for each in outcomes] == [
        (day, day.day) for day in reversed(DAYS)
    ]
    assert said == [f"on {day}" for day in reversed(DAYS)]


def test_a_poison_day_fails_alone_and_says_where() -> None:
    work = DayOfMonth(poison=frozenset({DAYS[1]}))
    outcomes = list(LocalEngine().map(work, DAYS, lambda line: None))
    assert [each.value for each in outcomes] == [1, None, 3, 4]
    (failure,) = [each.failure for each in outcomes if each.failure]
    assert failure.error == "ValueError: 2024-12-02 is poison"
    assert "in __call__" in failure.trace
    assert not failure.is_transient


def test_days_are_begun_only_as_outcomes_are_asked_for() -> None:
    said: list[str] = []
    outcomes = LocalEngine().map(DayOfMonth(), DAYS, said.append)
    next(outcomes)
    outcomes.close()
    assert said == [f"on {FIRST}"]


def test_a_signal_to_stop_is_no_day_s_failure() -> None:
    def work(day: date, say: Say) -> int:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(LocalEngine().map(work, DAYS, lambda line: None))


@pytest.mark.parametrize(
    ("error", "is_transient", "retry_after_s"),
    [
        (TransientUpstreamError("busy", retry_after_s=90.0), True, 90.0),
        (TransientUpstreamError("busy"), True, 0.0),
        (ConnectionResetError("reset"), True, 0.0),
        (PermanentUpstreamError("refused"), False, 0.0),
        (MemoryError("no room"), False, 0.0),
    ],
)
def test_what_may_go_well_later_is_told_from_what_will_not(
    error: Exception, is_transient: bool, retry_after_s: float
) -> None:
    failure = failure_of(error)
    assert (failure.is_transient, failure.retry_after_s) == (is_transient, retry_after_s)


def test_a_failure_is_bounded_in_size_whatever_its_text() -> None:
    failure = failure_of(ValueError("x" * 1_000_000))
    assert len(failure.error) == 600
    assert len(failure.trace) == 6_000


@pytest.mark.parametrize(
    "text", ["local", "dask", "dask:2", "tcp://10.0.0.1:8786", "tls://scheduler:8786"]
)
def test_an_address_of_an_engine_is_taken(text: str) -> None:
    assert checked_address(text) == text


@pytest.mark.parametrize(
    "text", ["", "Local", "dask:", "dask:0", "dask:-1", "spark", "http://x:1", "tcp://u:p@x:1"]
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"give local, dask, dask:2 or tcp://host:8786"):
        checked_address(text)


def test_a_resource_opens_its_engine_once_and_anew_after_the_run() -> None:
    source = EngineResource()
    engine = source.open(print)
    assert source.open(print) is engine
    source.close()
    assert source.open(print) is not engine


def test_rows_shared_in_this_process_are_the_rows_themselves(tmp_path: Path) -> None:
    rows = pa.table({"repo_id": [1, 2]})
    lake = Lake(str(tmp_path))
    assert LocalEngine().share(lake, "tracked", rows).rows() is rows
    assert list(tmp_path.iterdir()) == []


def test_rows_handed_over_are_read_by_a_copy_until_they_are_taken_back(tmp_path: Path) -> None:
    rows = pa.table({"repo_id": [1, 2]})
    lake = Lake(str(tmp_path))
    shared = hand_over(lake, "tracked", rows)
    copy = pickle.loads(pickle.dumps(shared))  # noqa: S301 - made one line above
    assert copy.rows() == rows
    assert (copy, hash(copy)) == (shared, hash(shared))
    lake.remove(shared.table, shared.partition)
    with pytest.raises(EngineError, match="the run that made it ended"):
        copy.rows()


def test_what_killed_runs_left_goes_after_a_week(tmp_path: Path) -> None:
    lake, rows = Lake(str(tmp_path)), pa.table({"repo_id": [1]})
    today = datetime.now(UTC).date()
    old, young = f"{today - timedelta(days=9)}-a", f"{today - timedelta(days=2)}-b"
    for name in (old, young):
        lake.write("handed.tracked", name, rows)
    shared = hand_over(lake, "tracked", rows)
    assert lake.partitions("handed.tracked") == sorted([young, shared.partition])
