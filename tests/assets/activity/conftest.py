"""Both halves that sort a file's lines: every test of the scan runs on each."""

import ctypes
import functools
from collections.abc import Callable

import pytest

from assets.activity.scan import Selection
from assets.activity.scan_compile import build, library_path
from assets.activity.scan_compiled import CompiledGlance, load
from assets.activity.scan_glance import Glance, LineSorter

SorterOf = Callable[[Selection], LineSorter]


@pytest.fixture(scope="session", params=["wheels", "compiled"])
def sorter_of(request: pytest.FixtureRequest) -> SorterOf:
    if request.param == "wheels":
        return Glance
    library = built()
    assert library is not None
    return functools.partial(CompiledGlance, library)


def built() -> ctypes.CDLL | None:
    """The compiled library, built here where the set-up did not; skips without a compiler."""
    reason = build(library_path())
    if reason == "no C++ compiler":
        pytest.skip("this machine has no C++ compiler: the scan of wheels alone is tested")
    assert reason == ""
    return load(library_path())
