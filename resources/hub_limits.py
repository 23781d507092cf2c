"""The Hub's limit on calls: what may still be sent in its window, and from when on it may go on.

Every answer says `RateLimit: "api";r=REMAINING;t=SECONDS` and `RateLimit-Policy: "fixed
window";"api";q=CALLS;w=SECONDS` (IETF draft-ietf-httpapi-ratelimit-headers-09). Where an answer
says nothing, the documented limits are kept: 500 calls in 5 minutes, 1,000 with a token.
"""

import re
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from resources.http import RateLimitedError

CALLS_WITHOUT_TOKEN = 500
CALLS_WITH_TOKEN = 1_000
WINDOW_S = 300.0
PATIENCE_S = 900.0
# A window's end is stated in whole seconds: what is left of the last one is waited for, too.
_ROUNDING_S = 1.0
_LONGEST_WAIT_S = 86_400.0
_BUCKET = "api"
_STATE = re.compile(r'"(\w+)"\s*;\s*r\s*=\s*(\d{1,9})\s*;\s*t\s*=\s*(\d{1,9})')
_POLICY = re.compile(r'"(\w+)"\s*;\s*q\s*=\s*(\d{1,9})\s*;\s*w\s*=\s*(\d{1,9})')


@dataclass(slots=True)
class HubLimit:
    """What one client may still send; for one thread.

    Attributes:
        calls: most calls in a window, until the Hub states another number.
        forbidden_until: UTC; what an earlier process was told. None where it was told nothing.
        on_forbidden: is told from when on calls are allowed again, as soon as that is known.
        on_wait: is told of every wait.
        clock: seconds, monotonic.
        sleep: waits for seconds.
        now: UTC.
    """

    calls: int
    forbidden_until: datetime | None = None
    on_forbidden: Callable[[datetime], None] = lambda _until: None
    on_wait: Callable[[str], None] = lambda _message: None
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    _window_s: float = WINDOW_S
    _free_at: float = 0.0
    _sent: deque[float] = field(default_factory=deque, repr=False)
    _is_stated: bool = False

    def __post_init__(self) -> None:
        """Go on with what an earlier process was told."""
        self._free_at = self.clock()
        if self.forbidden_until:
            left = (self.forbidden_until - self.now()).total_seconds()
            self._free_at += min(max(0.0, left), _LONGEST_WAIT_S)

    def take(self, patience_s: float = PATIENCE_S) -> None:
        """Return when a call may be sent, and count it.

        Raises:
            RateLimitedError: that is longer away than `patience_s`.
        """
        wait = self._wait_s()
        if wait > 0.0:
            until = self.now() + timedelta(seconds=wait)
            said = f"the Hub's limit forbids calls until {until:%Y-%m-%d %H:%M:%S} UTC"
            if wait > patience_s:
                raise RateLimitedError(said, resume_at=until, retry_after_s=wait)
            self.on_wait(f"{said}: waiting {wait:.0f} s")
            self.sleep(wait)
        self._sent.append(self.clock())

    def learn(self, headers: Mapping[str, str]) -> None:
        """Take in what an answer says."""
        for name, calls, window in _POLICY.findall(headers.get("RateLimit-Policy", "")):
            if name == _BUCKET and int(calls) and int(window):
                self.calls, self._window_s = int(calls), min(float(window), _LONGEST_WAIT_S)
        for name, remaining, reset in _STATE.findall(headers.get("RateLimit", "")):
            if name == _BUCKET:
                self._is_stated = True
                if int(remaining) == 0:
                    self._forbid(float(reset) + _ROUNDING_S)

    def refuse(self, retry_after_s: float | None) -> None:
        """Take in a 429: no call until the stated time, or for a window where none is stated."""
        is_known = self._free_at > self.clock()
        if retry_after_s is not None:
            self._forbid(retry_after_s + _ROUNDING_S)
        elif not is_known:
            self._forbid(self._window_s)

    def _forbid(self, seconds: float) -> None:
        seconds = min(seconds, _LONGEST_WAIT_S)
        free_at = self.clock() + seconds
        if free_at > self._free_at:
            self._free_at = free_at
            self.on_forbidden(self.now() + timedelta(seconds=seconds))

    def _wait_s(self) -> float:
        now = self.clock()
        free_at = self._free_at
        while self._sent and self._sent[0] <= now - self._window_s:
            self._sent.popleft()
        # What the Hub states of its own window is exact; without it, no window may hold more.
        if not self._is_stated and len(self._sent) >= self.calls:
            free_at = max(free_at, self._sent[-self.calls] + self._window_s)
        return max(0.0, free_at - now)
