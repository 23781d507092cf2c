"""One HTTP request and its answer, as the parts of the sandbox hand them to each other."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

import orjson

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


@dataclass(frozen=True)
class Request:
    """A request as it came in.

    Attributes:
        method: upper case.
        path: as sent, without the query.
        query: decoded parameters; of a repeated one the last.
        headers: names in lower case.
        body: bytes as sent.
        base_url: scheme, host and port that the client used.
        parameters: the decoded parameters as sent, repeated ones included.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    base_url: str
    parameters: tuple[tuple[str, str], ...] = ()

    @property
    def bearer_token(self) -> str | None:
        """The token of the Authorization header, `Bearer` or `token`; None without one."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token.strip() or None if scheme.lower() in {"bearer", "token"} else None

    @property
    def json_object(self) -> dict[str, object] | None:
        """The body as a JSON object; None when it is none."""
        try:
            parsed = orjson.loads(self.body)
        except orjson.JSONDecodeError:
            return None
        return parsed if isinstance(parsed, dict) else None

    @property
    def form(self) -> dict[str, str]:
        """The body as form fields."""
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))


@dataclass(frozen=True)
class Response:
    """An answer, whole; the server adds Content-Length and leaves the body out for HEAD."""

    status: int
    body: bytes = b""
    content_type: str = "application/json; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)


def json_response(
    content: object, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """An answer with a JSON body."""
    return Response(status, orjson.dumps(content), headers=headers or {})


def file_response(request: Request, body: bytes, content_type: str) -> Response:
    """A file's bytes with an entity tag: whole, a range of them, or nothing new."""
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Accept-Ranges": "bytes"}
    if request.headers.get("if-none-match") == etag:
        return Response(304, headers=headers)
    match = _RANGE.fullmatch(request.headers.get("range", "").replace(" ", ""))
    is_same = request.headers.get("if-range", etag) == etag
    if match is None or not (match[1] or match[2]) or not is_same:
        return Response(200, body, content_type, headers)
    size = len(body)
    if match[1]:
        first = int(match[1])
        last = min(int(match[2]), size - 1) if match[2] else size - 1
    else:
        first, last = max(0, size - int(match[2])), size - 1
    if first > last:
        return Response(416, headers={**headers, "Content-Range": f"bytes */{size}"})
    headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    return Response(206, body[first : last + 1], content_type, headers)
