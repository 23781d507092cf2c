"""HTTP: which failures are worth another try, how long to wait, and what an error may say."""

from __future__ import annotations

import email.utils
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from resources.github import GitHubClient, GitHubResource
from resources.http import (
    MAX_WAIT_S,
    BearerAuth,
    LegalBlockError,
    NotFoundError,
    PermanentUpstreamError,
    TransientUpstreamError,
    UpstreamError,
    new_session,
    place,
    retry_after_s,
    send,
    with_retries,
)
from resources.slack import SlackResource

if TYPE_CHECKING:
    from tests.resources.conftest import Upstream

TOKEN = "ghp_never-to-be-shown"  # noqa: S105 - made up


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with new_session() as opened:
        yield opened


def answer_with(retry_after: str | None) -> requests.Response:
    response = requests.Response()
    response.status_code = 429
    if retry_after is not None:
        response.headers["Retry-After"] = retry_after
    return response


def failing(*failures: UpstreamError) -> tuple[Callable[[], str], list[int]]:
    """A call that fails so many times and then succeeds, and the list of its calls."""
    calls: list[int] = []

    def call() -> str:
        calls.append(len(calls) + 1)
        if len(calls) <= len(failures):
            raise failures[len(calls) - 1]
        return "done"

    return call, calls


@pytest.mark.parametrize(
    ("status", "headers", "error"),
    [
        *((status, {}, NotFoundError) for status in (404, 410)),
        *((status, {}, PermanentUpstreamError) for status in (400, 401, 403, 422)),
        (451, {}, LegalBlockError),
        *((status, {}, TransientUpstreamError) for status in (408, 425, 429)),
        # 520 to 524 and 529 are what content networks answer for an origin in trouble.
        *((status, {}, TransientUpstreamError) for status in (500, 502, 503, 504, 520, 524, 529)),
        (403, {"Retry-After": "60"}, TransientUpstreamError),
        (403, {"x-ratelimit-remaining": "0"}, TransientUpstreamError),
        (403, {"x-ratelimit-remaining": "17"}, PermanentUpstreamError),
        (401, {"Retry-After": "60"}, PermanentUpstreamError),
    ],
)
def test_a_status_says_whether_another_try_is_worth_it(
    upstream: Upstream,
    session: requests.Session,
    status: int,
    headers: dict[str, str],
    error: type[UpstreamError],
) -> None:
    upstream.answers(status, headers=headers)
    with pytest.raises(UpstreamError, match=f"{upstream.url}/thing answered {status}") as raised:
        send(session, "GET", f"{upstream.url}/thing")
    assert type(raised.value) is error


@pytest.mark.parametrize("status", [200, 204, 304])
def test_a_status_below_400_is_an_answer(
    upstream: Upstream, session: requests.Session, status: int
) -> None:
    upstream.answers(status)
    assert send(session, "GET", upstream.url).status_code == status


def test_a_transient_error_carries_how_long_the_upstream_asks_to_wait(
    upstream: Upstream, session: requests.Session
) -> None:
    upstream.answers(503, headers={"Retry-After": "17"})
    with pytest.raises(TransientUpstreamError) as raised:
        send(session, "GET", upstream.url)
    assert raised.value.retry_after_s == 17.0


def test_a_refused_connection_is_transient(session: requests.Session) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed_soon:
        port = closed_soon.getsockname()[1]
    with pytest.raises(TransientUpstreamError, match=f"http://127.0.0.1:{port}/x: ConnectionError"):
        send(session, "GET", f"http://127.0.0.1:{port}/x")


def test_an_upstream_that_says_nothing_in_time_is_transient(session: requests.Session) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        with pytest.raises(TransientUpstreamError, match="ReadTimeout"):
            send(session, "GET", url, timeout=(5, 0.05))


def test_a_body_cut_short_is_transient(upstream: Upstream, session: requests.Session) -> None:
    upstream.answers(200, b"0123456789", sent_bytes=4)
    with pytest.raises(TransientUpstreamError):
        send(session, "GET", upstream.url)


def test_redirects_without_end_are_permanent(upstream: Upstream, session: requests.Session) -> None:
    upstream.answers(302, headers={"Location": f"{upstream.url}/again"})
    with pytest.raises(PermanentUpstreamError, match="TooManyRedirects"):
        send(session, "GET", upstream.url)


def test_an_url_of_an_unknown_scheme_is_permanent(session: requests.Session) -> None:
    with pytest.raises(PermanentUpstreamError, match="InvalidSchema"):
        send(session, "GET", "gopher://127.0.0.1/x")


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        ("17", 17.0),
        (" 3 ", 3.0),
        ("9" * 400, float("inf")),
        # A date gone by asks for no wait at all; so does one with an unknown zone or none.
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("Wed, 21 Oct 2015 07:28:00 -0000", 0.0),
        ("Wed, 21 Oct 2015 07:28:00", 0.0),
        *(
            (garbage, None)
            for garbage in ("", "soon", "-5", "1.5", "Wed, 21 Oct 99999999999999999999 07:28 GMT")
        ),
        (None, None),
    ],
)
def test_retry_after_is_a_number_or_a_date_and_garbage_counts_as_absent(
    value: str | None, seconds: float | None
) -> None:
    assert retry_after_s(answer_with(value)) == seconds


def test_retry_after_as_a_date_counts_from_now() -> None:
    ahead = email.utils.format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    seconds = retry_after_s(answer_with(ahead))
    assert seconds is not None
    assert 3_000 < seconds <= 3_600


@given(st.text())
def test_no_retry_after_header_whatever_raises(value: str) -> None:
    seconds = retry_after_s(answer_with(value))
    assert seconds is None or seconds >= 0


def test_a_call_is_tried_again_until_it_succeeds(waits: list[float]) -> None:
    call, calls = failing(TransientUpstreamError("1"), TransientUpstreamError("2"))
    assert with_retries(call, sleep=waits.append) == "done"
    assert len(calls) == 3
    assert len(waits) == 2


def test_waits_grow_from_half_a_second_with_half_a_second_of_jitter(waits: list[float]) -> None:
    call, _ = failing(*(TransientUpstreamError("down") for _ in range(9)))
    with_retries(call, attempts=10, sleep=waits.append)
    # 0.5 * 2^n up to 30, and 0 to 0.5 on top.
    for number, wait in enumerate(waits):
        assert min(0.5 * 2**number, 30.0) <= wait <= min(0.5 * 2**number + 0.5, 30.0)


def test_a_wait_that_the_upstream_asks_for_is_honoured_up_to_two_minutes(
    waits: list[float],
) -> None:
    asked = (17.0, 3_600.0, float("inf"))
    call, _ = failing(*(TransientUpstreamError("busy", retry_after_s=each) for each in asked))
    assert with_retries(call, sleep=waits.append) == "done"
    assert waits == [17.0, MAX_WAIT_S, MAX_WAIT_S]


def test_a_wait_of_zero_does_not_undercut_the_backoff(waits: list[float]) -> None:
    call, _ = failing(TransientUpstreamError("busy", retry_after_s=0.0))
    with_retries(call, sleep=waits.append)
    assert waits[0] >= 0.5


def test_after_the_last_try_the_last_failure_is_raised_as_it_is(waits: list[float]) -> None:
    failures = [TransientUpstreamError(f"try {number}") for number in (1, 2, 3)]
    call, calls = failing(*failures)
    with pytest.raises(TransientUpstreamError) as raised:
        with_retries(call, attempts=3, sleep=waits.append)
    assert raised.value is failures[-1]
    assert calls == [1, 2, 3]
    assert len(waits) == 2


@pytest.mark.parametrize("error", [PermanentUpstreamError("no"), NotFoundError("none")])
def test_a_permanent_failure_is_raised_at_once(error: UpstreamError, waits: list[float]) -> None:
    call, calls = failing(error, error)
    with pytest.raises(type(error)):
        with_retries(call, sleep=waits.append)
    assert calls == [1]
    assert waits == []


def test_an_error_of_our_own_is_not_tried_again(waits: list[float]) -> None:
    def call() -> None:
        raise KeyError("a defect")

    with pytest.raises(KeyError):
        with_retries(call, sleep=waits.append)
    assert waits == []


def test_every_retry_is_reported_with_its_cause_number_and_wait(waits: list[float]) -> None:
    said: list[str] = []
    call, _ = failing(TransientUpstreamError("http://up answered 503", retry_after_s=9.0))
    with_retries(call, attempts=4, on_retry=said.append, sleep=waits.append)
    assert said == ["http://up answered 503; try 2 of 4 in 9.0 s"]


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://user:secret@host.example:8443/a/b?token=secret#secret",
         "https://host.example:8443/a/b"),
        ("http://host.example/?key=secret", "http://host.example/"),
        ("https://secret@host.example", "https://host.example"),
    ],
)  # fmt: skip
def test_a_place_has_neither_query_nor_credentials(url: str, shown: str) -> None:
    assert place(url) == shown


def test_credentials_and_query_of_an_url_are_in_no_error(
    upstream: Upstream, session: requests.Session
) -> None:
    upstream.answers(500)
    url = upstream.url.replace("http://", "http://user:secret@") + "/thing?key=secret"
    with pytest.raises(TransientUpstreamError) as raised:
        send(session, "GET", url)
    assert "secret" not in str(raised.value)


@pytest.fixture
def netrc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "netrc"
    file.write_text("machine 127.0.0.1 login someone password else\n")
    file.chmod(0o600)
    monkeypatch.setenv("NETRC", str(file))


@pytest.mark.usefixtures("netrc")
def test_a_token_is_not_replaced_by_an_entry_in_netrc(
    upstream: Upstream, session: requests.Session
) -> None:
    upstream.answers(200)
    send(session, "GET", upstream.url)
    send(session, "GET", upstream.url, auth=BearerAuth(TOKEN))
    sent = [asked.headers["authorization"] for asked in upstream.requests]
    assert sent[0].startswith("Basic ")
    assert sent[1] == f"Bearer {TOKEN}"


@pytest.mark.usefixtures("netrc")
def test_a_token_is_not_replaced_by_an_entry_in_netrc_after_a_redirect_either(
    upstream: Upstream, session: requests.Session
) -> None:
    upstream.answers(301, headers={"Location": f"{upstream.url}/new"})
    upstream.answers(200)
    send(session, "GET", f"{upstream.url}/old", auth=BearerAuth(TOKEN))
    assert [(asked.path, asked.headers["authorization"]) for asked in upstream.requests] == [
        ("/old", f"Bearer {TOKEN}"),
        ("/new", f"Bearer {TOKEN}"),
    ]


def test_a_token_does_not_follow_a_redirect_to_another_host(
    upstream: Upstream, session: requests.Session
) -> None:
    elsewhere = upstream.url.replace("127.0.0.1", "localhost")
    upstream.answers(301, headers={"Location": f"{elsewhere}/new"})
    upstream.answers(200)
    send(session, "GET", f"{upstream.url}/old", auth=BearerAuth(TOKEN))
    assert [asked.headers.get("authorization") for asked in upstream.requests] == [
        f"Bearer {TOKEN}",
        None,
    ]


@pytest.mark.parametrize(
    ("asked", "target", "is_refused"),
    [
        ("http://8.8.8.8/file", "http://169.254.169.254/latest/meta-data/", True),
        ("http://8.8.8.8/file", "http://127.0.0.1:9/", True),
        ("http://8.8.8.8/file", "http://localhost/", True),
        ("http://8.8.8.8/file", "//10.0.0.1/", True),
        ("http://8.8.8.8/file", "http://[::1]/", True),
        ("http://8.8.8.8/file", "http://1.1.1.1/", False),
        ("http://8.8.8.8/file", "/elsewhere", False),
        # An upstream in one's own network may lead to another in it.
        ("http://10.0.0.1/file", "http://10.0.0.2/", False),
    ],
)
def test_an_upstream_outside_leads_to_no_address_inside(
    session: requests.Session, asked: str, target: str, is_refused: bool
) -> None:
    answer = requests.Response()
    answer.status_code, answer.url = 302, asked
    answer.headers["Location"] = target
    if is_refused:
        with pytest.raises(requests.RequestException, match="private address"):
            session.get_redirect_target(answer)  # type: ignore[no-untyped-call]
    else:
        assert session.get_redirect_target(answer) == target  # type: ignore[no-untyped-call]


@pytest.mark.parametrize("status", [401, 403, 404, 500])
def test_a_token_is_in_no_error_and_no_report(
    upstream: Upstream, waits: list[float], status: int
) -> None:
    upstream.answers(status, f'{{"message": "bad {TOKEN}"}}'.encode())
    said: list[str] = []
    client = GitHubClient(upstream.url, TOKEN, attempts=2, on_retry=said.append, sleep=waits.append)
    with pytest.raises(UpstreamError) as raised:
        client.profiles([1])
    client.close()
    assert upstream.requests[0].headers["authorization"] == f"Bearer {TOKEN}"
    assert TOKEN not in f"{raised.value} {raised.value!r} {said}"


@pytest.mark.parametrize(
    "holder",
    [
        BearerAuth(TOKEN),
        GitHubClient("https://api.example", TOKEN),
        GitHubResource(api_url="https://api.example", token=TOKEN),
        SlackResource(token=TOKEN, channel="alerts"),
    ],
    ids=lambda holder: type(holder).__name__,
)
def test_a_token_is_in_no_representation_of_what_holds_it(holder: object) -> None:
    assert TOKEN not in repr(holder)
    assert TOKEN not in str(holder)


def test_a_session_names_itself(upstream: Upstream, session: requests.Session) -> None:
    upstream.answers(200)
    send(session, "GET", upstream.url)
    assert upstream.requests[0].headers["user-agent"] == "open-model-observatory"
