"""GitHub's Innovation Graph: CSV files below any base URL, read whole, bounded in size."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

import dagster as dg
import requests

from resources.http import (
    MAX_ATTEMPTS,
    NotFoundError,
    PermanentUpstreamError,
    TransientUpstreamError,
    new_session,
    place,
    send,
    with_retries,
)
from resources.outgoing import Session

#: The files have 100 kB, and grow by 5 kB a quarter.
MAX_BYTES = 16 << 20
_CHUNK_BYTES = 1 << 16


@dataclass(slots=True)
class InnovationGraphClient:
    """Reads the Innovation Graph's files; `base_url` is an http, https or file URL."""

    base_url: str
    attempts: int = MAX_ATTEMPTS
    on_retry: Callable[[str], None] = lambda _message: None
    sleep: Callable[[float], None] | None = None
    _session: Session = field(default_factory=new_session, repr=False)

    def __post_init__(self) -> None:
        """Nothing is asked of any other host."""
        self._session.allowed.add(self.base_url)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def file(self, name: str) -> bytes:
        """The bytes of a file, such as `developers.csv`.

        Raises:
            NotFoundError: there is no such file.
            TransientUpstreamError: it could not be read in several tries.
            PermanentUpstreamError: the upstream refused, or the file is larger than 16 MiB.
        """
        url = f"{self.base_url.rstrip('/')}/{name}"
        if url.startswith("file:"):
            return _local(Path(unquote(urlsplit(url).path)))
        return with_retries(
            lambda: self._get(url), attempts=self.attempts, on_retry=self.on_retry, sleep=self.sleep
        )

    def _get(self, url: str) -> bytes:
        body = bytearray()
        with send(self._session, "GET", url, stream=True) as response:
            try:
                for chunk in response.iter_content(_CHUNK_BYTES):
                    body += chunk
                    if len(body) > MAX_BYTES:
                        raise _too_large(place(url))
            except requests.RequestException as error:
                raise TransientUpstreamError(f"{place(url)} broke off: {error}") from error
        return bytes(body)


def _local(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            body = file.read(MAX_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        raise NotFoundError(f"{path} is not there") from None
    except OSError as error:
        raise PermanentUpstreamError(f"{path}: {error.strerror}") from error
    if len(body) > MAX_BYTES:
        raise _too_large(str(path))
    return body


def _too_large(where: str) -> PermanentUpstreamError:
    return PermanentUpstreamError(f"{where} is larger than {MAX_BYTES >> 20} MiB")


class InnovationGraphResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Where the Innovation Graph's files are."""

    base_url: str
    attempts: int = MAX_ATTEMPTS

    def client(
        self, on_retry: Callable[[str], None] = lambda _message: None
    ) -> InnovationGraphClient:
        """A client for one thread."""
        return InnovationGraphClient(
            base_url=self.base_url, attempts=self.attempts, on_retry=on_retry
        )
