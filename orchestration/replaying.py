"""The replay of alert rules over the past, on a copy of the warehouse: nothing is sent."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import duckdb

from assets.alerting.evaluation import Evaluation, evaluate_days
from assets.alerting.replay import as_table, replayed, summary
from assets.alerting.rules import Rules, RulesError, load_rules
from assets.coverage.tables import COVERAGE
from assets.engagement.tables import ENGAGEMENT
from assets.hub.tables import DIFFUSION_HUB
from assets.indices.tables import COUNTRY_RATIO
from assets.shifts.trend_tables import TREND_SHIFTS
from assets.tables import Table
from assets.visibility.tables import VISIBILITY_GAP
from orchestration.progress import Progress
from orchestration.settings import Settings
from resources.warehouse import Warehouse

#: What rules read, and of the large tables the rows that they read.
_READ: tuple[tuple[Table, str], ...] = (
    (ENGAGEMENT, "scope = 'tracked' AND grouping = 'apart'"),
    (COUNTRY_RATIO, "scope = 'tracked' AND grouping = 'apart'"),
    (COVERAGE, "scope = 'tracked' AND repo_id IS NULL"),
    (VISIBILITY_GAP, "true"),
    (DIFFUSION_HUB, "measure = 'downloads_30d'"),
    (TREND_SHIFTS, "true"),
)


def replay_alerts(settings: Settings, first: date, last: date, *, with_unsaid: bool) -> int:
    """Print what the rules would have sent over a range of days; the exit code."""
    try:
        rules = load_rules(settings.rules)
    except RulesError as error:
        print(f"{error}\nsee `make doctor`", file=sys.stderr)
        return 2
    if not settings.warehouse.exists():
        print(f"no warehouse at {settings.warehouse}: `make run` makes one", file=sys.stderr)
        return 2
    with Progress("days") as progress:
        days, done = replay(Warehouse(str(settings.warehouse)), rules, first, last, progress)
    if not days:
        print(f"the warehouse holds no day from {first} to {last}: see `make backfill`")
        return 1
    world = "" if settings.upstream == "live" else "sandbox: every figure is synthetic\n"
    lines = replayed(done, with_unsaid=with_unsaid)
    asked = (last - first).days + 1
    print(f"{world}{as_table(lines)}\n\n{summary(lines, days)}")
    print(f"of {asked} days asked for the warehouse holds {len(days)}; nothing was sent")
    return 0


def replay(
    warehouse: Warehouse,
    rules: Rules,
    first: date,
    last: date,
    progress: Progress,
) -> tuple[list[date], Evaluation]:
    """The days of a range that the warehouse holds, and what the rules make of them from nothing.

    Args:
        warehouse: is read in one short transaction, and copied.
        rules: as they stand.
        first: day (UTC).
        last: day, included.
        progress: told of the number of days, and of each that is done.
    """
    with _copy(warehouse) as connection:
        days = [
            row[0]
            for row in connection.execute(
                "SELECT activity_date FROM mart.engagement WHERE activity_date BETWEEN ? AND ? "
                "UNION SELECT coverage_date FROM core.coverage WHERE coverage_date BETWEEN ? AND ? "
                "ORDER BY ALL",
                [first, last, first, last],
            ).fetchall()
        ]
        progress.total = len(days)
        return days, evaluate_days(connection, rules, days, {}, lambda _day: progress.step())


@contextmanager
def _copy(warehouse: Warehouse) -> Iterator[duckdb.DuckDBPyConnection]:
    """The tables that rules read, in memory; one that is not there yet is empty."""
    found = {}
    for table, which in _READ:
        if warehouse.has_table(table.qualified):
            query = f"SELECT * FROM {table.qualified} WHERE {which}"  # noqa: S608
            found[table.qualified] = warehouse.query(query)
    with duckdb.connect() as connection:
        for table, _ in _READ:
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {table.schema}")
            connection.execute(table.ddl)
            if table.qualified in found:
                connection.register("incoming", table.conform(found[table.qualified]))
                connection.execute(f"INSERT INTO {table.qualified} BY NAME SELECT * FROM incoming")  # noqa: S608
                connection.unregister("incoming")
        yield connection
