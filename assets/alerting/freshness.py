"""The newest day that tables hold, for rules on those that grow old."""

from collections.abc import Iterable
from datetime import date

import duckdb

from assets.baseline.tables import INNOVATION_GRAPH
from assets.coverage.tables import COVERAGE
from assets.engagement.tables import CONCENTRATION, COUNTRY_ACTIVITY, ENGAGEMENT
from assets.hub.tables import DIFFUSION_HUB
from assets.indices.tables import COUNTRY_RATIO, ENGAGEMENT_INDEX
from assets.papers.tables import DIFFUSION_PAPERS
from assets.patents.tables import PATENT_COHORTS

#: Tables of the warehouse, and the column that says of which day or month a row is.
DATED = {
    table.qualified: column
    for table, column in (
        (COVERAGE, "coverage_date"),
        (COUNTRY_ACTIVITY, "activity_date"),
        (ENGAGEMENT, "activity_date"),
        (CONCENTRATION, "activity_date"),
        (COUNTRY_RATIO, "activity_date"),
        (ENGAGEMENT_INDEX, "activity_date"),
        (DIFFUSION_HUB, "snapshot_date"),
        (DIFFUSION_PAPERS, "month_date"),
        (PATENT_COHORTS, "cohort_month"),
        (INNOVATION_GRAPH, "quarter_start_date"),
    )
}


def newest_days(
    connection: duckdb.DuckDBPyConnection, tables: Iterable[str]
) -> dict[str, date | None]:
    """The newest day or month (its first day) of each table; None where there is none yet.

    Raises:
        KeyError: a table is none of `DATED`.
    """
    found = {
        f"{schema}.{name}"
        for schema, name in connection.execute(
            "SELECT table_schema, table_name FROM information_schema.tables"
        ).fetchall()
    }
    newest: dict[str, date | None] = {}
    for table in tables:
        column = DATED[table]
        row = None
        if table in found:
            row = connection.execute(f"SELECT max({column}) FROM {table}").fetchone()  # noqa: S608
        newest[table] = row[0] if row else None
    return newest
