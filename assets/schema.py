"""Brings a warehouse of an older version to the tables as they are declared now, rows kept."""

import importlib
import pkgutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import duckdb

import assets
from assets.tables import Column, Table
from resources.warehouse import Warehouse

_SCRATCH = "upgrade_scratch"


class SchemaError(RuntimeError):
    """A table's rows do not fit its declaration; the text names the table and what to do."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What of a table an upgrade brings to its declaration: types by column, and the key."""

    types: Mapping[str, str]
    key: tuple[str, ...]


def declared_tables() -> tuple[Table, ...]:
    """Every table that a domain declares, by name."""
    found: dict[str, Table] = {}
    for module in pkgutil.iter_modules(assets.__path__):
        if not module.ispkg:
            continue
        domain = importlib.import_module(f"assets.{module.name}")
        for each in pkgutil.iter_modules(domain.__path__, f"assets.{module.name}."):
            # `tables`, and beside it such as `trend_tables`.
            if each.name.endswith("tables"):
                declared = vars(importlib.import_module(each.name)).values()
                found |= {table.qualified: table for table in declared if type(table) is Table}
    return tuple(found[name] for name in sorted(found))


def conform_tables(warehouse: Warehouse, tables: Sequence[Table]) -> list[str]:
    """Give the tables that are there the columns, types and keys that they are declared with.

    Each table is one transaction, and one that is as declared is left alone: interrupted, it goes
    on where it was. Columns that are declared no more go. Tables that are not there yet are left
    to who makes them.

    Args:
        warehouse: services are stopped.
        tables: as they are declared.

    Returns:
        What was changed, table by table.

    Raises:
        SchemaError: rows cannot be what is declared; that table is as it was.
    """
    changes: list[str] = []
    with warehouse.transaction() as connection:
        found = _stored(connection, tables)
    for table in tables:
        if (is_now := found.get(table.qualified)) is None:
            continue
        wanted = _declared(table)
        said = _differences(is_now, wanted)
        if not said:
            continue
        _rebuild(warehouse, table, is_now)
        changes.append(f"{table.qualified}: {'; '.join(said)}")
    return changes


def _stored(connection: duckdb.DuckDBPyConnection, tables: Sequence[Table]) -> dict[str, Shape]:
    """Shapes of those tables that are there; views over Parquet are none."""
    names = [table.qualified for table in tables]
    rows = connection.execute(
        "SELECT schema_name || '.' || table_name, column_name, data_type FROM duckdb_columns() "
        "WHERE list_contains(?, schema_name || '.' || table_name) AND table_name IN "
        "(SELECT table_name FROM duckdb_tables() AS t WHERE t.schema_name = "
        "duckdb_columns.schema_name) ORDER BY column_index",
        [names],
    ).fetchall()
    keys = dict(
        connection.execute(
            "SELECT schema_name || '.' || table_name, constraint_column_names "
            "FROM duckdb_constraints() WHERE constraint_type IN ('PRIMARY KEY', 'UNIQUE')"
        ).fetchall()
    )
    types: dict[str, dict[str, str]] = {}
    for name, column, kind in rows:
        types.setdefault(name, {})[column] = kind
    return {name: Shape(each, tuple(keys.get(name, ()))) for name, each in types.items()}


def _declared(table: Table) -> Shape:
    """The shape that DuckDB gives a table of this declaration."""
    with duckdb.connect() as scratch:
        scratch.execute(f"CREATE SCHEMA {_SCRATCH}")
        made = replace(table, schema=_SCRATCH)
        scratch.execute(made.ddl)
        return _stored(scratch, [made])[made.qualified]


def _differences(is_now: Shape, wanted: Shape) -> list[str]:
    said = [f"new column {name}" for name in wanted.types if name not in is_now.types]
    said += [f"column {name} is no more" for name in is_now.types if name not in wanted.types]
    said += [
        f"{name} is {kind} instead of {is_now.types[name]}"
        for name, kind in wanted.types.items()
        if name in is_now.types and is_now.types[name] != kind
    ]
    if is_now.key != wanted.key:
        said.append(f"key ({', '.join(wanted.key)}) instead of ({', '.join(is_now.key)})")
    return said


def _rebuild(warehouse: Warehouse, table: Table, is_now: Shape) -> None:
    values = ", ".join(_value(column, is_now) for column in table.columns)
    try:
        warehouse.remake(
            table.qualified,
            table.ddl,
            lambda connection: connection.execute(
                f"SELECT {values} FROM {table.qualified}"  # noqa: S608 - declared names
            ).to_arrow_table(),
        )
    except (duckdb.ConstraintException, duckdb.ConversionException) as error:
        raise SchemaError(
            f"{table.qualified}: its rows cannot be what it is declared to hold now, and are as "
            f"they were ({str(error).splitlines()[0]}); drop the table and materialise its "
            "partitions again"
        ) from error


def _value(column: Column, is_now: Shape) -> str:
    """A column's value for a row of before: its own, or what it had before it was declared."""
    earlier = f"CAST({column.earlier} AS {column.type})"
    if column.name not in is_now.types:
        return f"{earlier} AS {column.name}"
    own = f"CAST({column.name} AS {column.type})"
    return f"{own if column.nullable else f'coalesce({own}, {earlier})'} AS {column.name}"
