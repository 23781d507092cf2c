"""A text is read alike in every process, to the last bit: a rerun must give the same rows."""

import os
import subprocess
import sys

import pytest

from tests.conftest import ROOT

# Each has several countries to choose from: their weights are added up, and may tie.
TEXTS = (
    "Cambridge",
    "Georgia",
    "San Jose",
    "Valencia",
    "Santiago, Victoria, Richmond",
    "Paris / London / Berlin / Tokyo",
    "Hamilton, Kingston",
    "La Paz | Trinidad | Sucre",
)
PROGRAM = """
import sys
from pathlib import Path
from assets.attribution.gazetteer import Gazetteer
gazetteer = Gazetteer.load(Path(sys.argv[1]))
for text in sys.argv[2:]:
    print([(one.country_iso2, one.confidence.hex()) for one in gazetteer.explain(text).candidates])
"""


def read_with(seed: str) -> str:
    """What a process reads whose sets of strings are in the order of a seed."""
    cache = ROOT / ".observatory" / "cache"
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(cache), *TEXTS],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


@pytest.fixture(scope="module")
def first(gazetteer: object) -> str:
    del gazetteer  # has compiled the index, so that no process here has to
    return read_with("0")


@pytest.mark.parametrize("seed", ["1", "2", "3"])
def test_the_order_of_sets_changes_no_confidence(first: str, seed: str) -> None:
    assert len(first.splitlines()) == len(TEXTS)
    assert "0x" in first
    assert read_with(seed) == first
