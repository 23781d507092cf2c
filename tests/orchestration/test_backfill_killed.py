"""A backfill killed by SIGKILL at random moments, again and again, ends as an undisturbed one."""

import random
import signal
import subprocess
from pathlib import Path

import pytest

from sandbox.server import SandboxServer
from tests.conftest import ROOT
from tests.orchestration.test_crash import COMMAND, environment, tables
from tests.orchestration.tries import seed, tries


def run(server: SandboxServer, data: Path, lines: int | None = None) -> tuple[int, list[str]]:
    """Run the command, killed after some lines of output; its exit code and what it said."""
    said: list[str] = []
    with subprocess.Popen(
        COMMAND,
        cwd=ROOT,
        env=environment(server, data),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            said.append(line)
            if len(said) == lines:
                process.send_signal(signal.SIGKILL)
                break
    return process.returncode, said


@pytest.mark.skipif(not tries(0), reason="minutes: run by make test-crash")
def test_a_backfill_killed_at_random_moments_ends_as_an_undisturbed_one(
    small_server: SandboxServer, tmp_path: Path
) -> None:
    code, said = run(small_server, tmp_path / "undisturbed")
    assert code == 0
    expected = tables(tmp_path / "undisturbed")
    assert expected["mart.engagement"].num_rows > 50
    moments, kills, number = random.Random(seed(7)), 0, 0  # noqa: S311
    while kills < tries(0):
        number += 1
        data = tmp_path / str(number)
        while True:
            code, _ = run(small_server, data, moments.randint(1, len(said)))
            if code == 0:
                break
            assert code == -signal.SIGKILL
            kills += 1
            if kills == tries(0):
                code, after = run(small_server, data)
                assert code == 0, after
                break
        found = tables(data)
        for name, rows in expected.items():
            assert found[name] == rows, name
