"""Hourly event archives: any base URL of the GH Archive layout, streamed, with mirrors."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

import dagster as dg
import requests
import urllib3

from resources.bandwidth import Bandwidth
from resources.http import (
    MAX_ATTEMPTS,
    NotFoundError,
    PermanentUpstreamError,
    TransientUpstreamError,
    count_of,
    new_session,
    place,
    send,
    with_retries,
)
from resources.outgoing import Session

CHUNK_BYTES = 1 << 18


def hour_name(hour: datetime) -> str:
    """An hour's file name: `YYYY-MM-DD-H.json.gz`, the hour of the day NOT zero-padded.

    Raises:
        ValueError: `hour` is not an aware UTC time at a full hour.
    """
    if hour.utcoffset() is None or hour.astimezone(UTC).replace(tzinfo=None) != hour.replace(
        tzinfo=None, minute=0, second=0, microsecond=0
    ):
        raise ValueError(f"{hour!r} is not a full hour of UTC")
    return f"{hour:%Y-%m-%d}-{hour.hour}.json.gz"


@dataclass(slots=True)
class Transfer:
    """The compressed bytes of one hour as they arrive; `byte_count` grows while they do."""

    url: str
    chunks: Iterator[bytes]
    byte_count: int = 0
    etag: str | None = None
    resumed_count: int = 0


@dataclass(slots=True)
class ArchiveClient:
    """Reads hours from mirrors of one archive, in order of preference.

    `base_urls` are http, https or file URLs (`file:relative/folder` too). Each thread wants a
    client of its own: `requests.Session` is not made to be shared.
    """

    base_urls: tuple[str, ...]
    attempts: int = MAX_ATTEMPTS
    on_retry: Callable[[str], None] = lambda _message: None
    sleep: Callable[[float], None] | None = None
    bandwidth: Bandwidth | None = None
    _session: Session = field(default_factory=new_session, repr=False)

    def __post_init__(self) -> None:
        """Nothing is asked of any other host."""
        self._session.allowed.add(*self.base_urls)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def open(self, hour: datetime, base_url: str) -> Transfer:
        """Begin the transfer of an hour from one mirror.

        Raises:
            NotFoundError: the mirror has no such hour.
            TransientUpstreamError: it could not be reached in several tries.
            PermanentUpstreamError: it refused.
        """
        url = f"{base_url.rstrip('/')}/{hour_name(hour)}"
        if url.startswith("file:"):
            return self._open_file(url)
        return self._open_http(url)

    def _open_file(self, url: str) -> Transfer:
        path = Path(unquote(urlsplit(url).path))
        if not path.is_file():
            raise NotFoundError(f"{path} is not there")
        transfer = Transfer(url=url, chunks=iter(()))

        def chunks() -> Iterator[bytes]:
            with path.open("rb") as file:
                while chunk := file.read(CHUNK_BYTES):
                    transfer.byte_count += len(chunk)
                    yield chunk

        transfer.chunks = chunks()
        return transfer

    def _open_http(self, url: str) -> Transfer:
        response = self._retry(lambda: self._get(url))
        transfer = Transfer(url=url, chunks=iter(()), etag=response.headers.get("ETag"))
        transfer.chunks = self._http_chunks(response, transfer)
        return transfer

    def _retry(self, call: Callable[[], requests.Response]) -> requests.Response:
        return with_retries(call, attempts=self.attempts, on_retry=self.on_retry, sleep=self.sleep)

    def _get(self, url: str, headers: dict[str, str] | None = None) -> requests.Response:
        # The file is gzip itself: no second content coding, so that lengths and ranges agree.
        plain = {"Accept-Encoding": "identity", **(headers or {})}
        return send(self._session, "GET", url, headers=plain, stream=True)

    def _http_chunks(self, response: requests.Response, transfer: Transfer) -> Iterator[bytes]:
        """All bytes of the file, across interrupted connections."""
        total = _length(response)
        failures = 0
        while True:
            before = transfer.byte_count
            try:
                with response:
                    for chunk in response.iter_content(CHUNK_BYTES):
                        transfer.byte_count += len(chunk)
                        self._paced(len(chunk))
                        yield chunk
            except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
                interrupted = True
            else:
                interrupted = total is not None and transfer.byte_count < total
            if not interrupted:
                return
            failures = 0 if transfer.byte_count > before else failures + 1
            if failures >= self.attempts:
                raise TransientUpstreamError(
                    f"{place(transfer.url)} broke off {failures} times at byte "
                    f"{transfer.byte_count} of {total or 'unknown'}"
                )
            response = self._resume(transfer)

    def _paced(self, byte_count: int) -> None:
        """Wait for the turn of what came: a sender that is not read from waits by itself."""
        if self.bandwidth:
            self.bandwidth.take(byte_count)

    def _resume(self, transfer: Transfer) -> requests.Response:
        """Go on where the transfer broke off: by range, or by reading past what is known."""
        offset = transfer.byte_count
        transfer.resumed_count += 1
        self.on_retry(f"{place(transfer.url)} broke off at byte {offset}; resuming")
        headers = {"Range": f"bytes={offset}-"} if offset else {}
        if offset and transfer.etag and not transfer.etag.startswith("W/"):
            headers["If-Range"] = transfer.etag
        response = self._retry(lambda: self._get(transfer.url, headers))
        if response.headers.get("ETag") != transfer.etag:
            response.close()
            raise TransientUpstreamError(f"{place(transfer.url)} changed while it was read")
        if response.status_code != 206:
            _discard(response, offset, self._paced)
        return response


def _length(response: requests.Response) -> int | None:
    """The file's length in bytes, where the upstream states it."""
    return count_of(response.headers.get("Content-Length", ""))


def _discard(response: requests.Response, count: int, paced: Callable[[int], None]) -> None:
    """Read past the first `count` bytes of a response that ignored the range asked for."""
    while count > 0:
        try:
            piece = response.raw.read(min(count, CHUNK_BYTES))
        except (urllib3.exceptions.HTTPError, OSError) as error:
            response.close()
            raise TransientUpstreamError(f"{place(response.url)} broke off again") from error
        if not piece:
            response.close()
            raise PermanentUpstreamError(f"{place(response.url)} is now shorter than before")
        count -= len(piece)
        paced(len(piece))


@dataclass(frozen=True, slots=True)
class HourlyArchive:
    """An archive as a worker needs it: plain values, which can be pickled.

    Attributes:
        name: its name in the tables.
        base_urls: mirrors in order of preference; none where there is no such archive.
        first_day: ISO date; it is not asked for days before. Empty for no bound.
        attempts: tries of each request.
        connections: files fetched side by side.
        bandwidth: bound of this machine's downloads; None for none.
    """

    name: str
    base_urls: tuple[str, ...]
    first_day: str = ""
    attempts: int = MAX_ATTEMPTS
    connections: int = 4
    bandwidth: Bandwidth | None = None

    def has(self, day: date) -> bool:
        """Whether the archive may have files of a UTC day."""
        return bool(self.base_urls) and str(day) >= self.first_day

    def client(self, on_retry: Callable[[str], None] = lambda _message: None) -> ArchiveClient:
        """A client for one thread."""
        return ArchiveClient(
            base_urls=self.base_urls,
            attempts=self.attempts,
            on_retry=on_retry,
            bandwidth=self.bandwidth,
        )


class ArchiveSource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """An hourly archive: its name in the tables, and its mirrors in order of preference.

    Attributes:
        base_urls: none where there is no such archive.
        first_day: ISO date; it is not asked for days before. Empty for no bound.
        workers: most files fetched side by side, on all machines of a run together.
        rate_bytes_s: most bytes a second that all machines download together; 0 for no bound.
        bandwidth_file: where a machine's processes agree on it; needed with a rate.
    """

    name: str = "gharchive"
    base_urls: list[str]
    first_day: str = ""
    attempts: int = MAX_ATTEMPTS
    workers: int = 4
    rate_bytes_s: int = 0
    bandwidth_file: str = ""

    def open(self, days_at_once: int = 1, hosts: int = 1) -> HourlyArchive:
        """The archive for the work of a day, with that day's part of connections and bandwidth.

        Args:
            days_at_once: days that are worked on at the same time, on all machines.
            hosts: machines that this happens on.
        """
        bandwidth = None
        if self.rate_bytes_s:
            bandwidth = Bandwidth(self.rate_bytes_s / hosts, Path(self.bandwidth_file))
        return HourlyArchive(
            name=self.name,
            base_urls=tuple(self.base_urls),
            first_day=self.first_day,
            attempts=self.attempts,
            connections=max(1, self.workers // days_at_once),
            bandwidth=bandwidth,
        )
