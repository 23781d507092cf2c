"""Great Expectations suites of the papers: works asked for, and their diffusion."""

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

import pandas as pd

from assets.declare import rows_of_days
from assets.papers.tables import (
    DIFFUSION_PAPERS,
    PAPER_ASKINGS,
    PAPERS,
    STAGED_DIFFUSION_PAPERS,
)
from checks.frames import profile
from checks.suites import Suite, zero
from resources.lake import Lake
from resources.warehouse import Warehouse

if TYPE_CHECKING:
    from great_expectations.expectations import Expectation

_NEWEST_ASKINGS = (
    f"SELECT * FROM {PAPER_ASKINGS.qualified} WHERE list_contains(?::DATE[], month_date) "  # noqa: S608
    "QUALIFY row_number() OVER (PARTITION BY month_date ORDER BY asked_at DESC) = 1"
)


def papers_by_month(lake: Lake, warehouse: Warehouse, months: Sequence[date]) -> pd.DataFrame:
    """One row a month: what raw.papers holds, and what its newest asking gave and lost."""
    tables = {
        "papers": rows_of_days(lake, PAPERS, months),
        "askings": warehouse.query(_NEWEST_ASKINGS, [list(months)]),
    }
    return profile("papers_by_month", tables, months)


def staged_diffusion_papers(
    lake: Lake, warehouse: Warehouse, months: Sequence[date]
) -> pd.DataFrame:
    """The staged rows themselves, with the count of all works of the month beside each."""
    tables = {
        "diffusion": rows_of_days(lake, STAGED_DIFFUSION_PAPERS, months),
        "economies": warehouse.query("SELECT iso2 FROM core.economies"),
    }
    return profile("staged_diffusion_papers", tables, months)


def _papers() -> "list[Expectation]":
    from great_expectations import expectations as gxe
    from great_expectations.expectations.metadata_types import FailureSeverity

    def warned(column: str, low: float, high: float) -> "Expectation":
        return gxe.ExpectColumnValuesToBeBetween(
            column=column, min_value=low, max_value=high, severity=FailureSeverity.WARNING
        )

    return [
        *zero("duplicate_count", "outside_month_count", "unpaired_count", "unasked_count"),
        gxe.ExpectColumnValuesToBeUnique(column="day"),
        # Pages were lost, or the catalogue changed under way.
        warned("returned_share", 0.99, 1.01),
        warned("quarantined_share", 0.0, 0.02),
        warned("gone_share", 0.0, 0.1),
        warned("untitled_share", 0.0, 0.05),
        # Some tenths of OpenAlex's works have no affiliation; of none at all it lost them.
        warned("unaffiliated_share", 0.0, 0.6),
    ]


def _diffusion() -> "list[Expectation]":
    from great_expectations import expectations as gxe

    intervals = ("cn_share", "used_cn_share")
    ordered = (
        ("open_work_count", "cn_work_count"),
        ("open_work_count", "used_open_work_count"),
        ("used_open_work_count", "used_cn_work_count"),
        ("cn_work_count", "used_cn_work_count"),
        ("all_work_count", "open_work_count"),
        *((share, f"{share}_ci_low") for share in intervals),
        *((f"{share}_ci_high", share) for share in intervals),
    )
    return [
        *(
            gxe.ExpectColumnPairValuesAToBeGreaterThanB(
                column_A=a, column_B=b, or_equal=True, ignore_row_if="either_value_is_missing"
            )
            for a, b in ordered
        ),
        *(
            gxe.ExpectColumnValuesToBeBetween(
                column=f"{share}{bound}", min_value=0.0, max_value=1.0
            )
            for share in intervals
            for bound in ("", "_ci_low", "_ci_high")
        ),
        *zero("kind_count_difference", "shareless_count"),
        gxe.ExpectColumnValuesToBeInSet(column="is_known_country", value_set=[True]),
        gxe.ExpectColumnValuesToBeBetween(column="asking_count", min_value=1),
        gxe.ExpectCompoundColumnsToBeUnique(column_list=["day", "user_kind", "country_iso2"]),
    ]


PAPER_SUITES = (
    Suite(
        name="papers_suite",
        table=PAPERS,
        description=(
            "Each work once, of its own month, of the newest asking. Warns where pages seem lost, "
            "where over 2 % of the documents were set aside, where over 10 % of the works of the "
            "asking before are gone, and where titles or affiliations are missing."
        ),
        frame=papers_by_month,
        expectations=_papers,
        is_blocking=True,
        has_months=True,
    ),
    Suite(
        name="diffusion_papers_suite",
        table=STAGED_DIFFUSION_PAPERS,
        description=(
            "Counts lie inside one another, shares between 0 and 1 and inside their intervals; "
            f"each month has the four user kinds. {DIFFUSION_PAPERS.qualified} is published only "
            "after this passed."
        ),
        frame=staged_diffusion_papers,
        expectations=_diffusion,
        is_blocking=True,
        has_months=True,
    ),
)
