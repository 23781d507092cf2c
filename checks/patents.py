"""Great Expectations suite of the patents: what weekly files gave, against the weeks before."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pandas as pd

from assets.patents.tables import PATENT_COHORTS, PATENT_FILES, PATENT_MENTIONS, PATENTS
from assets.source_rows import rows_of_sources
from checks.frames import profile
from checks.suites import Suite, zero
from resources.lake import Lake
from resources.warehouse import Warehouse

if TYPE_CHECKING:
    from great_expectations.expectations import Expectation

_WEEKS_BEFORE = 8
_WEEK = timedelta(days=7)


def patents_by_file(lake: Lake, warehouse: Warehouse, weeks: Sequence[date]) -> pd.DataFrame:
    """One row a week and product: its file, its rows, and how many break their promises."""
    before = {week - n * _WEEK for week in weeks for n in range(_WEEKS_BEFORE + 1)}
    tables = {
        "patents": rows_of_sources(lake, PATENTS, weeks),
        "mentions": rows_of_sources(lake, PATENT_MENTIONS, weeks),
        "files": rows_of_sources(lake, PATENT_FILES, sorted(before)),
        "families": warehouse.query("SELECT family FROM core.model_families"),
    }
    return profile("patents_by_file", tables, weeks)


def _patents() -> "list[Expectation]":
    from great_expectations import expectations as gxe
    from great_expectations.expectations.metadata_types import FailureSeverity

    def at_most(column: str, most: float, severity: FailureSeverity) -> "Expectation":
        return gxe.ExpectColumnValuesToBeBetween(
            column=column, min_value=0.0, max_value=most, severity=severity
        )

    critical, warning = FailureSeverity.CRITICAL, FailureSeverity.WARNING
    return [
        *zero("count_difference", "duplicate_count", "unpaired_count", "late_priority_count"),
        *zero("unknown_family_count", "unowned_mention_count"),
        gxe.ExpectCompoundColumnsToBeUnique(column_list=["day", "product"]),
        # One wrong date is a slip of the office; many mean that the layout has changed.
        at_most("disordered_share", 0.01, critical),
        at_most("quarantined_share", 0.05, critical),
        at_most("disordered_share", 0.0, warning),
        at_most("quarantined_share", 0.001, warning),
        # Sequence listings are few; another root element would make others of all patents.
        at_most("other_share", 0.2, warning),
        at_most("outside_week_share", 0.01, warning),
        at_most("countryless_share", 0.02, warning),
        at_most("unclassified_share", 0.02, warning),
        # About half of all U.S. patents have an American owner.
        gxe.ExpectColumnValuesToBeBetween(
            column="us_share", min_value=0.3, max_value=0.8, severity=warning
        ),
        gxe.ExpectColumnValuesToBeBetween(
            column="usual_ratio", min_value=0.5, max_value=2.0, severity=warning
        ),
        gxe.ExpectColumnValuesToBeInSet(column="status", value_set=["complete"], severity=warning),
    ]


PATENT_SUITES = (
    Suite(
        name="patents_suite",
        table=PATENTS,
        description=(
            "Each document of a week once, with dates in order; mentions of known families and of "
            "patents that are there; at most 5 % of the documents set aside. "
            f"{PATENT_COHORTS.qualified} counts only weeks of which this holds. Warns where a file "
            "is missing or not whole, where a week has under half or over twice the documents of "
            "the eight before, and where countries or classifications are missing."
        ),
        frame=patents_by_file,
        expectations=_patents,
        is_blocking=True,
        has_weeks=True,
    ),
)
