"""Run workers, daemon and code server killed at random moments of backfills: nothing is missing.

Dagster's own services run as processes, as in production: what is killed is started again, as a
service manager does, and nothing else is done.
"""

import os
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.execution.backfill import BulkActionStatus, PartitionBackfill

from orchestration.processes import free_port
from orchestration.runs import Runner, dagster_instance
from orchestration.services import DAEMON_ENVIRONMENT
from orchestration.settings import Settings, load_settings
from sandbox.server import SandboxServer
from tests.conftest import ROOT
from tests.orchestration.quiet_definitions import quiet
from tests.orchestration.test_crash import environment, tables
from tests.orchestration.tries import seed, tries

pytestmark = [
    pytest.mark.skipif(not tries(0), reason="half an hour: run by make test-crash"),
    # Dagster calls a function of its own that it has deprecated.
    pytest.mark.filterwarnings("ignore:Function `AssetSelection.sources`:DeprecationWarning"),
]

FIRST = date(2024, 9, 1)
KINDS = ("worker", "daemon", "code server")
_LONGEST_S = 300.0
_PID = re.compile(r"Started process for run \(pid: (\d+)\)")


def wait_for(what: Callable[[], bool], seconds: float = _LONGEST_S) -> None:
    """Look again and again: other processes say nothing when they are done."""
    pause, until = threading.Event(), time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, f"not after {seconds} s"
        pause.wait(0.3)


@dataclass
class Services:
    """A code server and a daemon that uses it, each started again when it was killed."""

    server: SandboxServer
    data: Path
    port: int
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str) -> None:
        workspace = self.data / "workspace.yaml"
        workspace.write_text(
            f"load_from:\n  - grpc_server: {{host: 127.0.0.1, port: {self.port}, "
            "location_name: observatory}\n"
        )
        command = {
            "code server": [
                "dagster", "api", "grpc", "--host", "127.0.0.1", "--port", str(self.port),
                "-m", "tests.orchestration.quiet_definitions", "--location-name", "observatory",
            ],
            "daemon": ["dagster._daemon", "run", "-w", str(workspace)],
        }[name]  # fmt: skip
        with (self.data / f"{name.replace(' ', '_')}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", *command],
                cwd=ROOT,
                env={
                    **environment(self.server, self.data),
                    **DAEMON_ENVIRONMENT,
                    "DAGSTER_HOME": str(self.data / "dagster"),
                },
                stdout=log,
                stderr=log,
            )
        if name == "code server":
            wait_for(self.is_listening)

    def is_listening(self) -> bool:
        with socket.socket() as tried:
            return tried.connect_ex(("127.0.0.1", self.port)) == 0

    def kill(self, name: str, instance: dg.DagsterInstance) -> bool:
        """Kill one; whether there was one."""
        if name == "worker":
            process = worker(instance)
            if process is None:
                return False
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                return False
            return True
        self.processes[name].kill()
        self.processes[name].wait()
        self.start(name)
        return True

    def end(self) -> None:
        for process in self.processes.values():
            process.kill()
            process.wait()


def worker(instance: dg.DagsterInstance) -> int | None:
    """The process of the run under way."""
    started = dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED])
    for run in instance.get_runs(filters=started):
        for entry in instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ENGINE_EVENT):
            if found := _PID.search(entry.message):
                return int(found[1])
    return None


@contextmanager
def services(server: SandboxServer, data: Path) -> Iterator[Services]:
    made = Services(server, data, free_port())
    try:
        made.start("code server")
        made.start("daemon")
        yield made
    finally:
        made.end()


def ask_for(instance: dg.DagsterInstance, day: date) -> str:
    """Ask for a day of all daily assets, as the UI does."""
    graph = quiet().resolve_asset_graph()
    daily = graph.get(dg.AssetKey(["mart", "engagement"])).partitions_def
    keys = [
        key for key in graph.materializable_asset_keys if graph.get(key).partitions_def == daily
    ]
    backfill = PartitionBackfill.from_asset_partitions(
        backfill_id=f"day{day:%Y%m%d}",
        asset_graph=graph,
        partition_names=[str(day)],
        asset_selection=keys,
        backfill_timestamp=time.time(),
        tags={},
        dynamic_partitions_store=instance,
        all_partitions=False,
        title=None,
        description=None,
        run_config=None,
    )
    instance.add_backfill(backfill)
    return backfill.backfill_id


def status(instance: dg.DagsterInstance, backfill: str) -> BulkActionStatus:
    found = instance.get_backfill(backfill)
    assert found is not None
    return found.status


def settings_of(server: SandboxServer, data: Path) -> Settings:
    return load_settings({"OBSERVATORY_SANDBOX_URL": server.url, "OBSERVATORY_DATA": str(data)})


def test_backfills_whose_processes_are_killed_end_as_undisturbed_ones(
    small_server: SandboxServer, tmp_path: Path
) -> None:
    drawn = random.Random(seed(11))  # noqa: S311
    killed = dict.fromkeys(KINDS, 0)
    days: list[date] = []
    disturbed = settings_of(small_server, tmp_path / "disturbed")
    with dagster_instance(disturbed) as instance:
        Runner(disturbed, instance).reference()
        with services(small_server, disturbed.data) as running:
            while min(killed.values()) < tries(0):
                day = FIRST + timedelta(days=len(days))
                days.append(day)
                backfill = ask_for(instance, day)
                kind = min(killed, key=lambda each: killed[each])
                # From its launch to its end a day takes about ten seconds.
                if kind == "worker":
                    wait_for(lambda: worker(instance) is not None)
                threading.Event().wait(drawn.uniform(0.0, 10.0))
                killed[kind] += running.kill(kind, instance)
                wait_for(lambda name=backfill: status(instance, name) in (  # type: ignore[misc]
                    BulkActionStatus.COMPLETED, BulkActionStatus.COMPLETED_SUCCESS,
                    BulkActionStatus.COMPLETED_FAILED, BulkActionStatus.FAILED,
                ))  # fmt: skip
                assert status(instance, backfill) is BulkActionStatus.COMPLETED_SUCCESS, killed
                print(day, kind, killed, flush=True)
    undisturbed = settings_of(small_server, tmp_path / "undisturbed")
    with dagster_instance(undisturbed) as instance:
        runner = Runner(undisturbed, instance)
        runner.reference()
        for day in days:
            assert runner.days(day, day).is_success
    expected, found = tables(undisturbed.data), tables(disturbed.data)
    assert expected["mart.engagement"].num_rows > 50
    for name, rows in expected.items():
        assert found[name] == rows, name
