"""What is given up is said once, with the command that mends it, and no sensor asks for it."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from assets.activity.tables import ARCHIVE_HOURS
from assets.patents.rows import WeekFile, outcome_row
from assets.patents.tables import PATENT_FILES
from orchestration.code_digest import CODE_TAG, code_digest
from orchestration.operations import operations
from orchestration.resources import build_resources
from orchestration.sensors import revisit_days, revisit_weeks
from resources.lake import Lake
from sandbox.server import SandboxServer
from sandbox.world import World
from tests.orchestration.conftest import sandbox_settings

DAY, WEEK = "2024-12-16", "2024-12-10"


@pytest.fixture
def server() -> SandboxServer:
    with SandboxServer(World(seed=5, developers=50)) as server:
        yield server


@dg.op
def broken() -> None:
    raise RuntimeError("the day <b>cannot</b> be made")


@dg.job(name="daily", tags={CODE_TAG: code_digest()})
def failing() -> None:
    broken()


@dg.op
def sound() -> None:
    pass


@dg.job(name="daily")
def mended() -> None:
    sound()


def fail(instance: dg.DagsterInstance, partition: str = DAY, count: int = 1) -> None:
    for _ in range(count):
        failing.execute_in_process(
            instance=instance, raise_on_error=False, tags={"dagster/partition": partition}
        )


def tick(
    instance: dg.DagsterInstance, server: SandboxServer, data: Path, cursor: str | None = None
) -> str | None:
    resources = build_resources(sandbox_settings(server, data))
    context = dg.build_sensor_context(instance=instance, cursor=cursor)
    operations(
        context,
        resources["warehouse"],
        resources["slack"].process_config_and_initialize(),
        resources["platform"],
    )
    return context.cursor


def said(server: SandboxServer, text: str) -> list[dict[str, object]]:
    return [each for each in server.slack_messages() if text in str(each)]


def test_it_is_said_once_with_the_command_and_again_when_it_is_over(
    server: SandboxServer, tmp_path: Path, instance: dg.DagsterInstance
) -> None:
    cursor = None
    for _ in range(2):
        fail(instance)
        cursor = tick(instance, server, tmp_path, cursor)
    title = "A partition failed three times and is not tried any more"
    assert said(server, title) == []
    fail(instance)
    for _ in range(3):
        cursor = tick(instance, server, tmp_path, cursor)
    (post,) = said(server, title)
    assert "*daily, 2024-12-16*" in str(post["blocks"])
    assert "3 runs failed" in str(post["blocks"])
    assert "make backfill FROM=2024-12-16 TO=2024-12-16" in str(post["blocks"])
    assert "&lt;b&gt;cannot&lt;/b&gt;" in str(post["blocks"])
    # A fourth failure by hand is no news.
    fail(instance)
    cursor = tick(instance, server, tmp_path, cursor)
    assert len(said(server, title)) == 1
    mended.execute_in_process(instance=instance, tags={"dagster/partition": DAY})
    for _ in range(2):
        cursor = tick(instance, server, tmp_path, cursor)
    posts = said(server, title)
    assert f"Resolved: {title}" in str(posts[0]["text"])
    assert any(each.get("thread_ts") == posts[0]["ts"] for each in server.slack_messages())


def test_several_days_that_are_given_up_at_once_are_one_message(
    server: SandboxServer, tmp_path: Path, instance: dg.DagsterInstance
) -> None:
    for day in ("2024-12-15", DAY):
        fail(instance, day, 3)
    tick(instance, server, tmp_path)
    (post,) = said(server, "A partition failed three times")
    assert "2024-12-15" in str(post["blocks"])
    assert DAY in str(post["blocks"])


def asked_days(context: dg.SensorEvaluationContext, resources: dict[str, Any]) -> list[str | None]:
    found = revisit_days(context, resources["lake"], resources["platform"])
    return [getattr(each, "partition_key", None) for each in found]


def test_sensors_that_ask_again_leave_it_alone(
    server: SandboxServer, tmp_path: Path, instance: dg.DagsterInstance
) -> None:
    resources = build_resources(sandbox_settings(server, tmp_path))
    lake, context = Lake(str(tmp_path / "lake")), dg.build_sensor_context(instance=instance)
    moment = datetime(2024, 12, 16, 5, tzinfo=UTC)
    row = {
        **dict.fromkeys(ARCHIVE_HOURS.column_names, 0),
        "source": "gharchive",
        "archive_date": date.fromisoformat(DAY),
        "file_hour": moment,
        "is_neighbour": False,
        "status": "missing",
        "mirror": None,
        "bad_offsets": [],
        "messages": [],
        "scan_fingerprint": "x",
        "first_event_at": None,
        "last_event_at": None,
        "fetched_at": moment,
    }
    lake.write(ARCHIVE_HOURS.qualified, DAY, ARCHIVE_HOURS.arrow([row]), "gharchive")
    tuesday = date.fromisoformat(WEEK)
    file = WeekFile(tuesday, "grants", tuesday, None, "digest")
    lake.write(PATENT_FILES.qualified, WEEK, outcome_row(file, "missing", moment), "grants")

    def asked_weeks() -> list[str | None]:
        found = revisit_weeks(context, resources["lake"], resources["platform"])
        return [getattr(each, "partition_key", None) for each in found]

    fail(instance, count=2)
    assert asked_days(context, resources) == [DAY]
    assert asked_weeks() == [WEEK]
    fail(instance)
    assert asked_days(context, resources) == [None]
    assert asked_weeks() == [WEEK]
    mended.execute_in_process(instance=instance, tags={"dagster/partition": DAY})
    assert asked_days(context, resources) == [DAY]
