"""One local HTTP server that serves the world at the upstreams' own paths."""

from __future__ import annotations

import socket
import struct
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from sandbox.archive_paths import ArchivePaths
from sandbox.clock import WorldClock
from sandbox.exchange import Request, Response, json_response
from sandbox.git_paths import GitPaths
from sandbox.github_paths import GitHubPaths
from sandbox.hub import HubPaths
from sandbox.hub_models import HubModels
from sandbox.innovation_graph import InnovationGraphPaths
from sandbox.openalex import OpenAlexPaths
from sandbox.slack import SlackWorkspace
from sandbox.trouble import Trouble, TroubleQueue
from sandbox.uspto import UsptoPaths
from sandbox.world import World

CONTROL_PREFIX = "/_sandbox/"
_PIECES = 20


@dataclass(frozen=True)
class LoggedRequest:
    """A request that was answered.

    Attributes:
        time: ISO 8601, UTC, of the server's own clock.
        method: HTTP method.
        path: with the query.
        status: of the answer; 0 when the connection was reset instead.
    """

    time: str
    method: str
    path: str
    status: int


class SandboxServer:
    """Serves a world over HTTP, from the moment it is entered until it is closed.

    Args:
        world: what is served.
        host: address to listen on.
        port: 0 for any free one.
        clock: the server's now: what is future, which names hold, times of messages.
    """

    def __init__(
        self,
        world: World,
        host: str = "127.0.0.1",
        port: int = 0,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.world = world
        self._clock = clock
        self.slack = SlackWorkspace(clock)
        self.trouble = TroubleQueue()
        self._archive = ArchivePaths(world, clock)
        self._github = GitHubPaths(world, clock)
        self._innovation_graph = InnovationGraphPaths()
        self.hub = HubPaths(HubModels(world.seed), clock)
        self.openalex = OpenAlexPaths(world.seed, clock)
        self._uspto = UsptoPaths(world, clock)
        self.git = GitPaths(world, clock)
        self._log: list[LoggedRequest] = []
        self._lock = threading.Lock()
        self.is_closing = threading.Event()
        self._http = _HttpServer((host, port), self)
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Base URL, without a slash at the end."""
        host, port = self._http.server_address[:2]
        return f"http://{host!s}:{port}"

    def start(self) -> Self:
        """Begin to serve, in threads of its own."""
        self._thread = threading.Thread(
            target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, name="sandbox"
        )
        self._thread.start()
        return self

    def close(self) -> None:
        """Stop serving, end every open connection, and wait for all threads."""
        self.is_closing.set()
        if self._thread:
            self._http.shutdown()
            self._thread.join()
        self._http.end_connections()
        self._http.server_close()
        self.git.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def slack_messages(self) -> list[dict[str, object]]:
        """Every message that Slack or a webhook accepted, oldest first."""
        return self.slack.messages()

    def requests(self) -> list[LoggedRequest]:
        """Every request but those to the control paths, in order of their end."""
        with self._lock:
            return list(self._log)

    def add_fault(self, trouble: Trouble) -> None:
        """Have matching requests fail."""
        self.trouble.add(trouble)

    def clear_faults(self) -> None:
        """Have no more requests fail."""
        self.trouble.clear()

    def wait_until_idle(self, timeout_s: float = 30.0) -> None:
        """Wait until all that was asked is answered, of clients that are gone, too.

        Raises:
            TimeoutError: connections stayed open.
        """
        # Connections are taken in order: this one comes after all that were made before.
        host, port = self._http.server_address[:2]
        with socket.create_connection((str(host), int(port)), timeout_s) as last:
            last.sendall(f"GET {CONTROL_PREFIX} HTTP/1.0\r\n\r\n".encode())
            while last.recv(1 << 12):
                pass
        self._http.wait_until_idle(timeout_s)

    def answer(self, request: Request) -> Response:
        """The world's answer to a request, whatever trouble is queued."""
        if request.path.startswith(CONTROL_PREFIX):
            return self._control(request)
        parts = (
            self._archive,
            self._github,
            self._innovation_graph,
            self.hub,
            self.openalex,
            self._uspto,
            self.git,
            self.slack,
        )
        for part in parts:
            if response := part.answer(request):
                return response
        return json_response({"message": "Not Found", "status": "404"}, 404)

    def log(self, request: Request, target: str, status: int) -> None:
        """Remember a request, whatever answered it; `target` is its path with the query."""
        entry = LoggedRequest(datetime.now(UTC).isoformat(), request.method, target, status)
        with self._lock:
            self._log.append(entry)

    def _control(self, request: Request) -> Response:
        match request.method, request.path.removeprefix(CONTROL_PREFIX):
            case "GET", "slack/messages":
                return json_response(
                    {"messages": self.slack.messages(), "requests": self.slack.calls()}
                )
            case "GET", "requests":
                return json_response([asdict(entry) for entry in self.requests()])
            case "POST", "faults":
                try:
                    self.add_fault(Trouble.from_json(request.json_object))
                except ValueError as error:
                    return json_response({"error": str(error)}, 400)
                return json_response({"queued": len(self.trouble)}, 201)
            case "POST", "clock":
                return self._set_clock(request.json_object or {})
            case "DELETE", "faults":
                self.clear_faults()
                return Response(204)
        return json_response({"error": "no such control path"}, 404)

    def _set_clock(self, sent: Mapping[str, object]) -> Response:
        if not isinstance(self._clock, WorldClock):
            return json_response({"error": "this sandbox's clock cannot be set"}, 409)
        try:
            self._clock.set(datetime.fromisoformat(str(sent.get("now"))))
        except ValueError as error:
            return json_response({"error": str(error)}, 400)
        return json_response({"now": self._clock().isoformat()})


class _HttpServer(ThreadingHTTPServer):
    """Knows its open connections, so that closing leaves no thread and no socket behind."""

    daemon_threads = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], sandbox: SandboxServer) -> None:
        self.sandbox = sandbox
        self._open: set[socket.socket] = set()
        self._to_reset: set[socket.socket] = set()
        self._open_lock = threading.Condition()
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - as base
        with self._open_lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:  # noqa: ANN401 - as base
        with self._open_lock:
            self._open.discard(request)
            self._open_lock.notify_all()
            is_reset = request in self._to_reset
            self._to_reset.discard(request)
        # The base says goodbye first; without that, closing sends a reset.
        (super().close_request if is_reset else super().shutdown_request)(request)

    def reset_when_done(self, connection: socket.socket) -> None:
        """Have a connection end with a reset, as a broken peer's does."""
        linger_not = struct.pack("ii", 1, 0)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_not)
        with self._open_lock:
            self._to_reset.add(connection)

    def wait_until_idle(self, timeout_s: float) -> None:
        """Wait until no connection is open."""
        with self._open_lock:
            if not self._open_lock.wait_for(lambda: not self._open, timeout_s):
                raise TimeoutError(f"{len(self._open)} connections stayed open")

    def end_connections(self) -> None:
        """Wake every thread that waits for a client's next request."""
        with self._open_lock:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - as base
        """Stay quiet about clients that went away; anything else is a defect to be seen."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    """Turns bytes into a `Request`, and a `Response` or queued trouble into bytes."""

    protocol_version = "HTTP/1.1"
    server_version = "sandbox"
    # Without these a kept-alive client waits 40 ms for each answer's body.
    disable_nagle_algorithm = True
    wbufsize = 1 << 16
    server: _HttpServer

    def _serve(self) -> None:
        sandbox = self.server.sandbox
        address = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        request = Request(
            method=self.command,
            path=address.path,
            query=dict(parse_qsl(address.query)),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(length),
            base_url=f"http://{self.headers.get('Host', '')}",
            parameters=tuple(parse_qsl(address.query)),
        )
        is_control = request.path.startswith(CONTROL_PREFIX)
        trouble = None if is_control else sandbox.trouble.next_for(request.method, request.path)
        if trouble and trouble.kind == "slow":
            sandbox.is_closing.wait(trouble.seconds)
        if trouble and trouble.kind == "status":
            response = trouble.response()
        elif trouble and trouble.kind == "reset":
            self._reset()
            response = Response(0)
        else:
            response = sandbox.answer(request)
            if trouble:
                is_late = trouble.kind == "late"
                response = trouble.response() if is_late else trouble.damaged(response)
        if not is_control:
            is_lost = trouble is not None and trouble.kind == "lost"
            sandbox.log(request, self.path, 0 if is_lost else response.status)
        if trouble and trouble.kind == "lost":
            self._reset()
        elif response.status:
            self._send(response, trouble)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _serve

    def _send(self, response: Response, trouble: Trouble | None) -> None:
        body = b"" if self.command == "HEAD" else response.body
        kind = trouble.kind if trouble else ""
        kept = int(len(body) * trouble.kept_share) if trouble else len(body)
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        if response.status not in {204, 304}:
            length = kept if kind == "short" else len(response.body)
            self.send_header("Content-Type", response.content_type)
            self.send_header("Content-Length", str(length))
        self.end_headers()
        if trouble and kind == "dripped":
            self._drip(body, trouble.seconds)
        else:
            self.wfile.write(body[:kept] if kind in {"cut", "stalled"} else body)
        self.wfile.flush()
        if trouble and kind == "stalled":
            self.server.sandbox.is_closing.wait(trouble.seconds)
        if kind in {"cut", "stalled", "short"}:
            self.close_connection = True

    def _drip(self, body: bytes, seconds: float) -> None:
        size = max(1, -(-len(body) // _PIECES))
        for start in range(0, len(body), size):
            self.wfile.write(body[start : start + size])
            self.wfile.flush()
            self.server.sandbox.is_closing.wait(seconds / _PIECES)

    def _reset(self) -> None:
        self.server.reset_when_done(self.connection)
        self.close_connection = True

    def log_message(self, format: str, *arguments: object) -> None:
        """Keep stdout and stderr quiet; the request log has it."""
