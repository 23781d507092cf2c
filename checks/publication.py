"""Checks that what is published is what was checked."""

import dagster as dg

from assets.declare import asset_key
from assets.engagement.tables import ENGAGEMENT, STAGED_ENGAGEMENT
from checks.days import days_of_check, span_of
from resources.lake import LakeResource
from resources.warehouse import WarehouseResource


def publication_checks() -> list[dg.AssetChecksDefinition]:
    """The checks of this module."""
    return [
        dg.asset_check(
            asset=asset_key(ENGAGEMENT),
            name="published_as_staged",
            description="mart.engagement holds exactly the rows of stage.engagement, day by day.",
        )(published_as_staged)
    ]


def published_as_staged(
    context: dg.AssetCheckExecutionContext, lake: LakeResource, warehouse: WarehouseResource
) -> dg.AssetCheckResult:
    """Compare the published with the staged rows, both ways."""
    store = lake.open()
    days = days_of_check(context, store)
    staged = store.read_all(
        STAGED_ENGAGEMENT.qualified, [str(day) for day in days], STAGED_ENGAGEMENT.arrow_schema
    )
    columns = ", ".join(ENGAGEMENT.column_names)
    with warehouse.open().transaction() as connection:
        connection.register("staged", staged)
        row = connection.execute(
            f"WITH published AS (SELECT {columns} FROM {ENGAGEMENT.qualified} "  # noqa: S608
            "WHERE list_contains(?::DATE[], activity_date)) SELECT "
            "(SELECT count(*) FROM (FROM published EXCEPT ALL FROM staged)), "
            "(SELECT count(*) FROM (FROM staged EXCEPT ALL FROM published))",
            [days],
        ).fetchone()
    unstaged, unpublished = row or (0, 0)
    return dg.AssetCheckResult(
        passed=not unstaged and not unpublished,
        severity=dg.AssetCheckSeverity.ERROR,
        description=f"{staged.num_rows} staged rows on {span_of(days)}; {unpublished} of them not "
        f"published, {unstaged} published that were not staged.",
        metadata={"staged_rows": staged.num_rows, "not_published": unpublished},
    )
