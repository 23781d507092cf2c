"""GitHub's limits on calls, as strict as the real ones: an hour's calls, and bursts."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from math import ceil

from sandbox.exchange import Response, json_response

WINDOW_S = 3_600
RATE_LIMIT = 5_000


@dataclass(frozen=True)
class Limits:
    """What a token may do.

    Attributes:
        calls_an_hour: the primary limit, for each resource.
        calls_a_minute: the secondary limit on bursts, over all resources.
        refused_s: how long a burst is punished.
        has_retry_after: whether a refused burst is told how long.
    """

    calls_an_hour: int = RATE_LIMIT
    calls_a_minute: int = 900
    refused_s: int = 60
    has_retry_after: bool = True


@dataclass
class _Account:
    used: dict[tuple[str, int], int] = field(default_factory=dict)
    recent: deque[float] = field(default_factory=deque)
    refused_until: float = 0.0


class RateLimits:
    """Counts calls by token.

    A call that meets a limit for the first time is answered 429. A call while a limit forbids it,
    which the client has been told, is answered 403: a log without 403 is that of an obedient one.
    """

    def __init__(self, clock: Callable[[], datetime], limits: Limits) -> None:
        self._clock = clock
        self._limits = limits
        self._lock = threading.Lock()
        self._accounts: dict[str, _Account] = {}

    def spend(self, token: str | None, resource: str) -> tuple[dict[str, str], Response | None]:
        """Count a call: the headers for its answer, and the refusal where there is one."""
        now = self._clock().timestamp()
        with self._lock:
            account = self._accounts.setdefault(token or "", _Account())
            key = (resource, int(now) // WINDOW_S)
            used = account.used.get(key, 0)
            headers = self._headers(resource, used, now)
            if now < account.refused_until:
                return headers, self._refusal(403, headers, account.refused_until - now)
            if used >= self._limits.calls_an_hour:
                return headers, _problem(403, "API rate limit exceeded for this token.", headers)
            while account.recent and account.recent[0] <= now - 60.0:
                account.recent.popleft()
            if len(account.recent) >= self._limits.calls_a_minute:
                account.refused_until = now + self._limits.refused_s
                return headers, self._refusal(429, headers, self._limits.refused_s)
            account.recent.append(now)
            account.used = {key: used + 1} | {
                k: v for k, v in account.used.items() if k[0] != key[0]
            }
            return self._headers(resource, used + 1, now), None

    def give_back(self, token: str | None, resource: str) -> dict[str, str]:
        """An answer 304 costs nothing: undo what the call spent."""
        now = self._clock().timestamp()
        with self._lock:
            account = self._accounts.setdefault(token or "", _Account())
            key = (resource, int(now) // WINDOW_S)
            account.used[key] = max(0, account.used.get(key, 0) - 1)
            return self._headers(resource, account.used[key], now)

    def _headers(self, resource: str, used: int, now: float) -> dict[str, str]:
        # The Date of an answer is the machine's, whatever the world's clock shows: the reset has to
        # be right beside it.
        left = (int(now) // WINDOW_S + 1) * WINDOW_S - now
        return {
            "x-ratelimit-limit": str(self._limits.calls_an_hour),
            "x-ratelimit-remaining": str(max(0, self._limits.calls_an_hour - used)),
            "x-ratelimit-used": str(used),
            "x-ratelimit-reset": str(ceil(time.time() + left)),
            "x-ratelimit-resource": resource,
        }

    def _refusal(self, status: int, headers: dict[str, str], left: float) -> Response:
        told = {"Retry-After": str(ceil(left))} if self._limits.has_retry_after else {}
        return _problem(
            status, "You have exceeded a secondary rate limit. Please wait.", {**headers, **told}
        )


def _problem(status: int, message: str, headers: dict[str, str]) -> Response:
    content = {"message": message, "documentation_url": "https://docs.github.com/rest"}
    return json_response(content, status, headers)
