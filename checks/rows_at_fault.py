"""Names rows at fault in Markdown: the first few, cut, with what they hold shown as it is."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa

from assets.alerting.operations import RUNBOOK
from assets.markdown_text import as_text

ROWS_SHOWN = 5
FAULTS_SHOWN = 10
_LONGEST = 80
_RUNBOOK_FILE = Path(__file__).resolve().parents[1] / RUNBOOK
_SECTION = re.compile(r"^### (.+?)\n(.+?)(?=^##|\Z)", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[([^\]]+)\]\(#[^)]+\)")
#: They number a person, or find one in public archives, and leave `raw` and `core` in no form.
_WITHHELD = {"actor_id", "author_hash", "sha", "event_id", "created_at"}


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of fault.

    Attributes:
        words: what is wrong.
        row_count: rows of which it is so.
        sample: the first of them, each as pairs of column and value.
    """

    words: str
    row_count: int
    sample: tuple[tuple[tuple[str, object], ...], ...] = ()


def first_rows(rows: pa.Table) -> tuple[tuple[tuple[str, object], ...], ...]:
    """The first few rows, each as pairs of column and value."""
    return tuple(tuple(row.items()) for row in rows.slice(0, ROWS_SHOWN).to_pylist())


def cell(value: object) -> str:
    """A value as Markdown that shows it as it is, on one line, of bounded length."""
    text = "null" if value is None else str(value).removesuffix(" 00:00:00")
    return as_text(text, _LONGEST)


def shown(name: str, value: object) -> object:
    """A column's value as it may be told: a float in a few digits, no number of a person."""
    if name in _WITHHELD:
        return "withheld"
    return f"{value:.6g}" if isinstance(value, float) else value


def row_words(row: Sequence[tuple[str, object]]) -> str:
    """A row as `column = value` pairs."""
    return ", ".join(f"{cell(name)} = {cell(shown(name, value))}" for name, value in row)


def fault_table(faults: Sequence[Fault]) -> str:
    """Faults and the first rows of each as a Markdown table; empty without faults."""
    if not faults:
        return ""
    lines = ["| what is wrong | rows | such as |", "|---|---:|---|"]
    for fault in faults[:FAULTS_SHOWN]:
        rows = fault.sample[:ROWS_SHOWN] or ((),)
        for place, row in enumerate(rows):
            head = f"{cell(fault.words)} | {fault.row_count:,}" if not place else " | "
            lines.append(f"| {head} | {row_words(row)} |")
    if len(faults) > FAULTS_SHOWN:
        lines.append(f"| and {len(faults) - FAULTS_SHOWN} more kinds | | |")
    return "\n".join(lines)


def fault_metadata(faults: Sequence[Fault], check: str) -> dict[str, Any]:
    """What a check's result says of faults: how many rows, which, and what to do."""
    if not faults:
        return {"rows_at_fault": 0}
    return {
        "rows_at_fault": sum(fault.row_count for fault in faults),
        "faults": dg.MetadataValue.md(fault_table(faults)),
        **to_do(check),
    }


def to_do(check: str) -> dict[str, Any]:
    """What to do when a check fails: the runbook's section, and where it stands."""
    said: dict[str, Any] = {"runbook": dg.MetadataValue.path(f"{RUNBOOK}#{check}")}
    if section := _sections().get(check):
        said["what_to_do"] = dg.MetadataValue.md(section)
    return said


@cache
def _sections() -> dict[str, str]:
    """The runbook's sections by heading; none where an installation has no docs folder.

    A link to another section of it leads nowhere in Dagster's page: its name alone is left.
    """
    if not _RUNBOOK_FILE.is_file():
        return {}
    found = _SECTION.findall(_RUNBOOK_FILE.read_text(encoding="utf-8"))
    return {name: _LINK.sub(r"`\1`", text).strip() for name, text in found}


def listed(texts: Iterable[str]) -> str:
    """Lines as a Markdown list."""
    return "\n".join(f"- {text}" for text in texts)
