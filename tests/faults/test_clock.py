"""A clock that jumps between two runs: what was noted at a time to come stands in nobody's way."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from orchestration.runs import dagster_instance
from sandbox.trouble import Trouble
from tests.faults.conftest import Note
from tests.faults.installation import DAY, INGEST, NOW, Installation

KIND = "a clock that jumps between two runs"


@pytest.mark.parametrize("jump", [timedelta(days=400), timedelta(days=-20)], ids=["ahead", "back"])
def test_an_hour_that_was_not_there_under_a_wrong_clock_is_fetched_under_the_right_one(
    installation: Installation, note: Note, jump: timedelta
) -> None:
    day = date.fromisoformat(str(DAY))

    def made(clock: timedelta) -> None:
        there = Installation(
            installation.server,
            installation.data,
            others={**installation.others, "OBSERVATORY_NOW": (NOW + clock).isoformat()},
        )
        with dagster_instance(there.settings) as instance:
            runner = there.runner(instance)
            runner.reference()
            assert runner.part(day, day, INGEST, {}).is_success

    def hours_there() -> int:
        rows = installation.warehouse.query(
            "SELECT count(*) AS n FROM raw.archive_hours WHERE status = 'complete'"
        )
        return int(rows["n"][0].as_py())

    installation.begin()
    made(timedelta(0))
    expected, whole = installation.state(), hours_there()
    installation.begin()
    installation.server.add_fault(Trouble(f"/{DAY}-9", status=404, times=10**6))
    made(jump)
    installation.server.clear_faults()
    assert hours_there() < whole
    made(timedelta(0))
    assert hours_there() == whole
    with dagster_instance(installation.settings) as instance:
        note(KIND, installation.outcome(expected, instance))
