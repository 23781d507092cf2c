"""What of a message Slack would refuse is named with its place, and what fits is not."""

from dataclasses import replace
from typing import Any

import pytest
from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block

from assets.alerting.limits import faults
from assets.alerting.message import Message
from assets.alerting.notice import Stage


def text(length: int, kind: str = "mrkdwn") -> dict[str, Any]:
    return {"type": kind, "text": "x" * length}


def message(*blocks: dict[str, Any], **changes: Any) -> Message:  # noqa: ANN401
    made = Message("key", "key", "threshold", Stage.FIRING, "text", blocks)
    return replace(made, **changes)


def header(length: int) -> dict[str, Any]:
    return {"type": "header", "text": text(length, "plain_text")}


def section(length: int) -> dict[str, Any]:
    return {"type": "section", "text": text(length)}


def fields(count: int, length: int = 1) -> dict[str, Any]:
    return {"type": "section", "fields": [text(length)] * count}


def context(count: int, length: int = 1) -> dict[str, Any]:
    return {"type": "context", "elements": [text(length)] * count}


def button(words: int, url: int) -> dict[str, Any]:
    """A button with an address of its own; slack-sdk wants an action's id too."""
    address = "https://" + "x" * (url - len("https://"))
    button_ = {
        "type": "button",
        "text": text(words, "plain_text"),
        "url": address,
        "action_id": "a",
    }
    return {"type": "actions", "elements": [button_]}


def image(alt_text: int, url: int = 100) -> dict[str, Any]:
    address = "https://" + "x" * (url - len("https://"))
    return {"type": "image", "image_url": address, "alt_text": "x" * alt_text}


#: Slack's reference states the first of each pair as the greatest that it takes.
EDGES = [
    (header(150), header(151)),
    (section(3_000), section(3_001)),
    (fields(10), fields(11)),
    (context(10), context(11)),
    (button(75, 3_000), button(76, 3_000)),
    (button(75, 3_000), button(75, 3_001)),
    (image(2_000), image(2_001)),
    (image(1, 3_000), image(1, 3_001)),
    ({"type": "divider", "block_id": "x" * 255}, {"type": "divider", "block_id": "x" * 256}),
]


@pytest.mark.parametrize(("most", "too_much"), EDGES)
def test_the_greatest_that_slack_takes_fits_and_one_more_does_not(
    most: dict[str, Any], too_much: dict[str, Any]
) -> None:
    assert faults(message(most)) == []
    (fault,) = faults(message(too_much))
    assert fault.startswith("block 0: ")


@pytest.mark.parametrize(("most", "too_much"), EDGES)
def test_slack_sdk_judges_the_edges_alike(most: dict[str, Any], too_much: dict[str, Any]) -> None:
    def judge(block: dict[str, Any]) -> None:
        for each in Block.parse_all([block]):
            each.to_dict()
            for element in getattr(each, "elements", None) or ():
                element.to_dict()

    judge(most)
    with pytest.raises(SlackObjectFormationError):
        judge(too_much)


@pytest.mark.parametrize(
    ("block", "fault"),
    [
        (section(0), "block 0: text: empty"),
        (fields(1, 2_001), "block 0: field 0: 2001 characters, 2000 is the most"),
        (context(1, 3_001), "block 0: element 0: 3001 characters, 3000 is the most"),
        ({"type": "section"}, "block 0: neither text nor fields"),
        (context(0), "block 0: elements: none"),
        (
            {"type": "header", "text": text(1)},
            "block 0: text: type 'mrkdwn' is not plain_text",
        ),
        (
            {"type": "image", "alt_text": "x"},
            "block 0: needs image_url or slack_file, and not both",
        ),
        ({"type": "vidoe"}, "block 0: type 'vidoe' is none that is sent"),
        ({"type": "section", "text": "bare"}, "block 0: text: no text object"),
        (
            {"type": "section", "text": text(1), "block_id": 7},
            "block 0: block_id: no text",
        ),
    ],
)
def test_each_fault_is_named(block: dict[str, Any], fault: str) -> None:
    assert faults(message(block)) == [fault]


def test_more_than_fifty_blocks_are_too_many_and_none_are_too_few() -> None:
    divider = {"type": "divider"}
    assert faults(message(*[divider] * 50)) == []
    assert faults(message(*[divider] * 51)) == ["blocks: 51, 50 is the most"]
    assert faults(message()) == ["blocks: none"]


def test_two_blocks_do_not_share_an_id() -> None:
    block = {"type": "divider", "block_id": "a"}
    assert faults(message(block, block)) == ["block_id 'a': used twice"]


def test_texts_beside_the_blocks_have_limits_too() -> None:
    fitting = message(section(1), text="x" * 4_000, alt_text="x" * 1_000)
    assert faults(fitting) == []
    assert faults(replace(fitting, text="x" * 4_001)) == ["text: 4001 characters, 4000 is the most"]
    assert faults(replace(fitting, text="")) == ["text: empty"]
    assert faults(replace(fitting, alt_text="x" * 1_001)) == [
        "alt_text: 1001 characters, 1000 is the most"
    ]


def test_blocks_that_fit_each_may_be_too_much_together() -> None:
    (fault,) = faults(message(*[section(3_000)] * 4))
    assert fault.startswith("blocks: 12")


def test_an_emoji_counts_for_two_characters() -> None:
    block = {"type": "header", "text": {"type": "plain_text", "text": "\U0001f600" * 76}}
    assert faults(message(block)) == ["block 0: text: 152 characters, 150 is the most"]


def test_what_is_no_json_is_a_fault() -> None:
    (fault,) = faults(message({"type": "divider", "block_id": "a", "size": float("nan")}))
    assert fault.startswith("blocks: no JSON: ")
