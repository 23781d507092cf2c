"""The Open Data Portal: lists, redirects, the key, transfers that break off, refusals, folders."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from resources.http import NotFoundError, PermanentUpstreamError, TransientUpstreamError
from resources.uspto import (
    APPLICATIONS,
    GRANTS,
    BulkFile,
    UnauthorizedError,
    UsptoClient,
    UsptoResource,
)
from sandbox.server import SandboxServer
from sandbox.trouble import Trouble
from sandbox.uspto import KEY
from sandbox.world import World

if TYPE_CHECKING:
    from tests.resources.conftest import Upstream

BODY = bytes(range(256)) * 4_000
NOW = datetime(2024, 12, 17, 2, tzinfo=UTC)
DATA = "/api/v1/datasets/products"


@pytest.fixture
def client(upstream: Upstream, waits: list[float]) -> Iterator[UsptoClient]:
    hosts = (upstream.url.replace("127.0.0.1", "localhost"),)
    made = UsptoClient(upstream.url, "secret-key", hosts, attempts=4, sleep=waits.append)
    with closing(made) as opened:
        yield opened


@pytest.fixture(scope="module")
def portal() -> Iterator[SandboxServer]:
    with SandboxServer(World(seed=1, developers=20), clock=lambda: NOW) as running:
        yield running


@pytest.fixture
def of_portal(portal: SandboxServer, waits: list[float]) -> Iterator[UsptoClient]:
    url = f"{portal.url}/uspto"
    with closing(UsptoClient(url, KEY, attempts=3, sleep=waits.append)) as opened:
        yield opened
    portal.clear_faults()


def listing(*files: object, product: str = GRANTS) -> bytes:
    bag = {"productIdentifier": product, "productFileBag": {"fileDataBag": list(files)}}
    return json.dumps({"count": 1, "bulkDataProductBag": [bag]}).encode()


def entry(name: str, address: str = "") -> dict[str, object]:
    where = f"https://api.uspto.gov{DATA}/files/{GRANTS}/2024/{name}"
    return {"fileName": name, "fileDownloadURI": address or where, "fileSize": 1}


def a_file(client: UsptoClient) -> BulkFile:
    url = f"{client.base_url}{DATA}/files/{GRANTS}/2024/ipg241015.zip"
    return BulkFile(GRANTS, "ipg241015.zip", date(2024, 10, 15), 0, url, "")


def test_weekly_files_are_listed_by_day_and_revision_and_other_files_left_out(
    client: UsptoClient, upstream: Upstream
) -> None:
    names = (
        "ipg260106_r2.zip", "ipg260113.zip", "Documentation.doc", "ipa260115.zip", "ipg260106.zip",
        "ipg269906.zip", "ipg260106_r1.zip", "pg020101.zip", "ipg260106.zip.md5",
    )  # fmt: skip
    upstream.answers(200, listing(*map(entry, names), {"fileName": 7}, "x"))
    found = client.files(GRANTS)
    assert [(each.name, each.day, each.revision) for each in found] == [
        ("ipg260106.zip", date(2026, 1, 6), 0),
        ("ipg260106_r1.zip", date(2026, 1, 6), 1),
        ("ipg260106_r2.zip", date(2026, 1, 6), 2),
        ("ipg260113.zip", date(2026, 1, 13), 0),
    ]
    (asked,) = upstream.requests
    assert asked.path == f"{DATA}/{GRANTS}?includeFiles=true"
    assert asked.headers["x-api-key"] == "secret-key"


def test_whatever_host_the_list_names_files_are_asked_of_the_portal_that_gave_it(
    client: UsptoClient, upstream: Upstream, tmp_path: Path
) -> None:
    upstream.answers(
        200, listing(entry("ipg241015.zip", f"https://evil.example{DATA}/files/X/y.zip"))
    )
    upstream.answers(200, BODY)
    (found,) = client.files(GRANTS)
    assert client.fetch(found, tmp_path).read_bytes() == BODY
    assert upstream.requests[1].path == f"{DATA}/files/X/y.zip"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"<html>", "no JSON"),
        (b"[]", "no bulkDataProductBag"),
        (b'{"bulkDataProductBag": []}', "bulkDataProductBag has no PTGRXML"),
        (listing(product="APPXML"), "bulkDataProductBag has no PTGRXML"),
        (b'{"bulkDataProductBag": [{"productIdentifier": "PTGRXML"}]}', "productFileBag"),
        (listing(entry("ipg241015.zip", "https://x/elsewhere")), "the address of ipg241015.zip"),
    ],
)
def test_an_answer_of_another_shape_is_refused_by_what_it_lacks(
    client: UsptoClient, upstream: Upstream, waits: list[float], body: bytes, reason: str
) -> None:
    upstream.answers(200, body)
    with pytest.raises(PermanentUpstreamError, match=reason):
        client.files(GRANTS)
    assert waits == []


def test_a_list_too_large_is_refused_before_it_is_whole(
    client: UsptoClient, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("resources.uspto.MAX_LIST_BYTES", 10)
    upstream.answers(200, listing())
    with pytest.raises(PermanentUpstreamError, match="larger than expected"):
        client.files(GRANTS)


def test_the_key_follows_no_redirect_to_another_host_and_stands_in_no_error(
    client: UsptoClient, upstream: Upstream, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The signed address is on another host; here on the same server under another name."""
    caplog.set_level(logging.DEBUG)
    elsewhere = upstream.url.replace("127.0.0.1", "localhost")
    upstream.answers(302, headers={"Location": f"{elsewhere}/bucket/a.zip?Signature=s3cret"})
    upstream.answers(403, b"expired")
    with pytest.raises(PermanentUpstreamError) as caught:
        client.fetch(a_file(client), tmp_path)
    portal, bucket = upstream.requests
    assert portal.headers["x-api-key"] == "secret-key"
    assert "x-api-key" not in bucket.headers
    assert bucket.path == "/bucket/a.zip?Signature=s3cret"
    said = f"{caught.value!r} {client!r}"
    assert "secret-key" not in said + caplog.text
    assert "s3cret" not in said
    # That of the bucket is no refusal of the key.
    assert not isinstance(caught.value, UnauthorizedError)


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_is_refused_is_said_to_be_and_not_tried_again(
    client: UsptoClient, upstream: Upstream, waits: list[float], status: int
) -> None:
    upstream.answers(status)
    with pytest.raises(UnauthorizedError, match="set OBSERVATORY_USPTO_KEY"):
        client.files(GRANTS)
    assert waits == []


def test_a_limit_is_waited_for_as_the_portal_says_and_five_seconds_where_it_does_not(
    client: UsptoClient, upstream: Upstream, waits: list[float]
) -> None:
    upstream.answers(429, headers={"Retry-After": "17"})
    upstream.answers(429)
    upstream.answers(503)
    upstream.answers(200, listing())
    assert client.files(GRANTS) == []
    assert waits[0] == 17
    assert 5 <= waits[1] < 17
    assert waits[2] < 5


def test_a_transfer_that_broke_off_is_gone_on_with(
    client: UsptoClient, upstream: Upstream, tmp_path: Path
) -> None:
    version = {"ETag": '"v1"'}
    upstream.answers(200, BODY, version, sent_bytes=524_288)
    rest = {**version, "Content-Range": f"bytes 524288-{len(BODY) - 1}/{len(BODY)}"}
    upstream.answers(206, BODY[524_288:], rest)
    assert client.fetch(a_file(client), tmp_path).read_bytes() == BODY
    assert [asked.headers.get("range") for asked in upstream.requests] == [None, "bytes=524288-"]
    assert sorted(path.name for path in tmp_path.iterdir()) == [".lock", "ipg241015.zip"]


def test_what_a_killed_process_left_is_gone_on_with_by_the_next(
    client: UsptoClient, upstream: Upstream, tmp_path: Path
) -> None:
    version = {"ETag": '"v1"'}
    rest = {**version, "Content-Range": "bytes 262144-1023999/1024000"}
    upstream.answers(200, BODY, version, sent_bytes=262_144)
    upstream.answers(206, BODY[262_144:], rest)
    client.attempts = 1
    with pytest.raises(TransientUpstreamError, match="broke off"):
        client.fetch(a_file(client), tmp_path)
    with closing(UsptoClient(upstream.url, "secret-key", attempts=1)) as another:
        assert another.fetch(a_file(another), tmp_path).read_bytes() == BODY
    assert [asked.headers.get("range") for asked in upstream.requests] == [None, "bytes=262144-"]


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (200, {"ETag": '"v1"'}),  # the range is not known there
        (206, {"ETag": '"v2"', "Content-Range": "bytes 524288-1023999/1024000"}),  # another version
        (206, {"ETag": '"v1"', "Content-Range": "bytes 0-1023999/1024000"}),  # another range
        (416, {}),  # shorter by now
    ],
)
def test_what_cannot_be_gone_on_with_is_begun_again(
    client: UsptoClient,
    upstream: Upstream,
    tmp_path: Path,
    status: int,
    headers: dict[str, str],
) -> None:
    upstream.answers(200, BODY, {"ETag": '"v1"'}, sent_bytes=524_288)
    upstream.answers(status, BODY if status == 200 else BODY[524_288:], headers)
    upstream.answers(200, BODY, {"ETag": '"v2"'})
    assert client.fetch(a_file(client), tmp_path).read_bytes() == BODY


def test_without_a_version_nothing_is_gone_on_with(
    client: UsptoClient, upstream: Upstream, tmp_path: Path
) -> None:
    for headers in ({}, {"ETag": 'W/"weak"'}):
        upstream.answers(200, BODY, headers, sent_bytes=524_288)
        upstream.answers(200, BODY, headers)
        assert client.fetch(a_file(client), tmp_path).read_bytes() == BODY
        client.discard(a_file(client), tmp_path)
    assert all("range" not in asked.headers for asked in upstream.requests)


def test_a_file_that_has_arrived_is_not_asked_for_again_until_it_is_discarded(
    client: UsptoClient, upstream: Upstream, tmp_path: Path
) -> None:
    upstream.answers(200, BODY)
    client.fetch(a_file(client), tmp_path)
    client.fetch(a_file(client), tmp_path)
    assert len(upstream.requests) == 1
    client.discard(a_file(client), tmp_path)
    client.fetch(a_file(client), tmp_path)
    assert len(upstream.requests) == 2


def test_a_file_too_large_is_refused_before_it_is_whole(
    client: UsptoClient, upstream: Upstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("resources.uspto.MAX_FILE_BYTES", 100_000)
    upstream.answers(200, BODY)
    with pytest.raises(PermanentUpstreamError, match="larger than expected"):
        client.fetch(a_file(client), tmp_path)


@pytest.mark.parametrize(
    ("target", "reason"),
    [("/again", "without end"), ("file:///etc/hosts", "no web address"), ("ftp://x/y", "no web")],
)
def test_redirects_end_and_stay_on_the_web(
    client: UsptoClient, upstream: Upstream, tmp_path: Path, target: str, reason: str
) -> None:
    upstream.answers(302, headers={"Location": target})
    with pytest.raises(PermanentUpstreamError, match=reason):
        client.fetch(a_file(client), tmp_path)
    assert len(upstream.requests) <= 5


def test_a_folder_of_weekly_files_serves_as_the_portal_and_loses_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "weekly files"
    for name in ("PTGRXML/2024/ipg241015.zip", "ipa241017.zip", "ipgb20221025_wk43.zip", "x.txt"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(BODY)
    with closing(UsptoClient(f"file:{folder}")) as client:
        (grants,), (applications,) = client.files(GRANTS), client.files(APPLICATIONS)
        assert (grants.name, grants.day) == ("ipg241015.zip", date(2024, 10, 15))
        assert applications.day == date(2024, 10, 17)
        spool = tmp_path / "spool"
        assert client.fetch(grants, spool) == folder / "PTGRXML" / "2024" / "ipg241015.zip"
        client.discard(grants, spool)
        assert client.fetch(grants, spool).read_bytes() == BODY
        client.base_url = f"file:{tmp_path / 'nowhere'}"
        with pytest.raises(NotFoundError):
            client.files(GRANTS)


def test_the_sandbox_lists_and_gives_files_as_the_portal_does(
    of_portal: UsptoClient, portal: SandboxServer, tmp_path: Path
) -> None:
    grants = of_portal.files(GRANTS)
    assert grants[0].day == date(2022, 1, 4)
    assert grants[-1].day == date(2024, 12, 10)
    portal.add_fault(Trouble(path_prefix="/uspto/", status=429, retry_after=3, times=1))
    path = of_portal.fetch(grants[-1], tmp_path)
    assert path.read_bytes()[:4] == b"PK\x03\x04"
    assert path.name == "ipg241210.zip"
    of_portal.key = "wrong"
    with pytest.raises(UnauthorizedError):
        of_portal.files(GRANTS)


def test_a_transfer_from_the_sandbox_that_is_cut_is_gone_on_with(
    of_portal: UsptoClient,
    portal: SandboxServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("resources.uspto.CHUNK_BYTES", 1_000)
    file = of_portal.files(APPLICATIONS)[-1]
    portal.add_fault(Trouble(path_prefix="/uspto-signed/", kind="cut", times=1))
    before = len(portal.requests())
    assert of_portal.fetch(file, tmp_path).stat().st_size > 1_000
    statuses = [entry.status for entry in portal.requests()[before:]]
    assert statuses == [302, 200, 302, 206]


def test_the_sandbox_gives_a_file_twenty_times_a_year(
    of_portal: UsptoClient, tmp_path: Path
) -> None:
    file = of_portal.files(GRANTS)[0]
    for _ in range(20):
        of_portal.fetch(file, tmp_path)
        of_portal.discard(file, tmp_path)
    with pytest.raises(TransientUpstreamError, match="429"):
        of_portal.fetch(file, tmp_path)


def test_the_resource_makes_a_client_of_its_settings() -> None:
    made = UsptoResource(base_url="https://example.org", key="k", attempts=2).client()
    assert (made.base_url, made.key, made.attempts) == ("https://example.org", "k", 2)
    made.close()
