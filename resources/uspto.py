"""USPTO Open Data Portal: lists of weekly bulk files, and the files, kept as they arrive.

A key (`X-API-KEY`) is needed, and goes to the portal alone: a file is answered with a redirect to
a signed address elsewhere, which holds for seconds. The portal gives the same file 20 times a year
and key, so that what has arrived of one is never asked for again.
"""

import fcntl
import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import IO
from urllib.parse import unquote, urljoin, urlsplit

import dagster as dg
import orjson
import requests
from pydantic import Field

from resources.http import (
    MAX_ATTEMPTS,
    NotFoundError,
    PermanentUpstreamError,
    TransientUpstreamError,
    error_for,
    is_private,
    new_session,
    place,
    send,
    with_retries,
)

GRANTS, APPLICATIONS = "PTGRXML", "APPXML"
CHUNK_BYTES = 1 << 16  # what is lost at most where a transfer breaks off
#: A list of 1,300 files has 0.6 MB; a weekly file 100 to 200 MB.
MAX_LIST_BYTES = 32 << 20
MAX_FILE_BYTES = 4 << 30
_PRODUCTS = "/api/v1/datasets/products"
_NAMES = {
    GRANTS: re.compile(r"ipg(\d{6})(?:_r(\d{1,2}))?\.zip"),
    APPLICATIONS: re.compile(r"ipa(\d{6})(?:_r(\d{1,2}))?\.zip"),
}
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 5
# What the portal asks of whoever it has told to slow down without saying for how long.
_PAUSE_S = 5.0


class UnauthorizedError(PermanentUpstreamError):
    """The portal knows no such key, or none was given."""


@dataclass(frozen=True, slots=True)
class BulkFile:
    """A weekly file as the portal lists it.

    Attributes:
        product: `PTGRXML` or `APPXML`.
        name: Such as `ipg241015.zip`; a corrected one is called `ipg241015_r1.zip`.
        day: Day of publication of what is in it, by its name.
        revision: 0 for the first version.
        url: Where it is.
        released_at: As the portal states it, without a zone; empty where it does not.
    """

    product: str
    name: str
    day: date
    revision: int
    url: str
    released_at: str


@dataclass(slots=True)
class UsptoClient:
    """Reads the portal, or a folder of weekly files; `base_url` is an http, https or file URL."""

    base_url: str
    key: str = field(default="", repr=False)
    attempts: int = MAX_ATTEMPTS
    on_retry: Callable[[str], None] = lambda _message: None
    sleep: Callable[[float], None] | None = None
    _session: requests.Session = field(default_factory=new_session)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def files(self, product: str) -> list[BulkFile]:
        """The product's weekly files, by day and revision; other files of it are left out.

        Raises:
            UnauthorizedError: no key, or one that the portal does not know.
            TransientUpstreamError: the portal could not be reached in several tries.
            PermanentUpstreamError: it refused, or its answer has not the shape that is known.
        """
        found = self._local(product) if self._is_local else self._listed(product)
        return sorted(found, key=lambda each: (each.day, each.revision, each.name))

    def fetch(self, file: BulkFile, folder: Path) -> Path:
        """The file on disk: in `folder` once it is whole, or where it lies already.

        What a broken transfer or a killed process left in the folder is gone on with.

        Raises:
            UnauthorizedError, NotFoundError, TransientUpstreamError, PermanentUpstreamError: as
                `files`.
        """
        if self._is_local:
            return Path(unquote(urlsplit(file.url).path))
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / file.name
        with _sole(folder):
            if not path.exists():
                part = _Part(folder / f".{file.name}.part")
                self._retry(lambda: self._arrive(file, part))
                part.path.replace(path)
                part.forget()
        return path

    def discard(self, file: BulkFile, folder: Path) -> None:
        """Delete what `fetch` put into the folder; a file that lay elsewhere already stays."""
        if not self._is_local:
            (folder / file.name).unlink(missing_ok=True)

    @property
    def _is_local(self) -> bool:
        return self.base_url.startswith("file:")

    def _retry(self, call: Callable[[], object]) -> None:
        with_retries(call, attempts=self.attempts, on_retry=self.on_retry, sleep=self.sleep)

    def _local(self, product: str) -> Iterator[BulkFile]:
        folder = Path(unquote(urlsplit(self.base_url).path))
        if not folder.is_dir():
            raise NotFoundError(f"{folder} is no folder")
        for path in folder.rglob("*.zip"):
            if found := _bulk_file(product, path.name, f"file:{path}", ""):
                yield found

    def _listed(self, product: str) -> Iterator[BulkFile]:
        bodies: list[bytes] = []
        url = f"{self._base}{_PRODUCTS}/{product}?includeFiles=true"
        self._retry(lambda: bodies.append(self._body(url)))
        for name, address, released_at in _entries(bodies[-1], product, place(url)):
            # Whatever host the list names: files are asked of the portal that gave the list.
            _, mark, rest = urlsplit(address).path.partition(f"{_PRODUCTS}/files/")
            address = f"{self._base}{_PRODUCTS}/files/{rest}"
            if found := _bulk_file(product, name, address, released_at):
                if not mark:
                    raise PermanentUpstreamError(f"{place(url)}: the address of {name} is unknown")
                yield found

    @property
    def _base(self) -> str:
        return self.base_url.rstrip("/")

    def _body(self, url: str) -> bytes:
        body = bytearray()
        with self._get(url, {}) as response:
            for chunk in _chunks(response):
                body += chunk
                if len(body) > MAX_LIST_BYTES:
                    raise PermanentUpstreamError(f"{place(url)} is larger than expected")
        return bytes(body)

    def _arrive(self, file: BulkFile, part: "_Part") -> None:
        """Bring in what is not there yet of a file."""
        have = part.byte_count
        headers = {"Accept-Encoding": "identity", **({"Range": f"bytes={have}-"} if have else {})}
        with self._get(file.url, headers, ranged=bool(have)) as response:
            if response.status_code == 416:
                part.forget()
                raise TransientUpstreamError(f"{place(file.url)} is shorter than what was kept")
            is_rest = response.status_code == 206 and part.is_of(response.headers.get("ETag"))
            if not is_rest or not _begins_at(response, have):
                if response.status_code == 206:
                    part.forget()
                    raise TransientUpstreamError(f"{place(file.url)} is another one by now")
                have = 0
            with part.opened(response.headers.get("ETag"), is_rest=have > 0) as out:
                for chunk in _chunks(response):
                    have += len(chunk)
                    if have > MAX_FILE_BYTES:
                        raise PermanentUpstreamError(f"{place(file.url)} is larger than expected")
                    out.write(chunk)

    def _get(self, url: str, headers: dict[str, str], *, ranged: bool = False) -> requests.Response:
        """The answer to a request, after its redirects; the key is sent to the portal alone."""
        asked = url
        for _ in range(_MOST_REDIRECTS):
            is_portal = _origin(url) == _origin(self.base_url)
            with_key = {**headers, "X-API-KEY": self.key} if self.key and is_portal else headers
            response = send(
                self._session, "GET", url, refuse=False, headers=with_key, stream=True,
                allow_redirects=False,
            )  # fmt: skip
            target = response.headers.get("Location", "")
            if response.status_code in _REDIRECTS and target:
                response.close()
                url = urljoin(url, target)
                if urlsplit(url).scheme not in ("http", "https"):
                    raise PermanentUpstreamError(f"{place(asked)} leads to no web address")
                here, there = urlsplit(asked).hostname or "", urlsplit(url).hostname or ""
                if there != here and is_private(there) and not is_private(here):
                    raise PermanentUpstreamError(f"{place(asked)} leads to a private address")
                continue
            if response.status_code >= 400 and not (ranged and response.status_code == 416):
                with response:
                    raise _refusal(response, is_portal=is_portal)
            return response
        raise PermanentUpstreamError(f"{place(asked)} leads from address to address without end")


@dataclass(frozen=True, slots=True)
class _Part:
    """What has arrived of a file, and which version of it that is."""

    path: Path

    @property
    def _mark(self) -> Path:
        return self.path.with_name(f"{self.path.name}.etag")

    @property
    def byte_count(self) -> int:
        """Bytes that can be gone on from: none where nobody said which version they are of."""
        return self.path.stat().st_size if self.path.exists() and self._mark.exists() else 0

    def is_of(self, etag: str | None) -> bool:
        return bool(etag) and self._mark.exists() and self._mark.read_text() == _digest(etag or "")

    @contextmanager
    def opened(self, etag: str | None, *, is_rest: bool) -> Iterator[IO[bytes]]:
        """For writing: behind what is there, or from the start."""
        if not is_rest:
            self.forget()
        with self.path.open("ab") as file:
            if etag and not etag.startswith("W/"):
                self._mark.write_text(_digest(etag))
            yield file

    def forget(self) -> None:
        self.path.unlink(missing_ok=True)
        self._mark.unlink(missing_ok=True)


@contextmanager
def _sole(folder: Path) -> Iterator[None]:
    """Of several processes that fetch into a folder, one does and the others wait."""
    with (folder / ".lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _digest(etag: str) -> str:
    return hashlib.sha256(etag.encode()).hexdigest()


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc


def _begins_at(response: requests.Response, offset: int) -> bool:
    stated = response.headers.get("Content-Range", "")
    return stated.startswith(f"bytes {offset}-")


def _chunks(response: requests.Response) -> Iterator[bytes]:
    stated = response.headers.get("Content-Length", "")
    count = 0
    try:
        for chunk in response.iter_content(CHUNK_BYTES):
            count += len(chunk)
            yield chunk
    except requests.RequestException as error:
        broken = f"{place(response.url)} broke off: {type(error).__name__}"
        raise TransientUpstreamError(broken) from error
    if stated.isdecimal() and "Content-Encoding" not in response.headers and count < int(stated):
        raise TransientUpstreamError(f"{place(response.url)} broke off at {count} of {stated}")


def _refusal(response: requests.Response, *, is_portal: bool) -> Exception:
    error = error_for(response)
    if is_portal and response.status_code in (401, 403):
        return UnauthorizedError(f"{error}: set OBSERVATORY_USPTO_KEY to a key of the portal")
    if isinstance(error, TransientUpstreamError) and response.status_code == 429:
        error.retry_after_s = error.retry_after_s or _PAUSE_S
    return error


def _entries(body: bytes, product: str, where: str) -> Iterator[tuple[str, str, str]]:
    """Name, address and time of release of each file that an answer lists.

    Raises:
        PermanentUpstreamError: the answer is no such list; the text names what is missing.
    """
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise PermanentUpstreamError(f"{where}: the answer is no JSON") from error
    bags = answer.get("bulkDataProductBag") if isinstance(answer, dict) else None
    if not isinstance(bags, list):
        raise PermanentUpstreamError(f"{where}: the answer has no bulkDataProductBag")
    for bag in bags:
        if not isinstance(bag, dict) or bag.get("productIdentifier") != product:
            continue
        files = bag.get("productFileBag")
        listed = files.get("fileDataBag") if isinstance(files, dict) else None
        if not isinstance(listed, list):
            raise PermanentUpstreamError(f"{where}: {product} has no productFileBag.fileDataBag")
        for each in listed:
            fields = each if isinstance(each, dict) else {}
            name, address = fields.get("fileName"), fields.get("fileDownloadURI")
            if isinstance(name, str) and isinstance(address, str):
                yield name, address, str(fields.get("fileReleaseDate") or "")[:32]
        return
    raise PermanentUpstreamError(f"{where}: bulkDataProductBag has no {product}")


def _bulk_file(product: str, name: str, url: str, released_at: str) -> BulkFile | None:
    """The record of a weekly file; None where the name is none of the product's."""
    match = _NAMES[product].fullmatch(name)
    if match is None:
        return None
    digits = match[1]
    try:
        day = date(2000 + int(digits[:2]), int(digits[2:4]), int(digits[4:]))
    except ValueError:
        return None
    return BulkFile(product, name, day, int(match[2] or 0), url, released_at)


class UsptoResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The Open Data Portal, or a folder of weekly files."""

    base_url: str
    key: str = Field(default="", repr=False)
    attempts: int = MAX_ATTEMPTS

    def client(self, on_retry: Callable[[str], None] = lambda _message: None) -> UsptoClient:
        """A client for one thread."""
        return UsptoClient(
            base_url=self.base_url, key=self.key, attempts=self.attempts, on_retry=on_retry
        )
