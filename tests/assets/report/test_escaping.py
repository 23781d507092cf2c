"""Text of others on the page, in its scripts and in its CSV files: always text, never more."""

import csv
import io
import json
from datetime import date
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.report.escaping import MAX_TEXT, csv_text, script_json, shown

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
#: What spreadsheets evaluate, by OWASP's list (CSV injection).
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


class Script(HTMLParser):
    """What a browser takes for the content of a script element, and what comes after it."""

    def __init__(self) -> None:
        super().__init__()
        self.inside = ""
        self.tags: list[str] = []
        self._in_script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._in_script = tag == "script"

    def handle_endtag(self, tag: str) -> None:
        self._in_script = self._in_script and tag != "script"

    def handle_data(self, data: str) -> None:
        if self._in_script:
            self.inside += data


@given(JSON)
def test_json_in_a_script_is_read_back_whole_and_ends_nothing(value: object) -> None:
    text = script_json(value)
    assert json.loads(text) == value
    assert text.isascii()
    assert not set("<>&") & set(text)
    page = Script()
    page.feed(f"<script>{text}</script><p>")
    assert page.inside == text
    assert page.tags == ["script", "p"]


def test_the_end_of_a_script_in_a_name_is_four_escapes() -> None:
    assert script_json("</script>\u2028&") == '"\\u003c/script\\u003e\\u2028\\u0026"'


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_json_has_no_word_for_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        script_json([value])


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("Île-de-France 北京 مصر", "Île-de-France 北京 مصر"),
        ("a\0b\x1b[31mc\x85", "a\ufffdb\ufffd[31mc\ufffd"),
        ("gpj\u202egnp.exe", "gpj\ufffdgnp.exe"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
        ("half of a pair \ud800", "half of a pair \ufffd"),
        ("x" * MAX_TEXT, "x" * MAX_TEXT),
        ("x" * (MAX_TEXT + 1), "x" * (MAX_TEXT - 1) + "…"),
    ],
)
def test_what_nobody_would_see_is_made_visible_and_what_has_no_end_is_cut(
    text: str, seen: str
) -> None:
    assert shown(text) == seen


@given(st.text())
def test_shown_text_is_short_has_no_control_and_can_be_encoded(text: str) -> None:
    found = shown(text)
    assert len(found) <= MAX_TEXT
    assert "\0" not in found
    found.encode()


def read(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


@given(st.text())
def test_no_cell_begins_a_formula_and_every_text_can_be_had_back(text: str) -> None:
    ((_,), (cell,)) = read(csv_text(["name"], [{"name": text + "."}]))
    assert not cell.startswith(FORMULA)
    stripped = cell.lstrip("'")
    back = cell[1:] if cell != stripped and stripped.startswith(FORMULA) else cell
    assert back == shown(text + ".")


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("'=1", "''=1"),
        ("plain", "plain"),
        ("Côte d'Ivoire", "Côte d'Ivoire"),
        (-0.25, "-0.25"),
        (-3, "-3"),
        (1 / 3, "0.333333"),
        (1234567.8, "1234570.0"),
        (date(2024, 12, 2), "2024-12-02"),
        (None, ""),
    ],
)
def test_numbers_dates_and_texts_are_written_as_such(value: object, cell: str) -> None:
    assert read(csv_text(["x", "y"], [{"x": value, "y": 1}])) == [["x", "y"], [cell, "1"]]
