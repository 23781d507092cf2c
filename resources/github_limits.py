"""GitHub's limits: what each token may still do, and from when on it may go on.

A token has a primary limit for each resource (`core`, `graphql`), stated on every answer, and
secondary limits, met as a refusal. Both are kept on the local monotonic clock; a reset time is
translated by the `Date` of the answer that stated it, so that no wrong clock matters.
"""

import re
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from resources.http import RateLimitedError, http_date

# The documented limits are 5,000 calls an hour and 900 points a minute. Answers that cost nothing
# (304) count here as any other call does.
CALLS_PER_HOUR = 4_900
CALLS_PER_MINUTE = 840
WINDOW_S = 3_600.0
PATIENCE_S = 3_700.0
LEAST_REFUSAL_S = 60.0
_LONGEST_WAIT_S = 86_400.0
_FULL = 1 << 40
RESOURCES = ("core", "graphql")
_COUNT = re.compile(r"[0-9]{1,15}")


@dataclass(slots=True)
class _Allowance:
    """What is left of a primary limit, and when it is full again."""

    remaining: int
    resets_at: float


@dataclass(slots=True)
class Token:
    """One token (empty: none) and what is known of its limits; never shown."""

    value: str = field(repr=False)
    number: int
    allowances: dict[str, _Allowance] = field(default_factory=dict)
    refused_until: float = 0.0
    refusal_count: int = 0
    calls: deque[float] = field(default_factory=deque, repr=False)


class TokenPool:
    """Tokens that share the calls: the one with most left is taken first.

    Args:
        tokens: none for calls without one.
        clock: seconds, monotonic.
        sleep: waits for seconds.
        now: UTC; used for messages, and for reset times of answers that carry no `Date`.
    """

    def __init__(
        self,
        tokens: Sequence[str],
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        calls_per_hour: int = CALLS_PER_HOUR,
        calls_per_minute: int = CALLS_PER_MINUTE,
    ) -> None:
        self._tokens = [Token(value, number) for number, value in enumerate(tokens or ("",), 1)]
        self._clock, self._now = clock, now
        self._sleep = sleep or time.sleep
        self._pace = ((60.0, calls_per_minute), (WINDOW_S, calls_per_hour))
        self._lock = threading.Lock()

    @property
    def token_count(self) -> int:
        """How many tokens there are; 0 where calls are made without one."""
        return sum(bool(token.value) for token in self._tokens)

    def take(
        self,
        resource: str,
        *,
        reserve: int = 0,
        patience_s: float = PATIENCE_S,
        on_wait: Callable[[str], None] = lambda _message: None,
    ) -> Token:
        """A token that may call now, after waiting for it where that is short enough.

        Args:
            resource: `core` or `graphql`.
            reserve: calls of the primary limit that are left to others.
            patience_s: longest wait.
            on_wait: is told why and until when.

        Raises:
            RateLimitedError: every token is forbidden to call for longer.
        """
        waited = 0.0
        while True:
            with self._lock:
                token, wait = self._best(resource, reserve)
                if wait <= 0.0:
                    token.calls.append(self._clock())
                    return token
            limited = self._forbidden(resource, wait)
            if waited + wait > patience_s:
                raise limited
            on_wait(f"{limited}: waiting {wait:.0f} s")
            over_at = self._clock() + wait
            self._sleep(wait)
            waited += wait
            with self._lock:
                self._end_wait(token, resource, over_at)

    def learn(self, token: Token, resource: str, headers: Mapping[str, str]) -> bool:
        """Take in what an answer says of the primary limit: whether it states a reset to come.

        Without such a reset what is left holds until the last one known, or else for a minute.
        """
        remaining = headers.get("x-ratelimit-remaining", "")
        if not _COUNT.fullmatch(remaining):
            return False
        said = headers.get("x-ratelimit-resource", "")
        named = said if said in RESOURCES else resource
        left = self._stated_left_s(headers)
        with self._lock:
            now = self._clock()
            known = token.allowances.get(named)
            if left is not None:
                resets_at = now + left
            elif known and known.resets_at > now:
                resets_at = known.resets_at
            else:
                resets_at = now + LEAST_REFUSAL_S
            token.allowances[named] = _Allowance(int(remaining), resets_at)
        return left is not None

    def _stated_left_s(self, headers: Mapping[str, str]) -> float | None:
        """Seconds until the reset that an answer states; None where it states none to come."""
        reset = headers.get("x-ratelimit-reset", "")
        if not _COUNT.fullmatch(reset):
            return None
        stated = http_date(headers.get("Date", ""))
        left = float(reset) - (stated or self._now()).timestamp()
        if left <= 0.0:
            return None
        # A window lasts an hour: what says otherwise compares two clocks that disagree.
        return min(max(left, 1.0 if stated else LEAST_REFUSAL_S), WINDOW_S)

    def refuse(self, token: Token, retry_after_s: float | None) -> None:
        """Take in a refusal by a limit of unknown reset: no call by this token until it is over.

        Without a stated time it lasts a minute; each refusal after the first doubles that, and no
        stated time shortens it.
        """
        with self._lock:
            token.refusal_count += 1
            doubled = LEAST_REFUSAL_S * 2 ** min(token.refusal_count - 1, 10)
            is_first = token.refusal_count == 1 and retry_after_s is not None
            wait = max(retry_after_s or 0.0, 1.0 if is_first else doubled)
            until = self._clock() + min(wait, _LONGEST_WAIT_S)
            token.refused_until = max(token.refused_until, until)

    def forbidden(self, resource: str, *, reserve: int = 0) -> RateLimitedError:
        """The error that says until when all tokens are forbidden to call."""
        with self._lock:
            _, wait = self._best(resource, reserve)
        return self._forbidden(resource, wait)

    def _forbidden(self, resource: str, wait: float) -> RateLimitedError:
        until = self._now() + timedelta(seconds=wait)
        said = f"GitHub's limits forbid {resource} calls until {until:%Y-%m-%d %H:%M:%S} UTC"
        return RateLimitedError(said, resume_at=until, retry_after_s=wait)

    def accept(self, token: Token) -> None:
        """Take in that a call went through."""
        with self._lock:
            token.refusal_count = 0

    def remaining(self, resource: str) -> int | None:
        """Calls left of all tokens' primary limits; None before the first answer."""
        with self._lock:
            now = self._clock()
            known = [
                token.allowances[resource].remaining
                for token in self._tokens
                if resource in token.allowances and token.allowances[resource].resets_at > now
            ]
        return sum(known) if known else None

    def resets_in_s(self, resource: str) -> float | None:
        """Seconds until the first primary limit is full again; None where none is known."""
        with self._lock:
            now = self._clock()
            known = [
                token.allowances[resource].resets_at - now
                for token in self._tokens
                if resource in token.allowances and token.allowances[resource].resets_at > now
            ]
        return min(known) if known else None

    def _best(self, resource: str, reserve: int) -> tuple[Token, float]:
        """The token that may call soonest, with most left, and the seconds until then."""

        def rank(token: Token) -> tuple[float, int]:
            allowance = token.allowances.get(resource)
            is_known = allowance is not None and allowance.resets_at > self._clock()
            # What is not known is taken to be full.
            return self._wait(token, resource, reserve), (
                -allowance.remaining if allowance and is_known else -_FULL
            )

        token = min(self._tokens, key=rank)
        return token, self._wait(token, resource, reserve)

    def _wait(self, token: Token, resource: str, reserve: int) -> float:
        now = self._clock()
        free_at = token.refused_until
        allowance = token.allowances.get(resource)
        if allowance and allowance.remaining <= reserve:
            free_at = max(free_at, allowance.resets_at)
        while token.calls and token.calls[0] <= now - WINDOW_S:
            token.calls.popleft()
        for seconds, most in self._pace:
            if len(token.calls) >= most:
                free_at = max(free_at, token.calls[-most] + seconds)
        return max(0.0, free_at - now)

    def _end_wait(self, token: Token, resource: str, over_at: float) -> None:
        """What was waited for is over; what was learnt meanwhile, and lasts longer, is not."""
        if token.refused_until <= over_at:
            token.refused_until = 0.0
        allowance = token.allowances.get(resource)
        if allowance and allowance.resets_at <= over_at:
            del token.allowances[resource]
