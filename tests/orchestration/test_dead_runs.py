"""Runs whose process is gone are ended; those of living or unknown processes are left alone."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.events import EngineEventData
from dagster._core.storage.tags import PARENT_RUN_ID_TAG, ROOT_RUN_ID_TAG, WILL_RETRY_TAG

from orchestration.dead_runs import (
    PROCESS_TAG,
    end_dead_commands,
    end_dead_workers,
    is_alive,
    process_tags,
)

LONG_AGO = 1_000_000_000.0


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


@pytest.fixture
def dead_process() -> int:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


def started(
    instance: dg.DagsterInstance,
    tags: dict[str, str],
    worker: int | None = None,
    after: str | None = None,
) -> dg.DagsterRun:
    """A run under way, as the default launcher's worker reports it."""

    @dg.job
    def work() -> None: ...

    if after is not None:
        tags = {ROOT_RUN_ID_TAG: after, PARENT_RUN_ID_TAG: after, **tags}
    run = instance.create_run_for_job(work, tags=tags, root_run_id=after, parent_run_id=after)
    if worker is not None:
        data = EngineEventData.in_process(worker)
        instance.report_engine_event("Started process for run", run, data)
    instance.report_dagster_event(
        dg.DagsterEvent(dg.DagsterEventType.RUN_START.value, "work", message="started"),
        run.run_id,
    )
    return run


def status(instance: dg.DagsterInstance, run: dg.DagsterRun) -> dg.DagsterRunStatus:
    found = instance.get_run_by_id(run.run_id)
    assert found is not None
    return found.status


def test_a_worker_that_was_killed_is_told_from_one_that_lives(
    instance: dg.DagsterInstance, dead_process: int
) -> None:
    dead = started(instance, {}, dead_process)
    alive = started(instance, {}, os.getpid())
    unknown = started(instance, {})
    assert list(end_dead_workers(instance)) == [dead.run_id]
    assert status(instance, dead) is dg.DagsterRunStatus.FAILURE
    assert status(instance, alive) is dg.DagsterRunStatus.STARTED
    assert status(instance, unknown) is dg.DagsterRunStatus.STARTED
    assert list(end_dead_workers(instance)) == []


def test_a_run_that_is_made_again_says_so_before_it_is_failed(
    dead_process: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a daemon that looks in between takes the run's backfill for over, and failed."""
    retries = {"run_retries": {"enabled": True, "max_retries": 1}}
    with dg.DagsterInstance.local_temp(str(tmp_path), overrides=retries) as instance:
        first = started(instance, {}, dead_process)
        said: list[str | None] = []
        marked = instance.run_storage.handle_run_event

        def looked_at(run_id: str, event: dg.DagsterEvent, *rest: Any) -> None:  # noqa: ANN401
            if event.is_run_failure:
                found = instance.get_run_by_id(run_id)
                said.append(found and found.tags.get(WILL_RETRY_TAG))
            marked(run_id, event, *rest)

        monkeypatch.setattr(instance.run_storage, "handle_run_event", looked_at)
        assert list(end_dead_workers(instance)) == [first.run_id]
        assert said == ["true"]
        again = started(instance, {}, dead_process, after=first.run_id)
        assert list(end_dead_workers(instance)) == [again.run_id]
        assert said == ["true", "false"]


def test_a_run_of_a_command_is_ended_only_where_its_process_would_be_seen(
    instance: dg.DagsterInstance, dead_process: int
) -> None:
    host = socket.gethostname()
    here = started(instance, {PROCESS_TAG: f"{dead_process}@{host}"})
    elsewhere = started(instance, {PROCESS_TAG: f"{dead_process}@not-{host}"})
    mine = started(instance, process_tags())
    # The workers' sensor leaves commands alone: they may run in another container.
    assert list(end_dead_workers(instance)) == []
    end_dead_commands(instance)
    assert status(instance, here) is dg.DagsterRunStatus.FAILURE
    assert status(instance, elsewhere) is dg.DagsterRunStatus.STARTED
    assert status(instance, mine) is dg.DagsterRunStatus.STARTED


def test_a_process_that_got_a_dead_ones_number_is_another(dead_process: int) -> None:
    assert is_alive(os.getpid())
    assert not is_alive(os.getpid(), before=LONG_AGO)
    assert not is_alive(dead_process)
