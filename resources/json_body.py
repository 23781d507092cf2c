"""Bodies of answers: read whole within a bound, and parsed as JSON."""

import json
from typing import Any

import orjson
import requests

from resources.http import PermanentUpstreamError, TransientUpstreamError, place

MAX_BODY_BYTES = 64 << 20
_CHUNK_BYTES = 1 << 16
_BROKEN_BODY = (
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
)


def content_of(response: requests.Response, most_bytes: int = MAX_BODY_BYTES) -> bytes:
    """The body of an answer that was asked for as a stream.

    Raises:
        TransientUpstreamError: it broke off.
        PermanentUpstreamError: it is larger than `most_bytes`.
    """
    pieces: list[bytes] = []
    size = 0
    try:
        for piece in response.iter_content(_CHUNK_BYTES):
            pieces.append(piece)
            size += len(piece)
            if size > most_bytes:
                raise PermanentUpstreamError(
                    f"{place(response.url)} gave more than {most_bytes >> 20} MiB"
                )
    except _BROKEN_BODY as error:
        raise TransientUpstreamError(f"{place(response.url)}: {type(error).__name__}") from error
    return b"".join(pieces)


def parsed(content: bytes, url: str) -> Any:  # noqa: ANN401 - JSON of any shape
    """JSON; the standard library also takes the lone surrogates that strangers' texts hold.

    Raises:
        TransientUpstreamError: it is none: a cut body, or a page for people, is a bad connection
            and not an answer.
    """
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        try:
            return json.loads(content)
        except (ValueError, RecursionError) as error:
            raise TransientUpstreamError(f"{place(url)} gave a body that is no JSON") from error
