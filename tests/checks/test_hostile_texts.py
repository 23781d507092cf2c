"""What the UI shows of strangers' texts: whatever they hold, only text is drawn."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from markdown_it import MarkdownIt

from assets.hub.assets import snapshot_report
from assets.hub.crawl import Crawl
from assets.polls.assets import outcome_report
from assets.polls.polling import Polled
from assets.polls.state import PollState
from assets.revisions.summary import Move, Summary
from assets.revisions.words import markdown
from checks.factory import check_result
from checks.runner import Finding, Verdict

NOW = datetime(2024, 12, 17, 2, tzinfo=UTC)
HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "</li></ul><script>alert(1)</script>",
    "[a](javascript:alert(1)) ![b](https://example.org/p.png)",
    "<https://example.org> | *bold* | `code`",
    "<!channel> ~~gone~~ gpj\u202egnp.exe\0",
    "a\n\n# heading\n\n- item\n\n<b>html</b>",
    "<i>" * 50_000,
]
ALLOWED = {
    "inline",
    "text",
    "text_special",
    *(
        f"{name}_{end}"
        for name in (
            *("paragraph", "bullet_list", "list_item"),
            *("table", "thead", "tbody", "tr", "th", "td"),
        )
        for end in ("open", "close")
    ),
}


def drawn(made: str) -> set[str]:
    """What a renderer of Markdown makes, HTML let through."""
    renderer = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    tokens = renderer.parse(made)
    return {each.type for token in tokens for each in (token, *(token.children or []))}


def of_hub(text: str) -> str:
    report = snapshot_report({}, [Crawl(failed={text: text, "other": "HTTP 500"})])
    return shown(report["failed_lists"])


def of_polls(text: str) -> str:
    state = PollState(7, text, NOW, NOW, "failed", problem=text)
    return shown(outcome_report([Polled(state), Polled(state)])["failed"])


def of_check(text: str) -> str:
    finding = Finding("expect_column_values_to_be_in_set(event_type)", True, 1, (), f"found {text}")
    result = check_result(Verdict(9, Path("/docs/index.html"), (finding,)), [date(2024, 12, 16)])
    assert text not in str(result.description)
    return shown(result.metadata["findings"])


def of_revisions(text: str) -> str:
    values = (0.1, None, None)
    move = Move(
        *("mart.shock_effects", text, None, None, None, None, "CN", "effect_pct", 0.1),
        *(values, values, None, "new data"),
    )
    return markdown(Summary(9, 1, 0, (), (move,)))


def shown(value: Any) -> str:  # noqa: ANN401 - any kind of metadata, of which one is wanted
    assert isinstance(value, dg.MarkdownMetadataValue)
    return str(value.value)


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:12].encode().hex())
@pytest.mark.parametrize("made_of", [of_hub, of_polls, of_check, of_revisions])
def test_a_strangers_text_draws_nothing_but_text(made_of: Any, text: str) -> None:  # noqa: ANN401
    made = made_of(text)
    assert drawn(made) <= ALLOWED
    assert len(made) < 6_000
    assert not {"\0", "\u202e"} & set(made)
    # As many lines as without it: it ends neither a line of a list nor a row of a table.
    assert made.count("\n") == made_of("plain").count("\n")


def test_the_renderer_would_draw_them_if_they_were_let_through() -> None:
    assert [text for text in HOSTILE if drawn(f"- {text}") <= ALLOWED] == []
