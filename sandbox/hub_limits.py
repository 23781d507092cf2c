"""The Hub's limit on calls: so many in each window of five minutes, stated on every answer."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from math import ceil

from sandbox.exchange import Response, json_response


@dataclass(frozen=True)
class HubLimits:
    """Calls in a window, for a token or, without one, for everybody together."""

    without_token: int = 500
    with_token: int = 1_000
    window_s: int = 300


class HubCounter:
    """Counts calls in fixed windows of the server's clock.

    The last call that a window allows is told that none remains: a log without 429 is that of a
    client that listens.
    """

    def __init__(self, clock: Callable[[], datetime], limits: HubLimits) -> None:
        self._clock = clock
        self._limits = limits
        self._lock = threading.Lock()
        self._used: dict[tuple[str, int], int] = {}

    def spend(self, token: str | None) -> tuple[dict[str, str], Response | None]:
        """Count a call: the headers for its answer, and the refusal where there is one."""
        limits = self._limits
        most = limits.with_token if token else limits.without_token
        now = self._clock().timestamp()
        window = int(now // limits.window_s)
        with self._lock:
            used = self._used.get((token or "", window), 0)
            self._used[token or "", window] = min(used + 1, most)
        left = ceil((window + 1) * limits.window_s - now)
        headers = {
            "RateLimit": f'"api";r={max(0, most - used - 1)};t={left}',
            "RateLimit-Policy": f'"fixed window";"api";q={most};w={limits.window_s}',
        }
        if used < most:
            return headers, None
        content = {"error": "We had to rate limit you. Please wait."}
        return headers, json_response(content, 429, headers)
