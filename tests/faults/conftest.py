"""What faults befall, and the note of each try."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sandbox.server import SandboxServer
from sandbox.world import World
from tests.conftest import without_proxies
from tests.faults.installation import NOW, Installation, Outcome, tracked
from tests.faults.killing import Forks
from tests.faults.killing import forks as opened_forks
from tests.faults.kinds import NAMES

Note = Callable[..., None]
RULES = """rules:
  - id: cn-share-high
    kind: threshold
    title: China has a share at all
    country: CN
    event_group: any
    direction: above
    fire: 0.02
    clear: 0.01
    min_located_actors: 1
"""


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    without_proxies(monkeypatch)


@pytest.fixture
def note(request: pytest.FixtureRequest) -> Note:
    """Notes a try of a kind of fault, and refuses one after which something does not hold."""

    def noted(kind: str, outcome: Outcome | None = None, *, kills: int = 0, tried: int = 1) -> None:
        assert kind in NAMES, kind
        found = outcome or Outcome()
        request.node.user_properties.append(
            (
                "fault",
                {
                    "kind": kind,
                    "tried": tried,
                    "survived": tried if found.is_clean else 0,
                    "lost": found.lost,
                    "doubled": found.doubled,
                    "kills": kills,
                },
            )
        )
        assert found.is_clean, found

    return noted


@pytest.fixture(scope="session")
def forks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forks]:
    """What forks for work that is to be killed."""
    with opened_forks(tmp_path_factory.mktemp("forks")) as running:
        yield running


@pytest.fixture(scope="session")
def fault_server() -> Iterator[SandboxServer]:
    """A world as small as the checks let one be."""
    world = World(seed=3, developers=150, faults=())
    with SandboxServer(world, clock=lambda: NOW) as server:
        yield server


@pytest.fixture
def installation(fault_server: SandboxServer, tmp_path: Path) -> Installation:
    """An installation without data yet, of this test alone: so is what it puts around itself."""
    return _installation(fault_server, tmp_path / "installation")


@pytest.fixture
def alerting_installation(tmp_path: Path) -> Iterator[Installation]:
    """The same of more people, and with a rule that a day fires."""
    folder = tmp_path / "installation"
    with SandboxServer(World(seed=3, developers=600, faults=()), clock=lambda: NOW) as server:
        made = _installation(server, folder)
        rules = folder / "rules.yaml"
        rules.write_text(RULES)
        made.others["OBSERVATORY_RULES"] = str(rules)
        yield made


def _installation(server: SandboxServer, folder: Path) -> Installation:
    folder.mkdir()
    names = {
        "OBSERVATORY_TRACKED_REPOSITORIES": str(tracked(folder)),
        "OBSERVATORY_CACHE": str(folder / "cache"),
        "OBSERVATORY_BACKUPS": str(folder / "backups"),
    }
    return Installation(server, folder / "data", others=names)
