"""The three services of an installation: code server, webserver and daemon, each a process."""

import os
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from typing import NoReturn

import yaml

from orchestration.daemon_lock import only_daemon
from orchestration.runs import dagster_instance
from orchestration.service_main import WEBSERVER
from orchestration.settings import ROOT, Settings

LOCATION = "observatory"
SERVICES = ("code-server", "webserver", "daemon")
#: Of whatever runs Dagster's daemon. While the code server is started again, no asset is there: a
#: backfill that the daemon looks at just then waits for it, instead of failing for good.
DAEMON_ENVIRONMENT = {"DAGSTER_BACKFILL_RETRY_DEFINITION_CHANGED_ERROR": "1"}
#: A second webserver, for people who may look and not start anything.
VIEWER = "viewer"


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a service listens, and where the other two find the code server.

    Nothing of it asks for a password: localhost unless a network of their own is around them.
    """

    host: str = "127.0.0.1"
    port: int = 3000
    viewer_port: int = 3001
    code_host: str = "127.0.0.1"
    code_port: int = 4000


def serve(settings: Settings, service: str, addresses: Addresses) -> NoReturn:
    """Become a service: this process is replaced by Dagster's, with these settings around it.

    Raises:
        SettingsError: Dagster's database is of another world, or another daemon is at work.
    """
    # Opened once: a storage that cannot be reached or is of another world is said here, at once.
    with dagster_instance(settings):
        environment = {**os.environ, **DAEMON_ENVIRONMENT}
    workspace = settings.dagster_home / f"workspace.{service}.yaml"
    location = {
        "grpc_server": {
            "host": addresses.code_host,
            "port": addresses.code_port,
            "location_name": LOCATION,
        }
    }
    workspace.write_text(yaml.safe_dump({"load_from": [location]}))
    command = arguments(service, addresses, str(workspace))
    os.chdir(ROOT)
    with ExitStack() as held:
        if service == "daemon":
            held.enter_context(only_daemon(settings.dagster_home))
        # A restart within seconds would lose what is printed and not yet written.
        sys.stdout.flush()
        os.execve(sys.executable, command, environment)  # noqa: S606 - no shell, Dagster's own modules  # nosec B606


def arguments(service: str, addresses: Addresses, workspace: str) -> list[str]:
    """The command of a service."""
    # Dagster's module, in a process that keeps secrets out of what it writes.
    run = [sys.executable, "-m", "orchestration.service_main"]
    if service == "code-server":
        return [
            *run, "dagster", "code-server", "start",
            "--host", addresses.code_host, "--port", str(addresses.code_port),
            "--python-file", str(ROOT / "orchestration" / "definitions.py"),
            "--working-directory", str(ROOT),
            "--location-name", LOCATION,
            # Runs start with this Python, whatever `dagster` the PATH has.
            "--use-python-environment-entry-point",
        ]  # fmt: skip
    if service in ("webserver", VIEWER):
        is_viewer = service == VIEWER
        return [
            *run, WEBSERVER, "--host", addresses.host,
            "--port", str(addresses.viewer_port if is_viewer else addresses.port),
            "--workspace", workspace, *(["--read-only"] if is_viewer else []),
        ]  # fmt: skip
    return [*run, "dagster._daemon", "run", "--workspace", workspace]
