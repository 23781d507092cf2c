"""GitHub: a repository's events and the history of its stars, page by page, by its id.

A name can be another repository's by now, and would then answer with that one's list; the id
cannot.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from resources.github_transport import Answer, GitHubTransport
from resources.http import (
    LegalBlockError,
    NotFoundError,
    PermanentUpstreamError,
    TransientUpstreamError,
)

EVENTS_PER_PAGE = 100
EVENT_PAGES = 3  # the feed ends after 300 events
WEEKS_PER_PAGE = 30
STAR_PAGES = 100
STAR_HISTORY_VERSION = "2026-03-10"
MAX_ETAG_LENGTH = 200
_LONGEST_POLL_INTERVAL_S = 86_400

Status = Literal["found", "unchanged", "gone", "blocked"]


@dataclass(frozen=True, slots=True)
class Listing:
    """What a repository's list held, newest first.

    Attributes:
        status: `unchanged` since the ETag, `gone` (404), `blocked` for legal reasons (451); or
            `found`.
        documents: of all pages asked for, as sent.
        etag: of the first page.
        poll_interval_s: GitHub's wish for the time until the next poll.
        is_whole: the list ended; nothing older is on offer.
        call_count: calls that it took, redirects included.
    """

    status: Status
    documents: list[object] = field(default_factory=list)
    etag: str | None = None
    poll_interval_s: int = 0
    is_whole: bool = False
    call_count: int = 0


@dataclass(slots=True)
class RepositoryClient:
    """Asks one GitHub API about repositories, for one thread."""

    transport: GitHubTransport

    def close(self) -> None:
        """Close the connections."""
        self.transport.close()

    @property
    def call_count(self) -> int:
        """Requests sent so far."""
        return self.transport.call_count

    @property
    def unchanged_count(self) -> int:
        """Requests answered 304, which cost nothing."""
        return self.transport.unchanged_count

    @property
    def remaining(self) -> int | None:
        """Calls left of the tokens' primary limits; None while unknown."""
        return self.transport.pool.remaining("core")

    @property
    def resets_in_s(self) -> float | None:
        """Seconds until the first primary limit is full again; None while unknown."""
        return self.transport.pool.resets_in_s("core")

    def events(
        self,
        repo_id: int,
        *,
        etag: str | None = None,
        is_enough: Callable[[list[object]], bool] = lambda _page: False,
    ) -> Listing:
        """The newest events of a repository: at most 300, and of 30 days.

        Args:
            repo_id: numeric id, which is its identity whatever its name is by now.
            etag: of the last poll; an unchanged list costs nothing.
            is_enough: told each page; no further one is asked for once it says so.

        Raises:
            UpstreamError: GitHub gave no answer; as GitHubTransport.get.
        """
        kind = _Kind(
            "events", EVENTS_PER_PAGE, EVENT_PAGES, {"If-None-Match": etag} if etag else {}
        )
        return self._list(repo_id, kind, is_enough)

    def star_history(
        self,
        repo_id: int,
        *,
        is_enough: Callable[[list[object]], bool] = lambda _page: False,
    ) -> Listing:
        """Stars given by week and day, of those that still stand; arguments as `events`.

        A document is `{"week": epoch seconds, "total": count, "days": seven counts}`.
        """
        version = {"X-GitHub-Api-Version": STAR_HISTORY_VERSION}
        kind = _Kind("stargazers/history", WEEKS_PER_PAGE, STAR_PAGES, {}, version)
        return self._list(repo_id, kind, is_enough)

    def _list(
        self,
        repo_id: int,
        kind: "_Kind",
        is_enough: Callable[[list[object]], bool],
    ) -> Listing:
        before = self.transport.call_count
        path = f"/repositories/{repo_id}/{kind.what}"
        try:
            first = self._get(path, kind, 1)
            if _place(first) != path:
                raise PermanentUpstreamError(f"{path} leads to another place: {_place(first)}")
            pages = self._pages(first, kind, is_enough)
        except (NotFoundError, LegalBlockError) as error:
            status: Status = "gone" if isinstance(error, NotFoundError) else "blocked"
            return Listing(status, call_count=self.transport.call_count - before)
        etag = first.headers.get("ETag", "")
        return Listing(
            status="unchanged" if first.status == 304 else "found",
            documents=[document for page, _ in pages for document in page],
            # What is longer was never an ETag of GitHub's, and would be sent back each time.
            etag=etag if 0 < len(etag) <= MAX_ETAG_LENGTH else None,
            poll_interval_s=_seconds(first.headers.get("X-Poll-Interval", "")),
            is_whole=bool(pages) and not pages[-1][1] and len(pages[-1][0]) < kind.page_size,
            call_count=self.transport.call_count - before,
        )

    def _pages(
        self, first: Answer, kind: "_Kind", is_enough: Callable[[list[object]], bool]
    ) -> list[tuple[list[object], bool]]:
        """Pages and whether another follows."""
        if first.status == 304:
            return []
        pages, answer = [_page(first)], first
        while pages[-1][1] and len(pages) < kind.most_pages and not is_enough(pages[-1][0]):
            answer = self._get(_place(answer), kind, len(pages) + 1)
            if answer.status == 304:
                raise PermanentUpstreamError(f"{answer.path} answered 304 to no condition")
            pages.append(_page(answer))
        return pages

    def _get(self, path: str, kind: "_Kind", number: int) -> Answer:
        conditions = kind.condition if number == 1 else {}
        return self.transport.get(
            path,
            params={"per_page": str(kind.page_size), "page": str(number)},
            headers={**kind.headers, **conditions},
            check=_require_list,
        )


@dataclass(frozen=True, slots=True)
class _Kind:
    """A list of a repository: its path, its size, and what is asked of the first page only."""

    what: str
    page_size: int
    most_pages: int
    condition: Mapping[str, str]
    headers: Mapping[str, str] = field(default_factory=dict)


def _place(answer: Answer) -> str:
    return answer.path.partition("?")[0]


def _page(answer: Answer) -> tuple[list[object], bool]:
    """A page's documents, and whether another follows."""
    documents: list[object] = answer.body
    return documents, 'rel="next"' in answer.headers.get("Link", "")


def _require_list(body: object) -> None:
    """GitHub has answered 200 with an error's body in its bad hours: worth another try."""
    if not isinstance(body, list):
        raise TransientUpstreamError("GitHub gave JSON that is no list")


def _seconds(text: str) -> int:
    return min(int(text), _LONGEST_POLL_INTERVAL_S) if text.isdecimal() and len(text) < 10 else 0
