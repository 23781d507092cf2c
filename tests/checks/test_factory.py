"""Suites as asset checks: which days they judge, what they say, and what they stop."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from assets.activity.tables import EVENTS
from checks.factory import check_result, suite_check, suite_checks
from checks.papers import PAPER_SUITES
from checks.patents import PATENT_SUITES
from checks.runner import Finding, Verdict
from checks.suites import SUITES
from resources.lake import Lake

DAY = date(2024, 12, 15)
RunCheck = Callable[..., dg.ExecuteInProcessResult]
EVENTS_CHECK = suite_check(next(suite for suite in SUITES if suite.table is EVENTS))
PAGE = Path("/data docs/page.html")
WARNING = Finding("expect_a(x)", False, 1, ("2024-12-15",), "found 0")
CRITICAL = Finding("expect_b(y)", True, 2, ("2024-12-14",), "found 1, 2")


def write_events(lake: Lake, day: date, *, is_selected: bool = True) -> None:
    """One event on the day; one that is not selected should not have been kept."""
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    row = {
        "event_date": day,
        "event_type": "WatchEvent",
        "event_id": "1",
        "created_at": noon,
        "event_group": "attention",
        "actor_id": 1,
        "is_tracked": is_selected,
        "is_panel": False,
        "source": "gharchive",
        "sources": ["gharchive"],
        "file_hour": noon,
    }
    lake.write(EVENTS.qualified, str(day), EVENTS.arrow([row]))


def evaluation(result: dg.ExecuteInProcessResult) -> dg.AssetCheckEvaluation:
    (found,) = result.get_asset_check_evaluations()
    return found


def made(result: dg.ExecuteInProcessResult) -> set[str]:
    """Assets that the run materialised."""
    return {
        event.asset_key.to_user_string()
        for event in result.get_asset_materialization_events()
        if event.asset_key
    }


@pytest.mark.parametrize(
    ("findings", "passed", "severity", "at_fault"),
    [
        ((), True, dg.AssetCheckSeverity.WARN, "none"),
        ((WARNING,), False, dg.AssetCheckSeverity.WARN, "none"),
        ((CRITICAL,), False, dg.AssetCheckSeverity.ERROR, "2024-12-14"),
        ((WARNING, CRITICAL), False, dg.AssetCheckSeverity.ERROR, "2024-12-14"),
    ],
    ids=["sound", "warning", "critical", "both"],
)
def test_a_verdict_is_an_error_only_with_a_critical_finding(
    findings: tuple[Finding, ...],
    passed: bool,
    severity: dg.AssetCheckSeverity,
    at_fault: str,
) -> None:
    result = check_result(Verdict(7, PAGE, findings), [DAY - timedelta(days=1), DAY])
    assert result.passed is passed
    assert result.severity is severity
    assert result.metadata is not None
    assert result.metadata["days_at_fault"].value == at_fault
    assert result.metadata["days"].value == "2024-12-14 to 2024-12-15"
    assert result.metadata["expectations"].value == 7
    assert result.metadata["data_docs"].value == "file:///data%20docs/page.html"


def test_a_failed_verdict_names_its_days_and_findings() -> None:
    result = check_result(Verdict(7, PAGE, (WARNING, CRITICAL)), [DAY])
    assert result.description == "2 of 7 expectations fail on 2024-12-14"
    assert result.metadata is not None
    assert result.metadata["findings"].value == (
        "- expect_a(x): 1 rows on 2024-12-15; found 0\n"
        "- expect_b(y): 2 rows on 2024-12-14; found 1, 2"
    )


def test_a_passed_verdict_says_on_what() -> None:
    result = check_result(Verdict(7, PAGE), [DAY])
    assert result.description == "7 expectations hold on 2024-12-15 to 2024-12-15."
    assert result.metadata is not None
    assert "findings" not in result.metadata
    assert check_result(Verdict(7, PAGE), []).description == "7 expectations hold on no day."


def test_every_suite_is_one_blocking_check_of_its_table() -> None:
    checks = suite_checks()
    specs = [spec for check in checks for spec in check.check_specs]
    assert [(spec.asset_key, spec.name) for spec in specs] == [
        (dg.AssetKey([suite.table.schema, suite.table.name]), suite.name)
        for suite in (*SUITES, *PAPER_SUITES, *PATENT_SUITES)
    ]
    assert all(spec.blocking for spec in specs)


def test_a_sound_day_passes_and_lets_the_run_go_on(lake: Lake, run_check: RunCheck) -> None:
    write_events(lake, DAY - timedelta(days=1), is_selected=False)  # not of this run
    write_events(lake, DAY)
    result = run_check(EVENTS_CHECK, EVENTS, DAY)
    found = evaluation(result)
    assert found.passed, found.description
    assert "2024-12-15 to 2024-12-15" in str(found.description)
    assert made(result) == {"core/events", "what_rests_on_it"}
    docs = str(found.metadata["data_docs"].value)
    assert Path(docs.removeprefix("file://")).is_file()
    assert result.run_id in docs


def test_a_critical_fault_on_one_day_of_a_range_stops_the_run(
    lake: Lake, run_check: RunCheck
) -> None:
    days = [DAY, DAY + timedelta(days=1), DAY + timedelta(days=2)]
    for day in days:
        write_events(lake, day, is_selected=day != days[1])
    result = run_check(EVENTS_CHECK, EVENTS, days[0], days[2])
    found = evaluation(result)
    assert not found.passed
    assert found.severity is dg.AssetCheckSeverity.ERROR
    assert found.metadata["days_at_fault"].value == "2024-12-16"
    assert found.metadata["days"].value == "2024-12-15 to 2024-12-17"
    assert "unselected_count" in str(found.metadata["findings"].value)
    faults = str(found.metadata["faults"].value)
    assert r"day = 2024-12-16, unselected_count = 1" in faults
    assert "2024-12-15" not in faults
    assert found.metadata["runbook"].value == "docs/runbook.md#events_suite"
    assert "No figure of the day is made" in str(found.metadata["what_to_do"].value)
    assert not result.success
    assert made(result) == {"core/events"}


def test_a_warning_is_shown_and_lets_the_run_go_on(lake: Lake, run_check: RunCheck) -> None:
    """A day without events is odd, not wrong."""
    result = run_check(EVENTS_CHECK, EVENTS, DAY)
    found = evaluation(result)
    assert not found.passed
    assert found.severity is dg.AssetCheckSeverity.WARN
    assert found.description == "1 of 7 expectations fail on 2024-12-15 to 2024-12-15"
    assert made(result) == {"core/events", "what_rests_on_it"}


def test_only_days_without_a_critical_finding_are_approved(lake: Lake, run_check: RunCheck) -> None:
    """Of three days one is wrong, and one, without events, is only odd."""
    empty, wrong, sound = (DAY + timedelta(days=n) for n in range(3))
    lake.write(EVENTS.qualified, str(empty), EVENTS.arrow([]))
    write_events(lake, wrong, is_selected=False)
    write_events(lake, sound)
    assert not lake.is_approved(EVENTS.qualified, str(sound))
    run_check(EVENTS_CHECK, EVENTS, empty, sound)
    approved = [lake.is_approved(EVENTS.qualified, str(day)) for day in (empty, wrong, sound)]
    assert approved == [True, False, True]
    # Rows written afterwards have passed nothing.
    write_events(lake, sound, is_selected=False)
    assert not lake.is_approved(EVENTS.qualified, str(sound))


def test_without_a_partition_the_newest_31_days_are_judged(lake: Lake, run_check: RunCheck) -> None:
    for age in range(33):
        # The two oldest would fail, were they looked at.
        write_events(lake, DAY - timedelta(days=age), is_selected=age < 31)
    found = evaluation(run_check(EVENTS_CHECK, EVENTS))
    assert found.passed, found.description
    assert found.metadata["days"].value == "2024-11-15 to 2024-12-15"
