"""`make restore`: puts a backup in the place of an installation's data, once it is proven."""

import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg

from assets.alerting.restored import mark_restored
from orchestration.daemon_lock import no_daemon, only_daemon
from orchestration.manifest import (
    BackupError,
    Manifest,
    copy_digested,
    read_manifest,
    require_whole,
)
from orchestration.progress import unwatched
from orchestration.runs import dagster_instance
from orchestration.settings import Settings
from orchestration.storage_copies import DUMP, has_runs, restore_database
from resources.warehouse import Warehouse

# What a run was doing when the backup was taken, nobody does any more.
_WENT_ON = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def restore(
    settings: Settings,
    folder: Path,
    *,
    replaces: bool = False,
    now: datetime | None = None,
    on_file: Callable[[], None] = unwatched,
) -> Path | None:
    """Put the backup of `folder` in the place of the data folder and of Dagster's database.

    Everything is verified before anything is changed. Services have to be stopped.

    Args:
        settings: of the installation to restore; its data folder need not be the backup's.
        folder: of the backup.
        replaces: whether data that are there may be replaced. The folder is laid aside, the
            database's contents are not.
        now: the time, UTC, for the name of the folder that is laid aside.
        on_file: told of each file that was verified, and again of each that was put in its place.

    Returns:
        Where the data that were there lie now; None where there were none.

    Raises:
        BackupError: the backup is damaged or of another world or storage, there are data and
            `replaces` is false, or the database refuses; nothing was changed.
        SettingsError: a daemon is at work on the installation; nothing was changed.
    """
    manifest = read_manifest(folder)
    _require_fitting(settings, folder, manifest)
    is_there = settings.data.exists() and any(settings.data.iterdir())
    if not replaces:
        _require_empty(settings, folder, is_there=is_there)
    # One that goes on in a folder laid aside would start runs that nobody sees.
    with no_daemon(settings.dagster_home):
        return _put(settings, folder, manifest, on_file, is_there=is_there, now=now)


def _put(
    settings: Settings,
    folder: Path,
    manifest: Manifest,
    on_file: Callable[[], None],
    *,
    is_there: bool,
    now: datetime | None,
) -> Path | None:
    require_whole(folder, manifest, on_file)
    unfinished = settings.data.with_name(f".{settings.data.name}.restoring")
    shutil.rmtree(unfinished, ignore_errors=True)
    _unpack(folder, manifest, unfinished, on_file)
    moment = now or datetime.now(UTC)
    mark_restored(unfinished, datetime.fromisoformat(manifest.made_at), moment)
    home = unfinished / settings.dagster_home.relative_to(settings.data)
    home.mkdir(exist_ok=True)
    # A service that comes back in the middle would be the daemon of a folder that is not whole yet:
    # the lock of the one before is laid aside with its folder.
    with only_daemon(home):
        return _put_in_place(settings, folder, manifest, unfinished, moment, is_there=is_there)


def _put_in_place(
    settings: Settings,
    folder: Path,
    manifest: Manifest,
    unfinished: Path,
    moment: datetime,
    *,
    is_there: bool,
) -> Path | None:
    aside = _swap(settings.data, unfinished, moment, is_there=is_there)
    if manifest.storage == "postgres":
        try:
            restore_database(settings, folder / DUMP)
        except BackupError:
            # The database is as it was: so are the files.
            settings.data.rename(unfinished)
            shutil.rmtree(unfinished)
            if aside is not None:
                aside.rename(settings.data)
            raise
    _rebase_views(settings, manifest)
    _end_unfinished(settings)
    return aside


def _require_fitting(settings: Settings, folder: Path, manifest: Manifest) -> None:
    if manifest.world != settings.upstream:
        raise BackupError(
            f"{folder} is of the world {manifest.world}, and OBSERVATORY_UPSTREAM is "
            f"{settings.upstream}; set it to {manifest.world}"
        )
    storage = "postgres" if settings.dagster_storage.value else "sqlite"
    if manifest.storage != storage:
        change = "set" if manifest.storage == "postgres" else "unset"
        raise BackupError(
            f"{folder} holds Dagster's storage of {manifest.storage}, and this installation's is "
            f"{storage}; {change} OBSERVATORY_DAGSTER_STORAGE"
        )


def _require_empty(settings: Settings, folder: Path, *, is_there: bool) -> None:
    if is_there:
        raise BackupError(
            f"{settings.data} holds data; to lay it aside and put {folder} in its place, give "
            "REPLACE=1"
        )
    if settings.dagster_storage.value and has_runs(settings):
        raise BackupError(
            "the database of OBSERVATORY_DAGSTER_STORAGE holds runs; to replace them by those of "
            f"{folder}, give REPLACE=1"
        )


def _unpack(folder: Path, manifest: Manifest, target: Path, on_file: Callable[[], None]) -> None:
    target.mkdir(parents=True)
    for each in manifest.files:
        if each.path == DUMP:
            continue
        with (folder / each.path).open("rb") as file:
            # Copied, not linked: what is restored will change, the backup may not.
            copied = copy_digested(file, target / each.path)
        if copied != (each.size, each.sha256):
            raise BackupError(f"{folder / each.path} changed while it was read; restore it again")
        times = (target / each.path).stat().st_atime_ns, each.source_mtime_ns
        os.utime(target / each.path, ns=times)
        on_file()
    for name, to in manifest.links.items():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).symlink_to(to)
    os.sync()


def _swap(data: Path, restored: Path, now: datetime, *, is_there: bool) -> Path | None:
    aside = data.with_name(f"{data.name}.before-{now:%Y%m%dT%H%M%SZ}") if is_there else None
    try:
        if aside is not None:
            data.rename(aside)
        elif data.exists():
            data.rmdir()
    except OSError as error:
        shutil.rmtree(restored)
        raise BackupError(
            f"{data} cannot be laid aside ({error.strerror}); nothing was changed. It may not be a "
            "mount point: let OBSERVATORY_DATA be a folder in it"
        ) from error
    restored.rename(data)
    return aside


def _rebase_views(settings: Settings, manifest: Manifest) -> None:
    """Let the warehouse's views read this data folder's files instead of the backup's origin's."""
    if manifest.data == str(settings.data) or not settings.warehouse.exists():
        return
    old, new = (f"'{_quoted(folder)}/" for folder in (manifest.data, str(settings.data)))
    with Warehouse(str(settings.warehouse)).transaction() as connection:
        views = connection.execute(
            "SELECT sql FROM duckdb_views() WHERE NOT internal AND contains(sql, ?)", [old]
        ).fetchall()
        for (statement,) in views:
            create = statement.replace("CREATE VIEW", "CREATE OR REPLACE VIEW", 1)
            connection.execute(create.replace(old, new))


def _quoted(path: str) -> str:
    return path.replace("'", "''")


def _end_unfinished(settings: Settings) -> None:
    """End the runs that went on: they would hold their place in the queue for nobody."""
    with dagster_instance(settings) as instance:
        for run in instance.get_runs(dg.RunsFilter(statuses=_WENT_ON)):
            instance.report_run_failed(run, "it went on when the backup was taken")
