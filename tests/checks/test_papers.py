"""The suites of the papers: both verdicts of each expectation, frames, months as partitions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd
import pytest

from assets.declare import prepare
from assets.papers.tables import PAPER_ASKINGS, PAPERS, STAGED_DIFFUSION_PAPERS
from checks.factory import suite_check
from checks.papers import PAPER_SUITES, papers_by_month, staged_diffusion_papers
from checks.runner import Verdict, run_suite
from resources.lake import Lake
from resources.warehouse import Warehouse

BY_NAME = {suite.name: suite for suite in PAPER_SUITES}
JANUARY, FEBRUARY, MARCH = (date(2024, number, 1) for number in (1, 2, 3))
ASKED = datetime(2024, 12, 1, tzinfo=UTC)
Rows = list[dict[str, Any]]
RunCheck = Callable[..., dg.ExecuteInProcessResult]


@dataclass(frozen=True)
class Fault:
    """Something wrong with the rows of a month, and the expectation that has to see it."""

    suite: str
    expectation: str
    column: str
    value: object
    is_critical: bool = True
    is_twice: bool = False

    def __str__(self) -> str:
        return f"{self.suite}:{self.expectation}"


def papers_month() -> Rows:
    """A sound month of the frame of raw.papers."""
    zeros = ("duplicate_count", "outside_month_count", "unpaired_count", "unasked_count")
    return [
        {
            **dict.fromkeys(zeros, 0),
            "work_count": 100,
            "returned_share": 1.0,
            "quarantined_share": 0.01,
            "gone_share": 0.01,
            "untitled_share": 0.0,
            "unaffiliated_share": 0.1,
        }
    ]


def diffusion_month() -> Rows:
    """A sound month of the frame of stage.diffusion_papers: 4 of 10 works, of which 8 and 3 use."""
    return [
        {
            "user_kind": "all",
            "country_iso2": "US",
            "open_work_count": 10,
            "cn_work_count": 4,
            "used_open_work_count": 8,
            "used_cn_work_count": 3,
            "all_work_count": 10,
            "cn_share": 0.4,
            "cn_share_ci_low": 0.17,
            "cn_share_ci_high": 0.69,
            "used_cn_share": 0.375,
            "used_cn_share_ci_low": 0.14,
            "used_cn_share_ci_high": 0.69,
            "kind_count_difference": 0,
            "shareless_count": 0,
            "is_known_country": True,
            "asking_count": 1,
        }
    ]


SOUND = {"papers_suite": papers_month, "diffusion_papers_suite": diffusion_month}


def between(suite: str, column: str, value: object, *, is_critical: bool = True) -> Fault:
    expectation = f"expect_column_values_to_be_between({column})"
    return Fault(suite, expectation, column, value, is_critical)


def ordered(a: str, b: str, column: str, value: object) -> Fault:
    expectation = f"expect_column_pair_values_a_to_be_greater_than_b({a}, {b})"
    return Fault("diffusion_papers_suite", expectation, column, value)


FAULTS = [
    *(
        between("papers_suite", column, 1)
        for column in ("duplicate_count", "outside_month_count", "unpaired_count", "unasked_count")
    ),
    Fault("papers_suite", "expect_column_values_to_be_unique(day)", "", None, is_twice=True),
    *(
        between("papers_suite", column, value, is_critical=False)
        for column, value in (
            ("returned_share", 0.98),
            ("returned_share", 1.02),
            ("quarantined_share", 0.03),
            ("gone_share", 0.11),
            ("untitled_share", 0.06),
            ("unaffiliated_share", 0.61),
        )
    ),
    ordered("open_work_count", "cn_work_count", "cn_work_count", 11),
    ordered("open_work_count", "used_open_work_count", "used_open_work_count", 11),
    ordered("used_open_work_count", "used_cn_work_count", "used_open_work_count", 2),
    ordered("cn_work_count", "used_cn_work_count", "used_cn_work_count", 5),
    ordered("all_work_count", "open_work_count", "all_work_count", 9),
    ordered("cn_share", "cn_share_ci_low", "cn_share_ci_low", 0.41),
    ordered("used_cn_share", "used_cn_share_ci_low", "used_cn_share_ci_low", 0.38),
    ordered("cn_share_ci_high", "cn_share", "cn_share_ci_high", 0.39),
    ordered("used_cn_share_ci_high", "used_cn_share", "used_cn_share_ci_high", 0.37),
    *(
        between("diffusion_papers_suite", f"{share}{bound}", value)
        for share in ("cn_share", "used_cn_share")
        for bound in ("", "_ci_low", "_ci_high")
        for value in (-0.01, 1.01)
    ),
    *(
        between("diffusion_papers_suite", column, value)
        for column, value in (
            ("kind_count_difference", -1),
            ("shareless_count", 1),
            ("asking_count", 0),
        )
    ),
    Fault(
        "diffusion_papers_suite",
        "expect_column_values_to_be_in_set(is_known_country)",
        "is_known_country",
        False,
    ),
    Fault(
        "diffusion_papers_suite",
        "expect_compound_columns_to_be_unique(day, user_kind, country_iso2)",
        "",
        None,
        is_twice=True,
    ),
]


def month_of(number: int) -> str:
    return f"{2000 + number // 12}-{number % 12 + 1:02d}-01"


@pytest.fixture(scope="module")
def verdicts(data_dir: Path) -> dict[str, Verdict]:
    """Each suite's verdict on two sound months and every fault of its own, a month each."""
    found = {}
    for suite in PAPER_SUITES:
        rows: Rows = []
        own = [fault for fault in FAULTS if fault.suite == suite.name]
        for number, fault in enumerate([None, None, *own]):
            month = SOUND[suite.name]()
            if fault and fault.is_twice:
                month.append(dict(month[0]))
            elif fault:
                month[0][fault.column] = fault.value
            rows += [{"day": month_of(number), **row} for row in month]
        frame = pd.DataFrame(rows)
        found[suite.name] = run_suite(suite, frame, data_dir / "great_expectations", "papers")
    return found


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_planted_fault_is_found_in_its_month_and_weighs_what_it_should(
    fault: Fault, verdicts: dict[str, Verdict]
) -> None:
    own = [each for each in FAULTS if each.suite == fault.suite]
    verdict = verdicts[fault.suite]
    (finding,) = (each for each in verdict.findings if each.expectation == fault.expectation)
    assert month_of(2 + own.index(fault)) in finding.days
    assert finding.is_critical is fault.is_critical


@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_sound_months_are_never_named_and_every_expectation_can_fail(
    name: str, verdicts: dict[str, Verdict]
) -> None:
    named = {day for finding in verdicts[name].findings for day in finding.days}
    assert not named & {month_of(0), month_of(1)}
    assert len(verdicts[name].findings) == verdicts[name].expectation_count


def paper(number: int, month: date = JANUARY, **changes: object) -> dict[str, Any]:
    return {
        "month_date": month,
        "work_id": f"W{number}",
        "doi": None,
        "title": "A title",
        "abstract": None,
        "is_text_cut": False,
        "publication_date": month,
        "work_type": None,
        "language": None,
        "institution_countries": ["US"],
        "institution_types": ["company"],
        "is_authorship_cut": False,
        "source_updated_at": None,
        "first_asked_at": ASKED,
        "asked_at": ASKED,
        **changes,
    }


def asking(month: date, **changes: object) -> dict[str, Any]:
    numbers = [name for name in PAPER_ASKINGS.column_names if name.endswith("_count")]
    return {
        **dict.fromkeys(numbers, 0),
        "month_date": month,
        "asked_at": ASKED,
        "query_digest": "x",
        "is_final": False,
        **changes,
    }


def test_the_frame_of_papers_counts_what_is_wrong_in_each_month(
    lake: Lake, warehouse: Warehouse
) -> None:
    """January: five rows, one twice, one of February, one of an older asking, one unpaired."""
    lake.write(
        PAPERS.qualified,
        str(JANUARY),
        PAPERS.arrow(
            [
                paper(1),
                paper(1),
                paper(2, publication_date=FEBRUARY, title=None),
                paper(3, asked_at=ASKED.replace(year=2023)),
                paper(4, institution_types=[], institution_countries=["US"]),
            ]
        ),
    )
    prepare(warehouse, PAPER_ASKINGS)
    older = asking(JANUARY, asked_at=ASKED.replace(year=2023), returned_count=1, stated_count=9)
    newest = asking(
        JANUARY,
        stated_count=8,
        returned_count=6,
        work_count=5,
        added_count=1,
        gone_count=1,
        quarantined_count=1,
    )
    warehouse.upsert(PAPER_ASKINGS.qualified, PAPER_ASKINGS.arrow([older, newest]))
    first, second = papers_by_month(lake, warehouse, [JANUARY, FEBRUARY]).to_dict("records")
    assert (first["day"], first["work_count"]) == ("2024-01-01", 5)
    wrong = ("duplicate_count", "outside_month_count", "unasked_count", "unpaired_count")
    assert [first[name] for name in wrong] == [1, 1, 1, 1]
    # 6 of 8 stated; 1 of 6 set aside; 1 gone of the 4 kept and 1 gone.
    assert first["returned_share"] == pytest.approx(0.75)
    assert first["quarantined_share"] == pytest.approx(1 / 6)
    assert first["gone_share"] == pytest.approx(1 / 5)
    assert first["untitled_share"] == pytest.approx(1 / 5)
    assert (second["day"], second["work_count"], second["unasked_count"]) == ("2024-02-01", 0, 0)


def staged(kind: str, country: str | None, **changes: object) -> dict[str, Any]:
    return {
        "month_date": JANUARY,
        "user_kind": kind,
        "country_iso2": country,
        "field_work_count": None,
        "open_work_count": 0,
        "cn_work_count": 0,
        "cn_share": None,
        "cn_share_ci_low": None,
        "cn_share_ci_high": None,
        "used_open_work_count": 0,
        "used_cn_work_count": 0,
        "used_cn_share": None,
        "used_cn_share_ci_low": None,
        "used_cn_share_ci_high": None,
        "unaffiliated_work_count": 0,
        "asking_count": 1,
        "asked_at": ASKED,
        "is_final": False,
        **changes,
    }


def four_kinds() -> Rows:
    return [
        staged("all", None, open_work_count=3, cn_share=0.0, cn_share_ci_low=0.0),
        staged("us_all", "US"),
        staged("us_company", "US"),
        staged("us_education", "US"),
    ]


def test_the_frame_of_the_staged_rows_says_what_their_month_lacks(
    lake: Lake, warehouse: Warehouse
) -> None:
    odd = [staged("country", "XK", cn_share=0.5), *four_kinds()[:-1]]
    lake.write(STAGED_DIFFUSION_PAPERS.qualified, str(JANUARY), STAGED_DIFFUSION_PAPERS.arrow(odd))
    rows = staged_diffusion_papers(lake, warehouse, [JANUARY]).to_dict("records")
    found = {row["user_kind"]: row for row in rows}
    assert {row["kind_count_difference"] for row in rows} == {-1}
    assert {row["all_work_count"] for row in rows} == {3}
    assert not found["country"]["is_known_country"]
    assert found["all"]["is_known_country"]
    assert [found[kind]["shareless_count"] for kind in ("country", "all", "us_all")] == [1, 0, 0]


def test_a_check_of_months_judges_and_approves_each_month_of_its_run(
    lake: Lake, warehouse: Warehouse, run_check: RunCheck
) -> None:
    prepare(warehouse, PAPER_ASKINGS)
    for month in (JANUARY, FEBRUARY, MARCH):
        rows = [paper(1, month), paper(1, month)] if month == FEBRUARY else [paper(1, month)]
        lake.write(PAPERS.qualified, str(month), PAPERS.arrow(rows))
        warehouse.upsert(PAPER_ASKINGS.qualified, PAPER_ASKINGS.arrow([asking(month)]))
    suite = BY_NAME["papers_suite"]
    result = run_check(suite_check(suite), PAPERS, JANUARY, MARCH)
    (found,) = result.get_asset_check_evaluations()
    assert not found.passed
    assert found.metadata["days_at_fault"].value == "2024-02-01"
    months = (JANUARY, FEBRUARY, MARCH)
    approved = [lake.is_approved(PAPERS.qualified, str(month)) for month in months]
    assert approved == [True, False, True]


def test_without_a_partition_the_newest_twelve_months_are_judged(
    lake: Lake, warehouse: Warehouse, run_check: RunCheck
) -> None:
    prepare(warehouse, PAPER_ASKINGS)
    for number in range(14):
        month = date(2023 + number // 12, number % 12 + 1, 1)
        rows = [paper(1, month)] * (2 if number < 2 else 1)
        lake.write(PAPERS.qualified, str(month), PAPERS.arrow(rows))
        warehouse.upsert(PAPER_ASKINGS.qualified, PAPER_ASKINGS.arrow([asking(month)]))
    (found,) = run_check(suite_check(BY_NAME["papers_suite"]), PAPERS).get_asset_check_evaluations()
    assert found.passed, found.description
    assert found.metadata["days"].value == "2023-03-01 to 2024-02-01"
