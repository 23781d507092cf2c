"""Hourly archives: names of files, and bytes that are exact however the transfer went."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from resources.archive import ArchiveClient, ArchiveSource, hour_name
from resources.bandwidth import Bandwidth
from resources.http import NotFoundError, PermanentUpstreamError, TransientUpstreamError
from sandbox.trouble import Trouble

if TYPE_CHECKING:
    from sandbox.server import SandboxServer
    from sandbox.world import World
    from tests.resources.conftest import Upstream

HOUR = datetime(2024, 11, 20, 5, tzinfo=UTC)
LOST_HOUR = datetime(2024, 12, 5, 3, tzinfo=UTC)  # the sandbox plants no file here
PATH = "/2024-11-20-5.json.gz"
BODY = bytes(range(256)) * 40


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks small enough that a test's file is many of them."""
    monkeypatch.setattr("resources.archive.CHUNK_BYTES", 1_000)


@pytest.fixture
def client(
    waits: list[float], upstream: Upstream, sandbox: SandboxServer
) -> Iterator[ArchiveClient]:
    opened = ArchiveClient((upstream.url, sandbox.url), attempts=3, sleep=waits.append)
    yield opened
    opened.close()


@pytest.fixture
def said(client: ArchiveClient) -> list[str]:
    """What the client reports of its retries."""
    reports: list[str] = []
    client.on_retry = reports.append
    return reports


def read(client: ArchiveClient, base_url: str, hour: datetime = HOUR) -> bytes:
    return b"".join(client.open(hour, base_url).chunks)


@pytest.mark.parametrize(
    ("hour", "name"),
    [
        # The archive's own names: day zero-padded, hour of the day not.
        (datetime(2015, 1, 1, 0, tzinfo=UTC), "2015-01-01-0.json.gz"),
        (datetime(2015, 1, 1, 9, tzinfo=UTC), "2015-01-01-9.json.gz"),
        (datetime(2024, 12, 31, 23, tzinfo=UTC), "2024-12-31-23.json.gz"),
    ],
)
def test_an_hour_of_the_day_is_not_zero_padded(hour: datetime, name: str) -> None:
    assert hour_name(hour) == name


@pytest.mark.parametrize(
    "hour",
    [
        datetime(2024, 11, 20, 5),  # noqa: DTZ001 - refused for just that
        datetime(2024, 11, 20, 5, 30, tzinfo=UTC),
        datetime(2024, 11, 20, 5, 0, 1, tzinfo=UTC),
        datetime(2024, 11, 20, 5, 0, 0, 1, tzinfo=UTC),
        datetime(2024, 11, 20, 5, tzinfo=timezone(timedelta(hours=8))),
    ],
)
def test_a_time_that_is_no_full_hour_of_utc_has_no_file(hour: datetime) -> None:
    with pytest.raises(ValueError, match="not a full hour of UTC"):
        hour_name(hour)


def test_a_folder_serves_as_an_archive(client: ArchiveClient, tmp_path: Path) -> None:
    folder = tmp_path / "hours of a day"
    folder.mkdir()
    (folder / "2024-11-20-5.json.gz").write_bytes(BODY)
    for base_url in (folder.as_uri(), f"{folder.as_uri()}/", f"file:{folder}"):
        transfer = client.open(HOUR, base_url)
        assert b"".join(transfer.chunks) == BODY
        assert transfer.byte_count == len(BODY)


def test_a_file_url_may_be_relative_to_the_working_folder(
    client: ArchiveClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "hours").mkdir()
    (tmp_path / "hours" / "2024-11-20-5.json.gz").write_bytes(BODY)
    monkeypatch.chdir(tmp_path)
    assert read(client, "file:hours") == BODY


def test_an_hour_that_a_folder_lacks_is_not_found(client: ArchiveClient, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"2024-11-20-5\.json\.gz is not there"):
        client.open(HOUR, tmp_path.as_uri())


def test_the_real_hours_in_a_folder_are_read_and_the_missing_one_is_not_found(
    client: ArchiveClient, real_data: Path
) -> None:
    base_url = (real_data / "gharchive").resolve().as_uri()
    there, missing = datetime(2015, 1, 1, 3, tzinfo=UTC), datetime(2015, 1, 1, 1, tzinfo=UTC)
    assert read(client, base_url, there).startswith(b"\x1f\x8b")
    with pytest.raises(NotFoundError):
        client.open(missing, base_url)


def test_bytes_arrive_as_they_are_with_their_count_and_etag(
    client: ArchiveClient, sandbox: SandboxServer, world: World
) -> None:
    transfer = client.open(HOUR, f"{sandbox.url}/")
    assert transfer.byte_count == 0
    assert b"".join(transfer.chunks) == world.hour_file(HOUR)
    assert transfer.byte_count == len(world.hour_file(HOUR) or b"")
    assert transfer.etag
    assert transfer.etag.startswith('"')
    assert transfer.resumed_count == 0
    assert [(entry.path, entry.status) for entry in sandbox.requests()] == [(PATH, 200)]


def test_no_second_content_coding_is_asked_for(client: ArchiveClient, upstream: Upstream) -> None:
    upstream.answers(200, BODY)
    assert read(client, upstream.url) == BODY
    assert upstream.requests[0].headers["accept-encoding"] == "identity"


def test_an_hour_that_the_archive_lost_is_not_found_and_not_asked_for_again(
    client: ArchiveClient, sandbox: SandboxServer, waits: list[float]
) -> None:
    with pytest.raises(NotFoundError, match=r"2024-12-05-3\.json\.gz answered 404"):
        client.open(LOST_HOUR, sandbox.url)
    assert len(sandbox.requests()) == 1
    assert waits == []


def test_a_refusal_is_permanent(client: ArchiveClient, upstream: Upstream) -> None:
    upstream.answers(403)
    with pytest.raises(PermanentUpstreamError):
        client.open(HOUR, upstream.url)
    assert len(upstream.requests) == 1


def test_a_burst_of_server_errors_is_waited_out(
    client: ArchiveClient,
    sandbox: SandboxServer,
    world: World,
    waits: list[float],
    said: list[str],
) -> None:
    sandbox.add_fault(Trouble(PATH, status=503, retry_after=7))
    sandbox.add_fault(Trouble(PATH, status=502))
    assert read(client, sandbox.url) == world.hour_file(HOUR)
    assert [entry.status for entry in sandbox.requests()] == [503, 502, 200]
    assert waits[0] == 7.0
    assert len(said) == len(waits) == 2


def test_server_errors_without_end_are_transient_after_all_attempts(
    client: ArchiveClient, sandbox: SandboxServer
) -> None:
    sandbox.add_fault(Trouble(PATH, status=500, times=100))
    with pytest.raises(TransientUpstreamError, match="answered 500"):
        client.open(HOUR, sandbox.url)
    assert len(sandbox.requests()) == 3


def test_a_connection_reset_before_the_first_byte_is_tried_again(
    client: ArchiveClient, sandbox: SandboxServer, world: World
) -> None:
    sandbox.add_fault(Trouble(PATH, "reset", times=2))
    assert read(client, sandbox.url) == world.hour_file(HOUR)
    assert [entry.status for entry in sandbox.requests()] == [0, 0, 200]


def test_an_interrupted_transfer_goes_on_by_range_where_it_broke_off(
    client: ArchiveClient, sandbox: SandboxServer, world: World, said: list[str]
) -> None:
    sandbox.add_fault(Trouble(PATH, "cut"))
    transfer = client.open(HOUR, sandbox.url)
    assert b"".join(transfer.chunks) == world.hour_file(HOUR)
    # 206 is the answer to a range only.
    assert [entry.status for entry in sandbox.requests()] == [200, 206]
    assert transfer.resumed_count == 1
    assert "broke off at byte" in said[0]


def test_a_transfer_may_break_off_and_be_reset_again_and_again(
    client: ArchiveClient, sandbox: SandboxServer, world: World
) -> None:
    for kind in ("cut", "cut", "reset", "cut"):
        sandbox.add_fault(Trouble(PATH, kind))
    transfer = client.open(HOUR, sandbox.url)
    assert b"".join(transfer.chunks) == world.hour_file(HOUR)
    assert [entry.status for entry in sandbox.requests()] == [200, 206, 0, 206, 206]
    assert transfer.byte_count == len(world.hour_file(HOUR) or b"")


def test_a_range_is_bound_to_the_file_that_was_begun(
    client: ArchiveClient, upstream: Upstream
) -> None:
    upstream.answers(200, BODY, {"ETag": '"one"'}, sent_bytes=5_000)
    upstream.answers(206, BODY[5_000:], {"ETag": '"one"'})
    assert read(client, upstream.url) == BODY
    resumed = upstream.requests[1].headers
    assert (resumed["range"], resumed["if-range"]) == ("bytes=5000-", '"one"')


def test_a_transfer_that_stalls_goes_on_over_another_connection(
    client: ArchiveClient, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("resources.http.READ_TIMEOUT_S", 0.5)
    upstream.answers(200, BODY, sent_bytes=5_000, stalls=True)
    upstream.answers(206, BODY[5_000:])
    assert read(client, upstream.url) == BODY
    assert upstream.requests[1].headers["range"] == "bytes=5000-"


def test_a_weak_etag_binds_no_range(client: ArchiveClient, upstream: Upstream) -> None:
    upstream.answers(200, BODY, {"ETag": 'W/"one"'}, sent_bytes=5_000)
    upstream.answers(206, BODY[5_000:], {"ETag": 'W/"one"'})
    assert read(client, upstream.url) == BODY
    assert "if-range" not in upstream.requests[1].headers


def test_a_server_that_ignores_ranges_still_gives_exact_bytes(
    client: ArchiveClient, upstream: Upstream
) -> None:
    upstream.answers(200, BODY, sent_bytes=5_500)
    upstream.answers(200, BODY, sent_bytes=8_000)
    upstream.answers(200, BODY)
    transfer = client.open(HOUR, upstream.url)
    assert b"".join(transfer.chunks) == BODY
    assert transfer.resumed_count == 2
    assert transfer.byte_count == len(BODY)


def test_a_transfer_that_broke_off_before_a_whole_chunk_begins_anew(
    client: ArchiveClient, upstream: Upstream
) -> None:
    upstream.answers(200, BODY, sent_bytes=0)
    upstream.answers(200, BODY)
    assert read(client, upstream.url) == BODY
    assert "range" not in upstream.requests[1].headers


@pytest.mark.parametrize("status", [200, 206])
def test_a_file_that_changed_while_it_was_read_is_not_mixed_with_its_successor(
    client: ArchiveClient, upstream: Upstream, status: int
) -> None:
    upstream.answers(200, BODY, {"ETag": '"one"'}, sent_bytes=5_000)
    upstream.answers(status, BODY[::-1], {"ETag": '"two"'})
    with pytest.raises(TransientUpstreamError, match="changed while it was read"):
        read(client, upstream.url)


def test_a_file_that_became_shorter_is_refused(client: ArchiveClient, upstream: Upstream) -> None:
    upstream.answers(200, BODY, sent_bytes=5_000)
    upstream.answers(200, BODY[:2_000])
    with pytest.raises(PermanentUpstreamError, match="now shorter than before"):
        read(client, upstream.url)


def test_a_file_that_vanished_while_it_was_read_is_not_found(
    client: ArchiveClient, upstream: Upstream
) -> None:
    upstream.answers(200, BODY, sent_bytes=5_000)
    upstream.answers(404)
    with pytest.raises(NotFoundError):
        read(client, upstream.url)


def test_a_source_that_always_breaks_off_is_given_up_after_so_many_tries_without_progress(
    client: ArchiveClient, upstream: Upstream
) -> None:
    upstream.answers(200, BODY, sent_bytes=5_000)
    with pytest.raises(TransientUpstreamError, match=r"broke off 3 times at byte 5000 of 10240"):
        read(client, upstream.url)
    # The first transfer, and `attempts` that brought nothing new.
    assert len(upstream.requests) == 4


def test_progress_starts_the_count_of_tries_anew(
    client: ArchiveClient, sandbox: SandboxServer, world: World
) -> None:
    client.attempts = 2
    sandbox.add_fault(Trouble(PATH, "cut", times=1_000))
    with pytest.raises(TransientUpstreamError, match="broke off 2 times"):
        read(client, sandbox.url)
    sandbox.clear_faults()
    # Halves of halves are fewer and fewer bytes, and each brings the transfer on.
    assert len(sandbox.requests()) > 2 + client.attempts
    assert read(client, sandbox.url) == world.hour_file(HOUR)


def test_the_resource_makes_a_client_of_its_settings() -> None:
    said: list[str] = []
    source = ArchiveSource(base_urls=["file:a", "file:b"], attempts=2)
    client = source.open().client(said.append)
    client.on_retry("again")
    client.close()
    assert (client.base_urls, client.attempts, said) == (("file:a", "file:b"), 2, ["again"])


def test_connections_and_bandwidth_are_parted_among_the_days_at_once(tmp_path: Path) -> None:
    source = ArchiveSource(
        base_urls=["file:a"],
        workers=5,
        rate_bytes_s=1_000,
        bandwidth_file=str(tmp_path / "bandwidth"),
    )
    one, shared = source.open(), source.open(days_at_once=2, hosts=4)
    assert (one.connections, shared.connections) == (5, 2)
    assert source.open(days_at_once=9).connections == 1
    assert one.bandwidth is not None
    assert shared.bandwidth is not None
    assert (one.bandwidth.bytes_per_s, shared.bandwidth.bytes_per_s) == (1_000, 250)
    assert ArchiveSource(base_urls=["file:a"]).open().bandwidth is None
    assert pickle.loads(pickle.dumps(shared)) == shared  # noqa: S301 - made here


def test_every_byte_that_came_was_waited_for(
    client: ArchiveClient, upstream: Upstream, tmp_path: Path
) -> None:
    """Those that a server sent twice, too: they took the line as well."""
    waited: list[float] = []
    client.bandwidth = Bandwidth(1_024.0, tmp_path / "bound", lambda: 0.0, waited.append)
    upstream.answers(200, BODY, sent_bytes=5_000)
    upstream.answers(200, BODY)
    transfer = client.open(HOUR, upstream.url)
    assert b"".join(transfer.chunks) == BODY
    assert float((tmp_path / "bound").read_text()) == pytest.approx((10_240 + 5_000) / 1_024)
