"""Nothing is sent to a host that is not configured: at once, by a redirect, by whatever client."""

import socket
import urllib.request
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from resources.archive import ArchiveClient
from resources.git import GitMirrors
from resources.github import GitHubClient
from resources.heartbeat import HeartbeatClient
from resources.http import PermanentUpstreamError, new_session, send
from resources.hub import HubClient
from resources.hub_limits import HubLimit
from resources.innovation_graph import InnovationGraphClient
from resources.openalex import OpenAlexClient
from resources.openalex_credit import CreditLedger
from resources.outgoing import Allowed, UnexpectedHostError, is_public, opener
from resources.slack_client import SlackWorkspaceClient
from resources.slack_errors import SlackDeliveryError
from resources.slack_webhook import SlackWebhookClient
from resources.uspto import GRANTS, UsptoClient
from tests.conftest import ROOT

if TYPE_CHECKING:
    from tests.resources.conftest import Upstream

NOW = datetime(2024, 12, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "url",
    [
        "https://api.example/",
        "https://API.example./x?y#z",
        "https://api.example:443/",
        "http://plain.example/",
        "https://plain.example/",  # the same host, by a better way
        "http://127.0.0.1:8787/x",  # an upstream of one's own is where one says
    ],
)
def test_an_upstream_is_allowed_by_scheme_host_and_port(url: str) -> None:
    allowed = Allowed()
    allowed.add("https://api.example/v1", "http://plain.example", "http://127.0.0.1:8787", "file:/")
    allowed.require(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://api.example/",  # a token would go in the clear
        "https://api.example:8443/",
        "https://api.example.evil.example/",
        "https://evil.example/api.example",
        "https://api.example@evil.example/",
        "https://evil.example\\@api.example/",
        "http://127.0.0.1:22/",
        "http://localhost:8787/",
        "http://[::1]:8787/",
        "http://169.254.169.254/latest/meta-data/",
        "file:///etc/passwd",
        "gopher://api.example/",
        "//api.example/",
        "https://[/",
        "",
    ],
)
def test_anything_else_is_refused(url: str) -> None:
    allowed = Allowed()
    allowed.add("https://api.example/v1", "http://127.0.0.1:8787")
    with pytest.raises(UnexpectedHostError):
        allowed.require(url)


def test_a_host_that_is_sent_on_to_is_allowed_by_name_over_tls_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    addresses = {"data.files.example": "93.184.216.34", "files.example": "93.184.216.34"}
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, _: [(0, 0, 0, "", (addresses[host],))])
    allowed = Allowed()
    allowed.add_hosts([".files.example"])
    allowed.require("https://data.files.example/a?Signature=x")
    for url in (
        "https://files.example/",
        "https://otherfiles.example/",
        "http://data.files.example/",
        "https://data.files.example:8443/",
    ):
        with pytest.raises(UnexpectedHostError):
            allowed.require(url)
    allowed.add_hosts(["files.example"])
    allowed.require("https://files.example/")


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
     "0.0.0.1", "224.0.0.1", "::1", "fe80::1%eth0", "fc00::1", "::ffff:10.0.0.1", "::"],
)  # fmt: skip
def test_a_host_of_a_private_address_is_not_sent_on_to(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though its name is allowed: whoever has the name may point it anywhere."""
    found = [(0, 0, 0, "", ("93.184.216.34", 0)), (0, 0, 0, "", (address, 0))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: found)
    allowed = Allowed()
    allowed.add_hosts(["files.example"])
    assert not is_public("files.example")
    with pytest.raises(UnexpectedHostError, match="private"):
        allowed.require("https://files.example/")
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: found[:1])
    allowed.require("https://files.example/")


def test_a_session_sends_to_nobody_that_it_was_not_given(upstream: "Upstream") -> None:
    with new_session() as session, pytest.raises(PermanentUpstreamError, match="not configured"):
        send(session, "GET", upstream.url)
    assert upstream.requests == []


def archive(url: str, _folder: Path) -> None:
    with closing(ArchiveClient((url,))) as client:
        client.open(NOW, url)


def github(url: str, _folder: Path) -> None:
    with closing(GitHubClient(url, "token", attempts=1)) as client:
        client.profiles([1])


def git(url: str, folder: Path) -> None:
    GitMirrors(url, folder).update("owner/name", 1, now=NOW, fresh_since=NOW)


def innovation_graph(url: str, _folder: Path) -> None:
    with closing(InnovationGraphClient(url)) as client:
        client.file("developers.csv")


def openalex(url: str, folder: Path) -> None:
    with closing(OpenAlexClient(url, CreditLedger(folder, url), "key", attempts=1)) as client:
        client.works(filters="type:article", search="qwen")


def uspto(url: str, _folder: Path) -> None:
    with closing(UsptoClient(url, "key", attempts=1)) as client:
        client.files(GRANTS)


def hub(url: str, _folder: Path) -> None:
    with closing(HubClient(url, HubLimit(1000), "hf_token", attempts=1)) as client:
        client.by_author("Qwen")


def heartbeat(url: str, _folder: Path) -> None:
    HeartbeatClient(url, attempts=1).beat()


def slack(url: str, _folder: Path) -> None:
    SlackWorkspaceClient(token="xoxb-t", channel="C1", api_url=f"{url}/").post("t", [], key="k")  # noqa: S106


def webhook(url: str, _folder: Path) -> None:
    SlackWebhookClient(url).post("t", [], key="k")


CLIENTS = (
    archive, github, git, innovation_graph, openalex, uspto, hub, heartbeat, slack, webhook,
)  # fmt: skip


@pytest.mark.parametrize("status", [301, 302, 307])
@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.__name__)
def test_no_client_follows_a_redirect_to_another_host(
    client: Callable[[str, Path], None], status: int, upstream: "Upstream", tmp_path: Path
) -> None:
    """The other is the same server by another name: what it was asked would be seen."""
    elsewhere = upstream.url.replace("127.0.0.1", "localhost")
    upstream.answers(status, headers={"Location": f"{elsewhere}/taken?info/refs=1"})
    with pytest.raises((PermanentUpstreamError, SlackDeliveryError)):
        client(upstream.url, tmp_path)
    assert upstream.requests
    assert not any("/taken" in asked.path for asked in upstream.requests)
    hosts = {asked.headers["host"].split(":")[0] for asked in upstream.requests}
    assert hosts == {"127.0.0.1"}


def test_urllib_follows_a_redirect_on_the_same_host(upstream: "Upstream") -> None:
    upstream.answers(302, headers={"Location": f"{upstream.url}/new"})
    upstream.answers(200, b"there")
    with opener().open(urllib.request.Request(upstream.url), timeout=5) as answer:  # noqa: S310
        assert answer.read() == b"there"


def test_sessions_and_openers_are_made_in_one_place_alone() -> None:
    """Elsewhere nobody asks the web by a way of his own; Slack's and S3's libraries have theirs."""
    ways = (
        "requests.get(",
        "requests.post(",
        "requests.Session(",
        "urlopen(",
        "http.client.HTTPConnection",
        "HTTPSConnection",
    )
    found = {
        f"{path.relative_to(ROOT)}: {way}"
        for folder in ("resources", "assets", "checks", "orchestration")
        for path in (ROOT / folder).rglob("*.py")
        for way in ways
        if way in path.read_text()
    }
    assert found == set()


def test_a_name_that_no_name_service_takes_is_left_to_fail_where_it_is_asked() -> None:
    assert is_public("x" * 64 + ".example.org")
