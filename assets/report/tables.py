"""The published snapshot, as an asset: files, not a table of the warehouse."""

from assets.tables import Column, Table

SNAPSHOT = Table(
    schema="published",
    name="snapshot",
    description=(
        "Read-only DuckDB file and Parquet of the marts, swapped in as a whole: a reader never "
        "blocks the writer and never sees half a run. Aggregates only; countries with fewer than "
        "five accounts in a cell are pooled as XX."
    ),
    grain="One file a published table",
    key=("file",),
    source="mart.country_activity, mart.engagement and the reference tables",
    columns=(
        Column("file", "VARCHAR", "Name below published/current"),
        Column("table_name", "VARCHAR", "Table inside observatory.duckdb"),
        Column("row_count", "BIGINT", "Rows", "rows"),
    ),
)
