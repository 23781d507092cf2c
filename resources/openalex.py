"""OpenAlex: works by search and filter, a page at a time, and counts of works by group.

The key goes in the `Authorization` header, which OpenAlex takes as well as `api_key` in the query:
so no URL, log or error can hold it.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeGuard
from urllib.parse import urlencode

import dagster as dg
import requests
from pydantic import Field

from resources.http import (
    MAX_ATTEMPTS,
    BearerAuth,
    PermanentUpstreamError,
    TransientUpstreamError,
    backoff_s,
    error_for,
    new_session,
    place,
    retry_after_s,
    send,
)
from resources.json_body import content_of, parsed
from resources.openalex_credit import (
    CALLS_PER_SECOND,
    LIST_CREDITS,
    PATIENCE_S,
    SEARCH_CREDITS,
    CreditLedger,
)
from resources.outgoing import Session
from resources.storable_text import storable

PAGE_LENGTH = 100  # OpenAlex's own limit
GROUPS_A_PAGE = 200
MAX_URL_BYTES = 4_094
FIRST_CURSOR = "*"
#: What of a work is asked for; an authorship holds names too, which nothing here keeps.
FIELDS = (
    "id,doi,title,abstract_inverted_index,publication_date,type,language,authorships,updated_date"
)
# Title and abstract, unstemmed: the form of search that takes endings (`qwen*`).
_SEARCH = "search.title_and_abstract.exact"
_MOST_SHOWN = 300
_MOST_CURSOR = 1_000
_MOST_WORKS = 1 << 40  # far beyond all works that there are, and sums of it fit 64 bits


@dataclass(frozen=True, slots=True)
class WorksPage:
    """A page of works.

    Attributes:
        documents: as OpenAlex gives them, at most 100.
        total: works that the whole query finds.
        next_cursor: of the next page; None after the last.
    """

    documents: tuple[object, ...]
    total: int
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class GroupCounts:
    """Counts of works.

    Attributes:
        total: works that the filters find, those of no group included.
        by_key: works by the group's code, such as `US` or `company`; a work may be in several.
    """

    total: int
    by_key: Mapping[str, int]


@dataclass(slots=True)
class OpenAlexClient:
    """Calls to OpenAlex, for one thread; the key appears in no error.

    Attributes:
        ledger: the credit and pace that all calls of the key share.
        attempts: tries of a call that fails transiently.
        patience_s: longest wait for a limit; a longer one is raised as RateLimitedError.
        on_retry: is told of every wait but that of the pace.
        call_count: requests sent so far.
        credit_count: credits that they cost, as far as is known.
    """

    api_url: str
    ledger: CreditLedger = field(repr=False)
    key: str = field(default="", repr=False)
    attempts: int = MAX_ATTEMPTS
    patience_s: float = PATIENCE_S
    on_retry: Callable[[str], None] = lambda _message: None
    sleep: Callable[[float], None] = time.sleep
    call_count: int = 0
    credit_count: int = 0
    _session: Session = field(default_factory=new_session, repr=False)

    def __post_init__(self) -> None:
        """Nothing is asked of any other host."""
        self._session.allowed.add(self.api_url)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def works(self, *, filters: str, search: str, cursor: str = FIRST_CURSOR) -> WorksPage:
        """A page of the works whose title or abstract a Boolean query finds.

        Args:
            filters: as OpenAlex's `filter` has them.
            search: the query; words as they stand, endings as `*`.
            cursor: of the page; `*` is the first.

        Raises:
            ValueError: the request's URL would be longer than OpenAlex takes.
            RateLimitedError: limits forbid calls for longer than one may wait.
            TransientUpstreamError: OpenAlex could not answer in several tries.
            PermanentUpstreamError: it refused (without a valid key, with 401), or its answer is
                not of the known shape.
        """
        query = {
            "filter": filters,
            _SEARCH: search,
            "select": FIELDS,
            "sort": "publication_date",
            "per_page": str(PAGE_LENGTH),
            "cursor": cursor,
        }
        body = self._tried(query, SEARCH_CREDITS)
        documents, following = body.get("results"), self._cursor(body)
        if not isinstance(documents, list):
            raise self._odd("results")
        # Every page with works has a cursor, the last one too: a short page saves the empty one.
        is_last = len(documents) < PAGE_LENGTH or following is None
        return WorksPage(tuple(documents), self._total(body), None if is_last else following)

    def groups(self, *, filters: str, by: str) -> GroupCounts:
        """Works by a property of theirs, all groups; errors as `works`."""
        counts: dict[str, int] = {}
        cursor: str | None = FIRST_CURSOR
        total = 0
        while cursor:
            query = {
                "filter": filters,
                "group_by": by,
                "per_page": str(GROUPS_A_PAGE),
                "cursor": cursor,
            }
            body = self._tried(query, LIST_CREDITS)
            groups, cursor = body.get("group_by"), self._cursor(body)
            if not isinstance(groups, list):
                raise self._odd("group_by")
            total = self._total(body)
            for group in groups:
                key, count = _group(group)
                if key is None or count is None:
                    raise self._odd("a key and count in each group")
                counts[key] = counts.get(key, 0) + count
            if len(groups) < GROUPS_A_PAGE:
                break
        return GroupCounts(total, counts)

    @property
    def _url(self) -> str:
        return f"{self.api_url.rstrip('/')}/works"

    def _tried(self, query: Mapping[str, str], cost: int) -> dict[str, Any]:
        """The answer of a call that is tried again while that is worth it."""
        url = f"{self._url}?{urlencode(query)}"
        if len(url) > MAX_URL_BYTES:
            raise ValueError(
                f"a request of {len(url)} bytes; OpenAlex takes {MAX_URL_BYTES}: cut the query"
            )
        failures = 0
        while True:
            self.ledger.take(cost, patience_s=self.patience_s, on_wait=self.on_retry)
            try:
                body = self._once(url, cost)
            except TransientUpstreamError as error:
                failures += 1
                if failures >= self.attempts:
                    raise
                wait = backoff_s(failures)
                self.on_retry(f"{error}; try {failures + 1} of {self.attempts} in {wait:.1f} s")
                self.sleep(wait)
            else:
                if not isinstance(body, dict):
                    raise self._odd("a JSON object")
                return body

    def _once(self, url: str, cost: int) -> Any:  # noqa: ANN401 - JSON of any shape
        self.call_count += 1
        headers: Mapping[str, str] = {}
        try:
            with send(
                self._session,
                "GET",
                url,
                refuse=False,
                auth=BearerAuth(self.key) if self.key else None,
                allow_redirects=False,
                stream=True,
            ) as response:
                headers = response.headers
                content = content_of(response)
        finally:
            self.ledger.settle(cost, headers)
        if response.status_code == 200:
            self.credit_count += cost
            return parsed(content, url)
        raise self._failure(response, content)

    def _failure(self, response: requests.Response, content: bytes) -> Exception:
        """The error that another status than 200 stands for; a limit is told to the ledger."""
        status, where = response.status_code, place(response.url)
        if status == 429:
            self.ledger.refuse(retry_after_s(response))
            return TransientUpstreamError(f"{where} answered 429: a limit")
        if status in (401, 403):
            return PermanentUpstreamError(
                f"{where} answered {status}: it wants a valid key; set OBSERVATORY_OPENALEX_KEY "
                "(free of charge, openalex.org/settings/api)"
            )
        if status == 400:
            return PermanentUpstreamError(f"{where} answered 400: {_message(content)}")
        if 300 <= status < 400:
            return PermanentUpstreamError(f"{where} answered {status}, a redirect; not followed")
        return error_for(response)

    def _total(self, body: Mapping[str, Any]) -> int:
        total = _meta(body, self._url).get("count")
        if not _is_count(total):
            raise self._odd("meta.count")
        return total

    def _cursor(self, body: Mapping[str, Any]) -> str | None:
        cursor = _meta(body, self._url).get("next_cursor")
        if cursor is None:
            return None
        # It goes into the next address as it is.
        if not isinstance(cursor, str) or not cursor.isascii() or len(cursor) > _MOST_CURSOR:
            raise self._odd("a usable meta.next_cursor")
        return cursor

    def _odd(self, expected: str) -> PermanentUpstreamError:
        return PermanentUpstreamError(f"{place(self._url)} gave an answer without {expected}")


def _meta(body: Mapping[str, Any], url: str) -> Mapping[str, Any]:
    meta = body.get("meta")
    if not isinstance(meta, dict):
        raise PermanentUpstreamError(f"{place(url)} gave an answer without meta")
    return meta


def _group(group: object) -> tuple[str | None, int | None]:
    """The code and count of a group; a key may be a URL that ends in the code."""
    if not isinstance(group, dict):
        return None, None
    key, count = group.get("key"), group.get("count")
    code = str(key).rstrip("/").rsplit("/", 1)[-1][:40] if key is not None else None
    return code and storable(code), count if _is_count(count) else None


def _is_count(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MOST_WORKS


def _message(content: bytes) -> str:
    """What OpenAlex says is wrong with a request, bounded."""
    try:
        body = parsed(content, "")
    except TransientUpstreamError:
        body = None
    said = body.get("message") or body.get("error") if isinstance(body, dict) else None
    return str(said or "no reason given")[:_MOST_SHOWN]


class OpenAlexResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """OpenAlex, the key for it, and the folder in which its credit is kept."""

    api_url: str
    key: str = Field(default="", repr=False)
    credit_dir: str
    attempts: int = MAX_ATTEMPTS
    patience_s: float = PATIENCE_S
    calls_per_second: float = CALLS_PER_SECOND

    def client(self, on_retry: Callable[[str], None] = lambda _message: None) -> OpenAlexClient:
        """A client for one thread."""
        return OpenAlexClient(
            api_url=self.api_url,
            key=self.key,
            ledger=CreditLedger(
                Path(self.credit_dir),
                f"{self.api_url} {self.key}",
                calls_per_second=self.calls_per_second,
            ),
            attempts=self.attempts,
            patience_s=self.patience_s,
            on_retry=on_retry,
        )
