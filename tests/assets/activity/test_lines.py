"""One line to events: both schemas, defects mended without loss, everything else refused."""

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.activity.lines import MalformedLineError, parse_line

EVENT = {
    "id": "45193146633",
    "type": "WatchEvent",
    "actor": {"id": 20070526, "login": "someone"},
    "repo": {"id": 311594993, "name": "owner/name"},
    "payload": {"action": "started"},
    "public": True,
    "created_at": "2025-01-01T15:00:00Z",
}
TIMELINE = {
    "type": "ForkEvent",
    "repository": {"owner": "Symfony", "name": "symfony"},
    "actor_attributes": {"type": "User", "login": "sarices"},
    "actor": "sarices",
    "public": True,
    "payload": {},
    "created_at": "2012-07-26T01:02:16-07:00",
}


def line(document: object) -> bytes:
    return json.dumps(document).encode()


def test_a_line_of_todays_schema_is_one_event() -> None:
    (event,) = parse_line(line(EVENT), {}).events
    assert event.event_type == "WatchEvent"
    assert event.event_id == "45193146633"
    assert event.created_at == datetime(2025, 1, 1, 15, tzinfo=UTC)
    assert (event.actor_id, event.repo_id) == (20070526, 311594993)
    assert (event.repo_name, event.action) == ("owner/name", "started")
    assert not event.is_bot
    assert not event.is_timeline


def test_a_line_before_2015_is_matched_by_name_and_its_time_becomes_utc() -> None:
    (event,) = parse_line(line(TIMELINE), {"symfony/symfony": 458058}).events
    assert event.repo_id == 458058
    assert event.actor_id is None
    assert event.created_at == datetime(2012, 7, 26, 8, 2, 16, tzinfo=UTC)
    assert event.is_timeline


def test_the_slashed_time_of_2011_is_read() -> None:
    (event,) = parse_line(line({**TIMELINE, "created_at": "2011/03/01 00:02:58 -0800"}), {}).events
    assert event.created_at == datetime(2011, 3, 1, 8, 2, 58, tzinfo=UTC)


def test_the_same_timeline_line_has_the_same_id_and_another_line_another() -> None:
    ids = [
        parse_line(line(document), {}).events[0].event_id
        for document in (TIMELINE, TIMELINE, {**TIMELINE, "actor": "other"})
    ]
    assert ids[0] == ids[1] != ids[2]


def test_names_inside_payloads_do_not_decide_the_repository() -> None:
    hostile = {**EVENT, "payload": {"forkee": {"repo": {"id": 1}}, "body": '"repo":{"id":1'}}
    (event,) = parse_line(line(hostile), {}).events
    assert event.repo_id == 311594993


@pytest.mark.parametrize(
    "body",
    [line(EVENT) + b"\r", line(EVENT) + b"\0" * 40, b"  " + line(EVENT) + b" \t\0 "],
    ids=["carriage return", "NUL run", "blanks"],
)
def test_padding_around_an_event_loses_nothing(body: bytes) -> None:
    assert parse_line(body, {}).events == parse_line(line(EVENT), {}).events


def test_two_whole_events_on_a_line_are_both_taken_and_it_is_said() -> None:
    second = {**EVENT, "id": "2"}
    parsed = parse_line(line(EVENT) + line(second), {})
    assert [event.event_id for event in parsed.events] == ["45193146633", "2"]
    assert parsed.is_repaired


SECOND = {**EVENT, "id": "2"}
COMPACT = json.dumps(SECOND, separators=(",", ":")).encode()


@pytest.mark.parametrize(
    ("body", "ids"),
    [
        (line(EVENT)[:80] + line(SECOND), ["2"]),
        (line(EVENT)[:80] + COMPACT, ["2"]),
        (line(EVENT)[:-1] + COMPACT + line(EVENT), ["2", "45193146633"]),
        (line(EVENT) + COMPACT[:90], ["45193146633"]),
        (line(EVENT) + COMPACT[:90] + COMPACT, ["45193146633", "2"]),
        (line(EVENT) + b"garbage", ["45193146633"]),
        (line(EVENT) + b"[1]", ["45193146633"]),
        (line(EVENT)[:60] + b"\xff" + COMPACT, ["2"]),
    ],
    ids=["half, whole", "compact", "half, two", "whole, half", "whole, half, whole", "garbage",
         "list", "bad UTF-8, whole"],
)  # fmt: skip
def test_what_is_whole_beside_a_torn_piece_is_taken_and_the_loss_is_said(
    body: bytes, ids: list[str]
) -> None:
    parsed = parse_line(body, {})
    assert [event.event_id for event in parsed.events] == ids
    assert parsed.is_torn


def test_an_event_quoted_in_the_text_of_a_torn_one_is_no_event() -> None:
    quoted = line({**EVENT, "payload": {"body": COMPACT.decode()}})
    with pytest.raises(MalformedLineError):
        parse_line(quoted[:-40], {})
    parsed = parse_line(quoted[:-40] + line(EVENT), {})
    assert [event.event_id for event in parsed.events] == ["45193146633"]


def test_two_events_before_2015_on_a_line_are_two() -> None:
    other = {**TIMELINE, "actor": "other"}
    first, second = parse_line(line(TIMELINE) + line(other), {}).events
    assert first.event_id == parse_line(line(TIMELINE), {}).events[0].event_id
    assert second.event_id == parse_line(line(other), {}).events[0].event_id


@pytest.mark.parametrize("document", [EVENT, TIMELINE])
def test_a_long_line_is_read_as_a_short_one_is(document: dict[str, object]) -> None:
    payload = {"action": "started", "list": [[]] * 90_000, "inner": {"id": 5}}
    names = {"symfony/symfony": 458058}
    (short,) = parse_line(line({**document, "payload": {"action": "started"}}), names).events
    body = line({**document, "payload": payload})
    assert len(body) > 1 << 18
    (event,) = parse_line(body, names).events
    own_id = "t" + hashlib.blake2b(body, digest_size=16).hexdigest()
    assert event == (short._replace(event_id=own_id) if short.is_timeline else short)


@pytest.mark.parametrize(
    "change",
    [
        lambda body: body[:-1],
        lambda body: b"\xef\xbb\xbf" + body,
        lambda body: b"[" + body + b"]",
        lambda body: body + body,
    ],
)
def test_a_long_line_that_is_not_one_object_is_refused(change: Callable[[bytes], bytes]) -> None:
    body = change(line({**EVENT, "payload": {"body": "x" * (1 << 18)}}))
    with pytest.raises(MalformedLineError):
        parse_line(body, {})


def test_a_lone_surrogate_in_a_title_does_not_lose_the_event() -> None:
    text = line(EVENT).replace(b'"started"', b'"started","title":"\\ud800"')
    (event,) = parse_line(text, {}).events
    assert event.event_id == "45193146633"


@pytest.mark.parametrize("body", [b"", b"   ", b"\0\0\0", b"\r"])
def test_a_blank_line_holds_no_event_and_no_fault(body: bytes) -> None:
    assert parse_line(body, {}).events == ()


@pytest.mark.parametrize(
    "body",
    [
        line(EVENT)[:-1],
        line(EVENT)[:80] + line(EVENT)[:90],
        line(EVENT).replace(b"owner", b"\xff\xfe"),
        b"[1,2]",
        b"null",
        b"garbage",
        b"[" * 5000,
        line({**EVENT, "created_at": "yesterday"}),
        line({**EVENT, "created_at": "2025-01-01T15:00:00"}),
        line({**EVENT, "created_at": None}),
        line({**EVENT, "type": None}),
        line({**EVENT, "type": "W" * 61}),
        line({**EVENT, "id": None}),
        line({**EVENT, "id": True}),
        line({**EVENT, "actor": {"login": "x"}}),
        line({**EVENT, "actor": {"id": -1}}),
        line({**EVENT, "actor": {"id": 1 << 70}}),
        line({**EVENT, "repo": None}),
        line({"type": "X", "created_at": "2012-01-01T00:00:00Z"}),
    ],
)
def test_what_is_no_event_is_refused(body: bytes) -> None:
    with pytest.raises(MalformedLineError):
        parse_line(body, {})


@given(st.binary(max_size=300))
def test_any_bytes_are_events_or_refused_and_never_another_error(body: bytes) -> None:
    try:
        parsed = parse_line(body, {})
    except MalformedLineError:
        return
    assert isinstance(parsed.events, tuple)


@given(login=st.text(max_size=20))
def test_only_the_suffix_makes_a_bot(login: str) -> None:
    (event,) = parse_line(line({**EVENT, "actor": {"id": 1, "login": login}}), {}).events
    assert event.is_bot == login.endswith("[bot]")
