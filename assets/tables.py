"""What a table is: its name, grain, key and columns, declared once and used everywhere."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

_ARROW_TYPES: dict[str, pa.DataType] = {
    "BIGINT": pa.int64(),
    "INTEGER": pa.int32(),
    "DOUBLE": pa.float64(),
    "BOOLEAN": pa.bool_(),
    "VARCHAR": pa.string(),
    "BLOB": pa.binary(),
    "DATE": pa.date32(),
    "TIMESTAMPTZ": pa.timestamp("us", tz="UTC"),
    "BIGINT[]": pa.list_(pa.int64()),
    "VARCHAR[]": pa.list_(pa.string()),
    "DOUBLE[]": pa.list_(pa.float64()),
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its DuckDB type, what it says, its unit, and whether it may be null.

    `earlier` is the SQL literal that rows of before the column was declared have in it.
    """

    name: str
    type: str
    description: str
    unit: str = ""
    nullable: bool = False
    earlier: str = "NULL"

    def __post_init__(self) -> None:
        """Refuse a type that has no Arrow twin, so that Parquet and DuckDB never differ."""
        if self.type not in _ARROW_TYPES:
            known = ", ".join(_ARROW_TYPES)
            raise ValueError(f"column {self.name}: type {self.type} is not one of {known}")


@dataclass(frozen=True, slots=True)
class Table:
    """A table: `schema.name`, what one row is, its key, its columns, and where rows come from."""

    schema: str
    name: str
    description: str
    grain: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    source: str
    partition_column: str | None = None

    def __post_init__(self) -> None:
        """Refuse a key or partition column that the table does not have."""
        for name in (*self.key, *((self.partition_column,) if self.partition_column else ())):
            if name not in self.column_names:
                raise ValueError(f"{self.schema}.{self.name} has no column {name}")

    @property
    def qualified(self) -> str:
        """`schema.name`, as SQL writes it."""
        return f"{self.schema}.{self.name}"

    @property
    def column_names(self) -> tuple[str, ...]:
        """The columns' names, in order."""
        return tuple(column.name for column in self.columns)

    @property
    def arrow_schema(self) -> pa.Schema:
        """The same columns as an Arrow schema, nullability included."""
        return pa.schema(
            [
                pa.field(column.name, _ARROW_TYPES[column.type], nullable=column.nullable)
                for column in self.columns
            ]
        )

    @property
    def ddl(self) -> str:
        """`CREATE TABLE IF NOT EXISTS` with types, nulls and key.

        A key with nullable columns is no primary key, and does not bind rows with null in it.
        """
        is_nullable = any(column.nullable for column in self.columns if column.name in self.key)
        columns = ",\n  ".join(
            f"{column.name} {column.type}{'' if column.nullable else ' NOT NULL'}"
            for column in self.columns
        )
        return (
            f"CREATE TABLE IF NOT EXISTS {self.qualified} (\n  {columns},\n"
            f"  {'UNIQUE' if is_nullable else 'PRIMARY KEY'} ({', '.join(self.key)})\n)"
        )

    def arrow(self, rows: Sequence[Mapping[str, object]]) -> pa.Table:
        """Rows as an Arrow table of this schema; raises on a null or type that it forbids."""
        return self.conform(pa.Table.from_pylist(list(rows), schema=self.arrow_schema))

    def conform(self, table: pa.Table) -> pa.Table:
        """`table` with exactly these columns, in order and cast.

        Raises:
            ValueError: columns are missing or more than declared, or a null stands where the
                declaration forbids one.
        """
        missing = set(self.column_names) - set(table.column_names)
        extra = set(table.column_names) - set(self.column_names)
        if missing or extra:
            raise ValueError(
                f"{self.qualified}: missing columns {sorted(missing)}, "
                f"undeclared columns {sorted(extra)}"
            )
        for column in self.columns:
            nulls = table[column.name].null_count
            if nulls and not column.nullable:
                raise ValueError(f"{self.qualified}.{column.name}: {nulls} nulls, none allowed")
        return table.select(list(self.column_names)).cast(self.arrow_schema)
