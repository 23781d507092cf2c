"""What was got and is in no table yet: a folder of small JSON files, so that a kill loses none.

A file is written under a temporary name and renamed: it is whole or not there.
"""

from collections.abc import Iterable
from pathlib import Path

import orjson


class JsonFolder:
    """Named JSON contents in a folder, which is made where missing."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def write(self, name: str, content: object) -> None:
        """Keep a content under a name that is fit for a file."""
        path = self._folder / f"{name}.json"
        temporary = path.with_suffix(".tmp")
        temporary.write_bytes(orjson.dumps(content))
        temporary.replace(path)

    def read(self, name: str) -> object:
        """The content of a name; None where there is none.

        Raises:
            ValueError: the file is no JSON.
        """
        path = self._folder / f"{name}.json"
        return orjson.loads(path.read_bytes()) if path.exists() else None

    def names(self) -> list[str]:
        """All names that are kept, in order."""
        return sorted(path.stem for path in self._folder.glob("*.json"))

    def remove(self, names: Iterable[str]) -> None:
        """Forget what is in the tables."""
        for name in names:
            (self._folder / f"{name}.json").unlink(missing_ok=True)

    def set_aside(self, names: Iterable[str]) -> None:
        """Rename files that cannot be read, for somebody to look at."""
        for name in names:
            path = self._folder / f"{name}.json"
            path.replace(path.with_suffix(".broken"))
