"""The heartbeat goes out after a good run of the newest day, and after nothing else."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import dagster as dg
import pytest

from orchestration.code_digest import CODE_TAG, code_digest
from orchestration.definitions import build_definitions
from orchestration.heartbeat import heartbeat
from orchestration.settings import load_settings
from resources.heartbeat import HeartbeatResource
from resources.platform import Platform

SECRET = "planted-secret"  # noqa: S105 - made up
NEWEST = "2024-12-16"
PAGE = dg.AssetKey(["published", "page"])
REPOSITORY = build_definitions(load_settings({})).get_repository_def()
SPAN = ("dagster/asset_partition_range_start", "dagster/asset_partition_range_end")


@dataclass
class Switch:
    """A dead man's switch on this machine: what it answers, and what it was asked for."""

    url: str = ""
    statuses: list[int] = field(default_factory=lambda: [200])
    paths: list[str] = field(default_factory=list)


@pytest.fixture
def switch() -> Iterator[Switch]:
    here = Switch()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            here.paths.append(self.path)
            status = here.statuses.pop(0) if len(here.statuses) > 1 else here.statuses[0]
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        here.url = f"http://127.0.0.1:{server.server_port}/{SECRET}"
        yield here
        server.shutdown()
        thread.join()


def add_run(
    instance: dg.DagsterInstance,
    job: str = "daily",
    tags: dict[str, str] | None = None,
    selection: frozenset[dg.AssetKey] | None = None,
    status: dg.DagsterRunStatus = dg.DagsterRunStatus.SUCCESS,
) -> None:
    tags = {"dagster/partition": NEWEST} if tags is None else tags
    instance.add_run(
        dg.DagsterRun(job_name=job, tags=tags, asset_selection=selection, status=status)
    )


@dataclass
class Daemon:
    """Looks as the sensor does, minute by minute."""

    instance: dg.DagsterInstance
    url: str
    cursor: str | None = None

    def look(self) -> str:
        context = dg.build_sensor_context(
            instance=self.instance, cursor=self.cursor, repository_def=REPOSITORY
        )
        here = Platform(
            world="live", data_dir="", reference_dir="", tracked_repositories="", rules="",
            fixed_now="2024-12-17T03:00:00+00:00",
        )  # fmt: skip
        found = heartbeat(context, HeartbeatResource(url=self.url, attempts=1), here)
        self.cursor = context.cursor
        assert SECRET not in str(found.skip_message)
        return str(found.skip_message)


def test_a_good_run_of_the_newest_day_is_called_out_once(
    instance: dg.DagsterInstance, switch: Switch
) -> None:
    daemon = Daemon(instance, switch.url)
    assert "no good run of 2024-12-16" in daemon.look()
    assert switch.paths == []
    add_run(instance)
    assert "was good" in daemon.look()
    daemon.look()
    assert switch.paths == [f"/{SECRET}"]


@pytest.mark.parametrize(
    "status",
    [
        dg.DagsterRunStatus.FAILURE,
        dg.DagsterRunStatus.CANCELED,
        dg.DagsterRunStatus.STARTED,
        dg.DagsterRunStatus.CANCELING,
    ],
)
def test_a_run_that_did_not_succeed_calls_nobody(
    instance: dg.DagsterInstance, switch: Switch, status: dg.DagsterRunStatus
) -> None:
    add_run(instance, status=status)
    Daemon(instance, switch.url).look()
    assert switch.paths == []


CODE = {CODE_TAG: code_digest(), "dagster/partition": NEWEST}


@pytest.mark.parametrize(
    ("job", "tags", "selection", "is_good"),
    [
        # What the automation asked for: all that was missing of the day, to the page.
        ("__ASSET_JOB", CODE, frozenset({dg.AssetKey(["core", "events"]), PAGE}), True),
        ("daily", {SPAN[0]: "2024-12-10", SPAN[1]: NEWEST}, None, True),
        # An old day; a backfill of old days; other jobs; a part of a day; parts made by hand.
        ("daily", {"dagster/partition": "2024-12-15"}, None, False),
        ("daily", {SPAN[0]: "2024-11-01", SPAN[1]: "2024-11-30"}, None, False),
        ("accounts", {**CODE}, None, False),
        ("hub", {**CODE}, None, False),
        ("papers", {"dagster/partition": "2024-12-01"}, None, False),
        ("daily", CODE, frozenset({dg.AssetKey(["core", "events"])}), False),
        ("__ASSET_JOB", {"dagster/partition": NEWEST}, frozenset({PAGE}), False),
        ("daily", {}, None, False),
    ],
)
def test_only_the_whole_of_the_newest_day_counts(
    instance: dg.DagsterInstance,
    switch: Switch,
    job: str,
    tags: dict[str, str],
    selection: frozenset[dg.AssetKey] | None,
    is_good: bool,
) -> None:
    add_run(instance, job, tags, selection)
    daemon = Daemon(instance, switch.url)
    daemon.look()
    assert len(switch.paths) == is_good


def test_where_nobody_answers_it_is_logged_and_called_again_at_the_next_look(
    instance: dg.DagsterInstance, switch: Switch, caplog: pytest.LogCaptureFixture
) -> None:
    switch.statuses = [503, 200]
    add_run(instance)
    daemon = Daemon(instance, switch.url)
    assert daemon.look() == "heartbeat: answered 503; called again at the next look"
    assert "was good" in daemon.look()
    assert "no good run" in daemon.look()
    assert len(switch.paths) == 2
    assert SECRET not in caplog.text


def test_where_it_is_refused_it_is_logged_and_left_at_that(
    instance: dg.DagsterInstance, switch: Switch
) -> None:
    switch.statuses = [404]
    add_run(instance)
    daemon = Daemon(instance, switch.url)
    assert daemon.look() == "heartbeat: answered 404; not called again for this run"
    assert "no good run" in daemon.look()
    assert len(switch.paths) == 1


def test_without_an_address_nobody_is_called(instance: dg.DagsterInstance) -> None:
    add_run(instance)
    assert Daemon(instance, "").look() == "OBSERVATORY_HEARTBEAT_URL is not set"
