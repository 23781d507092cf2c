"""Text of others in the UI's Markdown: whatever it says, it is read back as text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from assets.markdown_text import as_text
from assets.report.escaping import shown

#: CommonMark with what GitHub adds, and HTML let through, as the least careful renderer has it.
RENDERER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "</td></table><script>alert(1)</script>",
    "[click](javascript:alert(1))",
    "![pixel](https://example.org/x.png)",
    "<https://example.org>",
    "| another | cell |",
    "ends a cell \\| here",
    "`code` *bold* _it_ ~~gone~~ **b**",
    "# heading",
    "- item",
    "1. item",
    "2) item",
    "> quote",
    "---",
    "===",
    "```",
    "&lt;b&gt; &amp;",
    "<!channel> <@U123> @everyone",
    "[x]: https://example.org",
    "[^1]",
    "$x$",
    "+ plus",
    "\\",
    "...",
]


def texts(tokens: list[Token]) -> str:
    return "".join(
        each.content for token in tokens for each in (token.children or []) if each.content
    )


def kinds(tokens: list[Token]) -> set[str]:
    found = {each.type for each in tokens}
    return found | {each.type for token in tokens for each in (token.children or [])}


def read_back(text: str) -> None:
    """The text in a paragraph, in a list and in a table's cell, each of which it leaves whole."""
    made = as_text(text)
    wanted = shown(" ".join(text.split()), 300)
    plain = {"inline", "text", "text_special", "paragraph_open", "paragraph_close"}
    tokens = RENDERER.parse(made)
    assert kinds(tokens) <= plain
    assert texts(tokens) == wanted
    items = RENDERER.parse(f"- one: {made}\n- two")
    assert sum(each.type == "list_item_open" for each in items) == 2
    assert texts(items) == f"one: {wanted}two"
    rows = RENDERER.parse(f"| a | b |\n|---|---|\n| {made} | 7 |")
    assert [each.type for each in rows].count("td_open") == 2
    assert texts(rows) == f"ab{wanted}7"
    assert kinds(rows) - plain <= {
        f"{name}_{end}" for name in ("table", "thead", "tbody", "tr", "th", "td")
        for end in ("open", "close")
    }  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_what_would_be_markup_is_read_back_as_it_was(text: str) -> None:
    read_back(text)


@given(st.text(alphabet=st.sampled_from("ab1 .-*_`<>[]()|\\#!~&:@=+$/\"'{}\n"), max_size=40))
def test_any_text_is_read_back_as_it_was(text: str) -> None:
    if text.strip():
        read_back(text)


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("gpj\u202egnp.exe", "gpj\ufffdgnp.exe"),
        ("a\0b\x1b", "a\ufffdb\ufffd"),
        ("two\r\n\r\nlines", "two lines"),
        ("x" * 301, "x" * 299 + "…"),
        ("x" * 10_000_000, "x" * 299 + "…"),
        ("北京 مصر", "北京 مصر"),
        ("https://example.org", "https\\://example.org"),
        ("www.example.org", "www\\.example.org"),
        ("a@example.org", "a\\@example.org"),
        ("v1.2-3, 5 %", "v1.2-3, 5 %"),
        (None, "None"),
    ],
)
def test_unseen_characters_are_made_visible_length_is_bounded_and_no_link_begins(
    text: object, made: str
) -> None:
    assert as_text(text) == made
