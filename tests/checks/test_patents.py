"""The patents' suite: what its frame says of a lake, and both verdicts of every expectation."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from assets.declare import prepare
from assets.patents import tables
from assets.patents.rows import WeekFile, outcome_row
from assets.reference.tables import MODEL_FAMILIES
from checks.factory import suite_check
from checks.patents import PATENT_SUITES, patents_by_file
from checks.runner import Verdict, run_suite
from resources.lake import Lake
from resources.warehouse import Warehouse
from tests.checks.conftest import RunCheck

(SUITE,) = PATENT_SUITES
WEEK = date(2024, 12, 3)
NOW = datetime(2024, 12, 17, 2, tzinfo=UTC)
SOUND: dict[str, Any] = {
    "product": "grants",
    "status": "complete",
    "row_count": 7_000,
    "count_difference": 0,
    "duplicate_count": 0,
    "unpaired_count": 0,
    "late_priority_count": 0,
    "unknown_family_count": 0,
    "unowned_mention_count": 0,
    "disordered_share": 0.0,
    "outside_week_share": 0.0,
    "countryless_share": 0.0,
    "unclassified_share": 0.0,
    "us_share": 0.5,
    "quarantined_share": 0.0,
    "other_share": 0.05,
    "usual_ratio": 1.0,
}
ZERO = (
    "count_difference",
    "duplicate_count",
    "unpaired_count",
    "late_priority_count",
    "unknown_family_count",
    "unowned_mention_count",
)
#: Column, value that is at fault, whether that is critical.
FAULTS: list[tuple[str, object, bool]] = [
    *((column, 1, True) for column in ZERO),
    ("disordered_share", 0.02, True),
    ("quarantined_share", 0.06, True),
    ("disordered_share", 0.0002, False),
    ("quarantined_share", 0.002, False),
    ("other_share", 0.3, False),
    ("outside_week_share", 0.02, False),
    ("countryless_share", 0.03, False),
    ("unclassified_share", 0.03, False),
    ("us_share", 0.25, False),
    ("us_share", 0.85, False),
    ("usual_ratio", 0.45, False),
    ("usual_ratio", 2.1, False),
    ("status", "missing", False),
    ("status", "absent", False),
]


def week_of(number: int) -> str:
    return str(WEEK + timedelta(days=7 * number))


def frame_of(faults: list[tuple[str, object, bool]]) -> pd.DataFrame:
    """A sound week, then a week a fault; a week has both products."""
    rows = []
    for number in range(len(faults) + 1):
        week = [{**SOUND, "day": week_of(number), "product": name} for name in ("grants", "apps")]
        if number:
            column, value, _ = faults[number - 1]
            week[1][column] = value
        rows += week
    return pd.DataFrame(rows)


@pytest.fixture(scope="session")
def project(data_dir: Path) -> Path:
    return data_dir / "great_expectations"


@pytest.fixture(scope="module")
def verdict(project: Path) -> Verdict:
    return run_suite(SUITE, frame_of(FAULTS), project, "faults")


@pytest.mark.parametrize(
    "number", range(len(FAULTS)), ids=lambda n: f"{FAULTS[n][0]}={FAULTS[n][1]}"
)
def test_a_planted_fault_is_found_on_its_week(number: int, verdict: Verdict) -> None:
    column, _, is_critical = FAULTS[number]
    findings = [
        each
        for each in verdict.findings
        if f"({column})" in each.expectation and week_of(number + 1) in each.days
    ]
    assert findings
    assert any(each.is_critical for each in findings) is is_critical


def test_the_sound_week_is_never_named_and_every_expectation_can_fail(verdict: Verdict) -> None:
    assert week_of(0) not in {day for each in verdict.findings for day in each.days}
    unbroken = verdict.expectation_count - len(verdict.findings)
    assert unbroken == 1  # that a week and product has one row
    assert verdict.bad_days == tuple(
        week_of(number + 1) for number, (_, _, is_critical) in enumerate(FAULTS) if is_critical
    )


def test_two_rows_of_a_week_and_product_are_found(project: Path) -> None:
    frame = frame_of([])
    doubled = pd.concat([frame, frame.iloc[:1]], ignore_index=True)
    found = run_suite(SUITE, doubled, project, "doubled")
    assert [each.expectation for each in found.findings] == [
        "expect_compound_columns_to_be_unique(day, product)"
    ]
    assert found.is_critical


def test_a_sound_frame_passes_and_so_does_one_of_the_first_week(project: Path) -> None:
    """Nothing is usual yet, and a file that was not read has no shares."""
    assert run_suite(SUITE, frame_of([]), project, "sound").passed
    first = frame_of([]).assign(usual_ratio=None)
    assert run_suite(SUITE, first, project, "first").passed


def patent(number: int, week: date = WEEK, **others: object) -> dict[str, object]:
    return {
        "week_start_date": week,
        "publication_number": f"US{number}B2",
        "document_kind": "grant",
        "application_number": str(number),
        "application_type": "utility",
        "publication_date": week,
        "filing_date": date(2022, 1, 1),
        "priority_date": date(2021, 1, 1),
        "cpc_main": "G06F40/30",
        "party_source": "assignee",
        "party_kinds": ["company"],
        "party_countries": ["US"],
        "party_names": ["X"],
        "is_us_company": True,
        "is_us_education": False,
        "is_us": True,
        "file_name": "x.zip",
        "document_number": number,
        **others,
    }


def mention(number: int, family: str) -> dict[str, object]:
    return {
        "week_start_date": WEEK,
        "publication_number": f"US{number}B2",
        "section": "claims",
        "family": family,
        "alias": "x",
        "rule": "alias",
        "role": "used",
        "mention_count": 1,
        "first_start": 0,
        "first_stop": 1,
    }


class Week:
    """Writes a week's grants into a lake."""

    def __init__(self, lake: Lake, warehouse: Warehouse) -> None:
        self.lake = lake
        prepare(warehouse, MODEL_FAMILIES)
        family = {
            "family": "qwen", "name": "Qwen", "aliases": ["Qwen"], "developer": "x",
            "country_iso2": "CN", "released_on": date(2023, 8, 3), "is_open": True,
        }  # fmt: skip
        warehouse.replace_all(MODEL_FAMILIES.qualified, MODEL_FAMILIES.arrow([family]))

    def write(
        self,
        rows: list[dict[str, object]],
        mentions: list[dict[str, object]] | None = None,
        week: date = WEEK,
        status: str = "complete",
        **counts: int,
    ) -> None:
        file = outcome_row(WeekFile(week, "grants", week, "x.zip", "d"), status, NOW).to_pylist()[0]
        file |= {"patent_count": len(rows), "document_count": len(rows), **counts}
        for table, made in (
            (tables.PATENTS, rows),
            (tables.PATENT_MENTIONS, mentions or []),
            (tables.PATENT_FILES, [file]),
        ):
            self.lake.write(table.qualified, str(week), table.arrow(made), "grants")


@pytest.fixture
def week(lake: Lake, warehouse: Warehouse) -> Week:
    return Week(lake, warehouse)


def profile(lake: Lake, warehouse: Warehouse, *weeks: date) -> dict[str, Any]:
    frame = patents_by_file(lake, warehouse, list(weeks or (WEEK,)))
    (row,) = [each for _, each in frame.iterrows() if each["product"] == "grants"]
    return dict(row)


def test_a_sound_week_breaks_no_promise(week: Week, lake: Lake, warehouse: Warehouse) -> None:
    week.write([patent(1), patent(2)], [mention(1, "qwen"), mention(2, "qwen")])
    found = profile(lake, warehouse)
    assert found["day"] == "2024-12-03"
    assert (found["status"], found["row_count"]) == ("complete", 2)
    assert {name: found[name] for name in ZERO} == dict.fromkeys(ZERO, 0)
    assert found["us_share"] == 1
    assert pd.isna(found["usual_ratio"])
    other = patents_by_file(lake, warehouse, [WEEK])
    assert set(other["product"]) == {"grants", "applications"}
    assert set(other["status"]) == {"complete", "absent"}


@pytest.mark.parametrize(
    ("others", "column", "value"),
    [
        ({"publication_number": "US1B2"}, "duplicate_count", 1),
        ({"filing_date": date(2025, 1, 1), "priority_date": date(2025, 1, 1)},
         "disordered_share", 0.5),
        ({"priority_date": date(2023, 1, 1)}, "late_priority_count", 1),
        ({"publication_date": date(2024, 12, 10)}, "outside_week_share", 0.5),
        ({"party_countries": []}, "unpaired_count", 1),
        ({"party_countries": [None]}, "countryless_share", 0.5),
        ({"cpc_main": None}, "unclassified_share", 0.5),
        ({"cpc_main": None, "application_type": "design"}, "unclassified_share", 0.0),
        ({"is_us": False}, "us_share", 0.5),
    ],
)  # fmt: skip
def test_a_row_that_breaks_a_promise_is_counted(
    week: Week,
    lake: Lake,
    warehouse: Warehouse,
    others: dict[str, object],
    column: str,
    value: float,
) -> None:
    week.write([patent(1), patent(2, **others)])
    assert profile(lake, warehouse)[column] == value


def test_mentions_of_nobody_and_of_nothing_known_are_counted(
    week: Week, lake: Lake, warehouse: Warehouse
) -> None:
    week.write([patent(1)], [mention(1, "qwen"), mention(1, "unheard"), mention(9, "qwen")])
    found = profile(lake, warehouse)
    assert (found["unknown_family_count"], found["unowned_mention_count"]) == (1, 1)


def test_rows_and_file_have_to_agree_and_what_was_set_aside_is_a_share_of_patents(
    week: Week, lake: Lake, warehouse: Warehouse
) -> None:
    """Of 12 documents two are no patents, and one of the other ten was set aside."""
    week.write([patent(1)], patent_count=9, document_count=12, other_count=2, quarantined_count=1)
    found = profile(lake, warehouse)
    assert found["count_difference"] == -8
    assert found["quarantined_share"] == 0.1
    assert found["other_share"] == 2 / 12


def test_what_is_usual_is_the_median_of_the_whole_files_of_eight_weeks(
    week: Week, lake: Lake, warehouse: Warehouse
) -> None:
    """Counts 10, 20, 30 and 40 before it: the median is 25; 5 is a fifth of that."""
    for number, count in enumerate((10, 20, 30, 40, 900, 900), start=1):
        before = WEEK - timedelta(days=7 * number)
        status = "complete" if number < 5 else "truncated"
        week.write([], week=before, status=status, patent_count=count)
    week.write([], week=WEEK - timedelta(days=7 * 9), patent_count=900)
    week.write([patent(n) for n in range(5)])
    assert profile(lake, warehouse)["usual_ratio"] == 0.2


def test_the_check_approves_sound_weeks_and_blocks_what_rests_on_others(
    week: Week, lake: Lake, run_check: RunCheck
) -> None:
    check = suite_check(SUITE)
    week.write([patent(1)], week=WEEK)
    following = WEEK + timedelta(days=7)
    week.write([patent(1, following), patent(1, following)], week=following)
    result = run_check(check, tables.PATENTS, WEEK, following)
    assert lake.is_approved(tables.PATENTS.qualified, "2024-12-03")
    assert not lake.is_approved(tables.PATENTS.qualified, "2024-12-10")
    (evaluation,) = result.get_asset_check_evaluations()
    assert not evaluation.passed
    assert "2024-12-10" in str(evaluation.description)
    # Another file of the week makes it another week.
    lake.write(tables.PATENTS.qualified, str(WEEK), tables.PATENTS.arrow([]), "applications")
    assert not lake.is_approved(tables.PATENTS.qualified, "2024-12-03")


def test_without_a_partition_the_newest_weeks_are_checked(
    week: Week, lake: Lake, run_check: RunCheck
) -> None:
    week.write([patent(1)])
    run_check(suite_check(SUITE), tables.PATENTS)
    assert lake.is_approved(tables.PATENTS.qualified, "2024-12-03")
