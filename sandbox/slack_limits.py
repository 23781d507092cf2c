"""What Slack refuses of a message: texts, blocks and metadata beyond its limits.

Source: docs.slack.dev, reference of Block Kit's blocks and of chat.postMessage.
"""

from __future__ import annotations

from collections.abc import Mapping

import orjson

MOST_TEXT = 40_000
MOST_BLOCKS = 50
MOST_HEADER = 150
MOST_SECTION = 3_000
MOST_FIELDS = 10
MOST_FIELD = 2_000
MOST_ELEMENTS = 10
MOST_BUTTONS = 25
MOST_BUTTON = 75
MOST_ALT_TEXT = 2_000
MOST_TITLE = 2_000
MOST_URL = 3_000
MOST_BLOCK_ID = 255
MOST_MARKDOWN = 12_000
MOST_METADATA_BYTES = 16_000
_TEXT_TYPES = frozenset({"plain_text", "mrkdwn"})


class SlackError(Exception):
    """A call that Slack answers with HTTP 200, `ok: false` and this error code."""


def check_content(arguments: Mapping[str, object]) -> None:
    """Refuse a message that Slack refuses.

    Raises:
        SlackError: with Slack's code.
    """
    text, blocks = arguments.get("text"), arguments.get("blocks")
    if not text and not blocks and not arguments.get("attachments"):
        raise SlackError("no_text")
    if isinstance(text, str) and len(text) > MOST_TEXT:
        raise SlackError("msg_too_long")
    if "metadata" in arguments:
        _check_metadata(arguments["metadata"])
    if blocks is not None:
        _check_blocks(blocks)


def _check_metadata(metadata: object) -> None:
    if not isinstance(metadata, dict) or not isinstance(metadata.get("event_payload"), dict):
        raise SlackError("invalid_metadata_format")
    if not isinstance(metadata.get("event_type"), str) or not metadata["event_type"]:
        raise SlackError("invalid_metadata_format")
    if len(orjson.dumps(metadata)) > MOST_METADATA_BYTES:
        raise SlackError("metadata_too_large")


def _check_blocks(blocks: object) -> None:
    _require(isinstance(blocks, list) and len(blocks) <= MOST_BLOCKS)
    assert isinstance(blocks, list)  # noqa: S101 - tells the type checker what was required
    ids = []
    for block in blocks:
        _require(isinstance(block, dict) and isinstance(block.get("type"), str))
        check = _CHECKS.get(str(block["type"]))
        _require(check is not None)
        if check:
            check(block)
        if "block_id" in block:
            _require(0 < len(str(block["block_id"])) <= MOST_BLOCK_ID)
            ids.append(block["block_id"])
    _require(len(ids) == len(set(map(str, ids))))


def _require(holds: bool) -> None:
    if not holds:
        raise SlackError("invalid_blocks")


def _check_text(shown: object, most: int, *types: str) -> None:
    _require(isinstance(shown, dict))
    assert isinstance(shown, dict)  # noqa: S101 - as above
    _require(shown.get("type") in (types or _TEXT_TYPES))
    _require(isinstance(shown.get("text"), str) and 0 < len(shown["text"]) <= most)


def _header(block: Mapping[str, object]) -> None:
    _check_text(block.get("text"), MOST_HEADER, "plain_text")


def _section(block: Mapping[str, object]) -> None:
    fields = block.get("fields")
    _require("text" in block or bool(fields))
    if "text" in block:
        _check_text(block["text"], MOST_SECTION)
    if fields is not None:
        _require(isinstance(fields, list) and 0 < len(fields) <= MOST_FIELDS)
        assert isinstance(fields, list)  # noqa: S101 - as above
        for shown in fields:
            _check_text(shown, MOST_FIELD)
    if "accessory" in block:
        _element(block["accessory"])


def _context(block: Mapping[str, object]) -> None:
    elements = block.get("elements")
    _require(isinstance(elements, list) and 0 < len(elements) <= MOST_ELEMENTS)
    assert isinstance(elements, list)  # noqa: S101 - as above
    for element in elements:
        _require(isinstance(element, dict))
        if element.get("type") == "image":
            _image(element)
        else:
            _check_text(element, MOST_SECTION)


def _image(block: Mapping[str, object]) -> None:
    alt_text, url = block.get("alt_text"), block.get("image_url")
    _require(isinstance(alt_text, str) and 0 < len(alt_text) <= MOST_ALT_TEXT)
    _require(isinstance(url, str) or isinstance(block.get("slack_file"), dict))
    _require(len(str(url or "")) <= MOST_URL)
    if "title" in block:
        _check_text(block["title"], MOST_TITLE, "plain_text")


def _actions(block: Mapping[str, object]) -> None:
    elements = block.get("elements")
    _require(isinstance(elements, list) and 0 < len(elements) <= MOST_BUTTONS)
    assert isinstance(elements, list)  # noqa: S101 - as above
    for element in elements:
        _element(element)


def _element(element: object) -> None:
    _require(isinstance(element, dict) and isinstance(element.get("type"), str))
    assert isinstance(element, dict)  # noqa: S101 - as above
    if element["type"] == "button":
        _check_text(element.get("text"), MOST_BUTTON, "plain_text")
        _require(len(str(element.get("url") or "")) <= MOST_URL)
    if element["type"] == "image":
        _image(element)


def _markdown(block: Mapping[str, object]) -> None:
    _require(isinstance(block.get("text"), str) and len(str(block["text"])) <= MOST_MARKDOWN)


def _anything(_block: Mapping[str, object]) -> None:
    """A block whose content the sandbox does not look into."""


_CHECKS = {
    "actions": _actions,
    "context": _context,
    "divider": _anything,
    "header": _header,
    "image": _image,
    "markdown": _markdown,
    "rich_text": _anything,
    "section": _section,
}
