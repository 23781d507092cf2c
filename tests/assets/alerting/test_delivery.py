"""The order of delivery, and what becomes of a message that fails, against a Slack in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from assets.alerting import outbox
from assets.alerting.delivery import Delivered, Policy, deliver, delivery_turn
from assets.alerting.outbox import Outgoing
from assets.alerting.tables import OUTBOX
from assets.declare import prepare
from resources.warehouse import Warehouse
from tests.assets.alerting.slack_fakes import (
    FAILURES,
    Clock,
    FailedError,
    FakeSlack,
    FaultyError,
    RejectedError,
    UnansweredError,
    UnfindableError,
    chart,
    post,
    reply,
    update,
)


@dataclass
class Desk:
    """An outbox, a Slack, and a clock."""

    warehouse: Warehouse
    folder: Path
    slack: FakeSlack = field(default_factory=FakeSlack)
    clock: Clock = field(default_factory=Clock)
    waits: list[float] = field(default_factory=list)

    def put(self, *messages: Outgoing) -> None:
        with self.warehouse.transaction() as connection:
            for message in messages:
                outbox.enqueue(connection, message, self.clock())

    def round(self, **policy: object) -> Delivered:
        return deliver(
            self.slack,
            self.warehouse.transaction,
            failures=FAILURES,
            lock=self.folder / "delivery.lock",
            now=self.clock,
            policy=Policy(**policy),  # type: ignore[arg-type]
            sleep=self.waits.append,
        )

    def row(self, key: str) -> dict[str, object]:
        rows = self.warehouse.query("SELECT * FROM ops.outbox WHERE message_key = ?", [key])
        return dict(rows.to_pylist()[0])


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    house = Warehouse(str(tmp_path / "warehouse.duckdb"), max_wait_s=5)
    prepare(house, OUTBOX)
    return Desk(house, tmp_path)


def test_a_thread_follows_its_opening_message_whatever_the_keys_order(desk: Desk) -> None:
    desk.put(
        post("z", order=0),
        chart("a", "z", order=1),
        reply("b", "z", order=2, is_broadcast=True),
        update("c", "z", order=3),
    )
    done = desk.round()
    assert (done.sent, done.waiting, done.stopped) == (4, 0, "")
    assert desk.slack.calls == [("post", "z"), ("chart", "a"), ("reply", "b"), ("update", "c")]
    opening, *others = desk.slack.messages
    assert opening["thread_ts"] is None
    assert {each["thread_ts"] for each in others} == {"1.0"}
    assert others[0]["png"] == b"\x89PNG"
    assert others[1]["is_broadcast"] is True
    assert desk.round() == Delivered()


def test_a_thread_waits_for_an_opening_message_that_failed_and_no_other_thread_does(
    desk: Desk,
) -> None:
    desk.put(post("a"), reply("a1", "a"), post("b"), reply("b1", "b"))
    for _ in range(3):
        desk.slack.fails("a", FaultyError)
    done = desk.round()
    assert desk.slack.keys() == ["b", "b1"]
    assert (done.sent, done.failed, done.waiting, done.stopped) == (2, 1, 2, "")
    assert desk.row("a1")["attempt_count"] == 0
    desk.clock.pass_by(minutes=1)
    assert desk.round().sent == 2
    assert desk.slack.keys() == ["b", "b1", "a", "a1"]


def test_a_reply_that_failed_is_overtaken_by_no_other_of_its_thread(desk: Desk) -> None:
    desk.put(post("p", order=0), reply("1", "p", order=1), update("2", "p", order=2))
    desk.slack.fails("1", UnansweredError)
    assert desk.round().sent == 1
    assert desk.slack.keys() == ["p"]
    desk.clock.pass_by(minutes=2)
    assert desk.round().sent == 2
    assert desk.slack.keys() == ["p", "1", "2"]


def test_a_chart_that_failed_holds_up_nothing(desk: Desk) -> None:
    desk.put(post("p", order=0), chart("c", "p", order=1), reply("r", "p", order=2))
    desk.slack.fails("c", FaultyError, is_taken=True)
    assert desk.round().sent == 2
    assert desk.slack.calls == [("post", "p"), ("chart", "c"), ("reply", "r")]
    # Slack shows it a while later; it is looked for only then.
    desk.round()
    assert desk.slack.calls[3:] == []
    desk.clock.pass_by(minutes=2)
    assert desk.round().found == 1
    assert desk.slack.keys() == ["p", "c", "r"]


def test_what_slack_said_failed_is_looked_for_and_recorded_where_it_is_there(desk: Desk) -> None:
    desk.put(post("a"), reply("r", "a"))
    desk.slack.fails("a", FaultyError, is_taken=True)
    done = desk.round()
    assert desk.slack.calls == [("post", "a"), ("look", "a"), ("reply", "r")]
    assert (done.found, done.sent) == (1, 1)
    assert [message["thread_ts"] for message in desk.slack.messages] == [None, "1.0"]
    assert desk.row("a")["outcome"] == "found"
    assert desk.waits == [1.0]


def test_what_is_not_there_is_sent_again(desk: Desk) -> None:
    desk.put(post("a"))
    desk.slack.fails("a", FaultyError)
    desk.slack.fails("a", FaultyError)
    assert desk.round().sent == 1
    assert [method for method, _ in desk.slack.calls] == ["post", "look", "post", "look", "post"]
    assert desk.waits == [1.0, 3.0]
    assert desk.row("a")["attempt_count"] == 3


def test_an_attempt_without_an_answer_is_left_alone_for_a_minute_then_looked_for(
    desk: Desk,
) -> None:
    desk.put(post("a"))
    desk.slack.fails("a", UnansweredError, is_taken=True)
    desk.round()
    desk.clock.pass_by(seconds=59)
    assert desk.round() == Delivered(waiting=1)
    assert desk.slack.calls == [("post", "a")]
    desk.clock.pass_by(seconds=1)
    assert desk.round() == Delivered(found=1)
    assert desk.slack.keys() == ["a"]


def test_a_look_that_fails_sends_nothing(desk: Desk) -> None:
    desk.put(post("a"))
    desk.slack.fails("a", UnansweredError, is_taken=True)
    desk.round()
    for error in (UnansweredError, FailedError):
        desk.clock.pass_by(hours=1)
        desk.slack.looks = [error]
        assert desk.round().delivered == 0
    desk.slack.looks = [FaultyError, FaultyError, FaultyError]
    desk.round()
    assert {method for method, _ in desk.slack.calls[1:]} == {"look"}
    # What failed was the look: the question stays open.
    assert desk.row("a")["attempted_at"] is not None
    assert desk.round().found == 1
    assert desk.slack.keys() == ["a"]


def test_a_failure_that_is_certain_leaves_the_question_of_an_earlier_attempt(desk: Desk) -> None:
    """Taken, and said to have failed; not seen a second later; then there is a limit."""
    desk.put(post("a"))
    desk.slack.fails("a", FaultyError, is_taken=True)
    desk.slack.fails("a", FailedError)
    desk.slack.blind_looks = 1
    assert desk.round().sent == 0
    desk.clock.pass_by(minutes=2)
    assert (desk.round().found, desk.slack.keys()) == (1, ["a"])


def test_an_update_is_repeated_without_a_look(desk: Desk) -> None:
    desk.put(post("p", order=0), update("u", "p", order=1))
    desk.slack.fails("u", FaultyError, is_taken=True)
    assert desk.round().sent == 2
    assert desk.slack.calls == [("post", "p"), ("update", "u"), ("update", "u")]


def test_a_limit_or_a_refusal_ends_the_round_and_leaves_no_question(desk: Desk) -> None:
    desk.put(post("a"), post("b"))
    desk.slack.fails("a", FailedError)
    done = desk.round()
    assert (done.sent, done.waiting, done.stopped) == (0, 2, "planned FailedError")
    assert desk.slack.calls == [("post", "a")]
    assert desk.row("a")["attempted_at"] is None
    assert desk.round().sent == 2
    # Nothing had to be looked for.
    assert desk.slack.calls == [("post", "a"), ("post", "a"), ("post", "b")]


def test_three_messages_that_fail_in_a_row_end_the_round(desk: Desk) -> None:
    keys = ["a", "b", "c", "d", "e"]
    desk.put(*map(post, keys))
    for key in keys:
        desk.slack.fails(key, UnansweredError)
    done = desk.round()
    assert (done.failed, done.waiting) == (3, 5)
    assert done.stopped == "3 messages in a row failed"
    assert [key for _, key in desk.slack.calls] == ["a", "b", "c"]


def test_messages_that_fail_again_and_again_do_not_keep_others_from_being_tried(
    desk: Desk,
) -> None:
    desk.put(*map(post, ("a", "b", "c", "d")))
    for key in ("a", "b", "c"):
        for _ in range(9):
            desk.slack.fails(key, FaultyError)
    assert desk.round().sent == 0
    desk.clock.pass_by(minutes=1)
    assert desk.round().sent == 1
    assert desk.slack.keys() == ["d"]


def test_a_message_that_slack_rejects_is_dead_at_once_and_its_thread_with_it(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    desk.put(post("a"), reply("a1", "a"), chart("a2", "a"), post("b"))
    desk.slack.fails("a", RejectedError)
    done = desk.round()
    assert desk.slack.keys() == ["b"]
    assert done.buried == (
        ("a", "planned RejectedError"),
        ("a1", "its opening message a is a dead letter"),
        ("a2", "its opening message a is a dead letter"),
    )
    assert (done.sent, done.waiting) == (1, 0)
    assert "dead letter a: planned RejectedError" in caplog.text
    assert desk.slack.calls == [("post", "a"), ("post", "b")]


def test_a_reply_that_slack_rejects_is_dead_alone(desk: Desk) -> None:
    desk.put(post("p"), reply("1", "p"), reply("2", "p"))
    desk.slack.fails("1", RejectedError)
    assert desk.round().sent == 2
    assert desk.slack.keys() == ["p", "2"]


def test_a_message_that_fails_is_given_up_after_a_day_and_not_before(desk: Desk) -> None:
    desk.put(post("a"))
    desk.slack.fails("a", FailedError)
    desk.slack.fails("a", FailedError)
    desk.clock.pass_by(hours=23.9)
    assert desk.round().buried == ()
    desk.clock.pass_by(hours=0.1)
    done = desk.round()
    assert done.buried == (("a", "given up after 24 hours: planned FailedError"),)
    assert (done.waiting, desk.row("a")["dead_at"]) == (0, desk.clock())


def test_an_old_message_is_tried_before_it_is_given_up(desk: Desk) -> None:
    """A machine that was off for a week has lost nothing."""
    desk.put(post("a"), reply("r", "a"))
    desk.clock.pass_by(days=7)
    assert desk.round().sent == 2


def test_a_dead_letter_queued_anew_is_delivered_with_its_thread(desk: Desk) -> None:
    desk.put(post("a"), reply("r", "a"))
    desk.slack.fails("a", RejectedError)
    desk.round()
    desk.clock.pass_by(days=2)
    with desk.warehouse.transaction() as connection:
        assert outbox.requeue(connection, desk.clock()) == ["a", "r"]
    # An outage then does not kill it at once.
    desk.slack.fails("a", FailedError)
    assert desk.round().buried == ()
    assert desk.round().sent == 2
    assert desk.slack.keys() == ["a", "r"]


def test_what_follows_a_message_that_was_laid_aside_stands_alone(desk: Desk) -> None:
    desk.put(post("a"))
    desk.slack.fails("a", RejectedError)
    desk.round()
    with desk.warehouse.transaction() as connection:
        assert outbox.dismiss(connection, desk.clock(), ["a"]) == ["a"]
    desk.put(reply("r", "a"), chart("c", "a"))
    assert (desk.round().sent, desk.row("c")["outcome"]) == (1, "skipped")
    assert desk.slack.messages[0]["text"] == "text of a\ntext of r"


def test_a_clock_that_was_set_back_holds_nothing_up(desk: Desk) -> None:
    desk.clock.pass_by(days=300)
    desk.put(post("a"))
    desk.slack.fails("a", UnansweredError, is_taken=True)
    desk.round()
    desk.clock.pass_by(days=-300)
    assert desk.round().found == 1


def test_a_reply_without_an_opening_message_waits_a_day_for_it(desk: Desk) -> None:
    desk.put(reply("r", "nowhere"))
    assert desk.round() == Delivered(waiting=1)
    desk.clock.pass_by(hours=24)
    assert desk.round().buried == (("r", "its opening message nowhere is not in the outbox"),)


def test_an_update_that_a_later_one_went_before_is_left_out(desk: Desk) -> None:
    desk.put(post("p", order=0), update("firing", "p", order=1))
    desk.slack.fails("firing", RejectedError)
    desk.round()
    desk.clock.pass_by(hours=1)
    desk.put(update("resolved", "p"))
    assert desk.round().sent == 1
    with desk.warehouse.transaction() as connection:
        outbox.requeue(connection, desk.clock())
    assert desk.round() == Delivered(skipped=1)
    assert desk.row("firing")["outcome"] == "superseded"
    assert desk.slack.messages[-1]["text"] == "resolved"


def test_by_webhook_a_reply_stands_alone_under_its_threads_title_and_no_chart_is_sent(
    desk: Desk,
) -> None:
    desk.slack.has_threads = False
    block: dict[str, object] = {"type": "divider"}
    answer = Outgoing("r", "gap", outbox.Action.REPLY, "p", "resolved", (block,))
    desk.put(post("p"), answer, chart("c", "p"), update("u", "p"))
    done = desk.round()
    assert (done.sent, done.skipped, done.waiting) == (2, 2, 0)
    assert [each["text"] for each in desk.slack.messages] == ["text of p", "text of p\nresolved"]
    context, kept = desk.slack.messages[1]["blocks"]  # type: ignore[misc]
    assert "text of p" in str(context)
    assert kept == block
    assert desk.row("c")["outcome"] == desk.row("u")["outcome"] == "skipped"
    # A token that comes later does not find a thread that is not there.
    desk.slack.has_threads = True
    desk.put(reply("r2", "p"), chart("c2", "p"))
    assert (desk.round().sent, desk.row("c2")["outcome"]) == (1, "skipped")
    assert desk.slack.messages[-1]["text"] == "text of p\ntext of r2"


def test_what_cannot_be_looked_for_is_sent_again_and_says_so(desk: Desk) -> None:
    desk.put(post("a"))
    desk.slack.fails("a", UnansweredError, is_taken=True)
    desk.round()
    desk.slack.looks = [UnfindableError]
    desk.clock.pass_by(minutes=2)
    assert desk.round().sent == 1
    assert desk.slack.keys() == ["a", "a"]
    assert desk.slack.messages[1]["text"] == (
        "text of a\nPossibly sent before: no answer came to an earlier attempt, and it cannot be "
        "looked for."
    )


def test_a_title_that_is_cut_ends_with_no_half_of_an_escaped_sign(desk: Desk) -> None:
    desk.slack.has_threads = False
    title = "x" * 147 + "&amp;"
    opening = Outgoing("p", "gap", outbox.Action.POST, None, title, ())
    desk.put(opening, Outgoing("r", "gap", outbox.Action.REPLY, "p", "resolved", ()))
    assert desk.round().sent == 2
    assert desk.slack.messages[1]["text"] == "x" * 147 + "\nresolved"


def test_by_webhook_a_failed_message_is_tried_once_in_a_round(desk: Desk) -> None:
    desk.slack.has_threads = False
    desk.put(post("a"))
    desk.slack.fails("a", FaultyError)
    assert desk.round().failed == 1
    assert desk.slack.calls == [("post", "a")]
    assert desk.waits == []


def test_only_one_process_delivers_at_a_time(desk: Desk) -> None:
    desk.put(post("a"))
    with delivery_turn(desk.folder / "delivery.lock") as is_ours:
        assert is_ours
        assert desk.round() == Delivered(waiting=1, stopped="another process delivers")
    assert desk.slack.calls == []
    assert desk.round().sent == 1


def test_no_attempt_begins_after_the_rounds_time(desk: Desk) -> None:
    desk.put(post("a"))
    assert desk.round(most_seconds=0.0) == Delivered(waiting=1, stopped="its time was over")
    assert desk.slack.calls == []


def test_the_warehouse_is_free_while_slack_answers(desk: Desk) -> None:
    class Looking(FakeSlack):
        def post(self, text: str, blocks: object, *, key: str) -> object:  # type: ignore[override]
            impatient = Warehouse(str(desk.warehouse.database), max_wait_s=0)
            row = impatient.query("SELECT attempt_count, attempted_at FROM ops.outbox")
            # The attempt is written down by then.
            assert row.to_pylist() == [{"attempt_count": 1, "attempted_at": desk.clock()}]
            return super().post(text, (), key=key)

    desk.slack = Looking()
    desk.put(post("a"))
    assert desk.round().sent == 1
