"""A digest of the reference files' bytes, valid or not: what tells an edit from no edit."""

import hashlib
from pathlib import Path

_FOLDER = Path(__file__).parent


def content_digest(tracked_repositories: Path) -> str:
    """SHA-256, in hexadecimal, over the folder's CSV files and the tracked list in use."""
    digest = hashlib.sha256()
    for path in (*sorted(_FOLDER.glob("*.csv")), tracked_repositories):
        if path.is_file():
            digest.update(path.name.encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()
