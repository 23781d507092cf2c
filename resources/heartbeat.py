"""A dead man's switch: an address that is called when all is well, and raises alarm when it is not.

The address is the secret, path and all, so that no error here says more than what was answered.
"""

import http.client
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass

import dagster as dg
from pydantic import Field

from resources.http import (
    TRANSIENT_STATUSES,
    PermanentUpstreamError,
    TransientUpstreamError,
    with_retries,
)
from resources.outgoing import opener

TIMEOUT_S = 5.0
ATTEMPTS = 3


@dataclass(slots=True, repr=False)
class HeartbeatClient:
    """Calls the address of a dead man's switch."""

    url: str
    attempts: int = ATTEMPTS
    timeout_s: float = TIMEOUT_S
    on_retry: Callable[[str], None] = lambda _message: None
    sleep: Callable[[float], None] | None = None

    def beat(self) -> None:
        """Call it; any answer below 400 will do, and its body is not read.

        Raises:
            TransientUpstreamError: no answer, or none but transient failures, in three tries.
            PermanentUpstreamError: it was refused, or the address is none.
        """
        with_retries(self._call, attempts=self.attempts, on_retry=self.on_retry, sleep=self.sleep)

    def _call(self) -> None:
        # Not by requests, whose connection pool logs paths. Errors are raised from None, as theirs
        # may hold the address.
        try:
            request = urllib.request.Request(  # noqa: S310 - settings admit http and https only
                self.url, headers={"User-Agent": "open-model-observatory"}
            )
            with opener().open(request, timeout=self.timeout_s):
                return
        except urllib.error.HTTPError as refusal:
            status = refusal.code
            refusal.close()
        except (http.client.InvalidURL, ValueError):
            raise PermanentUpstreamError("heartbeat: its address is no URL") from None
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", None) or error
            name = type(reason if isinstance(reason, BaseException) else error).__name__
            raise TransientUpstreamError(f"heartbeat: no answer, {name}") from None
        kind = TransientUpstreamError if status in TRANSIENT_STATUSES else PermanentUpstreamError
        raise kind(f"heartbeat: answered {status}")


class HeartbeatResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The dead man's switch of an installation.

    Attributes:
        url: its address, a secret; empty for none.
        attempts: calls at most, where they are not answered.
    """

    url: str = Field(default="", repr=False)
    attempts: int = ATTEMPTS

    def client(self, on_retry: Callable[[str], None]) -> HeartbeatClient | None:
        """What calls it; None where there is none."""
        if not self.url:
            return None
        return HeartbeatClient(self.url, attempts=self.attempts, on_retry=on_retry)
