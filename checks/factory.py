"""Turns suites into asset checks."""

from datetime import date
from typing import Any

import dagster as dg

from assets.declare import asset_key
from assets.markdown_text import as_text
from checks.days import days_of_check, months_of_check, span_of, weeks_of_check
from checks.papers import PAPER_SUITES
from checks.patents import PATENT_SUITES
from checks.rows_at_fault import Fault, fault_table, to_do
from checks.runner import PROJECT_FOLDER, Verdict, run_suite
from checks.suites import SUITES, Suite
from resources.lake import LakeResource
from resources.platform import Platform
from resources.warehouse import WarehouseResource


def suite_checks() -> list[dg.AssetChecksDefinition]:
    """An asset check for every suite."""
    return [suite_check(suite) for suite in (*SUITES, *PAPER_SUITES, *PATENT_SUITES)]


def suite_check(suite: Suite) -> dg.AssetChecksDefinition:
    """The asset check that runs a suite on the days of its run."""

    @dg.asset_check(
        asset=asset_key(suite.table),
        name=suite.name,
        description=suite.description,
        blocking=suite.is_blocking,
    )
    def check(
        context: dg.AssetCheckExecutionContext,
        lake: LakeResource,
        warehouse: WarehouseResource,
        platform: Platform,
    ) -> dg.AssetCheckResult:
        store = lake.open()
        if suite.has_months:
            days = months_of_check(context, store, suite.table.qualified)
        elif suite.has_weeks:
            days = weeks_of_check(context, store, suite.table.qualified)
        else:
            days = days_of_check(context, store)
        frame = suite.frame(store, warehouse.open(), days)
        verdict = run_suite(suite, frame, platform.data(PROJECT_FOLDER), context.run.run_id)
        # What rests on the table asks for this, in whatever run: a blocking check alone stops
        # only the run that it is part of.
        for day in days:
            if str(day) not in verdict.bad_days:
                store.approve(suite.table.qualified, str(day))
        return check_result(verdict, days, suite.name)

    return check


def check_result(verdict: Verdict, days: list[date], check: str = "") -> dg.AssetCheckResult:
    """A verdict as Dagster shows it: days, rows at fault, and a link to Data Docs."""
    span = span_of(days)
    if verdict.passed:
        words = f"{verdict.expectation_count} expectations hold on {span}."
    else:
        words = f"{len(verdict.findings)} of {verdict.expectation_count} expectations fail on " + (
            ", ".join(verdict.bad_days) or span
        )
    metadata: dict[str, Any] = {
        "expectations": verdict.expectation_count,
        "days": span,
        "days_at_fault": ", ".join(verdict.bad_days) or "none",
        "data_docs": dg.MetadataValue.url(verdict.docs_path.as_uri()),
    }
    if verdict.findings:
        metadata["findings"] = dg.MetadataValue.md(
            "\n".join(f"- {as_text(finding)}" for finding in verdict.findings)
        )
        faults = [
            Fault(each.expectation, each.unexpected_count, each.rows) for each in verdict.findings
        ]
        metadata["faults"] = dg.MetadataValue.md(fault_table(faults))
    if check:
        metadata |= to_do(check)
    return dg.AssetCheckResult(
        passed=verdict.passed,
        severity=dg.AssetCheckSeverity.ERROR if verdict.is_critical else dg.AssetCheckSeverity.WARN,
        description=words,
        metadata=metadata,
    )
