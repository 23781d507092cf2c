"""The OpenAlex client: pages, groups, refusals, limits, and a key that nobody gets to see."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from assets.papers.works import read_works
from resources.http import PermanentUpstreamError, RateLimitedError, TransientUpstreamError
from resources.openalex import PAGE_LENGTH, OpenAlexClient
from resources.openalex_credit import CreditLedger
from sandbox.openalex import OpenAlexPaths
from sandbox.openalex_limits import OpenAlexLimits
from sandbox.server import SandboxServer
from sandbox.world import World
from tests.resources.conftest import Upstream

NOW = datetime(2024, 12, 17, 2, tzinfo=UTC)
KEY = "planted-secret"
FILTERS = "from_publication_date:2024-10-01,to_publication_date:2024-10-31"


def client(
    url: str, folder: Path, waits: list[float], *, key: str = KEY, attempts: int = 3
) -> OpenAlexClient:
    return OpenAlexClient(
        api_url=url,
        key=key,
        ledger=CreditLedger(folder, f"{url} {key}", calls_per_second=1e6, sleep=waits.append),
        attempts=attempts,
        sleep=waits.append,
    )


def body(documents: int = 1, cursor: str | None = None, total: int = 1) -> bytes:
    works = [{"id": f"https://openalex.org/W{number + 1}"} for number in range(documents)]
    return orjson.dumps({"meta": {"count": total, "next_cursor": cursor}, "results": works})


@pytest.fixture
def now_sandbox(world: World) -> Iterator[SandboxServer]:
    """A sandbox at the clock of its papers."""
    with SandboxServer(world, clock=lambda: NOW) as running:
        yield running


def test_cursors_lead_through_every_work_once(
    now_sandbox: SandboxServer, tmp_path: Path, waits: list[float]
) -> None:
    ours = client(now_sandbox.url, tmp_path, waits)
    found: list[str] = []
    cursor: str | None = "*"
    while cursor:
        page = ours.works(filters=FILTERS, search='(qwen* OR "Llama 2" OR GPT)', cursor=cursor)
        found += [str(document["id"]) for document in page.documents]  # type: ignore[index]
        cursor = page.next_cursor
    assert len(found) == len(set(found)) == page.total
    assert page.total > 20
    texts = [
        work.text.title + " " + work.text.abstract
        for work in now_sandbox.openalex.papers.works_of(datetime(2024, 10, 1).date())  # noqa: DTZ001
        if work.is_there(NOW)
    ]
    assert page.total >= sum("Qwen" in text for text in texts)


def test_groups_are_counted_beside_the_total(
    now_sandbox: SandboxServer, tmp_path: Path, waits: list[float]
) -> None:
    ours = client(now_sandbox.url, tmp_path, waits)
    groups = ours.groups(filters=FILTERS, by="authorships.institutions.country_code")
    assert groups.total > groups.by_key["CN"] > 8_000
    assert (ours.call_count, ours.credit_count) == (1, 1)


def test_keys_of_groups_may_be_addresses_and_pages_of_them_go_on(
    upstream: Upstream, tmp_path: Path, waits: list[float]
) -> None:
    def page(first: int, count: int) -> bytes:
        groups = [
            {"key": f"https://openalex.org/countries/{number:03d}", "count": number}
            for number in range(first, first + count)
        ]
        return orjson.dumps({"meta": {"count": 9, "next_cursor": "abc"}, "group_by": groups})

    upstream.answers(200, page(0, 200))
    upstream.answers(200, page(200, 3))
    groups = client(upstream.url, tmp_path, waits).groups(filters="type:article", by="x")
    assert len(groups.by_key) == 203
    assert groups.by_key["202"] == 202
    assert "cursor=abc" in upstream.requests[1].path


@pytest.mark.parametrize(("documents", "is_last"), [(PAGE_LENGTH, False), (99, True), (0, True)])
def test_a_short_page_is_the_last_one_though_it_has_a_cursor(
    upstream: Upstream, tmp_path: Path, waits: list[float], documents: int, is_last: bool
) -> None:
    upstream.answers(200, body(documents, "next"))
    page = client(upstream.url, tmp_path, waits).works(filters="type:article", search="qwen*")
    assert (page.next_cursor is None) is is_last


def test_what_is_asked_for_holds_the_query_and_no_key(
    upstream: Upstream, tmp_path: Path, waits: list[float]
) -> None:
    upstream.answers(200, body())
    client(upstream.url, tmp_path, waits).works(filters=FILTERS, search='("Qwen 2" OR llama*)')
    (asked,) = upstream.requests
    assert KEY not in asked.path
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert "per_page=100" in asked.path
    assert "search.title_and_abstract.exact=%28%22Qwen+2%22+OR+llama%2A%29" in asked.path


def test_without_a_key_the_refusal_is_final_and_says_what_to_set(
    now_sandbox: SandboxServer, tmp_path: Path, waits: list[float]
) -> None:
    ours = client(now_sandbox.url, tmp_path, waits, key="")
    with pytest.raises(PermanentUpstreamError, match=r"401.*OBSERVATORY_OPENALEX_KEY"):
        ours.works(filters=FILTERS, search="qwen*")
    assert [entry.status for entry in now_sandbox.requests()] == [401]
    assert waits == []


def test_a_short_limit_is_waited_out_and_a_long_one_is_raised_and_remembered(
    upstream: Upstream, tmp_path: Path, waits: list[float]
) -> None:
    upstream.answers(429, b"{}", {"Retry-After": "2"})
    upstream.answers(200, body())
    upstream.answers(429, b"{}", {"Retry-After": "53578", "X-RateLimit-Remaining": "0"})
    upstream.answers(200, body())
    times = iter(float(number) for number in range(1_000))
    ledger = CreditLedger(
        tmp_path, "x", calls_per_second=1e6, now=lambda: next(times), sleep=waits.append
    )
    ours = OpenAlexClient(api_url=upstream.url, ledger=ledger, key=KEY, sleep=waits.append)
    assert ours.works(filters="type:article", search="qwen*").total == 1
    with pytest.raises(RateLimitedError):
        ours.works(filters="type:article", search="qwen*")
    with pytest.raises(RateLimitedError):
        OpenAlexClient(api_url=upstream.url, ledger=ledger, key=KEY).works(
            filters="type:article", search="qwen*"
        )
    assert len(upstream.requests) == 3


@pytest.mark.parametrize("status", [500, 502, 503, 408])
def test_transient_failures_are_tried_again_some_times(
    upstream: Upstream, tmp_path: Path, waits: list[float], status: int
) -> None:
    upstream.answers(status, b"<html>busy</html>")
    with pytest.raises(TransientUpstreamError, match=str(status)):
        client(upstream.url, tmp_path, waits).works(filters="type:article", search="qwen*")
    assert len(upstream.requests) == 3
    assert len(waits) == 2


@pytest.mark.parametrize(
    ("status", "content", "headers", "words"),
    [
        (400, b'{"message": "Unknown filter field: x"}', {}, "Unknown filter field: x"),
        (400, b"<html>", {}, "no reason given"),
        (403, b"{}", {}, "OBSERVATORY_OPENALEX_KEY"),
        (404, b"{}", {}, "404"),
        (301, b"", {"Location": "https://elsewhere.example/works"}, "redirect"),
        (200, b"[]", {}, "a JSON object"),
        (200, b"{}", {}, "meta"),
        (200, b'{"meta": {"count": 1}}', {}, "results"),
        (200, b'{"meta": {"count": -1, "next_cursor": null}, "results": []}', {}, "meta.count"),
        (200, b'{"meta": {"count": 1, "next_cursor": 5}, "results": []}', {}, "next_cursor"),
    ],
)
def test_what_another_try_would_not_change_is_said_once(
    upstream: Upstream,
    tmp_path: Path,
    waits: list[float],
    status: int,
    content: bytes,
    headers: dict[str, str],
    words: str,
) -> None:
    upstream.answers(status, content, headers)
    with pytest.raises(PermanentUpstreamError, match=words):
        client(upstream.url, tmp_path, waits).works(filters="type:article", search="qwen*")
    assert len(upstream.requests) == 1


@pytest.mark.parametrize(("sent", "stalls"), [(10, False), (None, False)])
def test_a_body_cut_short_or_no_json_is_a_bad_connection(
    upstream: Upstream, tmp_path: Path, waits: list[float], sent: int | None, stalls: bool
) -> None:
    upstream.answers(200, body() if sent else b"<html>", sent_bytes=sent, stalls=stalls)
    upstream.answers(200, body())
    page = client(upstream.url, tmp_path, waits).works(filters="type:article", search="qwen*")
    assert page.total == 1
    assert len(upstream.requests) == 2


def test_a_query_too_long_for_a_request_is_refused_before_it_is_sent(
    upstream: Upstream, tmp_path: Path, waits: list[float]
) -> None:
    with pytest.raises(ValueError, match="OpenAlex takes 4094"):
        client(upstream.url, tmp_path, waits).works(filters="type:article", search="x" * 4_000)
    assert upstream.requests == []


@pytest.mark.parametrize("status", [0, 400, 401, 429, 500])
def test_the_key_is_in_no_error_and_no_log(
    upstream: Upstream,
    tmp_path: Path,
    waits: list[float],
    caplog: pytest.LogCaptureFixture,
    status: int,
) -> None:
    caplog.set_level(logging.DEBUG)
    url = upstream.url if status else "http://127.0.0.1:1"
    upstream.answers(status or 500, b"{}", {"Retry-After": "9999"})
    with pytest.raises((PermanentUpstreamError, TransientUpstreamError)) as failed:
        client(url, tmp_path, waits).works(filters="type:article", search="qwen*")
    shown = "".join(traceback.format_exception(failed.value)) + caplog.text
    assert KEY not in shown
    assert KEY not in repr(client(url, tmp_path, waits))


def test_the_sandboxs_limits_are_never_met_by_a_client_that_goes_on_for_days(
    world: World, tmp_path: Path
) -> None:
    """200 credits a day; the clock moves only where the client waits."""
    moment = [NOW.timestamp()]

    def sleep(seconds: float) -> None:
        moment[0] += seconds

    server = SandboxServer(world, clock=lambda: datetime.fromtimestamp(moment[0], UTC))
    server.openalex = OpenAlexPaths(
        1, lambda: datetime.fromtimestamp(moment[0], UTC), OpenAlexLimits(credits_a_day=200)
    )
    with server:
        for _ in range(5):  # restarts
            ours = OpenAlexClient(
                api_url=server.url,
                key="k",
                ledger=CreditLedger(
                    tmp_path, "k", credits_per_day=200, now=lambda: moment[0], sleep=sleep
                ),
                patience_s=90_000,
                sleep=sleep,
            )
            for _ in range(11):
                ours.works(filters=FILTERS, search="qwen*")
        assert server.openalex.limits.violations == 0
        assert {entry.status for entry in server.requests()} == {200}
        assert len(server.requests()) == 55
    # 55 searches at 20 a day: the third day has begun.
    assert moment[0] - NOW.timestamp() > 86_400 + 70_000


def test_the_real_works_come_through_the_client_as_they_are(
    real_data: Path, upstream: Upstream, tmp_path: Path, waits: list[float]
) -> None:
    content = orjson.loads((real_data / "papers" / "openalex_works.json").read_bytes())
    upstream.answers(200, orjson.dumps({"meta": {"count": 2, "next_cursor": "x"}, **content}))
    page = client(upstream.url, tmp_path, waits).works(filters="type:article", search="crispr")
    works, quarantined = read_works(page.documents)
    assert [work.work_id for work in works] == ["W3161425918", "W3035764705"]
    assert (quarantined, page.total, page.next_cursor) == ([], 2, None)
