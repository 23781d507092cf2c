"""A digest of the code that makes rows, so that a cluster of mixed versions is found out."""

import hashlib
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent
_FOLDERS = ("assets", "resources")
#: What rows depend on: code, SQL, and the lists that code reads.
_SUFFIXES = frozenset({".py", ".sql", ".csv", ".txt", ".yaml", ".cpp"})


def _digest() -> str:
    found = hashlib.sha256()
    for folder in _FOLDERS:
        for path in sorted((_ROOT / folder).rglob("*")):
            if path.suffix in _SUFFIXES:
                found.update(f"{path.relative_to(_ROOT).as_posix()}\n".encode())
                found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()[:16]


#: Read when a process loads this module: files that change later are not what it runs.
CODE_DIGEST = _digest()


def code_digest() -> str:
    """The digest of the code that this process runs; a function, to be called on workers."""
    return CODE_DIGEST
