"""What can go wrong with Slack, by what it means for a message.

SlackDeliveryError
├── SlackUnansweredError   nothing came back, or half: Slack may have taken the message, or yet may
├── SlackFaultyError       Slack says that it failed; it may have taken the message all the same
├── SlackRejectedError     Slack will never take this message
├── SlackUnfindableError   there is no looking for messages
└── of all of Slack, the message surely not taken:
    ├── SlackLimitedError      too many calls, and the wait is longer than one may wait
    ├── SlackRefusedError      the token, its scopes or the channel
    └── SlackUnreachableError  no connection

Texts give Slack's own error code, never a token, a URL or a message.
"""

import re
import socket
import ssl
from http.client import HTTPException
from urllib.error import HTTPError, URLError

from slack_sdk.errors import SlackApiError, SlackClientError

_CODE = re.compile(r"[a-z][a-z0-9_]{2,60}")
_LIMITED = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded"})
# As Slack says of them: «it's possible some aspect of the operation succeeded».
_FAULTY = frozenset({"internal_error", "fatal_error", "service_unavailable", "request_timeout"})
TOKEN_CODES = frozenset(
    {
        "access_denied",
        "accesslimited",
        "account_inactive",
        "ekm_access_denied",
        "enterprise_is_restricted",
        "invalid_auth",
        "not_allowed_token_type",
        "not_authed",
        "org_login_required",
        "team_access_not_granted",
        "token_expired",
        "token_revoked",
        "two_factor_setup_required",
    }
)
CHANNEL_CODES = frozenset(
    {
        "channel_is_archived",
        "channel_not_found",
        "is_archived",
        "is_inactive",
        "invalid_channel",
        "method_not_supported_for_channel_type",
        "missing_scope",
        "no_permission",
        "not_in_channel",
        "restricted_action",
        "restricted_action_non_threadable_channel",
        "restricted_action_read_only_channel",
    }
)
# What stops a connection before a byte of the message is sent.
_NO_CONNECTION = (
    ConnectionRefusedError,
    socket.gaierror,
    ssl.SSLCertVerificationError,
)


class SlackDeliveryError(Exception):
    """Slack did not take a message, as far as is known."""


class SlackUnansweredError(SlackDeliveryError):
    """Nothing came back, or half an answer: Slack may have taken the message, or yet may."""


class SlackFaultyError(SlackDeliveryError):
    """Slack says that it failed; it may have taken the message all the same."""


class SlackRejectedError(SlackDeliveryError):
    """Slack will never take this message."""


class SlackUnfindableError(SlackDeliveryError):
    """There is no looking for messages: a webhook, a missing scope, or a channel not joined."""


class SlackLimitedError(SlackDeliveryError):
    """Slack asks for a longer wait than one may wait."""


class SlackRefusedError(SlackDeliveryError):
    """Slack refuses the token, its scopes or the channel; `code` is Slack's."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


class SlackUnreachableError(SlackDeliveryError):
    """There is no connection to Slack."""


def error_of(error: Exception) -> SlackDeliveryError:
    """The error that stands for what slack-sdk raised; none that shows what it was about."""
    if isinstance(error, SlackDeliveryError):
        return error
    if isinstance(error, SlackApiError):
        response = error.response
        # The sdk hands on whatever JSON a refusal holds.
        said = response.data.get("error") if isinstance(response.data, dict) else ""
        return error_of_answer(int(response.status_code), str(said or ""))
    if isinstance(error, HTTPError):
        return error_of_answer(error.code, "")
    reason = error.reason if isinstance(error, URLError) else error
    if isinstance(reason, _NO_CONNECTION):
        return SlackUnreachableError(f"Slack is out of reach: {type(reason).__name__}")
    name = type(reason if isinstance(reason, Exception) else error).__name__
    if isinstance(error, OSError | HTTPException | SlackClientError):
        return SlackUnansweredError(f"Slack did not answer: {name}")
    return SlackUnansweredError(f"Slack's answer cannot be read: {name}")


def error_of_answer(status: int, code: str) -> SlackDeliveryError:
    """The error that an answer stands for.

    Args:
        status: of HTTP.
        code: Slack's, as in `channel_not_found`; anything else is not repeated.
    """
    code = code if _CODE.fullmatch(code) else ""
    said = f"Slack answered {status} {code}".rstrip() if status != 200 else f"Slack answered {code}"
    if status == 429 or code in _LIMITED:
        return SlackLimitedError(said)
    if code in TOKEN_CODES | CHANNEL_CODES:
        return SlackRefusedError(said, code)
    if status != 200 or code in _FAULTY:
        # Between us and Slack may stand a proxy: no other status says anything of the message.
        return SlackFaultyError(said)
    if not code:
        return SlackFaultyError("Slack's answer is none of Slack's")
    return SlackRejectedError(said)
