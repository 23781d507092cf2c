"""Two daemons of one installation, started by mistake: the second says so and does not begin."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from orchestration.backup import make_backup
from orchestration.daemon_lock import only_daemon
from orchestration.production import main
from orchestration.restore import restore
from orchestration.settings import Settings, SettingsError, load_settings
from resources.warehouse import Warehouse
from tests.conftest import ROOT
from tests.faults.conftest import Note
from tests.faults.installation import NOW
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


def files_beside_dagsters(data: Path) -> list[Path]:
    return sorted(path for path in data.rglob("*") if "dagster" not in path.parts)


def test_nothing_is_restored_under_a_daemon_that_works(
    tmp_path: Path, note: Note, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in backed_up(tmp_path).items():
        monkeypatch.setenv(name, value)
    assert main(["backup"]) == 0
    before = files_beside_dagsters(tmp_path / "data")
    with only_daemon(tmp_path / "data" / "dagster"):
        assert main(["restore", "--replace", "newest"]) == 2
    assert "another daemon" in capsys.readouterr().err
    after = files_beside_dagsters(tmp_path / "data")
    assert after == before
    assert main(["restore", "--replace", "newest"]) == 0
    note(KIND)


def test_no_daemon_begins_while_a_restore_goes_on(
    tmp_path: Path, note: Note, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also in the folder that was put in the place of the one whose lock was held first."""
    settings = load_settings(backed_up(tmp_path))
    made = make_backup(settings, NOW)
    refused = []

    def tried(_settings: Settings, *_others: object) -> None:
        with pytest.raises(SettingsError, match="another daemon"):
            only_daemon(_settings.dagster_home).__enter__()
        refused.append(_settings.dagster_home.is_dir())

    # The first and the last of what is done in the new folder.
    monkeypatch.setattr("orchestration.restore._rebase_views", tried)
    monkeypatch.setattr("orchestration.restore._end_unfinished", tried)
    restore(settings, made, replaces=True, now=NOW)
    assert refused == [True, True]
    with only_daemon(settings.dagster_home):
        pass
    note(KIND)


def test_nothing_is_upgraded_under_a_daemon_that_works_nor_one_begun_meanwhile(
    tmp_path: Path, note: Note, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in backed_up(tmp_path).items():
        monkeypatch.setenv(name, value)
    home = load_settings().dagster_home
    with only_daemon(home):
        assert main(["upgrade"]) == 2
    assert f"another daemon (process {os.getpid()})" in capsys.readouterr().err
    assert not (tmp_path / "backups").exists()
    refused = []

    def tried(_house: Warehouse, _tables: object) -> list[str]:
        with pytest.raises(SettingsError, match="another daemon"):
            only_daemon(home).__enter__()
        refused.append(True)
        return []

    monkeypatch.setattr("orchestration.upgrade.conform_tables", tried)
    assert main(["upgrade"]) == 0
    assert refused
    with only_daemon(home):
        pass
    note(KIND)
