"""`make upgrade`: an installation of an older version, brought to this one."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from assets.schema import conform_tables, declared_tables
from orchestration.backup import make_backup, platform_version
from orchestration.daemon_lock import no_daemon
from orchestration.progress import Progress
from orchestration.runs import dagster_instance
from orchestration.settings import Settings
from resources.warehouse import Warehouse

# What was upgraded when: `ops.upgrades`.
_RECORD = (
    "CREATE SCHEMA IF NOT EXISTS ops",
    "CREATE TABLE IF NOT EXISTS ops.upgrades (upgraded_at TIMESTAMPTZ NOT NULL, "
    "platform_version VARCHAR NOT NULL, schema_version VARCHAR NOT NULL, "
    "changes VARCHAR[] NOT NULL)",
)


class UpgradeError(RuntimeError):
    """The installation is of a newer version than this one."""


@dataclass(frozen=True, slots=True)
class Upgraded:
    """What an upgrade did: the backup before it, and what it changed in the warehouse."""

    backup: Path | None
    changes: tuple[str, ...]


def upgrade(
    settings: Settings,
    *,
    with_backup: bool = True,
    now: datetime | None = None,
    say: Callable[[str], None] = print,
) -> Upgraded:
    """Bring Dagster's storage and the warehouse to this version. Services have to be stopped.

    Done twice, or interrupted and done again, it ends the same.

    Args:
        settings: of the installation.
        with_backup: make one first.
        now: the time, UTC.
        say: takes a line about what goes on.

    Raises:
        UpgradeError: a newer version has written the warehouse.
        SchemaError: rows of a table cannot be what is declared now.
        BackupError: the backup could not be made.
        SettingsError: a daemon is at work on the installation; nothing was changed.
    """
    with no_daemon(settings.dagster_home):
        return _upgrade(settings, now or datetime.now(UTC), say, with_backup=with_backup)


def _upgrade(
    settings: Settings, moment: datetime, say: Callable[[str], None], *, with_backup: bool
) -> Upgraded:
    require_older(settings)
    backup = None
    if with_backup and settings.data.is_dir():
        with Progress("files backed up") as progress:
            backup = make_backup(settings, moment, progress)
    with dagster_instance(settings) as instance:
        instance.upgrade(say)
    if not settings.warehouse.exists():
        return Upgraded(backup, ())
    house = Warehouse(str(settings.warehouse))
    changes: list[str] = []
    tables = declared_tables()
    with Progress("tables", len(tables)) as progress:
        for table in tables:
            changes += conform_tables(house, [table])
            progress.step()
    house.ensure(_RECORD)
    if changes or recorded(house) != (platform_version(), schema_version()):
        with house.transaction() as connection:
            connection.execute(
                "INSERT INTO ops.upgrades VALUES (?, ?, ?, ?)",
                [moment, platform_version(), schema_version(), changes],
            )
    return Upgraded(backup, tuple(changes))


def require_older(settings: Settings) -> None:
    """Refuse a warehouse that a newer version has upgraded.

    Raises:
        UpgradeError: names both versions.
    """
    if not settings.warehouse.exists():
        return
    house = Warehouse(str(settings.warehouse))
    if (found := recorded(house)) is None:
        return
    if _order(found[0]) > _order(platform_version()):
        raise UpgradeError(
            f"{settings.warehouse} was upgraded by version {found[0]}, and this is "
            f"{platform_version()}; install that version, or restore a backup of before"
        )


def recorded(house: Warehouse) -> tuple[str, str] | None:
    """Platform and schema version of the newest upgrade; None where there was none yet."""
    if not house.has_table("ops.upgrades"):
        return None
    rows = house.query(
        "SELECT platform_version, schema_version FROM ops.upgrades "
        "ORDER BY upgraded_at DESC, rowid DESC LIMIT 1"
    ).to_pylist()
    return (rows[0]["platform_version"], rows[0]["schema_version"]) if rows else None


def schema_version() -> str:
    """A digest of how all tables are declared: another one is another schema."""
    shapes = [(table.ddl, *(each.earlier for each in table.columns)) for table in declared_tables()]
    return hashlib.sha256(repr(shapes).encode()).hexdigest()[:12]


def _order(version: str) -> list[int]:
    """Versions of three numbers in their order."""
    return [int(part) for part in version.split(".")]
