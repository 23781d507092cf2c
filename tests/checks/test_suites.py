"""Both verdicts of every suite, as Great Expectations gives them.

A validation takes most of a second, so that each suite runs once with every fault planted on a day
of its own: each has to be found, on its day and on no other.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from assets.engagement.intervals import wilson_interval
from checks.runner import Finding, Verdict, run_suite
from checks.suites import SUITES, Suite

BY_NAME = {suite.name: suite for suite in SUITES}
FIRST = date(2024, 12, 1)
SHARES = (
    "located_share",
    "located_share_ci_low",
    "located_share_ci_high",
    "share",
    "share_ci_low",
    "share_ci_high",
    "unknown_share",
    "share_low",
    "share_high",
)
Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Fault:
    """Something wrong with the rows of a day, and the expectation that has to see it."""

    suite: str
    expectation: str
    plant: Callable[[Rows], None]
    is_critical: bool = True

    def __str__(self) -> str:
        return f"{self.suite}:{self.expectation}"


def events_day() -> Rows:
    """A sound day of the frame of core.events."""
    return [
        {
            "event_count": 1_000,
            "tracked_count": 900,
            "duplicate_count": 0,
            "outside_day_count": 0,
            "unselected_count": 0,
            "actorless_count": 0,
            "ungrouped_count": 0,
        }
    ]


def actor_country_day() -> Rows:
    """A sound day of the frame of core.actor_country."""
    return [
        {
            "actor_count": 1_000,
            "unattributed_count": 0,
            "unknown_code_count": 0,
            "contradictory_count": 0,
            "undecided_count": 0,
            "improbable_count": 0,
            "unlocated_share_sum": 1.0,
            "located_share": 0.5,
        }
    ]


def engagement_day() -> Rows:
    """A sound day of the frame of stage.engagement: CN 8 and US 2 of 10 located, 10 unknown.

    Of the unknown, one in five is taken to be from a third country, so that the shares of these two
    add up to 0.9.
    """
    rows = []
    for country, count, share in (("CN", 8, 0.7), ("US", 2, 0.2)):
        low, high = wilson_interval(count, 10)
        rows.append(
            {
                "period": "day",
                "scope": "tracked",
                "event_group": "attention",
                "grouping": "apart",
                "country_iso2": country,
                "actor_count": count,
                "located_actor_count": 10,
                "total_actor_count": 20,
                "located_share": count / 10,
                "located_share_ci_low": float(low),
                "located_share_ci_high": float(high),
                "share": share,
                "share_ci_low": share - 0.1,
                "share_ci_high": share + 0.1,
                "unknown_share": 0.5,
                "share_low": count / 20,
                "share_high": (count + 10) / 20,
                "complete_hour_count": 24,
                "expected_hour_count": 24,
                "is_complete": True,
                "is_known_country": True,
                "cell_located_share_sum": 1.0,
                "cell_share_sum": 0.9,
                "cell_count_difference": 0.0,
            }
        )
    return rows


def hub_lineage_day() -> Rows:
    """A sound day of the frame of core.hub_lineage."""
    return [
        {
            "model_count": 1_000,
            "duplicate_model_count": 0,
            "unfollowed_count": 0,
            "unlisted_count": 0,
            "unbalanced_count": 0,
            "duplicate_count": 0,
            "unknown_family_count": 0,
            "wrong_origin_count": 0,
            "unknown_code_count": 0,
            "contradictory_count": 0,
            "known_share": 0.97,
        }
    ]


SOUND_DAYS = {
    "hub_lineage_suite": hub_lineage_day,
    "events_suite": events_day,
    "actor_country_suite": actor_country_day,
    "engagement_suite": engagement_day,
}


def put(column: str, value: object) -> Callable[[Rows], None]:
    """Put a value into the day's first row."""

    def plant(rows: Rows) -> None:
        rows[0][column] = value

    return plant


def twice(rows: Rows) -> None:
    rows.append(dict(rows[0]))


def between(column: str) -> str:
    return f"expect_column_values_to_be_between({column})"


def a_not_below_b(a: str, b: str) -> str:
    return f"expect_column_pair_values_a_to_be_greater_than_b({a}, {b})"


FAULTS = [
    *(
        Fault("events_suite", between(column), put(column, 1))
        for column in (
            "duplicate_count",
            "outside_day_count",
            "unselected_count",
            "actorless_count",
            "ungrouped_count",
        )
    ),
    Fault("events_suite", "expect_column_values_to_be_unique(day)", twice),
    Fault("events_suite", between("event_count"), put("event_count", 0), is_critical=False),
    *(
        Fault("actor_country_suite", between(column), put(column, 1))
        for column in (
            "unattributed_count",
            "unknown_code_count",
            "contradictory_count",
            "undecided_count",
            "improbable_count",
        )
    ),
    *(
        Fault(
            "actor_country_suite", between("unlocated_share_sum"), put("unlocated_share_sum", value)
        )
        for value in (1 - 1e-6, 1 + 1e-6)
    ),
    *(
        Fault(
            "actor_country_suite",
            between("located_share"),
            put("located_share", share),
            is_critical=False,
        )
        for share in (0.14, 0.86)
    ),
    *(
        Fault("hub_lineage_suite", between(column), put(column, 1))
        for column in (
            "duplicate_model_count",
            "unfollowed_count",
            "unlisted_count",
            "unbalanced_count",
            "duplicate_count",
            "unknown_family_count",
            "wrong_origin_count",
            "unknown_code_count",
            "contradictory_count",
        )
    ),
    Fault("hub_lineage_suite", between("known_share"), put("known_share", 0.79), is_critical=False),
    *(
        Fault(
            "engagement_suite",
            f"expect_column_values_to_not_be_null({column})",
            put(column, None),
        )
        for column in SHARES
    ),
    *(
        Fault("engagement_suite", between(column), put(column, value))
        for column in SHARES
        for value in (-0.001, 1.001)
    ),
    Fault(
        "engagement_suite",
        a_not_below_b("located_share", "located_share_ci_low"),
        put("located_share_ci_low", 0.81),
    ),
    Fault(
        "engagement_suite",
        a_not_below_b("located_share_ci_high", "located_share"),
        put("located_share_ci_high", 0.79),
    ),
    Fault("engagement_suite", a_not_below_b("share", "share_ci_low"), put("share_ci_low", 0.71)),
    Fault("engagement_suite", a_not_below_b("share_ci_high", "share"), put("share_ci_high", 0.69)),
    Fault("engagement_suite", a_not_below_b("share", "share_low"), put("share_low", 0.71)),
    Fault("engagement_suite", a_not_below_b("share_high", "share"), put("share_high", 0.69)),
    Fault("engagement_suite", a_not_below_b("share_high", "share_low"), put("share_high", 0.39)),
    Fault("engagement_suite", a_not_below_b("located_share", "share_low"), put("share_low", 0.81)),
    Fault(
        "engagement_suite", a_not_below_b("share_high", "located_share"), put("share_high", 0.79)
    ),
    Fault(
        "engagement_suite",
        a_not_below_b("total_actor_count", "located_actor_count"),
        put("total_actor_count", 9),
    ),
    *(
        Fault(
            "engagement_suite",
            between("cell_located_share_sum"),
            put("cell_located_share_sum", value),
        )
        for value in (1 - 1e-6, 1 + 1e-6)
    ),
    Fault("engagement_suite", between("cell_share_sum"), put("cell_share_sum", 1 + 1e-6)),
    *(
        Fault(
            "engagement_suite",
            between("cell_count_difference"),
            put("cell_count_difference", value),
        )
        for value in (-1.0, 1.0)
    ),
    Fault(
        "engagement_suite",
        "expect_column_values_to_be_in_set(is_known_country)",
        put("is_known_country", False),
    ),
    Fault("engagement_suite", between("complete_hour_count"), put("complete_hour_count", -1)),
    Fault(
        "engagement_suite",
        a_not_below_b("expected_hour_count", "complete_hour_count"),
        put("complete_hour_count", 25),
    ),
    Fault(
        "engagement_suite",
        "expect_compound_columns_to_be_unique(day, period, scope, event_group, grouping, "
        "country_iso2)",
        twice,
    ),
]


def frame_of(suite: str, faults: list[Fault], sound_days: int = 2) -> pd.DataFrame:
    """Two sound days, then a day a fault."""
    rows: Rows = []
    for number in range(sound_days + len(faults)):
        day = SOUND_DAYS[suite]()
        if number >= sound_days:
            faults[number - sound_days].plant(day)
        rows += [{"day": day_of(number), **row} for row in day]
    return pd.DataFrame(rows)


def day_of(number: int) -> str:
    return str(FIRST + timedelta(days=number))


@pytest.fixture(scope="session")
def project(data_dir: Path) -> Path:
    """The Great Expectations project."""
    return data_dir / "great_expectations"


@pytest.fixture(scope="module")
def verdicts(project: Path) -> dict[str, Verdict]:
    """Each suite's verdict on two sound days and every fault of its own."""
    return {
        suite.name: run_suite(
            suite,
            frame_of(suite.name, [fault for fault in FAULTS if fault.suite == suite.name]),
            project,
            "faults",
        )
        for suite in SUITES
    }


def finding_of(verdict: Verdict, fault: Fault) -> Finding:
    (found,) = (each for each in verdict.findings if each.expectation == fault.expectation)
    return found


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_planted_fault_is_found_on_its_day(fault: Fault, verdicts: dict[str, Verdict]) -> None:
    own = [each for each in FAULTS if each.suite == fault.suite]
    finding = finding_of(verdicts[fault.suite], fault)
    assert day_of(2 + own.index(fault)) in finding.days
    assert finding.is_critical is fault.is_critical
    assert finding.unexpected_count >= 1


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.name)
def test_sound_days_are_never_named(suite: Suite, verdicts: dict[str, Verdict]) -> None:
    named = {day for finding in verdicts[suite.name].findings for day in finding.days}
    own = [fault for fault in FAULTS if fault.suite == suite.name]
    assert named == {day_of(2 + number) for number in range(len(own))}


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.name)
def test_every_expectation_of_a_suite_has_a_fault_that_breaks_it(
    suite: Suite, verdicts: dict[str, Verdict]
) -> None:
    assert len(verdicts[suite.name].findings) == verdicts[suite.name].expectation_count


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.name)
def test_days_with_critical_findings_are_the_bad_ones(
    suite: Suite, verdicts: dict[str, Verdict]
) -> None:
    verdict = verdicts[suite.name]
    own = [fault for fault in FAULTS if fault.suite == suite.name]
    assert not verdict.passed
    assert verdict.is_critical
    assert verdict.bad_days == tuple(
        day_of(2 + number) for number, fault in enumerate(own) if fault.is_critical
    )


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.name)
def test_a_sound_frame_passes_and_has_its_page(suite: Suite, project: Path) -> None:
    verdict = run_suite(suite, frame_of(suite.name, []), project, "sound")
    assert verdict.passed
    assert not verdict.is_critical
    assert verdict.findings == ()
    assert verdict.expectation_count > 0
    assert verdict.docs_path.is_file()
    assert verdict.docs_path.suffix == ".html"
    assert project in verdict.docs_path.parents
    assert suite.name in verdict.docs_path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["events_suite", "actor_country_suite", "hub_lineage_suite"])
def test_warnings_alone_are_no_critical_verdict(name: str, project: Path) -> None:
    warnings = [fault for fault in FAULTS if fault.suite == name and not fault.is_critical]
    verdict = run_suite(BY_NAME[name], frame_of(name, warnings), project, "warnings")
    assert not verdict.passed
    assert not verdict.is_critical
    assert verdict.bad_days == ()
    (finding,) = verdict.findings
    assert finding.days == tuple(day_of(2 + number) for number in range(len(warnings)))


def test_a_frame_without_rows_passes(project: Path) -> None:
    """A day on which nobody was located has no staged rows, and nothing is wrong with that."""
    frame = frame_of("engagement_suite", []).iloc[:0]
    assert run_suite(BY_NAME["engagement_suite"], frame, project, "empty").passed


def test_an_expectation_that_cannot_be_evaluated_is_a_critical_finding(project: Path) -> None:
    frame = frame_of("events_suite", []).drop(columns="duplicate_count")
    verdict = run_suite(BY_NAME["events_suite"], frame, project, "broken")
    assert verdict.is_critical
    (finding,) = verdict.findings
    assert finding.expectation == between("duplicate_count")
    assert finding.days == (day_of(0), day_of(1))
    assert "could not be evaluated" in str(finding)


def test_a_finding_says_what_it_found_and_where(verdicts: dict[str, Verdict]) -> None:
    fault = next(fault for fault in FAULTS if "event_count" in fault.expectation)
    own = [each for each in FAULTS if each.suite == fault.suite]
    assert str(finding_of(verdicts[fault.suite], fault)) == (
        "expect_column_values_to_be_between(event_count): 1 rows on "
        f"{day_of(2 + own.index(fault))}; found 0"
    )


def test_every_suite_blocks_what_rests_on_its_table() -> None:
    assert all(suite.is_blocking for suite in SUITES)
    assert len(BY_NAME) == len(SUITES)
