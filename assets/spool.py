"""What was got from an upstream and is not in the tables yet: small files, none lost by a kill.

A file is written under a temporary name and renamed. What a killed run left is taken up by the
next one before it asks for anything.
"""

import fcntl
import uuid
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

import orjson


class JsonSpool:
    """JSON documents in a folder, by name.

    Args:
        folder: made where missing.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def add(self, name: str, content: object) -> None:
        """Keep a document, in place of one of the same name."""
        path, data = self.path(name), orjson.dumps(content)
        while not _is_written(path, data):
            pass

    def kept(self) -> tuple[dict[str, object], list[Path]]:
        """All documents by name, names in order, and the files that are no JSON."""
        self.sweep()
        documents: dict[str, object] = {}
        broken: list[Path] = []
        for path in sorted(self._folder.glob("*.json")):
            try:
                documents[path.stem] = orjson.loads(path.read_bytes())
            except ValueError:
                broken.append(path)
        return documents, broken

    def sweep(self) -> None:
        """Remove what killed writers left unfinished: what no living one has locked."""
        for path in self._folder.glob("*.tmp"):
            with suppress(FileNotFoundError, BlockingIOError), path.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink()

    def remove(self, names: Iterable[str]) -> None:
        """Forget documents."""
        for name in names:
            self.path(name).unlink(missing_ok=True)

    def set_aside(self, broken: Sequence[Path]) -> None:
        """Rename files that cannot be read, for somebody to look at."""
        for path in broken:
            path.replace(path.with_suffix(".broken"))

    def path(self, name: str) -> Path:
        """Where a document lies."""
        return self._folder / f"{name}.json"


def _is_written(path: Path, data: bytes) -> bool:
    """Write a file whole; False where another swept it away before it was locked."""
    temporary = path.with_name(f"{path.name}.{uuid.uuid4().hex}.tmp")
    with temporary.open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if not temporary.exists():
            return False
        file.write(data)
        file.flush()
        temporary.replace(path)
    return True
