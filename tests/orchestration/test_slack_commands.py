"""The commands about Slack: a sample that lies where it says, and the outbox."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from assets.alerting import outbox
from assets.alerting.outbox import Action, Outgoing
from assets.alerting.tables import OUTBOX
from assets.declare import prepare
from orchestration import cli
from orchestration.doctor_upstreams import examine_slack, missing_scopes
from orchestration.settings import Settings, load_settings
from orchestration.slack_commands import dismiss_outbox, retry_outbox, show_outbox, slack_test
from resources.warehouse import Warehouse
from sandbox.server import SandboxServer
from sandbox.world import World
from tests.orchestration.conftest import NOW, sandbox_settings


@pytest.fixture
def server() -> Iterator[SandboxServer]:
    with SandboxServer(World(seed=5, developers=10, faults=())) as server:
        yield server


def test_a_sample_is_posted_with_chart_and_reply_where_it_says(
    server: SandboxServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert slack_test(sandbox_settings(server, tmp_path)) == 0
    printed = capsys.readouterr().out
    alert, chart, reply = server.slack_messages()
    assert f"alert    in C0SANDBOX, message {alert['ts']}" in printed
    assert "finds it by its key" in printed
    assert {chart["thread_ts"], reply["thread_ts"]} == {alert["ts"]}
    assert chart["files"]
    for message in (alert, reply):
        assert "TEST" in str(message["text"])


def test_a_sample_by_webhook_says_what_a_webhook_lacks(
    server: SandboxServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"{server.url}/services/T0/B0/planted-secret"
    settings = sandbox_settings(server, tmp_path, OBSERVATORY_SLACK_WEBHOOK_URL=url)
    assert slack_test(settings) == 0
    printed = capsys.readouterr().out
    assert "a webhook takes neither charts nor replies" in printed
    assert "planted-secret" not in printed
    assert len(server.slack_messages()) == 1


def test_a_sample_that_slack_refuses_says_why_and_shows_no_token(
    server: SandboxServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = sandbox_settings(server, tmp_path, OBSERVATORY_SLACK_TOKEN="planted-secret")  # noqa: S106
    assert slack_test(settings) == 1
    said = capsys.readouterr()
    assert "Slack answered invalid_auth" in said.err
    assert "planted-secret" not in said.err + said.out


@pytest.fixture
def settings(server: SandboxServer, tmp_path: Path) -> Settings:
    return sandbox_settings(server, tmp_path)


@pytest.fixture
def house(settings: Settings) -> Warehouse:
    """An outbox with a message that waits and a dead thread."""
    house = Warehouse(str(settings.warehouse), max_wait_s=5)
    prepare(house, OUTBOX)
    opening = Outgoing("dead", "gap", Action.POST, None, "text", ())
    with house.transaction() as connection:
        outbox.enqueue(connection, Outgoing("waits", "gap", Action.POST, None, "t", ()), NOW)
        outbox.enqueue(connection, opening, NOW - timedelta(days=2))
        outbox.enqueue(connection, Outgoing("r", "gap", Action.REPLY, "dead", "t", ()), NOW)
        outbox.begin(connection, "waits", NOW)
        outbox.record_failure(connection, "waits", "Slack answered ratelimited", is_certain=True)
        outbox.bury(connection, "dead", "Slack answered invalid_blocks", NOW)
        outbox.bury(connection, "r", "its opening message dead is a dead letter", NOW)
    return house


def test_the_outbox_is_listed_with_reasons_and_dead_letters_are_a_failure(
    settings: Settings, house: Warehouse, capsys: pytest.CaptureFixture[str]
) -> None:
    assert house.has_table("ops.outbox")
    assert show_outbox(settings) == 1
    printed = capsys.readouterr().out
    for words in (
        "1 messages wait",
        "1 tries: Slack answered ratelimited",
        "2 dead letters",
        "decided 2024-12-15 02:00, given up 2024-12-17 02:00 UTC after 0 tries: Slack answered "
        "invalid_blocks",
    ):
        assert words in printed


def test_dead_letters_are_queued_anew_with_their_threads(
    settings: Settings, house: Warehouse, capsys: pytest.CaptureFixture[str]
) -> None:
    assert retry_outbox(settings, ["no such"]) == 1
    assert "none of these is a dead letter" in capsys.readouterr().err
    assert retry_outbox(settings, ["r"]) == 0
    assert "  dead\n  r\n2 messages wait again" in capsys.readouterr().out
    assert show_outbox(settings) == 0
    with house.transaction() as connection:
        (row,) = [each for each in outbox.waiting(connection) if each.outgoing.key == "dead"]
    # By the settings' clock.
    assert row.since == NOW


def test_dead_letters_are_laid_aside_with_their_threads(
    settings: Settings, house: Warehouse, capsys: pytest.CaptureFixture[str]
) -> None:
    assert dismiss_outbox(settings, ["waits"]) == 1
    assert dismiss_outbox(settings, ["dead"]) == 0
    assert "  dead\n  r\n2 messages are laid aside" in capsys.readouterr().out
    assert show_outbox(settings) == 0
    rows = house.query("SELECT message_key, outcome FROM ops.outbox ORDER BY 1").to_pylist()
    assert [row["outcome"] for row in rows] == ["dismissed", "dismissed", None]


def test_without_an_outbox_there_is_nothing_to_list_or_retry(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert show_outbox(settings) == 0
    Warehouse(str(tmp_path / "warehouse.duckdb")).ensure([])
    assert show_outbox(settings) == 0
    assert retry_outbox(settings, []) == 0
    assert "no outbox yet\nno outbox yet\n0 messages" in capsys.readouterr().out


def test_the_commands_are_there(
    settings: Settings,
    house: Warehouse,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert house.has_table("ops.outbox")
    monkeypatch.setattr(cli, "load_settings", lambda: settings)
    assert cli.main(["outbox"]) == 1
    assert cli.main(["outbox", "retry", "--", "all"]) == 0
    assert "2 messages wait again" in capsys.readouterr().out
    assert cli.main(["outbox"]) == 0


def test_the_doctor_names_missing_scopes_and_a_channel_without_id(
    server: SandboxServer, tmp_path: Path
) -> None:
    names = {
        "OBSERVATORY_UPSTREAM": "live",
        "OBSERVATORY_DATA": str(tmp_path),
        "OBSERVATORY_SLACK_API_URL": f"{server.url}/api/",
        "OBSERVATORY_SLACK_TOKEN": "xoxb-planted-secret",
        "OBSERVATORY_SLACK_CHANNEL": "C0ALERTS01",
    }

    def said(**others: str) -> str:
        finding = examine_slack(load_settings({**names, **others}))
        assert "planted-secret" not in f"{finding}"
        return f"{finding.is_well} {finding.found} {finding.mend}"

    assert said().startswith("True")
    assert said(OBSERVATORY_SLACK_CHANNEL="#alerts").startswith("False")
    assert "invalid_auth" in said(OBSERVATORY_SLACK_TOKEN="planted-secret")  # noqa: S106
    server.slack.scopes = ("chat:write",)
    lacking = said()
    assert lacking.startswith("False")
    assert "the token lacks files:write, channels:history" in lacking
    webhook = {
        "OBSERVATORY_SLACK_TOKEN": "",
        "OBSERVATORY_SLACK_WEBHOOK_URL": "https://hooks.slack.com/services/planted-secret",
    }
    assert said(**webhook).startswith("True webhook")
    assert "OBSERVATORY_SLACK_WEBHOOK_URL" in said(OBSERVATORY_SLACK_TOKEN="")


@pytest.mark.parametrize(
    ("scopes", "count"),
    [
        ({"chat:write", "files:write", "channels:history"}, 0),
        ({"chat:write", "files:write", "groups:history", "users:read"}, 0),
        ({"chat:write", "files:write"}, 1),
        (set(), 3),
    ],
)
def test_missing_scopes_are_those_that_delivery_needs(scopes: set[str], count: int) -> None:
    assert len(missing_scopes(scopes)) == count


def test_a_webhook_that_is_given_goes_before_the_sandboxs_token_and_not_before_ones_own() -> None:
    url = "https://hooks.slack.com/services/T/B/x"
    assert load_settings({"OBSERVATORY_SLACK_WEBHOOK_URL": url}).slack_token.value == ""
    both = {"OBSERVATORY_SLACK_WEBHOOK_URL": url, "OBSERVATORY_SLACK_TOKEN": "xoxb-own"}
    assert load_settings(both).slack_token.value == "xoxb-own"
