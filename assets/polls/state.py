"""What is known of a repository from its last poll."""

from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from typing import Any, Self

OUTCOMES = ("polled", "unchanged", "renamed", "gone", "blocked", "failed")


@dataclass(frozen=True, slots=True)
class PollState:
    """A row of raw.repository_polls, whose columns say what each field is."""

    repo_id: int
    repo_name: str
    polled_at: datetime
    next_poll_at: datetime
    outcome: str
    etag: str | None = None
    event_count: int = 0
    malformed_count: int = 0
    problem: str | None = None
    newest_event_at: datetime | None = None
    covered_since: datetime | None = None
    covered_until: datetime | None = None
    events_per_hour: float = 0.0
    poll_interval_s: int = 0
    call_count: int = 0

    @classmethod
    def from_row(cls, row: dict[str, Any]) -> Self:
        """The state that a row says; its times become UTC."""
        values: dict[str, Any] = {field.name: row[field.name] for field in fields(cls)}
        for name, value in values.items():
            if isinstance(value, datetime):
                values[name] = value.astimezone(UTC)
        return cls(**values)

    def row(self) -> dict[str, Any]:
        """The row of raw.repository_polls."""
        return asdict(self)
