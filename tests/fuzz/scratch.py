"""Folders for targets that read files: gone with the process."""

import tempfile
from functools import cache
from pathlib import Path


@cache
def _folder() -> "tempfile.TemporaryDirectory[str]":
    return tempfile.TemporaryDirectory(prefix="fuzz-")


def emptied(name: str) -> Path:
    """A folder with nothing in it."""
    folder = Path(_folder().name) / name
    folder.mkdir(exist_ok=True)
    for path in folder.iterdir():
        path.unlink()
    return folder


def scratch(name: str) -> Path:
    """A place for a file or folder."""
    return Path(_folder().name) / name
