"""Delivery over real HTTP to a Slack that fails in each way: all arrive, once, in their threads."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from assets.alerting import outbox
from assets.alerting.assets import FAILURES
from assets.alerting.delivery import Delivered, deliver
from assets.alerting.tables import OUTBOX
from assets.declare import prepare
from resources.slack_client import SlackWorkspaceClient
from resources.slack_webhook import SlackWebhookClient
from resources.warehouse import Warehouse
from sandbox.server import SandboxServer
from sandbox.trouble import Trouble
from sandbox.world import World
from tests.assets.alerting.deliver_killed import MESSAGES
from tests.assets.alerting.slack_fakes import Clock
from tests.assets.alerting.test_killed import POST, TROUBLES, check_all_there_once
from tests.conftest import without_proxies

CHANNEL = "C0FAULTY01"
ALL = (
    *(trouble for trouble in TROUBLES if trouble),
    Trouble(POST, status=500, times=7),
    Trouble(POST, "late", status=502, times=4),
    Trouble(POST, "lost", times=4),
    Trouble(POST, status=429, retry_after=3600, times=3),
    Trouble(POST, "slow", seconds=1.3),
    Trouble("/api/", "lost", times=6),
)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def server(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[SandboxServer]:
    without_proxies(monkeypatch)
    # slack-sdk waits by time.sleep and takes no other.
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    with SandboxServer(World(seed=1, developers=10, faults=()), clock=clock) as running:
        yield running


@pytest.fixture
def house(tmp_path: Path, clock: Clock) -> Warehouse:
    house = Warehouse(str(tmp_path / "warehouse.duckdb"), max_wait_s=5)
    prepare(house, OUTBOX)
    with house.transaction() as connection:
        for message in MESSAGES:
            outbox.enqueue(connection, message, clock())
    return house


def one_round(
    slack: SlackWorkspaceClient | SlackWebhookClient, house: Warehouse, clock: Clock
) -> Delivered:
    clock.pass_by(minutes=2)
    return deliver(
        slack,
        house.transaction,
        failures=FAILURES,
        lock=house.database.with_name("delivery.lock"),
        now=clock,
    )


@pytest.mark.parametrize("trouble", ALL, ids=str)
def test_every_alert_arrives_once_whatever_slack_answers(
    server: SandboxServer, house: Warehouse, clock: Clock, trouble: Trouble
) -> None:
    slack = SlackWorkspaceClient(
        token="xoxb-test",  # noqa: S106 - the sandbox takes any
        channel=CHANNEL,
        api_url=f"{server.url}/api/",
        timeout_s=1,
    )
    server.add_fault(trouble)
    rounds = [one_round(slack, house, clock)]
    while rounds[-1].waiting:
        server.wait_until_idle()
        rounds.append(one_round(slack, house, clock))
        assert len(rounds) < 20
    assert sum(each.delivered for each in rounds) == len(MESSAGES)
    assert len(server.trouble) == 0 or trouble.path_prefix.startswith("/api/conversations")
    check_all_there_once(server, house, CHANNEL)


def test_a_channel_that_is_not_there_loses_nothing_and_is_dead_after_a_day(
    server: SandboxServer, house: Warehouse, clock: Clock
) -> None:
    slack = SlackWorkspaceClient(token="xoxb-test", channel="#", api_url=f"{server.url}/api/")  # noqa: S106
    done = one_round(slack, house, clock)
    assert (done.waiting, done.stopped) == (len(MESSAGES), "Slack answered channel_not_found")
    clock.pass_by(hours=24)
    one_round(slack, house, clock)
    with house.transaction() as connection:
        assert [letter.key for letter in outbox.dead(connection)] == ["a"]
        (letter,) = outbox.dead(connection)
    assert letter.reason == "given up after 24 hours: Slack answered channel_not_found"
    assert letter.dead_at - letter.created_at >= timedelta(hours=24)


def test_a_webhook_gets_texts_alone_and_a_lost_answer_brings_one_twice_that_says_so(
    server: SandboxServer, house: Warehouse, clock: Clock
) -> None:
    slack = SlackWebhookClient(f"{server.url}/services/T0/B0/x")
    server.add_fault(Trouble("/services/", "lost"))
    while one_round(slack, house, clock).waiting:
        server.wait_until_idle()
    texts = [str(message["text"]).splitlines() for message in server.slack_messages()]
    assert texts == [
        ["a share rises"],
        ["a source is lost"],
        ["a source is lost", "it is back"],
        [
            "a share rises",
            "Possibly sent before: no answer came to an earlier attempt, and it cannot be looked "
            "for.",
        ],
        ["a share rises", "it rises further"],
    ]
    rows = house.query("SELECT outcome, count(*) AS n FROM ops.outbox GROUP BY ALL ORDER BY 1")
    assert rows.to_pylist() == [{"outcome": "sent", "n": 4}, {"outcome": "skipped", "n": 2}]
