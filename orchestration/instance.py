"""Dagster's own folder and storage: SQLite in the data folder, or a PostgreSQL database."""

import os
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

import dagster as dg
from dagster._core.instance.ref import InstanceRef

from orchestration.settings import ROOT, Settings, SettingsError
from orchestration.sqlite_events import overrides

STORAGE_VARIABLE = "OBSERVATORY_DAGSTER_STORAGE"
# The file names the variable that holds the address, which has a password in it.
_STORAGE_BLOCK = f"""
# OBSERVATORY_DAGSTER_STORAGE is set: on PostgreSQL instead of SQLite.
storage:
  postgres:
    postgres_url:
      env: {STORAGE_VARIABLE}
"""
_WORLD_KEY = "observatory/world"
# What libpq takes from its environment, by the name that it has in an address.
_LIBPQ_VARIABLES = {
    "host": "PGHOST",
    "port": "PGPORT",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "connect_timeout": "PGCONNECT_TIMEOUT",
    "passfile": "PGPASSFILE",
    "service": "PGSERVICE",
}


def prepare_home(settings: Settings) -> None:
    """Make Dagster's folder with the repository's dagster.yaml, and say where its storage is.

    The address of a database is handed to this process and its children in their environment.
    """
    settings.dagster_home.mkdir(parents=True, exist_ok=True)
    text = (ROOT / "dagster.yaml").read_text()
    if settings.dagster_storage.value:
        os.environ[STORAGE_VARIABLE] = settings.dagster_storage.value
        text += _STORAGE_BLOCK
    path = settings.dagster_home / "dagster.yaml"
    # Another process may be reading the file.
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    unfinished.write_text(text)
    unfinished.replace(path)


def open_instance(settings: Settings) -> dg.DagsterInstance:
    """The instance of Dagster's folder, for a command: with SQLite, events are written faster."""
    if settings.dagster_storage.value:
        return dg.DagsterInstance.get()
    home = str(settings.dagster_home)
    events = InstanceRef.config_defaults(home)["event_log_storage"]
    if events is None:
        raise RuntimeError("Dagster names no event log storage of its own")
    base_dir = events.config_dict["base_dir"]
    return dg.DagsterInstance.from_ref(InstanceRef.from_dir(home, overrides=overrides(base_dir)))


def claim_storage(settings: Settings, instance: dg.DagsterInstance) -> None:
    """Note in a shared database which world's runs it holds.

    Raises:
        SettingsError: it holds those of the other: synthetic days would pass for real ones.
    """
    if not settings.dagster_storage.value:
        return
    world = instance.run_storage.get_cursor_values({_WORLD_KEY}).get(_WORLD_KEY)
    if world is None:
        instance.run_storage.set_cursor_values({_WORLD_KEY: settings.upstream})
    elif world != settings.upstream:
        raise SettingsError(
            f"the database of {STORAGE_VARIABLE} holds the runs of {world}, and this is "
            f"{settings.upstream}; give each a database of its own"
        )


def storage_place(settings: Settings) -> str:
    """Where Dagster's storage is, without a user's name or password."""
    if not settings.dagster_storage.value:
        return f"SQLite in {settings.dagster_home}"
    address = urlsplit(settings.dagster_storage.value)
    host = address.hostname or parse_qs(address.query).get("host", ["a socket"])[0]
    port = f":{address.port}" if address.port else ""
    return f"PostgreSQL, {unquote(address.path[1:])} on {host}{port}"


def libpq_environment(settings: Settings) -> dict[str, str]:
    """What PostgreSQL's programs read from their environment: arguments are seen by everybody."""
    address = urlsplit(settings.dagster_storage.value)
    given = {name: values[-1] for name, values in parse_qs(address.query).items()}
    return {
        **_parts(address),
        **{_LIBPQ_VARIABLES[name]: given[name] for name in given if name in _LIBPQ_VARIABLES},
    }


def _parts(address: SplitResult) -> dict[str, str]:
    parts = {
        "PGHOST": address.hostname,
        "PGPORT": str(address.port) if address.port else None,
        "PGUSER": address.username,
        "PGPASSWORD": address.password,
        "PGDATABASE": address.path[1:],
    }
    return {name: unquote(value) for name, value in parts.items() if value}
