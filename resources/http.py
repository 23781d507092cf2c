"""HTTP as every upstream needs it: time limits, retries on transient failures only, plain errors.

UpstreamError
├── TransientUpstreamError   worth another try: connection, time-out, 408, 425, 429, 5xx, limits
│   └── RateLimitedError     a limit forbids any call until a stated time
└── PermanentUpstreamError   another try gives the same answer: other 4xx, endless redirects
    ├── NotFoundError        404 and 410
    └── LegalBlockError      451, or a refusal that says the content is blocked
"""

import email.utils
import ipaddress
import random
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar
from urllib.parse import urljoin, urlsplit

import requests
import requests.auth
import tenacity

CONNECT_TIMEOUT_S = 10.0
READ_TIMEOUT_S = 60.0
TRANSIENT_STATUSES = frozenset({408, 425, 429, *range(500, 600)})
_BROKEN_CONNECTION = (
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,  # a body cut short; no ConnectionError to requests
    requests.exceptions.ContentDecodingError,
)
MAX_ATTEMPTS = 5
MAX_WAIT_S = 120.0

T = TypeVar("T")


class UpstreamError(Exception):
    """An upstream did not give what was asked of it; the text names the upstream, never a token."""


class TransientUpstreamError(UpstreamError):
    """Worth another try, after `retry_after_s` seconds where the upstream said so."""

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class RateLimitedError(TransientUpstreamError):
    """A limit forbids any call until `resume_at` (UTC), which is longer than one may wait."""

    def __init__(self, message: str, *, resume_at: datetime, retry_after_s: float) -> None:
        super().__init__(message, retry_after_s=retry_after_s)
        self.resume_at = resume_at


class PermanentUpstreamError(UpstreamError):
    """Another try gives the same answer."""


class NotFoundError(PermanentUpstreamError):
    """The upstream has no such thing."""


class LegalBlockError(PermanentUpstreamError):
    """The upstream has it, and must not or will not show it."""


class PrivateRedirectError(requests.RequestException):
    """An upstream outside leads to an address of this network, which is not its to ask."""


def is_private(host: str) -> bool:
    """Whether a host is, or a name leads to, an address that is not of the public internet.

    A name that leads nowhere is none: asking it fails by itself.
    """
    try:
        found = socket.getaddrinfo(host, None)
    except (OSError, UnicodeError):
        return False
    return any(not ipaddress.ip_address(each[4][0]).is_global for each in found)


class _Session(requests.Session):
    def rebuild_auth(
        self, prepared_request: requests.PreparedRequest, response: requests.Response
    ) -> None:
        """After a redirect on one host keep the token: requests would look into .netrc again."""
        has_token = "Authorization" in prepared_request.headers
        is_elsewhere = self.should_strip_auth(  # type: ignore[no-untyped-call]
            response.request.url, prepared_request.url
        )
        if is_elsewhere or not has_token:
            super().rebuild_auth(prepared_request, response)  # type: ignore[no-untyped-call]

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Where an answer leads; not from outside to an address inside.

        Raises:
            PrivateRedirectError: it leads to another host, of a private address.
        """
        target = super().get_redirect_target(resp)  # type: ignore[no-untyped-call]
        if not target:
            return None
        asked = urlsplit(resp.url).hostname
        to = urlsplit(urljoin(resp.url, target)).hostname
        if to != asked and is_private(to or "") and not is_private(asked or ""):
            raise PrivateRedirectError(f"{place(resp.url)} leads to a private address")
        return str(target)


def new_session(user_agent: str = "open-model-observatory") -> requests.Session:
    """A session that names itself; time limits and retries are added call by call."""
    session = _Session()
    session.headers["User-Agent"] = user_agent
    return session


class BearerAuth(requests.auth.AuthBase):
    """A bearer token; given as `auth` so that no .netrc entry replaces it."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Add the header."""
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def send(
    session: requests.Session, method: str, url: str, *, refuse: bool = True, **options: object
) -> requests.Response:
    """One request, its failure mapped to the hierarchy above.

    With `refuse` false an answer of any status is returned, for `error_for`. `options` are those of
    `requests.Session.request`; time limits default to ten seconds to connect and sixty between
    bytes.

    Raises:
        TransientUpstreamError: no connection, a broken one, a time-out, or a transient status.
        NotFoundError: 404 or 410.
        LegalBlockError: 451.
        PermanentUpstreamError: any other status of 400 and above, redirects without end or from
            outside to a private address, a malformed URL.
    """
    options.setdefault("timeout", (CONNECT_TIMEOUT_S, READ_TIMEOUT_S))
    try:
        response = session.request(method, url, **options)  # type: ignore[arg-type]
    except _BROKEN_CONNECTION as error:
        raise TransientUpstreamError(f"{place(url)}: {type(error).__name__}") from error
    except requests.RequestException as error:
        raise PermanentUpstreamError(f"{place(url)}: {type(error).__name__}") from error
    if refuse and response.status_code >= 400:
        with response:
            raise error_for(response)
    return response


def error_for(response: requests.Response) -> UpstreamError:
    """The error that a status of 400 and above stands for."""
    status = response.status_code
    message = f"{place(response.url)} answered {status} {response.reason or ''}".rstrip()
    if status in TRANSIENT_STATUSES or (status == 403 and is_rate_limit(response)):
        return TransientUpstreamError(message, retry_after_s=retry_after_s(response))
    if status in (404, 410):
        return NotFoundError(message)
    if status == 451:
        return LegalBlockError(message)
    return PermanentUpstreamError(message)


def is_rate_limit(response: requests.Response) -> bool:
    """Whether a 403 means «slow down», as GitHub's primary and secondary limits do."""
    headers = response.headers
    return "Retry-After" in headers or headers.get("x-ratelimit-remaining") == "0"


def retry_after_s(response: requests.Response) -> float | None:
    """Seconds that `Retry-After` asks for, as a number or a date; None without a valid one.

    Times are compared with the upstream's own clock, its `Date`, where it states one.
    """
    value = response.headers.get("Retry-After", "").strip()
    now = http_date(response.headers.get("Date", "")) or datetime.now(UTC)
    if not value:
        reset = response.headers.get("x-ratelimit-reset", "")
        if is_rate_limit(response) and reset.isdecimal():
            return max(0.0, float(reset) - now.timestamp())
        return None
    if value.isdecimal():
        return float(value)
    moment = http_date(value)
    return None if moment is None else max(0.0, (moment - now).total_seconds())


def http_date(value: str) -> datetime | None:
    """The time (UTC) of an HTTP date; None where it is none."""
    try:
        moment = email.utils.parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    # A date without a zone, or with the zone «-0000», is of UTC.
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def place(url: str) -> str:
    """A URL without its query and credentials, fit for a log."""
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname or ''}{port}{parts.path}"


def backoff_s(failures: int) -> float:
    """Seconds before the next try: half a second, doubling up to 30, and a little by chance."""
    return min(30.0, 0.5 * 2.0 ** (failures - 1)) + random.uniform(0.0, 0.5)  # noqa: S311 - jitter


def with_retries(
    call: Callable[[], T],
    *,
    attempts: int = MAX_ATTEMPTS,
    on_retry: Callable[[str], None] = lambda _message: None,
    sleep: Callable[[float], None] | None = None,
) -> T:
    """`call()`, again after a transient failure, with exponential backoff and jitter.

    An upstream's own `Retry-After` is honoured, up to two minutes. The last failure is raised as
    it is; a permanent one at once.
    """
    backoff = tenacity.wait_exponential_jitter(multiplier=0.5, max=30.0, jitter=0.5)

    def wait(state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = error.retry_after_s if isinstance(error, TransientUpstreamError) else None
        return min(MAX_WAIT_S, max(asked or 0.0, backoff(state)))

    def report(state: tenacity.RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        seconds = state.next_action.sleep if state.next_action else 0.0
        on_retry(f"{error}; try {state.attempt_number + 1} of {attempts} in {seconds:.1f} s")

    retrying = tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(TransientUpstreamError),
        stop=tenacity.stop_after_attempt(attempts),
        wait=wait,
        before_sleep=report,
        sleep=sleep or tenacity.nap.sleep,
        reraise=True,
    )
    return retrying(call)
