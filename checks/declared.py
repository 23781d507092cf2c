"""Holds rows to what their table declares: nulls, key, shares, counts, intervals, partition."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import dagster as dg
import duckdb
import pyarrow as pa

from assets.alerting.operations import RUNBOOK
from assets.declare import asset_key, partitions_of_sources
from assets.tables import Column, Table
from checks.days import PARTITION as PARTITION_TAG
from checks.days import RANGE_END, RANGE_START
from checks.rows_at_fault import ROWS_SHOWN, Fault, fault_metadata
from resources.lake import Lake, LakeResource
from resources.warehouse import Warehouse, WarehouseResource

NAME = "as_declared"
SHARE_UNIT = "0 to 1"
_ROUNDING = 1e-9
_PARTITIONS_BY_DEFAULT = 31
_NUMBERS = {"BIGINT", "INTEGER", "DOUBLE"}


@dataclass(frozen=True, slots=True)
class Promise:
    """What a declaration says of each row.

    Attributes:
        fault: the words for a row that breaks it.
        broken: SQL that is true of such a row.
        shown: columns whose values show the fault.
    """

    fault: str
    broken: str
    shown: tuple[str, ...]


def declared_checks(tables: Sequence[Table]) -> list[dg.AssetChecksDefinition]:
    """The check of each table."""
    return [declared_check(table) for table in tables]


def declared_check(table: Table) -> dg.AssetChecksDefinition:
    """The check that a table's rows are as it declares them, on the partitions of its run."""

    @dg.asset_check(
        asset=asset_key(table),
        name=NAME,
        description=(
            f"Rows of {table.qualified} are as it declares them: its key "
            f"({', '.join(table.key)}) stands once, nothing is null that may not be, shares lie "
            "between 0 and 1 and inside their intervals, no count is negative, rows lie in their "
            f"partition. {RUNBOOK}#{NAME}."
        ),
    )
    def check(
        context: dg.AssetCheckExecutionContext, lake: LakeResource, warehouse: WarehouseResource
    ) -> dg.AssetCheckResult:
        tags = context.run.tags
        first = tags.get(RANGE_START) or tags.get(PARTITION_TAG) or ""
        last = tags.get(RANGE_END) or first
        return verdict(table, lake.open(), warehouse.open(), first, last)

    return check


def verdict(
    table: Table, lake: Lake, warehouse: Warehouse, first: str = "", last: str = ""
) -> dg.AssetCheckResult:
    """What the rows of some partitions are against the declaration.

    Args:
        table: the declaration.
        lake: where its partitions lie, or
        warehouse: where its rows do.
        first: first partition, as an ISO date; empty for the newest there are.
        last: last partition.
    """
    row_count = 0
    faults: list[Fault] = []
    for connection, source, partition in _parts(table, lake, warehouse, first, last):
        count, found = broken_promises(connection, table, source, partition)
        row_count += count
        faults += found
    count = sum(fault.row_count for fault in faults)
    where = f" on {first} to {last}" if first else ""
    words = f"{row_count:,} rows of {table.qualified} are as declared{where}."
    if faults:
        kinds = ", ".join(dict.fromkeys(fault.words for fault in faults))
        words = f"{count:,} of {row_count:,} rows of {table.qualified} break{where}: {kinds}."
    return dg.AssetCheckResult(
        passed=not faults,
        severity=dg.AssetCheckSeverity.ERROR,
        description=words,
        metadata={"rows": row_count, **fault_metadata(faults, NAME)},
    )


def broken_promises(
    connection: duckdb.DuckDBPyConnection, table: Table, source: str, partition: str = ""
) -> tuple[int, list[Fault]]:
    """How many rows there are, and what is wrong with some of them.

    Args:
        connection: that knows the rows.
        table: their declaration.
        source: relation that holds them.
        partition: the one they are to lie in, as an ISO date; empty where any will do.
    """
    promises = promises_of(table, partition)
    counted = ", ".join(f"count(*) FILTER ({promise.broken})" for promise in promises)
    keys = ", ".join(table.key)
    row = connection.execute(
        f"SELECT count(*), (SELECT count(*) FROM (SELECT 1 FROM {source} GROUP BY {keys} "  # noqa: S608
        f"HAVING count(*) > 1)){', ' if counted else ''}{counted} FROM {source}"
    ).fetchone() or (0, 0)
    faults = []
    if row[1]:
        sample = _sample(connection, table, f"(SELECT {keys} FROM {source} GROUP BY ALL "  # noqa: S608
                         "HAVING count(*) > 1)", "true", ())  # fmt: skip
        faults.append(Fault(f"{' and '.join(table.key)} stand more than once", row[1], sample))
    for promise, count in zip(promises, row[2:], strict=True):
        if count:
            sample = _sample(connection, table, source, promise.broken, promise.shown)
            faults.append(Fault(promise.fault, count, sample))
    return row[0], faults


def promises_of(table: Table, partition: str = "") -> list[Promise]:
    """What a table declares of each of its rows."""
    promises = [
        Promise(f"{each.name} is null", f"{each.name} IS NULL", ())
        for each in table.columns
        if not each.nullable
    ]
    names = set(table.column_names)
    for each in table.columns:
        if each.unit == SHARE_UNIT and each.type == "DOUBLE":
            outside = f"NOT {each.name} BETWEEN -{_ROUNDING} AND 1 + {_ROUNDING}"
            promises.append(Promise(f"{each.name} is outside 0 to 1", outside, (each.name,)))
        if each.name.endswith("_count") and each.type in _NUMBERS:
            promises.append(Promise(f"{each.name} is negative", f"{each.name} < 0", (each.name,)))
        low, high = f"{each.name}_ci_low", f"{each.name}_ci_high"
        if {low, high} <= names:
            promises.append(_inside(each, low, high))
    if partition and table.partition_column:
        column = table.partition_column
        stray = f"{column} <> DATE '{date.fromisoformat(partition)}'"
        promises.append(Promise(f"{column} is not the partition's", stray, (column,)))
    return promises


def _inside(column: Column, low: str, high: str) -> Promise:
    name = column.name
    room = f"{_ROUNDING} * (1 + abs({name}))"
    return Promise(
        f"{name} is outside its interval",
        f"({low} > {name} + {room} OR {high} < {name} - {room})",
        (low, name, high),
    )


def _sample(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    source: str,
    broken: str,
    shown: Sequence[str],
) -> tuple[tuple[tuple[str, object], ...], ...]:
    """The first rows at fault: their key, and the values that show the fault."""
    names = list(dict.fromkeys((*table.key, *shown)))
    rows = connection.execute(
        f"SELECT {', '.join(names)} FROM {source} WHERE {broken} ORDER BY ALL "  # noqa: S608
        f"LIMIT {ROWS_SHOWN}"
    ).fetchall()
    return tuple(tuple(zip(names, row, strict=True)) for row in rows)


def _parts(
    table: Table, lake: Lake, warehouse: Warehouse, first: str, last: str
) -> Iterator[tuple[duckdb.DuckDBPyConnection, str, str]]:
    """The rows to look at, a partition of the lake at a time or the warehouse's at once.

    Of each: a connection that is open until the next is asked for, the relation, the partition.
    """
    name = table.qualified
    if lake.has(name):
        stored = partitions_of_sources(lake, table) or lake.partitions(name)
        newest = stored[-_PARTITIONS_BY_DEFAULT:]
        asked = [each for each in stored if first <= each <= last] if first else newest
        yield from _of_lake(table, lake, asked)
    elif warehouse.has_table(name):
        yield from _of_warehouse(table, warehouse, first, last)


def _of_lake(
    table: Table, lake: Lake, partitions: Sequence[str]
) -> Iterator[tuple[duckdb.DuckDBPyConnection, str, str]]:
    name = table.qualified
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        sources = (None, *lake.parts(name))
        for partition in partitions:
            parts = [lake.read(name, partition, source) for source in sources]
            rows = [table.arrow_schema.empty_table(), *(each for each in parts if each is not None)]
            connection.register("judged", pa.concat_tables(rows, promote_options="default"))
            yield connection, "judged", partition
            connection.unregister("judged")


def _of_warehouse(
    table: Table, warehouse: Warehouse, first: str, last: str
) -> Iterator[tuple[duckdb.DuckDBPyConnection, str, str]]:
    with warehouse.transaction() as connection:
        if not (first and table.partition_column):
            yield connection, table.qualified, ""
            return
        between = f"DATE '{date.fromisoformat(first)}' AND DATE '{date.fromisoformat(last)}'"
        rows = f"SELECT * FROM {table.qualified} WHERE {table.partition_column} BETWEEN {between}"  # noqa: S608
        yield connection, f"({rows})", ""
