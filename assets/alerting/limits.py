"""Slack's limits on a message, as its reference states them, and what of a message is beyond them.

https://docs.slack.dev/reference/block-kit/blocks and
https://docs.slack.dev/reference/methods/chat.postMessage
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from assets.alerting.slack_text import size

MAX_BLOCKS = 50
MAX_HEADER = 150
MAX_TEXT = 3_000  # of any text object
MAX_FIELDS, MAX_FIELD = 10, 2_000
MAX_CONTEXT_ELEMENTS = 10
MAX_ACTIONS = 25
MAX_BUTTON_TEXT, MAX_URL = 75, 3_000
MAX_ALT_TEXT = 2_000  # of an image block
#: Of an uploaded file: files.getUploadURLExternal answers `alt_txt_too_large` beyond it.
MAX_UPLOAD_ALT_TEXT = 1_000
MAX_BLOCK_ID = 255
MAX_FALLBACK = 4_000  # recommended; beyond 40,000 Slack cuts it
#: Of all blocks as JSON. Slack refuses more with `msg_blocks_too_long` without saying how much it
#: takes: slackapi/bolt-js issues 2509 and 2867 report refusals from 11,300 characters of text on.
MAX_ALL_BLOCKS = 10_000

_Block = Mapping[str, Any]


class Sendable(Protocol):
    """What Slack is sent of a message."""

    @property
    def text(self) -> str:
        """Plain-text fallback."""

    @property
    def blocks(self) -> Sequence[_Block]:
        """Block Kit blocks."""

    @property
    def alt_text(self) -> str:
        """What the chart shows; empty without one."""


def faults(message: Sendable) -> list[str]:
    """What of a message Slack would refuse or cut, each with its place; none if it fits."""
    blocks = message.blocks
    found = [
        *_length("text", message.text, MAX_FALLBACK),
        *_length("alt_text", message.alt_text, MAX_UPLOAD_ALT_TEXT, least=0),
        *_count("blocks", blocks, MAX_BLOCKS),
    ]
    try:
        whole = json.dumps(list(blocks), ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError) as error:
        return [*found, f"blocks: no JSON: {error}"]
    found += _length("blocks", whole, MAX_ALL_BLOCKS)
    ids = [block["block_id"] for block in blocks if "block_id" in block]
    found += [f"block_id {each!r}: used twice" for each in sorted(set(ids)) if ids.count(each) > 1]
    for position, block in enumerate(blocks):
        place = f"block {position}"
        judge = _JUDGES.get(str(block.get("type")))
        if judge is None:
            found.append(f"{place}: type {block.get('type')!r} is none that is sent")
            continue
        found += [f"{place}: {fault}" for fault in judge(block)]
        found += [
            f"{place}: {fault}"
            for fault in _length("block_id", block.get("block_id", "-"), MAX_BLOCK_ID)
        ]
    return found


def _header(block: _Block) -> Iterator[str]:
    yield from _text("text", block.get("text"), MAX_HEADER, ("plain_text",))


def _section(block: _Block) -> Iterator[str]:
    fields = block.get("fields")
    if "text" not in block and not fields:
        yield "neither text nor fields"
    if "text" in block:
        yield from _text("text", block["text"], MAX_TEXT)
    if fields is not None:
        yield from _count("fields", fields, MAX_FIELDS)
        for position, field in enumerate(fields):
            yield from _text(f"field {position}", field, MAX_FIELD)


def _context(block: _Block) -> Iterator[str]:
    elements = block.get("elements", ())
    yield from _count("elements", elements, MAX_CONTEXT_ELEMENTS)
    for position, element in enumerate(elements):
        if element.get("type") == "image":
            yield from _image(element)
        else:
            yield from _text(f"element {position}", element, MAX_TEXT)


def _actions(block: _Block) -> Iterator[str]:
    elements = block.get("elements", ())
    yield from _count("elements", elements, MAX_ACTIONS)
    for position, element in enumerate(elements):
        place = f"element {position}"
        if element.get("type") != "button":
            yield f"{place}: type {element.get('type')!r} is none that is sent"
            continue
        yield from _text(f"{place}: text", element.get("text"), MAX_BUTTON_TEXT, ("plain_text",))
        yield from _length(f"{place}: url", element.get("url", "-"), MAX_URL)


def _image(block: _Block) -> Iterator[str]:
    yield from _length("alt_text", block.get("alt_text", ""), MAX_ALT_TEXT)
    if ("image_url" in block) == ("slack_file" in block):
        yield "needs image_url or slack_file, and not both"
    yield from _length("image_url", block.get("image_url", "-"), MAX_URL)
    if "title" in block:
        yield from _text("title", block["title"], MAX_ALT_TEXT, ("plain_text",))


def _divider(_block: _Block) -> Iterator[str]:
    yield from ()


_JUDGES: Mapping[str, Callable[[_Block], Iterator[str]]] = {
    "header": _header,
    "section": _section,
    "context": _context,
    "actions": _actions,
    "image": _image,
    "divider": _divider,
}


def _text(
    place: str, text: object, most: int, types: Sequence[str] = ("plain_text", "mrkdwn")
) -> Iterator[str]:
    """Faults of a text object."""
    if not isinstance(text, Mapping):
        yield f"{place}: no text object"
        return
    if text.get("type") not in types:
        yield f"{place}: type {text.get('type')!r} is not {' or '.join(types)}"
    yield from _length(place, text.get("text", ""), most)


def _length(place: str, text: object, most: int, least: int = 1) -> Iterator[str]:
    if not isinstance(text, str):
        yield f"{place}: no text"
    elif size(text) < least:
        yield f"{place}: empty"
    elif size(text) > most:
        yield f"{place}: {size(text)} characters, {most} is the most"


def _count(place: str, items: Sequence[object], most: int) -> Iterator[str]:
    if not items:
        yield f"{place}: none"
    elif len(items) > most:
        yield f"{place}: {len(items)}, {most} is the most"
