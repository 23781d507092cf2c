"""Declares an asset from its table: key, group, documentation, columns, partitions, automation."""

import hashlib
import inspect
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

import dagster as dg
import pyarrow as pa

from assets.change import telling_change
from assets.flow import step_of
from assets.shown import OWNER, describe, table_metadata
from assets.tables import Table
from resources.http import TransientUpstreamError
from resources.lake import Lake
from resources.warehouse import Warehouse

#: Tries of a step after the first, where what failed may go well later, and the wait before each.
RETRIES = 2
RETRY_WAIT_S = 30


@dataclass(frozen=True)
class Plan:
    """How assets are partitioned and automated; made by orchestration, the same for all.

    Attributes:
        daily: UTC days.
        automation: when a missing day is asked for.
        reference_automation: when reference tables are read again.
        baseline_automation: when baselines of others are fetched.
        snapshots: UTC days, today included: for upstreams that only say how things are now. The
            same as `daily` where not given.
        snapshot_automation: when a day's snapshot is asked for.
        max_days_per_run: most days that one run of a backfill takes.
        monthly: calendar months, UTC; a partition's key is the month's first day.
        monthly_automation: when a missing month is asked for, and the newest ones again.
        max_months_per_run: most months that one run of a backfill takes.
        weekly: weeks of patents, from Tuesday; a partition's key is its Tuesday.
        weekly_automation: when a missing week is asked for.
        max_weeks_per_run: most weeks that one run of a backfill takes.
        gathered_automation: when a table that gathers all partitions of others is made again.
    """

    daily: dg.TimeWindowPartitionsDefinition
    automation: dg.AutomationCondition[Any] | None = None
    reference_automation: dg.AutomationCondition[Any] | None = None
    baseline_automation: dg.AutomationCondition[Any] | None = None
    snapshots: dg.TimeWindowPartitionsDefinition | None = None
    snapshot_automation: dg.AutomationCondition[Any] | None = None
    max_days_per_run: int = 31
    monthly: dg.TimeWindowPartitionsDefinition | None = None
    monthly_automation: dg.AutomationCondition[Any] | None = None
    max_months_per_run: int = 36
    weekly: dg.TimeWindowPartitionsDefinition | None = None
    weekly_automation: dg.AutomationCondition[Any] | None = None
    max_weeks_per_run: int = 13
    gathered_automation: dg.AutomationCondition[Any] | None = None

    def daily_asset(
        self,
        function: Callable[..., Any],
        table: Table,
        *,
        group: str,
        kinds: set[str],
        deps: Sequence[Table | dg.AssetDep],
    ) -> dg.AssetsDefinition:
        """One table that a day at a time is made of.

        `function` writes the partitions and returns a MaterializeResult.
        """
        return _partitioned_asset(
            function,
            table,
            self.daily,
            self.automation,
            group=group,
            kinds=kinds,
            deps=deps,
            most_per_run=self.max_days_per_run,
        )

    def daily_specs(
        self, tables: Sequence[Table], *, group: str, kinds: set[str], deps: Sequence[Table]
    ) -> list[dg.AssetSpec]:
        """Specs of several tables that one function writes together."""
        return _partitioned_specs(
            tables, self.daily, self.automation, group=group, kinds=kinds, deps=deps
        )

    def monthly_asset(
        self,
        function: Callable[..., Any],
        table: Table,
        *,
        group: str,
        kinds: set[str],
        deps: Sequence[Table | dg.AssetDep],
        rules: str = "",
    ) -> dg.AssetsDefinition:
        """One table that a month at a time is made of; else as `daily_asset`.

        `rules` is a digest of what its rows are found by, part of its code version.
        """
        return _partitioned_asset(
            function,
            table,
            _given(self.monthly, "monthly"),
            self.monthly_automation,
            group=group,
            kinds=kinds,
            deps=deps,
            most_per_run=self.max_months_per_run,
            rules=rules,
        )

    def monthly_specs(
        self, tables: Sequence[Table], *, group: str, kinds: set[str], deps: Sequence[Table]
    ) -> list[dg.AssetSpec]:
        """Specs of several monthly tables that one function writes together."""
        return _partitioned_specs(
            tables,
            _given(self.monthly, "monthly"),
            self.monthly_automation,
            group=group,
            kinds=kinds,
            deps=deps,
        )

    def weekly_specs(
        self, tables: Sequence[Table], *, group: str, kinds: set[str], deps: Sequence[Table]
    ) -> list[dg.AssetSpec]:
        """Specs of several weekly tables that one function writes together."""
        return _partitioned_specs(
            tables,
            _given(self.weekly, "weekly"),
            self.weekly_automation,
            group=group,
            kinds=kinds,
            deps=deps,
        )

    def snapshot_assets(
        self,
        function: Callable[..., Any],
        tables: Sequence[Table],
        *,
        name: str,
        group: str,
        kinds: set[str],
        deps: Sequence[Table],
    ) -> dg.AssetsDefinition:
        """Tables that one function writes together, a day of snapshots at a time.

        `function` yields a MaterializeResult for each table.
        """
        specs = _partitioned_specs(
            tables,
            self.snapshots or self.daily,
            self.snapshot_automation,
            group=group,
            kinds=kinds,
            deps=deps,
            function=function,
        )
        with beta_accepted():
            made: dg.AssetsDefinition = dg.multi_asset(
                name=name,
                specs=specs,
                backfill_policy=dg.BackfillPolicy.multi_run(self.max_days_per_run),
            )(function)
        return made


def _given(
    partitions: dg.TimeWindowPartitionsDefinition | None, name: str
) -> dg.TimeWindowPartitionsDefinition:
    if partitions is None:
        raise ValueError(f"this plan has no {name} partitions; give it some")
    return partitions


def _partitioned_asset(
    function: Callable[..., Any],
    table: Table,
    partitions: dg.TimeWindowPartitionsDefinition,
    automation: dg.AutomationCondition[Any] | None,
    *,
    group: str,
    kinds: set[str],
    deps: Sequence[Table | dg.AssetDep],
    most_per_run: int,
    rules: str = "",
) -> dg.AssetsDefinition:
    """One table that is made a partition at a time, of whatever length."""
    with beta_accepted():
        made: dg.AssetsDefinition = dg.asset(
            **documentation(table, group, kinds),
            code_version=code_version(function, table, rules),
            deps=[dep if isinstance(dep, dg.AssetDep) else asset_key(dep) for dep in deps],
            partitions_def=partitions,
            backfill_policy=dg.BackfillPolicy.multi_run(most_per_run),
            automation_condition=automation,
        )(telling_change(function, table))
    return made


def _partitioned_specs(
    tables: Sequence[Table],
    partitions: dg.TimeWindowPartitionsDefinition,
    automation: dg.AutomationCondition[Any] | None,
    *,
    group: str,
    kinds: set[str],
    deps: Sequence[Table],
    function: Callable[..., Any] | None = None,
) -> list[dg.AssetSpec]:
    """Specs of several tables that one function writes together, a partition at a time."""
    return [
        dg.AssetSpec(
            **documentation(table, group, kinds),
            code_version=code_version(function, table),
            deps=[asset_key(dep) for dep in deps],
            partitions_def=partitions,
            automation_condition=automation,
        )
        for table in tables
    ]


def newest_of(table: Table) -> dg.AssetDep:
    """A dependence of assets of other partitions on all that a partitioned table holds by then."""
    return dg.AssetDep(asset_key(table), partition_mapping=dg.LastPartitionMapping())


def asset_key(table: Table) -> dg.AssetKey:
    """`[schema, table]`."""
    return dg.AssetKey([table.schema, table.name])


def documentation(table: Table, group: str, kinds: set[str]) -> dict[str, Any]:
    """What every asset states of itself, however it is made: for `dg.asset` and `dg.AssetSpec`."""
    return {
        "key": asset_key(table),
        "group_name": group,
        "description": describe(table, group),
        "kinds": kinds,
        "owners": [OWNER],
        "tags": {
            "observatory/schema": table.schema,
            "observatory/step": f"{step_of(group):02}_{group}",
        },
        "metadata": table_metadata(table),
    }


def code_version(function: Callable[..., Any] | None, table: Table, rules: str = "") -> str:
    """A digest of the declaration, of the function that fills it, and of rules it goes by."""
    source = inspect.getsource(function) if function else ""
    return hashlib.sha256(f"{table!r}{source}{rules}".encode()).hexdigest()[:12]


def days_of(context: dg.AssetExecutionContext) -> list[date]:
    """The days (first days, of longer partitions) that this step is to make, oldest first."""
    return sorted(date.fromisoformat(key) for key in context.partition_keys)


def rows_of_days(lake: Lake, table: Table, days: Iterable[date]) -> pa.Table:
    """Rows of those days' partitions of a Parquet table that are there."""
    return lake.read_all(table.qualified, [str(day) for day in days], table.arrow_schema)


def partitions_of_sources(lake: Lake, table: Table) -> list[str]:
    """The partitions of a table that is kept source by source, of any source, in order."""
    name = table.qualified
    return sorted({key for part in lake.parts(name) for key in lake.partitions(name, part)})


def columns_of_sources(
    lake: Lake, table: Table, partitions: Sequence[str], columns: Sequence[str]
) -> pa.Table:
    """Some columns of partitions of a table that is kept source by source."""
    schema = pa.schema([table.arrow_schema.field(name) for name in columns])
    parts = [
        lake.read_all(table.qualified, partitions, schema, source, columns)
        for source in lake.parts(table.qualified)
    ]
    return pa.concat_tables([schema.empty_table(), *parts])


def require_approved(lake: Lake, table: Table, days: Sequence[date]) -> None:
    """Refuse to go on from days whose checks did not pass on the rows as they are now.

    Raises:
        dg.Failure: names the days, and says what to do.
    """
    refused = [str(day) for day in days if not lake.is_approved(table.qualified, str(day))]
    if refused:
        raise dg.Failure(
            f"{table.qualified}: the checks of {', '.join(refused)} have not passed on the rows as "
            f"they are; materialise {table.qualified} and its checks for these days again"
        )


def prepare(warehouse: Warehouse, *tables: Table) -> None:
    """Create the tables in the warehouse, and columns of theirs, where they are not there yet.

    Rows of before a column was declared have its `earlier` in it until their day is made again.
    """
    schemas = dict.fromkeys(f"CREATE SCHEMA IF NOT EXISTS {table.schema}" for table in tables)
    warehouse.ensure([*schemas, *(table.ddl for table in tables)])
    for table in tables:
        types = {each.name: f"{each.type} DEFAULT {each.earlier}" for each in table.columns}
        warehouse.add_columns(table.qualified, types)


def show(warehouse: Warehouse, lake: Lake, *tables: Table) -> None:
    """Show Parquet tables in the warehouse as views; an object store's are left to its readers.

    A table without a file yet has no view yet. A view of before the lake was moved to an object
    store goes: it would show what the lake was then.
    """
    if not lake.is_local:
        found = [table for table in tables if warehouse.has_table(table.qualified)]
        warehouse.ensure([f"DROP VIEW {table.qualified}" for table in found])
        return
    statements: list[str] = []
    for table in tables:
        if not lake.has(table.qualified):
            continue
        pattern = lake.glob(table.qualified).replace("'", "''")
        statements += [
            f"CREATE SCHEMA IF NOT EXISTS {table.schema}",
            f"CREATE OR REPLACE VIEW {table.qualified} AS "  # noqa: S608
            f"SELECT * FROM read_parquet('{pattern}', union_by_name = true)",
        ]
    warehouse.ensure(statements)


@contextmanager
def beta_accepted() -> Iterator[None]:
    """Declare with a backfill policy, which Dagster 1.13 still calls beta, without its warning."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*backfill_policy", category=dg.BetaWarning)
        yield


@contextmanager
def transient_failures_retried() -> Iterator[None]:
    """Let Dagster run the step again after a transient failure of an upstream, and only then."""
    try:
        yield
    except TransientUpstreamError as error:
        wait = max(RETRY_WAIT_S, error.retry_after_s or 0.0)
        raise dg.RetryRequested(max_retries=RETRIES, seconds_to_wait=wait) from error
