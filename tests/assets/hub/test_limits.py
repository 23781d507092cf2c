"""The Hub's log: no call while its limit forbids one, over many windows, waits and restarts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from assets.hub.authors import Owners
from assets.hub.crawl import Crawl, Crawler, Failures
from assets.hub.spool import PageSpool
from assets.reference.loader import load_reference
from resources.http import RateLimitedError, UpstreamError
from resources.hub import HubClient
from resources.hub_limits import HubLimit
from sandbox.hub_limits import HubLimits
from sandbox.trouble import Trouble
from sandbox.world import World
from tests.assets.hub.conftest import REFERENCE, SANDBOX_AUTHORS, WatchedHub
from tests.assets.polls.conftest import Clock

STRICT = HubLimits(without_token=25, with_token=40, window_s=300)
OWNERS = Owners(load_reference(REFERENCE, hub_authors=SANDBOX_AUTHORS).hub_authors)


@pytest.fixture
def clock() -> Clock:
    return Clock(datetime(2024, 12, 10, 6, 2, 17, tzinfo=UTC))


@pytest.fixture
def hub(world: World, clock: Clock) -> Iterator[WatchedHub]:
    with WatchedHub(world, clock, STRICT) as running:
        yield running


def client(hub: WatchedHub, spool: PageSpool, *, token: str = "", patience_s: float = 900.0) -> (
    HubClient
):  # fmt: skip
    clock = hub.clock
    limit = HubLimit(
        1_000,
        forbidden_until=spool.forbidden_until,
        on_forbidden=spool.forbid,
        clock=clock.monotonic,
        sleep=clock.sleep,
        now=clock.now,
    )
    return HubClient(hub.url, limit, token, patience_s=patience_s, sleep=clock.sleep)


def crawl(
    hub: WatchedHub, asked: HubClient, spool: PageSpool, may_ask: Callable[[], bool]
) -> Crawl:
    crawler = Crawler(
        asked, spool, Failures(RateLimitedError, UpstreamError), OWNERS.family, 6_000, may_ask,
        hub.clock.now,
    )  # fmt: skip
    try:
        return crawler.run(OWNERS.publishers, {})
    finally:
        asked.close()


def windows(hub: WatchedHub) -> Counter[int]:
    return Counter(int(call.at.timestamp() // STRICT.window_s) for call in hub.calls)


@pytest.mark.parametrize(("token", "most"), [("", 25), ("hf_x", 40)])
def test_no_window_sees_more_calls_than_allowed_and_none_is_refused(
    hub: WatchedHub, tmp_path: Path, token: str, most: int
) -> None:
    spool = PageSpool(tmp_path)
    found = crawl(hub, client(hub, spool, token=token), spool, lambda: True)
    assert {call.status for call in hub.calls} == {200}
    assert max(windows(hub).values()) == most
    # Every window but the last is used up: it waits for the limit, and for nothing else.
    assert all(count == most for count in list(windows(hub).values())[:-1])
    assert len(found.models) > 100


def test_a_process_started_anew_honours_what_the_one_before_was_told(
    hub: WatchedHub, tmp_path: Path
) -> None:
    """The first one ends as its patience does; the next begins within the same window."""
    spool = PageSpool(tmp_path)
    endings: list[datetime] = []
    while True:
        try:
            asked = client(hub, spool, patience_s=0.0)
            found = crawl(hub, asked, PageSpool(tmp_path), lambda: True)
            break
        except RateLimitedError as error:
            endings.append(error.resume_at)
            hub.clock.sleep(100.0)
    assert len(endings) > 5
    assert {call.status for call in hub.calls} == {200}
    assert max(windows(hub).values()) == 25
    assert set(Counter(call.what for call in hub.calls).values()) == {1}
    assert found.page_count == len(hub.calls)


def test_a_refusal_is_waited_out_for_as_long_as_it_says(hub: WatchedHub, tmp_path: Path) -> None:
    hub.add_fault(Trouble(path_prefix="/api/models", status=429, retry_after=1_234))
    spool = PageSpool(tmp_path)
    began = hub.clock.now()
    crawl(hub, client(hub, spool, patience_s=2_000.0), spool, lambda: True)
    assert hub.calls[0].at >= began + timedelta(seconds=1_234)


def test_an_unwilling_server_is_waited_for_as_long_as_it_says(
    hub: WatchedHub, tmp_path: Path
) -> None:
    hub.add_fault(Trouble(path_prefix="/api/models", status=503, retry_after=700))
    spool = PageSpool(tmp_path)
    began = hub.clock.now()
    crawl(hub, client(hub, spool), spool, lambda: True)
    assert hub.calls[0].at >= began + timedelta(seconds=700)


def test_a_refusal_that_says_nothing_is_waited_out_for_a_window(
    hub: WatchedHub, tmp_path: Path
) -> None:
    hub.add_fault(Trouble(path_prefix="/api/models", status=429))
    spool = PageSpool(tmp_path)
    began = hub.clock.now()
    crawl(hub, client(hub, spool), spool, lambda: True)
    assert hub.calls[0].at >= began + timedelta(seconds=300)


def test_a_crawl_whose_wait_passes_midnight_ends_with_the_pages_of_its_day(
    world: World, tmp_path: Path
) -> None:
    clock = Clock(datetime(2024, 12, 10, 23, 52, tzinfo=UTC))
    with WatchedHub(world, clock, STRICT) as hub:
        day = clock.now().date()
        spool = PageSpool(tmp_path)
        found = crawl(hub, client(hub, spool), spool, lambda: clock.now().date() == day)
        assert found.is_cut_short
        # Two windows of 25 lie before midnight; the wait for the third ends after it, and its
        # first answer is another day's.
        assert found.page_count == 50
        assert [call.at.date() for call in hub.calls[:50]] == [day] * 50
        assert len(hub.calls) == 51
        assert found.last_asked_at is not None
        assert found.last_asked_at.date() == day
