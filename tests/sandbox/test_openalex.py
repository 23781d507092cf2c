"""The sandbox's OpenAlex answers as the real one does, and its truth is in what it serves."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import requests

from sandbox.boolean_search import Query, SearchError, searchable
from sandbox.openalex import OpenAlexPaths
from sandbox.openalex_limits import OpenAlexLimits
from sandbox.openalex_works import (
    FIRST_MONTH,
    INDEX_FAULTS,
    LAST_MONTH,
    USER_KINDS,
    PaperWorld,
)
from sandbox.server import SandboxServer
from sandbox.world import World

NOW = datetime(2024, 12, 17, 2, tzinfo=UTC)
OCTOBER = date(2024, 10, 1)
FILTERS = "from_publication_date:2024-10-01,to_publication_date:2024-10-31"
SEARCH = "search.title_and_abstract.exact"


@pytest.fixture(scope="module")
def papers() -> PaperWorld:
    return PaperWorld(1)


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = NOW


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def served(world: World, clock: Clock) -> Iterator[SandboxServer]:
    with SandboxServer(world, clock=lambda: clock.now) as running:
        running.openalex = OpenAlexPaths(
            world.seed, lambda: clock.now, OpenAlexLimits(credits_a_day=25, calls_a_second=4)
        )
        yield running


def ask(
    server: SandboxServer, session: requests.Session, key: str = "k", **query: str
) -> requests.Response:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return session.get(f"{server.url}/works", params=query, headers=headers, timeout=10)


def test_companies_name_chinese_models_in_a_third_of_works_and_all_in_under_half(
    papers: PaperWorld,
) -> None:
    months = [month for month in papers.months if month >= date(2023, 6, 1)]
    truths = {kind: [papers.truth(month, kind, NOW) for month in months] for kind in USER_KINDS}
    sums = {kind: [sum(each) for each in zip(*truths[kind], strict=True)] for kind in USER_KINDS}
    shares = {kind: cn / total for kind, (cn, total) in sums.items()}
    assert shares["us_company"] == pytest.approx(0.35, abs=0.03)
    assert shares["all"] == pytest.approx(0.45, abs=0.03)
    assert sums["us_company"][1] > 200


def test_months_grow_from_a_few_dozen_works_to_about_150(papers: PaperWorld) -> None:
    assert (papers.months[0], papers.months[-1]) == (FIRST_MONTH, LAST_MONTH)
    counts = [papers.truth(month, "all", NOW + timedelta(days=400))[1] for month in papers.months]
    assert 15 <= counts[0] <= 30
    assert 120 <= counts[-1] <= 150


def test_one_seed_gives_one_catalogue_and_another_another() -> None:
    assert PaperWorld(5).works_of(OCTOBER) == PaperWorld(5).works_of(OCTOBER)
    assert PaperWorld(5).works_of(OCTOBER) != PaperWorld(6).works_of(OCTOBER)


def test_every_planted_oddity_is_there(papers: PaperWorld) -> None:
    works = list(papers.by_id.values())
    assert {work.index_fault for work in works} == {"", *INDEX_FAULTS}
    assert any(not work.has_abstract for work in works)
    assert any(not work.affiliations for work in works)
    assert any(work.revised_at for work in works)
    assert any(work.gone_from for work in works)
    assert any(work.seen_from - NOW > timedelta(days=30) for work in works)
    assert any(not work.is_searched for work in works)


def test_a_university_beside_a_foreign_company_is_no_american_company(papers: PaperWorld) -> None:
    works = [
        work
        for work in papers.by_id.values()
        if [tuple(each) for each in work.affiliations] == [("US", "education"), ("DE", "company")]
    ]
    assert works
    later = NOW + timedelta(days=500)
    assert not any(work.is_of("us_company", later) for work in works)
    assert all(work.is_of("us_education", later) and work.is_of("DE", later) for work in works)


def test_pages_follow_by_cursor_and_the_last_cursor_leads_to_an_empty_page(
    served: SandboxServer, session: requests.Session
) -> None:
    served.openalex = OpenAlexPaths(1, lambda: NOW)
    cursor, ids, pages = "*", [], 0
    while cursor:
        body = ask(served, session, filter=FILTERS, per_page="40", cursor=cursor).json()
        ids += [work["id"] for work in body["results"]]
        cursor, pages = body["meta"]["next_cursor"], pages + 1
    assert len(ids) == len(set(ids)) == body["meta"]["count"]
    assert pages == -(-len(ids) // 40) + 1


def test_only_the_fields_asked_for_are_given(
    served: SandboxServer, session: requests.Session
) -> None:
    body = ask(served, session, filter=FILTERS, per_page="1", select="id,title").json()
    assert body["results"][0].keys() == {"id", "title"}


def test_without_a_key_there_are_no_cursors_and_with_one_in_the_query_there_are(
    served: SandboxServer, session: requests.Session
) -> None:
    assert ask(served, session, key="", cursor="*").status_code == 401
    assert ask(served, session, key="", api_key="k", cursor="*").status_code == 200
    assert ask(served, session, key="").status_code == 200


def test_credit_is_counted_stated_and_refused_and_errors_are_free(
    served: SandboxServer, session: requests.Session, clock: Clock
) -> None:
    """25 credits: two searches, then two lists; a third search is refused, a list is not."""
    first = ask(served, session, filter=FILTERS, **{SEARCH: "qwen*"})
    assert first.headers["X-RateLimit-Remaining"] == "15"
    assert first.headers["X-RateLimit-Credits-Used"] == "10"
    assert first.headers["X-RateLimit-Reset"] == str(22 * 3_600)
    assert ask(served, session, filter="nonsense:1").status_code == 400
    second = ask(served, session, filter=FILTERS, **{SEARCH: "llama*"})
    assert second.headers["X-RateLimit-Remaining"] == "5"
    clock.now = NOW + timedelta(seconds=2)
    refused = ask(served, session, filter=FILTERS, **{SEARCH: "gemma*"})
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) == pytest.approx(22 * 3_600, abs=5)
    assert served.openalex.limits.violations == 1
    clock.now = NOW + timedelta(days=1)
    assert ask(served, session, filter=FILTERS).headers["X-RateLimit-Remaining"] == "24"


def test_a_burst_is_refused_for_a_second_and_a_call_meanwhile_is_a_violation(
    served: SandboxServer, session: requests.Session, clock: Clock
) -> None:
    statuses = [ask(served, session, filter=FILTERS).status_code for _ in range(5)]
    assert statuses == [200] * 4 + [429]
    assert served.openalex.limits.violations == 0
    assert ask(served, session).status_code == 429
    assert served.openalex.limits.violations == 1


def test_groups_count_the_works_beside_those_that_a_search_finds(
    served: SandboxServer, session: requests.Session
) -> None:
    body = ask(
        served, session, filter=FILTERS, group_by="authorships.institutions.country_code"
    ).json()
    groups = {group["key"]: group["count"] for group in body["group_by"]}
    there = [work for work in served.openalex.papers.works_of(OCTOBER) if work.is_there(NOW)]
    assert body["meta"]["count"] == len(there) + 21_950
    assert groups["CN"] == 8_000 + sum(work.is_of("CN", NOW) for work in there)
    assert "" not in groups


def test_a_work_arrives_late_is_revised_and_goes(
    served: SandboxServer, session: requests.Session, clock: Clock
) -> None:
    papers = served.openalex.papers

    def document(work_id: str) -> dict[str, Any]:
        body: dict[str, Any] = session.get(f"{served.url}/works/{work_id}", timeout=10).json()
        return body

    revised = next(work for work in papers.by_id.values() if work.revised_at and work.affiliations)
    assert revised.revised_at is not None
    clock.now = revised.revised_at - timedelta(seconds=1)
    before = document(revised.work_id)
    clock.now = revised.revised_at
    after = document(revised.work_id)
    assert [author["institutions"] for author in before["authorships"]] == [[]]
    assert after["authorships"][0]["institutions"]
    assert after["updated_date"] > before["updated_date"]
    late = next(work for work in papers.works_of(OCTOBER) if work.seen_from > NOW)
    assert not late.is_there(NOW)
    assert late.is_there(late.seen_from)
    gone = next(work for work in papers.by_id.values() if work.gone_from)
    assert gone.gone_from is not None
    assert not gone.is_there(gone.gone_from)


@pytest.mark.parametrize(
    "query",
    [
        {"filter": "author.id:A5"},
        {"filter": "from_publication_date:soon"},
        {"group_by": "authors_count"},
        {"per_page": "200"},
        {"cursor": "nonsense"},
        {"filter": FILTERS, "select": "id,nonsense"},
        {SEARCH: "(qwen* OR"},
        {SEARCH: "ab*"},
        {SEARCH: "x" * 4_100},
    ],
    ids=lambda query: next(iter(query)),
)
def test_what_is_no_request_is_answered_400(
    served: SandboxServer, session: requests.Session, query: dict[str, str]
) -> None:
    answer = ask(served, session, **query)
    assert answer.status_code == 400
    assert answer.json()["message"]


@pytest.mark.parametrize(
    ("query", "text", "is_found"),
    [
        ("qwen*", "We use Qwen2.5-72B.", True),
        ("qwen", "We use Qwen2.5-72B.", False),
        ('"Qwen2.5 72B"', "We use Qwen2.5-72B.", True),
        ('"72B Qwen2.5"', "We use Qwen2.5-72B.", False),
        ("llama OR falcon", "two llamas", False),
        ("llama AND model", "the llama, a model", True),
        ("llama model", "the llama is no animal", False),
        ("(llama OR qwen) AND (model OR models)", "Qwen and other models", True),
        ("(llama OR qwen) AND (model OR models)", "Qwen and others", False),
        ('"文心一言"', "百度的文心一言模型", True),
        ('"文心"', "百度的文心一言模型", True),
        ('"FLUX.1"', "images by FLUX.1-dev", True),
        ("lun", "lunar", False),
    ],
)
def test_a_boolean_search_finds_words_phrases_and_endings(
    query: str, text: str, is_found: bool
) -> None:
    assert Query.parse(query).matches(searchable(text)) is is_found


@pytest.mark.parametrize("query", ["", "OR", "(a", "a)", "a OR", "AND a", "*", "()", '""'])
def test_what_is_no_query_is_refused(query: str) -> None:
    with pytest.raises(SearchError):
        Query.parse(query)
