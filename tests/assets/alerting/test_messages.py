"""What a message says, and that it fits Slack's limits whatever it is made of."""

import json
import re
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.alerting.messages import Message, failed_run_message, threshold_message
from assets.alerting.rules import ThresholdRule
from assets.alerting.threshold import Reading, State, Transition
from resources.slack import escape

RULE = ThresholdRule(
    id="cn-high",
    kind="threshold",
    title="China's share is high",
    country="CN",
    event_group="attention",
    direction="above",
    fire=0.28,
    clear=0.25,
    min_located_actors=100,
)
READING = Reading(date(2024, 12, 15), 0.3125, 0.2875, 0.3379, 1_234, 0.456, True)
FIRED = Transition(RULE, READING, State.OK, State.FIRING)
HOSTILE = "<!channel> <https://evil.example|click> & more"
#: Slack's limits: https://docs.slack.dev/reference/block-kit/blocks
MAX_HEADER, MAX_SECTION, MAX_BLOCKS = 150, 3_000, 50
#: What Slack reads as markup: an angle bracket, or an ampersand that begins no entity.
MARKUP = re.compile(r"[<>]|&(?!(?:amp|lt|gt);)")


def texts(message: Message) -> list[dict[str, Any]]:
    """The text objects of all blocks, as Slack receives them."""
    found: list[dict[str, Any]] = []
    for block in json.loads(message.to_json())["blocks"]:
        found += [block["text"]] if "text" in block else block["elements"]
    return found


def words(message: Message) -> str:
    return "\n".join(each["text"] for each in texts(message))


def fits(message: Message) -> bool:
    blocks = json.loads(message.to_json())["blocks"]
    limits = {"header": MAX_HEADER, "section": MAX_SECTION}
    return (
        0 < len(blocks) <= MAX_BLOCKS
        and blocks[0]["type"] == "header"
        and all(
            0 < len(block["text"]["text"]) <= limits[block["type"]]
            for block in blocks
            if block["type"] in limits
        )
    )


def failed(error: str = "boom", **changes: str) -> Message:
    given_: dict[str, Any] = {
        "run_id": "4b1d",
        "job": "daily",
        "partitions": "2024-12-15",
        "error": error,
        "world": "live",
        **changes,
    }
    return failed_run_message(escape=escape, **given_)


def test_a_firing_message_states_figure_interval_date_n_and_source() -> None:
    message = threshold_message(FIRED, world="live", escape=escape)
    assert message.key == "threshold:cn-high:2024-12-15:firing"
    assert message.kind == "threshold"
    header, figure, basis = (each["text"] for each in texts(message))
    assert header == "Firing: China's share is high"
    # 0.3125 is a half in the last place shown; Python rounds it to even.
    assert figure == (
        "CN: 31.2% of located accounts in attention on 2024-12-15 (UTC), "
        "95 % interval 28.7% to 33.8%, wholly above 28.0%."
    )
    assert "1234 located accounts" in basis
    assert "45.6% of active accounts have no known country" in basis
    assert "Rule cn-high" in basis


@pytest.mark.parametrize(
    ("direction", "after", "level"),
    [
        ("above", State.FIRING, "wholly above 28.0%"),
        ("above", State.OK, "wholly below 25.0%"),
        ("below", State.FIRING, "wholly below 28.0%"),
        ("below", State.OK, "wholly above 30.0%"),
    ],
)
def test_a_message_names_the_level_that_was_crossed(
    direction: str, after: State, level: str
) -> None:
    clear = 0.25 if direction == "above" else 0.30
    rule = RULE.model_copy(update={"direction": direction, "clear": clear})
    before = State.OK if after is State.FIRING else State.FIRING
    message = threshold_message(
        Transition(rule, READING, before, after), world="live", escape=escape
    )
    assert level in message.text
    assert message.text.startswith("Firing: " if after is State.FIRING else "Resolved: ")


def test_the_plain_text_says_what_the_blocks_say() -> None:
    message = threshold_message(FIRED, world="live", escape=escape)
    header, figure, _ = (each["text"] for each in texts(message))
    assert message.text == f"{header}\n{figure}"
    run = failed()
    assert run.text == "Run failed: daily. Run 4b1d. Partitions: 2024-12-15."


@pytest.mark.parametrize("world", ["sandbox", "live"])
def test_a_message_from_the_sandbox_is_marked_as_synthetic(world: str) -> None:
    for message in (
        threshold_message(FIRED, world=world, escape=escape),
        failed(world=world),
    ):
        is_marked = world == "sandbox"
        assert message.text.startswith("[sandbox, synthetic] ") is is_marked
        assert texts(message)[0]["text"].startswith("[sandbox, synthetic] ") is is_marked


def test_text_of_strangers_is_no_markup() -> None:
    rule = RULE.model_copy(update={"title": f"China {HOSTILE}"})
    message = threshold_message(replace(FIRED, rule=rule), world="live", escape=escape)
    run = failed(error=HOSTILE, job=HOSTILE, partitions=HOSTILE)
    for each in (message, run):
        assert not MARKUP.search(each.text), each.text
        for text in texts(each):
            assert text["type"] == "plain_text" or not MARKUP.search(text["text"]), text
    assert "&lt;!channel&gt;" in words(run)


def test_a_long_title_is_cut_to_a_header() -> None:
    rule = RULE.model_copy(update={"title": "x" * 140})
    message = threshold_message(replace(FIRED, rule=rule), world="sandbox", escape=escape)
    assert fits(message)
    assert "x" * 140 in message.text


def test_only_the_first_line_of_an_error_is_sent() -> None:
    message = failed("\n  ValueError: bad day\n  File x, line 3\n")
    assert texts(message)[2]["text"] == "ValueError: bad day"


def test_a_run_without_partitions_or_error_says_so() -> None:
    message = failed(" \n ", partitions="")
    assert "Partitions: none" in message.text
    assert texts(message)[2]["text"] == "no error text"


def test_a_failed_run_has_one_key_for_ever() -> None:
    assert failed("one error").key == failed("another").key == "failed_run:4b1d"


@settings(deadline=None)
@given(st.text(max_size=6_000) | st.text("<>&", max_size=6_000))
def test_a_failed_run_fits_slack_whatever_its_error(error: str) -> None:
    message = failed(error)
    assert fits(message)
    assert not MARKUP.search(texts(message)[2]["text"])


@pytest.mark.parametrize("text", ["x" * 9_000, "<" * 9_000, "&" * 9_000])
def test_a_failed_run_fits_slack_whatever_its_texts(text: str) -> None:
    message = failed(text, job=text, partitions=text)
    assert fits(message)
    for section in texts(message)[1:]:
        assert not MARKUP.search(section["text"])


def test_json_keeps_native_scripts() -> None:
    assert "北京" in failed("北京").to_json()
