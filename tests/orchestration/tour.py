"""The questions of docs/tour.md, as its readers find them."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from orchestration.settings import ROOT

PAGE = ROOT / "docs" / "tour.md"
_QUESTION = re.compile(r"^## (\d+)\. (.+?)\n\n```sql\n(.+?)```\n\n(.+?)(?=\n## |\Z)", re.M | re.S)


@dataclass(frozen=True)
class Question:
    """One of them: its number, its words, its query, and how to read what it gives."""

    number: int
    words: str
    sql: str
    answer: str


def questions() -> list[Question]:
    found = _QUESTION.findall(PAGE.read_text(encoding="utf-8"))
    return [Question(int(number), words, sql, answer) for number, words, sql, answer in found]


def asked(question: Question, folder: Path) -> list[dict[str, Any]]:
    """The rows that the question has in a published folder."""
    with duckdb.connect(str(folder / "observatory.duckdb"), read_only=True) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        rows: list[dict[str, Any]] = connection.execute(question.sql).to_arrow_table().to_pylist()
    return rows


def misnamed(question: Question, folder: Path) -> set[str]:
    """What the answer writes as code that is no column of the query, no value and no table."""
    with duckdb.connect(str(folder / "observatory.duckdb"), read_only=True) as connection:
        columns = {name for name, *_ in connection.execute(question.sql).description or ()}
    return set(re.findall(r"`([^`]+)`", question.answer)) - columns
