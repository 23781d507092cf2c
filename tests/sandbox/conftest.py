"""A small world for all tests, and a server for each that wants one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import requests

from sandbox.server import SandboxServer
from sandbox.world import World

NOW = datetime(2026, 11, 1, 12, 30, tzinfo=UTC)


@pytest.fixture(scope="session")
def world() -> World:
    """The default world with a tenth of its people."""
    return World(seed=1, developers=300)


@pytest.fixture
def server(world: World) -> Iterator[SandboxServer]:
    """A server of the small world, at noon of 2026-11-01."""
    with SandboxServer(world, clock=lambda: NOW) as running:
        yield running


@pytest.fixture
def session() -> Iterator[requests.Session]:
    """A client that keeps its connection alive."""
    with requests.Session() as opened:
        yield opened
