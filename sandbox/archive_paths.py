"""The hourly archives over HTTP: names, lateness, ranges and validators."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sandbox.exchange import Request, Response, file_response
from sandbox.faults import FIRST_ARCHIVE, SECOND_ARCHIVE
from sandbox.hours import EPOCH
from sandbox.world import World

SECOND_PREFIX = "/opendigger"
_HOUR_PATH = re.compile(r"/(\d{4}-\d{2}-\d{2})-(0|1?[1-9]|10|2[0-3])\.json\.gz")
#: An hour's file appears about five minutes after the hour is over.
_PUBLICATION_DELAY = timedelta(hours=1, minutes=5)


class ArchivePaths:
    """Answers `/YYYY-MM-DD-H.json.gz`, the same below `/opendigger`; the hour is not padded."""

    def __init__(self, world: World, clock: Callable[[], datetime]) -> None:
        self._world = world
        self._clock = clock
        self._lock = threading.Lock()
        self._refused: Counter[tuple[str, datetime]] = Counter()

    def answer(self, request: Request) -> Response | None:
        """The answer, or None when the path is not one of an hour file."""
        is_second = request.path.startswith(f"{SECOND_PREFIX}/")
        archive = SECOND_ARCHIVE if is_second else FIRST_ARCHIVE
        match = _HOUR_PATH.fullmatch(request.path.removeprefix(SECOND_PREFIX))
        if match is None:
            return None
        if request.method not in {"GET", "HEAD"}:
            return Response(405, headers={"Allow": "GET, HEAD"})
        try:
            day = datetime.strptime(match[1], "%Y-%m-%d").replace(tzinfo=UTC)
        except ValueError:
            return _not_found()
        hour = day + timedelta(hours=int(match[2]))
        if hour < EPOCH or self._clock() < hour + _PUBLICATION_DELAY:
            return _not_found()
        if self._is_refused(hour, archive):
            return _not_found()
        body = self._world.hour_file(hour, archive)
        return _not_found() if body is None else file_response(request, body, "application/gzip")

    def _is_refused(self, hour: datetime, archive: str) -> bool:
        with self._lock:
            if self._refused[archive, hour] >= self._world.calendar.refusals(hour, archive):
                return False
            self._refused[archive, hour] += 1
            return True


def _not_found() -> Response:
    body = b"<?xml version='1.0' encoding='UTF-8'?><Error><Code>NoSuchKey</Code></Error>"
    return Response(404, body, "application/xml; charset=UTF-8")
