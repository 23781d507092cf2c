"""Polls that were got and are not in the tables yet: a small file each, so that a kill loses none.

A file is written under a temporary name and renamed. What a killed run left is taken up by the
next one before it asks for anything; taking it up twice changes nothing.
"""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import orjson

from assets.activity.lines import ArchiveEvent
from assets.polls.polling import Polled
from assets.polls.state import PollState

_TIMES = ("polled_at", "next_poll_at", "newest_event_at", "covered_since", "covered_until")


class Spool:
    """Polls kept in a folder until they are in the tables."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def add(self, polled: Polled) -> None:
        """Keep a poll; one of the same repository is replaced only by removing it first."""
        content = {"state": asdict(polled.state), "events": [tuple(e) for e in polled.events]}
        stamp = int(polled.state.polled_at.timestamp() * 1_000_000)
        path = self._folder / f"{polled.state.repo_id}-{stamp}.json"
        temporary = path.with_suffix(".tmp")
        temporary.write_bytes(orjson.dumps(content))
        temporary.replace(path)

    def kept(self) -> tuple[list[Polled], list[Path]]:
        """All polls in the folder, the oldest first, and the files that cannot be read."""
        polls: list[Polled] = []
        broken: list[Path] = []
        for path in sorted(self._folder.glob("*.json")):
            try:
                polls.append(_polled(orjson.loads(path.read_bytes())))
            except (ValueError, KeyError, TypeError):
                broken.append(path)
        return sorted(polls, key=lambda each: each.state.polled_at), broken

    def remove(self, polls: Sequence[Polled]) -> None:
        """Forget polls that are in the tables."""
        for each in polls:
            stamp = int(each.state.polled_at.timestamp() * 1_000_000)
            (self._folder / f"{each.state.repo_id}-{stamp}.json").unlink(missing_ok=True)

    def set_aside(self, broken: Sequence[Path]) -> None:
        """Rename files that cannot be read, for somebody to look at."""
        for path in broken:
            path.replace(path.with_suffix(".broken"))


def _polled(content: dict[str, object]) -> Polled:
    state, events = content["state"], content["events"]
    if not isinstance(state, dict) or not isinstance(events, list):
        raise TypeError("no poll")
    times = {name: _moment(state[name]) for name in _TIMES}
    return Polled(
        PollState(**{**state, **times}),
        tuple(
            ArchiveEvent(each[0], each[1], datetime.fromisoformat(each[2]), *each[3:])
            for each in events
        ),
    )


def _moment(value: object) -> datetime | None:
    return None if value is None else datetime.fromisoformat(str(value))
