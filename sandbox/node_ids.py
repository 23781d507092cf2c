"""GraphQL node ids as GitHub writes them."""

from __future__ import annotations

import base64
import binascii
import re

_MSGPACK_PAIR = b"\x92\x00\xce"
_LEGACY_USER = re.compile(rb"0[34]:(?:User|Bot)(\d+)")


def user_node_id(github_id: int) -> str:
    """The global id of an account: `U_`, then base64url of msgpack `[0, uint32]`."""
    return "U_" + _packed(github_id)


def bot_node_id(github_id: int) -> str:
    """The global id of a machine account."""
    return "BOT_" + _packed(github_id)


def repository_node_id(github_id: int) -> str:
    """The global id of a repository."""
    return "R_" + _packed(github_id)


def account_of(node_id: str) -> int | None:
    """The numeric id inside an account's node id, or None when it is none.

    The older form, base64 of `04:User` and the number, is understood as well.
    """
    try:
        if node_id.startswith(("U_", "BOT_")):
            packed = base64.urlsafe_b64decode(_padded(node_id.split("_", 1)[1]))
            is_pair = len(packed) == 7 and packed.startswith(_MSGPACK_PAIR)
            return int.from_bytes(packed[3:], "big") if is_pair else None
        legacy = _LEGACY_USER.fullmatch(base64.b64decode(_padded(node_id), validate=True))
    except (binascii.Error, ValueError):
        return None
    return int(legacy[1]) if legacy else None


def _packed(github_id: int) -> str:
    packed = _MSGPACK_PAIR + github_id.to_bytes(4, "big")
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def _padded(text: str) -> str:
    return text + "=" * (-len(text) % 4)
