"""The outbox in a real warehouse: once for a key, in order, and what became of each message."""

from datetime import UTC, datetime, timedelta

import pytest

from assets.alerting import outbox
from assets.alerting.outbox import Action, Outcome, Outgoing
from assets.alerting.tables import OUTBOX
from assets.declare import prepare
from resources.warehouse import Warehouse
from tests.assets.alerting.slack_fakes import chart, post, reply, update

NOW = datetime(2024, 12, 16, 2, tzinfo=UTC)


def put(warehouse: Warehouse, *messages: Outgoing, now: datetime = NOW) -> None:
    with warehouse.transaction() as connection:
        for message in messages:
            assert outbox.enqueue(connection, message, now)


def rows(warehouse: Warehouse) -> dict[str, dict[str, object]]:
    found = warehouse.query("SELECT * FROM ops.outbox ORDER BY message_key").to_pylist()
    return {row["message_key"]: row for row in found}


def waiting(warehouse: Warehouse) -> list[str]:
    with warehouse.transaction() as connection:
        return [each.outgoing.key for each in outbox.waiting(connection)]


def test_a_message_is_enqueued_once_for_its_key_whatever_became_of_it(
    warehouse: Warehouse,
) -> None:
    first = Outgoing("a", "gap", Action.POST, None, "first", ())
    second = Outgoing("a", "gap", Action.POST, None, "second", ())
    with warehouse.transaction() as connection:
        assert outbox.enqueue(connection, first, NOW) is True
        assert outbox.enqueue(connection, second, NOW) is False
    with warehouse.transaction() as connection:
        (row,) = outbox.waiting(connection)
        assert row.outgoing == first
        outbox.record_delivery(connection, "a", channel="C1", ts="1.1", now=NOW)
        assert outbox.enqueue(connection, second, NOW) is False
        assert outbox.waiting(connection) == []


def test_a_message_is_read_as_it_was_put_in(warehouse: Warehouse) -> None:
    blocks: tuple[dict[str, object], ...] = ({"type": "section", "text": "北京 <b>"},)
    messages = (
        Outgoing("p", "gap", Action.POST, None, "北京", blocks),
        Outgoing("q", "gap", Action.POST, "q", "names itself", ()),
        reply("r", "p", is_broadcast=True, order=1),
        chart("c", "p", order=2),
        update("u", "p", order=3),
    )
    put(warehouse, *messages)
    with warehouse.transaction() as connection:
        found = outbox.waiting(connection)
    assert tuple(each.outgoing for each in found) == messages
    assert {(each.created_at, each.since) for each in found} == {(NOW, NOW)}


def test_messages_wait_in_the_order_of_their_time_their_number_and_their_key(
    warehouse: Warehouse,
) -> None:
    put(warehouse, post("0-late"), now=NOW + timedelta(seconds=1))
    put(warehouse, post("a", order=1), reply("0", "b"), post("c"), post("b"))
    # Of one time and number, opening messages come first.
    assert waiting(warehouse) == ["b", "c", "0", "a", "0-late"]


@pytest.mark.parametrize(
    ("action", "thread", "others", "message"),
    [
        (Action.POST, "other", {}, "a post is in no other's thread"),
        (Action.REPLY, None, {}, "reply needs the thread of another"),
        (Action.UPDATE, "a", {}, "update needs the thread of another"),
        (Action.CHART, "p", {"alt_text": "x"}, "a chart needs a picture"),
        (Action.CHART, "p", {"png": b"x", "alt_text": " "}, "alternative text"),
        (Action.POST, None, {"text": " "}, "it has no text"),
    ],
)
def test_what_could_never_be_delivered_is_refused(
    action: Action, thread: str | None, others: dict[str, object], message: str
) -> None:
    values: dict[str, object] = {"text": "text", **others}
    with pytest.raises(ValueError, match=message):
        Outgoing("a", "gap", action, thread, blocks=(), **values)  # type: ignore[arg-type]


def test_a_failure_that_is_certain_leaves_no_question_and_another_does(
    warehouse: Warehouse,
) -> None:
    put(warehouse, post("a"), post("b"), post("c"))
    with warehouse.transaction() as connection:
        for key in ("a", "b"):
            outbox.begin(connection, key, NOW + timedelta(minutes=1))
        outbox.record_failure(connection, "a", "ratelimited", is_certain=True)
        outbox.record_failure(connection, "b", "no answer", is_certain=False)
    found = rows(warehouse)
    shown = ("attempt_count", "attempted_at", "last_error")
    assert [found["a"][name] for name in shown] == [1, None, "ratelimited"]
    assert [found["b"][name] for name in shown] == [1, NOW + timedelta(minutes=1), "no answer"]
    assert [found["c"][name] for name in shown] == [0, None, None]
    assert waiting(warehouse) == ["a", "b", "c"]


def test_a_delivery_notes_where_it_lies_and_lets_the_picture_and_the_error_go(
    warehouse: Warehouse,
) -> None:
    put(warehouse, post("p"), chart("c", "p"))
    later = NOW + timedelta(hours=1)
    with warehouse.transaction() as connection:
        outbox.begin(connection, "c", NOW)
        outbox.record_failure(connection, "c", "no answer", is_certain=False)
        outbox.record_delivery(
            connection, "c", channel="C1", ts=None, now=later, outcome=Outcome.FOUND
        )
    row = rows(warehouse)["c"]
    assert (row["slack_channel"], row["slack_ts"], row["outcome"]) == ("C1", None, "found")
    assert (row["delivered_at"], row["attempt_count"]) == (later, 1)
    assert (row["last_error"], row["png"], row["attempted_at"]) == (None, None, None)


def test_a_waiting_message_knows_how_its_thread_stands(warehouse: Warehouse) -> None:
    put(warehouse, post("p"), post("q"), post("s"))
    put(warehouse, reply("1", "p"), reply("2", "q"), reply("3", "s"), reply("4", "nowhere"))
    with warehouse.transaction() as connection:
        outbox.record_delivery(connection, "p", channel="C1", ts="17.1", now=NOW)
        outbox.bury(connection, "q", "invalid_blocks", NOW)
        found = {each.outgoing.key: each.opening for each in outbox.waiting(connection)}
    assert found["1"] == outbox.Opening("text of p", True, False, "C1", "17.1")
    assert found["2"] == outbox.Opening("text of q", False, True, None, None)
    assert found["3"] == outbox.Opening("text of s", False, False, None, None)
    assert found["4"] is None


def test_an_update_is_superseded_by_a_later_one_that_was_delivered(warehouse: Warehouse) -> None:
    put(warehouse, post("p"), update("old", "p"), reply("r", "p"))
    put(warehouse, update("new", "p"), now=NOW + timedelta(hours=1))
    put(warehouse, update("newest", "p"), now=NOW + timedelta(hours=2))
    with warehouse.transaction() as connection:
        outbox.record_delivery(connection, "new", channel="C1", ts="1.1", now=NOW)
        found = {each.outgoing.key: each.is_superseded for each in outbox.waiting(connection)}
    assert found == {"p": False, "old": True, "r": False, "newest": False}


def test_a_dead_letter_waits_no_more_and_is_listed_with_its_reason(warehouse: Warehouse) -> None:
    put(warehouse, post("a"), post("b"))
    with warehouse.transaction() as connection:
        outbox.begin(connection, "a", NOW)
        outbox.bury(connection, "a", "Slack answered invalid_blocks", NOW)
        (letter,) = outbox.dead(connection)
    assert (letter.key, letter.attempt_count, letter.dead_at) == ("a", 1, NOW)
    assert letter.reason == "Slack answered invalid_blocks"
    assert waiting(warehouse) == ["b"]


def test_dead_letters_are_queued_anew_with_their_threads(warehouse: Warehouse) -> None:
    put(warehouse, post("p"), reply("r1", "p"), reply("r2", "p"), post("q"), post("s"))
    later = NOW + timedelta(days=3)
    with warehouse.transaction() as connection:
        for key in ("p", "r1", "q"):
            outbox.bury(connection, key, "given up", NOW)
        outbox.record_delivery(connection, "s", channel="C1", ts="1.1", now=NOW)
        assert outbox.requeue(connection, later, ["r1", "s", "no such"]) == ["p", "r1"]
        found = {each.outgoing.key: each for each in outbox.waiting(connection)}
    assert set(found) == {"p", "r1", "r2"}
    # Its time to be taken runs again; its place in the order stays.
    assert (found["p"].since, found["p"].created_at) == (later, NOW)
    assert found["r2"].since == NOW
    with warehouse.transaction() as connection:
        assert outbox.requeue(connection, later) == ["q"]
        assert outbox.dead(connection) == []


def test_an_outbox_of_before_todays_columns_goes_on_working(warehouse: Warehouse) -> None:
    with warehouse.transaction() as connection:
        connection.execute("DROP TABLE ops.outbox")
        connection.execute(
            "CREATE TABLE ops.outbox (message_key VARCHAR NOT NULL, kind VARCHAR NOT NULL, "
            "message VARCHAR NOT NULL, created_at TIMESTAMPTZ NOT NULL, "
            "attempt_count INTEGER NOT NULL, last_error VARCHAR, delivered_at TIMESTAMPTZ, "
            "slack_channel VARCHAR, slack_ts VARCHAR, PRIMARY KEY (message_key))"
        )
        for key, delivered_at in (("gone", NOW), ("old", None)):
            body = '{"text": "hello", "blocks": [{"type": "divider"}]}'
            connection.execute(
                "INSERT INTO ops.outbox VALUES (?, 'gap', ?, ?, 2, 'why', ?, NULL, NULL)",
                [key, body, NOW, delivered_at],
            )
    prepare(warehouse, OUTBOX)
    with warehouse.transaction() as connection:
        (row,) = outbox.waiting(connection)
        expected = Outgoing("old", "gap", Action.POST, None, "hello", ({"type": "divider"},))
        assert row.outgoing == expected
        assert (row.attempt_count, row.attempted_at, row.last_error) == (2, None, "why")
        assert outbox.enqueue(connection, chart("c", "old"), NOW)
        assert outbox.enqueue(connection, post("gone"), NOW) is False
        outbox.begin(connection, "old", NOW)
        outbox.record_delivery(connection, "old", channel="C1", ts="1.1", now=NOW)
    assert waiting(warehouse) == ["c"]
