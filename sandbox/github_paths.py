"""GitHub's REST and GraphQL paths, over the world's accounts and repositories."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from urllib.parse import urlencode

from sandbox.commits import PlantedCommit
from sandbox.exchange import Request, Response, json_response
from sandbox.github_activity import ActivityLists
from sandbox.github_limits import Limits, RateLimits
from sandbox.graphql import answer_query
from sandbox.lines import organisation_id
from sandbox.node_ids import repository_node_id
from sandbox.repositories import Repository
from sandbox.world import World

_LISTS = r"(?:/(events|stargazers/history))?"
_REPOSITORY_PATH = re.compile(r"/repos/([^/]+/[^/]+)" + _LISTS)
_REPOSITORY_ID_PATH = re.compile(r"/repositories/(\d{1,18})" + _LISTS)
_DOCUMENTATION = "https://docs.github.com/rest"


class GitHubPaths:
    """Answers `/graphql`, `/repos/{owner}/{repo}` and `/repositories/{id}`, and lists below these.

    Args:
        world: what is served.
        clock: now.
        limits: on calls, for each token.
        late_percent: of a hundred events feeds show so many up to six hours late.
    """

    def __init__(
        self,
        world: World,
        clock: Callable[[], datetime],
        limits: Limits = Limits(),  # noqa: B008 - a frozen record
        late_percent: int = 0,
    ) -> None:
        self._world = world
        self._clock = clock
        self._limits = limits
        self._rates = RateLimits(clock, limits)
        self.lists = ActivityLists(world, clock, late_percent)
        self._by_id = {row.github_id: row for row in world.repositories}
        # GitHub's names do not tell capitals apart.
        self._by_name = {row.name.lower(): row for row in world.repositories}
        self._by_previous_name = {
            row.previous_name.lower(): row for row in world.repositories if row.previous_name
        }

    def answer(self, request: Request) -> Response | None:
        """The answer, or None when the path is not one of GitHub's."""
        if request.path == "/graphql":
            return self._graphql(request)
        if match := _REPOSITORY_PATH.fullmatch(request.path):
            name = match[1].lower()
            return self._repository(request, self._named(name), match[2], name)
        if match := _REPOSITORY_ID_PATH.fullmatch(request.path):
            return self._repository(request, self._by_id.get(int(match[1])), match[2])
        return None

    def _graphql(self, request: Request) -> Response:
        if request.bearer_token is None:
            return _problem(401, "This endpoint requires you to be authenticated.")
        headers, refusal = self._rates.spend(request.bearer_token, "graphql")
        if refusal:
            return refusal
        if request.method != "POST":
            return _problem(404, "Not Found", headers)
        sent = request.json_object
        if sent is None or not isinstance(sent.get("query"), str):
            return _problem(400, "Problems parsing JSON", headers)
        variables = sent.get("variables")
        rate_limit: dict[str, object] = {
            "limit": self._limits.calls_an_hour,
            "cost": 1,
            "remaining": int(headers["x-ratelimit-remaining"]),
            "used": int(headers["x-ratelimit-used"]),
            "resetAt": f"{self._clock():%Y-%m-%dT%H}:59:59Z",
        }
        content = answer_query(
            str(sent["query"]),
            variables if isinstance(variables, dict) else {},
            self._world.account_by_id,
            self._commits_of,
            rate_limit,
        )
        return json_response(content, headers=headers)

    def _commits_of(self, name: str) -> Callable[[str], PlantedCommit | None] | None:
        """Finds commits of the repository that has or had a name; None without one."""
        row = self._named(name.lower())
        # Before a rename the later name is not known yet.
        is_later = row and name.lower() == row.name.lower() != row.name_at(self._clock()).lower()
        if row is None or is_later:
            return None
        return lambda sha: self._world.commit_by_name.get((row.github_id, sha))

    def _named(self, name: str) -> Repository | None:
        return self._by_name.get(name) or self._by_previous_name.get(name)

    def _repository(
        self,
        request: Request,
        row: Repository | None,
        wanted: str | None,
        asked: str | None = None,
    ) -> Response:
        headers, refusal = self._rates.spend(request.bearer_token, "core")
        if refusal:
            return refusal
        now = self._clock()
        name = row.name_at(now) if row else ""
        # Before a rename the later name is not known yet.
        is_later = row and asked is not None and asked == row.name.lower() != name.lower()
        if row is None or is_later or (row.gone_since and row.gone_since <= now):
            return _problem(404, "Not Found", headers)
        if row.blocked_since and row.blocked_since <= now:
            return _problem(451, "Repository access blocked", headers, _BLOCK)
        if asked is not None and asked != name.lower():
            return _moved(request, row, wanted, headers)
        if wanted is None:
            return json_response(_repository_object(row, name), headers=headers)
        lists = self.lists
        found = (lists.events if wanted == "events" else lists.star_history)(request, row)
        if found.status == 304:
            headers = self._rates.give_back(request.bearer_token, "core")
        return replace(found, headers={**headers, **found.headers})


_BLOCK = {"block": {"reason": "dmca", "created_at": "2024-12-14T00:00:00Z", "html_url": ""}}


def _moved(
    request: Request, row: Repository, wanted: str | None, headers: Mapping[str, str]
) -> Response:
    location = f"{request.base_url}/repositories/{row.github_id}"
    if wanted:
        query = f"?{urlencode(request.query)}" if request.query else ""
        location = f"{location}/{wanted}{query}"
    return json_response(
        {
            "message": "Moved Permanently",
            "url": location,
            "documentation_url": "https://docs.github.com/v3/#http-redirects",
        },
        301,
        {**headers, "Location": location},
    )


def _problem(
    status: int,
    message: str,
    headers: Mapping[str, str] | None = None,
    beside: Mapping[str, object] | None = None,
) -> Response:
    content = {
        **(beside or {}),
        "message": message,
        "documentation_url": _DOCUMENTATION,
        "status": str(status),
    }
    return json_response(content, status, headers)


def _repository_object(row: Repository, name: str) -> dict[str, object]:
    api = f"https://api.github.com/repos/{name}"
    return {
        "id": row.github_id,
        "node_id": repository_node_id(row.github_id),
        "name": name.split("/", 1)[1],
        "full_name": name,
        "private": False,
        "owner": {
            "login": row.owner,
            "id": organisation_id(row),
            "type": "Organization" if row.is_tracked else "User",
        },
        "html_url": f"https://github.com/{name}",
        "description": "A repository of a synthetic world.",
        "fork": False,
        "url": api,
        "created_at": "2021-06-01T00:00:00Z",
        "stargazers_count": 1_000 + row.github_id % 9_973,
        "forks_count": 100 + row.github_id % 997,
        "open_issues_count": row.github_id % 89,
        "archived": False,
        "disabled": False,
        "visibility": "public",
        "default_branch": "main",
    }
