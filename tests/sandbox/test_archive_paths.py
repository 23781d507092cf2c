"""The archive over real HTTP: names, ranges, validators, absent and late files."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import requests

from sandbox.faults import LateHour
from sandbox.server import SandboxServer
from sandbox.world import World

HOUR = datetime(2024, 11, 20, 5, tzinfo=UTC)
PATH = "/2024-11-20-5.json.gz"
TIMEOUT_S = 10


@pytest.fixture
def body(world: World) -> bytes:
    """The file that PATH serves."""
    content = world.hour_file(HOUR)
    assert content is not None
    return content


def test_a_file_comes_whole_with_its_length_and_validator(
    server: SandboxServer, session: requests.Session, body: bytes
) -> None:
    answer = session.get(server.url + PATH, timeout=TIMEOUT_S)
    assert (answer.status_code, answer.content) == (200, body)
    assert answer.headers["Content-Length"] == str(len(body))
    assert answer.headers["Accept-Ranges"] == "bytes"
    same = session.get(
        server.url + PATH, headers={"If-None-Match": answer.headers["ETag"]}, timeout=TIMEOUT_S
    )
    assert (same.status_code, same.content) == (304, b"")


def test_a_head_request_has_the_headers_and_no_body(
    server: SandboxServer, session: requests.Session, body: bytes
) -> None:
    answer = session.head(server.url + PATH, timeout=TIMEOUT_S)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["Content-Length"] == str(len(body))


@pytest.mark.parametrize(
    ("asked", "part"), [("0-9", slice(0, 10)), ("100-", slice(100, None)), ("-7", slice(-7, None))]
)
def test_a_range_gives_that_part(
    server: SandboxServer, session: requests.Session, body: bytes, asked: str, part: slice
) -> None:
    headers = {"Range": f"bytes={asked}"}
    answer = session.get(server.url + PATH, headers=headers, timeout=TIMEOUT_S)
    assert (answer.status_code, answer.content) == (206, body[part])
    first, last, _ = part.indices(len(body))
    assert answer.headers["Content-Range"] == f"bytes {first}-{last - 1}/{len(body)}"


def test_a_range_past_the_end_is_refused(
    server: SandboxServer, session: requests.Session, body: bytes
) -> None:
    headers = {"Range": f"bytes={len(body)}-"}
    answer = session.get(server.url + PATH, headers=headers, timeout=TIMEOUT_S)
    assert answer.status_code == 416
    assert answer.headers["Content-Range"] == f"bytes */{len(body)}"


def test_a_range_of_another_version_gives_the_whole_file(
    server: SandboxServer, session: requests.Session, body: bytes
) -> None:
    headers = {"Range": "bytes=5-", "If-Range": '"another"'}
    answer = session.get(server.url + PATH, headers=headers, timeout=TIMEOUT_S)
    assert (answer.status_code, answer.content) == (200, body)


@pytest.mark.parametrize(
    "path",
    [
        "/2024-11-20-05.json.gz",  # zero-padded
        "/2024-11-20-24.json.gz",
        "/2024-02-30-1.json.gz",
        "/2021-12-31-23.json.gz",  # before the world
        "/2026-11-01-12.json.gz",  # not over yet at 12:30
        "/2024-12-05-3.json.gz",  # planted
        "/opendigger/2024-12-5-23.json.gz",
        "/opendigger/2024-12-05-23.json.gz",  # before the second archive
        "/opendigger/2026-11-01-12.json.gz",
        "/opendigger2024-12-07-5.json.gz",
        "/opendigger/opendigger/2024-12-07-5.json.gz",
        "/nothing",
    ],
)
def test_what_is_not_there_answers_404(
    server: SandboxServer, session: requests.Session, path: str
) -> None:
    assert session.get(server.url + path, timeout=TIMEOUT_S).status_code == 404


@pytest.mark.parametrize("hour", [0, 9, 10, 19, 20, 23])
def test_hours_of_one_and_two_digits_are_there(
    server: SandboxServer, session: requests.Session, hour: int
) -> None:
    answer = session.head(f"{server.url}/2024-11-19-{hour}.json.gz", timeout=TIMEOUT_S)
    assert answer.status_code == 200


def test_an_hour_appears_five_minutes_after_it_is_over(
    world: World, session: requests.Session
) -> None:
    now = [datetime(2026, 11, 1, 12, 4, tzinfo=UTC)]
    with SandboxServer(world, clock=lambda: now[0]) as server:
        url = f"{server.url}/2026-11-01-11.json.gz"
        assert session.head(url, timeout=TIMEOUT_S).status_code == 404
        now[0] = now[0].replace(minute=5)
        assert session.head(url, timeout=TIMEOUT_S).status_code == 200


def test_a_late_file_is_refused_once(server: SandboxServer, session: requests.Session) -> None:
    url = f"{server.url}/2024-12-12-6.json.gz"
    statuses = [session.get(url, timeout=TIMEOUT_S).status_code for _ in range(3)]
    assert statuses == [404, 200, 200]


def test_the_second_archive_has_the_same_layout_below_its_own_path(
    server: SandboxServer, session: requests.Session, world: World
) -> None:
    path, hour = "/2024-12-07-5.json.gz", datetime(2024, 12, 7, 5, tzinfo=UTC)
    first, second = (
        session.get(f"{server.url}{prefix}{path}", timeout=TIMEOUT_S)
        for prefix in ("", "/opendigger")
    )
    assert first.content == world.hour_file(hour)
    assert second.content == world.hour_file(hour, "opendigger")
    assert first.content != second.content
    assert first.headers["ETag"] != second.headers["ETag"]


def test_each_archive_counts_the_refusals_of_its_own_late_file(session: requests.Session) -> None:
    hour = datetime(2024, 12, 7, 5, tzinfo=UTC)
    faults = (LateHour(hour, refusals=1), LateHour(hour, refusals=2, archive="opendigger"))
    with SandboxServer(World(1, 50, faults=faults)) as server:
        urls = [f"{server.url}{prefix}/2024-12-07-5.json.gz" for prefix in ("", "/opendigger")]
        statuses = [
            [session.head(url, timeout=TIMEOUT_S).status_code for url in urls] for _ in range(3)
        ]
    assert statuses == [[404, 404], [200, 404], [200, 200]]
