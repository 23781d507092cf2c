"""GitHub: profiles by numeric id and authors of commits (GraphQL), repositories by name (REST)."""

import base64
import struct
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import dagster as dg
from pydantic import Field

from resources.github_graphql import (
    author_at,
    authors_query,
    errors_of,
    is_id,
    kinds,
    no_data,
    unexplained,
)
from resources.github_limits import PATIENCE_S, TokenPool
from resources.github_repositories import RepositoryClient
from resources.github_transport import GitHubTransport
from resources.http import (
    MAX_ATTEMPTS,
    NotFoundError,
    PermanentUpstreamError,
    UpstreamError,
    backoff_s,
)
from resources.storable_text import storable

IDS_PER_FIELD = 100  # GitHub's own limit for nodes(ids: …)
COMMITS_PER_QUERY = 100
MAX_TEXT_LENGTH = 500
_MAX_TYPE_LENGTH = 60
_MAX_NODE_ID = (1 << 32) - 1
_PROFILES_QUERY = """
query Profiles($ids: [ID!]!) {
  nodes(ids: $ids) {
    __typename
    ... on User { databaseId location company createdAt }
  }
}
"""
# How often an account is asked for that is neither given nor said to be gone.
PROFILE_TRIES = 3
UNANSWERED = "unanswered"
_POLL_RESERVE = 500
# Limits are the tokens', not a client's: what one step of a process learnt holds for the next.
_POOLS: dict[tuple[str, tuple[str, ...]], TokenPool] = {}


@dataclass(frozen=True, slots=True)
class Profile:
    """What an account says of itself; all but the id null where GitHub has no such user.

    `actor_type` is GitHub's `__typename` (`User`, `Bot`, `Organization`), `absent` for a deleted
    account, or `unanswered` where GitHub neither gave it nor said that it is gone.
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
    """Calls to one GitHub API; a token is needed for profiles and never appears in an error.

    Attributes:
        token: one, or several with commas between them, which share the calls.
        patience_s: longest wait for a limit; a longer one is raised as RateLimitedError.
        pool: the tokens' limits; made from `token` where it is not given.
    """

    api_url: str
    token: str = field(repr=False)
    attempts: int = MAX_ATTEMPTS
    on_retry: Callable[[str], None] = lambda _message: None
    sleep: Callable[[float], None] | None = None
    patience_s: float = PATIENCE_S
    pool: TokenPool | None = field(default=None, repr=False)
    _transport: GitHubTransport = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Open the connections."""
        self._transport = GitHubTransport(
            api_url=self.api_url,
            pool=self.pool or TokenPool(split_tokens(self.token), sleep=self.sleep),
            attempts=self.attempts,
            patience_s=self.patience_s,
            on_retry=self.on_retry,
            sleep=self.sleep or time.sleep,
        )

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def profiles(self, actor_ids: Sequence[int]) -> list[Profile]:
        """The profiles of at most 100 accounts, in the order asked.

        Deleted accounts come back as `absent`; data beside errors is used. What is no answer is
        asked for again apart from the rest, and is `unanswered` after three tries in all.

        Raises:
            TransientUpstreamError: GitHub could not answer in several tries.
            PermanentUpstreamError: it refused, or its answer is not of the known shape.
        """
        if len(actor_ids) > IDS_PER_FIELD:
            raise ValueError(f"{len(actor_ids)} ids in one call; at most {IDS_PER_FIELD}")
        askable = [each for each in dict.fromkeys(actor_ids) if 0 <= each <= _MAX_NODE_ID]
        answered = self._answered(askable) if askable else {}
        for number in range(1, PROFILE_TRIES):
            left = [each for each in askable if each not in answered]
            if not left:
                break
            (self.sleep or time.sleep)(backoff_s(number))
            try:
                answered |= self._answered(left)
            except UpstreamError as error:
                # The others' answers count, whatever becomes of these.
                self.on_retry(f"{len(left)} accounts stay unanswered: {error}")
                break
        missing = dict.fromkeys(askable, UNANSWERED)
        return [
            answered.get(each) or Profile(each, missing.get(each, "absent")) for each in actor_ids
        ]

    def _answered(self, actor_ids: list[int]) -> dict[int, Profile]:
        """The profiles of those accounts that are given or gone, by id."""
        unanswered: list[int] = []

        def check(body: dict[str, Any]) -> None:
            data = body.get("data")
            nodes = data.get("nodes") if isinstance(data, dict) else None
            if not isinstance(nodes, list):
                raise no_data("nodes", body, self.api_url)
            unanswered[:] = unexplained(nodes, body, self.api_url)

        variables = {"ids": [user_node_id(actor_id) for actor_id in actor_ids]}
        body = self._transport.graphql({"query": _PROFILES_QUERY, "variables": variables}, check)
        nodes = body["data"]["nodes"]
        if len(nodes) != len(actor_ids):
            raise PermanentUpstreamError(
                f"{self.api_url}/graphql gave {len(nodes)} nodes for {len(actor_ids)} ids"
            )
        found: dict[int, Profile] = {}
        problems = [f"no answer; errors: {kinds(errors_of(body))}"] * len(unanswered)
        for at, (actor_id, node) in enumerate(zip(actor_ids, nodes, strict=True)):
            if at not in unanswered:
                try:
                    found[actor_id] = _profile(actor_id, node)
                except ValueError as error:
                    problems.append(str(error))
        if problems:
            self.on_retry(f"{len(problems)} of {len(actor_ids)} accounts: {problems[0]}")
        return found

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
        query, variables, places = authors_query(commits)
        found: list[int | None] = []

        def check(body: dict[str, Any]) -> None:
            data = body.get("data")
            if not isinstance(data, dict):
                raise no_data("repositories", body, self.api_url)
            errors = errors_of(body)
            found[:] = [author_at(data, place, errors, self.api_url) for place in places]

        self._transport.graphql({"query": query, "variables": variables}, check)
        return found

    def repository(self, name: str) -> Repository | None:
        """A repository by `owner/name`, renames followed; None where there is none.

        Raises:
            TransientUpstreamError: GitHub could not answer in several tries.
            LegalBlockError: it is blocked for legal reasons.
            PermanentUpstreamError: it refused for another reason than that there is none.
        """
        try:
            body = self._transport.get(f"/repos/{name}").body
        except NotFoundError:
            return None
        if not isinstance(body, dict):
            raise PermanentUpstreamError(f"{self.api_url}/repos/{name}: JSON that is no object")
        github_id, full_name = body.get("id"), body.get("full_name")
        if not is_id(github_id) or not isinstance(full_name, str):
            raise PermanentUpstreamError(f"{self.api_url}/repos/{name}: no id and full_name")
        return Repository(github_id, storable(full_name))


def split_tokens(text: str) -> tuple[str, ...]:
    """Tokens of a setting, which has commas between them."""
    return tuple(dict.fromkeys(each.strip() for each in text.split(",") if each.strip()))


def _profile(actor_id: int, node: dict[str, Any] | None) -> Profile:
    """A node's profile, null for a deleted account.

    Raises:
        ValueError: a createdAt that is no time.
    """
    if node is None:
        return Profile(actor_id, "absent")
    return Profile(
        actor_id=actor_id,
        actor_type=_text(node.get("__typename"), _MAX_TYPE_LENGTH) or "unknown",
        location=_text(node.get("location")),
        company=_text(node.get("company")),
        account_created_at=_moment(node.get("createdAt")),
    )


def _moment(value: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(value)) if value else None
        # A time without an offset is of UTC.
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC) if moment else None
    except (ValueError, OverflowError) as error:
        raise ValueError("GitHub gave a createdAt that is no time") from error


def _text(value: object, length: int = MAX_TEXT_LENGTH) -> str | None:
    """A bounded text of a stranger's, without what no table can hold; null where it is blank."""
    if not isinstance(value, str) or not value.strip():
        return None
    return storable(value[:length])


class GitHubResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """A GitHub API and the tokens for it, with commas between them."""

    api_url: str
    token: str = Field(default="", repr=False)
    attempts: int = MAX_ATTEMPTS
    patience_s: float = PATIENCE_S

    @property
    def token_count(self) -> int:
        """How many tokens there are."""
        return len(split_tokens(self.token))

    def _pool(self) -> TokenPool:
        key = (self.api_url, split_tokens(self.token))
        return _POOLS.setdefault(key, TokenPool(key[1]))

    def client(self, on_retry: Callable[[str], None] = lambda _message: None) -> GitHubClient:
        """A client for one thread."""
        return GitHubClient(
            api_url=self.api_url,
            token=self.token,
            attempts=self.attempts,
            on_retry=on_retry,
            patience_s=self.patience_s,
            pool=self._pool(),
        )

    def repositories(
        self,
        on_retry: Callable[[str], None] = lambda _message: None,
        *,
        patience_s: float | None = None,
        reserve: int = _POLL_RESERVE,
    ) -> RepositoryClient:
        """A client for one thread that asks for repositories' events and stars.

        Args:
            on_retry: is told of every wait.
            patience_s: longest wait for a limit.
            reserve: calls an hour and token that are left to others.
        """
        return RepositoryClient(
            GitHubTransport(
                api_url=self.api_url,
                pool=self._pool(),
                attempts=self.attempts,
                patience_s=self.patience_s if patience_s is None else patience_s,
                reserve=reserve if self.token_count else 0,
                on_retry=on_retry,
            )
        )
