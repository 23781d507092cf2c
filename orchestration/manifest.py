"""What a backup says of itself: files with sizes and digests, versions, where it is from."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from orchestration.progress import unwatched

FILE = "manifest.json"
FORMAT = 1
_CHUNK = 1 << 20


class BackupError(RuntimeError):
    """A backup cannot be made, or is not what its manifest says; the text says what to do."""


@dataclass(frozen=True, slots=True)
class BackupFile:
    """One file of a backup.

    Attributes:
        path: relative to the backup, with `/`.
        size: bytes.
        sha256: of the file in the backup, in hexadecimal.
        source_mtime_ns: when the original was last changed; an unchanged one is not copied again.
    """

    path: str
    size: int
    sha256: str
    source_mtime_ns: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """A backup.

    Attributes:
        made_at: ISO time, UTC, at which it was begun.
        world: `live` or `sandbox`.
        data: the data folder it was made of; views in the warehouse name it.
        storage: `sqlite` or `postgres`: what Dagster's storage was kept in.
        versions: of the platform, Python, packages, and the warehouse's schema.
        links: symbolic links and their targets, as `published/current`.
        files: all others, by path.
        lake: where the Parquet tables lie, where that is not in the data folder: they are not in
            the backup then; empty where they are in it.
        number: one more than those before it in its folder had: they come in this order, whatever
            the clock said. 0 of versions that counted none.
    """

    made_at: str
    world: str
    data: str
    storage: str
    versions: dict[str, str]
    links: dict[str, str]
    files: tuple[BackupFile, ...]
    lake: str = ""
    number: int = 0

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(each.size for each in self.files)

    def write(self, folder: Path) -> None:
        """Write the manifest of the backup in `folder`."""
        text = json.dumps({"format": FORMAT, **asdict(self)}, indent=1)
        (folder / FILE).write_text(text + "\n")


def read_manifest(folder: Path) -> Manifest:
    """The manifest of the backup in `folder`.

    Raises:
        BackupError: there is none, or none that can be read.
    """
    path = folder / FILE
    try:
        found = json.loads(path.read_bytes())
        if found["format"] != FORMAT:
            raise BackupError(
                f"{path}: format {found['format']!r}, and this version reads {FORMAT}; restore it "
                "with the version that made it"
            )
        manifest = Manifest(
            made_at=_time(str(found["made_at"])),
            world=str(found["world"]),
            data=str(found["data"]),
            storage=str(found["storage"]),
            versions={str(name): str(value) for name, value in found["versions"].items()},
            links={str(name): str(value) for name, value in found["links"].items()},
            files=tuple(_file(each) for each in found["files"]),
            lake=str(found.get("lake", "")),
            number=int(found.get("number", 0)),
        )
    except FileNotFoundError:
        raise BackupError(
            f"{folder} is no backup: it has no {FILE}; give a folder of one"
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise BackupError(
            f"{path} is damaged ({type(error).__name__}: {error}); take another backup"
        ) from error
    names = [*(each.path for each in manifest.files), *manifest.links]
    for name in names:
        if not _is_inside(name):
            raise BackupError(f"{path} names {name!r}, outside the backup; do not restore it")
    if len(set(names)) < len(names):
        raise BackupError(f"{path} names a file twice; take another backup")
    return manifest


def faults(folder: Path, manifest: Manifest, on_file: Callable[[], None] = unwatched) -> list[str]:
    """What of a backup is not as its manifest says, file by file; empty where it is whole.

    `on_file` is told of each file that was looked at.
    """
    found: list[str] = []
    for each in manifest.files:
        path = folder / each.path
        if path.is_symlink() or not path.is_file():
            found.append(f"{each.path}: missing")
        elif (size := path.stat().st_size) != each.size:
            found.append(f"{each.path}: {size} bytes instead of {each.size}")
        elif digest(path) != each.sha256:
            found.append(f"{each.path}: other contents (its SHA-256 differs)")
        on_file()
    return found


def require_whole(
    folder: Path, manifest: Manifest, on_file: Callable[[], None] = unwatched
) -> None:
    """Refuse a backup that is not as its manifest says.

    `on_file` is told of each file that was looked at.

    Raises:
        BackupError: names the first files at fault.
    """
    wrong = faults(folder, manifest, on_file)
    if wrong:
        raise BackupError(
            f"{folder} is damaged, {len(wrong)} of {len(manifest.files)} files: "
            f"{'; '.join(wrong[:5])}; nothing was restored, take another backup"
        )


def digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def copy_digested(source: BinaryIO, target: Path) -> tuple[int, str]:
    """Copy an open file; its size in bytes and its SHA-256."""
    sha, size = hashlib.sha256(), 0
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("xb") as file:
        while chunk := source.read(_CHUNK):
            sha.update(chunk)
            size += len(chunk)
            file.write(chunk)
    return size, sha.hexdigest()


def by_path(files: Sequence[BackupFile]) -> dict[str, BackupFile]:
    """Files by their path."""
    return {each.path: each for each in files}


def _file(found: dict[str, object]) -> BackupFile:
    return BackupFile(
        path=str(found["path"]),
        size=int(str(found["size"])),
        sha256=str(found["sha256"]),
        source_mtime_ns=int(str(found["source_mtime_ns"])),
    )


def _time(text: str) -> str:
    """A time in UTC as `made_at` has it, of any ISO time."""
    return datetime.fromisoformat(text).astimezone(UTC).isoformat(timespec="seconds")


def _is_inside(name: str) -> bool:
    path = PurePosixPath(name)
    return bool(path.parts) and not path.is_absolute() and ".." not in path.parts
