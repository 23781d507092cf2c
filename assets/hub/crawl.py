"""Which lists to ask the Hub for, in which order: all publishers, then who builds on their models.

The Hub gives a model's direct derivatives only, and does not say in a list how many there are. So
each model found is asked for in its turn, the likeliest to have derivatives first: those that had
some in the snapshot before, then releases of families, then what is made of these, each by
downloads. What is over the budget is left out, and counted.
"""

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from assets.hub.records import HubModel, Listed, read_models

Kind = Literal["author", "base_model"]
MOST_PAGES_OF_A_LIST = 2_000
#: After so many lists in a row that failed, it is the Hub that fails.
MOST_FAILURES_IN_A_ROW = 5
MAX_PROBLEM_LENGTH = 300
_WITH_DERIVATIVES, _RELEASE, _DERIVATIVE, _ADAPTER = range(4)


@dataclass(frozen=True, slots=True)
class Listing:
    """A list of the Hub: the models of an author, or those made of a model."""

    kind: Kind
    name: str

    @property
    def key(self) -> str:
        """The same for all capitals: the Hub's names do not tell them apart."""
        return f"{self.kind}:{self.name.casefold()}"


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list as it is kept: its models, and how to get the next one."""

    listing: Listing
    number: int
    asked_at: datetime
    listed: Listed
    cursor: str | None = None


class RawPage(Protocol):
    """A page as the Hub gave it."""

    @property
    def documents(self) -> list[object]:
        """Models as sent."""

    @property
    def cursor(self) -> str | None:
        """Gives the next page."""


class ModelSource(Protocol):
    """Where pages come from; resources.hub says what each raises."""

    def by_author(self, author: str, cursor: str | None) -> RawPage:
        """A page of an author's models."""

    def by_base(self, model_id: str, cursor: str | None) -> RawPage:
        """A page of the models made of one."""


class PageStore(Protocol):
    """Pages got before, so that none is asked for twice."""

    def get(self, listing: Listing, number: int) -> Page | None:
        """A page that is kept; None where there is none."""

    def put(self, page: Page) -> None:
        """Keep a page."""


@dataclass(frozen=True, slots=True)
class Failures:
    """Which exceptions of a source end the crawl, and which only a list."""

    limited: type[Exception]
    failed: type[Exception]


@dataclass(slots=True)
class Crawl:
    """What was found.

    Attributes:
        models: by id in small letters, as first seen.
        found_under: the same keys, with the model whose list of derivatives had it first; None for
            an author's list.
        asked: lists read to their end.
        failed: what went wrong, by list.
        left_out_count: models whose list of derivatives nobody asked for, or not to its end.
        page_count: different pages read, kept ones included; new_page_count of them were asked for
            now.
        is_cut_short: it had to stop before its budget was spent.
    """

    models: dict[str, HubModel] = field(default_factory=dict)
    found_under: dict[str, str | None] = field(default_factory=dict)
    asked: list[Listing] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    empty_authors: list[str] = field(default_factory=list)
    left_out_count: int = 0
    page_count: int = 0
    new_page_count: int = 0
    malformed_count: int = 0
    problem: str | None = None
    is_cut_short: bool = False
    first_asked_at: datetime | None = None
    last_asked_at: datetime | None = None


class _OverError(Exception):
    """No further page may be asked for, as the day of the snapshot is over."""


class _SpentError(Exception):
    """The budget of pages is spent."""


@dataclass(slots=True)
class Crawler:
    """Reads lists, each page once.

    Attributes:
        source: the Hub; None where only what is kept may be read.
        store: pages got before.
        failures: what the source raises.
        family: of a model by its id; None where it is of none.
        most_pages: the budget: no page is read after so many, in the middle of a list either; kept
            ones count, so that an interrupted crawl ends where another does.
        may_ask: whether the day of the snapshot still lasts.
        now: UTC.
        on_page: is told after each page.
    """

    source: ModelSource | None
    store: PageStore
    failures: Failures
    family: Callable[[str], str | None]
    most_pages: int
    may_ask: Callable[[], bool]
    now: Callable[[], datetime]
    on_page: Callable[[Crawl], None] = lambda _crawl: None
    _crawl: Crawl = field(default_factory=Crawl)
    _queue: list[tuple[int, int, str, str]] = field(default_factory=list)
    _queued: set[str] = field(default_factory=set)
    _failed: dict[Listing, str] = field(default_factory=dict)
    _counted: set[tuple[Listing, int]] = field(default_factory=set)
    _failed_in_a_row: int = 0

    def run(self, publishers: Iterable[str], known: Mapping[str, int]) -> Crawl:
        """Crawl once.

        Args:
            publishers: accounts that publish families' weights.
            known: models that had derivatives in the snapshot before, with their number: asked
                for though they be gone, as their derivatives are not.

        Raises:
            Exception: what `failures.limited` names, and the last of several failures in a row.
        """
        # A model keeps the place that it is first given.
        for model_id, count in sorted(known.items()):
            self._push(_WITH_DERIVATIVES, count, model_id)
        for author in publishers:
            self._author(author)
        self._derivatives()
        # A list that failed while others did not gets one more chance.
        for listing in list(self._failed):
            self._failed_in_a_row = 0
            self._list(listing)
        self._derivatives()
        self._crawl.failed |= {listing.key: said for listing, said in self._failed.items()}
        self._crawl.left_out_count += len(self._queue)
        return self._crawl

    def _author(self, author: str) -> None:
        listing = Listing("author", author)
        count = self._list(listing)
        if not count and listing in self._crawl.asked[-1:]:
            self._crawl.empty_authors.append(author)

    def _derivatives(self) -> None:
        """Read lists of derivatives until none is left or the budget is spent."""
        while self._queue and self._crawl.page_count < self.most_pages:
            _, _, _, model_id = heapq.heappop(self._queue)
            self._list(Listing("base_model", model_id))

    def _list(self, listing: Listing) -> int:
        """Take the models of a list; how many it has."""
        count = 0
        for count, model in enumerate(self._read(listing), start=1):  # noqa: B007 - the last one
            # Of an author's models only a family's are wanted; the rest may come as derivatives.
            if listing.kind == "base_model" or self.family(model.model_id):
                self._add(model, listing)
        return count

    def _add(self, model: HubModel, listing: Listing) -> None:
        key = model.model_id.casefold()
        if key not in self._crawl.models:
            self._crawl.models[key] = model
            is_derivative = listing.kind == "base_model"
            self._crawl.found_under[key] = listing.name if is_derivative else None
            rank = _ADAPTER if model.relation == "adapter" else _DERIVATIVE
            rank = _RELEASE if self.family(model.model_id) else rank
            self._push(rank, model.downloads or 0, model.model_id)
        for base in model.base_ids:
            # A release that is gone, or renamed, still has its derivatives.
            if self.family(base):
                self._push(_RELEASE, 0, base)

    def _push(self, rank: int, weight: int, model_id: str) -> None:
        key = model_id.casefold()
        if key not in self._queued:
            self._queued.add(key)
            heapq.heappush(self._queue, (rank, -weight, key, model_id))

    def _read(self, listing: Listing) -> Iterator[HubModel]:
        """The models of a list, page by page; a failure is noted and ends it."""
        number, cursor, seen = 1, None, set[str]()
        self._failed.pop(listing, None)
        while True:
            try:
                page = self._page(listing, number, cursor)
            except _OverError:
                # What is kept of other lists is still read.
                self._crawl.is_cut_short = True
                self._crawl.left_out_count += listing.kind == "base_model"
                return
            except _SpentError:
                self._leave_out(listing)
                return
            except self.failures.limited:
                raise
            except self.failures.failed as error:
                self._failed[listing] = str(error)[:MAX_PROBLEM_LENGTH]
                self._failed_in_a_row += 1
                if self._failed_in_a_row >= MOST_FAILURES_IN_A_ROW:
                    raise
                return
            self._failed_in_a_row = 0
            yield from page.listed.models
            cursor = page.cursor
            if cursor is None:
                self._crawl.asked.append(listing)
                return
            if cursor in seen or number >= MOST_PAGES_OF_A_LIST:
                # It would lead back again: no second try.
                self._crawl.failed[listing.key] = f"page {number} leads back, or there is no end"
                return
            seen.add(cursor)
            number += 1

    def _leave_out(self, listing: Listing) -> None:
        """Note a list that the budget did not suffice for."""
        if listing.kind == "base_model":
            self._crawl.left_out_count += 1
        else:
            self._crawl.failed[listing.key] = (
                f"the budget of {self.most_pages} pages was spent before its end"
            )

    def _page(self, listing: Listing, number: int, cursor: str | None) -> Page:
        crawl = self._crawl
        is_new = (listing, number) not in self._counted
        if is_new and crawl.page_count >= self.most_pages:
            raise _SpentError
        page = self.store.get(listing, number)
        if page is None:
            page = self._asked(listing, number, cursor)
            crawl.new_page_count += 1
        if is_new:
            self._counted.add((listing, number))
            crawl.page_count += 1
            crawl.malformed_count += page.listed.malformed_count
        crawl.problem = crawl.problem or page.listed.problem
        crawl.first_asked_at = min(crawl.first_asked_at or page.asked_at, page.asked_at)
        crawl.last_asked_at = max(crawl.last_asked_at or page.asked_at, page.asked_at)
        self.on_page(crawl)
        return page

    def _asked(self, listing: Listing, number: int, cursor: str | None) -> Page:
        if self.source is None or not self.may_ask():
            raise _OverError
        ask = self.source.by_author if listing.kind == "author" else self.source.by_base
        raw = ask(listing.name, cursor)
        # The wait for the limit may have lasted beyond the day: then the page is of another one.
        if not self.may_ask():
            raise _OverError
        page = Page(listing, number, self.now(), read_models(raw.documents), raw.cursor)
        self.store.put(page)
        return page
