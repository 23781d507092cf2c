"""Until when GitHub's limits forbid polls: kept, so that no later run calls while they do."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

_LONGEST = timedelta(days=1)


class Pause:
    """A time in a file of a folder.

    Args:
        folder: made where it is missing.
        now: UTC; limits hold by the world's clock, whatever the platform's shows.
    """

    def __init__(
        self, folder: Path, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / "limit.txt"
        self._now = now

    def keep(self, until: datetime) -> None:
        """Forbid polls until a time."""
        temporary = self._path.with_suffix(".tmp")
        temporary.write_text(until.isoformat())
        temporary.replace(self._path)

    def until(self) -> datetime | None:
        """Until when polls are forbidden; None where they are not.

        No limit lasts longer than a day: what says so was written by a clock that was ahead.
        """
        try:
            until = datetime.fromisoformat(self._path.read_text())
            left = until - self._now()
        except (FileNotFoundError, ValueError, TypeError):
            # Not there, torn, or without a zone: GitHub will say so again.
            return None
        return until if timedelta() < left <= _LONGEST else None
