"""OpenAlex's daily credit and pace, kept in a file so that no restart spends more than there is.

Each call costs credits of a day (UTC): a search ten, a list one, of 10,000 with a free key. Every
answer states what is left and in how many seconds the day ends. A call is charged before it is
made; what was charged and not answered (the process died) stays charged until the day ends.
"""

import fcntl
import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path

from resources.http import RateLimitedError, count_of

SEARCH_CREDITS = 10
LIST_CREDITS = 1
CREDITS_PER_DAY = 10_000
#: OpenAlex allows 100.
CALLS_PER_SECOND = 50.0
PATIENCE_S = 300.0
LEAST_REFUSAL_S = 60.0
_DAY_S = 86_400.0
# The day's end as stated and as measured here may differ by a second or two.
_MARGIN_S = 2.0


@dataclass(slots=True)
class _State:
    """What is known of an account; times are seconds since 1970.

    Attributes:
        limit: credits of a day.
        remaining: credits left after the last answer.
        is_stated: whether OpenAlex said so today.
        pending: credits of calls that were not answered yet.
        resets_at: when the credits are full again.
        refused_until: no call before, whatever it costs.
        last_call_at: when the last call was allowed.
    """

    limit: int
    remaining: int
    is_stated: bool = False
    pending: int = 0
    resets_at: float = 0.0
    refused_until: float = 0.0
    last_call_at: float = 0.0


@dataclass(slots=True)
class CreditLedger:
    """The credit of one key at one address, shared by all processes that use its folder.

    Attributes:
        folder: where the state is kept.
        account: what the key and the address are; only a digest of it is written.
        now: seconds since 1970.
        sleep: waits for seconds.
    """

    folder: Path
    account: str = field(repr=False)
    credits_per_day: int = CREDITS_PER_DAY
    calls_per_second: float = CALLS_PER_SECOND
    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep

    def take(
        self,
        cost: int,
        *,
        patience_s: float = PATIENCE_S,
        on_wait: Callable[[str], None] = lambda _message: None,
    ) -> None:
        """Charge a call that is about to be made, after waiting until it may be.

        Args:
            cost: credits.
            patience_s: longest wait.
            on_wait: is told why and until when; not of the pace.

        Raises:
            RateLimitedError: no such call is allowed for longer.
        """
        while True:
            with self._state() as state:
                wait, why = self._wait(state, cost)
                if wait <= 0.0:
                    state.pending += cost
                    state.last_call_at = self.now()
                    return
            if why:
                until = datetime.fromtimestamp(self.now() + wait, UTC)
                said = f"OpenAlex: {why} until {until:%Y-%m-%d %H:%M:%S} UTC"
                if wait > patience_s:
                    raise RateLimitedError(said, resume_at=until, retry_after_s=wait)
                on_wait(f"{said}: waiting {wait:.0f} s")
            self.sleep(wait)

    def settle(self, cost: int, headers: Mapping[str, str]) -> None:
        """Take in what an answer, good or bad, says is left.

        Args:
            cost: what `take` charged for it.
            headers: of the answer, names in any case; where they do not say (or no answer came, and
                so none of them) the cost counts as spent.
        """
        left, reset, limit = (
            count_of(headers.get(f"x-ratelimit-{name}", ""))
            for name in ("remaining", "reset", "limit")
        )
        with self._state() as state:
            state.pending = max(0, state.pending - cost)
            if left is None:
                state.remaining = max(0, state.remaining - cost)
                return
            if limit is not None:
                state.limit = limit
            resets_at = state.resets_at
            if reset is not None and reset <= _DAY_S:
                resets_at = self.now() + reset + _MARGIN_S
            if state.is_stated and abs(resets_at - state.resets_at) < _DAY_S / 2:
                # Answers may come in another order than calls were made in: less is later.
                left = min(left, state.remaining)
            state.remaining, state.is_stated, state.resets_at = left, True, resets_at

    def refuse(self, retry_after_s: float | None) -> None:
        """Take in a refusal: no call until it is over; a minute where nothing is stated."""
        wait = LEAST_REFUSAL_S if retry_after_s is None else max(1.0, retry_after_s)
        with self._state() as state:
            until = self.now() + min(wait, _DAY_S) + (_MARGIN_S if wait > LEAST_REFUSAL_S else 0.0)
            state.refused_until = max(state.refused_until, until)

    def remaining(self) -> int:
        """Credits left of today, as far as is known."""
        with self._state() as state:
            return max(0, state.remaining - state.pending)

    def _wait(self, state: _State, cost: int) -> tuple[float, str]:
        """Seconds until a call of that cost is allowed, and why; nothing for the pace alone."""
        now = self.now()
        if state.refused_until > now:
            return state.refused_until - now, "it takes no calls"
        if state.remaining - state.pending < cost:
            return state.resets_at - now, f"today's credit is spent ({state.remaining} left)"
        return state.last_call_at + 1.0 / self.calls_per_second - now, ""

    @contextmanager
    def _state(self) -> Iterator[_State]:
        """The state as it is now, written back at the end; one process at a time."""
        self.folder.mkdir(parents=True, exist_ok=True)
        name = f"credit-{hashlib.sha256(self.account.encode()).hexdigest()[:16]}.json"
        path = self.folder / name
        with path.with_suffix(".lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            state = self._read(path)
            before = asdict(state)
            yield state
            if asdict(state) != before or not path.exists():
                temporary = path.with_suffix(".tmp")
                temporary.write_text(json.dumps(asdict(state)))
                temporary.replace(path)

    def _read(self, path: Path) -> _State:
        try:
            content = json.loads(path.read_text())
            state = _State(**{each.name: content[each.name] for each in fields(_State)})
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            state = _State(self.credits_per_day, self.credits_per_day)
        now = self.now()
        if state.resets_at <= now:
            state.remaining, state.is_stated, state.pending = state.limit, False, 0
            state.resets_at = (now // _DAY_S + 1) * _DAY_S + _MARGIN_S
        # A clock that was set back must not lock anybody out for longer than a day.
        state.resets_at = min(state.resets_at, now + _DAY_S + _MARGIN_S)
        state.refused_until = min(state.refused_until, now + _DAY_S + _MARGIN_S)
        state.last_call_at = min(state.last_call_at, now)
        return state
