"""What Dagster's daemon does, in this process, when told: sensors, schedules and the queue.

The iterations are the daemon's own: they store ticks, evaluations and cursors, purge what is old
and put runs in the queue. Runs are made in this process as well, one after the other: a leak of
memory or of file handles by any of them is seen, which processes of their own would hide.
"""

import logging
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, Self

import dagster as dg
from alembic.config import Config
from alembic.script import ScriptDirectory
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.execution.api import execute_run
from dagster._core.instance.ref import InstanceRef
from dagster._core.launcher import LaunchRunContext, RunLauncher
from dagster._core.remote_origin import InProcessCodeLocationOrigin
from dagster._core.remote_representation.code_location import InProcessCodeLocation
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import InProcessWorkspaceLoadTarget
from dagster._daemon.run_coordinator.queued_run_coordinator_daemon import QueuedRunCoordinatorDaemon
from dagster._daemon.sensor import execute_sensor_iteration
from dagster._scheduler.scheduler import launch_scheduled_runs
from dagster._serdes import ConfigurableClass, ConfigurableClassData

from orchestration.instance import prepare_home
from orchestration.services import LOCATION
from orchestration.settings import ROOT, Settings
from orchestration.sqlite_events import overrides

_log = logging.getLogger("soak")


class InThisProcess(RunLauncher, ConfigurableClass):
    """Makes a run at once, in the process that takes it from the queue."""

    repository: ClassVar[dg.RepositoryDefinition | None] = None
    launched: ClassVar[list[str]] = []

    def __init__(self, inst_data: ConfigurableClassData | None = None) -> None:
        self._inst_data = inst_data
        super().__init__()  # type: ignore[no-untyped-call]

    @property
    def inst_data(self) -> ConfigurableClassData | None:
        """Of the block in Dagster's settings."""
        return self._inst_data

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        """Nothing is set."""
        return {}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> Self:
        """Of the block in Dagster's settings."""
        del config_value
        return cls(inst_data)

    def launch_run(self, context: LaunchRunContext) -> None:
        """Make the run."""
        run = context.dagster_run
        if self.repository is None:
            raise RuntimeError("no repository was given to make runs of")
        self.launched.append(run.job_name)
        job = self.repository.get_job(run.job_name)
        execute_run(InMemoryJob(job), run, self._instance, raise_on_error=False)

    def terminate(self, run_id: str) -> bool:
        """Nothing goes on that could be ended."""
        del run_id
        return False


class Daemon:
    """Sensors, schedules and the queue of an instance, one iteration at a time."""

    def __init__(self, workspace: WorkspaceProcessContext) -> None:
        self._workspace = workspace
        self._instance = workspace.instance
        self._queue = QueuedRunCoordinatorDaemon(interval_seconds=1)
        self._schedule_times: dict[str, Any] = {}

    def iterate(self) -> list[str]:
        """One iteration of each; the jobs of the runs that it made, in their order."""
        InThisProcess.launched.clear()
        for _ in execute_sensor_iteration(self._workspace, _log, None, None):
            pass
        for _ in launch_scheduled_runs(
            self._workspace, _log, datetime.now(UTC), self._schedule_times
        ):
            pass
        queued = dg.RunsFilter(statuses=[dg.DagsterRunStatus.QUEUED])
        while self._instance.get_runs_count(queued):
            before = len(InThisProcess.launched)
            for _ in self._queue.run_iteration(self._workspace):
                pass
            if len(InThisProcess.launched) == before:
                raise RuntimeError("runs wait in the queue, and none is taken from it")
        return list(InThisProcess.launched)


def _keep_migrations() -> None:
    """Read Dagster's migrations of a storage once.

    It reads all of them each time it opens a storage: at each look of each sensor, and at each run.
    """
    read = ScriptDirectory.from_config
    kept: dict[str | None, ScriptDirectory] = {}

    def from_config(config: Config) -> ScriptDirectory:
        place = config.get_main_option("script_location")
        if place not in kept:
            kept[place] = read(config)
        return kept[place]

    ScriptDirectory.from_config = from_config  # type: ignore[method-assign]


@contextmanager
def soak_daemon(
    settings: Settings, definitions: Path
) -> Iterator[tuple[Daemon, dg.DagsterInstance]]:
    """The daemon of a data folder, with the platform's definitions loaded in this process.

    Args:
        settings: of this process's environment, by which the definitions are built.
        definitions: file that builds them.
    """
    _keep_migrations()
    prepare_home(settings)
    home = str(settings.dagster_home)
    events = InstanceRef.config_defaults(home)["event_log_storage"]
    if events is None:
        raise RuntimeError("Dagster names no event log storage of its own")
    blocks = {
        **overrides(events.config_dict["base_dir"]),
        "run_launcher": {"module": __name__, "class": InThisProcess.__name__},
    }
    origin = InProcessCodeLocationOrigin(
        LoadableTargetOrigin(
            executable_path=sys.executable,
            python_file=str(definitions),
            working_directory=str(ROOT),
        ),
        location_name=LOCATION,
    )
    with (
        dg.DagsterInstance.from_ref(InstanceRef.from_dir(home, overrides=blocks)) as instance,
        WorkspaceProcessContext(instance, InProcessWorkspaceLoadTarget(origin)) as workspace,
    ):
        (entry,) = workspace.create_request_context().get_code_location_entries().values()
        location = entry.code_location
        if not isinstance(location, InProcessCodeLocation):
            raise RuntimeError(f"the definitions do not load: {entry.load_error}")
        InThisProcess.repository = location._get_repo_def("__repository__")
        yield Daemon(workspace), instance
