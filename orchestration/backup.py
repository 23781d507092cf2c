"""`make backup`: a copy of everything that cannot be made again, also while runs write.

The order is what makes it consistent: first what Dagster holds for made, then the warehouse, then
the Parquet store. Each later part is at least as new as the one before, so that a restored
installation never holds a day for made whose rows it lacks; a day that was made in between is made
again, which gives the same rows.
"""

import fcntl
import importlib.metadata
import os
import platform as machine
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from checks.runner import PROJECT_FOLDER
from orchestration.manifest import (
    FILE,
    BackupError,
    BackupFile,
    Manifest,
    by_path,
    copy_digested,
    digest,
    read_manifest,
)
from orchestration.progress import Progress
from orchestration.settings import ROOT, Settings
from orchestration.storage_copies import DUMP, copy_sqlite, dump_database
from resources.warehouse import Warehouse, WarehouseDamagedError

_PACKAGES = ("dagster", "dagster-postgres", "duckdb", "pyarrow")
# Clones, downloads, pages about checks and copies of these: all can be made again.
_LEFT_OUT = frozenset({"mirrors", "patents", PROJECT_FOLDER, "cache"})
_UNFINISHED = ".unfinished"


def make_backup(
    settings: Settings, now: datetime | None = None, progress: Progress | None = None
) -> Path:
    """Back up the data folder and Dagster's storage.

    Files that have not changed since the newest backup are hard links to it.

    Args:
        settings: of the installation.
        now: the time of the backup, UTC; its name.
        progress: told of the number of files, and of each that is in the backup.

    Returns:
        The folder of the backup, which is there as a whole or not at all.

    Raises:
        BackupError: another backup goes on, there is nothing to back up, the warehouse is damaged,
            or PostgreSQL's programs could not.
    """
    if not settings.data.is_dir():
        raise BackupError(f"{settings.data} is not there: nothing to back up; see OBSERVATORY_DATA")
    if settings.backups.is_relative_to(settings.data):
        raise BackupError("OBSERVATORY_BACKUPS lies in OBSERVATORY_DATA; give another folder")
    made_at = (now or datetime.now(UTC)).astimezone(UTC)
    with _alone(settings.backups):
        target = settings.backups / f"{made_at:%Y%m%dT%H%M%SZ}"
        if target.exists():
            raise BackupError(f"{target} is there already; give it another second")
        work = settings.backups / _UNFINISHED
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        try:
            earlier = backups(settings.backups)
            Copy(settings, work, earlier[-1] if earlier else None, progress).make(made_at)
            # The data are on the disk before the name says that they are whole.
            os.sync()
            work.rename(target)
        except (WarehouseDamagedError, duckdb.Error) as error:
            shutil.rmtree(work, ignore_errors=True)
            raise BackupError(f"no backup was made, those before stay: {error}") from error
        except (OSError, sqlite3.Error) as error:
            shutil.rmtree(work, ignore_errors=True)
            raise BackupError(
                f"no backup was made in {settings.backups}: {error}; make room there, or set "
                "OBSERVATORY_BACKUPS to another disk"
            ) from error
        for old in [*earlier, target][: -settings.backups_kept]:
            shutil.rmtree(old)
    return target


def backups(folder: Path) -> list[Path]:
    """The whole backups of a folder, in the order in which they were made.

    By their numbers: their names are the clock's, which may have been wrong. One whose manifest is
    damaged is of no use, and counts as the oldest.
    """
    found = (path.parent for path in folder.glob(f"[0-9]*Z/{FILE}"))
    return sorted(found, key=lambda each: (_number(each), each.name))


def _number(folder: Path) -> int:
    try:
        return read_manifest(folder).number
    except BackupError:
        return -1


def newest(folder: Path) -> Path | None:
    """The whole backup of a folder that was made last; None without one."""
    found = backups(folder)
    return found[-1] if found else None


class Copy:
    """One backup in the making.

    Args:
        settings: of the installation.
        folder: where it is made.
        previous: the backup before, whose unchanged files are linked; None without one.
        progress: told of each file; None for nobody.
    """

    def __init__(
        self,
        settings: Settings,
        folder: Path,
        previous: Path | None,
        progress: Progress | None = None,
    ) -> None:
        self._settings = settings
        self._folder = folder
        self._previous = previous
        self._progress = progress
        self._known: dict[str, BackupFile] = {}
        self._number = 1
        if previous is not None:
            # A damaged one is no reason to have none: everything is copied anew.
            with suppress(BackupError):
                before = read_manifest(previous)
                self._known, self._number = by_path(before.files), before.number + 1
        self._files: list[BackupFile] = []
        self._links: dict[str, str] = {}

    def make(self, made_at: datetime) -> None:
        """Copy everything, and write the manifest last."""
        settings = self._settings
        is_postgres = bool(settings.dagster_storage.value)
        if self._progress is not None:
            self._progress.total = sum(1 for _ in self._all())
        if is_postgres:
            dump_database(settings, self._folder / DUMP)
            self._note(DUMP, self._folder / DUMP, 0)
        self._dagster()
        house = Warehouse(str(settings.warehouse))
        with house.held() as paths:
            for path in paths:
                self._step()
                self._plain(path)
        # Writers go on meanwhile. A copy that is damaged would be what a damaged one is mended by.
        if paths:
            house.require_whole(self._folder / self._name(settings.warehouse))
        for path in self._others():
            self._step()
            self._plain(path)
        Manifest(
            made_at=made_at.isoformat(timespec="seconds"),
            world=settings.upstream,
            data=str(settings.data),
            storage="postgres" if is_postgres else "sqlite",
            versions=versions(),
            links=self._links,
            files=tuple(self._files),
            lake="" if Path(settings.lake).is_relative_to(settings.data) else settings.lake,
            number=self._number,
        ).write(self._folder)

    def _others(self) -> Iterator[Path]:
        """Files that are neither Dagster's nor the warehouse's."""
        for top in sorted(self._settings.data.iterdir()):
            is_kept = top.name not in _LEFT_OUT | {"dagster"}
            if is_kept and not top.name.startswith(self._settings.warehouse.name):
                yield from _walk(top)

    def _all(self) -> Iterator[Path]:
        """What is there now, by and large: runs may write meanwhile."""
        yield from _walk(self._settings.dagster_home)
        yield from _walk(self._settings.warehouse)
        yield from self._others()

    def _step(self) -> None:
        if self._progress is not None:
            self._progress.step()

    def _dagster(self) -> None:
        home = self._settings.dagster_home
        if not home.is_dir():
            return
        for path in _walk(home):
            self._step()
            if path.suffix == ".db":
                self._sqlite(path)
            elif not path.name.endswith((".db-wal", ".db-shm", ".db-journal")):
                self._plain(path)

    def _sqlite(self, path: Path) -> None:
        name = self._name(path)
        try:
            changed = path.stat().st_mtime_ns
        except FileNotFoundError:
            # A run that was deleted since the folder was read.
            return
        has_log = any(path.with_name(path.name + end).exists() for end in ("-wal", "-journal"))
        if not has_log and self._linked(name, path.stat().st_size, changed):
            return
        try:
            copy_sqlite(path, self._folder / name)
        except sqlite3.OperationalError:
            if path.exists():
                raise
            return
        self._note(name, self._folder / name, changed)

    def _plain(self, path: Path) -> None:
        name = self._name(path)
        if path.is_symlink():
            self._links[name] = str(path.readlink())
            return
        try:
            file = path.open("rb")
        except FileNotFoundError:
            # A publication or page that was laid aside since the folder was read.
            return
        with file:
            # Of the open file: by its name another may have come since.
            state = os.fstat(file.fileno())
            if self._linked(name, state.st_size, state.st_mtime_ns):
                return
            size, sha256 = copy_digested(file, self._folder / name)
        self._files.append(BackupFile(name, size, sha256, state.st_mtime_ns))

    def _linked(self, name: str, size: int, changed: int) -> bool:
        """Take a file from the previous backup where it has not changed since."""
        known = self._known.get(name)
        if self._previous is None or known is None or known.source_mtime_ns != changed:
            return False
        earlier = self._previous / name
        is_same = earlier.is_file() and earlier.stat().st_size == known.size
        # A database's copy may be smaller than the original; others are as large.
        if not is_same or (known.size != size and not name.endswith(".db")):
            return False
        target = self._folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.hardlink_to(earlier)
        self._files.append(known)
        return True

    def _note(self, name: str, copied: Path, changed: int) -> None:
        size = copied.stat().st_size
        self._files.append(BackupFile(name, size, digest(copied), changed))

    def _name(self, path: Path) -> str:
        return path.relative_to(self._settings.data).as_posix()


def versions() -> dict[str, str]:
    """What made the backup: the platform, Python, and the packages that wrote the files."""
    found = {"python": machine.python_version(), "platform": platform_version()}
    for name in _PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def platform_version() -> str:
    """The version of the code that runs, as pyproject.toml has it."""
    lines = (ROOT / "pyproject.toml").read_text().splitlines()
    found = next(line for line in lines if line.startswith("version = "))
    return found.split('"')[1]


def _walk(top: Path) -> Iterator[Path]:
    """Files and links below `top`, in order; what is unfinished or a lock is left out."""
    if top.is_symlink() or not top.is_dir():
        is_there = top.is_symlink() or top.exists()
        if is_there and not top.name.endswith((".tmp", ".lock")):
            yield top
        return
    try:
        found = sorted(top.iterdir())
    except FileNotFoundError:
        return
    for path in found:
        yield from _walk(path)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the folder of backups; freed by the operating system when its holder dies."""
    # Backups hold what is not published: accounts, and Dagster's storage.
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / ".lock").open("a") as file:
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupError(f"another backup to {folder} goes on; wait for its end") from None
        yield
