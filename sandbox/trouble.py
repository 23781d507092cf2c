"""Faults that a test or a demonstration asks for: some next requests fail in a given way."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Literal, get_args

from sandbox.exchange import Response, json_response

Kind = Literal[
    "status",
    "slow",
    "cut",
    "stalled",
    "dripped",
    "short",
    "flipped",
    "bomb",
    "reset",
    "lost",
    "late",
]
_MIB = 1 << 20
#: Bodies that are packed files themselves, in no content coding.
_PACKED = ("application/gzip", "application/zip")


@dataclass(frozen=True)
class Trouble:
    """What happens to the next requests of a path.

    Attributes:
        path_prefix: of the requests it happens to.
        kind: `status` answers `status` and does nothing else; `slow` waits `seconds` first; `cut`
            sends `kept_share` of the body and ends the connection; `stalled` sends as much and says
            nothing more for `seconds`; `dripped` sends the body in twenty pieces over `seconds`;
            `short` calls the body shorter than it is, by `kept_share`; `flipped` turns every bit of
            the byte that lies at `kept_share`; `bomb` answers with zeros of `inflated_mib`, packed;
            `reset` ends the connection before the request is handled; `lost` handles it and ends
            the connection before the answer; `late` handles it and answers as `status` does.
        method: only requests of this HTTP method; empty for all.
        status: of the answer, for `status` and `late`.
        retry_after: seconds, sent as `Retry-After` with `status`.
        seconds: to wait, for `slow`, `stalled` and `dripped`.
        times: to how many requests it happens.
        body: of the answer, for `status`: JSON where it begins as such, else text/html; empty for
            a JSON message.
        location: where a `status` of 300 to 399 leads.
        kept_share: of the body, 0 to 1.
        inflated_mib: size of a `bomb` once it is unpacked.
    """

    path_prefix: str
    kind: Kind = "status"
    method: str = ""
    status: int = 500
    retry_after: int | None = None
    seconds: float = 1.0
    times: int = 1
    body: str = ""
    location: str = ""
    kept_share: float = 0.5
    inflated_mib: int = 200

    @classmethod
    def from_json(cls, sent: Mapping[str, object] | None) -> Trouble:
        """A trouble as it is posted to the control path.

        Raises:
            ValueError: a field is unknown, missing, or of the wrong kind.
        """
        if sent is None or not isinstance(sent.get("path_prefix"), str):
            raise ValueError("path_prefix is needed, in a JSON object")
        unknown = set(sent) - {field.name for field in fields(cls)}
        if unknown:
            raise ValueError(f"unknown fields: {', '.join(sorted(unknown))}")
        if sent.get("kind", "status") not in get_args(Kind):
            raise ValueError(f"kind is one of {', '.join(get_args(Kind))}")
        for name in (
            "status",
            "retry_after",
            "seconds",
            "times",
            "kept_share",
            "inflated_mib",
        ):
            if not isinstance(sent.get(name, 1), int | float):
                raise ValueError(f"{name} is a number")
        for name in ("body", "location"):
            if not isinstance(sent.get(name, ""), str):
                raise ValueError(f"{name} is a text")
        return cls(**sent)  # type: ignore[arg-type]  # checked field by field above

    def response(self) -> Response:
        """The answer of `status` and `late`, in the manner of the upstream at the path."""
        headers = {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}
        if self.location:
            headers["Location"] = self.location
        if self.body:
            is_json = self.body.startswith(("{", "["))
            kind = "application/json" if is_json else "text/html"
            return Response(self.status, self.body.encode(), kind, headers)
        if self.path_prefix.startswith("/api/"):
            error = "ratelimited" if self.status == 429 else "internal_error"
            return json_response({"ok": False, "error": error}, self.status, headers)
        return json_response({"message": "planted fault"}, self.status, headers)

    def damaged(self, response: Response) -> Response:
        """The world's answer with a body that is not what it was, for `flipped` and `bomb`."""
        if self.kind == "flipped" and response.body:
            body = bytearray(response.body)
            body[min(len(body) - 1, int(len(body) * self.kept_share))] ^= 0xFF
            return replace(response, body=bytes(body))
        if self.kind == "bomb":
            # Members of a megabyte each: what unpacks one may look at the next.
            packed = gzip.compress(bytes(_MIB), mtime=0) * self.inflated_mib
            is_file = response.content_type in _PACKED
            headers = {} if is_file else {"Content-Encoding": "gzip"}
            return replace(response, body=packed, headers={**response.headers, **headers})
        return response


class TroubleQueue:
    """Queued troubles, oldest first; safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._queue: list[Trouble] = []

    def __len__(self) -> int:
        with self._lock:
            return len(self._queue)

    def add(self, trouble: Trouble) -> None:
        """Put a trouble at the end."""
        with self._lock:
            self._queue.append(trouble)

    def clear(self) -> None:
        """Forget every trouble."""
        with self._lock:
            self._queue.clear()

    def next_for(self, method: str, path: str) -> Trouble | None:
        """The trouble that befalls a request now, used up by one; None when there is none."""
        with self._lock:
            for index, trouble in enumerate(self._queue):
                if path.startswith(trouble.path_prefix) and trouble.method in {"", method}:
                    if trouble.times <= 1:
                        del self._queue[index]
                    else:
                        self._queue[index] = replace(trouble, times=trouble.times - 1)
                    return trouble
        return None
