"""The mark of a restore: how long it stands, and what of Slack that cannot be asked."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from assets.alerting import outbox
from assets.alerting.delivery import deliver
from assets.alerting.restored import FILE, STANDS, mark_restored, unknown_since
from assets.alerting.tables import OUTBOX
from assets.declare import prepare
from resources.warehouse import Warehouse
from tests.assets.alerting.slack_fakes import FAILURES, Clock, FakeSlack, UnfindableError, post

BACKED_UP = datetime(2026, 11, 20, 4, 15, tzinfo=UTC)
NOW = datetime(2026, 11, 27, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def test_a_mark_stands_for_thirty_days_after_the_restore(tmp_path: Path) -> None:
    assert unknown_since(tmp_path, NOW) is None
    mark_restored(tmp_path, BACKED_UP, NOW)
    assert timedelta(days=30) == STANDS
    assert unknown_since(tmp_path, NOW + STANDS - SECOND) == BACKED_UP
    assert unknown_since(tmp_path, NOW + STANDS) is None


def test_a_backup_made_while_a_mark_stood_brings_its_time_along(tmp_path: Path) -> None:
    mark_restored(tmp_path, BACKED_UP, NOW)
    mark_restored(tmp_path, NOW + SECOND, NOW + timedelta(days=2))
    assert unknown_since(tmp_path, NOW + timedelta(days=31)) == BACKED_UP
    mark_restored(tmp_path, NOW, NOW + timedelta(days=40))
    assert unknown_since(tmp_path, NOW + timedelta(days=41)) == NOW


@pytest.mark.parametrize("text", ["", "[]", '{"backed_up_at": 1, "until": 2}', "{}"])
def test_a_damaged_mark_holds_no_message_up(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text)
    assert unknown_since(tmp_path, NOW) is None


def test_where_nothing_can_be_looked_for_a_first_message_is_sent_without_a_remark(
    tmp_path: Path,
) -> None:
    house, clock = Warehouse(str(tmp_path / "warehouse.duckdb")), Clock()
    prepare(house, OUTBOX)
    with house.transaction() as connection:
        outbox.enqueue(connection, post("a"), clock())
    slack = FakeSlack(has_threads=False, looks=[UnfindableError])
    done = deliver(
        slack,
        house.transaction,
        failures=FAILURES,
        lock=tmp_path / "delivery.lock",
        now=clock,
        unknown_since=BACKED_UP,
    )
    assert (done.sent, slack.calls) == (1, [("look", "a"), ("post", "a")])
    assert [message["text"] for message in slack.messages] == ["text of a"]
