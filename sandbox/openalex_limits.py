"""OpenAlex's limits: a day's credit for each key, and calls a second, stated as the real ones."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from math import ceil

from sandbox.exchange import Response, json_response

SEARCH_CREDITS, LIST_CREDITS = 10, 1
_DAY_S = 86_400


@dataclass(frozen=True)
class OpenAlexLimits:
    """What a key may do.

    Attributes:
        credits_a_day: of a UTC day.
        calls_a_second: whatever they cost.
        refused_s: how long a burst is punished.
    """

    credits_a_day: int = 10_000
    calls_a_second: int = 100
    refused_s: int = 1


@dataclass
class _Account:
    day: int = -1
    used: int = 0
    recent: deque[float] = field(default_factory=deque)
    refused_until: float = 0.0


class CreditLimits:
    """Counts credits by key; errors cost nothing.

    Attributes:
        violations: calls made although an answer before them had said that they would be refused.
    """

    def __init__(self, clock: Callable[[], datetime], limits: OpenAlexLimits) -> None:
        self._clock = clock
        self._limits = limits
        self._lock = threading.Lock()
        self._accounts: dict[str, _Account] = {}
        self.violations = 0

    def used(self, key: str) -> int:
        """Credits that a key has spent of the day that it called last."""
        with self._lock:
            return self._accounts.setdefault(key, _Account()).used

    def spend(self, key: str, cost: int) -> Response | None:
        """Count a call: the refusal where there is one."""
        now = self._clock().timestamp()
        with self._lock:
            account = self._accounts.setdefault(key, _Account())
            if account.day != int(now) // _DAY_S:
                account.day, account.used = int(now) // _DAY_S, 0
            if now < account.refused_until:
                self.violations += 1
                return self._refusal(account, cost, account.refused_until - now, "slow down")
            if account.used + cost > self._limits.credits_a_day:
                # Every answer says what is left, so that nobody has to meet this.
                self.violations += 1
                return self._refusal(account, cost, self._left_s(now), "Insufficient budget")
            # Bursts are counted by the machine's clock, as the world's may stand still.
            moment = time.monotonic()
            while account.recent and account.recent[0] <= moment - 1.0:
                account.recent.popleft()
            if len(account.recent) >= self._limits.calls_a_second:
                account.refused_until = now + self._limits.refused_s
                return self._refusal(account, cost, self._limits.refused_s, "Rate limit exceeded")
            account.recent.append(moment)
            account.used += cost
        return None

    def headers(self, key: str, cost: int) -> dict[str, str]:
        """What an answer says of the key's credit."""
        with self._lock:
            return self._headers(self._accounts.setdefault(key, _Account()), cost)

    def give_back(self, key: str, cost: int) -> None:
        """An error costs nothing: undo what the call spent."""
        with self._lock:
            self._accounts[key].used -= cost

    def _headers(self, account: _Account, cost: int) -> dict[str, str]:
        left = self._limits.credits_a_day - account.used
        return {
            "X-RateLimit-Limit": str(self._limits.credits_a_day),
            "X-RateLimit-Remaining": str(left),
            "X-RateLimit-Credits-Used": str(cost),
            "X-RateLimit-Reset": str(ceil(self._left_s(self._clock().timestamp()))),
            "X-RateLimit-Remaining-USD": f"{left / 10_000:.4f}",
        }

    def _left_s(self, now: float) -> float:
        return (int(now) // _DAY_S + 1) * _DAY_S - now

    def _refusal(self, account: _Account, cost: int, wait: float, why: str) -> Response:
        headers = self._headers(account, 0) | {
            "Retry-After": str(ceil(wait)),
            "X-RateLimit-Credits-Required": str(cost),
        }
        content = {"error": "Rate limit exceeded", "message": why, "retryAfter": ceil(wait)}
        return json_response(content, 429, headers)
