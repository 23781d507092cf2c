"""The patents job as the commands run it: weeks, their check, their cohorts, their failure."""

from __future__ import annotations

from datetime import date

import pytest

from orchestration.cli import patents
from orchestration.materialise import read_patents
from orchestration.runs import Runner, dagster_instance
from orchestration.settings import Settings, SettingsError
from resources.warehouse import Warehouse
from sandbox.server import SandboxServer
from sandbox.trouble import Trouble
from sandbox.uspto import readable
from sandbox.uspto_records import cohort_truth

FIRST, LAST = date(2024, 10, 1), date(2024, 10, 8)


def test_weeks_are_read_checked_and_counted_and_a_failure_is_said(
    small_settings: Settings, small_server: SandboxServer, capsys: pytest.CaptureFixture[str]
) -> None:
    def counts() -> dict[tuple[object, ...], int]:
        rows = Warehouse(str(small_settings.warehouse)).query("FROM mart.patents").to_pylist()
        keys = ("basis", "cohort_month", "document_kind", "user_kind")
        return {tuple(row[key] for key in keys): row["patent_count"] for row in rows}

    with dagster_instance(small_settings) as instance:
        runner = Runner(small_settings, instance)
        runner.reference()
        assert read_patents(runner, FIRST, LAST) == ""
        truth = cohort_truth(readable(small_server.world.seed, [FIRST, LAST]))
        found = {key: count for key, count in counts().items() if count}
        assert found == {key: value[0] for key, value in truth.items()}
        small_server.add_fault(Trouble(path_prefix="/uspto/", status=403, times=1))
        error = read_patents(runner, FIRST, FIRST)
    assert "raw__patents" in error
    assert "set OBSERVATORY_USPTO_KEY" in error
    assert "sandbox-uspto-key" not in error
    printed = capsys.readouterr().out
    assert "patents of the weeks from 2024-10-01 to 2024-10-08 …" in printed
    assert "FAILED, going on with what is there" in printed
    assert {key: count for key, count in counts().items() if count} == found


@pytest.mark.parametrize(
    ("first", "last"),
    [(date(2024, 10, 2), date(2024, 10, 7)), (date(2199, 1, 1), date(2199, 2, 1))],
)
def test_a_range_without_a_week_that_is_over_is_refused(first: date, last: date) -> None:
    with pytest.raises(SettingsError, match="no week from"):
        patents(first, last)
