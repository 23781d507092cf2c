"""docs/data_dictionary.md says what the declarations say, of every table that is made."""

import re
from dataclasses import replace

import pytest

from assets.engagement.tables import ENGAGEMENT
from assets.report.tables import VINTAGE
from orchestration import dictionary_docs
from orchestration.definitions import build_definitions
from orchestration.dictionary_docs import PAGE, declared_tables, render
from orchestration.settings import load_settings


def test_the_page_is_as_the_declarations_are() -> None:
    assert PAGE.read_text(encoding="utf-8") == render(declared_tables()), "make data-dictionary"


def test_every_asset_of_the_platform_is_in_it() -> None:
    graph = build_definitions(load_settings({})).resolve_asset_graph()
    assets = {".".join(key.path) for key in graph.get_all_asset_keys()}
    headings = set(re.findall(r"^## (\S+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE))
    assert len(assets) > 40
    assert assets <= headings


def test_a_changed_column_makes_another_page() -> None:
    first, *others = ENGAGEMENT.columns
    changed = replace(ENGAGEMENT, columns=(replace(first, unit="days"), *others))
    assert render([changed]) != render([ENGAGEMENT])


def test_every_column_has_its_line_and_no_text_ends_a_cell() -> None:
    page = render([ENGAGEMENT])
    lines = [line for line in page.splitlines() if line.startswith("| `") and "](#" not in line]
    cells = [re.split(r"(?<!\\)\|", line) for line in lines if " | what it is" not in line]
    names = [each[1].strip(" `") for each in cells if len(each) == 7]
    assert names == list(ENGAGEMENT.column_names)
    column = replace(VINTAGE.columns[0], description="a | b <b> *c* [d](e)\nf")
    (line,) = (
        line
        for line in render([replace(VINTAGE, columns=(column, *VINTAGE.columns[1:]))]).splitlines()
        if line.startswith("| `vintage`")
    )
    assert line.endswith("| a \\| b \\<b> \\*c\\* \\[d](e) f |")


def test_two_declarations_of_one_name_and_a_schema_without_words_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        "assets.engagement.tables.VINTAGE", replace(VINTAGE, grain="Another"), raising=False
    )
    with pytest.raises(ValueError, match=r"published\.vintage is declared twice"):
        declared_tables()
    monkeypatch.setattr("assets.engagement.tables.VINTAGE", replace(VINTAGE, schema="x"))
    with pytest.raises(ValueError, match="describe schema x"):
        declared_tables()
    assert dictionary_docs.PAGE.name == "data_dictionary.md"
