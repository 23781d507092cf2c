"""Polls that were got and are not in the tables yet; taking one up twice changes nothing."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from assets.activity.lines import ArchiveEvent
from assets.polls.polling import Polled
from assets.polls.state import PollState
from assets.spool import JsonSpool

_TIMES = ("polled_at", "next_poll_at", "newest_event_at", "covered_since", "covered_until")


class Spool:
    """Polls kept in a folder until they are in the tables."""

    def __init__(self, folder: Path) -> None:
        self._files = JsonSpool(folder)

    def add(self, polled: Polled) -> None:
        """Keep a poll; one of the same repository is replaced only by removing it first."""
        content = {"state": asdict(polled.state), "events": [tuple(e) for e in polled.events]}
        self._files.add(_name(polled), content)

    def kept(self) -> tuple[list[Polled], list[Path]]:
        """All polls in the folder, the oldest first, and the files that cannot be read."""
        polls: list[Polled] = []
        documents, broken = self._files.kept()
        for name, content in documents.items():
            try:
                polls.append(_polled(content))
            except (ValueError, LookupError, TypeError, OverflowError):
                broken.append(self._files.path(name))
        return sorted(polls, key=lambda each: each.state.polled_at), broken

    def remove(self, polls: Sequence[Polled]) -> None:
        """Forget polls that are in the tables."""
        self._files.remove(_name(each) for each in polls)

    def set_aside(self, broken: Sequence[Path]) -> None:
        """Rename files that cannot be read, for somebody to look at."""
        self._files.set_aside(broken)


def _name(polled: Polled) -> str:
    stamp = int(polled.state.polled_at.timestamp() * 1_000_000)
    return f"{polled.state.repo_id}-{stamp}"


def _polled(content: object) -> Polled:
    if not isinstance(content, dict):
        raise TypeError("no poll")
    state, events = content["state"], content["events"]
    if not isinstance(state, dict) or not isinstance(events, list):
        raise TypeError("no poll")
    times = {name: _moment(state[name]) for name in _TIMES}
    if times["polled_at"] is None or times["next_poll_at"] is None:
        raise ValueError("no time of a poll")
    return Polled(
        PollState(**{**state, **times}),
        tuple(
            ArchiveEvent(each[0], each[1], datetime.fromisoformat(each[2]), *each[3:])
            for each in events
        ),
    )


def _moment(value: object) -> datetime | None:
    return None if value is None else datetime.fromisoformat(str(value)).astimezone(UTC)
