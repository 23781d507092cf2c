"""What the tests of this domain share: the gazetteer, compiled once for all runs of a clone."""

from pathlib import Path

import pytest

from assets.attribution.gazetteer import Gazetteer

CACHE = Path(__file__).resolve().parents[3] / ".observatory" / "cache"


@pytest.fixture(scope="session")
def gazetteer() -> Gazetteer:
    return Gazetteer.load(CACHE)
