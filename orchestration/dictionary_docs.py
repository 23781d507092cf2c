"""Every table and column in words: `docs/data_dictionary.md` is made of the declarations."""

import importlib
import sys
from collections.abc import Iterable

from assets.tables import Column, Table
from orchestration.settings import ROOT

PAGE = ROOT / "docs" / "data_dictionary.md"
_SCHEMAS = {
    "raw": "What upstreams said, as it was said. Parquet, a file a partition and source. Some "
    "of it is of single accounts: it stays in the operator's own store.",
    "core": "Events, accounts, capture and reference data, cleaned and joined. Some of it is of "
    "single accounts, too.",
    "stage": "Figures that wait for their checks.",
    "mart": "Figures. What of them is published has small cells pooled or left out.",
    "ops": "What the platform did and said: alerts, messages, revisions, upkeep.",
    "published": "What readers get, beside the marts.",
}
_INTRODUCTION = """\
# Data dictionary

Made by `make data-dictionary` of the tables' declarations (`assets/`), as the column schemas in the
Dagster UI, `datapackage.json`, `schema.json` and the comments in `observatory.duckdb` are; a test
holds it to them. Types are DuckDB's. Shares are 0 to 1, times UTC. A column that may be null says
so. Ten questions to the published tables, with their SQL, are in [tour.md](tour.md).
"""


def declared_tables() -> list[Table]:
    """All tables of all domains, each once, by schema in the order of the flow and by name.

    Raises:
        ValueError: two declarations are of one name, or a schema is not described here.
    """
    found: dict[str, Table] = {}
    for path in sorted((ROOT / "assets").glob("*/*tables.py")):
        module = importlib.import_module(f"assets.{path.parent.name}.{path.stem}")
        for value in vars(module).values():
            if not isinstance(value, Table):
                continue
            if found.setdefault(value.qualified, value) != value:
                raise ValueError(f"{value.qualified} is declared twice")
    if unknown := sorted({table.schema for table in found.values()} - set(_SCHEMAS)):
        raise ValueError(f"describe schema {', '.join(unknown)} in dictionary_docs.py")
    order = list(_SCHEMAS)
    return sorted(found.values(), key=lambda table: (order.index(table.schema), table.name))


def render(tables: Iterable[Table]) -> str:
    """The page, in Markdown."""
    tables = list(tables)
    lines = [_INTRODUCTION, "| schema | what it is | tables |", "|---|---|---|"]
    for schema, words in _SCHEMAS.items():
        links = [f"[{table.name}](#{_anchor(table)})" for table in tables if table.schema == schema]
        lines.append(f"| `{schema}` | {words} | {', '.join(links)} |")
    for table in tables:
        lines += ["", f"## {table.qualified}", "", *_about(table), "", *_columns(table)]
    return "\n".join(lines) + "\n"


def _anchor(table: Table) -> str:
    """As renderers of Markdown make it of the heading: without the dot."""
    return f"{table.schema}{table.name}"


def _about(table: Table) -> list[str]:
    by = f" Partitioned by `{table.partition_column}`." if table.partition_column else ""
    return [
        _text(table.description),
        "",
        f"Grain: {_text(table.grain)}. Key: {', '.join(f'`{name}`' for name in table.key)}.{by}",
        f"Source: {_text(table.source)}.",
    ]


def _columns(table: Table) -> list[str]:
    return [
        "| column | type | unit | null | meaning |",
        "|---|---|---|---|---|",
        *(_line(column) for column in table.columns),
    ]


def _line(column: Column) -> str:
    null = "yes" if column.nullable else ""
    return (
        f"| `{column.name}` | {_text(column.type)} | {_text(column.unit)} | {null} "
        f"| {_text(column.description)} |"
    )


def _text(text: str) -> str:
    """Words as a cell of a Markdown table shows them."""
    escaped = " ".join(text.split())
    for sign in "\\|*<[":
        escaped = escaped.replace(sign, f"\\{sign}")
    return escaped


if __name__ == "__main__":
    PAGE.write_text(render(declared_tables()), encoding="utf-8")
    sys.stdout.write(f"{PAGE}\n")
