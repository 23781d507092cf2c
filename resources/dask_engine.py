"""Days as tasks on Dask distributed: a cluster that runs already, or one of this run alone.

A task whose worker dies is done on another. A day that ends its workers, such as one that needs
more memory than they have, takes days beside it down with it: those are tried again alone, so that
it alone fails. What a task raises comes back as plain values: an exception may not survive a
pickle.
"""

import logging
import os
import pickle
import platform
from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import CancelledError
from dataclasses import dataclass
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from time import monotonic
from typing import Any, TypeVar
from urllib.parse import urlsplit

import distributed
import pyarrow as pa
from distributed.comm.core import CommClosedError

from resources.code_digest import CODE_DIGEST, code_digest
from resources.engine import (
    EngineError,
    EngineLostError,
    Failure,
    Outcome,
    Say,
    Shared,
    SharedInLake,
    Work,
    attempt,
    hand_over,
)
from resources.lake import Lake

CONNECT_TIMEOUT_S = 30.0
#: How long a cluster may be without any worker before its days are given up for now.
PATIENCE_S = 300.0
_LOOK_EVERY_S = 5.0
#: Packages that rows, or the way to a worker, depend on.
PACKAGES = (
    "dask", "distributed", "cloudpickle", "duckdb", "fsspec", "isal", "numpy", "orjson", "pyarrow",
    "pysimdjson", "s3fs",
)  # fmt: skip

V = TypeVar("V")
Task = distributed.Future[Any]
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Report:
    """What a worker sends back: the outcome, and the lines that the work said."""

    outcome: Outcome[Any]
    lines: tuple[str, ...]


def work_on_day(pickled: bytes, day: date, digest: str) -> _Report:
    """A task: the work of one day, on a worker.

    Args:
        pickled: the work; as bytes, so that one that this worker cannot read is a plain failure.
        day: UTC.
        digest: of the code that asks; a worker that joined with other code does not work on it.
    """
    lines: list[str] = []

    def work(day: date, say: Say) -> Any:  # noqa: ANN401 - whatever the work returns
        if digest != CODE_DIGEST:
            raise EngineError(f"this worker runs code {CODE_DIGEST}, the run has {digest}")
        return pickle.loads(pickled)(day, say)  # noqa: S301 - from the client that runs code here  # nosec B301

    outcome = attempt(work, day, lines.append)
    worker = distributed.get_worker().address
    return _Report(
        Outcome(day, outcome.value, outcome.failure, outcome.seconds, worker), tuple(lines)
    )


def versions() -> dict[str, str]:
    """Python's version and those of the packages that matter, of this process; run on workers."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "none"
    return found


def open_dask(address: str, say: Say) -> "DaskEngine":
    """A cluster of this run alone (`dask`, `dask:N`), or one that runs already, by its address.

    Raises:
        EngineLostError: it cannot be reached, or has no worker.
        EngineError: its code or packages differ.
    """
    if address.startswith("dask"):
        return _own_cluster(int(address.partition(":")[2] or os.cpu_count() or 1), say)
    try:
        client = distributed.Client(address, timeout=CONNECT_TIMEOUT_S, set_as_default=False)
    except (OSError, TimeoutError, CommClosedError) as error:
        raise EngineLostError(
            f"no Dask scheduler answers at {address}: start one (dask scheduler), or set "
            "OBSERVATORY_ENGINE=local"
        ) from error
    try:
        _wait_for_worker(client, address)
        _require_same_code(client, address)
    except BaseException:
        client.close()
        raise
    return DaskEngine(client, None, say)


def _own_cluster(count: int, say: Say) -> "DaskEngine":
    cluster = distributed.LocalCluster(
        n_workers=count,
        threads_per_worker=1,  # a day uses threads of its own for waiting; computing is in C
        processes=True,
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
        silence_logs=logging.ERROR,
    )
    client = distributed.Client(cluster, set_as_default=False)
    return DaskEngine(client, cluster, say)


def _wait_for_worker(client: distributed.Client, address: str) -> None:
    try:
        client.wait_for_workers(1, timeout=CONNECT_TIMEOUT_S)
    except TimeoutError as error:
        raise EngineLostError(
            f"the Dask cluster at {address} has no worker: start some in this checkout "
            f"(dask worker {address})"
        ) from error


def _require_same_code(client: distributed.Client, address: str) -> None:
    """Refuse workers that would make other rows than this process.

    Raises:
        EngineError: names the workers and what differs.
    """
    mend = "; bring the workers to the same checkout and lock file, and start them there again"
    try:
        digests = client.run(code_digest)
        found = client.run(versions)
    except (ImportError, AttributeError) as error:
        raise EngineError(
            f"workers of {address} cannot import this code ({error}){mend}"
        ) from error
    here = versions()
    wrong = [
        f"{worker} runs code {digest} (here {CODE_DIGEST})"
        for worker, digest in sorted(digests.items())
        if digest != CODE_DIGEST
    ]
    wrong += [
        f"{worker} has {name} {there[name]} (here {here[name]})"
        for worker, there in sorted(found.items())
        for name in here
        if there.get(name) != here[name]
    ]
    if wrong:
        raise EngineError("; ".join(wrong[:10]) + mend)


class DaskEngine:
    """Days as tasks of one client.

    Args:
        client: connected; closed with the engine.
        cluster: closed with the engine, too; None for one of others.
        say: takes lines about the cluster.
    """

    def __init__(
        self, client: distributed.Client, cluster: distributed.LocalCluster | None, say: Say
    ) -> None:
        self._client = client
        self._cluster = cluster
        self.is_lost = False
        self._shared: list[SharedInLake] = []
        self._last_worker_at = monotonic()
        threads: dict[str, int] = client.nthreads()
        self.slots = max(sum(threads.values()), 1)
        self.hosts = max(len({urlsplit(address).hostname for address in threads}), 1)
        self.name = f"Dask, {len(threads)} workers, {self.slots} days at a time"
        self.dashboard_url = _dashboard(client)
        say(f"{self.name}; {self.dashboard_url or 'no dashboard'}")

    def map(
        self, work: Work[V], days: Iterable[date], say: Say, most: int | None = None
    ) -> Generator[Outcome[V], None, None]:
        """See `Engine`."""
        pickled = pickle.dumps(work)
        suspects: list[date] = []
        # One more than there are slots for each, so that no worker waits for the next day.
        width = min(2 * self.slots, most or 2 * self.slots)
        for report, day in self._reports(pickled, deque(days), width):
            if report is None:
                suspects.append(day)
                continue
            yield _told(report, say)
        for suspect in suspects:
            say(f"{suspect}: its workers died; tried again alone")
            for report, day in self._reports(pickled, deque([suspect]), 1):
                yield _told(report, say) if report else Outcome(day, None, _ENDED_ITS_WORKERS)

    def _reports(
        self, pickled: bytes, waiting: deque[date], width: int
    ) -> Generator[tuple[_Report | None, date], None, None]:
        """Reports as they come, None for a day whose workers died; `width` tasks at a time."""
        running: dict[Task, date] = {}
        try:
            while waiting or running:
                while waiting and len(running) < width:
                    day = waiting.popleft()
                    running[self._submit(pickled, day)] = day
                for future in self._finished(running):
                    day = running.pop(future)
                    report = self._report(future, day)
                    future.release()
                    yield report, day
        finally:
            # Whoever stops listening wants no more of them.
            if running and self._client.status == "running":
                self._client.cancel(list(running), reason="the run ended")

    def _submit(self, pickled: bytes, day: date) -> Task:
        try:
            return self._client.submit(
                work_on_day, pickled, day, CODE_DIGEST, pure=False, key=_key(day)
            )
        except (OSError, CommClosedError, RuntimeError, ValueError) as error:
            raise self._lost(str(error)) from error

    def _finished(self, running: dict[Task, date]) -> list[Task]:
        """Wait until some are; none after a while, so that the caller looks again.

        Raises:
            EngineLostError: the scheduler or all workers are gone.
        """
        try:
            with self._client.as_current():
                distributed.wait(
                    list(running), timeout=_LOOK_EVERY_S, return_when="FIRST_COMPLETED"
                )
        except TimeoutError:
            self._look()
        except (CancelledError, CommClosedError, OSError) as error:
            raise self._lost("the scheduler went away") from error
        return [future for future in running if future.done()]

    def _report(self, future: Task, day: date) -> _Report | None:
        if future.status == "cancelled":
            raise self._lost("the scheduler went away")
        try:
            report: _Report = future.result(timeout=CONNECT_TIMEOUT_S)
        except distributed.scheduler.KilledWorker:
            return None
        except (CancelledError, CommClosedError, TimeoutError) as error:
            raise self._lost(f"the outcome of {day} could not be had") from error
        except Exception as error:
            text = f"{type(error).__name__}: {error}"[:600]
            return _Report(Outcome(day, None, Failure(text)), ())
        return report

    def _look(self) -> None:
        """Give the days up when there has been nobody to work on them for long."""
        if self._client.status != "running":
            raise self._lost("the scheduler went away")
        now = monotonic()
        if self._client.scheduler_info(n_workers=1).get("workers"):
            self._last_worker_at = now
        elif now - self._last_worker_at > PATIENCE_S:
            raise self._lost(f"no worker for {PATIENCE_S:.0f} s")

    def _lost(self, reason: str) -> EngineLostError:
        self.is_lost = True
        return EngineLostError(f"the Dask cluster was lost: {reason}")

    def share(self, lake: Lake, name: str, rows: pa.Table) -> Shared:
        """See `Engine`."""
        shared = hand_over(lake, name, rows)
        self._shared.append(shared)
        return shared

    def close(self) -> None:
        """See `Engine`."""
        try:
            for each in self._shared:
                each.lake.remove(each.table, each.partition)
            self._shared.clear()
        finally:
            self._client.close()
            if self._cluster is not None:
                self._cluster.close()


_ENDED_ITS_WORKERS = Failure(
    "it ended every worker that it was tried on, alone too: by its need of memory, or by a crash; "
    "give workers more memory (dask worker --memory-limit), or make the day with "
    "OBSERVATORY_ENGINE=local"
)


def _told(report: _Report, say: Say) -> Outcome[Any]:
    for line in report.lines:
        say(line)
    return report.outcome


def _key(day: date) -> str:
    """A task's name on the dashboard; never used twice, so that no old result is taken for new."""
    return f"day-{day}-{os.urandom(6).hex()}"


def _dashboard(client: distributed.Client) -> str:
    """Where a browser sees the cluster; the pages of drawings need bokeh, the lists do not."""
    info = client.scheduler_info(n_workers=0)
    port = info.get("services", {}).get("dashboard")
    host = urlsplit(info["address"]).hostname
    return f"http://{host}:{port}/info/main/workers.html" if port and host else ""
