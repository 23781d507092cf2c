"""What all tests share: where the real data is, and an environment of each test's own."""

import os
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

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


@pytest.fixture(autouse=True, scope="module")
def environment_of_the_module() -> Iterator[None]:
    """What a module's own fixtures set in the environment ends with the module."""
    with mock.patch.dict(os.environ):
        yield


@pytest.fixture(autouse=True)
def environment_of_the_test(environment_of_the_module: None) -> Iterator[None]:
    """What a test sets ends with it.

    Preparing Dagster's folder hands a database's address to the process's children in the
    environment: the next test's would work on that database.
    """
    with mock.patch.dict(os.environ):
        yield


def without_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have local servers asked directly, whatever the environment says."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
