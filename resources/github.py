"""GitHub: profiles by numeric id and authors of commits (GraphQL), repositories by name (REST)."""

import base64
import re
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import dagster as dg
import requests
from pydantic import Field

from resources.http import (
    MAX_ATTEMPTS,
    BearerAuth,
    NotFoundError,
    PermanentUpstreamError,
    TransientUpstreamError,
    new_session,
    send,
    with_retries,
)

IDS_PER_FIELD = 100  # GitHub's own limit for nodes(ids: …)
COMMITS_PER_QUERY = 100
MAX_TEXT_LENGTH = 500
_MAX_NODE_ID = (1 << 32) - 1
_PROFILES_QUERY = """
query Profiles($ids: [ID!]!) {
  nodes(ids: $ids) {
    __typename
    ... on User { databaseId location company createdAt }
  }
}
"""
_AUTHOR_FRAGMENT = """
fragment author on Commit { author { user { databaseId } } }
"""
_NAME = re.compile(r"([^/]+)/([^/]+)")
_SHA = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class Profile:
    """What an account says of itself; all but the id null where GitHub has no such user.

    `actor_type` is GitHub's `__typename` (`User`, `Bot`, `Organization`), or `absent` for a
    deleted account.
    """

    actor_id: int
    actor_type: str
    location: str | None = None
    company: str | None = None
    account_created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository's identity now; `name` differs from what was asked where it was renamed."""

    github_id: int
    name: str


def user_node_id(actor_id: int) -> str:
    """GitHub's global id of a user: `U_` and the base64url of MessagePack `[0, uint32 id]`.

    Raises:
        ValueError: the id does not fit 32 bits.
    """
    if not 0 <= actor_id <= _MAX_NODE_ID:
        raise ValueError(f"actor id {actor_id} does not fit 32 bits")
    packed = struct.pack(">BBBI", 0x92, 0x00, 0xCE, actor_id)
    return "U_" + base64.urlsafe_b64encode(packed).decode().rstrip("=")


@dataclass(slots=True)
class GitHubClient:
    """Calls to one GitHub API; a token is needed for profiles and never appears in an error."""

    api_url: str
    token: str = field(repr=False)
    attempts: int = MAX_ATTEMPTS
    on_retry: Callable[[str], None] = lambda _message: None
    sleep: Callable[[float], None] | None = None
    _session: requests.Session = field(default_factory=new_session, repr=False)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def profiles(self, actor_ids: Sequence[int]) -> list[Profile]:
        """The profiles of at most 100 accounts, in the order asked.

        Deleted accounts come back as `absent`; data beside errors is used.

        Raises:
            TransientUpstreamError: GitHub could not answer in several tries.
            PermanentUpstreamError: it refused, or its answer is not of the known shape.
        """
        if len(actor_ids) > IDS_PER_FIELD:
            raise ValueError(f"{len(actor_ids)} ids in one call; at most {IDS_PER_FIELD}")
        askable = [actor_id for actor_id in actor_ids if 0 <= actor_id <= _MAX_NODE_ID]
        if not askable:
            return [Profile(actor_id, "absent") for actor_id in actor_ids]
        nodes = with_retries(
            lambda: self._nodes([user_node_id(actor_id) for actor_id in askable]),
            attempts=self.attempts,
            on_retry=self.on_retry,
            sleep=self.sleep,
        )
        if len(nodes) != len(askable):
            raise PermanentUpstreamError(
                f"{self.api_url}/graphql gave {len(nodes)} nodes for {len(askable)} ids"
            )
        found = {
            actor_id: _profile(actor_id, node)
            for actor_id, node in zip(askable, nodes, strict=True)
        }
        return [found.get(actor_id, Profile(actor_id, "absent")) for actor_id in actor_ids]

    def _nodes(self, node_ids: list[str]) -> list[dict[str, Any] | None]:
        body = self._query(_PROFILES_QUERY, {"ids": node_ids})
        data = body.get("data")
        nodes = data.get("nodes") if isinstance(data, dict) else None
        if isinstance(nodes, list):
            _refuse_unexplained_nulls(nodes, body, self.api_url)
            return nodes
        raise _no_data("nodes", body, self.api_url)

    def commit_authors(self, commits: Sequence[tuple[str, str]]) -> list[int | None]:
        """The accounts that GitHub holds to be the authors of commits, in the order asked.

        It goes by the address in the commit: None where no account has that address (any more),
        and where the repository or the commit is not there.

        Args:
            commits: at most 100 of owner/name (as now or before a renaming) and sha.

        Raises:
            ValueError: more commits, or what is no owner/name or no sha.
            TransientUpstreamError: GitHub could not answer in several tries.
            PermanentUpstreamError: it refused, or its answer is not of the known shape.
        """
        if len(commits) > COMMITS_PER_QUERY:
            raise ValueError(f"{len(commits)} commits in one call; at most {COMMITS_PER_QUERY}")
        if not commits:
            return []
        query, variables, places = _authors_query(commits)

        def ask() -> list[int | None]:
            body = self._query(query, variables)
            data = body.get("data")
            if not isinstance(data, dict):
                raise _no_data("repositories", body, self.api_url)
            errors = _errors(body)
            return [_author(data, place, errors, self.api_url) for place in places]

        return with_retries(ask, attempts=self.attempts, on_retry=self.on_retry, sleep=self.sleep)

    def _query(self, query: str, variables: dict[str, Any]) -> dict[str, Any]:
        content = {"query": query, "variables": variables}
        return _json(self._send("POST", "/graphql", json=content))

    def repository(self, name: str) -> Repository | None:
        """A repository by `owner/name`, renames followed; None where there is none.

        Raises:
            TransientUpstreamError: GitHub could not answer in several tries.
            PermanentUpstreamError: it refused for another reason than that there is none.
        """
        try:
            body = with_retries(
                lambda: _json(self._send("GET", f"/repos/{name}")),
                attempts=self.attempts,
                on_retry=self.on_retry,
                sleep=self.sleep,
            )
        except NotFoundError:
            return None
        github_id, full_name = body.get("id"), body.get("full_name")
        if not isinstance(github_id, int) or not isinstance(full_name, str):
            raise PermanentUpstreamError(f"{self.api_url}/repos/{name}: no id and full_name")
        return Repository(github_id, full_name)

    def _send(self, method: str, path: str, **options: object) -> requests.Response:
        headers = {"Accept": "application/vnd.github+json"}
        auth = BearerAuth(self.token) if self.token else None
        return send(
            self._session, method, self.api_url.rstrip("/") + path,
            headers=headers, auth=auth, **options,
        )  # fmt: skip


def _refuse_unexplained_nulls(
    nodes: list[dict[str, Any] | None], body: dict[str, Any], api_url: str
) -> None:
    """A null is a deleted account only where GitHub says NOT_FOUND; else it is a failure."""
    errors = _errors(body)
    absent = {
        path[-1]
        for error in errors
        if error.get("type") == "NOT_FOUND" and (path := error.get("path"))
    }
    open_nulls = [at for at, node in enumerate(nodes) if node is None and at not in absent]
    if open_nulls:
        raise TransientUpstreamError(
            f"{api_url}/graphql gave {len(open_nulls)} nulls that it does not call NOT_FOUND; "
            f"errors: {_kinds(errors)}"
        )


def _authors_query(
    commits: Sequence[tuple[str, str]],
) -> tuple[str, dict[str, Any], list[tuple[str, str]]]:
    """The query, its variables, and each commit's place in the answer: aliases of both levels.

    What is asked goes into variables; the text holds nothing but numbers.
    """
    owned: dict[str, list[str]] = {}
    variables: dict[str, Any] = {}
    declared: list[str] = []
    places = []
    for number, (name, sha) in enumerate(commits):
        parts = _NAME.fullmatch(name)
        if not parts or not _SHA.fullmatch(sha):
            raise ValueError(f"{name!r}, {sha!r}: not owner/name and a commit's 40 digits")
        at = list(owned).index(name) if name in owned else len(owned)
        if name not in owned:
            declared.append(f"$o{at}: String!, $n{at}: String!")
            variables |= {f"o{at}": parts[1], f"n{at}": parts[2]}
        declared.append(f"$s{number}: GitObjectID!")
        variables[f"s{number}"] = sha
        owned.setdefault(name, []).append(f"c{number}: object(oid: $s{number}) {{ ...author }}")
        places.append((f"r{at}", f"c{number}"))
    fields = [
        f"r{at}: repository(owner: $o{at}, name: $n{at}) {{ {' '.join(objects)} }}"
        for at, objects in enumerate(owned.values())
    ]
    query = f"query Authors({', '.join(declared)}) {{ {' '.join(fields)} }}{_AUTHOR_FRAGMENT}"
    return query, variables, places


def _author(
    data: dict[str, Any], place: tuple[str, str], errors: list[dict[str, Any]], api_url: str
) -> int | None:
    """The account at a place of the answer; None where there is none, and that is certain.

    GitHub says NOT_FOUND of a repository that is gone. An object, author or user may be null
    without an error; beside errors of another kind such a null is no answer.
    """
    path: list[str] = []
    found: Any = data
    for key in (*place, "author", "user", "databaseId"):
        path.append(key)
        if not isinstance(found, dict) or (key == place[0] and key not in found):
            raise PermanentUpstreamError(f"{api_url}/graphql gave no object at {path[:-1]}")
        found = found.get(key)
        if found is None:
            _require_explained(path, errors, api_url)
            return None
    if not isinstance(found, int):
        raise PermanentUpstreamError(f"{api_url}/graphql gave a databaseId that is no number")
    return found


def _require_explained(path: list[str], errors: list[dict[str, Any]], api_url: str) -> None:
    explained = any(
        error.get("type") == "NOT_FOUND" and (at := error.get("path")) and path[: len(at)] == at
        for error in errors
    )
    is_open = len(path) == 1 or any(error.get("type") != "NOT_FOUND" for error in errors)
    if is_open and not explained:
        raise TransientUpstreamError(
            f"{api_url}/graphql gave a null that it does not call NOT_FOUND; "
            f"errors: {_kinds(errors)}"
        )


def _errors(body: dict[str, Any]) -> list[dict[str, Any]]:
    return [error for error in body.get("errors") or [] if isinstance(error, dict)]


def _kinds(errors: list[dict[str, Any]]) -> str:
    return ", ".join(sorted({str(error.get("type")) for error in errors})) or "none"


def _no_data(wanted: str, body: dict[str, Any], api_url: str) -> Exception:
    """What an answer without data is: a limit, which passes, or a refusal."""
    kinds = _kinds(_errors(body))
    message = f"{api_url}/graphql gave no {wanted}; errors: {kinds}"
    is_limit = "RATE_LIMITED" in kinds.split(", ")
    return TransientUpstreamError(message) if is_limit else PermanentUpstreamError(message)


def _json(response: requests.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except requests.exceptions.JSONDecodeError as error:
        # A cut body is a bad connection, not an answer.
        raise TransientUpstreamError(f"{response.url} gave a body that is no JSON") from error
    if not isinstance(body, dict):
        raise PermanentUpstreamError(f"{response.url} gave JSON that is no object")
    return body


def _profile(actor_id: int, node: dict[str, Any] | None) -> Profile:
    if not isinstance(node, dict):
        return Profile(actor_id, "absent")
    return Profile(
        actor_id=actor_id,
        actor_type=str(node.get("__typename") or "unknown")[:60],
        location=_text(node.get("location")),
        company=_text(node.get("company")),
        account_created_at=_moment(node.get("createdAt")),
    )


def _moment(value: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(value)) if value else None
    except ValueError as error:
        raise PermanentUpstreamError("GitHub gave a createdAt that is no time") from error


def _text(value: object) -> str | None:
    """A bounded text of a stranger's; null where it is blank."""
    if not isinstance(value, str) or not value.strip():
        return None
    return value[:MAX_TEXT_LENGTH]


class GitHubResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """A GitHub API and the token for it."""

    api_url: str
    token: str = Field(default="", repr=False)
    attempts: int = MAX_ATTEMPTS

    def client(self, on_retry: Callable[[str], None] = lambda _message: None) -> GitHubClient:
        """A client for one thread."""
        return GitHubClient(
            api_url=self.api_url, token=self.token, attempts=self.attempts, on_retry=on_retry
        )
