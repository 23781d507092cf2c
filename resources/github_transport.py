"""One call to GitHub: limits honoured, bursts waited out, redirects kept on the host, JSON read."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests

from resources.github_limits import PATIENCE_S, Token, TokenPool
from resources.http import (
    MAX_ATTEMPTS,
    BearerAuth,
    LegalBlockError,
    PermanentUpstreamError,
    TransientUpstreamError,
    backoff_s,
    error_for,
    new_session,
    place,
    retry_after_s,
    send,
    target_of,
)
from resources.json_body import MAX_BODY_BYTES, content_of, parsed
from resources.outgoing import Session

_MAX_REDIRECTS = 3
_MOVED = frozenset({301, 302, 307, 308})
_LIMIT_TYPES = ("RATE_LIMITED", "RATE_LIMIT")
_SAYS_LIMIT = ("secondary rate limit", "abuse detection", "api rate limit exceeded")


@dataclass(frozen=True, slots=True)
class Answer:
    """A good answer.

    Attributes:
        body: parsed JSON; None for 304.
        path: what was answered in the end, relative to the API; another than asked after a move.
    """

    status: int
    headers: Mapping[str, str]
    body: Any
    path: str


class _LimitedError(TransientUpstreamError):
    """A limit refused the call; the pool knows for how long."""


@dataclass(slots=True)
class GitHubTransport:
    """Calls to one GitHub API, for one thread; no token ever appears in an error.

    Attributes:
        attempts: tries of a call that fails transiently, and refusals by limits for each token.
        patience_s: longest wait for a limit; a longer one is raised as RateLimitedError.
        reserve: calls an hour and token that are left to others.
        on_retry: is told of every wait.
        call_count: requests sent so far; unchanged_count of them were answered 304.
    """

    api_url: str
    pool: TokenPool = field(repr=False)
    attempts: int = MAX_ATTEMPTS
    patience_s: float = PATIENCE_S
    reserve: int = 0
    on_retry: Callable[[str], None] = lambda _message: None
    sleep: Callable[[float], None] = time.sleep
    call_count: int = 0
    unchanged_count: int = 0
    _session: Session = field(default_factory=new_session, repr=False)

    def __post_init__(self) -> None:
        """Nothing is asked of any other host."""
        self._session.allowed.add(self.api_url)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def get(
        self,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        check: Callable[[object], None] = lambda _body: None,
    ) -> Answer:
        """GET a path, moves followed on the same host; `check` as `graphql` has it.

        Raises:
            TransientUpstreamError: GitHub could not answer in several tries.
            NotFoundError: there is no such thing.
            LegalBlockError: it is blocked.
            PermanentUpstreamError: it refused, or sent us to another host.
        """
        asked = path
        query: Mapping[str, str] | None = params
        for _ in range(_MAX_REDIRECTS + 1):
            response, body = self._tried(
                "GET", path, "core", check=check, params=query, headers=headers or {}
            )
            if response.status_code not in _MOVED:
                return Answer(response.status_code, response.headers, body, path)
            path, has_query = self._target(path, response)
            query = None if has_query else params
        raise PermanentUpstreamError(f"{self._url(asked)} redirects without end")

    def graphql(
        self,
        content: Mapping[str, object],
        check: Callable[[dict[str, Any]], None] = lambda _body: None,
    ) -> dict[str, Any]:
        """POST a query.

        Args:
            content: query and variables.
            check: raises TransientUpstreamError for an answer that is worth another try.

        Raises:
            PermanentUpstreamError: it refused, or gave JSON that is no object; and as `get`.
        """

        def checked(body: object) -> None:
            if isinstance(body, dict):
                check(body)

        response, body = self._tried(
            "POST", "/graphql", "graphql", check=checked, headers={}, json=content
        )
        if response.status_code != 200 or not isinstance(body, dict):
            raise PermanentUpstreamError(f"{place(response.url)} gave JSON that is no object")
        return body

    def _tried(
        self,
        method: str,
        path: str,
        resource: str,
        *,
        headers: Mapping[str, str],
        check: Callable[[object], None] = lambda _body: None,
        **options: object,
    ) -> tuple[requests.Response, Any]:
        """The answer of a call that is tried again while that is worth it."""
        failures = refusals = 0
        while True:
            token = self.pool.take(
                resource,
                reserve=self.reserve,
                patience_s=self.patience_s,
                on_wait=self.on_retry,
            )
            try:
                response, body = self._once(token, method, path, resource, headers, **options)
                if response.status_code != 304 and response.status_code not in _MOVED:
                    check(body)
            except _LimitedError as error:
                refusals += 1
                if refusals >= self.attempts * max(1, self.pool.token_count):
                    raise self.pool.forbidden(resource, reserve=self.reserve) from error
                self.on_retry(str(error))
            except TransientUpstreamError as error:
                failures += 1
                if failures >= self.attempts:
                    raise
                wait = max(error.retry_after_s or 0.0, backoff_s(failures))
                if wait > self.patience_s:
                    raise
                self.on_retry(f"{error}; try {failures + 1} of {self.attempts} in {wait:.1f} s")
                self.sleep(wait)
            else:
                self.pool.accept(token)
                return response, body

    def _once(
        self,
        token: Token,
        method: str,
        path: str,
        resource: str,
        headers: Mapping[str, str],
        **options: object,
    ) -> tuple[requests.Response, Any]:
        self.call_count += 1
        response = send(
            self._session,
            method,
            self._url(path),
            refuse=False,
            headers={"Accept": "application/vnd.github+json", **headers},
            auth=BearerAuth(token.value) if token.value else None,
            allow_redirects=False,
            stream=True,
            **options,
        )
        with response:
            content = content_of(response, MAX_BODY_BYTES)
        has_reset = self.pool.learn(token, resource, response.headers)
        if response.status_code >= 400:
            raise self._failure(token, response, content, has_reset=has_reset)
        self.unchanged_count += response.status_code == 304
        if response.status_code == 304 or response.status_code in _MOVED:
            return response, None
        body = parsed(content, response.url)
        if _says_limited(body):
            limited = self._limited(token, response, "says RATE_LIMITED", has_reset=has_reset)
            # What was answered before the limit was met is used; the next call waits.
            if not _has_data(body):
                raise limited
        return response, body

    def _failure(
        self, token: Token, response: requests.Response, content: bytes, *, has_reset: bool
    ) -> Exception:
        """The error that a status of 400 and above stands for, limits told to the pool."""
        status = response.status_code
        if status in (403, 429):
            text = content[:10_000].decode("utf-8", "replace").lower()
            if (
                status == 429
                or response.headers.get("x-ratelimit-remaining") == "0"
                or "Retry-After" in response.headers
                or any(each in text for each in _SAYS_LIMIT)
            ):
                said = f"answered {status}: a limit"
                return self._limited(token, response, said, has_reset=has_reset)
            if '"block"' in text and "blocked" in text:
                return LegalBlockError(f"{place(response.url)} answered {status}: blocked")
        return error_for(response)

    def _limited(
        self, token: Token, response: requests.Response, said: str, *, has_reset: bool
    ) -> _LimitedError:
        """The error of a refusal by a limit, which the pool is told of.

        A primary limit is over at its reset, which the pool knows where one was stated.
        """
        is_stated = "Retry-After" in response.headers
        is_primary = response.headers.get("x-ratelimit-remaining") == "0"
        if is_stated or not (is_primary and has_reset):
            self.pool.refuse(token, retry_after_s(response) if is_stated else None)
        return _LimitedError(f"{place(response.url)} {said}")

    def _target(self, path: str, response: requests.Response) -> tuple[str, bool]:
        """Where a move leads, relative to the API, and whether it brings a query of its own."""
        target = target_of(self._url(path), response.headers.get("Location", ""))
        base, moved = urlsplit(self.api_url.rstrip("/")), urlsplit(target)
        is_same_host = (moved.scheme, moved.netloc) == (base.scheme, base.netloc)
        if not is_same_host or not moved.path.startswith(f"{base.path}/"):
            raise PermanentUpstreamError(f"{self._url(path)} leads to another host; not followed")
        relative = moved.path.removeprefix(base.path)
        return (f"{relative}?{moved.query}" if moved.query else relative), bool(moved.query)

    def _url(self, path: str) -> str:
        return self.api_url.rstrip("/") + path


def _says_limited(body: object) -> bool:
    """Whether an answer 200 means that a limit is spent: in an error's type or in a message."""
    if not isinstance(body, dict):
        return False
    said = [each for each in _list(body.get("errors")) if isinstance(each, dict)]
    if "data" not in body:
        said.append(body)
    return any(
        each.get("type") in _LIMIT_TYPES
        or any(text in str(each.get("message", "")).lower() for text in _SAYS_LIMIT)
        for each in said
    )


def _has_data(body: dict[str, Any]) -> bool:
    data = body.get("data")
    return isinstance(data, dict) and any(value is not None for value in data.values())


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
