"""A digest of the reference files' bytes, valid or not: what tells an edit from no edit."""

import hashlib
from pathlib import Path

_FOLDER = Path(__file__).parent


def content_digest(*lists: Path) -> str:
    """SHA-256, in hexadecimal, over the folder's CSV files and the lists in use instead of some."""
    digest = hashlib.sha256()
    for path in (*sorted(_FOLDER.glob("*.csv")), *lists):
        if path.is_file():
            digest.update(path.name.encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()
