"""A Dask cluster of processes on this machine: scheduler and workers that can be killed."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import distributed

from orchestration.processes import free_port
from tests.conftest import ROOT

_START_S = 60.0


@dataclass
class LoopbackCluster:
    """Scheduler and workers of one thread each.

    Workers are started without a nanny: one that dies stays dead, unless a test starts another.

    Attributes:
        folder: of logs and of what workers spill.
        environment: of all processes.
        port: of the scheduler; the same after a restart.
    """

    folder: Path
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    port: int = field(default_factory=free_port)
    scheduler: subprocess.Popen[bytes] | None = None
    workers: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _count: int = 0

    @property
    def address(self) -> str:
        """Of the scheduler."""
        return f"tcp://127.0.0.1:{self.port}"

    def start_scheduler(self) -> None:
        """Start it; workers wait for it."""
        self.scheduler = self._start(
            "scheduler", "dask_scheduler", "--host", "127.0.0.1", "--port", str(self.port),
            "--dashboard-address", "127.0.0.1:0",
        )  # fmt: skip

    def start_worker(self) -> str:
        """Start one; its name."""
        self._count += 1
        name = f"worker-{self._count}"
        self.workers[name] = self._start(
            name, "dask_worker", self.address, "--host", "127.0.0.1", "--name", name,
            "--nworkers", "1", "--nthreads", "1", "--no-nanny", "--no-dashboard",
            "--local-directory", str(self.folder / name),
        )  # fmt: skip
        return name

    def wait_for_workers(self, count: int) -> None:
        """Until so many have joined."""
        with distributed.Client(self.address, timeout=_START_S, set_as_default=False) as client:
            client.wait_for_workers(count, timeout=_START_S)

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """As a power cut would."""
        process.send_signal(signal.SIGKILL)
        process.wait()

    def kill_scheduler(self) -> None:
        """And with it all workers, which end without a scheduler."""
        assert self.scheduler is not None
        for process in (self.scheduler, *self.workers.values()):
            self.kill(process)
        self.workers.clear()

    def _start(self, name: str, module: str, *arguments: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.{module}", *arguments],
                cwd=ROOT,
                env=dict(self.environment),
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def close(self) -> None:
        """End every process."""
        for process in (*self.workers.values(), self.scheduler):
            if process is not None and process.poll() is None:
                self.kill(process)


@contextmanager
def loopback_cluster(
    folder: Path, workers: int = 2, environment: Mapping[str, str] | None = None
) -> Iterator[LoopbackCluster]:
    """A cluster whose workers have joined."""
    folder.mkdir(parents=True, exist_ok=True)
    cluster = LoopbackCluster(folder, environment or dict(os.environ))
    try:
        cluster.start_scheduler()
        for _ in range(workers):
            cluster.start_worker()
        if workers:
            cluster.wait_for_workers(workers)
        yield cluster
    finally:
        cluster.close()
