"""A policy event in words, for all who set figures beside it."""

from collections.abc import Mapping
from typing import Any


def described(event: Mapping[str, Any]) -> str:
    """What a row of core.policy_events says, without its day: who, what kind, and who says so."""
    return (
        f"{event['name']} ({event['actor']}, {event['kind'].replace('_', ' ')}, "
        f"{event['date_kind']}; {event['source']}, {event['certainty']})"
    )
