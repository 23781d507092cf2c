"""HTTP answers written as bytes, so that a fuzzer may write them: status, headers, body.

    200
    Link: <http://upstream/next>; rel="next"

    [{"id": 1}]

Several answers have a line `%%` between them. A session gives them in order; after the last there
is no connection any more.
"""

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests
from requests.structures import CaseInsensitiveDict

from resources.outgoing import Allowed, Session
from sandbox.exchange import Request, Response

BETWEEN = b"\n%%\n"
#: What http.client lets through of one header.
_MOST_HEADER_BYTES = 1 << 16


@dataclass(frozen=True)
class Answer:
    """One answer; names and values of headers as http.client gives them (Latin-1)."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def read_answers(data: bytes) -> list[Answer]:
    """The answers that some bytes are; what is no status is 200, and no header is left out."""
    return [_read(part) for part in data.split(BETWEEN)]


def _read(part: bytes) -> Answer:
    head, _, body = part.partition(b"\n\n")
    status, *lines = head.split(b"\n")
    headers = {}
    for line in lines:
        name, colon, value = line[:_MOST_HEADER_BYTES].decode("latin-1").partition(":")
        if colon and name:
            headers[name] = value.strip(" \t\r")
    is_status = len(status) == 3 and status.isdigit() and status >= b"100"
    return Answer(int(status) if is_status else 200, headers, body)


def written(status: int, headers: Mapping[str, str], body: bytes) -> bytes:
    """An answer as bytes."""
    lines = [str(status), *(f"{name}: {value}" for name, value in headers.items())]
    return "\n".join(lines).encode("latin-1", "replace") + b"\n\n" + body


class CannedSession(Session):
    """Gives the answers that it was made of, whatever is asked.

    Args:
        data: the answers.
        urls: of hosts that the client may be sent on to.
    """

    def __init__(self, data: bytes, *urls: str) -> None:
        self._left = read_answers(data)[::-1]
        self.allowed = Allowed()
        self.allowed.add(*urls)

    def request(  # type: ignore[override]  # what our clients give, no more
        self, method: str, url: str, **_: object
    ) -> requests.Response:
        """The next answer."""
        del method
        if not self._left:
            raise requests.ConnectionError
        return _response(self._left.pop(), url)

    def close(self) -> None:
        """Nothing is open."""


@dataclass
class RecordingSession(requests.Session):
    """Asks the sandbox without a network, and keeps what was answered as bytes."""

    answer: Callable[[Request], Response]
    recorded: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        """A plain session beneath."""
        super().__init__()

    def request(  # type: ignore[override]  # what our clients give, no more
        self,
        method: str,
        url: str,
        **options: Any,  # noqa: ANN401 - as base
    ) -> requests.Response:
        """The sandbox's answer."""
        sent = requests.Request(
            method,
            url,
            headers=options.get("headers"),
            params=options.get("params"),
            json=options.get("json"),
            auth=options.get("auth"),
        ).prepare()
        address = urlsplit(str(sent.url))
        parameters = tuple(parse_qsl(address.query))
        body = sent.body or b""
        got = self.answer(
            Request(
                method=str(sent.method),
                path=address.path,
                query=dict(parameters),
                headers={name.lower(): str(value) for name, value in sent.headers.items()},
                body=body if isinstance(body, bytes) else body.encode(),
                base_url=f"{address.scheme}://{address.netloc}",
                parameters=parameters,
            )
        )
        self.recorded.append(written(got.status, got.headers, got.body))
        return _response(Answer(got.status, got.headers, got.body), str(sent.url))


def _response(answer: Answer, url: str) -> requests.Response:
    response = requests.Response()
    response.status_code = answer.status
    response.headers = CaseInsensitiveDict(answer.headers)
    response.raw = io.BytesIO(answer.body)
    response.url = url
    return response
