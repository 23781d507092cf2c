"""Runs whose process is gone: they would block their days until they time out.

Dagster's default launcher cannot tell that a run's process has died. Two kinds of runs say which
process is theirs: those of commands by a tag, with the machine it ran on, and those that the code
server started by an event. The latter are judged by the code server itself, beside which they run:
a daemon in another container sees other processes.
"""

import os
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
from dagster._core.execution.retries import auto_reexecution_should_retry_run
from dagster._core.storage.tags import WILL_RETRY_TAG

PROCESS_TAG = "observatory/process"
_CLOCK_SLACK_S = 2.0  # a process starts before its first event; ticks are hundredths
_STARTTIME = 19  # of /proc/PID/stat, counted after the command's closing bracket


def process_tags() -> dict[str, str]:
    """Tags of a run that this process makes itself."""
    return {PROCESS_TAG: f"{os.getpid()}@{socket.gethostname()}"}


def end_dead_commands(instance: dg.DagsterInstance) -> None:
    """Mark runs of commands failed whose process on this machine is gone."""
    for record in _started(instance):
        process, _, host = record.dagster_run.tags.get(PROCESS_TAG, "").partition("@")
        if process.isdecimal() and host in ("", socket.gethostname()):
            _end_if_dead(instance, record, int(process))


def end_dead_workers(instance: dg.DagsterInstance) -> Iterator[str]:
    """Mark runs failed that the code server beside this process started, and that died since.

    Such a failure is no step's, and Dagster runs them again from where they were.

    Returns:
        The ids of the runs.
    """
    for record in _started(instance):
        run = record.dagster_run
        process = None if PROCESS_TAG in run.tags else _worker(instance, run.run_id)
        if process is not None and _end_if_dead(instance, record, process):
            yield run.run_id


def _end_if_dead(instance: dg.DagsterInstance, record: dg.RunRecord, process: int) -> bool:
    """Mark a run failed if its process is gone; whether it was."""
    if is_alive(process, record.start_time):
        return False
    # It may have ended in good order since it was read, and its process with it.
    now = instance.get_run_by_id(record.dagster_run.run_id)
    if now is None or now.status is not dg.DagsterRunStatus.STARTED:
        return False
    _say_whether_retried(instance, now)
    instance.report_run_failed(record.dagster_run, f"its process {process} is gone")
    return True


def _say_whether_retried(instance: dg.DagsterInstance, run: dg.DagsterRun) -> None:
    """Note on a run that is about to be marked failed whether it is made again.

    Dagster notes it just after the mark. A daemon that looks at the run's backfill between the two
    takes the backfill for over, and failed.
    """
    if instance.run_retries_enabled:
        failed = run.with_status(dg.DagsterRunStatus.FAILURE)
        is_retried = auto_reexecution_should_retry_run(instance, failed, None)
        instance.add_run_tags(run.run_id, {WILL_RETRY_TAG: str(is_retried).lower()})


def _started(instance: dg.DagsterInstance) -> list[dg.RunRecord]:
    started = dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED])
    return list(instance.get_run_records(filters=started))


def _worker(instance: dg.DagsterInstance, run_id: str) -> int | None:
    """The process that Dagster said executes a run."""
    for entry in instance.all_logs(run_id, of_type=dg.DagsterEventType.ENGINE_EVENT):
        event = entry.get_dagster_event()
        pid = event.engine_event_data.metadata.get("pid")
        if pid is not None:
            return int(str(pid.value))
    return None


def is_alive(process: int, before: float | None = None) -> bool:
    """Whether a process of that id runs on this machine.

    Args:
        process: its id.
        before: seconds since 1970 by which it had begun; a later process that got its id is
            another one. None, or where there is no /proc, for whichever.
    """
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    began = _began(process)
    return before is None or began is None or began <= before + _CLOCK_SLACK_S


def _began(process: int) -> float | None:
    """When a process began, in seconds since 1970; None where that cannot be read."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        uptime = float(Path("/proc/uptime").read_text().split()[0])
    except OSError:
        return None
    since_boot = int(state[_STARTTIME]) / os.sysconf("SC_CLK_TCK")
    return datetime.now(UTC).timestamp() - uptime + since_boot
