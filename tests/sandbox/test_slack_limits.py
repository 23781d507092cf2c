"""Slack's limits on a message: what fits them passes, one more does not."""

from __future__ import annotations

import pytest

from sandbox.slack_limits import SlackError, check_content

Block = dict[str, object]


def plain(length: int) -> Block:
    return {"type": "plain_text", "text": "x" * length}


def markup(length: int) -> Block:
    return {"type": "mrkdwn", "text": "x" * length}


def image(length: int, **others: object) -> Block:
    return {"type": "image", "image_url": "https://x.example/", "alt_text": "x" * length, **others}


LIMITS = [
    lambda n: [{"type": "header", "text": plain(150 + n)}],
    lambda n: [{"type": "section", "text": markup(3_000 + n)}],
    lambda n: [{"type": "section", "fields": [markup(1)] * (10 + n)}],
    lambda n: [{"type": "section", "fields": [markup(2_000 + n)]}],
    lambda n: [{"type": "context", "elements": [markup(1)] * (10 + n)}],
    lambda n: [{"type": "context", "elements": [image(2_000 + n)]}],
    lambda n: [image(2_000 + n)],
    lambda n: [image(1, title=plain(2_000 + n))],
    lambda n: [{"type": "actions", "elements": [{"type": "button", "text": plain(75 + n)}]}],
    lambda n: [{"type": "actions", "elements": [{"type": "button", "text": plain(1)}] * (25 + n)}],
    lambda n: [{"type": "divider"}] * (50 + n),
    lambda n: [{"type": "divider", "block_id": "x" * (255 + n)}],
    lambda n: [{"type": "markdown", "text": "x" * (12_000 + n)}],
]


@pytest.mark.parametrize("made", LIMITS)
def test_what_fits_a_limit_passes_and_one_more_does_not(made: object) -> None:
    check_content({"blocks": made(0)})  # type: ignore[operator]
    with pytest.raises(SlackError, match="invalid_blocks"):
        check_content({"blocks": made(1)})  # type: ignore[operator]


@pytest.mark.parametrize(
    "block",
    [
        "text",
        {"text": markup(1)},
        {"type": "no such"},
        {"type": "header", "text": markup(1)},
        {"type": "header", "text": plain(0)},
        {"type": "section"},
        {"type": "section", "text": "no object"},
        {"type": "section", "text": {"type": "html", "text": "x"}},
        {"type": "section", "fields": []},
        {"type": "context", "elements": []},
        {"type": "image", "image_url": "https://x.example/"},
        {"type": "image", "alt_text": "of nothing"},
    ],
    ids=str,
)
def test_what_is_no_block_is_refused(block: object) -> None:
    with pytest.raises(SlackError, match="invalid_blocks"):
        check_content({"blocks": [block]})


def test_a_block_id_stands_once_in_a_message() -> None:
    with pytest.raises(SlackError, match="invalid_blocks"):
        check_content({"blocks": [{"type": "divider", "block_id": "a"}] * 2})


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ({}, "no_text"),
        ({"text": "", "blocks": []}, "no_text"),
        ({"text": "x" * 40_001}, "msg_too_long"),
        ({"text": "x", "metadata": "key"}, "invalid_metadata_format"),
        ({"text": "x", "metadata": {"event_payload": {}}}, "invalid_metadata_format"),
        ({"text": "x", "metadata": {"event_type": "e"}}, "invalid_metadata_format"),
        (
            {"text": "x", "metadata": {"event_type": "e", "event_payload": {"k": "x" * 16_000}}},
            "metadata_too_large",
        ),
    ],
)
def test_what_slack_refuses_is_refused_with_its_code(
    content: dict[str, object], error: str
) -> None:
    with pytest.raises(SlackError, match=error):
        check_content(content)


def test_the_longest_text_passes_with_metadata() -> None:
    metadata = {"event_type": "alert", "event_payload": {"key": "a"}}
    check_content({"text": "x" * 40_000, "metadata": metadata})
