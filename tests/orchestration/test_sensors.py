"""What goes on reaches Slack once, and not before Slack took it; open days are asked for again."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from assets.activity.events import day_events
from assets.activity.tables import ARCHIVE_EVENTS, ARCHIVE_HOURS, COMMITS, EVENTS
from assets.alerting.backfills import note_days
from assets.alerting.tables import BACKFILLED_DAYS
from assets.declare import prepare
from assets.engagement.tables import ENGAGEMENT
from assets.patents.rows import WeekFile, outcome_row
from assets.patents.tables import PATENT_FILES
from assets.polls.pause import Pause
from assets.polls.state import PollState
from assets.polls.tables import REPOSITORY_EVENTS, REPOSITORY_POLLS
from assets.reference.tables import TRACKED_REPOSITORIES
from orchestration.backfill_plan import FIGURES, STAGE_TAG
from orchestration.operations import operations, say_backfills
from orchestration.resources import build_resources
from orchestration.sensors import (
    build_sensors,
    busy_repositories,
    revisit_days,
    revisit_sundays,
    revisit_weeks,
)
from resources.lake import Lake
from resources.warehouse import Warehouse
from sandbox.server import SandboxServer
from sandbox.trouble import Trouble
from sandbox.world import World
from tests.engagement_rows import engagement_rows
from tests.orchestration.conftest import sandbox_settings
from tests.orchestration.storages import scratch_instance


@pytest.fixture
def server() -> SandboxServer:
    with SandboxServer(World(seed=5, developers=50)) as server:
        yield server


@dg.op
def broken() -> None:
    raise RuntimeError("archive <b>out</b> & about")


@dg.op
def sound() -> None:
    pass


@dg.job
def failing() -> None:
    broken()


@dg.job(name="failing")
def mended() -> None:
    sound()


def checked(*, passes: bool) -> dg.Definitions:
    """An asset and a check of it."""

    @dg.asset(key=["mart", "figures"])
    def figures() -> None:
        pass

    @dg.asset_check(asset=figures, name="plausible")
    def plausible() -> dg.AssetCheckResult:
        return dg.AssetCheckResult(passed=passes, description="3 of 9 shares exceed 1")

    return dg.Definitions(assets=[figures], asset_checks=[plausible])


def posts(server: SandboxServer) -> list[dict[str, object]]:
    """Messages in the channel itself."""
    return [
        dict(each)
        for each in server.slack_messages()
        if each.get("thread_ts") in (None, each["ts"])
    ]


def sensor_tick(
    instance: dg.DagsterInstance,
    server: SandboxServer,
    data: Path,
    cursor: str | None,
    definitions: dg.Definitions | None = None,
) -> tuple[dg.SkipReason, str | None]:
    resources = build_resources(sandbox_settings(server, data))
    context = dg.build_sensor_context(instance=instance, cursor=cursor, definitions=definitions)
    outcome = operations(
        context,
        resources["warehouse"],
        resources["slack"].process_config_and_initialize(),
        resources["platform"],
    )
    return outcome, context.cursor


def test_a_failed_run_is_posted_once_escaped_and_marked_as_synthetic(
    server: SandboxServer, tmp_path: Path
) -> None:
    with scratch_instance() as instance:
        failing.execute_in_process(instance=instance, raise_on_error=False)
        _, cursor = sensor_tick(instance, server, tmp_path, None)
        sensor_tick(instance, server, tmp_path, cursor)
        sensor_tick(instance, server, tmp_path, None)
    (message,) = server.slack_messages()
    text = str(message)
    assert "A run has failed" in text
    assert "*failing*: failed run" in text
    assert "sandbox, synthetic" in text
    assert "&lt;b&gt;out&lt;/b&gt; &amp; about" in text
    # It names neither sources nor policy.
    assert "Sources:" not in text
    assert "not as a cause" not in text


def test_runs_are_told_of_while_a_check_waits_in_the_queue(
    server: SandboxServer, tmp_path: Path
) -> None:
    definitions = checked(passes=False)
    job = definitions.resolve_implicit_global_asset_job_def()
    with scratch_instance() as instance:
        job.execute_in_process(instance=instance)
        # Dagster notes each check that a run plans when the run is made, before it begins.
        instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
        failing.execute_in_process(instance=instance, raise_on_error=False)
        outcome, cursor = sensor_tick(instance, server, tmp_path, None, definitions)
    assert cursor is not None
    assert "1 posted" in str(outcome.skip_message)
    (message,) = server.slack_messages()
    assert "*failing*: failed run" in str(message)


def test_a_run_that_succeeds_at_last_ends_the_thread(server: SandboxServer, tmp_path: Path) -> None:
    with scratch_instance() as instance:
        failing.execute_in_process(instance=instance, raise_on_error=False)
        _, cursor = sensor_tick(instance, server, tmp_path, None)
        failing.execute_in_process(instance=instance, raise_on_error=False)
        _, cursor = sensor_tick(instance, server, tmp_path, cursor)
        assert len(server.slack_messages()) == 1
        mended.execute_in_process(instance=instance)
        sensor_tick(instance, server, tmp_path, cursor)
    post, end = server.slack_messages()
    assert end["thread_ts"] == post["ts"]
    assert "run succeeded" in str(end["text"])
    assert "Resolved: A run has failed" in str(post["text"])


def test_a_stage_that_makes_no_figures_does_not_end_the_thread_of_a_failed_day(
    server: SandboxServer, tmp_path: Path
) -> None:
    with scratch_instance() as instance:
        failing.execute_in_process(instance=instance, raise_on_error=False)
        _, cursor = sensor_tick(instance, server, tmp_path, None)
        mended.execute_in_process(instance=instance, tags={STAGE_TAG: "accounts"})
        _, cursor = sensor_tick(instance, server, tmp_path, cursor)
        assert len(server.slack_messages()) == 1
        mended.execute_in_process(instance=instance, tags={STAGE_TAG: FIGURES})
        sensor_tick(instance, server, tmp_path, cursor)
    post, end = server.slack_messages()
    assert end["thread_ts"] == post["ts"]
    assert "run succeeded" in str(end["text"])


def test_a_check_that_fails_is_posted_until_it_passes(
    server: SandboxServer, tmp_path: Path
) -> None:
    with scratch_instance() as instance:
        for passes in (False, False, True):
            made = checked(passes=passes)
            made.resolve_implicit_global_asset_job_def().execute_in_process(
                instance=instance, raise_on_error=False
            )
            sensor_tick(instance, server, tmp_path, None, made)
    (post,) = posts(server)
    assert "Resolved: A check of the data has failed" in str(post["text"])
    assert "*mart.figures, plausible*: failed check" in str(post["blocks"])
    assert "3 of 9 shares exceed 1" in str(post["blocks"])
    assert len(server.slack_messages()) == 2


def test_a_table_grown_old_is_posted_once_a_day_begins(
    server: SandboxServer, tmp_path: Path
) -> None:
    """The sandbox's today is 2024-12-17, 07:00 UTC: the newest day should be the 15th or later."""
    settings = replace(sandbox_settings(server, tmp_path), now="2024-12-17T07:00:00+00:00")
    house = Warehouse(str(settings.warehouse))
    prepare(house, ENGAGEMENT)
    old = date(2024, 12, 14)
    rows = engagement_rows(old, {"CN": 5, "US": 5})
    house.replace_days(ENGAGEMENT.qualified, "activity_date", [old], rows)
    resources = build_resources(settings)
    with scratch_instance() as instance:
        for _ in range(2):
            operations(
                dg.build_sensor_context(instance=instance),
                resources["warehouse"],
                resources["slack"].process_config_and_initialize(),
                resources["platform"],
            )
    (post,) = server.slack_messages()
    assert "A table is not up to date" in str(post["text"])
    assert "*mart.engagement*: days that its newest one lies before today" in str(post["blocks"])
    assert "*3 days*" in str(post["blocks"])


def test_a_backfill_is_noted_when_nothing_of_it_runs_any_more(
    server: SandboxServer, tmp_path: Path
) -> None:
    settings = sandbox_settings(server, tmp_path)
    house = Warehouse(str(settings.warehouse))
    prepare(house, BACKFILLED_DAYS)
    days = [date(2023, 5, day) for day in (1, 2, 3)]
    with house.transaction() as connection:
        now = datetime(2024, 12, 17, tzinfo=UTC)
        note_days(connection, days, backfill_id="abc", run_id="r", now=now)
    with scratch_instance() as instance:
        run = instance.create_run_for_job(failing, tags={"dagster/backfill": "abc"})
        sensor_tick(instance, server, tmp_path, None)
        assert server.slack_messages() == []
        instance.delete_run(run.run_id)
        for _ in range(2):
            sensor_tick(instance, server, tmp_path, None)
    (post,) = server.slack_messages()
    assert "3 past days were made or made again" in str(post["text"])
    assert "2023-05-01 to 2023-05-03" in str(post["blocks"])


def test_a_failed_run_waits_in_the_outbox_until_slack_takes_it(
    server: SandboxServer, tmp_path: Path
) -> None:
    with scratch_instance() as instance:
        failing.execute_in_process(instance=instance, raise_on_error=False)
        limit = Trouble("/api/chat.postMessage", status=429, retry_after=3600)
        server.add_fault(limit)
        sensor_tick(instance, server, tmp_path, None)
        assert server.slack_messages() == []
        sensor_tick(instance, server, tmp_path, None)
    assert len(server.slack_messages()) == 1


def test_without_failed_runs_nothing_is_made_or_posted(
    server: SandboxServer, tmp_path: Path
) -> None:
    with scratch_instance() as instance:
        outcome, cursor = sensor_tick(instance, server, tmp_path, None)
    assert "0 runs ended" in str(outcome.skip_message)
    assert server.slack_messages() == []
    assert cursor is None


def test_a_command_over_old_days_posts_one_note_of_all_its_runs(
    server: SandboxServer, tmp_path: Path
) -> None:
    settings = sandbox_settings(server, tmp_path)
    house = Warehouse(str(settings.warehouse))
    prepare(house, BACKFILLED_DAYS)
    now = datetime(2024, 12, 17, tzinfo=UTC)
    with house.transaction() as connection:
        for number in (1, 2):
            days = [date(2023, month, number) for month in (5, 6)]
            note_days(connection, days, backfill_id="a..b", run_id=f"r{number}", now=now)
    for _ in range(2):
        say_backfills(settings, frozenset())
    (post,) = server.slack_messages()
    assert "4 past days were made or made again" in str(post["text"])


def hours(day: date, status: str) -> dict[str, object]:
    row = dict.fromkeys(ARCHIVE_HOURS.column_names, 0)
    return {
        **row,
        "source": "gharchive",
        "archive_date": day,
        "file_hour": f"{day}T05:00:00+00:00",
        "is_neighbour": False,
        "status": status,
        "mirror": None,
        "bad_offsets": [],
        "messages": [],
        "scan_fingerprint": "x",
        "first_event_at": None,
        "last_event_at": None,
        "fetched_at": f"{day}T05:00:00+00:00",
    }


def test_recent_days_with_missing_files_are_asked_for_again_and_old_or_whole_ones_not(
    server: SandboxServer, tmp_path: Path, instance: dg.DagsterInstance
) -> None:
    settings = sandbox_settings(server, tmp_path)  # its clock stands at 2024-12-17
    lake = Lake(str(tmp_path / "lake"))
    for day, status in (
        (date(2024, 12, 16), "missing"),
        (date(2024, 12, 15), "complete"),
        (date(2024, 12, 12), "truncated"),
        (date(2024, 12, 9), "missing"),
    ):
        row = hours(day, status)
        for name in ("file_hour", "fetched_at"):
            row[name] = datetime.fromisoformat(str(row[name]))
        lake.write(ARCHIVE_HOURS.qualified, str(day), ARCHIVE_HOURS.arrow([row]), "gharchive")
    resources = build_resources(settings)
    requests = list(
        revisit_days(
            dg.build_sensor_context(instance=instance), resources["lake"], resources["platform"]
        )
    )
    assert [request.partition_key for request in requests] == ["2024-12-12", "2024-12-16"]
    assert [request.run_key for request in requests] == [
        "files:2024-12-12:2024-12-17",
        "files:2024-12-16:2024-12-17",
    ]


def test_a_sunday_is_asked_for_again_when_its_week_has_become_more_whole(
    server: SandboxServer, tmp_path: Path, instance: dg.DagsterInstance
) -> None:
    """Today is 2024-12-17: the newest Sunday, the 15th, was made when a day lacked hours."""
    settings = sandbox_settings(server, tmp_path)
    house, resources = Warehouse(str(settings.warehouse)), build_resources(settings)
    prepare(house, ENGAGEMENT)

    def made(day: date, hours: int, period: str = "day") -> None:
        rows = engagement_rows(day, {"CN": 5, "US": 5}, hours, period=period, event_group="any")
        with house.transaction() as connection:
            connection.execute(
                "DELETE FROM mart.engagement WHERE activity_date = ? AND period = ?", [day, period]
            )
            connection.register("incoming", rows)
            connection.execute("INSERT INTO mart.engagement BY NAME SELECT * FROM incoming")

    def asked() -> list[object]:
        found = revisit_sundays(
            dg.build_sensor_context(instance=instance),
            resources["warehouse"],
            resources["platform"],
        )
        return [getattr(each, "run_key", None) for each in found]

    assert asked() == [None]
    sunday = date(2024, 12, 15)
    for back in range(7):
        made(sunday - timedelta(days=back), 20 if back == 3 else 24)
    made(sunday, 164, "week")
    assert asked() == [None]
    made(sunday - timedelta(days=3), 24)
    assert asked() == ["week:2024-12-15:168"]
    made(sunday, 168, "week")
    assert asked() == [None]


def test_commits_do_not_hide_events_that_came_late(
    server: SandboxServer, tmp_path: Path, instance: dg.DagsterInstance
) -> None:
    resources = build_resources(sandbox_settings(server, tmp_path))
    lake, day = Lake(str(tmp_path / "lake")), date(2024, 12, 14)
    moment = datetime(2024, 12, 14, 12, tzinfo=UTC)
    archived = [
        {
            **dict.fromkeys(ARCHIVE_EVENTS.column_names),
            "source": "gharchive",
            "archive_date": day,
            "file_hour": moment,
            "event_type": "WatchEvent",
            "event_id": str(number),
            "created_at": moment,
            "actor_id": number,
            "is_bot": False,
            "is_tracked": True,
            "is_panel": False,
        }
        for number in range(3)
    ]
    commit = {
        "source": "git",
        "commit_date": day,
        "sha": "a" * 40,
        "repo_id": 1,
        "is_author_time_plausible": True,
        "committed_at": moment,
        "is_bot": False,
        "is_default_branch": True,
        "is_web_commit": False,
        "parent_count": 1,
    }

    def asked(*, late: int) -> list[str | None]:
        made = day_events(
            day,
            [ARCHIVE_EVENTS.arrow(archived[: 3 - late])],
            [COMMITS.arrow([{**dict.fromkeys(COMMITS.column_names), **commit}])],
        )
        assert made.events.num_rows == 4 - late
        lake.write(EVENTS.qualified, str(day), made.events)
        found = revisit_days(
            dg.build_sensor_context(instance=instance), resources["lake"], resources["platform"]
        )
        return [getattr(each, "run_key", None) for each in found]

    hour = hours(day, "complete")
    for name in ("file_hour", "fetched_at"):
        hour[name] = datetime.fromisoformat(str(hour[name]))
    lake.write(ARCHIVE_HOURS.qualified, str(day), ARCHIVE_HOURS.arrow([hour]), "gharchive")
    rows = ARCHIVE_EVENTS.arrow(archived)
    lake.write(ARCHIVE_EVENTS.qualified, str(day), rows, "gharchive")
    assert asked(late=1) == ["late:2024-12-14:3"]
    assert asked(late=0) == [None]
    names = set(REPOSITORY_EVENTS.column_names)
    polled = [
        {
            **{name: value for name, value in each.items() if name in names},
            "source": "github_events",
            "event_date": day,
            "event_id": each["event_id"] if number else "new",
            "repo_id": 1,
            "polled_at": moment,
        }
        for number, each in enumerate(archived)
    ]
    found = REPOSITORY_EVENTS.arrow(polled)
    lake.write(REPOSITORY_EVENTS.qualified, str(day), found, "github_events")
    assert asked(late=0) == ["late:2024-12-14:4"]


def test_recent_weeks_of_patents_without_a_file_are_asked_for_again_once_a_day(
    server: SandboxServer, tmp_path: Path, instance: dg.DagsterInstance
) -> None:
    """Its clock stands at 2024-12-17: eight weeks back is 2024-10-22."""
    resources = build_resources(sandbox_settings(server, tmp_path))
    lake = Lake(str(tmp_path / "lake"))

    def asked() -> list[str | None]:
        found = revisit_weeks(
            dg.build_sensor_context(instance=instance), resources["lake"], resources["platform"]
        )
        return [getattr(each, "run_key", None) for each in found]

    assert asked() == [None]
    for week, product, status in (
        (date(2024, 12, 10), "grants", "complete"),
        (date(2024, 12, 10), "applications", "not_yet"),
        (date(2024, 11, 5), "grants", "complete"),
        (date(2024, 11, 5), "applications", "complete"),
        (date(2024, 10, 22), "grants", "truncated"),
        (date(2024, 10, 15), "grants", "missing"),
    ):
        row = outcome_row(
            WeekFile(week, product, week, None, "digest"),
            status,
            datetime(2024, 12, 11, tzinfo=UTC),
        )
        lake.write(PATENT_FILES.qualified, str(week), row, product)
    assert asked() == ["patents:2024-10-22:2024-12-17", "patents:2024-12-10:2024-12-17"]


def track(house: Warehouse, *repo_ids: int) -> None:
    prepare(house, TRACKED_REPOSITORIES, REPOSITORY_POLLS)
    rows = [
        {
            **dict.fromkeys(TRACKED_REPOSITORIES.column_names),
            "repository": f"o/r{repo_id}",
            "github_id": repo_id,
            "id_source": "file",
            "previous_names": [],
            "layer": "model",
            "developer": "x",
        }
        for repo_id in repo_ids
    ]
    house.replace_all(TRACKED_REPOSITORIES.qualified, TRACKED_REPOSITORIES.arrow(rows))


def polled(house: Warehouse, repo_id: int, rate: float, minutes_ago: int, wait: int) -> None:
    at = CLOCK - timedelta(minutes=minutes_ago)
    state = PollState(
        repo_id, f"o/r{repo_id}", at, at + timedelta(minutes=wait), "polled", events_per_hour=rate
    )
    house.upsert(REPOSITORY_POLLS.qualified, REPOSITORY_POLLS.arrow([state.row()]))


CLOCK = datetime(2024, 12, 17, 2, tzinfo=UTC)  # where the settings' clock stands


def test_a_busy_repository_is_polled_between_the_hours_when_it_is_due_and_nobody_else(
    server: SandboxServer, tmp_path: Path
) -> None:
    resources = build_resources(sandbox_settings(server, tmp_path))
    platform = resources["platform"]
    assert platform.now() == CLOCK
    house = resources["warehouse"].open()

    with scratch_instance() as instance:

        def is_asked() -> bool:
            context = dg.build_sensor_context(instance=instance)
            found = busy_repositories(context, resources["warehouse"], platform)
            return isinstance(found, dg.RunRequest)

        # Nothing is there yet.
        assert not is_asked()
        track(house, 1, 2)
        # Quiet and due; busy and not due; busy, due and not tracked any more; of a clock ahead.
        polled(house, 1, 2.0, 2_000, 1_440)
        polled(house, 2, 400.0, 20, 22)
        polled(house, 3, 400.0, 30, 22)
        assert not is_asked()
        polled(house, 2, 400.0, -90, -100)
        assert not is_asked()
        polled(house, 2, 400.0, 23, 22)
        assert is_asked()
        pause = Pause(platform.data("polls"))
        pause.keep(datetime.now(UTC) + timedelta(minutes=50))
        assert not is_asked()
        pause.keep(datetime.now(UTC) - timedelta(seconds=1))
        assert is_asked()


@pytest.mark.parametrize(
    ("name", "status", "is_asked"),
    [
        ("raw/repository_polls", dg.DagsterRunStatus.STARTED, False),
        ("raw/repository_events", dg.DagsterRunStatus.NOT_STARTED, False),
        ("raw/repository_polls", dg.DagsterRunStatus.SUCCESS, True),
        ("raw/other", dg.DagsterRunStatus.STARTED, True),
    ],
)
def test_two_rounds_of_polls_never_run_at_once(
    server: SandboxServer,
    tmp_path: Path,
    name: str,
    status: dg.DagsterRunStatus,
    is_asked: bool,
) -> None:
    resources = build_resources(sandbox_settings(server, tmp_path))
    house = resources["warehouse"].open()
    track(house, 2)
    polled(house, 2, 400.0, 23, 22)
    with scratch_instance() as instance:
        instance.add_run(
            dg.DagsterRun(
                job_name="__ASSET_JOB",
                status=status,
                asset_selection=frozenset({dg.AssetKey(name.split("/"))}),
            )
        )
        context = dg.build_sensor_context(instance=instance)
        found = busy_repositories(context, resources["warehouse"], resources["platform"])
        assert isinstance(found, dg.RunRequest) == is_asked


def test_busy_repositories_are_looked_for_every_minute() -> None:
    (sensor,) = [each for each in build_sensors() if each.name == "busy_repositories"]
    assert sensor.minimum_interval_seconds == 60
