"""Events and stars of repositories over real HTTP: what happened, page by page, and its limits."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
import requests

from sandbox.exchange import Request
from sandbox.github_limits import Limits
from sandbox.github_paths import GitHubPaths
from sandbox.repositories import LATE_BLOCKED, LATE_GONE, Repository
from sandbox.server import SandboxServer
from sandbox.trouble import Trouble
from sandbox.world import World

NOW = datetime(2024, 12, 12, 18, 30, tzinfo=UTC)
TIMEOUT_S = 10
STARS = {"X-GitHub-Api-Version": "2026-03-10"}


@pytest.fixture
def server(world: World) -> Iterator[SandboxServer]:
    """A server of the small world, in its month."""
    with SandboxServer(world, clock=lambda: NOW) as running:
        yield running


@pytest.fixture
def busiest(world: World, server: SandboxServer) -> Repository:
    """The tracked repository with most events in the feed's 30 days."""
    counts: dict[int, int] = {}
    for back in range(31):
        for repo in world.drawn_on(NOW.date() - timedelta(days=back)).repo_id.tolist():
            counts[repo] = counts.get(repo, 0) + 1
    return max(world.tracked_repositories, key=lambda row: counts.get(row.github_id, 0))


def pages(session: requests.Session, url: str, **headers: str) -> list[list[dict[str, Any]]]:
    found = []
    while url:
        answer = session.get(url, headers=headers, timeout=TIMEOUT_S)
        found.append(answer.json())
        url = answer.links.get("next", {}).get("url", "")
    return found


def test_a_feed_is_the_newest_300_events_of_30_days_in_three_pages(
    server: SandboxServer, session: requests.Session, world: World, busiest: Repository
) -> None:
    found = pages(session, f"{server.url}/repos/{busiest.name}/events?per_page=100")
    events = [event for page in found for event in page]
    assert len(found) <= 3
    assert all(len(page) == 100 for page in found[:-1])
    times = [event["created_at"] for event in events]
    assert times == sorted(times, reverse=True)
    drawn = world.drawn_on(NOW.date() - timedelta(days=1))
    is_own = drawn.repo_id == busiest.github_id
    truth = {
        (str(number), str(name), int(actor))
        for number, name, actor in zip(
            drawn.event_id[is_own], drawn.event_type[is_own], drawn.actor_id[is_own], strict=True
        )
    }
    day = f"{NOW.date() - timedelta(days=1)}"
    assert {
        (event["id"], event["type"], event["actor"]["id"])
        for event in events
        if event["created_at"].startswith(day)
    } == truth
    assert {event["repo"]["id"] for event in events} == {busiest.github_id}
    bots = {account.github_id for account in world.bots}
    assert any(event["actor"]["id"] in bots for event in events)
    by_id = pages(session, f"{server.url}/repositories/{busiest.github_id}/events?per_page=100")
    assert by_id == found


def test_an_event_is_shown_half_a_minute_to_five_minutes_late(
    world: World, busiest: Repository
) -> None:
    moments = [NOW]
    paths = GitHubPaths(world, lambda: moments[-1])
    seen: dict[int, datetime] = {}
    for minute in range(240):
        moments.append(NOW + timedelta(minutes=minute))
        for event in paths.lists.feed(busiest.github_id):
            seen.setdefault(event.event_id, moments[-1])
    late = [
        (seen[event.event_id] - event.created_at).total_seconds()
        for event in paths.lists.feed(busiest.github_id)
        if event.created_at > NOW
    ]
    assert late
    assert all(30 <= each < 300 + 60 for each in late)


def test_late_events_come_up_to_six_hours_late_and_out_of_order_and_all_come(
    world: World, busiest: Repository
) -> None:
    now = NOW

    def shown(late_percent: int) -> list[int]:
        lists = GitHubPaths(world, lambda: now, late_percent=late_percent).lists
        return [event.event_id for event in lists.feed(busiest.github_id)]

    seen_at: dict[int, datetime] = {}
    happened: dict[int, datetime] = {}
    late = GitHubPaths(world, lambda: now, late_percent=50).lists
    for _ in range(13 * 12):
        for event in late.feed(busiest.github_id):
            seen_at.setdefault(event.event_id, now)
            happened[event.event_id] = event.created_at
        now += timedelta(minutes=10)
    waits = [(seen_at[key] - at) / timedelta(hours=1) for key, at in happened.items() if at > NOW]
    assert len(waits) > 10
    assert max(waits) <= 6.2
    assert 0.3 < sum(wait > 0.3 for wait in waits) / len(waits) < 0.7
    # A day later all is there, and nothing else.
    now += timedelta(days=1)
    newest = shown(0)
    old = {each for each in shown(50) if each in set(newest)}
    assert old >= {each for each in newest if each in happened}


def test_the_etag_is_of_the_page_alone(
    server: SandboxServer, session: requests.Session, busiest: Repository
) -> None:
    url = f"{server.url}/repos/{busiest.name}/events?per_page=20"
    tags = {session.get(f"{url}&page={page}", timeout=TIMEOUT_S).headers["ETag"] for page in (1, 2)}
    assert len(tags) == 2


def test_an_unchanged_feed_is_304_and_costs_nothing(
    server: SandboxServer, session: requests.Session, busiest: Repository
) -> None:
    url = f"{server.url}/repos/{busiest.name}/events"
    first = session.get(url, timeout=TIMEOUT_S)
    tag = {"If-None-Match": first.headers["ETag"]}
    again = session.get(url, headers=tag, timeout=TIMEOUT_S)
    assert (first.headers["x-ratelimit-remaining"], first.headers["X-Poll-Interval"]) == (
        "4999",
        "60",
    )
    assert (again.status_code, again.headers["x-ratelimit-remaining"]) == (304, "4999")
    other = session.get(url, headers={"If-None-Match": 'W/"x"'}, timeout=TIMEOUT_S)
    assert (other.status_code, other.headers["x-ratelimit-remaining"]) == (200, "4998")
    assert session.get(f"{url}?page=4&per_page=100", timeout=TIMEOUT_S).status_code == 422


def test_lists_of_an_old_name_lead_to_those_by_id(
    server: SandboxServer, session: requests.Session
) -> None:
    url = f"{server.url}/repos/sandbox-glm/chatglm-model/events?per_page=7&page=1"
    moved = session.get(url, allow_redirects=False, timeout=TIMEOUT_S)
    target = f"{server.url}/repositories/3900000031/events?per_page=7&page=1"
    assert (moved.status_code, moved.headers["Location"]) == (301, target)


def test_repositories_vanish_and_are_blocked_on_their_day(session: requests.Session) -> None:
    world = World(seed=1, developers=300, gone=LATE_GONE, blocked=LATE_BLOCKED)
    (gone,), (blocked,) = LATE_GONE, LATE_BLOCKED
    found = {}
    for day in (13, 15):
        with SandboxServer(world, clock=lambda day=day: NOW.replace(day=day)) as server:  # type: ignore[misc]
            for name in (gone, blocked):
                answer = session.get(f"{server.url}/repos/{name}/events", timeout=TIMEOUT_S)
                found[day, name] = answer.status_code
    assert found == {(13, gone): 200, (13, blocked): 200, (15, gone): 404, (15, blocked): 451}


def test_stars_by_week_are_those_given_but_for_a_few_taken_back(
    server: SandboxServer, session: requests.Session, world: World, busiest: Repository
) -> None:
    url = f"{server.url}/repos/{busiest.name}/stargazers/history"
    assert session.get(url, timeout=TIMEOUT_S).status_code == 404
    answer = session.get(f"{url}?per_page=50", headers=STARS, timeout=TIMEOUT_S)
    weeks = answer.json()
    assert len(weeks) == 30
    assert "next" in answer.links
    starts = [datetime.fromtimestamp(week["week"], UTC) for week in weeks]
    assert starts[0] == datetime(2024, 12, 8, tzinfo=UTC)
    assert {(a - b).days for a, b in pairwise(starts)} == {7}
    assert all(week["total"] == sum(week["days"]) and len(week["days"]) == 7 for week in weeks)
    # Friday and Saturday are still to come.
    assert weeks[0]["days"][5:] == [0, 0]
    given = kept = 0
    for number in range(7, 7 * 20):
        day = (starts[0] + timedelta(days=6 - number)).date()
        drawn = world.drawn_on(day)
        is_star = (drawn.repo_id == busiest.github_id) & (drawn.event_type == "WatchEvent")
        week, weekday = divmod(number, 7)
        of_day = weeks[week]["days"][6 - weekday]
        assert of_day <= int(is_star.sum())
        given, kept = given + int(is_star.sum()), kept + of_day
    assert 0.9 * given < kept <= given


def test_the_last_page_of_stars_has_no_next(
    server: SandboxServer, session: requests.Session, busiest: Repository
) -> None:
    url = f"{server.url}/repos/{busiest.name}/stargazers/history?per_page=30"
    found = pages(session, url, **STARS)
    weeks = [week["week"] for page in found for week in page]
    assert datetime.fromtimestamp(weeks[-1], UTC) == datetime(2021, 12, 26, tzinfo=UTC)
    assert len(set(weeks)) == len(weeks) == 155


class Caller:
    """Calls GitHub's paths at moments of a test's choice."""

    def __init__(self, world: World, limits: Limits) -> None:
        self.now = NOW
        self.paths = GitHubPaths(world, lambda: self.now, limits)

    def call(self, caller: str = "one") -> tuple[int, dict[str, str]]:
        headers = {"authorization": f"Bearer {caller}"}
        answer = self.paths.answer(Request("GET", "/repositories/1", {}, headers, b"", "http://x"))
        assert answer is not None
        return answer.status, dict(answer.headers)


def test_an_hours_calls_are_counted_by_token_and_more_are_refused(world: World) -> None:
    caller = Caller(world, Limits(calls_an_hour=3))
    assert [caller.call()[0] for _ in range(5)] == [404, 404, 404, 403, 403]
    assert caller.call()[1]["x-ratelimit-remaining"] == "0"
    assert caller.call("two")[1]["x-ratelimit-remaining"] == "2"
    caller.now = NOW.replace(minute=0) + timedelta(hours=1)
    assert caller.call()[0] == 404


def test_a_burst_is_told_of_once_and_calls_before_its_end_are_refused(world: World) -> None:
    caller = Caller(world, Limits(calls_a_minute=2))
    assert [caller.call()[0] for _ in range(4)] == [404, 404, 429, 403]
    caller.now += timedelta(seconds=20)
    status, headers = caller.call()
    assert (status, headers["Retry-After"]) == (403, "40")
    caller.now += timedelta(seconds=40)
    assert caller.call()[0] == 404


def test_the_reset_is_right_beside_the_date_of_the_answer(
    server: SandboxServer, session: requests.Session
) -> None:
    answer = session.get(f"{server.url}/repositories/1", timeout=TIMEOUT_S)
    date = datetime.strptime(answer.headers["Date"], "%a, %d %b %Y %H:%M:%S GMT").replace(
        tzinfo=UTC
    )
    left = int(answer.headers["x-ratelimit-reset"]) - date.timestamp()
    # By the world's clock it is half past.
    assert left == pytest.approx(1_800, abs=3)


def test_a_page_for_people_can_stand_in_for_json(
    server: SandboxServer, session: requests.Session
) -> None:
    server.add_fault(Trouble("/repositories/", status=200, body="<html>Unicorn!</html>"))
    answer = session.get(f"{server.url}/repositories/1", timeout=TIMEOUT_S)
    assert (answer.status_code, answer.text) == (200, "<html>Unicorn!</html>")
    assert answer.headers["Content-Type"] == "text/html"
    with pytest.raises(ValueError, match="body is a text"):
        Trouble.from_json({"path_prefix": "/", "body": 1})
