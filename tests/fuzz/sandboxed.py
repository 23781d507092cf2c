"""The sandbox without its network: what seeds are made of."""

from datetime import UTC, datetime
from functools import cache

from sandbox.exchange import Request, Response
from sandbox.server import SandboxServer
from sandbox.world import World

NOW = datetime(2024, 12, 16, 12, tzinfo=UTC)
URL = "http://upstream"
_DEVELOPERS = 60


class Sandboxed:
    """A small world's answers, asked for in this process."""

    def __init__(self) -> None:
        self.world = World(seed=1, developers=_DEVELOPERS)
        # Never started: it opens a port when it is made, and has no more use for it.
        self.server = SandboxServer(self.world, clock=lambda: NOW)
        self.server.close()

    def answer(self, request: Request) -> Response:
        """The answer to a request."""
        return self.server.answer(request)

    def get(self, path: str) -> Response:
        """The answer to a GET without a query."""
        return self.answer(Request("GET", path, {}, {}, b"", URL))


@cache
def sandbox() -> Sandboxed:
    """One for the process."""
    return Sandboxed()
