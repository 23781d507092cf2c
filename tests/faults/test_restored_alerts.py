"""Messages sent since a backup was made are in Slack once, also after the backup was restored."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from assets.alerting import outbox
from assets.alerting.assets import deliver
from assets.alerting.delivery import Delivered
from assets.alerting.outbox import Action, Outgoing
from assets.alerting.tables import OUTBOX
from assets.declare import prepare
from orchestration.backup import make_backup
from orchestration.resources import platform
from orchestration.restore import restore
from orchestration.settings import load_settings
from resources.slack_client import SlackWorkspaceClient
from resources.warehouse import Warehouse
from sandbox.server import SandboxServer
from tests.assets.alerting.deliver_killed import MESSAGES
from tests.assets.alerting.test_killed import check_all_there_once
from tests.faults.installation import NOW
from tests.faults.test_kills import backed_up

CHANNEL = "C0RESTORED"


def test_what_was_sent_since_the_backup_is_found_and_not_sent_again(
    fault_server: SandboxServer, tmp_path: Path
) -> None:
    settings = load_settings(backed_up(tmp_path))
    house = Warehouse(str(settings.warehouse))
    prepare(house, OUTBOX)
    slack = SlackWorkspaceClient(
        token="xoxb-test",  # noqa: S106 - the sandbox takes any
        channel=CHANNEL,
        api_url=fault_server.url + "/api/",
    )

    def decided_and_delivered(messages: Sequence[Outgoing], hours: int) -> Delivered:
        now = NOW + timedelta(hours=hours)
        with house.transaction() as connection:
            for message in messages:
                outbox.enqueue(connection, message, now)
        return deliver(house, slack, platform(settings, now.isoformat()))

    def outcomes() -> dict[str, str]:
        rows = house.query("SELECT message_key, outcome FROM ops.outbox").to_pylist()
        return {row["message_key"]: row["outcome"] for row in rows}

    first, later = MESSAGES[:1], MESSAGES[1:]
    assert decided_and_delivered(first, 0).sent == 1
    made = make_backup(settings, NOW)
    assert decided_and_delivered(later, 0).sent == len(later)
    check_all_there_once(fault_server, house, CHANNEL)
    restore(settings, made, replaces=True, now=NOW + timedelta(hours=9))
    assert set(outcomes()) == {each.key for each in first}

    # Decided again by days that are made again, hours after they were sent.
    done = decided_and_delivered(later, 10)
    assert (done.waiting, done.stopped) == (0, "")
    check_all_there_once(fault_server, house, CHANNEL)
    updates = {each.key for each in later if each.action is Action.UPDATE}
    wanted = {each.key: "sent" if each.key in updates else "found" for each in later}
    assert outcomes() == {**wanted, first[0].key: "sent"}
    # What was never sent is not found, and sent.
    new = Outgoing("c", "gap", Action.POST, None, "another", ())
    assert (decided_and_delivered([new], 11).sent, outcomes()["c"]) == (1, "sent")
