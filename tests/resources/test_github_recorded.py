"""Exchanges that GitHub really had, replayed: a rename, and a refusal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from resources.github import GitHubClient, Repository
from resources.http import PermanentUpstreamError

if TYPE_CHECKING:
    from tests.resources.conftest import Upstream


def body(content: object) -> bytes:
    return json.dumps(content).encode()


def recorded(real_data: Path, name: str) -> list[dict[str, Any]]:
    path = real_data / "recordings" / name
    if not path.is_file():
        pytest.skip(f"{name} is not among the real data")
    exchanges: list[dict[str, Any]] = json.loads(path.read_text())
    return exchanges


def test_a_rename_that_github_really_answered_is_followed(
    real_data: Path, told: GitHubClient, upstream: Upstream
) -> None:
    exchanges = recorded(real_data, "octokit.rename-repository.json")
    asked = [exchange for exchange in exchanges if exchange["method"] == "get"]
    for exchange in asked:
        raw = exchange["rawHeaders"]
        sent = dict(zip(raw[::2], raw[1::2], strict=True))
        kept = {name: sent[name] for name in ("Content-Type", "X-RateLimit-Remaining")}
        if "Location" in sent:
            # The recording's host, replaced by the one that plays it back.
            kept["Location"] = sent["Location"].replace("https://api.github.com", upstream.url)
        upstream.answers(exchange["status"], body(exchange["response"]), kept)
    name = asked[0]["path"].removeprefix("/repos/")
    assert told.repository(name) == Repository(515436299, f"{name}-newname")
    assert [request.path for request in upstream.requests] == [
        exchange["path"] for exchange in asked
    ]


def test_a_refusal_that_github_really_answered_is_permanent(
    real_data: Path, told: GitHubClient, upstream: Upstream
) -> None:
    exchanges = recorded(real_data, "octokit.errors.json")
    (refused,) = [exchange for exchange in exchanges if exchange["status"] == 422]
    upstream.answers(refused["status"], body(refused["response"]))
    with pytest.raises(PermanentUpstreamError, match="answered 422"):
        told.profiles([1])
    assert len(upstream.requests) == 1
