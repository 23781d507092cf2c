"""OpenAlex's path `/works`, over the world's papers: cursor pages, groups, a key, and credit."""

from __future__ import annotations

import base64
from calendar import monthrange
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from urllib.parse import urlencode

import orjson

from sandbox.boolean_search import Query, SearchError, searchable
from sandbox.exchange import Request, Response, json_response
from sandbox.openalex_documents import document_of
from sandbox.openalex_limits import LIST_CREDITS, SEARCH_CREDITS, CreditLimits, OpenAlexLimits
from sandbox.openalex_works import Affiliation, PaperWorld, PlantedWork

PATH = "/works"
_SEARCHES = ("search.title_and_abstract.exact",)
_GROUPINGS = {
    "authorships.institutions.country_code": lambda each: each.country,
    "authorships.institutions.type": lambda each: each.kind,
}
_MOST_PER_PAGE, _MOST_GROUPS, _MOST_URL = 100, 200, 4_094
#: Works beside those that name a model, a month: OpenAlex counts them, and no search finds them.
FILLERS: dict[tuple[Affiliation, ...], int] = {
    (Affiliation("US", "company"),): 900,
    (Affiliation("US", "education"),): 5_200,
    (Affiliation("US", "education"), Affiliation("DE", "company")): 150,
    (Affiliation("CN", "education"),): 8_000,
    (Affiliation("DE", "education"),): 2_100,
    (Affiliation("IN", "education"),): 2_600,
    (): 3_000,
}


@dataclass(frozen=True)
class _Counted:
    """A work as filters see it, and how many of it there are."""

    affiliations: tuple[Affiliation, ...]
    count: int


class _BadRequestError(ValueError):
    """The request is none that OpenAlex answers; the text says why."""


class OpenAlexPaths:
    """Answers `/works` and `/works/{id}`.

    Args:
        seed: of the papers.
        clock: now: which works the catalogue has.
        limits: on calls, for each key.
    """

    def __init__(
        self,
        seed: int,
        clock: Callable[[], datetime],
        limits: OpenAlexLimits = OpenAlexLimits(),  # noqa: B008 - a frozen record
    ) -> None:
        self.papers = PaperWorld(seed)
        self.limits = CreditLimits(clock, limits)
        self._clock = clock
        self._text: Callable[[str], str] = lru_cache(maxsize=None)(
            lambda work_id: searchable(
                self.papers.by_id[work_id].text.title, self.papers.by_id[work_id].text.abstract
            )
        )
        self._query = lru_cache(maxsize=64)(Query.parse)

    def answer(self, request: Request) -> Response | None:
        """The answer, or None when the path is not one of OpenAlex's."""
        if request.path != PATH and not request.path.startswith(f"{PATH}/"):
            return None
        if request.method not in {"GET", "HEAD"}:
            return _problem(405, "Method not allowed", {"Allow": "GET, HEAD"})
        key = request.bearer_token or request.query.get("api_key") or ""
        if request.path != PATH:
            return self._single(request.path.removeprefix(f"{PATH}/"), key)
        if not key and "cursor" in request.query:
            return _problem(401, "API key required: cursor paging needs one")
        url = f"https://api.openalex.org{PATH}?{urlencode(request.query)}"
        if len(url) > _MOST_URL:
            return _problem(400, f"Your request URL is {len(url)} bytes, over the limit")
        is_search = any(name in request.query for name in _SEARCHES)
        cost = SEARCH_CREDITS if is_search else LIST_CREDITS
        if refusal := self.limits.spend(key, cost):
            return refusal
        try:
            content = self._list(request.query)
        except (_BadRequestError, SearchError) as error:
            self.limits.give_back(key, cost)
            return _problem(400, str(error), self.limits.headers(key, 0))
        return json_response(content, headers=self.limits.headers(key, cost))

    def field_count(self, month: date, user_kind: str, now: datetime) -> int:
        """All works of a month in the searched fields, as `PlantedWork.is_of` has the kind."""
        works = [work for work in self.papers.works_of(month) if work.is_there(now)]
        planted = sum(work.is_searched and work.is_of(user_kind, now) for work in works)
        return planted + sum(
            count
            for affiliations, count in FILLERS.items()
            if user_kind == "all"
            or Affiliation("US", user_kind.removeprefix("us_")) in affiliations
            or any(
                each.country == ("US" if user_kind == "us_all" else user_kind)
                for each in affiliations
            )
        )

    def _single(self, work_id: str, key: str) -> Response:
        work = self.papers.by_id.get(work_id)
        # The one that the platform asks for to see whether it gets an answer.
        if work is None and work_id != "W2741809807":
            return _problem(404, f"Work {work_id} not found")
        content = (
            document_of(work, self._clock())
            if work
            else {"id": f"https://openalex.org/{work_id}", "title": "A work"}
        )
        return json_response(content, headers=self.limits.headers(key, 0))

    def _list(self, query: Mapping[str, str]) -> dict[str, object]:
        now = self._clock()
        filters = _Filters.parse(query.get("filter", ""))
        works = [
            work
            for month in self.papers.months
            if filters.may_hold(month)
            for work in self.papers.works_of(month)
            if work.is_there(now) and filters.keep(work, work.affiliations_at(now))
        ]
        if "group_by" in query:
            return self._groups(query, filters, works, now)
        for name in _SEARCHES:
            if name in query:
                wanted = self._query(query[name])
                works = [work for work in works if wanted.matches(self._text(work.work_id))]
        works.sort(key=lambda work: (work.published, work.work_id))
        length = _number(query.get("per_page", "25"), _MOST_PER_PAGE)
        after = _after(query.get("cursor", "*"))
        page = [work for work in works if (str(work.published), work.work_id) > after][:length]
        last = (str(page[-1].published), page[-1].work_id) if page else None
        return {
            "meta": {
                "count": len(works),
                "db_response_time_ms": 7,
                "page": None,
                "per_page": length,
                "next_cursor": _cursor(last) if last else None,
                "groups_count": None,
                "cost_usd": 0.001,
            },
            "results": [_selected(document_of(work, now), query.get("select")) for work in page],
            "group_by": [],
        }

    def _groups(
        self,
        query: Mapping[str, str],
        filters: _Filters,
        works: list[PlantedWork],
        now: datetime,
    ) -> dict[str, object]:
        key_of = _GROUPINGS.get(query["group_by"])
        if key_of is None:
            raise _BadRequestError(f"Invalid group_by: {query['group_by']}")
        counted = [_Counted(work.affiliations_at(now), 1) for work in works]
        months = [month for month in self.papers.months if filters.may_hold(month)]
        counted += [
            _Counted(affiliations, count * len(months))
            for affiliations, count in FILLERS.items()
            if filters.keep_affiliations(affiliations)
        ]
        groups: dict[str, int] = {}
        for each in counted:
            for key in {key_of(affiliation) for affiliation in each.affiliations} - {""}:
                groups[key] = groups.get(key, 0) + each.count
        ordered = sorted(groups.items())
        after = _after(query.get("cursor", "*"))[0]
        length = _number(query.get("per_page", "200"), _MOST_GROUPS)
        page = [(key, count) for key, count in ordered if key > after][:length]
        return {
            "meta": {
                "count": sum(each.count for each in counted),
                "per_page": length,
                "groups_count": len(page),
                "next_cursor": _cursor((page[-1][0], "")) if page else None,
            },
            "results": [],
            "group_by": [
                {"key": key, "key_display_name": key, "count": count} for key, count in page
            ],
        }


@dataclass(frozen=True)
class _Filters:
    """The filters that papers are asked with."""

    first: date = date.min
    last: date = date.max
    fields: frozenset[str] = frozenset()
    types: frozenset[str] = frozenset()
    country: str = ""

    @classmethod
    def parse(cls, text: str) -> _Filters:
        given = dict(part.partition(":")[::2] for part in text.split(",") if part)
        try:
            filters = cls(
                date.fromisoformat(given.pop("from_publication_date", "0001-01-01")),
                date.fromisoformat(given.pop("to_publication_date", "9999-12-31")),
                frozenset(given.pop("primary_topic.field.id", "").split("|")) - {""},
                frozenset(given.pop("type", "").split("|")) - {""},
                given.pop("authorships.institutions.country_code", "").upper(),
            )
        except ValueError as error:
            raise _BadRequestError(f"Invalid filter: {error}") from error
        if given:
            raise _BadRequestError(f"Unknown filter field: {min(given)}")
        return filters

    def may_hold(self, month: date) -> bool:
        """Whether a work of the month can pass."""
        end = month.replace(day=monthrange(month.year, month.month)[1])
        return self.first <= end and month <= self.last

    def keep(self, work: PlantedWork, affiliations: tuple[Affiliation, ...]) -> bool:
        """Whether a work passes."""
        return (
            self.first <= work.published <= self.last
            and (not self.fields or str(work.field) in self.fields)
            and (not self.types or work.work_type in self.types)
            and self.keep_affiliations(affiliations)
        )

    def keep_affiliations(self, affiliations: tuple[Affiliation, ...]) -> bool:
        """Whether a work of these affiliations passes."""
        return not self.country or any(each.country == self.country for each in affiliations)


def _selected(document: dict[str, object], names: str | None) -> dict[str, object]:
    """The fields asked for; all where nothing is."""
    if names is None:
        return document
    wanted = names.split(",")
    if unknown := set(wanted) - document.keys():
        raise _BadRequestError(f"{min(unknown)} is not a valid select field")
    return {name: document[name] for name in wanted}


def _number(text: str, most: int) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= most:
        raise _BadRequestError(f"per_page must be a number from 1 to {most}")
    return int(text)


def _cursor(last: tuple[str, str]) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(last)).decode()


def _after(cursor: str) -> tuple[str, str]:
    if cursor == "*":
        return "", ""
    try:
        date_text, work_id = orjson.loads(base64.urlsafe_b64decode(cursor))
    except ValueError as error:
        raise _BadRequestError("Invalid cursor") from error
    return str(date_text), str(work_id)


def _problem(status: int, message: str, headers: Mapping[str, str] | None = None) -> Response:
    content = {"error": "Invalid request" if status == 400 else "Refused", "message": message}
    return json_response(content, status, headers)
