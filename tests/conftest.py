"""What all tests share: where the real data is."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real files; tests that need it skip where it is absent."""
    folder = ROOT / os.environ.get("OBSERVATORY_REAL_DATA", "../shared/data")
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder}; set OBSERVATORY_REAL_DATA to its folder")
    return folder
