"""A digest of the code: failures under other code say nothing of what this one can make."""

import functools
import hashlib

from orchestration.settings import ROOT

#: Tag of a run with the digest of the code that asked for it.
CODE_TAG = "observatory/code"
_FOLDERS = ("assets", "checks", "orchestration", "resources")
_SUFFIXES = frozenset({".py", ".sql", ".csv", ".yaml", ".cpp"})


@functools.cache
def code_digest() -> str:
    """Twelve hexadecimal digits of the platform's code, rules and reference files, in 10 ms.

    Dagster's own code version of an asset is of its declaration; what it calls is in here as well.
    """
    digest = hashlib.sha256()
    for folder in _FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in _SUFFIXES:
                digest.update(str(path.relative_to(ROOT)).encode() + b"\0")
                digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:12]
