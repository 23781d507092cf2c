"""Each upstream under each fault: what is got is the truth or an error that says so, never less.

A fault befalls one request, or all of them. A client rides one out where asking again can help, and
reports the others; asked again afterwards it gives exactly what it gives undisturbed.
"""

from __future__ import annotations

import resource
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import tenacity

from resources.http import UpstreamError
from resources.slack_errors import SlackDeliveryError
from sandbox.server import SandboxServer
from sandbox.trouble import Trouble
from sandbox.uspto import KEY
from tests.faults.conftest import Note
from tests.faults.installation import NOW, Outcome
from tests.faults.upstreams import UPSTREAMS, Asking, Clock
from tests.orchestration.tries import tries

ALWAYS = 10**6
_A_DAY_S = 90_000.0
HTML = "<!doctype html><title>Down for maintenance</title>"
SECRETS = (KEY, "hf_sandbox", "sandbox-openalex-key", "xoxb-test")
FILES = ("archive", "patent files")
#: The most that memory may grow while a bomb of 400 MB is met.
MOST_GROWTH_KB = 250_000
#: Kinds that a client is kept waiting by, for longer than it then waits.
SILENT = ("no answer in time", "a body that stalls")
Plan = Callable[[str, str], Trouble]


def _one(**fault: object) -> Plan:
    return lambda path, _url: Trouble(path, **fault)  # type: ignore[arg-type]


def _error_body(path: str, _url: str) -> Trouble:
    said = '{"ok": false, "error": "internal_error", "message": "Internal error", "errors": []}'
    return Trouble(path, status=200, body=said)


_CUT = "connection cut at every tenth of a body"
#: By kind: what happens, and to which upstreams; empty for all.
FAULTS: dict[str, tuple[Plan, tuple[str, ...]]] = {
    "500 answered": (_one(status=500), ()),
    "502 with a page of HTML": (_one(status=502, body=HTML), ()),
    "503 with Retry-After": (_one(status=503, retry_after=1), ()),
    "504 answered": (_one(status=504), ()),
    "429 with Retry-After": (_one(status=429, retry_after=1), ()),
    "429 without Retry-After": (_one(status=429), ()),
    "403 answered": (_one(status=403), ()),
    "404 answered": (_one(status=404), ()),
    "no answer in time": (_one(kind="slow", seconds=1.2), ()),
    "a slow body": (_one(kind="dripped", seconds=0.1), ()),
    "a body that stalls": (_one(kind="stalled", seconds=1.2), ()),
    # Of each tenth a case.
    _CUT: (_one(kind="cut"), ()),
    "connection reset before the answer": (_one(kind="reset"), ()),
    "answer lost after the request was handled": (_one(kind="lost"), ()),
    "500 after the request was handled": (_one(kind="late", status=500), ()),
    "Content-Length too small": (_one(kind="short", kept_share=0.7), ()),
    "HTML instead of JSON": (_one(status=200, body=HTML), ()),
    "200 with an error body": (_error_body, ()),
    "200 with an empty object": (_one(status=200, body="{}"), ()),
    "redirect without end": (
        lambda path, url: Trouble(path, status=302, location=url + path), (),
    ),
    "a bomb of gzip": (_one(kind="bomb", inflated_mib=400), ()),
    "a flipped byte in a packed file": (_one(kind="flipped", kept_share=0.5), FILES),
    "a truncated file": (_one(kind="short", kept_share=0.4), FILES),
}  # fmt: skip


def _befallen(number: int, only: tuple[str, ...]) -> tuple[str, ...]:
    """All upstreams of a kind, or in the short form one, another for each kind."""
    names = only or tuple(UPSTREAMS)
    return names if tries(0) else (names[number % len(names)],)


#: What a client rides out where it happens once: it asks again, and says nothing.
TRANSIENT = frozenset(
    {
        *("500 answered", "502 with a page of HTML", "503 with Retry-After", "504 answered"),
        *(
            "429 with Retry-After",
            "429 without Retry-After",
            "no answer in time",
            "a slow body",
            "a body that stalls",
            _CUT,
        ),
        *("connection reset before the answer", "answer lost after the request was handled"),
        "500 after the request was handled",
    }
)


#: Messages wait in the outbox, for the next look a minute later.
NOT_RIDDEN_OUT = "Slack"


def _cases() -> Iterator[Any]:
    for number, (kind, (_, only)) in enumerate(FAULTS.items()):
        for tenth in range(10) if kind == _CUT else (None,):
            share = f" {tenth}" if tenth is not None else ""
            for name in _befallen(number + (tenth or 0), only):
                for lasts in (False, True):
                    yield pytest.param(
                        kind, tenth, name, lasts,
                        id=f"{kind}{share}-{name}-{'lasting' if lasts else 'once'}",
                    )  # fmt: skip


@pytest.fixture(autouse=True)
def _no_real_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """What clients wait is nobody's time."""
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    monkeypatch.setattr(tenacity.nap, "sleep", lambda _seconds: None)


@pytest.fixture
def asking(fault_server: SandboxServer, tmp_path: Path) -> Iterator[Asking]:
    # Limits by the year are those of each try.
    with SandboxServer(fault_server.world, clock=lambda: NOW) as server:
        yield Asking(server.url, tmp_path, server, Clock())


@pytest.fixture(scope="module")
def truths(
    fault_server: SandboxServer, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], object]:
    """What each upstream gives undisturbed, and gives again."""
    found: dict[str, object] = {}

    def truth(name: str) -> object:
        if name not in found:
            asking = Asking(fault_server.url, tmp_path_factory.mktemp("truth"), fault_server)
            found[name] = UPSTREAMS[name][0](asking)
            asking.clock.sleep(_A_DAY_S)
            assert UPSTREAMS[name][0](asking) == found[name]
        return found[name]

    return truth


def peak_kb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


@pytest.mark.parametrize(("kind", "tenth", "name", "lasts"), list(_cases()))
def test_an_upstream_gives_the_truth_or_an_error_and_the_truth_again_afterwards(
    asking: Asking,
    truths: Callable[[str], object],
    note: Note,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    tenth: int | None,
    name: str,
    lasts: bool,
) -> None:
    ask, path = UPSTREAMS[name]
    expected = truths(name)
    trouble = replace(FAULTS[kind][0](path, asking.url), times=ALWAYS if lasts else 1)
    if tenth is not None:
        trouble = replace(trouble, kept_share=tenth / 10)
    asking.server.add_fault(trouble)
    before = peak_kb()
    faults = []
    error = ""
    with monkeypatch.context() as patch:
        if kind in SILENT:
            patch.setattr("resources.http.READ_TIMEOUT_S", 0.4)
        try:
            if ask(asking) != expected:
                faults.append(f"{name} gave something else and said nothing")
        except (UpstreamError, SlackDeliveryError) as refusal:
            error = str(refusal)
            if not error:
                faults.append("an error that says nothing")
            if not lasts and kind in TRANSIENT and name != NOT_RIDDEN_OUT:
                faults.append(f"not ridden out: {error}")
    if (grown := peak_kb() - before) > MOST_GROWTH_KB:
        faults.append(f"memory grew by {grown} kB")
    left = asking.server.trouble.next_for("", path)
    assert (left.times if left else 0) < trouble.times, "the fault befell nothing"
    asking.server.clear_faults()
    # Limits that were told end; what Slack was asked and did not answer is looked into.
    asking.clock.sleep(_A_DAY_S if name != "Slack" else 300.0)
    for _ in range(3):
        try:
            got = ask(asking)
            break
        except (UpstreamError, SlackDeliveryError) as refusal:
            got = refusal
    if got != expected:
        faults.append(f"{name} asked again gave something else: {str(got)[:300]}")
    note(kind, Outcome(faults=tuple(faults)))
    assert not [secret for secret in SECRETS if secret in error]


@pytest.mark.parametrize("name", [name for name in UPSTREAMS if name != "Slack"])
@pytest.mark.parametrize("kind", ["connection refused", "TLS handshake fails"])
def test_an_upstream_that_cannot_be_reached_is_named(
    asking: Asking, truths: Callable[[str], object], note: Note, kind: str, name: str
) -> None:
    ask, _ = UPSTREAMS[name]
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        refused = f"http://127.0.0.1:{closed.getsockname()[1]}"
    url = refused if kind == "connection refused" else asking.url.replace("http:", "https:")
    with pytest.raises(UpstreamError, match=r"127\.0\.0\.1"):
        ask(replace(asking, url=url))
    faults = () if ask(asking) == truths(name) else ("asked again it gave something else",)
    note(kind, Outcome(faults=faults))
