"""From published shares to Slack: rules evaluated in a real warehouse, messages over real HTTP."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg
import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from assets.alerting.threshold import State

from assets.alerting.assets import build, deliver, evaluate
from assets.alerting.delivery import delivery_turn
from assets.alerting.rules import ThresholdRule
from assets.coverage.coverage import without_files
from assets.coverage.tables import COVERAGE
from assets.declare import Plan
from assets.engagement.tables import ENGAGEMENT
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
#: As often as a round tries.
SLACK_DOWN = Trouble("/api/chat.postMessage", status=502, times=3)
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
RULES_YAML = """\
rules:
  - {id: cn-high, kind: threshold, title: China's share is high, country: CN,
     event_group: attention, direction: above, fire: 0.28, clear: 0.25, min_located_actors: 100}
"""
#: Of 1,000 located accounts: 400 are 37.0 to 43.1 % (fires), 150 are 12.9 to 17.3 % (clears).
HIGH, LOW = 400, 150


def day(number: int) -> date:
    """The `number`th day, from 0."""
    return FIRST + timedelta(days=number)


def fill(warehouse: Warehouse, chinese: dict[date, int | None], hours: int = 24) -> list[date]:
    """Write mart.engagement: of 1,000 located accounts so many Chinese; None for a day without."""
    for each, count in chinese.items():
        counts = {"ZZ": 500} if count is None else {"CN": count, "US": 1_000 - count, "ZZ": 500}
        rows = engagement_rows(each, counts, hours)
        warehouse.replace_days(ENGAGEMENT.qualified, "activity_date", [each], rows)
    return sorted(chinese)


def outbox(warehouse: Warehouse) -> dict[str, dict[str, object]]:
    rows = warehouse.query("SELECT * FROM ops.outbox ORDER BY message_key").to_pylist()
    return {row["message_key"]: row for row in rows}


def alert(warehouse: Warehouse) -> dict[str, object]:
    (row,) = warehouse.query("SELECT * FROM ops.alerts").to_pylist()
    return dict(row)


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
    )


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


def texts(server: SandboxServer) -> list[str]:
    return [str(message["text"]) for message in server.slack_messages()]


def test_a_rule_fires_once_and_clears_once(
    warehouse: Warehouse, client: SlackWorkspaceClient, platform: Platform, server: SandboxServer
) -> None:
    days = fill(warehouse, {day(0): LOW, day(1): HIGH, day(2): HIGH, day(3): LOW, day(4): LOW})
    transitions = evaluate(warehouse, (RULE,), days, platform)
    assert [each.key for each in transitions] == [
        "threshold:cn-high:2024-12-12:firing",
        "threshold:cn-high:2024-12-14:ok",
    ]
    assert deliver(warehouse, client, platform).delivered == 2
    firing, resolved = texts(server)
    assert firing.startswith("[sandbox, synthetic] Firing: China's share is high")
    assert "2024-12-12 (UTC), 95 % interval 37.0% to 43.1%" in firing
    assert resolved.startswith("[sandbox, synthetic] Resolved: ")
    assert alert(warehouse)["state"] == "ok"
    assert alert(warehouse)["since_date"] == day(3)
    assert alert(warehouse)["evaluated_through"] == day(4)


def test_evaluating_and_delivering_again_sends_nothing_more(
    warehouse: Warehouse, client: SlackWorkspaceClient, platform: Platform, server: SandboxServer
) -> None:
    days = fill(warehouse, {day(0): LOW, day(1): HIGH})
    evaluate(warehouse, (RULE,), days, platform)
    deliver(warehouse, client, platform)
    stood = alert(warehouse)
    # Materialised again, the day is revised to where it would clear.
    fill(warehouse, {day(1): LOW})
    assert evaluate(warehouse, (RULE,), days, platform) == []
    assert deliver(warehouse, client, platform).delivered == 0
    assert alert(warehouse) == stood
    assert len(texts(server)) == 1


def test_days_evaluated_one_by_one_give_what_they_give_together(
    warehouse: Warehouse, platform: Platform
) -> None:
    counts = {day(0): HIGH, day(1): None, day(2): LOW, day(3): HIGH, day(4): None}
    days = fill(warehouse, counts)
    one_by_one = [evaluate(warehouse, (RULE,), [each], platform) for each in days]
    apart, messages = alert(warehouse), outbox(warehouse)
    with warehouse.transaction() as connection:
        connection.execute("DELETE FROM ops.alerts")
        connection.execute("DELETE FROM ops.outbox")
    together = evaluate(warehouse, (RULE,), days, platform)
    assert together == [each for some in one_by_one for each in some]
    assert len(together) == 3
    assert alert(warehouse) == apart
    assert outbox(warehouse) == messages


def test_a_day_without_a_figure_is_passed_over(warehouse: Warehouse, platform: Platform) -> None:
    evaluate(warehouse, (RULE,), fill(warehouse, {day(0): None}), platform)
    assert warehouse.query("SELECT * FROM ops.alerts").num_rows == 0
    evaluate(warehouse, (RULE,), fill(warehouse, {day(1): HIGH, day(2): None}), platform)
    assert alert(warehouse)["state"] == "firing"
    assert alert(warehouse)["evaluated_through"] == day(1)


def test_a_day_of_which_nothing_was_captured_holds_the_rule(
    warehouse: Warehouse, platform: Platform
) -> None:
    """No figure is there to say so: an archive without a file leaves no account of a country."""
    evaluate(warehouse, (RULE,), fill(warehouse, {day(0): HIGH}), platform)
    rows = pa.concat_tables(without_files(day(n), ["gharchive", "combined"]) for n in (1, 2))
    warehouse.replace_days(COVERAGE.qualified, "coverage_date", [day(1), day(2)], rows)
    anything = RULE.model_copy(update={"id": "cn-any", "event_group": "any"})
    assert evaluate(warehouse, (RULE, anything), [day(1), day(2), day(3)], platform) == []
    of_any, of_group = warehouse.query("SELECT * FROM ops.alerts ORDER BY rule_id").to_pylist()
    assert (of_any["state"], of_any["held_from"]) == ("held", "ok")
    assert (of_group["state"], of_group["held_from"]) == ("held", "firing")
    assert of_group["held_through"] == day(2)
    fill(warehouse, {day(1): LOW, day(3): LOW})
    assert evaluate(warehouse, (RULE,), [day(1)], platform) == []
    (resolved,) = evaluate(warehouse, (RULE,), [day(3)], platform)
    assert resolved.key == "threshold:cn-high:2024-12-14:ok"


def test_a_day_of_which_another_group_is_lost_holds_nothing(
    warehouse: Warehouse, platform: Platform
) -> None:
    evaluate(warehouse, (RULE,), fill(warehouse, {day(0): HIGH}), platform)
    rows = without_files(day(1), ["gharchive", "combined"])
    is_other = pc.or_(pc.equal(rows["event_group"], "other"), pc.equal(rows["source"], "gharchive"))
    warehouse.replace_days(COVERAGE.qualified, "coverage_date", [day(1)], rows.filter(is_other))
    assert evaluate(warehouse, (RULE,), [day(1)], platform) == []
    assert alert(warehouse)["state"] == "firing"


def test_days_with_damaged_archives_raise_nothing(warehouse: Warehouse, platform: Platform) -> None:
    days = fill(warehouse, {day(0): HIGH}, hours=23)
    assert evaluate(warehouse, (RULE,), days, platform) == []
    assert warehouse.query("SELECT * FROM ops.alerts").num_rows == 0
    assert outbox(warehouse) == {}


def test_a_day_whose_missing_files_have_come_is_evaluated_after_all(
    warehouse: Warehouse, platform: Platform
) -> None:
    assert evaluate(warehouse, (RULE,), fill(warehouse, {day(0): HIGH}, hours=23), platform) == []
    assert len(evaluate(warehouse, (RULE,), fill(warehouse, {day(0): HIGH}), platform)) == 1


def test_each_rule_has_a_life_of_its_own(warehouse: Warehouse, platform: Platform) -> None:
    us_low = RULE.model_copy(
        update={"id": "us-low", "country": "US", "direction": "below", "fire": 0.7, "clear": 0.8}
    )
    days = fill(warehouse, {day(0): LOW, day(1): HIGH, day(2): LOW})
    transitions = evaluate(warehouse, (RULE, us_low), days, platform)
    assert [(each.rule.id, each.reading.day, each.after) for each in transitions] == [
        ("cn-high", day(1), State.FIRING),
        ("cn-high", day(2), State.OK),
        ("us-low", day(1), State.FIRING),
        # 850 of 1,000 is 82.7 to 87.1 %: wholly above 80 %.
        ("us-low", day(2), State.OK),
    ]
    assert set(outbox(warehouse)) == {each.key for each in transitions}


def test_state_and_message_are_written_together_or_not_at_all(
    warehouse: Warehouse, platform: Platform
) -> None:
    days = fill(warehouse, {day(0): HIGH})
    with warehouse.transaction() as connection:
        connection.execute("DROP TABLE ops.outbox")
    with pytest.raises(duckdb.CatalogException, match="outbox"):
        evaluate(warehouse, (RULE,), days, platform)
    assert warehouse.query("SELECT * FROM ops.alerts").num_rows == 0


def test_a_message_carries_its_key_in_slacks_metadata(
    warehouse: Warehouse, client: SlackWorkspaceClient, platform: Platform, server: SandboxServer
) -> None:
    evaluate(warehouse, (RULE,), fill(warehouse, {day(0): HIGH}), platform)
    deliver(warehouse, client, platform)
    (message,) = server.slack_messages()
    assert message["metadata"] == {
        "event_type": "observatory_alert",
        "event_payload": {"key": "threshold:cn-high:2024-12-11:firing"},
    }
    row = outbox(warehouse)["threshold:cn-high:2024-12-11:firing"]
    assert (row["slack_channel"], row["slack_ts"]) == (message["channel"], message["ts"])
    assert row["delivered_at"] == NOW


def test_what_slack_does_not_take_waits_and_is_sent_once_afterwards(
    warehouse: Warehouse, client: SlackWorkspaceClient, platform: Platform, server: SandboxServer
) -> None:
    evaluate(warehouse, (RULE,), fill(warehouse, {day(0): HIGH}), platform)
    server.add_fault(SLACK_DOWN)
    assert deliver(warehouse, client, platform).delivered == 0
    (row,) = outbox(warehouse).values()
    assert (row["attempt_count"], row["delivered_at"]) == (3, None)
    assert row["last_error"] == "Slack answered 502 internal_error"
    assert texts(server) == []
    assert [deliver(warehouse, client, platform).delivered for _ in range(3)] == [1, 0, 0]
    assert len(texts(server)) == 1
    (row,) = outbox(warehouse).values()
    assert (row["attempt_count"], row["last_error"]) == (4, None)


def test_a_delivery_that_breaks_off_goes_on_where_it_stopped(
    warehouse: Warehouse, client: SlackWorkspaceClient, platform: Platform, server: SandboxServer
) -> None:
    days = fill(warehouse, {day(0): HIGH, day(1): LOW, day(2): HIGH})
    evaluate(warehouse, (RULE,), days, platform)
    # A first request that goes well, then a limit for an hour, which ends the round.
    server.add_fault(Trouble("/api/chat.postMessage", kind="slow", seconds=0))
    server.add_fault(Trouble("/api/chat.postMessage", status=429, retry_after=3600))
    assert deliver(warehouse, client, platform).delivered == 1
    assert len(texts(server)) == 1
    assert deliver(warehouse, client, platform).delivered == 2
    assert [text.splitlines()[0].split("] ")[1].split(":")[0] for text in texts(server)] == [
        "Firing",
        "Resolved",
        "Firing",
    ]


def test_only_one_process_delivers_at_a_time(
    warehouse: Warehouse, client: SlackWorkspaceClient, platform: Platform, server: SandboxServer
) -> None:
    evaluate(warehouse, (RULE,), fill(warehouse, {day(0): HIGH}), platform)
    with delivery_turn(platform.data("delivery.lock")) as is_ours:
        assert is_ours
        assert deliver(warehouse, client, platform).delivered == 0
    assert texts(server) == []
    assert deliver(warehouse, client, platform).delivered == 1


def test_a_run_evaluates_its_days_and_posts(
    warehouse: Warehouse, materialize: Materialize, server: SandboxServer
) -> None:
    fill(warehouse, {day(0): LOW, day(1): HIGH})
    for _ in range(2):
        result = materialize(day(0), day(1))
        assert result.success
    assert len(texts(server)) == 1
    again = result.asset_materializations_for_node("ops__alerts")[-1]
    assert again.metadata["days_evaluated"].value == 2
    assert again.metadata["transitions"].value == 0
    assert again.metadata["messages_delivered"].value == 0


def test_a_backfill_of_old_days_raises_no_alert(
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
    assert texts(server) == []


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
    assert len(texts(server)) == 1


def test_a_run_goes_on_while_slack_is_down_and_the_next_one_delivers(
    warehouse: Warehouse, materialize: Materialize, server: SandboxServer
) -> None:
    fill(warehouse, {day(0): HIGH, day(1): HIGH})
    server.add_fault(SLACK_DOWN)
    first = materialize(day(0), day(0))
    assert first.success
    metadata = first.asset_materializations_for_node("ops__alerts")[-1].metadata
    assert metadata["messages_waiting"].value == 1
    assert alert(warehouse)["state"] == "firing"
    assert texts(server) == []
    assert materialize(day(1), day(1)).success
    assert len(texts(server)) == 1
    assert "2024-12-11 (UTC)" in texts(server)[0]


def test_a_faulty_rules_file_fails_the_run_and_changes_nothing(
    warehouse: Warehouse, materialize: Materialize, platform: Platform, server: SandboxServer
) -> None:
    fill(warehouse, {day(0): HIGH})
    Path(platform.rules).write_text(RULES_YAML.replace("0.28", "28"), encoding="utf-8")
    assert not materialize(day(0), day(0)).success
    assert warehouse.query("SELECT * FROM ops.alerts").num_rows == 0
    assert texts(server) == []
