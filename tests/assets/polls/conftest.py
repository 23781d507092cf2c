"""A world of 2,000 repositories behind strict limits, and a clock that moves only when told."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from assets.declare import prepare
from assets.polls.tables import REPOSITORY_POLLS, STAR_HISTORY
from assets.reference.tables import TRACKED_REPOSITORIES
from resources.github_limits import TokenPool
from resources.github_repositories import RepositoryClient
from resources.github_transport import GitHubTransport
from resources.warehouse import Warehouse
from sandbox.exchange import Request, Response
from sandbox.github_limits import Limits
from sandbox.github_paths import GitHubPaths
from sandbox.repositories import Repository
from sandbox.server import SandboxServer
from sandbox.world import World
from tests.conftest import without_proxies

START = datetime(2024, 12, 10, 6, 0, 5, tzinfo=UTC)


class Clock:
    """A clock that stands still until somebody sleeps."""

    def __init__(self, start: datetime = START) -> None:
        self._lock = threading.Lock()
        self._start = start
        self._elapsed = 0.0
        self.slept: list[float] = []

    def now(self) -> datetime:
        with self._lock:
            return self._start + timedelta(seconds=self._elapsed)

    def monotonic(self) -> float:
        with self._lock:
            return self._elapsed

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self._elapsed += seconds
            self.slept.append(seconds)


@dataclass(frozen=True)
class Call:
    """A call as the server saw it."""

    at: datetime
    token: str | None
    path: str
    status: int


@dataclass
class WatchedServer(SandboxServer):
    """A sandbox that logs by its own clock, with limits of a test's choice."""

    world: World
    clock: Clock
    limits: Limits = field(default_factory=Limits)
    on_call: Callable[[int], None] = lambda _count: None
    late_percent: int = 0

    def __post_init__(self) -> None:
        super().__init__(self.world, clock=self.clock.now)
        self.calls: list[Call] = []
        self.github = GitHubPaths(self.world, self.clock.now, self.limits, self.late_percent)
        # Earlier names that are another repository's by now, to that one's name.
        self.reused: dict[str, str] = {}

    def answer(self, request: Request) -> Response:
        for name, owner in self.reused.items():
            path = request.path.replace(f"/repos/{name}", f"/repos/{owner}")
            request = replace(request, path=path)
        return self.github.answer(request) or super().answer(request)

    def log(self, request: Request, target: str, status: int) -> None:
        """The server's own record: of requests that met a planted fault, too."""
        super().log(request, target, status)
        path = request.path + f"?page={request.query.get('page', '')}"
        self.calls.append(Call(self.clock.now(), request.bearer_token, path, status))
        self.on_call(len(self.calls))

    def client(
        self, *tokens: str, attempts: int = 5, patience_s: float = 4_000
    ) -> RepositoryClient:
        """A client by the same clock."""
        return RepositoryClient(
            GitHubTransport(
                self.url,
                TokenPool(
                    tokens or ("one",),
                    clock=self.clock.monotonic,
                    sleep=self.clock.sleep,
                    now=self.clock.now,
                ),
                attempts=attempts,
                patience_s=patience_s,
                sleep=self.clock.sleep,
            )
        )


@pytest.fixture(scope="session")
def world() -> World:
    """The default world with a tenth of its people: 40 tracked and 2,000 other repositories."""
    return World(seed=1, developers=300)


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    without_proxies(monkeypatch)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def server(world: World, clock: Clock) -> Iterator[WatchedServer]:
    with WatchedServer(world, clock) as running:
        yield running


def track(house: Warehouse, rows: list[Repository]) -> None:
    """Declare repositories as tracked, by the names they have in the end."""
    prepare(house, TRACKED_REPOSITORIES, REPOSITORY_POLLS, STAR_HISTORY)
    tracked: list[dict[str, object]] = [
        {
            "repository": row.name,
            "github_id": row.github_id,
            "id_source": "file",
            "previous_names": [],
            "family": None,
            "layer": "model",
            "developer": "x",
            "developer_country_iso2": None,
        }
        for row in rows
    ]
    house.replace_all(TRACKED_REPOSITORIES.qualified, TRACKED_REPOSITORIES.arrow(tracked))


@pytest.fixture
def house(tmp_path: Path) -> Warehouse:
    return Warehouse(str(tmp_path / "warehouse.duckdb"))
