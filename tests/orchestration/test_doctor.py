"""The doctor: each thing it looks at, well and not, and that no token is ever in what it says."""

import fcntl
import http.server
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import dagster as dg
import duckdb
import pytest
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.remote_origin import (
    InProcessCodeLocationOrigin,
    RemoteInstigatorOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.scheduler.instigation import (
    InstigatorState,
    InstigatorStatus,
    SensorInstigatorData,
    TickData,
    TickStatus,
)
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._daemon.types import DaemonHeartbeat
from dagster._utils.error import SerializableErrorInfo

from orchestration.code_digest import CODE_TAG, code_digest
from orchestration.doctor import (
    examine,
    examine_disk,
    examine_engine,
    examine_home,
    examine_lake,
    examine_reference,
    examine_scan,
    examine_versions,
    examine_warehouse,
)
from orchestration.doctor_runs import (
    LastSuccess,
    by_day,
    examine_assets,
    examine_automation,
    examine_daemon,
)
from orchestration.doctor_upstreams import (
    examine_clock,
    examine_git,
    examine_github,
    examine_hub,
    examine_innovation_graph,
    examine_openalex,
    examine_second_archive,
)
from orchestration.finding import Finding
from orchestration.partitions import daily_partitions, monthly_partitions
from orchestration.runs import dagster_instance
from orchestration.settings import Settings, load_settings
from sandbox.server import SandboxServer
from tests.s3_server import s3_server

NOW = datetime(2026, 3, 10, 7, tzinfo=UTC)


def live(data: Path, **others: str) -> Settings:
    """Settings of a live installation without any token but those given."""
    return load_settings(
        {"OBSERVATORY_UPSTREAM": "live", "OBSERVATORY_DATA": str(data / "data"), **others}
    )


class GitHub(http.server.BaseHTTPRequestHandler):
    """GitHub's limits for one token, at a given time; it refuses every other one."""

    token = "planted-good"  # noqa: S105
    scopes = ""
    moment = NOW

    def do_GET(self) -> None:
        """Answer; the root is open to all."""
        is_taken = self.headers.get("Authorization") == f"Bearer {self.token}"
        self.send_response_only(200 if is_taken or self.path == "/" else 401)
        self.send_header("Date", format_datetime(self.moment, usegmt=True))
        self.send_header("X-OAuth-Scopes", self.scopes)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def github(*, stated_scopes: str = "", at: datetime = NOW) -> Iterator[str]:
    """The address of such a GitHub."""
    handler = type("Stated", (GitHub,), {"scopes": stated_scopes, "moment": at})
    with http.server.HTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_each_github_token_is_asked_and_the_refused_one_is_named_by_its_place(
    tmp_path: Path,
) -> None:
    def found(url: str, tokens: str) -> Finding:
        return examine_github(
            live(tmp_path, OBSERVATORY_GITHUB_API_URL=url, OBSERVATORY_GITHUB_TOKEN=tokens)
        )

    with github() as url:
        assert found(url, "planted-good") == Finding(
            "github", True, f"{url}/rate_limit takes 1 token"
        )
        refused = found(url, "planted-good, planted-bad")
    assert (refused.is_well, "OBSERVATORY_GITHUB_TOKEN" in refused.mend) == (False, True)
    assert refused.found.startswith("token 2 of 2: ")
    assert "401" in refused.found
    assert "planted" not in f"{refused}"
    with github(stated_scopes="repo, admin:org") as url:
        scoped = found(url, "planted-good")
    assert scoped.is_well
    assert scoped.found.endswith("none needs a scope, and they have admin:org, repo")


@pytest.mark.parametrize(
    ("ahead_s", "is_well", "words"),
    [(0, True, "0 s"), (100, True, "100 s ahead of"), (-4000, False, "4000 s behind")],
)
def test_the_clock_is_compared_with_an_upstreams_answer(
    tmp_path: Path, ahead_s: int, is_well: bool, words: str
) -> None:
    with github(at=NOW) as url:
        settings = live(tmp_path, OBSERVATORY_GITHUB_API_URL=url)
        finding = examine_clock(settings, lambda: NOW + timedelta(seconds=ahead_s))
    assert (finding.is_well, words in finding.found) == (is_well, True)
    assert "set the clock" in finding.mend


def test_a_clock_that_cannot_be_compared_says_so_and_a_fixed_one_is_a_fault_of_a_live_one(
    tmp_path: Path,
) -> None:
    away = live(tmp_path, OBSERVATORY_GITHUB_API_URL="http://127.0.0.1:1")
    finding = examine_clock(away)
    assert finding.is_well
    assert "compared with none" in finding.found
    fixed = live(tmp_path, OBSERVATORY_NOW=NOW.isoformat())
    assert (examine_clock(fixed).is_well, "OBSERVATORY_NOW" in examine_clock(fixed).mend) == (
        False,
        True,
    )


def test_git_asks_for_a_tracked_repository(small_server: SandboxServer, tmp_path: Path) -> None:
    def found(url: str) -> Finding:
        return examine_git(live(tmp_path, OBSERVATORY_GIT_URL=url, OBSERVATORY_HASH_KEY="planted"))

    well = found(f"{small_server.url}/git")
    assert (well.is_well, well.found.endswith("which answers")) == (True, True)
    away = found("http://127.0.0.1:1/git")
    assert (away.is_well, "OBSERVATORY_GIT_URL" in away.mend) == (False, True)
    no_key = examine_git(live(tmp_path))
    assert (no_key.is_well, "OBSERVATORY_HASH_KEY" in no_key.mend) == (False, True)


def test_the_innovation_graph_and_the_second_archive_are_reached_or_not(
    small_server: SandboxServer, tmp_path: Path
) -> None:
    url = f"{small_server.url}/innovationgraph"
    assert examine_innovation_graph(live(tmp_path, OBSERVATORY_INNOVATION_GRAPH_URL=url)).is_well
    empty = live(tmp_path, OBSERVATORY_INNOVATION_GRAPH_URL=f"file:{tmp_path}")
    assert "OBSERVATORY_INNOVATION_GRAPH_URL" in examine_innovation_graph(empty).mend
    archive = "OBSERVATORY_SECOND_ARCHIVE_BASE_URLS"
    none = examine_second_archive(live(tmp_path, **{archive: "none"}))
    assert (none.is_well, none.found.startswith("none")) == (True, True)
    away = examine_second_archive(live(tmp_path, **{archive: "http://127.0.0.1:1"}))
    assert (away.is_well, away.found, archive in away.mend) == (
        False,
        "reached 0 of 1 mirrors",
        True,
    )


def test_a_refused_key_of_openalex_or_the_hub_is_said_and_not_shown(tmp_path: Path) -> None:
    names = {"OBSERVATORY_OPENALEX_KEY": "planted-bad", "OBSERVATORY_HUB_TOKEN": "planted-bad"}
    with github() as url:
        # It refuses every token but its own, as both of them would.
        settings = live(tmp_path, OBSERVATORY_OPENALEX_URL=url, OBSERVATORY_HUB_URL=url, **names)
        findings = [examine_openalex(settings), examine_hub(settings)]
    for finding, mend in zip(findings, names, strict=True):
        assert (finding.is_well, mend in finding.mend) == (False, True)
        assert "401" in finding.found
        assert "planted" not in f"{finding}"


def test_git_that_is_missing_or_too_old_is_to_be_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = tmp_path / "git"
    old.write_text("#!/bin/sh\necho git version 2.11.0\n")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    finding = examine_git(live(tmp_path))
    assert (finding.is_well, finding.mend) == (False, "install git 2.29 or later")
    old.unlink()
    finding = examine_git(live(tmp_path))
    assert (finding.is_well, finding.mend) == (False, "install git, which reads the commits")


def test_versions_disk_and_scan_are_said_and_a_full_disk_or_another_python_is_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = live(tmp_path)
    assert examine_versions(settings).is_well
    assert f"dagster {dg.__version__}" in examine_versions(settings).found
    monkeypatch.setattr("sys.version_info", (3, 14, 0))
    assert not examine_versions(settings).is_well
    usage = shutil.disk_usage(tmp_path)
    gib = 1 << 30
    for free, is_well in ((5 * gib, True), (5 * gib - 1, False)):
        monkeypatch.setattr("shutil.disk_usage", lambda _, n=free: usage._replace(free=n))
        assert examine_disk(settings).is_well is is_well
    assert "OBSERVATORY_DATA" in examine_disk(settings).mend
    monkeypatch.setattr("orchestration.doctor.library_path", lambda: tmp_path / "none")
    assert "scan_compile` makes it" in examine_scan(settings).found


def test_each_fault_of_a_reference_file_is_a_line_of_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tracked = tmp_path / "tracked.csv"
    shipped = load_settings({}).tracked_repositories.read_text()
    tracked.write_text(shipped + ",nobody/new-model,,qwenn,model,Somebody,CHN\n")
    settings = load_settings(
        {
            "OBSERVATORY_DATA": str(tmp_path),
            "OBSERVATORY_TRACKED_REPOSITORIES": str(tracked),
        }
    )
    finding = examine_reference(settings)
    assert not finding.is_well
    assert [line.split(": ")[1] for line in finding.found.splitlines()] == [
        "developer_country",
        "family",
    ]
    assert examine(settings) == 1
    assert f"\n{'':<19}tracked.csv:" in capsys.readouterr().out


def test_a_warehouse_that_is_held_or_damaged_is_said_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = live(tmp_path)
    assert "first run" in examine_warehouse(settings).found
    settings.data.mkdir()
    settings.warehouse.write_bytes(b"no database" * 1_000)
    damaged = examine_warehouse(settings)
    assert (damaged.is_well, "make restore" in damaged.mend) == (False, True)
    settings.warehouse.unlink()
    duckdb.connect(settings.warehouse).close()
    assert examine_warehouse(settings).is_well
    monkeypatch.setattr("orchestration.doctor._MOST_WAIT_S", -1.0)
    lock = settings.warehouse.with_name(settings.warehouse.name + ".lock")
    with lock.open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        busy = examine_warehouse(settings)
    assert (busy.is_well, busy.mend) == (False, "end the process named, or wait for it")


def test_a_lake_is_written_read_and_left_as_it_was(tmp_path: Path) -> None:
    settings = live(tmp_path)
    assert "first run" in examine_lake(settings).found
    lake = Path(settings.lake)
    lake.mkdir(parents=True)
    assert examine_lake(settings) == Finding("lake", True, f"{lake} can be written and read")
    assert list(lake.iterdir()) == []
    lake.rmdir()
    lake.write_text("a file in its place")
    finding = examine_lake(settings)
    assert (finding.is_well, "OBSERVATORY_LAKE" in finding.mend) == (False, True)


def test_an_object_store_is_a_lake_only_with_its_bucket(tmp_path: Path) -> None:
    with s3_server() as bucket:
        assert examine_lake(live(tmp_path, OBSERVATORY_LAKE=f"{bucket}/lake")).is_well
        finding = examine_lake(live(tmp_path, OBSERVATORY_LAKE="s3://no-such-bucket/lake"))
    assert not finding.is_well
    assert "AWS_ACCESS_KEY_ID" in finding.mend
    assert "planted" not in f"{finding}"


def test_an_engine_is_there_or_it_is_said_how_to_get_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert examine_engine(live(tmp_path)).is_well
    assert examine_engine(live(tmp_path, OBSERVATORY_ENGINE="dask:2")).is_well
    monkeypatch.setattr("resources.dask_engine.CONNECT_TIMEOUT_S", 0.1)
    away = examine_engine(live(tmp_path, OBSERVATORY_ENGINE="tcp://127.0.0.1:1"))
    assert (away.is_well, "OBSERVATORY_ENGINE=local" in away.mend) == (False, True)
    assert away.found.startswith("no Dask scheduler answers at tcp://127.0.0.1:1")


def test_dagsters_folder_is_that_of_the_data_and_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = live(tmp_path)
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    assert examine_home(settings).is_well
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "other"))
    other = examine_home(settings)
    assert (other.is_well, other.mend.startswith("unset it")) == (False, True)
    monkeypatch.setenv("DAGSTER_HOME", str(settings.dagster_home))
    assert examine_home(settings).is_well
    settings.data.mkdir()
    settings.dagster_home.write_text("a file in its place")
    assert "OBSERVATORY_DATA" in examine_home(settings).mend


@pytest.fixture(scope="module")
def kept() -> Iterator[dg.DagsterInstance]:
    """An instance in files: one in memory keeps neither heartbeats nor states of sensors."""
    with dg.instance_for_test() as instance:
        yield instance


def test_the_daemon_is_alive_silent_or_was_never_there(kept: dg.DagsterInstance) -> None:
    assert examine_daemon(kept, NOW, is_needed=False).is_well
    never = examine_daemon(kept, NOW, is_needed=True)
    assert (never.is_well, "make dev" in never.mend) == (False, True)
    kinds = kept.get_required_daemon_types()
    for kind in kinds:
        kept.add_daemon_heartbeat(DaemonHeartbeat(NOW.timestamp(), kind, "id", []))
    alive = examine_daemon(kept, NOW + timedelta(minutes=29), is_needed=True)
    assert alive == Finding("daemon", True, "alive, last heard 2026-03-10 07:00 UTC")
    silent = examine_daemon(kept, NOW + timedelta(minutes=31), is_needed=True)
    assert not silent.is_well
    assert all(kind.lower() in silent.found for kind in kinds)


def test_a_sensor_that_was_switched_off_or_fails_is_named(kept: dg.DagsterInstance) -> None:
    assert examine_automation(kept).is_well
    _sensor(kept, "operations", InstigatorStatus.RUNNING)
    dead_runs = _sensor(kept, "dead_runs", InstigatorStatus.STOPPED)
    off = examine_automation(kept)
    assert (off.is_well, off.found) == (False, "switched off: dead_runs")
    kept.update_instigator_state(dead_runs.with_status(InstigatorStatus.RUNNING))
    assert examine_automation(kept).found == "2 sensors and schedules on"
    kept.create_tick(
        TickData(
            instigator_origin_id=dead_runs.instigator_origin_id,
            instigator_name=dead_runs.name,
            instigator_type=dead_runs.instigator_type,
            status=TickStatus.FAILURE,
            timestamp=NOW.timestamp(),
            selector_id=dead_runs.selector_id,
            error=SerializableErrorInfo("cannot be evaluated", [], None),
        )
    )
    failed = examine_automation(kept)
    assert (failed.is_well, failed.found) == (False, "failed at the last look: dead_runs")


def _sensor(instance: dg.DagsterInstance, name: str, status: InstigatorStatus) -> InstigatorState:
    location = InProcessCodeLocationOrigin(LoadableTargetOrigin(module_name="observatory"))
    origin = RemoteInstigatorOrigin(RemoteRepositoryOrigin(location, "repository"), name)
    state = InstigatorState(origin, InstigatorType.SENSOR, status, SensorInstigatorData())
    instance.add_instigator_state(state)
    return state


@dg.asset(key=["core", "events"], partitions_def=daily_partitions(date(2026, 3, 1)))
def events(context: dg.AssetExecutionContext) -> None:
    """Made each day but the tenth, which fails."""
    if "2026-03-09" in context.partition_keys:
        raise ValueError("cannot be made")


@dg.asset(key=["raw", "papers"], partitions_def=monthly_partitions(date(2026, 1, 1)))
def papers() -> None:
    """Made of any month."""


@dg.asset(key=["ops", "inventory"])
def inventory() -> None:
    """Made whenever."""


def test_each_asset_is_held_against_the_newest_partition_that_is_due(
    instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    made = [events, papers, inventory]
    job = dg.Definitions(assets=made).resolve_implicit_global_asset_job_def()

    def make(asset: dg.AssetsDefinition, key: str | None) -> None:
        job.execute_in_process(
            instance=instance,
            partition_key=key,
            asset_selection=[asset.key],
            raise_on_error=False,
            tags={CODE_TAG: code_digest()},
        )

    def found() -> dict[str, Finding]:
        return {each.name: each for each in examine_assets(instance, made, NOW, tmp_path)}

    nothing = found()
    assert {name: each.is_well for name, each in nothing.items()} == {
        "daily assets": False,
        "papers assets": False,
        "other assets": False,
    }
    assert "core.events (never)" in nothing["daily assets"].found
    for key in ("2026-03-07", "2026-03-08", "2026-03-09"):
        make(events, key)
    make(papers, "2026-02-01")
    make(inventory, None)
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    later = found()
    assert (
        later["daily assets"].found
        == f"1 of 1 assets lack 2026-03-09, last made: core.events ({today})"
    )
    assert later["daily assets"].mend.startswith("`make backfill FROM=2026-03-09 TO=2026-03-09`")
    assert later["papers assets"].is_well
    assert later["papers assets"].found.startswith("1 assets, newest due 2026-02-01")
    assert later["other assets"] == Finding(
        "other assets", True, "1 assets without partitions, each made", later["other assets"].mend
    )


def test_successes_are_told_day_by_day_the_oldest_first_and_not_without_end() -> None:
    successes = [LastSuccess(f"core.t{n}", NOW - timedelta(days=n)) for n in range(20)]
    lines = by_day([*successes, LastSuccess("core.none", None), LastSuccess("core.same", NOW)])
    assert lines[0] == "  never       core.none"
    assert lines[1] == "  2026-02-19  core.t19"
    assert lines[-1] == "  and 9 later days"
    assert by_day([successes[0], LastSuccess("core.same", NOW)]) == [
        "  2026-03-10  core.t0, core.same"
    ]


def test_a_live_installation_without_daemon_is_told_to_start_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    away = {
        f"OBSERVATORY_{name}": "http://127.0.0.1:1"
        for name in (
            "ARCHIVE_BASE_URLS",
            "SECOND_ARCHIVE_BASE_URLS",
            "GITHUB_API_URL",
            "GIT_URL",
            "INNOVATION_GRAPH_URL",
            "HUB_URL",
        )
    }
    settings = live(tmp_path, **away)
    with dagster_instance(settings):
        pass
    assert examine(settings) == 1
    printed = capsys.readouterr().out
    assert "FAIL  daemon       never ran here" in printed
    assert "FAIL  daily assets" in printed
    assert "assets by the day (UTC) of their last success\n  never       " in printed
