"""The upstreams as faults befall them: what each is asked through the platform's own client."""

from __future__ import annotations

import zlib
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from assets.activity.ingest import HourFailures, collect_hour
from assets.activity.scan_selection import Selection
from assets.alerting.tables import OUTBOX
from assets.baseline.innovation_graph import (
    DEVELOPERS,
    GIT_PUSHES,
    InnovationGraphError,
    graph_rows,
)
from assets.declare import prepare
from assets.patents.zip_stream import ZipStream
from resources.archive import ArchiveClient
from resources.github import GitHubClient
from resources.http import NotFoundError, UpstreamError
from resources.hub import HubClient
from resources.hub_limits import HubLimit
from resources.innovation_graph import InnovationGraphClient
from resources.openalex import OpenAlexClient
from resources.openalex_credit import CreditLedger
from resources.slack_errors import SlackDeliveryError
from resources.uspto import GRANTS, UsptoClient
from resources.warehouse import Warehouse
from sandbox.server import SandboxServer
from sandbox.uspto import KEY
from tests.faults.forked_work import deliver
from tests.faults.installation import NOW

HOUR = datetime(2024, 12, 15, 9, tzinfo=UTC)
_FILTERS = "from_publication_date:2024-10-01,to_publication_date:2024-10-03"
ATTEMPTS = 3


@dataclass
class Clock:
    """A clock that goes by what is waited for."""

    now_s: float = NOW.timestamp()

    def __call__(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds


@dataclass
class Asking:
    """Where an upstream is, and what a client needs that asks it."""

    url: str
    folder: Path
    server: SandboxServer
    clock: Clock = field(default_factory=Clock)


#: Answers that are no whole ones, and say so: nothing of them is taken for the truth.
Refused = UpstreamError | SlackDeliveryError


def archive(asking: Asking) -> object:
    """An hour's events of the panel; its status where it is not whole."""
    client = ArchiveClient((asking.url,), attempts=ATTEMPTS, sleep=asking.clock.sleep)
    with closing(client):
        chosen = Selection(frozenset(), panel_one_in=1)
        failures = HourFailures(not_found=NotFoundError, unreachable=UpstreamError)
        outcome = collect_hour(client, HOUR, chosen, failures)
    if outcome.status != "complete":
        raise UpstreamError(f"{outcome.status}: {'; '.join(outcome.messages)}")
    return sorted(repr(kept.event) for kept in outcome.scan.kept)


def profiles(asking: Asking) -> object:
    """Profiles of accounts, by GraphQL."""
    ids = [person.github_id for person in asking.server.world.developers[:20]]
    client = GitHubClient(asking.url, "token", attempts=ATTEMPTS, sleep=asking.clock.sleep)
    with closing(client):
        return client.profiles(ids)


def repository(asking: Asking) -> object:
    """A repository, by REST."""
    name = asking.server.world.repositories[0].name
    client = GitHubClient(asking.url, "token", attempts=ATTEMPTS, sleep=asking.clock.sleep)
    with closing(client):
        found = client.repository(name)
    if found is None:
        raise NotFoundError(f"{name} is not there")
    return found


def hub(asking: Asking) -> object:
    """An author's models."""
    clock = asking.clock
    limit = HubLimit(1_000, clock=clock, sleep=clock.sleep)
    client = HubClient(asking.url, limit, "hf_sandbox", attempts=ATTEMPTS, sleep=clock.sleep)
    with closing(client):
        page = client.by_author("sandbox-qwen")
        found = list(page.documents)
        while page.cursor:
            page = client.by_author("sandbox-qwen", page.cursor)
            found += page.documents
        return found


def openalex(asking: Asking) -> object:
    """The works of some days."""
    clock = asking.clock
    ledger = CreditLedger(
        asking.folder, asking.url, calls_per_second=1e6, now=clock, sleep=clock.sleep
    )
    client = OpenAlexClient(
        api_url=asking.url, key="sandbox-openalex-key", ledger=ledger, attempts=ATTEMPTS,
        sleep=clock.sleep,
    )  # fmt: skip
    with closing(client):
        found: list[object] = []
        cursor: str | None = "*"
        while cursor:
            page = client.works(filters=_FILTERS, search="(qwen* OR GPT)", cursor=cursor)
            found += page.documents
            cursor = page.next_cursor
        return found


def patents(asking: Asking) -> object:
    """The list of weekly files, and the newest of them as far as it is whole."""
    client = UsptoClient(f"{asking.url}/uspto", KEY, attempts=ATTEMPTS, sleep=asking.clock.sleep)
    with closing(client):
        files = client.files(GRANTS)
        path = client.fetch(files[-1], asking.folder)
        try:
            whole, status = _documents(path)
        finally:
            # As the asset does with a file that it has read.
            client.discard(files[-1], asking.folder)
    if status != "complete":
        raise UpstreamError(f"{files[-1].name} is {status}")
    return len(files), whole


def _documents(path: Path) -> tuple[list[bytes], str]:
    stream = ZipStream()
    with path.open("rb") as file:
        blocks = list(stream.blocks(iter(lambda: file.read(1 << 16), b"")))
    return [b"".join(blocks)], str(stream.status)


def innovation_graph(asking: Asking) -> object:
    """A file of counts."""
    url = f"{asking.url}/innovationgraph"
    client = InnovationGraphClient(base_url=url, attempts=ATTEMPTS, sleep=asking.clock.sleep)
    developers, pushes = client.file(DEVELOPERS), client.file(GIT_PUSHES)
    try:
        rows, quarantined = graph_rows(developers, pushes, {"CN", "US", "DE"}, NOW)
    except InnovationGraphError as error:
        raise UpstreamError(str(error)) from error
    return rows.to_pylist(), quarantined


def slack(asking: Asking) -> object:
    """What an outbox of two threads makes of a channel."""
    channel = f"C{zlib.crc32(str(asking.folder).encode()):010d}"
    house = Warehouse(str(asking.folder / "warehouse.duckdb"))
    prepare(house, OUTBOX)
    asking.clock.sleep(120.0)
    job: dict[str, Any] = {
        "url": asking.url,
        "channel": channel,
        "now": datetime.fromtimestamp(asking.clock(), UTC).isoformat(),
    }
    try:
        deliver(asking.folder, job)
    except RuntimeError as error:
        raise UpstreamError(str(error)) from error
    shown = [each for each in asking.server.slack_messages() if each["channel"] == channel]
    return sorted(
        (str(each["text"]), "thread_ts" in each, len(each.get("files", ())))  # type: ignore[arg-type]
        for each in shown
    )


#: What is asked, and the beginning of the paths that it asks for.
UPSTREAMS = {
    "archive": (archive, "/2024-12-15-9"),
    "GitHub GraphQL": (profiles, "/graphql"),
    "GitHub REST": (repository, "/repos/"),
    "Hub": (hub, "/api/models"),
    "OpenAlex": (openalex, "/works"),
    "list of patent files": (patents, "/uspto/"),
    "patent files": (patents, "/uspto-signed/"),
    "Innovation Graph": (innovation_graph, "/innovationgraph/"),
    "Slack": (slack, "/api/chat.postMessage"),
}
