"""Two daemons of one installation, started by mistake: the second says so and does not begin."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from orchestration.daemon_lock import only_daemon
from orchestration.production import main
from orchestration.settings import SettingsError
from tests.conftest import ROOT
from tests.faults.conftest import Note
from tests.faults.test_kills import backed_up

KIND = "two daemons by mistake"
#: Is the one daemon, and becomes another program as a service does.
FIRST = """
import os, sys
from pathlib import Path
from orchestration.daemon_lock import only_daemon
with only_daemon(Path(sys.argv[1])):
    os.execv("/bin/sh", ["sh", "-c", "echo begun; read line"])
"""


def begun(folder: Path) -> subprocess.Popen[str]:
    first = subprocess.Popen(
        [sys.executable, "-c", FIRST, str(folder)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert first.stdout
    assert first.stdout.readline() == "begun\n"
    return first


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_a_second_daemon_is_refused_for_as_long_as_the_first_lives(
    tmp_path: Path, note: Note, end: signal.Signals
) -> None:
    first = begun(tmp_path)
    with first:
        with pytest.raises(SettingsError, match=rf"\(process {first.pid}\).*{tmp_path}.*end it"):
            only_daemon(tmp_path).__enter__()
        os.kill(first.pid, end)
    with only_daemon(tmp_path):
        pass
    note(KIND)


@pytest.mark.parametrize("command", [("cli", "dev"), ("production", "serve", "daemon")])
def test_every_way_to_start_a_daemon_asks(
    tmp_path: Path, note: Note, command: tuple[str, ...]
) -> None:
    data = tmp_path / "data"
    (data / "dagster").mkdir(parents=True)
    with only_daemon(data / "dagster"):
        ended = subprocess.run(
            [sys.executable, "-m", f"orchestration.{command[0]}", *command[1:]],
            cwd=ROOT,
            env={**os.environ, "OBSERVATORY_DATA": str(data)},
            capture_output=True,
            text=True,
            check=False,
        )
    assert ended.returncode == 2
    assert f"setting: another daemon (process {os.getpid()}) is at work" in ended.stderr
    note(KIND)


def test_nothing_is_restored_under_a_daemon_that_works(
    tmp_path: Path, note: Note, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in backed_up(tmp_path).items():
        monkeypatch.setenv(name, value)
    assert main(["backup"]) == 0
    before = sorted(path for path in (tmp_path / "data").rglob("*") if "dagster" not in path.parts)
    with only_daemon(tmp_path / "data" / "dagster"):
        assert main(["restore", "--replace", "newest"]) == 2
    assert "another daemon" in capsys.readouterr().err
    after = sorted(path for path in (tmp_path / "data").rglob("*") if "dagster" not in path.parts)
    assert after == before
    assert main(["restore", "--replace", "newest"]) == 0
    note(KIND)
