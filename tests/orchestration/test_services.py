"""The services start, find each other and listen on localhost; their unit files hold."""

import logging
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from dagster._core.errors import (
    DagsterAssetBackfillDataLoadError,
    DagsterDefinitionChangedDeserializationError,
)
from dagster._core.execution import asset_backfill

from orchestration.processes import end_group, free_port
from orchestration.services import (
    DAEMON_ENVIRONMENT,
    LOCATION,
    SERVICES,
    VIEWER,
    Addresses,
    arguments,
    serve,
)
from orchestration.settings import load_settings
from sandbox.server import SandboxServer
from tests.conftest import ROOT
from tests.orchestration.postgres import PASSWORD
from tests.orchestration.storages import server

UNITS = ROOT / "deploy" / "systemd"
QUESTION = """{
  workspaceOrError { ... on Workspace { locationEntries { name loadStatus
    locationOrLoadError { __typename ... on PythonError { message } } } } }
  instance { runQueuingSupported daemonHealth { allDaemonStatuses { daemonType healthy } } info }
}"""


# As Linux writes them: 127.0.0.1, and the same as an IPv6 address.
LOOPBACK = {"0100007F", "0000000000000000FFFF00000100007F"}


def listening_hosts(port: int) -> set[str]:
    """The addresses at which somebody listens on a port."""
    lines = [
        line.split()
        for name in ("tcp", "tcp6")
        for line in Path("/proc/net", name).read_text().splitlines()[1:]
    ]
    return {
        fields[1].split(":")[0]
        for fields in lines
        if fields[1].endswith(f":{port:04X}") and fields[3] == "0A"
    }


@contextmanager
def service(name: str, environment: dict[str, str], log: Path, *options: str) -> Iterator[None]:
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "orchestration.production", "serve", name, *options],
            cwd=ROOT,
            env=environment,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield
            assert process.poll() is None, f"{name} ended: {log.read_text()[-2000:]}"
        finally:
            # What it started ends with it, as systemd sees to.
            end_group(process)


def answer(port: int, is_there: Callable[[dict[str, Any]], bool], log: Path) -> dict[str, Any]:
    """The webserver's answer once it is what is waited for."""
    deadline = time.monotonic() + 180
    found: dict[str, Any] = {}
    while time.monotonic() < deadline:
        try:
            reply = requests.post(
                f"http://127.0.0.1:{port}/graphql", json={"query": QUESTION}, timeout=60
            )
        except requests.ConnectionError:
            time.sleep(0.2)
            continue
        found = reply.json()["data"]
        if is_there(found):
            return found
        time.sleep(0.2)
    pytest.fail(f"not there in time: {found}; {log.read_text()[-3000:]}")


def is_up(found: dict[str, Any]) -> bool:
    entries = found["workspaceOrError"]["locationEntries"]
    statuses = found["instance"]["daemonHealth"]["allDaemonStatuses"]
    loaded = [
        each["name"]
        for each in entries
        # A webserver that is up before the code server finds it later.
        if (each["locationOrLoadError"] or {}).get("__typename") == "RepositoryLocation"
    ]
    return bool(
        loaded == [LOCATION]
        and any(each["daemonType"] == "SENSOR" and each["healthy"] for each in statuses)
    )


def address(port: int) -> str:
    return f"http://127.0.0.1:{port}/graphql"


def asked(port: int, query: str) -> dict[str, Any]:
    reply = requests.post(address(port), json={"query": query}, timeout=60)
    found: dict[str, Any] = reply.json()["data"]
    return found


def of_another_page(port: int, query: str) -> list[int]:
    """What a webserver answers an image's address, and a form, on a page of another site."""
    said = {"query": query}
    form = requests.post(
        address(port), params=said, headers={"Origin": "https://evil.example"}, timeout=60
    )
    return [requests.get(address(port), params=said, timeout=60).status_code, form.status_code]


CHANGE = f"""mutation {{ startSensor(sensorSelector: {{ repositoryLocationName: "{LOCATION}",
    repositoryName: "__repository__", sensorName: "heartbeat" }}) {{
    __typename ... on PythonError {{ message }} ... on UnauthorizedError {{ message }}
    ... on Sensor {{ sensorState {{ status }} }} }} }}"""


def permissions(port: int) -> dict[str, bool]:
    """What a webserver says that its users may do, but to look."""
    found = asked(port, "{ permissions { permission value } }")["permissions"]
    return {each["permission"]: each["value"] for each in found}


def test_the_three_services_work_together_on_postgresql_and_listen_on_localhost_alone(
    small_server: SandboxServer, tmp_path: Path
) -> None:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("OBSERVATORY_")}
    environment = {
        **kept,
        "OBSERVATORY_SANDBOX_URL": small_server.url,
        "OBSERVATORY_DATA": str(tmp_path / "data"),
        "OBSERVATORY_DAGSTER_STORAGE": server().database("services"),
        "PYTHONUNBUFFERED": "1",
    }
    port, viewer_port, code_port = free_port(), free_port(), free_port()
    options = (
        "--port", str(port), "--viewer-port", str(viewer_port), "--code-port", str(code_port),
    )  # fmt: skip
    with ExitStack() as stack:
        for name in SERVICES:
            log = tmp_path / f"{name}.log"
            stack.enter_context(service(name, environment, log, *options))
        found = answer(port, is_up, tmp_path / "webserver.log")
        log = tmp_path / "viewer.log"
        stack.enter_context(service(VIEWER, environment, log, *options))
        answer(viewer_port, is_up, log)
        changes = {number: asked(number, CHANGE) for number in (port, viewer_port)}
        foreign = [of_another_page(number, CHANGE) for number in (port, viewer_port)]
        rights = {number: permissions(number) for number in (port, viewer_port)}
        hosts = {number: listening_hosts(number) for number in (port, viewer_port, code_port)}
    assert "UnauthorizedError" not in str(changes[port])
    assert "started" in str(changes[port]).lower() or "RUNNING" in str(changes[port])
    assert "UnauthorizedError" in str(changes[viewer_port])
    assert foreign == [[405, 403]] * 2
    assert any(rights[port].values())
    assert not any(rights[viewer_port].values())
    assert "PostgresRunStorage" in found["instance"]["info"]
    assert all(each and each <= LOOPBACK for each in hosts.values()), hosts
    said = [path.read_text() for path in tmp_path.glob("*.log")] + [str(found)]
    assert not any(secret in text for text in said for secret in (PASSWORD, "pw%3A"))


def test_a_service_is_told_the_wrong_setting_and_does_not_start(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "OBSERVATORY_DATA": str(tmp_path),
        "OBSERVATORY_DAGSTER_STORAGE": "postgresql://planted-secret",
    }
    done = subprocess.run(
        [sys.executable, "-m", "orchestration.production", "serve", "daemon"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "setting: OBSERVATORY_DAGSTER_STORAGE" in done.stderr
    assert "planted-secret" not in done.stdout + done.stderr


def test_a_service_has_the_daemons_environment_around_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    became: list[tuple[list[str], dict[str, str]]] = []
    monkeypatch.setattr(os, "chdir", lambda folder: None)
    monkeypatch.setattr(os, "execve", lambda _, command, around: became.append((command, around)))
    serve(load_settings({"OBSERVATORY_DATA": str(tmp_path)}), "daemon", Addresses())
    ((command, around),) = became
    assert "dagster._daemon" in command
    assert around.items() >= DAEMON_ENVIRONMENT.items()


def test_with_it_dagster_lets_a_backfill_wait_for_a_code_server_that_is_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As Dagster's daemon does before each look: of assets that are gone, and why they may be."""

    def gone(*_: object) -> None:
        raise DagsterDefinitionChangedDeserializationError("existed, but no longer does")

    away = [LOCATION]
    monkeypatch.setattr(asset_backfill, "_check_asset_backfill_data_validity", gone)
    monkeypatch.setattr(asset_backfill, "_get_unloadable_location_names", lambda *_: away)
    look: Callable[..., bool] = (
        asset_backfill._check_validity_of_asset_backfill_data_and_should_process_backfill
    )
    arguments: dict[str, Any] = dict.fromkeys(
        ("workspace_context", "asset_backfill_data", "asset_graph", "instance_queryer")
    ) | {"backfill_id": "day", "logger": logging.getLogger("backfill")}
    with pytest.raises(DagsterAssetBackfillDataLoadError):
        look(**arguments)
    for name, value in DAEMON_ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    assert look(**arguments) is False
    away.clear()  # what nobody will bring back is not waited for
    with pytest.raises(DagsterAssetBackfillDataLoadError):
        look(**arguments)


def unit_files(folder: Path) -> list[Path]:
    """The unit files with this checkout and Python in the place of those of an installation."""
    for path in (each for each in UNITS.iterdir() if each.suffix != ".conf"):
        text = path.read_text().replace("/opt/observatory/.venv/bin/python", sys.executable)
        (folder / path.name).write_text(text.replace("/opt/observatory", str(ROOT)))
    return sorted(folder.iterdir())


def verified(files: list[Path]) -> str:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("no systemd-analyze here, which verifies the unit files")
    done = subprocess.run(
        [program, "verify", "--man=no", *files], capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr


def test_systemd_finds_nothing_wrong_with_the_unit_files(tmp_path: Path) -> None:
    files = unit_files(tmp_path)
    assert len(files) == 7
    assert verified(files) == ""
    # The verification sees what is wrong.
    daemon = tmp_path / "observatory-daemon.service"
    daemon.write_text(daemon.read_text().replace("Restart=always", "Restart=allways"))
    assert "allways" in verified(files)


def test_each_service_has_a_unit_and_a_container_that_start_it() -> None:
    compose = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text())["services"]
    for name in SERVICES:
        unit = (UNITS / f"observatory-{name}.service").read_text()
        assert f"-m orchestration.production serve {name}\n" in unit
        assert "LogNamespace=observatory" in unit
        assert compose[name]["command"][:2] == ["serve", name]
    assert compose["webserver"]["ports"] == ["127.0.0.1:3000:3000"]
    assert [name for name in compose if "ports" in compose[name]] == ["webserver"]
    assert all(each["logging"]["options"]["max-size"] for each in compose.values())


def test_without_options_every_service_is_of_this_machine_alone() -> None:
    for name in (*SERVICES, VIEWER):
        command = arguments(name, Addresses(), "workspace.yaml")
        hosts = [command[at + 1] for at, word in enumerate(command) if word == "--host"]
        assert hosts == ([] if name == "daemon" else ["127.0.0.1"])


def test_the_example_of_an_installation_names_only_settings_that_there_are() -> None:
    lines = (ROOT / "deploy" / "observatory.env.example").read_text().splitlines()
    given = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    settings = load_settings(given)
    assert settings.upstream == "live"
    assert settings.data == Path("/var/lib/observatory/live")
