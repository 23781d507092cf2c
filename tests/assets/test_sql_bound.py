"""SQL takes values bound; what is put into its text is a declared name, or answered here.

Ruff's S608 and bandit's B608 find SQL that is put together from parts, and cannot tell a table's
name from a stranger's text. Here each part of each such text is looked at.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import ROOT

FOLDERS = ("orchestration", "checks", "assets", "resources")
SQL = re.compile(
    r"\b(SELECT|INSERT INTO|UPDATE|DELETE FROM|CREATE|DROP|ALTER|ATTACH|COPY|PRAGMA|FROM|WHERE|JOIN"
    r"|DESCRIBE)\b"
)
#: Names of tables and columns, of declarations: `table.qualified`, `figures.date`, `_SQL`.
DECLARED = re.compile(
    r"[_A-Z][_A-Z0-9]+|([A-Za-z_]+\.)+(qualified|schema|name|partition_column|table|date|type)"
)
#: Messages, not SQL: `FROM … lies after TO …`.
NO_SQL = {"orchestration/cli.py", "orchestration/upkeep_commands.py"}
#: What else is put into SQL, by file, and why it is nobody's text.
ANSWERED = {
    "orchestration/replaying.py": {"which": "a bound condition or nothing, of two literals"},
    "checks/declared.py": {
        "between": "a literal with placeholders",
        "keys": "declared columns",
        "source": "the name of a registered table",
        "counted": "declared columns",
        "', ' if counted else ''": "a comma",
        "', '.join(names)": "declared columns",
        "broken": "conditions made of declarations",
    },
    "checks/publication.py": {"columns": "declared columns"},
    "checks/revisions.py": {"keys": "declared columns", "recent": "a literal with placeholders"},
    "assets/alerting/freshness.py": {"table": "declared", "column": "declared"},
    "assets/alerting/ledger.py": {"', '.join(_COLUMNS)": "declared columns"},
    "assets/declare.py": {"pattern": "the lake's own path, quotes doubled: a view binds nothing"},
    "assets/papers/assets.py": {"sums": "declared columns", "is_same": "declared columns"},
    "assets/report/publication.py": dict.fromkeys(
        ("column", "matches", "share"), "literals of the callers in this module"
    ),
    "assets/revisions/comparison.py": dict.fromkeys(
        (
            "', '.join(columns)", "date or 'NULL::DATE'", "_is_touched(figures, 's')",
            "_is_touched(figures, 'v')", "figures.where", "grouped", "has_value", "after", "before",
            "differs", "incoming_sql(figures)", "keys", "match", "one", "other", "room", "values",
            "', '.join((*figures.key, *figures.values))", "', '.join(figures.key)",
            "_date(figures)", "_figure(figures)", "_named(figures, 'event_group')",
            "_named(figures, 'period')", "_named(figures, 'scope')", "figures.country or 'NULL'",
            "files", "measure.column", "measure.unit.of_difference", "measure.unit.scale",
            "measure.unit.value", "outside", "value_after", "value_before", "date", "name",
        ),
        "made of assets/revisions/catalogue.py, which is literals, in quotes or not",
    ),
    "assets/revisions/record.py": dict.fromkeys(
        (
            "known_sql(figures)", "prints", "moved_sql(figures)", "is_touched", "columns",
        ),
        "made of assets/revisions/catalogue.py, which is literals",
    ),
    "assets/revisions/tables.py": dict.fromkeys(("columns", "number"), "declared columns, a count"),
    "assets/schema.py": {"values": "declared columns"},
    "assets/tables.py": {
        "', '.join(self.key)": "declared columns",
        "'UNIQUE' if is_nullable else 'PRIMARY KEY'": "literals",
        "columns": "declared columns",
    },
    "resources/warehouse.py": dict.fromkeys(
        ("table", "column", "types[column]"), "names that callers declare; no value of data"
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Part:
    """An expression that is put into a text of SQL, and whether quotes stand around it."""

    path: str
    line: int
    expression: str
    is_quoted: bool


def parts_of(source: str, path: str) -> Iterator[Part]:
    """What is put into SQL: by f-string, `%`, `+`, `.format`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.JoinedStr):
            texts = [each.value for each in node.values if isinstance(each, ast.Constant)]
            if not SQL.search("".join(map(str, texts))):
                continue
            before = ""
            for value in node.values:
                if isinstance(value, ast.FormattedValue):
                    shown = ast.unparse(value.value)
                    yield Part(path, value.lineno, shown, before.endswith("'"))
                before = str(value.value) if isinstance(value, ast.Constant) else ""
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod | ast.Add):
            for side, other in ((node.left, node.right), (node.right, node.left)):
                is_text = isinstance(side, ast.Constant) and isinstance(side.value, str)
                if is_text and SQL.search(str(ast.literal_eval(side))):
                    yield Part(path, node.lineno, f"operator: {ast.unparse(other)}", False)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            holder = node.func.value
            text = holder.value if isinstance(holder, ast.Constant) else ""
            if node.func.attr == "format" and SQL.search(str(text)):
                yield Part(path, node.lineno, "format", False)


def faults(parts: Iterator[Part]) -> list[Part]:
    """Parts that are neither declared names nor answered, or answered and between quotes."""
    found = []
    for part in parts:
        answered = ANSWERED.get(part.path, {})
        why = answered.get(part.expression, "")
        if why and (not part.is_quoted or "quotes" in why):
            continue
        if not DECLARED.fullmatch(part.expression):
            found.append(part)
    return found


def all_parts() -> Iterator[Part]:
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            name = str(path.relative_to(ROOT))
            if name not in NO_SQL:
                yield from parts_of(path.read_text(), name)


def test_nothing_is_put_into_sql_but_declared_names_and_what_is_answered() -> None:
    assert faults(all_parts()) == []


def test_every_answer_is_of_something_that_there_is() -> None:
    there = {(part.path, part.expression) for part in all_parts()}
    answered = {(path, each) for path, answers in ANSWERED.items() for each in answers}
    assert answered - there == set()
    assert len(there) > 80


@pytest.mark.parametrize(
    "source",
    [
        'run(f"SELECT * FROM t WHERE login = {login}")',
        "run(f\"SELECT * FROM t WHERE login = '{before}'\")",
        "run(\"SELECT * FROM t WHERE login = '%s'\" % login)",
        'run("SELECT * FROM t WHERE login = " + login)',
        'run("SELECT * FROM t WHERE login = {}".format(login))',
        'run(f"DELETE FROM {table.qualified} WHERE {row.value} = 1")',
    ],
)
def test_a_value_in_the_text_of_sql_is_found(source: str) -> None:
    """The second is answered without quotes, as a column's name."""
    assert faults(parts_of(source.replace("before", "column"), "assets/alerting/freshness.py"))
    assert not faults(parts_of('run(f"FROM {table.qualified} WHERE a = $a", a)', "assets/x.py"))


def test_files_of_sql_hold_no_placeholder_of_a_template() -> None:
    """But the one whose columns are put in by name, in assets/report/suppression.py."""
    found = {
        (path.name, each)
        for folder in FOLDERS
        for path in Path(ROOT / folder).rglob("*.sql")
        for each in re.findall(r"\{\w*\}|%s|%\(\w+\)s|\$\{?group_columns", path.read_text())
    }
    assert found == {("shown_countries.sql", "$group_columns")}
