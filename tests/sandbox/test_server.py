"""Queued faults, the request log, and the server as a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from sandbox.server import SandboxServer
from sandbox.trouble import Trouble

PATH = "/2024-11-20-5.json.gz"
ROOT = Path(__file__).parents[2]
TIMEOUT_S = 10


def test_a_status_fault_happens_as_often_as_asked_and_says_when_to_retry(
    server: SandboxServer, session: requests.Session
) -> None:
    fault = {
        "path_prefix": "/api/chat.postMessage",
        "kind": "status",
        "status": 429,
        "retry_after": 1,
        "times": 2,
    }
    queued = session.post(f"{server.url}/_sandbox/faults", json=fault, timeout=TIMEOUT_S)
    assert queued.json() == {"queued": 1}
    url = f"{server.url}/api/chat.postMessage"
    headers = {"Authorization": "Bearer xoxb-sandbox"}
    message = {"channel": "c", "text": "x"}
    answers = [
        session.post(url, json=message, headers=headers, timeout=TIMEOUT_S) for _ in range(3)
    ]
    assert [answer.status_code for answer in answers] == [429, 429, 200]
    assert answers[0].headers["Retry-After"] == "1"
    assert len(server.slack_messages()) == 1


def test_a_cut_answer_is_shorter_than_it_says(
    server: SandboxServer, session: requests.Session
) -> None:
    server.add_fault(Trouble(PATH, "cut"))
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        session.get(server.url + PATH, timeout=TIMEOUT_S)
    assert session.get(server.url + PATH, timeout=TIMEOUT_S).status_code == 200


def test_a_reset_leaves_the_request_unhandled_and_a_lost_answer_does_not(
    server: SandboxServer, session: requests.Session
) -> None:
    url, headers = f"{server.url}/api/chat.postMessage", {"Authorization": "Bearer xoxb-sandbox"}
    for kind, kept in (("reset", 0), ("lost", 1)):
        server.add_fault(Trouble.from_json({"path_prefix": "/api/", "kind": kind}))
        with pytest.raises(requests.ConnectionError, match=r"[Rr]eset"):
            session.post(
                url, json={"channel": "c", "text": "x"}, headers=headers, timeout=TIMEOUT_S
            )
        assert len(server.slack_messages()) == kept
    assert [entry.status for entry in server.requests()] == [0, 0]


def test_a_slow_answer_exceeds_a_short_timeout_and_comes_in_the_end(
    server: SandboxServer, session: requests.Session
) -> None:
    server.add_fault(Trouble("/repos/", "slow", seconds=0.3, times=2))
    url = f"{server.url}/repos/sandbox-qwen/qwen-model"
    with pytest.raises(requests.ReadTimeout):
        session.get(url, timeout=0.05)
    assert session.get(url, timeout=TIMEOUT_S).status_code == 200


def test_faults_can_be_cleared_and_bad_ones_are_refused(
    server: SandboxServer, session: requests.Session
) -> None:
    faults = f"{server.url}/_sandbox/faults"
    server.add_fault(Trouble("/", "status", status=503, times=100))
    assert session.delete(faults, timeout=TIMEOUT_S).status_code == 204
    assert session.get(server.url + PATH, timeout=TIMEOUT_S).status_code == 200
    for bad in (
        {"kind": "status"},
        {"path_prefix": "/", "kind": "no"},
        {"path_prefix": "/", "x": 1},
    ):
        assert session.post(faults, json=bad, timeout=TIMEOUT_S).status_code == 400


def test_the_log_has_the_requests_and_leaves_its_own_paths_out(
    server: SandboxServer, session: requests.Session
) -> None:
    session.get(server.url + PATH, timeout=TIMEOUT_S)
    session.head(server.url + "/nothing?x=1", timeout=TIMEOUT_S)
    log = session.get(f"{server.url}/_sandbox/requests", timeout=TIMEOUT_S).json()
    assert [(entry["method"], entry["path"], entry["status"]) for entry in log] == [
        ("GET", PATH, 200),
        ("HEAD", "/nothing?x=1", 404),
    ]
    assert all(entry["time"].endswith("+00:00") for entry in log)


def test_many_clients_at_once_get_the_same_bytes(server: SandboxServer) -> None:
    def fetch(hour: int) -> bytes:
        url = f"{server.url}/2024-11-21-{hour % 3}.json.gz"
        return requests.get(url, timeout=TIMEOUT_S).content

    with ThreadPoolExecutor(8) as pool:
        bodies = list(pool.map(fetch, range(24)))
    assert len(set(bodies)) == 3


@contextmanager
def sandbox_process(*options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A started sandbox process and its base URL."""
    command = [sys.executable, "-m", "sandbox", "--developers", "50", *options]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith("sandbox ready at http://127.0.0.1:")
            yield process, line.split()[-1]
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_process_says_where_it_is_serves_and_ends_quietly(number: signal.Signals) -> None:
    with sandbox_process() as (process, url), requests.Session() as session:
        assert session.get(url + PATH, timeout=TIMEOUT_S).status_code == 200
        process.send_signal(number)
        rest, errors = process.communicate(timeout=TIMEOUT_S)
        assert (process.returncode, rest, errors) == (0, "", "")


def test_the_process_ends_when_its_parent_has_ended() -> None:
    parent = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-m', 'sandbox', '--developers', '50',"
        " '--with-parent'], stdout=subprocess.PIPE, text=True)\n"
        "print(child.pid, child.stdout.readline(), end='', flush=True)\n"
        # Ended without a word to the child, as by a crash.
        "import os; os._exit(0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", parent],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=True,
    )
    pid, url = int(done.stdout.split()[0]), done.stdout.split()[-1]
    deadline = time.monotonic() + TIMEOUT_S
    while time.monotonic() < deadline:
        try:
            requests.get(url, timeout=1)
        except requests.ConnectionError:
            return
        time.sleep(0.1)
    os.kill(pid, signal.SIGKILL)
    pytest.fail("the sandbox outlived its parent")
