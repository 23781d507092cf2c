"""What messages say of their findings, and that text of others in them is nothing but text."""

import re
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block

from assets.alerting.limits import faults
from assets.alerting.links import Links
from assets.alerting.message import Message
from assets.alerting.message_blocks import compose, resolved_original
from assets.alerting.nearby import ContextEvent
from assets.alerting.notice import Figure, Finding, Notice, Stage, Unit
from resources.slack import escape
from tests.assets.alerting.notices import (
    CONTEXT,
    EVENTS,
    FINDING,
    FIRING,
    RESOLVED,
    notices,
    text_objects,
    words,
)

LINKS = Links("http://localhost:3000", "https://observatory.example/page/")
HOSTILE = "<!channel> <@U123> <https://evil.example|click> *bold* `code` ~no~ _it_ :tada: & > q"
#: What Slack parses: an angle bracket, or an ampersand that begins no entity.
PARSED = re.compile(r"[<>]|&(?!(?:amp|lt|gt);)")
#: The links that messages make themselves.
OWN_LINK = re.compile(r"<https://observatory\.example/page/(?:#[\w%.~-]+)?\|[^<>|]+>")
OWN_ASSET = re.compile(r"<http://localhost:3000/assets/[\w%.~-]*/[\w%.~-]*\|[^<>|]+>")


def composed(notice: Notice, world: str = "live", **given_: Any) -> Message:  # noqa: ANN401
    arguments = {"links": LINKS, "events": EVENTS, "escape": escape, **given_}
    return compose(notice, world=world, **arguments)


def mrkdwn(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def test_a_threshold_that_fired_says_all_that_is_known_of_it() -> None:
    message = composed(FIRING)
    assert message.key == message.thread == FIRING.key
    assert (message.kind, message.stage) == ("threshold", Stage.FIRING)
    assert message.text == (
        "Firing: China's share of attention is high\n"
        "China, attention: share of located accounts 31.3 % (95 % interval 28.8 to 33.8 %), "
        "2024-12-15 (UTC); before 24.0 % (95 % interval 22.1 to 26.1 %), the 28 days to 2024-12-09 "
        "(UTC); the whole interval is above 28.0 %; since 2024-12-10 (UTC)."
    )
    assert list(message.blocks) == [
        {
            "type": "header",
            "text": {
                "type": "plain_text",
                "text": "Firing: China's share of attention is high",
                "emoji": False,
            },
        },
        {
            "type": "section",
            "text": mrkdwn("*China, attention*: share of located accounts"),
            "fields": [
                mrkdwn("*2024-12-15 (UTC)*\n*31.3 %*, 95 % interval 28.8 to 33.8 %"),
                mrkdwn(
                    "*Before, the 28 days to 2024-12-09 (UTC)*\n"
                    "24.0 %, 95 % interval 22.1 to 26.1 %"
                ),
                mrkdwn("*Since*\n2024-12-10 (UTC)"),
                mrkdwn("*Level*\nthe whole interval is above 28.0 %"),
            ],
        },
        {"type": "section", "text": mrkdwn("The share of the United States did not move.")},
        {
            "type": "context",
            "elements": [
                mrkdwn(
                    "1,234 located accounts; 45.6 % of active accounts have no known country.\n"
                    "Sources: sound.\n"
                    "Rule cn-high."
                )
            ],
        },
        {
            "type": "context",
            "elements": [
                mrkdwn(
                    "For context, not as a cause:\n"
                    "1: 2024-12-02, FDP rule additions (US, export control, announced; Federal "
                    "Register, sourced)"
                )
            ],
        },
        {
            "type": "context",
            "elements": [
                mrkdwn(
                    "<https://observatory.example/page/#engagement|Figures on the page> · "
                    "<http://localhost:3000/assets/mart/engagement|mart.engagement in Dagster>"
                )
            ],
        },
    ]
    assert message.alt_text.startswith("Line chart: China's share of attention passed 28 %. ")


def test_a_resolve_is_short_and_stays_in_the_thread() -> None:
    message = composed(RESOLVED)
    assert message.thread == FIRING.key != message.key
    assert list(message.blocks) == [
        {
            "type": "section",
            "text": mrkdwn(
                "*Resolved: China's share of attention is high*\n"
                "*China, attention*: share of located accounts 22.0 % (95 % interval 20.1 to "
                "24.1 %), 2024-12-22 (UTC); the whole interval is below 25.0 %."
            ),
        },
        {
            "type": "context",
            "elements": [
                mrkdwn(
                    "1,234 located accounts; 45.6 % of active accounts have no known country.\n"
                    "Sources: sound.\n"
                    "Rule cn-high."
                )
            ],
        },
    ]
    assert message.alt_text == ""


def test_an_update_has_the_same_form_as_a_resolve() -> None:
    message = composed(replace(RESOLVED, stage=Stage.UPDATE))
    assert words(message).startswith("*Update: China's share of attention is high*\n*China, att")
    assert len(message.blocks) == 2


def test_a_digest_lists_its_lines_and_says_how_many_it_leaves_out() -> None:
    digest = Notice(
        key="heartbeat:2024-12-16",
        thread="heartbeat:2024-12-16",
        kind="digest",
        stage=Stage.NOTE,
        title="The week to 2024-12-15",
        day=date(2024, 12, 15),
        remarks=tuple(f"Rule r{number} was quiet." for number in range(100)),
    )
    message = composed(digest, links=Links())
    assert message.text == "The week to 2024-12-15\nRule r0 was quiet."
    header, listed = text_objects(message.blocks)
    assert header["text"] == "The week to 2024-12-15"
    assert listed["text"].splitlines() == [
        *(f"• Rule r{number} was quiet." for number in range(30)),
        "And 70 more.",
    ]


def test_what_several_findings_have_in_common_is_said_once() -> None:
    findings = tuple(
        replace(FINDING, subject=f"Country {number}", before=None, since=None, level=None)
        for number in range(12)
    )
    message = composed(replace(FIRING, findings=findings, remarks=()))
    listed = text_objects(message.blocks)[1]["text"].splitlines()
    assert listed[0] == ("share of located accounts, 2024-12-15 (UTC); 95 % intervals in brackets")
    assert listed[1:11] == [
        f"• *Country {number}*: 31.3 % (28.8 to 33.8 %)" for number in range(10)
    ]
    assert listed[11] == (
        "And 2 more, all of them <https://observatory.example/page/#engagement|on the page>."
    )
    assert message.text.endswith("2024-12-15 (UTC). And 11 more.")


def test_findings_that_differ_say_each_what_they_are_of() -> None:
    count = Finding("GDELT", "events captured", Unit.COUNT, "2024-12-14 (UTC)", Figure(1234.0))
    other = replace(
        count, measure="days late", unit=Unit.DAYS, now=Figure(1.0), soundness="degraded"
    )
    listed = words(composed(replace(FIRING, findings=(count, other), remarks=()))).splitlines()
    assert listed[1:3] == [
        "• *GDELT*: events captured 1,234 (counted whole), 2024-12-14 (UTC); Sources: sound",
        "• *GDELT*: days late 1 day (counted whole), 2024-12-14 (UTC); Sources: degraded, less "
        "than usual was captured",
    ]


@pytest.mark.parametrize(
    ("unit", "figure", "words_"),
    [
        (Unit.SHARE, Figure(0.3126, 0.2876, 0.3384), "31.3 % (95 % interval 28.8 to 33.8 %)"),
        (Unit.POINTS, Figure(12.34, -1.2, 20.0), "12.3 percentage points (95 % interval -1.2 to"),
        (Unit.RATIO, Figure(1.236, 1.1, 1.4), "1.24 (95 % interval 1.10 to 1.40)"),
        (Unit.DAYS, Figure(3.0), "3 days (counted whole)"),
        (Unit.COUNT, Figure(12345.0), "12,345 (counted whole)"),
        (Unit.SHARE, Figure(0.0, None, 0.031), "0.0 % (95 % upper bound 3.1 %)"),
        (Unit.SHARE, Figure(1.0, 0.969, None), "100.0 % (95 % lower bound 96.9 %)"),
        (Unit.SHARE, Figure(float("nan")), "no number (counted whole)"),
        (Unit.RATIO, Figure(1e300), "1e+300 (counted whole)"),
    ],
)
def test_every_figure_has_its_unit_its_interval_and_its_date(
    unit: Unit, figure: Figure, words_: str
) -> None:
    message = composed(
        replace(FIRING, findings=(replace(FINDING, unit=unit, now=figure, level=None),))
    )
    assert f"share of located accounts {words_}" in message.text
    assert "2024-12-15 (UTC)" in message.text


def test_a_count_passes_a_level_without_an_interval() -> None:
    late = replace(FINDING, unit=Unit.DAYS, now=Figure(3.0), level=2.0, before=None)
    assert "; above 2 days; since" in composed(replace(FIRING, findings=(late,))).text


@pytest.mark.parametrize(
    ("soundness", "words_"),
    [
        ("sound", "Sources: sound."),
        ("corrected", "Sources: degraded, and the figure is corrected for what they lost."),
        ("degraded", "Sources: degraded, less than usual was captured."),
        ("unknown", "Sources: how much they captured is unknown."),
    ],
)
def test_how_well_the_sources_captured_is_always_said(soundness: str, words_: str) -> None:
    for notice in (FIRING, RESOLVED):
        findings = (replace(notice.findings[0], soundness=soundness),)
        assert words_ in words(composed(replace(notice, findings=findings)))


@pytest.mark.parametrize("notice", [FIRING, RESOLVED, replace(FIRING, stage=Stage.NOTE)])
def test_a_message_from_the_sandbox_is_marked_as_synthetic(notice: Notice) -> None:
    sandbox, live = composed(notice, "sandbox"), composed(notice, "live")
    assert sandbox.text == f"[sandbox, synthetic] {live.text}"
    first, real = text_objects(sandbox.blocks)[0]["text"], text_objects(live.blocks)[0]["text"]
    assert first.lstrip("*") == f"[sandbox, synthetic] {real.lstrip('*')}"
    if notice.course is not None:
        assert sandbox.alt_text == f"Synthetic data. {live.alt_text}"


@pytest.mark.parametrize(
    ("stage", "head"),
    [
        (Stage.FIRING, "Upstream: a source"),
        (Stage.UPDATE, "Upstream, update: a source"),
        (Stage.RESOLVED, "Upstream, resolved: a source"),
        (Stage.NOTE, "a source"),
    ],
)
def test_a_loss_at_the_source_is_told_from_a_trend_by_its_head(stage: Stage, head: str) -> None:
    notice = replace(FIRING, kind="upstream", stage=stage, title="a source captures less")
    assert composed(notice).text.startswith(f"{head} captures less\n")


def test_only_the_two_nearest_events_of_28_days_before_are_context() -> None:
    """The finding is said to hold since 2024-12-10; 28 days before that is 2024-11-12."""
    events = [
        ContextEvent(date(2024, 11, 11), "too early"),
        ContextEvent(date(2024, 11, 12), "third nearest"),
        ContextEvent(date(2024, 12, 10), "on the day"),
        ContextEvent(date(2024, 12, 11), "after it"),
        ContextEvent(date(2024, 12, 1), "nearest but one"),
    ]
    said = words(composed(FIRING, events=events))
    assert "1: 2024-12-01, nearest but one\n2: 2024-12-10, on the day\n" in f"{said}\n"
    assert not any(other in said for other in ("too early", "third", "after it"))
    assert "third nearest" in words(composed(FIRING, events=events[:2]))
    assert "For context" not in words(composed(FIRING, events=events[:1]))


def test_without_addresses_there_are_no_links() -> None:
    assert "<" not in words(composed(FIRING, links=Links()))


@pytest.mark.parametrize(
    "url", ["file:///tmp/page.html", "javascript:alert(1)", "https://a b", "https://a|b", "x" * 999]
)
def test_an_address_that_is_none_of_the_web_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="page_url: has to be an http or https URL"):
        Links(page_url=url)


def test_the_original_says_that_it_is_resolved_and_keeps_the_rest() -> None:
    original = composed(FIRING, "sandbox")
    resolved = resolved_original(original, day=date(2024, 12, 22))
    head, since, *rest = resolved.blocks
    assert head["text"]["text"] == (
        "[sandbox, synthetic] Resolved: China's share of attention is high"
    )
    assert since["text"]["text"] == (
        "*Resolved since 2024-12-22 (UTC).* Below is what was said when it fired."
    )
    assert tuple(rest) == original.blocks[1:]
    assert resolved.text.startswith("[sandbox, synthetic] Resolved: China's share")
    assert (resolved.key, resolved.thread) == (original.key, original.thread)
    assert resolved_original(resolved, day=date(2024, 12, 23)) == resolved


def test_a_message_comes_out_of_the_outbox_as_it_went_in() -> None:
    message = composed(replace(FIRING, title="北京 & <co>"))
    assert Message.from_json(message.to_json()) == message
    assert "北京" in message.to_json()
    with pytest.raises(ValueError, match="no message"):
        Message.from_json('{"stage": "firing"}')


def test_text_of_strangers_is_nothing_but_text() -> None:
    finding = replace(
        FINDING,
        subject=HOSTILE,
        measure=HOSTILE,
        period=HOSTILE,
        before_period=HOSTILE,
        basis=HOSTILE,
        soundness=HOSTILE,
    )
    notice = replace(
        FIRING, title=HOSTILE, findings=(finding,), remarks=(HOSTILE,), rule_ids=(HOSTILE,)
    )
    message = composed(notice, links=Links(), events=[ContextEvent(date(2024, 12, 2), HOSTILE)])
    for text in [message.text, *(each["text"] for each in text_objects(message.blocks)[1:])]:
        assert not PARSED.search(text), text
        ours = re.sub(r"^\*|(?<=\n)\*|\*$|\*(?=[:\n,])", "", text)
        assert not re.search(r"[*`~]|(?<!\w)_|_(?!\w)|:tada:", ours), text
    assert "&lt;!channel&gt;" in words(message)


def test_a_line_of_a_stranger_begins_no_quote_and_no_other_line() -> None:
    remark = "> quoted\nsecond\u2028third\u202e reversed \x07"
    said = text_objects(composed(replace(FIRING, remarks=(remark,))).blocks)
    assert "› quoted second third\ufffd reversed \ufffd" in [each["text"] for each in said]


def test_text_from_the_right_does_not_turn_the_figures_beside_it() -> None:
    notice = replace(FIRING, findings=(replace(FINDING, subject="ישראל"),))
    assert "*\u2068ישראל\u2069*: share of" in words(composed(notice))


@pytest.mark.parametrize("text", ["x" * 10_000, "<" * 10_000, "&" * 10_000, "\U0001f600" * 10_000])
def test_names_of_ten_thousand_characters_are_cut(text: str) -> None:
    finding = replace(FINDING, subject=text, measure=text, period=text, basis=text)
    notice = replace(FIRING, title=text, findings=(finding,) * 300, remarks=(text,) * 300)
    for stage in Stage:
        message = composed(replace(notice, stage=stage))
        assert faults(message) == []
        assert "…" in message.text
        for each in text_objects(message.blocks):
            assert each["type"] == "plain_text" or "&&" not in each["text"]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(notices(), CONTEXT, st.sampled_from(["live", "sandbox"]))
def test_any_notice_makes_a_message_that_slack_takes(
    notice: Notice, events: list[ContextEvent], world: str
) -> None:
    message = composed(notice, world, events=events)
    resolved = resolved_original(message, day=date(2025, 1, 1))
    for each in (message, resolved, Message.from_json(message.to_json())):
        assert faults(each) == []
        for block in Block.parse_all([dict(block) for block in each.blocks]):
            block.validate_json()
        for text in [{"type": "text", "text": each.text}, *text_objects(each.blocks)]:
            if text["type"] != "plain_text":
                others = OWN_ASSET.sub("", OWN_LINK.sub("", text["text"]))
                assert not PARSED.search(others), others
