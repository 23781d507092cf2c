"""What Dagster shows of a table's declaration: description, columns and their lineage."""

from collections.abc import Sequence
from typing import Any

import dagster as dg

from assets.flow import FLOW, step_of
from assets.lineage import lineage_of
from assets.tables import Column, Table

OWNER = "team:observatory"


def describe(table: Table, group: str) -> str:
    """The asset's description: what it is, its grain, key, source, owner and step of the flow."""
    return (
        f"{table.description}\n\n"
        f"**Grain**: {table.grain}.  \n**Key**: {', '.join(table.key)}.  \n"
        f"**Source**: {table.source}.  \n**Owner**: {OWNER}.  \n"
        f"**Step of the flow**: {step_of(group)} of {len(FLOW)}, {group}."
    )


def column_schema(table: Table) -> dg.TableSchema:
    """The table's columns as Dagster shows them, with unit and what they are made of.

    Its open edition keeps `dagster/column_lineage` and shows it nowhere: so it is in words, too.
    """
    lineage = lineage_of(table)
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name=column.name,
                type=column.type,
                description=_column_words(column, lineage.get(column.name, ())),
                constraints=dg.TableColumnConstraints(nullable=column.nullable),
            )
            for column in table.columns
        ]
    )


def _column_words(column: Column, sources: Sequence[tuple[str, str]]) -> str:
    unit = f" [{column.unit}]" if column.unit else ""
    made_of = ", ".join(f"{table}.{name}" for table, name in sources)
    return f"{column.description}{unit}" + (f". Made of {made_of}" if made_of else "")


def column_lineage(table: Table) -> dg.TableColumnLineage:
    """What each column is made of, as Dagster keeps it."""
    return dg.TableColumnLineage(
        {
            name: [
                dg.TableColumnDep(asset_key=dg.AssetKey(source.split(".")), column_name=column)
                for source, column in sources
            ]
            for name, sources in lineage_of(table).items()
        }
    )


def table_metadata(table: Table) -> dict[str, Any]:
    """Metadata that holds whatever is materialised: name, columns and their lineage."""
    metadata: dict[str, Any] = {
        "dagster/column_schema": column_schema(table),
        "dagster/table_name": table.qualified,
    }
    if lineage_of(table):
        metadata["dagster/column_lineage"] = column_lineage(table)
    return metadata
