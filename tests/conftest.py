"""What all tests share: where the real data is."""

import os
from pathlib import Path

import hypothesis
import pytest

# A busy machine is no failure: what is slow is measured in benchmarks/, never by a deadline.
hypothesis.settings.register_profile("observatory", deadline=None)
hypothesis.settings.load_profile("observatory")

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real files; tests that need it skip where it is absent."""
    folder = ROOT / os.environ.get("OBSERVATORY_REAL_DATA", "../shared/data")
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder}; set OBSERVATORY_REAL_DATA to its folder")
    return folder
