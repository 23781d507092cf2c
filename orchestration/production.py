"""The commands of an installation that runs for years: `backup`, `restore` and the rest."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from assets.schema import SchemaError
from checks.runner import PROJECT_FOLDER
from orchestration.backup import make_backup, newest
from orchestration.manifest import BackupError, Manifest, read_manifest, require_whole
from orchestration.progress import Progress
from orchestration.restore import restore
from orchestration.retention import sentence, sweep
from orchestration.runs import dagster_instance
from orchestration.services import SERVICES, VIEWER, Addresses, serve
from orchestration.settings import Settings, SettingsError, load_settings
from orchestration.upgrade import UpgradeError, upgrade

_MIB = 1 << 20
#: Stands for the folder of the newest backup.
NEWEST = "newest"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; the exit code is 0 where it did what was asked."""
    options = _parser().parse_args(arguments)
    try:
        settings = load_settings()
        if options.command == "backup":
            return backup(settings)
        if options.command == "serve":
            given = {name: getattr(options, name) for name in Addresses.__slots__}
            serve(settings, options.service, Addresses(**given))
        if options.command == "upgrade":
            return bring_up(settings, with_backup=not options.without_backup)
        if options.command == "retention":
            return retain(settings)
        if options.command == "verify":
            return verify(Path(options.folder))
        return put_back(settings, _chosen(settings, options.folder), replaces=options.replace)
    except SettingsError as error:
        print(f"setting: {error}", file=sys.stderr)
    except (BackupError, SchemaError, UpgradeError) as error:
        print(f"{options.command}: {error}", file=sys.stderr)
    return 2


def _chosen(settings: Settings, folder: str) -> Path:
    """The folder of a backup: as given, or of the newest one.

    Raises:
        BackupError: there is none.
    """
    if folder != NEWEST:
        return Path(folder)
    found = newest(settings.backups)
    if found is None:
        raise BackupError(f"{settings.backups} holds no backup; see OBSERVATORY_BACKUPS")
    return found


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m orchestration.production", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    serve_command = commands.add_parser("serve", help="become one of the services")
    serve_command.add_argument("service", choices=(*SERVICES, VIEWER))
    for name, default in asdict(Addresses()).items():
        serve_command.add_argument(
            f"--{name.replace('_', '-')}", type=type(default), default=default, help=f"{default}"
        )
    upgrade_command = commands.add_parser("upgrade", help="bring an older installation here")
    upgrade_command.add_argument("--without-backup", action="store_true", help="make none first")
    commands.add_parser("retention", help="delete old runs and logs that nothing depends on")
    commands.add_parser("backup", help="back up data and Dagster's storage, also while runs write")
    verify_command = commands.add_parser("verify", help="compare a backup with its manifest")
    verify_command.add_argument("folder", help="of the backup")
    restore_command = commands.add_parser("restore", help="put a backup in the place of the data")
    restore_command.add_argument("folder", help=f"of the backup; {NEWEST} for the newest one")
    restore_command.add_argument(
        "--replace", action="store_true", help="also where there are data, which are laid aside"
    )
    return parser


def backup(settings: Settings) -> int:
    """Make a backup, and say where it is."""
    with Progress("files") as progress:
        folder = make_backup(settings, progress=progress)
    manifest = read_manifest(folder)
    print(
        f"{folder}: {len(manifest.files)} files, {manifest.size / _MIB:,.1f} MiB, "
        f"Dagster's storage of {manifest.storage}"
    )
    _say_lake(manifest)
    return 0


def _say_lake(manifest: Manifest) -> None:
    """Warn of Parquet tables that a backup does not hold."""
    if manifest.lake:
        print(
            f"NOT in it: the Parquet tables, in {manifest.lake}; keep versions or copies of them "
            "by means of their own, for what the backup holds for made is to be there",
            file=sys.stderr,
        )


def verify(folder: Path) -> int:
    """Say whether a backup is as its manifest says."""
    manifest = read_manifest(folder)
    with Progress("files verified", len(manifest.files)) as progress:
        require_whole(folder, manifest, progress.step)
    print(f"{folder}: whole, {len(manifest.files)} files of {manifest.made_at}")
    return 0


def bring_up(settings: Settings, *, with_backup: bool) -> int:
    """Upgrade, and say what changed."""
    done = upgrade(settings, with_backup=with_backup)
    if done.backup:
        print(f"backup of before: {done.backup}")
    for change in done.changes:
        print(change)
    print(f"upgraded: {len(done.changes)} tables changed, Dagster's storage is current")
    return 0


def retain(settings: Settings) -> int:
    """Sweep old runs now, and say what went; the daemon does it each day."""
    with dagster_instance(settings) as instance, Progress("runs") as progress:
        done = sweep(
            instance,
            keep_runs_days=settings.keep_runs_days,
            keep_logs_days=settings.keep_logs_days,
            now=datetime.now(UTC),
            docs=settings.data / PROJECT_FOLDER,
            progress=progress,
        )
    print(sentence(done))
    return 0


def put_back(settings: Settings, folder: Path, *, replaces: bool) -> int:
    """Restore a backup, and say where it went."""
    manifest = read_manifest(folder)
    # Each is verified first, and then copied.
    with Progress("files verified and copied", 2 * len(manifest.files)) as progress:
        aside = restore(settings, folder, replaces=replaces, on_file=progress.step)
    print(f"{settings.data}: as of {manifest.made_at}")
    _say_lake(manifest)
    if aside is not None:
        print(f"what was there lies in {aside}; remove it when you are sure")
    return 0


if __name__ == "__main__":
    sys.exit(main())
