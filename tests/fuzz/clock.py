"""A clock that only waiting moves."""

from datetime import UTC, datetime, timedelta

from tests.fuzz.sandboxed import NOW


class FakeClock:
    """Seconds, monotonic and since 1970; waiting takes no time."""

    def __init__(self) -> None:
        self._waited = 0.0

    def __call__(self) -> float:
        return 1_000.0 + self._waited

    def now(self) -> datetime:
        """UTC."""
        return NOW + timedelta(seconds=self._waited)

    def epoch(self) -> float:
        """Seconds since 1970."""
        return NOW.astimezone(UTC).timestamp() + self._waited

    def sleep(self, seconds: float) -> None:
        """Wait; an endless or negative wait is a fault of who waits."""
        if not 0.0 <= seconds <= 2 * 86_400.0:
            raise AssertionError(f"a wait of {seconds} s")
        self._waited += seconds
