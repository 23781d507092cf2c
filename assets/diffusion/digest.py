"""A digest of the rules that mentions are found by: what tells figures of two rule sets apart."""

import hashlib
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent


@cache
def rules_digest() -> str:
    """SHA-256, in hexadecimal, over the modules and word lists of this folder."""
    digest = hashlib.sha256()
    for path in sorted((*_FOLDER.glob("*.py"), *_FOLDER.glob("*.csv"))):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
