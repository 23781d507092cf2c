"""The Hugging Face Hub: lists of models, page by page, within its limit.

Plain requests rather than the library huggingface_hub: that one sends until it is refused, where
this has to stop before; it follows `Link` to whatever host it names; its address and retries are
settings of the process; and it would bring a second HTTP library.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

import dagster as dg
import requests
from pydantic import Field

from resources.http import (
    MAX_ATTEMPTS,
    BearerAuth,
    PermanentUpstreamError,
    TransientUpstreamError,
    UpstreamError,
    backoff_s,
    error_for,
    new_session,
    place,
    retry_after_s,
    send,
    target_of,
)
from resources.hub_files import HubFolder
from resources.hub_limits import CALLS_WITH_TOKEN, CALLS_WITHOUT_TOKEN, PATIENCE_S, HubLimit
from resources.hub_page import HubPage
from resources.json_body import content_of, parsed
from resources.outgoing import Session

MODELS_PATH = "/api/models"
PAGE_SIZE = 1_000
# What the list states of each model; the server refuses a name it does not know.
FIELDS = (
    "author", "baseModels", "createdAt", "downloads", "downloadsAllTime", "gated", "library_name",
    "likes", "pipeline_tag", "tags",
)  # fmt: skip
_MAX_BODY_BYTES = 64 << 20
_MAX_QUERY_LENGTH = 8_192


@dataclass(slots=True)
class HubClient:
    """Asks one Hub for lists of models, for one thread; the token is in no error.

    Attributes:
        attempts: tries of a call that fails transiently or is refused.
        patience_s: longest wait for the limit.
        on_retry: is told of every further try.
        call_count: requests sent so far.
    """

    base_url: str
    limit: HubLimit
    token: str = field(default="", repr=False)
    attempts: int = MAX_ATTEMPTS
    patience_s: float = PATIENCE_S
    on_retry: Callable[[str], None] = lambda _message: None
    sleep: Callable[[float], None] = time.sleep
    call_count: int = 0
    _session: Session = field(default_factory=new_session, repr=False)

    def __post_init__(self) -> None:
        """Nothing is asked of any other host."""
        self._session.allowed.add(self.base_url)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def by_author(self, author: str, cursor: str | None = None) -> HubPage:
        """A page of an author's models, most downloaded first; as `_page`."""
        return self._page([("author", author)], cursor)

    def by_base(self, model_id: str, cursor: str | None = None) -> HubPage:
        """A page of the models that name another as their base, most downloaded first."""
        return self._page([("filter", f"base_model:{model_id}")], cursor)

    def ping(self) -> None:
        """Ask for a single model, to see whether the Hub answers; raises as `by_author`."""
        self._tried(self._url([("limit", "1")]))

    def _page(self, query: list[tuple[str, str]], cursor: str | None) -> HubPage:
        """A page.

        Args:
            query: of the first page.
            cursor: of a later one, as the page before gave it; None for the first.

        Raises:
            RateLimitedError: the limit forbids calls for longer than one may wait.
            TransientUpstreamError: the Hub could not answer in several tries.
            PermanentUpstreamError: it refused, or named a next page elsewhere.
        """
        first = [
            *query,
            ("sort", "downloads"),
            ("limit", str(PAGE_SIZE)),
            *(("expand[]", name) for name in FIELDS),
        ]
        return self._tried(f"{self._url([])}?{cursor}" if cursor else self._url(first))

    def _tried(self, url: str) -> HubPage:
        """A page, asked for again while that is worth it; the limit may have it wait each time."""
        failures = 0
        while True:
            self.limit.take(self.patience_s)
            try:
                return self._once(url)
            except TransientUpstreamError as error:
                failures += 1
                if failures >= self.attempts:
                    raise
                wait = backoff_s(failures)
                self.on_retry(f"{error}; try {failures + 1} of {self.attempts} in {wait:.1f} s")
                self.sleep(wait)

    def _once(self, url: str) -> HubPage:
        self.call_count += 1
        response = send(
            self._session,
            "GET",
            url,
            refuse=False,
            auth=BearerAuth(self.token) if self.token else None,
            allow_redirects=False,
            stream=True,
        )
        with response:
            content = content_of(response, _MAX_BODY_BYTES)
        self.limit.learn(response.headers)
        if response.status_code >= 400:
            raise self._failure(response)
        if response.status_code != 200:
            raise PermanentUpstreamError(
                f"{place(response.url)} answered {response.status_code}, which leads elsewhere"
            )
        documents = parsed(content, response.url)
        if not isinstance(documents, list):
            raise TransientUpstreamError(f"{place(response.url)} gave JSON that is no list")
        return HubPage(documents, self._next(response))

    def _failure(self, response: requests.Response) -> UpstreamError:
        """The error that a status of 400 and above stands for, waits told to the limit."""
        error = error_for(response)
        stated = retry_after_s(response)
        if isinstance(error, TransientUpstreamError) and (
            response.status_code == 429 or stated is not None
        ):
            self.limit.refuse(stated)
        return error

    def _next(self, response: requests.Response) -> str | None:
        """The query of the next page; only of the same list on the same host."""
        link = response.links.get("next", {}).get("url")
        if not link:
            return None
        base, target = urlsplit(self._url([])), urlsplit(target_of(response.url, link))
        is_same = (base.scheme, base.netloc, base.path) == target[:3]
        if not is_same or not target.query or len(target.query) > _MAX_QUERY_LENGTH:
            raise PermanentUpstreamError(
                f"{place(response.url)} names a next page elsewhere; not followed"
            )
        return target.query

    def _url(self, query: Sequence[tuple[str, str]]) -> str:
        url = self.base_url.rstrip("/") + MODELS_PATH
        return str(requests.Request("GET", url, params=list(query)).prepare().url)


class HubResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Where the Hub is.

    Attributes:
        base_url: http, https, or file: a folder of saved lists.
        most_calls: pages that a day's snapshot may take.
    """

    base_url: str
    token: str = Field(default="", repr=False)
    attempts: int = MAX_ATTEMPTS
    most_calls: int = 6_000

    def client(
        self,
        log: Callable[[str], None] = lambda _message: None,
        *,
        forbidden_until: datetime | None = None,
        on_forbidden: Callable[[datetime], None] = lambda _until: None,
    ) -> HubClient | HubFolder:
        """A client for one thread.

        Args:
            log: is told of waits and retries.
            forbidden_until: what an earlier process was told of the limit.
            on_forbidden: is told from when on calls are allowed again.
        """
        if self.base_url.startswith("file:"):
            return HubFolder(Path(unquote(urlsplit(self.base_url).path)))
        limit = HubLimit(
            CALLS_WITH_TOKEN if self.token else CALLS_WITHOUT_TOKEN,
            forbidden_until=forbidden_until,
            on_forbidden=on_forbidden,
            on_wait=log,
        )
        return HubClient(self.base_url, limit, self.token, self.attempts, on_retry=log)
