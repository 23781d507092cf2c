"""From published shares to Slack: rules evaluated in a real warehouse, messages over real HTTP."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from assets.alerting.assets import build, deliver, evaluate, prepare_alerting
from assets.alerting.delivery import delivery_turn
from assets.alerting.rule_kinds import ThresholdRule
from assets.alerting.rules import Rules, load_rules
from assets.declare import Plan
from assets.engagement.tables import ENGAGEMENT
from assets.reference.tables import POLICY_EVENTS
from resources.platform import Platform
from resources.slack import SlackResource
from resources.slack_client import SlackWorkspaceClient
from resources.warehouse import Warehouse, WarehouseResource
from sandbox.server import SandboxServer
from sandbox.trouble import Trouble
from sandbox.world import World
from tests.engagement_rows import engagement_rows

NOW = datetime(2024, 12, 17, 2, tzinfo=UTC)
FIRST = date(2024, 12, 11)
SLACK_DOWN = Trouble("/api/chat.postMessage", status=502, times=3)
RULES_YAML = """\
rules:
  - {id: cn-high, kind: threshold, title: China's share is high, country: CN,
     event_group: attention, direction: above, fire: 0.28, clear: 0.25, min_located_actors: 100,
     cool_down_days: 0}
"""
#: Of 1,000 located accounts: 400 are 37.0 to 43.1 % (fires), 150 are 12.9 to 17.3 % (clears).
HIGH, LOW = 400, 150
FIRING = "cn-high:2024-12-11:firing"


def day(number: int) -> date:
    """The `number`th day, from 0."""
    return FIRST + timedelta(days=number)


def fill(warehouse: Warehouse, chinese: dict[date, int]) -> list[date]:
    """Write mart.engagement: of 1,000 located accounts so many Chinese."""
    for each, count in chinese.items():
        rows = engagement_rows(each, {"CN": count, "US": 1_000 - count, "ZZ": 500})
        warehouse.replace_days(ENGAGEMENT.qualified, "activity_date", [each], rows)
    return sorted(chinese)


def outbox(warehouse: Warehouse) -> dict[str, dict[str, object]]:
    rows = warehouse.query("SELECT * FROM ops.outbox ORDER BY message_key").to_pylist()
    return {row["message_key"]: row for row in rows}


def alert(warehouse: Warehouse) -> dict[str, object]:
    (row,) = warehouse.query("SELECT * FROM ops.alerts").to_pylist()
    return dict(row)


def posts(server: SandboxServer) -> list[dict[str, object]]:
    """Messages in the channel itself."""
    return [
        dict(each)
        for each in server.slack_messages()
        if each.get("thread_ts") in (None, each["ts"])
    ]


def replies(server: SandboxServer) -> list[dict[str, object]]:
    """Messages in threads."""
    return [
        dict(each)
        for each in server.slack_messages()
        if each.get("thread_ts") not in (None, each["ts"])
    ]


@pytest.fixture(scope="module")
def world() -> World:
    """As small as it gets: only its Slack is asked."""
    return World(seed=1, developers=10, faults=())


@pytest.fixture
def server(world: World) -> Iterator[SandboxServer]:
    with SandboxServer(world, clock=lambda: NOW) as running:
        yield running


@pytest.fixture
def slack(server: SandboxServer) -> SlackResource:
    return SlackResource(token="xoxb-test", channel="C0ALERTS01", api_url=f"{server.url}/api/")  # noqa: S106 - the sandbox takes any


@pytest.fixture
def client(slack: SlackResource) -> SlackWorkspaceClient:
    client = slack.client()
    assert isinstance(client, SlackWorkspaceClient)
    return client


@pytest.fixture(autouse=True)
def _no_real_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither delivery nor slack-sdk waits between two tries."""
    monkeypatch.setattr("time.sleep", lambda _seconds: None)


@pytest.fixture
def platform(tmp_path: Path) -> Platform:
    rules = tmp_path / "rules.yaml"
    rules.write_text(RULES_YAML, encoding="utf-8")
    return Platform(
        world="sandbox",
        data_dir=str(tmp_path),
        reference_dir="",
        tracked_repositories="",
        rules=str(rules),
        fixed_now=NOW.isoformat(),
        ui_url="https://dagster.example",
        page_url="https://figures.example/",
    )


@pytest.fixture
def rules(platform: Platform) -> Rules:
    return load_rules(Path(platform.rules))


@pytest.fixture(autouse=True)
def _prepared(warehouse: Warehouse) -> None:
    """All tables; one policy event, a week before the first day."""
    prepare_alerting(warehouse)
    event = {
        "event_date": date(2024, 12, 4), "date_kind": "announced", "actor": "US",
        "kind": "export_control", "stance": "tighten", "name": "Controls on <chips> & more",
        "is_paper_shock": False, "certainty": "sourced", "source": "Federal Register",
    }  # fmt: skip
    names = POLICY_EVENTS.column_names
    row = {name: event.get(name) for name in names}
    warehouse.replace_all(POLICY_EVENTS.qualified, POLICY_EVENTS.arrow([row]))


Materialize = Callable[[date, date], dg.ExecuteInProcessResult]


@pytest.fixture
def materialize(warehouse: Warehouse, slack: SlackResource, platform: Platform) -> Materialize:
    """Materialise ops.alerts for a range of days, as a run does."""
    plan = Plan(daily=dg.DailyPartitionsDefinition(start_date="2022-01-01", timezone="UTC"))
    resources = {
        "warehouse": WarehouseResource(database=str(warehouse.database), max_wait_s=5),
        "slack": slack,
        "platform": platform,
    }

    def run(first: date, last: date) -> dg.ExecuteInProcessResult:
        return dg.materialize(
            build(plan),
            resources=resources,
            raise_on_error=False,
            tags={
                "dagster/asset_partition_range_start": str(first),
                "dagster/asset_partition_range_end": str(last),
            },
        )

    return run


def test_an_alert_is_a_thread_from_its_first_message_to_its_end(
    warehouse: Warehouse,
    client: SlackWorkspaceClient,
    platform: Platform,
    rules: Rules,
    server: SandboxServer,
) -> None:
    days = fill(warehouse, {day(0): HIGH, day(1): HIGH, day(2): LOW, day(3): LOW})
    done = evaluate(warehouse, rules, days, platform)
    assert [each.key.partition(">")[0] for each in done.notices] == [FIRING, FIRING]
    assert deliver(warehouse, client, platform).waiting == 0
    (post,) = posts(server)
    chart, end = replies(server)
    assert post["metadata"] == {
        "event_type": "observatory_alert", "event_payload": {"key": FIRING},
    }  # fmt: skip
    # It was changed when the alert was over.
    assert str(post["text"]).startswith("[sandbox, synthetic] Resolved: China's share is high")
    said = str(post["blocks"])
    assert "40.0 %*, 95 % interval 37.0 to 43.1 %" in said
    assert "2024-12-11 (UTC)" in said
    assert "<https://dagster.example/assets/mart/engagement|" in said
    assert "<https://figures.example/#engagement|" in said
    assert "For context, not as a cause:" in said
    assert "Controls on &lt;chips&gt; &amp; more" in said
    assert chart["thread_ts"] == end["thread_ts"] == post["ts"]
    (file,) = chart["files"]  # type: ignore[misc, attr-defined]
    assert "China: share of stars and forks" in str(file)
    assert "Resolved" in str(end["text"])
    assert "15.0 %" in str(end["text"])
    state = alert(warehouse)
    assert (state["state"], state["since_date"]) == ("ok", day(3))
    assert (state["thread_key"], state["resolved_date"]) == (None, day(2))


def test_evaluating_and_delivering_again_sends_nothing_more(
    warehouse: Warehouse,
    client: SlackWorkspaceClient,
    platform: Platform,
    rules: Rules,
    server: SandboxServer,
) -> None:
    days = fill(warehouse, {day(0): HIGH})
    evaluate(warehouse, rules, days, platform)
    deliver(warehouse, client, platform)
    stood, sent = alert(warehouse), len(server.slack_messages())
    # Materialised again, the day is revised to where it would clear.
    fill(warehouse, {day(0): LOW})
    assert evaluate(warehouse, rules, days, platform).notices == ()
    assert deliver(warehouse, client, platform).delivered == 0
    assert alert(warehouse) == stood
    assert len(server.slack_messages()) == sent == 2


def test_state_and_message_are_written_together_or_not_at_all(
    warehouse: Warehouse, platform: Platform, rules: Rules
) -> None:
    days = fill(warehouse, {day(0): HIGH})
    with warehouse.transaction() as connection:
        connection.execute("DROP TABLE ops.outbox")
    with pytest.raises(duckdb.CatalogException, match="outbox"):
        evaluate(warehouse, rules, days, platform)
    assert warehouse.query("SELECT * FROM ops.alerts").num_rows == 0


def test_two_rules_of_one_cause_are_one_message(
    warehouse: Warehouse,
    client: SlackWorkspaceClient,
    platform: Platform,
    rules: Rules,
    server: SandboxServer,
) -> None:
    (high,) = rules.of_kind(ThresholdRule)
    low = high.model_copy(
        update={"id": "us-low", "title": "The U.S. share is low", "country": "US",
                "direction": "below", "fire": 0.7, "clear": 0.8}
    )  # fmt: skip
    evaluate(warehouse, Rules((high, low)), fill(warehouse, {day(0): HIGH}), platform)
    deliver(warehouse, client, platform)
    (post,) = posts(server)
    assert "China" in str(post["blocks"])
    assert "United States" in str(post["blocks"])
    keys = warehouse.query("SELECT DISTINCT thread_key FROM ops.alerts")["thread_key"].to_pylist()
    assert keys == [key for key, row in outbox(warehouse).items() if row["action"] == "post"]


def test_what_slack_does_not_take_waits_and_is_sent_once_afterwards(
    warehouse: Warehouse,
    client: SlackWorkspaceClient,
    platform: Platform,
    rules: Rules,
    server: SandboxServer,
) -> None:
    evaluate(warehouse, rules, fill(warehouse, {day(0): HIGH}), platform)
    server.add_fault(SLACK_DOWN)
    assert deliver(warehouse, client, platform).delivered == 0
    assert outbox(warehouse)[FIRING]["last_error"] == "Slack answered 502 internal_error"
    assert server.slack_messages() == []
    assert [deliver(warehouse, client, platform).delivered for _ in range(3)] == [2, 0, 0]
    assert len(server.slack_messages()) == 2


def test_only_one_process_delivers_at_a_time(
    warehouse: Warehouse,
    client: SlackWorkspaceClient,
    platform: Platform,
    rules: Rules,
    server: SandboxServer,
) -> None:
    evaluate(warehouse, rules, fill(warehouse, {day(0): HIGH}), platform)
    with delivery_turn(platform.data("delivery.lock")) as is_ours:
        assert is_ours
        assert deliver(warehouse, client, platform).delivered == 0
    assert server.slack_messages() == []
    assert deliver(warehouse, client, platform).delivered == 2


def test_a_chart_that_cannot_be_drawn_does_not_keep_its_alert_back(
    warehouse: Warehouse, platform: Platform, rules: Rules, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> bytes:
        raise ValueError("no font")

    monkeypatch.setattr("assets.alerting.posting.notice_png", broken)
    problems: list[str] = []
    days = fill(warehouse, {day(0): HIGH})
    evaluate(warehouse, rules, days, platform, problems.append)
    assert set(outbox(warehouse)) == {FIRING}
    assert problems == [f"{FIRING}: its chart could not be drawn: ValueError('no font')"]


def test_a_run_evaluates_its_days_and_posts(
    warehouse: Warehouse, materialize: Materialize, server: SandboxServer
) -> None:
    fill(warehouse, {day(0): LOW, day(1): HIGH})
    for _ in range(2):
        result = materialize(day(0), day(1))
        assert result.success
    assert len(posts(server)) == 1
    again = result.asset_materializations_for_node("ops__alerts")[-1]
    assert again.metadata["days_evaluated"].value == 2
    assert again.metadata["messages_decided"].value == 0
    assert again.metadata["messages_delivered"].value == 0


def test_a_backfill_of_old_days_raises_no_alert_and_is_noted(
    warehouse: Warehouse, materialize: Materialize, server: SandboxServer
) -> None:
    """Of 2024-12-06 to 08, the last two are within ten days of 2024-12-17."""
    old = date(2024, 12, 6)
    fill(warehouse, {old: HIGH, date(2024, 12, 7): LOW, date(2024, 12, 8): LOW})
    result = materialize(old, date(2024, 12, 8))
    assert result.success
    made = result.asset_materializations_for_node("ops__alerts")[-1]
    assert made.metadata["days_evaluated"].value == 2
    assert alert(warehouse)["since_date"] == date(2024, 12, 7)
    assert server.slack_messages() == []
    (noted,) = warehouse.query("SELECT * FROM ops.backfilled_days").to_pylist()
    assert (noted["activity_date"], noted["backfill_id"]) == (old, result.run_id)
    assert noted["told_at"] is None


def test_a_backfill_of_old_days_leaves_a_firing_alert_alone(
    warehouse: Warehouse, materialize: Materialize, server: SandboxServer
) -> None:
    fill(warehouse, {day(0): HIGH})
    assert materialize(day(0), day(0)).success
    stood = alert(warehouse)
    fill(warehouse, {date(2024, 1, 1): LOW, date(2024, 12, 9): LOW})
    assert materialize(date(2024, 1, 1), date(2024, 1, 1)).success
    assert materialize(date(2024, 12, 9), date(2024, 12, 9)).success
    assert alert(warehouse) == stood
    assert len(posts(server)) == 1


def test_a_run_goes_on_while_slack_is_down_and_the_next_one_delivers(
    warehouse: Warehouse, materialize: Materialize, server: SandboxServer
) -> None:
    fill(warehouse, {day(0): HIGH, day(1): HIGH})
    server.add_fault(SLACK_DOWN)
    first = materialize(day(0), day(0))
    assert first.success
    metadata = first.asset_materializations_for_node("ops__alerts")[-1].metadata
    assert metadata["messages_waiting"].value == 2
    assert alert(warehouse)["state"] == "firing"
    assert server.slack_messages() == []
    assert materialize(day(1), day(1)).success
    assert "2024-12-11 (UTC)" in str(posts(server)[0]["blocks"])


def test_a_faulty_rules_file_fails_the_run_and_changes_nothing(
    warehouse: Warehouse, materialize: Materialize, platform: Platform, server: SandboxServer
) -> None:
    fill(warehouse, {day(0): HIGH})
    Path(platform.rules).write_text(RULES_YAML.replace("0.28", "28"), encoding="utf-8")
    assert not materialize(day(0), day(0)).success
    assert warehouse.query("SELECT * FROM ops.alerts").num_rows == 0
    assert server.slack_messages() == []
