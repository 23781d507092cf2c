"""A sandbox server, and an upstream that answers exactly what a test tells it to."""

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from resources.github import GitHubClient
from sandbox.server import SandboxServer
from sandbox.world import World

NOW = datetime(2026, 11, 1, 12, 30, tzinfo=UTC)
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


@dataclass(frozen=True)
class Asked:
    """A request as it came in; names of headers in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class _Answer:
    status: int
    body: bytes
    headers: Mapping[str, str]
    sent_bytes: int | None
    stalls: bool


@dataclass
class Upstream:
    """A local HTTP server that gives its answers in order, and the last one again and again."""

    url: str
    requests: list[Asked] = field(default_factory=list)
    _answers: list[_Answer] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answers(
        self,
        status: int,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        *,
        sent_bytes: int | None = None,
        stalls: bool = False,
    ) -> None:
        """Add an answer; `sent_bytes` of its body, then the connection ends, or stalls."""
        self._answers.append(_Answer(status, body, headers or {}, sent_bytes, stalls))

    def next_answer(self, asked: Asked) -> _Answer:
        """Remember a request and take the answer to it."""
        with self._lock:
            self.requests.append(asked)
            return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    """A server without answers yet."""
    is_over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(self.command, self.path, headers, self.rfile.read(length))
            answer = running.next_answer(asked)
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body[: answer.sent_bytes])
            if answer.stalls:
                is_over.wait()

        do_POST = do_GET

        def log_message(self, format: str, *arguments: object) -> None:
            """Keep the tests' output quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = False
    running = Upstream(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield running
    is_over.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="session")
def world() -> World:
    """The default world with a tenth of its people."""
    return World(seed=1, developers=300)


@pytest.fixture
def sandbox(world: World) -> Iterator[SandboxServer]:
    """A server of the small world, at noon of 2026-11-01."""
    with SandboxServer(world, clock=lambda: NOW) as running:
        yield running


@pytest.fixture
def waits() -> list[float]:
    """Seconds that a client wanted to wait: give its `append` as `sleep`."""
    return []


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Local servers are asked directly, whatever the environment says."""
    for name in _PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def told(upstream: Upstream, waits: list[float]) -> Iterator[GitHubClient]:
    """A client of the upstream that answers what it is told to."""
    client = GitHubClient(upstream.url, "ghp_made-up", attempts=3, sleep=waits.append)
    yield client
    client.close()
