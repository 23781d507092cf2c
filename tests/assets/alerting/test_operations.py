"""Rules on the platform itself: tables that grow old, runs and checks that fail."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from assets.alerting.freshness import DATED, newest_days
from assets.alerting.notice import Figure, Notice, Stage, Unit
from assets.alerting.operations import (
    CheckResult,
    EndedRun,
    check_outcomes,
    run_outcomes,
    stale_outcomes,
)
from assets.alerting.rule_kinds import FailedCheckRule, FailedRunRule, Rule, StaleRule
from assets.alerting.rules import Rules, Silence
from assets.alerting.states import AlertState
from assets.alerting.telling import tell
from assets.alerting.watch import Outcome
from assets.engagement.tables import ENGAGEMENT
from resources.warehouse import Warehouse
from tests.engagement_rows import engagement_rows

TODAY = date(2024, 12, 17)
NOW = datetime(2024, 12, 17, 7, tzinfo=UTC)
STALE = StaleRule(id="stale", kind="stale", title="A table is old", max_days={"mart.engagement": 2})
RUNS = FailedRunRule(id="failed-runs", kind="failed_run", title="A run has failed")
CHECKS = FailedCheckRule(id="failed-checks", kind="failed_check", title="A check has failed")


class Watched:
    """The states that ticks of a sensor leave, and what was said."""

    def __init__(self, *silences: Silence) -> None:
        self.states: dict[str, AlertState] = {}
        self.silences = silences

    def newest(self, newest: date | None, today: date = TODAY) -> list[Notice]:
        found = stale_outcomes(STALE, {"mart.engagement": newest}, self.states, today)
        return self._told(list(found), STALE, today)

    def runs(self, *runs: EndedRun, today: date = TODAY) -> list[Notice]:
        return self._told(list(run_outcomes(RUNS, runs, self.states, today)), RUNS, today)

    def checks(self, *checks: CheckResult, today: date = TODAY) -> list[Notice]:
        return self._told(list(check_outcomes(CHECKS, checks, self.states)), CHECKS, today)

    def _told(self, outcomes: Sequence[Outcome], rule: Rule, today: date) -> list[Notice]:
        notices, moved = tell(outcomes, self.states, today, Rules((rule,), self.silences))
        self.states |= moved
        return notices


def run(day: int, *, failed: bool, last: int | None = None, what: str = "daily") -> EndedRun:
    partitions = tuple(f"2024-12-{each:02d}" for each in range(day, (last or day) + 1))
    return EndedRun(f"run-{day}", what, partitions, TODAY, failed, "step x: it broke" * failed)


def test_a_table_is_stale_when_its_newest_day_is_older_than_it_may_be() -> None:
    watched = Watched()
    assert watched.newest(TODAY - timedelta(days=2)) == []
    assert watched.newest(None, TODAY) == []
    tomorrow = TODAY + timedelta(days=1)
    (firing,) = watched.newest(TODAY - timedelta(days=2), tomorrow)
    (finding,) = firing.findings
    assert (finding.subject, finding.now, finding.unit) == (
        "mart.engagement", Figure(3.0), Unit.DAYS,
    )  # fmt: skip
    assert (finding.side, finding.level) == ("above", 2.0)
    assert firing.asset == ("mart", "engagement")
    # Asked again on the same day it says nothing, and the next day its end.
    assert watched.newest(TODAY - timedelta(days=2), tomorrow) == []
    (over,) = watched.newest(TODAY, TODAY + timedelta(days=2))
    assert (over.stage, over.thread) == (Stage.RESOLVED, firing.key)


def test_a_failed_partition_is_said_once_until_it_is_made() -> None:
    watched = Watched()
    (firing,) = watched.runs(run(5, failed=True))
    (finding,) = firing.findings
    assert finding.subject == "daily, 2024-12-05"
    assert finding.basis == "Run run-5; see docs/runbook.md#failed_run. step x: it broke"
    assert watched.runs(run(5, failed=True)) == []
    # Another day's success, or another job's, says nothing of it.
    assert watched.runs(run(6, failed=False), run(5, failed=False, what="polls")) == []
    (over,) = watched.runs(run(1, failed=False, last=9))
    assert (over.stage, over.thread) == (Stage.RESOLVED, firing.key)
    assert over.findings[0].measure == "run succeeded"


def test_partitions_of_a_job_that_fail_together_are_one_message() -> None:
    watched = Watched()
    (firing,) = watched.runs(run(5, failed=True, last=7))
    assert len(firing.findings) == 3
    (one,) = watched.runs(run(5, failed=False))
    assert (one.thread, one.is_last) == (firing.key, False)
    (rest,) = watched.runs(run(6, failed=False, last=7))
    assert rest.is_last


def test_what_failed_and_succeeded_between_two_looks_is_no_message() -> None:
    assert Watched().runs(run(5, failed=True), run(5, failed=False)) == []


def test_a_run_without_partitions_is_over_with_the_next_one_that_succeeds() -> None:
    watched = Watched()
    failed = EndedRun("a", "gap", ("",), TODAY, True, "x")
    (firing,) = watched.runs(failed)
    assert firing.findings[0].subject == "gap"
    (over,) = watched.runs(EndedRun("b", "gap", ("",), TODAY, False))
    assert over.stage is Stage.RESOLVED


def test_a_range_that_failed_and_is_made_day_by_day_is_over_with_its_last_day() -> None:
    watched = Watched()
    (firing,) = watched.runs(run(5, failed=True, last=6), run(5, failed=False))
    assert [each.subject for each in firing.findings] == ["daily, 2024-12-06"]
    (over,) = watched.runs(run(6, failed=False))
    assert (over.thread, over.is_last) == (firing.key, True)


def test_partitions_that_fail_one_after_the_other_are_one_thread() -> None:
    watched = Watched()
    (firing,) = watched.runs(run(5, failed=True))
    (joined,) = watched.runs(run(6, failed=True))
    assert (joined.stage, joined.thread) == (Stage.UPDATE, firing.key)
    assert [each.subject for each in joined.findings] == ["daily, 2024-12-06"]
    (alone,) = watched.runs(run(6, failed=True, what="polls"))
    assert alone.stage is Stage.FIRING


def test_a_run_that_fails_again_on_the_day_that_it_was_mended_is_said_again() -> None:
    watched = Watched()
    failed, mended = (EndedRun("a", "polls", ("",), TODAY, each, "x") for each in (True, False))
    (first,) = watched.runs(failed)
    (over,) = watched.runs(mended)
    (second,) = watched.runs(failed)
    (end,) = watched.runs(mended)
    assert len({each.key for each in (first, over, second, end)}) == 4
    assert (second.stage, end.thread) == (Stage.FIRING, second.key)


def test_a_failed_partition_that_nobody_makes_again_is_given_up_in_its_thread() -> None:
    watched = Watched()
    (firing,) = watched.runs(run(5, failed=True))
    assert watched.runs(today=TODAY + timedelta(days=13)) == []
    (over,) = watched.runs(today=TODAY + timedelta(days=14))
    assert (over.thread, over.is_last) == (firing.key, True)
    assert over.findings[0].measure == "not run again in two weeks: given up"
    assert watched.runs(today=TODAY + timedelta(days=15)) == []


def test_a_check_that_fails_passes_and_fails_on_one_day_is_said_twice() -> None:
    watched = Watched()
    failed = CheckResult(("mart", "engagement"), "suite", TODAY, True, "3 of 9")
    passed = CheckResult(("mart", "engagement"), "suite", TODAY, False)
    said = [watched.checks(each) for each in (failed, passed, failed, passed)]
    keys = [notice.key for notices in said for notice in notices]
    assert len(set(keys)) == 4
    assert keys[2] == "failed-checks:mart.engagement:suite:2024-12-17.2:firing"


def test_what_fails_in_a_silence_is_said_after_it() -> None:
    silence = Silence(rules=("failed-*",), first=TODAY, last=TODAY, reason="maintenance")
    watched = Watched(silence)
    tomorrow = TODAY + timedelta(days=1)
    failed = CheckResult(("mart", "engagement"), "suite", TODAY, True, "3 of 9")
    assert watched.runs(run(5, failed=True)) == watched.checks(failed) == []
    (late,) = watched.runs(today=tomorrow)
    assert late.findings[0].subject == "daily, 2024-12-05"
    (late,) = watched.checks(failed, today=tomorrow)
    assert late.stage is Stage.FIRING


def test_a_check_that_fails_is_said_until_it_passes() -> None:
    watched = Watched()
    failed = CheckResult(("mart", "engagement"), "suite", TODAY, True, "3 of 9\nfailed")
    (firing,) = watched.checks(failed)
    (finding,) = firing.findings
    assert finding.subject == "mart.engagement, suite"
    assert finding.measure == "failed check"
    assert finding.basis == "3 of 9 failed; see docs/runbook.md#suite."
    assert watched.checks(failed) == []
    (over,) = watched.checks(CheckResult(("mart", "engagement"), "suite", TODAY, False))
    assert (over.stage, over.thread) == (Stage.RESOLVED, firing.key)
    assert watched.checks(CheckResult(("mart", "other"), "suite", TODAY, False)) == []


def test_the_newest_day_of_each_dated_table_can_be_asked_for(warehouse: Warehouse) -> None:
    day = date(2024, 12, 15)
    rows = engagement_rows(day, {"CN": 5, "US": 5})
    warehouse.replace_days(ENGAGEMENT.qualified, "activity_date", [day], rows)
    with warehouse.transaction() as connection:
        newest = newest_days(connection, DATED)
    assert newest.pop("mart.engagement") == day
    assert set(newest.values()) == {None}
