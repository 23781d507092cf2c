"""What GitHub lists of a repository: its newest events, and the history of its stars."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sandbox.exchange import Request, Response, json_response
from sandbox.hours import EPOCH
from sandbox.lines import API, organisation_id
from sandbox.repositories import Repository
from sandbox.world import World

FEED_LENGTH = 300
FEED_DAYS = 30
EVENTS_PER_PAGE = 100
WEEKS_PER_PAGE = 30
MAX_STAR_PAGES = 100
POLL_INTERVAL_S = 60
STAR_HISTORY_VERSION = "2026-03-10"
#: An event can be seen from 30 s to 5 minutes after it happened; a late one up to 6 hours after.
_LEAST_DELAY_S, _DELAY_RANGE_S, _LATE_RANGE_S = 30, 270, 6 * 3_600 - 60
#: Of a hundred stars so many are taken back, within 60 days.
_UNSTARRED_PERCENT = 2
_UNSTARRED_DAYS = 60
_ACTIONS = {
    "WatchEvent": ("started",),
    "PullRequestEvent": ("opened", "closed", "reopened"),
    "PullRequestReviewEvent": ("created",),
    "PullRequestReviewCommentEvent": ("created",),
    "IssuesEvent": ("opened", "closed", "reopened"),
    "IssueCommentEvent": ("created",),
    "ReleaseEvent": ("published",),
    "ForkEvent": ("forked",),
}
_ONE_DAY = timedelta(days=1)


class _Event(NamedTuple):
    event_id: int
    event_type: str
    actor_id: int
    created_at: datetime

    def seen_at(self, late_percent: int) -> datetime:
        """When the feed first shows it."""
        mixed = self.event_id * 2_654_435_761 % 2**32
        is_late = mixed % 100 < late_percent
        delay = (mixed >> 8) % _LATE_RANGE_S if is_late else self.event_id % _DELAY_RANGE_S
        return self.created_at + timedelta(seconds=_LEAST_DELAY_S + delay)


class ActivityLists:
    """Lists made from what really happened, bots included, whatever the archives lost of it.

    Args:
        world: what happened.
        clock: now.
        late_percent: of a hundred events so many are shown up to six hours late.
    """

    def __init__(self, world: World, clock: Callable[[], datetime], late_percent: int = 0) -> None:
        self._world = world
        self._late_percent = late_percent
        self._clock = clock
        self._lock = threading.Lock()
        self._day: Callable[[date], dict[int, list[_Event]]] = lru_cache(FEED_DAYS + 3)(
            self._events_on
        )
        self._stars: dict[
            tuple[date, int], tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]
        ] = {}
        self._star_days: set[date] = set()

    def events(self, request: Request, row: Repository) -> Response:
        """A page of the repository's newest events; 304 where the list is the known one."""
        size, page = _number(request, "per_page", 30, 100), _number(request, "page", 1, 1_000)
        if (page - 1) * size >= FEED_LENGTH:
            message = "In order to keep the API fast for everyone, pagination is limited."
            return json_response({"message": message}, 422)
        feed = self.feed(row.github_id)
        chosen = feed[(page - 1) * size : page * size]
        # As GitHub's, it is of the page alone: what changes behind it does not show.
        digest = hashlib.sha256(repr([(each.event_id, size) for each in chosen]).encode())
        headers = {"ETag": f'W/"{digest.hexdigest()}"', "X-Poll-Interval": str(POLL_INTERVAL_S)}
        if request.headers.get("if-none-match") == headers["ETag"] and page == 1:
            return Response(304, headers=headers)
        if page * size < len(feed):
            headers["Link"] = _link(request, row, "events", size, page + 1)
        name = row.name_at(self._clock())
        return json_response([self._document(each, row, name) for each in chosen], headers=headers)

    def feed(self, repo_id: int) -> list[_Event]:
        """The newest 300 events of 30 days that can be seen now, newest first."""
        now = self._clock()
        oldest, day = now - timedelta(days=FEED_DAYS), now.date()
        found: list[_Event] = []
        with self._lock:
            while day >= max(oldest.date(), EPOCH.date()) and len(found) < FEED_LENGTH:
                found += [
                    each
                    for each in reversed(self._day(day).get(repo_id, []))
                    if each.seen_at(self._late_percent) <= now and each.created_at >= oldest
                ]
                day -= _ONE_DAY
        return found[:FEED_LENGTH]

    def _events_on(self, day: date) -> dict[int, list[_Event]]:
        drawn = self._world.drawn_on(day)
        found: dict[int, list[_Event]] = {}
        times = drawn.created_at.astype("datetime64[s]").astype(np.int64).tolist()
        for event_id, name, actor, repo, second in zip(
            drawn.event_id.tolist(),
            drawn.event_type.tolist(),
            drawn.actor_id.tolist(),
            drawn.repo_id.tolist(),
            times,
            strict=True,
        ):
            event = _Event(event_id, name, actor, datetime.fromtimestamp(second, UTC))
            found.setdefault(repo, []).append(event)
        return found

    def _document(self, event: _Event, row: Repository, name: str) -> dict[str, object]:
        actor = self._world.account_by_id[event.actor_id]
        payload: dict[str, object] = {}
        if choices := _ACTIONS.get(event.event_type):
            payload["action"] = choices[event.event_id % len(choices)]
        if event.event_type == "PushEvent":
            payload = {"repository_id": row.github_id, "ref": "refs/heads/main"}
        document: dict[str, object] = {
            "id": str(event.event_id),
            "type": event.event_type,
            "actor": {
                "id": actor.github_id,
                "login": actor.login,
                "display_login": actor.login.removesuffix("[bot]"),
                "gravatar_id": "",
                "url": f"{API}/users/{actor.login}",
            },
            "repo": {"id": row.github_id, "name": name, "url": f"{API}/repos/{name}"},
            "payload": payload,
            "public": True,
            "created_at": f"{event.created_at:%Y-%m-%dT%H:%M:%SZ}",
        }
        if row.is_tracked:
            document["org"] = {"id": organisation_id(row), "login": row.owner}
        return document

    def star_history(self, request: Request, row: Repository) -> Response:
        """A page of weeks, newest first; only in the version of the API that has it."""
        if request.headers.get("x-github-api-version") != STAR_HISTORY_VERSION:
            return json_response({"message": "Not Found"}, 404)
        size = _number(request, "per_page", WEEKS_PER_PAGE, WEEKS_PER_PAGE)
        page = _number(request, "page", 1, MAX_STAR_PAGES)
        today = self._clock().date()
        newest = _week_of(today) - timedelta(weeks=(page - 1) * size)
        first = _week_of(EPOCH.date())
        weeks = [newest - timedelta(weeks=number) for number in range(size)]
        shown = [each for each in weeks if each >= first]
        headers = {}
        if shown and shown[-1] > first and page < MAX_STAR_PAGES:
            headers["Link"] = _link(request, row, "stargazers/history", size, page + 1)
        return json_response([self._week(row, each, today) for each in shown], headers=headers)

    def _week(self, row: Repository, week: date, today: date) -> dict[str, object]:
        days = [
            self.star_count(row.github_id, week + number * _ONE_DAY, today) for number in range(7)
        ]
        began = datetime(week.year, week.month, week.day, tzinfo=UTC)
        return {"week": int(began.timestamp()), "total": sum(days), "days": days}

    def star_count(self, repo_id: int, day: date, today: date) -> int:
        """Stars given on a UTC day that can be seen now and have not been taken back by today."""
        if not EPOCH.date() <= day <= today:
            return 0
        with self._lock:
            if day not in self._star_days:
                self._count_stars(day)
            ids, seconds = self._stars.get((day, repo_id), (_NONE, _NONE))
        mixed = ids * 2_654_435_761 % 2**32
        is_taken = mixed % 100 < _UNSTARRED_PERCENT
        is_gone = is_taken & ((mixed >> 8) % _UNSTARRED_DAYS <= (today - day).days)
        is_seen = seconds <= self._clock().timestamp()
        return int((is_seen & ~is_gone).sum())

    def _count_stars(self, day: date) -> None:
        drawn = self._world.drawn_on(day)
        is_star = drawn.event_type == "WatchEvent"
        repos, ids = drawn.repo_id[is_star], drawn.event_id[is_star]
        seconds = drawn.created_at[is_star].astype("datetime64[s]").astype(np.int64)
        for repo in np.unique(repos).tolist():
            of_repo = repos == repo
            self._stars[day, repo] = (ids[of_repo], seconds[of_repo])
        self._star_days.add(day)


_NONE: npt.NDArray[np.int64] = np.empty(0, dtype=np.int64)


def _week_of(day: date) -> date:
    """The Sunday on or before a day."""
    return day - timedelta(days=(day.weekday() + 1) % 7)


def _number(request: Request, name: str, default: int, most: int) -> int:
    text = request.query.get(name, "")
    return min(max(int(text), 1), most) if text.isdecimal() and len(text) < 9 else default


def _link(request: Request, row: Repository, what: str, size: int, page: int) -> str:
    url = f"{request.base_url}/repositories/{row.github_id}/{what}?per_page={size}&page={page}"
    return f'<{url}>; rel="next"'
