"""The Innovation Graph's files: folders and HTTP, retries, refusals, bounds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from resources.http import (
    NotFoundError,
    PermanentUpstreamError,
    TransientUpstreamError,
    new_session,
)
from resources.innovation_graph import InnovationGraphClient, InnovationGraphResource
from sandbox.trouble import Trouble

if TYPE_CHECKING:
    from sandbox.server import SandboxServer
    from tests.resources.conftest import Upstream

BODY = b"developers,iso2_code,year,quarter\n300,CN,2024,3\n"


@pytest.fixture
def client(
    waits: list[float], upstream: Upstream, sandbox: SandboxServer
) -> Iterator[InnovationGraphClient]:
    session = new_session(upstream.url, sandbox.url)
    opened = InnovationGraphClient("", attempts=3, sleep=waits.append, _session=session)
    yield opened
    opened.close()


def test_a_file_in_a_folder_is_read_whole(client: InnovationGraphClient, tmp_path: Path) -> None:
    folder = tmp_path / "innovation graph"
    folder.mkdir()
    (folder / "developers.csv").write_bytes(BODY)
    client.base_url = f"file:{folder}"
    assert client.file("developers.csv") == BODY
    client.base_url = (folder.as_uri()) + "/"
    assert client.file("developers.csv") == BODY


def test_a_file_that_is_not_there_is_not_found(
    client: InnovationGraphClient, tmp_path: Path, sandbox: SandboxServer, waits: list[float]
) -> None:
    for base_url in (f"file:{tmp_path}", f"{sandbox.url}/innovationgraph"):
        client.base_url = base_url
        with pytest.raises(NotFoundError):
            client.file("nothing.csv")
    assert waits == []


def test_what_is_no_file_is_refused(client: InnovationGraphClient, tmp_path: Path) -> None:
    (tmp_path / "developers.csv").mkdir()
    client.base_url = f"file:{tmp_path}"
    with pytest.raises(PermanentUpstreamError, match=r"developers\.csv: Is a directory"):
        client.file("developers.csv")


def test_over_http_a_file_comes_whole_whatever_slash_ends_the_base(
    client: InnovationGraphClient, upstream: Upstream
) -> None:
    upstream.answers(200, BODY)
    for base_url in (f"{upstream.url}/data", f"{upstream.url}/data/"):
        client.base_url = base_url
        assert client.file("developers.csv") == BODY
    assert {asked.path for asked in upstream.requests} == {"/data/developers.csv"}


def test_a_transient_failure_and_a_cut_answer_are_tried_again(
    client: InnovationGraphClient, upstream: Upstream, waits: list[float]
) -> None:
    upstream.answers(503)
    upstream.answers(200, BODY, sent_bytes=10)
    upstream.answers(200, BODY)
    client.base_url = upstream.url
    assert client.file("developers.csv") == BODY
    assert len(waits) == 2


def test_it_gives_up_after_as_many_tries_as_it_may(
    client: InnovationGraphClient, sandbox: SandboxServer
) -> None:
    sandbox.add_fault(Trouble(path_prefix="/innovationgraph/", kind="reset", times=3))
    client.base_url = f"{sandbox.url}/innovationgraph"
    with pytest.raises(TransientUpstreamError):
        client.file("developers.csv")
    assert client.file("developers.csv").startswith(b"developers,iso2_code,year,quarter\n")


def test_a_refusal_is_not_tried_again(
    client: InnovationGraphClient, upstream: Upstream, waits: list[float]
) -> None:
    upstream.answers(403)
    client.base_url = upstream.url
    with pytest.raises(PermanentUpstreamError, match="403"):
        client.file("developers.csv")
    assert waits == []


def test_a_file_too_large_is_refused_before_it_is_whole(
    client: InnovationGraphClient,
    upstream: Upstream,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("resources.innovation_graph.MAX_BYTES", len(BODY) - 1)
    upstream.answers(200, BODY)
    (tmp_path / "developers.csv").write_bytes(BODY)
    for base_url in (upstream.url, f"file:{tmp_path}"):
        client.base_url = base_url
        with pytest.raises(PermanentUpstreamError, match="is larger than"):
            client.file("developers.csv")
    monkeypatch.setattr("resources.innovation_graph.MAX_BYTES", len(BODY))
    assert client.file("developers.csv") == BODY


def test_the_resource_makes_a_client_of_its_settings() -> None:
    client = InnovationGraphResource(base_url="https://example.org/data", attempts=2).client()
    assert (client.base_url, client.attempts) == ("https://example.org/data", 2)
    client.close()
