"""Says, partition by partition, what a materialisation changed of what the table held before."""

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

import dagster as dg
import duckdb
import pyarrow as pa

from assets.tables import Table
from resources.warehouse import Warehouse

#: A row has its partition in it: two of different partitions are never the same.
_SQL = """
    WITH told AS (
        SELECT part, 'before' AS kind FROM before
        UNION ALL SELECT part, 'after' FROM after
        UNION ALL SELECT part, 'new' FROM (FROM after EXCEPT ALL FROM before)
        UNION ALL SELECT part, 'gone' FROM (FROM before EXCEPT ALL FROM after)
    )
    SELECT
        d.day,
        count(*) FILTER (t.kind = 'before') AS row_count_before,
        count(*) FILTER (t.kind = 'after') AS row_count,
        count(*) FILTER (t.kind = 'new') AS new_count,
        count(*) FILTER (t.kind = 'gone') AS gone_count
    FROM days AS d
    LEFT JOIN told AS t ON t.part = d.day
    GROUP BY d.day
    ORDER BY d.day
"""


def telling_change(function: Callable[..., Any], table: Table) -> Callable[..., Any]:
    """A function that makes partitions of a table in the warehouse, and tells what that changed.

    Others, which write to the lake or yield what they make of several tables, are left as they are.
    """
    takes = inspect.signature(function).parameters
    if (
        table.partition_column is None
        or "warehouse" not in takes
        or inspect.isgeneratorfunction(function)
    ):
        return function

    @functools.wraps(function)
    def told(context: dg.AssetExecutionContext, **resources: Any) -> Any:  # noqa: ANN401
        house = resources["warehouse"].open()
        days = [date.fromisoformat(key) for key in context.partition_keys]
        before = held(house, table, days)
        made = function(context, **resources)
        for day, words in changes(before, held(house, table, days), days).items():
            context.add_asset_metadata(words, partition_key=str(day))
        return made

    return told


def held(warehouse: Warehouse, table: Table, days: Sequence[date]) -> pa.Table | None:
    """The rows of some partitions, with the partition as `part`; None where there is no table."""
    if not warehouse.has_table(table.qualified):
        return None
    return warehouse.query(
        f"SELECT {table.partition_column} AS part, * FROM {table.qualified} "  # noqa: S608
        f"WHERE list_contains(?, {table.partition_column})",
        [list(days)],
    )


def changes(
    before: pa.Table | None, after: pa.Table | None, days: Sequence[date]
) -> dict[date, dict[str, Any]]:
    """What became of each partition, as metadata.

    Args:
        before: rows of the vintage before, with their partition as `part`; None for no table.
        after: the same of what was made.
        days: the partitions.
    """
    if after is None:
        return {}
    # A column that is new since then is no change of the figures.
    shared = [name for name in after.column_names if before is None or name in before.column_names]
    after = after.select(shared)
    before = after.schema.empty_table() if before is None else before.select(shared)
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.register("before", before)
        connection.register("after", after)
        connection.register("days", pa.table({"day": pa.array(days, pa.date32())}))
        rows = connection.execute(_SQL).to_arrow_table().to_pylist()
    return {row["day"]: _metadata(row) for row in rows}


def _metadata(row: Mapping[str, Any]) -> dict[str, Any]:
    count, before = row["row_count"], row["row_count_before"]
    new, gone = row["new_count"], row["gone_count"]
    if not before:
        words = f"{count:,} rows; there were none before"
    elif new or gone:
        words = (
            f"{count:,} rows, {before:,} before: {new:,} are new or have other values, "
            f"{gone:,} are gone or had others"
        )
    else:
        words = f"{count:,} rows, the same as before"
    return {
        "dagster/partition_row_count": count,
        "rows_before": before,
        "change_since_vintage_before": words,
    }
